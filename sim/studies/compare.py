"""Compare scenarios under common random numbers: what differs, by how much, and where it begins."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.analysis.first_passage import Estimate, Floats, quantile
from sim.analysis.nested import paired_band
from sim.analysis.paired import (
    paired_cdf,
    paired_mean,
    paired_quantiles,
    restricted,
    variance_reduction,
)
from sim.engines.driver import EngineName, Progress
from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.errors import Diagnostic, ScenarioError, UsageError, did_you_mean, one_of
from sim.scenario.model import Scenario
from sim.shown import span
from sim.studies import memory as room
from sim.studies.comparison import (
    FILE,
    ByDate,
    Clock,
    Compared,
    Comparison,
    Difference,
    Example,
    OfTime,
    as_json,
)
from sim.studies.diverge import Partings
from sim.studies.simulate import REPLICATIONS, run
from sim.studies.summary import QUANTILES
from sim.units import SECONDS_PER_DAY
from sim.versions import NUMBERS

#: The folder of comparisons among results.
FOLDER = "comparisons"
_FORMAT = 1
#: Replications, of those that differ in an outcome, in which to look for the first difference: a
#: share is then known to ten points or better.
_LOOKED_AT = 100
_EXAMPLES = 3


def compare(
    baseline: Scenario,
    *others: Scenario,
    replications: int | None = None,
    seed: int = 1,
    at: Sequence[float] | None = None,
    engine: EngineName = "compiled",
    workers: int | None = None,
    progress: Progress | None = None,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    memory: float | None = None,
) -> Comparison:
    """Compare scenarios with a baseline under common random numbers.

    Replication k has the same luck in all of them as far as names agree: what they have in common
    cancels out of a difference. Outcomes are compared that go by the same name, by days since each
    scenario's own start, up to the earlier of two horizons.

    Parameters
    ----------
    baseline, *others : Scenario
        Variants of one file, or scenarios of several.
    replications, seed, engine, workers, progress, out, fresh, memory
        As of :func:`sim.run`. With ``out`` the runs are kept and found like any others, and the
        comparison beside them, in ``comparisons/``.
    at : sequence of days
        Report times; those of the baseline by default.

    Raises
    ------
    ScenarioError
        If a scenario shares no outcome with the baseline.
    UsageError
        If there is nothing to compare with, or a number is out of range.
    RunFault, Interrupted, MemoryError, OSError
        As :func:`sim.run` does. A run that was interrupted is gone on with the next time.
    """
    if not others:
        raise UsageError("a comparison needs two scenarios or more")
    scenarios = (baseline, *others)
    faults = [fault for other in others for fault in _unshared(baseline, other)]
    if faults:
        raise ScenarioError(faults, {k: text for s in others for k, text in s.texts.items()})
    for day in at or ():
        if not 0.0 <= day <= _horizon(scenarios):
            end = f"the earliest horizon, day {_horizon(scenarios):g}"
            raise UsageError(f"day {day:g} is not between the start and {end}")
    nets = [scenario.net for scenario in scenarios]
    room.refuse_beyond(
        memory,
        lambda n: room.of_comparison(nets, n, is_kept=out is not None),
        REPLICATIONS if replications is None else replications,
    )
    ensembles = tuple(
        run(
            scenario,
            replications=replications,
            seed=seed,
            engine=engine,
            workers=workers,
            progress=progress and _part_of(progress, k, len(scenarios)),
            out=out,
            fresh=fresh,
            memory=memory,
        )
        for k, scenario in enumerate(scenarios)
    )
    found = _Study(scenarios, ensembles, at).comparison()
    return found if out is None else _kept(found, Path(out), at)


def _part_of(progress: Progress, k: int, n: int) -> Progress:
    """Return the progress of the k-th of n runs as that of all."""
    return lambda done, asked: progress(k * asked + done, n * asked)


def _unshared(baseline: Scenario, other: Scenario) -> Iterator[Diagnostic]:
    """Yield what is wrong if a scenario shares no outcome with the baseline."""
    known = [o.name for o in baseline.net.outcomes]
    names = [o.name for o in other.net.outcomes]
    if not set(known) & set(names):
        hints = (did_you_mean(name, known) for name in names)
        yield Diagnostic(
            "no-shared-outcome",
            f"'{other.name}' shares no outcome with '{baseline.name}': nothing can be compared",
            (other.net.outcomes[0] if names else other.net).origin.position,
            "outcomes",
            expected=one_of(known) if known else "a baseline with outcomes",
            hint=next(filter(None, hints), ""),
        )


def _horizon(scenarios: Sequence[Scenario]) -> float:
    """Return the earliest horizon, days."""
    return min(scenario.clock.horizon for scenario in scenarios) / SECONDS_PER_DAY


def names_of(scenarios: Sequence[Scenario]) -> list[str]:
    """Return what scenarios go by in a comparison, the baseline first: short, and all different.

    A variant of the baseline's own file goes by its own name.
    """
    names: list[str] = []
    for scenario in scenarios:
        variant, is_own = scenario.variant_name, scenario.text == scenarios[0].text
        name = scenario.name if variant is None else f"{scenario.name}:{variant}"
        if names and is_own and variant is not None:
            name = variant
        same = sum(known == name or known.startswith(f"{name} (") for known in names)
        names.append(f"{name} ({same + 1})" if same else name)
    return names


class _Study:
    """Scenarios that have been run, on their way to a comparison."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        ensembles: tuple[Ensemble, ...],
        at: Sequence[float] | None,
    ) -> None:
        self.scenarios, self.ensembles = scenarios, ensembles
        self.names = names_of(scenarios)
        self.base = ensembles[0]
        self.horizon = _horizon(scenarios)
        wanted = self.base.facts.report if at is None else at
        self.report = tuple(t for t in wanted if t <= self.horizon)

    def comparison(self) -> Comparison:
        found: dict[str, dict[str, Difference]] = {o.name: {} for o in self.base.outcomes}
        for k in range(1, len(self.scenarios)):
            pair = _Pair(self, k)
            for outcome, difference in zip(pair.outcomes, pair.differences(), strict=True):
                found[outcome][self.names[k]] = difference
        return Comparison(
            baseline=self.names[0],
            scenarios=tuple(map(self.compared, range(len(self.names)))),
            seed=self.base.seed,
            replications=self.base.n,
            horizon_days=self.horizon,
            notes=tuple(self.notes()),
            differences={outcome: of for outcome, of in found.items() if of},
            ensembles=self.ensembles,
        )

    def compared(self, k: int) -> Compared:
        facts, folder = self.ensembles[k].facts, self.ensembles[k].folder
        return Compared(
            name=self.names[k],
            file=self.scenarios[k].path,
            scenario=facts.name,
            variant=facts.variant,
            title=facts.title,
            horizon_days=facts.horizon,
            net=self.ensembles[k].legend.net,
            result=None if folder is None else str(folder),
        )

    def notes(self) -> list[str]:
        """Say what an analyst should know before reading differences."""
        found = []
        base = self.scenarios[0].net
        if any(e.facts.horizon != self.horizon for e in self.ensembles):
            found.append(f"the horizons differ: compared is up to the earliest, {self.span}")
        if any(e.facts.start != self.base.facts.start for e in self.ensembles):
            found.append("the starts differ: compared is by days since each scenario's own start")
        if any((e.horizons < e.facts.horizon).any() for e in self.ensembles):
            found.append(
                "a horizon is drawn: what would come after the end of its replication counts as "
                "not coming"
            )
        for name, scenario, ensemble in zip(
            self.names[1:], self.scenarios[1:], self.ensembles[1:], strict=True
        ):
            own = [o.name for o in ensemble.outcomes]
            shared = [o.name for o in self.base.outcomes]
            for of, other, more in ((self.names[0], shared, own), (name, own, shared)):
                alone = [outcome for outcome in other if outcome not in more]
                if alone:
                    found.append(f"only {of} has {', '.join(alone)}: left out for {name}")
            keys = {t.key for t in scenario.net.transitions}
            if ensemble.legend.net == self.base.legend.net:
                found.append(f"{name} is the same net as {self.names[0]}: nothing can differ")
            elif keys.isdisjoint(t.key for t in base.transitions):
                found.append(
                    f"{name} and {self.names[0]} share no transition: each has luck of its own"
                )
        return found

    @property
    def span(self) -> str:
        return span(self.horizon)


@dataclass(frozen=True)
class _Pair:
    """The baseline and one other scenario."""

    study: _Study
    k: int

    @property
    def first(self) -> Ensemble:
        return self.study.base

    @property
    def second(self) -> Ensemble:
        return self.study.ensembles[self.k]

    @cached_property
    def outcomes(self) -> list[str]:
        known = {o.name for o in self.second.outcomes}
        return [o.name for o in self.first.outcomes if o.name in known]

    @cached_property
    def partings(self) -> Partings:
        first, second = (self.study.scenarios[j].net for j in (0, self.k))
        return Partings(first, second, self.first.seed)

    def times(self, ensemble: Ensemble, outcome: str) -> Floats:
        """Return first-passage times; those beyond the common horizon have not come."""
        times = ensemble.times(outcome)
        return np.where(times <= self.study.horizon, times, np.inf)

    def differences(self) -> list[Difference]:
        """Return the differences, outcome after outcome."""
        first, second = (
            [self.times(e, name) for name in self.outcomes] for e in (self.first, self.second)
        )
        quantiles = paired_quantiles(first, second, QUANTILES, seed=self.first.seed)
        return [
            self.difference(*one)
            for one in zip(self.outcomes, first, second, quantiles, strict=True)
        ]

    def difference(
        self, outcome: str, first: Floats, second: Floats, quantiles: list[Estimate]
    ) -> Difference:
        by = self.by_date(outcome, first, second)
        *rows, whole = by
        largest = max(by, key=lambda row: (row.is_seen, abs(row.difference)))
        differs = (first <= largest.days) != (second <= largest.days)
        if not differs.any():
            differs = first != second
        numbers = np.flatnonzero(differs)
        asked = next(o for o in self.first.outcomes if o.name == outcome)
        return Difference(
            label=asked.label or asked.name,
            difference=whole.difference,
            interval95=whole.interval95,
            inputs80=whole.inputs80,
            variance_reduction=whole.variance_reduction,
            by=tuple(rows),
            by_horizon=whole,
            quantiles_days={
                f"{q:g}": _of_time(quantile(first, q).value, quantile(second, q).value, apart)
                for q, apart in zip(QUANTILES, quantiles, strict=True)
            },
            restricted_mean_days=self.restricted_mean(first, second),
            largest=largest,
            n_differing=len(numbers),
            n_looked_at=min(len(numbers), _LOOKED_AT),
            clocks=self.clocks([int(number) for number in numbers[:_LOOKED_AT]]),
        )

    def by_date(self, outcome: str, first: Floats, second: Floats) -> list[ByDate]:
        """Return a row for each report time, and last for the horizon."""
        days = [*self.study.report, self.study.horizon]
        apart, low, high = (
            list(map(float, column)) for column in paired_cdf(first, second, np.array(days))
        )
        starts = {e.facts.start for e in (self.first, self.second)}
        return [
            ByDate(
                days=t,
                time=self.first.date(t) if len(starts) == 1 else None,
                baseline=float(np.mean(first <= t)),
                probability=float(np.mean(second <= t)),
                difference=difference,
                interval95=(a, b),
                inputs80=self.inputs80(outcome, t, difference),
                variance_reduction=_finite(variance_reduction(first <= t, second <= t)),
            )
            for t, difference, a, b in zip(days, apart, low, high, strict=True)
        ]

    def inputs80(self, outcome: str, by: float, mean: float) -> tuple[float, float] | None:
        first, second = self.first.nested, self.second.nested
        if first is None or second is None:
            return None
        return paired_band(first.times[outcome] <= by, second.times[outcome] <= by, mean=mean)

    def restricted_mean(self, first: Floats, second: Floats) -> OfTime:
        end = self.study.horizon
        cut = [restricted(times, end) for times in (first, second)]
        found = _of_time(
            float(cut[0].mean()), float(cut[1].mean()), paired_mean(first, second, end)
        )
        return replace(found, variance_reduction=_finite(variance_reduction(*cut)))

    def clocks(self, numbers: Sequence[int]) -> tuple[Clock, ...]:
        """Return what differs first in replications, the commonest first, ties by name."""
        examples: dict[str, list[Example]] = {}
        counts = Counter[str]()
        for number in numbers:
            parting = self.partings.of(number)
            if parting is None:  # the same events: the start or the outcome itself is another
                continue
            counts[parting.transition] += 1
            known = examples.setdefault(parting.transition, [])
            if len(known) < _EXAMPLES:
                known.append(
                    Example(
                        number,
                        parting.first_days, parting.first_event,
                        parting.second_days, parting.second_event,
                    )
                )  # fmt: skip
        order = sorted(counts, key=lambda name: (-counts[name], name))
        return tuple(
            Clock(name, counts[name] / len(numbers), tuple(examples[name])) for name in order
        )


def _of_time(baseline: float, value: float, apart: Estimate) -> OfTime:
    known = None if math.isnan(apart.value) else apart.value
    return OfTime(baseline, value, known, (apart.low, apart.high))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _kept(comparison: Comparison, out: Path, at: Sequence[float] | None) -> Comparison:
    """Keep a comparison under the name of what determines it; its pictures stay, if it has any."""
    runs = [[one.name, *Path(one.result or "").parts[-2:]] for one in comparison.scenarios]
    asked = {"at": at and list(at), "format": _FORMAT, "numbers": NUMBERS, "runs": runs}
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    folder = store.place(out, FOLDER, hashlib.sha256(text.encode()).hexdigest()[:12])
    folder.mkdir(parents=True, exist_ok=True)
    kept = replace(comparison, result=str(folder))
    known = store.read_json(folder / FILE)
    store.write_json(folder, FILE, {**as_json(kept), "pictures": known.get("pictures", [])})
    return kept
