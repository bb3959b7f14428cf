"""The band over what is unknown: on laws whose quantiles are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.analysis.nested import FEWEST_GROUPS, nested_band, paired_band, shrinkage

GROUPS, WITHIN = 600, 32
REPETITIONS = 400
#: Two-sided 4 standard errors: a false alarm in 16,000, were the seeds not fixed.
K = 4.0
#: What is left of the noise at the ends, by the shape of the shares alone: next to nothing, and
#: half a point where groups pile up at 0 or 1.
LAWS = {
    "uniform": (stats.uniform(), 0.002),
    "narrow": (stats.beta(50, 50), 0.003),
    "high": (stats.beta(8, 2), 0.003),
    "at both ends": (stats.beta(0.5, 0.5), 0.007),
    "rare": (stats.beta(1, 19), 0.007),
}


def bands(law, correct: bool = True) -> np.ndarray:
    """Return bands of repeated nested runs, shape (REPETITIONS, 2)."""
    random = np.random.default_rng(11)
    found = []
    for _ in range(REPETITIONS):
        p = law.ppf(random.uniform(size=GROUPS))
        counts = random.binomial(WITHIN, p)
        found.append(
            nested_band(counts, WITHIN) if correct else np.quantile(counts / WITHIN, [0.1, 0.9])
        )
    return np.array(found)


def bias(found: np.ndarray, law) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the bands lie from the truth on average, and the standard error of that."""
    return found.mean(axis=0) - law.ppf([0.1, 0.9]), found.std(axis=0) / math.sqrt(len(found))


@pytest.mark.statistical
@pytest.mark.parametrize("name", LAWS)
def test_the_noise_within_groups_does_not_widen_the_band(name):
    law, allowed = LAWS[name]
    off, standard_error = bias(bands(law), law)
    assert np.all(np.abs(off) < allowed + K * standard_error)


@pytest.mark.statistical
@pytest.mark.parametrize("name", ["uniform", "narrow", "high"])
def test_quantiles_of_the_raw_shares_fail_that_test(name):
    law, allowed = LAWS[name]
    off, standard_error = bias(bands(law, correct=False), law)
    assert np.all(np.abs(off) > allowed + K * standard_error)


@pytest.mark.statistical
def test_where_nothing_hangs_on_the_inputs_the_band_is_narrow():
    """All groups have p = 0.5: the raw shares would spread by 0.09, the band should by nothing."""
    counts = np.random.default_rng(3).binomial(WITHIN, 0.5, size=(200, 1_000))
    widths = [high - low for low, high in (nested_band(c, WITHIN) for c in counts)]
    # What is left is the error of a variance from 1,000 groups: 0.09 sqrt(sqrt(2 / 1000)) at most.
    assert np.mean(widths) < 2.56 * 0.088 * (2.0 / 1_000) ** 0.25
    assert np.median(widths) < 0.05


def test_the_variance_is_right():
    random = np.random.default_rng(5)
    p = random.beta(3, 5, size=200_000)
    counts = random.binomial(8, p)
    assert (counts / 8).var() * shrinkage(counts, 8) ** 2 == pytest.approx(p.var(), rel=0.03)


def test_a_gap_between_groups_is_not_filled_with_what_no_group_has():
    """Eight of a hundred groups always, the others never: the middle 80 % have nothing of it."""
    low, high = nested_band(np.array([0] * 92 + [WITHIN] * 8), WITHIN)
    assert 0.0 <= low < high < 1.0 / WITHIN


def test_ends_and_few_groups():
    low, high = nested_band(np.zeros(80, dtype=int), WITHIN)
    assert 0.0 <= low < high < 0.5 / WITHIN
    low, high = nested_band(np.full(80, WITHIN), WITHIN)
    assert 1.0 - 0.5 / WITHIN < low < high <= 1.0
    assert nested_band(np.zeros(FEWEST_GROUPS - 1, dtype=int), WITHIN) is None
    low, high = nested_band(np.arange(64) // 2, WITHIN)
    assert 0.0 < low < high < 1.0


def test_the_band_is_set_around_what_is_better_known():
    counts = np.random.default_rng(1).binomial(WITHIN, 0.5, size=500)
    low, high = nested_band(counts, WITHIN, mean=0.52)
    assert low - 0.03 < 0.52 < high + 0.03
    shifted = nested_band(counts, WITHIN, mean=0.42)
    assert shifted == pytest.approx((low - 0.1, high - 0.1))


# The band of a difference.


def paired_bands(effect: float, shared: float, correct: bool = True) -> np.ndarray:
    """Return bands of a difference that is even between 0 and ``effect`` over the unknown.

    In a share ``shared`` of the replications luck is common; in the others each has its own.
    """
    random = np.random.default_rng(12)
    found = []
    for _ in range(REPETITIONS // 8):
        p = random.uniform(0.0, effect, size=(GROUPS, 1))
        luck, own = random.uniform(size=(2, GROUPS, WITHIN))
        second = np.where(random.uniform(size=luck.shape) < shared, luck, own)
        first, second = luck < 0.3, second < 0.3 + p
        raw = (second.mean(axis=1) - first.mean(axis=1)).tolist()
        found.append(paired_band(first, second) if correct else np.quantile(raw, [0.1, 0.9]))
    return np.array(found)


def paired_bias(found: np.ndarray, effect: float) -> tuple[np.ndarray, np.ndarray]:
    wanted = [0.1 * effect, 0.9 * effect]
    return found.mean(axis=0) - wanted, found.std(axis=0) / math.sqrt(len(found))


#: By the share of luck in common, what the shape of the shares alone leaves at the ends.
of_shared = pytest.mark.parametrize(("shared", "allowed"), [(0.5, 0.012), (1.0, 0.008)])


@pytest.mark.statistical
@of_shared
def test_the_noise_within_pairs_does_not_widen_the_band_of_a_difference(shared, allowed):
    off, standard_error = paired_bias(paired_bands(0.5, shared), 0.5)
    assert np.all(np.abs(off) < allowed + K * standard_error)


@pytest.mark.statistical
@of_shared
def test_quantiles_of_the_raw_differences_fail_that_test(shared, allowed):
    off, standard_error = paired_bias(paired_bands(0.5, shared, correct=False), 0.5)
    assert np.all(np.abs(off) > allowed + K * standard_error)


def test_a_difference_that_no_group_shows_is_a_point():
    same = np.zeros((FEWEST_GROUPS, WITHIN), dtype=bool)
    assert paired_band(same, same) == (0.0, 0.0)
    assert paired_band(same[1:], same[1:]) is None


def test_few_groups_with_a_difference_do_not_widen_the_band():
    first = np.zeros((200, WITHIN), dtype=bool)
    second = first.copy()
    second[:4, :20] = True
    low, high = paired_band(first, second)
    assert -0.01 < low <= high < 0.01
