"""The ensemble: what came out of many replications, in days, kilometres, persons and tonnes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import (
    Estimate,
    FirstPassageCdf,
    cumulative_incidence,
    first_passage_cdf,
    in_order,
    probability_by,
    quantile,
    ranked,
    tally,
)
from sim.analysis.nested import nested_band
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.batch import Batch, Floats
from sim.ensemble.dates import local_date, zone_of
from sim.ensemble.driven import Driven, driven
from sim.ensemble.gather import Gatherer, InMemory
from sim.ensemble.geography import NOWHERE, Geography
from sim.ensemble.legend import Asked, Legend
from sim.ensemble.table import NONE, Coded, Column, Names, Table, n_rows
from sim.ensemble.watched import COLUMNS, NOTHING, Watched
from sim.errors import UsageError, did_you_mean, one_of
from sim.net.model import Net

if TYPE_CHECKING:
    import pandas as pd

#: Bytes of ordered times that are kept.
_KEPT_IN_ORDER = 64_000_000
#: Replications whose causes are counted at a time.
_COUNTED_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Facts:
    """What an ensemble knows of its scenario; times in days since the start."""

    name: str
    title: str = ""
    question: str = ""
    variant: str | None = None
    start: datetime | None = None
    #: Where its people live: the zone of every date that is shown; that of ``start`` if None.
    timezone: str | None = None
    #: The latest public knowledge, in days; None without a start.
    as_of: float | None = None
    horizon: float = 0.0
    report: tuple[float, ...] = ()
    #: What outcomes are held against, by name, where there is something.
    base_rates: Mapping[str, BaseRate] = field(default_factory=dict)
    geography: Geography = NOWHERE

    @cached_property
    def zone(self) -> tzinfo | None:
        """The time zone of its dates."""
        return zone_of(self.timezone)

    def date(self, days: float) -> datetime | None:
        """Return the local date of a time in days; None without a start, or beyond the calendar."""
        return local_date(self.start, self.zone, days)


@dataclass(frozen=True, eq=False)
class Nested:
    """Times of outcomes in groups that share what is unknown: days, shape (n_groups, n_within)."""

    times: Mapping[str, Floats]

    def band(self, outcome: str, by: float, mean: float) -> tuple[float, float] | None:
        """Return the 80 % band of P(T <= by) over what is unknown; None from too few groups.

        It is set around ``mean``, the probability over everything, which is better known.
        """
        came = self.times[outcome] <= by
        return nested_band(came.sum(axis=1), came.shape[1], mean=mean)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Results of the first n replications of a net under one seed.

    Times are in days since the start, ``inf`` where an outcome did not happen. ``requested`` is how
    many replications were asked for: more than there are, if the run was interrupted.
    """

    facts: Facts
    legend: Legend
    table: Table
    seed: int
    engine: str
    requested: int
    #: What was watched over time, summed up.
    watched: Watched = NOTHING
    #: In how many replications a value was held at an end of its variable's range, where in any.
    clipped: Mapping[str, int] = field(default_factory=dict)
    #: Firings of all replications.
    n_events: int = 0
    #: What tells ignorance from luck; None where nothing is unknown, or the run was interrupted.
    nested: Nested | None = None
    #: The half width that was asked for, where the number of replications was not.
    precision: float | None = None
    #: Whether everything is there that was asked for.
    is_complete: bool = True
    #: Where it is kept, if it is.
    folder: Path | None = None
    #: Whether it was found there, rather than run.
    was_found: bool = False

    @classmethod
    def of(cls, facts: Facts, net: Net, batch: Batch, seed: int, engine: str) -> Ensemble:
        """Return the ensemble of a batch."""
        keeper = InMemory()
        gatherer = Gatherer(net, keeper)
        if batch.n:
            gatherer.take(batch)
        return cls(
            facts,
            gatherer.legend,
            keeper.table(net),
            seed,
            engine,
            batch.n,
            watched=gatherer.watched(),
            clipped=gatherer.clipped,
            n_events=gatherer.sums.n_events,
        )

    @cached_property
    def n(self) -> int:
        """Number of replications."""
        return n_rows(self.table)

    @property
    def outcomes(self) -> tuple[Asked, ...]:
        """The outcomes, each with its name, label and question, in the file's order."""
        return self.legend.outcomes

    def times(self, outcome: str) -> Floats:
        """Return first-passage times, float64 (n,), days; ``inf`` where it did not happen.

        Raises
        ------
        UsageError
            If the scenario has no outcome of that name; so do the other methods.
        """
        return self._numbers(f"time.{self._known(outcome)}")

    def causes(self, outcome: str) -> Names:
        """Return what began the step in which it happened, (n,): ``fall/by_storm``, ``start``.

        Empty where it did not happen.
        """
        return self._coded(f"cause.{self._known(outcome)}").named()

    def via(self, outcome: str) -> Names:
        """Return the last immediate of that step, (n,); empty where there was none."""
        return self._coded(f"via.{self._known(outcome)}").named()

    def probability(self, outcome: str, by: float | None = None) -> Estimate:
        """Return P(it has happened by so many days), by the horizon if None; 95 % Wilson.

        Raises
        ------
        UsageError
            If ``by`` lies beyond the horizon, where nothing is known.
        """
        horizon = self.facts.horizon
        if by is not None and not 0.0 <= by <= horizon:
            raise UsageError(
                f"day {by:g} is not between the start and the horizon, day {horizon:g}"
            )
        return probability_by(self._ordered(outcome), horizon if by is None else by)

    def inputs80(self, outcome: str, by: float | None = None) -> tuple[float, float] | None:
        """Return the 80 % band of P(it has happened by so many days) over the unknown inputs.

        Luck is averaged out, and with it what is marked ``chance``: the band says how far the
        answer hangs on what nobody knows. None if nothing is unknown, or too few groups were run.
        """
        by = self.facts.horizon if by is None else by
        if self.nested is None:
            return None
        return self.nested.band(outcome, by, self.probability(outcome, by).value)

    def drivers(self, at: Sequence[float] | None = None) -> Mapping[str, Driven]:
        """Return what each outcome hangs on: the unknown inputs, by first-order indices.

        Each is asked by the one of the times ``at`` (days; the report times if None) by which its
        probability is nearest to one half: near 0 or 1 nothing matters much any more. Empty where
        :meth:`inputs80` is None.
        """
        report = tuple(self.facts.report if at is None else at) or (self.facts.horizon,)
        if self.nested is None:
            return {}
        if report not in self._driven:
            days = [self._most_open(outcome.name, report) for outcome in self.outcomes]
            self._driven[report] = driven(self, self.nested, days)
        return self._driven[report]

    def _most_open(self, outcome: str, days: Sequence[float]) -> float:
        return min(days, key=lambda day: (abs(self.probability(outcome, day).value - 0.5), -day))

    def cdf(self, outcome: str, grid: Floats) -> FirstPassageCdf:
        """Return P(it has happened by t) on a grid of days, with intervals and a 95 % band."""
        return first_passage_cdf(self._ordered(outcome), grid=grid, horizon=self.facts.horizon)

    def quantile(self, outcome: str, p: float) -> Estimate:
        """Return a quantile of the time, days, with its 95 % interval; ``inf`` if beyond."""
        return quantile(self._ordered(outcome), p)

    def shares(self, outcome: str) -> dict[str, float]:
        """Return the probability by cause, the largest first; they sum to that of the outcome."""
        return {cause: p for (cause, _), p in self._shares(outcome, with_via=False).items()}

    def shares_with_via(self, outcome: str) -> dict[tuple[str, str], float]:
        """Return the probability by cause and last immediate (empty if there was none to tell)."""
        return self._shares(outcome, with_via=True)

    def _shares(self, outcome: str, *, with_via: bool) -> dict[tuple[str, str], float]:
        causes, via = (self._coded(f"{what}.{self._known(outcome)}") for what in ("cause", "via"))
        quiet = [via.texts.index(name) for name in self.legend.quiet]
        # One number for the pair; counting numbers is a hundred times faster than counting texts.
        n_last = len(via.texts) + 1
        counts = Counter[int]()
        for first in range(0, self.n, _COUNTED_AT_ONCE):
            began, last = (c.codes[first : first + _COUNTED_AT_ONCE] for c in (causes, via))
            last = np.where(np.isin(last, quiet) | (not with_via), NONE, last)
            pairs = began.astype(np.int64) * n_last + (last - NONE)
            counts += tally(pairs[began != NONE])
        found = ranked(counts, max(self.n, 1))
        texts = ("", *via.texts)
        return {
            (causes.texts[pair // n_last], texts[pair % n_last]): p for pair, p in found.items()
        }

    def incidence(self, outcome: str, grid: Floats) -> dict[str, Floats]:
        """Return P(it has happened by t, by this cause) on a grid of days, the commonest first."""
        causes = self._coded(f"cause.{self._known(outcome)}")
        found = cumulative_incidence(self.times(outcome), causes.codes, grid)
        return {causes.texts[code]: curve for code, curve in found.items()}

    def date(self, days: float) -> datetime | None:
        """Return the local date of a time in days; None without a start, or beyond the calendar."""
        return self.facts.date(days)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The uncertain inputs, a column each, by path; labels as text."""
        return self._frame({i.name: f"input.{i.name}" for i in self.legend.inputs})

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The totals, a column each."""
        return self._frame({t.name: f"total.{t.name}" for t in self.legend.totals})

    @cached_property
    def ends(self) -> pd.DataFrame:
        """How each replication ended: ``time`` in days, ``reason``, and what was watched.

        The reason is ``horizon``, ``stop`` or ``dead`` (nothing could happen any more). A watched
        value is that of the last watch point; after the end it stays as it was.
        """
        names = ["end.time", "end.reason", *(name for name, _ in self.legend.ends)]
        return self._frame({name.removeprefix("end."): name for name in names})

    @property
    def horizons(self) -> Floats:
        """Where the replications that ran to their horizon ended, days; inf for the others."""
        reasons = self._coded("end.reason")
        is_horizon = reasons.codes == reasons.texts.index("horizon")
        return np.where(is_horizon, self._numbers("end.time"), np.inf)

    @cached_property
    def watch(self) -> pd.DataFrame:
        """Watched values over time: ``days``, ``name``, ``mean`` and five quantiles, a row a point.

        Quantiles are values that occurred, those of numbers in the first 16,384 replications. A
        watched label becomes a row for each label that occurred, ``bridge == up``, whose mean is
        its probability. What the world watches by itself is in :attr:`control` and :attr:`stocks`.
        """
        made = {watch.name for watch in self.legend.watches if watch.is_made}
        return self._watched(lambda name: name not in made)

    @cached_property
    def stocks(self) -> pd.DataFrame:
        """The mean stock of each side of a world over time, as :attr:`watch` has what it has."""
        names = {holder.watch for holder in self.facts.geography.holders}
        return self._watched(names.__contains__)

    def _watched(self, is_wanted: Callable[[str], bool]) -> pd.DataFrame:
        """Return what is watched under the names that are wanted."""
        import pandas as pd

        watched = self.watched
        figures = {name: watched.figures[name] for name in COLUMNS}
        frame = pd.DataFrame({"days": watched.days, "name": list(watched.names), **figures})
        rows = [is_wanted(name.partition(" == ")[0]) for name in watched.names]
        return frame[np.array(rows, dtype=bool)].reset_index(drop=True)

    def holders(self, place: str) -> dict[str, Floats]:
        """Return the probability that each faction holds a place, at the watch points, (n_grid,).

        Of those that ever held it, in the order of the file; they sum to one at each point.
        """
        spot = next((s for s in self.facts.geography.spots if s.name == place), None)
        if spot is None:
            names = [one.name for one in self.facts.geography.spots]
            hint = did_you_mean(place, names) or (one_of(names) if names else "there are none")
            raise UsageError(f"no place '{place}': {hint}")
        return self.watched.labels(spot.watch) if spot.watch else {}

    def watch_point(self, days: float) -> int:
        """Return the number of the last watch point that is not after a time; the first is at 0."""
        # A report time may lie a rounding error before the watch point that is meant.
        near = np.array(self.legend.grid) <= days * (1.0 + 1e-12)
        return max(0, int(np.count_nonzero(near)) - 1)

    @cached_property
    def control(self) -> pd.DataFrame:
        """Who holds each place over time: ``days``, ``place``, ``holder``, ``probability``."""
        import pandas as pd

        rows = [
            (day, spot.name, holder, p)
            for spot in self.facts.geography.spots
            for holder, curve in self.holders(spot.name).items()
            for day, p in zip(self.legend.grid, curve.tolist(), strict=True)
        ]
        return pd.DataFrame(rows, columns=["days", "place", "holder", "probability"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sim.ensemble.html import ensemble_html

        return ensemble_html(self)

    def _ordered(self, outcome: str) -> Floats:
        """Return the times of an outcome in increasing order; kept, since all figures want them.

        Of very many replications only those of the last outcomes are: figures are made of one
        outcome after another, and memory is not to grow with how many there are.
        """
        if outcome not in self._orders:
            ordered = in_order(self.times(outcome))
            while self._orders and ordered.nbytes * (len(self._orders) + 1) > _KEPT_IN_ORDER:
                del self._orders[next(iter(self._orders))]
            self._orders[outcome] = ordered
        return self._orders[outcome]

    @cached_property
    def _orders(self) -> dict[str, Floats]:
        return {}

    @cached_property
    def _driven(self) -> dict[tuple[float, ...], dict[str, Driven]]:
        return {}

    def moved(self, folder: Path, table: Table) -> Ensemble:
        """Return it with the same replications in another place; what was made of them stays."""
        other = replace(self, folder=folder, table=table)
        other._orders.update(self._orders)
        other._driven.update(self._driven)
        return other

    def _known(self, outcome: str) -> str:
        """Return the name of an outcome that the scenario has."""
        names = [o.name for o in self.outcomes]
        if outcome not in names:
            hint = did_you_mean(outcome, names) or (one_of(names) if names else "it has none")
            raise UsageError(f"no outcome '{outcome}': {hint}")
        return outcome

    def _numbers(self, name: str) -> Floats:
        column = self.table[name]
        assert not isinstance(column, Coded)
        return column.astype(np.float64, copy=False)

    def _coded(self, name: str) -> Coded:
        column = self.table[name]
        assert isinstance(column, Coded)
        return column

    def _frame(self, columns: Mapping[str, str]) -> pd.DataFrame:
        """Return columns of the table under other names."""
        import pandas as pd

        index = pd.Index(np.asarray(self.table["replication"]), name="replication")
        return pd.DataFrame(
            {name: _values(self.table[column]) for name, column in columns.items()}, index=index
        )


def _values(column: Column) -> npt.NDArray[Any]:
    return column.named() if isinstance(column, Coded) else column
