"""Derivatives of expressions: trees to trees, by the rules of calculus.

At a kink (``min``, ``max``, ``abs``, ``clip``) the derivative is that of the side which the
expression takes its value from. What jumps (``floor``, a comparison) has none that says how its
value changes, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.net.expr import Call, Const, Expr, Ref

ZERO = Const(0.0)
_ONE = Const(1.0)

#: What jumps, in words.
_JUMPS = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), "a comparison"),
    **dict.fromkeys(("and", "or", "not"), "a condition"),
    "floor": "'floor'",
    "ceil": "'ceil'",
    "mod": "'mod'",
}


class Jumps(ValueError):
    """The name stands where a small change of it makes a jump, or no change at all."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def derivative(expr: Expr, slopes: Mapping[Ref, Expr]) -> Expr:
    """Return the derivative of an expression; :data:`ZERO` itself if it does not change.

    Parameters
    ----------
    expr : Expr
    slopes : mapping
        The derivative of each name that changes; every other stays as it is.

    Raises
    ------
    Jumps
        If what changes stands inside ``floor``, ``ceil``, ``mod``, a comparison or a condition.

    Examples
    --------
    >>> x = Ref("input", "x")
    >>> derivative(Call("square", (x,)), {x: Const(1.0)})
    Call(op='mul', args=(Const(value=2.0), Ref(space='input', name='x')))
    """
    if isinstance(expr, Const):
        return ZERO
    if isinstance(expr, Ref):
        return slopes.get(expr, ZERO)
    args = [derivative(arg, slopes) for arg in expr.args]
    if all(arg is ZERO for arg in args):
        return ZERO
    if expr.op in _JUMPS:
        raise Jumps(_JUMPS[expr.op])
    return _call(expr, args)


def _call(expr: Call, slopes: list[Expr]) -> Expr:
    if expr.op in _CHAINED:
        return _chain(expr, slopes)
    if expr.op in _UNARY:
        return _UNARY[expr.op](expr.args[0], slopes[0])
    a, b = expr.args[:2]
    if expr.op == "select":
        if slopes[0] is not ZERO:
            raise Jumps(_JUMPS["and"])
        return Call("select", (a, slopes[1], slopes[2]))
    if expr.op == "clip":
        raised = _larger(a, slopes[0], b, slopes[1])
        return _smaller(Call("max", (a, b)), raised, expr.args[2], slopes[2])
    return {"sub": _difference, "div": _quotient, "pow": _power}[expr.op](
        a, slopes[0], b, slopes[1]
    )


def _chain(expr: Call, slopes: list[Expr]) -> Expr:
    """Return the derivative of what is taken left to right, two at a time."""
    value, slope = expr.args[0], slopes[0]
    for arg, of_arg in zip(expr.args[1:], slopes[1:], strict=True):
        slope = _CHAINED[expr.op](value, slope, arg, of_arg)
        value = Call(expr.op, (value, arg))
    return slope


def _sum(a: Expr, b: Expr) -> Expr:
    if a is ZERO:
        return b
    return a if b is ZERO else Call("add", (a, b))


def _times(a: Expr, b: Expr) -> Expr:
    if a is ZERO or b is ZERO:
        return ZERO
    if _ONE in (a, b):
        return b if a == _ONE else a
    return Call("mul", (a, b))


def _minus(a: Expr) -> Expr:
    return ZERO if a is ZERO else Call("neg", (a,))


def _over(a: Expr, b: Expr) -> Expr:
    return ZERO if a is ZERO else Call("div", (a, b))


_Rule = Callable[[Expr, Expr, Expr, Expr], Expr]


def _difference(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    return _sum(da, _minus(db))


def _product(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    return _sum(_times(da, b), _times(a, db))


def _quotient(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    return _over(_sum(da, _minus(_times(Call("div", (a, b)), db))), b)


def _power(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    by_base = _times(_times(b, Call("pow", (a, Call("sub", (b, _ONE))))), da)
    by_exponent = _times(_times(Call("pow", (a, b)), Call("log", (a,))), db)
    return _sum(by_base if da is not ZERO else ZERO, by_exponent)


def _smaller(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    return ZERO if da is db is ZERO else Call("select", (Call("lt", (a, b)), da, db))


def _larger(a: Expr, da: Expr, b: Expr, db: Expr) -> Expr:
    return ZERO if da is db is ZERO else Call("select", (Call("gt", (a, b)), da, db))


def _logistic(x: Expr, dx: Expr) -> Expr:
    value = Call("logistic", (x,))
    return _times(_times(value, Call("sub", (_ONE, value))), dx)


_CHAINED: Mapping[str, _Rule] = {
    "add": lambda a, da, b, db: _sum(da, db),
    "mul": _product,
    "min": _smaller,
    "max": _larger,
}
_UNARY: Mapping[str, Callable[[Expr, Expr], Expr]] = {
    "square": lambda x, dx: _times(_times(Const(2.0), x), dx),
    "neg": lambda x, dx: _minus(dx),
    "abs": lambda x, dx: Call("select", (Call("lt", (x, ZERO)), _minus(dx), dx)),
    "exp": lambda x, dx: _times(Call("exp", (x,)), dx),
    "log": lambda x, dx: _over(dx, x),
    "sqrt": lambda x, dx: _over(dx, _times(Const(2.0), Call("sqrt", (x,)))),
    "logistic": _logistic,
}
