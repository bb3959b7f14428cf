"""Write competing_lifelines.csv: what lifelines says of known records.

lifelines pins pandas below 3, so it lives in an environment of its own, and its answers are kept:

    python -m venv /tmp/peer && /tmp/peer/bin/pip install lifelines==0.30.3
    /tmp/peer/bin/python -m tests.oracles.competing

Kept answers are of lifelines 0.30.3 with pandas 2.3.3 and numpy 2.4.6.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

ANSWERS = Path(__file__).with_name("competing_lifelines.csv")
CLASS = Path(__file__).parents[2] / "sim/world/reference_class/city_control.csv"
HELD_OUT = ("syria_2024", "syria_sna_sdf_2024")
CODES = {"administrative": 0, "fell": 1, "broken_off": 2}
GRID = [0.25, 0.5, 1.0, 1.5, 2.0, 3.0]
DAYS = [0, 1, 2, 3, 7, 14, 30, 60, 365]
#: Ends of the pieces of time in which a hazard is constant; a row lasts its days and one more.
BREAKS = [1.0, 2.0, 3.0, 8.0, 15.0, 31.0, 91.0]


def made_up() -> tuple[np.ndarray, np.ndarray]:
    """Return 200 records without ties, two in five of them censored: (times, codes)."""
    generator = np.random.default_rng(7)
    ends = generator.exponential([1.0, 2.0, 1.2], size=(200, 3))
    return ends.min(axis=1), np.array([1, 2, 0])[ends.argmin(axis=1)]


def of_class() -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the reference class: (days, codes)."""
    with CLASS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["case"] not in HELD_OUT]
    return np.array([int(row["days"]) for row in rows]), np.array([CODES[r["end"]] for r in rows])


def answers() -> list[tuple[str, float, float]]:
    """Return (what, at, answer) for everything that is asked."""
    from lifelines import AalenJohansenFitter, PiecewiseExponentialFitter

    found = []
    for name, (times, codes), grid in (
        ("made up", made_up(), GRID),
        # Shifted, for lifelines has no event at 0; jittered by far less than a day.
        ("class", (of_class()[0] + 1.0, of_class()[1]), [day + 1.5 for day in DAYS]),
    ):
        for cause in (1, 2):
            fitter = AalenJohansenFitter(seed=0, jitter_level=1e-6, calculate_variance=False)
            incidence = fitter.fit(times, codes, event_of_interest=cause).cumulative_density_
            column = incidence.iloc[:, 0]
            known = ((at, float(column[column.index <= at].iloc[-1])) for at in grid)
            found += [(f"{name}, cause {cause}", at, answer) for at, answer in known]
    days, codes = of_class()
    fitter = PiecewiseExponentialFitter(BREAKS)
    fitter.fit(days + 1.0 - 1e-9, codes == 1)
    for number, at in enumerate(BREAKS):
        found.append(("hazard of the class", at, 1.0 / float(fitter.params_.iloc[number])))
    return found


if __name__ == "__main__":
    with ANSWERS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "at", "answer"))
        writer.writerows((what, at, f"{answer:.12g}") for what, at, answer in answers())
