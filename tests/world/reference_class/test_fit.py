"""The fit: its likelihood is that of the replay, and planted rates come out of made-up cases.

``STATS=long`` (``make stats``) fits many sets of made-up cases and counts how often the intervals
hold what was planted.
"""

import os
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from sim.world.reference_class import laws as shipped_laws
from sim.world.reference_class.fit import (
    FITTED,
    FOLLOWED,
    Surface,
    _FirstAttack,
    _Followed,
    fit,
    likelihood,
    with_medians,
)
from sim.world.reference_class.laws import Laws, Lognormal
from sim.world.reference_class.replay import replay
from sim.world.reference_class.rows import BROKEN_OFF, FELL, SHIPPED, Row, read
from tests.world.reference_class.planted import made_up

LAWS = shipped_laws.shipped()
LONG = os.environ.get("STATS") == "long"
DAY = date(2000, 1, 10)
#: A war in which two other places fell, before contact and after it.
ELSEWHERE = [
    Row("war", f"other {n}", DAY + timedelta(n - 5), 5, FELL, False, False) for n in (-2, 4)
]


def certain(laws: Laws, **medians: float) -> Laws:
    """Return laws of which the medians are known: what the likelihood is about."""
    names = ("tempo", "base_rate", "contact_rate", "shock_rate")
    known = {name: Lognormal(medians.get(name, getattr(laws, name).median)) for name in names}
    return replace(laws, **known)


def probabilities(end: str, days: range, laws: Laws = LAWS) -> np.ndarray:
    """Return P(a place of the war ends so on each day) by the likelihood, over 1,500 hours."""
    found = []
    first = _FirstAttack(laws, laws.tempo.median)
    for day in days:
        row = Row("war", "place", DAY, day, end, True, False)
        followed = _Followed([row, *ELSEWHERE], laws, 1_500)
        # The others only lend their falls.
        followed.of_case, followed.cases = np.array([0, 1, 1]), ["war", "others"]
        rates = laws.contact_rate.median, laws.shock_rate.median
        found.append(np.exp(followed.log_likelihoods(first, *rates)[0]))
    return np.array(found)


def test_what_may_become_of_a_row_has_probability_one():
    days = range(FOLLOWED + 1)
    stands = probabilities(FELL, range(FOLLOWED + 1, FOLLOWED + 2))
    every = [probabilities(FELL, days).sum(), probabilities(BROKEN_OFF, days).sum(), stands[0]]
    # 1,500 hours leave some thousandths: a density has a spread of half its mean on day 0.
    assert sum(every) == pytest.approx(1.0, abs=0.008)


@pytest.mark.parametrize("laws", [LAWS, replace(LAWS, tempo=Lognormal(0.4, 0.5))], ids=["", "fast"])
def test_the_likelihood_is_that_of_the_replay(laws):
    days, n = (0, 1, 2, 7), 40_000
    played = replay(certain(laws), [-2.0, 4.0], n, (1,), days)
    every = range(8)
    fell, broke = (np.cumsum(probabilities(end, every, laws)) for end in (FELL, BROKEN_OFF))
    for ours, theirs in ((fell, played.fell), (broke, played.broken_off)):
        error = np.sqrt(theirs * (1.0 - theirs) / n)
        # 4.5 standard errors at most (half of the replay is integrated) and what the hours leave.
        assert np.all(np.abs(ours[list(days)] - theirs) < 4.5 * error + 0.008)


def test_the_comparison_notices_another_rate():
    played = replay(certain(LAWS, shock_rate=0.2), [-2.0, 4.0], 40_000, (1,), (0, 7))
    fell = probabilities(FELL, range(8)).sum()
    assert abs(fell - played.fell[1]) > 0.03


def test_rows_of_a_held_out_case_are_refused():
    with pytest.raises(ValueError, match="held out of every fit: syria_2024, syria_sna_sdf_2024"):
        likelihood(read(SHIPPED), LAWS, 5)


def test_the_best_of_a_known_surface_is_found():
    axes = tuple(np.linspace(0.0, 1.0, 7) for _ in range(3))
    a, b, c = np.meshgrid(*axes, indexing="ij")
    each = [-((a - p) ** 2) - (b - p) ** 2 - (c - 0.5) ** 2 for p in (0.3, 0.7)]
    surface = Surface(axes, np.stack(each, axis=-1), ("one", "two"))
    assert np.log(surface.best()[0]) == pytest.approx([0.5] * 3, abs=0.01)
    assert np.log(surface.best(np.array([1.0, 0.0]))[0]) == pytest.approx([0.3, 0.3, 0.5], abs=0.01)


@pytest.mark.parametrize("peak", [0.05, 0.95, -0.5])
def test_the_best_is_found_near_an_edge_and_on_it(peak):
    axes = tuple(np.linspace(0.0, 1.0, 7) for _ in range(3))
    a, b, c = np.meshgrid(*axes, indexing="ij")
    surface = Surface(
        axes, (-((a - peak) ** 2) - (b - peak) ** 2 - (c - 0.5) ** 2)[..., None], ("",)
    )
    expected = [max(peak, 0.0), max(peak, 0.0), 0.5]
    assert np.log(surface.best()[0]) == pytest.approx(expected, abs=0.01)


# Made-up cases.

PLANTED = certain(LAWS)
TRUTH = np.array([getattr(PLANTED, name).median for name in FITTED])


@cache
def evidence(factor: float, n_cases: int = 24, seed: int = 1) -> float:
    """Return twice the log-likelihood by which the best fit beats what is said to be planted.

    Cases are independent, so it is about chi-squared with three degrees of freedom if it was.
    """
    rows = made_up(with_medians(PLANTED, TRUTH * [1.0, 1.0, factor]), n_cases, 6, seed)
    surface = likelihood(rows, LAWS, lattice=5)
    return 2.0 * (surface.best()[1] - surface.log_likelihood(TRUTH))


def test_planted_medians_are_recovered():
    assert evidence(1.0) < 16.3  # one in a thousand


def test_the_recovery_notices_shocks_of_three_times_the_size():
    assert evidence(3.0) > 16.3


@pytest.mark.skipif(not LONG, reason="many fits: make stats")
@pytest.mark.slow
@pytest.mark.statistical
def test_how_often_intervals_hold_what_was_planted(record_property):
    n, held, bests, beaten = 60, [], [], []
    for seed in range(n):
        surface = likelihood(made_up(PLANTED, 24, 6, 100 + seed), LAWS, lattice=6)
        found = fit(surface, n_draws=60)
        low, high = found.interval(0.9).T
        held.append((low <= TRUTH) & (high >= TRUTH))
        bests.append(found.best / TRUTH)
        beaten.append(2.0 * (found.log_likelihood - surface.log_likelihood(TRUTH)))
    intervals, region = np.mean(held, axis=0), np.mean(np.array(beaten) < 6.25)
    record_property("intervals", intervals.tolist())
    record_property("region", float(region))
    record_property("median of fits", np.median(bests, axis=0).tolist())
    # The 90 % region of the likelihood: a share of .75 or less would come up once in
    # 1,500.
    assert region > 0.75
    # Resampling 24 cases gives short intervals. If they hold three times in four, a share of
    # .55 or less comes up once in 1,700.
    assert np.all(intervals > 0.55), intervals
