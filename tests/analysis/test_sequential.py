"""Evidence that holds at every look: against its definition, and by what it must and must not do.

How often it misses is in tests/contracts/test_sequential.py.
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import xlog1py, xlogy
from scipy.stats import beta, dirichlet, fisher_exact

from sim.analysis.sequential import (
    Change,
    Share,
    bounds,
    holm,
    log_against_inside,
    log_against_outside,
    log_mixture_ratio,
    log_of_mean,
    sequential_quantile,
)
from sim.analysis.two_samples import fisher

CHANGES = [(20, 5, 100), (0, 5, 50), (7, 0, 30), (0, 0, 10), (3, 3, 6), (4, 0, 4)]
DIFFERENCES = (-0.9, -0.3, -0.01, 0.0, 0.05, 0.4, 0.9)


@pytest.mark.parametrize(("k", "n"), [(0, 3), (2, 7), (40, 50)])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_evidence_about_a_share_is_the_integral_that_defines_it(k, n, p):
    def ratio(q: float) -> float:
        return math.exp(xlogy(k, q / p) + xlog1py(n - k, -q) - xlog1py(n - k, -p))

    whole, _ = quad(lambda x: ratio(math.sin(x) ** 2) * 2.0 / math.pi, 0.0, math.pi / 2)
    assert Share(k, n).log_evidence(p) == pytest.approx(math.log(whole), abs=1e-7)
    assert beta(0.5, 0.5).cdf(0.25) == pytest.approx(1.0 / 3.0)  # the mixture is the arcsine law


def test_evidence_about_three_kinds_is_the_integral_that_defines_it():
    """A mean of 200,000 draws, to 4 standard errors."""
    counts, p = np.array([3, 1, 6]), np.array([0.2, 0.2, 0.6])
    laws = dirichlet([0.5, 0.5, 0.5]).rvs(200_000, random_state=1)
    ratios = np.exp(xlogy(counts, laws).sum(axis=1) - xlogy(counts, p).sum())
    found = math.exp(log_mixture_ratio(list(counts), list(p)))
    assert abs(found - ratios.mean()) < 4.0 * ratios.std() / math.sqrt(len(ratios))


@pytest.mark.parametrize("p", [(0.3, 0.7), (0.05, 0.15, 0.8)])
def test_evidence_begins_at_1_and_is_expected_to_stay_there(p):
    """The martingale, one step from any counts: what Ville's inequality rests on."""
    assert log_mixture_ratio([0] * len(p), p) == pytest.approx(0.0, abs=1e-12)
    for counts in ([2, 5, 1][: len(p)], [0, 30, 4][: len(p)]):
        after = 0.0
        for kind, share in enumerate(p):
            more = [c + (kind == place) for place, c in enumerate(counts)]
            after += share * math.exp(log_mixture_ratio(more, p))
        assert after == pytest.approx(math.exp(log_mixture_ratio(counts, p)), rel=1e-12)


@pytest.mark.parametrize("counts", CHANGES)
@pytest.mark.parametrize("delta", DIFFERENCES)
def test_evidence_against_a_difference_is_the_least_over_all_laws_with_it(counts, delta):
    up, down, n = counts
    least = min(
        log_mixture_ratio((up, down, n - up - down), (x + delta, x, max(0.0, 1 - 2 * x - delta)))
        for x in np.linspace(max(0.0, -delta), (1.0 - delta) / 2.0, 4_001)
    )
    found = Change(up, down, n).log_evidence(delta)
    assert found <= least + 1e-9
    assert found == pytest.approx(least, abs=1e-3)


@pytest.mark.parametrize("tally", [Share(0, 9), Share(9, 9), Share(40, 50), *map(Change, *zip(*CHANGES, strict=True))])  # fmt: skip # noqa: E501
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_bounds_are_where_the_evidence_is_just_enough(tally, alpha):
    low, high = bounds(tally, alpha)
    assert tally.ends[0] <= low <= tally.estimate <= high <= tally.ends[1]
    for end, limit in zip((low, high), tally.ends, strict=True):
        if end != limit:
            assert tally.log_evidence(end) == pytest.approx(-math.log(alpha), abs=1e-6)
        else:
            assert tally.log_evidence(limit) < -math.log(alpha)
    narrow = bounds(tally, 0.5)
    assert low <= narrow[0] <= narrow[1] <= high


def test_a_million_replications_are_no_trouble():
    low, high = bounds(Share(999_999, 1_000_000), 0.001)
    assert 0.9999 < low < 0.999999 < high < 1.0
    low, high = bounds(Change(1, 0, 10_000_000), 0.001)
    assert -1e-5 < low < 1e-7 < high < 1e-5


def test_the_two_sides_of_a_difference_are_mirrored():
    low, high = bounds(Change(20, 5, 100), 0.05)
    assert bounds(Change(5, 20, 100), 0.05) == (-high, -low)


def test_of_nothing_nothing_is_known():
    assert bounds(Share(), 0.05) == (0.0, 1.0)
    assert bounds(Change(), 0.05) == (-1.0, 1.0)
    assert log_against_inside(Share(), 0.4, 0.6) == log_against_outside(Share(), 0.4, 0.6) == 0.0
    assert math.isnan(sequential_quantile(np.empty(0), 0.5, 0.05).value)


def test_evidence_against_an_interval_is_that_against_the_nearest_figure_in_it():
    tally = Share(70, 100)
    assert log_against_inside(tally, 0.2, 0.4) == tally.log_evidence(0.4)
    assert log_against_inside(tally, 0.6, 0.9) < 0.0
    nearest = min(tally.log_evidence(0.4), tally.log_evidence(0.8))
    assert log_against_outside(tally, 0.4, 0.8) == nearest
    assert log_against_outside(tally, 0.4, 1.0) == tally.log_evidence(0.4)
    assert log_against_outside(tally, 0.8, 1.0) == 0.0


def test_the_mean_of_evidence():
    assert log_of_mean(math.log(3.0), math.log(5.0)) == pytest.approx(math.log(4.0))
    assert log_of_mean(800.0, 0.0) == pytest.approx(800.0 - math.log(2.0))


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ([0.01], [True]),
        ([0.01, 0.02, 0.6], [True, True, False]),
        ([0.6, 0.024, 0.016], [False, True, True]),
        ([0.6, 0.026, 0.016], [False, False, True]),
        ([0.02, 0.02, 0.02], [False, False, False]),
        ([], []),
    ],
)
def test_p_values_are_stepped_down(p, expected):
    assert holm([-math.log(x) for x in p], 0.05) == expected


def test_the_interval_of_a_quantile_has_the_times_that_cannot_be_told_from_it():
    times = np.sort(np.random.default_rng(3).exponential(size=200))
    found = sequential_quantile(times[::-1].copy(), 0.3, 0.05)
    inside = [
        t
        for t in times
        if Share(int((times <= t).sum()), 200).log_evidence(0.3) < -math.log(0.05)
        or Share(int((times < t).sum()), 200).log_evidence(0.3) < -math.log(0.05)
    ]
    assert (found.low, found.high) == (inside[0], inside[-1])
    assert found.low < found.value < found.high


def test_a_quantile_beyond_the_horizon_is_infinite():
    few = np.array([1.0] * 30 + [math.inf] * 170)
    assert sequential_quantile(few, 0.5, 0.05)[::2] == (math.inf, math.inf)
    assert sequential_quantile(few, 0.5, 0.05).low == math.inf
    assert sequential_quantile(few, 0.15, 0.05).low == 1.0


# Two samples.


def test_fishers_test_is_that_of_others():
    random = np.random.default_rng(5)
    for _ in range(200):
        m, n = random.integers(1, 60, size=2)
        x, y = random.integers(0, m + 1), random.integers(0, n + 1)
        other = fisher_exact([[x, m - x], [y, n - y]]).pvalue
        assert fisher(int(x), int(m), int(y), int(n)) == pytest.approx(other, rel=1e-9)
    assert fisher(5_000, 10_000, 5_000, 10_000) == 1.0
    assert fisher(5_000, 10_000, 5_300, 10_000) == pytest.approx(
        fisher_exact([[5_000, 5_000], [5_300, 4_700]]).pvalue, rel=1e-6
    )


def exact_size(test, n: int, p: float, alpha: float) -> float:
    """Return how often a test of two samples of one law is at most alpha: a sum over both."""
    from scipy.stats import binom

    weights = binom.pmf(np.arange(n + 1), n, p)
    return sum(
        weights[x] * weights[y]
        for x in range(n + 1)
        for y in range(n + 1)
        if test(x, n, y, n) <= alpha
    )


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
def test_fishers_test_holds_its_rate_exactly(p):
    assert 0.0 < exact_size(fisher, 40, p, 0.05) <= 0.05


def test_a_test_that_does_not_is_noticed():
    def by_the_normal_law(x: int, m: int, y: int, n: int) -> float:
        a, b = x / m, y / n
        error = math.sqrt(a * (1 - a) / m + b * (1 - b) / n)
        return math.erfc(abs(a - b) / error / math.sqrt(2.0)) if error else float(a == b)

    assert exact_size(by_the_normal_law, 40, 0.5, 0.05) > 0.05
