"""The files that are made of a CSV: texts, the same for the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from sim.analysis.first_passage import Floats
from sim.world.reference_class import tables
from sim.world.reference_class.rows import HELD_OUT, Row, usable

FORMAT = 1
DIGITS = 4
#: Days after that of contact at whose end places may still stand, from which curves begin anew.
LATER = (3, 7, 14, 30)


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
        If no row is left.
    """
    used = usable(rows)
    if not used:
        raise ValueError(f"no row of a case that is not held out ({', '.join(sorted(HELD_OUT))})")
    return {"base_rates.json": shown({**_head(used, name), "sets": list(_sets(used))})}


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
            "standing": _curve(tables.standing(chosen)),
            "later": [{"after": day, **_curve(tables.standing(chosen, day), day)} for day in LATER],
        }


def _curve(rows: Sequence[Row], first: int = 0) -> dict[str, Any]:
    """Return P(fell by day n), n from the first; empty where no row is of the set."""
    found = {"n": len(rows), "n_cases": len(tables.cases(rows))}
    if not rows:
        return {**found, "fell": [], "low": [], "high": []}
    fell = tables.incidence(rows, days=[first + day for day in tables.DAYS])
    return {
        **found,
        "fell": rounded(fell.share),
        "low": rounded(fell.low),
        "high": rounded(fell.high),
    }


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
