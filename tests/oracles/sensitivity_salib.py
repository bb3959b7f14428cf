"""Write sensitivity_salib.csv: what SALib says of the same points and values.

SALib touches numpy's global generator and knows of no luck; it is a witness, not a dependency, so
it lives in an environment of its own, and its answers are kept:

    python -m venv /tmp/peer && /tmp/peer/bin/pip install SALib==1.6.0
    PYTHONPATH=. /tmp/peer/bin/python -m tests.oracles.sensitivity_salib

Kept answers are of SALib 1.6.0 with numpy 2.4.6.
"""

from __future__ import annotations

import csv
from pathlib import Path

from sim.analysis.design import LEVELS, saltelli, trajectories
from tests.oracles.sensitivity import KNOWN

ANSWERS = Path(__file__).with_name("sensitivity_salib.csv")
GROUPS = {"sobol": 256, "morris": 25}


def main() -> None:
    """Ask SALib, and keep what it says."""
    from SALib.analyze import morris, sobol

    rows: list[list[object]] = []
    for name, known in KNOWN.items():
        d = len(known.first)
        problem = {"num_vars": d, "names": list(map(str, range(d))), "bounds": [[0.0, 1.0]] * d}
        points = saltelli(GROUPS["sobol"], d, 1)
        # SALib has the point b last in a group.
        values = known.function(points)[:, [0, *range(2, d + 2), 1]].ravel()
        found = sobol.analyze(problem, values, calc_second_order=False, seed=1)
        rows += [[name, "first", i, found["S1"][i]] for i in range(d)]
        rows += [[name, "total", i, found["ST"][i]] for i in range(d)]
        walks = trajectories(GROUPS["morris"], d, 1)
        effects = morris.analyze(
            problem, walks.reshape(-1, d), known.function(walks).ravel(), num_levels=LEVELS, seed=1
        )
        for what in ("mu", "mu_star", "sigma"):
            rows += [[name, what, i, effects[what][i]] for i in range(d)]
    with ANSWERS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["function", "what", "input", "answer"])
        writer.writerows([name, what, i, f"{answer:.12g}"] for name, what, i, answer in rows)


if __name__ == "__main__":
    main()
