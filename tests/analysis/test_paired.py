"""Paired differences by their definitions, on counts and times worked out by hand."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

from sim.analysis.first_passage import quantile, wilson
from sim.analysis.paired import (
    paired_cdf,
    paired_mean,
    paired_proportions,
    paired_quantiles,
    tango,
    variance_reduction,
)

Z = float(ndtri(0.975))
INF = math.inf


def score(delta: float, b: int, c: int, n: int) -> float:
    """Return the score statistic, the nuisance found by maximising the likelihood numerically."""

    def slope(q: float) -> float:
        rest = n - b - c
        return b / q + c / (q + delta) - 2.0 * rest / (1.0 - 2.0 * q - delta)

    low, high = max(0.0, -delta), (1.0 - delta) / 2.0
    q = brentq(slope, low + 1e-13, high - 1e-13, xtol=1e-15)
    return (c - b - n * delta) / math.sqrt(n * (2.0 * q + delta * (1.0 - delta)))


@pytest.mark.parametrize(("b", "c", "n"), [(5, 9, 40), (1, 12, 30), (150, 86, 1600), (3, 3, 8)])
def test_the_ends_of_the_interval_are_where_the_score_test_just_rejects(b, c, n):
    low, high = (float(end) for end in tango(np.array(b), np.array(c), n))
    assert score(low, b, c, n) == pytest.approx(Z, abs=1e-6)
    assert score(high, b, c, n) == pytest.approx(-Z, abs=1e-6)


def test_without_pairs_that_differ_it_is_wilsons_to_both_sides():
    for n in (1, 10, 1_000):
        low, high = tango(np.array(0), np.array(0), n)
        assert float(high) == -float(low) == pytest.approx(float(wilson(np.array(0), n)[1]))


def test_ends_of_what_can_be_are_never_passed():
    least, most = np.array([7, 0]), np.array([0, 7])
    low, high = tango(least, most, 7)
    assert (low[0], high[1]) == (-1.0, 1.0)
    assert -1.0 < high[0] < low[1] < 1.0
    assert tango(np.array(0), np.array(0), 0) == (-1.0, 1.0)


def test_the_textbook_interval_is_near_where_it_can_be_trusted():
    """Agresti 2013, section 11.1: approval fell by 0.04, by Wald from 0.021 to 0.059."""
    low, high = (float(end) for end in tango(np.array(150), np.array(86), 1_600))
    half = Z * math.sqrt((150 + 86 - 64**2 / 1_600) / 1_600**2)
    assert (low, high) == pytest.approx((-0.04 - half, -0.04 + half), abs=5e-4)


def test_exchanging_the_two_turns_the_interval_round():
    first, second = (np.array(x, dtype=bool) for x in ([1, 1, 0, 0, 1, 0], [0, 1, 1, 1, 1, 1]))
    there, back = paired_proportions(first, second), paired_proportions(second, first)
    assert there == pytest.approx((-back.value, -back.high, -back.low))
    assert there.value == pytest.approx(2 / 6)


def test_times_give_at_each_time_the_interval_of_what_has_come_by_then():
    rng = np.random.default_rng([20261124, 2])
    first, second = rng.exponential(3.0, 50), rng.exponential(4.0, 50)
    first[first > 6.0] = INF
    second[::5] = first[::5]
    grid = np.array([0.0, 1.0, float(first[0]), 6.0])
    found = np.stack(paired_cdf(first, second, grid), axis=1)
    wanted = [paired_proportions(first <= t, second <= t) for t in grid]
    assert found == pytest.approx(np.array(wanted))


def test_a_restricted_mean_counts_what_has_not_come_as_the_end():
    first, second = np.array([1.0, INF, 3.0, INF]), np.array([2.0, 4.0, 3.0, INF])
    found = paired_mean(first, second, 5.0)
    assert found.value == pytest.approx((1.0 - 1.0 + 0.0 + 0.0) / 4)
    spread = math.sqrt((1.0 + 1.0) / 3)
    assert found.high == pytest.approx(3.182446305284263 * spread / 2)  # t with 3 degrees


def test_a_mean_of_pairs_that_never_differ_is_not_known_exactly():
    times = np.array([1.0, 2.0, INF] * 10)
    value, low, high = paired_mean(times, times, 10.0)
    assert value == 0.0
    assert high == -low == pytest.approx(10.0 * (1.0 - 0.025 ** (1 / 30)))


def test_quantiles_are_those_of_the_two_ensembles():
    rng = np.random.default_rng([20261124, 3])
    first = rng.exponential(3.0, 200)
    second = 1.5 * first
    first[first > 6.0] = INF
    ps = (0.1, 0.5, 0.75, 0.99)
    (found,) = paired_quantiles([first], [second], ps, seed=1)
    for p, one in zip(ps[:2], found, strict=False):
        value = quantile(second, p).value - quantile(first, p).value
        assert one.value == pytest.approx(value)
        assert one.low < value < one.high
    assert found[3].value == -INF  # in the first it never comes


def test_a_quantile_that_neither_reaches_has_no_difference():
    (((value, low, high),),) = paired_quantiles(
        [np.array([1.0] + [INF] * 9)], [np.full(10, INF)], [0.5], seed=1
    )
    assert math.isnan(value)
    assert (low, high) == (-INF, INF)


def test_resamples_hang_on_the_seed_alone():
    first, second = np.arange(40.0), np.arange(40.0)[::-1].copy()
    once, again, other = (
        paired_quantiles([first], [second], [0.3], seed=seed) for seed in (5, 5, 6)
    )
    assert once == again
    assert once != other


def test_the_bootstrap_keeps_pairs_together():
    """Second times are the first ones a day later: so are all their quantiles, in any resample."""
    first = np.random.default_rng([20261124, 4]).exponential(3.0, 100)
    ((found,),) = paired_quantiles([first], [first + 1.0], [0.5], seed=1)
    assert found == pytest.approx((1.0, 1.0, 1.0))


def test_the_variance_reduction_compares_with_independent_runs():
    rng = np.random.default_rng([20261124, 5])
    common, own = rng.normal(size=200_000), rng.normal(size=(2, 200_000))
    # Correlation 0.8: 2 / (2 (1 - 0.8)) = 5; the ratio of variances is known to 1 % here.
    first, second = 2.0 * common + own
    assert variance_reduction(first, second) == pytest.approx(5.0, rel=0.03)
    assert variance_reduction(own[0], own[1]) == pytest.approx(1.0, rel=0.03)
    assert variance_reduction(first, first) == INF
    assert math.isnan(variance_reduction(np.ones(5), np.ones(5)))


def test_what_is_no_pair_is_refused():
    with pytest.raises(ValueError, match="3 replications cannot be paired with 2"):
        paired_proportions(np.ones(3, dtype=bool), np.ones(2, dtype=bool))
