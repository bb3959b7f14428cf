"""``ceasefire``: how it comes and goes, what waits for it, and what does not."""

import math

import numpy as np
import pytest

import sim
from sim.world.mechanisms.ceasefire import Ceasefire
from tests.world.mechanisms.known import TOO_MANY, N, agree, by, error, told

EXAMPLE = Ceasefire.EXAMPLE
#: A war without luck: 40 km by day 4, then an assault of 5 days. A ceasefire stands where it says.
WAR = """
title: A war without luck
clock: {horizon: 30 days}
factions:
  red: {present_fraction: 1, supply: 900 days}
  blue: {present_fraction: 1, supply: 900 days}
  green: {}
hostile: [[red, blue], [red, green]]
places:
  camp: {control: red}
  town: {control: blue, garrison: {blue: 1000}}
routes: {road: {between: [camp, town], km: 40, bridge: {span: 50 m}}}
processes:
  no_collapse: {kind: collapse, off: yes}
  fight: {kind: assault, tempo: 1, tempo_spread: 0, effectiveness_spread: 0, attacker_tolerance: 1,
    defender_tolerance: 0.16, ratio_exponent: 0}
  push: {kind: advance, faction: red, along: [camp, town], force: 1000, reach: 900000 km,
    pace: 10 km/day}
  talks: {kind: ceasefire, between: [red, blue], offer: 0 / day, holds: {deterministic: 3 days}}
transitions: {agreed: {at: 30 days, then: {talks.active: 1}}}
outcomes: {falls: town.control == red, arrives: push.at == town, talked: talks.active}
"""


def times(outcome: str, at: float, text: str = WAR, **changes: str) -> float:
    """Return when something happens, in every replication, with a ceasefire from a day on."""
    changes = {"transitions.agreed.at": f"{at} days", **changes}
    found = sim.run(sim.loads(text, set=changes), replications=5).times(outcome)
    assert found == pytest.approx(np.full(5, found[0]), abs=0.001)
    return float(found[0])


# How it comes and goes.


def test_the_example_is_agreed_as_its_formula_has_it():
    assert error(EXAMPLE, "agreed", by(0.4)) < TOO_MANY
    assert error(EXAMPLE, "agreed", by(0.48)) > TOO_MANY


def test_it_comes_and_goes_as_two_states_do():
    found = sim.run(sim.loads(EXAMPLE), replications=N).watch
    for days, share in zip(found["days"], found["mean"], strict=True):
        p = 0.4 / 0.6 * -math.expm1(-0.6 * days)
        # Some forty comparisons, correlated: less than a false alarm in 3,000.
        assert abs(share - p) <= TOO_MANY * math.sqrt(p * (1.0 - p) / N)
    assert len(found) > 10


def test_all_have_to_accept():
    changes = {"processes.talks.accept.red": "0"}
    found = sim.run(sim.loads(EXAMPLE, set=changes), replications=50)
    assert not np.isfinite(found.times("agreed")).any()


@pytest.mark.parametrize("at", [1.0, 6.0])
def test_it_ends_with_a_party(at):
    text = EXAMPLE + f"transitions: {{ends: {{at: {at} days, then: {{blue.collapsed: 1}}}}}}\n"
    text = text.replace("outcomes: {", "outcomes: {late: talks.active and blue.collapsed, ")
    found = sim.run(sim.loads(text), replications=100)
    assert not np.isfinite(found.times("late")).any()
    assert (found.times("agreed")[np.isfinite(found.times("agreed"))] < at).all()


def test_the_engines_agree():
    assert agree(EXAMPLE)
    assert agree(WAR.replace("offer: 0 / day", "offer: 9 / day"))


# What waits.


def test_without_one_the_war_takes_its_nine_days():
    assert times("arrives", 30) == pytest.approx(4.0)
    assert times("falls", 30) == pytest.approx(9.0)


def test_a_column_halts_and_goes_on_with_what_is_left_of_its_way():
    assert times("arrives", 1) == pytest.approx(7.0)
    assert times("falls", 1) == pytest.approx(12.0)


def test_an_assault_stands_still_and_goes_on_with_the_same_luck():
    assert times("falls", 5) == pytest.approx(12.0)
    tired = {"processes.fight.attacker_tolerance": "0.03"}
    text = WAR.replace("outcomes: {", "outcomes: {breaks: push.state == regrouping, ")
    spent = 0.03 / 0.0103
    assert times("breaks", 30, text, **tired) == pytest.approx(4.0 + spent)
    assert times("breaks", 5, text, **tired) == pytest.approx(7.0 + spent)


def from_the_start(text: str) -> str:
    """Return a war with a ceasefire that stands before anybody has moved."""
    at_once = "immediate: true, priority: 9, when: agreed.fired == 0,"
    assert "at: 30 days," in text
    return text.replace("at: 30 days,", at_once)


def first(outcome: str, text: str) -> float:
    """Return when something happens, in every replication."""
    found = sim.run(sim.loads(text), replications=5).times(outcome)
    assert found == pytest.approx(np.full(5, found[0]), abs=0.001)
    return float(found[0])


def test_nobody_walks_into_an_empty_place_of_the_other():
    text = WAR.replace("garrison: {blue: 1000}", "garrison: {blue: 0}")
    text = text.replace("along: [camp, town],", "along: [camp, town], at: town,")
    assert first("falls", text) == 0.0
    assert first("falls", from_the_start(text)) == pytest.approx(3.0)


def test_no_counterattack_sets_out():
    back = "{kind: counterattack, faction: blue, places: [camp], rate: 1000000 / day, share: 0.1}"
    text = WAR.replace("  talks:", f"  back: {back}\n  talks:")
    text = text.replace("push: {", "push: {off: yes, ")
    text = text.replace("arrives: push.at == town", "is_back: camp.control == blue")
    text = text.replace("clock: {", "clock: {start: 2030-01-01T00:00Z, ")
    text = text.replace("blue: {", "blue: {losses: [{place: camp, at: 2030-01-01T00:00Z}], ", 1)
    assert first("is_back", text) == pytest.approx(0.0, abs=0.001)
    assert first("is_back", from_the_start(text)) == pytest.approx(3.0, abs=0.001)


def test_no_route_of_the_other_is_struck_and_none_of_his_lines_stopped():
    """Ten men come each day. From day 6 on all are stopped, but for three days from day 7.5 on."""
    raid = "kind: interdict, faction: red, routes: [road], lines: [ships], from_time: 6 days"
    raid = f"  raid: {{{raid}, sorties: 1000000 / day, result: {{drop: 1}}, loss: 1}}\n"
    text = WAR.replace("  talks:", raid + "  talks:").replace("push: {", "push: {off: yes, ")
    ships = "{to: blue, from: sea, via: [lane], every: 1 day, transit: 0 days, brings: {town: 10}}"
    text = text.replace("processes:", f"supply: {{ships: {ships}}}\nprocesses:")
    text = text.replace("places:\n", "places:\n  sea: {control: none, kind: source}\n")
    text = text.replace("town: {control", "town: {port: yes, control")
    text = text.replace("routes: {", "routes: {lane: {between: [sea, town], km: 9, kind: sea}, ")
    hits = "hit: road.status == cut, men: town.garrison.blue >= 1080 persons"
    text = text.replace("arrives: push.at == town", hits)
    assert times("hit", 30, text) == pytest.approx(6.0, abs=0.001)
    assert times("men", 30, text) == np.inf
    assert times("men", 7.5, text) == pytest.approx(10.0)
    assert times("hit", 5, text) == pytest.approx(8.0, abs=0.001)


# What does not.


def test_who_goes_against_somebody_else_is_not_bound():
    text = WAR.replace("town: {control: blue, garrison: {blue: 1000}}", "town: {control: green}")
    text = text.replace("hostile: [[red, blue],", "hostile: [[red, blue], [blue, green],")
    assert times("arrives", 1, text) == pytest.approx(4.0)


def test_an_army_in_contact_may_fall_apart_all_the_same():
    soon = "soon: {kind: collapse, base_rate: 1000000 / day, from_time: 6 days}"
    text = WAR.replace("no_collapse: {kind: collapse, off: yes}", soon)
    assert times("falls", 5, text) == pytest.approx(6.0, abs=0.01)


def test_trace_tells_it():
    says = told(EXAMPLE)
    assert "A ceasefire between red and blue begins (talks)" in says
    assert "The ceasefire between red and blue is over (talks)" in says
