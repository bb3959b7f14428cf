"""The files that are made of a CSV: texts, the same for the same rows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import numpy as np

from sim.analysis.first_passage import Floats
from sim.world.reference_class import tables
from sim.world.reference_class.fit import (
    FITTED,
    Fit,
    Surface,
    fit,
    likelihood,
    with_medians,
)
from sim.world.reference_class.in_sample import Comparison, in_sample
from sim.world.reference_class.laws import Laws, Lognormal, shipped
from sim.world.reference_class.replay import DAYS, falls_elsewhere, replay
from sim.world.reference_class.rows import HELD_OUT, Row, usable
from sim.world.reference_class.skill import Scores, leave_one_out, skill
from sim.world.reference_class.tables import LEVEL

FORMAT = 1
DIGITS = 5
#: Days after that of contact at whose end places may still stand, from which curves begin anew.
LATER = (3, 7, 14, 30)
#: Points a side of the lattice for what is only compared.
COARSE = 7
#: Replications of a row where only a mean over all of them is wanted.
FEW = 1_000


def products(rows: Sequence[Row], name: str) -> dict[str, str]:
    """Return the text of each file, by its name.

    Parameters
    ----------
    rows : list of Row
        As read; those of cases that are held out are left out here.
    name : str
        Of the CSV that they are from.

    Raises
    ------
    ValueError
        If too few rows are left to leave a case out.
    """
    used = usable(rows)
    if len(tables.cases(tables.standing(used))) < 2:
        out = ", ".join(sorted(HELD_OUT))
        raise ValueError(f"fewer than two cases with a place that stood day 0, but for {out}")
    laws, head = shipped(), _head(used, name)
    surface = likelihood(used, laws)
    found = fit(surface)
    fitted = {
        **head,
        **_fit(found, laws),
        "not_told_apart": list(_alternatives(used, laws, found)),
        "contagion": list(_contagion(surface)),
        "in_sample": [_comparison(of) for of in in_sample(used, laws)],
        "skill": _skill(used, laws, surface),
    }
    return {
        "base_rates.json": base_rates(used, name),
        "fit.json": shown(fitted),
        "draws.csv": _table(found),
    }


def base_rates(rows: Sequence[Row], name: str) -> str:
    """Return the text of ``base_rates.json`` alone."""
    found = {**_head(rows, name), "sets": list(_sets(rows)), "hazards": list(_hazards(rows))}
    return shown(found)


def _head(rows: Sequence[Row], name: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_by": f"python -m sim.world.reference_class fit {name}",
        "rows": len(rows),
        "cases": tables.cases(rows),
        "left_out": sorted(HELD_OUT),
    }


def _sets(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield the base rates of all rows, and by momentum and size."""
    for momentum, big in product((None, True, False), repeat=2):
        chosen = list(filter(tables.momentum_and_big(momentum, big), rows))
        yield {
            "momentum": momentum,
            "big": big,
            "contact": _curve(chosen),
            "standing": _curve(tables.standing(chosen), 0),
            "later": [{"after": day, **_curve(tables.standing(chosen, day), day)} for day in LATER],
        }


def _hazards(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield falls by place-day under attack in pieces of days from contact, by momentum."""
    for momentum in (None, True, False):
        chosen = list(filter(tables.momentum_and_big(momentum, None), rows))
        per_day = rounded(tables.hazards(chosen)) if chosen else []
        pieces = [list(piece) for piece in tables.PIECES]
        yield {"momentum": momentum, "pieces": pieces, "per_day": per_day}


def _curve(rows: Sequence[Row], after: int | None = None) -> dict[str, Any]:
    """Return P(fell by day n), n from contact or from the end of a day after which all stood."""
    found = {"n": len(rows), "n_cases": len(tables.cases(rows))}
    if not rows:
        return {**found, "fell": [], "low": [], "high": []}
    fell = tables.incidence(rows, days=[(after or 0) + day for day in tables.DAYS])
    came = fell.share > 0.0
    came[0] |= after is not None  # nobody falls by the end of a day after which all stood
    return {
        **found,
        "fell": rounded(fell.share),
        "low": rounded(fell.low),
        "high": rounded(np.where(came, fell.high, tables.never(len(rows)))),
    }


# The fit.


def _fit(found: Fit, laws: Laws) -> dict[str, Any]:
    fitted = {
        key: {
            "best": significant(best),
            "low": significant(low),
            "high": significant(high),
            "shipped": {"median": getattr(laws, key).median, "sigma": getattr(laws, key).sigma},
        }
        for key, best, (low, high) in zip(FITTED, found.best, found.interval(), strict=True)
    }
    return {
        "fitted": fitted,
        "log_likelihood": round(found.log_likelihood, 2),
        "level": LEVEL,
        "draws": len(found.draws),
        "of_logarithms": {
            "mean": rounded(found.mean),
            "covariance": [rounded(row) for row in found.covariance],
        },
    }


def _table(found: Fit) -> str:
    lines = (",".join(f"{value:.6g}" for value in draw) for draw in found.draws)
    return "\n".join([",".join(FITTED), *lines, ""])


#: What is fixed, at other values: (in words, what is changed in the laws).
ALTERNATIVES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("shock is remembered 1 day", {"memory": 1.0}),
    ("shock is remembered 10 days", {"memory": 10.0}),
    ("base rate 0.0005 a day", {"base_rate": Lognormal(0.0005)}),
    ("base rate 0.005 a day", {"base_rate": Lognormal(0.005)}),
    ("spread of tempo 1.5", {"tempo_luck": Lognormal(1.0, 1.5)}),
    ("spread of tempo 3", {"tempo_luck": Lognormal(1.0, 3.0)}),
    ("spread of places' resolve 0.4", {"place_resolve": Lognormal(1.0, 0.4)}),
    ("spread of places' resolve 1.2", {"place_resolve": Lognormal(1.0, 1.2)}),
    ("spread of armies' resolve 0.5", {"army_resolve": Lognormal(1.0, 0.5)}),
    ("spread of armies' resolve 1.4", {"army_resolve": Lognormal(1.0, 1.4)}),
)
#: The two cascades on which the evidence for contagion rests.
CASCADES = ("afghanistan_2021", "vietnam_1975")


def _alternatives(rows: Sequence[Row], laws: Laws, found: Fit) -> Iterator[dict[str, Any]]:
    """Yield how well the rows are fitted where what is fixed is fixed elsewhere, and what then.

    What the replay says of places without momentum by the last day is where it misses most.
    """
    for name, changed in (("as it is", {}), *ALTERNATIVES):
        there = replace(laws, **changed)
        best, value = likelihood(rows, there, COARSE).best()
        yield {
            "if": name,
            "best": dict(zip(FITTED, map(significant, best), strict=True)),
            "log_likelihood_more": round(value - found.log_likelihood, 2),
            "no_momentum_by_day_30": _late(rows, with_medians(there, best)),
        }


def _late(rows: Sequence[Row], laws: Laws) -> float | None:
    """Return P(fell by the last day | under attack after the first), without momentum.

    None where every row has momentum.
    """
    late = [
        replay(laws, falls_elsewhere(row, rows, laws), FEW, (number,), (0, DAYS[-1]))
        for number, row in enumerate(tables.standing(rows))
        if not row.momentum
    ]
    by_then = [played.fell_given_standing[-1] for played in late]
    return round(float(np.mean(by_then)), 3) if by_then else None


def _contagion(surface: Surface) -> Iterator[dict[str, Any]]:
    """Yield twice the log-likelihood that the shock rate adds, with the cascades and without."""
    kept = np.array([float(case not in CASCADES) for case in surface.cases])
    for without, weights in (([], np.ones(len(kept))), (list(CASCADES), kept)):
        gain = surface.best(weights)[1] - surface.best(weights, contagion=False)[1]
        yield {"without": without, "twice_log_likelihood": round(2.0 * max(0.0, gain), 1)}


def _comparison(of: Comparison) -> dict[str, Any]:
    found = {
        "rows": of.rows,
        "what": of.what,
        "n": of.n,
        "days": list(of.days),
        "share": rounded(of.share),
        "low": rounded(of.low),
        "high": rounded(of.high),
        "replayed": rounded(of.replayed),
        "is_inside": list(of.is_inside),
    }
    return found if of.taken is None else {**found, "later_attacks_too": rounded(of.taken)}


def _skill(rows: Sequence[Row], laws: Laws, surface: Surface) -> dict[str, Any]:
    scores = leave_one_out(rows, laws, surface)
    told = leave_one_out(rows, laws, surface, foresight=True)
    return {
        **_over(scores),
        "told_of_later_falls": _over(told),
        "scores": [
            {key: of if key in ("case", "n") else round(of, DIGITS) for key, of in found.items()}
            for found in map(asdict, scores)
        ],
    }


def _over(scores: Sequence[Scores]) -> dict[str, float | None]:
    found = {"over_pooled": skill(scores, "pooled"), "over_split": skill(scores, "split")}
    return {key: None if math.isnan(of) else round(of, 3) for key, of in found.items()}


def significant(number: float) -> float:
    """Return a number to four significant digits."""
    return float(f"{number:.4g}")


def rounded(numbers: Floats) -> list[float]:
    """Return numbers as a file has them."""
    return [round(float(number), DIGITS) for number in numbers]


def shown(found: object) -> str:
    """Return JSON with a list of numbers on a line of its own."""
    return _shown(found, "") + "\n"


def _shown(found: object, margin: str) -> str:
    below = margin + " "
    if isinstance(found, dict) and found:
        items = (f"{below}{json.dumps(key)}: {_shown(of, below)}" for key, of in found.items())
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(found, list) and any(isinstance(of, dict) for of in found):
        return "[\n" + ",\n".join(f"{below}{_shown(of, below)}" for of in found) + f"\n{margin}]"
    return json.dumps(found, ensure_ascii=False)
