"""First-passage times of an ensemble: probabilities, quantiles and causes, with their intervals.

Every replication runs to the same horizon, so the share of replications in which an outcome has
happened by t is a plain proportion, and so is that share by cause (the cumulative incidence): no
censoring has to be corrected for. Arrays in, arrays out; times in any one unit.

Where the horizon is itself drawn, every figure is about coming *before the end of its replication*:
P(T <= t) is then no more than that, and lower than if all had run to t.

The intervals are about Monte Carlo error only: how far the figures are from those of infinitely
many replications of the same net, not from the world.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]


class Estimate(NamedTuple):
    """A figure and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FirstPassageCdf:
    """P(T <= t) on a grid; all arrays have shape (n_grid,).

    ``low`` and ``high`` hold at each point by itself, ``band_low`` and ``band_high`` at all of them
    together.
    """

    grid: Floats
    cdf: Floats
    low: Floats
    high: Floats
    band_low: Floats
    band_high: Floats


def wilson(counts: Ints, n: int, level: float = 0.95) -> tuple[Floats, Floats]:
    r"""Return the ends of Wilson's score interval of proportions.

    :math:`(p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}) / (1 + z^2/n)`, with z the normal quantile.

    Parameters
    ----------
    counts : int64 array
        Successes.
    n : int
        Trials. With none the interval is (0, 1).
    level : in (0, 1)
        Nominal coverage; the true one varies about it with p and n.

    References
    ----------
    Wilson, J. Am. Stat. Assoc. 22, 209 (1927); Brown, Cai & DasGupta, Stat. Sci. 16, 101 (2001).
    """
    counts = np.asarray(counts, dtype=np.int64)
    if n == 0:
        return np.zeros(counts.shape), np.ones(counts.shape)
    z = float(ndtri(0.5 + level / 2.0))
    p, shrink = counts / n, 1.0 + z * z / n
    middle = (p + z * z / (2.0 * n)) / shrink
    half = z / shrink * np.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n))
    # The ends are 0 and 1 exactly there; rounding would leave 1e-17.
    low = np.where(counts == 0, 0.0, np.maximum(0.0, middle - half))
    high = np.where(counts == n, 1.0, np.minimum(1.0, middle + half))
    return low, high


def proportion(count: int, n: int, level: float = 0.95) -> Estimate:
    """Return a proportion with its interval of :func:`wilson`; NaN of no trials."""
    low, high = wilson(np.array(count), n, level)
    return Estimate(count / n if n else math.nan, float(low), float(high))


def in_order(times: Floats) -> Floats:
    """Return times in increasing order: as they are where they are so, for sorting is dear."""
    return times if bool(np.all(times[:-1] <= times[1:])) else np.sort(times)


def probability_by(times: Floats, t: float, level: float = 0.95) -> Estimate:
    """Return P(T <= t) of first-passage times, shape (n,), ``inf`` where it never came."""
    return proportion(int(np.count_nonzero(times <= t)), len(times), level)


def dkw_half_width(n: int, level: float = 0.95) -> float:
    r"""Return the half width of a band that holds a whole distribution function.

    :math:`\sqrt{\ln(2 / (1 - level)) / 2n}`, whatever the law and whatever n: Dvoretzky, Kiefer &
    Wolfowitz, Ann. Math. Stat. 27, 642 (1956), with the constant of Massart, Ann. Probab. 18, 1269
    (1990).
    """
    return math.sqrt(math.log(2.0 / (1.0 - level)) / (2.0 * n)) if n else 1.0


def first_passage_cdf(
    times: Floats, *, grid: Floats, horizon: float, level: float = 0.95
) -> FirstPassageCdf:
    r"""Estimate :math:`P(T \le t)` for a first-passage time :math:`T`.

    A replication that ends at ``horizon`` without the outcome counts in the denominator: the result
    is the *unconditional* probability, so it need not reach one.

    Parameters
    ----------
    times : float64 array, shape (n_replications,)
        First time the outcome held; ``inf`` where it never did.
    grid : float64 array, shape (n_grid,)
        Evaluation times, increasing, none beyond ``horizon``.
    horizon : float
        Where replications end: nothing is known beyond.
    level : in (0, 1)
        Coverage of the pointwise Wilson intervals and of the simultaneous band. Monte Carlo error
        only, not model error.

    Raises
    ------
    ValueError
        If the grid goes beyond the horizon.

    Examples
    --------
    >>> times = np.array([1.0, 2.0, np.inf, 3.0])
    >>> first_passage_cdf(times, grid=np.array([1.0, 2.5]), horizon=5.0).cdf
    array([0.25, 0.5 ])
    """
    if len(grid) and max(grid) > horizon:
        raise ValueError(f"grid ends at {max(grid):g}, after horizon {horizon:g}")
    n = len(times)
    counts = np.searchsorted(in_order(times), grid, side="right")
    cdf = counts / max(n, 1)
    low, high = wilson(counts, n, level)
    half = dkw_half_width(n, level)
    return FirstPassageCdf(
        grid, cdf, low, high, np.maximum(0.0, cdf - half), np.minimum(1.0, cdf + half)
    )


def quantile(times: Floats, p: float, level: float = 0.95) -> Estimate:
    """Return the p-quantile of first-passage times, with an interval of order statistics.

    The quantile is the first time by which it has come in *more than* a share p of the
    replications, ``inf`` if there is none: half of them are not enough for a median.

    The interval covers with at least ``level``, whatever the law: its ends are order statistics,
    with ranks from the binomial law of the number of times below the quantile (David & Nagaraja,
    *Order Statistics*, 2003, section 7.1). ``high`` is ``inf`` where so few came that nothing
    bounds it.

    Parameters
    ----------
    times : float64 array, shape (n,)
        First-passage times, ``inf`` where it never came.
    p : in (0, 1)
    level : in (0, 1)

    Examples
    --------
    >>> quantile(np.array([4.0, 1.0, np.inf, 2.0]), 0.25).value
    2.0
    >>> quantile(np.array([4.0, 1.0, np.inf, np.inf]), 0.5).value
    inf
    """
    n = len(times)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan)
    ordered = in_order(times)
    tail = (1.0 - level) / 2.0
    spread = 10.0 * math.sqrt(n * p * (1.0 - p)) + 10.0  # ranks beyond this are never wanted
    first = max(0, math.floor(n * p - spread))
    ranks = np.arange(first, min(n, math.ceil(n * p + spread)) + 1)
    below = bdtr(ranks.astype(np.float64), n, p)  # P(at most r times lie below the quantile)
    lower = first + int(np.searchsorted(below, tail, side="right")) - 1  # the last with P <= tail
    upper = first + int(np.searchsorted(below, 1.0 - tail, side="left"))  # the first with the rest
    value = ordered[min(n - 1, math.floor(p * n + 1e-9))]  # 0.29 * 100 is a little below 29
    low = ordered[lower] if lower >= 0 else 0.0
    high = ordered[upper] if upper < n else math.inf
    return Estimate(float(value), float(low), float(high))


def shares(codes: Ints, n: int) -> dict[int, float]:
    """Return the probability of each cause, the largest first, ties by code.

    Parameters
    ----------
    codes : int array, shape (n_happened,)
        What caused it in each replication in which it happened.
    n : int
        Number of replications, so that the shares sum to the probability that it happened.

    Examples
    --------
    >>> shares(np.array([7, 3, 7]), 4)
    {7: 0.5, 3: 0.25}
    """
    return ranked(tally(codes), n)


def tally(codes: Ints) -> Counter[int]:
    """Return how often each code is there."""
    found, counts = np.unique(codes, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def ranked(counts: Counter[int], n: int) -> dict[int, float]:
    """Return counts as shares of n, the largest first, ties by code."""
    order = sorted((-count, code) for code, count in counts.items())
    return {code: -count / n for count, code in order}


def cumulative_incidence(times: Floats, codes: Ints, grid: Floats) -> dict[int, Floats]:
    """Return P(it has come by t, by this cause) of every cause, each shape (n_grid,).

    With every replication censored at one horizon, the estimator of Aalen & Johansen (1978) is this
    plain proportion.

    Parameters
    ----------
    times : float64 array, shape (n,)
        First-passage times, ``inf`` where it never came.
    codes : int array, shape (n,)
        What caused it, where it came.
    grid : float64 array, shape (n_grid,)
    """
    n, came = len(times), np.isfinite(times)
    return {
        code: np.searchsorted(np.sort(times[came & (codes == code)]), grid, side="right") / n
        for code in shares(codes[came], n)
    }
