"""Lines cut to a box (Liang & Barsky, ACM Trans. Graph. 3, 1, 1984, segment by segment)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """A box on the globe, in degrees; it does not cross the 180th meridian."""

    lon_min: float
    lat_min: float
    lon_max: float
    lat_max: float

    def holds(self, point: Point) -> bool:
        """Return whether a point, (longitude, latitude), lies inside or on the edge."""
        lon, lat = point
        return self.lon_min <= lon <= self.lon_max and self.lat_min <= lat <= self.lat_max


def clipped(line: Sequence[Point], box: Box) -> Iterator[list[Point]]:
    """Yield the parts of a line that lie inside of a box."""
    part: list[Point] = []
    for a, b in pairwise(line):
        ends = _inside(a, b, box)
        if ends is None or (part and part[-1] != ends[0]):
            if len(part) > 1:
                yield part
            part = []
        if ends is not None:
            part = [*part, ends[1]] if part else list(ends)
    if len(part) > 1:
        yield part


def _inside(a: Point, b: Point, box: Box) -> tuple[Point, Point] | None:
    """Return the part of a segment inside of a box; None where nothing but a point is."""
    enter, leave = 0.0, 1.0
    for k, (low, high) in enumerate(((box.lon_min, box.lon_max), (box.lat_min, box.lat_max))):
        step = b[k] - a[k]
        if step == 0.0:
            if not low <= a[k] <= high:
                return None
            continue
        first, last = sorted(((low - a[k]) / step, (high - a[k]) / step))
        enter, leave = max(enter, first), min(leave, last)
    if enter >= leave:
        return None
    return (a if enter == 0.0 else _between(a, b, enter)), (
        b if leave == 1.0 else _between(a, b, leave)
    )


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
