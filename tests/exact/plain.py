"""The law of small Markov nets once more, slowly: one state at a time, and a dense exponential.

Shares nothing with the solver but the scalar evaluator. It checks no rule of the net: a net that
breaks one is not for it. Immediates must not go round in circles.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.linalg import expm

from sim.net.evaluate import evaluator
from sim.net.expr import Distribution, Expr, Ref, reads
from sim.net.model import Net, Transition
from sim.units import SECONDS_PER_DAY

#: Values by name, written in one order: hashable.
State = tuple[tuple[Ref, float], ...]


class TooLarge(Exception):
    """More states than a dense matrix is for."""


class Plain:
    """The chain of a net for one combination of inputs."""

    def __init__(self, net: Net, inputs: dict[Ref, float], limit: int) -> None:
        self.net, self.inputs, self.limit = net, inputs, limit
        self.outcomes = [Ref("outcome", o.name) for o in net.outcomes]
        self.fired = sorted(
            (ref for ref in all_read(net) if ref.space == "fired"), key=lambda ref: ref.name
        )
        ranked = sorted(net.transitions, key=lambda t: -t.priority)
        self.immediates = [t for t in ranked if t.clock.kind == "immediate"]
        self.timed = [t for t in net.transitions if t.clock.kind != "immediate"]

    def value(self, expr: Expr, values: dict[Ref, float]) -> float:
        names = list(values)
        slots = {ref: place for place, ref in enumerate(names)}
        return evaluator(expr, slots)(list(values.values()))

    def known(self, state: State) -> dict[Ref, float]:
        """Return all that expressions may read."""
        values = {**self.inputs, **dict(state)}
        for definition in self.net.definitions:
            values[Ref("definition", definition.name)] = self.value(definition.expr, values)
        return values

    def start(self) -> dict[State, float]:
        values: dict[Ref, float] = {}
        for v in self.net.variables:
            values[Ref("variable", v.name)] = self.kept(v, self.value(v.initial, self.inputs))
        values |= dict.fromkeys([*self.fired, *self.outcomes], 0.0)
        return self.settled(tuple(values.items()))

    def kept(self, variable, value: float) -> float:
        if variable.kind == "enumeration":
            return value
        return min(max(value, variable.low), variable.high)

    def law(self, law: Distribution, values: dict[Ref, float]) -> list[tuple[float, float]]:
        """Return values with their probabilities."""
        args = [self.value(arg, values) for arg in law.args]
        if law.kind == "deterministic":
            return [(args[0], 1.0)]
        half = len(args) // 2
        return list(zip(args[:half], np.array(args[half:]) / sum(args[half:]), strict=True))

    def ways(self, state: State, t: Transition) -> Iterator[tuple[State, float]]:
        """Yield what a firing can lead to, before immediates, with probabilities."""
        values = self.known(state)
        laws = [self.law(draw.law, values) for draw in t.draws]
        for mix in product(*laws):
            drawn = dict(values)
            for draw, (value, _) in zip(t.draws, mix, strict=True):
                drawn[Ref("draw", f"{t.name}/{draw.name}")] = value
            p_mix = float(np.prod([p for _, p in mix]))
            if p_mix == 0.0:
                continue
            weights = [1.0]
            if len(t.branches) > 1:
                weights = [self.value(branch.weight, drawn) for branch in t.branches]
            for branch, weight in zip(t.branches, weights, strict=True):
                if weight > 0.0:
                    yield self.after(state, t, branch, drawn), p_mix * weight / sum(weights)

    def after(self, state: State, t: Transition, branch, drawn: dict[Ref, float]) -> State:
        new = dict(state)
        variables = {v.name: v for v in self.net.variables}
        for effect in branch.effects:
            value = self.value(effect.expr, drawn)
            new[effect.target] = self.kept(variables[effect.target.name], value) + 0.0
        if Ref("fired", t.name) in new:
            new[Ref("fired", t.name)] += 1.0
        return tuple(new.items())

    def settled(self, state: State) -> dict[State, float]:
        """Return where a state comes to rest, outcomes recorded."""
        values = self.known(state)
        for t in self.immediates:
            if self.value(t.guard, values) != 0.0:
                found: dict[State, float] = {}
                for after, p in self.ways(state, t):
                    for rest, q in self.settled(after).items():
                        found[rest] = found.get(rest, 0.0) + p * q
                return found
        new = dict(state)
        for ref, outcome in zip(self.outcomes, self.net.outcomes, strict=True):
            if self.value(outcome.when, values) != 0.0:
                new[ref] = values[ref] = 1.0
        return {tuple(new.items()): 1.0}

    def is_over(self, state: State) -> bool:
        stop = self.net.stop
        return stop is not None and self.value(stop, self.known(state)) != 0.0

    def moves(self, state: State) -> Iterator[tuple[State, float]]:
        """Yield where a state leads, with rates per second."""
        if self.is_over(state):
            return
        values = self.known(state)
        for t in self.timed:
            if self.value(t.guard, values) == 0.0:
                continue
            rate = self.value(t.clock.pace, values) / self.value(t.clock.law.args[0], values)
            if rate > 0.0:
                for after, p in self.ways(state, t):
                    for rest, q in self.settled(after).items():
                        yield rest, rate * p * q

    def chain(self) -> tuple[list[State], np.ndarray, np.ndarray]:
        """Return the states, the probabilities at the start, and the generator."""
        start = self.start()
        places = {state: n for n, state in enumerate(start)}
        entries = []
        for state in (waiting := list(start)):
            for other, rate in self.moves(state):
                if other not in places:
                    places[other] = len(waiting)
                    waiting.append(other)
                    if len(waiting) > self.limit:
                        raise TooLarge
                entries.append((places[state], places[other], rate))
        rates = np.zeros((len(waiting), len(waiting)))
        for i, j, rate in entries:
            rates[i, j] += rate if i != j else 0.0
        initial = np.zeros(len(waiting))
        initial[: len(start)] = list(start.values())
        return waiting, initial, rates - np.diag(rates.sum(axis=1))


def all_read(net: Net) -> set[Ref]:
    """Return every name that is read while a replication is under way."""
    exprs: list[Expr | Distribution | None] = [net.stop, *(o.when for o in net.outcomes)]
    for t in net.transitions:
        exprs += [t.guard, t.clock.pace, t.clock.law, *(draw.law for draw in t.draws)]
        exprs += [branch.weight for branch in t.branches if len(t.branches) > 1]
        exprs += [effect.expr for branch in t.branches for effect in branch.effects]
    found = set(reads(*exprs))
    for definition in reversed(net.definitions):
        if Ref("definition", definition.name) in found:
            found |= reads(definition.expr)
    return found


def combinations(net: Net) -> list[tuple[dict[Ref, float], float]]:
    """Return every combination of inputs with its probability."""
    found: list[tuple[dict[Ref, float], float]] = [({}, 1.0)]
    for given in net.inputs:
        more = []
        for values, p in found:
            one = Plain(net, values, 0)
            prior = given.prior
            law = prior if isinstance(prior, Distribution) else None
            taken = one.law(law, values) if law else [(one.value(prior, values), 1.0)]
            more += [({**values, Ref("input", given.name): x}, p * q) for x, q in taken if q > 0.0]
        found = more
    return found


def plain(net: Net, days: np.ndarray, limit: int = 250) -> tuple[np.ndarray, int]:
    """Return P(T <= t), shape (n_times, n_outcomes), and the number of states.

    Latches of outcomes are part of every state; they count if an outcome or ``stop`` reads them.
    """
    cdf, seen = np.zeros((len(days), len(net.outcomes))), set[State]()
    read = all_read(net)
    for inputs, weight in combinations(net):
        one = Plain(net, inputs, limit)
        states, initial, generator = one.chain()
        latched = np.array([[dict(s)[ref] for ref in one.outcomes] for s in states])
        for place, day in enumerate(days):
            now = initial @ expm(generator * day * SECONDS_PER_DAY)
            cdf[place] += weight * (now @ latched)
        for state in states:
            seen.add(tuple((r, x) for r, x in state if r.space != "outcome" or r in read))
    return cdf, len(seen)
