"""Derivatives against differences, on every operator and on random expressions."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.net.differentiate import ZERO, Jumps, derivative
from sim.net.evaluate import evaluator
from sim.net.expr import OPERATORS, Call, Const, Expr, Ref, reads
from tests.strategies import call, numbers

X, Y, D, SLOPE = Ref("input", "x"), Ref("variable", "y"), Ref("definition", "d"), Ref("input", "d'")
SLOTS = {X: 0, Y: 1, D: 2, SLOPE: 3}
JUMPS = {"not", "and", "or", "lt", "le", "gt", "ge", "eq", "ne", "floor", "ceil", "mod"}
SMOOTH = sorted(OPERATORS.keys() - JUMPS)


def state(x: float, y: float) -> list[float]:
    """Return the values of all names: the definition is x squared."""
    return [x, y, x * x, 2.0 * x]


SLOPES: dict[Ref, Expr] = {X: Const(1.0), D: SLOPE}


def is_right(expr: Expr, x: float, y: float, slopes: dict[Ref, Expr] = SLOPES) -> bool | None:
    """Return whether a derivative is that of the expression; None if differences cannot tell."""
    value = evaluator(expr, SLOTS)
    slope = evaluator(derivative(expr, slopes), SLOTS)(state(x, y))
    steps = []
    for h in (1e-4, 5e-5):
        here, up, down = (value(state(x + step, y)) for step in (0.0, h, -h))
        steps.append([(up - here) / h, (here - down) / h])
    known = [s for pair in steps for s in pair]
    if not all(map(math.isfinite, [slope, *known])):
        return None
    # Richardson's extrapolation, from either side: they part at a kink.
    sides = [2.0 * fine - coarse for coarse, fine in zip(*steps, strict=True)]
    size = 1.0 + max(map(abs, known))
    if abs(sides[0] - sides[1]) > 1e-5 * size:
        return None
    return abs(slope - sides[0]) < 1e-4 * size


def places(op: str) -> range:
    """Return the numbers of the arguments by which an operator has a derivative."""
    return range(1 if op == "select" else 0, OPERATORS[op] or 3)


@pytest.mark.parametrize(("op", "place"), [(op, j) for op in SMOOTH for j in places(op)])
def test_every_smooth_operator_has_its_derivative(op, place):
    args: list[Expr] = [Const(0.3), Const(1.7), Const(2.9)][: OPERATORS[op] or 3]
    args[place] = call("add", X, call("mul", 0.5, D))
    if op == "select":
        args[0] = Const(1.0 if place == 1 else 0.0)
    assert is_right(Call(op, tuple(args)), 0.8, 1.1)


def test_a_slope_that_is_forgotten_is_noticed():
    assert is_right(call("mul", X, D), 0.8, 1.1)
    assert is_right(call("mul", X, D), 0.8, 1.1, {X: Const(1.0)}) is False


@settings(max_examples=150, derandomize=True, deadline=None)
@given(numbers([X, Y, D], 3), st.sampled_from([0.37, 1.41]), st.sampled_from([0.6, -1.3]))
def test_derivatives_agree_with_differences(expr, x, y):
    try:
        found = is_right(expr, x, y)
    except Jumps:
        assume(False)
    assume(found is not None)
    assert found


@settings(max_examples=50, derandomize=True, deadline=None)
@given(numbers([Y], 3))
def test_what_does_not_read_the_name_does_not_change(expr):
    assert derivative(expr, {X: Const(1.0)}) is ZERO


@pytest.mark.parametrize("op", sorted(JUMPS))
def test_what_jumps_is_refused(op):
    n = OPERATORS[op] or 2
    with pytest.raises(Jumps, match=r"comparison|condition|floor|ceil|mod"):
        derivative(call("mul", Y, Call(op, (X, Const(2.0))[:n])), {X: Const(1.0)})


def test_a_condition_that_reads_the_name_is_refused():
    with pytest.raises(Jumps, match="a condition"):
        derivative(call("select", X, 1.0, 2.0), {X: Const(1.0)})


def test_a_comparison_of_other_names_is_no_jump():
    found = derivative(call("select", call("gt", Y, 1.0), X, 2.0), {X: Const(1.0)})
    assert evaluator(found, SLOTS)(state(0.0, 2.0)) == 1.0
    assert evaluator(found, SLOTS)(state(0.0, 0.0)) == 0.0


@pytest.mark.parametrize(("x", "slope"), [(1.0, 1.0), (2.0, 0.0), (3.0, 0.0)])
def test_at_a_kink_it_is_that_of_the_side_that_is_taken(x, slope):
    found = derivative(call("min", X, 2.0), {X: Const(1.0)})
    assert evaluator(found, SLOTS)(state(x, 0.0)) == slope


def test_a_chain_of_products_stays_small():
    """The derivative of a definition is a name of its own: nothing is written out."""
    expr: Expr = D
    for _ in range(30):
        expr = call("mul", expr, Y)
    found = derivative(expr, {D: SLOPE})
    assert reads(found) == {SLOPE, Y}
