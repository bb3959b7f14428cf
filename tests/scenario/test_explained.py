"""What a scenario means, as data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim.net.connections import Part
from sim.net.model import NOWHERE
from sim.scenario.explained import explained, only, with_unit
from sim.scenario.load import load
from tests.scenario.build import scenario

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
MADE = """
sources: {book: {text: A book, public: 2024-12-01}}
parameters:
  rate: {interval90: [1/day, 2/day], source: book, grade: B2, as_of: 2024-12-02, mark: R}
  luck: {uniform: [0, 1], chance: true}
  twice: 2 * rate
  fixed: 3 km
variables:
  city: {states: [held, fallen]}
  men: {real: [0, inf], unit: person, initial: {normal: {mean: 90, sd: 1}}}
  score: {integer: [-5, 5], initial: 2}
definitions: {road: 1 km if city == held else fixed}
transitions:
  a: {rate: twice, then: {city: fallen}, says: "Gone at {men:.1f}"}
  b: {when: city == held, after: {exponential: {mean: 2 days}, source: book, mark: J},
      memory: redraw, then: {}}
  c: {work: road, pace: 30 km/day * luck, memory: keep, priority: 3, then: {men: men - loss},
      draws: {loss: {uniform: [1 person, 2 persons], mark: C}}}
  d: {every: fixed / (1 km/day), from: 1 day, then: {c.work: 0}}
  e: {at: [1 day, 2 days], branches: [{label: x, weight: luck, then: {score: 1}}, {then: {}}]}
  f: {when: city == fallen and f.fired == 0, immediate: true, then: {}}
outcomes: {falls: {when: city == fallen, label: It falls, question: "When?"}}
watch: {men: men}
totals: {held: city == held}
stop: falls
"""


@pytest.fixture(scope="module")
def told():
    clock = "start: 2024-12-06T18:00+03:00, horizon: 10 days, report: [1 day, 10 days]"
    return explained(scenario(MADE, clock=clock, state=""))


def named(entries, name):
    return next(entry for entry in entries if entry.name == name)


def test_inputs_are_told_by_what_they_are(told):
    assert {i.name: i.role for i in told.inputs} == {
        "rate": "ignorance", "luck": "chance", "twice": "computed", "fixed": "fixed",
        "variables.men.initial": "ignorance",
    }  # fmt: skip
    rate = named(told.inputs, "rate")
    assert (rate.value, rate.unit) == ("interval90: [1/day, 2/day]", "1/day")
    assert rate.note.source == "book"
    assert [link.part.name for link in rate.read_by] == ["twice"]


def test_variables_are_told_with_range_unit_and_start(told):
    men, city = named(told.variables, "men"), named(told.variables, "city")
    assert (men.low, men.high, men.unit) == (0.0, None, "person")
    assert men.initial == "normal: {mean: 90, sd: 1}"
    assert (city.low, city.high, city.labels, city.initial) == (
        None,
        None,
        ("held", "fallen"),
        "held",
    )
    assert [link.part.name for link in men.written_by] == ["c"]


@pytest.mark.parametrize(
    ("name", "fires"),
    [
        ("a", "at rate twice [1/day]"),
        ("b", "after exponential: {mean: 2 days}"),
        ("c", "once work of road [km] is done, burnt at pace 30 km/day * luck"),
        ("d", "every fixed / (1 km/day), first at 1 day"),
        ("e", "at 1 day, 2 days"),
        ("f", "at once"),
    ],
)
def test_clocks_in_words(told, name, fires):
    assert named(told.transitions, name).fires == fires


def test_transitions_are_told_whole(told):
    a, b, c, e, f = (named(told.transitions, name) for name in "abcef")
    assert (a.when, a.says, a.memory) == ("", "Gone at {men:.1f}", "")
    assert (b.when, b.memory, b.note.mark) == ("city == held", "redraw", "J")
    assert (c.memory, c.priority, c.draws[0].unit) == ("keep", 3, "person")
    assert c.branches[0].then == (("men", "men - loss"),)
    assert c.reads == ("road", "luck")
    assert [link.part.name for link in c.work_written_by] == ["d"]
    assert [(x.label, x.weight) for x in e.branches] == [("x", "luck"), ("", "1")]
    assert [link.part.name for link in f.fired_read_by] == ["f"]


def test_the_clock_and_the_rest(told):
    assert told.clock.horizon_days == 10.0
    assert told.clock.report_days == (1.0, 10.0)
    assert told.stop == "falls"
    assert named(told.totals, "held").unit == "day"
    assert named(told.outcomes, "falls").read_by[0].part == Part("stop")


def test_json_holds_no_number_that_it_cannot_write(told):
    found = json.loads(json.dumps(told.as_json(), allow_nan=False))
    men = next(v for v in found["variables"] if v["name"] == "men")
    assert (men["low"], men["high"]) == (0.0, None)
    assert men["read_by"] == [
        {"kind": "transition", "name": "a", "where": ["says"]},
        {"kind": "watch", "name": "men", "where": []},
    ]
    assert next(i for i in found["inputs"] if i["name"] == "luck")["unit"] is None
    assert found["clock"]["start"] == "2024-12-06T18:00:00+03:00"


def test_without_its_authors_words_a_net_speaks_for_itself(told):
    made = scenario(
        MADE.replace("immediate: true", "rate: 5/day"),
        clock="start: 2024-12-06T18:00+03:00, horizon: 10 days",
        state="",
    )
    last = made.net.transitions[-1]
    bare = replace(last, clock=replace(last.clock, origin=NOWHERE), guard_origin=NOWHERE)
    net = replace(made.net, transitions=(*made.net.transitions[:-1], bare))
    told = explained(replace(made, net=net)).transitions[-1]
    assert told.fires == "at rate 5 1/day"
    assert told.when == "((city == 1) and (f.fired == 0))"


def test_only_some_parts_and_their_sources(told):
    some = only(told, {Part("transition", "b"), Part("variable", "men")})
    assert [t.name for t in some.transitions] == ["b"]
    assert [v.name for v in some.variables] == ["men"]
    assert [s.name for s in some.sources] == ["book"]
    assert not [*some.inputs, *some.outcomes, *some.watch]
    assert only(told, {Part("variable", "men")}).sources == ()


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("march * road", "km/day", "march * road [km/day]"),
        ("12 h", "day", "12 h"),
        ("0.2/day * x", "1/day", "0.2/day * x"),
        ("2024-12-10T00:00+03:00", "day", "2024-12-10T00:00+03:00"),
        ("hours_left", "day", "hours_left [day]"),
        ("0.5", "", "0.5"),
    ],
)
def test_a_unit_is_told_where_the_author_did_not(value, unit, shown):
    assert with_unit(value, unit) == shown


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_shipped_scenario_can_be_explained(path):
    told = explained(load(path, check_variants=False))
    json.dumps(told.as_json(), allow_nan=False)
    assert all(t.fires for t in told.transitions)
