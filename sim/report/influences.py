"""What drives an outcome: a tornado of its inputs, response curves, and a map of the first two."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.analysis.first_passage import Floats, Ints
from sim.analysis.main_effects import bins_for, bins_of
from sim.analysis.nested import Bools
from sim.report import style
from sim.report.page import Drawing, Origin, Page, Table, percent_axis, titled, top_for
from sim.shown import counted, percent
from sim.studies.influence import points_of
from sim.studies.points import count_name
from sim.studies.swept import Influence, Interval, Response, Sweep

#: Outcomes beyond the first have no tornado, and fewer have curves and maps.
MOST, _MOST_CURVES = 12, 4
_INPUTS, _CURVES = 12, 6
_ROW, _LEFT, _RIGHT, _MARKS = 0.3, 2.6, 0.3, 0.45
_GAP = 0.5
_PANEL, _BETWEEN = 1.55, 0.95
_CELLS = 4.2
_DARKEST = 0.6
#: Points that a cell of a map has on average, at the least.
_PER_CELL = 6
_TORNADO_HEAD = (
    "input", "probability_at_lowest", "probability_at_highest", "index", "index95_low",
    "index95_high", "total", "total95_low", "total95_high", "mu_star", "mu_star95_low",
    "mu_star95_high",
)  # fmt: skip
_RESPONSES_HEAD = (
    "input", "quantile", "value", "probability", "monte_carlo95_low", "monte_carlo95_high",
)  # fmt: skip
_FIGURES = {
    "given": "index: the share of the variance that would go if the input were known",
    "grid": "index: the share of the variance that would go if the input were known",
    "lhs": "index: the share of the variance that would go if the input were known",
    "morris": "mean size of the effect of the whole range, points of a hundred",
    "sobol": "indices: alone (dot), with all that it does together with others (square)",
}


def drawings(sweep: Sweep) -> Iterator[Drawing]:
    """Yield the pictures of the first outcomes of which an influence is seen."""
    seen = [name for name, found in sweep.outcomes.items() if any(map(_is_seen, found))]
    for k, outcome in enumerate(seen[:MOST]):
        yield tornado(sweep, outcome)
        if k < _MOST_CURVES:
            yield curves(sweep, outcome)
            if len(sweep.inputs) > 1 and sweep.table:
                yield heat(sweep, outcome)


def _is_seen(one: Influence) -> bool:
    return one.index is not None or bool(one.mu_star)


def _label(sweep: Sweep, outcome: str) -> str:
    return style.written(sweep.spread[outcome].label, outcome)


def _origin(sweep: Sweep) -> Origin:
    made = f"{counted(sweep.points_done, 'point')} of "
    made += f"{counted(sweep.replications, 'replication')}, seed {sweep.seed}."
    if sweep.method == "given":
        made = f"{counted(sweep.points_done, 'replication')}, seed {sweep.seed}."
    stopped = (
        "" if sweep.complete else f"CUT SHORT: {sweep.points_done:,} of {sweep.points:,} points"
    )
    return Origin(titled(sweep.title, sweep.scenario, sweep.variant), made, stopped)


def _said(sweep: Sweep, outcome: str) -> str:
    of = sweep.spread[outcome]
    said = f"By day {sweep.by_days:g}: {percent(of.probability)}"
    return f"{said}, give or take {100 * of.inputs:.1f} points with the inputs, luck taken off."


def tornado(sweep: Sweep, outcome: str) -> Drawing:
    """Draw how far each input moves the probability, and its figure with its interval."""
    found, label = sweep.outcomes[outcome], _label(sweep, outcome)
    shown = [one for one in found if one.size > -math.inf][:_INPUTS]
    foot = "Left: the probability where the input is lowest (hatched) and highest (filled), over "
    foot += f"all others. Right: {_FIGURES[sweep.method]}, with 95 %."
    if len(found) > len(shown):
        foot = f"Not drawn: {counted(len(found) - len(shown), 'input')} of less influence. {foot}"
    height = len(shown) * _ROW + _MARKS
    page = Page(_origin(sweep), f"What drives it: {label}", _said(sweep, outcome), foot, height)
    width = (style.WIDTH - _LEFT - _RIGHT - _GAP) / 2.0
    bottom, room = page.bottom + _MARKS, page.top - page.bottom - _MARKS
    left = page.axes(_LEFT, bottom, width, room)
    right = page.axes(_LEFT + width + _GAP, bottom, width, room)
    _swings(left, shown, sweep.spread[outcome].probability)
    _figures(right, shown)
    for k, one in enumerate(shown):
        y = bottom + room * (len(shown) - k - 0.5) / len(shown)
        name = style.lines(style.written(one.input), _LEFT - 0.4, style.SMALL, most=1)[0]
        page.text(_LEFT - 0.1, y, name, style.SMALL, ha="right", va="center")
    alt = f"Inputs by their influence on '{label}', the largest first: "
    alt += "; ".join(map(_told, shown)) + "."
    table = Table(_TORNADO_HEAD, tuple(map(_figures_of, shown)))
    return Drawing(f"tornado_{outcome}", f"What drives it: {label}", alt, page.figure, table)


def _figures_of(one: Influence) -> tuple[Any, ...]:
    intervals = [ends or (None, None) for ends in (one.interval95, one.total95, one.mu_star95)]
    index, total, mu_star = (
        (value, *ends)
        for value, ends in zip((one.index, one.total, one.mu_star), intervals, strict=True)
    )
    return (one.input, *_ends(one), *index, *total, *mu_star)


def _ends(one: Influence) -> tuple[float, float]:
    """Return the probability where an input is lowest, and where it is highest."""
    return one.responses[0].probability, one.responses[-1].probability


def _swings(axes: Axes, shown: Sequence[Influence], middle: float) -> None:
    """Draw a bar from the middle to either end of each input."""
    highest = middle
    for k, one in enumerate(shown):
        low, high = _ends(one)
        highest = max(highest, low, high)
        axes.barh(
            k, low - middle, left=middle, height=0.62, hatch="////", linewidth=0.8,
            facecolor=style.tint(style.BLUE, style.AREA), edgecolor=style.BLUE,
        )  # fmt: skip
        axes.barh(
            k, high - middle, left=middle, height=0.62, linewidth=0.8,
            facecolor=style.tint(style.VERMILLION, 0.6), edgecolor=style.VERMILLION,
        )  # fmt: skip
    axes.axvline(middle, color=style.BLACK, linewidth=0.9)
    top = top_for(highest)
    axes.set_xlim(0.0, top)
    places = [top * k / 4 for k in range(5)]
    axes.set_xticks(places, [f"{100 * p:g} %" for p in places])
    _rows(axes, len(shown))


def _figures(axes: Axes, shown: Sequence[Influence]) -> None:
    """Draw the figures of each input as dots with their intervals."""
    for k, one in enumerate(shown):
        if one.mu_star is not None:
            _dot(axes, k, 100 * one.mu_star, one.mu_star95, "s", style.BLACK, scale=100.0)
            continue
        up = 0.14 if one.total is not None else 0.0
        _dot(axes, k - up, one.index, one.interval95, "o", style.BLUE)
        _dot(axes, k + up, one.total, one.total95, "s", style.VERMILLION)
    low, high = axes.get_xlim()
    axes.set_xlim(
        min(0.0, max(low, -0.5)), high if shown[0].mu_star is not None else min(high, 1.5)
    )
    axes.axvline(0.0, color=style.BLACK, linewidth=0.9)
    _rows(axes, len(shown))


def _dot(
    axes: Axes, y: float, value: float | None, ends: Interval | None, marker: str, colour: str,
    scale: float = 1.0,
) -> None:  # fmt: skip
    if value is None or ends is None or not all(map(math.isfinite, (value, *ends))):
        return
    axes.plot([scale * end for end in ends], [y, y], color=colour, linewidth=1.2)
    axes.plot([value], [y], marker=marker, color=colour, markersize=4.5, linestyle="none")


def _rows(axes: Axes, n: int) -> None:
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=style.SMALL)


def _told(one: Influence) -> str:
    low, high = (percent(p) for p in _ends(one))
    said = f"{style.written(one.input)}: {low} to {high}"
    if one.mu_star is not None:
        return f"{said}, mean effect {100 * one.mu_star:.1f} points"
    figures = [("alone", one.index), ("total", one.total)]
    shown = [f"{what} {value:.2f}" for what, value in figures if value is not None]
    return ", ".join([said, *shown])


def curves(sweep: Sweep, outcome: str) -> Drawing:
    """Draw the probability along each of the inputs of most influence."""
    label, found = _label(sweep, outcome), sweep.outcomes[outcome]
    shown = [one for one in found if one.size > -math.inf][:_CURVES]
    n_columns = min(3, len(shown))
    n_rows = math.ceil(len(shown) / n_columns)
    foot = "Each panel: the mean over the other inputs, with its 95 %, from the lowest to the "
    foot += "highest values of the input by its own law; below, its mean value there."
    height = n_rows * (_PANEL + _BETWEEN)
    title = f"How it responds: {label}"
    page = Page(_origin(sweep), title, _said(sweep, outcome), foot, height)
    top = top_for(max(_top(one) for one in shown))
    room = (style.WIDTH - 0.85 - _RIGHT) / n_columns
    for k, one in enumerate(shown):
        row, column = divmod(k, n_columns)
        x, y = 0.85 + column * room, page.top - (row + 1) * (_PANEL + _BETWEEN) + 0.55
        axes = page.axes(x, y, room - 0.25, _PANEL)
        _curve(axes, one, room - 0.25)
        percent_axis(axes, top)
        if column:
            axes.set_yticklabels([])
    alt = f"The probability of '{label}' along {counted(len(shown), 'input')}: "
    alt += "; ".join(map(_told, shown)) + "."
    rows = ((one.input, *row) for one in shown for row in map(_response, one.responses))
    return Drawing(
        f"responses_{outcome}", title, alt, page.figure, Table(_RESPONSES_HEAD, tuple(rows))
    )


def _response(of: Response) -> tuple[Any, ...]:
    value = of.label if of.value is None else of.value
    return (of.quantile, value, of.probability, *(of.interval95 or (None, None)))


def _top(one: Influence) -> float:
    return max(r.interval95[1] if r.interval95 else r.probability for r in one.responses)


def _curve(axes: Axes, one: Influence, inches: float) -> None:
    at = [r.quantile for r in one.responses]
    values = [r.probability for r in one.responses]
    ends = [r.interval95 or (r.probability, r.probability) for r in one.responses]
    axes.errorbar(
        at, values, yerr=np.abs(np.array(ends).T - values), color=style.BLUE, linewidth=1.5,
        marker="o", markersize=3.5, elinewidth=0.9, capsize=2.0,
    )  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    marks = [one.responses[0], one.responses[-1]]
    shown = [
        extreme if r.value is None else f"{r.value:.3g}"
        for r, extreme in zip(marks, ("low", "high"), strict=True)
    ]
    if any(r.label for r in one.responses):
        marks = list(one.responses)
        shown = [
            style.lines(style.written(r.label or ""), 0.8, style.SMALL, most=1)[0] for r in marks
        ]
    axes.set_xticks([r.quantile for r in marks])
    axes.set_xticklabels(shown, parse_math=False)
    name = style.lines(style.written(one.input), inches, style.SMALL, bold=True)
    axes.set_title(
        "\n".join(name), loc="left", fontsize=style.SMALL, fontweight="bold", parse_math=False
    )


def heat(sweep: Sweep, outcome: str) -> Drawing:
    """Draw the mean probability by where the two inputs of most influence lie."""
    label, (first, second) = _label(sweep, outcome), sweep.outcomes[outcome][:2]
    names = [style.written(one.input) for one in (first, second)]
    title = f"Two inputs together: {label}"
    said = f"Across: {names[0]}. Up: {names[1]}. Each from its lowest to its highest values."
    foot = "In each cell the mean over the other inputs, and over the points that lie there."
    page = Page(_origin(sweep), title, said, foot, _CELLS + 0.5)
    axes = page.axes(0.85, page.bottom + 0.5, style.WIDTH - 1.15, page.top - page.bottom - 0.55)
    cells = _cells(sweep, outcome, first.input, second.input)
    lowest, highest = float(np.nanmin(cells)), float(np.nanmax(cells))
    for i, j in np.ndindex(*cells.shape):
        p = float(cells[i, j])
        if math.isnan(p):
            continue
        # Light enough for black figures, which say the same as the colour.
        share = _DARKEST * (p - lowest) / (highest - lowest) if highest > lowest else 0.0
        place = (i / cells.shape[0], j / cells.shape[1])
        size = (1.0 / cells.shape[0], 1.0 / cells.shape[1])
        colour = style.tint(style.BLUE, share)
        axes.add_patch(Rectangle(place, *size, facecolor=colour, edgecolor="white", linewidth=1.0))
        axes.text(
            place[0] + size[0] / 2, place[1] + size[1] / 2, percent(p, 0), ha="center",
            va="center", fontsize=style.TEXT, parse_math=False,
        )  # fmt: skip
    axes.grid(visible=False)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_xticks([0.02, 0.98], ["low", "high"])
    axes.set_yticks([0.04, 0.96], ["low", "high"])
    alt = f"The probability of '{label}' by {names[0]} and {names[1]}: both lowest "
    alt += f"{_cell_told(cells[0, 0])}, both highest {_cell_told(cells[-1, -1])}; from "
    alt += f"{percent(lowest)} to {percent(highest)}."
    table = Table((first.input, second.input, "probability"), tuple(_rows_of(cells)))
    return Drawing(f"heat_{outcome}", title, alt, page.figure, table)


def _rows_of(cells: Floats) -> Iterator[tuple[float, float, float]]:
    """Yield the middle of each cell that has points, and the probability there."""
    for i, j in np.ndindex(*cells.shape):
        if not math.isnan(cells[i, j]):
            middle = ((i + 0.5) / cells.shape[0], (j + 0.5) / cells.shape[1])
            yield (*middle, float(cells[i, j]))


def _cell_told(p: float) -> str:
    return "unknown" if math.isnan(p) else percent(float(p))


def _cells(sweep: Sweep, outcome: str, first: str, second: str) -> Floats:
    """Return the mean shares by the places of two inputs, NaN where no point lies."""
    counts = np.asarray(sweep.table[count_name(sweep.by_days, outcome)], dtype=np.float64)
    used = _used(sweep)
    shares = counts[used] / sweep.replications
    places = points_of(sweep.method, (first, second), sweep.table)[used]
    bins = [_bins(column) for column in places.T]
    shape = tuple(int(of.max()) + 1 for of in bins)
    cell = bins[0] * shape[1] + bins[1]
    n = np.bincount(cell, minlength=shape[0] * shape[1])
    sums = np.bincount(cell, shares, minlength=len(n))
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan).reshape(shape)


def _used(sweep: Sweep) -> Bools:
    """Return which points are spread evenly: of Sobol' groups the first two."""
    point = np.asarray(sweep.table["point"])
    return np.asarray(point < 2 if sweep.method == "sobol" else point >= 0)


def _bins(places: Floats) -> Ints:
    edges = bins_for(places)
    most = max(2, int(math.sqrt(len(places) / _PER_CELL)))
    if len(np.unique(places)) >= len(edges) and len(edges) - 1 > most:
        edges = np.linspace(0.0, 1.0, most + 1)
    return bins_of(places, edges)
