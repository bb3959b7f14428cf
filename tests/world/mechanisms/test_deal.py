"""``deal``: when it is made, with whom, and what becomes of the garrison."""

import numpy as np
import pytest

import sim
from sim.world.mechanisms.deal import Deal
from tests.world.mechanisms.known import TOO_MANY, agree, by, error, last, told

EXAMPLE = Deal.EXAMPLE
#: A town with a way out, attacked from the start; each test says why there should be a deal.
TOWN = """
title: Terms
clock: {horizon: 20 days}
factions: {rebels: {}, army: {present_fraction: 1, supply: 900 days, capital: court}, others: {}}
hostile: [[rebels, army]]
places:
  town: {control: army, attacker: rebels, garrison: {army: 400}, fallback: [rear]}
  rear: {control: army, garrison: {army: 100}}
  court: {control: army}
routes: {back: {between: [town, rear], km: 20}}
processes:
  no_collapse: {kind: collapse, off: yes}
  no_siege: {kind: siege, off: yes}
  terms: {kind: deal, place: town, rate: 0.2 / day}
outcomes: {handed_over: town.fell_by == deal}
"""
TIES = {"places.town.local_ties": "yes"}
SOON = {"processes.terms.rate": "1000000 / day"}
COUNTS = {
    "rebels": "town.garrison.rebels",
    "army": "town.garrison.army",
    "rear": "rear.garrison.army",
    "is_taken": "town.control == rebels",
}


def share(text: str, **changes: str) -> float:
    """Return in what share of replications there has been a deal."""
    found = sim.run(sim.loads(text, set=changes), replications=400)
    return float(np.mean(np.isfinite(found.times("handed_over"))))


def test_the_example_is_handed_over_at_its_rate():
    for outcome in ("handed_over", "are_rebels"):
        assert error(EXAMPLE, outcome, by(0.2)) < TOO_MANY
        assert error(EXAMPLE, outcome, by(0.24)) > TOO_MANY


def test_the_engines_agree():
    assert agree(EXAMPLE)
    assert agree(TOWN.replace("town: {", "town: {local_ties: yes, "))


def test_without_a_reason_nobody_deals():
    assert share(TOWN) == 0.0


def test_with_ties_a_deal_needs_an_attacker_and_no_more():
    assert error(TOWN, "handed_over", by(0.2), changes=TIES) < TOO_MANY
    next_door = TOWN.replace("places:\n", "places:\n  camp: {control: rebels}\n")
    next_door = next_door.replace("routes: {", "routes: {road: {between: [camp, town], km: 9}, ")
    assert share(next_door.replace("attacker: rebels, ", ""), **TIES) == 0.0
    assert share(next_door, **TIES) > 0.9


def test_a_lost_capital_is_a_reason_from_then_on():
    lost = "transitions: {lost: {at: 5 days, then: {court.control: rebels}}}\n"
    no_end = TOWN.replace("  terms:", "  no_end: {kind: faction_collapse, off: yes}\n  terms:")
    assert error(no_end + lost, "handed_over", by(0.2, since=5.0), days=(6.0, 10.0)) < TOO_MANY


def test_an_ally_looks_at_the_capital_of_those_it_stands_with():
    text = TOWN.replace("others: {}", "others: {role: ally, of: army}")
    text = text.replace("[[rebels, army]]", "[[rebels, army], [rebels, others]]")
    text = text.replace("town: {control: army", "town: {control: others")
    lost = "transitions: {lost: {at: 5 days, then: {court.control: rebels}}}\n"
    assert share(text) == 0.0
    assert share(text + lost, **SOON) == 1.0


def test_who_is_cut_off_by_broken_roads_alone_has_nobody_to_deal_with():
    shut = {"routes.road.status": "cut", "routes.road.bypass": "900 days"}
    text = EXAMPLE.replace("are_rebels: ", "cut_off: town.encircled\n  are_rebels: ")
    assert share(text, **shut) == 0.0


def test_neither_does_who_has_no_enemy_next_door():
    text = EXAMPLE.replace("rebels: {}", "rebels: {}, others: {}")
    text = text.replace(
        "camp: {control: rebels}", "camp: {control: {choice: {rebels: 1, others: 1}}}"
    )
    found = sim.run(sim.loads(text, set=SOON), replications=300)
    is_rebel = found.inputs["places.camp.control"] == "rebels"
    assert (np.isfinite(found.times("handed_over")) == is_rebel).all()
    assert 100 < is_rebel.sum() < 200


@pytest.mark.parametrize(
    ("garrison", "army", "rear", "rebels"),
    [("leaves", 0.0, 500.0, 0.0), ("stays", 0.0, 100.0, 0.0), ("changes_side", 0.0, 100.0, 400.0)],
)
def test_a_garrison_leaves_lays_its_arms_down_or_changes_sides(garrison, army, rear, rebels):
    changes = {**TIES, **SOON, "processes.terms.garrison": garrison}
    found = last(TOWN, COUNTS, changes)
    assert found == {"is_taken": 1.0, "army": army, "rear": rear, "rebels": rebels}


def test_a_garrison_that_finds_no_way_out_is_lost():
    assert last(EXAMPLE, {"men": "town.garrison.army"}, {"processes.terms.garrison": "leaves"}) == {
        "men": 0.0
    }


def test_it_is_made_once():
    """Whoever has taken the place over is cut off in it, with the army next door."""
    says = [said for said in told(TOWN, {**TIES, **SOON}) if said.startswith("town is handed")]
    assert len(says) == 1


def test_trace_tells_it():
    assert "town is handed over (terms)" in told(TOWN, {**TIES, **SOON})
    text = TOWN.replace("rate: 0.2 / day}", "rate: 0.2 / day, says: Elders talk}")
    assert "Elders talk" in told(text, {**TIES, **SOON})


def test_when_and_off():
    for changes in (
        {"processes.terms.off": "yes"},
        {"processes.terms.when": "town.attacker == none"},
    ):
        assert share(TOWN, **TIES, **SOON, **changes) == 0.0
