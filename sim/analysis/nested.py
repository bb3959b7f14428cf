"""How far a probability depends on what is unknown: nested simulation.

A probability of an ensemble is an average over two things, ignorance (the uncertain inputs) and
luck. A nested ensemble draws the inputs of K groups and runs each group m times with nothing but
luck of its own, so that the spread of the groups' probabilities is that of ignorance, once the
noise of m runs has been taken out of it.
"""

from __future__ import annotations

import math

import numpy as np

from sim.analysis.first_passage import Ints

#: With fewer groups the tenth and the ninetieth percentile are only known to several points.
FEWEST_GROUPS = 60


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
    spread = float(p.var(ddof=1)) if len(p) > 1 else 0.0
    noise = float((p * (1.0 - p)).mean()) / (m - 1)
    return math.sqrt(max(0.0, 1.0 - noise / spread)) if spread > 0.0 else 1.0


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
