"""What makes a net not Markov, or not finite: refused by name and place."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import Diagnostic
from sim.net.expr import Distribution, Expr, reads
from sim.net.model import Input, Net, Origin, Transition

#: Laws with finitely many values.
FINITE = frozenset({"discrete", "choice", "deterministic"})

_CLOCKS = {
    "every": "a timetable is not Markov",
    "at": "an instant is not Markov",
    "after": "a delay is not Markov",
}


def refusals(net: Net) -> list[Diagnostic]:
    """Return every reason why a net cannot be solved exactly, in net order."""
    found: list[Diagnostic] = []
    for given in net.inputs:
        found += _inputs(given)
    if reads(net.horizon):
        found.append(_refusal("the horizon is uncertain", net.origin, "clock.horizon"))
    for transition in net.transitions:
        found += _transition(transition)
    return found


def _refusal(message: str, origin: Origin, path: str, hint: str = "") -> Diagnostic:
    return Diagnostic("not-markov", message, origin.position, origin.path or path, hint=hint)


def _inputs(given: Input) -> Iterator[Diagnostic]:
    if isinstance(given.prior, Distribution) and given.prior.kind not in FINITE:
        message = f"the input '{given.path}' has a continuous law ({given.prior.kind})"
        hint = f"fix it: --set {given.path}=VALUE"
        yield _refusal(message, given.origin, given.path, hint)


def _transition(transition: Transition) -> Iterator[Diagnostic]:
    name, clock, path = transition.name, transition.clock, f"transitions.{transition.name}"
    reason = _CLOCKS.get(clock.written) or _CLOCKS.get(clock.kind)
    if reason:
        yield _refusal(f"'{name}': {reason}", clock.origin, path, "use a 'rate'")
    elif clock.kind == "work" and clock.law is not None:
        yield from _work(transition, clock.law)
    for draw in transition.draws:
        if draw.law.kind not in FINITE:
            message = f"'{name}' draws from a continuous law ({draw.law.kind})"
            yield _refusal(message, draw.origin, path)
    for expr, origin in _expressions(transition):
        for ref in reads(expr):
            if ref.space == "time":
                yield _refusal(f"'{name}' reads the time", origin, path)
            elif ref.space == "work":
                yield _refusal(f"'{name}' reads the work left of '{ref.name}'", origin, path)
    for branch in transition.branches:
        for effect in branch.effects:
            if effect.target.space == "work":
                message = f"'{name}' sets the work left of '{effect.target.name}'"
                yield _refusal(message, effect.origin, path)


def _work(transition: Transition, law: Distribution) -> Iterator[Diagnostic]:
    name, origin, path = transition.name, transition.clock.origin, f"transitions.{transition.name}"
    if law.kind != "exponential":
        yield _refusal(f"the work of '{name}' is not exponential ({law.kind})", origin, path)
    elif any(ref.space != "input" for ref in reads(law)):
        message = f"the mean of the work of '{name}' is fixed when it is drawn, by the state then"
        yield _refusal(message, origin, path, "let the pace depend on the state instead")


def _expressions(transition: Transition) -> Iterator[tuple[Expr, Origin]]:
    for draw in transition.draws:
        for arg in draw.law.args:
            yield arg, draw.origin
    for branch in transition.branches:
        yield branch.weight, branch.origin
        for effect in branch.effects:
            yield effect.expr, effect.origin


def is_finite(given: Input) -> bool:
    """Return whether an input is drawn from finitely many values."""
    return isinstance(given.prior, Distribution) and given.prior.kind in FINITE
