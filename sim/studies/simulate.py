"""Run a scenario: from the file's net to an ensemble."""

from __future__ import annotations

import os
from pathlib import Path

from sim.engines.driver import EngineName, Progress
from sim.ensemble.gather import Gatherer, InMemory, most_needed
from sim.ensemble.model import Ensemble, Facts
from sim.errors import Interrupted, UsageError
from sim.interrupts import held_back
from sim.scenario.model import Scenario, ScenarioClock
from sim.studies import memory as room
from sim.studies.geography import geography
from sim.studies.keep import kept
from sim.studies.reference import base_rates
from sim.studies.replicate import How, Plan, ensemble_of, simulate
from sim.units import SECONDS_PER_DAY

ENGINES = ("compiled", "reference")
REPLICATIONS = 10_000
#: Beyond these no run would ever end.
MOST_REPLICATIONS = 10**15
FINEST_PRECISION = 1e-6


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    precision: float | None = None,
    seed: int = 1,
    engine: EngineName = "compiled",
    workers: int | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    memory: float | None = None,
) -> Ensemble:
    """Run an ensemble.

    Parameters
    ----------
    scenario : Scenario
    replications : int
        How many, 10,000 by default; the first n are the same whatever the number.
    precision : float
        Instead of their number: go on until the 95 % interval of every outcome's probability
        reaches no further than this to either side.
    seed : int
        From 0 to 2**64 - 1. The same seed gives the same bits, whatever the engine and workers.
    engine : {"compiled", "reference"}
    workers : int
        Threads of the compiled engine; all processors if None.
    chunk : int
        Replications handed to a worker at a time; changes no figure.
    progress : callable
        Told (replications done, replications asked for) now and then.
    out : path
        Folder of results. The run is kept there, in ``<scenario>/<run>/``, and found there if it
        was done before; an interrupted one is gone on with. Nothing is kept if None.
    fresh : bool
        Run it anew, whatever is in ``out``.
    memory : bytes
        What the run may take; half of what is free if None.

    Raises
    ------
    RunFault
        If a replication breaks a rule of the net.
    Interrupted
        On an interrupt, with the ensemble of the finished replications as ``partial`` (all of
        them, if the interrupt came too late to stop anything).
    UsageError
        If a number is out of range.
    MemoryError
        If the run would take more memory than it may, by an estimate before it starts.
    OSError
        If results cannot be written; nothing half-written is left.
    """
    plan = _plan(seed, replications, precision)
    for what, number in (("worker", workers), ("replication in a chunk", chunk)):
        if number is not None and number < 1:
            raise UsageError(f"at least one {what}, not {number}")
    if engine not in ENGINES:
        raise UsageError(f"no engine '{engine}': compiled or reference")
    room.refuse_beyond(
        memory,
        lambda n: room.of_run(scenario.net, n, is_kept=out is not None),
        plan.replications,
    )
    how = How(engine, workers, chunk, progress)
    with held_back() as held:
        if out is None:
            ensemble = _in_memory(scenario, plan, how)
        else:
            ensemble = kept(scenario, facts(scenario), plan, how, Path(out), fresh=fresh)
        if held.stop is not None:  # too late to stop anything
            raise Interrupted(ensemble.n, ensemble) from held.stop
    return ensemble


def _plan(seed: int, replications: int | None, precision: float | None) -> Plan:
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")
    if replications is not None and replications < 1:
        raise UsageError(f"at least one replication, not {replications}")
    if replications is not None and replications > MOST_REPLICATIONS:
        raise UsageError(f"at most {MOST_REPLICATIONS:,} replications")
    if precision is None:
        return Plan(seed, REPLICATIONS if replications is None else replications)
    if replications is not None:
        raise UsageError("either a number of replications or a precision, not both")
    if not FINEST_PRECISION <= precision < 1.0:
        raise UsageError(f"a precision lies between {FINEST_PRECISION:g} and 1, not {precision:g}")
    return Plan(seed, most_needed(precision), precision)


def _in_memory(scenario: Scenario, plan: Plan, how: How) -> Ensemble:
    keeper = InMemory()
    gatherer = Gatherer(scenario.net, keeper, plan.precision)
    known = facts(scenario)
    try:
        nested = simulate(scenario.net, plan, how, gatherer)
    except Interrupted as stop:
        table = keeper.table(scenario.net)
        partial = ensemble_of(known, plan, how, gatherer, table, None, is_complete=False)
        raise Interrupted(gatherer.n, partial) from stop.__cause__
    table = keeper.table(scenario.net)
    return ensemble_of(known, plan, how, gatherer, table, nested, is_complete=True)


def _as_of(clock: ScenarioClock) -> float | None:
    if clock.start is None or clock.as_of is None:
        return None
    return (clock.as_of - clock.start).total_seconds() / SECONDS_PER_DAY


def facts(scenario: Scenario) -> Facts:
    """Return what an ensemble should know of its scenario."""
    clock = scenario.clock
    return Facts(
        name=scenario.name,
        title=scenario.title,
        question=scenario.question,
        variant=scenario.variant_name,
        start=clock.start,
        timezone=clock.timezone,
        as_of=_as_of(clock),
        horizon=clock.horizon / SECONDS_PER_DAY,
        report=tuple(t / SECONDS_PER_DAY for t in clock.report),
        base_rates=base_rates(scenario),
        geography=geography(scenario),
    )
