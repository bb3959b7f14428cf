"""First-order indices from points that are spread over the inputs as they come."""

from __future__ import annotations

import numpy as np

from sim.analysis.first_passage import Floats, Ints
from sim.analysis.nested import Bools
from sim.analysis.sobol import Indices

#: Points are left out in so many parts for an interval, and there are at least as many.
PARTS = 20
_MOST_BINS = 8


def bins_for(coordinates: Floats) -> Floats:
    """Return the edges of bins of a coordinate in (0, 1): one for each level, where it has few."""
    levels = np.unique(coordinates)
    if len(levels) <= _MOST_BINS:
        n_bins = len(levels)
    else:
        n_bins = max(2, min(_MOST_BINS, int(np.sqrt(len(coordinates)) / 2)))
    return np.linspace(0.0, 1.0, n_bins + 1)


def bins_of(coordinates: Floats, edges: Floats) -> Ints:
    """Return the number of the bin in which each coordinate lies."""
    found = np.searchsorted(edges, coordinates, side="right") - 1
    return np.asarray(found.clip(0, len(edges) - 2), dtype=np.int64)


def main_effects(
    points: Floats,
    values: Floats,
    noise: Floats,
    level: float = 0.95,
    *,
    is_whole_grid: bool = False,
) -> Indices:
    r"""Return first-order indices by the means within bins of each coordinate.

    The spread of the means of K bins, less what points within a bin make it by themselves, as a
    share of the variance over all n points, less what luck does to that:

    .. math:: \frac{SS_B - (K - 1) MS_W}{(n - 1)(s^2 - \overline{noise})}

    (Kelley's correlation ratio, Proc. Natl. Acad. Sci. 21, 554, 1935). Luck is within bins as
    between them, and cancels out of the numerator. What varies within a bin is missed: with 8 bins
    and a straight line, one part in 64.

    In a whole grid the other coordinates are the same in every bin, and luck alone, the mean noise,
    takes the place of :math:`MS_W`.

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
    from scipy.special import stdtrit

    if len(points) < PARTS:
        raise ValueError(f"at least {PARTS} points are needed, there are {len(points)}")
    edges = [bins_for(column) for column in points.T]
    bins = [bins_of(column, e) for column, e in zip(points.T, edges, strict=True)]
    part = np.arange(len(points)) % PARTS

    def ratios(kept: Bools) -> Floats:
        luck = float(noise[kept].mean())
        variance = values[kept].var(ddof=1) - luck
        by_itself = luck if is_whole_grid else None
        between = [_between(b[kept], values[kept], by_itself) for b in bins]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.array(between) / (variance * (kept.sum() - 1)))

    whole = ratios(np.ones(len(points), dtype=np.bool_))
    left_out = np.array([ratios(part != k) for k in range(PARTS)])
    around = left_out - left_out.mean(axis=0)
    error = np.sqrt((PARTS - 1) / PARTS * (around**2).sum(axis=0))
    half = float(stdtrit(PARTS - 1, (1.0 + level) / 2.0)) * error
    return Indices(whole, whole - half, whole + half)


def _between(bins: Ints, values: Floats, by_itself: float | None) -> float:
    """Return the sum of squares between bins beyond what points make it by themselves.

    That is by default their mean square within bins.
    """
    counts = np.bincount(bins)
    used = counts > 0
    means = np.bincount(bins, values)[used] / counts[used]
    n_bins = int(used.sum())
    between = float((counts[used] * (means - values.mean()) ** 2).sum())
    if by_itself is None:
        total = float(((values - values.mean()) ** 2).sum())
        by_itself = (total - between) / max(1, len(values) - n_bins)
    return between - (n_bins - 1) * by_itself
