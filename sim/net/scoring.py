"""A net that keeps its own score, so that any engine can run it.

Where all clocks whose paces read an input are exponential, the derivative of a history's
log-likelihood by it is

    sum over firings of dp/p + sum over branches taken of d log(weight / sum) - integral of dp/m,

p being a pace, m the mean of the work, and the integral running while the guard holds. The sums are
effects on a variable, the integral is a total: nothing else happens than in the net as it was.

A slope that is no number where nobody needs it must not be a fault: it is :data:`FAR`, which gives
itself away in the score if somebody does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sim.net.expr import Call, Const, Expr, Ref, reads
from sim.net.model import (
    Branch,
    Definition,
    Effect,
    Input,
    Net,
    Total,
    Transition,
    Variable,
    Watch,
)
from sim.net.sensitivity import Slopes

#: Stands for a slope that is infinite or no number; no score is as large as its root.
FAR = 1e100
TOO_FAR = 1e50
_ZERO = Const(0.0)


def is_carried(net: Net, slopes: Slopes) -> bool:
    """Return whether a net can keep its score by this input: whether its clocks are exponential."""
    laws = (net.transitions[k].clock.law for k in slopes.paces)
    return all(
        law is not None
        and law.kind == "exponential"
        and all(ref.space == "input" for ref in reads(law))
        for law in laws
    )


def carrying(net: Net, by: Sequence[Slopes], outcome: str, until: float) -> Net:
    """Return a net that keeps its scores until an outcome, or until a time (seconds).

    The score by input j is the last value of ``watches[j]`` less ``totals[j]``.
    """
    slots = [(ref, _tame(slope)) for slopes in by for ref, slope in slopes.named]
    names = [f"score {j}" for j in range(len(by))]  # no name of a file has a blank
    reached: Expr = Ref("outcome", outcome)
    return replace(
        net,
        horizon=Call("min", (net.horizon, Const(until))),
        grid=(until,),
        stop=reached if net.stop is None else Call("or", (net.stop, reached)),
        inputs=(
            *net.inputs,
            *(Input(r.name, r.name, f"input:{r.name}", e) for r, e in slots if r.space == "input"),
        ),
        definitions=(
            *net.definitions,
            *(Definition(r.name, e) for r, e in slots if r.space == "definition"),
        ),
        variables=(
            *net.variables,
            *(Variable(name, "real", _ZERO, low=-FAR * FAR, high=FAR * FAR) for name in names),
        ),
        transitions=tuple(_scored(t, k, by) for k, t in enumerate(net.transitions)),
        watches=tuple(Watch(name, Ref("variable", name)) for name in names),
        totals=tuple(
            Total(name, _burning(net, slopes)) for name, slopes in zip(names, by, strict=True)
        ),
    )


def _tame(slope: Expr) -> Expr:
    """Return a slope within bounds: ``max`` and ``min`` take the bound in place of what is NaN."""
    return Call("clip", (slope, Const(-FAR), Const(FAR)))


def _or_far(is_impossible: Expr, slope: Expr) -> Expr:
    return Call("select", (is_impossible, Const(FAR), _tame(slope)))


def _would_not_stay_0(value: Expr, slope: Expr) -> Expr:
    return Call("and", (Call("eq", (value, _ZERO)), Call("ne", (slope, _ZERO))))


def _sum(parts: Sequence[Expr]) -> Expr:
    if len(parts) < 2:
        return parts[0] if parts else _ZERO
    return Call("add", tuple(parts))


def _burning(net: Net, slopes: Slopes) -> Expr:
    """Return what the score loses per second by the clocks that are running."""
    parts: list[Expr] = []
    for k, slope in slopes.paces.items():
        clock = net.transitions[k].clock
        assert clock.law is not None
        by_mean = Call("div", (slope, clock.law.args[0]))
        lost = _or_far(_would_not_stay_0(clock.pace, slope), by_mean)
        parts.append(Call("select", (net.transitions[k].guard, lost, _ZERO)))
    return _sum(parts)


def _scored(transition: Transition, k: int, by: Sequence[Slopes]) -> Transition:
    """Return a transition whose firings add to the scores that they change."""
    branches = [
        replace(branch, effects=(*branch.effects, *_effects(transition, k, number, by)))
        for number, branch in enumerate(transition.branches)
    ]
    return replace(transition, branches=tuple(branches))


def _effects(transition: Transition, k: int, number: int, by: Sequence[Slopes]) -> Iterator[Effect]:
    for j, slopes in enumerate(by):
        parts = []
        if k in slopes.paces:
            parts.append(_tame(Call("div", (slopes.paces[k], transition.clock.pace))))
        if k in slopes.weights:
            parts.append(_chosen(transition.branches, slopes.weights[k], number))
        if parts:
            score = Ref("variable", f"score {j}")
            yield Effect(score, _sum([score, *parts]))


def _chosen(branches: Sequence[Branch], slopes: Sequence[Expr], number: int) -> Expr:
    """Return the derivative of the logarithm of a branch's probability."""
    weights = [branch.weight for branch in branches]
    pairs = zip(weights, slopes, strict=True)
    own = Call("div", (slopes[number], weights[number]))
    whole = Call("div", (_sum(slopes), _sum(weights)))
    impossible = Call("or", tuple(_would_not_stay_0(w, slope) for w, slope in pairs))
    return _or_far(impossible, Call("sub", (own, whole)))
