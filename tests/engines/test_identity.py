"""The two engines are one: event for event and bit for bit, on nets that use every feature."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from docs.library import LIBRARY
from sim.draws import INNER, NESTED_FIRST
from sim.engines import reference as reference_module
from sim.engines.compiled.engine import CompiledEngine, FaultAt
from sim.engines.driver import run_ensemble
from sim.engines.reference import ReferenceEngine
from sim.ensemble.batch import Batch
from sim.errors import RunFault
from sim.net.model import Net, Total
from tests.engines.nets import birth_and_death, branch, call, hazard, variable
from tests.engines.test_compiled import doomed
from tests.strategies import nets

ROOT = Path(__file__).parents[2]
#: Past wars take the reference minutes: less of them, in tests/scenarios/test_library.py.
SCENARIOS = [p for p in sorted((ROOT / "scenarios").glob("*.yaml")) if p.stem not in LIBRARY]


def unhurried(examples: int) -> settings:
    """Return settings for so many examples, however long each takes."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def differences(a: Batch, b: Batch) -> list[str]:
    """Return the names of the arrays in which two batches differ by a bit."""
    return [
        f.name
        for f in fields(Batch)
        if getattr(a, f.name).tobytes() != getattr(b, f.name).tobytes()
    ]


def outcome_of(engine: CompiledEngine | ReferenceEngine, seed: int, n: int) -> Batch | int:
    """Return the results, or the number of the replication that faults."""
    try:
        return engine.run(seed, np.arange(n))
    except (FaultAt, RunFault) as fault:
        return fault.replication


@unhurried(200)
@given(nets(), st.integers(0, 2**64 - 1))
def test_engines_agree_on_random_nets(net: Net, seed: int):
    reference = outcome_of(ReferenceEngine(net), seed, 6)
    compiled = outcome_of(CompiledEngine(net), seed, 6)
    if isinstance(reference, int) or isinstance(compiled, int):
        event("faults")
        assert reference == compiled
        return
    event(f"{min(int(reference.n_events.sum()), 100) // 20 * 20}+ events")
    for reason in set(reference.end_reasons):
        event(f"ends {reason}")
    assert differences(reference, compiled) == []


@unhurried(60)
@given(nets(), st.lists(st.floats(0, 50_000), max_size=4))
def test_advance_in_parts_is_advance_at_once(net: Net, stops: list[float]):
    engine = CompiledEngine(net)
    replications = np.arange(4)
    try:
        whole = engine.run(2, replications)
    except FaultAt:
        return
    states = engine.start(engine.inputs(2, replications), replications)
    for until in [*sorted(stops), np.inf]:
        engine.advance(states, seed=2, until=until)
    assert differences(engine.batch(states), whole) == []


@unhurried(40)
@given(nets(), st.lists(st.floats(0, 50_000), max_size=3))
def test_the_reference_advances_in_parts_too(net: Net, stops: list[float]):
    engine = ReferenceEngine(net)
    try:
        whole = engine.run(2, [1])
        run = engine.start(2, 1, list(whole.inputs[0]))
        for until in [*sorted(stops), np.inf]:
            run.advance(until)
    except RunFault:
        return
    assert run.times == list(whole.times[0])
    assert run.totals == list(whole.totals[0])
    assert run.watch == whole.watch[0].tolist()
    assert run.n_events == whole.n_events[0]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_engines_agree_on_every_shipped_scenario(path: Path):
    from sim.scenario.load import load

    net = load(path).net
    n = 10 if len(net.transitions) > 100 else 20
    reference = run_ensemble(net, engine="reference", seed=1, replications=n)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=n, workers=2, chunk=3)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 0


STOPPED = """
title: A clock that an immediate stops in the step in which it fires begins no life
clock: {horizon: 90 days}
variables: {v: {real: [0, 3], initial: 1}, w: {real: [0, 3], initial: 0}}
transitions:
  fires: {when: v == 1, after: {uniform: [1 h, 1 day]}, memory: redraw, then: {w: 1}}
  stops: {immediate: true, when: w == 1, then: {v: 0, w: 0}}
  begins: {every: 3 days, when: v == 0, then: {v: 1}}
outcomes: {third: {when: fires.fired == 3}}
"""


def test_a_clock_sees_the_settled_state_whatever_fired_first():
    from sim.scenario.load import loads

    net = loads(STOPPED).net
    reference = ReferenceEngine(net).run(5, np.arange(20))
    compiled = CompiledEngine(net).run(5, np.arange(20))
    assert differences(reference, compiled) == []
    assert np.isfinite(compiled.times).all()


CHANCE = """
title: What is unknown and what is luck
clock: {horizon: 10 days}
variables: {n: {integer: [0, 9], initial: {discrete: {1: 1, 2: 1}, chance: true}}}
parameters:
  unknown: {uniform: [0.1 / day, 0.9 / day]}
  luck: {uniform: [0.1 / day, 0.9 / day], chance: true}
  both: {normal: {mean: unknown + luck, sd: 0.01 / day}}
transitions:
  go: {when: n < 9, rate: unknown + luck, then: {n: n + 1}}
outcomes: {far: n >= 5}
"""


def test_engines_agree_on_nested_replications_which_share_what_is_unknown():
    from sim.scenario.load import loads

    net = loads(CHANCE).net
    places = {given.name: place for place, given in enumerate(net.inputs)}
    numbers = np.arange(NESTED_FIRST, NESTED_FIRST + 3 * INNER)
    compiled = CompiledEngine(net).run(4, numbers)
    assert differences(ReferenceEngine(net).run(4, numbers), compiled) == []
    unknown, luck = (compiled.inputs[:, places[name]] for name in ("unknown", "luck"))
    own = CompiledEngine(net).inputs(4, np.arange(3))[:, places["unknown"]]
    assert np.array_equal(unknown.reshape(3, INNER), np.repeat(own, INNER).reshape(3, INNER))
    assert len(np.unique(luck)) == 3 * INNER
    assert len(np.unique(compiled.times)) > 2 * INNER


def test_a_fault_planted_in_one_engine_is_noticed(monkeypatch):
    """The comparison is no empty one: settling a clock at every event changes bits."""
    original = reference_module.Replication.update

    def eager(self, clock):
        if clock.work is not None and clock.pace:
            left = clock.left(self.now)
            clock.work, clock.since = left, self.now
            self.set_due(clock, self.now + left / clock.pace)
        original(self, clock)

    plain = birth_and_death()
    steady = hazard("steady", 0.7, branch(n=call("add", variable("n"), 2)))
    net = replace(plain, transitions=(*plain.transitions, steady))
    compiled = CompiledEngine(net).run(1, np.arange(30))
    assert differences(ReferenceEngine(net).run(1, np.arange(30)), compiled) == []
    monkeypatch.setattr(reference_module.Replication, "update", eager)
    assert "times" in differences(ReferenceEngine(net).run(1, np.arange(30)), compiled)


def test_a_fault_is_explained_by_the_reference_engine():
    with pytest.raises(RunFault, match="the pace is negative") as caught:
        run_ensemble(doomed(), seed=1, replications=3000, chunk=10, workers=2)
    assert caught.value.replication == 0
    assert caught.value.transition == "up"
    assert caught.value.values == {"n": 4.0}


def test_an_infinite_integrand_is_a_fault_in_both_engines():
    total = Total("inverse", call("div", 1, variable("n")))
    net = replace(birth_and_death(), totals=(total,))
    with pytest.raises(RunFault, match="cannot be added up") as caught:
        run_ensemble(net, seed=1, replications=200)
    assert caught.value.values == {"n": 0.0}
    assert outcome_of(CompiledEngine(net), 1, 200) == caught.value.replication
