"""Watched values over time, summed up as they come: no replication's path is kept for good.

Means are of all replications, summed in fixed blocks; quantiles are of the first ones. So no figure
depends on how a run was cut up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.ensemble.batch import Floats, Ints
from sim.ensemble.legend import Legend
from sim.net.model import Net
from sim.units import display_scale

QUANTILES_FROM = 16_384
BLOCK = 1_024
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
QUANTILE_NAMES = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)
COLUMNS = ("mean", *QUANTILE_NAMES)


@dataclass(frozen=True)
class Watched:
    """What was watched, one row for each name and watch point.

    ``figures`` has a column of shape (n_rows,) for each of :data:`COLUMNS`. A watched label has a
    name for each label that occurred, ``bridge == up``, whose mean is its probability.
    """

    days: Floats
    names: tuple[str, ...]
    figures: Mapping[str, Floats]


NOTHING = Watched(np.empty(0), (), {name: np.empty(0) for name in COLUMNS})


class WatchSums:
    """Sums over the replications taken so far, and the first of them as they were."""

    def __init__(self, net: Net, legend: Legend) -> None:
        n_grid, n = (len(net.grid), len(net.watches)) if net.grid else (0, 0)
        self._legend = legend
        self._scales = np.array([display_scale(w.dimension) for w in net.watches])[:n]
        self._labelled = [j for j in range(n) if net.watches[j].is_label]
        self.n = 0
        #: shape (n_grid, n_watches), in display units
        self.sums: Floats = np.zeros((n_grid, n))
        #: shape (n_labelled, n_labels, n_grid)
        self.counts: Ints = np.zeros((len(self._labelled), len(net.labels), n_grid), dtype=np.int64)
        #: shape (n_first, n_grid, n_watches)
        self.first: Floats = np.empty((0, n_grid, n))

    def copy(self) -> WatchSums:
        """Return sums that go their own way from here."""
        other = object.__new__(WatchSums)
        other.__dict__.update(self.__dict__)
        other.sums, other.counts = self.sums.copy(), self.counts.copy()
        return other

    def take(self, watch: Floats) -> None:
        """Add replications, shape (n, n_grid, n_watches); all but the last come in whole blocks."""
        assert self.n % BLOCK == 0, "a block was left unfinished"
        if not self.sums.size:
            self.n += len(watch)
            return
        shown = watch / self._scales
        with np.errstate(invalid="ignore"):  # the mean of inf and -inf is no number
            for begin in range(0, len(shown), BLOCK):
                self.sums += shown[begin : begin + BLOCK].sum(axis=0)
        for k, j in enumerate(self._labelled):
            for number in np.unique(watch[:, :, j]):
                self.counts[k, int(number)] += np.count_nonzero(watch[:, :, j] == number, axis=0)
        if self.n < QUANTILES_FROM:
            self.first = np.concatenate([self.first, shown[: QUANTILES_FROM - self.n]])
        self.n += len(watch)

    def watched(self) -> Watched:
        """Return means and quantiles of what was taken."""
        if not self.n or not self.sums.size:
            return NOTHING
        names: list[str] = []
        spreads: list[dict[str, Floats]] = []
        for j, watch in enumerate(self._legend.watches):
            if watch.is_label:
                counts = self.counts[self._labelled.index(j)]
                for number in np.flatnonzero(counts.any(axis=1)):
                    names.append(f"{watch.name} == {self._legend.labels[number]}")
                    held = (self.first[:, :, j] == number).astype(np.float64)
                    spreads.append(_spread(counts[number] / self.n, held))
            else:
                names.append(watch.name)
                spreads.append(_spread(self.sums[:, j] / self.n, self.first[:, :, j]))
        grid = np.array(self._legend.grid)
        return Watched(
            days=np.tile(grid, len(names)),
            names=tuple(name for name in names for _ in grid),
            figures={c: np.concatenate([s[c] for s in spreads]) for c in COLUMNS},
        )


def _spread(mean: Floats, first: Floats) -> dict[str, Floats]:
    """Return mean and quantiles, each shape (n_grid,)."""
    # Not interpolated: between two whole numbers, or to infinity, there is nothing.
    quantiles = np.quantile(first, QUANTILES, axis=0, method="inverted_cdf")
    return {"mean": mean, **dict(zip(QUANTILE_NAMES, quantiles, strict=True))}
