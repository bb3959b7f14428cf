"""Sweep: what drives each outcome, over the uncertain inputs."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.analysis.main_effects import PARTS
from sim.engines.driver import EngineName, Progress
from sim.ensemble import store
from sim.ensemble.table import Column, joined
from sim.errors import Interrupted, UsageError
from sim.interrupts import held_back
from sim.net.canonical import digest
from sim.scenario.model import Scenario
from sim.studies.asked import GIVEN, Design, asked, check_numbers, days_of
from sim.studies.given import GivenData
from sim.studies.influence import Looked, points_of
from sim.studies.points import Group, Points, Store
from sim.studies.replicate import How
from sim.studies.simulate import ENGINES, run
from sim.studies.swept import FILE, Influence, Spread, Sweep, as_json
from sim.units import SECONDS_PER_DAY
from sim.versions import NUMBERS, machine, versions

#: At each point of a design; of a run, as many as that has by default.
REPLICATIONS = 1_000
#: The folder of sweeps among results.
FOLDER = "sweeps"
_FORMAT = 1
#: With fewer groups the intervals of Sobol' indices are too narrow (measured in the tests).
_ENOUGH_GROUPS = 64


def sweep(
    scenario: Scenario,
    *,
    method: str = GIVEN,
    inputs: Sequence[str] | None = None,
    variants: Sequence[str] = (),
    points: int | None = None,
    levels: int | None = None,
    replications: int | None = None,
    seed: int = 1,
    by: float | None = None,
    budget: float | None = None,
    engine: EngineName = "compiled",
    workers: int | None = None,
    progress: Progress | None = None,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
) -> Sweep:
    """Say what drives the probability of each outcome.

    Without a design, first-order indices are those of a run as it is. A point of a design sets
    inputs at a probability of their own laws each; everything else is drawn as in any run. Points
    that are compared have the same luck: those of a group of ``sobol`` or ``morris``, all of a
    ``grid`` or ``lhs``.

    Parameters
    ----------
    scenario : Scenario
    method : {"given", "sobol", "morris", "lhs", "grid"}
        One run as it is; first-order and total indices; a screening of many inputs; a Latin
        hypercube; all combinations of ``levels``.
    inputs : sequence of str
        Paths of uncertain inputs, or patterns such as ``factions.*``; by default all that are not
        marked ``chance``.
    variants : sequence of str
        Variants of the file: which of them holds, or none, is one input more of a design.
    points : int
        How many points, rounded down to whole groups; by default some that suit the method.
    levels : int
        Of each input in a grid, 5 by default.
    replications : int
        At each point, 1,000 by default; of the run, 10,000.
    seed, engine, workers, progress, fresh
        As of :func:`sim.run`. Progress is of the replications that are left to run.
    by : days
        The probabilities are those by this day, by default by the horizon.
    budget : seconds
        When it is used up no new group of points is begun, and the result is not ``complete``.
    out : path
        Folder of results. Groups of points are kept as they come, in ``sweeps/``: the next sweep
        that needs them, of more points too, goes on from there.

    Raises
    ------
    UsageError
        If an input is fixed or unknown, or a number is out of range.
    RunFault, OSError
        As :func:`sim.run` does.
    Interrupted
        On an interrupt; groups that were finished are kept with ``out``.
    """
    wanted = asked(scenario, method, inputs, variants, points, levels)
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    check_numbers(replications, seed, by, horizon, budget)
    if engine not in ENGINES:
        raise UsageError(f"no engine '{engine}': compiled or reference")
    if workers is not None and workers < 1:
        raise UsageError(f"at least one worker, not {workers}")
    what = Points(
        nets=wanted.nets,
        inputs=wanted.inputs,
        seed=seed,
        replications=REPLICATIONS if replications is None else replications,
        by=horizon if by is None else by,
        days=days_of(scenario, by),
    )
    if not what.outcomes:
        raise UsageError(f"{scenario.name} has no outcome to sweep for")
    how = How(engine, workers, None, progress)
    if wanted.method == GIVEN:
        if budget is not None:
            raise UsageError("a budget is for points, which a run has none of: choose a method")
        return _given(scenario, wanted, what, how, replications, out, fresh=fresh)
    return _designed(scenario, wanted, what, how, budget, out, fresh=fresh)


def _designed(
    scenario: Scenario,
    wanted: Design,
    what: Points,
    how: How,
    budget: float | None,
    out: str | os.PathLike[str] | None,
    *,
    fresh: bool,
) -> Sweep:
    groups = wanted.groups(what.seed, what.replications)
    if groups[-1].first_replication + what.replications >= 2**62:
        raise UsageError(f"{len(groups):,} groups of {what.replications:,} replications: too many")
    work = _Work(what, groups, how, budget)
    folder = None if out is None else Path(out) / FOLDER / _name(wanted, what, what.replications)
    with held_back() as held:
        done = work.done(folder, fresh=fresh)
        found = _Study(scenario, wanted, what, groups, done, folder).sweep()
        if folder is not None:
            _write(found, folder)
        if held.stop is not None:  # too late to stop anything
            raise Interrupted(found.points_done, found) from held.stop
    return found


def _given(
    scenario: Scenario,
    wanted: Design,
    what: Points,
    how: How,
    replications: int | None,
    out: str | os.PathLike[str] | None,
    *,
    fresh: bool,
) -> Sweep:
    """Look at a run as it is, found among the results or done now."""
    ensemble = run(
        scenario,
        replications=replications,
        seed=what.seed,
        engine=how.engine,
        workers=how.workers,
        progress=how.progress,
        out=out,
        fresh=fresh,
    )
    looked = GivenData(ensemble, wanted.inputs, what.by)
    folder = None if out is None else Path(out) / FOLDER / _name(wanted, what, ensemble.n)
    outcomes: dict[str, tuple[Influence, ...]] = {}
    spread: dict[str, Spread] = {}
    for outcome in what.outcomes:
        found, spread[outcome] = looked.look(outcome, _label(scenario, outcome))
        outcomes[outcome] = _in_order(found)
    notes: tuple[str, ...] = ()
    if ensemble.nested is None:
        notes = ("too few replications to tell ignorance from luck: 1,000 are needed",)
    made = _made(
        scenario, wanted, what, outcomes, spread,
        points=ensemble.n, points_done=ensemble.n, replications=1, notes=notes, folder=folder,
    )  # fmt: skip
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        _write(made, folder)
    return made


def _name(wanted: Design, what: Points, replications: int) -> str:
    """Return the name of a sweep: twelve hex digits of what its points depend on.

    The number of groups that begin alike whatever their number is no part of it.
    """
    stated = {
        "format": _FORMAT,
        "numbers": NUMBERS,
        "versions": versions(),
        "machine": machine(),
        "nets": [[name, digest(net)] for name, net in what.nets.items()],
        "method": wanted.method,
        "n": None if wanted.is_open else wanted.n,
        "levels": wanted.levels,
        "inputs": what.inputs,
        "seed": what.seed,
        "replications": replications,
        "by": what.by,
        "days": what.days,
    }
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# Running.


@dataclass(frozen=True)
class _Work:
    """Groups on their way, those that are kept first."""

    what: Points
    groups: list[Group]
    how: How
    budget: float | None

    def done(self, folder: Path | None, *, fresh: bool) -> list[dict[str, Column]]:
        """Return the rows of every group up to the first that the budget does not reach."""
        kept = None if folder is None else Store(folder)
        known = {} if kept is None or fresh else self._found(kept)
        left = [group for group in self.groups if group.number not in known]
        tell = self._teller(sum(len(group.quantiles) for group in left))
        began = time.monotonic()
        for group in left:
            rows = self.what.run(group, self.how, tell)
            if kept is not None:
                kept.keep(group.number, dict(rows))
            known[group.number] = rows
            if self.budget is not None and time.monotonic() - began >= self.budget:
                break
        numbers = [group.number for group in self.groups if group.number in known]
        return [known[number] for number in numbers]

    def _found(self, kept: Store) -> dict[int, dict[str, Column]]:
        """Return the groups that are there and are what they should be."""
        rows = {group.number: kept.find(group.number) for group in self.groups}
        return {
            group.number: found
            for group in self.groups
            if (found := rows[group.number]) is not None and self.what.is_of(found, group)
        }

    def _teller(self, n_points: int) -> Callable[[int], None]:
        asked, n_done = n_points * self.what.replications, 0
        progress = self.how.progress or (lambda done, asked: None)

        def tell(n: int) -> None:
            nonlocal n_done
            n_done += n
            progress(n_done, asked)

        return tell


# Finding.


@dataclass(frozen=True)
class _Study:
    """Points that have been run, on their way to a sweep."""

    scenario: Scenario
    wanted: Design
    what: Points
    groups: list[Group]
    done: list[dict[str, Column]]
    folder: Path | None

    def sweep(self) -> Sweep:
        table = {name: joined([rows[name] for rows in self.done]) for name in self.done[0]}
        numbers = {int(np.asarray(rows["group"])[0]) for rows in self.done}
        quantiles = [g.quantiles for g in self.groups if g.number in numbers]
        n_done = sum(map(len, quantiles))
        points = points_of(self.wanted.method, self.wanted.dimensions, table)
        outcomes: dict[str, tuple[Influence, ...]] = {}
        spread: dict[str, Spread] = {}
        for outcome in self.what.outcomes:
            looked = Looked(
                self.wanted.method,
                self.wanted.dimensions,
                table,
                quantiles,
                points,
                self.what.replications,
                self.what.by,
                outcome,
                is_whole=n_done == self.wanted.n_points,
            )
            spread[outcome] = looked.spread(_label(self.scenario, outcome))
            outcomes[outcome] = _in_order(looked.influences(is_seen=spread[outcome].is_seen))
        return _made(
            self.scenario, self.wanted, self.what, outcomes, spread,
            points=self.wanted.n_points, points_done=n_done,
            replications=self.what.replications, notes=tuple(self.notes(len(quantiles), n_done)),
            folder=self.folder, table=table,
        )  # fmt: skip

    def notes(self, n_groups: int, n_done: int) -> Iterator[str]:
        """Say what an analyst should know before reading indices."""
        if self.wanted.method == "sobol" and n_groups < _ENOUGH_GROUPS:
            yield (
                f"there are {n_groups} groups of points: with fewer than {_ENOUGH_GROUPS} the "
                "intervals are too narrow"
            )
        if not self.wanted.is_open and n_done < PARTS:
            yield f"there are {n_done} points: indices take at least {PARTS}"
        alone = [o.name for o in self.scenario.net.outcomes if o.name not in self.what.outcomes]
        if alone:
            yield f"not every variant has {', '.join(alone)}: left out"


def _in_order(found: Sequence[Influence]) -> tuple[Influence, ...]:
    """Return the largest influence first."""
    return tuple(sorted(found, key=lambda one: -one.size))


def _label(scenario: Scenario, outcome: str) -> str:
    return next(o for o in scenario.net.outcomes if o.name == outcome).label or outcome


def _made(
    scenario: Scenario,
    wanted: Design,
    what: Points,
    outcomes: dict[str, tuple[Influence, ...]],
    spread: dict[str, Spread],
    *,
    points: int,
    points_done: int,
    replications: int,
    notes: tuple[str, ...],
    folder: Path | None,
    table: dict[str, Column] | None = None,
) -> Sweep:
    return Sweep(
        scenario=scenario.name,
        variant=scenario.variant_name,
        title=scenario.title,
        method=wanted.method,
        points=points,
        points_done=points_done,
        replications=replications,
        seed=what.seed,
        complete=points_done == points,
        by_days=what.by,
        horizon_days=scenario.clock.horizon / SECONDS_PER_DAY,
        inputs=wanted.dimensions,
        net=digest(scenario.net),
        outcomes=outcomes,
        spread=spread,
        notes=notes,
        result=None if folder is None else str(folder),
        table=table or {},
    )


def _write(sweep: Sweep, folder: Path) -> None:
    """Write what a sweep found, and a row for every point; its pictures stay, if it has any."""
    if sweep.table:
        Store(folder).keep_all(dict(sweep.table))
    known = store.read_json(folder / FILE)
    is_same = {**known, "pictures": []} == as_json(sweep)
    pictures = known.get("pictures", []) if is_same else []
    store.write_json(folder, FILE, {**as_json(sweep), "pictures": pictures})
