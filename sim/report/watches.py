"""What was watched over time: fans of numbers, and probabilities of labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from sim.analysis.first_passage import Floats
from sim.ensemble.model import Ensemble
from sim.ensemble.watched import COLUMNS
from sim.report import style
from sim.report.page import Drawing, Page, Table, and_stopped, panel_title, percent_axis, time_axis
from sim.report.stack import Layer, areas, beside, layers
from sim.report.timeline import timeline
from sim.shown import counted, iso, percent, span

if TYPE_CHECKING:
    import pandas as pd

#: More panels than this make no picture.
MOST = 12
_POINTS = 250
#: matplotlib computes with differences and squares of what it draws.
_LARGEST = 1e100
_ROW, _BETWEEN = 2.0, 0.85
_HEAD = ("watched", "label", "unit", "day", "time", *COLUMNS)
_FOOT = (
    "Solid line: median; dashed line: mean; inner band: the middle 50 % of the replications; outer "
    "band: the middle 90 %; at the right the last median. What is only yes or no, 1 or 0, has a "
    "mean alone, which is its probability. Sampled at the watch points."
)


@dataclass(frozen=True)
class _Panel:
    """One watched thing: ``labels`` if it is a label, else its ``fan`` of numbers."""

    name: str
    unit: str
    days: Floats
    fan: dict[str, Floats]
    labels: list[Layer]

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it looks like a condition: no quantile is anything but 0 or 1, nor the mean."""
        quantiles = np.concatenate([v for key, v in self.fan.items() if key != "mean"])
        mean = self.fan["mean"]
        return bool(np.isin(quantiles, (0.0, 1.0)).all() and ((mean >= 0) & (mean <= 1)).all())


def fans(ensemble: Ensemble) -> Drawing | None:
    """Draw what was watched, a panel each; None if nothing was."""
    title = f"What was watched, over {span(ensemble.facts.horizon)}"
    return _fans(ensemble, "watch", title, _panels(ensemble.watch, _units(ensemble)))


def stocks(ensemble: Ensemble) -> Drawing | None:
    """Draw the supplies of each side of a world, a panel each; None if none are watched."""
    frame, geography = ensemble.stocks, ensemble.facts.geography
    title = f"Supplies at hand, mean over the places of each, over {span(ensemble.facts.horizon)}"
    panels = [
        replace(panel, name=style.written(geography.label(holder.name), holder.name))
        for holder in geography.holders
        for panel in _panels(frame[frame["name"] == holder.watch], _units(ensemble))
        if any(np.any(values != 0.0) for values in panel.fan.values())
    ]
    return _fans(ensemble, "supplies", title, panels)


def _units(ensemble: Ensemble) -> dict[str, str]:
    return {watch.name: watch.unit for watch in ensemble.legend.watches}


def _fans(ensemble: Ensemble, name: str, title: str, panels: list[_Panel]) -> Drawing | None:
    """Draw panels side by side; None if there are none."""
    if not panels:
        return None
    shown, facts = panels[:MOST], ensemble.facts
    n_columns = 1 if len(shown) == 1 else 2
    foot = _FOOT
    if len(panels) > MOST:
        foot = f"Not shown: {counted(len(panels) - MOST, 'more watched value')}. {foot}"
    height = math.ceil(len(shown) / n_columns) * _ROW + 0.1
    page = Page(ensemble, title, f"Time: {timeline(facts, 3).caption}.", foot, height)
    for k, panel in enumerate(shown):
        _draw(page, ensemble, panel, k, n_columns)
    alt = f"{title}. " + " ".join(_told(panel) for panel in shown)
    table = Table(_HEAD, tuple(row for panel in shown for row in _rows(ensemble, panel)))
    return Drawing(name, title, alt + and_stopped(ensemble), page.figure, table)


def _rows(ensemble: Ensemble, panel: _Panel) -> Iterator[tuple[Any, ...]]:
    """Yield what a panel draws, a row for each point (of each label)."""
    what = {layer.name: {"mean": layer.heights} for layer in panel.labels} or {"": panel.fan}
    for label, fan in what.items():
        for k, day in enumerate(panel.days.tolist()):
            figures = (float(fan[name][k]) if name in fan else None for name in COLUMNS)
            yield (panel.name, label, panel.unit, day, iso(ensemble.date(day)), *figures)


def _panels(frame: pd.DataFrame, units: Mapping[str, str]) -> list[_Panel]:
    """Return what there is to draw; the rows ``bridge == up``, ``bridge == down`` make one."""
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for name, rows in frame.groupby("name", sort=False):
        thing, _, label = str(name).partition(" == ")
        found.setdefault(thing, {})[label] = rows
    return [_panel(name, units.get(name, ""), parts) for name, parts in found.items()]


def _panel(name: str, unit: str, parts: dict[str, pd.DataFrame]) -> _Panel:
    rows = next(iter(parts.values()))
    kept = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _POINTS)).astype(np.int64))
    days = rows["days"].to_numpy(np.float64)[kept]
    if "" not in parts:
        means = {label: part["mean"].to_numpy(np.float64)[kept] for label, part in parts.items()}
        return _Panel(style.written(name), unit, days, {}, layers(means, "label"))
    columns = [column for column in rows.columns if column not in ("days", "name")]
    fan = {column: rows[column].to_numpy(np.float64)[kept] for column in columns}
    return _Panel(style.written(name), unit, days, fan, [])


def _draw(page: Page, ensemble: Ensemble, panel: _Panel, k: int, n_columns: int) -> None:
    across = (style.WIDTH - 0.3) / n_columns
    beyond = 1.95 if panel.labels else 0.62
    x, width = 0.2 + (k % n_columns) * across + 0.6, across - 0.65 - beyond
    y, height = page.top - (k // n_columns + 1) * _ROW + 0.45, _ROW - _BETWEEN
    axes = page.axes(x, y, width, height)
    unit = f" ({panel.unit})" if panel.unit else ""
    panel_title(axes, panel.name + unit, across - 0.7)
    if panel.labels:
        areas(axes, panel.days, panel.labels, None)
        percent_axis(axes, 1.0)
        beside(page, panel.labels, 1.0, (x + width, y, height), beyond, style.SMALL)
    elif panel.is_yes_or_no:
        _line(axes, panel.days, panel.fan["mean"], "mean")
        percent_axis(axes, 1.0)
        _value(axes, float(panel.fan["mean"][-1]), percent(float(panel.fan["mean"][-1])))
    else:
        _fan(axes, panel)
    time_axis(axes, ensemble.facts, width)


def _fan(axes: Axes, panel: _Panel) -> None:
    """Draw two bands, the median and the mean; what is infinite leaves a gap."""
    fan = {key: _drawable(values) for key, values in panel.fan.items()}
    for low, high, share in (("q05", "q95", style.WIDE), ("q25", "q75", style.NARROW)):
        axes.fill_between(
            panel.days, fan[low], fan[high], linewidth=0.5,
            facecolor=style.tint(style.BLUE, share), edgecolor=style.tint(style.BLUE, style.EDGE),
        )  # fmt: skip
    _line(axes, panel.days, fan["q50"], "median")
    _line(axes, panel.days, fan["mean"], "mean", style.BLACK, style.DASHES[1])
    last = float(panel.fan["q50"][-1])
    _value(axes, last, f"{last:.3g}")


def _line(
    axes: Axes,
    days: Floats,
    values: Floats,
    what: str,
    colour: str = style.BLUE,
    dash: style.Dash = style.DASHES[0],
) -> None:
    axes.plot(
        days, values, color=colour, linewidth=1.5 if colour == style.BLUE else 1.0,
        linestyle=dash, zorder=3, marker="o" if len(days) == 1 else "", markersize=4, label=what,
    )  # fmt: skip


def _value(axes: Axes, value: float, shown: str) -> None:
    """Write the last value at the right, as high as it is."""
    if abs(value) > _LARGEST or math.isnan(value):
        return
    axes.annotate(
        shown, (1.0, value), xycoords=("axes fraction", "data"), xytext=(5, 0),
        textcoords="offset points", va="center", fontsize=style.SMALL, color=style.BLUE,
        fontweight="bold", parse_math=False,
    )  # fmt: skip


def _drawable(values: Floats) -> Floats:
    return np.where(np.abs(values) <= _LARGEST, values, np.nan)


def _told(panel: _Panel) -> str:
    """Say how a panel ends."""
    if panel.labels:
        ends = ", ".join(
            f"{layer.name} {percent(float(layer.heights[-1]))}" for layer in panel.labels
        )
        return f"{panel.name} at the end: {ends}."
    first, last = panel.fan["mean"][0], panel.fan["mean"][-1]
    if panel.is_yes_or_no:
        return f"{panel.name}: the mean goes from {first:.3g} to {last:.3g}."
    low, high = panel.fan["q05"][-1], panel.fan["q95"][-1]
    return (
        f"{panel.name}: the mean goes from {first:.3g} to {last:.3g}, at the end nine in ten lie "
        f"between {low:.3g} and {high:.3g}."
    )
