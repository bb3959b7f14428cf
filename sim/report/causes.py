"""What brings an outcome about: its arrival curve, cut up by cause."""

from __future__ import annotations

from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.arrivals import points
from sim.report.page import (
    BELOW,
    Drawing,
    Page,
    and_stopped,
    captioned_time_axis,
    cut,
    label_of,
    moment,
    percent_axis,
    quoted,
    top_for,
)
from sim.report.stack import areas, beside, heights, layers
from sim.shown import percent, span

_LEFT, _RIGHT, _HEIGHT = 0.85, 3.0, 3.1
_FOOT = "Areas add up to the arrival curve, the line on top. No intervals are drawn."


def stacked(ensemble: Ensemble, name: str) -> Drawing:
    """Draw the cumulative incidence of an outcome by cause, the commonest at the bottom."""
    label, facts = label_of(ensemble, name), ensemble.facts
    days = points(ensemble.times(name), facts.horizon)
    stack = layers(ensemble.incidence(name, days), "cause")
    curve = ensemble.cdf(name, days).cdf
    said = f"What brings it about, within {span(facts.horizon)}: {percent(curve[-1])} in all."
    top = top_for(float(curve[-1]))
    page = Page(ensemble, label, said, cut(top) + _FOOT, _HEIGHT + BELOW)
    width, height = style.WIDTH - _LEFT - _RIGHT, page.top - page.bottom - BELOW
    axes = page.axes(_LEFT, page.bottom + BELOW, width, height)
    areas(axes, days, stack, "post")
    axes.plot(
        days, curve, color=style.BLACK, linewidth=1.4, drawstyle="steps-post", zorder=3,
        solid_capstyle="butt", label="arrival",
    )  # fmt: skip
    percent_axis(axes, top)
    captioned_time_axis(axes, facts, width)
    beside(page, stack, top, (_LEFT + width, page.bottom + BELOW, height), _RIGHT - 0.2)
    shares = [f"{layer.name} {percent(float(layer.heights[-1]))}" for layer in stack]
    alt = f"Causes of {quoted(ensemble, name)} by {moment(facts, facts.horizon)}, stacked to "
    alt += f"{percent(float(curve[-1]))}: {', '.join(shares)}."
    table = heights(stack, days, ensemble, "cause")
    return Drawing(
        f"causes_{name}", f"Causes: {label}", alt + and_stopped(ensemble), page.figure, table
    )
