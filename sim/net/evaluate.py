"""What an expression means: IEEE-754 doubles, evaluated by small closures.

This is the readable definition that the reference engine and the exact solver use and that lowered
code must match bit for bit. Nothing here raises on arithmetic: x/0, log 0 and overflow give inf or
NaN, as C does.
"""

from __future__ import annotations

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


def _truth(value: bool) -> float:
    return 1.0 if value else 0.0


BINARY: Mapping[str, Callable[[float, float], float]] = {
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": divide,
    "pow": power,
    "lt": lambda a, b: _truth(a < b),
    "le": lambda a, b: _truth(a <= b),
    "gt": lambda a, b: _truth(a > b),
    "ge": lambda a, b: _truth(a >= b),
    "eq": lambda a, b: _truth(a == b),
    "ne": lambda a, b: _truth(a != b),
    "mod": modulo,
}
UNARY: Mapping[str, Callable[[float], float]] = {
    "square": lambda x: x * x,
    "neg": lambda x: -x,
    "not": lambda x: _truth(x == 0.0),
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
    "add": lambda a, b: a + b,
    "min": smaller,
    "max": larger,
    "and": lambda a, b: _truth(a != 0.0 and b != 0.0),
    "or": lambda a, b: _truth(a != 0.0 or b != 0.0),
}


def evaluator(expr: Expr, slots: Mapping[Ref, int]) -> Evaluator:
    """Return a function of the state that gives the value of ``expr``.

    ``slots`` says where in the state each name stands.
    """
    if isinstance(expr, Const):
        value = expr.value
        return lambda state: value
    if isinstance(expr, Ref):
        slot = slots[expr]
        return lambda state: state[slot]
    return _call(expr, [evaluator(arg, slots) for arg in expr.args])


def _call(expr: Call, args: list[Evaluator]) -> Evaluator:
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
    first, *rest = args

    def chained(state: State) -> float:
        value = first(state)
        for arg in rest:
            value = combine(value, arg(state))
        return value

    return chained


def constant(expr: Expr) -> float:
    """Return the value of an expression that reads nothing."""
    return evaluator(expr, {})([])
