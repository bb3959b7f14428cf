"""Tables for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from sim.ensemble.model import Ensemble
from sim.ensemble.table import Coded
from sim.shown import safe
from sim.studies.summary import summary
from sim.studies.swept import Sweep

HEAD = (
    "outcome", "label", "day", "time", "probability",
    "monte_carlo95_low", "monte_carlo95_high", "inputs80_low", "inputs80_high",
)  # fmt: skip
INDICES_HEAD = (
    "outcome", "input", "index", "index95_low", "index95_high", "total", "total95_low",
    "total95_high", "mu", "mu_star", "mu_star95_low", "mu_star95_high", "sigma", "noise",
)  # fmt: skip
CONTROL_HEAD = (
    "place", "label", "holder", "holder_label", "day", "time", "watched_day", "probability",
    "monte_carlo95_low", "monte_carlo95_high",
)  # fmt: skip
#: With these a spreadsheet begins a formula.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def forecast_csv(ensemble: Ensemble, at: Sequence[float] | None = None) -> str:
    """Return probabilities by date as CSV (RFC 4180), a row for each outcome and report time.

    Times are in days since the start and in ISO 8601; ``at`` replaces the report times.
    """
    rows: list[list[Any]] = []
    for name, outcome in summary(ensemble, at)["outcomes"].items():
        for by in outcome["by"]:
            band = by["inputs80"] or (None, None)
            chance = [by["probability"], *by["monte_carlo95"], *band]
            rows.append([name, outcome["label"], by["days"], by["time"], *chance])
    return as_csv(HEAD, rows)


def indices_csv(sweep: Sweep) -> str:
    """Return what every input does to every outcome as CSV; empty where a method says nothing."""
    rows: list[list[Any]] = []
    for outcome, found in sweep.outcomes.items():
        for one in found:
            ends = [end or (None, None) for end in (one.interval95, one.total95, one.mu_star95)]
            figures = [one.index, *ends[0], one.total, *ends[1], one.mu, one.mu_star, *ends[2]]
            rows.append([outcome, one.input, *map(_finite, figures), one.sigma, one.noise])
    return as_csv(INDICES_HEAD, rows)


def points_csv(sweep: Sweep) -> str:
    """Return the points of a sweep as CSV, with the columns of ``points.parquet``."""
    columns = {
        name: (column.named() if isinstance(column, Coded) else column).tolist()
        for name, column in sweep.table.items()
    }
    rows = zip(*columns.values(), strict=True)
    return as_csv([str(_cell(name)) for name in columns], rows)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def control_csv(ensemble: Ensemble, at: Sequence[float] | None = None) -> str:
    """Return who holds each place as CSV, a row for each place, faction and report time.

    ``watched_day`` is the watch point that the figure is of, the last before the report time.
    """
    rows: list[list[Any]] = []
    label = ensemble.facts.geography.label
    for place, told in summary(ensemble, at)["control"].items():
        for by in told["by"]:
            when = [by["days"], by["time"], by["watched_days"]]
            for holder, found in by["holders"].items():
                chance = [found["probability"], *found["monte_carlo95"]]
                rows.append([place, told["label"], holder, label(holder), *when, *chance])
    return as_csv(CONTROL_HEAD, rows)


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV; a text is data: no spreadsheet takes it for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = safe(value)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
