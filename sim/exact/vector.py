"""Expressions over many states at once, by numpy.

The same meaning as :mod:`sim.net.evaluate` up to the last bit: numpy's exp, log and pow may differ
there from the C library's, which an exact law to ten digits does not notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from sim import draws
from sim.errors import Diagnostic, ScenarioError
from sim.net.expr import Call, Const, Distribution, Expr, Ref, reads
from sim.net.model import Net, Origin
from sim.net.shown import shown, spelled

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

#: Laws that take finitely many values.
FINITE_LAWS = ("discrete", "choice", "deterministic")


def _truth(value: Any) -> Any:
    return np.where(value, 1.0, 0.0)


def _smaller(a: Any, b: Any) -> Any:
    return np.where(a < b, a, b)


def _larger(a: Any, b: Any) -> Any:
    return np.where(a > b, a, b)


def clip(x: Any, low: Any, high: Any) -> Any:
    """Return x moved into [low, high], as :func:`sim.ieee.clip` does."""
    return _smaller(_larger(x, low), high)


_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "mod": np.mod,
    "square": lambda x: x * x,
    "neg": np.negative,
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "logistic": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "not": lambda x: _truth(x == 0.0),
    "lt": lambda a, b: _truth(a < b),
    "le": lambda a, b: _truth(a <= b),
    "gt": lambda a, b: _truth(a > b),
    "ge": lambda a, b: _truth(a >= b),
    "eq": lambda a, b: _truth(a == b),
    "ne": lambda a, b: _truth(a != b),
    "select": lambda c, yes, no: np.where(c != 0.0, yes, no),
    "clip": clip,
}
_CHAINED: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "min": _smaller,
    "max": _larger,
    "and": lambda a, b: _truth((a != 0.0) & (b != 0.0)),
    "or": lambda a, b: _truth((a != 0.0) | (b != 0.0)),
}


def evaluate(expr: Expr, values: Mapping[Ref, Any]) -> Any:
    """Return the value of an expression; ``values`` are arrays of one length, or scalars."""
    if isinstance(expr, Const):
        return np.float64(expr.value)
    if isinstance(expr, Ref):
        return values[expr]
    assert isinstance(expr, Call)
    args = [evaluate(arg, values) for arg in expr.args]
    if expr.op in _CHAINED:
        combine, value = _CHAINED[expr.op], args[0]
        for arg in args[1:]:
            value = combine(value, arg)
        return value
    return _OPERATORS[expr.op](*args)


class _Taken(dict[Ref, Any]):
    """Values at some places of another mapping, taken when they are first read."""

    def __init__(self, whole: Mapping[Ref, Any], places: Places) -> None:
        super().__init__()
        self.whole, self.places = whole, places

    def __missing__(self, ref: Ref) -> Any:
        value = self.whole[ref]
        self[ref] = value[self.places] if np.ndim(value) else value
        return self[ref]


class States:
    """The values of names in n states; evaluates on all of them, and checks as an engine would."""

    def __init__(self, net: Net, n: int, values: dict[Ref, Any]) -> None:
        self.net, self.n, self.values = net, n, values

    def at(self, places: Places) -> States:
        """Return some of the states."""
        return States(self.net, len(places), _Taken(self.values, places))

    def value(self, expr: Expr) -> Floats:
        """Return the value of an expression in every state, shape (n,), unchecked."""
        value = np.asarray(evaluate(expr, self.values), np.float64)
        return value if value.shape == (self.n,) else np.broadcast_to(value, (self.n,))

    def number(self, expr: Expr, who: str, origin: Origin) -> Floats:
        """Return the value of an expression in every state; NaN is a fault."""
        value = self.value(expr)
        self.refuse(np.isnan(value), f"{who} is not a number", origin, expr)
        return value

    def truth(self, expr: Expr, who: str, origin: Origin) -> Truths:
        """Return the truth of an expression in every state."""
        holds: Truths = self.number(expr, who, origin) != 0.0
        return holds

    def finite_law(self, law: Distribution, who: str, origin: Origin) -> tuple[Floats, Floats]:
        """Return the values of a law of :data:`FINITE_LAWS` and their shares, (n, n_values)."""
        args = np.stack([self.value(arg) for arg in law.args], axis=1)
        kind, n_args = draws.KINDS[law.kind], args.shape[1]
        if kind == draws.DETERMINISTIC:
            self.refuse(np.isnan(args[:, 0]), f"{who} is not a number", origin, *law.args)
            return args, np.ones_like(args)
        values, weights = args[:, : n_args // 2], args[:, n_args // 2 :]
        self.refuse(np.isnan(values.max(axis=1)), f"{who} is not a number", origin, *law.args)
        return values, self.shares(weights, who, origin, *law.args)

    def shares(self, weights: Floats, who: str, origin: Origin, *exprs: Expr) -> Floats:
        """Return weights (n, n_ways) as probabilities; impossible ones are a fault."""
        total = weights.sum(axis=1)
        is_good = ((weights >= 0.0) & (weights < np.inf)).all(axis=1) & (total > 0.0)
        self.refuse(~is_good | (total == np.inf), f"{who} has impossible weights", origin, *exprs)
        shares: Floats = weights / total[:, None]
        return shares

    def refuse(self, is_bad: Truths, message: str, origin: Origin, *exprs: Expr) -> None:
        """Raise a fault if a state is bad, with what the expressions read in the first such."""
        if is_bad.any():
            self._fail(int(np.argmax(is_bad)), message, origin, exprs)

    def _fail(self, place: int, message: str, origin: Origin, exprs: tuple[Expr, ...]) -> NoReturn:
        read = []
        for ref in sorted(reads(*exprs), key=lambda ref: (ref.space, ref.name)):
            value = self.values[ref]
            one = shown(self.net, ref, float(value[place] if np.ndim(value) else value))
            read.append(f"{spelled(ref)} = {one if isinstance(one, str) else format(one, 'g')}")
        where = f" where {', '.join(read)}" if read else ""
        raise ScenarioError([Diagnostic("fault", message + where, origin.position, origin.path)])
