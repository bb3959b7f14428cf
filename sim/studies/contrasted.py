"""What a report shows of a comparison: a plain structure that JSON can hold.

As in :mod:`sim.studies.reported`, texts of files stand in it as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sim.ensemble.batch import Floats
from sim.scenario.explained import explained
from sim.scenario.model import Scenario
from sim.shown import counted, in_points, moment, percent, points, points_band, span
from sim.studies.answer import first_to_differ, most_different
from sim.studies.comparison import ByDate, Comparison, Difference
from sim.studies.reported import MOST, rounded

Json = dict[str, Any]

#: Moments that a reader can step through.
_STEPS = 112
#: Scenarios beyond these get no curve.
MOST_CURVES = 5


def contrasted(comparison: Comparison, scenarios: Sequence[Scenario]) -> Json:
    """Return what a report shows of a comparison; ``scenarios`` are in its order."""
    facts, horizon = comparison.ensembles[0].facts, comparison.horizon_days
    grid = np.linspace(0.0, horizon, _STEPS + 1)
    names = list(comparison.differences)[:MOST]
    return {
        "title": facts.title or facts.name,
        "question": facts.question,
        "baseline": comparison.baseline,
        "within": span(horizon),
        "horizon": horizon,
        "days": rounded(grid),
        "dates": [moment(facts.date(t), t, horizon) for t in grid.tolist()],
        "notes": list(comparison.notes),
        "made": f"{counted(comparison.replications, 'replication')} of each, "
        f"seed {comparison.seed}",
        "scenarios": [
            {"name": one.name, "file": one.file, "net": one.net, "result": one.result or ""}
            for one in comparison.scenarios
        ],
        "answers": [most_different(comparison, name) for name in comparison.others],
        "outcomes": [_outcome(comparison, name, grid) for name in names],
        "left_out": len(comparison.differences) - len(names),
        "changes": [
            {"name": name, "rows": list(_changes(scenarios[0], other))}
            for name, other in zip(comparison.others, scenarios[1:], strict=True)
        ],
    }


def _outcome(comparison: Comparison, name: str, grid: Floats) -> Json:
    of = comparison.differences[name]
    return {
        "name": name,
        "label": next(iter(of.values())).label,
        "curves": list(_curves(comparison, name, grid)),
        "others": [_difference(other, one, comparison.horizon_days) for other, one in of.items()],
    }


def _curves(comparison: Comparison, name: str, grid: Floats) -> Iterator[Json]:
    """Yield the arrival curve in each scenario that has the outcome, the baseline first."""
    has_it = [comparison.baseline, *comparison.differences[name]][:MOST_CURVES]
    for one, ensemble in zip(comparison.scenarios, comparison.ensembles, strict=True):
        if one.name in has_it:
            found = ensemble.cdf(name, grid)
            yield {
                "name": one.name,
                "p": rounded(found.cdf),
                "low": rounded(found.low),
                "high": rounded(found.high),
            }


def _difference(name: str, of: Difference, horizon: float) -> Json:
    whole = of.by_horizon
    rows = [*of.by, *([] if of.by and of.by[-1].days == whole.days else [whole])]
    return {
        "name": name,
        "said": in_points(of.largest.difference, of.largest.interval95, of.largest.inputs80),
        "when": moment(of.largest.time, of.largest.days, horizon),
        "is_seen": of.largest.is_seen,
        "first": first_to_differ(of) if of.n_differing else "",
        "by": [_row(row, horizon) for row in rows],
        "clocks": [
            [clock.transition, clock.share, [e.replication for e in clock.examples]]
            for clock in of.clocks
        ],
    }


def _row(row: ByDate, horizon: float) -> Json:
    value, low, high = points(row.difference, *row.interval95)
    return {
        "when": moment(row.time, row.days, horizon),
        "baseline": percent(row.baseline),
        "p": percent(row.probability),
        "points": value,
        "inputs": points_band(row.inputs80),
        "small": f"{low} to {high}",
    }


def _changes(baseline: Scenario, other: Scenario) -> Iterator[tuple[str, str, str]]:
    """Yield the numbers that are not the same in another scenario, as each has them."""
    here, there = (
        {given.path: given.value for given in explained(one).inputs} for one in (baseline, other)
    )
    for path in dict.fromkeys([*here, *there]):
        if here.get(path) != there.get(path):
            yield path, here.get(path, ""), there.get(path, "")
