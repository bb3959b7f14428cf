"""What scenario discovery finds: frozen, with the field names of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sim.ensemble.model import Ensemble
from sim.studies.plain import plain

#: What makes a discovery that is kept a whole one, and its trajectories as a table.
FILE, TABLE = "discovery.json", "trajectory.csv"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Restriction:
    """What a box allows of one input: from ``low`` to ``high`` in ``unit``, or ``labels``."""

    input: str
    unit: str
    #: None where there is no limit; both the same where one value is left.
    low: float | None
    high: float | None
    #: The labels that are allowed, empty for a number, and how often each label is drawn.
    labels: tuple[str, ...]
    shares: dict[str, float]
    #: Which quantiles of the input the limits are.
    quantiles: Interval
    #: How likely the box had as many cases if this restriction did nothing.
    quasi_p: float | None = None
    #: In which share of resamples the input is restricted.
    reproduced: float | None = None

    @property
    def said(self) -> str:
        """What is allowed, in words: ``at least 0.3/day``, ``not down``."""
        if self.shares:
            others = [label for label in self.shares if label not in self.labels]
            is_most = len(others) < len(self.labels)
            return "not " + _either(others, "nor") if is_most else _either(self.labels, "or")
        # A rate is written 0.3/day.
        unit = self.unit[1:] if self.unit.startswith("1/") else f" {self.unit}".rstrip()
        low, high = (None if v is None else f"{0.0 + v:,.6g}" for v in (self.low, self.high))
        if low is None or high is None:
            return f"at most {high}{unit}" if low is None else f"at least {low}{unit}"
        return f"{low}{unit}" if low == high else f"from {low} to {high}{unit}"


def _either(labels: Sequence[str], joint: str) -> str:
    return f" {joint} ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))


@dataclass(frozen=True)
class Shares:
    """How much a box holds in the fresh replications.

    ``mass`` is its share of them, ``density`` the share of cases in it, and ``coverage`` its share
    of the cases.
    """

    replications: int
    mass: float
    density: float
    #: Wilson's interval: Monte Carlo error only.
    density95: Interval
    coverage: float


@dataclass(frozen=True)
class Peeled:
    """A box on the way from all replications to the fewest."""

    #: The input that the last peel took from; None before the first.
    input: str | None
    #: The last peel's new limit in words: ``at least 0.3``, ``not up``.
    to: str
    n_restricted: int
    shares: Shares


@dataclass(frozen=True)
class FoundBox:
    """A box, and how it fared in the fresh replications."""

    restrictions: tuple[Restriction, ...]
    shares: Shares
    #: What it was looked for among: all, less what earlier boxes hold.
    among: Shares
    #: How likely as many cases were by chance.
    p: float
    trajectory: tuple[Peeled, ...]
    #: The place in the trajectory that the box was made from.
    chosen: int


@dataclass(frozen=True)
class Discovery:
    """Under which conditions an outcome comes by an instant, or does not."""

    scenario: str
    variant: str | None
    outcome: str
    label: str
    #: Whether the cases are replications in which it has *not* come.
    holds: bool
    days: float
    time: datetime | None
    seed: int
    replications: int
    #: How often a box is told where no input matters, at the most.
    false_alarms: float
    #: Among all replications.
    probability: float
    monte_carlo95: Interval
    #: How many replications boxes were found in, and how many judged them.
    n_searched: int
    n_fresh: int
    n_inputs: int
    boxes: tuple[FoundBox, ...]
    #: The last box that was looked for, if the fresh replications did not bear it out.
    refused: FoundBox | None
    #: Why there is nothing to tell; empty where there might be.
    why_not: str
    net: str
    #: Folder of the run, and that of this, if they are kept.
    run: str | None
    result: str | None
    ensemble: Ensemble = field(repr=False)

    @property
    def shown(self) -> FoundBox | None:
        """The box whose trajectory is shown: the first, told or refused."""
        return self.boxes[0] if self.boxes else self.refused


def as_json(discovery: Discovery) -> dict[str, Any]:
    """Return a discovery as the one JSON object that ``discover`` prints and results keep."""
    found: dict[str, Any] = plain(discovery)
    return {**found, "pictures": []}
