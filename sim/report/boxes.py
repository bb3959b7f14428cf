"""Boxes of inputs: what each allows of its inputs' draws, and the trajectory that led there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matplotlib.axes import Axes

from sim.report import style
from sim.report.page import BELOW, Drawing, Page, Table, panel_title, percent_axis, quoted, top_for
from sim.shown import interval, moment, percent
from sim.studies.discovered import Discovery, FoundBox, Restriction

_LEFT, _BARS, _GAP, _RIGHT = 0.3, 3.6, 0.95, 0.3
#: Of one input, and of the trajectory at the least.
_ROW, _TRAJECTORY, _TITLE = 0.52, 2.3, 0.3
_HEAD = ("what", "input", "draws_from", "draws_to", "coverage", "density")
_FOOT = (
    "Left: the part of each input's draws, from the lowest to the highest, that the box allows. "
    "Right: boxes as they were peeled from all replications (at the right) to the fewest. All "
    "figures are of replications that no box was found in; 95 % is about their number only."
)


def drawings(found: Discovery) -> Iterator[Drawing]:
    """Yield a picture of each box."""
    for number in range(len(found.boxes)):
        yield drawing(found, number)


def drawing(found: Discovery, number: int) -> Drawing:
    """Draw a box."""
    box, ensemble = found.boxes[number], found.ensemble
    n_rows = len(box.restrictions)
    height = max(_ROW * n_rows, _TRAJECTORY) + _TITLE + BELOW
    title, said = _title(found), _said(box)
    page = Page(ensemble, title, said, _FOOT, height)
    top, bottom = page.top - _TITLE, page.bottom + BELOW
    bars = page.axes(_LEFT, top - _ROW * n_rows, _BARS, _ROW * n_rows)
    _bars(bars, box)
    left = _LEFT + _BARS + _GAP
    path = page.axes(left, bottom, style.WIDTH - left - _RIGHT, top - bottom)
    _trajectory(path, box)
    alt, table = f"{title}. {said} {_told(box)}", Table(_HEAD, tuple(_rows(box)))
    return Drawing(f"box_{number + 1}", title, alt, page.figure, table)


def _rows(box: FoundBox) -> Iterator[tuple[Any, ...]]:
    """Yield what is drawn: a row for each part of a bar, and for each box of the trajectory."""
    for one in box.restrictions:
        for start, end in _allowed(one):
            yield ("allowed", one.input, start, end, None, None)
    for of in (step.shares for step in box.trajectory if step.shares.replications):
        yield ("peeled", None, None, None, of.coverage, of.density)
    yield ("the box", None, None, None, box.shares.coverage, box.shares.density)


def _title(found: Discovery) -> str:
    when = moment(found.time, found.days, found.ensemble.facts.horizon)
    label = quoted(found.ensemble, found.outcome)
    return f"Where {label} has {'not ' if found.holds else ''}come by {when}"


def _said(box: FoundBox) -> str:
    of = box.shares
    known = interval(*of.density95)
    return (
        f"In {percent(of.mass)} of the replications: {percent(of.density)} (Monte Carlo 95 %: "
        f"{known}) instead of {percent(box.among.density)}; {percent(of.coverage)} of all cases."
    )


def _told(box: FoundBox) -> str:
    """Say what the bars show."""
    return "; ".join(f"{_of(one)}" for one in box.restrictions) + "."


def _of(one: Restriction) -> str:
    return f"{style.written(one.input)} is {style.written(one.said)}"


def _bars(axes: Axes, box: FoundBox) -> None:
    """Draw what is allowed of each input, the first at the top."""
    n = len(box.restrictions)
    panel_title(axes, "What the box allows", _BARS)
    for k, one in enumerate(box.restrictions):
        y = n - 1 - k + 0.24
        axes.barh(y, 1.0, height=0.3, facecolor="white", edgecolor=style.GREY, linewidth=0.8)
        for start, end in _allowed(one):
            axes.barh(y, end - start, left=start, height=0.3, facecolor=style.BLUE)
        line = style.lines(_of(one), _BARS, style.SMALL, most=1)[0]
        axes.text(0.0, y + 0.22, line, fontsize=style.SMALL, va="bottom", parse_math=False)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, n)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("of its draws", fontsize=style.SMALL, color=style.GREY, labelpad=2)


def _allowed(one: Restriction) -> Iterator[tuple[float, float]]:
    """Yield the parts of an input's draws that are allowed; labels stand beside each other."""
    if not one.shares:
        yield one.quantiles
        return
    start = 0.0
    for label, share in one.shares.items():
        if label in one.labels:
            yield start, start + share
        start += share


def _trajectory(axes: Axes, box: FoundBox) -> None:
    """Draw density against coverage, and where the box stands."""
    steps = [step.shares for step in box.trajectory if step.shares.replications]
    coverage, density = [s.coverage for s in steps], [s.density for s in steps]
    panel_title(axes, "Peeling trajectory", style.WIDTH - _LEFT - _BARS - _GAP - _RIGHT)
    axes.plot(
        coverage, density, color=style.GREY, linewidth=1.0, marker="o", markersize=2.5,
        label="peeled",
    )  # fmt: skip
    of = box.shares
    axes.plot(
        [of.coverage], [of.density], color=style.VERMILLION, marker="D", markersize=7,
        linestyle="", label="the box",
    )  # fmt: skip
    top = top_for(max([*density, of.density]))
    axes.axhline(box.among.density, color=style.BLACK, linewidth=0.9, linestyle=style.DASHES[1])
    axes.annotate(
        "all that it was looked for in", (0.0, box.among.density), xytext=(3, -4),
        textcoords="offset points", fontsize=style.SMALL, va="top",
    )  # fmt: skip
    percent_axis(axes, top)
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel("coverage: share of all cases", fontsize=style.SMALL, color=style.GREY)
    axes.set_ylabel("density: share of cases", fontsize=style.SMALL, color=style.GREY, labelpad=2)
    axes.legend(loc="upper right", fontsize=style.SMALL, frameon=False)
