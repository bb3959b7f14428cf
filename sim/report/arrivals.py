"""Arrival curves: the probability that an outcome has come, by time."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from sim.analysis.first_passage import FirstPassageCdf, Floats
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.model import Ensemble, Facts
from sim.report import style
from sim.report.page import (
    BELOW,
    Drawing,
    Page,
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
from sim.shown import band, counted, date, day_of, interval, is_within_a_year, percent, span

#: A curve is drawn through at most twice so many points.
_POINTS = 240
#: More upright bars than this would hide the curve.
_BARS = 15
#: More panels than this make no picture.
MOST = 12
_LEFT, _RIGHT, _HEIGHT = 0.85, 1.45, 3.1
_FOOT = (
    "Dark band: 95 % at each time by itself; light band: 95 % for the whole curve at once "
    "(Dvoretzky, Kiefer and Wolfowitz). Both are about the number of replications only, not "
    "about the model."
)
_FOOT_OF_BARS = (
    "Upright bars: inputs 80 %, where the probability lies, four times in five, over what the file "
    "leaves uncertain, luck averaged out. "
)


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


def arrival(ensemble: Ensemble, name: str) -> Drawing:
    """Draw the arrival curve of one outcome, with its median and what is missing to certainty."""
    label, horizon = label_of(ensemble, name), ensemble.facts.horizon
    curve = ensemble.cdf(name, points(ensemble.times(name), horizon))
    bars = _unknown(ensemble, name)
    rate = ensemble.facts.base_rates.get(name)
    highest = [float(curve.band_high[-1]), *(high for _, _, high in bars)]
    if rate is not None and rate.is_dated:
        highest.append(rate.high[rate.days(horizon)[-1]])
    top = top_for(max(highest))
    foot = cut(top) + (_FOOT_OF_BARS if bars else "") + _FOOT
    foot = f"{foot} {_foot_of(rate, horizon)}" if rate is not None else foot
    page = Page(ensemble, label, headline(ensemble, name), foot, _HEIGHT + BELOW)
    width, height = style.WIDTH - _LEFT - _RIGHT, page.top - page.bottom - BELOW
    axes = page.axes(_LEFT, page.bottom + BELOW, width, height)
    _curve(axes, curve)
    if bars:
        _bars(axes, bars)
    if rate is not None and rate.is_dated:
        _base_rate(axes, rate, horizon)
    percent_axis(axes, top)
    captioned_time_axis(axes, ensemble.facts, width)
    if (p := float(curve.cdf[-1])) > 0.5:
        _median(axes, ensemble, name)
    _at_the_end(page, p, top, (_LEFT + width, page.bottom + BELOW, height))
    return Drawing(f"arrival_{name}", label, _alt(ensemble, name), page.figure)


def _curve(axes: Axes, curve: FirstPassageCdf) -> None:
    """Draw steps with their two bands, the wider one behind."""
    bands = ((curve.band_low, curve.band_high, style.WIDE), (curve.low, curve.high, style.NARROW))
    for low, high, share in bands:
        axes.fill_between(
            curve.grid, low, high, step="post", linewidth=0.5,
            facecolor=style.tint(style.BLUE, share), edgecolor=style.tint(style.BLUE, 0.6),
        )  # fmt: skip
    axes.plot(
        curve.grid, curve.cdf, color=style.BLUE, linewidth=1.6, drawstyle="steps-post",
        solid_capstyle="butt", zorder=3, clip_on=False, label="arrival",
    )  # fmt: skip


def _unknown(ensemble: Ensemble, name: str) -> list[tuple[float, float, float]]:
    """Return the bands over unknown inputs at report times: day, low, high."""
    report = ensemble.facts.report
    found = []
    for day in report[:: max(1, math.ceil(len(report) / _BARS))]:
        known = ensemble.inputs80(name, day)
        if known is not None:
            found.append((day, *known))
    return found


def _bars(axes: Axes, bars: list[tuple[float, float, float]]) -> None:
    """Draw upright bars, as one line with gaps."""
    days = np.repeat([day for day, _, _ in bars], 3)
    ends = np.array([[low, high, np.nan] for _, low, high in bars]).ravel()
    axes.plot(
        days, ends, color=style.BLACK, linewidth=0.9, marker="_", markersize=5, zorder=4,
        clip_on=False, label="inputs80",
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
    """Write the probability where the curve ends, and what is missing to one above it."""
    x, bottom, height = place
    here, above = bottom + height * p / top, bottom + height * (p + 1.0) / 2.0
    if top == 1.0:
        low, high = here, bottom + height
        page.line([(x + 0.1, low), (x + 0.16, low), (x + 0.16, high), (x + 0.1, high)], style.GREY)
        here, above = spread([here, above], 0.2, bottom, bottom + height)
        missing = f"not: {percent(1.0 - p)}"
        page.text(x + 0.24, above, missing, style.TEXT, color=style.GREY, va="center")
    page.text(x + 0.24, here, percent(p), style.TEXT, color=style.BLUE, weight="bold", va="center")


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
    foot = _FOOT
    if len(names) > MOST:
        foot = f"Not shown: {counted(len(names) - MOST, 'more outcome')}. {foot}"
    title = style.written(facts.question or facts.title, facts.name)
    said = f"Probability of each outcome over {span(facts.horizon)}; {timeline(facts, 3).caption}."
    row = 2.3 if n_columns == 2 else 1.95
    page = Page(ensemble, title, said, foot, n_rows * row + 0.1)
    across = (style.WIDTH - 0.25) / n_columns
    for k, name in enumerate(shown):
        x = 0.65 + (k % n_columns) * across
        y = page.top - (k // n_columns + 1) * row + 0.45
        _panel(page.axes(x, y, across - 1.12, row - 0.85), ensemble, name, across)
    return Drawing("arrivals", title, _alt_of_many(ensemble, shown), page.figure)


def _panel(axes: Axes, ensemble: Ensemble, name: str, across: float) -> None:
    """Draw one of many curves, with its label above and its end beside it."""
    curve = ensemble.cdf(name, points(ensemble.times(name), ensemble.facts.horizon))
    _curve(axes, curve)
    percent_axis(axes, 1.0)
    time_axis(axes, ensemble.facts, across - 1.12)
    panel_title(axes, label_of(ensemble, name), across - 0.6)
    axes.annotate(
        percent(float(curve.cdf[-1])), (1.0, float(curve.cdf[-1])), xycoords="axes fraction",
        xytext=(5, 0), textcoords="offset points", va="center", fontsize=style.SMALL,
        color=style.BLUE, fontweight="bold", parse_math=False,
    )  # fmt: skip


def _alt_of_many(ensemble: Ensemble, names: list[str]) -> str:
    """Say where each of the curves ends."""
    found = [f"{quoted(ensemble, n)} {percent(ensemble.probability(n).value)}" for n in names]
    end = moment(ensemble.facts, ensemble.facts.horizon)
    said = f"Arrival curves side by side. Probability by {end}: {', '.join(found)}."
    return said + and_stopped(ensemble)
