r"""Judging while replications come: evidence that holds whenever one stops to look.

A count of n replications is compared with a figure by how much likelier it is under a mixture of
all laws than under the law with that figure:

.. math:: M_n(p) = \int \prod_i q_i^{x_i} \, dD(q) \Big/ \prod_i p_i^{x_i},

with D the Dirichlet law of shares 1/2 (Krichevsky & Trofimov, IEEE Trans. Inf. Theory 27, 199,
1981). Under p it is a martingale that begins at 1, so the chance that it *ever* reaches 1/alpha is
at most alpha (Ville 1939). What has not reached it is a confidence sequence: an interval that
holds the truth at all n at once with 1 - alpha, so that stopping by what one sees costs nothing
(Robbins, Ann. Math. Stat. 41, 1397, 1970; Howard et al., Ann. Stat. 49, 1055, 2021; for more than
two kinds Lindon & Malek, NeurIPS 35, 2022). An interval made for one n, looked at again and again,
misses as often as one likes to look.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.analysis.first_passage import Estimate, Floats, in_order, quantile

_PRIOR = 0.5
_HALVINGS = 60


def log_mixture_ratio(counts: Sequence[int], p: Sequence[float]) -> float:
    """Return the logarithm of :math:`M_n(p)`, infinite where p rules out what was seen.

    Examples
    --------
    >>> round(log_mixture_ratio([40, 10], [0.8, 0.2]), 3)
    -2.189
    >>> round(log_mixture_ratio([40, 10], [0.5, 0.5]), 3)
    7.449
    """
    whole = _PRIOR * len(counts)
    mixture = math.lgamma(whole) - math.lgamma(whole + sum(counts))
    mixture += sum(math.lgamma(_PRIOR + x) - math.lgamma(_PRIOR) for x in counts)
    return mixture - sum(_log_power(q, x) for q, x in zip(p, counts, strict=True))


def _log_power(p: float, n: int) -> float:
    if n == 0:
        return 0.0
    return n * math.log(p) if p > 0.0 else -math.inf


class Tally(Protocol):
    """What was counted so far about one figure."""

    @property
    def n(self) -> int:
        """Number of replications that tell of it."""

    @property
    def ends(self) -> tuple[float, float]:
        """Between which ends the figure lies, whatever is counted."""

    @property
    def estimate(self) -> float:
        """The figure as counted; NaN of none."""

    def log_evidence(self, figure: float) -> float:
        """Return the log evidence against a figure; it grows away from the estimate."""


@dataclass(frozen=True)
class Share:
    """A proportion: ``n_yes`` of ``n``."""

    n_yes: int = 0
    n: int = 0

    def __add__(self, more: Share) -> Share:
        return Share(self.n_yes + more.n_yes, self.n + more.n)

    @property
    def ends(self) -> tuple[float, float]:
        """A proportion lies between 0 and 1."""
        return 0.0, 1.0

    @property
    def estimate(self) -> float:
        """The proportion as counted."""
        return self.n_yes / self.n if self.n else math.nan

    def log_evidence(self, figure: float) -> float:
        """Return the log evidence against a proportion: that of the beta-binomial mixture."""
        return log_mixture_ratio((self.n_yes, self.n - self.n_yes), (figure, 1.0 - figure))


@dataclass(frozen=True)
class Change:
    """A difference of two proportions, in pairs that share their luck.

    In ``n_up`` of ``n`` pairs only the second has it, in ``n_down`` only the first.
    """

    n_up: int = 0
    n_down: int = 0
    n: int = 0

    def __add__(self, more: Change) -> Change:
        return Change(self.n_up + more.n_up, self.n_down + more.n_down, self.n + more.n)

    @property
    def ends(self) -> tuple[float, float]:
        """A difference lies between -1 and 1."""
        return -1.0, 1.0

    @property
    def estimate(self) -> float:
        """The difference as counted."""
        return (self.n_up - self.n_down) / self.n if self.n else math.nan

    def log_evidence(self, figure: float) -> float:
        """Return the log evidence against a difference: the least that any law with it leaves.

        That law is the likeliest with this difference (a quadratic: Tango, Stat. Med. 17, 891,
        1998). The evidence against the true law is no less, so it holds as often.
        """
        if figure < 0.0:
            return Change(self.n_down, self.n_up, self.n).log_evidence(-figure)
        up, down, n = self.n_up, self.n_down, self.n
        linear = up + down - figure * (2 * n - up + down)
        root = math.sqrt(linear * linear + 8.0 * n * down * figure * (1.0 - figure))
        lower = max(0.0, linear + root) / (4.0 * n)
        rest = max(0.0, 1.0 - 2.0 * lower - figure)
        return log_mixture_ratio((up, down, n - up - down), (lower + figure, lower, rest))


def bounds(tally: Tally, alpha: float) -> tuple[float, float]:
    """Return the ends of the confidence sequence of a figure, by halving.

    Examples
    --------
    >>> low, high = bounds(Share(40, 50), 0.05)
    >>> round(low, 3), round(high, 3)
    (0.586, 0.937)
    >>> low, high = bounds(Change(20, 5, 100), 0.05)
    >>> round(low, 3), round(high, 3)
    (-0.043, 0.35)
    """
    if not tally.n:
        return tally.ends
    low, high = (_bound(tally, end, alpha) for end in tally.ends)
    return low, high


def _bound(tally: Tally, end: float, alpha: float) -> float:
    inside, outside, most = tally.estimate, end, -math.log(alpha)
    if tally.log_evidence(outside) < most:
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2.0
        if tally.log_evidence(middle) < most:
            inside = middle
        else:
            outside = middle
    return outside


def log_against_inside(tally: Tally, low: float, high: float) -> float:
    """Return the log evidence against the figure's lying between low and high."""
    if not tally.n:
        return 0.0
    return tally.log_evidence(min(max(tally.estimate, low), high))


def log_against_outside(tally: Tally, low: float, high: float) -> float:
    """Return the log evidence against the figure's lying below low or above high."""
    if not tally.n or not low <= tally.estimate <= high:
        return 0.0
    first, last = tally.ends
    limits = [limit for limit in (low, high) if first < limit < last]
    return min((tally.log_evidence(limit) for limit in limits), default=math.inf)


def log_of_mean(a: float, b: float) -> float:
    """Return the log of the mean of two pieces of evidence: evidence against both holding."""
    return float(np.logaddexp(a, b)) - math.log(2.0)


def holm(log_evidence: Sequence[float], alpha: float) -> list[bool]:
    """Return which hypotheses are rejected, with at most alpha that any true one ever is.

    Evidence of e is a p-value of 1/e that holds at every look (Johari et al., Oper. Res. 70, 1806,
    2022), the largest so far as well; p-values are stepped down whatever their dependence (Holm,
    Scand. J. Stat. 6, 65, 1979).

    Examples
    --------
    >>> holm([3.8, 1.0, 3.2], 0.05)
    [False, False, False]
    >>> holm([4.2, 1.0, 3.8], 0.05)
    [True, False, True]
    """
    rejected = [False] * len(log_evidence)
    order = sorted(range(len(log_evidence)), key=lambda i: -log_evidence[i])
    for rank, i in enumerate(order):
        if log_evidence[i] < math.log((len(order) - rank) / alpha):
            break
        rejected[i] = True
    return rejected


def sequential_quantile(times: Floats, p: float, alpha: float) -> Estimate:
    """Return the p-quantile of first-passage times with its confidence sequence.

    It holds the times at which evidence cannot tell from p how often it has come (Howard & Ramdas,
    Bernoulli 28, 1704, 2022): its ends are order statistics.

    Parameters
    ----------
    times : float64 array, shape (n,)
        First-passage times, ``inf`` where it never came.
    p : in (0, 1)
        The quantile is the first time by which it has come in more than this share.
    alpha : in (0, 1)
    """
    n = len(times)
    if n == 0:
        return Estimate(math.nan, 0.0, math.inf)
    ordered, most = in_order(times), -math.log(alpha)
    middle = math.floor(n * p)

    def differs(n_yes: int) -> bool:
        return Share(n_yes, n).log_evidence(p) >= most

    # The fewest that could still be a share p, and the most.
    fewest = _first(0, middle, lambda k: not differs(k))
    most_yes = _first(middle + 1, n + 1, differs) - 1
    low = ordered[fewest - 1] if fewest else 0.0
    high = ordered[most_yes] if most_yes < n else math.inf
    return Estimate(quantile(ordered, p).value, float(low), float(high))


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first number from low on that holds, high if none before it does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
