"""Evaluation over many states: the twin of `sim.net.evaluate`, state by state."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.exact import vector
from sim.exact.vector import States, evaluate
from sim.net import expr as grammar
from sim.net.evaluate import evaluator
from sim.net.expr import Call, Const, Distribution, Expr, Ref
from sim.net.model import NOWHERE
from tests.net.build import net
from tests.strategies import numbers

NAMES = [Ref("variable", name) for name in ("a", "b", "c")]
SLOTS = {ref: place for place, ref in enumerate(NAMES)}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 1e300, -1e300, math.inf, -math.inf, math.nan]
values = st.one_of(st.sampled_from(SPECIAL), st.floats(-1e3, 1e3))
rows = st.lists(st.tuples(values, values, values), min_size=1, max_size=8)


def both_ways(expr: Expr, table: list[tuple[float, ...]]) -> tuple[list[float], list[float]]:
    """Return the values by numpy and by the scalar evaluator."""
    columns = np.array(table).T
    with np.errstate(all="ignore"):
        found = evaluate(expr, dict(zip(NAMES, columns, strict=True)))
    scalar = evaluator(expr, SLOTS)
    found = np.broadcast_to(found, len(table))
    return [float(x) for x in found], [scalar(list(row)) for row in table]


def agree(a: float, b: float) -> bool:
    """Return whether two values are one, but for the last bits."""
    return math.isnan(a) == math.isnan(b) and (math.isnan(a) or math.isclose(a, b, rel_tol=1e-12))


@given(numbers(NAMES, 3), rows)
def test_numpy_agrees_with_the_scalar_evaluator(expr, table):
    for found, wanted in zip(*both_ways(expr, table), strict=True):
        assert agree(found, wanted)


@pytest.mark.parametrize("op", grammar.OPERATORS)
def test_every_operator_agrees_on_every_special_value(op):
    n = grammar.OPERATORS[op] or 3
    args = NAMES[:n]
    table = [(a, b, c) for a in SPECIAL for b in SPECIAL for c in (SPECIAL if n == 3 else [0.0])]
    for row, found, wanted in zip(table, *both_ways(Call(op, tuple(args)), table), strict=True):
        assert agree(found, wanted), (op, row, found, wanted)


def test_an_operator_that_is_wrong_is_noticed(monkeypatch):
    monkeypatch.setitem(vector._OPERATORS, "mod", np.fmod)
    found, wanted = both_ways(Call("mod", (NAMES[0], NAMES[1])), [(-1.0, 3.0, 0.0)])
    assert not agree(found[0], wanted[0])


def states(**columns: list[float]) -> States:
    """Return states of variables."""
    whole = net(variables=dict.fromkeys(columns, (-9.0, 9.0, 0.0)))
    table = {Ref("variable", name): np.array(column) for name, column in columns.items()}
    return States(whole, len(next(iter(columns.values()))), table)


def test_a_part_of_the_states_has_their_values():
    part = states(a=[1.0, 2.0, 3.0, 4.0]).at(np.array([3, 1])).at(np.array([1]))
    assert part.value(Ref("variable", "a")).tolist() == [2.0]
    assert part.value(Const(7.0)).tolist() == [7.0]


def test_a_fault_shows_what_the_first_bad_state_holds():
    a = Ref("variable", "a")
    with (
        np.errstate(all="ignore"),
        pytest.raises(ScenarioError, match=r"the weight is not a number where a = -2$"),
    ):
        states(a=[1.0, -2.0, -3.0]).number(Call("log", (a,)), "the weight", NOWHERE)


def test_a_finite_law_has_the_shares_of_its_weights():
    a = Ref("variable", "a")
    law = Distribution("discrete", (Const(1.0), a, Const(3.0), a))
    taken, shares = states(a=[1.0, 9.0]).finite_law(law, "it", NOWHERE)
    assert taken.tolist() == [[1.0, 1.0], [1.0, 9.0]]
    assert shares.tolist() == [[0.75, 0.25], [0.25, 0.75]]
    taken, shares = states(a=[5.0]).finite_law(Distribution("deterministic", (a,)), "it", NOWHERE)
    assert (taken.tolist(), shares.tolist()) == ([[5.0]], [[1.0]])


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_impossible_weights_are_a_fault(weight):
    law = Distribution("discrete", (Const(1.0), Const(2.0), Const(1.0), Const(weight)))
    with pytest.raises(ScenarioError, match="it has impossible weights"):
        states(a=[0.0]).finite_law(law, "it", NOWHERE)


def test_weights_that_are_all_zero_are_a_fault():
    law = Distribution("discrete", (Const(1.0), Const(0.0)))
    with pytest.raises(ScenarioError, match="it has impossible weights"):
        states(a=[0.0]).finite_law(law, "it", NOWHERE)
