"""Expressions and distributions as a net holds them: resolved, immutable, without source text.

An expression is a :class:`Const`, a :class:`Ref` or a :class:`Call`; every value is one IEEE-754
double (a truth value is 0 or 1, a label its number in ``Net.labels``). :mod:`sim.net.syntax` reads
text, :mod:`sim.net.resolve` turns it into these, :mod:`sim.net.evaluate` says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Space = Literal["input", "variable", "definition", "outcome", "fired", "work", "draw", "time"]

#: Operators and functions with their number of arguments; None: two or more, left to right.
OPERATORS: dict[str, int | None] = {
    "add": None,
    "sub": 2,
    "mul": 2,
    "div": 2,
    "pow": 2,
    "square": 1,
    "neg": 1,
    "not": 1,
    "and": None,
    "or": None,
    "lt": 2,
    "le": 2,
    "gt": 2,
    "ge": 2,
    "eq": 2,
    "ne": 2,
    "select": 3,
    "min": None,
    "max": None,
    "abs": 1,
    "exp": 1,
    "log": 1,
    "sqrt": 1,
    "floor": 1,
    "ceil": 1,
    "mod": 2,
    "clip": 3,
    "logistic": 1,
}


@dataclass(frozen=True, slots=True)
class Const:
    """A number, in internal units."""

    value: float


@dataclass(frozen=True, slots=True)
class Ref:
    """A named value; ``fired`` and ``work`` name a transition, ``draw`` a ``transition/draw``."""

    space: Space
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator of :data:`OPERATORS` applied to arguments; ``select`` is (condition, yes, no)."""

    op: str
    args: tuple[Expr, ...]


Expr = Const | Ref | Call

TRUE = Const(1.0)
FALSE = Const(0.0)
TIME_REF = Ref("time", "")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A law with expressions as arguments; kinds and arguments are those of :mod:`sim.draws`.

    ``discrete`` and ``choice`` hold n values, then n weights.
    """

    kind: str
    args: tuple[Expr, ...]


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield ``expr`` and everything below it."""
    yield expr
    if isinstance(expr, Call):
        for arg in expr.args:
            yield from walk(arg)


def reads(*exprs: Expr | Distribution | None) -> frozenset[Ref]:
    """Return every name that the expressions read."""
    found: set[Ref] = set()
    for expr in exprs:
        if isinstance(expr, Distribution):
            found |= reads(*expr.args)
        elif expr is not None:
            found.update(part for part in walk(expr) if isinstance(part, Ref))
    return frozenset(found)


def is_constant(expr: Expr) -> bool:
    """Return whether the expression reads nothing."""
    return not any(isinstance(part, Ref) for part in walk(expr))
