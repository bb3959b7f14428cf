r"""First-order indices from points that are spread over the inputs as they come.

Points fall into bins of each coordinate, and how much the means of bins differ says what the input
does by itself (Kelley's correlation ratio, Proc. Natl. Acad. Sci. 21, 554, 1935; as an index of
given data: Plischke, Borgonovo & Smith, Eur. J. Oper. Res. 226, 536, 2013). What varies within a
bin is missed: with 8 bins and a straight line, one part in 64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats, Ints
from sim.analysis.sobol import Indices

#: Points are left out in so many parts for an interval, and there are at least as many.
PARTS = 20
#: Bins of a coordinate at the most.
MOST_BINS = 8


def bins_for(coordinates: Floats) -> Floats:
    """Return the edges of bins of a coordinate in (0, 1): one for each level, where it has few."""
    levels = np.unique(coordinates)
    if len(levels) <= MOST_BINS:
        return np.array([0.0, *(levels[1:] + levels[:-1]) / 2.0, 1.0])
    n_bins = max(2, min(MOST_BINS, int(np.sqrt(len(coordinates)) / 2)))
    return np.linspace(0.0, 1.0, n_bins + 1)


def bins_of(coordinates: Floats, edges: Floats) -> Ints:
    """Return the number of the bin in which each coordinate lies."""
    found = np.searchsorted(edges, coordinates, side="right") - 1
    return np.asarray(found.clip(0, len(edges) - 2), dtype=np.int64)


def binned(points: Floats) -> list[Ints]:
    """Return in which bin of each coordinate the points lie, of points of the shape (n, d)."""
    return [bins_of(column, bins_for(column)) for column in points.T]


def main_effects(
    points: Floats,
    values: Floats,
    noise: Floats,
    level: float = 0.95,
    *,
    is_whole_grid: bool = False,
) -> Indices:
    r"""Return first-order indices of the values at points.

    The spread of the means of K bins, less what points within a bin make it by themselves, as a
    share of the variance over all n points, less what luck does to that:

    .. math:: \frac{SS_B - (K - 1) MS_W}{(n - 1)(s^2 - \overline{noise})}

    Luck is within bins as between them, and cancels out of the numerator. In a whole grid the other
    coordinates are the same in every bin, and luck alone, the mean noise, takes the place of
    :math:`MS_W`.

    Parameters
    ----------
    points : float array, shape (n, d)
        In random order; at least :data:`PARTS` of them.
    values : float array, shape (n,)
    noise : float array, shape (n,)
        Half the variance that luck gives the difference of the values of two points.
    level : in (0, 1)
        Of the jackknife intervals, by Student's t; rather too wide for a whole grid, of which
        points are left out as if others might have come in their place.
    is_whole_grid : bool
        Whether the points are all combinations of their levels.
    """
    if len(points) < PARTS:
        raise ValueError(f"at least {PARTS} points are needed, there are {len(points)}")
    part = np.arange(len(points)) % PARTS
    luck = _left_out(np.bincount(part, noise)) / _left_out(np.bincount(part))
    by_itself = luck if is_whole_grid else None
    found = [_between(bins, values, by_itself) for bins in binned(points)]
    ones = np.zeros(len(values), dtype=np.int64)
    total = _Sums.of(ones, values).total - luck * (_left_out(np.bincount(part)) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _jackknifed(np.array(found).T / total[:, np.newaxis], level)


def explained(bins: list[Ints], values: Floats) -> Floats:
    """Return the sum of squares that each input explains, shape (1 + PARTS, d).

    The first row is that of all values, the others leave out a part each.
    """
    return np.array([_between(of_input, values) for of_input in bins]).T


@dataclass(frozen=True)
class _Sums:
    """Numbers and sums of values by bin, shape (1 + PARTS, n_bins), all and each part left out."""

    n: Floats
    sums: Floats
    #: Sums of squares, shape (1 + PARTS,).
    squares: Floats

    @classmethod
    def of(cls, bins: Ints, values: Floats) -> _Sums:
        """Count values from their mean: squares would else lose digits."""
        values = values - values.mean()
        part, width = np.arange(len(values)) % PARTS, int(bins.max()) + 1
        cell, size = part * width + bins, PARTS * width
        n = np.bincount(cell, minlength=size).reshape(PARTS, width)
        sums = np.bincount(cell, values, minlength=size).reshape(PARTS, width)
        return cls(_left_out(n), _left_out(sums), _left_out(np.bincount(part, values**2)))

    @property
    def total(self) -> Floats:
        """Sums of squares about the mean."""
        return np.asarray(self.squares - self.sums.sum(axis=1) ** 2 / self.n.sum(axis=1))

    @property
    def between(self) -> Floats:
        """Sums of squares of the bins' means about the mean."""
        of_bins = (self.sums**2 / np.maximum(self.n, 1.0)).sum(axis=1)
        return np.asarray(of_bins - self.sums.sum(axis=1) ** 2 / self.n.sum(axis=1))


def _left_out(by_part: Floats | Ints) -> Floats:
    """Return the sum over all parts, and without each of them."""
    whole = by_part.sum(axis=0)
    return np.concatenate([[whole], whole - by_part]).astype(np.float64)


def _between(bins: Ints, values: Floats, by_itself: Floats | None = None) -> Floats:
    """Return the sums of squares between bins beyond what points make it by themselves.

    That is by default their mean square within bins.
    """
    sums = _Sums.of(bins, values)
    n_bins = (sums.n > 0).sum(axis=1)
    if by_itself is None:
        n_free = np.maximum(1.0, sums.n.sum(axis=1) - n_bins)
        by_itself = (sums.total - sums.between) / n_free
    return np.asarray(sums.between - (n_bins - 1) * by_itself)


def _jackknifed(ratios: Floats, level: float) -> Indices:
    """Return indices from those of all points, and without each part."""
    from scipy.special import stdtrit

    half = float(stdtrit(PARTS - 1, (1.0 + level) / 2.0)) * _errors(ratios)
    return Indices(ratios[0], ratios[0] - half, ratios[0] + half)


def _errors(found: Floats) -> Floats:
    around = found[1:] - found[1:].mean(axis=0)
    return np.asarray(np.sqrt((PARTS - 1) / PARTS * (around**2).sum(axis=0)))
