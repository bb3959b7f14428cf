"""What a sweep finds: frozen, with the field names of the JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.ensemble.table import Table
from sim.studies.plain import plain

#: What makes a sweep that is kept a whole one.
FILE = "sweep.json"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Response:
    """The probability of an outcome where an input lies near one place of its law.

    ``quantile`` is the middle of the places, ``value`` what the input is there on average: in days,
    km, persons, tonnes, None for labels, of which ``label`` is the one.
    """

    quantile: float
    value: float | None
    label: str | None
    probability: float
    #: Of the mean over the points: that of luck, and of the other inputs.
    interval95: Interval | None
    points: int


@dataclass(frozen=True)
class Influence:
    """What an input does to the probability of an outcome; figures that a method lacks are None.

    ``index`` is the first-order index, ``total`` the total one (Sobol'); ``mu``, ``mu_star`` and
    ``sigma`` are of elementary effects (Morris), ``noise`` what luck adds to one of them.
    """

    input: str
    index: float | None = None
    interval95: Interval | None = None
    total: float | None = None
    total95: Interval | None = None
    mu: float | None = None
    mu_star: float | None = None
    mu_star95: Interval | None = None
    sigma: float | None = None
    noise: float | None = None
    responses: tuple[Response, ...] = ()

    @property
    def size(self) -> float:
        """What inputs are put in order by."""
        found = (f for f in (self.total, self.mu_star, self.index) if f is not None)
        return next(found, -math.inf)


@dataclass(frozen=True)
class Spread:
    """How the probability of an outcome varies over the points of a sweep.

    ``inputs`` is the standard deviation that the inputs make, ``luck`` that of the share at one
    point around its probability; ``is_seen`` says whether the former stands out.
    """

    label: str
    probability: float
    inputs: float
    luck: float
    is_seen: bool


@dataclass(frozen=True)
class Sweep:
    """What drives each outcome, by outcome; the largest influence first."""

    scenario: str
    variant: str | None
    title: str
    method: str
    #: Points that were asked for, and of them those that are run.
    points: int
    points_done: int
    #: At each point.
    replications: int
    seed: int
    complete: bool
    #: The probabilities are those by this day.
    by_days: float
    horizon_days: float
    inputs: tuple[str, ...]
    net: str
    outcomes: Mapping[str, tuple[Influence, ...]]
    spread: Mapping[str, Spread]
    #: What is to be known of the sweep itself.
    notes: tuple[str, ...] = ()
    #: Folder of the sweep, if that is kept.
    result: str | None = None
    #: A row for every point; not in the JSON.
    table: Table = field(default_factory=dict, repr=False, compare=False)


def as_json(sweep: Sweep) -> dict[str, Any]:
    """Return a sweep as the one JSON object that ``sweep`` prints and results keep."""
    found: dict[str, Any] = plain(sweep)
    return {**found, "pictures": []}
