"""The ensemble: what came out of many replications, in days, kilometres, persons and tonnes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
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
    shares,
)
from sim.ensemble.batch import AT_START, END_REASONS, NO_VIA, NOT_YET, Batch, Floats
from sim.ensemble.dates import local_date
from sim.errors import UsageError, did_you_mean, one_of
from sim.net.model import Net, Outcome, firing_names
from sim.units import SECONDS_PER_DAY, Dimension, display_scale

if TYPE_CHECKING:
    import pandas as pd

#: Watch quantiles come from the first so many replications, means from all, in fixed blocks: no
#: figure depends on how the run was cut up.
WATCH_QUANTILES_FROM = 16_384
WATCH_BLOCK = 1_024
WATCH_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_QUANTILE_NAMES = tuple(f"q{round(100 * q):02d}" for q in WATCH_QUANTILES)

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Facts:
    """What an ensemble knows of its scenario; times in days since the start."""

    name: str
    title: str = ""
    question: str = ""
    variant: str | None = None
    start: datetime | None = None
    #: Where its people live: the zone of every date that is shown; that of ``start`` if None.
    zone: tzinfo | None = None
    horizon: float = 0.0
    report: tuple[float, ...] = ()

    def date(self, days: float) -> datetime | None:
        """Return the local date of a time in days; None without a start, or beyond the calendar."""
        return local_date(self.start, self.zone, days)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Results of the first n replications of a net under one seed.

    Times are in days since the start, ``inf`` where an outcome did not happen. ``requested`` is how
    many replications were asked for: more than there are, if the run was interrupted.
    """

    facts: Facts
    net: Net
    batch: Batch
    seed: int
    engine: str
    requested: int

    @property
    def n(self) -> int:
        """Number of replications."""
        return self.batch.n

    @property
    def is_complete(self) -> bool:
        """Whether every replication that was asked for is there."""
        return self.n >= self.requested

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes, each with its name, label and question, in the file's order."""
        return self.net.outcomes

    def times(self, outcome: str) -> Floats:
        """Return first-passage times, float64 (n,), days; ``inf`` where it did not happen.

        Raises
        ------
        UsageError
            If the scenario has no outcome of that name; so do the other methods.
        """
        return self.batch.times[:, self._place(outcome)] / SECONDS_PER_DAY

    def causes(self, outcome: str) -> Names:
        """Return what began the step in which it happened, (n,): ``fall/by_storm``, ``start``.

        Empty where it did not happen.
        """
        return self._named(self.batch.causes[:, self._place(outcome)])

    def via(self, outcome: str) -> Names:
        """Return the last immediate of that step, (n,); empty where there was none."""
        return self._named(np.maximum(self.batch.via[:, self._place(outcome)], -1), start="")

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
        """Return the probability by cause and last immediate (empty if there was none)."""
        return self._shares(outcome, with_via=True)

    def _shares(self, outcome: str, *, with_via: bool) -> dict[tuple[str, str], float]:
        place, names = self._place(outcome), self._firings
        causes = self.batch.causes[:, place].astype(np.int64)
        via = self.batch.via[:, place] if with_via else np.full(self.n, NO_VIA)
        # One number for the pair; counting numbers is a hundred times faster than counting texts.
        pairs = (causes - AT_START) * len(names) + (via - NO_VIA)
        found = shares(pairs[causes != NOT_YET], max(self.n, 1))
        return {
            (names[pair // len(names) + AT_START], "" if via == 0 else names[via + NO_VIA]): p
            for pair, p in found.items()
            for via in [pair % len(names)]
        }

    def incidence(self, outcome: str, grid: Floats) -> dict[str, Floats]:
        """Return P(it has happened by t, by this cause) on a grid of days, the commonest first."""
        codes = self.batch.causes[:, self._place(outcome)]
        found = cumulative_incidence(self.times(outcome), codes, grid)
        return {self._firings[code]: curve for code, curve in found.items()}

    def date(self, days: float) -> datetime | None:
        """Return the local date of a time in days; None without a start, or beyond the calendar."""
        return self.facts.date(days)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The uncertain inputs, a column each, by path; labels as text."""
        return self._frame(
            {
                given.path: self._shown(
                    self.batch.inputs[:, place], given.dimension, bool(given.labels)
                )
                for place, given in enumerate(self.net.inputs)
                if given.is_uncertain
            }
        )

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The totals, a column each."""
        return self._frame(
            {
                total.name: self._shown(self.batch.totals[:, j], total.dimension)
                for j, total in enumerate(self.net.totals)
            }
        )

    @cached_property
    def ends(self) -> pd.DataFrame:
        """How each replication ended: ``time`` in days, ``reason``, and what was watched.

        The reason is ``horizon``, ``stop`` or ``dead`` (nothing could happen any more). A watched
        value is that of the last watch point; after the end it stays as it was.
        """
        columns: dict[str, npt.NDArray[Any]] = {
            "time": self.batch.end_times / SECONDS_PER_DAY,
            "reason": np.array(END_REASONS)[self.batch.end_reasons],
        }
        for j, watched in enumerate(self.net.watches if self.net.grid else ()):
            name = watched.name if watched.name not in columns else f"watch.{watched.name}"
            last = self.batch.watch[:, -1, j]
            columns[name] = self._shown(last, watched.dimension, watched.is_label)
        return self._frame(columns)

    @cached_property
    def watch(self) -> pd.DataFrame:
        """Watched values over time: ``days``, ``name``, ``mean`` and five quantiles, a row a point.

        Quantiles are values that occurred. A watched label becomes a row for each label that
        occurred, ``bridge == up``, whose mean is its probability.
        """
        import pandas as pd

        days = np.array(self.net.grid) / SECONDS_PER_DAY
        frames = [
            pd.DataFrame({"days": days, "name": name, **_spread(values)})
            for name, values in self._watched()
        ]
        if not frames:
            return pd.DataFrame(columns=["days", "name", "mean", *_QUANTILE_NAMES])
        return pd.concat(frames, ignore_index=True)

    def _watched(self) -> Iterator[tuple[str, Floats]]:
        """Yield what is summarised over time, each shape (n, n_grid)."""
        for j, watched in enumerate(self.net.watches):
            values = self.batch.watch[:, :, j]
            if not watched.is_label:
                yield watched.name, values / display_scale(watched.dimension)
                continue
            for number in np.unique(values):
                label = self.net.labels[int(number)]
                yield f"{watched.name} == {label}", (values == number).astype(np.float64)

    @cached_property
    def clipped(self) -> dict[str, int]:
        """In how many replications a value was clipped to its variable's range, where in any."""
        counts = self.batch.clipped.sum(axis=0, dtype=np.int64)
        return {
            variable.name: int(count)
            for variable, count in zip(self.net.variables, counts, strict=True)
            if count
        }

    def _ordered(self, outcome: str) -> Floats:
        """Return the times of an outcome in increasing order; kept, since all figures want them."""
        if outcome not in self._orders:
            self._orders[outcome] = in_order(self.times(outcome))
        return self._orders[outcome]

    @cached_property
    def _orders(self) -> dict[str, Floats]:
        return {}

    def _place(self, outcome: str) -> int:
        names = [o.name for o in self.net.outcomes]
        if outcome not in names:
            hint = did_you_mean(outcome, names) or (one_of(names) if names else "it has none")
            raise UsageError(f"no outcome '{outcome}': {hint}")
        return names.index(outcome)

    @cached_property
    def _firings(self) -> list[str]:
        """Names of firings; the last, so that AT_START finds it, is ``start``."""
        assert AT_START == NO_VIA == -1
        assert NOT_YET == -2
        return [*firing_names(self.net), "", "start"]

    def _named(self, numbers: npt.NDArray[np.int32], start: str = "start") -> Names:
        return np.array([*self._firings[:-1], start])[numbers]

    def _shown(
        self, values: Floats, dimension: Dimension, is_label: bool = False
    ) -> npt.NDArray[Any]:
        """Return values in display units, or as labels."""
        if is_label:
            return np.array(self.net.labels)[values.astype(np.int64)]
        return values / display_scale(dimension)

    def _frame(self, columns: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(columns, index=pd.Index(self.batch.replications, name="replication"))


def _spread(values: Floats) -> dict[str, Floats]:
    """Return mean and quantiles over the rows."""
    first = values[:WATCH_QUANTILES_FROM]
    # Not interpolated: between two whole numbers, or to infinity, there is nothing.
    quantiles = np.quantile(first, WATCH_QUANTILES, axis=0, method="inverted_cdf")
    return {"mean": _mean_in_blocks(values), **dict(zip(_QUANTILE_NAMES, quantiles, strict=True))}


def _mean_in_blocks(values: Floats) -> Floats:
    """Return the mean over rows, summed block by block: the same whatever the rows are cut into."""
    total = np.zeros(values.shape[1])
    for first in range(0, len(values), WATCH_BLOCK):
        total += values[first : first + WATCH_BLOCK].sum(axis=0)
    return total / max(len(values), 1)
