"""How often places under attack have fallen: what a forecast is held against.

Reads ``base_rates.json``, which ``python -m sim.world.reference_class fit CSV`` makes; nothing but
the standard library is needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILE = FOLDER / "base_rates.json"


@dataclass(frozen=True, slots=True)
class Curve:
    """P(fell within n days of the day from which it counts) for n = 0, 1, ..., 90 % brackets."""

    n: int
    n_cases: int
    fell: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The base rate of a set of attacks: since the day of contact, and of places still standing.

    ``standing`` has a curve for each day after that of contact, in order, at whose end the place
    still stood and was attacked; day 0 is that of contact.
    """

    momentum: bool | None
    big: bool | None
    contact: Curve
    standing: Mapping[int, Curve]


def base_rate(momentum: bool | None = None, big: bool | None = None) -> BaseRate:
    """Return the base rate of attacks with these flags.

    Parameters
    ----------
    momentum : bool, optional
        Whether another place of the war fell in the seven days before contact; both by default.
    big : bool, optional
        Whether 300,000 people or more live there; both by default.

    Examples
    --------
    >>> rate = base_rate(momentum=True)
    >>> rate.standing[0].n, rate.standing[0].n_cases, round(rate.standing[0].fell[3], 2)
    (36, 8, 0.75)
    """
    return _all()[momentum, big]


@cache
def _all() -> dict[tuple[bool | None, bool | None], BaseRate]:
    sets: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["sets"]
    return {
        (found["momentum"], found["big"]): BaseRate(
            found["momentum"],
            found["big"],
            _curve(found["contact"]),
            {0: _curve(found["standing"]), **{c["after"]: _curve(c) for c in found["later"]}},
        )
        for found in sets
    }


def _curve(found: dict[str, Any]) -> Curve:
    numbers: list[Sequence[float]] = [found[key] for key in ("fell", "low", "high")]
    return Curve(found["n"], found["n_cases"], *(tuple(some) for some in numbers))
