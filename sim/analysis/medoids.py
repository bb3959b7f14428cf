"""Cases that stand for many: medoids of histories.

A medoid is a case that occurred; a mean, nobody has seen happen. Arrays in, arrays out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import Floats, Ints


class Clusters(NamedTuple):
    """Medoids in the order of their clusters' sizes, the largest first, and whose each case is."""

    #: shape (k,), rows
    medoids: Ints
    #: shape (n,), places in ``medoids``
    members: Ints

    @property
    def sizes(self) -> Ints:
        """How many cases each medoid stands for, itself among them."""
        return np.bincount(self.members, minlength=len(self.medoids))


def differing(histories: npt.NDArray[np.integer]) -> Floats:
    """Return in what share of their points any two histories differ, shape (n, n).

    Parameters
    ----------
    histories : int array, shape (n, n_points)
        What each was at each point, as a code: who held each of some places at each of some times.

    Examples
    --------
    >>> differing(np.array([[0, 0, 1, 2], [0, 0, 1, 1], [3, 0, 1, 1]]))[0].tolist()
    [0.0, 0.25, 0.5]
    """
    n, n_points = histories.shape
    varies = histories[:, (histories != histories[:1]).any(axis=0)] if n else histories
    # Products of matrices of flags, one for each code: exact in single precision to 2**24 points.
    alike = np.zeros((n, n), dtype=np.float32)
    for code in np.unique(varies):
        is_it = (varies == code).astype(np.float32)
        alike += is_it @ is_it.T
    found: Floats = (varies.shape[1] - alike.astype(np.float64)) / max(n_points, 1)
    return found


def k_medoids(distances: Floats, k: int) -> Clusters:
    r"""Choose at most k cases so that all cases lie near one of them.

    .. math:: \min_{M} \sum_i \min_{m \in M} d_{im}

    by partitioning around medoids: cases are added one by one, then one is exchanged for another
    for as long as that makes the sum smaller. No single exchange betters what is found, though
    another choice of all k might. Of equals the first is taken, so the same distances always give
    the same medoids; there are fewer than k where fewer leave no distance.

    Parameters
    ----------
    distances : float64 array, shape (n, n)
        Symmetric, zero between a case and itself.
    k : int

    References
    ----------
    Kaufman & Rousseeuw, Finding Groups in Data (1990), ch. 2.

    Examples
    --------
    >>> times = np.array([1.0, 1.1, 1.2, 7.0, 9.0, 7.1])
    >>> k_medoids(abs(times[:, None] - times), 2)
    Clusters(medoids=array([1, 5]), members=array([0, 0, 0, 1, 1, 1]))
    """
    chosen = _added(distances, k)
    if not chosen:
        return Clusters(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    while (better := _exchanged(distances, chosen)) is not None:
        chosen = better
    medoids = np.sort(np.array(chosen, dtype=np.int64))
    nearest = np.argmin(distances[:, medoids], axis=1)
    order = np.argsort(-np.bincount(nearest, minlength=len(medoids)), kind="stable")
    return Clusters(medoids[order], np.argsort(order)[nearest])


def _added(distances: Floats, k: int) -> list[int]:
    """Choose cases one by one, each as good as any."""
    chosen: list[int] = []
    left = np.full(len(distances), np.inf)
    while len(chosen) < k and left.any():
        chosen.append(int(np.argmin(np.minimum(distances, left).sum(axis=1))))
        left = np.minimum(left, distances[chosen[-1]])
    return chosen


def _exchanged(distances: Floats, chosen: list[int]) -> list[int] | None:
    """Return the choice after the one exchange that betters it most; None if none does."""
    best, found = float(distances[chosen].min(axis=0).sum()), None
    for place in range(len(chosen)):
        rest = [*chosen[:place], *chosen[place + 1 :]]
        left = distances[rest].min(axis=0) if rest else np.inf
        sums = np.minimum(distances, left).sum(axis=1)
        candidate = int(np.argmin(sums))
        # By more than rounding, or two equals would be exchanged for ever.
        if sums[candidate] < best - 1e-9 * max(best, 1.0):
            best, found = float(sums[candidate]), [*rest, candidate]
    return found
