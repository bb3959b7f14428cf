r"""Sobol' indices of a probability that is itself only estimated.

The probability p(x) of an outcome is a function of the inputs x, and of n replications at x the
share f(x) is a noisy estimate. The variance of p over the inputs, and what each has of it,

.. math::

    S_i = \frac{\mathrm{Var}\,E[p \mid x_i]}{\mathrm{Var}\,p}, \qquad
    T_i = \frac{E\,\mathrm{Var}[p \mid x_{\sim i}]}{\mathrm{Var}\,p}

(Sobol', Math. Comput. Simul. 55, 271, 2001), are those of ignorance alone: what luck adds to each
square and product of shares is estimated within the points, and taken off.

Points of a group share their luck, groups do not. Shares within a group then differ by little more
than the inputs make them, and groups are alike and independent, so that leaving each out in turn
(the jackknife) shows all the error there is, that of the design and that of luck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats


@dataclass(frozen=True)
class Shares:
    """Shares at the points of :func:`sim.analysis.design.saltelli`, and what luck does to them.

    ``values`` has the shape (n_groups, d + 2): at a, at b, and at a with input i of b. ``noise`` is
    the variance that luck gives each, ``from_a`` and ``from_b`` what it gives the difference to the
    share at a or b of the same group. All three are 0 for a function without luck.
    """

    values: Floats
    noise: Floats
    from_a: Floats
    from_b: Floats

    @classmethod
    def exact(cls, values: Floats) -> Shares:
        """Return values that no luck has touched."""
        nothing = np.zeros_like(values)
        return cls(values, nothing, nothing, nothing)


@dataclass(frozen=True)
class Indices:
    """Estimates with their intervals; ``low`` and ``high`` are those of ``value``."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Decomposition:
    """The variance over the inputs, and the shares of it: first-order and total indices."""

    variance: float
    #: Standard error of the variance.
    error: float
    first: Indices
    total: Indices

    @property
    def is_seen(self) -> bool:
        """Whether the variance stands out from its own error: shares of it then mean something."""
        return self.variance > 2.0 * self.error


def sobol_indices(shares: Shares, level: float = 0.95) -> Decomposition:
    r"""Return first-order and total indices with jackknife intervals.

    With the sums over groups j, and :math:`m` the mean of all :math:`a_j, b_j`,

    .. math::

        S_i V = \overline{(b_j - m)(c_{ij} - a_j)}, \qquad T_i V = \overline{(a_j - c_{ij})^2} / 2,

    :math:`c_{ij}` being the share at a with input i of b (Saltelli et al., Comput. Phys. Commun.
    181, 259, 2010; Jansen, Comput. Phys. Commun. 117, 35, 1999), each less what luck adds to it;
    V is the variance of the :math:`a_j` and of the :math:`b_j`, less theirs. Luck is in the product
    as the covariance of its factors, :math:`2\,\mathrm{Cov}(x, y) = \mathrm{Var}\,x +
    \mathrm{Var}\,y - \mathrm{Var}(x - y)`.

    A jackknife with Student's t: groups of a scrambled Sobol' sequence are more even than random
    ones, so that the intervals are rather too wide. An index is not cut to [0, 1]: where its
    interval reaches below 0 nothing is seen of it.

    Parameters
    ----------
    shares : Shares
        Of at least 3 groups.
    level : in (0, 1)
    """
    n = len(shares.values)
    if n < 3:
        raise ValueError(f"at least 3 groups are needed, there are {n}")
    whole = _ratios(_sums(shares).sum(axis=0), n)
    sums = _sums(shares)
    left_out = _ratios(sums.sum(axis=0) - sums, n - 1)
    half = _half_widths(left_out, n, level)
    error = _half_widths(left_out[:, :1], n, None)
    d = shares.values.shape[1] - 2
    first, total = slice(1, d + 1), slice(d + 1, None)
    return Decomposition(
        float(whole[0]),
        float(error[0]),
        Indices(whole[first], (whole - half)[first], (whole + half)[first]),
        Indices(whole[total], (whole - half)[total], (whole + half)[total]),
    )


def _sums(shares: Shares) -> Floats:
    """Return what the groups add to every sum, shape (n_groups, 6 + 3 d).

    Shares are taken from their mean first: sums of squares would else lose digits.
    """
    centre = shares.values[:, :2].mean()
    a, b, c = (
        (shares.values - centre)[:, part] for part in (slice(0, 1), slice(1, 2), slice(2, None))
    )
    noise_a, noise_b = shares.noise[:, :1], shares.noise[:, 1:2]
    with_c = (noise_b + shares.noise[:, 2:] - shares.from_b[:, 2:]) / 2.0
    with_a = (noise_b + noise_a - shares.from_b[:, :1]) / 2.0
    moved = c - a
    product = b * moved - (with_c - with_a)
    total = (moved**2 - shares.from_a[:, 2:]) / 2.0
    return np.hstack([a, b, a * a, b * b, noise_a, noise_b, moved, product, total])


def _ratios(sums: Floats, n: int) -> Floats:
    """Return the variance, first-order and total indices, from sums over n groups."""
    means = sums / n
    a, b, aa, bb, noise_a, noise_b = np.moveaxis(means[..., :6], -1, 0)
    moved, product, total = np.split(means[..., 6:], 3, axis=-1)
    spread = (aa - a * a + bb - b * b) / 2.0 * n / (n - 1)
    variance = np.asarray(spread - (noise_a + noise_b) / 2.0)[..., np.newaxis]
    middle = ((a + b) / 2.0)[..., np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.concatenate(
            [variance, (product - middle * moved) / variance, total / variance], axis=-1
        )


def _half_widths(left_out: Floats, n: int, level: float | None) -> Floats:
    """Return jackknife half widths; standard errors without a level."""
    from scipy.special import stdtrit

    around = left_out - left_out.mean(axis=0)
    error: Floats = np.sqrt((n - 1) / n * (around**2).sum(axis=0))
    return error if level is None else float(stdtrit(n - 1, (1.0 + level) / 2.0)) * error
