"""Arrival curves: the probability that an outcome has come, by time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.analysis.first_passage import FirstPassageCdf, Floats
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.model import Ensemble, Facts
from sim.report import style
from sim.report.page import (
    BELOW,
    Drawing,
    Page,
    Table,
    and_stopped,
    captioned_time_axis,
    cut,
    headline,
    label_of,
    moment,
    panel_title,
    percent_axis,
    quoted,
    spread,
    time_axis,
    top_for,
)
from sim.report.timeline import timeline
from sim.shown import band, counted, date, day_of, interval, is_within_a_year, iso, percent, span

#: A curve is drawn through at most twice so many points.
_POINTS = 240
#: The band over the inputs is known at so many of them.
_KNOTS = 60
#: More panels than this make no picture.
MOST = 12
_LEFT, _RIGHT, _HEIGHT = 0.85, 1.45, 3.1
_FOOT = (
    "Thin lines: Monte Carlo 95 % at each time by itself, about the number of replications only. "
    "None of it is about how right the model is."
)
_FOOT_OF_BAND = (
    "Band: inputs 80 %, where the probability lies, four times in five, over what the file leaves "
    "uncertain, luck averaged out. "
)
_HEAD = (
    "outcome", "day", "time", "probability", "monte_carlo95_low", "monte_carlo95_high",
    "inputs80_low", "inputs80_high", "base_rate", "base_rate90_low", "base_rate90_high",
)  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """What is drawn of an outcome: its curve, and the band over inputs at some of its times."""

    name: str
    curve: FirstPassageCdf
    #: Where the band is known: places in the grid of the curve; none where nothing is unknown.
    knots: npt.NDArray[np.int64]
    low: Floats
    high: Floats
    rate: BaseRate | None = None

    @property
    def highest(self) -> float:
        """The highest point of it."""
        ends = [float(self.curve.high[-1]), *self.high.tolist()]
        if self.rate is not None:
            ends.append(self.rate.high[self.rate.days(self.curve.grid[-1])[-1]])
        return float(max(ends))


def points(times: Floats, horizon: float) -> Floats:
    """Return where to look at a curve of steps so that nothing of it is lost to the eye.

    That is at every step, if there are few; else at times evenly apart, and at steps evenly apart
    in probability: no step between two points is higher, no flat part longer than a dot or two.

    Parameters
    ----------
    times : float64 array, shape (n,), days
        First-passage times, ``inf`` where it never came.
    horizon : days
    """
    came = np.sort(times[times <= horizon])
    steps = np.unique(came)
    if len(steps) > 2 * _POINTS - 2:
        ranks = np.unique(np.linspace(0, len(came) - 1, _POINTS).astype(np.int64))
        steps = np.concatenate([came[ranks], np.linspace(0.0, horizon, _POINTS)])
    return np.unique(np.concatenate([[0.0], np.minimum(steps, horizon), [horizon]]))


def found(ensemble: Ensemble, name: str) -> Arrival:
    """Return what there is to draw of an outcome."""
    horizon = ensemble.facts.horizon
    curve = ensemble.cdf(name, points(ensemble.times(name), horizon))
    n = len(curve.grid)
    knots = np.unique(np.linspace(0, n - 1, min(n, _KNOTS)).round().astype(np.int64))
    # Before anything has come there is nothing that could hang on an input.
    knots = knots[curve.cdf[knots] > 0.0]
    bands = [ensemble.inputs80(name, float(curve.grid[k])) for k in knots]
    known = [k for k, band in enumerate(bands) if band is not None]
    ends = np.array([band for band in bands if band is not None]).reshape(-1, 2)
    rate = ensemble.facts.base_rates.get(name)
    dated = rate if rate is not None and rate.is_dated else None
    return Arrival(name, curve, knots[known], ends[:, 0], ends[:, 1], dated)


def arrival(ensemble: Ensemble, name: str) -> Drawing:
    """Draw the arrival curve of one outcome, with its median and what is missing to certainty."""
    label, facts, drawn = label_of(ensemble, name), ensemble.facts, found(ensemble, name)
    top = top_for(drawn.highest)
    foot = cut(top) + ("The bar at the right is of 100 %. " if top < 1.0 else "")
    foot += (_FOOT_OF_BAND if len(drawn.knots) else "") + _FOOT
    rate = facts.base_rates.get(name)
    foot = f"{foot} {_foot_of(rate, facts.horizon)}" if rate is not None else foot
    page = Page(ensemble, label, headline(ensemble, name), foot, _HEIGHT + BELOW)
    width, height = style.WIDTH - _LEFT - _RIGHT, page.top - page.bottom - BELOW
    axes = page.axes(_LEFT, page.bottom + BELOW, width, height)
    _curve(axes, drawn)
    if drawn.rate is not None:
        _base_rate(axes, drawn.rate, facts.horizon)
    percent_axis(axes, top)
    captioned_time_axis(axes, facts, width)
    _as_of(axes, ensemble)
    if (p := float(drawn.curve.cdf[-1])) > 0.5:
        _median(axes, ensemble, name)
    _at_the_end(page, p, top, (_LEFT + width, page.bottom + BELOW, height))
    table = Table(_HEAD, tuple(_rows(ensemble, drawn)))
    return Drawing(f"arrival_{name}", label, _alt(ensemble, name), page.figure, table)


def _rows(ensemble: Ensemble, drawn: Arrival) -> Iterator[tuple[Any, ...]]:
    """Yield what is drawn, a row for each point of the curve."""
    bands = zip(drawn.low.tolist(), drawn.high.tolist(), strict=True)
    known = dict(zip(drawn.knots.tolist(), bands, strict=True))
    for k, day in enumerate(drawn.curve.grid.tolist()):
        here = (float(values[k]) for values in (drawn.curve.cdf, drawn.curve.low, drawn.curve.high))
        rate = drawn.rate.by(day) if drawn.rate is not None else None
        more = (*known.get(k, (None, None)), *(rate or (None,) * 3))
        yield (drawn.name, day, iso(ensemble.date(day)), *here, *more)


def _curve(axes: Axes, drawn: Arrival) -> None:
    """Draw steps, with the band over the inputs behind and hairlines for Monte Carlo error."""
    curve = drawn.curve
    if len(drawn.knots):
        is_whole = bool(np.all(np.diff(drawn.knots) == 1))
        axes.fill_between(
            curve.grid[drawn.knots], drawn.low, drawn.high, step="post" if is_whole else None,
            linewidth=0.5, facecolor=style.tint(style.BLUE, style.AREA),
            edgecolor=style.tint(style.BLUE, style.EDGE), label="inputs80",
        )  # fmt: skip
    for values, label in ((curve.low, "low"), (curve.high, "high")):
        axes.plot(
            curve.grid, values, color=style.BLUE, linewidth=0.4, drawstyle="steps-post",
            clip_on=False, label=label,
        )  # fmt: skip
    axes.plot(
        curve.grid, curve.cdf, color=style.BLUE, linewidth=1.6, drawstyle="steps-post",
        solid_capstyle="butt", zorder=3, clip_on=False, label="arrival",
    )  # fmt: skip


def _as_of(axes: Axes, ensemble: Ensemble) -> None:
    """Mark where knowledge ends, if that is after the start."""
    facts = ensemble.facts
    if facts.as_of is None or not 0.0 < facts.as_of < facts.horizon:
        return
    axes.axvline(facts.as_of, color=style.GREY, linewidth=0.9, dashes=(1, 1.5), label="as_of")
    axes.annotate(
        f"known as of {_shortly(facts, facts.as_of)}", (facts.as_of, 1.0),
        xycoords=("data", "axes fraction"), xytext=(4, -2), textcoords="offset points", va="top",
        color=style.GREY, fontsize=style.SMALL, parse_math=False,
    )  # fmt: skip


def _foot_of(rate: BaseRate, horizon: float) -> str:
    """Say what the base rate is of; one that is drawn needs no figures."""
    if not rate.is_dated:
        return rate.said(horizon)
    of = f"{counted(rate.n, 'attack')} {rate.of} in {counted(rate.n_cases, 'past war')}"
    return f"Dashed: base rate, of {of}; dots: its 90 % bracket."


def _base_rate(axes: Axes, rate: BaseRate, horizon: float) -> None:
    """Draw how often places like this one have fallen, dashed, with its bracket in dots."""
    last = rate.days(horizon)[-1]
    days = np.arange(last + 1)
    for curve in (rate.low, rate.high):
        axes.plot(days, curve[: last + 1], color=style.GREY, linewidth=0.8, dashes=(1, 2))
    axes.plot(
        days, rate.fell[: last + 1], color=style.GREY, linewidth=1.4, dashes=(5, 2), zorder=3,
        label="base_rate",
    )  # fmt: skip
    axes.annotate(
        "base rate", (last, rate.fell[last]), xytext=(-4, -4), textcoords="offset points",
        ha="right", va="top", color=style.GREY, fontsize=style.SMALL, parse_math=False,
    )  # fmt: skip


def _median(axes: Axes, ensemble: Ensemble, name: str) -> None:
    """Mark where the curve passes one half, below it on whichever side there is room."""
    median, horizon = ensemble.quantile(name, 0.5).value, ensemble.facts.horizon
    axes.plot(
        [0.0, median, median], [0.5, 0.5, 0.0], color=style.BLACK, linewidth=0.9, dashes=(3, 2),
        label="median",
    )  # fmt: skip
    axes.plot([median], [0.5], "o", color=style.BLACK, markersize=4, zorder=4, clip_on=False)
    is_late = median > 0.7 * horizon
    at = _shortly(ensemble.facts, median)
    axes.annotate(
        f"median {at}", (median, 0.1 * axes.get_ylim()[1]), xytext=(-6 if is_late else 6, 0),
        textcoords="offset points", ha="right" if is_late else "left", va="center",
        fontsize=style.SMALL, parse_math=False,
    )  # fmt: skip


def _shortly(facts: Facts, t: float) -> str:
    """Return a time in few words, with the year where it could be another."""
    at = facts.date(t)
    if at is None or not is_within_a_year(facts.horizon):
        return moment(facts, t) if at is None else f"{day_of(at)} {at.year}"
    return date(at, is_short=True)


def _at_the_end(page: Page, p: float, top: float, place: tuple[float, float, float]) -> None:
    """Draw a bar of 100 %, what has come below what has not, and write the shares beside it."""
    x, bottom, height = place
    parts = ((0.0, p, style.BLUE, ""), (p, 1.0 - p, style.GREY, style.HATCHES[0]))
    for start, share, colour, hatch in parts:
        page.figure.add_artist(
            Rectangle(
                ((x + 0.12) / style.WIDTH, (bottom + height * start) / page.height),
                0.14 / style.WIDTH, height * share / page.height, linewidth=0.8, hatch=hatch,
                facecolor=style.tint(colour, style.AREA), edgecolor=colour,
                label="not" if hatch else "came",
            )
        )  # fmt: skip
    # The first figure stands where the curve ends; with a cut axis that is not where the bar does.
    wanted = [bottom + height * p / top, bottom + height * (p + 1.0) / 2.0]
    here, above = spread(wanted, 0.2, bottom, bottom + height)
    x += 0.34
    page.text(x, above, f"not: {percent(1.0 - p)}", style.TEXT, color=style.GREY, va="center")
    page.text(x, here, percent(p), style.TEXT, color=style.BLUE, weight="bold", va="center")


def _alt(ensemble: Ensemble, name: str) -> str:
    """Say what the curve does."""
    facts, p = ensemble.facts, ensemble.probability(name)
    end, first = moment(facts, facts.horizon), ensemble.probability(name, by=0.0).value
    known, small = ensemble.inputs80(name), f"Monte Carlo 95 %: {interval(p.low, p.high)}"
    if known:
        small = f"inputs 80 %: {band(known)}; {small}"
    said = f"Arrival curve of {quoted(ensemble, name)}: "
    if p.value == first:
        said += f"P is {percent(first) if first else '0'} from the start until {end} ({small})."
    else:
        times = ensemble.times(name)
        came = np.sort(times[np.isfinite(times)])
        half = moment(facts, float(came[math.ceil(len(came) / 2) - 1]))
        said += f"P rises from {percent(first) if first else '0'} to {percent(p.value)} by {end}"
        said += f" ({small}); half of it by {half}."
    if (rate := facts.base_rates.get(name)) is not None:
        said += f" {rate.said(facts.horizon)}"
    return said + and_stopped(ensemble)


def overview(ensemble: Ensemble) -> Drawing:
    """Draw the arrival curves of the outcomes side by side, all to one scale."""
    names = [o.name for o in ensemble.outcomes]
    shown, facts = names[:MOST], ensemble.facts
    n_columns = 2 if len(shown) in (2, 4) else 3
    n_rows = math.ceil(len(shown) / n_columns)
    foot = (_FOOT_OF_BAND if ensemble.nested is not None else "") + _FOOT
    if len(names) > MOST:
        foot = f"Not shown: {counted(len(names) - MOST, 'more outcome')}. {foot}"
    title = style.written(facts.question or facts.title, facts.name)
    said = f"Probability of each outcome over {span(facts.horizon)}; {timeline(facts, 3).caption}."
    row = 2.3 if n_columns == 2 else 1.95
    page = Page(ensemble, title, said, foot, n_rows * row + 0.1)
    across = (style.WIDTH - 0.25) / n_columns
    rows: list[tuple[Any, ...]] = []
    for k, name in enumerate(shown):
        x = 0.65 + (k % n_columns) * across
        y = page.top - (k // n_columns + 1) * row + 0.45
        drawn = _panel(page.axes(x, y, across - 1.12, row - 0.85), ensemble, name, across)
        rows += _rows(ensemble, drawn)
    alt = _alt_of_many(ensemble, shown)
    return Drawing("arrivals", title, alt, page.figure, Table(_HEAD, tuple(rows)))


def _panel(axes: Axes, ensemble: Ensemble, name: str, across: float) -> Arrival:
    """Draw one of many curves, with its label above and its end beside it."""
    drawn = found(ensemble, name)
    _curve(axes, drawn)
    percent_axis(axes, 1.0)
    time_axis(axes, ensemble.facts, across - 1.12)
    panel_title(axes, label_of(ensemble, name), across - 0.6)
    p = float(drawn.curve.cdf[-1])
    axes.annotate(
        percent(p), (1.0, p), xycoords="axes fraction",
        xytext=(5, 0), textcoords="offset points", va="center", fontsize=style.SMALL,
        color=style.BLUE, fontweight="bold", parse_math=False,
    )  # fmt: skip
    return drawn


def _alt_of_many(ensemble: Ensemble, names: list[str]) -> str:
    """Say where each of the curves ends."""
    found = [f"{quoted(ensemble, n)} {percent(ensemble.probability(n).value)}" for n in names]
    end = moment(ensemble.facts, ensemble.facts.horizon)
    said = f"Arrival curves side by side. Probability by {end}: {', '.join(found)}."
    return said + and_stopped(ensemble)
