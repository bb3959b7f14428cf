"""Laws of work against scipy, the covariance against a known gradient, its interval's coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.analysis.first_passage import Estimate
from sim.analysis.likelihood_ratio import LAWS, covariance, is_telling
from sim.net.sensitivity import SMOOTH_LAWS

SAME = {
    "exponential": ((1.6,), stats.expon(scale=1.6)),
    "gamma": ((0.6, 2.0), stats.gamma(0.6, scale=2.0 / 0.6)),
    "erlang": ((3.0, 2.0), stats.gamma(3, scale=2.0 / 3)),
    "weibull": ((1.7, 2.0), stats.weibull_min(1.7, scale=2.0)),
    "lognormal": ((2.0, 0.8), stats.lognorm(0.8, scale=2.0)),
}


def test_the_laws_are_those_that_the_net_lets_through():
    assert set(LAWS) == set(SMOOTH_LAWS) == set(SAME)


@pytest.mark.parametrize("kind", LAWS)
@pytest.mark.parametrize("u", [1e-6, 0.1, 0.5, 0.9, 1.0 - 1e-15])
def test_hazards_and_slopes_are_those_of_the_density(kind, u):
    args, law = SAME[kind]
    w = float(law.ppf(u))
    assert LAWS[kind].hazard(args, w) == pytest.approx(law.pdf(w) / law.sf(w), rel=1e-6)
    h = 1e-5 * w
    slope = (law.logpdf(w + h) - law.logpdf(w - h)) / (2 * h)
    assert LAWS[kind].slope(args, w) == pytest.approx(slope, rel=1e-5, abs=1e-6)


RATE, HORIZON = 0.7, 2.0
TRUTH = HORIZON * math.exp(-RATE * HORIZON)


def estimates(n: int, runs: int, shift: float = 0.0) -> list[Estimate]:
    """Return gradients of P(T <= horizon) by the rate of an exponential T, run after run.

    ``shift`` plants a fault: a score whose mean, given that nothing happens, is not right.
    """
    times = np.random.default_rng(7).exponential(1.0 / RATE, (runs, n))
    happened = times <= HORIZON
    scores = happened / RATE - np.minimum(times, HORIZON) + shift * ~happened
    return [covariance(h, s) for h, s in zip(happened, scores, strict=True)]


def covered(found: list[Estimate]) -> float:
    return float(np.mean([low <= TRUTH <= high for _, low, high in found]))


@pytest.mark.statistical
@pytest.mark.parametrize("n", [100, 1_000])
def test_intervals_hold_the_gradient_as_often_as_they_say(n):
    # Four standard errors of 2,000 runs, 0.0195: a false alarm in 6e-5, at the nominal coverage.
    assert abs(covered(estimates(n, 2_000)) - 0.95) < 0.0195
    assert covered(estimates(n, 2_000, shift=0.7)) < 0.93


@pytest.mark.statistical
def test_the_estimate_has_no_bias():
    found = np.array([value for value, _, _ in estimates(5, 40_000) if not math.isnan(value)])
    # Those in which all or none happen are no estimate; the covariance of them is 0.
    error = found.std() / math.sqrt(40_000)
    assert abs(found.sum() / 40_000 - TRUTH) < 4.0 * error
    assert abs(found.sum() * 4 / 5 / 40_000 - TRUTH) > 4.0 * error  # divided by n, not n - 1


@pytest.mark.parametrize("happened", [np.zeros(9, dtype=bool), np.ones(9, dtype=bool)])
def test_nothing_is_known_where_all_have_it_or_none(happened):
    value, low, high = covariance(happened, np.arange(9.0))
    assert math.isnan(value)
    assert (low, high) == (-math.inf, math.inf)


def test_a_gradient_is_telling_if_its_sign_is_known_or_its_interval_short():
    half = np.arange(1_000) < 500
    assert is_telling(Estimate(5.0, 1.0, 9.0), half)
    # Independent runs, with a tenth more: +-1.96 sqrt(0.5 / 1000) / 0.1 = +-0.438.
    assert is_telling(Estimate(0.0, -0.43, 0.43), half)
    assert not is_telling(Estimate(0.0, -0.45, 0.45), half)


def test_few_of_a_kind_are_never_telling():
    assert not is_telling(Estimate(5.0, 4.0, 6.0), np.arange(1_000) < 9)
    assert not is_telling(Estimate(5.0, 4.0, 6.0), np.arange(1_000) >= 9)
    assert is_telling(Estimate(5.0, 4.0, 6.0), np.arange(1_000) < 10)
