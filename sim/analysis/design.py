"""Designs of computer experiments: points of the unit cube, as groups that are compared within.

A coordinate is a probability: where an input is set, it takes its law's value there. No coordinate
is 0 or 1, where the value of an unbounded law is infinite. Every design is a function of its
arguments and the seed alone; those of :func:`saltelli` and :func:`trajectories` begin the same
whatever their length, so that a longer one goes on from a shorter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from sim.analysis.first_passage import Floats

#: Coordinates of scrambled Sobol' points are multiples of 2^-30: half a one keeps them from 0.
_HALF_STEP = 2.0**-31
#: Levels of a trajectory, and how far one step goes: two of four levels, half of the range.
LEVELS = 4
STEP = 0.5


def saltelli(n_groups: int, n_inputs: int, seed: int) -> Floats:
    """Return the points that Sobol' indices are estimated from, shape (n_groups, d + 2, d).

    Each group holds a point a, a point b, and for every input i the point a with coordinate i of b
    (Saltelli et al., Comput. Phys. Commun. 181, 259, 2010). The pairs (a, b) are a Sobol' sequence
    in 2 d dimensions, scrambled (Owen, J. Complexity 14, 466, 1998).
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(2 * n_inputs, scramble=True, rng=_generator(seed))
    m = max(0, math.ceil(math.log2(n_groups)))
    pairs = engine.random_base2(m)[:n_groups] + _HALF_STEP
    a, b = pairs[:, :n_inputs], pairs[:, n_inputs:]
    points = np.repeat(a[:, np.newaxis], n_inputs + 2, axis=1)
    points[:, 1] = b
    for i in range(n_inputs):
        points[:, i + 2, i] = b[:, i]
    return points


def trajectories(n_groups: int, n_inputs: int, seed: int) -> Floats:
    """Return the points of Morris's one-at-a-time walks, shape (n_groups, d + 1, d).

    From a random point of a grid of :data:`LEVELS` levels, every input in random order moves once,
    by :data:`STEP` (Morris, Technometrics 33, 161, 1991). Levels are the middles of equal parts of
    the probability, 1/8 to 7/8.
    """
    points = np.empty((n_groups, n_inputs + 1, n_inputs))
    for group in range(n_groups):
        random = _generator(seed, group)
        level = random.integers(LEVELS, size=n_inputs)
        order = random.permutation(n_inputs)
        points[group] = (level + 0.5) / LEVELS
        for k, i in enumerate(order):
            points[group, k + 1 :, i] += STEP if level[i] < LEVELS // 2 else -STEP
    return points


def latin_hypercube(n: int, n_inputs: int, seed: int) -> Floats:
    """Return n points, shape (n, d): one in each of n equal parts of every coordinate.

    McKay, Beckman & Conover, Technometrics 21, 239, 1979.
    """
    random = _generator(seed)
    parts = np.column_stack([random.permutation(n) for _ in range(n_inputs)])
    within = random.uniform(_HALF_STEP, 1.0 - _HALF_STEP, parts.shape)
    return np.asarray((parts + within) / n)


def grid(levels: Sequence[int], seed: int) -> Floats:
    """Return all combinations of so many levels of each coordinate, in random order.

    Levels are the middles of equal parts of the probability. In random order any first points are
    a sample of all.
    """
    of_each = [(np.arange(n) + 0.5) / n for n in levels]
    points = np.array(list(product(*of_each)))
    return points[_generator(seed).permutation(len(points))]


def _generator(seed: int, group: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, group])))
