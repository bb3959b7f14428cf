"""What a terminal can show, and headings and tables as it shows them.

Texts, numbers and dates are those of :mod:`sim.shown`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from sim.shown import (
    NO_BREAK,
    band,
    column,
    counted,
    date,
    day_of,
    days,
    decimals_for,
    fitted,
    given_the_model,
    interval,
    is_within_a_year,
    month_of,
    percent,
    span,
    width,
    wrapped,
)

__all__ = [
    "NO_BREAK",
    "Look",
    "band",
    "column",
    "counted",
    "date",
    "day_of",
    "days",
    "decimals_for",
    "fitted",
    "fitting_table",
    "given_the_model",
    "headed",
    "interval",
    "is_terminal",
    "is_within_a_year",
    "month_of",
    "percent",
    "span",
    "table",
    "whole",
    "width",
    "with_label",
    "wrapped",
]

WIDTH = 80
NARROWEST = 40
#: Columns that a label has: a table without room for so many loses its last column, but one of two.
_LABEL, _LEAST_LABEL = 12, 8
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


def with_label(label: str, row: list[str], columns: int) -> list[list[str]]:
    """Return a row of a table that begins with a label, which may take two lines."""
    if width(label) <= columns:
        return [[label, *row]]
    first, *more = wrapped(label, columns - 2)
    rest = "  " + fitted(" ".join(more), columns - 2)
    return [[first, *row], [rest, *([""] * len(row))]]


def fitting_table(rows: Sequence[list[str]], align: str, look: Look) -> list[str]:
    """Return a table, indented, its head dim, without columns that are empty or have no room.

    The first column has labels, which give way first.
    """
    used = [j for j in range(len(align)) if any(row[j] for row in rows[1:])]
    rows = [[row[j] for j in used] for row in rows]
    while (room := _room(rows, look)) < _LABEL and len(used) > 2:
        rows, used = [row[:-1] for row in rows], used[:-1]
    room = max(_LEAST_LABEL, room)
    rows = [line for label, *row in rows for line in with_label(label, row, room)]
    head, *body = table(rows, "".join(align[j] for j in used))
    return [look.styled(f"  {head}", "dim"), *(f"  {line}" for line in body)]


def _room(rows: Sequence[list[str]], look: Look) -> int:
    """Return the columns that are left for the first column of a table."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return look.width - 2 - sum(2 + width for width in widths[1:])


def whole(said: str) -> str:
    """Return a sentence in which no number is parted from its sign of percent."""
    return said.replace(" %", f"{NO_BREAK}%")


def _padded(cell: str, columns: int, side: str) -> str:
    blank = " " * (columns - width(cell))
    return blank + cell if side == "r" else cell + blank
