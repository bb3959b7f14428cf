"""How many replications a precision takes, and the band over what is unknown, by known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sim
from sim.analysis.first_passage import wilson
from sim.ensemble.gather import LOOK_EVERY, most_needed
from sim.errors import Interrupted, RunFault, UsageError
from tests.studies.scenarios import BRIDGE
from tests.studies.test_simulate import same

#: P(happens by day 2) = 1 - exp(-2 rate).
SIMPLE = """
title: One hazard
clock: {horizon: 2 days}
variables: {up: {states: [yes, no]}}
parameters:
  rate: RATE
transitions: {fall: {when: up == yes, rate: rate, then: {up: no}}}
outcomes: {falls: up == no}
"""


def hazard(rate: str) -> sim.Scenario:
    return sim.loads(SIMPLE.replace("RATE", rate), "hazard.yaml")


def half_widths(ensemble, n: int) -> list[float]:
    """Return the half widths of all outcomes' intervals after the first n replications."""
    counts = [np.isfinite(ensemble.times(o.name)[:n]).sum() for o in ensemble.outcomes]
    low, high = wilson(np.array(counts), n)
    return list((high - low) / 2.0)


@pytest.mark.parametrize("precision", [0.02, 0.011])
def test_it_stops_at_the_first_look_at_which_every_outcome_is_known(precision):
    ensemble = sim.run(sim.loads(BRIDGE), precision=precision)
    assert ensemble.n % LOOK_EVERY == 0
    assert max(half_widths(ensemble, ensemble.n)) <= precision
    for n in range(LOOK_EVERY, ensemble.n, LOOK_EVERY):
        assert max(half_widths(ensemble, n)) > precision
    assert ensemble.n > LOOK_EVERY
    assert ensemble.is_complete
    assert ensemble.requested == ensemble.n
    assert ensemble.precision == precision


def test_they_are_always_the_first_replications():
    ensemble = sim.run(sim.loads(BRIDGE), precision=0.02, chunk=137, workers=2)
    fixed = sim.run(sim.loads(BRIDGE), replications=ensemble.n)
    assert same(ensemble, fixed)
    assert same(ensemble, sim.run(sim.loads(BRIDGE), precision=0.02, chunk=4_000, workers=1))


@pytest.mark.parametrize("precision", [0.5, 0.05, 0.01, 0.004])
def test_no_precision_takes_more_than_the_number_that_bounds_it(precision):
    n = most_needed(precision)
    low, high = wilson(np.array([n // 2]), n)
    assert (high - low)[0] / 2.0 <= precision


def test_a_kept_run_goes_on_for_its_precision(tmp_path):
    def stop(done: int, asked: int) -> None:
        if done >= 3_000:
            raise KeyboardInterrupt

    scenario = sim.loads(BRIDGE, "bridge.yaml")
    with pytest.raises(Interrupted):
        sim.run(scenario, precision=0.011, chunk=64, out=tmp_path / "a", progress=stop)
    a = sim.run(scenario, precision=0.011, out=tmp_path / "a")
    b = sim.run(scenario, precision=0.011, out=tmp_path / "b")
    assert not a.was_found
    assert same(a, b)
    assert sim.run(scenario, precision=0.011, out=tmp_path / "b").was_found


#: Faults in replications in which the bridge breaks late: some one or other beyond the first look.
RARELY_FAULTY = """
title: A rare fault
clock: {horizon: 100 days}
variables: {n: {integer: [0, 9], initial: 0}, up: {states: [yes, no]}}
transitions:
  fall: {when: up == yes, rate: 1 / day, then: {up: no}}
  late: {when: up == yes, after: 8.6 days, then: {n: n / 0}}
outcomes: {falls: up == no}
"""


@pytest.mark.parametrize(
    "how", [{"workers": 1}, {"workers": 2, "chunk": 64}, {"engine": "reference"}]
)
def test_a_fault_beyond_what_is_enough_is_none(how):
    scenario = sim.loads(RARELY_FAULTY)
    with pytest.raises(RunFault) as caught:
        sim.run(scenario, replications=20_000, seed=2)
    first = caught.value.replication
    assert 1_000 <= first < 8_000, first
    enough = sim.run(scenario, precision=0.0025, seed=2, **how)
    assert enough.n == 1_000


def test_a_precision_that_was_reached_is_not_sought_again(tmp_path):
    """Interrupted among the nested, at a look that is a whole block, too: it adds no look."""
    scenario, done = sim.loads(BRIDGE, "bridge.yaml"), []
    whole = sim.run(scenario, precision=0.0027, out=tmp_path / "whole")

    def stop(now: int, asked: int) -> None:
        if now > asked - 30_000:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        sim.run(scenario, precision=0.0027, out=tmp_path / "b", chunk=64, progress=stop)
    again = sim.run(
        scenario, precision=0.0027, out=tmp_path / "b", progress=lambda n, _: done.append(n)
    )
    assert again.n == whole.n


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UsageError, match="either a number of replications or a precision"):
        sim.run(sim.loads(BRIDGE), replications=10, precision=0.1)
    with pytest.raises(UsageError, match="a precision lies between 1e-06 and 1, not 0"):
        sim.run(sim.loads(BRIDGE), precision=0.0)


@pytest.mark.statistical
def test_stopping_by_the_width_keeps_the_coverage():
    """The interval at the look where it stops covers as one at a fixed number does.

    Binomial draws in place of replications. 2,000 repetitions: the standard error of a coverage of
    0.95 is 0.0049, and 4 of them are a false alarm in 16,000. The planted fault stops where the
    interval lies below the truth, as a rule does that looks at more than the width.
    """
    p, precision, repetitions = 0.1, 0.012, 2_000
    random = np.random.default_rng(8)
    looks = LOOK_EVERY * np.arange(1, most_needed(precision) // LOOK_EVERY + 1)
    counts = random.binomial(LOOK_EVERY, p, size=(repetitions, len(looks))).cumsum(axis=1)
    low, high = np.empty(counts.shape), np.empty(counts.shape)
    for j, n in enumerate(looks):
        low[:, j], high[:, j] = wilson(counts[:, j], int(n))
    every = np.arange(repetitions)

    def coverage(stops: np.ndarray) -> float:
        j = np.argmax(stops, axis=1)
        return float(np.mean((low[every, j] <= p) & (p <= high[every, j])))

    precise = (high - low) / 2.0 <= precision
    assert precise[:, -1].all()
    assert abs(coverage(precise) - 0.95) < 4.0 * 0.0049
    assert coverage(precise & ((high < p) | (looks == looks[-1]))) < 0.95 - 4.0 * 0.0049


# The band over what is unknown.


@pytest.mark.statistical
def test_the_band_is_that_of_the_known_answer():
    """P = 1 - exp(-2 rate) grows with the rate: its quantiles are those of the rate, moved along.

    30 seeds; 4 standard errors of their mean (a false alarm in 16,000) and a point for the shape of
    the shares. Without the correction for luck the band would be wider by 2 to 3 points each side.
    """
    found = np.array(
        [
            sim.run(hazard("{uniform: [0.2 / day, 0.6 / day]}"), replications=10_000, seed=seed)
            .inputs80("falls")
            for seed in range(30)
        ]
    )  # fmt: skip
    truth = 1.0 - np.exp(-2.0 * np.array([0.24, 0.56]))
    standard_error = found.std(axis=0, ddof=1) / math.sqrt(len(found))
    off = found.mean(axis=0) - truth
    assert np.all(np.abs(off) < 0.01 + 4.0 * standard_error)
    assert np.all(standard_error < 0.004)


def test_what_is_chance_widens_no_band():
    known = sim.run(hazard("{uniform: [0.2 / day, 0.6 / day], chance: true}"), replications=5_000)
    assert known.nested is None
    assert known.inputs80("falls") is None
    two = SIMPLE.replace("RATE", "{uniform: [0.35 / day, 0.45 / day]}").replace(
        "transitions:",
        "  luck: {uniform: [0.2, 1.8], chance: true}\ntransitions:",
    )
    low, high = sim.run(
        sim.loads(two.replace("rate: rate", "rate: rate * luck")), replications=16_000
    ).inputs80("falls")
    assert high - low < 0.12  # with luck in the band it would be 0.5


def test_by_a_date_the_band_is_that_of_the_date():
    ensemble = sim.run(hazard("{uniform: [0.2 / day, 0.6 / day]}"), replications=4_000)
    first, second = (ensemble.inputs80("falls", by) for by in (0.5, 2.0))
    assert first[1] < second[1]
    assert first[0] < second[0]
    assert ensemble.inputs80("falls") == second


def test_too_few_replications_have_no_band():
    assert sim.run(hazard("{uniform: [0.2 / day, 0.6 / day]}"), replications=400).nested is None
