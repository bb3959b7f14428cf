"""The picture of a mechanism: what its example does, as written and in each of its variants.

A panel for each outcome and for each number that is watched, a curve for each variant. Laws are
exact where the example is a Markov chain, else of an ensemble; rings are the known answer.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sim
from docs.mechanism_pages import REPLICATIONS, SEED
from sim.analysis.first_passage import Floats
from sim.errors import ScenarioError
from sim.net.canonical import digest
from sim.report import style
from sim.scenario.model import Scenario
from sim.shown import counted
from sim.versions import NUMBERS
from tests.oracles.mechanisms import EXAMPLES, Known, example, known

AS_WRITTEN = "as written"
_POINTS = 48
#: A time that takes no more values than these is drawn in steps.
_STEPS = 12
#: The axis of time ends where so much of every curve has come, and a little later.
_NEARLY = 0.99
_ACROSS, _DOWN, _LEFT, _HEAD, _FOOT = 2, 2.05, 0.55, 0.3, 0.32
_BETWEEN = 0.85


class Curve(NamedTuple):
    """Values by day; in steps where they jump."""

    days: Floats
    values: Floats


#: By what is shown, then by variant.
Panels = dict[str, dict[str, Curve]]


def draw(kind: str) -> bytes:
    """Return the picture of a kind as SVG: the same bytes each time."""
    text = example(kind)
    shown = {AS_WRITTEN: sim.loads(text)}
    shown |= {v: sim.loads(text, variant=v) for v in shown[AS_WRITTEN].variants}
    panels, is_exact = _panels(shown)
    with style.applied():
        figure = _figure(panels, list(shown), known(kind), is_exact)
        stream = io.BytesIO()
        title = {"Title": shown[AS_WRITTEN].title, "Identifier": state(kind)}
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, **title})
    return stream.getvalue()


def state(kind: str) -> str:
    """Return a digest of all that the picture of a kind depends on.

    The picture carries it: that it is current can be told without drawing it.
    """
    text, answer = example(kind), known(kind)
    names = [None, *sim.loads(text).variants]
    parts = [
        *(digest(sim.loads(text, variant=name).net) for name in names),
        *map(str, (NUMBERS, REPLICATIONS, SEED, names)),
        *(f"{key} {value:.12g}" for key, value in {**answer.by, **answer.at}.items()),
        *(Path(str(file)).read_text(encoding="utf-8") for file in (__file__, style.__file__)),
    ]
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()


def state_of(kind: str) -> str:
    """Return the digest that a picture on the disk carries."""
    text = (EXAMPLES / f"{kind}.svg").read_text(encoding="utf-8")
    found = re.search(r"<dc:identifier>(\w+)</dc:identifier>", text)
    return found[1] if found else ""


# What is drawn.


def _panels(shown: dict[str, Scenario]) -> tuple[Panels, bool]:
    """Return the curves, and whether they are exact."""
    try:
        return _exact(shown), True
    except ScenarioError:
        return _simulated(shown), False


def _exact(shown: dict[str, Scenario]) -> Panels:
    panels: Panels = {}
    for variant, scenario in shown.items():
        days = np.linspace(0.0, scenario.clock.horizon / 86_400.0, _POINTS)
        for outcome, values in sim.exact(scenario, list(days)).outcomes.items():
            panels.setdefault(f"P({outcome})", {})[variant] = Curve(days, values)
    return panels


def _simulated(shown: dict[str, Scenario]) -> Panels:
    panels: Panels = {}
    for variant, scenario in shown.items():
        run = sim.run(scenario, replications=REPLICATIONS, seed=SEED)
        for outcome in run.outcomes:
            curve = _arrival(run.times(outcome.name), run.facts.horizon)
            panels.setdefault(f"P({outcome.name})", {})[variant] = curve
        for name, rows in run.watch.groupby("name", sort=False):
            days, means = (rows[column].to_numpy(np.float64) for column in ("days", "mean"))
            curve = Curve(days, means)
            panels.setdefault(f"{name}, mean", {})[variant] = curve
    return panels


def _arrival(times: Floats, horizon: float) -> Curve:
    """Return the share that has come, by time."""
    jumps = np.unique(times[np.isfinite(times)])
    if len(jumps) > _STEPS:
        days = np.linspace(0.0, horizon, _POINTS)
        first = np.quantile(jumps, np.linspace(0.0, 0.9, _POINTS // 3))
        days = np.unique(np.concatenate([days, first]))
        return Curve(days, np.mean(times[:, None] <= days, axis=0))
    ends = np.repeat(np.concatenate([[0.0], jumps, [horizon]]), 2)[1:-1]
    shares = [np.mean(times <= t) if t > 0.0 else 0.0 for t in np.concatenate([[0.0], jumps])]
    return Curve(ends, np.repeat(shares, 2))


def _last_day(panels: Panels) -> float:
    """Return the day after which nothing more is to be seen."""
    last = 0.0
    for curve in (curve for curves in panels.values() for curve in curves.values()):
        span = np.ptp(curve.values)
        near = np.abs(curve.values - curve.values[-1]) <= (1.0 - _NEARLY) * span
        still = len(near) - int(np.argmin(near[::-1])) if not near.all() else 0
        last = max(last, float(curve.days[min(still, len(near) - 1)]))
    return min(1.15 * last, max(float(c.days[-1]) for cs in panels.values() for c in cs.values()))


# How it is drawn.


def _figure(panels: Panels, variants: list[str], answer: Known, is_exact: bool) -> Figure:
    """Return the panels in rows of two, with what the curves are above them."""
    across = min(_ACROSS, len(panels))
    rows = -(-len(panels) // across)
    height = rows * _DOWN + _HEAD + _FOOT
    figure = Figure(figsize=(style.WIDTH, height), facecolor="white")
    wide, last = (style.WIDTH - 0.2) / across, _last_day(panels)
    for k, (name, curves) in enumerate(panels.items()):
        x, y = _LEFT + (k % across) * wide, height - _HEAD - (k // across + 1) * _DOWN + 0.4
        box = (x, y, wide - _BETWEEN, _DOWN - 0.7)
        sides = (style.WIDTH, height, style.WIDTH, height)
        axes = figure.add_axes(tuple(a / b for a, b in zip(box, sides, strict=True)))
        _panel(axes, name, curves, answer, last)
    handles, _ = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles[: len(variants)], [v.replace("_", " ") for v in variants],
        loc="upper left", bbox_to_anchor=(0.02, 1.0 - 0.04 / height), ncols=len(variants),
        frameon=False, fontsize=style.SMALL, handlelength=3.0,
    )  # fmt: skip
    law = (
        "Exact laws." if is_exact else f"{counted(REPLICATIONS, 'replication')} each, seed {SEED}."
    )
    figure.text(
        0.02, 0.1 / height, f"{law} Rings: the known answer. Time in days.",
        fontsize=style.SMALL, color=style.GREY,
    )  # fmt: skip
    return figure


def _panel(axes: Axes, name: str, curves: dict[str, Curve], answer: Known, last: float) -> None:
    """Draw the curves of one outcome, or of one number that is watched."""
    for k, (variant, curve) in enumerate(curves.items()):
        axes.plot(
            curve.days, curve.values, color=style.COLOURS[k], linestyle=style.DASHES[k],
            linewidth=1.3 if k else 2.4, label=variant, zorder=3,
        )  # fmt: skip
    rings = list(_rings(name, answer))
    if rings:
        axes.plot(
            [t for t, _ in rings], [p for _, p in rings], "o", markersize=6, markerfacecolor="none",
            markeredgecolor=style.BLACK, markeredgewidth=1.0, zorder=4, label="known",
        )  # fmt: skip
    axes.set_title(name, fontsize=style.TEXT, loc="left")
    axes.set_xlim(0.0, last)
    if name.startswith("P("):
        axes.set_ylim(0.0, 1.03)
    else:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.locator_params(nbins=4)


def _rings(name: str, answer: Known) -> Iterator[tuple[float, float]]:
    """Yield what is known of an outcome: probabilities by day, or the day on which it is sure."""
    yield from ((t, p) for (outcome, t), p in answer.by.items() if name == f"P({outcome})")
    days = {f"P({outcome})": day for outcome, day in answer.at.items()}
    if math.isfinite(day := days.get(name, math.inf)):
        yield day, 1.0
