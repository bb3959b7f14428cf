"""How often places under attack have fallen: what a forecast is held against.

Reads ``base_rates.json``, which ``python -m sim.world.reference_class fit CSV`` makes; nothing but
the standard library is needed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILE = FOLDER / "base_rates.json"


@dataclass(frozen=True, slots=True)
class Curve:
    """P(fell within n days of the day of contact) for n = 0, 1, ..., with 90 % brackets."""

    n: int
    n_cases: int
    fell: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The base rate of a set of attacks: since contact, and of places standing after its day."""

    momentum: bool | None
    big: bool | None
    contact: Curve
    standing: Curve


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
    >>> rate.standing.n, rate.standing.n_cases, round(rate.standing.fell[3], 2)
    (36, 8, 0.75)
    """
    return _all()[momentum, big]


@cache
def _all() -> dict[tuple[bool | None, bool | None], BaseRate]:
    sets: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["sets"]
    return {
        (found["momentum"], found["big"]): BaseRate(
            found["momentum"], found["big"], _curve(found["contact"]), _curve(found["standing"])
        )
        for found in sets
    }


def _curve(found: dict[str, Any]) -> Curve:
    numbers: list[Sequence[float]] = [found[key] for key in ("fell", "low", "high")]
    return Curve(found["n"], found["n_cases"], *(tuple(some) for some in numbers))
