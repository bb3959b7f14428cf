"""The replay says what the engine says, and the class comes out of it: a regression, no proof."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import sim
from sim.world.reference_class import laws as shipped_laws
from sim.world.reference_class.laws import Lognormal
from sim.world.reference_class.replay import DAYS, course, faded, falls_elsewhere, replay_all
from sim.world.reference_class.rows import shipped, usable

LAWS = shipped_laws.shipped()
N = 20_000

# One place under attack by a force of its own size, whose army has just lost another one and
# loses a third a little after day 3: hazards are ten times the usual, so that much happens.
ENGINE = """
title: One attack, along a given path of shock
clock: {start: 2020-01-05T00:00+00:00, horizon: 31 days}
factions:
  red: {supply: 9000 days}
  blue:
    supply: 9000 days
    losses: [{place: elsewhere, at: 2020-01-02T18:00+00:00}]
hostile: [[red, blue]]
places:
  base: {control: red}
  town: {control: blue, garrison: {blue: 1e6}, present_fraction: {blue: 1}}
routes: {road: {between: [base, town], km: 1}}
processes:
  push: {kind: advance, faction: red, along: [base, town], force: 1e6, pace: 1e9 km/day}
  assault: {kind: assault, tempo: {lognormal: {median: 0.45, sigma: 0.5}}}
  collapse: {kind: collapse, cohesion_effect: 0}
transitions: {falls_elsewhere: {at: 3.000001 days, then: {blue.shock: blue.shock + 1}}}
outcomes: {taken: town.control != blue, broke: push.state == regrouping}
"""
FASTER = replace(LAWS, tempo=Lognormal(0.45, 0.5))


@cache
def by_engine(text: str = ENGINE) -> np.ndarray:
    """Return P(taken, fell before an attack broke, broken off first) by the end of each day."""
    ensemble = sim.run(sim.loads(text), replications=N, seed=3)
    taken, broke = ensemble.times("taken"), ensemble.times("broke")
    rows = [taken, np.where(taken < broke, taken, np.inf), np.where(broke < taken, broke, np.inf)]
    return np.array([[np.mean(row <= day + 1.0) for day in DAYS] for row in rows])


def errors(laws: shipped_laws.Laws, falls: tuple[float, ...] = (-2.25, 3.0)) -> np.ndarray:
    """Return how far the replay is from the engine, in standard errors of both."""
    elsewhere = np.repeat(np.array(falls)[:, None], N, axis=1)
    found = course(laws, np.zeros(N), elsewhere, DAYS, np.random.default_rng(4))
    ours, theirs = np.array([found.taken, found.fell, found.broken_off]), by_engine()
    return np.abs(ours - theirs) / np.sqrt(2.0 * theirs * (1.0 - theirs) / N)


def test_the_replay_agrees_with_the_engine():
    # 21 comparisons at 4.5 standard errors: a false alarm in 7,000.
    assert errors(FASTER).max() < 4.5


@pytest.mark.parametrize(
    "planted",
    [
        {"tempo": Lognormal(0.7, 0.5)},
        {"contact_rate": Lognormal(0.06, 0.5)},
        {"regroup": Lognormal(4.0, 1.0)},
        {"memory": 4.0},
        {"place_resolve": Lognormal(1.0, 2.0)},
        {"effectiveness": Lognormal(1.0, 0.3)},
    ],
    ids=lambda planted: next(iter(planted)),
)
def test_the_comparison_notices_a_planted_fault(planted):
    assert errors(replace(FASTER, **planted)).max() > 4.5


def test_the_comparison_notices_a_fall_that_is_left_out():
    assert errors(FASTER, (-2.25,)).max() > 4.5


def test_laws_are_those_of_the_mechanisms():
    assert Lognormal(0.045, 0.5) == LAWS.tempo
    assert Lognormal(0.025, 0.5) == LAWS.contact_rate
    assert (LAWS.memory, LAWS.defender_loss, LAWS.gives_up_below) == (3.0, 0.032, 0.4)


def test_shock_integrates_to_what_its_steps_sum_to():
    steps = np.arange(0.0, 40.0, 0.75)
    level = np.exp(-0.25 * np.arange(len(steps)))
    assert faded(steps, LAWS) == pytest.approx(np.cumsum(level) * 0.75 - level * 0.75)
    assert faded(np.array([-1.0, 0.5]), LAWS) == pytest.approx([0.0, 0.5])
    # It ends in the step after the one in which it is at 0.01 or below: the twentieth.
    ends = faded(np.array([15.0, 90.0]), LAWS, LAWS.no_longer_fresh)
    assert ends == pytest.approx([sum(math.exp(-k / 4) for k in range(20)) * 0.75] * 2)


def test_falls_elsewhere_are_of_the_same_case_and_recent():
    rows = shipped()
    named = {row.place: row for row in rows}
    assert list(falls_elsewhere(named["Sheberghan"], rows, LAWS))[:5] == [0, 2, 2, 2, 3]
    assert list(falls_elsewhere(named["Goma 2012"], rows, LAWS)) == []


def test_no_row_that_is_held_out_is_replayed():
    assert usable(shipped()) == shipped()


def test_replays_of_one_seed_are_the_same():
    rows = shipped()[:2]
    again = [replay_all(rows, LAWS, 50)[1].fell for _ in range(2)]
    assert list(again[0]) == list(again[1])
