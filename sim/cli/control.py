"""Who holds which place, for a terminal: now, over time, and at the end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.analysis.first_passage import Floats
from sim.cli import chart, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.ensemble.model import Ensemble

#: Times that a profile shows, spread evenly from the start to the horizon.
_TIMES = 12


def table(ensemble: Ensemble, look: Look) -> list[list[str]]:
    """Return a row for each place that may change hands; only the head if there is none.

    Who most likely holds it at the start, how the probability that they do goes on from there, and
    who most likely holds it at the last watch point.
    """
    pen = chart.BLOCKS if look.blocks else chart.ASCII
    label, last = ensemble.facts.geography.label, ensemble.legend.grid[-1:]
    end = f"day {text.days(last[0], text.decimals_for(ensemble.facts.horizon))}" if last else ""
    rows = [["place", "held by", "over time", f"{end}, most likely", ""]]
    for spot in ensemble.facts.geography.spots:
        curves = ensemble.holders(spot.name)
        if not curves or _is_certain(curves):
            continue
        first, final = _likeliest(curves, 0), _likeliest(curves, -1)
        kept = curves[first][_times(len(curves[first]))].tolist()
        place, now, then = (
            text.fitted(safe(label(name)), room)
            for name, room in ((spot.name, 14), (first, 18), (final, 18))
        )
        p = text.percent(float(curves[final][-1]), 0)
        rows.append([place, now, "".join(chart.cell(x, pen) for x in kept), then, p])
    return rows


def n_certain(ensemble: Ensemble) -> int:
    """Return how many places stay in the same hands in every replication."""
    every = (ensemble.holders(spot.name) for spot in ensemble.facts.geography.spots)
    return sum(bool(curves) and _is_certain(curves) for curves in every)


def _is_certain(curves: Mapping[str, Floats]) -> bool:
    return all(bool(np.all(curve == 1.0)) for curve in curves.values())


def _likeliest(curves: Mapping[str, Floats], k: int) -> str:
    return max(curves, key=lambda name: float(curves[name][k]))


def _times(n: int) -> list[int]:
    """Return the numbers of the watch points shown, of n that are evenly spread enough."""
    return sorted({round(x) for x in np.linspace(0, n - 1, min(_TIMES, n))})
