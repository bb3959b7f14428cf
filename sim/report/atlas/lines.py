"""Coasts and borders around a scenario, to tell where on the globe it lies: nothing reads them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from sim.report.atlas.clip import Box, Point, clipped

#: The lines are kept in whole thousandths of a degree, about 100 m.
PER_DEGREE = 1_000
#: Whose they are, for the foot of a map.
CREDIT = "Coasts and borders: Natural Earth, 1 : 50 million, illustrative."

Kind = Literal["coast", "border"]


class Outline(NamedTuple):
    """A line of a map: points of (longitude, latitude) in degrees."""

    kind: Kind
    points: list[Point]


def lines_within(lon_min: float, lat_min: float, lon_max: float, lat_max: float) -> list[Outline]:
    """Return the coasts and borders in a box, cut to it; none where the map has nothing.

    The map that comes with the program has what lies around the shipped scenarios: see
    :func:`is_covered`.

    Parameters
    ----------
    lon_min, lat_min, lon_max, lat_max : degrees
    """
    box = Box(lon_min, lat_min, lon_max, lat_max)
    return [
        Outline(kind, part)
        for kind, around, line in _lines()
        if _touch(around, box)
        for part in clipped(line, box)
    ]


def is_covered(lon_min: float, lat_min: float, lon_max: float, lat_max: float) -> bool:
    """Return whether all of a box lies where the map has its lines."""
    corners = ((lon_min, lat_min), (lon_max, lat_max))
    return any(all(map(Box(*region).holds, corners)) for region in _map()["regions"])


@cache
def _map() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("lines.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@cache
def _lines() -> list[tuple[Kind, Box, list[Point]]]:
    kinds: tuple[Kind, ...] = ("coast", "border")
    lines = ((kind, _unpacked(packed)) for kind in kinds for packed in _map()[kind])
    return [(kind, _around(line), line) for kind, line in lines]


def _unpacked(packed: list[int]) -> list[Point]:
    lon, lat = (accumulate(packed[k::2]) for k in (0, 1))
    return [(x / PER_DEGREE, y / PER_DEGREE) for x, y in zip(lon, lat, strict=True)]


def _around(line: list[Point]) -> Box:
    lon, lat = zip(*line, strict=True)
    return Box(min(lon), min(lat), max(lon), max(lat))


def _touch(a: Box, b: Box) -> bool:
    apart = a.lon_min > b.lon_max or b.lon_min > a.lon_max
    return not (apart or a.lat_min > b.lat_max or b.lat_min > a.lat_max)
