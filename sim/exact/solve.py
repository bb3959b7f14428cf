"""The exact law of first-passage times, for nets that are small Markov chains.

All reachable states are found, and the chain on them is solved by uniformisation. Uncertain inputs
and initial values that take finitely many values are mixed: each combination is solved, with those
that differ in initial values alone solved together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.errors import Diagnostic, ScenarioError, UsageError, did_you_mean, one_of
from sim.exact.explore import Explorer, TooManyStates
from sim.exact.markov import Parts, refusals
from sim.exact.mixture import Mixture, mixture
from sim.exact.transient import MOST_JUMPS, TooManyJumps, first_passage_cdf
from sim.exact.vector import Floats
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY

#: States at the most.
MOST_STATES = 200_000
#: States looked for before it is taken that a count without a bound goes on for ever.
_COUNTED_STATES = 1_000


class HasNet(Protocol):
    """A scenario: what is needed of it here. Its ``texts`` are quoted in errors, if it has any."""

    @property
    def net(self) -> Net:
        """The net that it means."""


@dataclass(frozen=True, eq=False)
class Exact:
    """The exact law of every outcome of a net."""

    #: Distinct states that can be reached, stopped ones included.
    n_states: int
    #: shape (n_times,)
    times_days: Floats
    #: P(T <= t) by outcome, shape (n_times,) each
    outcomes: Mapping[str, Floats]

    def cdf(self, outcome: str) -> Floats:
        """Return P(the outcome has happened by each of ``times_days``), shape (n_times,).

        Raises
        ------
        UsageError
            If the scenario has no outcome of that name.
        """
        if outcome not in self.outcomes:
            names = list(self.outcomes)
            hint = did_you_mean(outcome, names) or (one_of(names) if names else "it has none")
            raise UsageError(f"no outcome '{outcome}': {hint}")
        return self.outcomes[outcome]


def exact(scenario: Net | HasNet, at: Sequence[float], *, max_states: int = MOST_STATES) -> Exact:
    """Return the exact law of every outcome of a scenario, or of a net.

    The error is below 1e-10. What the law depends on is all that is looked at: watch and totals are
    not, nor inputs that they alone read. If the net has more than ``max_states`` states, or counts
    something without a bound (unless it soon turns out to have one, in a guard say), two things are
    left out: variables that nothing reads, and what happens once every outcome holds.

    Parameters
    ----------
    scenario
        A scenario, or its net.
    at : days since the start, none beyond the horizon
    max_states
        States at the most.

    Raises
    ------
    ScenarioError
        If the net is no Markov chain (with every part that makes it none), has too many states or
        combinations of inputs, or breaks one of its rules in a state that can be reached.
    UsageError
        If a time is negative or beyond the horizon.
    """
    net = scenario if isinstance(scenario, Net) else scenario.net
    try:
        return _solved(net, np.array(at, np.float64).reshape(-1), max_states)
    except ScenarioError as error:
        texts: Mapping[str, str] = getattr(scenario, "texts", {})
        raise ScenarioError(error.diagnostics, dict(texts)) from None


def _solved(net: Net, days: Floats, max_states: int) -> Exact:
    if reasons := refusals(net):
        raise ScenarioError(reasons)
    with np.errstate(all="ignore"):
        whole, lean = Parts(net), Parts(net, is_lean=True)
        inputs = mixture(whole)
        _check_times(net, days, inputs)
        is_endless = Explorer(whole, {}, max_states).is_endless
        try:
            limit = min(max_states, _COUNTED_STATES) if is_endless else max_states
            return _mixed(whole, inputs, days, limit)
        except TooManyStates:
            pass
        try:
            return _mixed(lean, inputs, days, max_states)
        except TooManyStates as many:
            raise ScenarioError([_too_many(net, many)]) from None


def _check_times(net: Net, days: Floats, inputs: Mixture) -> None:
    horizon = float(inputs.given.value(net.horizon)[0]) / SECONDS_PER_DAY
    for t in days:
        if not 0.0 <= t <= horizon:
            where = "beyond the horizon" if t > horizon else "before the start"
            raise UsageError(f"day {t:g} is {where}; times are days from 0 to {horizon:g}")


def _mixed(parts: Parts, inputs: Mixture, days: Floats, max_states: int) -> Exact:
    """Solve the chain of each combination of inputs, and mix the laws."""
    net = parts.net
    names = sorted((r for r in parts.read if r.space == "input"), key=lambda ref: ref.name)
    cdf = np.zeros((len(days), len(net.outcomes)))
    keys: set[bytes] = set()
    for places in inputs.groups(names):
        given, weights = inputs.given.at(places), inputs.weights[places]
        explorer = Explorer(parts, {ref: given.value(ref)[0] for ref in names}, max_states)
        chain = explorer.explore(explorer.starts(given), weights / weights.sum())
        keys.update(chain.keys)
        try:
            cdf += weights.sum() * first_passage_cdf(chain, days * SECONDS_PER_DAY)
        except TooManyJumps as jumps:
            raise ScenarioError([_too_stiff(net, jumps)]) from None
    laws = {outcome.name: cdf[:, j] for j, outcome in enumerate(net.outcomes)}
    return Exact(len(keys), days, laws)


def _too_many(net: Net, many: TooManyStates) -> Diagnostic:
    more = "and more to come"
    if many.n_vanishing:
        more = f"and {many.n_vanishing:,} that immediates pass through"
    return Diagnostic(
        "too-many-states",
        f"more states than the limit: {many.n_found:,} found, {more}",
        net.origin.position,
        hint="give counters and stocks a narrower range, or simulate it: run",
    )


def _too_stiff(net: Net, jumps: TooManyJumps) -> Diagnostic:
    return Diagnostic(
        "too-many-jumps",
        f"the fastest of its clocks fire too often: {jumps.n_jumps:.2g} jumps by the last time",
        net.origin.position,
        expected=f"at most {MOST_JUMPS:,}",
        hint="ask for earlier times, leave out the fastest, or simulate it: run",
    )
