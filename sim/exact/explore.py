"""The states of a Markov net: all that can be reached, and the rates between them.

Breadth-first over whole batches of states. A state in which an immediate is enabled takes no time:
it is *vanishing* (Ajmone Marsan, Conte & Balbo, ACM TOCS 2, 1984) and is eliminated at the end, by
the probabilities with which the immediates that begin there come to rest in each *tangible* state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sim.errors import Diagnostic, ScenarioError
from sim.exact.markov import Parts
from sim.exact.vanishing import Endless, TooManyWays, rests
from sim.exact.vector import Floats, Places, States, Truths, clip
from sim.net.expr import Expr, Ref
from sim.net.model import Branch, Origin, Transition, Variable

#: States expanded at a time: bounds the memory that their successors take.
_BATCH = 4_096
#: Combinations of draws at a firing at the most.
_MOST_MIXES = 1_024
#: Vanishing states allowed for each tangible one.
_VANISHING_PER_STATE = 4

_Kind = TypeVar("_Kind", bound=np.generic)

#: From which states, to which rows, at what rates (or, from vanishing ones, probabilities).
Firings = tuple[Places, Floats, Floats]


class TooManyStates(Exception):
    """There are more states than the limit; ``n_found`` were found before giving up.

    ``n_vanishing`` tells how many immediates pass through, if it was these that were too many.
    """

    def __init__(self, n_found: int, n_vanishing: int = 0) -> None:
        super().__init__(f"more than {n_found} states")
        self.n_found, self.n_vanishing = n_found, n_vanishing


@dataclass(frozen=True)
class Chain:
    """A continuous-time Markov chain on n tangible states."""

    #: shape (n,): probabilities at the start
    initial: Floats
    #: shape (n, n): rates per second, none on the diagonal
    rates: sparse.csr_array
    #: shape (n, n_outcomes): whether an outcome holds in a state, or did before (if that is told)
    holds: Truths
    #: What tells each state from the others.
    keys: tuple[bytes, ...]


class _Growing(Generic[_Kind]):
    """A growing array; rows of ``shape``."""

    def __init__(self, kind: type[_Kind], *shape: int) -> None:
        self._room = np.empty((256, *shape), kind)
        self.n = 0

    def extend(self, more: npt.NDArray[_Kind]) -> None:
        needed = self.n + len(more)
        if needed > len(self._room):
            room = np.empty((2 * needed, *self._room.shape[1:]), self._room.dtype)
            room[: self.n] = self.all
            self._room = room
        self._room[self.n : needed] = more
        self.n = needed

    @property
    def all(self) -> npt.NDArray[_Kind]:
        return self._room[: self.n]


class Explorer:
    """Finds the states of a net; ``inputs`` are values of those that it reads while under way."""

    def __init__(self, parts: Parts, inputs: dict[Ref, np.float64], limit: int) -> None:
        self.parts, self.net, self.limit, self.inputs = parts, parts.net, limit, inputs
        net = self.net
        counted = [Ref("fired", t.name) for t in net.transitions]
        self.outcomes = [Ref("outcome", o.name) for o in net.outcomes]
        named = [Ref("variable", net.variables[n].name) for n in parts.variables]
        named += [ref for ref in [*counted, *self.outcomes] if ref in parts.read]
        #: What makes up a state; one column at least, so that states have a key.
        self.columns = {ref: column for column, ref in enumerate(named or [Ref("time", "")])}
        self.variables = {v.name: v for v in net.variables}
        ranked = sorted(net.transitions, key=lambda t: -t.priority)
        self.immediates = [t for t in ranked if t.clock.kind == "immediate"]
        self.timed = [t for t in net.transitions if t.clock.kind != "immediate"]
        self.definitions = [d for d in net.definitions if Ref("definition", d.name) in parts.read]
        #: State by the row that led to it, and by the row that it has settled in.
        self.known: dict[bytes, int] = {}
        self.settled: dict[bytes, int] = {}
        self.rows = _Growing(np.float64, len(self.columns))
        self.immediate = _Growing(np.intp)  # the next to fire; their number: none
        self.is_open = _Growing(np.bool_)  # whether what follows is of interest
        self.holds = _Growing(np.bool_, len(net.outcomes))
        self.n_vanishing = 0

    @property
    def is_endless(self) -> bool:
        """Whether the states may go on for ever: they count something without a bound."""
        kept = [self.net.variables[n] for n in self.parts.variables]
        counts = any(ref.space == "fired" for ref in self.columns)
        return counts or not all(np.isfinite([v.low, v.high]).all() for v in kept)

    def explore(self, starts: Floats, weights: Floats) -> Chain:
        """Return the chain that begins in one of the rows, taken with these probabilities.

        Raises
        ------
        TooManyStates
            If there are more states than the limit.
        ScenarioError
            If a rule of the net is broken in a state that can be reached, or immediates never end.
        """
        begin = self.states_of(starts)
        edges: list[tuple[Places, Places, Floats]] = []
        done = 0
        while done < len(self.settled):
            batch = np.arange(done, min(done + _BATCH, len(self.settled)))
            done += len(batch)
            found = list(self.firings(batch))
            if found:
                sources, rows, rates = (np.concatenate(part) for part in zip(*found, strict=True))
                edges.append((sources, self.states_of(rows), rates))
        n = len(self.settled)
        flow = sparse.csr_array((n, n))
        if edges:
            sources, targets, rates = (np.concatenate(part) for part in zip(*edges, strict=True))
            flow = sparse.csr_array((rates, (sources, targets)), shape=(n, n))
        return self.chain(flow, np.bincount(begin, weights, n).astype(np.float64))

    def starts(self, given: States) -> Floats:
        """Return the rows that replications start from, with inputs as given."""
        rows = np.zeros((given.n, len(self.columns)))
        for variable in (self.net.variables[n] for n in self.parts.variables):
            value = given.value(variable.initial)
            value = self.assigned(given, variable, value, variable.initial, variable.origin)
            rows[:, self.columns[Ref("variable", variable.name)]] = value
        return rows

    # States.

    def states_of(self, rows: Floats) -> Places:
        """Return the numbers of the states that rows settle in, new ones added."""
        keys = _keys(rows)
        fresh: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            if key not in self.known:
                fresh.setdefault(key, place)
        if fresh:
            numbers = self.add(rows[list(fresh.values())])
            self.known.update(zip(fresh, numbers, strict=True))
        return np.array([self.known[key] for key in keys], np.intp)

    def add(self, rows: Floats) -> list[int]:
        """Look at rows for the first time; return the numbers of their states."""
        rows = rows.copy()
        states = self.look_at(rows)
        immediate = np.full(len(rows), len(self.immediates), np.intp)
        for k in reversed(range(len(self.immediates))):
            immediate[self.guard(states, self.immediates[k])] = k
        is_open = np.ones(len(rows), bool)
        holds = np.zeros((len(rows), len(self.outcomes)), bool)
        calm = np.flatnonzero(immediate == len(self.immediates))
        if len(calm):
            holds[calm], is_open[calm] = self.record(states.at(calm), rows, calm)
        numbers: list[int] = []
        new: list[int] = []
        for place, key in enumerate(_keys(rows)):
            number = self.settled.setdefault(key, len(self.settled))
            if number == self.rows.n + len(new):
                new.append(place)
            numbers.append(number)
        self.rows.extend(rows[new])
        self.immediate.extend(immediate[new])
        self.is_open.extend(is_open[new])
        self.holds.extend(holds[new])
        self.n_vanishing += int((immediate[new] < len(self.immediates)).sum())
        n_tangible = self.rows.n - self.n_vanishing
        if n_tangible > self.limit:
            raise TooManyStates(self.limit)
        if self.n_vanishing > _VANISHING_PER_STATE * self.limit:
            raise TooManyStates(n_tangible, _VANISHING_PER_STATE * self.limit)
        return numbers

    def look_at(self, rows: Floats) -> States:
        """Return rows as states, with the definitions evaluated."""
        states = States(self.net, len(rows), dict(self.inputs))
        for ref, column in self.columns.items():
            states.values[ref] = rows[:, column]
        for definition in self.definitions:
            who = f"the definition '{definition.name}'"
            value = states.number(definition.expr, who, definition.origin)
            states.values[Ref("definition", definition.name)] = value
        return states

    def guard(self, states: States, transition: Transition) -> Truths:
        """Return where the guard of a transition is true."""
        who = f"the guard of '{transition.name}'"
        return states.truth(transition.guard, who, transition.guard_origin)

    def record(self, states: States, rows: Floats, places: Places) -> tuple[Truths, Truths]:
        """Record the outcomes of tangible states, in the rows as well.

        Return where each holds, and which states are to be gone on from.
        """
        holds = np.zeros((states.n, len(self.outcomes)), bool)
        for j, (ref, outcome) in enumerate(zip(self.outcomes, self.net.outcomes, strict=True)):
            holds[:, j] = states.truth(outcome.when, f"the outcome '{ref.name}'", outcome.origin)
            if ref in self.columns:
                holds[:, j] |= states.values[ref] != 0.0
                rows[places, self.columns[ref]] = holds[:, j]
            states.values[ref] = np.where(holds[:, j], 1.0, 0.0)
        is_open = np.ones(states.n, bool)
        if self.net.stop is not None:
            is_open = ~states.truth(self.net.stop, "'stop'", self.net.stop_origin)
        if self.parts.is_lean:
            is_open &= ~holds.all(axis=1)
        return holds, is_open

    # Firings.

    def firings(self, batch: Places) -> Iterator[Firings]:
        """Yield what can happen next in a batch of states."""
        states = self.look_at(self.rows.all[batch])
        immediate = self.immediate.all[batch]
        for k, transition in enumerate(self.immediates):
            here = np.flatnonzero(immediate == k)
            if len(here):
                yield from self.fire(states.at(here), batch[here], transition, np.ones(len(here)))
        here = np.flatnonzero((immediate == len(self.immediates)) & self.is_open.all[batch])
        waiting, numbers = states.at(here), batch[here]
        for transition in self.timed if len(here) else ():
            enabled = np.flatnonzero(self.guard(waiting, transition))
            hazard = self.hazard(waiting.at(enabled), transition)
            going = enabled[hazard > 0.0]
            if len(going):
                rates = hazard[hazard > 0.0]
                yield from self.fire(waiting.at(going), numbers[going], transition, rates)

    def hazard(self, states: States, transition: Transition) -> Floats:
        """Return the hazard of a transition whose guard is true, per second."""
        clock, name = transition.clock, transition.name
        assert clock.law is not None
        pace = states.number(clock.pace, f"the pace of '{name}'", clock.origin)
        mean = states.number(clock.law.args[0], f"the mean of '{name}'", clock.origin)
        is_bad = (pace < 0.0) | (pace == np.inf)
        states.refuse(
            is_bad, f"the pace of '{name}' is negative or infinite", clock.origin, clock.pace
        )
        message = f"the mean of '{name}' is not positive"
        states.refuse(mean <= 0.0, message, clock.origin, clock.law.args[0])
        hazard: Floats = pace / mean
        return hazard

    def fire(
        self, states: States, numbers: Places, transition: Transition, rates: Floats
    ) -> Iterator[Firings]:
        """Yield the ways in which a transition can fire: each mix of draws, each branch."""
        laws = []
        for draw in transition.draws:
            ref = Ref("draw", f"{transition.name}/{draw.name}")
            if ref in self.parts.read:
                who = f"the draw '{draw.name}' of '{transition.name}'"
                laws.append((ref, *states.finite_law(draw.law, who, draw.origin)))
        n_mixes = math.prod(values.shape[1] for _, values, _ in laws)
        if n_mixes > _MOST_MIXES:
            raise ScenarioError([_too_many_mixes(transition, n_mixes)])
        for mix in product(*(range(values.shape[1]) for _, values, _ in laws)):
            drawn = rates
            for i, (ref, values, shares) in zip(mix, laws, strict=True):
                drawn = drawn * shares[:, i]
                states.values[ref] = values[:, i]
            # Taken afresh for every mix: what it has read of the draws stays in it.
            possible = np.flatnonzero(drawn > 0.0)
            here = states.at(possible)
            yield from self.branch_out(here, numbers[possible], transition, drawn[possible])

    def branch_out(
        self, states: States, numbers: Places, transition: Transition, rates: Floats
    ) -> Iterator[Firings]:
        """Yield the branches of a firing."""
        branches = transition.branches
        if len(branches) == 1:
            yield (
                numbers,
                self.after(states, self.rows.all[numbers], transition, branches[0]),
                rates,
            )
            return
        weights = np.stack([states.value(branch.weight) for branch in branches], axis=1)
        who, exprs = f"'{transition.name}'", [branch.weight for branch in branches]
        shares = states.shares(weights, who, transition.origin, *exprs)
        for i, branch in enumerate(branches):
            taken = np.flatnonzero(shares[:, i] > 0.0)
            rows = self.after(states.at(taken), self.rows.all[numbers[taken]], transition, branch)
            yield numbers[taken], rows, (rates * shares[:, i])[taken]

    def after(self, states: States, rows: Floats, transition: Transition, branch: Branch) -> Floats:
        """Return the rows after a firing, before immediates."""
        rows = rows.copy()
        effects = [e for e in branch.effects if e.target in self.columns]
        values = [states.value(effect.expr) for effect in effects]
        for effect, value in zip(effects, values, strict=True):
            variable = self.variables[effect.target.name]
            value = self.assigned(states, variable, value, effect.expr, effect.origin)
            rows[:, self.columns[effect.target]] = value
        fired = Ref("fired", transition.name)
        if fired in self.columns:
            rows[:, self.columns[fired]] += 1.0
        return rows

    def assigned(
        self, states: States, variable: Variable, value: Floats, expr: Expr, origin: Origin
    ) -> Floats:
        """Return what a variable holds once ``value`` is assigned to it."""
        name = variable.name
        if variable.kind == "enumeration":
            labels = [self.net.label_numbers[label] for label in variable.labels]
            is_bad = ~np.isin(value, labels)
            states.refuse(is_bad, f"'{name}' is set to no label of its own", origin, expr)
            return value
        states.refuse(~np.isfinite(value), f"'{name}' is set to no finite number", origin, expr)
        if variable.kind == "integer":
            is_bad = value != np.floor(value)
            states.refuse(is_bad, f"'{name}' is set to a fraction", origin, expr)
        clipped: Floats = clip(value, variable.low, variable.high)
        return clipped

    # The chain.

    def chain(self, flow: sparse.csr_array, start: Floats) -> Chain:
        """Return the chain of the tangible states: ``flow`` holds rates and probabilities."""
        immediate = self.immediate.all
        calm = np.flatnonzero(immediate == len(self.immediates))
        hasty = np.flatnonzero(immediate < len(self.immediates))
        initial, rates = start[calm], flow[calm][:, calm]
        if len(hasty):
            rest = self.rests(flow[hasty], hasty, calm)
            initial = initial + rest.T @ start[hasty]
            rates = rates + flow[calm][:, hasty] @ rest
        rates = sparse.coo_array(rates)
        moves = rates.row != rates.col
        entries = (rates.data[moves], (rates.row[moves], rates.col[moves]))
        keys = list(self.settled)
        return Chain(
            initial,
            sparse.csr_array(entries, shape=rates.shape),
            self.holds.all[calm],
            tuple(keys[number] for number in calm),
        )

    def rests(self, flow: sparse.csr_array, hasty: Places, calm: Places) -> sparse.csr_array:
        """Return the probabilities with which vanishing states come to rest in tangible ones."""
        try:
            return rests(flow[:, hasty], flow[:, calm])
        except Endless as endless:
            self.fail_endless(hasty[endless.stuck])
        except TooManyWays:
            raise TooManyStates(len(calm), len(hasty)) from None

    def fail_endless(self, numbers: Places) -> NoReturn:
        """Refuse immediates that never come to rest."""
        circle = [self.immediates[k] for k in np.unique(self.immediate.all[numbers])]
        names = ", ".join(f"'{transition.name}'" for transition in circle)
        origin = circle[0].origin
        message = f"immediates fire without end, in no time: {names}"
        raise ScenarioError([Diagnostic("fault", message, origin.position, origin.path)])


def _too_many_mixes(transition: Transition, n_mixes: int) -> Diagnostic:
    return Diagnostic(
        "too-many-combinations",
        f"the draws of '{transition.name}' have {n_mixes:,} combinations",
        transition.origin.position,
        transition.origin.path,
        expected=f"at most {_MOST_MIXES:,}",
        hint="give them fewer values, or simulate it: run",
    )


def _keys(rows: Floats) -> Sequence[bytes]:
    """Return what tells each row from the others."""
    whole = np.ascontiguousarray(rows) + 0.0  # one zero
    keys: list[bytes] = whole.view(f"V{8 * whole.shape[1]}").ravel().tolist()
    return keys
