"""A map of the places at some dates: who holds each, with what probability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle, Wedge

from sim.ensemble.geography import Geography, Line, Spot
from sim.ensemble.model import Ensemble
from sim.report import style
from sim.report.atlas.clip import Box, Point, clipped
from sim.report.atlas.lines import CREDIT, Outline, is_covered, lines_within
from sim.report.holders import Held, Look, key, key_height, looks, places_held, shares_table
from sim.report.page import Drawing, Page, and_stopped, moment
from sim.shown import counted, date, fitted, percent

#: A date has a map of its own; of more than these, some between the first and the last.
MOST = 4
#: Places beyond these have no room.
MOST_PLACES = 80
#: What is around the places: a share of their extent, and degrees at the least.
_MARGIN, _LEAST = 0.09, 0.25
_CITY, _TOWN = 0.095, 0.075
_LABEL = 7.0
#: A label that is farther from its disc has a line to it.
_NEAR = 0.25
_BETWEEN, _HEAD = 0.22, 0.24
_LOWEST, _HIGHEST = 0.55, 1.25
_DASHES: dict[str, style.Dash] = {"road": "-", "rail": style.DASHES[3], "track": style.DASHES[1]}
_FOOT = (
    "Each disc is shared by the probability that each holds the place at the last watch point "
    "before the date; beside it the letter of who most likely holds it, and how probably. "
)


@dataclass(frozen=True)
class Frame:
    """Where on the sheet a box of the globe is drawn: its lower left corner and size, in inches."""

    box: Box
    x: float
    y: float
    width: float
    height: float

    def place(self, lon: float, lat: float) -> Point:
        """Return the place of a point of the globe, in inches (plate carrée)."""
        across = (lon - self.box.lon_min) / (self.box.lon_max - self.box.lon_min)
        up = (lat - self.box.lat_min) / (self.box.lat_max - self.box.lat_min)
        return self.x + across * self.width, self.y + up * self.height


def control_map(ensemble: Ensemble, at: Sequence[float] | None = None) -> Drawing | None:
    """Draw a map at report times, or at ``at`` (days); None where nothing lies on a map."""
    facts = ensemble.facts
    places = [held for held in places_held(ensemble) if held.spot.at is not None]
    inside = [held for held in places if held.spot.kind != "source"][:MOST_PLACES]
    if not inside:
        return None
    dates = _some(facts.report if at is None else at)
    n_columns = 1 if len(dates) == 1 else 2
    width = (style.WIDTH - 0.5 - (n_columns - 1) * _BETWEEN) / n_columns
    box, height = _box(inside, width)
    shown = [held for held in places if box.holds(_lon_lat(held.spot))][:MOST_PLACES]
    looked = looks(ensemble, shown)
    row, around = _HEAD + height, key_height(list(looked.values())) + 0.05
    n_rows = math.ceil(len(dates) / n_columns)
    title = "Who controls what, on the map"
    said = f"How probably each holds each place, at {counted(len(dates), 'date')}."
    maps = [_shares(ensemble, shown, days) for days in dates]
    without = _unlabelled(shown, box, width, height, maps)
    foot = _foot(facts.geography, places, shown, box, without)
    page = Page(ensemble, title, said, foot, n_rows * (row + _BETWEEN) + around)
    key(page, list(looked.values()), 0.25, page.top, lettered=True)
    outlines = _outlines(facts.geography, box)
    for k, (days, shares) in enumerate(zip(dates, maps, strict=True)):
        x = 0.25 + (k % n_columns) * (width + _BETWEEN)
        y = page.top - around - (k // n_columns + 1) * (row + _BETWEEN) + _BETWEEN
        _panel(page, ensemble, Frame(box, x, y, width, height), days)
        frame = Frame(box, x, y, width, height)
        _ground(page, frame, outlines)
        _ways(page, frame, facts.geography)
        _places(page, frame, shown, shares, looked)
    alt = f"{title}: {len(shown)} places. " + " ".join(
        _told(ensemble, days, shown, shares, looked)
        for days, shares in zip(dates, maps, strict=True)
    )
    table = shares_table(ensemble, shown, dates)
    return Drawing("map", title, alt + and_stopped(ensemble), page.figure, table)


# What is shown.


def _some(dates: Sequence[float]) -> list[float]:
    """Return a few dates, among them the first and the last."""
    kept = np.unique(np.linspace(0, len(dates) - 1, min(len(dates), MOST)).round().astype(int))
    return [float(dates[k]) for k in kept]


def _shares(ensemble: Ensemble, places: Sequence[Held], days: float) -> list[dict[str, float]]:
    return [held.at(ensemble.watch_point(days)) for held in places]


def _lon_lat(spot: Spot) -> Point:
    assert spot.at is not None
    return spot.at[1], spot.at[0]


def _box(places: Sequence[Held], width: float) -> tuple[Box, float]:
    """Return what of the globe is shown, and how high that is on a map of a width, in inches."""
    lon, lat = (
        np.array(values) for values in zip(*(_lon_lat(h.spot) for h in places), strict=True)
    )
    middle = (float(lon.min() + lon.max()) / 2.0, float(lat.min() + lat.max()) / 2.0)
    squeezed = max(0.1, math.cos(math.radians(middle[1])))
    extent = max(float(np.ptp(lon)) * squeezed, float(np.ptp(lat)), _LEAST)
    across = float(np.ptp(lon)) * squeezed + 2 * max(_MARGIN * extent, _LEAST / 2)
    up = float(np.ptp(lat)) + 2 * max(_MARGIN * extent, _LEAST / 2)
    shape = min(max(up / across, _LOWEST), _HIGHEST)
    across, up = max(across, up / shape), max(up, across * shape)
    half = across / squeezed / 2.0
    box = Box(middle[0] - half, middle[1] - up / 2.0, middle[0] + half, middle[1] + up / 2.0)
    return box, width * shape


def _outlines(geography: Geography, box: Box) -> list[Outline]:
    if geography.outline is None:
        return lines_within(*box)
    own: tuple[Line, ...] = geography.outline
    return [Outline("border", part) for line in own for part in clipped(line, box)]


def _foot(
    geography: Geography, places: Sequence[Held], shown: Sequence[Held], box: Box, without: int
) -> str:
    """Say what a disc is, whose lines these are, and what is not there."""
    foot = _FOOT
    if geography.outline is not None:
        foot += f"Lines: {style.written(geography.outline_of)}, illustrative. "
    elif is_covered(*box):
        foot += f"{CREDIT} "
    else:
        foot += "The map that comes with the program has no coasts and borders for all of this. "
    beyond = [held.label for held in places if held not in shown]
    if beyond:
        foot += f"Beyond the edge: {fitted(', '.join(beyond), 120)}. "
    return foot + (
        f"{counted(without, 'place')} without a name for lack of room. " if without else ""
    )


def _told(
    ensemble: Ensemble, days: float, places: Sequence[Held], shares: Sequence[dict[str, float]],
    looked: dict[str, Look],
) -> str:  # fmt: skip
    """Say who holds what at a date."""
    found = (
        f"{held.label} {looked[holder].label} {percent(p, 0)}"
        for held, of in zip(places, shares, strict=True)
        for holder, p in list(of.items())[:1]
    )
    return f"{moment(ensemble.facts, days)}: {', '.join(found)}."


# How it is drawn.


def _panel(page: Page, ensemble: Ensemble, frame: Frame, days: float) -> None:
    """Draw the frame of a map, with its date above."""
    above = frame.y + frame.height + 0.06
    page.text(frame.x, above, moment(ensemble.facts, days), style.SMALL + 0.5, weight="bold")
    watched = ensemble.legend.grid[ensemble.watch_point(days)]
    if abs(watched - days) > 1e-9 * max(1.0, days):
        said = f"watched {_shortly(ensemble, watched)}"
        page.text(frame.x + frame.width, above, said, _LABEL, ha="right", color=style.GREY)
    page.figure.add_artist(
        Rectangle(
            (frame.x, frame.y), frame.width, frame.height, fill=False, linewidth=0.8,
            edgecolor=style.GRID, transform=page.figure.dpi_scale_trans,
        )
    )  # fmt: skip


def _shortly(ensemble: Ensemble, days: float) -> str:
    at = ensemble.date(days)
    return moment(ensemble.facts, days) if at is None else date(at, is_short=True)


def _stroke(
    page: Page, points: Sequence[Point], colour: str, width: float, dash: style.Dash
) -> None:
    """Draw a line through places in inches."""
    x, y = zip(*points, strict=True)
    look: dict[str, Any] = {"color": colour, "linewidth": width, "linestyle": dash}
    inches = page.figure.dpi_scale_trans
    page.figure.add_artist(Line2D(x, y, solid_capstyle="round", transform=inches, **look))


def _ground(page: Page, frame: Frame, outlines: Sequence[Outline]) -> None:
    """Draw coasts and borders, fainter than anything that means something."""
    for kind, points in outlines:
        dash = "-" if kind == "coast" else (0, (4, 2))
        colour = style.tint(style.GREY, style.EDGE)
        _stroke(page, [frame.place(*p) for p in points], colour, 0.7, dash)


def _ways(page: Page, frame: Frame, geography: Geography) -> None:
    """Draw the routes between places on the map, those to places beyond it up to its edge."""
    where = {spot.name: _lon_lat(spot) for spot in geography.spots if spot.at is not None}
    for way in geography.ways:
        if all(end in where for end in way.ends):
            for part in clipped([where[end] for end in way.ends], frame.box):
                dash = _DASHES.get(way.kind, style.DASHES[4])
                _stroke(page, [frame.place(*p) for p in part], style.GREY, 1.0, dash)


def _places(
    page: Page, frame: Frame, places: Sequence[Held], shares: Sequence[dict[str, float]],
    looked: dict[str, Look],
) -> None:  # fmt: skip
    """Draw the discs, and beside each its name where there is room."""
    for held, of in zip(places, shares, strict=True):
        _disc(page, held, frame.place(*_lon_lat(held.spot)), of, looked)
    for held, of, spot in zip(places, shares, _spots(frame, places, shares), strict=True):
        if spot is not None:
            x, y, side = spot
            middle = frame.place(*_lon_lat(held.spot))
            if math.dist(middle, (x, y)) > _NEAR:
                _stroke(page, [middle, (x, y)], style.GREY, 0.5, "-")
            page.text(
                x, y, _label(held, of, looked), _LABEL, ha=side, va="center", zorder=5,
                bbox={"facecolor": style.WHITE, "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
            )  # fmt: skip


def _disc(
    page: Page, held: Held, middle: Point, shares: dict[str, float], looked: dict[str, Look]
) -> None:
    """Draw a disc, shared clockwise from the top in the order of the file."""
    angle = 90.0
    for holder, look in looked.items():
        if p := shares.get(holder, 0.0):
            page.figure.add_artist(
                Wedge(
                    middle, _radius(held.spot), angle - 360.0 * p, angle, linewidth=0.5,
                    facecolor=look.colour, edgecolor=style.WHITE,
                    transform=page.figure.dpi_scale_trans, zorder=4,
                    label=f"{held.spot.name} {holder}",
                )
            )  # fmt: skip
            angle -= 360.0 * p


def _radius(spot: Spot) -> float:
    return _CITY if spot.kind == "city" else _TOWN


def _label(held: Held, shares: dict[str, float], looked: dict[str, Look] | None) -> str:
    """Return what stands beside a place; without looks, something as wide."""
    name = fitted(held.label, 18)
    holder, p = next(iter(shares.items()))
    return f"{name} {looked[holder].letter if looked else 'W'} {percent(p, 0)}"


#: Where a label stands: its left end or its right end, and its middle.
_Spot = tuple[float, float, str]


def _unlabelled(
    places: Sequence[Held], box: Box, width: float, height: float,
    maps: Sequence[Sequence[dict[str, float]]],
) -> int:  # fmt: skip
    """Return of how many places a name is missing on some map."""
    frame = Frame(box, 0.0, 0.0, width, height)
    missing = {k for of in maps for k, s in enumerate(_spots(frame, places, of)) if s is None}
    return len(missing)


def _spots(
    frame: Frame, places: Sequence[Held], shares: Sequence[dict[str, float]]
) -> list[_Spot | None]:
    """Return where each label stands so that none covers another or a disc: big places first."""
    middles = [frame.place(*_lon_lat(held.spot)) for held in places]
    discs = [(x - _TOWN, y - _TOWN, x + _TOWN, y + _TOWN) for x, y in middles]
    taken: list[tuple[float, float, float, float]] = list(discs)
    found: list[_Spot | None] = [None] * len(places)
    order = sorted(range(len(places)), key=lambda k: -places[k].spot.people)
    for k in order:
        wide = style.inches_of(_label(places[k], shares[k], None), _LABEL) + 0.02
        for spot, around in _candidates(frame, middles[k], _radius(places[k].spot), wide):
            is_free = not any(_overlap(around, other) for other in taken if other is not discs[k])
            others = (middle for n, middle in enumerate(middles) if n != k)
            if is_free and not any(_crosses(middles[k], spot[:2], other) for other in others):
                found[k] = spot
                taken.append(around)
                break
    return found


def _candidates(
    frame: Frame, middle: Point, radius: float, wide: float
) -> Iterator[tuple[_Spot, tuple[float, float, float, float]]]:
    """Yield places for a label around a disc that lie on the map, the best first."""
    half, away = 0.055, radius + 0.035
    beside = [(away, up) for up in (0.0, 0.09, -0.09, 0.15, -0.15)]
    farther = [
        (far * math.cos(angle), far * math.sin(angle))
        for far in (0.35, 0.55, 0.8)
        for angle in np.radians((0, 30, -30, 60, -60, 80, -80))
    ]
    for away, up in [*beside, *farther]:
        for side, x in (("left", middle[0] + away), ("right", middle[0] - away)):
            low = x if side == "left" else x - wide
            y = middle[1] + up
            around = (low, y - half, low + wide, y + half)
            is_on = frame.x <= low and low + wide <= frame.x + frame.width
            if is_on and frame.y <= y - half and y + half <= frame.y + frame.height:
                yield (x, y, side), around


def _crosses(start: Point, end: Point, disc: Point) -> bool:
    """Return whether a line from a disc to its label runs over another disc."""
    if math.dist(start, end) <= _NEAR:
        return False
    steps = np.linspace(0.0, 1.0, 20)[:, np.newaxis]
    along = np.array(start) + steps * (np.array(end) - np.array(start))
    return bool((np.hypot(*(along - np.array(disc)).T) < _TOWN).any())


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
