"""What a firing does: draws, branches, effects, and the words for it."""

import pytest

from sim.net.expr import TIME_REF, TRUE, Call, Const, Ref
from sim.net.model import Hole
from sim.units import NONE, PERSONS, TIME
from tests.scenario.build import faults, input_, law, net, scenario, transition


def fields_are_wrong(fields: str, body: str = "") -> list[tuple[str, str]]:
    return faults(f"transitions: {{t: {{rate: 1 / day, {fields}}}}}\n{body}")


def test_what_holds_when_nothing_is_said():
    made = transition("rate: 1 / day")
    assert (made.guard, made.priority, made.draws, made.says) == (TRUE, 0, (), ())
    assert made.key == "transition:t"
    (branch,) = made.branches
    assert (branch.weight, branch.label, branch.effects) == (Const(1.0), "", ())


def test_effects_assign_to_variables_and_to_work():
    made = transition(
        "work: 3 km, pace: 1 km/day, memory: keep, "
        "then: {city: fallen, supply: supply - 1, t.work: t.work + 1 km, strength: 0}"
    )
    targets = [(e.target.space, e.target.name) for e in made.branches[0].effects]
    assert targets == [
        ("variable", "city"),
        ("variable", "supply"),
        ("work", "t"),
        ("variable", "strength"),
    ]
    city, _, work, strength = made.branches[0].effects
    assert city.expr == Const(2)
    assert work.expr == Call("add", (Ref("work", "t"), Const(1_000)))
    assert strength.expr == Const(0)
    assert city.origin.path == "transitions.t.then.city"
    assert city.origin.text == "fallen"


def test_the_work_of_a_rate_has_no_dimension():
    made = transition("rate: 1 / day, then: {t.work: 0.5}")
    assert made.branches[0].effects[0].expr == Const(0.5)


def test_the_time_and_draws_may_be_read_where_a_firing_happens():
    made = transition(
        "rate: 1 / day, draws: {x: {uniform: [0, 1]}}, "
        "branches: [{weight: x, then: {supply: floor(x * 5)}, says: 'x is {x:.2f}'}, {weight: 1}]"
    )
    x = Ref("draw", "t/x")
    (draw,) = made.draws
    assert (draw.name, draw.key, draw.law, draw.dimension) == (
        *("x", "draw:t/x"),
        law("uniform", 0, 1),
        NONE,
    )
    first, _ = made.branches
    assert first.weight == x
    assert first.says == ("x is ", Hole(x, ".2f"))
    time = transition("rate: 1 / day, then: {supply: floor(time / 1 day)}")
    assert TIME_REF in time.branches[0].effects[0].expr.args[0].args


def test_a_draw_may_be_a_label_or_have_a_unit():
    made = transition(
        "rate: 1 / day, then: {city: to, strength: strength - lost}, "
        "draws: {to: {choice: {held: 1, fallen: 1}}, lost: {interval90: [10 persons, 90 persons]}}"
    )
    to, lost = made.draws
    assert to.law == law("choice", 0, 2, 1, 1)
    assert lost.dimension == PERSONS


def test_a_whole_weight_that_is_a_distribution_is_an_input():
    made = net(
        "transitions: {t: {every: 12 h, branches: "
        "[{label: in, weight: {beta: [4, 1]}, then: {}}, {weight: {beta: [1, 4]}}]}}"
    )
    first, second = made.transitions[0].branches
    assert first.weight == Ref("input", "transitions.t.branches.in.weight")
    assert second.weight == Ref("input", "transitions.t.branches.2.weight")
    assert input_(made, first.weight.name).prior == law("beta", 4, 1)


def test_counts_of_firings_may_be_read_everywhere():
    made = net(
        "transitions:\n"
        "  t: {rate: 1 / day, when: t.fired < 3, then: {}}\n"
        "  u: {rate: t.fired / day, then: {supply: u.fired}}\n"
        "outcomes: {o: t.fired == 3}\nstop: u.fired > 9\n"
        "definitions: {d: t.fired}\nwatch: {d: d}\ntotals: {t: t.fired}"
    )
    assert made.transitions[0].guard == Call("lt", (Ref("fired", "t"), Const(3)))


def test_texts_have_their_letters_replaced():
    made = net(
        "transitions:\n"
        "  t.$i:\n"
        "    for: {i: [1, 2]}\n"
        "    rate: 1 / day\n"
        "    says: City $i has {supply} left, {{$i}}, for $100\n"
        "    branches: [{label: way $i, weight: $i}, {label: other}]\n"
    )
    second = made.transitions[1]
    assert second.says == (
        "City 2 has ",
        Hole(Ref("variable", "supply")),
        " left, {2}, for $100",
    )
    assert [b.label for b in second.branches] == ["way 2", "other"]
    assert second.branches[0].weight == Const(2)


def test_what_says_shows_has_its_dimension_or_is_a_label():
    made = transition("rate: 1 / day, says: '{strength:.0f} in {city} at {time}'")
    holes = [piece for piece in made.says if isinstance(piece, Hole)]
    assert [(h.dimension, h.format, h.is_label) for h in holes] == [
        (PERSONS, ".0f", False),
        (NONE, "", True),
        (TIME, "", False),
    ]


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("{suply}", [("unknown-name", "suply")]),
        ("{supply + 1}", [("bad-says", "{supply + 1}")]),
        ("{supply.__class__}", [("unknown-name", "supply.__class__")]),
        ("{ supply }", [("bad-says", "{ supply }")]),
        ("{0}", [("bad-says", "{0}")]),
        ("{}", [("bad-says", "{}")]),
        ("{supply!r}", [("bad-says", "{supply!r}")]),
        ("{supply:>9}", [("bad-says", ">9")]),
        ("{supply:.999f}", [("bad-says", ".999f")]),
        ("{supply:}", [("bad-says", "}")]),
        ("{supply", [("bad-says", "{")]),
        ("supply}", [("bad-says", "}")]),
        ("{city:.1f}", [("bad-says", ".1f")]),
        ("{falls}", [("not-readable", "falls")]),
        ("{{ok}} {a} {b}", [("unknown-name", "a"), ("unknown-name", "b")]),
    ],
)
def test_what_is_wrong_in_says(says, expected):
    body = "outcomes: {falls: city == fallen}"
    assert fields_are_wrong(f"then: {{}}, says: '{says}'", body) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("priority: 1", [("no-effect", "t")]),
        ("then: {}, branches: [{}]", [("then-and-branches", "branches")]),
        ("branches: []", [("no-effect", "[")]),
        ("branches: [{weight: 0}]", [("out-of-range", "[")]),
        (
            "branches: [{weight: -1}, {weight: inf}]",
            [("out-of-range", "-1"), ("out-of-range", "inf")],
        ),
        ("branches: [{weight: 3 km}]", [("dimension", "3 km")]),
        ("branches: [{weight: {uniform: [-1, 1]}}]", [("out-of-range", "{")]),
        ("branches: [{label: a}, {label: a}]", [("duplicate-name", "a")]),
        ("branches: [{wieght: 1}]", [("unknown-field", "wieght")]),
        ("branches: [held]", [("wrong-type", "held")]),
        ("branches: {a: {}}", [("wrong-type", "{")]),
        ("then: {suply: 1}", [("unknown-variable", "suply")]),
        ("then: {p: 1}", [("unknown-variable", "p")]),
        ("then: {d: 1}", [("unknown-variable", "d")]),
        ("then: {falls: 1}", [("unknown-variable", "falls")]),
        ("then: {t.fired: 1}", [("unknown-variable", "t.fired")]),
        ("then: {u.work: 1 h}", [("unknown-variable", "u.work")]),
        ("then: {supply: u.work}", [("not-readable", "u.work")]),
        ("then: {supply: 0.5}", [("whole-number", "0.5")]),
        ("then: {supply: inf}", [("out-of-range", "inf")]),
        ("then: {supply: 1 km}", [("dimension", "1 km")]),
        ("then: {strength: 500}", [("dimension", "500")]),
        ("then: {city: 1}", [("unknown-label", "1")]),
        ("then: {city: faln}", [("unknown-label", "faln")]),
        ("then: {city: bridge}", [("unknown-label", "bridge")]),
        ("then: {supply: {uniform: [0, 1]}}", [("no-distribution-here", "{")]),
        ("then: {supply: [1]}", [("wrong-type", "[")]),
        ("then: {supply: falls}", [("not-readable", "falls")]),
        ("then: supply - 1", [("wrong-type", "supply - 1")]),
        ("then: {}, draws: {supply: {uniform: [0, 1]}}", [("name-taken", "supply")]),
        ("then: {}, draws: {held: {uniform: [0, 1]}}", [("name-taken", "held")]),
        ("then: {}, draws: {falls: {uniform: [0, 1]}}", [("name-taken", "falls")]),
        ("then: {}, draws: {max: {uniform: [0, 1]}}", [("bad-name", "max")]),
        ("then: {}, draws: {x: {uniform: [0, 1]}, y: x}", [("not-readable", "x")]),
        ("then: {}, when: x > 0, draws: {x: {uniform: [0, 1]}}", [("unknown-name", "x")]),
        ("then: {}, thn: {}", [("unknown-field", "thn")]),
        ("then: {}, when: ", [("no-value", "when")]),
        ("then: {}, when: {uniform: [0, 1]}", [("no-distribution-here", "{")]),
    ],
)
def test_what_is_wrong_with_a_transition(fields, expected):
    body = (
        "  u: {after: 3 h, then: {}}\n"
        "parameters: {p: 1}\n"
        "definitions: {d: 2}\n"
        "outcomes: {falls: city == fallen}"
    )
    state = """
    variables:
      city: {states: [held, contested, fallen]}
      bridge: {states: [up, down]}
      supply: {integer: [0, 5], initial: 3}
      strength: {real: [0, inf], unit: person, initial: 1000}
    """
    body = f"transitions:\n  t: {{rate: 1 / day, {fields}}}\n{body}"
    assert faults(body, state=state) == expected


def test_draws_of_one_transition_are_unknown_to_others():
    body = """
    transitions:
      t: {rate: 1 / day, draws: {x: {uniform: [0, 1]}}, then: {}}
      u: {rate: 1 / day, draws: {x: {uniform: [0, 2]}}, then: {}}
      v: {rate: 1 / day, then: {supply: floor(x)}}
    """
    assert faults(body) == [("unknown-name", "x")]


def test_a_fault_in_a_template_is_told_once():
    body = "transitions: {t.$i: {for: {i: [1, 2, 3]}, rate: 1 / day, then: {suply: nope}}}"
    assert faults(body) == [("unknown-variable", "suply"), ("unknown-name", "nope")]


def test_faults_of_every_kind_are_told_at_once_in_file_order():
    body = """
    transitions:
      t: {rate: 0.4, pase: 3, when: cty == held, then: {city: faln}}
      u: {after: 3 h, then: {supply: supply +}}
    outcomes: {o: supply > }
    definitions: {d: a, max: 1}
    stop: nothing
    """
    assert faults(body) == [
        ("dimension", "0.4"),
        ("unknown-field", "pase"),
        ("unknown-name", "cty"),
        ("unknown-name", "held"),
        ("unknown-label", "faln"),
        ("syntax", "}"),
        ("syntax", " "),
        ("unknown-name", "a"),
        ("bad-name", "max"),
        ("unknown-name", "nothing"),
    ]


def test_the_title_may_hold_braces_and_dollars():
    assert scenario("question: 'How {much} for $i?'").question == "How {much} for $i?"
