"""An ensemble as the one JSON object that commands print and results keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sim.analysis.words import words
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.driven import Driver
from sim.ensemble.model import Ensemble
from sim.shown import to_the_minute

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
    p, date = ensemble.probability(name, by=days), ensemble.date(days)
    return {
        "days": days,
        "time": to_the_minute(date).isoformat(timespec="minutes") if date else None,
        "probability": p.value,
        "monte_carlo95": [p.low, p.high],
        "inputs80": _band(ensemble, name, days),
    }


def _band(ensemble: Ensemble, name: str, by: float | None = None) -> list[float] | None:
    band = ensemble.inputs80(name, by)
    return None if band is None else list(band)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
