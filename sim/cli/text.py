"""What a terminal can show, and dates, numbers and tables as it shows them."""

from __future__ import annotations

import math
import os
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from sim.ensemble.dates import to_the_minute

#: A blank at which no line breaks; shown as a plain one.
NO_BREAK = "\u00a0"
WIDTH = 80
NARROWEST = 40
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STYLES = {"bold": "1", "dim": "2", "red": "1;31", "yellow": "1;33", "blue": "1;34"}


@dataclass(frozen=True)
class Look:
    """How to write for a stream: its width, whether in Unicode blocks, whether in colours.

    What is no terminal gets 80 columns without colours, so that a file has the same bytes always.
    """

    width: int = WIDTH
    blocks: bool = True
    colours: bool = False

    @classmethod
    def of(cls, stream: TextIO | None) -> Look:
        """Return the look that suits a stream."""
        on_terminal = is_terminal(stream)
        columns = shutil.get_terminal_size((WIDTH, 24)).columns if on_terminal else WIDTH
        return cls(
            width=max(NARROWEST, min(WIDTH, columns)),
            blocks=_draws_blocks(stream),
            colours=on_terminal and not os.environ.get("NO_COLOR"),
        )

    def styled(self, text: str, style: str) -> str:
        """Return a text in bold, dim, red, ..., if the stream has colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colours and text else text


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal that can move its cursor and has colours.

    None stands for a stream that was closed when the process started.
    """
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _draws_blocks(stream: TextIO | None) -> bool:
    """Return whether the encoding has the characters and nothing says that the terminal lacks them.

    Python takes the C locale for UTF-8 (PEP 540); who asks for it with LC_ALL wants ASCII.
    """
    if os.environ.get("TERM") in ("dumb", "linux") or os.environ.get("LC_ALL") in ("C", "POSIX"):
        return False
    try:
        "▁▂▃▄▅▆▇█│└─┴→".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def date(at: datetime | None, *, is_short: bool = False) -> str:
    """Return ``Mon 9 Dec 2024 18:00 +03:00``, or ``9 Dec 18:00``, whatever the locale.

    Empty for None.
    """
    if at is None:
        return ""
    at = to_the_minute(at)
    if is_short:
        return f"{day_of(at)} {at:%H:%M}"
    zone = at.isoformat()[-6:] if at.utcoffset() else "UTC"
    return f"{_DAYS[at.weekday()]} {day_of(at)} {at.year} {at:%H:%M} {zone}"


def day_of(at: datetime) -> str:
    """Return ``9 Dec``."""
    return f"{at.day} {_MONTHS[at.month - 1]}"


def month_of(at: datetime) -> str:
    """Return ``Dec 2024``."""
    return f"{_MONTHS[at.month - 1]} {at.year}"


def percent(p: float, decimals: int = 1) -> str:
    """Return a probability as a percentage; the far ends carry no decimals that mean nothing."""
    if math.isnan(p):
        return "-"
    if p < 0.01:
        return "< 1 %"
    if p > 0.99:
        return "> 99 %"
    return f"{100 * p:.{decimals}f} %"


def given_the_model(p: float, decimals: int = 0) -> str:
    """Return a probability for a sentence: near 0 and 1 it is the model's word above all."""
    return percent(p, decimals) + (", given the model" if p < 0.01 or p > 0.99 else "")


def interval(low: float, high: float) -> str:
    """Return an interval of percentages."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def days(value: float, decimals: int = 2) -> str:
    """Return a number of days, with what decimals it needs."""
    shown = f"{value:.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def span(value: float) -> str:
    """Return a length of time given in days: ``14 days``; below a day ``6 hours``."""
    unit, n = ("day", value) if value >= 1.0 else ("hour", 24.0 * value)
    shown = days(n, decimals_for(n))
    return f"{shown} {unit}{'' if shown == '1' else 's'}"


def column(values: Sequence[float], decimals: int) -> list[str]:
    """Return numbers with as many decimals as the one that needs most of them."""
    most = max((len(days(v, decimals).partition(".")[2]) for v in values), default=0)
    return [f"{v:.{most}f}" for v in values]


def decimals_for(span: float) -> int:
    """Return how many decimals tell days within a span apart, to 0.4 % of it at the least."""
    usual = 2 if span <= 100.0 else 1 if span <= 1_000.0 else 0
    return max(usual, math.ceil(-math.log10(span / 250.0))) if span > 0.0 else usual


def counted(n: int, what: str) -> str:
    """Return ``1 outcome``, ``2 outcomes``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def width(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fitted(text: str, columns: int) -> str:
    """Return a text cut to so many columns, with dots where something is missing."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 3:
        text = text[:-1]
    return text.rstrip() + "..."


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """Return a text as lines of so many columns at most, broken between words where it can be."""
    lines: list[str] = []
    room = max(2, columns - len(indent))
    for word in text.split(" "):
        if not word:
            continue
        if lines and width(lines[-1]) + 1 + width(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, room)
    return [indent + line.replace(NO_BREAK, " ") for line in lines]


def _pieces(word: str, columns: int) -> list[str]:
    """Return a word cut where it must be: some scripts have no blanks."""
    pieces = [""]
    for character in word:
        if width(pieces[-1]) + width(character) > columns:
            pieces.append("")
        pieces[-1] += character
    return pieces


def headed(title: str, right: str, look: Look) -> list[str]:
    """Return a title in bold with a smaller text at the right, or below it where it is long."""
    gap = look.width - width(title) - width(right)
    if gap >= 2:
        return [look.styled(title, "bold") + " " * gap + right]
    lines = [look.styled(line, "bold") for line in wrapped(title, look.width)]
    return [*lines, *wrapped(right, look.width)]


def table(rows: Sequence[Sequence[str]], align: str) -> list[str]:
    """Return rows as lines, columns aligned by ``l`` and ``r``."""
    widths = [max(width(row[j]) for row in rows) for j in range(len(align))]
    return [
        "  ".join(
            _padded(cell, columns, side)
            for cell, columns, side in zip(row, widths, align, strict=True)
        ).rstrip()
        for row in rows
    ]


def _padded(cell: str, columns: int, side: str) -> str:
    blank = " " * (columns - width(cell))
    return blank + cell if side == "r" else cell + blank
