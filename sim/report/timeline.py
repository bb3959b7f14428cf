"""The axis of time: dates where there is a start, else days, or hours below a day."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile

from sim.ensemble.model import Facts
from sim.shown import day_of, days

_MINUTES = (10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2, 3, 5, 7, 10, 14)
_MONTHS = (1, 3, 6)
_DAY = 86_400.0


@dataclass(frozen=True)
class Timeline:
    """Marks along the axis of time, places in days since the start, and what the axis shows."""

    places: tuple[float, ...]
    labels: tuple[str, ...]
    caption: str


def timeline(facts: Facts, room: int) -> Timeline:
    """Return at most about ``room`` marks between the start and the horizon."""
    end = facts.date(facts.horizon)
    start = facts.date(0.0)
    smallest = facts.horizon * _DAY / room
    if start is None or end is None or smallest < 60.0 or end.year - start.year > 1_000:
        return _numbers(facts.horizon, room)
    marks = list(_dates(start, end, smallest))
    if len(marks) < 2:
        return _numbers(facts.horizon, room)
    places = tuple(_days_between(start, at) for at, _, _ in marks)
    # The larger unit stands below where it changes: a date below hours, a year below dates.
    below = ["", *(context for _, _, context in marks)]
    labels = tuple(
        f"{label}\n{context}" if context != below[k] else label
        for k, (_, label, context) in enumerate(marks)
    )
    return Timeline(places, labels, f"local time, {_offsets(start, end)}")


def _numbers(horizon: float, room: int) -> Timeline:
    """Return marks at round numbers."""
    unit, scale = ("days", 1.0) if horizon >= 1.0 else ("hours", 24.0)
    shown = max(horizon, 1e-12) * scale
    size = 10.0 ** math.floor(math.log10(shown / room))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= shown / room * 0.999)
    values = [k * step for k in range(int(shown / step * (1 + 1e-9)) + 1)]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    labels = tuple(days(v, decimals) if v < 1e6 else f"{v:g}" for v in values)
    return Timeline(tuple(v / scale for v in values), labels, f"{unit} since the start")


def _dates(start: datetime, end: datetime, smallest: float) -> Iterator[tuple[datetime, str, str]]:
    """Yield marks at least ``smallest`` seconds apart: the date, its label, and what is above."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    for minutes in _MINUTES:
        if minutes * 60 >= smallest:
            for at in _between(start, end, midnight, timedelta(minutes=minutes)):
                yield at, f"{at:%H:%M}", day_of(at)
            return
    for n_days in _DAYS:
        if n_days * _DAY >= smallest:
            for at in _between(start, end, midnight, timedelta(days=n_days)):
                yield at, day_of(at), str(at.year)
            return
    n_months = next((m for m in _MONTHS if m * 30 * _DAY >= smallest), 0)
    if n_months:
        for at in _firsts(start, end, n_months):
            yield at, day_of(at).partition(" ")[2], str(at.year)
        return
    size = 10 ** max(0, math.floor(math.log10(smallest / 366 / _DAY)))
    n_years = next(size * k for k in (1, 2, 5, 10) if size * k * 366 * _DAY >= smallest)
    for at in _firsts(start, end, 12 * n_years):
        yield at, str(at.year), ""


def _between(
    start: datetime, end: datetime, first: datetime, step: timedelta
) -> Iterator[datetime]:
    """Yield times of the local clock; one that a change of the clocks leaves out does no harm."""
    whole = math.ceil((start.replace(tzinfo=None) - first.replace(tzinfo=None)) / step)
    n = int((end.replace(tzinfo=None) - first.replace(tzinfo=None)) / step)
    for k in range(whole, n + 1):
        at = first + k * step
        if start <= at <= end:
            yield at


def _firsts(start: datetime, end: datetime, n_months: int) -> Iterator[datetime]:
    """Yield firsts of months."""
    size = n_months // 12
    year = start.year - start.year % size if size else start.year
    numbers = takewhile(lambda m: m < 12 * 9_999, count(12 * year, n_months))
    for month in numbers:
        if month < 12:
            continue  # there is no year 0
        at = datetime(month // 12, month % 12 + 1, 1, tzinfo=start.tzinfo)
        if at > end:
            return
        if at >= start:
            yield at


def _days_between(start: datetime, at: datetime) -> float:
    # In UTC: between local times of one zone Python takes the difference of the clock's hands.
    return (at.astimezone(UTC) - start.astimezone(UTC)) / timedelta(days=1)


def _offsets(start: datetime, end: datetime) -> str:
    """Return how far from UTC the zone is: ``+03:00``, or both ends'."""
    found = [at.isoformat()[-6:] if at.utcoffset() else "UTC" for at in (start, end)]
    return found[0] if found[0] == found[1] else f"{found[0]}, at the end {found[1]}"
