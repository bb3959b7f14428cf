"""How far a probability depends on what is unknown: nested simulation.

A probability of an ensemble is an average over two things, ignorance (the uncertain inputs) and
luck. A nested ensemble draws the inputs of K groups and runs each group m times with nothing but
luck of its own, so that the spread of the groups' probabilities is that of ignorance, once the
noise of m runs has been taken out of it.
"""

from __future__ import annotations

import math

import numpy as np

from sim.analysis.first_passage import Floats, Ints

#: Fewer groups say next to nothing of the tenth and the ninetieth percentile.
FEWEST_GROUPS = 30


def nested_probabilities(counts: Ints, m: int) -> Floats:
    r"""Return groups' probabilities with the spread that they have without the noise within groups.

    The raw shares :math:`p_k` of m runs spread too widely: their variance is that of the
    probabilities plus :math:`E[p(1-p)]/m`. Each is drawn towards the mean by the factor that leaves
    the variance unbiased,

    .. math:: \sqrt{\max(0, 1 - \overline{p_k(1-p_k)} / ((m-1) s^2))},

    with :math:`s^2` their sample variance (the one-way analysis of variance: Sun, Apley & Staum,
    Oper. Res. 59, 998, 2011; an ensemble of estimates with the right spread: Louis, J. Am. Stat.
    Assoc. 79, 393, 1984). Mean and variance are right whatever the law; the shape is that of the
    shares, and right to first order in 1/m.

    Parameters
    ----------
    counts : int array, shape (n_groups,)
        In how many of its m runs each group had the outcome.
    m : int
        At least 2.
    """
    p = np.asarray(counts, dtype=np.float64) / m
    spread = float(p.var(ddof=1)) if len(p) > 1 else 0.0
    if spread == 0.0:
        return p
    noise = float((p * (1.0 - p)).mean()) / (m - 1)
    mean = p.mean()
    drawn: Floats = mean + math.sqrt(max(0.0, 1.0 - noise / spread)) * (p - mean)
    return drawn


def nested_band(counts: Ints, m: int, level: float = 0.8) -> tuple[float, float] | None:
    """Return the band that holds the middle ``level`` of the probability over what is unknown.

    Quantiles of :func:`nested_probabilities`, interpolated between the middles of their steps: the
    shares are multiples of 1/m, so that plain quantiles would jump (the mid-distribution quantile:
    Ma, Genton & Parzen, Ann. Inst. Stat. Math. 63, 227, 2011).

    None with fewer than :data:`FEWEST_GROUPS` groups.

    Parameters
    ----------
    counts : int array, shape (n_groups,)
    m : int
        Runs in each group, at least 2.
    level : in (0, 1)

    Examples
    --------
    >>> nested_band(np.array([32] * 20 + [0] * 20), 32)
    (0.0, 1.0)
    """
    if len(counts) < FEWEST_GROUPS:
        return None
    values, steps = np.unique(nested_probabilities(counts, m), return_counts=True)
    middles = (np.cumsum(steps) - steps / 2.0) / len(counts)
    tail = (1.0 - level) / 2.0
    low, high = np.interp([tail, 1.0 - tail], middles, values)
    return float(low), float(high)
