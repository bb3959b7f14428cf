"""The canonical form of a net: one text for everything that determines its numbers.

Two nets with the same text give the same trajectories, bit for bit, and the same columns. What
only people read stays out: label texts, ``says``, titles, questions, notes, origins. A label counts
by its number in ``Net.labels``. Order is part of a net (ties, outcomes), so lists stay lists.
"""

from __future__ import annotations

import hashlib
import json
import math

from sim.net.expr import Call, Const, Distribution, Expr, Ref
from sim.net.model import (
    Branch,
    Clock,
    Definition,
    Draw,
    Input,
    Net,
    Outcome,
    Total,
    Transition,
    Variable,
    Watch,
)
from sim.units import Dimension

#: Raised when the meaning or the layout of the text changes, and with it every digest.
FORMAT = 1

Json = None | bool | int | str | float | list["Json"] | dict[str, "Json"]


def canonical_json(net: Net) -> str:
    """Return the canonical text of a net: ASCII, without blanks, fields in a fixed order.

    Numbers are written so that reading gives the same double back; ``inf``, ``-inf`` and ``nan``
    are texts. An operator is a list ``[op, argument, ...]``, a name an object ``{space: name}``.
    """
    numbers = net.label_numbers
    form: Json = {
        "format": FORMAT,
        "horizon": _expr(net.horizon),
        "grid": [_number(g) for g in net.grid],
        "n_labels": len(net.labels),
        "inputs": [_input(part, numbers) for part in net.inputs],
        "variables": [_variable(part, numbers) for part in net.variables],
        "definitions": [_definition(part) for part in net.definitions],
        "transitions": [_transition(part) for part in net.transitions],
        "outcomes": [_outcome(part) for part in net.outcomes],
        "watches": [_watch(part) for part in net.watches],
        "totals": [_total(part) for part in net.totals],
        "stop": None if net.stop is None else _expr(net.stop),
        "event_limit": net.event_limit,
    }
    return json.dumps(form, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def digest(net: Net) -> str:
    """Return ``sha256:<64 hex digits>`` of the canonical text."""
    return "sha256:" + hashlib.sha256(canonical_json(net).encode("ascii")).hexdigest()


def _number(value: float) -> Json:
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _expr(expr: Expr) -> Json:
    if isinstance(expr, Const):
        return _number(expr.value)
    if isinstance(expr, Ref):
        return {expr.space: expr.name}
    assert isinstance(expr, Call)
    return [expr.op, *(_expr(arg) for arg in expr.args)]


def _law(law: Expr | Distribution | None) -> Json:
    if law is None:
        return None
    if isinstance(law, Distribution):
        return {"law": law.kind, "args": [_expr(arg) for arg in law.args]}
    return _expr(law)


def _dimension(dimension: Dimension) -> Json:
    return [str(exponent) for exponent in dimension]


def _labels(labels: tuple[str, ...], numbers: dict[str, float]) -> Json:
    return [int(numbers[label]) for label in labels]


def _input(part: Input, numbers: dict[str, float]) -> Json:
    return {
        "name": part.name,
        "path": part.path,
        "key": part.key,
        "prior": _law(part.prior),
        "dimension": _dimension(part.dimension),
        "labels": _labels(part.labels, numbers),
        "chance": part.chance,
    }


def _variable(part: Variable, numbers: dict[str, float]) -> Json:
    return {
        "name": part.name,
        "kind": part.kind,
        "initial": _expr(part.initial),
        "labels": _labels(part.labels, numbers),
        "low": _number(part.low),
        "high": _number(part.high),
        "dimension": _dimension(part.dimension),
    }


def _definition(part: Definition) -> Json:
    return {
        "name": part.name,
        "expr": _expr(part.expr),
        "dimension": _dimension(part.dimension),
        "is_label": part.is_label,
    }


def _transition(part: Transition) -> Json:
    return {
        "name": part.name,
        "key": part.key,
        "guard": _expr(part.guard),
        "clock": _clock(part.clock),
        "memory": part.memory,
        "priority": part.priority,
        "draws": [_draw(draw) for draw in part.draws],
        "branches": [_branch(branch) for branch in part.branches],
    }


def _clock(part: Clock) -> Json:
    return {
        "kind": part.kind,
        "law": _law(part.law),
        "pace": _expr(part.pace),
        "period": _expr(part.period),
        "start": _expr(part.start),
        "instants": [_expr(instant) for instant in part.instants],
        "work_dimension": _dimension(part.work_dimension),
    }


def _draw(part: Draw) -> Json:
    return {
        "name": part.name,
        "key": part.key,
        "law": _law(part.law),
        "dimension": _dimension(part.dimension),
    }


def _branch(part: Branch) -> Json:
    return {
        "weight": _expr(part.weight),
        "effects": [[_expr(effect.target), _expr(effect.expr)] for effect in part.effects],
    }


def _outcome(part: Outcome) -> Json:
    return {"name": part.name, "when": _expr(part.when)}


def _watch(part: Watch) -> Json:
    return {
        "name": part.name,
        "expr": _expr(part.expr),
        "dimension": _dimension(part.dimension),
        "is_label": part.is_label,
    }


def _total(part: Total) -> Json:
    return {
        "name": part.name,
        "expr": _expr(part.expr),
        "dimension": _dimension(part.dimension),
    }
