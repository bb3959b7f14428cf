r"""Gradients of a probability by the likelihood ratio, or score function.

Where a parameter :math:`\theta` changes how likely a history is, and not what it leads to,

.. math::

    \frac{\partial}{\partial\theta} P(A) = E[1_A\, s], \qquad
    s = \frac{\partial}{\partial\theta} \log(\text{likelihood of the history}),

and :math:`E[s] = 0`, so that the gradient is the covariance of :math:`1_A` and s: centred, it
varies less.

What is known of a clock is how much of its work is used up. A clock of density f and hazard h that
has used w has the likelihood f(w) p if it fires, at the pace p of that moment, and that of not
having fired if it does not. With dw the derivative of w it adds

.. math::

    \frac{dp}{p} + \frac{f'(w)}{f(w)}\, dw \quad\text{or}\quad -h(w)\, dw .

References
----------
Glynn, Commun. ACM 33(10), 75 (1990). Reiman & Weiss, Oper. Res. 37, 830 (1989). Rubinstein &
Shapiro, *Discrete Event Systems: Sensitivity Analysis and Stochastic Optimization by the Score
Function Method*, 1993. Nakayama, Goyal & Glynn, Oper. Res. 42, 137 (1994).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc, gammaln, ndtr, ndtri, stdtrit

from sim.analysis.first_passage import Estimate, Floats
from sim.ieee import divide, exp, log, power

Bools = npt.NDArray[np.bool_]
Args = Sequence[float]


class Law(NamedTuple):
    """What a likelihood needs to know of a distribution of work, given its arguments.

    ``hazard`` is h = f / (1 - F), ``slope`` is f' / f; both of (arguments, w) with w > 0.
    """

    hazard: Callable[[Args, float], float]
    slope: Callable[[Args, float], float]


def _gamma_hazard(args: Args, w: float) -> float:
    shape, scale = args[0], args[1] / args[0]
    x = w / scale
    log_density = (shape - 1.0) * log(x) - x - float(gammaln(shape))
    return divide(exp(log_density), scale * float(gammaincc(shape, x)))


def _weibull_hazard(args: Args, w: float) -> float:
    shape, scale = args
    return shape / scale * power(w / scale, shape - 1.0)


def _lognormal_hazard(args: Args, w: float) -> float:
    median, sigma = args
    z = log(w / median) / sigma
    density = exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return divide(density, sigma * w * float(ndtr(-z)))


_GAMMA = Law(_gamma_hazard, lambda args, w: (args[0] - 1.0) / w - args[0] / args[1])

#: Laws of work that have a density without ends, by kind; arguments as ``sim.draws`` has them.
LAWS: Mapping[str, Law] = {
    "exponential": Law(lambda args, w: 1.0 / args[0], lambda args, w: -1.0 / args[0]),
    "gamma": _GAMMA,
    "erlang": _GAMMA,
    "weibull": Law(_weibull_hazard, lambda args, w: (args[0] - 1.0) / w - _weibull_hazard(args, w)),
    "lognormal": Law(
        _lognormal_hazard,
        lambda args, w: -(1.0 + log(w / args[0]) / args[1] ** 2) / w,
    ),
}


def covariance(happened: Bools, scores: Floats, level: float = 0.95) -> Estimate:
    r"""Estimate :math:`\mathrm{cov}(1_A, s)`, which is the gradient of P(A).

    The estimate is the sample covariance, without bias. Its interval is that of the mean of
    :math:`(1_A - \hat P)(s - \bar s)` by Student's t.

    Parameters
    ----------
    happened : bool array, shape (n,)
        Whether A happened in each replication.
    scores : float64 array, shape (n,)
        Score of each replication, up to the time that settles whether A happens.
    level : in (0, 1)
        Coverage; Monte Carlo error only.

    Returns
    -------
    Estimate
        NaN, with no ends, if A happened in all replications or in none: they do not say how likely
        the other would be.

    Examples
    --------
    >>> happened = np.array([True, True, False, False])
    >>> covariance(happened, np.array([1.0, 2.0, -1.0, -2.0])).value
    1.0
    """
    happened = np.asarray(happened, dtype=bool)
    n = len(happened)
    if happened.all() or not happened.any():
        return Estimate(math.nan, -math.inf, math.inf)
    products = (happened - happened.mean()) * (scores - scores.mean())
    value = float(products.sum()) / (n - 1)
    half = float(stdtrit(n - 1, 0.5 + level / 2.0) * products.std(ddof=1)) / math.sqrt(n)
    return Estimate(value, value - half, value + half)


#: The step of the difference that a gradient is held against.
_STEP = 0.1
#: Replications of either kind below which a normal interval is not to be relied on.
_FEWEST = 10


def is_telling(log_gradient: Estimate, happened: Bools) -> bool:
    r"""Return whether a gradient says more than a difference from as many replications would.

    It does if its sign is known, or if its interval is shorter than that of a difference between
    two runs of n replications each, one of them with a tenth more of the input, even if these did
    not share their luck: :math:`\pm z\sqrt{2P(1-P)/n}/0.1`. A score varies with the number of
    firings that it is made of, a difference does not: with many, the gradient loses.

    Parameters
    ----------
    log_gradient : Estimate
        By the logarithm of the input.
    happened : bool array, shape (n,)
    """
    n, n_happened = len(happened), int(np.count_nonzero(happened))
    if min(n_happened, n - n_happened) < _FEWEST:
        return False
    if not log_gradient.low <= 0.0 <= log_gradient.high:
        return True
    p = n_happened / n
    apart = float(ndtri(0.975)) * math.sqrt(2.0 * p * (1.0 - p) / n) / _STEP
    return (log_gradient.high - log_gradient.low) / 2.0 <= apart
