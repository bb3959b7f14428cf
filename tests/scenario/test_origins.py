"""What a net keeps of its author's words: expressions as written, and what is said about them."""

import pytest

from sim.net.model import Note
from sim.scenario.wanted import filled
from tests.scenario.build import net, scenario

MADE = """
lists: {city: [1, 2]}
parameters: {p: {uniform: [1/day, 2/day], source: s, mark: judgement}}
variables:
  c.$i: {for: {i: city}, states: [held, fallen], initial: {choice: {held: 1, fallen: $i}}}
  n: {integer: [0, 9], initial: 1 + 1}
definitions:
  d.$i: {for: [{i: 2, q: 1 + 1}], value: $q * (c.$i == held) + sum(c.$j == held for j in city)}
transitions:
  t.$i:
    for: {i: city}
    when: >-
      c.$i == held
      and n > $i
    work: {uniform: [1 km, 2 km], source: roads, grade: B2, mark: R}
    pace: $i * 3 km/day
    draws: {x: {uniform: [0, $i], mark: C}}
    branches:
      - {weight: 1/$i, label: a, then: {c.$i: fallen, n: "max(n - x, $i - $i)"}}
      - {then: {}}
  e: {every: 12 h, from: {value: 1 day, mark: J}, then: {}}
stop: c.1 == fallen
"""


@pytest.fixture(scope="module")
def made():
    return net(MADE, state="")


def test_a_transition_keeps_what_its_author_wrote(made):
    one = made.transitions[1]
    assert one.guard_origin.text == "c.2 == held and n > 2"
    assert one.clock.origin.text == "{uniform: [1 km, 2 km]}"
    assert one.clock.pace_origin.text == "2 * 3 km/day"
    assert one.draws[0].origin.text == "{uniform: [0, 2]}"
    assert [b.weight_origin.text for b in one.branches] == ["1/2", ""]
    assert [e.origin.text for e in one.branches[0].effects] == ["fallen", "max(n - x, 2 - 2)"]
    assert made.transitions[2].clock.start_origin.text == "1 day"
    assert made.transitions[2].clock.pace_origin.text == ""


def test_what_is_said_about_chance_is_kept(made):
    one = made.transitions[0]
    assert one.clock.note == Note("roads", "B2", "", "R")
    assert one.draws[0].note == Note(mark="C")


def test_the_mark_of_an_input_is_not_told_twice(made):
    [given] = [i for i in made.inputs if i.name == "p"]
    assert (given.origin.text, given.note.mark) == ("{uniform: [1/day, 2/day]}", "J")


def test_initial_values_are_kept(made):
    assert [v.initial_origin.text for v in made.variables] == [
        "{choice: {held: 1, fallen: 1}}",
        "{choice: {held: 1, fallen: 2}}",
        "1 + 1",
    ]


def test_letters_are_replaced_but_not_those_of_folds(made):
    [one] = made.definitions
    assert one.origin.text == "(1 + 1) * (c.2 == held) + sum(c.$j == held for j in city)"


def test_stop_is_kept_in_one_line(made):
    assert made.stop_origin.text == "c.1 == fallen"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a.$i", "a.homs"),
        ("a.$ij", "a.homsj"),
        ("a.$k", "a.$k"),
        ("$p*2", "(1 + x)*2"),
        ("sum(a.$i for i in places)", "sum(a.$i for i in places)"),
        ("a\n  b", "a b"),
    ],
)
def test_an_expression_as_it_is_shown(text, shown):
    assert filled(text, {"i": "homs", "p": "1 + x"}) == shown


def test_a_template_is_warned_about_once_although_its_parts_read_differently():
    found = scenario("definitions: {d.$i: {for: {i: [1, 2]}, value: supply + $i}}").warnings
    assert [w.message for w in found if "'d.1'" in w.message] == [
        "nothing reads the definition 'd.1', 'd.2'"
    ]
    halves = "definitions: {d.$i: {for: {i: [1, 2]}, value: supply + $i}}\nwatch: {w: d.1}"
    assert not [w for w in scenario(halves).warnings if "'d." in w.message]
