"""Areas on top of each other, each with a hatch, a name beside it, and a line from one to other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.analysis.first_passage import Floats
from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.page import Page, Table, spread
from sim.shown import counted, iso, percent

#: As many as can be told apart; what is left over is added up.
MOST = len(style.HATCHES)


@dataclass(frozen=True)
class Layer:
    """One area: how high it is at each time, and how it is drawn."""

    name: str
    heights: Floats
    colour: str
    hatch: str


def layers(curves: Mapping[str, Floats], what: str) -> list[Layer]:
    """Return the first few curves as layers, and the others as one: ``3 other causes``."""
    found = [
        Layer(style.written(name), heights, style.COLOURS[k % len(style.COLOURS)], style.HATCHES[k])
        for k, (name, heights) in enumerate(curves.items())
        if k < MOST
    ]
    rest = list(curves.values())[MOST:]
    if rest:
        name = counted(len(rest), f"other {what}")
        found.append(Layer(name, np.sum(rest, axis=0), style.GREY, ""))
    return found


def areas(
    axes: Axes, days: Floats, stack: list[Layer], step: Literal["pre", "post", "mid"] | None
) -> None:
    """Draw layers from the axis upward, the first at the bottom."""
    below = np.zeros(len(days))
    for layer in stack:
        axes.fill_between(
            days, below, below + layer.heights, step=step, linewidth=0.8, hatch=layer.hatch,
            facecolor=style.tint(layer.colour, style.AREA), edgecolor=layer.colour,
        )  # fmt: skip
        below = below + layer.heights


def heights(stack: Sequence[Layer], days: Floats, ensemble: Ensemble, what: str) -> Table:
    """Return how high each area is at each time, as a table."""
    rows = tuple(
        (layer.name, day, iso(ensemble.date(day)), p)
        for layer in stack
        for day, p in zip(days.tolist(), layer.heights.tolist(), strict=True)
    )
    return Table((what, "day", "time", "probability"), rows)


def beside(
    page: Page, stack: list[Layer], top: float, place: tuple[float, float, float], room: float,
    size: float = style.TEXT,
) -> None:  # fmt: skip
    """Write names and last heights at the right of the areas, with a sample of each.

    ``place`` is the lower right corner of the axes and their height, ``room`` what is left for
    words, in inches; ``top`` is where the axis ends.
    """
    x, bottom, height = place
    ends = np.cumsum([0.0, *(layer.heights[-1] for layer in stack)])
    middles = [bottom + height * (a + b) / 2.0 / top for a, b in pairwise(ends)]
    gap = min(0.2, height / max(1, len(stack)))
    for layer, middle, y in zip(
        stack, middles, spread_up(middles, gap, bottom, height), strict=True
    ):
        page.line([(x + 0.04, middle), (x + 0.16, middle), (x + 0.26, y)], layer.colour)
        page.figure.add_artist(
            Rectangle(
                ((x + 0.28) / style.WIDTH, (y - 0.06) / page.height),
                0.2 / style.WIDTH, 0.12 / page.height, linewidth=0.8, hatch=layer.hatch,
                facecolor=style.tint(layer.colour, style.AREA), edgecolor=layer.colour,
            )
        )  # fmt: skip
        # Two texts: in one, a name that is written from the right would push its figure away.
        page.text(x + 0.55, y, percent(float(layer.heights[-1])), size, va="center")
        name = x + 0.55 + 0.058 * size
        lines = style.lines(layer.name, x + room - name, size, most=1)
        page.text(name, y, "".join(lines), size, va="center")


def spread_up(middles: list[float], gap: float, bottom: float, height: float) -> list[float]:
    """Return heights of labels of layers, which lie in the order of the layers."""
    return spread(middles, gap, bottom + gap / 2.0, bottom + height)
