"""What an expression means: IEEE-754 doubles, evaluated by small closures.

This is the readable definition that the reference engine and the exact solver use and that lowered
code must match bit for bit. Nothing here raises on arithmetic: x/0, log 0 and overflow give inf or
NaN, as C does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, MutableSequence

from sim.ieee import (
    ceil,
    clip,
    divide,
    exp,
    floor,
    larger,
    log,
    logistic,
    modulo,
    power,
    smaller,
    sqrt,
)
from sim.net.expr import Call, Const, Expr, Ref

State = MutableSequence[float]
Evaluator = Callable[[State], float]


BINARY: Mapping[str, Callable[[float, float], float]] = {
    "sub": operator.sub,
    "mul": operator.mul,
    "div": divide,
    "pow": power,
    "lt": lambda a, b: 1.0 if a < b else 0.0,
    "le": lambda a, b: 1.0 if a <= b else 0.0,
    "gt": lambda a, b: 1.0 if a > b else 0.0,
    "ge": lambda a, b: 1.0 if a >= b else 0.0,
    "eq": lambda a, b: 1.0 if a == b else 0.0,
    "ne": lambda a, b: 1.0 if a != b else 0.0,
    "mod": modulo,
}
UNARY: Mapping[str, Callable[[float], float]] = {
    "square": lambda x: x * x,
    "neg": operator.neg,
    "not": lambda x: 1.0 if x == 0.0 else 0.0,
    "abs": abs,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "floor": floor,
    "ceil": ceil,
    "logistic": logistic,
}
#: Operators over two or more arguments, taken left to right, two at a time.
CHAINED: Mapping[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "min": smaller,
    "max": larger,
    "and": lambda a, b: 1.0 if a != 0.0 and b != 0.0 else 0.0,
    "or": lambda a, b: 1.0 if a != 0.0 or b != 0.0 else 0.0,
}


def evaluator(expr: Expr, slots: Mapping[Ref, int]) -> Evaluator:
    """Return a function of the state that gives the value of ``expr``.

    ``slots`` says where in the state each name stands.
    """
    if isinstance(expr, Const):
        value = expr.value
        return lambda state: value
    if isinstance(expr, Ref):
        return operator.itemgetter(slots[expr])
    return _call(expr, [evaluator(arg, slots) for arg in expr.args])


def _call(expr: Call, args: list[Evaluator]) -> Evaluator:
    if expr.op in ("and", "or"):
        return _connected(args, decisive=expr.op == "or")
    if expr.op in CHAINED:
        return _chain(CHAINED[expr.op], args)
    if expr.op in UNARY:
        unary, (x,) = UNARY[expr.op], args
        return lambda state: unary(x(state))
    if expr.op in BINARY:
        binary, (a, b) = BINARY[expr.op], args
        return lambda state: binary(a(state), b(state))
    a, b, c = args
    if expr.op == "select":
        return lambda state: b(state) if a(state) != 0.0 else c(state)
    return lambda state: clip(a(state), b(state), c(state))


def _chain(combine: Callable[[float, float], float], args: list[Evaluator]) -> Evaluator:
    if len(args) == 2:
        a, b = args
        return lambda state: combine(a(state), b(state))
    first, *rest = args

    def chained(state: State) -> float:
        value = first(state)
        for arg in rest:
            value = combine(value, arg(state))
        return value

    return chained


def _connected(args: list[Evaluator], *, decisive: bool) -> Evaluator:
    """Return a function that asks no further than the first argument that decides; NaN is true."""

    def connected(state: State) -> float:
        for arg in args:
            if (arg(state) != 0.0) is decisive:
                return 1.0 if decisive else 0.0
        return 0.0 if decisive else 1.0

    return connected


def constant(expr: Expr) -> float:
    """Return the value of an expression that reads nothing."""
    return evaluator(expr, {})([])
