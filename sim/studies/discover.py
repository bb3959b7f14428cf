"""Under which conditions an outcome comes, or holds off: boxes of the inputs of a run."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.analysis import discovery
from sim.analysis.discovery import Figures, Found, Step, n_to_find
from sim.analysis.first_passage import Floats, proportion
from sim.analysis.prim import LEVEL, Box, Side, inside, restricted
from sim.engines.driver import EngineName, Progress
from sim.ensemble import store
from sim.ensemble.legend import Measured
from sim.ensemble.model import Ensemble
from sim.ensemble.table import Coded
from sim.errors import UsageError, did_you_mean, one_of
from sim.scenario.model import Scenario
from sim.studies import memory as room
from sim.studies.discovered import (
    FILE,
    Discovery,
    FoundBox,
    Peeled,
    Restriction,
    Shares,
    as_json,
)
from sim.studies.simulate import REPLICATIONS, run
from sim.units import SECONDS_PER_DAY
from sim.versions import NUMBERS

#: The folder of discoveries among results.
FOLDER = "discoveries"
_FORMAT = 1


def discover(
    scenario: Scenario,
    outcome: str,
    *,
    holds: bool = False,
    at: float | None = None,
    replications: int | None = None,
    seed: int = 1,
    engine: EngineName = "compiled",
    workers: int | None = None,
    progress: Progress | None = None,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    memory: float | None = None,
) -> Discovery:
    """Look for conditions under which an outcome comes, or does not.

    A condition is a box of the inputs that are unknown; what is luck (``chance``) can be none. The
    replications are those of a run, each with inputs of its own.

    Parameters
    ----------
    scenario : Scenario
    outcome : str
    holds : bool
        Look for where the outcome does *not* come.
    at : days
        By when; by the horizon if None.
    replications, seed, engine, workers, progress, out, fresh, memory
        As of :func:`sim.run`. With ``out`` the run is kept and found like any other, and what was
        found beside it, in ``discoveries/``.

    Raises
    ------
    UsageError
        If there is no such outcome, no input is unknown, or a number is out of range.
    RunFault, Interrupted, MemoryError, OSError
        As :func:`sim.run` does.
    """
    _check(scenario, outcome, at)
    room.refuse_beyond(
        memory,
        lambda n: room.of_discovery(scenario.net, n, is_kept=out is not None),
        REPLICATIONS if replications is None else replications,
    )
    ensemble = run(
        scenario,
        replications=replications,
        seed=seed,
        engine=engine,
        workers=workers,
        progress=progress,
        out=out,
        fresh=fresh,
        memory=memory,
    )
    days = ensemble.facts.horizon if at is None else at
    found = _Study(ensemble, outcome, days, holds).discovery()
    return found if out is None else _kept(found, Path(out))


def _check(scenario: Scenario, outcome: str, at: float | None) -> None:
    names = [o.name for o in scenario.net.outcomes]
    if outcome not in names:
        hint = did_you_mean(outcome, names) or (one_of(names) if names else "it has none")
        raise UsageError(f"no outcome '{outcome}': {hint}")
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    if at is not None and not 0.0 <= at <= horizon:
        raise UsageError(f"day {at:g} is not between the start and the horizon, day {horizon:g}")
    if all(i.chance for i in scenario.net.uncertain_inputs):
        raise UsageError(f"nothing is unknown in '{scenario.name}': no condition can be found")


@dataclass(frozen=True)
class _Study:
    """A run in which conditions are looked for."""

    ensemble: Ensemble
    outcome: str
    days: float
    holds: bool

    @cached_property
    def inputs(self) -> list[Measured]:
        """What can be a condition: what is unknown, and no luck."""
        legend = self.ensemble.legend
        return [one for one in legend.inputs if one.name in legend.unknown]

    @cached_property
    def cases(self) -> Floats:
        came = self.ensemble.times(self.outcome) <= self.days
        return np.asarray(came != self.holds, dtype=np.float64)

    @cached_property
    def values(self) -> Floats:
        columns = [self.ensemble.table[f"input.{one.name}"] for one in self.inputs]
        numbers = [c.codes if isinstance(c, Coded) else c for c in columns]
        return np.stack(numbers, axis=1).astype(np.float64)

    def discovery(self) -> Discovery:
        facts, n, base = self.ensemble.facts, self.ensemble.n, self.ensemble
        is_label = np.array([one.is_label for one in self.inputs])
        found = discovery.discover(self.values, self.cases, is_label=is_label, seed=base.seed)
        among_all = proportion(int(self.cases.sum()), n)
        told = [self.box(one) for one in found if one.is_told]
        return Discovery(
            scenario=facts.name,
            variant=facts.variant,
            outcome=self.outcome,
            label=next(o.label for o in base.outcomes if o.name == self.outcome) or self.outcome,
            holds=self.holds,
            days=self.days,
            time=facts.date(self.days),
            seed=base.seed,
            replications=n,
            false_alarms=LEVEL,
            probability=among_all.value,
            monte_carlo95=(among_all.low, among_all.high),
            n_searched=n_to_find(n),
            n_fresh=n - n_to_find(n),
            n_inputs=len(self.inputs),
            boxes=tuple(told),
            refused=next((self.box(one) for one in found if not one.is_told), None),
            why_not="" if found else self.why_not(),
            net=base.legend.net,
            run=None if base.folder is None else str(base.folder),
            result=None,
            ensemble=base,
        )

    def why_not(self) -> str:
        """Say why no box was looked for."""
        n, n_cases = len(self.cases), int(self.cases.sum())
        return (
            f"{n_cases:,} of {n:,} replications are cases: too few, of either kind or at all, to "
            "tell conditions; -n takes more"
        )

    def box(self, found: Found) -> FoundBox:
        return FoundBox(
            tuple(
                replace(
                    self.restriction(found.box, column),
                    quasi_p=found.quasi_p.get(column),
                    reproduced=found.reproduced.get(column, 0.0) if found.is_told else None,
                )
                for column in restricted(found.box)
            ),
            _shares(found.figures),
            _shares(found.among),
            found.p,
            tuple(self.peeled(step) for step in found.trajectory),
            found.chosen,
        )

    def restriction(self, box: Box, column: int) -> Restriction:
        """Return what a box allows of an input."""
        one, values = self.inputs[column], self.values[:, column]
        limits = {side: limit for side, limit in box.items() if side.column == column}
        held = np.unique(values[inside(limits, self.values)])
        if one.is_label:
            found, counts = np.unique(values, return_counts=True)
            texts = self.ensemble.legend.labels
            shares = {
                texts[int(v)]: float(n / len(values)) for v, n in zip(found, counts, strict=True)
            }
            labels = tuple(texts[int(v)] for v in held)
            return Restriction(one.name, one.unit, None, None, labels, shares, (0.0, 1.0))
        ends = [limits.get(Side(column, sign)) for sign in (1, -1)]
        low, high = ends[0], None if ends[1] is None else 0.0 - ends[1]
        if len(held) == 1:
            low = high = float(held[0])
        quantiles = (
            0.0 if low is None else float(np.mean(values < low)),
            1.0 if high is None else float(np.mean(values <= high)),
        )
        return Restriction(one.name, one.unit, low, high, (), {}, quantiles)

    def peeled(self, step: Step) -> Peeled:
        shares, n = _shares(step.figures), len(restricted(step.box))
        if step.peeled is None:
            return Peeled(None, "", n, shares)
        of = self.restriction(step.box, step.peeled.column)
        return Peeled(of.input, of.said, n, shares)


def _shares(of: Figures) -> Shares:
    known = proportion(round(of.cases), of.n)
    return Shares(of.n, of.mass, of.density, (known.low, known.high), of.coverage)


def _kept(found: Discovery, out: Path) -> Discovery:
    """Keep a discovery under the name of what determines it; its pictures stay, if it has any."""
    asked = {
        "days": found.days,
        "format": _FORMAT,
        "holds": found.holds,
        "numbers": NUMBERS,
        "outcome": found.outcome,
        "run": list(Path(found.run or "").parts[-2:]),
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    folder = store.place(out, FOLDER, hashlib.sha256(text.encode()).hexdigest()[:12])
    folder.mkdir(parents=True, exist_ok=True)
    kept = replace(found, result=str(folder))
    known = store.read_json(folder / FILE)
    store.write_json(folder, FILE, {**as_json(kept), "pictures": known.get("pictures", [])})
    return kept
