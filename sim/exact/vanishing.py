r"""Where immediates come to rest: the elimination of vanishing states.

With :math:`P` the probabilities of going on from one vanishing state to another, and :math:`Q`
those of coming to rest in a tangible one, they come to rest with the probabilities
:math:`R = (I - P)^{-1} Q`. The linear system is solved by taking out one state after the other,
as Grassmann, Taksar & Heyman do (Oper. Res. 33, 1107, 1985): :math:`1 - P_{vv}` is computed as the
sum of the ways out of v. Nothing is subtracted, so that small probabilities keep their digits
however often a circle goes round.
"""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from sim.exact.vector import Places

#: Ways (entries of the system) kept at the most: what bounds memory where much is connected.
MOST_WAYS = 20_000_000

#: Chance of leaving a circle, each time round, below which it is taken to have no end.
_TOLD_FROM_NONE = 1e-22

#: Targets of a state, with their probabilities; tangible ones are numbered after the vanishing.
Ways = dict[int, float]


class Endless(Exception):
    """From the vanishing states ``stuck``, no tangible one can be reached (or as good as none)."""

    def __init__(self, stuck: Places) -> None:
        super().__init__(f"{len(stuck)} states without an end")
        self.stuck = stuck


class TooManyWays(Exception):
    """So much is connected that :data:`MOST_WAYS` would not hold it."""


def rests(going: sparse.csr_array, rest: sparse.csr_array) -> sparse.csr_array:
    """Return R, shape (n_vanishing, n_tangible), of P = ``going`` and Q = ``rest``.

    Raises
    ------
    Endless
        If a tangible state cannot be reached from everywhere.
    TooManyWays
        If the solution takes more than :data:`MOST_WAYS` numbers.
    """
    if len(stuck := _stuck(going, rest)):
        raise Endless(stuck)
    if going.nnz == 0:
        return sparse.csr_array(sparse.diags_array(1.0 / rest.sum(axis=1)) @ rest)
    ways = _as_ways(sparse.csr_array(sparse.hstack([going, rest])))
    try:
        order = _take_out(ways)
    except Endless as endless:
        raise Endless(_circle(going, endless.stuck)) from None
    _fill_in(ways, order)
    return _as_matrix(ways, rest.shape)


def _stuck(going: sparse.csr_array, rest: sparse.csr_array) -> Places:
    """Return the vanishing states from which no tangible one can be reached."""
    n = going.shape[0]
    ends = sparse.csr_array((rest.sum(axis=1) > 0.0).astype(float)[None, :])
    backwards = sparse.block_array([[going.T, None], [ends, sparse.csr_array((1, 1))]])
    reached = csgraph.breadth_first_order(sparse.csr_array(backwards), n, return_predecessors=False)
    stuck: Places = np.setdiff1d(np.arange(n), reached)
    return stuck


def _circle(going: sparse.csr_array, states: Places) -> Places:
    """Return all that go round in a circle with the first of the states."""
    _, circle = csgraph.connected_components(going, connection="strong")
    together: Places = np.flatnonzero(circle == circle[states[0]])
    return together


def _as_ways(matrix: sparse.csr_array) -> list[Ways]:
    """Return the rows of a matrix."""
    targets, values, ends = matrix.indices.tolist(), matrix.data.tolist(), matrix.indptr.tolist()
    return [dict(zip(targets[i:j], values[i:j], strict=True)) for i, j in pairwise(ends)]


def _take_out(ways: list[Ways]) -> list[int]:
    """Take out every vanishing state; return their order.

    Afterwards a state leads to tangible ones and to such as were taken out later. The cheapest is
    next (Markowitz, Manag. Sci. 3, 255, 1957): where there is no circle, nothing is filled in.
    """
    n, n_ways = len(ways), sum(map(len, ways))
    sources: list[set[int]] = [set() for _ in range(n)]
    for v, row in enumerate(ways):
        for w in row:
            if w < n and w != v:
                sources[w].add(v)
    waiting = [(len(sources[v]) * len(ways[v]), v) for v in range(n)]
    heapq.heapify(waiting)
    order = []
    while waiting:
        cost, v = heapq.heappop(waiting)
        now = len(sources[v]) * len(ways[v])
        if now > cost:  # its neighbours were taken out in the meantime
            heapq.heappush(waiting, (now, v))
            continue
        order.append(v)
        row = ways[v] = _left(ways[v], v)
        for w in row:
            if w < n:
                sources[w].discard(v)
        for u in sources[v]:
            before = len(ways[u])
            _lead_past(ways[u], v, row)
            n_ways += len(ways[u]) - before
            for w in row:
                if w < n and w != u:
                    sources[w].add(u)
        _check(n_ways)
    return order


def _left(row: Ways, v: int) -> Ways:
    """Return the ways out of v once it is left for good."""
    again, total = row.pop(v, 0.0), sum(row.values())
    if total < _TOLD_FROM_NONE * again:
        raise Endless(np.array([v]))
    return {w: p / total for w, p in row.items()}


def _lead_past(row: Ways, v: int, onwards: Ways) -> None:
    """Put the ways out of v in the place of v."""
    p = row.pop(v)
    for w, q in onwards.items():
        row[w] = row.get(w, 0.0) + p * q


def _fill_in(ways: list[Ways], order: list[int]) -> None:
    """Replace what was taken out later by where it comes to rest, the last first."""
    n, n_ways = len(ways), 0
    for v in reversed(order):
        row = ways[v]
        for w in [w for w in row if w < n]:
            _lead_past(row, w, ways[w])
        n_ways += len(row)
        _check(n_ways)


def _check(n_ways: int) -> None:
    if n_ways > MOST_WAYS:
        raise TooManyWays(f"more than {MOST_WAYS:,} ways")


def _as_matrix(ways: list[Ways], shape: tuple[int, int]) -> sparse.csr_array:
    """Return the matrix of rows that lead to tangible states."""
    ends = np.cumsum([0, *map(len, ways)])
    targets = np.fromiter((w for row in ways for w in row), np.intp, ends[-1]) - len(ways)
    values = np.fromiter((p for row in ways for p in row.values()), np.float64, ends[-1])
    return sparse.csr_array((values, targets, ends), shape=shape)
