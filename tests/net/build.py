"""Small nets for tests, from expression texts, without the file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from sim.errors import Position
from sim.net.expr import TIME_REF, Const, Distribution, Expr, Ref
from sim.net.model import (
    Branch,
    Clock,
    Definition,
    Draw,
    Effect,
    Hole,
    Input,
    Net,
    Origin,
    Outcome,
    Total,
    Transition,
    Variable,
    Watch,
)
from sim.net.resolve import Scope, Symbol, resolve
from sim.net.syntax import ExprError, parse
from sim.units import NONE, TIME, Dimension


class Builder:
    """Resolves texts against the names of one net; every part gets a line of its own."""

    def __init__(self, lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self.labels: list[str] = []
        self.symbols: dict[str, Symbol] = {"time": Symbol(TIME_REF, TIME)}
        self.lists = lists or {}
        self.lines = count(1)

    def origin(self, path: str) -> Origin:
        return Origin(path, Position("net.yaml", next(self.lines), 3, len(path)), "")

    def number(self, label: str) -> float:
        if label not in self.labels:
            self.labels.append(label)
        return float(self.labels.index(label))

    def scope(self) -> Scope:
        return Scope(self.symbols, self.number, lists=self.lists)

    def expr(self, text: str | float, labels: Sequence[str] = ()) -> Expr:
        if labels and text in labels:
            return Const(self.number(str(text)))
        faults: list[ExprError] = []
        expr = resolve(parse(str(text)), self.scope(), faults).expr
        assert not faults, [fault.message for fault in faults]
        return expr

    def law(self, written: Any) -> Expr | Distribution:
        if isinstance(written, tuple):
            kind, *args = written
            return Distribution(kind, tuple(self.expr(arg) for arg in args))
        return self.expr(written)


def net(
    *,
    variables: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    definitions: Mapping[str, str] | None = None,
    transitions: Mapping[str, Mapping[str, Any]] | None = None,
    outcomes: Mapping[str, str] | None = None,
    watch: Mapping[str, str] | None = None,
    totals: Mapping[str, str] | None = None,
    stop: str | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Net:
    """Return a net of ten days.

    A variable is ``"a b c"`` (labels, the first is initial) or ``(low, high, initial)``: an integer
    if these are ints. A transition is a mapping with ``when``, a clock (``rate``, ``after``,
    ``every``, ``at``, ``immediate``) and ``then`` or ``branches`` (pairs of weight and effects).
    """
    b = Builder(lists)
    inputs = []
    for name, prior in (parameters or {}).items():
        key = f"input:{name}"
        inputs.append(Input(name, name, key, b.law(prior), origin=b.origin(f"parameters.{name}")))
        b.symbols[name] = Symbol(Ref("input", name))
    made = []
    for name, written in (variables or {}).items():
        made.append(_variable(b, name, written))
        labels = frozenset(made[-1].labels) or None
        b.symbols[name] = Symbol(Ref("variable", name), NONE, labels)
    for name in transitions or {}:
        b.symbols[f"{name}.fired"] = Symbol(Ref("fired", name))
        b.symbols[f"{name}.work"] = Symbol(Ref("work", name))
    defined = []
    for name, text in (definitions or {}).items():
        typed = resolve(parse(text), b.scope(), [])
        is_label, dimension = typed.labels is not None, typed.dimension or NONE
        origin = b.origin(f"definitions.{name}")
        defined.append(Definition(name, typed.expr, dimension, is_label, origin))
        b.symbols[name] = Symbol(Ref("definition", name), dimension, typed.labels)
    by_name = {v.name: v for v in made}
    acts = [_transition(b, name, t, by_name) for name, t in (transitions or {}).items()]
    asked = []
    for name, text in (outcomes or {}).items():
        asked.append(Outcome(name, b.expr(text), origin=b.origin(f"outcomes.{name}")))
        b.symbols[name] = Symbol(Ref("outcome", name))
    seen = [
        Watch(name, b.expr(text), origin=b.origin(f"watch.{name}"))
        for name, text in (watch or {}).items()
    ]
    summed = [
        Total(name, b.expr(text), Dimension(time=1), origin=b.origin(f"totals.{name}"))
        for name, text in (totals or {}).items()
    ]
    return Net(
        horizon=Const(864_000.0),
        grid=(0.0, 432_000.0, 864_000.0),
        labels=tuple(b.labels),
        inputs=tuple(inputs),
        variables=tuple(made),
        definitions=tuple(defined),
        transitions=tuple(acts),
        outcomes=tuple(asked),
        watches=tuple(seen),
        totals=tuple(summed),
        stop=None if stop is None else b.expr(stop),
        stop_origin=b.origin("stop"),
    )


def _variable(b: Builder, name: str, written: Any) -> Variable:
    origin = b.origin(f"variables.{name}")
    if isinstance(written, str):
        labels = tuple(written.split())
        numbers = [b.number(label) for label in labels]
        return Variable(name, "enumeration", Const(numbers[0]), labels, origin=origin)
    low, high, initial = written
    whole = all(isinstance(x, int) for x in (low, initial))
    kind = "integer" if whole else "real"
    return Variable(name, kind, b.expr(initial), low=float(low), high=float(high), origin=origin)


def _transition(
    b: Builder, name: str, written: Mapping[str, Any], variables: Mapping[str, Variable]
) -> Transition:
    origin, guard_origin = b.origin(f"transitions.{name}"), b.origin(f"transitions.{name}.when")
    outer = dict(b.symbols)
    draws = []
    for draw, law in written.get("draws", {}).items():
        key = f"draw:{name}/{draw}"
        made = b.law(law)
        assert isinstance(made, Distribution)
        draws.append(Draw(draw, key, made, origin=b.origin(f"transitions.{name}.draws.{draw}")))
        b.symbols[draw] = Symbol(Ref("draw", f"{name}/{draw}"))
    branches = written.get("branches", [(1, written.get("then", {}))])
    return_value = Transition(
        name,
        f"transition:{name}",
        _clock(b, written),
        tuple(_branch(b, weight, then, variables) for weight, then in branches),
        guard=b.expr(written.get("when", 1)),
        memory=written.get("memory", "redraw"),
        memory_stated="memory" in written,
        priority=written.get("priority", 0),
        draws=tuple(draws),
        says=tuple(Hole(b.expr(text)) for text in written.get("says", ())),
        guard_origin=guard_origin,
        origin=origin,
    )
    b.symbols = outer
    return return_value


def _clock(b: Builder, written: Mapping[str, Any]) -> Clock:
    if "rate" in written:
        law = Distribution("exponential", (Const(1.0),))
        return Clock("rate", law, pace=b.expr(written["rate"]), written="rate")
    if "after" in written:
        law = b.law(written["after"])
        if not isinstance(law, Distribution):
            law = Distribution("deterministic", (law,))
        return Clock("work", law, pace=b.expr(written.get("pace", 1)), written="after")
    if "every" in written:
        period = b.expr(written["every"])
        return Clock("every", period=period, start=period, written="every")
    if "at" in written:
        return Clock("at", instants=(b.expr(written["at"]),), written="at")
    return Clock("immediate", written="immediate")


def _branch(
    b: Builder, weight: Any, then: Mapping[str, Any], variables: Mapping[str, Variable]
) -> Branch:
    effects = []
    for target, text in then.items():
        if target.endswith(".work"):
            effects.append(Effect(Ref("work", target.removesuffix(".work")), b.expr(text)))
            continue
        labels = variables[target].labels
        effects.append(Effect(Ref("variable", target), b.expr(text, labels)))
    return Branch(tuple(effects), b.expr(weight))
