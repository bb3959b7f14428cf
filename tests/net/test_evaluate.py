"""What every operator means: tables by IEEE-754, and a twin written out the long way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.net.evaluate import BINARY, CHAINED, UNARY, constant, evaluator
from sim.net.expr import OPERATORS, Call, Const, Expr, Ref, is_constant, reads, walk

INF, NAN = math.inf, math.nan
A, B, C = (Ref("variable", name) for name in "abc")
SLOTS = {A: 0, B: 1, C: 2}


def value(op: str, *args: float) -> float:
    return constant(Call(op, tuple(Const(arg) for arg in args)))


def same(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("add", (1.0, 2.0, 3.0), 6.0),
        ("add", (0.1, 0.2, 0.3), (0.1 + 0.2) + 0.3),  # left to right
        ("add", (0.3, 0.2, 0.1), (0.3 + 0.2) + 0.1),
        ("add", (INF, -INF), NAN),
        ("add", (1e308, 1e308), INF),
        ("sub", (INF, INF), NAN),
        ("mul", (0.0, INF), NAN),
        ("mul", (-0.0, 2.0), -0.0),
        ("div", (1.0, 0.0), INF),
        ("div", (1.0, -0.0), -INF),
        ("div", (-1.0, 0.0), -INF),
        ("div", (0.0, 0.0), NAN),
        ("div", (INF, 0.0), INF),
        ("div", (INF, INF), NAN),
        ("div", (1.0, INF), 0.0),
        ("pow", (0.0, 0.0), 1.0),
        ("pow", (NAN, 0.0), 1.0),
        ("pow", (1.0, NAN), 1.0),
        ("pow", (0.0, -1.0), INF),
        ("pow", (-0.0, -3.0), -INF),
        ("pow", (-8.0, 1 / 3), NAN),
        ("pow", (10.0, 400.0), INF),
        ("square", (-3.0,), 9.0),
        ("square", (1e200,), INF),
        ("neg", (0.0,), -0.0),
        ("abs", (-0.0,), 0.0),
        ("abs", (-INF,), INF),
        ("exp", (1000.0,), INF),
        ("exp", (-INF,), 0.0),
        ("log", (0.0,), -INF),
        ("log", (-1.0,), NAN),
        ("sqrt", (-1.0,), NAN),
        ("sqrt", (-0.0,), -0.0),
        ("floor", (-1.5,), -2.0),
        ("ceil", (-0.5,), -0.0),
        ("floor", (INF,), INF),
        ("mod", (-7.0, 3.0), 2.0),
        ("mod", (1.0, 0.0), NAN),
        ("clip", (7.0, 0.0, 5.0), 5.0),
        ("clip", (-7.0, 0.0, 5.0), 0.0),
        ("clip", (1.0, 5.0, 0.0), 0.0),  # an empty range: the upper end wins
        ("logistic", (0.0,), 0.5),
        ("lt", (1.0, 2.0), 1.0),
        ("lt", (NAN, 2.0), 0.0),
        ("le", (2.0, 2.0), 1.0),
        ("gt", (2.0, 2.0), 0.0),
        ("ge", (2.0, NAN), 0.0),
        ("eq", (NAN, NAN), 0.0),
        ("ne", (NAN, NAN), 1.0),
        ("eq", (0.0, -0.0), 1.0),
        ("and", (2.0, -1.0), 1.0),
        ("and", (2.0, 0.0, 1.0), 0.0),
        ("and", (NAN, 1.0), 1.0),  # true is any value other than 0
        ("or", (0.0, -0.0), 0.0),
        ("or", (0.0, 0.0, 3.0), 1.0),
        ("not", (0.0,), 1.0),
        ("not", (NAN,), 0.0),
        ("not", (0.5,), 0.0),
        ("min", (3.0, 1.0, 2.0), 1.0),
        ("max", (3.0, NAN, 2.0), 2.0),
        ("max", (3.0, 2.0, NAN), NAN),
        ("min", (0.0, -0.0), -0.0),
        ("select", (2.0, 5.0, NAN), 5.0),
        ("select", (0.0, NAN, 5.0), 5.0),
        ("select", (NAN, 4.0, 5.0), 4.0),
    ],
)
def test_operators(op, args, expected):
    assert same(value(op, *args), expected)


def test_every_operator_has_a_meaning():
    meanings = {*BINARY, *UNARY, *CHAINED, "select", "clip"}
    assert meanings == set(OPERATORS)
    assert all(OPERATORS[op] == 1 for op in UNARY)
    assert all(OPERATORS[op] == 2 for op in BINARY)
    assert all(OPERATORS[op] is None for op in CHAINED)


def test_a_choice_evaluates_the_side_that_it_takes():
    seen: list[int] = []

    class Watched(list[float]):
        def __getitem__(self, slot):  # type: ignore[override]
            seen.append(slot)
            return super().__getitem__(slot)

    choose = evaluator(Call("select", (A, B, C)), SLOTS)
    assert choose(Watched([1.0, 7.0, 8.0])) == 7.0
    assert seen == [0, 1]


def test_names_are_read_afresh():
    double = evaluator(Call("add", (A, A)), SLOTS)
    state = [1.0, 0.0, 0.0]
    assert double(state) == 2.0
    state[0] = 5.0
    assert double(state) == 10.0


# The twin: no closures, no tables.


def twin(expr: Expr, state: dict[Ref, float]) -> float:
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, Ref):
        return state[expr]
    args = [twin(arg, state) for arg in expr.args]
    if expr.op == "add":
        total = args[0]
        for arg in args[1:]:
            total += arg
        return total
    if expr.op in ("and", "or"):
        truths = [arg != 0.0 for arg in args]
        return float(all(truths) if expr.op == "and" else any(truths))
    if expr.op in ("min", "max"):
        best = args[0]
        for arg in args[1:]:
            keeps = best < arg if expr.op == "min" else best > arg
            best = best if keeps else arg
        return best
    if expr.op == "sub":
        return args[0] - args[1]
    if expr.op == "mul":
        return args[0] * args[1]
    if expr.op == "not":
        return float(args[0] == 0.0)
    if expr.op == "select":
        return args[1] if args[0] != 0.0 else args[2]
    assert expr.op == "lt"
    return float(args[0] < args[1])


leaves = st.sampled_from([A, B, C]) | st.floats(-5, 5).map(Const)


def _grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    def calls(ops: list[str], low: int, high: int) -> st.SearchStrategy[Expr]:
        args = st.lists(inner, min_size=low, max_size=high).map(tuple)
        return st.builds(Call, st.sampled_from(ops), args)

    return (
        calls(["add", "and", "or", "min", "max"], 2, 4)
        | calls(["sub", "mul", "lt"], 2, 2)
        | calls(["not"], 1, 1)
        | calls(["select"], 3, 3)
    )


exprs = st.recursive(leaves, _grown, max_leaves=20)


@given(exprs, st.tuples(*[st.floats(-9, 9)] * 3))
def test_closures_and_twin_agree(expr, values):
    state = dict(zip((A, B, C), values, strict=True))
    assert same(evaluator(expr, SLOTS)(list(values)), twin(expr, state))


@given(exprs)
def test_what_an_expression_reads(expr):
    refs = {part for part in walk(expr) if isinstance(part, Ref)}
    assert reads(expr, None) == refs
    assert is_constant(expr) == (not refs)
