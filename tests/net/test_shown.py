"""Names and values as people see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.net.expr import TIME_REF, Ref
from sim.net.shown import shown, shown_as, spelled
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
