"""What a forecast of a place's fall is held against: how often places like it have fallen."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from sim.shown import band, counted, percent, span

#: Days by which shares are told, besides the last.
TOLD = (1, 7)


@dataclass(frozen=True)
class BaseRate:
    """P(fell within n days) of the attacks in ``of``, n = 0, 1, ..., with 90 % brackets.

    Days count from the start where the place is in contact by then; else from first contact
    (``is_dated`` is false), and nobody knows when that will be.
    """

    of: str
    n: int
    n_cases: int
    is_dated: bool
    fell: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def last(self) -> int:
        """The last day of which anything is known."""
        return len(self.fell) - 1

    def by(self, days: float) -> tuple[float, float, float] | None:
        """Return share and bracket by a time in days; None beyond the last day.

        Between two days it is taken as straight: dates of the past are good to a day.

        Examples
        --------
        >>> BaseRate("all", 144, 24, True, (0.0, 0.2, 0.3), (0.0, 0.1, 0.2), (0.0, 0.3, 0.4)).by(
        ...     0.5
        ... )
        (0.1, 0.05, 0.15)
        """
        if not 0.0 <= days <= self.last:
            return None
        before = min(int(days), self.last - 1)
        part = days - before

        def at(curve: tuple[float, ...]) -> float:
            return curve[before] + part * (curve[before + 1] - curve[before])

        return at(self.fell), at(self.low), at(self.high)

    def days(self, horizon: float) -> tuple[int, ...]:
        """Return the days by which shares are told; ``horizon`` in days."""
        last = min(self.last, floor(horizon)) if self.is_dated else self.last
        return (*(day for day in TOLD if day < last), last)

    def said(self, horizon: float) -> str:
        """Say which attacks these are, and how many of them succeeded, with 90 % brackets."""
        told = ", ".join(self._share(day) for day in self.days(horizon))
        of = f"{counted(self.n, 'attack')} {self.of} in {counted(self.n_cases, 'past war')}"
        if self.is_dated:
            return f"Base rate: of {of}, on places that had held as long, {told} succeeded."
        return f"Base rate once attacked: of {of}, {told} of contact succeeded."

    def _share(self, day: int) -> str:
        share, low, high = (curve[day] for curve in (self.fell, self.low, self.high))
        said = f"{percent(share, 0)} ({band((low, high))})"
        return f"{said} by day {day}" if self.is_dated else f"{said} within {span(day)}"
