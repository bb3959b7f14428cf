"""The replications of a run: its own, then the nested ones that tell ignorance from luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.draws import INNER, NESTED_FIRST
from sim.engines.driver import EngineName, Progress, hand_on
from sim.ensemble import store
from sim.ensemble.batch import Batch, Floats
from sim.ensemble.gather import Gatherer
from sim.ensemble.model import Ensemble, Facts, Nested
from sim.ensemble.table import Table
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY

#: From so many replications on there is a band over the inputs, from so many groups at the least
#: and at the most; between, it costs as much as the run itself.
_FROM_REPLICATIONS = 1_000
_FEWEST_GROUPS = 64
MOST_GROUPS = 1_024


@dataclass(frozen=True)
class Plan:
    """What is to be run, as far as it determines the numbers."""

    seed: int
    replications: int
    precision: float | None = None

    def run_name(self, net: str) -> str:
        """Return the name under which results are kept."""
        return store.run_name(
            net, self.seed, replications=self.replications, precision=self.precision
        )


@dataclass(frozen=True)
class How:
    """How it is run, which changes no figure."""

    engine: EngineName = "compiled"
    workers: int | None = None
    chunk: int | None = None
    progress: Progress | None = None


def simulate(net: Net, plan: Plan, how: How, gatherer: Gatherer) -> Nested | None:
    """Hand replications to a gatherer, from where it stands; return the nested ones."""
    n_nested = n_groups(gatherer, plan.replications) * INNER
    asked = plan.replications + n_nested
    tell = how.progress or (lambda done, asked: None)
    begun = gatherer.n
    if begun < plan.replications and not gatherer.has_enough:
        hand_on(
            net,
            gatherer.take,
            engine=how.engine,
            seed=plan.seed,
            first=begun,
            replications=plan.replications - begun,
            workers=how.workers,
            chunk=how.chunk,
            progress=lambda done, _: tell(begun + done, asked),
        )
    return _nested(net, plan, how, gatherer, asked)


def _nested(net: Net, plan: Plan, how: How, gatherer: Gatherer, asked: int) -> Nested | None:
    """Run the groups that share what is unknown, in proportion to the run that is done."""
    groups = n_groups(gatherer, gatherer.n)
    tell = how.progress or (lambda done, asked: None)
    if not groups:
        tell(asked, asked)
        return None
    times: list[Floats] = []

    def take(slab: Batch) -> bool:
        times.append(slab.times / SECONDS_PER_DAY)
        return True

    n = groups * INNER
    hand_on(
        net,
        take,
        engine=how.engine,
        seed=plan.seed,
        first=NESTED_FIRST,
        replications=n,
        workers=how.workers,
        chunk=how.chunk,
        progress=lambda done, _: tell(asked - n + done, asked),
    )
    whole = np.concatenate(times)
    return Nested(
        {o.name: whole[:, j].reshape(groups, INNER) for j, o in enumerate(gatherer.legend.outcomes)}
    )


def first_times(
    net: Net,
    first: int,
    n: int,
    *,
    seed: int,
    engine: EngineName,
    workers: int | None,
    inputs: Sequence[str] = (),
) -> dict[str, Floats]:
    """Return the first-passage times (seconds) of n replications, from ``first`` on, by outcome.

    ``inputs`` are paths of inputs whose values are wanted too, as ``input.<path>``.
    """
    times: list[Floats] = []
    values: list[Floats] = []
    places = [k for k, given in enumerate(net.inputs) if given.path in inputs]

    def take(slab: Batch) -> bool:
        times.append(slab.times)
        values.append(slab.inputs[:, places])
        return True

    hand_on(net, take, engine=engine, seed=seed, first=first, replications=n, workers=workers)
    whole, drawn = np.concatenate(times), np.concatenate(values)
    found = {outcome.name: whole[:, j] for j, outcome in enumerate(net.outcomes)}
    return found | {f"input.{net.inputs[k].path}": drawn[:, j] for j, k in enumerate(places)}


def n_groups(gatherer: Gatherer, n: int) -> int:
    """Return how many groups of nested replications go with n replications."""
    if not gatherer.legend.unknown or not gatherer.legend.outcomes:
        return 0
    if n < _FROM_REPLICATIONS:
        return 0
    return min(MOST_GROUPS, max(_FEWEST_GROUPS, n // INNER))


def ensemble_of(
    known: Facts,
    plan: Plan,
    how: How,
    gatherer: Gatherer,
    table: Table,
    nested: Nested | None,
    *,
    is_complete: bool,
) -> Ensemble:
    """Return what was gathered as an ensemble."""
    return Ensemble(
        facts=known,
        legend=gatherer.legend,
        table=table,
        seed=plan.seed,
        engine=how.engine,
        requested=gatherer.n if is_complete else plan.replications,
        watched=gatherer.watched(),
        clipped=gatherer.clipped,
        n_events=gatherer.sums.n_events,
        nested=nested,
        precision=plan.precision,
        is_complete=is_complete,
    )
