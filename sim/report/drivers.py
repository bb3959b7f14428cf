"""What an outcome hangs on: its probability at either end of each input, as a tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes

from sim.ensemble.driven import Driven, Driver
from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.page import (
    BELOW,
    Drawing,
    Page,
    Table,
    and_stopped,
    label_of,
    moment,
    quoted,
    top_for,
)
from sim.shown import fitted, percent

_LEFT, _RIGHT = 3.0, 1.65
_ROW, _ABOVE = 0.36, 0.3
#: How thick a bar is, in points.
_BAR = 13.0
_HEAD = (
    "outcome", "day", "input", "index", "index95_low", "index95_high", "label_or_from",
    "probability",
)  # fmt: skip
_FOOT = (
    "Full dot: where the input is highest, or the likeliest of labels; open dot: where it is "
    "lowest; small ones: the fifths between. Line: over all inputs. Index: what share of the "
    "variance of the probability over the inputs would go, on average, if that input alone were "
    "known, with its 95 % interval."
)


def tornado(ensemble: Ensemble, name: str, driven: Driven) -> Drawing:
    """Draw the probability by fifths or labels of each driver of an outcome, the largest on top."""
    label, facts = label_of(ensemble, name), ensemble.facts
    rows = driven.drivers
    by = moment(facts, driven.days)
    said = style.written(driven.said(by))
    page = Page(ensemble, label, said, _FOOT, _ABOVE + _ROW * len(rows) + BELOW)
    width, bottom = style.WIDTH - _LEFT - _RIGHT, page.bottom + BELOW
    height = page.top - bottom - _ABOVE
    axes = page.axes(_LEFT, bottom, width, height)
    top = top_for(max(p for row in rows for _, p in row.given))
    _probability_axis(axes, top, by)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.axvline(
        driven.probability, color=style.BLACK, linewidth=0.9, zorder=2.5, label="all inputs"
    )
    page.text(_LEFT + width + 0.2, page.top - 0.1, "index", style.SMALL, color=style.GREY, va="top")
    _bars(axes, rows)
    for k, row in enumerate(rows):
        _beside(page, row, bottom + height * (1.0 - (k + 0.5) / len(rows)), _LEFT + width)
    alt = f"What {quoted(ensemble, name)} hangs on by {by}, {percent(driven.probability)} over all "
    alt += f"inputs. {' '.join(map(_alt, rows))}"
    alt, table = alt + and_stopped(ensemble), Table(_HEAD, tuple(_rows(name, driven)))
    return Drawing(f"drivers_{name}", f"Drivers: {label}", alt, page.figure, table)


def _rows(name: str, driven: Driven) -> Iterator[tuple[Any, ...]]:
    """Yield what is drawn, a row for each dot."""
    for row in driven.drivers:
        for start, p in row.given:
            yield (name, driven.days, row.input.name, row.index, *row.interval95, start, p)


def _probability_axis(axes: Axes, top: float, by: str) -> None:
    axes.set_xlim(0.0, top)
    places = [top * k / 4 for k in range(5)]
    axes.set_xticks(places, [f"{100 * p:g} %" for p in places])
    caption = f"probability by {by}"
    axes.set_xlabel(caption, fontsize=style.SMALL, color=style.GREY, labelpad=2)


def _bars(axes: Axes, rows: Sequence[Driver]) -> None:
    """Draw bars over all that inputs make of the probability, and dots on them."""
    given = [[p for _, p in row.given] for row in rows]
    lows, highs = [min(ps) for ps in given], [max(ps) for ps in given]
    axes.hlines(
        range(len(rows)), lows, highs, linewidth=_BAR, color=style.tint(style.BLUE, style.NARROW)
    )
    dots = {
        "between": ([(p, k) for k, ps in enumerate(given) for p in ps[1:-1]], style.BLUE, 2.0),
        "lowest": ([(ps[0], k) for k, ps in enumerate(given)], "white", 6.0),
        "highest": ([(ps[-1], k) for k, ps in enumerate(given)], style.BLUE, 6.0),
    }
    for label, (places, face, size) in dots.items():
        axes.plot(
            [p for p, _ in places], [k for _, k in places], "o", color=style.BLUE,
            markerfacecolor=face, markersize=size, zorder=3, clip_on=False, label=label,
        )  # fmt: skip


def _beside(page: Page, row: Driver, y: float, right: float) -> None:
    """Write an input's name to the left of its bar, and its index to the right."""
    name = style.lines(style.written(row.input.name), _LEFT - 0.4, style.SMALL, most=1)[0]
    page.text(_LEFT - 0.12, y, name, style.SMALL, ha="right", va="center")
    low, high = row.interval95
    page.text(right + 0.2, y, f"{row.index:.2f}", style.SMALL, weight="bold", va="center")
    page.text(
        right + 0.6, y, f"{low:.2f} to {high:.2f}", style.SMALL, color=style.GREY, va="center"
    )


def _alt(row: Driver) -> str:
    name = fitted(style.written(row.input.name), 100)
    return f"{name}, index {row.index:.2f}: {style.written(row.said())}."
