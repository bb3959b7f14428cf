"""``run``: numbers that do not depend on how, refusals, interrupts."""

import dataclasses

import numpy as np
import pytest

import sim
from sim.ensemble.model import Ensemble
from sim.ensemble.table import Coded, Column
from sim.errors import Interrupted, RunFault, UsageError
from sim.studies import replicate
from sim.studies.simulate import facts
from tests.studies.scenarios import BRIDGE, FAULTY


def same(a: Ensemble, b: Ensemble) -> bool:
    """Return whether two ensembles have the same columns, sums and nested times, bit for bit."""
    return (
        list(a.table) == list(b.table)
        and all(_bytes(a.table[name]) == _bytes(b.table[name]) for name in a.table)
        and a.watch.equals(b.watch)
        and (a.clipped, a.n_events) == (b.clipped, b.n_events)
        and _nested(a) == _nested(b)
    )


def _bytes(column: Column) -> bytes:
    return (column.codes if isinstance(column, Coded) else column).tobytes()


def _nested(ensemble: Ensemble) -> dict[str, bytes]:
    times = ensemble.nested.times if ensemble.nested else {}
    return {name: values.tobytes() for name, values in times.items()}


@pytest.mark.parametrize(
    "how",
    [{"workers": 1}, {"workers": 3, "chunk": 7}, {"engine": "reference"}],
    ids=["one worker", "small chunks", "reference"],
)
def test_the_numbers_do_not_depend_on_how(how):
    scenario = sim.loads(BRIDGE)
    assert same(
        sim.run(scenario, replications=500, seed=0, **how),
        sim.run(scenario, replications=500, seed=0),
    )


def test_the_first_replications_are_the_same_whatever_their_number():
    scenario = sim.loads(BRIDGE)
    few, many = (sim.run(scenario, replications=n) for n in (50, 80))
    assert np.array_equal(few.times("hit"), many.times("hit")[:50])


def test_seeds_differ_and_0_is_one():
    scenario = sim.loads(BRIDGE)
    times = [
        sim.run(scenario, replications=50, seed=s).times("hit").tolist() for s in (0, 1, 2**64 - 1)
    ]
    assert times[0] != times[1] != times[2] != times[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": -1}, "a seed lies between 0 and 2\\*\\*64 - 1, not -1"),
        ({"seed": 2**64}, "a seed lies between"),
        ({"replications": 0}, "at least one replication, not 0"),
        ({"replications": 10**400}, "at most 1,000,000,000,000,000 replications"),
        ({"precision": 1e-200}, "a precision lies between 1e-06 and 1, not 1e-200"),
        ({"chunk": -1}, "at least one replication in a chunk, not -1"),
        ({"workers": 0}, "at least one worker, not 0"),
        ({"engine": "fast"}, "no engine 'fast': compiled or reference"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        sim.run(sim.loads(BRIDGE), **given)


def test_what_cannot_fit_is_refused_before_it_is_tried():
    with pytest.raises(MemoryError, match="10,000,000,000,000 replications need about"):
        sim.run(sim.loads(BRIDGE), replications=10**13)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_fault_names_its_place(engine):
    with pytest.raises(
        RunFault, match=r"replication \d+, .* in 'less': the pace is negative"
    ) as got:
        sim.run(sim.loads(FAULTY, "faulty.yaml"), replications=20, engine=engine)
    assert got.value.position is not None
    assert (got.value.position.file, got.value.position.line) == ("faulty.yaml", 6)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_progress_is_told_to_the_end(engine):
    told = []
    sim.run(
        sim.loads(BRIDGE),
        replications=100,
        engine=engine,
        progress=lambda done, asked: told.append((done, asked)),
    )
    assert told[-1] == (100, 100)
    assert told == sorted(told)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_an_interrupt_brings_what_is_finished(engine):
    scenario = sim.loads(BRIDGE)

    def stop(done: int, asked: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"interrupted after \d+ replications") as caught:
        sim.run(scenario, replications=400, engine=engine, chunk=10, progress=stop)
    partial = caught.value.partial
    assert isinstance(partial, Ensemble)
    assert not partial.is_complete
    assert 0 < partial.n == caught.value.n_done < 400
    whole = sim.run(scenario, replications=partial.n)
    assert partial.nested is None
    assert same(partial, dataclasses.replace(whole, nested=None))


def test_an_interrupt_before_anything_is_finished(monkeypatch):
    def stopped(*given: object, **more: object) -> None:
        raise Interrupted(0, None)

    monkeypatch.setattr(replicate, "hand_on", stopped)
    with pytest.raises(Interrupted, match="interrupted after 0 replications") as caught:
        sim.run(sim.loads(BRIDGE))
    partial = caught.value.partial
    assert isinstance(partial, Ensemble)
    assert partial.n == 0
    assert partial.inputs.empty
    assert partial.ends.columns.tolist() == ["time", "reason", "is_down"]


def test_what_is_known_of_the_scenario():
    known = facts(sim.loads(BRIDGE, "bridge.yaml", variant="safe"))
    assert (known.name, known.variant, known.horizon) == ("bridge", "safe", 4.0)
    assert known.report == (1.0, 2.0, 4.0)
    assert known.question == "When is the bridge hit?"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2024-12-06T16:00:00+01:00"),
        ('"+05:30"', "2024-12-06T20:30:00+05:30"),
        ("UTC", "2024-12-06T15:00:00+00:00"),
    ],
)
def test_dates_are_in_the_time_zone_of_the_file(zone, shown):
    scenario = sim.loads(BRIDGE.replace("clock: {", f"clock: {{timezone: {zone}, "))
    assert facts(scenario).date(0.0).isoformat() == shown
