"""The canonical text changes with everything that determines numbers, and with nothing else."""

import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import Position
from sim.net.canonical import canonical_json, digest
from sim.net.expr import Call, Const, Ref
from sim.net.model import Hole, Net, Note, Origin
from sim.units import Dimension
from tests.net.test_check import two_cities

#: What only people read, by class: changing it must change nothing.
FOR_PEOPLE = {
    "Input": {"note", "origin"},
    "Variable": {"origin", "initial_origin"},
    "Definition": {"origin"},
    "Transition": {"says", "guard_origin", "origin", "memory_stated"},
    "Branch": {"label", "says", "origin", "weight_origin"},
    "Clock": {"written", "origin", "pace_origin", "start_origin", "note"},
    "Draw": {"origin", "note"},
    "Effect": {"origin"},
    "Outcome": {"label", "question", "origin"},
    "Watch": {"origin"},
    "Total": {"origin"},
    "Net": {"stop_origin", "origin"},
}


def other(value: Any) -> Iterator[Any]:
    """Yield values that differ from ``value`` in one place."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield value + "x"
    elif isinstance(value, float | int):
        yield value + 1 if math.isfinite(value) else 1.0
        if isinstance(value, float) and math.isfinite(value):
            yield math.nextafter(value, math.inf)
    elif value is None:
        yield Const(1.0)
    elif isinstance(value, Dimension):
        yield value.times(Dimension(length=1))
    elif isinstance(value, tuple):
        yield from _other_tuple(value)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in FOR_PEOPLE.get(type(value).__name__, ()):
                for changed in other(getattr(value, field.name)):
                    yield replace(value, **{field.name: changed})


def _other_tuple(value: tuple[Any, ...]) -> Iterator[Any]:
    if not value or isinstance(value[0], str):
        return  # labels: see below
    yield value[:-1]
    yield (*value, value[0])
    if value[0] != value[-1]:
        yield value[::-1]
    for k, part in enumerate(value):
        for changed in other(part):
            yield (*value[:k], changed, *value[k + 1 :])


def for_people(value: Any) -> Iterator[Any]:
    """Yield values that differ from ``value`` in what only people read."""
    if isinstance(value, tuple) and not isinstance(value, Dimension):
        for k, part in enumerate(value):
            for changed in for_people(part):
                yield (*value[:k], changed, *value[k + 1 :])
    elif is_dataclass(value):
        hidden = FOR_PEOPLE.get(type(value).__name__, ())
        for field in fields(value):
            mine = getattr(value, field.name)
            if field.name not in hidden:
                yield from (replace(value, **{field.name: x}) for x in for_people(mine))
                continue
            yield replace(value, **{field.name: _changed_for_people(mine)})


def _changed_for_people(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + " (new)"
    if isinstance(value, Note):
        return Note("elsewhere", "A1")
    if isinstance(value, Origin):
        return Origin("elsewhere", Position("other.yaml", 9, 9), "1 + 1")
    assert isinstance(value, tuple)
    return (*value, "and more", Hole(Const(1.0)))


def test_every_field_that_determines_numbers_changes_the_digest():
    net = two_cities()
    digests = [digest(changed) for changed in other(net)]
    assert len(digests) > 500
    assert digest(net) not in digests


def test_what_only_people_read_keeps_the_digest():
    net = two_cities()
    changed = list(for_people(net))
    assert len(changed) > 100
    assert {digest(other_net) for other_net in changed} == {digest(net)}


def test_a_label_counts_by_its_number():
    net = two_cities()
    renamed = {label: f"label {k}" for k, label in enumerate(net.labels)}
    variables = tuple(
        replace(v, labels=tuple(renamed[label] for label in v.labels)) for v in net.variables
    )
    spoken = replace(net, labels=tuple(renamed.values()), variables=variables)
    assert digest(spoken) == digest(net)
    assert digest(replace(net, labels=net.labels[::-1])) != digest(net)  # numbered otherwise
    fewer = replace(net.variables[0], labels=net.variables[0].labels[:-1])
    assert digest(replace(net, variables=(fewer, *net.variables[1:]))) != digest(net)


@given(st.floats(), st.floats())
def test_two_numbers_share_a_text_only_if_they_are_the_same_double(x, y):
    same = x == y and math.copysign(1.0, x) == math.copysign(1.0, y)
    same |= math.isnan(x) and math.isnan(y)
    a, b = Net(horizon=Const(x)), Net(horizon=Const(y))
    assert (canonical_json(a) == canonical_json(b)) == same


@given(st.floats())
def test_reading_gives_the_same_double_back(x):
    def strict(text: str) -> float:
        raise AssertionError(f"{text} is no JSON")

    form = json.loads(canonical_json(Net(horizon=Const(x))), parse_constant=strict)
    back = float(form["horizon"])
    assert back == x or (math.isnan(back) and math.isnan(x))
    assert math.copysign(1.0, back) == math.copysign(1.0, x) or math.isnan(x)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Ref("input", "x"), Ref("variable", "x")),
        (
            Call("add", (Ref("input", "x"), Const(1.0))),
            Call("add", (Const(1.0), Ref("input", "x"))),
        ),
        (
            Call("add", (Const(1.0), Const(2.0), Const(3.0))),
            Call("add", (Call("add", (Const(1.0), Const(2.0))), Const(3.0))),
        ),
        (Const(math.inf), Ref("input", "inf")),
    ],
)
def test_expressions_that_differ(a, b):
    assert digest(Net(horizon=a)) != digest(Net(horizon=b))


def test_the_text_itself():
    # Written out, so that a change of format is a decision (raise FORMAT).
    net = Net(
        horizon=Call("mul", (Ref("input", "Tartūs"), Const(1.5))), grid=(0.0, math.inf), stop=None
    )
    assert canonical_json(net) == (
        '{"format":1,"horizon":["mul",{"input":"Tart\\u016bs"},1.5],"grid":[0.0,"inf"],'
        '"n_labels":0,"inputs":[],"variables":[],"definitions":[],"transitions":[],'
        '"outcomes":[],"watches":[],"totals":[],"stop":null,"event_limit":1000000}'
    )
    assert digest(net).startswith("sha256:")
    assert len(digest(net)) == len("sha256:") + 64


def test_a_tuple_of_labels_is_the_only_one_skipped():
    # `other` leaves tuples of texts alone; these are the labels, tested above.
    skipped = {
        (type(part).__name__, field.name)
        for part in _parts(two_cities())
        for field in fields(part)
        if isinstance(value := getattr(part, field.name), tuple)
        and value
        and isinstance(value[0], str)
    }
    assert skipped <= {("Variable", "labels"), ("Input", "labels"), ("Net", "labels")}


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for part in value:
            yield from _parts(part)
    elif is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
