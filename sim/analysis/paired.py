"""Differences between two scenarios run under common random numbers.

Replication k of one and replication k of the other share their luck as far as the scenarios agree,
so figures are differences within pairs: what both have in common cancels, and does not blur them.
Every difference is the second less the first. Arrays in, arrays out; times in any one unit.

The intervals are about Monte Carlo error only, as those of :mod:`sim.analysis.first_passage`, and
each holds by itself: of twenty figures that are no different, one is expected to look so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from sim.analysis.first_passage import Estimate, Floats, Ints

Bools = npt.NDArray[np.bool_]

#: Resamples of a bootstrap: one less than a round number, so that the ends are order statistics.
RESAMPLES = 999
#: From so many replications on the fewer, whose ends are known well enough beside widths so small.
_MANY, _FEWER = 100_000, 399
#: Draws in memory at a time.
_BLOCK = 1 << 16
#: Halvings of (-1, 1): to 2e-15.
_HALVINGS = 50


def tango(
    only_first: Ints, only_second: Ints, n: int, level: float = 0.95
) -> tuple[Floats, Floats]:
    r"""Return the ends of Tango's score interval of differences of paired proportions.

    The interval holds every :math:`\delta` that the score test does not reject:

    .. math::

        |c - b - n\delta| \le z \sqrt{n (2\tilde q + \delta(1 - \delta))},

    where b pairs have it in the first only and c in the second only, :math:`\delta` is the
    probability in the second less that in the first, and :math:`\tilde q` the most likely
    probability of b's kind given :math:`\delta`: the larger root of :math:`2n q^2 + Bq + C`, with
    :math:`B = (2n - c + b)\delta - b - c` and :math:`C = -b\delta(1 - \delta)`.

    Wald's interval has no width where no pair differs; this one is then Wilson's, to both sides.

    Parameters
    ----------
    only_first, only_second : int arrays of one shape
        Pairs that have it in one of them and not in the other.
    n : int
        Pairs. With none the interval is (-1, 1).
    level : in (0, 1)
        Nominal coverage; the true one varies about it.

    References
    ----------
    Tango, Stat. Med. 17, 891 (1998).
    """
    b, c = np.asarray(only_first, dtype=np.float64), np.asarray(only_second, dtype=np.float64)
    if n == 0:
        return np.full(b.shape, -1.0), np.ones(b.shape)
    z = float(ndtri(0.5 + level / 2.0))
    return _lower_end(b, c, n, z), -_lower_end(c, b, n, z)


def _lower_end(b: Floats, c: Floats, n: int, z: float) -> Floats:
    """Return the least difference that is not too small for what was seen, by bisection."""
    low, high = np.full(b.shape, -1.0), np.ones(b.shape)
    for _ in range(_HALVINGS):
        d = (low + high) / 2.0
        linear, product = (2.0 * n - c + b) * d - b - c, d * (1.0 - d)
        q = (np.sqrt(np.maximum(0.0, linear**2 + 8.0 * n * b * product)) - linear) / (4.0 * n)
        variance = np.maximum(0.0, n * (2.0 * q + product))
        is_too_small = c - b - n * d > z * np.sqrt(variance)
        low, high = np.where(is_too_small, d, low), np.where(is_too_small, high, d)
    # The end is -1 exactly there; halving would leave a bit.
    return np.where(b == n, -1.0, (low + high) / 2.0)


def paired_proportions(first: Bools, second: Bools, level: float = 0.95) -> Estimate:
    """Return how much more often something holds in the second, with the interval of :func:`tango`.

    Parameters
    ----------
    first, second : bool arrays, shape (n,)
        Whether it holds in each replication of either.
    level : in (0, 1)

    Examples
    --------
    >>> first, second = np.array([True, True, False, False]), np.array([True, True, True, False])
    >>> paired_proportions(first, second).value
    0.25
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    n = _pairs(first, second)
    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    low, high = tango(np.array(b), np.array(c), n, level)
    return Estimate((c - b) / n if n else math.nan, float(low), float(high))


def paired_cdf(
    first: Floats, second: Floats, grid: Floats, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return by how much P(T <= t) is larger in the second, on a grid, and Tango's ends.

    Parameters
    ----------
    first, second : float64 arrays, shape (n,)
        First-passage times of the same replications, ``inf`` where it never came.
    grid : float64 array, shape (n_grid,)

    Returns
    -------
    three float64 arrays, shape (n_grid,)
        Difference, low, high; the interval holds at each time by itself.
    """
    n = _pairs(first, second)
    # A pair differs from the earlier time to the later one.
    by_second, by_first = (np.searchsorted(np.sort(t), grid, side="right") for t in (second, first))
    both = np.searchsorted(np.sort(np.maximum(first, second)), grid, side="right")
    low, high = tango(by_first - both, by_second - both, n, level)
    return (by_second - by_first) / max(n, 1), low, high


def restricted(times: Floats, end: float) -> Floats:
    """Return first-passage times cut off at an end, so that they have a mean: days until then."""
    return np.minimum(times, end)


def paired_mean(first: Floats, second: Floats, end: float, level: float = 0.95) -> Estimate:
    """Return the difference of restricted mean times, with the interval of the paired t test.

    The restricted mean is that of :func:`restricted` times: how long it takes on average, where
    what has not come by the end counts as the end (Royston & Parmar, Stat. Med. 30, 2409, 2011).

    Where no pair differs t has nothing to go by. Then the interval is as wide as the largest
    difference of pairs, ``end``, in as large a share of them as might well not show in n.

    Parameters
    ----------
    first, second : float64 arrays, shape (n,)
        First-passage times of the same replications, ``inf`` where it never came.
    end : float
    level : in (0, 1)

    References
    ----------
    Student, Biometrika 6, 1 (1908). The share: Clopper & Pearson, Biometrika 26, 404 (1934).
    """
    n = _pairs(first, second)
    if n == 0:
        return Estimate(math.nan, -math.inf, math.inf)
    differences = restricted(second, end) - restricted(first, end)
    mean, tail = float(differences.mean()), (1.0 - level) / 2.0
    if not differences.any():
        half = end * (1.0 - tail ** (1.0 / n))
    elif n == 1:
        half = math.inf
    else:
        half = float(stdtrit(n - 1, 1.0 - tail) * differences.std(ddof=1)) / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half)


def variance_reduction(first: Floats | Bools, second: Floats | Bools) -> float:
    r"""Return how many times as many replications independent seeds would take for the same width.

    :math:`(s_1^2 + s_2^2) / s_d^2`: with independent seeds the variance of a difference of means is
    the sum of theirs. 1 if pairing is of no use, below if it harms, ``inf`` if no pair differs; NaN
    if nothing varies at all.
    """
    if _pairs(first, second) < 2:
        return math.nan
    apart = float(np.var(first, ddof=1) + np.var(second, ddof=1))
    paired = float(np.var(np.subtract(second, first, dtype=np.float64), ddof=1))
    if paired == 0.0:
        return math.inf if apart > 0.0 else math.nan
    return apart / paired


def paired_quantiles(
    first: Sequence[Floats],
    second: Sequence[Floats],
    ps: Sequence[float],
    *,
    seed: int,
    level: float = 0.95,
) -> list[list[Estimate]]:
    """Return differences of quantiles of first-passage times, with intervals of a paired bootstrap.

    Replications are drawn with replacement, pairs staying pairs; an interval is the middle
    ``level`` of the resampled differences (Efron & Tibshirani, *An Introduction to the Bootstrap*,
    1993, ch. 13). The same resamples serve every outcome.

    A quantile that never comes is ``inf``, and so is a difference to it; where both never come
    there is none (NaN), and resamples like it count against either end: it is then infinite, if
    they are more than the tail.

    Parameters
    ----------
    first, second : sequences of float64 arrays, all of shape (n,)
        Times of outcome after outcome in either scenario, ``inf`` where it never came.
    ps : in (0, 1)
        Quantiles as :func:`sim.analysis.first_passage.quantile` has them.
    seed : int
        Of the resamples; a generator of its own, so that no other draw is touched.

    Returns
    -------
    list of list of Estimate
        By outcome, by quantile.
    """
    n = len(first[0]) if first else 0
    for one, other in zip(first, second, strict=True):
        assert _pairs(one, other) == n
    if n == 0:
        return [[Estimate(math.nan, -math.inf, math.inf) for _ in ps] for _ in first]
    ranks = np.array([min(n - 1, math.floor(p * n + 1e-9)) for p in ps])
    orders = [(np.argsort(t, kind="stable"), np.sort(t)) for t in (*first, *second)]
    n_resamples = RESAMPLES if n < _MANY else _FEWER
    drawn = np.empty((n_resamples, len(orders), len(ranks)))
    for k, weights in _resampled(n, n_resamples, np.random.default_rng([seed, n])):
        for j, (order, times) in enumerate(orders):
            for row, upto in enumerate(np.take(weights, order, axis=1).cumsum(axis=1), start=k):
                drawn[row, j] = times[np.searchsorted(upto, ranks, side="right")]
    values = np.array([times[ranks] for _, times in orders])
    m = len(first)
    low, high = _middle(_apart(drawn[:, :m], drawn[:, m:]), level)
    value = _apart(values[:m], values[m:])
    return [
        [Estimate(*map(float, figures)) for figures in zip(*rows, strict=True)]
        for rows in zip(value, low, high, strict=True)
    ]


def _resampled(
    n: int, n_resamples: int, generator: np.random.Generator
) -> Iterator[tuple[int, Ints]]:
    """Yield how often each of n is drawn with replacement, some resamples at a time.

    With each block goes the number of its first resample; its shape is (n_rows, n).
    """
    n_rows = max(1, _BLOCK // n)
    for k in range(0, n_resamples, n_rows):
        shape = (min(n_rows, n_resamples - k), n)
        drawn = generator.integers(0, n, shape) + n * np.arange(shape[0])[:, np.newaxis]
        yield k, np.bincount(drawn.ravel(), minlength=shape[0] * n).reshape(shape)


def _apart(first: Floats, second: Floats) -> Floats:
    with np.errstate(invalid="ignore"):  # both never come
        return np.subtract(second, first)


def _middle(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the order statistics that leave half of the rest outside, along the first axis."""
    n_outside = round((len(drawn) + 1) * (1.0 - level) / 2.0)
    low = np.sort(np.where(np.isnan(drawn), -np.inf, drawn), axis=0)[n_outside - 1]
    high = np.sort(np.where(np.isnan(drawn), np.inf, drawn), axis=0)[-n_outside]
    return low, high


def _pairs(first: npt.NDArray[np.generic], second: npt.NDArray[np.generic]) -> int:
    """Return how many pairs there are."""
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} replications cannot be paired with {len(second)}")
    return len(first)
