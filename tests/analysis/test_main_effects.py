"""First-order indices from points as they come."""

from __future__ import annotations

import numpy as np
import pytest

from sim.analysis.design import grid, latin_hypercube
from sim.analysis.main_effects import PARTS, bins_for, bins_of, main_effects
from sim.analysis.sobol import Indices
from tests.oracles.sensitivity import KNOWN

SEEDS = range(60)
#: As in ``test_sobol``.
LEAST = 49


def held(found: list[Indices], truth: np.ndarray) -> np.ndarray:
    return sum((f.low <= truth) & (truth <= f.high) for f in found)


def of_shares(m: int, seed: int, *, corrected: bool) -> Indices:
    """Return the indices of Ishigami's function as a probability, of m replications each."""
    points = latin_hypercube(600, 3, seed)
    p = KNOWN["ishigami"].probability(points)
    shares = np.random.default_rng(seed).binomial(m, p) / m
    noise = shares * (1.0 - shares) / (m - 1)
    return main_effects(points, shares, noise if corrected else np.zeros_like(noise))


def in_eight_bins() -> np.ndarray:
    """Return what eight bins see of the indices: the spread of the means within them."""
    known = KNOWN["ishigami"]
    at = (np.arange(8_000) + 0.5) / 8_000
    x = np.pi * (2.0 * at - 1.0)
    of_x = (1.0 + 0.1 * np.pi**4 / 5.0) * np.sin(x)
    of_y = 7.0 * np.sin(x) ** 2
    means = [of.reshape(8, -1).mean(axis=1).var() for of in (of_x, of_y)]
    return np.array([*means, 0.0]) / known.variance


@pytest.mark.statistical
def test_known_indices_lie_in_their_intervals_with_luck_taken_off():
    found = [of_shares(100, seed, corrected=True) for seed in SEEDS]
    assert np.all(held(found, in_eight_bins()) >= LEAST)
    assert np.mean([f.value for f in found], axis=0) == pytest.approx(in_eight_bins(), abs=0.02)


@pytest.mark.statistical
def test_with_luck_left_in_they_do_not():
    found = [of_shares(100, seed, corrected=False) for seed in SEEDS]
    assert held(found, in_eight_bins()).min() < LEAST


def test_a_grid_has_a_bin_for_each_level():
    points = grid([3, 5], 1)
    for column, n in zip(points.T, (3, 5), strict=True):
        bins = bins_of(column, bins_for(column))
        assert np.bincount(bins).tolist() == [len(points) // n] * n


@pytest.mark.parametrize(("is_whole", "allowed"), [(True, 1e-12), (False, 0.2)])
def test_a_whole_grid_divides_a_sum_without_rest(is_whole, allowed):
    """Taken for a sample of points, the other input would count as noise."""
    points = grid([5, 5], 2)
    values, nothing = points @ np.array([3.0, 1.0]), np.zeros(25)
    found = main_effects(points, values, nothing, is_whole_grid=is_whole)
    assert found.value == pytest.approx([0.9, 0.1], abs=allowed)
    assert (found.value == pytest.approx([0.9, 0.1])) is is_whole


@pytest.mark.statistical
def test_luck_is_taken_off_a_whole_grid():
    """Means of 200 seeds to four standard errors; luck left in, they are wrong."""
    points = grid([4, 4], 2)
    p = 0.3 + points @ np.array([0.15, 0.05])
    truth = np.array([0.9, 0.1])
    found = {True: [], False: []}
    for seed in range(200):
        shares = np.random.default_rng(seed).binomial(400, np.tile(p, 4)) / 400
        noise = shares * (1.0 - shares) / 399
        for corrected, of in found.items():
            luck = noise if corrected else np.zeros_like(noise)
            of.append(main_effects(np.tile(points, (4, 1)), shares, luck, is_whole_grid=True).value)
    assert np.mean(found[True], axis=0) == pytest.approx(truth, abs=0.03)
    assert np.mean(found[False], axis=0) != pytest.approx(truth, abs=0.03)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match=f"at least {PARTS} points are needed, there are 9"):
        main_effects(grid([3, 3], 1), np.zeros(9), np.zeros(9))
