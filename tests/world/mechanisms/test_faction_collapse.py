"""``faction_collapse``: what ends a faction, and what becomes of its men, columns and places."""

import math

import numpy as np
import pytest

import sim
from sim.world.mechanisms.faction_collapse import FactionCollapse
from tests.world.mechanisms.known import TOO_MANY, N, agree, by, error, last, told

EXAMPLE = FactionCollapse.EXAMPLE
#: An army with an ally, columns and men on the road, which ends on day 3.
ARMY = """
title: The end of an army
clock: {horizon: 10 days}
factions:
  army: {capital: court, present_fraction: 1, supply: 900 days, reserve: 500}
  guard: {role: ally, of: army, present_fraction: 1, supply: 900 days}
  rebels: {present_fraction: 1, supply: 900 days}
hostile: [[army, rebels], [guard, rebels]]
places:
  court: {control: army, garrison: {army: 300}, attackable_by: []}
  town: {control: army, garrison: {army: 400, guard: 100}, fallback: [post]}
  post: {control: guard, garrison: {guard: 50}, attackable_by: []}
  fort: {control: rebels, garrison: {rebels: 5000}, attacker: army}
  camp: {control: rebels, garrison: {rebels: 50}}
routes:
  road: {between: [camp, town], km: 20}
  lane: {between: [town, post], km: 20}
  way: {between: [court, fort], km: 20}
processes:
  no_collapse: {kind: collapse, places: [fort, camp], off: yes}
  collapse:
    {kind: collapse, lost: 0.2, base_rate: 0 / day, contact_rate: 0 / day, shock_rate: 0 / day}
  assault: {kind: assault, tempo: 0.000001}
  no_siege: {kind: siege, off: yes}
  end: {kind: faction_collapse, walkover_rate: 1000000 / day}
  push: {kind: advance, faction: army, along: [court, fort], at: fort, force: 2000, reserve: 7}
  more: {kind: reinforce, faction: army, to: town, from: [], force: 60, rate: 1000000 / day,
    pace: 1 km/day, from_time: 2 days, until: 2.5 days}
transitions: {ends: {at: 3 days, then: {army.collapsed: 1}}}
outcomes: {is_over: army.collapsed, opens: town.fell_by == walkover}
"""


def test_the_example_ends_and_is_taken_as_its_formula_has_it():
    days = (5.0, 7.0, 10.0)
    assert error(EXAMPLE, "is_taken", by(0.5, since=4.0), days=days) < TOO_MANY
    assert error(EXAMPLE, "is_taken", by(0.6, since=4.0), days=days) > TOO_MANY
    found = sim.run(sim.loads(EXAMPLE), replications=50)
    assert set(found.times("is_over")) == {4.0}
    assert not np.isfinite(found.times("far_is_taken")).any(), "nobody is near"


def test_the_engines_agree():
    assert agree(EXAMPLE)
    assert agree(ARMY)


@pytest.mark.parametrize(("floor", "ends"), [("0.0799", False), ("0.0801", True)])
def test_it_ends_below_its_floor(floor, ends):
    found = sim.run(sim.loads(EXAMPLE, set={"factions.army.cohesion_floor": floor}), replications=5)
    assert set(np.isfinite(found.times("is_over"))) == {ends}


# The capital.

LOST = """
title: A capital
clock: {horizon: 9 days}
factions: {army: {capital: court, cohesion: 0.5}, rebels: {}}
hostile: [[army, rebels]]
places: {court: {control: army}, camp: {control: rebels}}
processes: {end: {kind: faction_collapse, capital_lost: 0.7}}
transitions:
  lost: {at: 2 days, then: {court.control: rebels}}
  back: {at: 3 days, then: {court.control: army}}
  lost_again: {at: 4 days, then: {court.control: rebels}}
outcomes: {is_over: army.collapsed}
"""


def ended(text: str, **changes: str) -> np.ndarray:
    return sim.run(sim.loads(text, set=changes), replications=N).times("is_over")


def test_the_first_loss_of_the_capital_ends_it_in_a_share_of_cases():
    times = ended(LOST)
    assert set(times) == {2.0, math.inf}, "a second loss ends nobody"
    error = math.sqrt(0.7 * 0.3 / N)
    assert abs(np.mean(times == 2.0) - 0.7) < TOO_MANY * error
    assert abs(np.mean(times == 2.0) - 0.75) > TOO_MANY * error


def test_a_capital_that_was_lost_at_the_start_ends_nobody():
    text = LOST.replace(
        "court: {control: army}", "court: {control: {choice: {army: 1, rebels: 1}}}"
    )
    found = sim.run(sim.loads(text), replications=400)
    began_lost = found.inputs["places.court.control"] == "rebels"
    assert not np.isfinite(found.times("is_over")[began_lost]).any()
    assert np.isfinite(found.times("is_over")[~began_lost]).mean() > 0.6


def test_a_capital_that_an_ally_holds_is_not_lost():
    text = LOST.replace("rebels: {}}", "rebels: {}, guard: {role: ally, of: army}}")
    text = text[: text.index("transitions:")] + "outcomes: {is_over: army.collapsed}\n"
    text += "transitions: {handed: {at: 3 days, then: {court.control: guard}}}\n"
    assert not np.isfinite(ended(text)).any()


# What follows.


def test_its_men_go_home_and_its_columns_are_no_more():
    watch = {
        "garrisons": "town.garrison.army + court.garrison.army",
        "column": "push.force + push.reserve",
        "is_spent": "push.state == spent",
        "attacks": "fort.attacker == army",
        "on_the_road": "more.force",
        "under_way": "more.under_way",
    }
    before = last(ARMY.replace("then: {army.collapsed: 1}", "then: {}"), watch)
    assert before == {
        "garrisons": 700.0, "column": 2_007.0, "is_spent": 0.0, "attacks": 1.0,
        "on_the_road": 60.0, "under_way": 1.0,
    }  # fmt: skip
    assert last(ARMY, watch) == {**dict.fromkeys(watch, 0.0), "is_spent": 1.0}


def test_an_ally_leaves_a_place_that_opens_and_keeps_its_own():
    watch = {
        "is_taken": "town.control == rebels",
        "here": "town.garrison.guard",
        "there": "post.garrison.guard",
        "is_held": "post.control == guard",
        "nobody_comes": "court.control == army",
    }
    found = last(ARMY, watch)
    assert found == {"is_taken": 1, "here": 0, "there": 130, "is_held": 1, "nobody_comes": 1}


def test_a_column_before_an_empty_place_walks_in_at_once():
    text = EXAMPLE.replace(
        "  end:",
        "  push: {kind: advance, faction: rebels, along: [camp, town], at: town, force: 900}\n"
        "  no_assault: {kind: assault, off: yes}\n"
        "  no_collapse: {kind: collapse, off: yes}\n  end:",
    )
    times = sim.run(sim.loads(text), replications=20).times("is_taken")
    assert set(times) == {4.0}


def test_nothing_is_delivered_to_what_is_no_more():
    text = ARMY.replace(
        "processes:",
        "  sea: {between: [port, town], km: 90, kind: sea}\n"
        "supply: {ships: {to: army, from: port, via: [sea], every: 1 day, brings: {town: 5}}}\n"
        "processes:",
    ).replace("places:\n", "places:\n  port: {control: none, kind: source}\n")
    text = text.replace("town: {control", "town: {port: yes, control")
    found = last(text, {"men": "town.garrison.army", "open": "ships.open"})
    assert found == {"men": 0.0, "open": 0.0}


def test_a_faction_whose_collapse_is_off_stands():
    text = EXAMPLE.replace("walkover_rate: 0.5 / day", "off: yes")
    assert not np.isfinite(sim.run(sim.loads(text), replications=20).times("is_over")).any()


def test_trace_tells_it():
    says = told(EXAMPLE)
    assert "army falls apart" in says
    assert "town is nobody's any more: it is walked into" in says
    lost = told(LOST, {"processes.end.capital_lost": "1"})
    assert "army falls apart, with its capital lost" in lost
