"""The states of a Markov net: all that can be reached, and the rates between them.

Breadth-first over whole batches of states. A state in which an immediate is enabled takes no time:
it is *vanishing* (Ajmone Marsan, Conte & Balbo, ACM TOCS 2, 1984) and is eliminated at the end, by
the probabilities with which the immediates that begin there come to rest in each *tangible* state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from sim.errors import Diagnostic, ScenarioError
from sim.exact.markov import Parts
from sim.exact.vector import FINITE_LAWS, Floats, Places, States, Truths, clip
from sim.net.expr import Ref
from sim.net.model import Branch, Effect, Origin, Transition

#: States expanded at a time: bounds the memory that their successors take.
_BATCH = 4_096
#: Vanishing states for each tangible one that is allowed.
_VANISHING_PER_STATE = 4
#: What is left undecided of a circle of immediates.
_UNDECIDED = 1e-17

Firings = tuple[Places, Floats, Floats]  # from which states, to which rows, at what rate


class TooManyStates(Exception):
    """More states than the limit; ``n_found`` before giving up."""

    def __init__(self, n_found: int) -> None:
        super().__init__(f"more than {n_found} states")
        self.n_found = n_found


@dataclass(frozen=True)
class Chain:
    """A continuous-time Markov chain on tangible states."""

    #: shape (n, n_ways): probabilities of the states at the start, a column for each way to start
    initial: Floats
    #: shape (n, n): rates per second, nothing on the diagonal
    rates: sparse.csr_array
    #: shape (n, n_outcomes): whether the outcome has been recorded in, or before, the state
    holds: Truths
    #: What tells each state from the others.
    keys: tuple[bytes, ...]


class Explorer:
    """Finds the states of a net; ``inputs`` are those that it reads while under way."""

    def __init__(self, parts: Parts, inputs: dict[Ref, np.float64], limit: int) -> None:
        self.parts, self.net, self.limit = parts, parts.net, limit
        self.inputs = inputs
        net = self.net
        named = [Ref("variable", net.variables[n].name) for n in parts.variables]
        named += [Ref("fired", t.name) for t in net.transitions if Ref("fired", t.name) in parts.read]
        self.latched = [Ref("outcome", o.name) for o in net.outcomes]
        named += [ref for ref in self.latched if ref in parts.read]
        self.columns = {ref: column for column, ref in enumerate(named)}
        self.numbers = {v.name: n for n, v in enumerate(net.variables)}
        order = sorted(net.transitions, key=lambda t: -t.priority)
        self.immediates = [t for t in order if t.clock.kind == "immediate"]
        self.timed = [t for t in net.transitions if t.clock.kind != "immediate"]
        self.definitions = [d for d in net.definitions if Ref("definition", d.name) in parts.read]
        # By state, tangible or vanishing, in the order of discovery.
        self.known: dict[bytes, int] = {}
        self.settled: dict[bytes, int] = {}
        self.rows = np.empty((0, len(self.columns)))
        self.immediate = np.empty(0, np.intp)  # the one that fires; none: their number
        self.is_open = np.empty(0, bool)  # whether it is to be gone on from
        self.holds = np.empty((0, len(net.outcomes)), bool)
        self.n_vanishing = 0

    @property
    def is_endless(self) -> bool:
        """Whether the state counts something that has no bound."""
        ranges = [(self.net.variables[n].low, self.net.variables[n].high) for n in self.parts.variables]
        is_counting = any(ref.space == "fired" for ref in self.columns)
        return is_counting or not np.isfinite(ranges).all()

    def explore(self, starts: Floats) -> Chain:
        """Return the chain that begins in each of the rows.

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
                sources, rows, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
                edges.append((sources, self.states_of(rows), weights))
        return self.chain(begin, edges)

    # States.

    def states_of(self, rows: Floats) -> Places:
        """Return the numbers of the states that rows settle in, new ones added."""
        keys = _keys(rows)
        fresh: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            if key not in self.known:
                fresh.setdefault(key, place)
        if fresh:
            added = self.add(rows[list(fresh.values())])
            self.known.update(zip(fresh, added, strict=True))
        return np.array([self.known[key] for key in keys], np.intp)

    def add(self, rows: Floats) -> list[int]:
        """Look at rows for the first time; return the numbers of their states."""
        n = len(rows)
        states = self.look_at(rows)
        immediate = np.full(n, len(self.immediates), np.intp)
        for k, transition in reversed(list(enumerate(self.immediates))):
            immediate[self.guard(states, transition)] = k
        calm = np.flatnonzero(immediate == len(self.immediates))
        rows = rows.copy()
        holds = np.zeros((n, len(self.net.outcomes)), bool)
        is_open = np.ones(n, bool)
        if len(calm):
            holds[calm], stopped = self.record(states.at(calm), rows, calm)
            is_open[calm] = ~stopped
            if self.parts.is_lean:
                is_open[calm] &= ~holds[calm].all(axis=1)
        numbers, places = [], []
        for place, key in enumerate(_keys(rows)):
            if key not in self.settled:
                self.settled[key] = len(self.settled)
                places.append(place)
            numbers.append(self.settled[key])
        self.n_vanishing += int((immediate[places] < len(self.immediates)).sum())
        n_tangible = len(self.settled) - self.n_vanishing
        if n_tangible > self.limit or self.n_vanishing > _VANISHING_PER_STATE * self.limit:
            raise TooManyStates(n_tangible)
        self.rows = _joined(self.rows, rows[places])
        self.immediate = _joined(self.immediate, immediate[places])
        self.is_open = _joined(self.is_open, is_open[places])
        self.holds = _joined(self.holds, holds[places])
        return numbers
