"""What a comparison of scenarios finds: frozen, with the field names of the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sim.ensemble.model import Ensemble
from sim.studies.plain import plain

#: What makes a comparison that is kept a whole one.
FILE = "comparison.json"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Compared:
    """One of the scenarios; ``name`` is what it goes by in the comparison."""

    name: str
    file: str
    scenario: str
    variant: str | None
    title: str
    horizon_days: float
    net: str
    #: Folder of its run, if that is kept.
    result: str | None


@dataclass(frozen=True)
class ByDate:
    """A probability by a date in both, and their difference: the scenario's less the baseline's."""

    days: float
    #: None without a start, or where the two start at different times.
    time: datetime | None
    baseline: float
    probability: float
    difference: float
    #: Tango's score interval: Monte Carlo error only.
    interval95: Interval
    #: Where the difference lies, four times in five, over what both leave uncertain.
    inputs80: Interval | None
    #: How many times as many replications independent seeds would take; None where none differs.
    variance_reduction: float | None

    @property
    def is_seen(self) -> bool:
        """Whether the interval leaves no difference outside."""
        return not self.interval95[0] <= 0.0 <= self.interval95[1]


@dataclass(frozen=True)
class OfTime:
    """A difference of a time in days; infinite where one of the two never comes, else None."""

    baseline: float
    value: float
    difference: float | None
    interval95: Interval
    variance_reduction: float | None = None


@dataclass(frozen=True)
class Example:
    """A replication to trace side by side: what happens in either where they part."""

    replication: int
    baseline_days: float | None
    baseline_event: str
    days: float | None
    event: str


@dataclass(frozen=True)
class Clock:
    """A transition that is the first to differ, in a share of the replications looked at."""

    transition: str
    share: float
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Difference:
    """How one scenario differs from the baseline in one outcome.

    ``difference``, its intervals and ``variance_reduction`` are of the probability by the horizon.
    """

    label: str
    difference: float
    interval95: Interval
    inputs80: Interval | None
    variance_reduction: float | None
    by: tuple[ByDate, ...]
    by_horizon: ByDate
    quantiles_days: Mapping[str, OfTime]
    #: Of the time until it comes, or until the horizon.
    restricted_mean_days: OfTime
    #: The row, of ``by`` and the horizon, where the difference is largest.
    largest: ByDate
    #: Replications in which only one of the two has it by then; else in which the times differ.
    n_differing: int
    n_looked_at: int
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class Comparison:
    """Scenarios under common random numbers, each against the first, the baseline.

    ``differences`` are by outcome, then by the name of the scenario.
    """

    baseline: str
    scenarios: tuple[Compared, ...]
    seed: int
    replications: int
    #: The earlier of their horizons: nothing is compared beyond.
    horizon_days: float
    #: What is to be known of the comparison itself.
    notes: tuple[str, ...]
    differences: Mapping[str, Mapping[str, Difference]]
    #: Folder of the comparison, if it is kept.
    result: str | None = None
    #: The runs themselves, in the order of ``scenarios``; not in the JSON.
    ensembles: tuple[Ensemble, ...] = field(default=(), repr=False, compare=False)

    @property
    def others(self) -> tuple[str, ...]:
        """The names of all but the baseline."""
        return tuple(one.name for one in self.scenarios[1:])

    def largest(self, name: str) -> tuple[str, Difference] | None:
        """Return the outcome in which a scenario differs most, by any date; None if in none.

        Only differences whose interval leaves zero outside are looked at.
        """
        found = [
            (outcome, of[name])
            for outcome, of in self.differences.items()
            if of[name].largest.is_seen
        ]
        return max(found, key=lambda one: abs(one[1].largest.difference), default=None)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sim.studies.html import comparison_html

        return comparison_html(self)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as the one JSON object that ``compare`` prints and results keep."""
    found: dict[str, Any] = plain(comparison)
    return {**found, "pictures": []}
