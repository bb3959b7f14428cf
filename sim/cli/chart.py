"""A curve drawn in a terminal, with Unicode blocks or in plain ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

EIGHTHS = " ▁▂▃▄▅▆▇█"


class Pen(NamedTuple):
    """The characters to draw with; ``levels`` go from empty to full."""

    levels: str
    axis: str
    corner: str
    line: str
    tick: str


BLOCKS = Pen(EIGHTHS, "│", "└", "─", "┬")
ASCII = Pen(" .:#", "|", "+", "-", "+")


def curve(
    values: Sequence[float], ticks: Sequence[tuple[int, str]], pen: Pen, height: int = 8
) -> list[str]:
    """Return the lines of a chart of probabilities, one column a value.

    Parameters
    ----------
    values : n_columns probabilities
    ticks : (column, text) along the bottom
    height : lines
    """
    lines = []
    for row in range(height, 0, -1):
        label = f"{100 * row // height:>4} % " if row % (height // 2) == 0 else " " * 7
        lines.append(label + pen.axis + "".join(_cell(p * height - (row - 1), pen) for p in values))
    at_ticks = {column for column, _ in ticks}
    base = "".join(pen.tick if j in at_ticks else pen.line for j in range(len(values)))
    lines.append("   0 % " + pen.corner + base)
    lines.append(_labels(ticks, offset=8))
    return [line.rstrip() for line in lines]


def spark(values: Sequence[float], pen: Pen) -> str:
    """Return a chart of one line."""
    return "".join(_cell(p, pen) for p in values)


def _cell(filled: float, pen: Pen) -> str:
    """Return the character for a cell filled so far, 0 to 1 and beyond."""
    top = len(pen.levels) - 1
    level = min(top, max(0, round(filled * top)))
    return pen.levels[level]


def _labels(ticks: Sequence[tuple[int, str]], offset: int) -> str:
    line = ""
    for column, text in ticks:
        start = max(0, offset + column - len(text) // 2)
        if start >= len(line) + (1 if line else 0):
            line = line.ljust(start) + text
    return line
