"""Watched values over time, summed up as they come: no replication's path is kept for good.

Means, and how often a label stood, are of all replications, summed in fixed blocks; quantiles of
numbers are of the first ones. So no figure depends on how a run was cut up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where the rows of each name begin and end; they stand together."""
        found: dict[str, tuple[int, int]] = {}
        for row, name in enumerate(self.names):
            found[name] = (found[name][0] if name in found else row, row + 1)
        return found

    def labels(self, name: str) -> dict[str, Floats]:
        """Return the probability of each label that something watched ever had, (n_grid,)."""
        start = f"{name} == "
        return {
            one.removeprefix(start): self.figures["mean"][begin:end]
            for one, (begin, end) in self._places.items()
            if one.startswith(start)
        }


NOTHING = Watched(np.empty(0), (), {name: np.empty(0) for name in COLUMNS})


class WatchSums:
    """Sums over the replications taken so far, and the first of them as they were."""

    def __init__(self, net: Net, legend: Legend) -> None:
        n_grid, n = (len(net.grid), len(net.watches)) if net.grid else (0, 0)
        self._legend = legend
        self._labelled = [j for j in range(n) if net.watches[j].is_label]
        self._numbered = [j for j in range(n) if not net.watches[j].is_label]
        self._scales = np.array([display_scale(net.watches[j].dimension) for j in self._numbered])
        self.n = 0
        #: shape (n_grid, n_numbered), in display units
        self.sums: Floats = np.zeros((n_grid, len(self._numbered)))
        #: shape (n_labelled, n_labels, n_grid)
        self.counts: Ints = np.zeros((len(self._labelled), len(net.labels), n_grid), dtype=np.int64)
        #: shape (n_first, n_grid, n_numbered)
        self.first: Floats = np.empty((0, *self.sums.shape))

    def copy(self) -> WatchSums:
        """Return sums that go their own way from here."""
        other = object.__new__(WatchSums)
        other.__dict__.update(self.__dict__)
        other.sums, other.counts = self.sums.copy(), self.counts.copy()
        return other

    def take(self, watch: Floats) -> None:
        """Add replications, shape (n, n_grid, n_watches); all but the last come in whole blocks."""
        assert self.n % BLOCK == 0, "a block was left unfinished"
        if self._numbered:
            shown = watch[:, :, self._numbered] / self._scales
            with np.errstate(invalid="ignore"):  # the mean of inf and -inf is no number
                for begin in range(0, len(shown), BLOCK):
                    self.sums += shown[begin : begin + BLOCK].sum(axis=0)
            if self.n < QUANTILES_FROM:
                self.first = np.concatenate([self.first, shown[: QUANTILES_FROM - self.n]])
        for k, j in enumerate(self._labelled):
            self.counts[k] += _counted(watch[:, :, j], self.counts.shape[1])
        self.n += len(watch)

    def watched(self) -> Watched:
        """Return means and quantiles of what was taken."""
        if not self.n or not (self._numbered or self._labelled):
            return NOTHING
        names: list[str] = []
        spreads: list[dict[str, Floats]] = []
        for j, watch in enumerate(self._legend.watches):
            if watch.is_label:
                counts = self.counts[self._labelled.index(j)]
                for number in np.flatnonzero(counts.any(axis=1)):
                    names.append(f"{watch.name} == {self._legend.labels[number]}")
                    spreads.append(_spread_of_counts(counts[number], self.n))
            else:
                k = self._numbered.index(j)
                names.append(watch.name)
                spreads.append(_spread(self.sums[:, k] / self.n, self.first[:, :, k]))
        grid = np.array(self._legend.grid)
        return Watched(
            days=np.tile(grid, len(names)),
            names=tuple(name for name in names for _ in grid),
            figures={c: np.concatenate([s[c] for s in spreads]) for c in COLUMNS},
        )


def _counted(numbers: Floats, n_labels: int) -> Ints:
    """Return how often each label stands at each watch point, shape (n_labels, n_grid)."""
    n_grid = numbers.shape[1]
    places = numbers.astype(np.int64) + n_labels * np.arange(n_grid)
    return np.bincount(places.ravel(), minlength=n_labels * n_grid).reshape(n_grid, n_labels).T


def _spread_of_counts(counts: Ints, n: int) -> dict[str, Floats]:
    """Return mean and quantiles of what holds, 1 or 0, in so many of n; each shape (n_grid,)."""
    quantiles = (counts > n - n * np.array(QUANTILES)[:, np.newaxis]).astype(np.float64)
    return {"mean": counts / n, **dict(zip(QUANTILE_NAMES, quantiles, strict=True))}


def _spread(mean: Floats, first: Floats) -> dict[str, Floats]:
    """Return mean and quantiles, each shape (n_grid,)."""
    # Not interpolated: between two whole numbers, or to infinity, there is nothing.
    quantiles = np.quantile(first, QUANTILES, axis=0, method="inverted_cdf")
    return {"mean": mean, **dict(zip(QUANTILE_NAMES, quantiles, strict=True))}
