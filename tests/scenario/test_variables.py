"""Variables: kinds, units, bounds and values at the start; parameters and their order."""

import math

import pytest

from sim.net.expr import Call, Const, Ref
from sim.units import LENGTH, NONE, PERSONS, Dimension
from tests.scenario.build import DAY, faults, input_, law, net, scenario, variable


def made(fields: str, body: str = ""):
    return net(f"variables: {{v: {{{fields}}}}}\n" + body, state="")


def test_an_enumeration_starts_with_its_first_label():
    found = made("states: [held, contested, fallen]")
    v = variable(found, "v")
    assert (v.kind, v.labels, v.initial) == (
        "enumeration",
        ("held", "contested", "fallen"),
        Const(0),
    )
    assert variable(made("states: [up, down], initial: down"), "v").initial == Const(1)


def test_labels_are_numbered_once_over_the_whole_file():
    found = net("variables: {a: {states: [x, y]}, b: {states: [z, y, x], initial: y}}", state="")
    assert found.labels == ("x", "y", "z")
    assert variable(found, "b").initial == Const(1)


def test_an_initial_label_may_be_chosen():
    found = made("states: [up, down], initial: {choice: {down: 0.3, up: 0.7}}")
    assert variable(found, "v").initial == Ref("input", "variables.v.initial")
    prior = input_(found, "variables.v.initial")
    assert (prior.key, prior.labels) == ("initial:v", ("down", "up"))
    assert prior.prior == law("choice", 1, 0, 0.3, 0.7)


def test_an_initial_label_may_depend_on_parameters():
    found = made("states: [up, down], initial: up if p > 1 else down", "parameters: {p: 2}")
    assert variable(found, "v").initial == Call(
        "select", (Call("gt", (Ref("input", "p"), Const(1))), Const(0), Const(1))
    )


def test_plain_numbers_of_a_variable_are_in_its_unit():
    found = made("real: [0, 50], unit: km, initial: {interval90: [2, 8]}")
    v = variable(found, "v")
    assert (v.low, v.high, v.dimension) == (0, 50_000, LENGTH)
    prior = input_(found, "variables.v.initial")
    assert prior.prior.args[0] == Const(pytest.approx(4_000))
    assert prior.dimension == LENGTH
    assert variable(made("real: [0, inf], unit: km/day, initial: 5"), "v").initial == Const(
        pytest.approx(5_000 / DAY)
    )
    assert variable(made("real: [0, inf], unit: km, initial: 5 m"), "v").initial == Const(5)
    assert variable(made("real: [0, inf], unit: person, initial: {beta: [1, 2]}"), "v")


def test_the_unit_may_stand_in_the_bounds():
    v = variable(made("real: [0 km, 50 km], initial: 5 km"), "v")
    assert (v.high, v.dimension) == (50_000, LENGTH)


def test_an_integer_may_count_persons_without_end():
    v = variable(made("integer: [0, inf], unit: person, initial: 3"), "v")
    assert (v.kind, v.high, v.dimension) == ("integer", math.inf, PERSONS)


def test_a_drawn_integer_has_a_discrete_law():
    found = made("integer: [0, 5], initial: {discrete: {3: 1, 1: 2}}")
    assert input_(found, "variables.v.initial").prior == law("discrete", 1, 3, 2, 1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", [("no-kind", "v")]),
        ("states: [up, down], real: [0, 1]", [("two-kinds", "v")]),
        ("states: []", [("bad-states", "[")]),
        ("states: up", [("wrong-type", "up")]),
        ("states: [up, [down]]", [("bad-states", "[")]),
        ("states: [up, up]", [("duplicate-label", "up")]),
        ("states: [up, 2nd]", [("bad-name", "2nd")]),
        ("states: [up, min]", [("bad-name", "min")]),
        ("states: [up, down], unit: km", [("bad-unit", "km")]),
        ("states: [up, down], initial: dwn", [("unknown-label", "dwn")]),
        ("states: [up, down], initial: 1", [("unknown-label", "1")]),
        ("states: [up, down], initial: {uniform: [0, 1]}", [("label-needed", "{")]),
        ("states: [up, down], initial: {choice: {upp: 1}}", [("unknown-label", "upp")]),
        ("integer: [0, 5]", [("missing-field", "v")]),
        ("real: [0, 5]", [("missing-field", "v")]),
        ("integer: [0], initial: 0", [("bad-bounds", "[")]),
        ("integer: [5, 0], initial: 3", [("bad-bounds", "[")]),
        ("real: [inf, inf], initial: 3", [("bad-bounds", "[")]),
        ("integer: [0, 2.5], initial: 1", [("whole-number", "2.5")]),
        ("integer: [0, p], initial: 1", [("unknown-name", "p")]),
        ("integer: [0, 5], initial: 6", [("out-of-range", "6")]),
        ("integer: [0, 5], initial: 1.5", [("whole-number", "1.5")]),
        ("integer: [0, 5], initial: {uniform: [0, 5]}", [("whole-number", "{")]),
        ("integer: [0, 5], initial: {value: 7, grade: A1}", [("out-of-range", "{")]),
        ("integer: [0, 5], initial: {choice: {a: 1}}", [("label-as-number", "{")]),
        ("integer: [0, 5], unit: km, initial: 1", [("bad-unit", "km")]),
        ("real: [0, inf], initial: inf", [("out-of-range", "inf")]),
        ("real: [0, 1], unit: kmm, initial: 1", [("unknown-name", "kmm")]),
        ("real: [0, 1], unit: 5, initial: 1", [("bad-unit", "5")]),
        ("real: [0 km, 3 h], initial: 1 km", [("dimension", "3 h")]),
        ("real: [0, 1], initial: 1 km", [("dimension", "1 km")]),
        ("real: [0 km, 1 km], initial: 1", [("dimension", "1")]),
        ("real: [0 km, 1 km], initial: {beta: [1, 1]}", [("dimension", "{")]),
        ("real: [0, 1], initial: w", [("unknown-name", "w")]),
        ("real: [0, 1], initial: time / 1 day", [("not-readable", "time")]),
    ],
)
def test_what_is_wrong_with_a_variable(fields, expected):
    assert faults(f"variables: {{v: {{{fields}}}}}", state="") == expected


def test_what_a_parameter_is_when_it_is_written_as_a_constant():
    found = net("parameters: {p: 3 days, q: p / 2, r: {value: 0.5, grade: B2}}")
    assert [i.name for i in found.inputs] == ["p", "q", "r"]
    assert input_(found, "p").prior == Const(3 * DAY)
    assert input_(found, "q").prior == Call("div", (Ref("input", "p"), Const(2.0)))
    assert input_(found, "r").note.grade == "B2"
    assert found.uncertain_inputs == ()


def test_parameters_are_sorted_so_that_each_can_be_computed():
    found = net("parameters: {a: {normal: {mean: b, sd: c}}, b: {uniform: [0, 1]}, c: 2 * b, d: 1}")
    assert [i.name for i in found.inputs] == ["b", "c", "a", "d"]
    assert input_(found, "a").prior == law("normal", Ref("input", "b"), Ref("input", "c"))


def test_a_parameter_may_be_an_instant():
    found = scenario(
        "parameters: {p: {uniform: [2024-12-07T18:00+03:00, 2024-12-08T18:00+03:00]}}",
        clock="start: 2024-12-06T18:00+03:00, horizon: 9 days",
    ).net
    assert input_(found, "p").prior == law("uniform", DAY, 2 * DAY)
    assert input_(found, "p").dimension == Dimension(time=1)


def test_a_parameter_may_be_a_label():
    found = net(
        "parameters: {p: {choice: {fallen: 1, held: 3}}}\n"
        "definitions: {is_bad: p == fallen, other: p}\n"
        "watch: {is_bad: is_bad, other: other}"
    )
    assert input_(found, "p").labels == ("fallen", "held")
    assert found.definitions[1].is_label
    assert found.watches[1].is_label
    assert input_(found, "p").dimension == NONE


def test_luck_is_marked():
    found = net("parameters: {p: {beta: [1, 1], chance: true}, q: {beta: [1, 1], chance: false}}")
    assert [i.chance for i in found.inputs] == [True, False]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("p: p", [("circle", "p")]),
        ("p: q, q: r, r: p + 1", [("circle", "p")]),
        ("p: {uniform: [0, q]}, q: {uniform: [0, p]}", [("circle", "p")]),
        ("p: supply", [("not-readable", "supply")]),
        ("p: {uniform: [0, t.fired]}", [("not-readable", "t.fired")]),
        ("p: {value: 1, chance: true}", [("bad-remark", "true")]),
        ("p: {beta: [1, 1], chance: maybe}", [("wrong-type", "maybe")]),
        ("p: {beta: [1, 1], grade: G1}", [("bad-remark", "G1")]),
        ("p: {beta: [1, 1], mark: guess}", [("bad-remark", "guess")]),
        ("p: {beta: [1, 1], note: 'a\u202eb'}", [("control-character", "'a\u202eb'")]),
        (
            "p: {beta: [1, 1], grade: G1, mark: guess, foo: x}",
            [("bad-remark", "G1"), ("bad-remark", "guess"), ("unknown-field", "foo")],
        ),
        ("p: {choice: {held: 1, faln: 2}}", [("unknown-label", "faln")]),
        ("p: 0/0", [("not-a-number", "0/0")]),
        ("p: log(-1)", [("not-a-number", "log(-1)")]),
        ("p: P3D", [("unknown-name", "P3D")]),
        ("p: 3 months", [("unknown-unit", "months")]),
        ("p.$i: 3", [("unknown-letter", "p.$i")]),
    ],
)
def test_what_is_wrong_with_a_parameter(parameters, expected):
    body = f"parameters: {{{parameters}}}\ntransitions: {{t: {{rate: 1 / day, then: {{}}}}}}"
    assert faults(body) == expected


def test_a_fault_is_not_told_again_by_those_who_read_it():
    body = """
    parameters: {p: {uniform: [2, 1]}, q: p * 2, l: {choice: {held: 1, faln: 1}}}
    definitions: {d: p + q, e: l == held, f: city == l}
    transitions:
      t: {rate: p / day, draws: {x: {uniform: [1, 0]}}, then: {supply: floor(x), city: l}}
    outcomes: {o: d > 1 and e}
    """
    assert [code for code, _ in faults(body)] == [
        "bad-distribution",
        "unknown-label",
        "bad-distribution",
    ]
