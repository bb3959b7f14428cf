"""Elementary effects, against what all trajectories of the grid would give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.analysis.design import LEVELS, STEP, trajectories
from sim.analysis.morris import Effects, elementary_effects
from tests.analysis.shares import with_luck
from tests.oracles.sensitivity import KNOWN, Known

SEEDS = range(60)
#: As in ``test_sobol``: with 95 % each, fewer than 49 of 60 hold once in 30,000.
LEAST = 49


def of_all(known: Known) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mu, mu_star and sigma over every point of the grid and every step from there."""
    d = len(known.first)
    levels = [(k + 0.5) / LEVELS for k in range(LEVELS)]
    points = np.array(list(itertools.product(levels, repeat=d)))
    effects = []
    for i in range(d):
        moved = points.copy()
        moved[:, i] = (points[:, i] + STEP) % 1.0
        step = moved[:, i] - points[:, i]
        effects.append((known.function(moved) - known.function(points)) / step)
    found = np.array(effects)
    return found.mean(axis=1), np.abs(found).mean(axis=1), found.std(axis=1)


def exact(known: Known, n: int, seed: int) -> Effects:
    points = trajectories(n, len(known.first), seed)
    values = known.function(points)
    return elementary_effects(points, values, np.zeros_like(values))


@pytest.mark.statistical
@pytest.mark.parametrize("name", KNOWN)
def test_known_effects_lie_in_their_intervals(name):
    known = KNOWN[name]
    mu, mu_star, sigma = of_all(known)
    found = [exact(known, 40, seed) for seed in SEEDS]
    # Effects of the grid that are all alike have an interval of a point, but for rounding.
    held = sum((f.low - 1e-9 <= mu_star) & (mu_star <= f.high + 1e-9) for f in found)
    assert np.all(held >= LEAST)
    for truth, values in ((mu, [f.mu for f in found]), (sigma, [f.sigma for f in found])):
        error = np.std(values, axis=0) / np.sqrt(len(found))
        # The root of an unbiased variance is a little low.
        assert np.all(np.abs(np.mean(values, axis=0) - truth) < 4.0 * error + 0.02 * sigma + 1e-9)


@pytest.mark.statistical
def test_the_effect_of_another_input_does_not_lie_in_the_interval():
    known = KNOWN["ishigami"]
    other = np.roll(of_all(known)[1], 1)
    found = [exact(known, 200, seed) for seed in SEEDS]
    held = sum((f.low <= other) & (other <= f.high) for f in found)
    assert held.min() < LEAST


def noisy(m: int, seed: int, *, corrected: bool) -> Effects:
    """Return the effects of a probability that hangs on the first of two inputs, in a line."""
    points = trajectories(40, 2, seed)
    shares, came = with_luck(0.2 + 0.5 * points[:, :, 0], m, seed)
    before = np.concatenate([came[:, :1], came[:, :-1]], axis=1)
    apart = (came != before).mean(axis=2)
    moved = shares - np.concatenate([shares[:, :1], shares[:, :-1]], axis=1)
    noise = (apart - moved**2) / (m - 1)
    return elementary_effects(points, shares, noise if corrected else np.zeros_like(noise))


@pytest.mark.statistical
def test_luck_is_no_interaction():
    """Effects are all 0.5 or 0: what spread there is, is that of luck."""
    found = [noisy(50, seed, corrected=True) for seed in SEEDS]
    raw = [noisy(50, seed, corrected=False) for seed in SEEDS]
    assert np.mean([f.mu for f in found], axis=0) == pytest.approx([0.5, 0.0], abs=0.02)
    assert np.mean([f.sigma[0] ** 2 for f in found]) < 0.2 * np.mean([f.sigma[0] ** 2 for f in raw])
    noise = np.sqrt(np.mean([f.noise[0] ** 2 for f in found]))
    assert noise == pytest.approx(np.sqrt(np.mean([f.sigma[0] ** 2 for f in raw])), rel=0.1)


def test_under_common_luck_an_input_without_effect_has_none():
    found = noisy(50, 3, corrected=True)
    assert (found.mu_star[1], found.sigma[1], found.noise[1]) == (0.0, 0.0, 0.0)


def test_one_trajectory_is_too_few():
    with pytest.raises(ValueError, match="at least 2 trajectories are needed, there are 1"):
        elementary_effects(trajectories(1, 2, 1), np.zeros((1, 3)), np.zeros((1, 3)))
