"""Limits that a sweep is held to: ``total(homs_falls, factions.government.cohesion) > 0.6``."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from sim.errors import UsageError, did_you_mean, one_of
from sim.studies.asked import METHODS
from sim.studies.swept import Interval, Sweep

EXCEEDED, KEPT, UNDECIDED = "exceeded", "kept", "undecided"
#: By figure: its name in an influence, that of its interval, and the methods that have it.
_FIGURES = {
    "index": ("index", "interval95", ("given", "grid", "lhs", "sobol")),
    "total": ("total", "total95", ("sobol",)),
    "mu_star": ("mu_star", "mu_star95", ("morris",)),
}
_EXAMPLE = "total(OUTCOME, INPUT) > 0.6"
_FORM = re.compile(r"\s*(\w+)\s*\(\s*([^,()\s]+)\s*,\s*([^,()\s]+)\s*\)\s*([<>])\s*(\S+)\s*\Z")


@dataclass(frozen=True)
class Limit:
    """A statement about a figure of an input that fails a sweep where it holds."""

    text: str
    figure: str
    outcome: str
    input: str
    is_above: bool
    value: float


@dataclass(frozen=True)
class Held:
    """What became of a limit: whether the whole interval of its figure lies on one side."""

    limit: Limit
    verdict: str
    estimate: float | None
    interval95: Interval | None


def limit(text: str) -> Limit:
    """Return a limit from its text.

    Raises
    ------
    UsageError
        If it is not of the form ``total(OUTCOME, INPUT) > NUMBER``.
    """
    match = _FORM.match(text)
    if match is None:
        raise UsageError(f"'{text}' is no limit such as '{_EXAMPLE}'")
    figure, outcome, name, sign, number = match.groups()
    if figure not in _FIGURES:
        raise UsageError(f"no figure '{figure}' in '{text}': {_hint(figure, _FIGURES)}")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"'{number}' in '{text}' is no number")
    return Limit(text, figure, outcome, name, sign == ">", value)


def check_limit(
    wanted: Limit, method: str, outcomes: Collection[str], inputs: Collection[str]
) -> None:
    """Refuse a limit that no sweep of this kind can be held to.

    Raises
    ------
    UsageError
        If the method has no such figure, or there is no such outcome or input.
    """
    methods = _FIGURES[wanted.figure][2]
    if method not in methods:
        has = one_of(name for name, of in _FIGURES.items() if method in of[2])
        raise UsageError(
            f"the method '{method}' has no {wanted.figure}, it has {has.removeprefix('one of ')}; "
            f"{one_of(m for m in METHODS if m in methods)} has it"
        )
    for what, name, known in (
        ("outcome", wanted.outcome, outcomes),
        ("input", wanted.input, inputs),
    ):
        if name not in known:
            raise UsageError(f"no {what} '{name}' in '{wanted.text}': {_hint(name, known)}")


def _hint(name: str, known: Collection[str]) -> str:
    return did_you_mean(name, known) or one_of(known)


def held(wanted: Limit, sweep: Sweep) -> Held:
    """Hold a sweep to a limit.

    It is exceeded, or kept, where the 95 % interval of the figure lies on one side of it; else, and
    where nothing is seen, that is undecided.
    """
    value_of, interval_of, _ = _FIGURES[wanted.figure]
    found = next(one for one in sweep.outcomes[wanted.outcome] if one.input == wanted.input)
    value, interval = getattr(found, value_of), getattr(found, interval_of)
    if value is None or interval is None or not all(map(math.isfinite, interval)):
        return Held(wanted, UNDECIDED, None, None)
    low, high = interval
    verdict = UNDECIDED
    if low > wanted.value:
        verdict = EXCEEDED if wanted.is_above else KEPT
    elif high < wanted.value:
        verdict = KEPT if wanted.is_above else EXCEEDED
    return Held(wanted, verdict, value, interval)
