"""Why a clock fired when it did: how long its work was, and what sped or slowed it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sim.net.expr import Expr, Ref, reads
from sim.net.model import Net, Transition
from sim.net.shown import shown, spelled

if TYPE_CHECKING:
    from sim.engines.reference import ReferenceEngine

#: A change of pace by less is not worth a word.
LEAST = 0.01


class Sped(NamedTuple):
    """A variable that has changed since a clock began: before, now, and what that did to its pace.

    With the variable as it was and all else as it is, the clock would have run at 1 / ``factor`` of
    its pace; ``factor`` is inf if it would have stood still. Factors of variables that act together
    do not multiply to the whole change.
    """

    name: str
    before: float | str
    now: float | str
    factor: float


@dataclass(frozen=True)
class Life:
    """How a clock began: the state then, and the share of draws of work that are shorter.

    The share is None for work that is assigned, or that has one length only.
    """

    state: list[float]
    shorter: float | None


def sped(
    engine: ReferenceEngine, transition: Transition, began: list[float], now: list[float]
) -> tuple[Sped, ...]:
    """Return what has changed the pace of a clock since it began, what did most first."""
    pace = transition.clock.pace
    found = []
    for ref in sorted(_variables(engine.net, pace), key=lambda ref: ref.name):
        slot = engine.slots[ref]
        if began[slot] == now[slot]:
            continue
        otherwise = _defined(engine, [*now[:slot], began[slot], *now[slot + 1 :]])
        factor = _ratio(engine.value(pace, now), engine.value(pace, otherwise))
        if abs(factor - 1.0) >= LEAST:
            before, after = (shown(engine.net, ref, state[slot]) for state in (began, now))
            found.append(Sped(spelled(ref), before, after, factor))
    return tuple(sorted(found, key=lambda one: -abs(math.log(one.factor))))


def _ratio(pace: float, otherwise: float) -> float:
    """Return how many times as fast a clock runs; 1 where a pace makes no sense."""
    if otherwise == 0.0:
        return math.inf
    return pace / otherwise if 0.0 < otherwise < math.inf and pace > 0.0 else 1.0


def _variables(net: Net, expr: Expr) -> set[Ref]:
    """Return the variables that an expression hangs on, through definitions."""
    definitions = {definition.name: definition.expr for definition in net.definitions}

    def below(expr: Expr) -> Iterator[Ref]:
        for ref in reads(expr):
            if ref.space == "definition":
                yield from below(definitions[ref.name])
            elif ref.space == "variable":
                yield ref

    return set(below(expr))


def _defined(engine: ReferenceEngine, state: list[float]) -> list[float]:
    """Return a state with its definitions evaluated anew."""
    for definition in engine.net.definitions:
        slot = engine.slots[Ref("definition", definition.name)]
        state[slot] = engine.value(definition.expr, state)
    return state
