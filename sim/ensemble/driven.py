"""What outcomes of an ensemble hang on: the unknown inputs by name, as people know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sim.analysis import drivers
from sim.ensemble.legend import Legend, Measured
from sim.ensemble.parts import StoredTable
from sim.ensemble.table import Coded, Column, Table
from sim.shown import percent, rounded

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble, Nested

#: Columns that are read at a time have no more values than this, or there is but one.
_AT_A_TIME = 2_000_000


class Given(NamedTuple):
    """The probability where an input is a label, or from ``start`` on to the start of the next."""

    start: float | str
    probability: float


@dataclass(frozen=True)
class Driver:
    """An input with its first-order index, and the probability by its fifths or labels."""

    input: Measured
    index: float
    interval95: tuple[float, float]
    #: The fifths from the lowest to the highest, or the labels by their probability.
    given: tuple[Given, ...]

    def said(self) -> str:
        """Say how likely it is at either end of the input, and between where that is far off."""
        low, high = self.given[0], self.given[-1]
        first, last = (percent(one.probability, 0) for one in (low, high))
        if self.input.is_label:
            return f"{first} where it is {low.start}, {last} where it is {high.start}"
        below, above = (self._value(one.start) for one in (self.given[1], high))
        said = f"{first} where it is lowest (below {below}), {last} where it is highest "
        said += f"({above} or more)"
        between = self._far_between()
        return said if between is None else f"{said}, {percent(between, 0)} between"

    def _value(self, start: float | str) -> str:
        unit = self.input.unit
        unit = f"/ {unit.removeprefix('1/')}" if unit.startswith("1/") else unit
        return f"{rounded(float(start))} {unit}".rstrip()

    def _far_between(self) -> float | None:
        """Return the probability that lies farther from both ends than they do from each other."""
        first, *others, last = (one.probability for one in self.given)
        apart = abs(first - last)
        far = [p for p in others if min(abs(p - first), abs(p - last)) > apart]
        return max(far, key=lambda p: abs(p - first), default=None)


@dataclass(frozen=True)
class Driven:
    """What P(an outcome has come by day ``days``) hangs on, the largest index first.

    ``floor`` is the index that tells an input of many values from noise; None if nothing could be
    estimated. Where none is listed, ``reason`` says why. ``unknown`` is the share of the outcome's
    variance that lies in the unknown inputs, not in luck.
    """

    days: float
    probability: float
    drivers: tuple[Driver, ...]
    floor: float | None
    unknown: float | None
    reason: str

    def said(self, when: str) -> str:
        """Say what it hangs on most by a moment ``when``, or that nothing stands out."""
        if not self.drivers:
            floor = "" if self.floor is None else f" (an index of {self.floor:.2f} would)"
            return f"By {when}: {self.reason}{floor}."
        most, p = self.drivers[0], percent(self.probability, 0)
        return f"By {when} ({p}) it hangs most on {most.input.name}: {most.said()}."


def driven(ensemble: Ensemble, nested: Nested, days: Sequence[float]) -> dict[str, Driven]:
    """Return what each outcome hangs on, asked by a day of its own."""
    by = {outcome.name: day for outcome, day in zip(ensemble.outcomes, days, strict=True)}
    came = {name: ensemble.times(name) <= day for name, day in by.items()}
    groups = {name: nested.times[name] <= day for name, day in by.items()}
    found = drivers.drivers(
        _unknown(ensemble.table, ensemble.legend, ensemble.n),
        list(came.values()),
        [group.sum(axis=1) for group in groups.values()],
        next(iter(groups.values())).shape[1],
    )
    inputs = {measured.name: measured for measured in ensemble.legend.inputs}
    unknown = [inputs[name] for name in ensemble.legend.unknown]
    return {
        name: Driven(
            day,
            float(came[name].mean()),
            tuple(_named(one, unknown[one.place], ensemble.legend.labels) for one in of.found),
            of.floor,
            of.unknown,
            of.reason,
        )
        for (name, day), of in zip(by.items(), found, strict=True)
    }


def _named(found: drivers.Driver, measured: Measured, labels: Sequence[str]) -> Driver:
    given = tuple(
        Given(labels[int(start)] if measured.is_label else start, p) for start, p in found.given
    )
    if measured.is_label:
        given = tuple(sorted(given, key=lambda one: one.probability))
    return Driver(measured, found.index, (found.low, found.high), given)


def _unknown(table: Table, legend: Legend, n: int) -> Iterator[drivers.Values]:
    """Yield the values of each unknown input, read some at a time."""
    names = [f"input.{name}" for name in legend.unknown]
    at_once = max(1, _AT_A_TIME // n)
    for k in range(0, len(names), at_once):
        for column in _columns(table, names[k : k + at_once]):
            yield column.codes if isinstance(column, Coded) else column


def _columns(table: Table, names: Sequence[str]) -> Sequence[Column]:
    """Return columns; of what is kept on the disk five times faster together than one by one."""
    if isinstance(table, StoredTable):
        return table.several(names)
    return [table[name] for name in names]
