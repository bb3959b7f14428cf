"""``leader`` and ``rumour``: what moves cohesion and shock, and how often."""

import math

import numpy as np
import pytest
from scipy.stats import poisson

import sim
from sim.world.mechanisms.leader import Leader
from sim.world.mechanisms.rumour import Rumour
from tests.world.mechanisms.known import TOO_MANY, N, agree, by, error, last, told

SOON = {"processes.general.rate": "1000000 / day"}


# A leader.


def test_a_leader_goes_as_the_example_has_it():
    assert error(Leader.EXAMPLE, "is_gone", by(0.1)) < TOO_MANY
    assert error(Leader.EXAMPLE, "is_gone", by(0.12)) > TOO_MANY


def test_he_goes_once():
    assert last(Leader.EXAMPLE, {"will": "army.cohesion"}, SOON)["will"] == pytest.approx(0.3)


def test_where_nothing_is_said_he_costs_what_cohesion_says():
    text = Leader.EXAMPLE.replace(", effect: -0.2", "")
    assert last(text, {"will": "army.cohesion"}, SOON)["will"] == pytest.approx(0.4)
    text = text.replace("  general:", "  will: {kind: cohesion, leader_left: -0.3}\n  general:")
    assert last(text, {"will": "army.cohesion"}, SOON)["will"] == pytest.approx(0.2)
    text = text.replace("leader_left: -0.3", "off: yes")
    assert last(text, {"will": "army.cohesion"}, SOON)["will"] == pytest.approx(0.5)


def test_cohesion_ends_at_nought():
    changes = {**SOON, "processes.general.effect": "-3"}
    assert last(Leader.EXAMPLE, {"will": "army.cohesion"}, changes)["will"] == 0.0


def test_who_is_no_more_loses_no_leader():
    gone = "transitions: {ends: {at: 1 day, then: {army.collapsed: 1}}}\n"
    times = sim.run(sim.loads(Leader.EXAMPLE + gone), replications=400).times("is_gone")
    assert (times[np.isfinite(times)] <= 1.0).all()
    assert 0.03 < np.isfinite(times).mean() < 0.2


# A rumour.


def third(rate: float):
    """Return the law of the third rumour."""
    return lambda days: float(poisson.sf(2, rate * days))


def test_rumours_add_up_as_the_example_has_it():
    assert error(Rumour.EXAMPLE, "third", third(0.5), days=(3.0, 6.0, 10.0)) < TOO_MANY
    assert error(Rumour.EXAMPLE, "third", third(0.6), days=(3.0, 6.0, 10.0)) > TOO_MANY


def shock_after(rate: float) -> float:
    """Return mean shock on day 9.75, with a memory of two days that fades every half a day.

    What is added in one half of a day fades whole steps, the first at its end.
    """
    steps = range(19)  # halves of days that are over by then, and a quarter that is not
    faded = sum(math.exp(-0.25 * (19 - step)) for step in steps)
    return rate * 0.2 * (0.5 * faded + 0.25)


def test_shock_adds_up_and_fades():
    changes = {"factions.army.shock_memory": "2 days"}
    found = sim.run(sim.loads(Rumour.EXAMPLE, set=changes), replications=N).watch
    (mean,) = found["mean"][found["days"] == 9.75]
    # By Campbell's theorem its variance is at most rate x weight ** 2 x memory.
    spread = math.sqrt(0.5 * 0.2**2 * 2.0 / N)
    assert abs(mean - shock_after(0.5)) < TOO_MANY * spread
    assert abs(mean - shock_after(0.6)) > TOO_MANY * spread


def test_the_engines_agree():
    assert agree(Leader.EXAMPLE)
    assert agree(Rumour.EXAMPLE)


def test_traces_tell_them():
    assert "army loses a leader (general)" in told(Leader.EXAMPLE, SOON)
    assert "Word of a defeat spreads in the army of army (word)" in told(Rumour.EXAMPLE)
