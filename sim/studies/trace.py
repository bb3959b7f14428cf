"""One replication, event by event, by the engine that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sim.engines.driver import run_ensemble
from sim.engines.reasons import Sped
from sim.engines.reference import Event as Firing
from sim.engines.reference import ReferenceEngine
from sim.ensemble.batch import Batch
from sim.ensemble.model import Ensemble, Facts
from sim.errors import UsageError
from sim.scenario.model import Scenario
from sim.studies import memory as room
from sim.studies.simulate import facts
from sim.units import SECONDS_PER_DAY

Value = float | str

#: Those from 2**62 on are nested ones: see ``SEMANTICS.md``, Random numbers.
LAST_REPLICATION = 2**63 - 1


class Waiting(NamedTuple):
    """A clock that was running when another fired, and the day on which it was due.

    ``stopped`` tells those that do not run any more for what happened.
    """

    transition: str
    days: float
    stopped: bool


@dataclass(frozen=True)
class Event:
    """One firing; values are labels, or numbers in days, kilometres, persons and tonnes."""

    #: Since the start.
    days: float
    #: Local; None if the scenario has no start.
    time: datetime | None
    transition: str
    #: Label of the branch; empty if there is one branch only.
    branch: str
    #: Whether it took no time: an immediate, in the step of the event before it.
    immediate: bool
    #: What the scenario has to say about it.
    says: str
    #: What changed: (before, after) by name.
    changes: Mapping[str, tuple[Value, Value]]
    #: Outcomes that happened with it.
    outcomes: tuple[str, ...]
    #: Clocks that it was faster than, the nearest first.
    lost: tuple[Waiting, ...]
    #: Share of draws of its work that are shorter; None where its work was not drawn.
    shorter: float | None
    #: What has changed since its clock began and sped or slowed it, what did most first.
    sped: tuple[Sped, ...]


def trace(
    scenario: Scenario, *, replication: int = 0, seed: int = 1, memory: float | None = None
) -> list[Event]:
    """Return the events of a replication, in order.

    Parameters
    ----------
    scenario : Scenario
    replication, seed : int
    memory : bytes
        What the events may take; half of what is free if None.

    Raises
    ------
    RunFault
        If the replication breaks a rule of the net.
    UsageError
        If a number is out of range.
    MemoryError
        If there are more events than fit.
    """
    _check(replication, seed)
    needed = partial(room.of_trace, scenario.net)
    if not room.fits(memory, needed, scenario.net.event_limit):
        # It rarely comes to that many: count them first, which keeps none.
        counted = int(_batch(scenario, replication, seed).n_events[0])
        room.refuse_beyond(memory, needed, counted, "events")
    known = facts(scenario)
    return [_event(e, known) for e in ReferenceEngine(scenario.net).trace(seed, replication)]


def one(scenario: Scenario, *, replication: int = 0, seed: int = 1) -> Ensemble:
    """Return the same replication as an ensemble of one: its inputs, and how it ended."""
    _check(replication, seed)
    batch = _batch(scenario, replication, seed)
    return Ensemble.of(facts(scenario), scenario.net, batch, seed, "reference")


def _batch(scenario: Scenario, replication: int, seed: int) -> Batch:
    return run_ensemble(
        scenario.net, engine="reference", seed=seed, first=replication, replications=1
    )


def _check(replication: int, seed: int) -> None:
    if not 0 <= replication <= LAST_REPLICATION:
        raise UsageError(f"replications count from 0 to {LAST_REPLICATION}, not {replication}")
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")


def _event(firing: Firing, known: Facts) -> Event:
    days, stopped = firing.time / SECONDS_PER_DAY, set(firing.stopped)
    return Event(
        days=days,
        time=known.date(days),
        transition=firing.transition,
        branch=firing.branch,
        immediate=firing.is_immediate,
        says=firing.says,
        changes=dict(firing.changes),
        outcomes=tuple(firing.outcomes),
        lost=tuple(
            Waiting(name, due / SECONDS_PER_DAY, name in stopped) for name, due in firing.lost
        ),
        shorter=firing.shorter,
        sped=firing.sped,
    )
