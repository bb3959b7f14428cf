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
