"""Which inputs have a gradient by the likelihood, and what is said of those that have none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from sim.net.expr import Ref, reads
from sim.net.model import Net
from sim.net.sensitivity import Sensitivity, Slopes, without_the_rest
from sim.scenario.load import loads
from tests.strategies import nets

BASE = """
title: A war
clock: {horizon: 9 days}
parameters: {x: 2, other: 3}
variables:
  n: {integer: [0, 9], initial: 0}
  kind: {states: [a, b]}
definitions:
  vigour: x ** 2
transitions:
  go:
    when: n < 9
    work: {gamma: {shape: 2, mean: 3}}
    pace: vigour / day
    memory: keep
    branches:
      - {weight: 1 + x, then: {n: n + 1}}
      - {weight: 2, then: {kind: b}}
  tick: {every: 1 day, then: {kind: a}}
outcomes: {full: n == 9, other_kind: kind == b}
watch: {vigour: vigour}
"""


def found(text: str, name: str = "x", *outcomes: str) -> Slopes | list[str]:
    net = loads(text).net
    lean = without_the_rest(net, outcomes or [o.name for o in net.outcomes])
    of = Sensitivity(lean).by(next(i for i in net.inputs if i.name == name))
    if isinstance(of, Slopes):
        return of
    lines = text.splitlines()
    for reason in of:
        assert reason.code == "no-gradient"
        assert reason.message.startswith(f"no gradient by 'parameters.{name}': ")
        assert reason.position is not None
        assert lines[reason.position.line - 1].strip()
        assert reason.hint
    return [reason.message.partition(": ")[2] for reason in of]


def test_paces_and_weights_may_read_an_input():
    of = found(BASE)
    assert isinstance(of, Slopes)
    assert set(of.paces) == set(of.weights) == {0}
    assert [ref.name for ref, _ in of.named] == ["vigour by x"]
    assert reads(of.paces[0]) == {Ref("definition", "vigour by x")}


def test_of_what_nothing_reads_there_is_nothing_to_say():
    of = found(BASE, "other")
    assert isinstance(of, Slopes)
    assert of.paces == of.weights == {}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("n < 9", "n < x", "the guard of 'go' reads it"),
        ("n < 9", "n < vigour", "the guard of 'go' reads it"),
        ("mean: 3}", "mean: x}", "the amount of work of 'go' reads it"),
        ("then: {n: n + 1}", "then: {n: x}", "an effect of 'go' on 'n' reads it"),
        ("[0, 9], initial: 0", "[0, 9], initial: x", "the initial value of 'n' reads it"),
        ("every: 1 day", "every: x * 1 day", "the timetable of 'tick' reads it"),
        ("every: 1 day", "at: [1 day, x * 1 day]", "the timetable of 'tick' reads it"),
        (
            "every: 1 day,",
            "every: 1 day, draws: {z: {uniform: [0, x]}},",
            "the draw 'z' of 'tick' reads it",
        ),
        ("n == 9", "n == x", "the outcome 'full' reads it"),
        ("watch:", "stop: n > x\nwatch:", "'stop' reads it"),
        ("other: 3", "other: {uniform: [x, 4]}", "the distribution of 'parameters.other' reads it"),
        (
            "gamma: {shape: 2, mean: 3}",
            "uniform: [1, 2]",
            "the work of 'go', whose pace reads it, is uniform",
        ),
        (
            "{gamma: {shape: 2, mean: 3}}",
            "3",
            "the work of 'go', whose pace reads it, is a fixed amount",
        ),
        (
            "then: {kind: a}",
            "then: {n: floor(go.work)}",
            "'tick' reads or assigns 'go.work', and the pace of 'go' reads it",
        ),
        (
            "then: {kind: a}",
            "then: {go.work: 1}",
            "'tick' reads or assigns 'go.work', and the pace of 'go' reads it",
        ),
        ("weight: 1 + x", "weight: floor(x)", "in a weight of 'go' it stands in 'floor'"),
        (
            "vigour / day",
            "(1 if x > 1 else 2) / day",
            "in the pace of 'go' it stands in a comparison",
        ),
        (
            "x ** 2",
            "ceil(x)",
            "in the pace of 'go' it stands in 'vigour', which jumps with it",
        ),
    ],
)
def test_what_else_reads_it_is_refused_by_name_and_place(before, after, reason):
    assert before in BASE
    assert found(BASE.replace(before, after, 1)) == [reason]


def test_every_reason_is_given_in_order():
    text = BASE.replace("n < 9", "n < x").replace("n == 9", "n == x")
    assert found(text) == ["the guard of 'go' reads it", "the outcome 'full' reads it"]


def test_a_template_gives_one_reason():
    text = BASE.replace("  tick: {", "  tick_$i: {for: {i: [1, 2, 3]}, when: n < x, ")
    assert found(text) == ["the guard of 'tick_1' reads it"]


def test_what_is_computed_or_labelled_is_refused():
    assert found(BASE.replace("other: 3", "other: x + 1"), "other") == ["it is computed, from 'x'"]
    drawn = BASE.replace(
        "kind: {states: [a, b]}",
        "kind: {states: [a, b], initial: {choice: {a: 0.5, b: 0.5}}}",
    )
    net = loads(drawn).net
    of = Sensitivity(net).by(next(i for i in net.inputs if i.labels))
    assert isinstance(of, list)
    assert "its values are labels" in of[0].message


def test_what_is_computed_from_it_changes_with_it():
    of = found(BASE.replace("other: 3", "other: sqrt(x)").replace("x ** 2", "other * 3"))
    assert isinstance(of, Slopes)
    assert [ref.name for ref, _ in of.named] == ["other by x", "vigour by x"]


def test_outcomes_that_are_not_asked_for_may_read_it():
    text = BASE.replace("kind == b", "kind == b or n > x")
    assert found(text) == ["the outcome 'other_kind' reads it"]
    assert isinstance(found(text, "x", "full"), Slopes)


def test_outcomes_that_are_read_are_kept():
    text = BASE.replace("kind == b", "kind == b and full").replace("watch:", "stop: full\nwatch:")
    lean = without_the_rest(loads(text).net, ["other_kind"])
    assert [o.name for o in lean.outcomes] == ["full", "other_kind"]
    assert lean.watches == lean.totals == lean.grid == ()


@settings(max_examples=30, derandomize=True, deadline=None)
@given(nets())
def test_every_input_of_any_net_has_slopes_or_reasons(net: Net):
    for given_input in net.inputs:
        of = Sensitivity(net).by(given_input)
        assert of
        if isinstance(of, Slopes):
            mine = Ref("input", given_input.name)
            assert not any(mine in reads(t.guard) for t in net.transitions)
