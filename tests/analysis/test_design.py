"""Designs: what points they have, and that a longer one goes on from a shorter."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.analysis import design


@pytest.mark.parametrize("make", [design.saltelli, design.trajectories])
@pytest.mark.parametrize(("few", "many"), [(5, 6), (8, 9), (20, 64)])
def test_a_longer_design_begins_like_a_shorter(make, few, many):
    assert np.array_equal(make(few, 3, 7), make(many, 3, 7)[:few])


@pytest.mark.parametrize("make", [design.saltelli, design.trajectories, design.latin_hypercube])
def test_another_seed_is_another_design(make):
    assert np.array_equal(make(20, 3, 0), make(20, 3, 0))
    assert not np.array_equal(make(20, 3, 0), make(20, 3, 1))


@pytest.mark.parametrize(
    "points",
    [
        design.saltelli(1_024, 3, 1),
        design.trajectories(50, 3, 1),
        design.latin_hypercube(1_000, 3, 1),
        design.grid([4, 5], 1),
    ],
)
def test_no_coordinate_is_at_an_end(points):
    assert np.all((points > 0.0) & (points < 1.0))


def test_points_of_a_group_differ_from_the_first_in_one_input_of_the_second():
    for group in design.saltelli(16, 4, 3):
        a, b, *others = group
        for i, point in enumerate(others):
            assert point[i] == b[i]
            assert np.array_equal(np.delete(point, i), np.delete(a, i))


def test_sobol_points_are_more_even_than_random_ones():
    """The mean of 256 numbers has an error of 0.018 by chance."""
    points = design.saltelli(256, 3, 2)[:, :2].mean(axis=(0, 1))
    assert np.all(np.abs(points - 0.5) < 0.002)


def test_every_input_moves_once_in_a_trajectory():
    for group in design.trajectories(30, 5, 1):
        steps = np.diff(group, axis=0)
        assert np.array_equal(np.count_nonzero(steps, axis=0), np.ones(5))
        assert np.array_equal(np.count_nonzero(steps, axis=1), np.ones(5))
        assert set(np.abs(steps[steps != 0.0])) == {design.STEP}


def test_levels_and_directions_of_trajectories_come_alike_often():
    """2,000 starts: 4 standard errors of a share of a quarter are 0.039."""
    starts = design.trajectories(2_000, 2, 4)[:, 0, :]
    for column in starts.T:
        levels, counts = np.unique(column, return_counts=True)
        assert levels.tolist() == [0.125, 0.375, 0.625, 0.875]
        assert np.all(np.abs(counts / 2_000 - 0.25) < 0.039)


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_input():
    points = design.latin_hypercube(40, 3, 9)
    for column in points.T:
        assert sorted(np.floor(column * 40).astype(int)) == list(range(40))


def test_a_grid_has_all_combinations_in_random_order():
    points = design.grid([3, 2], 1)
    wanted = itertools.product([1 / 6, 3 / 6, 5 / 6], [1 / 4, 3 / 4])
    assert sorted(points.tolist()) == [pytest.approx(list(point)) for point in wanted]
    assert not np.array_equal(points, design.grid([3, 2], 2))
