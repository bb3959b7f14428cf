"""Who holds places: the order in which colours are given, and letters that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.analysis.first_passage import Floats
from sim.ensemble.model import Ensemble


def ranked(ensemble: Ensemble) -> list[str]:
    """Return whoever may hold a place; who holds most of what changes hands has the first colours.

    The same in every picture and report of a run.
    """
    geography = ensemble.facts.geography
    places = [curves for spot in geography.spots if (curves := ensemble.holders(spot.name))]
    most = {
        one.name: sum(_mean(curves, one.name) for curves in places) for one in geography.holders
    }
    held = {name for curves in places for name in curves}
    return sorted((name for name in most if name in held), key=lambda name: -most[name])


def _mean(curves: Mapping[str, Floats], holder: str) -> float:
    """Return how probably somebody holds a place at any time; 0 where that is certain."""
    is_certain = all(bool(np.all(curve == 1.0)) for curve in curves.values())
    return 0.0 if is_certain or holder not in curves else round(float(curves[holder].mean()), 9)


def signs(names: Sequence[str]) -> dict[str, str]:
    """Return letters for holders by which a map tells them apart without colours.

    Examples
    --------
    >>> signs(["rebels", "sdf", "south", "sdn", "sdo"])
    {'rebels': 'R', 'sdf': 'S', 'south': 'So', 'sdn': 'Sd', 'sdo': '5'}
    """
    found: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        letters = (name[:1].upper(), name[:1].upper() + name[1:2], str(number))
        found[name] = next(sign for sign in letters if sign not in found.values())
    return found
