"""A sweep in sentences, which the terminal and the report both say, and what the report shows.

As in :mod:`sim.studies.reported`, texts of files stand in it as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from sim.shown import counted, percent, rounded, signed
from sim.studies.reported import MOST
from sim.studies.swept import Influence, Interval, Response, Spread, Sweep

Json = dict[str, Any]

METHODS = {
    "given": "a run as it is",
    "grid": "a grid",
    "lhs": "a Latin hypercube",
    "morris": "Morris's screening",
    "sobol": "Sobol' indices",
}
#: Inputs that a report lists of each outcome.
_INPUTS = 40


def headline(spread: Spread) -> str:
    """Return how likely an outcome is, and how far that hangs on the inputs if it is seen to."""
    said = f"{spread.label}: {percent(spread.probability)}"
    if spread.is_seen:
        said += f", give or take {100 * spread.inputs:.1f} points with the inputs"
    return said


def nothing_seen(sweep: Sweep, outcome: str) -> str:
    """Return why there is no table of inputs; empty if there is one."""
    if any(one.index is not None or one.mu_star for one in sweep.outcomes[outcome]):
        return ""
    if sweep.method == "morris":
        return "no input moves it"
    return "what the inputs do does not stand out from luck and from the choice of points"


def with_figures(found: Sequence[Influence], most: int) -> list[Influence]:
    """Return the inputs that have a figure, those of most influence."""
    return [one for one in found if one.size > -math.inf][:most]


def others(sweep: Sweep, n: int) -> str:
    """Return what is to be said of inputs that are not listed; empty without any."""
    if not n:
        return ""
    what = "not above the noise" if sweep.method == "given" else "of less influence"
    return f"and {counted(n, 'other input')} {what}"


def notes(sweep: Sweep) -> Iterator[str]:
    """Yield what is to be known of the sweep itself."""
    if not sweep.complete:
        yield (
            f"{sweep.points_done:,} of {sweep.points:,} points: the budget was used up; the same "
            "command goes on from there"
        )
    yield from sweep.notes


def made(sweep: Sweep) -> str:
    """Return what was run."""
    if sweep.method == "given":
        return f"{counted(sweep.points_done, 'replication')}, seed {sweep.seed}."
    said = f"{counted(sweep.points_done, 'point')} of "
    return said + f"{counted(sweep.replications, 'replication')}, seed {sweep.seed}."


def meaning(sweep: Sweep) -> str:
    """Return what the figures of the method are."""
    said = f"Of probabilities by day {sweep.by_days:g}, luck taken off. "
    if sweep.method == "morris":
        said += "In points of a hundred for the whole range of an input: the mean effect, its mean "
        said += "size, how much it varies with the other inputs, and what luck does to a single "
        return said + "one."
    said += "Alone: the share of the variance over the inputs that would go if this one were "
    said += "known. "
    if sweep.method == "sobol":
        said += "Total: the share that would be left if all others were. "
    return said + "Low to high: the probability where the input is lowest and highest."


def share(value: float | None) -> str:
    """Return an index; empty if there is none."""
    return "" if value is None or not math.isfinite(value) else _plain(value, 2)


def effect(value: float | None, *, is_signed: bool = False) -> str:
    """Return an effect in points of a hundred; empty if there is none."""
    if value is None:
        return ""
    return signed(100 * value, 1) if is_signed else _plain(100 * value, 1)


def ends(found: Interval | None, scale: float = 1.0, decimals: int = 2) -> str:
    """Return an interval of indices or effects; empty if there is none."""
    if found is None or not all(map(math.isfinite, found)):
        return ""
    low, high = (_plain(scale * end, decimals) for end in found)
    return f"{low} to {high}"


def _plain(value: float, decimals: int) -> str:
    """Return a number of which nothing is left but its sign without that."""
    return f"{value:z.{decimals}f}"


def swing(responses: Sequence[Response]) -> str:
    """Return the probability where an input is lowest, and where it is highest."""
    if len(responses) < 2:
        return ""
    low, high = (percent(r.probability, 0) for r in (responses[0], responses[-1]))
    return f"{low} to {high}"


# What a report shows.


def driven(sweep: Sweep) -> Json:
    """Return what a report shows of a sweep."""
    names = list(sweep.outcomes)[:MOST]
    return {
        "title": sweep.title or sweep.scenario,
        "variant": sweep.variant or "",
        "method": METHODS[sweep.method],
        "made": made(sweep),
        "meaning": meaning(sweep),
        "notes": list(notes(sweep)),
        "inputs": list(sweep.inputs),
        "outcomes": [_outcome(sweep, name) for name in names],
        "left_out": len(sweep.outcomes) - len(names),
    }


def _outcome(sweep: Sweep, name: str) -> Json:
    found, spread = sweep.outcomes[name], sweep.spread[name]
    nothing = nothing_seen(sweep, name)
    shown = [] if nothing else with_figures(found, _INPUTS)
    figures = [_figures(one) for one in shown]
    # A column that no input has a figure in is none.
    columns = [k for k in range(len(_HEADS)) if any(row[k] is not None for row in figures)]
    scales = {k: _scale([row[k] for row in figures]) for k in columns}
    return {
        "name": name,
        "label": spread.label,
        "p": percent(spread.probability),
        "said": headline(spread),
        "nothing": nothing,
        "heads": [_HEADS[k] for k in columns],
        "rows": [
            {
                "input": one.input,
                "cells": [_cell(row[k], scales[k]) for k in columns],
                "more": _more(one),
                "swing": swing(one.responses),
                "responses": [_response(r) for r in one.responses],
            }
            for one, row in zip(shown, figures, strict=True)
        ],
        "others": "" if nothing else others(sweep, len(found) - len(shown)),
    }


_HEADS = ("alone", "total", "mean size of effect, points")
#: A figure, its interval, how both are written.
_Figure = tuple[float, Interval | None, str, str]


def _figures(one: Influence) -> list[_Figure | None]:
    """Return the figures of an input that are drawn as bars; None for one that it lacks."""
    found: list[_Figure | None] = [
        None if not share(value) else (value or 0.0, of, share(value), ends(of))
        for value, of in ((one.index, one.interval95), (one.total, one.total95))
    ]
    size = one.mu_star
    written = (effect(size), ends(one.mu_star95, 100.0, 0))
    return [*found, None if size is None else (size, one.mu_star95, *written)]


def _scale(figures: Sequence[_Figure | None]) -> tuple[float, float]:
    """Return the ends of the axis that the bars of a column share; 0 lies on it."""
    reached = [0.0]
    for figure in figures:
        if figure is not None:
            value, of, _, written = figure
            reached += [value, *(of if of and written else ())]
    # An interval that reaches far beyond what an index can be would leave nothing of the bars.
    return max(min(reached), -0.5), min(max(reached), 1.5) or 1.0


def _cell(figure: _Figure | None, scale: tuple[float, float]) -> Json | None:
    if figure is None:
        return None
    value, of, said, written = figure
    low, high = scale

    def place(x: float) -> float:
        return round(100.0 * (min(max(x, low), high) - low) / (high - low), 2)

    start, end = sorted((place(0.0), place(value)))
    return {
        "said": said,
        "ends": written,
        "start": start,
        "width": round(end - start, 2),
        "whisker": [place(x) for x in of] if of and written else [],
    }


def _more(one: Influence) -> str:
    """Return what else there is of elementary effects."""
    if one.mu is None:
        return ""
    said = [("mean effect", effect(one.mu, is_signed=True))]
    said += [("sigma", effect(one.sigma)), ("luck", effect(one.noise))]
    return ", ".join(f"{what} {value}" for what, value in said if value)


def _response(of: Response) -> Json:
    value = "" if of.value is None else rounded(of.value)
    return {
        "at": of.label or value or f"{100 * of.quantile:.0f} % of its law",
        "p": percent(of.probability),
        "width": round(100.0 * of.probability, 2),
        "ends": ends(of.interval95, 100.0, 1),
        "whisker": [round(100.0 * min(max(x, 0.0), 1.0), 2) for x in of.interval95 or ()],
        "points": of.points,
    }
