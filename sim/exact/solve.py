"""First-passage laws by uniformisation (Jensen 1953; Grassmann, *Comp. & Oper. Res.* 4, 1977).

A continuous-time chain with generator Q and rates at most q is a discrete one, P = I + Q / q, whose
steps are the events of a Poisson process of rate q. With the states of an outcome absorbing,
P(T <= t) = sum over k of Poisson(k; q t) times the mass absorbed after k steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.special import gammaln

from sim import draws
from sim.errors import Diagnostic, RunFault, ScenarioError, UsageError, did_you_mean
from sim.exact.explore import Explorer, Graph, State
from sim.exact.refuse import is_finite, refusals
from sim.net.evaluate import constant, evaluator
from sim.net.expr import Distribution, Ref
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY

Floats = npt.NDArray[np.float64]

MAX_STATES = 200_000
MAX_COMBINATIONS = 10_000


class HasNet(Protocol):
    """A scenario, or anything else with a net."""

    @property
    def net(self) -> Net:
        """The net."""


@dataclass(frozen=True, eq=False)
class Exact:
    """The first-passage laws of a net's outcomes."""

    #: Distinct reachable states; stopped ones are absorbing, and not merged.
    n_states: int
    #: float64, shape (n_times,), days
    times_days: Floats
    #: By outcome, P(T <= t), float64, shape (n_times,).
    laws: dict[str, Floats]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes, in file order."""
        return tuple(self.laws)

    def cdf(self, outcome: str) -> Floats:
        """Return P(the outcome has happened by t), float64, shape (n_times,).

        Raises
        ------
        UsageError
            If there is no outcome of that name.
        """
        if outcome not in self.laws:
            raise UsageError(f"no outcome '{outcome}'; {did_you_mean(outcome, self.laws)}")
        return self.laws[outcome]


def exact(scenario: Net | HasNet, at: Sequence[float], *, max_states: int = MAX_STATES) -> Exact:
    """Solve a Markov net.

    Parameters
    ----------
    scenario : Scenario or Net
    at : days, from 0 to the horizon
    max_states : int
        How many states there may be.

    Raises
    ------
    ScenarioError
        Naming everything in the net that is not Markov or not finite; or that there are too many
        states, or immediates that may go on for ever.
    RunFault
        If a reachable state breaks a rule of the net.
    UsageError
        If a time lies outside the horizon.
    """
    net = scenario if isinstance(scenario, Net) else scenario.net
    found = refusals(net)
    if found:
        raise ScenarioError(found)
    times = np.array(at, dtype=np.float64)
    _check_times(times, net)
    laws = {outcome.name: np.zeros(len(times)) for outcome in net.outcomes}
    states: set[State] = set()
    for inputs, p in _combinations(net):
        graph = Explorer(net, inputs, max_states).graph()
        states.update(graph.states)
        for number, name in enumerate(laws):
            laws[name] += p * first_passage(graph, number, times * SECONDS_PER_DAY)
    return Exact(len(states), times, laws)


def _check_times(times: Floats, net: Net) -> None:
    # An expression that reads no name may still stand as an operation on constant inputs.
    horizon = constant(net.horizon) / SECONDS_PER_DAY
    for t in times:
        if not 0.0 <= t <= horizon:
            raise UsageError(f"day {t:g} is not between 0 and the horizon, {horizon:g} days")


def _combinations(net: Net) -> Iterator[tuple[list[float], float]]:
    """Yield the inputs that can be drawn, each with its probability."""
    slots = {Ref("input", given.name): place for place, given in enumerate(net.inputs)}
    rows: list[tuple[list[float], float]] = [([], 1.0)]
    for given in net.inputs:
        longer = []
        for row, p in rows:
            state = row + [0.0] * (len(net.inputs) - len(row))
            if is_finite(given) and isinstance(given.prior, Distribution):
                kind = draws.KINDS[given.prior.kind]
                args = [evaluator(arg, slots)(state) for arg in given.prior.args]
                if not draws.are_valid(kind, args, 0, len(args)):
                    raise RunFault(
                        f"impossible arguments of {given.prior.kind}", 0, 0.0, given.name,
                        given.origin.text, position=given.origin.position,
                    )  # fmt: skip
                longer += [([*row, x], p * q) for x, q in _law(kind, args)]
            else:
                assert not isinstance(given.prior, Distribution)
                longer.append(([*row, evaluator(given.prior, slots)(state)], p))
        rows = longer
        if len(rows) > MAX_COMBINATIONS:
            message = f"more than {MAX_COMBINATIONS:,} combinations of inputs"
            raise ScenarioError([Diagnostic("too-many-states", message, given.origin.position)])
    yield from rows


def _law(kind: int, args: list[float]) -> list[tuple[float, float]]:
    if kind == draws.DETERMINISTIC:
        return [(args[0], 1.0)]
    half = len(args) // 2
    total = math.fsum(args[half:])
    return [(x, w / total) for x, w in zip(args[:half], args[half:], strict=True) if w > 0.0]


def first_passage(graph: Graph, outcome: int, times_s: Floats) -> Floats:
    """Return P(T <= t) of an outcome, to 1e-10; times in seconds."""
    absorbing = graph.holds[outcome]
    n = len(graph.states)
    mass = np.zeros(n)
    for state, p in graph.initial.items():
        mass[state] = p
    moves = [move for move in graph.rates if not absorbing[move[0]] and move[0] != move[1]]
    if not moves or len(times_s) == 0:
        return np.full(len(times_s), mass[absorbing].sum())
    rows, columns, rates = (np.array(part) for part in zip(*moves, strict=True))
    leaving = np.bincount(rows, rates, minlength=n)
    q = float(leaving.max())
    step = csr_matrix((rates / q, (columns, rows)), shape=(n, n))  # transposed: mass is a column
    stay = 1.0 - leaving / q
    n_steps = _enough_steps(q * float(times_s.max()))
    absorbed = np.empty(n_steps + 1)
    for k in range(n_steps + 1):
        absorbed[k] = mass[absorbing].sum()
        mass = step @ mass + stay * mass
    return np.array([_poisson_mean(absorbed, q * t) for t in times_s])


def _enough_steps(mean: float) -> int:
    """Return a count that a Poisson variable exceeds with probability below 1e-15."""
    return math.ceil(mean + 9.0 * math.sqrt(mean) + 40.0)


def _poisson_mean(values: Floats, mean: float) -> float:
    """Return the mean of ``values[K]``, K Poisson.

    The weights are normalised over the window that holds all but 1e-15 of the mass: what rounding
    does to the common factor exp(-mean) mean^k / k! cancels.
    """
    if mean == 0.0:
        return float(values[0])
    last = min(len(values) - 1, _enough_steps(mean))
    first = max(0, math.floor(mean - 9.0 * math.sqrt(mean) - 40.0))
    k = np.arange(first, last + 1, dtype=np.float64)
    logs = k * math.log(mean) - gammaln(k + 1.0)
    weights = np.exp(logs - logs.max())
    return float(weights @ values[first : last + 1] / weights.sum())
