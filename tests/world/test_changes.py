"""--set, variants and extends on the world: stated keys, and those that only the schema knows."""

from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario.load import load, loads
from tests.world.build import Point, scenario, world

TWO = """
homs: {at: [34.73, 36.71], control: government, population: {interval90: [600000, 900000]},
  garrison: {government: {interval90: [4000, 25000]}}}
hama: {at: [35.13, 36.76], control: rebels}
nabk: {control: government, attacker: rebels}
"""
SIDES = """
factions:
  government:
    cohesion: {pert: [0.25, 0.4, 0.55]}
    losses: [{place: hama, at: 2024-12-05T18:00+03:00}]
    patrons: {russia: {support: 0.6, reliance: 0.5}}
  rebels: {}
  russia: {role: patron}
hostile: [[rebels, government]]
"""
M5 = "m5: {between: [hama, homs], status: {choice: {open: 0.2, cut: 0.8}}, bridge: {span: 60 m}}"


def changed(**changes: object):
    at = {path.replace("__", "."): value for path, value in changes.items()}
    return scenario(TWO, sides=SIDES, routes=M5, changes=at)


def inputs(made) -> dict[str, str]:
    return {i.name: i.origin.text for i in made.net.inputs}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        # Stated: a value replaces a distribution whole.
        ("places.homs.garrison.government", "25000"),
        ("factions.government.cohesion", "0.9"),
        ("factions.government.cohesion", "{uniform: [0.1, 0.2]}"),
        ("factions.government.patrons.russia.support", "0"),
        ("places.homs.population", "{value: 7, source: somebody}"),
        # Not stated, and known to the schema.
        ("factions.rebels.cohesion", "0.9"),
        ("places.homs.present_fraction.government", "0.8"),
        ("places.homs.garrison.rebels", "5"),
        ("places.homs.value", "0.3"),
        ("factions.government.losses.1.weight", "0.5"),
        ("routes.m5.km", "60 km"),
        # Of a process that exists without being declared.
        ("processes.collapse.shock_rate", "0 / day"),
    ],
)
def test_a_value_may_be_set_by_its_path(path, value):
    made = scenario(TWO, sides=SIDES, routes=M5, changes={path: value})
    shown = "7" if value.startswith("{value") else value
    assert inputs(made)[path] == shown


def test_what_is_no_quantity_may_be_set_too():
    point = Point(changed(routes__m5__status="cut", places__homs__control="rebels"))
    assert point.get("m5.status") == "cut"
    assert point.get("homs.control") == "rebels"
    unset = [changed(), changed(places__homs__posture="prepared", places__hama__port="yes")]
    assert [len(made.net.variables) for made in unset] == [len(unset[0].net.variables)] * 2


def test_a_table_that_the_file_lacks_is_made():
    made = changed(places__homs__present_fraction__government="0.5", **{"defaults.mark": "R"})
    point = Point(made)
    nominal = point.input("places.homs.garrison.government")
    assert point.get("homs.garrison.government") == pytest.approx(nominal * 0.5)
    marks = {i.name: i.note.mark for i in made.net.inputs}
    assert marks["places.homs.present_fraction.government"] == "R"


@pytest.mark.parametrize(
    ("path", "value", "code", "hint"),
    [
        ("places.homs.postur", "prepared", "no-match", "did you mean 'places.homs.posture'?"),
        ("places.hom.posture", "prepared", "no-match", "did you mean 'places.homs.posture'?"),
        ("places.homs", "{postur: hasty}", "no-match", "did you mean 'posture'?"),
        ("places.homs.posture.now", "hasty", "no-match", ""),
        ("places.homs.garrison.sdf", "5", "no-match", ""),
        ("places.palmyra", "{control: rebels}", "no-match", ""),
        ("places.homs.posture", "null", "no-match", "there is nothing to delete"),
        ("processes.colapse.shock_rate", "0 / day", "no-match", ""),
        ("factions.government.losses.2.weight", "1", "no-match", ""),
        ("places.homs.posture", "ready", "wrong-type", ""),
        ("places.homs.garrison.government", "-5", "out-of-range", ""),
        ("routes.m5.km", "60 days", "dimension", ""),
    ],
)
def test_what_nothing_knows_is_told_at_the_set(path, value, code, hint):
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        scenario(TWO, sides=SIDES, routes=M5, changes={path: value})
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert hint in fault.hint
    assert fault.position is not None
    assert fault.position.file == f"--set {path}"


VARIANTS = """
variants:
  cut: {routes.m5.status: cut, places.homs.posture: fortified}
  lone: {factions.government.patrons.russia.support: 0, factions.rebels.supply: 3 days}
  much: {places.homs: {garrison: {government: 9000}, local_ties: yes}}
"""


def test_a_file_with_variants_of_unstated_keys_loads_and_they_change_it():
    made = loads(world(TWO, sides=SIDES, routes=M5, more=VARIANTS), "t.yaml")
    assert Point(made.variant("cut")).get("m5.status") == "cut"
    assert Point(made.variant("lone")).get("government.support") == pytest.approx(0.5)
    assert Point(made.variant("lone")).get("hama.supply") == 3.0
    assert inputs(made.variant("much"))["places.homs.garrison.government"] == "9000"


def test_a_variant_of_a_key_that_there_is_not_is_told_when_the_file_is_loaded():
    more = "variants: {ready: {places.homs: {postur: prepared}}}"
    with pytest.raises(ScenarioError, match=r"error\[no-match\]") as caught:
        loads(world(TWO, sides=SIDES, routes=M5, more=more), "t.yaml")
    (fault,) = caught.value.diagnostics
    assert fault.hint == "did you mean 'posture'?"


def test_a_file_that_extends_another_adds_places_and_replaces_values(tmp_path):
    (tmp_path / "base.yaml").write_text(world(TWO, sides=SIDES, routes=M5), encoding="utf-8")
    (tmp_path / "over.yaml").write_text(
        "extends: base.yaml\n"
        "places:\n"
        "  tartus: {at: [34.89, 35.89], control: government, value: 0.8}\n"
        "  homs: {value: 0.9, garrison: {government: {uniform: [1, 2]}}}\n",
        encoding="utf-8",
    )
    made = load(tmp_path / "over.yaml")
    assert Point(made).get("tartus.control") == "government"
    assert Point(made).get("homs.control") == "government", "a place's own 'value' is no value"
    assert inputs(made)["places.homs.garrison.government"] == "{uniform: [1, 2]}"
