"""Results as they come: slabs become columns and sums, and go to whatever keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sim.analysis.first_passage import wilson
from sim.ensemble.batch import Batch, Ints, blank, part
from sim.ensemble.legend import Legend, legend_of
from sim.ensemble.table import Column, Table, columns_of, joined
from sim.ensemble.watched import BLOCK, Watched, WatchSums
from sim.net.model import Net

#: A run for a precision looks at its results after every so many replications.
LOOK_EVERY = 1_000


class Keeper(Protocol):
    """Keeps columns of replications, which come in order."""

    def keep(self, columns: dict[str, Column]) -> None:
        """Keep some rows more."""


class InMemory:
    """Keeps columns as they are."""

    def __init__(self) -> None:
        self._kept: list[dict[str, Column]] = []

    def keep(self, columns: dict[str, Column]) -> None:
        """Keep some rows more."""
        self._kept.append(columns)

    def table(self, net: Net) -> Table:
        """Return everything that was kept, and keep it no more."""
        kept = self._kept or [columns_of(blank(net, []), net, legend_of(net))]
        self._kept = []
        # Column by column, each let go when it is joined: else all would be in memory twice.
        return {name: joined([part.pop(name) for part in kept]) for name in [*kept[0]]}


@dataclass
class Sums:
    """What is summed up over replications."""

    watch: WatchSums
    clipped: Ints
    #: Replications with each outcome.
    n_happened: Ints
    n_events: int = 0

    def copy(self) -> Sums:
        """Return sums that go their own way from here."""
        return Sums(self.watch.copy(), self.clipped.copy(), self.n_happened.copy(), self.n_events)

    def take(self, batch: Batch) -> None:
        """Add replications; all but the last come in whole blocks."""
        self.watch.take(batch.watch)
        self.clipped = self.clipped + batch.clipped.sum(axis=0, dtype=np.int64)
        self.n_events += int(batch.n_events.sum())
        self.n_happened = self.n_happened + np.isfinite(batch.times).sum(axis=0)


class Gatherer:
    """Takes slabs, in order, until there are enough; ``n`` is how many replications it took.

    Parameters
    ----------
    net : Net
    keeper : Keeper
        What keeps the columns of every replication.
    precision : float
        Stop at the first look (:data:`LOOK_EVERY`) at which the 95 % interval of every outcome's
        probability reaches no further than this to either side. A rule that looks at nothing but
        the width leaves the coverage at its level as the precision goes to 0 (Chow & Robbins, Ann.
        Math. Stat. 36, 457, 1965).
    """

    def __init__(self, net: Net, keeper: Keeper, precision: float | None = None) -> None:
        self._net, self._keeper, self._precision = net, keeper, precision
        self.legend: Legend = legend_of(net)
        self.sums = Sums(
            WatchSums(net, self.legend),
            np.zeros(len(net.variables), dtype=np.int64),
            np.zeros(len(net.outcomes), dtype=np.int64),
        )
        #: As of the last whole block: from here a run can go on.
        self.resumable = self.sums

    @property
    def n(self) -> int:
        """Number of replications taken."""
        return self.sums.watch.n

    @property
    def has_enough(self) -> bool:
        """Whether it stands at a look at which its precision is reached."""
        if self._precision is None or not self.n or self.n % LOOK_EVERY:
            return False
        return are_precise(self.sums.n_happened, self.n, self._precision)

    def take(self, slab: Batch) -> bool:
        """Take replications; return whether more are wanted."""
        n = self._enough(slab)
        if n is not None:
            slab = part(slab, 0, n)
        self._keeper.keep(columns_of(slab, self._net, self.legend))
        n_blocks = slab.n // BLOCK * BLOCK
        if n_blocks:
            self.sums.take(part(slab, 0, n_blocks))
        self.resumable = self.sums
        if slab.n > n_blocks:
            self.sums = self.sums.copy()
            self.sums.take(part(slab, n_blocks, slab.n))
        return n is None

    def _enough(self, slab: Batch) -> int | None:
        """Return after how many of these rows there are enough; None if there are not."""
        if self._precision is None:
            return None
        ahead = -self.n % LOOK_EVERY or LOOK_EVERY
        looks = np.arange(ahead, slab.n + 1, LOOK_EVERY)
        so_far = np.cumsum(np.isfinite(slab.times), axis=0) + self.sums.n_happened
        return next(
            (int(n) for n in looks if are_precise(so_far[n - 1], self.n + int(n), self._precision)),
            None,
        )

    @property
    def clipped(self) -> dict[str, int]:
        """In how many replications a value was held at an end of its range, where in any."""
        counts = zip(self.legend.variables, self.sums.clipped.tolist(), strict=True)
        return {name: n for name, n in counts if n}

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as of the last whole block."""
        sums = self.resumable
        return {
            "n": sums.watch.n,
            "sums": sums.watch.sums,
            "counts": sums.watch.counts,
            "first": sums.watch.first,
            "clipped": sums.clipped,
            "n_events": sums.n_events,
            "n_happened": sums.n_happened,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; what keeps the columns must have the first ``n`` rows already."""
        watch = self.sums.watch
        watch.n = int(state["n"])
        watch.sums, watch.counts, watch.first = (
            np.array(state[name]) for name in ("sums", "counts", "first")
        )
        self.sums.n_events = int(state["n_events"])
        self.sums.clipped, self.sums.n_happened = (
            np.array(state[name]) for name in ("clipped", "n_happened")
        )

    def watched(self) -> Watched:
        """Return what was watched, summed up."""
        return self.sums.watch.watched()


def are_precise(counts: Ints, n: int, precision: float) -> bool:
    """Return whether the 95 % Wilson interval of every proportion reaches this far at the most."""
    low, high = wilson(counts, n)
    return bool(np.all((high - low) / 2.0 <= precision))


def most_needed(precision: float) -> int:
    """Return a number of replications after which any precision is reached, a whole look.

    An interval is widest at one half: there its half width is below z / (2 sqrt(n)), z = 1.96.
    """
    n = (1.96 / (2.0 * precision)) ** 2
    return LOOK_EVERY * math.ceil(n / LOOK_EVERY)
