"""The sheet that a picture stands on: head and foot in words, and room for axes between them.

Places are in inches from the lower left corner. matplotlib could lay pictures out by itself, but
draws each several times over to do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim import shown
from sim.analysis.words import words
from sim.ensemble.model import Ensemble, Facts
from sim.report import style
from sim.report.timeline import timeline
from sim.shown import (
    NO_BREAK,
    band,
    counted,
    fitted,
    given_the_model,
    interval,
    percent,
    span,
)

_EDGE = 0.25
_LEADING = 1.25
#: From axes to the end of what stands below them: marks of two lines, and the caption.
BELOW = 0.62


@dataclass(frozen=True)
class Table:
    """Every number that a picture shows."""

    head: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A picture that is not written anywhere yet; a notebook shows it."""

    name: str
    title: str
    #: What the picture says, for who cannot see it.
    alt: str
    figure: Figure
    table: Table = Table()

    def _repr_html_(self) -> str:
        from sim.report.pictures import as_html

        return as_html(self)


@dataclass(frozen=True)
class Origin:
    """What a picture belongs to: its title, what was run for it, and how that was cut short."""

    title: str
    made: str
    stopped: str = ""

    @classmethod
    def of(cls, ensemble: Ensemble) -> Origin:
        """Return an ensemble as the origin of a picture."""
        facts = ensemble.facts
        title = titled(facts.title, facts.name, facts.variant)
        made = f"{counted(ensemble.n, 'replication')}, seed {ensemble.seed}."
        return cls(title, made, interrupted(ensemble))


def titled(title: str, name: str, variant: str | None) -> str:
    """Return what a scenario is called, as the font can draw it."""
    return style.written(title, name) + (f" ({style.written(variant)})" if variant else "")


class Page:
    """A figure with its head and foot; ``top`` and ``bottom`` bound what is left between them."""

    def __init__(
        self, of: Ensemble | Origin, title: str, said: str, foot: str, height: float
    ) -> None:
        origin = of if isinstance(of, Origin) else Origin.of(of)
        self.room = style.WIDTH - 2 * _EDGE
        head = style.lines(title, self.room, style.TITLE, bold=True, most=3)
        said, foot = (text.replace(" %", f"{NO_BREAK}%") for text in (said, foot))
        below = style.lines(said, self.room, style.TEXT, most=4)
        small = style.lines(f"{origin.made} {foot}", self.room, style.SMALL, most=5)
        sizes = [(head, style.TITLE), (below, style.TEXT), (small, style.SMALL)]
        around = sum(_height(len(block), size) for block, size in sizes)
        self.height = height + around + 0.85
        self.figure = Figure(figsize=(style.WIDTH, self.height), facecolor="white")
        y = self._kicker(origin, self.height - 0.2)
        y = self._block(head, y - 0.06, style.TITLE, weight="bold")
        self.top = self._block(below, y - 0.06, style.TEXT) - 0.15
        self.bottom = 0.18 + _height(len(small), style.SMALL)
        self._block(small, self.bottom, style.SMALL, color=style.GREY)

    def _kicker(self, origin: Origin, y: float) -> float:
        """Write what the picture belongs to, and whether the run was cut short."""
        room = self.room * (0.5 if origin.stopped else 1.0)
        line = style.lines(origin.title, room, style.SMALL, most=1)
        if origin.stopped:
            self.text(
                style.WIDTH - _EDGE, y, origin.stopped, style.SMALL,
                color=style.BLACK, weight="bold", ha="right", va="top",
            )  # fmt: skip
        return self._block(line, y, style.SMALL, color=style.GREY)

    def _block(self, lines: Sequence[str], y: float, size: float, **look: Any) -> float:
        """Write lines from a height downward; return where they end."""
        for line in lines:
            self.text(_EDGE, y, line, size, va="top", **look)
            y -= _height(1, size)
        return y

    def text(self, x: float, y: float, text: str, size: float, **look: Any) -> None:
        """Write a line."""
        self.figure.text(
            x / style.WIDTH, y / self.height, text, fontsize=size, parse_math=False, **look
        )

    def line(self, places: Sequence[tuple[float, float]], colour: str) -> None:
        """Draw a thin line from place to place."""
        x, y = [p[0] / style.WIDTH for p in places], [p[1] / self.height for p in places]
        self.figure.add_artist(Line2D(x, y, color=colour, linewidth=0.8))

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return new axes at a place."""
        return self.figure.add_axes(
            (x / style.WIDTH, y / self.height, width / style.WIDTH, height / self.height)
        )


def _height(n_lines: int, size: float) -> float:
    return n_lines * size * _LEADING / 72.0


def panel_title(axes: Axes, text: str, inches: float) -> None:
    """Write a heading above a small panel, on two lines at most."""
    lines = style.lines(text, inches, style.SMALL + 0.5, bold=True)
    axes.set_title(
        "\n".join(lines), loc="left", fontsize=style.SMALL + 0.5, fontweight="bold",
        parse_math=False, pad=5,
    )  # fmt: skip


def time_axis(axes: Axes, facts: Facts, inches: float) -> str:
    """Give axes their marks of time, from the start to the horizon; return what the marks are."""
    marks = timeline(facts, max(3, int(inches / 0.55)))
    # A horizon of nothing still needs an axis of some length.
    axes.set_xlim(0.0, facts.horizon or 1.0)
    axes.set_xticks(marks.places, marks.labels)
    return marks.caption


def captioned_time_axis(axes: Axes, facts: Facts, inches: float) -> None:
    """Give axes their marks of time, and say below what they are."""
    caption = time_axis(axes, facts, inches)
    axes.set_xlabel(caption, fontsize=style.SMALL, color=style.GREY, labelpad=2)


def percent_axis(axes: Axes, top: float) -> None:
    """Give axes marks of probability, from 0 to ``top``."""
    axes.set_ylim(0.0, top)
    n_steps = 5 if round(1_000 * top) in (10, 50, 100, 500) else 4  # to round numbers
    places = [top * k / n_steps for k in range(n_steps + 1)]
    axes.set_yticks(places, [f"{100 * p:g} %" for p in places])


def top_for(p: float) -> float:
    """Return a round top for an axis of probabilities that reach p."""
    return next((t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if p <= t), 1.0)


def cut(top: float) -> str:
    """Say where an axis of probabilities ends, if below one."""
    return f"The axis ends at {100 * top:g} %. " if top < 1.0 else ""


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return heights as near to the wanted ones as a gap between neighbours lets them be.

    The order stays. Where there is no room between low and high, they go on below low.
    """
    order = sorted(range(len(wanted)), key=lambda k: (-wanted[k], -k))
    places = [min(high, wanted[k]) for k in order]
    for k in range(1, len(places)):
        places[k] = min(places[k], places[k - 1] - gap)
    if places and places[-1] < low:
        places[-1] = low
        for k in range(len(places) - 2, -1, -1):
            places[k] = max(places[k], places[k + 1] + gap)
    if places and places[0] > high:
        places = [high - k * gap for k in range(len(places))]
    assert all(a - b > 0.999 * gap for a, b in pairwise(places))
    found = [0.0] * len(places)
    for k, place in zip(order, places, strict=True):
        found[k] = place
    return found


def label_of(ensemble: Ensemble, name: str) -> str:
    """Return an outcome's label as the font can draw it."""
    label = next(o.label for o in ensemble.outcomes if o.name == name)
    return style.written(label or name, name)


def quoted(ensemble: Ensemble, name: str) -> str:
    """Return an outcome's label in quotation marks, cut to what can be listened to."""
    return f"'{fitted(label_of(ensemble, name), 100)}'"


def interrupted(ensemble: Ensemble) -> str:
    """Say that a run was cut short; empty if it was not."""
    if ensemble.is_complete:
        return ""
    if ensemble.precision is not None:
        return f"INTERRUPTED after {counted(ensemble.n, 'replication')}, short of its precision"
    return f"INTERRUPTED: {ensemble.n:,} of {ensemble.requested:,} replications"


def and_stopped(ensemble: Ensemble) -> str:
    """Return what a description ends with if the run was cut short."""
    return "" if ensemble.is_complete else f" {interrupted(ensemble)}."


def moment(facts: Facts, t: float) -> str:
    """Return a time in words: its date, or its day without a start."""
    return shown.moment(facts.date(t), t, facts.horizon)


def headline(ensemble: Ensemble, name: str) -> str:
    """Say how likely an outcome is, how likely it does not come, and its median if it has one."""
    facts, p, known = ensemble.facts, ensemble.probability(name), ensemble.inputs80(name)
    within = span(facts.horizon)
    small = f"Monte Carlo 95 %: {interval(p.low, p.high)}"
    said = f"Within {within}: {given_the_model(p.value, 1)} ("
    said += f"inputs 80 %: {band(known)}; {small}). " if known else f"{small}). "
    # ICD 203: words for a probability and what is said of its certainty share no sentence.
    said += f"Not within {within}: {percent(1.0 - p.value)}. In words: {words(p.value)}."
    if p.value > 0.5:
        said += f" Median: {moment(facts, ensemble.quantile(name, 0.5).value)}."
    return said
