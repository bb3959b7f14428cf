"""Medoids: on clusters that were planted, and against every choice there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.analysis.medoids import differing, k_medoids

#: Who holds 8 places at 25 times, in three ways that a war may go.
WAYS = np.random.default_rng(3).integers(0, 4, (3, 200))
SHARES = (0.5, 0.3, 0.2)


def planted(noise: float, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return histories and whose way each went: with a share of their points drawn anew."""
    random = np.random.default_rng(5)
    whose = random.choice(3, size=n, p=SHARES)
    histories = WAYS[whose]
    is_noise = random.uniform(size=histories.shape) < noise
    return np.where(is_noise, random.integers(0, 4, histories.shape), histories), whose


def cost(distances: np.ndarray, chosen) -> float:
    return float(distances[list(chosen)].min(axis=0).sum())


def test_a_distance_is_the_share_of_points_that_differ():
    histories, _ = planted(0.3, 40)
    expected = (histories[:, None] != histories[None]).mean(axis=2)
    assert np.allclose(differing(histories), expected, atol=1e-12)


def test_no_points_and_no_histories_leave_no_distance():
    assert differing(np.empty((3, 0), dtype=np.int64)).tolist() == [[0.0] * 3] * 3
    assert differing(np.empty((0, 4), dtype=np.int64)).shape == (0, 0)
    assert k_medoids(np.empty((0, 0)), 3).medoids.tolist() == []


def test_planted_clusters_are_found_with_their_shares():
    histories, whose = planted(0.3)
    found = k_medoids(differing(histories), 3)
    assert whose[found.medoids].tolist() == [0, 1, 2]  # the largest first
    assert np.array_equal(found.members, whose)
    assert found.sizes.tolist() == np.bincount(whose).tolist()


def test_histories_that_are_all_noise_are_not_told_apart_so():
    histories, whose = planted(1.0)
    assert not np.array_equal(k_medoids(differing(histories), 3).members, whose)


def test_a_planted_medoid_is_a_history_without_noise():
    histories, whose = planted(0.5)
    pure = [int(np.flatnonzero(whose == way)[4]) for way in range(3)]
    histories[pure] = WAYS
    assert k_medoids(differing(histories), 3).medoids.tolist() == pure


def test_fewer_stand_for_all_where_fewer_ways_are_gone():
    histories, whose = planted(0.0)
    found = k_medoids(differing(histories), 5)
    assert found.medoids.tolist() == [int(np.flatnonzero(whose == way)[0]) for way in range(3)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_no_exchange_betters_what_is_found_and_the_best_choice_is_seldom_far(seed, k):
    places = np.random.default_rng(seed).uniform(size=(9, 2))
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    found = k_medoids(distances, k)
    mine = cost(distances, found.medoids)
    others = set(range(9)) - set(found.medoids.tolist())
    for out in found.medoids.tolist():
        kept = [m for m in found.medoids.tolist() if m != out]
        assert all(cost(distances, [*kept, new]) >= mine - 1e-9 for new in others)
    best = min(cost(distances, choice) for choice in combinations(range(9), k))
    assert best - 1e-9 <= mine <= 5.0 * best + 1e-9  # the bound of local search: Arya et al. 2004
    assert found.sizes.tolist() == sorted(found.sizes.tolist(), reverse=True)
    assert np.array_equal(found.members[found.medoids], np.arange(len(found.medoids)))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_as_many_cases_as_medoids_stand_for_themselves(n):
    distances = 1.0 - np.eye(n)
    assert k_medoids(distances, 3).medoids.tolist() == list(range(n))
