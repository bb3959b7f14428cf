"""Scenarios side by side: their arrival curves over each other, and the differences below."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from sim.analysis.first_passage import FirstPassageCdf, Floats
from sim.analysis.paired import paired_cdf
from sim.ensemble.model import Ensemble, Facts
from sim.report import arrivals, style
from sim.report.page import (
    BELOW,
    Drawing,
    Page,
    Table,
    captioned_time_axis,
    cut,
    label_of,
    percent_axis,
    quoted,
    spread,
    time_axis,
    top_for,
)
from sim.shown import counted, in_points, iso, moment, percent, points
from sim.studies.comparison import Comparison, Difference

#: More outcomes than these get no pictures, more scenarios beside the baseline no curves.
MOST = arrivals.MOST
_SCENARIOS = 4
#: Curves are drawn through at most so many points.
_POINTS = 400
_LEFT, _RIGHT = 0.85, 2.05
_CURVES, _APART, _GAP = 2.5, 1.6, 0.45
_HEIGHT = _CURVES + _GAP + _APART
_HEAD = (
    "scenario", "outcome", "day", "time", "probability", "monte_carlo95_low", "monte_carlo95_high",
    "difference", "difference95_low", "difference95_high",
)  # fmt: skip
#: Round steps of an axis of differences, and how many of them it has at the most.
_STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
_MARKS = 5
_FOOT = (
    "Above: arrival curves, each with its 95 % at each time by itself. Below: difference to the "
    "baseline in points of a hundred, with the 95 % of Tango's interval for pairs at each time by "
    "itself. All of it is about the number of replications only, not about the models."
)


@dataclass(frozen=True)
class _Curve:
    """One scenario as it is drawn."""

    name: str
    ensemble: Ensemble
    colour: str
    dash: style.Dash


def drawings(comparison: Comparison) -> Iterator[Drawing]:
    """Yield a picture of the first outcome, and of each other in which a difference is seen."""
    shown = [
        outcome
        for k, (outcome, of) in enumerate(comparison.differences.items())
        if k == 0 or any(one.largest.is_seen for one in of.values())
    ]
    for outcome in shown[:MOST]:
        yield difference(comparison, outcome)


def difference(comparison: Comparison, outcome: str) -> Drawing:
    """Draw the arrival curves of an outcome in all scenarios, and their differences."""
    curves = _curves(comparison, outcome)
    base, horizon = curves[0].ensemble, comparison.horizon_days
    facts = _facts(comparison)
    grid = _grid(curves, outcome, horizon)
    label, of = label_of(base, outcome), comparison.differences[outcome]
    top = top_for(max(float(c.ensemble.cdf(outcome, grid).high[-1]) for c in curves))
    foot = cut(top) + _FOOT
    left_out = len(of) + 1 - len(curves)
    if left_out:
        foot = f"Not drawn: {counted(left_out, 'scenario')} that differ less. {foot}"
    page = Page(base, label, _said(comparison, of), foot, _HEIGHT + BELOW)
    width, bottom = style.WIDTH - _LEFT - _RIGHT, page.bottom + BELOW
    upper = page.axes(_LEFT, bottom + _APART + _GAP, width, page.top - bottom - _APART - _GAP)
    lower = page.axes(_LEFT, bottom, width, _APART)
    found = [curve.ensemble.cdf(outcome, grid) for curve in curves]
    for curve, one in zip(curves, found, strict=True):
        _steps(upper, curve, grid, one.cdf, one.low, one.high)
    percent_axis(upper, top)
    ends = [float(one.cdf[-1]) for one in found]
    _beside(page, upper, curves, ends, [percent(p) for p in ends])
    _differences(page, lower, curves, outcome, grid)
    time_axis(upper, facts, width)
    upper.set_xticklabels([])
    captioned_time_axis(lower, facts, width)
    rows = _rows(curves, outcome, grid, found)
    alt, table = _alt(comparison, outcome, curves), Table(_HEAD, tuple(rows))
    return Drawing(f"difference_{outcome}", label, alt, page.figure, table)


def _rows(
    curves: list[_Curve], outcome: str, grid: Floats, found: list[FirstPassageCdf]
) -> Iterator[tuple[Any, ...]]:
    """Yield what is drawn, a row for each scenario and point of its curves."""
    first = curves[0].ensemble.times(outcome)
    for curve, one in zip(curves, found, strict=True):
        apart = paired_cdf(first, curve.ensemble.times(outcome), grid)
        figures = np.stack([one.cdf, one.low, one.high, *apart], axis=1).tolist()
        for day, row in zip(grid.tolist(), figures, strict=True):
            yield (curve.name, outcome, day, iso(curve.ensemble.date(day)), *row)


def _grid(curves: list[_Curve], outcome: str, horizon: float) -> Floats:
    """Return where to look at the curves: at the points of each, thinned out where they are many.

    No step is then drawn late by more than a dot.
    """
    found = [arrivals.points(c.ensemble.times(outcome), horizon) for c in curves]
    days = np.unique(np.concatenate(found))
    kept = np.unique(np.linspace(0, len(days) - 1, min(len(days), _POINTS)).astype(np.int64))
    return days[kept]


def _facts(comparison: Comparison) -> Facts:
    """Return what the axis of time is about: dates only where all start at one time."""
    facts = [ensemble.facts for ensemble in comparison.ensembles]
    start = facts[0].start if len({one.start for one in facts}) == 1 else None
    return replace(facts[0], start=start, horizon=comparison.horizon_days)


def _curves(comparison: Comparison, outcome: str) -> list[_Curve]:
    """Return the baseline and the scenarios that differ most from it, in their order."""
    of = comparison.differences[outcome]
    most = sorted(of, key=lambda name: -abs(of[name].largest.difference))[:_SCENARIOS]
    names = [comparison.baseline, *(name for name in comparison.others if name in most)]
    ensembles = dict(
        zip((one.name for one in comparison.scenarios), comparison.ensembles, strict=True)
    )
    # The baseline in black, whatever else there is; the others as everywhere.
    colours = (style.BLACK, *style.COLOURS)
    return [
        _Curve(name, ensembles[name], colour, dash)
        for name, colour, dash in zip(names, colours, style.DASHES, strict=False)
    ]


def _steps(
    axes: Axes, curve: _Curve, grid: Floats, values: Floats, low: Floats, high: Floats
) -> None:
    """Draw steps with their band."""
    axes.fill_between(
        grid, low, high, step="post", linewidth=0.0, alpha=style.NARROW, facecolor=curve.colour
    )
    axes.plot(
        grid, values, color=curve.colour, linewidth=1.5, linestyle=curve.dash,
        drawstyle="steps-post", zorder=3, label=curve.name,
    )  # fmt: skip


def _differences(page: Page, axes: Axes, curves: list[_Curve], outcome: str, grid: Floats) -> None:
    """Draw the difference of each scenario to the baseline, on an axis of points."""
    first, lowest, highest, ends = curves[0].ensemble.times(outcome), 0.0, 0.0, []
    for curve in curves[1:]:
        apart, low, high = paired_cdf(first, curve.ensemble.times(outcome), grid)
        _steps(axes, curve, grid, apart, low, high)
        lowest, highest = min(lowest, float(low.min())), max(highest, float(high.max()))
        ends.append(float(apart[-1]))
    axes.axhline(0.0, color=style.BLACK, linewidth=0.9)
    places = _places(lowest, highest)
    axes.set_ylim(places[0], places[-1])
    axes.set_yticks(places, [f"{100 * p:+.3g}" if p else "0" for p in places])
    axes.set_ylabel("points", fontsize=style.SMALL, color=style.GREY)
    _beside(page, axes, curves[1:], ends, [points(end)[0] for end in ends])


def _places(lowest: float, highest: float) -> list[float]:
    """Return marks that are round, few, and reach from the lowest to the highest, and to 0."""
    for step in _STEPS:
        below, above = math.ceil(-lowest / step), math.ceil(highest / step)
        if below + above <= _MARKS:
            return [k * step for k in range(-below, max(above, 1) + 1)]
    return [-1.0, -0.5, 0.0, 0.5, 1.0]


def _beside(
    page: Page, axes: Axes, curves: list[_Curve], ends: list[float], figures: list[str]
) -> None:
    """Write the name of each curve where it ends, and its figure there."""
    place, (low, high) = axes.get_position(), axes.get_ylim()
    bottom, top = place.y0 * page.height, place.y1 * page.height
    wanted = [bottom + (top - bottom) * (end - low) / (high - low) for end in ends]
    x = place.x1 * style.WIDTH
    heights = spread(wanted, 0.19, bottom, top)
    for curve, at, height, figure in zip(curves, wanted, heights, figures, strict=True):
        page.line([(x + 0.03, at), (x + 0.14, height)], curve.colour)
        said = f"{figure} {style.written(curve.name)}"
        line = style.lines(said, _RIGHT - 0.35, style.SMALL, bold=True, most=1)[0]
        page.text(
            x + 0.18, height, line, style.SMALL, color=curve.colour, weight="bold", va="center"
        )


def _said(comparison: Comparison, of: Mapping[str, Difference]) -> str:
    """Say by how much each scenario differs where it does so most."""
    found = []
    for name, one in sorted(of.items(), key=lambda part: -abs(part[1].largest.difference)):
        row = one.largest
        when = moment(row.time, row.days, comparison.horizon_days)
        apart = in_points(row.difference, row.interval95, row.inputs80)
        found.append(f"{style.written(name)} by {when}: {apart}.")
    return " ".join(found)


def _alt(comparison: Comparison, outcome: str, curves: list[_Curve]) -> str:
    """Say what the curves do."""
    base, facts = curves[0].ensemble, _facts(comparison)
    ends = []
    for curve in curves:
        p = float(np.mean(curve.ensemble.times(outcome) <= facts.horizon))
        ends.append(f"{style.written(curve.name)} {percent(p)}")
    said = f"Arrival curves of {quoted(base, outcome)} over each other, and their differences to "
    said += f"{style.written(comparison.baseline)}. Probability by "
    said += f"{moment(facts.date(facts.horizon), facts.horizon, facts.horizon)}: {', '.join(ends)}."
    return f"{said} Largest differences: {_said(comparison, comparison.differences[outcome])}"
