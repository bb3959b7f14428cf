"""Who holds places: one look for each faction in every picture, and a key that says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from matplotlib.patches import Rectangle

from sim.analysis.first_passage import Floats
from sim.ensemble.geography import NOBODY, Spot
from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.page import Page, Table
from sim.shown import iso

_SAMPLE, _GAP, KEY_LINE = 0.26, 0.22, 0.2


@dataclass(frozen=True)
class Look:
    """How one holder is drawn; ``letter`` stands for it where there is no room for its name."""

    holder: str
    label: str
    letter: str
    colour: str
    hatch: str

    @property
    def face(self) -> str:
        """What its areas are filled with."""
        return style.tint(self.colour, style.AREA)


@dataclass(frozen=True)
class Held:
    """A place, and the probability of each holder at the watch points, (n_grid,)."""

    spot: Spot
    curves: dict[str, Floats]

    @property
    def label(self) -> str:
        """What it is called."""
        return style.written(self.spot.label or self.spot.name, self.spot.name)

    @property
    def is_certain(self) -> bool:
        """Whether one and the same holds it in every replication, all the time."""
        return all(bool(np.all(curve == 1.0)) for curve in self.curves.values())

    def at(self, k: int) -> dict[str, float]:
        """Return the probabilities at a watch point, the greatest first; none of 0."""
        found = {holder: float(curve[k]) for holder, curve in self.curves.items() if curve[k]}
        return dict(sorted(found.items(), key=lambda one: -one[1]))


def places_held(ensemble: Ensemble) -> list[Held]:
    """Return the places of which it is known who holds them, in the order of the file."""
    spots = ensemble.facts.geography.spots
    found = (Held(spot, ensemble.holders(spot.name)) for spot in spots)
    return [held for held in found if held.curves]


def looks(ensemble: Ensemble, places: Sequence[Held]) -> dict[str, Look]:
    """Return the look of everybody who ever holds one of some places.

    It is the same whatever the places: who holds most of what changes hands has the first colours.
    """
    known = _looks(ensemble)
    holding = {holder for held in places for holder in held.curves}
    return {name: look for name, look in known.items() if name in holding}


def _looks(ensemble: Ensemble) -> dict[str, Look]:
    geography, places = ensemble.facts.geography, places_held(ensemble)
    holding = {holder for held in places for holder in held.curves}
    most = {name: sum(_mean(held, name) for held in places) for name in holding}
    names = [one.name for one in geography.holders if one.name in holding]
    names.sort(key=lambda name: -most[name])
    found = {
        name: Look(
            name,
            style.written(geography.label(name), name),
            ascii_uppercase[k % len(ascii_uppercase)],
            style.COLOURS[k % len(style.COLOURS)],
            style.HATCHES[k % len(style.HATCHES)],
        )
        for k, name in enumerate(names)
    }
    if NOBODY in holding:
        found[NOBODY] = Look(NOBODY, geography.label(NOBODY), "-", style.GREY, "")
    return found


def _mean(held: Held, holder: str) -> float:
    """Return how probably somebody holds a place at any time; 0 where that is certain."""
    known = None if held.is_certain else held.curves.get(holder)
    return 0.0 if known is None else round(float(np.mean(known)), 9)


def shares_table(ensemble: Ensemble, places: Sequence[Held], dates: Sequence[float]) -> Table:
    """Return who holds places at the last watch points before some dates, as a table."""
    label = ensemble.facts.geography.label
    rows = tuple(
        (
            held.spot.name,
            held.spot.label,
            holder,
            label(holder),
            days,
            iso(ensemble.date(days)),
            ensemble.legend.grid[k],
            p,
        )
        for held in places
        for days in dates
        for k in [ensemble.watch_point(days)]
        for holder, p in held.at(k).items()
    )
    head = ("place", "label", "holder", "holder_label", "day", "time", "watched_day", "probability")
    return Table(head, rows)


def key_height(looks: Sequence[Look]) -> float:
    """Return how high the key of some looks is, in inches."""
    return KEY_LINE * len(_key_lines(looks)) + 0.08


def key(page: Page, looks: Sequence[Look], x: float, top: float, *, lettered: bool) -> None:
    """Write which look is whose, from a place downward; lettered ones are drawn full."""
    for line in _key_lines(looks):
        at, top = x, top - KEY_LINE
        for look in line:
            page.figure.add_artist(
                Rectangle(
                    (at / style.WIDTH, (top + 0.01) / page.height),
                    _SAMPLE / style.WIDTH, 0.12 / page.height, linewidth=0.8,
                    hatch="" if lettered else look.hatch,
                    facecolor=look.colour if lettered else look.face, edgecolor=look.colour,
                )
            )  # fmt: skip
            page.text(at + _SAMPLE + 0.07, top, _said(look, lettered=lettered), style.SMALL)
            at += _width(look)


def _key_lines(looks: Sequence[Look]) -> list[list[Look]]:
    """Return the looks that have room beside each other, line by line."""
    lines: list[list[Look]] = [[]]
    for look in looks:
        if lines[-1] and sum(map(_width, [*lines[-1], look])) > style.WIDTH - 0.5:
            lines.append([])
        lines[-1].append(look)
    return lines


def _width(look: Look) -> float:
    return _SAMPLE + 0.07 + style.inches_of(_said(look, lettered=True), style.SMALL) + _GAP


def _said(look: Look, *, lettered: bool) -> str:
    label = style.lines(look.label, 2.6, style.SMALL, most=1)
    return (f"{look.letter}  " if lettered else "") + "".join(label)
