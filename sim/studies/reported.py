"""What a report shows of a run: a plain structure that JSON can hold, every figure in it once.

Texts of files stand in it as they are. Whoever shows them makes them harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sim.ensemble.batch import Floats
from sim.ensemble.model import Ensemble
from sim.scenario.model import Scenario
from sim.shown import band, interval, moment, percent, span
from sim.studies.answer import answer, in_words
from sim.studies.histories import LOOKED_AT, Representative, histories, representatives

Json = dict[str, Any]

#: About so many moments that a reader can step through.
_STEPS = 112
#: Causes beyond these are added up.
_CAUSES = 5
#: Inputs beyond these are not what an outcome hangs on.
_DRIVERS = 8
#: Outcomes beyond these are left out.
MOST = 20
#: What happened beyond so many lines is no overview.
_MOST_HAPPENINGS, _MOST_SAID = 150, 12


def steps(ensemble: Ensemble) -> Floats:
    """Return the times that a reader steps through, in days: watch points, and some between.

    About a hundred, evenly apart, where there are more watch points than that.
    """
    n_grid = max(len(ensemble.legend.grid) - 1, 1)
    n_between = round(_STEPS / n_grid)
    n = n_grid * n_between if n_between else _STEPS
    return np.linspace(0.0, ensemble.facts.horizon, n + 1)


def reported(ensemble: Ensemble, scenario: Scenario) -> Json:
    """Return what a report shows of an ensemble."""
    facts, grid = ensemble.facts, steps(ensemble)
    names = [outcome.name for outcome in ensemble.outcomes[:MOST]] if ensemble.n else []
    controls = {spot.name: spot.watch for spot in facts.geography.spots if spot.watch}
    return {
        "name": facts.name,
        "title": facts.title or facts.name,
        "variant": facts.variant,
        "question": facts.question,
        "description": scenario.description,
        "within": span(facts.horizon),
        "horizon": facts.horizon,
        "days": rounded(grid),
        "dates": [moment(facts.date(t), t, facts.horizon) for t in grid.tolist()],
        "outcomes": [_outcome(ensemble, name, grid) for name in names],
        "left_out": [o.label or o.name for o in ensemble.outcomes[MOST:]],
        "map": _map(ensemble, grid, controls),
        "ways": _ways(ensemble, scenario, controls, names),
    }


def _outcome(ensemble: Ensemble, name: str, grid: Floats) -> Json:
    facts = ensemble.facts
    asked = next(o for o in ensemble.outcomes if o.name == name)
    p, rate = ensemble.probability(name), facts.base_rates.get(name)
    median = ensemble.quantile(name, 0.5).value
    return {
        "name": name,
        "label": asked.label or name,
        "question": asked.question,
        "answer": answer(ensemble, name),
        "words": in_words(ensemble, name),
        "p": percent(p.value),
        "not": percent(1.0 - p.value),
        "inputs": band(ensemble.inputs80(name)),
        "small": interval(p.low, p.high),
        "median": moment(facts.date(median), median, facts.horizon) if p.value > 0.5 else "",
        "curve": _curve(ensemble, name, grid),
        "by": [_by(ensemble, name, days) for days in _report(ensemble)],
        "when": list(_when(ensemble, name)),
        "causes": [[cause, p] for cause, p in ensemble.shares(name).items()],
        "stack": _stack(ensemble, name, grid),
        "rate": None if rate is None else rate.said(facts.horizon),
        "past": _past(ensemble, name, grid),
        **_driven(ensemble, name),
    }


def _driven(ensemble: Ensemble, name: str) -> Json:
    """Return what it hangs on, in a sentence and input by input."""
    found = ensemble.drivers().get(name)
    if found is None:
        return {"driven": "", "drivers": []}
    facts = ensemble.facts
    return {
        "driven": found.said(moment(facts.date(found.days), found.days, facts.horizon)),
        "drivers": [
            {
                "input": one.input.name,
                "index": one.index,
                "low": one.interval95[0],
                "high": one.interval95[1],
                "said": one.said(),
            }
            for one in found.drivers[:_DRIVERS]
        ],
    }


def _report(ensemble: Ensemble) -> list[float]:
    """Return the report times, with the horizon as the last."""
    horizon = ensemble.facts.horizon
    return [*(t for t in ensemble.facts.report if t < horizon), horizon]


def _curve(ensemble: Ensemble, name: str, grid: Floats) -> Json:
    """Return the probability by each time, its Monte Carlo interval, and the band over inputs."""
    found = ensemble.cdf(name, grid)
    bands = [ensemble.inputs80(name, t) for t in grid.tolist()]
    return {
        "p": rounded(found.cdf),
        "low": rounded(found.low),
        "high": rounded(found.high),
        "inputs": None
        if any(one is None for one in bands)
        else [rounded(ends) for ends in zip(*filter(None, bands), strict=True)],
    }


def _by(ensemble: Ensemble, name: str, days: float) -> Json:
    facts, p = ensemble.facts, ensemble.probability(name, by=days)
    return {
        "days": days,
        "when": moment(facts.date(days), days, facts.horizon),
        "p": percent(p.value),
        "inputs": band(ensemble.inputs80(name, days)),
        "small": interval(p.low, p.high),
    }


def _when(ensemble: Ensemble, name: str) -> Iterator[Json]:
    """Yield how likely it comes between each two report times, and last, that it does not."""
    facts = ensemble.facts
    before = 0.0
    for days in _report(ensemble):
        by = ensemble.probability(name, by=days).value
        until = moment(facts.date(days), days, facts.horizon)
        yield {"until": until, "p": by - before, "said": percent(by - before)}
        before = by
    yield {"until": None, "p": 1.0 - before, "said": percent(1.0 - before)}


def _stack(ensemble: Ensemble, name: str, grid: Floats) -> list[list[Any]]:
    """Return the probability by each time and cause, the commonest first, the rest added up."""
    found = list(ensemble.incidence(name, grid).items())
    told = [[cause, rounded(curve)] for cause, curve in found[:_CAUSES]]
    rest = [curve for _, curve in found[_CAUSES:]]
    return [*told, *([[None, rounded(sum(rest[1:], rest[0]))]] if rest else [])]


def _past(ensemble: Ensemble, name: str, grid: Floats) -> list[list[float | None]] | None:
    """Return the base rate by each time with its bracket, where its clock runs from the start."""
    rate = ensemble.facts.base_rates.get(name)
    if rate is None or not rate.is_dated:
        return None
    known = [rate.by(t) or (None, None, None) for t in grid.tolist()]
    return [
        [None if v is None else round(v, 4) for v in curve] for curve in zip(*known, strict=True)
    ]


def _map(ensemble: Ensemble, grid: Floats, controls: Mapping[str, str]) -> Json | None:
    """Return who holds each place on the map, by the times that a reader steps through."""
    geography = ensemble.facts.geography
    shown = [s for s in geography.spots if s.at is not None and s.kind != "source"]
    watched = np.array(ensemble.legend.grid)
    if not shown or not watched.size or not ensemble.n:
        return None
    held = {spot.name: ensemble.holders(spot.name) for spot in shown if spot.name in controls}
    ever = {holder for curves in held.values() for holder in curves}
    rows = np.maximum(np.searchsorted(watched, grid * (1.0 + 1e-12), side="right") - 1, 0)
    return {
        "holders": [
            [one.name, geography.label(one.name)] for one in geography.holders if one.name in ever
        ],
        "places": [
            {
                "name": spot.name,
                "label": spot.label or spot.name,
                "at": spot.at,
                "held": {
                    holder: rounded(curve[rows])
                    for holder, curve in held.get(spot.name, {}).items()
                },
            }
            for spot in shown
        ],
        "ways": [list(way.ends) for way in geography.ways],
    }


def _ways(
    ensemble: Ensemble, scenario: Scenario, controls: Mapping[str, str], names: Sequence[str]
) -> Json:
    """Return the replications that stand for the others, by what came of the first outcome."""
    if not names:
        return {"looked_at": 0, "all": []}
    net, seed = scenario.net, ensemble.seed
    known = histories(net, controls, seed=seed, n=min(ensemble.n, LOOKED_AT))
    found = representatives(net, controls, known, names[0], seed=seed)
    labels = {outcome.name: outcome.label or outcome.name for outcome in ensemble.outcomes}
    return {
        "looked_at": known.n,
        "all": [_way(ensemble, one, labels) for one in found],
    }


def _way(ensemble: Ensemble, one: Representative, labels: Mapping[str, str]) -> Json:
    facts, told = ensemble.facts, one.happenings[:_MOST_HAPPENINGS]
    label = facts.geography.label
    return {
        "replication": one.replication,
        "share": percent(one.share, 0),
        "came": one.days is not None,
        "when": "" if one.days is None else moment(facts.date(one.days), one.days, facts.horizon),
        "start": dict(one.at_start),
        "left_out": len(one.happenings) - len(told),
        "happenings": [
            {
                "days": round(h.days, 5),
                "when": moment(facts.date(h.days), h.days, facts.horizon),
                "said": list(h.said[:_MOST_SAID]),
                "taken": [[t.place, t.after] for t in h.taken],
                "changed": [
                    f"{label(t.place)}: {label(t.before)} → {label(t.after)}" for t in h.taken
                ],
                "outcomes": [labels[name] for name in h.outcomes],
            }
            for h in told
        ],
    }


def rounded(values: Floats | Sequence[float]) -> list[float]:
    """Return numbers as far as a curve shows them."""
    return [round(float(v), 4) for v in values]
