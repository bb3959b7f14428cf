"""An ensemble as the one JSON object that commands print and results keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.analysis.first_passage import wilson
from sim.analysis.words import words
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.driven import Driver
from sim.ensemble.geography import Spot
from sim.ensemble.model import Ensemble
from sim.shown import iso

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def summary(ensemble: Ensemble, at: Sequence[float] | None = None) -> dict[str, Any]:
    """Return the summary; ``at`` replaces the scenario's report times (days)."""
    facts = ensemble.facts
    report = facts.report if at is None else tuple(at)
    return {
        "scenario": facts.name,
        "variant": facts.variant,
        "seed": ensemble.seed,
        "replications": ensemble.n,
        "complete": ensemble.is_complete,
        "horizon_days": facts.horizon,
        "engine": ensemble.engine,
        "net": ensemble.legend.net,
        "result": None if ensemble.folder is None else str(ensemble.folder),
        "outcomes": {
            outcome.name: _outcome(ensemble, outcome.name, outcome.label, report)
            for outcome in (ensemble.outcomes if ensemble.n else ())
        },
        "control": {
            spot.name: _control(ensemble, spot, report)
            for spot in (facts.geography.spots if ensemble.n else ())
            if spot.watch
        },
        "drivers": {
            name: [_driver(one, driven.days) for one in driven.drivers]
            for name, driven in ensemble.drivers(at).items()
        },
        "pictures": [],
    }


def _outcome(ensemble: Ensemble, name: str, label: str, report: Sequence[float]) -> dict[str, Any]:
    p = ensemble.probability(name)
    return {
        "label": label or name,
        "probability": p.value,
        "monte_carlo95": [p.low, p.high],
        "inputs80": _band(ensemble, name),
        "words": words(p.value),
        "quantiles_days": {f"{q:g}": _finite(ensemble.quantile(name, q).value) for q in QUANTILES},
        "by": [_by(ensemble, name, days) for days in report],
        "causes": ensemble.shares(name),
        "base_rate": _base_rate(ensemble.facts.base_rates.get(name), report),
    }


def _control(ensemble: Ensemble, spot: Spot, report: Sequence[float]) -> dict[str, Any]:
    """Return who holds a place at the last watch points before the report times."""
    holders = ensemble.holders(spot.name)
    return {
        "label": spot.label or spot.name,
        "by": [
            {
                **_when(ensemble, days),
                "watched_days": ensemble.legend.grid[k],
                "holders": {name: _proportion(ensemble, p[k]) for name, p in holders.items()},
            }
            for days in report
            for k in [ensemble.watch_point(days)]
        ],
    }


def _proportion(ensemble: Ensemble, p: float) -> dict[str, Any]:
    low, high = wilson(np.rint(p * ensemble.n), ensemble.n)
    return {"probability": float(p), "monte_carlo95": [float(low), float(high)]}


def _driver(driver: Driver, days: float) -> dict[str, Any]:
    """Return an input that an outcome hangs on, as it was asked by so many days."""
    what = "label" if driver.input.is_label else "from"
    return {
        "input": driver.input.name,
        "index": driver.index,
        "interval95": list(driver.interval95),
        "days": days,
        "given": [{what: start, "probability": p} for start, p in driver.given],
    }


def _base_rate(rate: BaseRate | None, report: Sequence[float]) -> dict[str, Any] | None:
    """Return how often places like this one have fallen, by report times or since contact."""
    if rate is None:
        return None
    days = report if rate.is_dated else [float(day) for day in rate.days(math.inf)]
    known = ((d, rate.by(d)) for d in days)
    return {
        "of": rate.of,
        "attacks": rate.n,
        "wars": rate.n_cases,
        "since": "start" if rate.is_dated else "contact",
        "by": [
            {"days": d, "probability": found[0], "interval90": list(found[1:])}
            for d, found in known
            if found is not None
        ],
    }


def _by(ensemble: Ensemble, name: str, days: float) -> dict[str, Any]:
    p = ensemble.probability(name, by=days)
    return {
        **_when(ensemble, days),
        "probability": p.value,
        "monte_carlo95": [p.low, p.high],
        "inputs80": _band(ensemble, name, days),
    }


def _when(ensemble: Ensemble, days: float) -> dict[str, Any]:
    return {"days": days, "time": iso(ensemble.date(days))}


def _band(ensemble: Ensemble, name: str, by: float | None = None) -> list[float] | None:
    band = ensemble.inputs80(name, by)
    return None if band is None else list(band)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
