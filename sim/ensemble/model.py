"""The ensemble: what came out of many replications, in days, kilometres, persons and tonnes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import Estimate, probability_by, quantile, shares
from sim.ensemble.batch import AT_START, END_REASONS, Batch, Floats
from sim.errors import UsageError, did_you_mean, one_of
from sim.net.model import Net, firing_names
from sim.units import SECONDS_PER_DAY, display_scale

if TYPE_CHECKING:
    import pandas as pd

#: Watch quantiles come from the first so many replications, means from all, in fixed blocks: no
#: figure depends on how the run was cut up.
WATCH_QUANTILES_FROM = 16_384
WATCH_BLOCK = 1_024
WATCH_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Facts:
    """What an ensemble knows of its scenario; times in days since the start."""

    name: str
    title: str = ""
    question: str = ""
    variant: str | None = None
    start: datetime | None = None
    horizon: float = 0.0
    report: tuple[float, ...] = ()


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
        """Return P(it has happened by so many days), by the horizon if None; 95 % Wilson."""
        return probability_by(self.times(outcome), np.finfo(float).max if by is None else by)

    def quantile(self, outcome: str, p: float) -> Estimate:
        """Return a quantile of the time, days, with its 95 % interval; ``inf`` if beyond."""
        return quantile(self.times(outcome), p)

    def shares(self, outcome: str) -> dict[str, float]:
        """Return the probability by cause; they sum to the probability of the outcome."""
        return shares(self.causes(outcome), max(self.n, 1))

    def date(self, days: float) -> datetime | None:
        """Return the date of a time in days; None without a start."""
        return None if self.facts.start is None else self.facts.start + timedelta(days=days)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The uncertain inputs, a column each, by path; labels as text."""
        import pandas as pd

        columns = {}
        for place, given in enumerate(self.net.inputs):
            if given.is_uncertain:
                values = self.batch.inputs[:, place]
                columns[given.path] = (
                    np.array(self.net.labels)[values.astype(np.int64)]
                    if given.labels
                    else values / display_scale(given.dimension)
                )
        return pd.DataFrame(columns, index=self._index())

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The totals, a column each."""
        import pandas as pd

        columns = {
            total.name: self.batch.totals[:, j] / display_scale(total.dimension)
            for j, total in enumerate(self.net.totals)
        }
        return pd.DataFrame(columns, index=self._index())

    @cached_property
    def ends(self) -> pd.DataFrame:
        """How each replication ended: ``time`` in days, ``reason`` (horizon, stop, dead)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "time": self.batch.end_times / SECONDS_PER_DAY,
                "reason": np.array(END_REASONS)[self.batch.end_reasons],
            },
            index=self._index(),
        )

    @cached_property
    def watch(self) -> pd.DataFrame:
        """Watched values over time: ``days``, ``name``, ``mean`` and five quantiles, a row a point.

        A watched label shows as its number.
        """
        import pandas as pd

        days = np.array(self.net.grid) / SECONDS_PER_DAY
        names = [f"q{round(100 * q):02d}" for q in WATCH_QUANTILES]
        frames = []
        for j, watched in enumerate(self.net.watches):
            values = self.batch.watch[:, :, j] / display_scale(watched.dimension)
            spread = np.quantile(values[:WATCH_QUANTILES_FROM], WATCH_QUANTILES, axis=0)
            columns = {"days": days, "name": watched.name, "mean": _mean_in_blocks(values)}
            quantiles = dict(zip(names, spread, strict=True))
            frames.append(pd.DataFrame({**columns, **quantiles}))
        if not frames:
            return pd.DataFrame(columns=["days", "name", "mean", *names])
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def clipped(self) -> dict[str, int]:
        """In how many replications a value was clipped to its variable's range, where in any."""
        counts = self.batch.clipped.sum(axis=0, dtype=np.int64)
        return {
            variable.name: int(count)
            for variable, count in zip(self.net.variables, counts, strict=True)
            if count
        }

    def _place(self, outcome: str) -> int:
        names = [o.name for o in self.net.outcomes]
        if outcome not in names:
            hint = did_you_mean(outcome, names) or (one_of(names) if names else "it has none")
            raise UsageError(f"no outcome '{outcome}': {hint}")
        return names.index(outcome)

    def _named(self, numbers: npt.NDArray[np.int32], start: str = "start") -> Names:
        # The two last, so that -1 (AT_START, NO_VIA) and -2 (NOT_YET) find them.
        assert AT_START == -1
        return np.array([*firing_names(self.net), "", start])[numbers]

    def _index(self) -> pd.Index:
        import pandas as pd

        return pd.Index(self.batch.replications, name="replication")


def _mean_in_blocks(values: Floats) -> Floats:
    """Return the mean over rows, summed block by block: the same whatever the rows are cut into."""
    total = np.zeros(values.shape[1])
    for first in range(0, len(values), WATCH_BLOCK):
        total += values[first : first + WATCH_BLOCK].sum(axis=0)
    return total / max(len(values), 1)
