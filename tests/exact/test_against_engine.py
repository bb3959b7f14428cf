"""The exact solver and the compiled engine, on random Markov nets: two ways to one law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from scipy import stats

from sim.engines.compiled.engine import CompiledEngine, FaultAt
from sim.errors import ScenarioError
from sim.exact.solve import exact
from sim.net.expr import Const
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY
from tests.engines.nets import birth_and_death, call
from tests.strategies import HOUR, markov_nets

HOURS = np.array([0.0, 0.5, 1.5, 4.0])
N = 4_000
#: A false alarm in one comparison: over 150 nets, three outcomes and four times, 2e-5.
ALPHA = 1e-8


def surprises(net: Net, days: np.ndarray, solved: np.ndarray, seed: int = 7) -> np.ndarray:
    """Return the two-sided binomial p-value of the engine's counts, (n_times, n_outcomes)."""
    times = CompiledEngine(net).run(seed, np.arange(N)).times
    counts = (times[None, :, :] <= days[:, None, None] * SECONDS_PER_DAY).sum(axis=1)
    # A probability that is 0 or 1 but for rounding.
    p = np.where(solved > 1 - 1e-12, 1.0, np.where(solved < 1e-12, 0.0, solved))
    below, above = stats.binom.cdf(counts, N, p), stats.binom.sf(counts - 1, N, p)
    return np.minimum(1.0, 2 * np.minimum(below, above))


def cdf(net: Net, days: np.ndarray) -> np.ndarray:
    """Return the exact laws, (n_times, n_outcomes)."""
    solved = exact(net, days, max_states=20_000)
    return np.stack([solved.cdf(o.name) for o in net.outcomes], axis=1)


@pytest.mark.statistical
@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(markov_nets())
def test_the_engine_agrees_on_random_nets(net):
    days = HOURS * HOUR / SECONDS_PER_DAY
    try:
        solved = cdf(net, days)
    except ScenarioError as error:
        if error.diagnostics[0].code != "fault":
            raise
        event("fault")  # in some state, which replications may or may not come to
        return
    try:
        found = surprises(net, days, solved)
    except FaultAt:
        pytest.fail("the engine finds a fault, the solver does not")
    event("something is uncertain" if ((solved > 0.01) & (solved < 0.99)).any() else "all certain")
    assert found.min() > ALPHA


@pytest.mark.statistical
def test_a_rate_ten_per_cent_off_is_noticed():
    net = birth_and_death()
    days = np.array([1.0, 3.0, 10.0])
    assert surprises(net, days, cdf(net, days)).min() > ALPHA
    up = net.transitions[0]
    faster = replace(up, clock=replace(up.clock, pace=call("mul", 1.1, up.clock.pace)))
    other = replace(net, transitions=(faster, *net.transitions[1:]))
    assert surprises(net, days, cdf(other, days)).min() < ALPHA


@pytest.mark.statistical
def test_a_start_that_differs_is_noticed():
    net = birth_and_death()
    days = np.array([1.0, 3.0, 10.0])
    moved = replace(net, variables=(replace(net.variables[0], initial=Const(4.0)),))
    assert surprises(net, days, cdf(moved, days)).min() < ALPHA
