"""A map of a scenario's own: lines of a GeoJSON file (RFC 7946) beside it, for pictures only."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.scenario.files import Files, within
from sim.values import Faults, Node, Text

#: Larger files are no outline, and would be kept with every result.
MAX_BYTES, MAX_POINTS = 1_000_000, 20_000
#: About a metre.
_DECIMALS = 5
_COLLECTIONS = {"FeatureCollection": "features", "GeometryCollection": "geometries"}
#: Kinds of geometry with lines, and how deep their lines are.
_DEPTHS = {"LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}
_KINDS = (*_COLLECTIONS, "Feature", *_DEPTHS, "Point", "MultiPoint")

Line = tuple[tuple[float, float], ...]


def read_outline(written: Node | None, files: Files) -> tuple[Line, ...] | None:
    """Return the lines of the file that ``map`` names; None without one, or after a fault.

    Points that are no part of a line are left out. Coordinates are longitude and latitude.
    """
    if not isinstance(written, Text) or written.is_null:
        return None  # told with the keys of the file, if it is a fault
    try:
        folder = files.folder_of(written)
        if folder is None:
            raise ValueError("a text that is in no file has no map beside it")
        content = _content(within(folder, written), written)
        files.digests[files.shown_beside(written)] = hashlib.sha256(content).hexdigest()
        return _outline(content)
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        _tell(written, f"'{written}' cannot be read: {why}", files.faults)
    except ValueError as error:
        _tell(written, str(error), files.faults)
    return None


def _tell(at: Text, message: str, faults: Faults) -> None:
    expected = "a GeoJSON file with lines, in the same folder or below"
    faults.add("bad-map", message, at, "map", expected=expected)


def _content(path: Path, written: Text) -> bytes:
    if path.exists() and not path.is_file():
        raise ValueError(f"'{written}' is no file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"'{written}' has more than {MAX_BYTES:,} bytes")
    return content


def _outline(content: bytes) -> tuple[Line, ...]:
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("the map is no JSON") from None
    lines: list[Line] = []
    n_points = 0
    for line in _lines(found, "the map"):
        lines.append(line)
        n_points += len(line)
        if n_points > MAX_POINTS:
            raise ValueError(f"the map has more than {MAX_POINTS:,} points")
    if not lines:
        raise ValueError("the map has no lines")
    return tuple(lines)


def _lines(found: Any, where: str) -> Iterator[Line]:
    """Yield the lines of a GeoJSON object.

    Raises
    ------
    ValueError
        With the place of what is no GeoJSON.
    """
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"{where} has no type of GeoJSON")
    if kind in _COLLECTIONS:
        members = found.get(_COLLECTIONS[kind])
        for k, one in enumerate(_list(members, f"{where}, {_COLLECTIONS[kind]}")):
            yield from _lines(one, f"{where}, {_COLLECTIONS[kind]}[{k}]")
    elif kind == "Feature":
        if found.get("geometry") is not None:  # a feature without a place
            yield from _lines(found["geometry"], f"{where}, geometry")
    elif kind in _DEPTHS:
        yield from _nested(found.get("coordinates"), _DEPTHS[kind], f"{where}, coordinates")


def _nested(found: Any, depth: int, where: str) -> Iterator[Line]:
    members = _list(found, where)
    if depth:
        for k, one in enumerate(members):
            yield from _nested(one, depth - 1, f"{where}[{k}]")
        return
    if len(members) < 2:
        raise ValueError(f"{where}: a line has two points at least")
    yield tuple(_point(one, f"{where}[{k}]") for k, one in enumerate(members))


def _point(found: Any, where: str) -> tuple[float, float]:
    lon_lat = _list(found, where)[:2]
    numbers = [x for x in lon_lat if isinstance(x, int | float) and not isinstance(x, bool)]
    is_place = len(numbers) == 2 and all(
        math.isfinite(x) and abs(x) <= most for x, most in zip(numbers, (180.0, 90.0), strict=True)
    )
    if not is_place:
        raise ValueError(f"{where} is no longitude and latitude in degrees")
    return round(float(numbers[0]), _DECIMALS), round(float(numbers[1]), _DECIMALS)


def _list(found: Any, where: str) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError(f"{where} is no list")
    return found
