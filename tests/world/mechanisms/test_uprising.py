"""``uprising``: its hazard, to whom the place passes, and what becomes of both garrisons."""

import numpy as np
import pytest

import sim
from tests.oracles.mechanisms import unvaried
from tests.world.mechanisms.known import TOO_MANY, by, error, last, told

EXAMPLE = unvaried("uprising")
SOON = {"processes.rising.rate": "1000000 / day"}


@pytest.mark.parametrize(("alignment", "hazard"), [("0", 0.2), ("0.5", 0.1), ("0.9", 0.02)])
def test_who_is_behind_the_holder_does_not_rise(alignment, hazard):
    changes = {"places.town.alignment.army": alignment}
    assert error(EXAMPLE, "rises", by(hazard), changes=changes) < TOO_MANY


def test_half_of_the_people_are_behind_the_holder_where_nothing_is_said():
    text = EXAMPLE.replace(", alignment: {army: 0.25}", "")
    assert error(text, "rises", by(0.1)) < TOO_MANY


def test_a_holder_who_has_lost_places_is_risen_against_sooner():
    text = EXAMPLE.replace("clock: {", "clock: {start: 2030-01-01T00:00Z, ")
    losses = "losses: [{place: hill, at: 2030-01-01T00:00Z, weight: 2}], shock_memory: 9000 days"
    text = text.replace("supply: 900 days}", f"supply: 900 days, {losses}}}")
    assert error(text, "rises", by(0.15 * 3.0), days=(1.0, 3.0)) < TOO_MANY


def test_nobody_rises_against_a_friend_or_nobody():
    text = EXAMPLE.replace("control: army", "control: {choice: {army: 1, people: 1, none: 1}}")
    found = sim.run(sim.loads(text, set=SOON), replications=300)
    is_army = found.inputs["places.town.control"] == "army"
    assert (np.isfinite(found.times("rises")) == is_army).all()
    assert 50 < is_army.sum() < 150


def test_garrisons_come_and_go():
    text = EXAMPLE.replace(
        "processes:",
        "  rear: {control: army}\nroutes: {road: {between: [town, rear], km: 9}}\n"
        "processes:\n  collapse: {kind: collapse, lost: 0.25}",
    )
    watch = {"rear": "rear.garrison.army", "army": "town.garrison.army", "shock": "people.shock",
             "people": "town.garrison.people", "is_theirs": "town.control == people"}  # fmt: skip
    found = last(text, watch, SOON)
    assert found == {"rear": 300.0, "army": 0.0, "people": 300.0, "is_theirs": 1.0, "shock": 0.0}
    # Where no road leads home, all of it is lost; those who rose to help come to those who rise.
    more = EXAMPLE.replace("garrison: {army: 400}", "garrison: {army: 400, people: 50}")
    assert last(more, {"men": "town.garrison.army"}, SOON) == {"men": 0.0}


def test_it_needs_neither_a_road_nor_leave_to_attack():
    assert error(EXAMPLE, "rises", by(0.15), changes={"places.town.attackable_by": "[]"}) < TOO_MANY


def test_what_is_lost_again_rises_again():
    text = EXAMPLE + "transitions: {back: {at: 4 days, then: {town.control: army}}}\n"
    says = [said for said in told(text, SOON) if "rises" in said]
    assert says == ["town rises for people (rising)"] * 2


def test_when_and_off():
    for changes in (
        {"processes.rising.off": "yes"},
        {"processes.rising.when": "army.shock > 0"},
        {"processes.rising.until": "0 days"},
        {"factions.people.cohesion": "0"},
    ):
        found = sim.run(sim.loads(EXAMPLE, set={**SOON, **changes}), replications=20)
        assert not np.isfinite(found.times("rises")).any()
