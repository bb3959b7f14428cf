"""Small nets written by hand, for tests that need to know what they run."""

from __future__ import annotations

from sim.net.expr import TRUE, Call, Const, Distribution, Expr, Ref
from sim.net.model import Branch, Clock, Effect, Net, Outcome, Total, Transition, Variable, Watch
from sim.units import SECONDS_PER_DAY

DAY = Const(SECONDS_PER_DAY)
STANDARD_EXPONENTIAL = Distribution("exponential", (Const(1.0),))


def call(op: str, *args: Expr | float) -> Call:
    """Return an operator applied to expressions or numbers."""
    return Call(op, tuple(Const(float(a)) if isinstance(a, int | float) else a for a in args))


def variable(name: str) -> Ref:
    """Return a reference to a variable."""
    return Ref("variable", name)


def integer(name: str, initial: float, low: float = 0.0, high: float = 100.0) -> Variable:
    """Return an integer variable."""
    return Variable(name, "integer", Const(initial), low=low, high=high)


def branch(weight: float = 1.0, label: str = "", **effects: Expr | float) -> Branch:
    """Return a branch that assigns its keyword arguments."""
    assigned = tuple(
        Effect(variable(name), Const(float(value)) if isinstance(value, int | float) else value)
        for name, value in effects.items()
    )
    return Branch(assigned, Const(weight), label)


def hazard(name: str, per_day: Expr | float, *branches: Branch, guard: Expr = TRUE) -> Transition:
    """Return an exponential transition with a hazard per day."""
    rate = call("div", per_day, DAY)
    clock = Clock("rate", STANDARD_EXPONENTIAL, rate, written="rate")
    return Transition(name, f"transition:{name}", clock, branches, guard, "keep")


def delay(
    name: str, days: float, *branches: Branch, guard: Expr = TRUE, **rest: object
) -> Transition:
    """Return a transition after a fixed delay."""
    law = Distribution("deterministic", (Const(days * SECONDS_PER_DAY),))
    clock = Clock("work", law, written="after")
    return Transition(name, f"transition:{name}", clock, branches, guard, **rest)  # type: ignore[arg-type]


def birth_and_death(days: float = 10.0) -> Net:
    """Return an integer that moves up and down, with a watch, a total and two outcomes."""
    n = variable("n")
    return Net(
        horizon=Const(days * SECONDS_PER_DAY),
        grid=tuple(SECONDS_PER_DAY * k for k in range(int(days) + 1)),
        variables=(integer("n", 3.0),),
        transitions=(
            hazard("up", call("add", 0.5, call("mul", 0.1, n)), branch(n=call("add", n, 1))),
            hazard(
                "down", call("mul", 0.3, n), branch(n=call("sub", n, 1)), guard=call("gt", n, 0)
            ),
        ),
        outcomes=(
            Outcome("empty", call("eq", n, 0)),
            Outcome("seven", call("ge", n, 7)),
        ),
        watches=(Watch("n", n),),
        totals=(Total("above_5", call("gt", n, 5)),),
    )
