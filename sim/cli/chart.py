"""A curve drawn in a terminal, with Unicode blocks or in plain ASCII."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sim.cli import text
from sim.ensemble.dates import local_date
from sim.units import SECONDS_PER_DAY


class Pen(NamedTuple):
    """The characters to draw with; ``levels`` go from empty to full."""

    levels: str
    axis: str
    corner: str
    line: str
    tick: str
    arrow: str


BLOCKS = Pen(" ▁▂▃▄▅▆▇█", "│", "└", "─", "┴", "→")
ASCII = Pen(" .:#", "|", "+", "-", "+", "->")

#: What is left of the columns: ``100 % │``.
MARGIN = 7
#: Full heights of a chart; the first that the curve stays below is taken.
_TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_STEPS_S = (
    *(60 * m for m in (1, 5, 15)),
    *(3_600 * h for h in (1, 3, 6, 12)),
    *(86_400 * d for d in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)


#: Columns of a profile, at the most.
_PROFILE = 5


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis; ``place`` counts columns from the corner, which is 0."""

    place: int
    label: str


def curve(values: Sequence[float], ticks: Sequence[Tick], pen: Pen, height: int = 8) -> list[str]:
    """Return the lines of a chart of a rising probability.

    Parameters
    ----------
    values : n_columns probabilities
        The value of column j is drawn at place j + 1.
    ticks : marks along the bottom
    height : even number of lines
    """
    top = next((t for t in _TOPS if values[-1] <= t), 1.0)
    lines = []
    for row in range(height, 0, -1):
        label = f"{100 * top * row / height:>4g} % " if row % (height // 2) == 0 else " " * MARGIN
        cells = "".join(cell(p / top * height - (row - 1), pen) for p in values)
        lines.append(label + pen.axis + cells)
    at_ticks = {tick.place for tick in ticks}
    places = range(1, len(values) + 1)
    base = "".join(pen.tick if place in at_ticks else pen.line for place in places)
    lines += ["   0 % " + pen.corner + base, _labels(ticks, MARGIN + 1 + len(values))]
    return [line.rstrip() for line in lines]


def bar(share: float, columns: int, pen: Pen) -> str:
    """Return a horizontal bar, at least a column long."""
    return pen.levels[-1] * max(1, round(share * columns))


def profile(shares: Sequence[float], pen: Pen) -> str:
    """Return a column for each share, none of them empty; of many every so many."""
    few = shares[:: max(1, math.ceil(len(shares) / _PROFILE))]
    return "".join(cell(max(share, 1.0 / (len(pen.levels) - 1)), pen) for share in few)


def ticks(horizon: float, columns: int, start: datetime | None) -> list[Tick]:
    """Return marks at round dates, or at round days without a start.

    Parameters
    ----------
    horizon : days
    columns : int
    start : local date of day 0
    """
    room = max(2, columns // (11 if start is None else 13))
    smallest = horizon * SECONDS_PER_DAY / room
    step = next((s for s in _STEPS_S if s >= smallest), None)
    if step is None:
        step = 86_400 * 10 ** math.ceil(math.log10(smallest / SECONDS_PER_DAY))
    into_day = 0 if start is None else start.hour * 3600 + start.minute * 60 + start.second
    first = -into_day % min(step, 86_400)
    found = []
    for k in range(room + 1):
        days = (first + k * step) / SECONDS_PER_DAY
        if days <= horizon:
            found.append(Tick(round(days / horizon * columns), _label(days, step, start)))
    return found


def _label(days: float, step: int, start: datetime | None) -> str:
    at = None if start is None else local_date(start, start.tzinfo, days)
    if at is None:
        return f"day {text.days(days, 6)}"
    if step >= 100 * SECONDS_PER_DAY:
        return text.month_of(at)
    return text.day_of(at) if step >= SECONDS_PER_DAY else f"{text.day_of(at)} {at:%H:%M}"


def cell(filled: float, pen: Pen) -> str:
    """Return the character for a cell filled so far, 0 to 1 and beyond."""
    top = len(pen.levels) - 1
    return pen.levels[min(top, max(0, round(filled * top)))]


def _labels(ticks: Sequence[Tick], columns: int) -> str:
    """Return the labels, each under its mark; those that would touch are left out."""
    line = ""
    for tick in ticks:
        start = MARGIN + tick.place - len(tick.label) // 2
        start = max(0, min(start, columns - len(tick.label)))
        if start >= len(line) + (2 if line else 0):
            line = line.ljust(start) + tick.label
    return line
