"""Names and values as people see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.net.expr import TIME_REF, Call, Const, Distribution, Ref
from sim.net.model import Hole
from sim.net.shown import formula, said, shown, shown_as, spelled
from sim.units import LENGTH, NONE, PERSONS, TIME
from tests.net.build import net

NET = net(
    parameters={"p": ("uniform", 0, 1), "start": 1.0},
    variables={"road": "open shut", "x": (0.0, 9.0, 1.0)},
    definitions={"d": "2 * x", "way": "road"},
    transitions={
        "go.home": {"after": "1 day", "draws": {"loss": ("uniform", 0, 1)}, "then": {"x": "loss"}}
    },
)
NET = replace(
    NET,
    inputs=(replace(NET.inputs[0], dimension=LENGTH), replace(NET.inputs[1], labels=("open",))),
    variables=(NET.variables[0], replace(NET.variables[1], dimension=PERSONS)),
    transitions=tuple(
        replace(
            t,
            clock=replace(t.clock, work_dimension=TIME),
            draws=tuple(replace(d, dimension=LENGTH) for d in t.draws),
        )
        for t in NET.transitions
    ),
)


@pytest.mark.parametrize(
    ("ref", "name", "value", "seen"),
    [
        (TIME_REF, "time", 43_200.0, 0.5),
        (Ref("input", "p"), "p", 2_500.0, 2.5),
        (Ref("input", "start"), "start", 1.0, "shut"),
        (Ref("variable", "road"), "road", 0.0, "open"),
        (Ref("variable", "x"), "x", 7.0, 7.0),
        (Ref("definition", "d"), "d", 7.0, 7.0),
        (Ref("definition", "way"), "way", 1.0, "shut"),
        (Ref("outcome", "falls"), "falls", 1.0, 1.0),
        (Ref("fired", "go.home"), "go.home.fired", 3.0, 3.0),
        (Ref("work", "go.home"), "go.home.work", 86_400.0, 1.0),
        (Ref("draw", "go.home/loss"), "loss", 100.0, 0.1),
    ],
)
def test_a_name_and_its_value(ref, name, value, seen):
    assert spelled(ref) == name
    assert shown(NET, ref, value) == seen


@pytest.mark.parametrize("value", [0.5, -1.0, 99.0])
def test_a_number_that_is_no_label_is_shown_as_it_is(value):
    assert shown_as(NET, value, NONE, True) == value


def test_a_text_with_holes_is_shown_as_a_file_writes_it():
    holes = (Hole(Ref("variable", "x"), ".1f"), Hole(Ref("fired", "go")), Hole(Const(1.0)))
    assert said(("a {b} ", holes[0], ", ", *holes[1:])) == "a {{b}} {x:.1f}, {go.fired}{...}"


X, Y = Ref("variable", "x"), Ref("draw", "go/y")


@pytest.mark.parametrize(
    ("expr", "shown"),
    [
        (Call("add", (X, Y, Const(2.0))), "(x + y + 2)"),
        (Call("select", (Call("le", (X, Y)), X, Y)), "(x if (x <= y) else y)"),
        (Call("and", (Call("not", (X,)), Call("neg", (Y,)))), "((not x) and (-y))"),
        (Call("square", (X,)), "(x ** 2)"),
        (Call("clip", (X, Const(0.0), Const(1.0))), "clip(x, 0, 1)"),
        (Distribution("uniform", (Const(0.0), X)), "uniform(0, x)"),
    ],
)
def test_a_formula_has_every_operation_in_brackets(expr, shown):
    assert formula(expr) == shown
