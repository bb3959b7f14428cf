"""``relocate``: a patron moves what it has, or leaves."""

import math
import re

import numpy as np
import pytest

import sim
from sim.errors import ScenarioError
from tests.oracles.mechanisms import example

N = 8_000
PATRONS = "patrons: {power: {support: 0.8, reliance: 0.5}}"
SOON = "rate: 1000 / day"


def text(
    keys: str = SOON,
    *,
    army: str = PATRONS,
    places: str = "port: {control: army, garrison: {power: 1000}}",
    more: str = "",
    horizon: str = "20 days",
) -> str:
    """Return a world in which a patron moves, at the start if nothing else is said."""
    lasts = "" if "lasts" in keys else ", lasts: 2 days"
    return f"""
title: A move
clock: {{horizon: {horizon}}}
factions:
  army: {{supply: 900 days, present_fraction: 1, {army}}}
  rebels: {{supply: 900 days, present_fraction: 1}}
  power: {{role: patron}}
  other: {{role: patron}}
hostile: [[army, rebels]]
places:
  {places}
processes:
  move: {{kind: relocate, patron: power, faction: army, {keys}{lasts}}}
  no_assault: {{kind: assault, off: yes}}
  no_collapse: {{kind: collapse, off: yes}}
outcomes: {{begins: move.under_way, ends: move.done}}
{more}
"""


def changes(scenario: str, transition: str) -> dict[str, tuple[object, object]]:
    """Return what an event changes in one replication; nothing if it does not happen."""
    found = [e for e in sim.trace(sim.loads(scenario)) if e.transition == transition]
    return dict(found[0].changes) if found else {}


def begins(keys: str = SOON, **more: str) -> dict[str, tuple[object, object]]:
    return changes(text(keys, **more), "move.begins")


def ends(keys: str = SOON, **more: str) -> dict[str, tuple[object, object]]:
    return changes(text(keys, **more), "move.ends")


# When.


def test_in_the_example_support_falls_at_once_and_the_garrison_goes_two_days_later():
    ensemble = sim.run(sim.loads(example("relocate")), replications=500)
    times = ensemble.times("begins")
    assert np.array_equal(ensemble.times("alone"), times)
    is_over = times < 27.9
    assert is_over.sum() > 400
    assert np.allclose(ensemble.times("gone")[is_over], times[is_over] + 2.0, rtol=0, atol=1e-9)


def errors_of_lasting(mean: str) -> float:
    """Return how far a move that lasts an exponential time is from its law, mean 2 days."""
    scenario = text(f"rate: 1000 / day, lasts: {{exponential: {{mean: {mean}}}}}")
    ensemble = sim.run(sim.loads(scenario), replications=N)
    lasts = ensemble.times("ends") - ensemble.times("begins")
    p = -math.expm1(-1.0)
    return float(np.mean(lasts <= 2.0) - p) / math.sqrt(p * (1.0 - p) / N)


def test_how_long_it_lasts_is_luck_of_the_move():
    # 4.5 standard errors: a false alarm in 150,000.
    assert abs(errors_of_lasting("2 days")) < 4.5
    assert abs(errors_of_lasting("2.4 days")) > 4.5


def test_it_happens_once():
    events = [e.transition for e in sim.trace(sim.loads(text(f"{SOON}, to: [port], from: []")))]
    assert events.count("move.begins") == events.count("move.ends") == 1


@pytest.mark.parametrize(
    ("keys", "first", "last"),
    [
        ("off: yes", math.inf, math.inf),
        ("when: port.control == rebels", math.inf, math.inf),
        ("from_time: 5 days", 5.0, 5.1),
        ("until: 0 days", math.inf, math.inf),
    ],
)
def test_it_begins_only_while_its_author_has_it(keys: str, first: float, last: float):
    scenario = text(f"{SOON}, {keys}")
    if "off" in keys:
        scenario = scenario.replace("begins: move.under_way, ends: move.done", "ends: false")
    times = sim.run(sim.loads(scenario), replications=50).times(
        "ends" if "off" in keys else "begins"
    )
    assert np.all((times >= first) & (times <= last))


def test_it_goes_on_when_its_reason_is_gone():
    reason = "transitions: {passes: {at: 1 day, then: {port.attacker: none}}}"
    attacked = "port: {control: army, garrison: {power: 1000, army: 10}, attacker: rebels}"
    assert ends(f"{SOON}, when: port.attacker != none", places=attacked, more=reason)


# What it does to support.


@pytest.mark.parametrize(
    ("keys", "given"),
    [
        (SOON, 0.3),
        (f"{SOON}, support_after: 0.1", 0.1),
        (f"{SOON}, support_after: 0.9", 0.8),
        (f"{SOON}, support_after: 0", 0.0),
    ],
)
def test_support_falls_to_its_level_and_never_rises(keys: str, given: float):
    support = begins(keys).get("army.support.power", (0.8, 0.8))
    assert support == (0.8, given)


@pytest.mark.parametrize(
    ("keys", "stance"), [(f"{SOON}, to: [port]", "reduced"), (f"{SOON}, to: []", "left")]
)
def test_it_is_reduced_by_a_move_and_left_by_leaving(keys: str, stance: str):
    assert begins(keys)["power.stance"] == ("committed", stance)


def test_who_has_left_moves_no_more():
    leaves = "transitions: {leaves: {at: 0 days, then: {power.stance: left}}}"
    scenario = text("rate: 1 / day, from_time: 1 day", more=leaves)
    assert changes(scenario, "move.begins") == {}


# Where its garrisons go.

TWO = """port: {control: army, garrison: {power: 1000}}
  base: {control: army, garrison: {power: 200}}
  coast: {control: army}
  inland: {control: army}
  lost: {control: rebels}
"""


def garrisons(found: dict[str, tuple[object, object]]) -> dict[str, object]:
    """Return the garrisons of the patron that have changed."""
    return {
        name.partition(".")[0]: after
        for name, (_, after) in found.items()
        if name.endswith(".garrison.power")
    }


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("to: [coast]", {"port": 0, "base": 0, "coast": 1200}),
        ("from: [port], to: [coast]", {"port": 0, "coast": 1000}),
        ("from: [port], to: [base]", {"port": 0, "base": 1200}),
        ("from: [port, base], to: [inland, coast]", {"port": 0, "base": 0, "inland": 1200}),
        ("to: [lost, coast]", {"port": 0, "base": 0, "coast": 1200}),
        ("to: []", {"port": 0, "base": 0}),
        ("from: [base], to: []", {"base": 0}),
        ("from: [coast], to: [inland]", {}),
    ],
)
def test_garrisons_go_to_the_first_place_of_their_side(keys: str, expected: dict[str, float]):
    assert garrisons(ends(f"{SOON}, {keys}", places=TWO)) == expected


def test_nobody_moves_to_where_the_enemy_is():
    assert begins(f"{SOON}, to: [lost]", places=TWO) == {}


def test_who_packs_stays_if_all_refuges_are_lost_meanwhile():
    falls = "transitions: {falls: {at: 1 day, then: {coast.control: rebels}}}"
    found = ends(f"{SOON}, to: [coast]", places=TWO, more=falls)
    assert garrisons(found) == {}
    assert found["move.done"] == (0, 1)


def test_a_guest_defends_the_place_that_it_comes_to():
    watch = "watch: {defence: coast.defence}"
    scenario = sim.loads(text(f"{SOON}, to: [coast]", places=TWO, more=watch))
    ensemble = sim.run(scenario, replications=20)
    defence = ensemble.watch["mean"].to_numpy()
    assert defence[0] == 0.0
    assert math.isclose(defence[-1], 1200.0)


def test_a_move_of_nobody_makes_no_garrisons():
    net = sim.loads(text(f"{SOON}, to: [port]", places="port: {control: army}")).net
    assert not any(v.name == "port.garrison.power" for v in net.variables)


# What is wrong.


@pytest.mark.parametrize(
    ("keys", "where", "message"),
    [
        ("patron: rebels", "patron", "'rebels' cannot relocate: its role is 'belligerent'"),
        ("patron: other", "faction", "'other' is no patron of 'army'"),
        ("faction: power", "faction", "'power' is no patron of 'power'"),
        ("patron: pwoer", "patron", "unknown faction 'pwoer'"),
        ("from: [prt]", "from", "unknown place 'prt'"),
        ("to: [prt]", "to", "unknown place 'prt'"),
        ("to: [port]", "to", "'port' is where it goes and where it comes from"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(keys: str, where: str, message: str):
    scenario = text(f"{SOON}, from: [port], to: [base]", places=TWO)
    for key in keys.split("; "):
        name = key.partition(":")[0]
        scenario = re.sub(rf"(kind: relocate.*?\b){name}: (\[.*?\]|\w+)", rf"\g<1>{key}", scenario)
    with pytest.raises(ScenarioError, match="error") as caught:
        sim.loads(scenario)
    (fault,) = caught.value.diagnostics
    assert (fault.path, fault.message) == (f"processes.move.{where}", message)
    assert fault.position is not None
