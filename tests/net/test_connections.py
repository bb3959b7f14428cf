"""Who reads and who writes what."""

import pytest

from sim.net.connections import Connections, Link, Part, part_of
from sim.net.expr import TIME_REF, Ref
from tests.scenario.build import net

MADE = """
parameters: {p: {uniform: [1/day, 2/day]}, q: 2 * p}
variables:
  n: {integer: [0, 9], initial: {discrete: {1: 1, 2: 1}}}
  k: {integer: [0, 9], initial: 1}
definitions: {d: n + 1, e: d * 2}
transitions:
  a:
    when: n > 0 and b.fired == 0
    rate: q * d
    draws: {x: {uniform: [0, k]}}
    branches:
      - {label: up, weight: k, then: {n: n + x}}
      - {weight: 2, then: {n: k, b.work: 1 day}}
    says: "{n} and {e}"
  b: {when: k > 1, work: 1 day, memory: keep, then: {}}
  c: {every: 2 days, from: 1 day, then: {k: k - 1}}
outcomes: {o: n > 3, later: o and k > 0}
watch: {w: d}
totals: {t: k}
stop: later
"""


@pytest.fixture(scope="module")
def links():
    return Connections(net(MADE, state=""))


def read(links, space, name):
    return [(*link.part, *link.where) for link in links.readers(Ref(space, name))]


def test_readers_are_in_net_order_with_their_keys(links):
    assert read(links, "variable", "k") == [
        ("transition", "a", "draws", "weight", "then"),
        ("transition", "b", "when"),
        ("outcome", "later"),
        ("total", "t"),
    ]
    assert read(links, "variable", "n") == [
        ("definition", "d"),
        ("transition", "a", "when", "says"),
        ("outcome", "o"),
    ]


def test_inputs_definitions_outcomes_and_firings_have_readers(links):
    assert read(links, "input", "p") == [("input", "q")]
    assert read(links, "input", "q") == [("transition", "a", "rate")]
    assert read(links, "input", "variables.n.initial") == [("variable", "n", "initial")]
    assert read(links, "definition", "d") == [
        ("definition", "e"), ("transition", "a", "rate"), ("watch", "w"),
    ]  # fmt: skip
    assert read(links, "definition", "e") == [("transition", "a", "says")]
    assert read(links, "outcome", "o") == [("outcome", "later")]
    assert read(links, "outcome", "later") == [("stop", "")]
    assert read(links, "fired", "b") == [("transition", "a", "when")]
    assert read(links, "work", "b") == []


def test_what_an_effect_reads_of_its_own_variable_is_no_reading(links):
    assert "c" not in [link.part.name for link in links.readers(Ref("variable", "k"))]


def test_writers_are_told_with_their_branches(links):
    a = Part("transition", "a")
    assert links.writers(Ref("variable", "n")) == (Link(a, ("up", "2")),)
    assert links.writers(Ref("work", "b")) == (Link(a, ("2",)),)
    assert links.writers(Ref("variable", "k")) == (Link(Part("transition", "c"), ()),)
    assert list(links.writes(a)) == [Ref("variable", "n"), Ref("work", "b")]


def test_every_reading_is_one_of_a_reader(links):
    part = Part("transition", "a")
    for ref, where in links.reads(part).items():
        assert Link(part, tuple(where)) in links.readers(ref)
    assert links.reads(Part("watch", "nothing")) == {}


def test_what_is_next_to_a_part(links):
    assert set(links.next_to([Part("transition", "b")])) == {
        Part("variable", "k"), Part("transition", "a"),
    }  # fmt: skip
    assert set(links.next_to([Part("watch", "w")])) == {Part("definition", "d")}
    both = [Part("definition", "d"), Part("variable", "n")]
    assert not set(both) & set(links.next_to(both))


def test_the_time_belongs_to_no_part():
    assert part_of(TIME_REF) is None
    assert part_of(Ref("draw", "go.home/x")) == Part("transition", "go.home")
