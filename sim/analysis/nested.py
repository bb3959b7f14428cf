"""How far a probability depends on what is unknown: nested simulation.

A probability of an ensemble is an average over two things, ignorance (the uncertain inputs) and
luck. A nested ensemble draws the inputs of K groups and runs each group m times with nothing but
luck of its own, so that the spread of the groups' probabilities is that of ignorance, once the
noise of m runs has been taken out of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import Floats, Ints

Bools = npt.NDArray[np.bool_]

#: With fewer groups the tenth and the ninetieth percentile are only known to several points.
FEWEST_GROUPS = 60
#: Points that stand for a group whose share is spread over its step.
_POINTS = 16


def shrinkage(counts: Ints, m: int) -> float:
    r"""Return by how much groups' shares spread too widely for their noise, as a factor to undo it.

    The raw shares :math:`p_k` of m runs spread too widely: their variance is that of the
    probabilities plus :math:`E[p(1-p)]/m`. Drawn towards their mean by

    .. math:: \sqrt{\max(0, 1 - \overline{p_k(1-p_k)} / ((m-1) s^2))},

    with :math:`s^2` their sample variance, they have the variance of the probabilities, without
    bias (the one-way analysis of variance: Sun, Apley & Staum, Oper. Res. 59, 998, 2011; estimates
    with the right spread: Louis, J. Am. Stat. Assoc. 79, 393, 1984).

    Parameters
    ----------
    counts : int array, shape (n_groups,)
        In how many of its m runs each group had the outcome.
    m : int
        At least 2.
    """
    p = np.asarray(counts, dtype=np.float64) / m
    raw = float(p.var(ddof=1)) if len(p) > 1 else 0.0
    return math.sqrt(max(0.0, 1.0 - _noise(p, m) / raw)) if raw > 0.0 else 1.0


def spread(shares: Floats, m: int) -> float:
    """Return the variance of the groups' probabilities, without bias: it may be below zero.

    Parameters
    ----------
    shares : float64 array, shape (n_groups,)
        Of the m runs of each group.
    m : int
        At least 2.
    """
    return float(shares.var(ddof=1)) - _noise(shares, m)


def _noise(shares: Floats, m: int) -> float:
    return float((shares * (1.0 - shares)).mean()) / (m - 1)


def nested_band(
    counts: Ints, m: int, level: float = 0.8, mean: float | None = None
) -> tuple[float, float] | None:
    """Return the band that holds the middle ``level`` of the probability over what is unknown.

    Quantiles of the groups' shares, drawn towards their mean by :func:`shrinkage`. Shares are
    multiples of 1/m: each is spread evenly over its own step, so that quantiles do not jump. Mean
    and variance are right whatever the law, the shape to first order in 1/m: a law of a few points
    looks wider by up to a step at each.

    None with fewer than :data:`FEWEST_GROUPS` groups. Where nothing is seen beyond the noise, the
    band is a point.

    Parameters
    ----------
    counts : int array, shape (n_groups,)
    m : int
        Runs in each group, at least 2.
    level : in (0, 1)
    mean : in [0, 1]
        The probability over all inputs, where it is better known than by these groups: the band is
        set around it.

    Examples
    --------
    >>> low, high = nested_band(np.array([32] * 40 + [0] * 40), 32)
    >>> round(low, 3), round(high, 3)
    (0.003, 0.997)
    """
    if len(counts) < FEWEST_GROUPS:
        return None
    shares, groups = np.unique(np.asarray(counts) / m, return_counts=True)
    own = float(np.mean(counts)) / m
    factor, centre = shrinkage(counts, m), own if mean is None else mean
    middle = centre + factor * (shares - own)
    half = factor / (2.0 * m)
    edges = np.clip(np.stack([middle - half, middle + half]), 0.0, 1.0)
    below = np.concatenate([[0.0], np.cumsum(groups)]) / len(counts)
    heights = np.stack([below[:-1], below[1:]])
    tail = (1.0 - level) / 2.0
    low, high = np.interp([tail, 1.0 - tail], heights.T.ravel(), edges.T.ravel())
    return float(low), float(high)


def paired_band(
    first: Bools, second: Bools, level: float = 0.8, mean: float | None = None
) -> tuple[float, float] | None:
    r"""Return the band that holds the middle ``level`` of a difference over what is unknown.

    As :func:`nested_band`, of groups that share what is unknown in both scenarios: the spread of
    their differences is drawn in by what luck adds to it, which within pairs is
    :math:`\overline{s_k^2}/m`, with :math:`s_k^2` the variance of a group's m differences. A group
    in which no pair differs stands at a point.

    Parameters
    ----------
    first, second : bool arrays, shape (n_groups, m)
        Whether the outcome came, in the same replications of either.
    level : in (0, 1)
    mean : in [-1, 1]
        The difference over all inputs, where it is better known than by these groups.

    Examples
    --------
    >>> first = np.zeros((80, 32), dtype=bool)
    >>> second = np.arange(80)[:, np.newaxis] >= np.full((1, 32), 40)
    >>> low, high = paired_band(first, second)
    >>> round(low, 3), round(high, 3)
    (0.0, 1.0)
    """
    if len(first) < FEWEST_GROUPS:
        return None
    differences = second.astype(np.int64) - first
    m, shares = differences.shape[1], differences.mean(axis=1)
    own, raw = float(shares.mean()), float(shares.var(ddof=1))
    noise = float(differences.var(axis=1, ddof=1).mean()) / m
    factor = math.sqrt(max(0.0, 1.0 - noise / raw)) if raw > 0.0 else 1.0
    middle = (own if mean is None else mean) + factor * (shares - own)
    half = np.where(differences.any(axis=1), factor / (2.0 * m), 0.0)
    places = (2.0 * np.arange(_POINTS) + 1.0) / _POINTS - 1.0
    points = np.clip(middle[:, np.newaxis] + half[:, np.newaxis] * places, -1.0, 1.0)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(points, [tail, 1.0 - tail])
    return float(low), float(high)
