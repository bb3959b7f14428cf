"""Comparisons of small worlds with laws that are known, for tests of mechanisms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

import sim
from sim.engines.driver import run_ensemble
from tests.engines.test_identity import differences

N = 4_000
#: Standard errors of a binomial share: a false alarm in 150,000 of each comparison.
TOO_MANY = 4.5
DAYS = (1.0, 3.0, 6.0, 10.0)

Changes = Mapping[str, object]


def error(
    text: str,
    outcome: str,
    law: Callable[[float], float],
    *,
    days: tuple[float, ...] = DAYS,
    changes: Changes | None = None,
) -> float:
    """Return by how many standard errors an outcome departs from its law, at the worst."""
    times = sim.run(sim.loads(text, set=changes), replications=N).times(outcome)
    found = [0.0]
    for day in days:
        p = law(day)
        found.append(abs(np.mean(times <= day) - p) / math.sqrt(p * (1.0 - p) / N))
    return float(max(found))


def by(hazard: float, since: float = 0.0) -> Callable[[float], float]:
    """Return the law of a constant hazard, a day, that begins at some time."""
    return lambda days: -math.expm1(-hazard * max(0.0, days - since))


def agree(text: str, n: int = 40) -> bool:
    """Return whether both engines do the same, bit for bit, and something."""
    net = sim.loads(text).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=n)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=n, workers=2, chunk=7)
    return differences(reference, compiled) == [] and bool(compiled.n_events.any())


def last(text: str, watch: Mapping[str, str], changes: Changes | None = None) -> dict[str, float]:
    """Return what is watched at the end, the same in all replications."""
    watched = "".join(f"  w_{name}: {what}\n" for name, what in watch.items())
    made = sim.loads(f"{text.rstrip()}\nwatch:\n{watched}", set=changes)
    frame = sim.run(made, replications=20).ends
    assert all(len(set(frame[f"w_{name}"])) == 1 for name in watch), frame
    return {name: float(frame[f"w_{name}"].iloc[0]) for name in watch}


def told(text: str, changes: Changes | None = None, replication: int = 0) -> list[str]:
    """Return what the trace of a replication says happened, in turn."""
    return [e.says for e in sim.trace(sim.loads(text, set=changes), replication=replication)]
