"""Who controls what over time: a row for each place, its height shared by who may hold it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.holders import Held, Look, key, key_height, looks, places_held, shares_table
from sim.report.page import BELOW, Drawing, Page, and_stopped, captioned_time_axis, moment
from sim.shown import counted, percent, span

#: More rows than this make no picture.
MOST = 40
_ROW, _FILLED = 0.3, 0.82
_LEFT, _RIGHT = 1.65, 2.5
_FOOT = (
    "Each row is 100 % high, shared by the probability that each holds the place; at the right who "
    "most likely holds it at the end. Sampled at the watch points. No intervals are drawn."
)


def control(ensemble: Ensemble) -> Drawing | None:
    """Draw who holds each place over time; None if no place changes hands, or none is watched."""
    known = places_held(ensemble)
    rows = [held for held in known if not held.is_certain]
    if not rows:
        return None
    shown, facts = rows[:MOST], ensemble.facts
    looked = looks(ensemble, shown)
    title = "Who controls what"
    said = f"Over {span(facts.horizon)}, from {moment(facts, 0.0)} to {_end(ensemble)}."
    page = Page(
        ensemble, title, said, _left_out(known, rows) + _FOOT,
        len(shown) * _ROW + BELOW + key_height(list(looked.values())) + 0.05,
    )  # fmt: skip
    key(page, list(looked.values()), 0.25, page.top, lettered=False)
    top = page.top - key_height(list(looked.values())) - 0.05
    width = style.WIDTH - _LEFT - _RIGHT
    axes = page.axes(_LEFT, top - len(shown) * _ROW, width, len(shown) * _ROW)
    axes.set_ylim(len(shown), 0.0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    for k, held in enumerate(shown):
        _row(axes, ensemble, held, looked, k)
        _words(page, held, looked, top - (k + 0.5) * _ROW, width)
    captioned_time_axis(axes, facts, width)
    alt = f"{title}: {len(shown)} places over time. By {_end(ensemble)}: "
    alt += "; ".join(_told(held, looked) for held in shown) + "."
    table = shares_table(ensemble, shown, ensemble.legend.grid)
    return Drawing("control", title, alt + and_stopped(ensemble), page.figure, table)


def _end(ensemble: Ensemble) -> str:
    return moment(ensemble.facts, ensemble.legend.grid[-1])


def _left_out(known: list[Held], rows: list[Held]) -> str:
    """Say what is not drawn."""
    certain, more = len(known) - len(rows), len(rows) - MOST
    said = f"Not shown: {counted(more, 'more place')}. " if more > 0 else ""
    said += f"{counted(certain, 'place')} in the same hands throughout. " if certain else ""
    return said


def _row(axes: Axes, ensemble: Ensemble, held: Held, looked: dict[str, Look], k: int) -> None:
    """Draw the shares of one place, the first faction at the bottom of its row."""
    days = np.array(ensemble.legend.grid)
    below = np.full(len(days), k + (1.0 + _FILLED) / 2.0)
    for holder, look in looked.items():
        if holder in held.curves:
            above = below - _FILLED * held.curves[holder]
            axes.fill_between(
                days, below, above, linewidth=0.6, hatch=look.hatch, facecolor=look.face,
                edgecolor=look.colour, label=f"{held.spot.name} {holder}",
            )  # fmt: skip
            below = above


def _words(page: Page, held: Held, looked: dict[str, Look], y: float, width: float) -> None:
    """Write the name of a place at the left, and who most likely holds it in the end."""
    name = style.lines(held.label, _LEFT - 0.4, style.SMALL, most=1)
    page.text(_LEFT - 0.1, y, "".join(name), style.SMALL, ha="right", va="center")
    holder, p = next(iter(held.at(-1).items()))
    x = _LEFT + width + 0.08
    page.text(x, y, percent(p, 0), style.SMALL, va="center", weight="bold")
    label = style.lines(looked[holder].label, _RIGHT - 0.85, style.SMALL, most=1)
    page.text(x + 0.58, y, "".join(label), style.SMALL, va="center")


def _told(held: Held, looked: dict[str, Look]) -> str:
    """Say who holds a place in the end."""
    shares = [f"{looked[holder].label} {percent(p, 0)}" for holder, p in held.at(-1).items()]
    return f"{held.label}: {', '.join(shares)}"
