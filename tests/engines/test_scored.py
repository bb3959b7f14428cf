"""Scored replications: the same events as without scores, and the right scores on random nets."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sim.analysis.likelihood_ratio import covariance
from sim.engines.reference import ReferenceEngine
from sim.engines.scored import ScoredEngine, _Scored
from sim.errors import RunFault, ScenarioError
from sim.exact.solve import exact
from sim.net import scoring
from sim.net.expr import Const, Distribution, Ref
from sim.net.model import Input, Net, Transition
from sim.net.scoring import carrying
from sim.net.sensitivity import Sensitivity, Slopes, without_the_rest
from sim.units import SECONDS_PER_DAY
from tests.engines.nets import birth_and_death
from tests.strategies import HOUR, call, markov_nets, nets

TILT = Ref("input", "tilt")


def tilted(net: Net, tilt: float = 1.0) -> Net:
    """Return a net with an input by which paces and weights go up, each in its own way."""
    given = Input("tilt", "parameters.tilt", "input:tilt", Const(tilt))
    made = [_tilted(transition, k) for k, transition in enumerate(net.transitions)]
    return replace(net, inputs=(*net.inputs, given), transitions=tuple(made))


def _tilted(transition: Transition, k: int) -> Transition:
    clock, branches = transition.clock, list(transition.branches)
    if isinstance(clock.law, Distribution) and clock.law.kind == "exponential":
        pace = call("mul", clock.pace, call("pow", TILT, float(k % 3)))
        clock = replace(clock, pace=pace)
    branches[0] = replace(branches[0], weight=call("mul", branches[0].weight, call("exp", TILT)))
    return replace(transition, clock=clock, branches=tuple(branches))


def tilt_of(net: Net) -> Slopes:
    of = Sensitivity(net).by(net.inputs[-1])
    assert isinstance(of, Slopes), of
    return of


def worst(net: Net, n: int) -> float:
    """Return by how many standard errors the worst gradient of a net is off.

    Only outcomes that come about as often as not are looked at, so that the error is known.
    """
    lean = without_the_rest(tilted(net), [o.name for o in net.outcomes])
    days = [4 * HOUR / SECONDS_PER_DAY]
    laws = [exact(tilted(net, 1.0 + h), days, max_states=5_000) for h in (1e-4, -1e-4)]
    engine = ScoredEngine(lean, [tilt_of(lean)])
    found = [engine.score(3, r, math.inf) for r in range(n)]
    assert not engine.spoiled
    off = [0.0]
    for j, outcome in enumerate(lean.outcomes):
        happened = np.array([one.times[j] < math.inf for one in found])
        value, _, high = covariance(happened, np.array([one.scores[j][0] for one in found]))
        if 0.1 < happened.mean() < 0.9 and high > value:
            up, down = (float(law.cdf(outcome.name)[0]) for law in laws)
            event("compared")
            off.append((value - (up - down) / 2e-4) / ((high - value) / 1.97))
    return max(map(abs, off))


def on_random_nets(examples: int, n: int) -> float:
    """Return by how many standard errors the worst gradient of some random nets is off."""
    found = [0.0]

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(markov_nets())
    def look(net: Net) -> None:
        try:
            found.append(worst(net, n))
        except (ScenarioError, RunFault):
            event("fault, or too many states")

    look()
    return max(found)


@pytest.mark.statistical
def test_scores_are_right_on_random_markov_nets():
    """About 20 comparisons, of 300 replications each: one is so far off in 1e-5 of all seeds."""
    assert on_random_nets(25, 300) < 5.0


@pytest.mark.statistical
def test_clocks_that_still_live_are_not_forgotten_on_random_nets(monkeypatch):
    monkeypatch.setattr(_Scored, "score_at", lambda run, t: list(run.total))
    assert on_random_nets(25, 300) > 5.0


def both_scores(net: Net, n: int) -> list[tuple[float, float]]:
    """Return scores of replications as the net itself keeps them, and as the engine has them."""
    lean = without_the_rest(tilted(net), [o.name for o in net.outcomes])
    of, until = tilt_of(lean), 3.5 * HOUR
    engine = ScoredEngine(lean, [of])
    found = []
    for j, outcome in enumerate(lean.outcomes):
        batch = ReferenceEngine(carrying(lean, [of], outcome.name, until)).run(3, range(n))
        for r in range(n):
            one = engine.score(3, r, until)
            assert batch.times[r, j] == one.times[j]
            found.append((float(batch.watch[r, 0, 0] - batch.totals[r, 0]), one.scores[j][0]))
    return found


def agree(found: list[tuple[float, float]]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in found)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(markov_nets())
def test_a_net_keeps_the_score_that_the_engine_has(net: Net):
    try:
        found = both_scores(net, 3)
    except RunFault:
        return
    event("firings" if any(a for a, _ in found) else "nothing")
    assert agree(found)


def test_a_net_that_keeps_another_score_is_noticed(monkeypatch):
    net = markov_net()
    assert agree(both_scores(net, 3))
    monkeypatch.setattr(scoring, "_burning", lambda net, slopes: Const(0.0))
    assert not agree(both_scores(net, 3))


def markov_net() -> Net:
    """Return a birth-and-death process."""
    return replace(birth_and_death(), watches=(), totals=(), grid=())


@settings(max_examples=40, derandomize=True, deadline=None)
@given(nets(), st.integers(0, 2**64 - 1))
def test_what_happens_is_what_happens_without_scores(net: Net, seed: int):
    lean = without_the_rest(tilted(net), [o.name for o in net.outcomes])
    offered = [of for given in lean.inputs if isinstance(of := Sensitivity(lean).by(given), Slopes)]
    event(f"{len(offered)} inputs")
    plain, engine = ReferenceEngine(lean), ScoredEngine(lean, offered)
    for r in range(3):
        try:
            times = plain.run(seed, [r]).times[0]
        except RunFault:
            continue
        assert engine.score(seed, r, math.inf).times == times.tolist()
