"""First-passage times of an ensemble: probabilities, quantiles and causes, with their intervals.

Every replication runs to the same horizon, so the share of replications in which an outcome has
happened by t is a plain proportion, and so is that share by cause (the cumulative incidence): no
censoring has to be corrected for. Arrays in, arrays out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, ndtri

Floats = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """A figure and its interval."""

    value: float
    low: float
    high: float


def wilson(count: int, n: int, level: float = 0.95) -> Estimate:
    """Return a proportion with Wilson's score interval.

    Parameters
    ----------
    count, n : int
        Successes, and trials.
    level : in (0, 1)
        Nominal coverage. The interval is about Monte Carlo error only.

    References
    ----------
    Wilson, J. Am. Stat. Assoc. 22, 209 (1927); Brown, Cai & DasGupta, Stat. Sci. 16, 101 (2001).
    """
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0)
    z = float(ndtri(0.5 + level / 2.0))
    p, shrink = count / n, 1.0 + z * z / n
    middle = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n))
    # The ends are 0 and 1 exactly there; rounding would leave 1e-17.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == n else min(1.0, middle + half)
    return Estimate(p, low, high)


def probability_by(times: Floats, t: float, level: float = 0.95) -> Estimate:
    """Return P(T <= t) of first-passage times, shape (n,), ``inf`` where it never came."""
    return wilson(int(np.count_nonzero(times <= t)), len(times), level)


def quantile(times: Floats, p: float, level: float = 0.95) -> Estimate:
    """Return the p-quantile of first-passage times, with an interval of order statistics.

    A quantile that lies among the replications in which the outcome never came is ``inf``. The
    interval covers with at least ``level``, whatever the law: its ends are order statistics, with
    ranks from the binomial law of the number of times below the quantile (David & Nagaraja, *Order
    Statistics*, 2003, 7.1).
    """
    n = len(times)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan)
    ordered = np.sort(times)
    tail = (1.0 - level) / 2.0
    spread = 10.0 * math.sqrt(n * p * (1.0 - p)) + 10.0  # ranks beyond this are never wanted
    first = max(0, math.floor(n * p - spread))
    ranks = np.arange(first, min(n, math.ceil(n * p + spread)) + 1)
    below = bdtr(ranks.astype(np.float64), n, p)  # P(at most r times lie below the quantile)
    lower = first + int(np.searchsorted(below, tail, side="right")) - 1  # the last with P <= tail
    upper = first + int(np.searchsorted(below, 1.0 - tail, side="left")) + 1
    value = ordered[min(n - 1, max(0, math.ceil(p * n) - 1))]
    low = ordered[lower] if lower >= 0 else 0.0
    high = ordered[upper - 1] if upper <= n else math.inf
    return Estimate(float(value), float(low), float(high))


def curve(times: Floats, grid: Floats) -> Floats:
    """Return P(T <= t) on a grid, shape (n_grid,)."""
    counts = np.searchsorted(np.sort(times), grid, side="right")
    return counts / max(len(times), 1)


def shares(names: npt.NDArray[np.str_], n: int) -> dict[str, float]:
    """Return the probability of each cause, the largest first, ties by name.

    ``names`` has one entry for each replication, empty where the outcome did not happen.
    """
    found, counts = np.unique(names[names != ""], return_counts=True)
    order = sorted(zip(-counts, found, strict=True))
    return {str(name): float(-count) / n for count, name in order}
