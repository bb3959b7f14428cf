"""Intervals hold the truth as often as they ought to: on every model with a known law, over many
ensembles under seeds of their own.

Every count is compared with the binomial law of what the method itself does at that p and n, not
with its nominal level, at 4 standard errors on either side: a false alarm in 6e-5 of the checks, of
which there are 104: less than once in a hundred runs of this file, were its seeds not fixed. Each
kind of check has planted faults that it must catch.

``make stats`` repeats all of it 10,000 times and shows the figures.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, kstwo

from sim.analysis.first_passage import (
    FirstPassageCdf,
    dkw_half_width,
    first_passage_cdf,
    probability_by,
    quantile,
    wilson,
)
from tests.contracts.coverage import (
    LEVEL,
    Check,
    Ends,
    Run,
    band_coverage,
    days,
    half_width,
    of_bands,
    of_causes,
    of_proportions,
    of_quantiles,
    ranks,
    runs,
    score_coverage,
)
from tests.contracts.laws import MODELS, Model

IS_LONG = os.environ.get("STATS") == "long"
REPETITIONS = 10_000 if IS_LONG else 500
K = 4.0
#: Of the eight models.
MOST = 6

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
COMPETING = [model for model in MODELS if model.causes]


def worst(checks: Iterator[Check]) -> float:
    return max(check.deviation for check in checks)


@pytest.fixture
def tell(capsys):
    """Show checks in the long form, and return the deviation of the worst."""

    def shown(model: Model, checks: Iterator[Check]) -> float:
        made = list(checks)
        if IS_LONG:
            with capsys.disabled():
                for what, n_yes, n, p in made:
                    found = f"{100 * n_yes / n:7.3f} % of {n:,}, by theory {100 * p:7.3f} %"
                    sys.stdout.write(f"\n{model.name:18} n {model.n:3}  {what:34} {found}")
        return worst(iter(made))

    return shown


# The intervals as they are.


def by_wilson(times: np.ndarray, t: float) -> Ends:
    return probability_by(times, t)[1:]


def by_ranks(times: np.ndarray, p: float) -> Ends:
    return quantile(times, p)[1:]


def curve(times: np.ndarray, grid: np.ndarray, horizon: float) -> FirstPassageCdf:
    return first_passage_cdf(times, grid=grid, horizon=horizon)


def by_cause(run: Run) -> Mapping[str, np.ndarray]:
    return run.incidence


@every_model
def test_intervals_of_a_probability(model, tell):
    assert tell(model, of_proportions(model, runs(model, REPETITIONS), by_wilson)) < K


@every_model
def test_intervals_of_a_quantile(model, tell):
    assert tell(model, of_quantiles(model, runs(model, REPETITIONS), by_ranks)) < K


@every_model
def test_the_band_of_a_whole_curve(model, tell):
    assert tell(model, of_bands(model, runs(model, REPETITIONS), curve)) < K


@pytest.mark.parametrize("model", COMPETING, ids=lambda model: model.name)
def test_incidences_by_cause(model, tell):
    assert tell(model, of_causes(model, runs(model, REPETITIONS), by_cause)) < K


# What they ought to do, by theory.


def test_wilson_is_the_score_interval():
    """The definition that :func:`score_coverage` takes, and the closed form, agree."""
    for n in (1, 7, 60):
        k = np.arange(n + 1)
        low, high = wilson(k, n, LEVEL)
        for p in (0.01, 0.3, 0.5, 0.98):
            held = binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum()
            assert held == pytest.approx(score_coverage(n, p))


@pytest.mark.parametrize("n", [1, 5, 20, 100])
@pytest.mark.parametrize("narrowed", [0.5, 0.7, 1.0])
def test_the_law_of_a_band_is_kolmogorovs(n, narrowed):
    half = half_width(n) * narrowed
    assert band_coverage(n, half) == pytest.approx(kstwo.cdf(half, n), abs=1e-9)


def test_a_band_over_a_part_of_the_law_holds_more_often():
    n, rng = 30, np.random.default_rng([20261124, 1])
    half = 0.7 * half_width(n)
    points = np.sort(rng.random((20_000, n)), axis=1)
    ends = np.full((20_000, 1), 0.4)
    at = np.sort(np.concatenate([points, ends], axis=1), axis=1)
    after = np.array([np.searchsorted(p, a, side="right") for p, a in zip(points, at, strict=True)])
    before = np.array([np.searchsorted(p, a, side="left") for p, a in zip(points, at, strict=True)])
    off = np.maximum(np.abs(after / n - at), np.abs(before / n - at))
    n_held = int((np.where(at <= 0.4, off, 0.0).max(axis=1) <= half).sum())
    assert Check("", n_held, 20_000, band_coverage(n, half, 0.4)).deviation < K
    assert Check("", n_held, 20_000, band_coverage(n, half)).deviation > K


def test_what_is_expected_is_near_the_nominal_level():
    for model in MODELS:
        for p in map(float, model.law().cdf(days(model))):
            low, high = ranks(model.n, p)
            assert binom.cdf(high, model.n, p) - binom.cdf(low, model.n, p) >= LEVEL
            assert score_coverage(model.n, p) > 0.9


# Planted faults. Each must show in most of the models: not in all, for where an outcome is rare and
# replications are few there is little to see.


def n_that_notice(checks: Callable[[Model, list[Run]], Iterator[Check]], models=MODELS) -> int:
    return sum(worst(checks(model, runs(model, REPETITIONS))) > K for model in models)


def wald(times: np.ndarray, t: float) -> Ends:
    """Return the interval of the textbooks, which is far too short near 0 and 1."""
    p, n = float(np.mean(times <= t)), len(times)
    half = 1.96 * math.sqrt(p * (1.0 - p) / n)
    return p - half, p + half


@pytest.mark.parametrize(
    "interval", [wald, lambda times, t: probability_by(times, t, 0.9)[1:]], ids=["wald", "90 %"]
)
def test_intervals_that_are_too_short_are_noticed(interval):
    assert n_that_notice(lambda model, found: of_proportions(model, found, interval)) >= MOST


@pytest.mark.parametrize("shift", [-1, 1])
def test_ranks_shifted_by_one_are_noticed(shift):
    def shifted(times: np.ndarray, p: float) -> Ends:
        low, high = (rank + shift for rank in ranks(len(times), p))
        ordered = np.array([*np.sort(times), math.inf, 0.0])  # the last is for rank -1
        return float(ordered[max(low, -1)]), float(ordered[min(high, len(times))])

    assert n_that_notice(lambda model, found: of_quantiles(model, found, shifted)) >= MOST


def too_narrow(made: FirstPassageCdf, n: int) -> FirstPassageCdf:
    half = 0.7 * dkw_half_width(n)
    return replace(made, band_low=made.cdf - half, band_high=made.cdf + half)


def pointwise(made: FirstPassageCdf, n: int) -> FirstPassageCdf:
    return replace(made, band_low=made.low, band_high=made.high)


@pytest.mark.parametrize("spoilt", [too_narrow, pointwise])
def test_a_band_that_is_too_narrow_is_noticed(spoilt):
    def spoilt_curve(times: np.ndarray, grid: np.ndarray, horizon: float) -> FirstPassageCdf:
        return spoilt(curve(times, grid, horizon), len(times))

    assert n_that_notice(lambda model, found: of_bands(model, found, spoilt_curve)) >= MOST


def swapped(run: Run) -> dict[str, np.ndarray]:
    return dict(zip(run.incidence, reversed(run.incidence.values()), strict=True))


def conditional(run: Run) -> dict[str, np.ndarray]:
    """Return shares of those in which it came: the tempting wrong denominator."""
    came = max(1, int(np.isfinite(run.times).sum()))
    return {cause: values * len(run.times) / came for cause, values in run.incidence.items()}


@pytest.mark.parametrize("spoilt", [swapped, conditional])
def test_causes_that_are_swapped_or_of_another_whole_are_noticed(spoilt):
    assert n_that_notice(lambda model, found: of_causes(model, found, spoilt), COMPETING) == 2


def test_one_seed_for_all_is_noticed():
    def checks(model: Model, found: list[Run]) -> Iterator[Check]:
        return of_proportions(model, found[:1] * len(found), by_wilson)

    assert n_that_notice(checks) >= MOST


def test_clocks_that_are_slow_are_noticed():
    def checks(model: Model, found: list[Run]) -> Iterator[Check]:
        slow = [run._replace(times=1.25 * run.times) for run in found]
        return of_quantiles(model, slow, by_ranks)

    assert n_that_notice(checks) >= MOST
