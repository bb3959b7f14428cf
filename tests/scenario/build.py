"""Short scenarios for tests, and what is wrong with them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from sim.errors import Diagnostic, ScenarioError
from sim.net.expr import Const, Distribution, Expr
from sim.net.model import Input, Net, Transition, Variable
from sim.scenario.load import loads

DAY = 86_400.0
#: Something to read and write in every test.
STATE = """
variables:
  city: {states: [held, contested, fallen]}
  supply: {integer: [0, 5], initial: 3}
  strength: {real: [0, inf], unit: person, initial: 1000}
"""


def scenario(body: str = "", *, clock: str = "horizon: 10 days", state: str = STATE, **changes):
    """Return the scenario of a body that is added to a title, a clock and a state."""
    return loads(text(body, clock=clock, state=state), "t.yaml", **changes)


def text(body: str = "", *, clock: str = "horizon: 10 days", state: str = STATE) -> str:
    return f"title: Test\nclock: {{{clock}}}\n{dedent(state)}{dedent(body)}"


def net(body: str = "", **more) -> Net:
    return scenario(body, **more).net


def transition(fields: str, body: str = "", **more) -> Transition:
    """Return the transition ``t`` with these fields (and ``then: {}`` unless they say)."""
    if "then:" not in fields and "branches:" not in fields:
        fields += ", then: {}"
    made = net(f"transitions: {{t: {{{fields}}}}}\n" + dedent(body), **more)
    return {t.name: t for t in made.transitions}["t"]


def variable(made: Net, name: str) -> Variable:
    return {v.name: v for v in made.variables}[name]


def input_(made: Net, name: str) -> Input:
    return {i.name: i for i in made.inputs}[name]


def law(kind: str, *args: float | Expr) -> Distribution:
    return Distribution(kind, tuple(Const(a) if isinstance(a, int | float) else a for a in args))


def errors(body: str = "", **more) -> list[Diagnostic]:
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        scenario(body, **more)
    return list(caught.value.diagnostics)


def faults(body: str = "", **more) -> list[tuple[str, str]]:
    """Return the code of each fault with the text that it underlines."""
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        scenario(body, **more)
    return [(d.code, quoted(caught.value, d)) for d in caught.value.diagnostics]


def quoted(error: ScenarioError, d: Diagnostic) -> str:
    where = d.position
    if where is None:
        return ""
    line = error.sources[where.file].split("\n")[where.line - 1]
    return line[where.column - 1 : where.column - 1 + where.length]
