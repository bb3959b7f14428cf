"""Run a scenario: from the file's net to an ensemble."""

from __future__ import annotations

import math
import os
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sim.engines.driver import EngineName, Progress, run_ensemble
from sim.ensemble.batch import Batch, blank
from sim.ensemble.model import Ensemble, Facts
from sim.errors import Interrupted, UsageError
from sim.net.model import Net
from sim.scenario.model import Scenario
from sim.units import SECONDS_PER_DAY

ENGINES = ("compiled", "reference")


def run(
    scenario: Scenario,
    *,
    replications: int = 10_000,
    seed: int = 1,
    engine: EngineName = "compiled",
    workers: int | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Run an ensemble.

    Parameters
    ----------
    scenario : Scenario
    replications : int
        How many; the first n are the same whatever the number.
    seed : int
        From 0 to 2**64 - 1. The same seed gives the same bits, whatever the engine and workers.
    engine : {"compiled", "reference"}
    workers : int
        Threads of the compiled engine; all processors if None.
    chunk : int
        Replications handed to a worker at a time; changes no figure.
    progress : callable
        Told (replications done, replications asked for) now and then.

    Raises
    ------
    RunFault
        If a replication breaks a rule of the net.
    Interrupted
        On an interrupt, with the ensemble of the finished replications as ``partial``.
    UsageError
        If a number is out of range.
    MemoryError
        If the results would not fit into this machine.
    """
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")
    if replications < 1:
        raise UsageError(f"at least one replication, not {replications}")
    if workers is not None and workers < 1:
        raise UsageError(f"at least one worker, not {workers}")
    if engine not in ENGINES:
        raise UsageError(f"no engine '{engine}': compiled or reference")
    _check_memory(scenario.net, replications)

    def ensemble(batch: Batch) -> Ensemble:
        return Ensemble(facts(scenario), scenario.net, batch, seed, engine, replications)

    try:
        return ensemble(
            run_ensemble(
                scenario.net,
                engine=engine,
                seed=seed,
                replications=replications,
                workers=workers,
                chunk=chunk,
                progress=progress,
            )
        )
    except Interrupted as stop:
        done = stop.partial if isinstance(stop.partial, Batch) else blank(scenario.net, [])
        raise Interrupted(stop.n_done, ensemble(done)) from stop.__cause__


def _check_memory(net: Net, replications: int) -> None:
    """Refuse what would bring the machine down: results, and half as much to sum them up."""
    n_values = 5 + len(net.inputs) + 3 * len(net.outcomes) + len(net.totals)
    n_values += len(net.grid) * len(net.watches) + len(net.variables)
    needed = 1.5 * 8.0 * n_values * replications
    if needed > (has := _memory()):
        raise MemoryError(
            f"{replications:,} replications of this scenario need about {needed / 1e9:,.0f} GB of "
            f"memory, this machine has {has / 1e9:,.0f} GB"
        )


def _memory() -> float:
    """Return the bytes of memory of this machine; infinite where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def facts(scenario: Scenario) -> Facts:
    """Return what an ensemble should know of its scenario."""
    clock = scenario.clock
    return Facts(
        name=scenario.name,
        title=scenario.title,
        question=scenario.question,
        variant=scenario.variant_name,
        start=clock.start,
        zone=_zone(clock.timezone),
        horizon=clock.horizon / SECONDS_PER_DAY,
        report=tuple(t / SECONDS_PER_DAY for t in clock.report),
    )


def _zone(name: str | None) -> tzinfo | None:
    """Return the time zone of a name or an offset; the loader has checked it."""
    if name is None:
        return None
    try:
        return datetime.strptime(name, "%z").tzinfo
    except ValueError:
        return ZoneInfo(name)
