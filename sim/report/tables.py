"""Tables for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from sim.ensemble.model import Ensemble
from sim.shown import safe
from sim.studies.summary import summary

HEAD = (
    "outcome", "label", "day", "time", "probability",
    "monte_carlo95_low", "monte_carlo95_high", "inputs80_low", "inputs80_high",
)  # fmt: skip
CONTROL_HEAD = (
    "place", "label", "holder", "holder_label", "day", "time", "watched_day", "probability",
    "monte_carlo95_low", "monte_carlo95_high",
)  # fmt: skip
#: With these a spreadsheet begins a formula.
_FORMULA = ("=", "+", "-", "@")


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
