"""One replication, event by event, by the engine that explains itself."""

from __future__ import annotations

from sim.engines.reference import Event, ReferenceEngine
from sim.scenario.model import Scenario

__all__ = ["Event", "trace"]


def trace(scenario: Scenario, *, replication: int = 0, seed: int = 1) -> list[Event]:
    """Return the events of a replication, in order; times in seconds, values in display units.

    Raises
    ------
    RunFault
        If the replication breaks a rule of the net.
    """
    return ReferenceEngine(scenario.net).trace(seed, replication)
