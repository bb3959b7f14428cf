"""Times to one of several ends, where the record of some stops before any came.

An end that makes another one impossible *competes* with it; it is no censoring, and to treat it as
such answers a question about a world in which it could not happen. Arrays in, arrays out; times in
any one unit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import Floats, Ints

#: The code of a record that stops before any end came.
CENSORED = 0


def aalen_johansen(
    times: Floats, codes: Ints, *, cause: int, grid: Floats, weights: Floats | None = None
) -> Floats:
    r"""Estimate the cumulative incidence :math:`P(T \le t, \text{cause})` of one of several ends.

    .. math:: \hat F(t) = \sum_{t_i \le t} \hat S(t_i-)\, d_i / n_i

    with :math:`n_i` the weight at risk at :math:`t_i`, :math:`d_i` that of those whom this cause
    ends then, and :math:`\hat S` the Kaplan-Meier estimate of being free of every end. Who is
    censored at a time is at risk at it. Without censoring before t it is the plain share.

    Parameters
    ----------
    times : float64 array, shape (n,)
        When the record of each ends.
    codes : int array, shape (n,)
        What ended it; :data:`CENSORED` where nothing did.
    cause : int
        The end whose incidence is wanted, not :data:`CENSORED`.
    grid : float64 array, shape (n_grid,)
        Where it is wanted.
    weights : float64 array, shape (..., n)
        How much each counts: how often its cluster was drawn, say. 1 by default. The estimate has
        shape (..., n_grid), one for each row of weights.

    References
    ----------
    Aalen & Johansen, Scand. J. Statist. 5, 141 (1978).

    Examples
    --------
    >>> times, codes = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1, 0, 2, 1])
    >>> aalen_johansen(times, codes, cause=1, grid=np.array([0.5, 1.0, 3.0]))
    array([0.  , 0.25, 0.75])
    """
    if cause == CENSORED:
        raise ValueError(f"code {CENSORED} stands for a record that stops: it is no cause")
    moments, where = np.unique(times, return_inverse=True)
    weights = np.ones(len(times)) if weights is None else weights
    at = (where[:, None] == np.arange(len(moments))).astype(np.float64)

    def total(chosen: npt.NDArray[np.bool_]) -> Floats:
        return np.asarray(weights[..., chosen] @ at[chosen], dtype=np.float64)

    leaving = total(np.ones(len(times), dtype=bool))
    at_risk = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    some = np.where(at_risk > 0.0, at_risk, 1.0)
    free = np.cumprod(1.0 - total(codes != CENSORED) / some, axis=-1)
    one = np.ones_like(free[..., :1])
    before = np.concatenate([one, free[..., :-1]], axis=-1)
    incidence = np.cumsum(before * total(codes == cause) / some, axis=-1)
    found = np.searchsorted(moments, grid, side="right")
    return np.concatenate([0.0 * one, incidence], axis=-1)[..., found]


def piecewise_hazards(
    times: Ints, codes: Ints, *, cause: int, pieces: Sequence[tuple[int, int]]
) -> tuple[Ints, Ints]:
    """Return, by piece, how often a cause came and the periods at risk of it.

    Time is counted in whole periods: who leaves in period k was at risk in each of 0, ..., k. The
    hazard of a piece, constant in it, is the quotient: its maximum likelihood estimate.

    Parameters
    ----------
    times : int array, shape (n,)
        The period in which the record of each ends, from 0.
    codes : int array, shape (n,)
        What ended it; :data:`CENSORED` where nothing did.
    cause : int
    pieces : list of (first, last) periods, both included

    Examples
    --------
    >>> came, at_risk = piecewise_hazards(
    ...     np.array([0, 3]), np.array([1, 1]), cause=1, pieces=[(0, 0), (1, 5)]
    ... )
    >>> came / at_risk
    array([0.5       , 0.33333333])
    """
    came = [np.sum((codes == cause) & (a <= times) & (times <= b)) for a, b in pieces]
    at_risk = [np.sum(np.clip(np.minimum(times, b) - a + 1, 0, None)) for a, b in pieces]
    return np.array(came), np.array(at_risk)
