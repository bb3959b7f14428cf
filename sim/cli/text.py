"""Dates, numbers and tables as a terminal shows them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from datetime import datetime

WIDTH = 80
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def date(at: datetime | None) -> str:
    """Return ``Mon  9 Dec 2024 18:00 +03:00``, whatever the locale; empty for None."""
    if at is None:
        return ""
    # Rounded to the minute: a double of days is not a whole number of seconds.
    zone = at.isoformat()[-6:] if at.utcoffset() else "UTC"
    day = f"{_DAYS[at.weekday()]} {at.day:>2} {_MONTHS[at.month - 1]} {at.year}"
    return f"{day} {at:%H:%M} {zone}"


def short_date(at: datetime | None) -> str:
    """Return ``9 Dec 18:00``; empty for None."""
    return "" if at is None else f"{at.day} {_MONTHS[at.month - 1]} {at:%H:%M}"


def percent(p: float) -> str:
    """Return a probability as a percentage; the far ends carry no decimals that mean nothing."""
    if math.isnan(p):
        return "-"
    if p < 0.01:
        return "< 1 %"
    if p > 0.99:
        return "> 99 %"
    return f"{100 * p:.1f} %"


def percent_in_words(p: float) -> str:
    """Return a probability for a sentence: at the far ends it depends on the model above all."""
    return percent(p) + (", given the model" if p < 0.01 or p > 0.99 else "")


def interval(low: float, high: float) -> str:
    """Return an interval of percentages."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def days(value: float) -> str:
    """Return a number of days, with what decimals it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def table(rows: Sequence[Sequence[str]], align: str) -> list[str]:
    """Return rows as lines, columns aligned by ``l`` and ``r``."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(align))]
    return [
        "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, align, strict=True)
        ).rstrip()
        for row in rows
    ]


def can_draw_blocks() -> bool:
    """Return whether standard output can show Unicode blocks."""
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        "▁▂▃▄▅▆▇█│└─┬".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
