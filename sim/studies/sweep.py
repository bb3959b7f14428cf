"""Sweep: what drives each outcome, by a designed experiment over the uncertain inputs."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.analysis import design
from sim.analysis.main_effects import PARTS
from sim.engines.driver import EngineName, Progress
from sim.ensemble import store
from sim.ensemble.parts import write_table
from sim.ensemble.table import Column, joined
from sim.errors import Interrupted, UsageError, did_you_mean, one_of
from sim.interrupts import held_back
from sim.net.canonical import digest
from sim.net.model import Net
from sim.scenario.model import Scenario
from sim.studies.influence import Looked
from sim.studies.points import VARIANT, Group, Points, Store
from sim.studies.replicate import How
from sim.studies.swept import (
    FILE,
    Influence,
    Spread,
    Sweep,
    as_json,
)
from sim.units import SECONDS_PER_DAY
from sim.versions import NUMBERS, machine, versions

METHODS = ("grid", "lhs", "morris", "sobol")
REPLICATIONS = 1_000
#: The folder of sweeps among results.
FOLDER = "sweeps"
_FORMAT = 1
MOST_POINTS = 1_000_000
#: Points of a grid or a hypercube that are run together.
_BLOCK = 16
#: By method: groups that there are by default, and at the least.
_GROUPS = {"sobol": (64, 16), "morris": (20, 4), "lhs": (200, PARTS)}
_LEVELS = 5
#: With fewer groups the intervals of Sobol' indices are too narrow (measured in the tests).
_ENOUGH_GROUPS = 64
_BASELINE = "baseline"
_DRAFT = ".draft-"


def sweep(
    scenario: Scenario,
    *,
    method: str = "sobol",
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

    A point sets inputs at a probability of their own laws each; everything else is drawn as in any
    run. Points that are compared have the same luck: those of a group of ``sobol`` or ``morris``,
    all of a ``grid`` or ``lhs``.

    Parameters
    ----------
    scenario : Scenario
    method : {"sobol", "morris", "lhs", "grid"}
        First-order and total indices; a screening of many inputs; a Latin hypercube; all
        combinations of ``levels``.
    inputs : sequence of str
        Paths of uncertain inputs, or patterns such as ``factions.*``; by default all that are not
        marked ``chance``.
    variants : sequence of str
        Variants of the file: which of them holds, or none, is one input more.
    points : int
        How many points, rounded down to whole groups; by default some that suit the method.
    levels : int
        Of each input in a grid, 5 by default.
    replications : int
        At each point, 1,000 by default.
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
    request = _request(scenario, method, inputs, variants, points, levels)
    n = REPLICATIONS if replications is None else replications
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    _check(n, seed, by, horizon, budget)
    what = Points(
        nets=request.nets,
        inputs=request.inputs,
        seed=seed,
        replications=n,
        by=horizon if by is None else by,
        days=_days(scenario, by),
    )
    if not what.outcomes:
        raise UsageError(f"{scenario.name} has no outcome to sweep for")
    groups = request.groups(seed, n)
    if groups[-1].first_replication + n >= 2**62:
        raise UsageError(f"{len(groups):,} groups of {n:,} replications are too many")
    work = _Work(what, groups, How(engine, workers, None, progress), budget)
    folder = None if out is None else Path(out) / FOLDER / _name(request, what)
    with held_back() as held:
        done = work.done(folder, fresh=fresh)
        found = _Study(scenario, request, what, groups, done, folder).sweep()
        if folder is not None:
            _write(found, folder)
        if held.stop is not None:  # too late to stop anything
            raise Interrupted(found.points_done, found) from held.stop
    return found


# What is asked for.


@dataclass(frozen=True)
class _Request:
    """A design that has been checked; ``n`` is its number of groups, or of points without them."""

    method: str
    inputs: tuple[str, ...]
    nets: dict[str, Net]
    n: int
    levels: int | None

    @property
    def dimensions(self) -> tuple[str, ...]:
        return (*self.inputs, VARIANT) if len(self.nets) > 1 else self.inputs

    @property
    def n_points(self) -> int:
        return self.n * _size(self.method, len(self.dimensions))

    def groups(self, seed: int, replications: int) -> list[Group]:
        d = len(self.dimensions)
        if self.method in ("sobol", "morris"):
            make = design.saltelli if self.method == "sobol" else design.trajectories
            return [
                Group(k, points, k * replications) for k, points in enumerate(make(self.n, d, seed))
            ]
        if self.method == "lhs":
            points = design.latin_hypercube(self.n, d, seed)
        else:
            assert self.levels is not None
            points = design.grid(self.levels, d, seed)
        starts = range(0, len(points), _BLOCK)
        return [Group(k, points[at : at + _BLOCK], 0) for k, at in enumerate(starts)]


def _size(method: str, n_inputs: int) -> int:
    """Return how many points a group has."""
    return {"sobol": n_inputs + 2, "morris": n_inputs + 1}.get(method, 1)


def _request(
    scenario: Scenario,
    method: str,
    inputs: Sequence[str] | None,
    variants: Sequence[str],
    points: int | None,
    levels: int | None,
) -> _Request:
    if method not in METHODS:
        raise UsageError(f"no method '{method}': {one_of(METHODS)}")
    nets = {scenario.variant_name or _BASELINE: scenario.net}
    for name in variants:
        if name in nets:
            raise UsageError(f"variant '{name}' is given twice")
        nets[name] = scenario.variant(name).net
    chosen = _chosen(scenario, inputs, has_variants=bool(variants))
    for name, net in nets.items():
        lacking = set(chosen) - {given.path for given in net.uncertain_inputs}
        if lacking:
            raise UsageError(f"input '{min(lacking)}' is not uncertain in variant '{name}'")
    d = len(chosen) + (len(nets) > 1)
    n = _number(method, d, points, levels)
    return _Request(method, chosen, nets, n, (levels or _LEVELS) if method == "grid" else None)


def _chosen(
    scenario: Scenario, wanted: Sequence[str] | None, *, has_variants: bool
) -> tuple[str, ...]:
    """Return the paths of the inputs to be swept, in net order."""
    uncertain = [given.path for given in scenario.net.uncertain_inputs]
    if wanted is None:
        unknown = tuple(given.path for given in scenario.net.uncertain_inputs if not given.chance)
        if not unknown and not has_variants:
            raise UsageError(f"nothing in {scenario.name} is uncertain: there is nothing to sweep")
        return unknown
    if not wanted and not has_variants:
        raise UsageError("no input is given: there is nothing to sweep")
    fixed = {given.path for given in scenario.net.inputs if not given.is_uncertain}
    found = set[str]()
    for name in wanted:
        matched = {name} & set(uncertain) or set(fnmatch.filter(uncertain, name))
        if not matched and name in fixed:
            raise UsageError(
                f"input '{name}' is fixed: give it an uncertain value, such as "
                "{uniform: [low, high]}, to sweep over it"
            )
        if not matched:
            hint = did_you_mean(name, [*uncertain, *fixed]) or "'explain' lists the uncertain ones"
            raise UsageError(f"no input '{name}' in {scenario.name}: {hint}")
        found |= matched
    return tuple(path for path in uncertain if path in found)


def _number(method: str, d: int, points: int | None, levels: int | None) -> int:
    """Return how many groups, or points without groups, a design has."""
    if levels is not None and method != "grid":
        raise UsageError(f"levels are those of a grid, not of {method}")
    if method == "grid":
        if points is not None:
            raise UsageError("the points of a grid are all combinations of its levels: give those")
        n_levels = _LEVELS if levels is None else levels
        if n_levels < 2:
            raise UsageError(f"a grid of {n_levels} levels is empty: at least 2 are needed")
        if d * math.log(n_levels) > math.log(MOST_POINTS):
            raise UsageError(
                f"a grid of {n_levels} levels in {d} inputs has more than {MOST_POINTS:,} points: "
                "choose inputs, or another method"
            )
        return int(n_levels**d)
    default, least = _GROUPS[method]
    size = _size(method, d)
    if points is None:
        return default
    if not least * size <= points <= MOST_POINTS:
        of = f" ({least} x {size})" if size > 1 else ""
        raise UsageError(
            f"{method} over {d} inputs needs {least * size:,} points{of} to {MOST_POINTS:,}, not "
            f"{points:,}"
        )
    return points // size


def _check(
    replications: int, seed: int, by: float | None, horizon: float, budget: float | None
) -> None:
    if replications < 2:
        raise UsageError(f"at least 2 replications at each point, not {replications}")
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")
    if by is not None and not 0.0 < by <= horizon:
        raise UsageError(f"day {by:g} is not between the start and the horizon, day {horizon:g}")
    if budget is not None and not budget > 0.0:
        raise UsageError(f"a budget of {budget:g} s runs nothing: give some time")


def _days(scenario: Scenario, by: float | None) -> tuple[float, ...]:
    """Return the times by which outcomes are counted."""
    report = [t / SECONDS_PER_DAY for t in scenario.clock.report]
    days = {*report, scenario.clock.horizon / SECONDS_PER_DAY}
    return tuple(sorted(days if by is None else days | {by}))


def _name(request: _Request, what: Points) -> str:
    """Return the name of a sweep: twelve hex digits of what its points depend on.

    The number of groups that begin alike whatever their number is no part of it.
    """
    is_whole = request.method in ("grid", "lhs")
    asked = {
        "format": _FORMAT,
        "numbers": NUMBERS,
        "versions": versions(),
        "machine": machine(),
        "nets": [[name, digest(net)] for name, net in what.nets.items()],
        "method": request.method,
        "n": request.n if is_whole else None,
        "levels": request.levels,
        "inputs": what.inputs,
        "seed": what.seed,
        "replications": what.replications,
        "by": what.by,
        "days": what.days,
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
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
        found = {}
        for group in self.groups:
            rows = kept.find(group.number)
            if rows is not None and len(np.asarray(rows["point"])) == len(group.quantiles):
                found[group.number] = rows
        return found

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
    request: _Request
    what: Points
    groups: list[Group]
    done: list[dict[str, Column]]
    folder: Path | None

    def sweep(self) -> Sweep:
        table = {name: joined([rows[name] for rows in self.done]) for name in self.columns}
        numbers = {int(np.asarray(rows["group"])[0]) for rows in self.done}
        quantiles = [g.quantiles for g in self.groups if g.number in numbers]
        outcomes: dict[str, tuple[Influence, ...]] = {}
        spread: dict[str, Spread] = {}
        for outcome in self.what.outcomes:
            looked = Looked(
                self.request.method,
                self.request.dimensions,
                table,
                quantiles,
                self.what.replications,
                self.what.by,
                outcome,
            )
            spread[outcome] = looked.spread(self.label(outcome))
            found = looked.influences(is_seen=spread[outcome].is_seen)
            outcomes[outcome] = tuple(sorted(found, key=lambda one: -one.size))
        n_done = sum(map(len, quantiles))
        return Sweep(
            scenario=self.scenario.name,
            variant=self.scenario.variant_name,
            title=self.scenario.title,
            method=self.request.method,
            points=self.request.n_points,
            points_done=n_done,
            replications=self.what.replications,
            seed=self.what.seed,
            complete=n_done == self.request.n_points,
            by_days=self.what.by,
            horizon_days=self.scenario.clock.horizon / SECONDS_PER_DAY,
            inputs=self.request.dimensions,
            net=digest(self.scenario.net),
            outcomes=outcomes,
            spread=spread,
            notes=tuple(self.notes(len(quantiles))),
            result=None if self.folder is None else str(self.folder),
            table=table,
        )

    @property
    def columns(self) -> list[str]:
        return list(self.done[0]) if self.done else []

    def label(self, outcome: str) -> str:
        found = next(o for o in self.scenario.net.outcomes if o.name == outcome)
        return found.label or outcome

    def notes(self, n_groups: int) -> Iterator[str]:
        """Say what an analyst should know before reading indices."""
        if self.request.method == "sobol" and n_groups < _ENOUGH_GROUPS:
            yield (
                f"there are {n_groups} groups of points: with fewer than {_ENOUGH_GROUPS} the "
                "intervals are too narrow"
            )
        alone = [o.name for o in self.scenario.net.outcomes if o.name not in self.what.outcomes]
        if alone:
            yield f"not every variant has {', '.join(alone)}: left out"


def _write(sweep: Sweep, folder: Path) -> None:
    """Write what a sweep found, and a row for every point; its pictures stay, if it has any."""
    write_table(folder, f"{_DRAFT}points", dict(sweep.table), {})
    (folder / f"{_DRAFT}points").replace(folder / "points.parquet")
    known = store.read_json(folder / FILE)
    is_same = {**known, "pictures": []} == as_json(sweep)
    pictures = known.get("pictures", []) if is_same else []
    store.write_json(folder, FILE, {**as_json(sweep), "pictures": pictures})
