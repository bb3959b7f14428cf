"""Make the lines of the map anew: ``python -m sim.report.atlas.make world-atlas-2.0.2.tgz``.

The package is what ``npm pack world-atlas@2.0.2`` fetches. Of its borders at 1 : 50 million those
are taken that lie around the shipped scenarios.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from sim.report.atlas.clip import Box, clipped
from sim.report.atlas.lines import PER_DEGREE

#: SHA-256 of the package that the lines are made of, and what it says of itself.
PACKAGE = "world-atlas", "2.0.2"
SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
MEMBER = "package/countries-50m.json"

#: Where the shipped scenarios lie, with some degrees around; no two overlap.
REGIONS = (
    Box(7.0, 22.0, 57.0, 42.0),  # Libya, Syria, Iraq, to Tehran
    Box(18.0, 4.0, 50.0, 22.0),  # Sudan, Ethiopia, Djibouti
    Box(57.0, 26.0, 77.0, 42.0),  # Afghanistan
    Box(98.0, 5.0, 115.0, 24.0),  # Vietnam
    Box(15.0, 42.0, 30.0, 52.0),  # the country of the made-up river line
)

Arc = list[tuple[float, float]]
Json = dict[str, Any]


def arcs_of(topology: Json) -> list[Arc]:
    """Return the arcs of a topology in degrees; in the file each point is a step from the last."""
    (x_scale, y_scale), (x0, y0) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    found = []
    for steps in topology["arcs"]:
        x, y = map(accumulate, zip(*steps, strict=True))
        found.append([(x0 + i * x_scale, y0 + j * y_scale) for i, j in zip(x, y, strict=True)])
    return found


def users_of(geometries: Iterable[Json]) -> Counter[int]:
    """Return how many geometries use each arc; an arc backwards is ``~number``."""
    users: Counter[int] = Counter()
    for geometry in geometries:
        users.update({arc if arc >= 0 else ~arc for arc in _numbers(geometry["arcs"])})
    return users


def _numbers(arcs: Any) -> Iterator[int]:
    for one in arcs:
        yield from _numbers(one) if isinstance(one, list) else (one,)


def lines_of(topology: Json, regions: Iterable[Box]) -> dict[str, list[list[int]]]:
    """Return coasts (arcs of one country) and borders (of two) inside of regions, packed."""
    users = users_of(topology["objects"]["countries"]["geometries"])
    found: dict[str, list[list[int]]] = {"coast": [], "border": []}
    for number, arc in enumerate(arcs_of(topology)):
        kind = "border" if users[number] > 1 else "coast"
        parts = {tuple(_packed(line)) for box in regions for line in clipped(arc, box)}
        found[kind] += [list(line) for line in sorted(parts)]
    return found


def _packed(line: Iterable[tuple[float, float]]) -> list[int]:
    """Return whole numbers: the first point, then the step to each next one that is another."""
    packed: list[int] = []
    last = (0, 0)
    for x, y in line:
        here = (round(x * PER_DEGREE), round(y * PER_DEGREE))
        if here != last or not packed:
            packed += [here[0] - last[0], here[1] - last[1]]
        last = here
    return packed


def made(package: Path) -> str:
    """Return the text of the file of lines.

    Raises
    ------
    ValueError
        If it is another package than the one that was looked at.
    """
    content = package.read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != SHA256:
        raise ValueError(f"{package} has SHA-256 {digest}, not {SHA256}")
    with tarfile.open(package, encoding="utf-8") as files:
        member = files.extractfile(MEMBER)
        assert member is not None
        topology = json.load(member)
    about = {"package": "@".join(PACKAGE), "sha256": SHA256, "member": MEMBER}
    regions = [list(box) for box in REGIONS]
    text = {**about, "regions": regions, **lines_of(topology, REGIONS)}
    return json.dumps(text, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "lines.json").write_text(made(Path(sys.argv[1])), encoding="utf-8")
