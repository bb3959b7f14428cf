"""The map of a page: where places, routes and names stand on a sheet of fixed width."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.report.atlas.lines import lines_within
from sim.shown import fitted, safe

#: The sheet, in units of its own; a page shows it at this many pixels, or fewer.
WIDTH, _MARGIN, _TALLEST = 720.0, 44.0, 760.0
RADIUS = 11.0
_LETTER, _LINE = 7.0, 14.0
#: Letters of a name that a map has room for.
_MOST = 24


@dataclass(frozen=True)
class Spot:
    """A place on the sheet, and where its name stands."""

    name: str
    label: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Sheet:
    """Where everything stands; lines are lists of points as SVG has them."""

    height: float
    spots: tuple[Spot, ...]
    ways: tuple[str, ...]
    #: What each line is, coast or border, and where it runs.
    outline: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Projection:
    """Degrees to units of the sheet: equirectangular, true to scale at the middle latitude."""

    west: float
    north: float
    shrink: float
    scale: float

    def __call__(self, latitude: float, longitude: float) -> tuple[float, float]:
        x = _MARGIN + (longitude - self.west) * self.shrink * self.scale
        return x, _MARGIN + (self.north - latitude) * self.scale

    def inverse(self, x: float, y: float) -> tuple[float, float]:
        """Return the latitude and longitude of a point of the sheet."""
        longitude = self.west + (x - _MARGIN) / self.shrink / self.scale
        return self.north - (y - _MARGIN) / self.scale, longitude


#: Lines of points, (longitude, latitude) in degrees.
Lines = Sequence[Sequence[tuple[float, float]]]


def sheet(
    places: Sequence[dict[str, Any]], ways: Sequence[Sequence[str]], own: Lines | None = None
) -> Sheet:
    """Return a map of places that have ``name``, ``label`` and ``at``, joined by ways.

    ``own`` are lines of a map of the scenario's own, for the coasts and borders of the program.
    """
    project, height = _fitting([place["at"] for place in places])
    at = {place["name"]: project(*place["at"]) for place in places}
    joined = [_line([at[a], at[b]]) for a, b in ways if a in at and b in at]
    labels = {p["name"]: fitted(safe(p["label"]), _MOST) for p in places}
    outline = tuple(_outline(project, height, own))
    return Sheet(height, tuple(_labelled(at, labels)), tuple(joined), outline)


def _outline(project: _Projection, height: float, own: Lines | None) -> Iterator[tuple[str, str]]:
    """Yield lines to tell by where on the globe a map lies."""
    if own is not None:
        for points in own:
            yield "coast", _line([project(latitude, longitude) for longitude, latitude in points])
        return
    (south, west), (north, east) = project.inverse(0.0, height), project.inverse(WIDTH, 0.0)
    for kind, points in lines_within(west, south, east, north):
        yield kind, _line([project(latitude, longitude) for longitude, latitude in points])


def _fitting(at: Sequence[tuple[float, float]]) -> tuple[_Projection, float]:
    """Return a projection that has room for all places, and how high the sheet then is."""
    south, north = min(p[0] for p in at), max(p[0] for p in at)
    west, east = min(p[1] for p in at), max(p[1] for p in at)
    shrink = max(math.cos(math.radians((south + north) / 2.0)), 0.05)
    across, down = (WIDTH - 2.0 * _MARGIN), (_TALLEST - 2.0 * _MARGIN)
    # A place alone stands in the middle of a degree or so.
    wide, high = max((east - west) * shrink, 0.5), max(north - south, 0.5)
    scale = min(across / wide, down / high)
    left = (west + east) / 2.0 - across / scale / shrink / 2.0
    height = high * scale + 2.0 * _MARGIN
    top = (south + north) / 2.0 + (height / 2.0 - _MARGIN) / scale
    return _Projection(left, top, shrink, scale), height


def _line(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


_Box = tuple[float, float, float, float]


def _labelled(at: dict[str, tuple[float, float]], labels: dict[str, str]) -> Iterator[Spot]:
    """Yield places with their names where they hide least of what is there already."""
    taken: list[_Box] = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in at.values()]
    for name, (x, y) in at.items():
        width = _LETTER * len(labels[name])
        choices = [_beside(x, y, width, dx, dy) for dx, dy in _SIDES]
        box, spot = min(choices, key=lambda one: _hidden(one[0], taken))
        taken.append(box)
        yield Spot(name, labels[name], x, y, *spot)


#: Right, left, below, above, then the corners.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))


def _beside(
    x: float, y: float, width: float, dx: int, dy: int
) -> tuple[_Box, tuple[float, float, str]]:
    """Return the room that a name takes on one side of a place, and where it stands."""
    gap = RADIUS + 4.0
    label_x = x + dx * (gap if dy == 0 else gap * 0.6)
    label_y = y + dy * (gap + _LINE / 2.0 if dx == 0 else gap * 0.9) + _LINE * 0.3
    left = label_x - width * (1 - dx) / 2.0
    box = (left, label_y - _LINE * 0.8, left + width, label_y + _LINE * 0.2)
    return box, (label_x, label_y, ("middle", "start", "end")[dx])


def _hidden(box: _Box, taken: Sequence[_Box]) -> float:
    """Return how much of other things, and of the edges, a name at a place would hide."""
    left, top, right, bottom = box
    beyond = max(0.0, 2.0 - left) + max(0.0, right - WIDTH + 2.0) + max(0.0, 2.0 - top)
    return 100.0 * beyond + sum(
        max(0.0, min(right, r) - max(left, x)) * max(0.0, min(bottom, b) - max(top, y))
        for x, y, r, b in taken
    )
