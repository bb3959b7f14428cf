"""What an outcome hangs on, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from sim.cli import chart, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.ensemble.driven import Driver

#: What an index is, for the small print.
WHAT_IT_IS = (
    "Index: what share of the variance of the probability over the inputs would go, on average, "
    "if that input alone were known. "
)


def rows(drivers: Sequence[Driver], look: Look) -> list[list[str]]:
    """Return a table of drivers, its head first: index, input, what it does, the smaller print."""
    given = _profiles(drivers, chart.BLOCKS if look.blocks else chart.ASCII)
    indices = [_index(driver.index) for driver in drivers]
    small = [" to ".join(_index(end) for end in driver.interval95) for driver in drivers]
    columns = [["index", *indices], ["from low to high", *given], ["95 %", *small]]
    shown = columns if look.width >= 70 else columns[:2]
    room = look.width - 2 - sum(2 + max(map(text.width, column)) for column in shown)
    names = [text.fitted(safe(driver.input.name), room) for driver in drivers]
    columns.insert(1, ["hangs on", *names])
    return [list(row) for row in zip(*columns, strict=True)]


def _profiles(drivers: Sequence[Driver], pen: chart.Pen) -> list[str]:
    """Return the probability at both ends, and how it goes from one to the other."""
    ends = [[text.percent(driver.given[k].probability, 0) for k in (0, -1)] for driver in drivers]
    low, high = (max(len(pair[k]) for pair in ends) for k in (0, 1))
    top = max(p for driver in drivers for _, p in driver.given)
    return [
        f"{pair[0]:>{low}} {chart.profile([p / top for _, p in driver.given], pen)} "
        f"{pair[1]:>{high}}"
        for driver, pair in zip(drivers, ends, strict=True)
    ]


def _index(value: float) -> str:
    return f"{value:.2f}"
