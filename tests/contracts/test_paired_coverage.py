"""Intervals of paired differences hold the truth as often as they ought to, and see a difference
where there is none no more often than they may.

Of probabilities, counts are compared with the coverage of the method itself, two-sided at 4
standard errors: a false alarm in 6e-5 of the checks, of which there are 12. Intervals of means and
quantiles are to hold the truth in at least 94 % of the repetitions, one-sided at 4 standard errors
(3e-5, of 16 checks); ``make stats`` repeats all of it 10,000 times, asks for the 94 % as
they stand, and shows the figures. Each kind of check has planted faults that it must catch.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import ndtri

from sim.analysis.paired import paired_mean, paired_quantiles, tango
from tests.contracts.coverage import Check, Ends
from tests.contracts.pairs import (
    PAIRS,
    AtLeast,
    Pair,
    coupled,
    of_means,
    of_proportions,
    of_quantiles,
    score_coverage,
)
from tests.contracts.test_coverage import IS_LONG, K

REPETITIONS = 10_000 if IS_LONG else 500
OF_BOOTSTRAPS = 10_000 if IS_LONG else 100
Z = float(ndtri(0.975))

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def is_off(check: Check | AtLeast) -> bool:
    if IS_LONG and isinstance(check, AtLeast):
        return check.n_yes < check.p * check.n
    return check.deviation > K


@pytest.fixture
def off(capsys):
    """Show checks in the long form, and return those that are off."""

    def shown(pair: Pair, checks: Iterator[Check | AtLeast]) -> list[Check | AtLeast]:
        made = list(checks)
        if IS_LONG:
            with capsys.disabled():
                for check in made:
                    found = f"{100 * check.n_yes / check.n:7.3f} % of {check.n:,}"
                    bound = "at least" if isinstance(check, AtLeast) else "by theory"
                    sys.stdout.write(
                        f"\n{pair.name:16} {check.what:18} {found}, {bound} {100 * check.p:7.3f} %"
                    )
        return [check for check in made if is_off(check)]

    return shown


def by_t(first: np.ndarray, second: np.ndarray, end: float) -> Ends:
    return paired_mean(first, second, end)[1:]


def by_bootstrap(first: np.ndarray, second: np.ndarray, ps: list[float], seed: int) -> list[Ends]:
    return [found[1:] for found in paired_quantiles([first], [second], ps, seed=seed)[0]]


@every_pair
def test_intervals_of_a_difference_of_probabilities(pair, off):
    assert off(pair, of_proportions(pair, REPETITIONS, tango)) == []


@every_pair
def test_intervals_of_a_difference_of_restricted_means(pair, off):
    assert off(pair, of_means(pair, REPETITIONS, by_t)) == []


@every_pair
def test_intervals_of_a_difference_of_quantiles(pair, off):
    assert off(pair, of_quantiles(pair, OF_BOOTSTRAPS, by_bootstrap)) == []


def test_a_difference_is_seen_where_there_is_none_in_one_case_in_twenty():
    """The exact size of the score test, over chances that differ in one pair of a hundred to half
    of them; with hardly any pair that differs it is smaller still.
    """
    sizes = [1.0 - score_coverage(n, p, p) for n in (40, 60, 200) for p in (0.005, 0.05, 0.25)]
    assert 0.03 < max(sizes) < 0.06


def test_the_joint_law_of_two_cities_is_what_runs_show():
    pair = PAIRS[1]
    first, second = (times.ravel() <= 3.0 for times in pair.times(REPETITIONS, pair.n))
    chances = coupled((0.12, 0.04), (0.04, 0.12))(3.0)
    for found, p in zip((first & ~second, second & ~first), chances, strict=True):
        assert Check("", int(found.sum()), len(found), p).deviation < K


# Planted faults.


def wald(only_first: np.ndarray, only_second: np.ndarray, n: int) -> Ends:
    """Return the interval of the textbooks, which has no width where no pair differs."""
    difference = (only_second - only_first) / n
    half = Z * np.sqrt((only_first + only_second) / n - difference**2) / math.sqrt(n)
    return difference - half, difference + half


def turned_round(only_first: np.ndarray, only_second: np.ndarray, n: int) -> Ends:
    return tango(only_second, only_first, n)


def too_sure(only_first: np.ndarray, only_second: np.ndarray, n: int) -> Ends:
    return tango(only_first, only_second, n, 0.9)


def too_careful(only_first: np.ndarray, only_second: np.ndarray, n: int) -> Ends:
    return tango(only_first, only_second, n, 0.99)


@pytest.mark.parametrize(
    ("spoilt", "n_noticed"), [(wald, 2), (turned_round, 2), (too_sure, 3), (too_careful, 3)]
)
def test_spoilt_intervals_of_probabilities_are_noticed(spoilt, n_noticed):
    off = [any(map(is_off, of_proportions(pair, REPETITIONS, spoilt))) for pair in PAIRS]
    assert sum(off) >= n_noticed


def of_those_that_came(first: np.ndarray, second: np.ndarray, end: float) -> Ends:
    """Leave out what has not come in both: the tempting way to be rid of infinite times."""
    came = np.isfinite(first) & np.isfinite(second)
    return paired_mean(first[came], second[came], end)[1:]


def at_80(first: np.ndarray, second: np.ndarray, end: float) -> Ends:
    return paired_mean(first, second, end, 0.8)[1:]


@pytest.mark.parametrize(("spoilt", "n_noticed"), [(of_those_that_came, 1), (at_80, 4)])
def test_spoilt_intervals_of_means_are_noticed(spoilt, n_noticed):
    off = [any(map(is_off, of_means(pair, REPETITIONS, spoilt))) for pair in PAIRS]
    assert sum(off) >= n_noticed


def turned_quantiles(
    first: np.ndarray, second: np.ndarray, ps: list[float], seed: int
) -> list[Ends]:
    return by_bootstrap(second, first, ps, seed)


def half_as_wide(first: np.ndarray, second: np.ndarray, ps: list[float], seed: int) -> list[Ends]:
    """Take the spread of the resampled differences for that between the ends."""
    found = paired_quantiles([first], [second], ps, seed=seed)[0]
    return [(d + (low - d) / 2.0, d + (high - d) / 2.0) for d, low, high in found]


@pytest.mark.parametrize(("spoilt", "n_noticed"), [(turned_quantiles, 2), (half_as_wide, 2)])
def test_spoilt_intervals_of_quantiles_are_noticed(spoilt, n_noticed):
    off = [any(map(is_off, of_quantiles(pair, OF_BOOTSTRAPS, spoilt))) for pair in PAIRS]
    assert sum(off) >= n_noticed
