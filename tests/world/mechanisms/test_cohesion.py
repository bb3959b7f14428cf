"""``cohesion``: what moves it, and that it comes back."""

import math

import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from sim.world.mechanisms.cohesion import Cohesion
from tests.engines.test_identity import differences

PLACES = """
  front: {control: army, weight: 1, garrison: {army: 100}, attacker: rebels}
  rear: {control: army, weight: 1, garrison: {army: 100}}
"""
ROAD = "road: {between: [front, rear], km: 40}"


def text(
    cohesion: str = "",
    *,
    places: str = PLACES,
    routes: str = ROAD,
    army: str = "",
    happens: str = "",
    processes: str = "",
    horizon: str = "20 days",
) -> str:
    """Return a world in which nothing happens but what is said; its army does not recover."""
    recovery = "" if "cohesion_recovery" in army else ", cohesion_recovery: 0 / day"
    return f"""
title: Will
clock: {{horizon: {horizon}}}
factions:
  army: {{cohesion: 0.5, supply: 900 days, present_fraction: 1{recovery}{army}}}
  rebels: {{cohesion: 0.5, supply: 900 days, present_fraction: 1, cohesion_recovery: 0 / day}}
  power: {{role: patron}}
hostile: [[army, rebels]]
places:
  {places.strip()}
routes:
  {routes}
processes:
  no_assault: {{kind: assault, off: yes}}
  no_collapse: {{kind: collapse, off: yes}}
  no_flight: {{kind: displacement, off: yes}}
  no_siege: {{kind: siege, off: yes}}
  {f"will: {{kind: cohesion, {cohesion}}}" if cohesion else ""}
  {processes}
transitions:
  nothing: {{at: 0 days, then: {{}}}}
  {happens}
outcomes: {{never: army.cohesion > 2}}
"""


def course(scenario: str, faction: str = "army") -> dict[float, float]:
    """Return a faction's cohesion after each change, by days."""
    name = f"{faction}.cohesion"
    return {
        round(e.days, 9): float(e.changes[name][1])
        for e in sim.trace(sim.loads(scenario))
        if name in e.changes
    }


def at_last(scenario: str, faction: str = "army") -> float:
    found = course(scenario, faction)
    return found[max(found)] if found else 0.5


# The example.


def follows_the_formula(scenario: str) -> bool:
    """Return whether cohesion falls on day 12 and recovers by the fifth day, a tenth each."""
    found = course(scenario)
    expected = {12.0: 0.35} | {
        day: 0.5 - 0.15 * math.exp(-0.1 * step)
        for step, day in enumerate((15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0), 1)
    }
    return found.keys() == expected.keys() and all(
        math.isclose(found[day], expected[day], rel_tol=1e-12) for day in expected
    )


def test_the_example_follows_the_formula():
    assert follows_the_formula(Cohesion.EXAMPLE)
    assert not follows_the_formula(Cohesion.EXAMPLE.replace("reliance: 1", "reliance: 0.9"))
    ensemble = sim.run(sim.loads(Cohesion.EXAMPLE), replications=5)
    # 0.15 exp(-0.1 k) <= 0.08 from the seventh step.
    assert set(ensemble.times("low")) == {12.0}
    assert set(ensemble.times("back")) == {45.0}


def test_the_example_is_one_scenario_in_both_engines():
    net = sim.loads(Cohesion.EXAMPLE).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=5)
    assert differences(reference, run_ensemble(net, seed=1, replications=5)) == []


# Patrons.

PATRON = ", patrons: {power: {support: 0.6, reliance: 0.4}}"
LEAVES = "leaves: {at: 2 days, then: {power.stance: left}}"


@pytest.mark.parametrize(
    ("cohesion", "expected"),
    [
        ("", 0.5 - 0.15 * 0.4),
        ("patron_left: -0.5", 0.5 - 0.5 * 0.4),
        ("patron_left: -5", 0.0),
        ("off: yes", 0.5),
        ("factions: [rebels], patron_left: -0.5", 0.5 - 0.15 * 0.4),
        ("factions: [army], patron_left: -0.5", 0.5 - 0.5 * 0.4),
        ("when: rear.control == army", 0.5 - 0.15 * 0.4),
        ("when: rear.control != army", 0.5),
        ("from_time: 3 days", 0.5),
        ("until: 1 day", 0.5),
    ],
)
def test_a_patron_that_leaves_takes_cohesion_by_reliance(cohesion: str, expected: float):
    assert math.isclose(at_last(text(cohesion, army=PATRON, happens=LEAVES)), expected)


def test_a_patron_leaves_once():
    again = f"{LEAVES}\n  comes: {{at: 3 days, then: {{power.stance: committed}}}}"
    again += "\n  goes: {at: 4 days, then: {power.stance: left}}"
    assert list(course(text(army=PATRON, happens=again))) == [2.0]


def test_a_patron_that_only_reduces_takes_nothing():
    assert course(text(army=PATRON, happens=LEAVES.replace("left}", "reduced}"))) == {}


def test_relocation_and_cohesion_meet():
    moves = "moves: {kind: relocate, patron: power, faction: army, rate: 1000 / day}"
    assert math.isclose(at_last(text(army=PATRON, processes=moves)), 0.5 - 0.15 * 0.4)


# Places.

TAKES = "front: {control: army, weight: WEIGHT}\n  rear: {control: army}\n  home: {control: rebels}"
COLUMN = "column: {kind: advance, faction: rebels, along: [home, front], force: 500 persons}"
TWO_ROADS = f"{ROAD}\n  way: {{between: [home, front], km: 10}}"


def capture(weight: str, cohesion: str = "") -> str:
    return text(
        cohesion, places=TAKES.replace("WEIGHT", weight), routes=TWO_ROADS, processes=COLUMN
    )


@pytest.mark.parametrize(
    ("weight", "cohesion", "expected"),
    [("1", "", 0.53), ("0.25", "", 0.5075), ("1", "victory: 0.2", 0.7), ("1", "off: yes", 0.5)],
)
def test_a_place_taken_lifts_the_taker_by_its_weight(weight: str, cohesion: str, expected: float):
    assert math.isclose(at_last(capture(weight, cohesion), "rebels"), expected)


def test_a_place_lost_moves_shock_and_never_cohesion():
    changes = [e.changes for e in sim.trace(sim.loads(capture("1")))]
    assert any("army.shock" in found for found in changes)
    assert not any("army.cohesion" in found for found in changes)


def test_a_village_of_three_parts_lifts_no_more_than_one():
    three = "\n  ".join(f"part{n}: {{control: army, weight: 1 / 3}}" for n in (1, 2, 3))
    places = f"{three}\n  home: {{control: rebels}}"
    roads = "\n  ".join(
        f"way{n}: {{between: [{a}, part{n}], km: 1}}"
        for n, a in enumerate(("home", "part1", "part2"), 1)
    )
    column = COLUMN.replace("[home, front]", "[home, part1, part2, part3]")
    split = text(places=places, routes=roads, processes=column)
    assert math.isclose(at_last(split, "rebels"), at_last(capture("1"), "rebels"))


CUT = "cut: {at: 2 days, then: {road.status: cut}}"
FAR = ROAD.replace("}", ", bypass: 900 days, repair: 900 days}")


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (PLACES, 0.5 - 2 * 0.05),
        (PLACES.replace("weight: 1", "weight: 0.25"), 0.5 - 0.5 * 0.05),
        (PLACES.replace("rear: {control: army", "rear: {control: none"), 0.5),
        (PLACES.replace(", garrison: {army: 100}}", "}"), 0.5 - 0.05),
    ],
)
def test_a_place_that_is_cut_off_costs_its_weight(places: str, expected: float):
    assert math.isclose(at_last(text(places=places, routes=FAR, happens=CUT)), expected)


def test_what_is_cut_off_at_the_start_is_known_already():
    assert course(text(routes=FAR.replace("km: 40", "km: 40, status: cut"))) == {}


def test_a_road_that_is_cut_again_costs_nothing_more():
    again = f"{CUT}\n  opens: {{at: 3 days, then: {{road.status: open}}}}"
    again += "\n  again: {at: 4 days, then: {road.status: cut}}"
    assert list(course(text(routes=FAR, happens=again))) == [2.0]


# Recovery.

FALLS = "falls: {at: 1 day, then: {army.cohesion: 0.3}}"


def lag(rate: float, days: float) -> float:
    """Return cohesion by the formula, where the last step was just before."""
    return 0.5 - 0.2 * math.exp(-rate * days)


@pytest.mark.parametrize(
    ("recovery", "n_steps", "step"), [("0.02", 3, 5.0), ("0.1", 18, 1.0), ("2", 1, 0.25)]
)
def test_recovery_is_by_a_tenth_of_its_time(recovery: str, n_steps: int, step: float):
    scenario = text(army=f", cohesion_recovery: {recovery} / day", happens=FALLS)
    found = [days for days in course(scenario) if days > 1.0]
    assert math.isclose(found[1] - found[0], step)
    assert len(found) >= n_steps
    rate = float(recovery)
    for number, days in enumerate(found, 1):
        assert math.isclose(course(scenario)[days], lag(rate, number * step), rel_tol=1e-9)


def test_cohesion_above_its_initial_value_comes_down():
    scenario = text(army=", cohesion_recovery: 0.1 / day", happens=FALLS.replace("0.3", "0.9"))
    assert 0.5 < at_last(scenario) < 0.6


def test_cohesion_without_recovery_stays():
    assert course(text(happens=FALLS)) == {1.0: 0.3}


def test_where_nothing_moves_nothing_happens():
    scenario = text(army=", cohesion_recovery: 0.1 / day", horizon="900 days")
    assert course(scenario) == {}
    assert not any("cohesion" in e.transition for e in sim.trace(sim.loads(scenario)))


def test_pay_is_a_number_for_transitions_of_the_file():
    pay = "payday: {at: 5 days, then: {army.cohesion: army.cohesion + processes.cohesion.paid}}"
    assert math.isclose(course(text(happens=pay))[5.0], 0.52)


# What it costs.


def test_it_has_few_parts():
    names = {t.name for t in sim.loads(text(army=PATRON)).net.transitions}
    assert {name for name in names if "cohesion" in name} == {
        "army.cohesion_recovers",
        "rebels.cohesion_recovers",
    }
    assert {name for name in names if ".cut_off." in name or ".loses." in name} == {
        "army.loses.power",
        "army.cut_off.front",
        "army.cut_off.rear",
    }


# What is wrong.


@pytest.mark.parametrize(
    ("keys", "where", "message"),
    [
        ("factions: [amry]", "factions", "unknown faction 'amry'"),
        ("victory: 3 days", "victory", ""),
        ("beaten: -0.1", "beaten", "unknown field 'beaten' in process 'will'"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(keys: str, where: str, message: str):
    with pytest.raises(ScenarioError, match="error") as caught:
        sim.loads(text(keys))
    (fault,) = caught.value.diagnostics
    assert fault.path == f"processes.will.{where}"
    assert message in fault.message
    assert fault.position is not None
