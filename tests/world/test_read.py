"""How a world is read: what its numbers rest on, every fault at once, and no input breaks it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario.explained import explained
from sim.scenario.load import loads
from tests.world.build import Point, scenario, world

CORPUS = Path(__file__).parents[1] / "corpus"

# What numbers rest on.

SOURCED = """
homs:
  control: {value: government, source: monitors, grade: C3}
  population: {value: 800000, source: census, mark: R, grade: A1}
  garrison: {government: {interval90: [4000, 25000], source: monitors, grade: C3, mark: J}}
  belt: 4 km
  source: census
  mark: C
hama: {at: [35.13, 36.76], control: rebels, supply: 3 days}
"""
SOURCES = """
sources:
  monitors: {text: Evening report, public: 2024-12-05}
  census: {text: Census, public: 2005-01-01}
  reader: {text: What the author read}
defaults: {mark: R, source: reader}
"""


def notes(made):
    return {i.name: (i.note.mark, i.note.source, i.note.grade) for i in made.net.inputs}


def test_a_number_rests_on_what_is_said_of_it_then_of_its_object_then_of_the_file():
    found = notes(scenario(SOURCED, more=SOURCES))
    assert found["places.homs.control"] == ("C", "monitors", "C3")
    assert found["places.homs.population"] == ("R", "census", "A1")
    assert found["places.homs.garrison.government"] == ("J", "monitors", "C3")
    assert found["places.homs.belt"] == ("C", "census", "")
    assert found["places.hama.supply"] == ("R", "reader", "")


def test_a_default_keeps_its_own_mark_and_source():
    found = notes(scenario(SOURCED, more=SOURCES))
    mark, source, _ = found["factions.rebels.shock_memory"]
    assert (mark, source) == ("C", "reference class")
    assert found["factions.government.cohesion"] == ("J", "default", "")


def test_every_written_number_is_an_input_whether_it_is_read_or_not():
    made = scenario(SOURCED, more=SOURCES)
    assert {"places.homs.belt", "places.hama.supply"} <= {i.name for i in made.net.inputs}
    read = Point(scenario(SOURCED, more=SOURCES + "watch: {edge: places.homs.belt * 2}\n"))
    assert read.input("places.homs.belt") == 4_000.0


def test_explain_has_each_name_with_its_unit_and_every_input_with_its_mark():
    told = explained(scenario(SOURCED, more=SOURCES))
    units = {v.name: v.unit for v in told.variables}
    assert units["homs.garrison.government"] == "person"
    assert units["homs.supply"] == "day"
    assert units["homs.control"] == ""
    assert [i.name for i in told.inputs if i.note.mark not in ("C", "R", "J")] == []
    assert {i.name: i.unit for i in told.inputs}["places.homs.belt"] == "km"


def test_explain_says_what_each_name_and_each_value_is():
    told = explained(scenario(SOURCED, more=SOURCES))
    assert [v.name for v in told.variables if not v.meaning] == []
    assert [d.name for d in told.definitions if not d.meaning] == []
    assert [i.name for i in told.inputs if not i.meaning] == []
    meant = {i.name: i.meaning for i in told.inputs}
    assert meant["places.homs.garrison.government"] == "Nominal strength of each faction"
    other = explained(loads("title: T\nclock: {horizon: 3 days}\nparameters: {x: 3}\n"))
    assert [i.meaning for i in other.inputs] == [""]


@pytest.mark.parametrize(
    ("population", "weight"),
    [
        ("50000", 0.5),
        ("25000 persons", 0.25),
        ("5000 * 2", 0.1),
        ("{value: 60000, source: census}", 0.6),
        ("{interval90: [20000, 45000]}", 0.3),
        ("{pert: [10000, 70000, 90000]}", 0.7),
        ("{lognormal: {median: 40000, sigma: 0.5}}", 0.4),
        ("{value: {uniform: [20000, 60000]}, source: census}", 0.4),
        ("{interval90: [600000, 900000]}", 1.0),
    ],
)
def test_a_place_weighs_by_about_how_many_people_live_there(population, weight):
    """Up to a city of 100,000; the middle of a distribution counts, whatever is drawn."""
    sides = "factions: {government: {losses: [{place: homs, at: 2024-12-06T18:00+03:00}]}}"
    made = scenario(f"homs: {{control: none, population: {population}}}", sides=sides)
    assert Point(made).get("government.shock") == pytest.approx(weight)


# Faults.


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        loads(text, "t.yaml")
    return [(d.code, d.path) for d in caught.value.diagnostics if d.severity == "error"]


MANY = """
title: Many mistakes
clock: {start: 2024-12-06T18:00+03:00, horizon: 10 days}
factions:
  government: {cohesion: 2, capitol: homs, patrons: {rusia: {support: 1, reliance: 0.1}}}
  rebels: {role: ally, resolve: -1}
  russia: {role: patron}
hostile: [[rebels, governmant]]
places:
  homs: {control: goverment, garrison: {goverment: 30, rebels: -3}, population: 3 km}
  hama: {posture: ready}
  max.x: {control: rebels}
  tartus:
routes:
  m5: {between: [homs, hama], km: 3 days}
  m1: {between: [homs, max.x], km: 96}
  coast: {between: [tartus, latakia], status: shut}
links:
  way: {for: goverment, from: homs, to: [tartus]}
processes:
  march: {kind: advance, faction: government, along: [homs, tartus], force: 300}
  hama: {kind: advance, faction: government, along: [homs, aleppo], force: 300}
outcomes:
  falls: homs.control == rebels
  other: homs.kontrol == rebels
"""


def test_every_mistake_is_told_in_one_run_and_each_of_them_once():
    assert faults(MANY) == [
        ("out-of-range", "factions.government.cohesion"),
        ("unknown-field", "factions.government.capitol"),
        ("unknown-name", "factions.government.patrons.rusia"),
        ("missing-field", "factions.rebels"),
        ("out-of-range", "factions.rebels.resolve"),
        ("unknown-name", "hostile.1"),
        ("unknown-name", "places.homs.control"),
        ("unknown-name", "places.homs.garrison.goverment"),
        ("out-of-range", "places.homs.garrison.rebels"),
        ("dimension", "places.homs.population"),
        ("missing-field", "places.hama.control"),
        ("wrong-type", "places.hama.posture"),
        ("bad-name", "places.max.x"),
        ("no-value", "places.tartus"),
        ("dimension", "routes.m5.km"),
        ("unknown-name", "routes.coast.between"),
        ("unknown-label", "routes.coast.status"),
        ("unknown-name", "links.way.for"),
        # Not that the process 'march' names a lost place, nor what is wrong with a misnamed one.
        ("name-taken", "processes.hama"),
        # Not that homs.kontrol is unknown: a lost place may have been called so.
    ]


def test_a_fault_in_an_object_does_not_hide_an_unknown_name_elsewhere():
    text = world("homs: {control: government, population: -3}", more="outcomes: {o: hims.control}")
    assert faults(text) == [
        ("out-of-range", "places.homs.population"),
        ("unknown-name", "outcomes.o"),
    ]


def test_of_a_section_that_is_no_mapping_nothing_is_said_to_be_unknown():
    text = world("", more="places: [homs]\nroutes: {m5: {between: [homs, hama], km: 3}}")
    more = "processes: {p: {kind: advance, faction: rebels, along: [a, b], force: 3}}\n"
    assert faults(text + more) == [("wrong-type", "places")]


# Any input at all.

WORLDS = [p.read_text("utf-8") for p in sorted((CORPUS / "valid").glob("world-*.yaml"))]
WORLDS.append(world(SOURCED, more=SOURCES))
WORDS = [
    *("", "null", "~", "[]", "{}", "0", "-1", "1e9", "inf", "nan", "yes", "none", "all", "3 km"),
    *("5 days", "{uniform: [1, 0]}", "{choice: {a: 1}}", "{value: {value: 3}}", "[[a, b], [a]]"),
    *(
        "{interval90: [1, 2]}",
        "{pert: [0, 1]}",
        "2024-12-06",
        "2024-12-06T18:00+03:00",
        "*a",
        "a.b",
    ),
    *("government", "[government]", "{government: 1}", "{at: x}", "x if y else z", "max(1, 2)"),
    *("{choice: {government: -1}}", "{choice: {}}", "[1, 2, 3]", "[x, {y: z}]", "'quoted: text'"),
]


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WORLDS), st.randoms(use_true_random=False))
def test_a_torn_world_gives_a_scenario_or_its_faults(text, chance):
    told = diagnostics_of(torn_text(text, chance))
    places = [(d.code, d.position) for d in told if d.position is not None]
    assert len(set(places)) == len(places), "told twice"


def diagnostics_of(text: str, **changes):
    """Return what is wrong with a file: nothing, or at least something."""
    try:
        made = loads(text, "t.yaml", **changes)
    except ScenarioError as error:
        return error.diagnostics or pytest.fail("an error that tells nothing")
    return list(made.warnings)


def torn_text(text: str, chance: random.Random) -> str:
    """Return a file with some values replaced, keys renamed and lines gone."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 4)):
        k = chance.randrange(2, len(lines))
        kind = chance.random()
        if kind < 0.15:
            del lines[k]
        elif kind < 0.3:
            lines.insert(k, lines[chance.randrange(2, len(lines))])
        else:
            lines[k] = torn_line(lines[k], chance, is_key=kind > 0.8)
    return "\n".join(lines)


def torn_line(line: str, chance: random.Random, *, is_key: bool) -> str:
    """Return a line with one of its words, or what follows a colon, replaced."""
    places = [k for k, character in enumerate(line) if character in ":,[{ "]
    if not places:
        return line
    start = chance.choice(places) + 1
    ends = [k for k in range(start, len(line)) if line[k] in ",]}:"] or [len(line)]
    end = ends[0] if is_key or chance.random() < 0.8 else chance.choice(ends)
    return f"{line[:start]} {chance.choice(WORDS)}{line[end:]}"


@pytest.mark.parametrize(
    "path", sorted((CORPUS / "valid").glob("world-*.yaml")), ids=lambda p: p.stem
)
def test_each_value_of_a_world_replaced_by_each_word(path):
    """--set every path of the file to every word: a scenario or its faults, and nothing else."""
    text = path.read_text("utf-8")
    made = loads(text)
    paths = [i.name for i in made.net.inputs if i.name.startswith(("factions", "places", "routes"))]
    for name in [*paths, *(p.rpartition(".")[0] for p in paths[:3])]:
        for word in random.Random(name).sample(WORDS, 2):
            for told in diagnostics_of(text, set={name: word or "''"}):
                assert told.message


# Size.


def large_world(n_places: int = 40, n_routes: int = 80, n_factions: int = 8) -> str:
    chance = random.Random(4)
    factions = [f"f{k}" for k in range(n_factions)]
    places = [f"p{k}" for k in range(n_places)]
    routes = [(places[k], places[k + 1]) for k in range(n_places - 1)]
    while len(routes) < n_routes:
        routes.append(tuple(chance.sample(places, 2)))
    return world(
        "\n".join(
            f"{p}: {{control: {chance.choice(factions)}, population: {chance.randrange(200000)}}}"
            for p in places
        ),
        sides=f"factions: {{{', '.join(f'{f}: {{}}' for f in factions)}}}\n"
        f"hostile: [{', '.join(f'[{factions[0]}, {f}]' for f in factions[1:])}]",
        routes="\n".join(
            f"r{k}: {{between: [{a}, {b}], km: 50}}" for k, (a, b) in enumerate(routes)
        ),
    )


def test_a_large_world_loads(record_property):
    start = time.perf_counter()
    made = loads(large_world(), "t.yaml")
    record_property("seconds", time.perf_counter() - start)
    assert len([v for v in made.net.variables if v.name.endswith(".control")]) == 40
    assert len([v for v in made.net.variables if v.name.endswith(".status")]) == 80
