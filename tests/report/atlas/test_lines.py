"""The map that comes with the program: how it is cut, where it is, what it was made of."""

from __future__ import annotations

import io
import json
import tarfile
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.report.atlas import make
from sim.report.atlas.clip import Box, clipped
from sim.report.atlas.lines import is_covered, lines_within
from tests.report.ensembles import ROOT

UNIT = Box(0.0, 0.0, 1.0, 1.0)
POINT = st.tuples(*[st.floats(-2.0, 3.0).map(lambda x: round(x, 3))] * 2)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ([(0.2, 0.2), (0.8, 0.2)], [[(0.2, 0.2), (0.8, 0.2)]]),
        ([(-1.0, 0.5), (2.0, 0.5)], [[(0.0, 0.5), (1.0, 0.5)]]),
        ([(-1.0, 0.5), (0.5, 0.5), (0.5, 2.0)], [[(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)]]),
        # Out at the right, and in again above.
        (
            [(0.5, 0.25), (1.5, 0.25), (1.5, 0.75), (0.5, 0.75)],
            [[(0.5, 0.25), (1.0, 0.25)], [(1.0, 0.75), (0.5, 0.75)]],
        ),
        ([(2.0, 0.0), (0.0, 2.0)], []),  # touches a corner
        ([(-1.0, 2.0), (2.0, 2.0)], []),
        ([(0.5, 0.5)], []),
    ],
)
def test_a_line_is_cut_to_a_box(line, parts):
    assert list(clipped(line, UNIT)) == parts


@given(st.lists(POINT, min_size=2, max_size=8))
def test_what_is_left_is_what_of_the_line_lies_inside(line):
    parts = list(clipped(line, UNIT))
    around = Box(-1e-9, -1e-9, 1 + 1e-9, 1 + 1e-9)
    assert all(around.holds(point) for part in parts for point in part)
    kept = {point for part in parts for point in part}
    strictly = [p for p in line if 0 < p[0] < 1 and 0 < p[1] < 1]
    alone = len(set(line)) == 1
    assert alone or set(strictly) <= kept


def test_lines_are_where_people_know_them():
    coast = [o for o in lines_within(33.5, 32.5, 37.0, 36.2) if o.kind == "coast"]
    # Tartus and Latakia lie on the shore, to a tenth of a degree; Homs does not.
    near = {
        name: min(
            (lon - x) ** 2 + (lat - y) ** 2 for o in coast for x, y in o.points
        ) ** 0.5
        for name, lat, lon in (("tartus", 34.889, 35.887), ("homs", 34.732, 36.714))
    }  # fmt: skip
    assert near["tartus"] < 0.15
    assert near["homs"] > 0.6
    border = [o for o in lines_within(36.0, 34.0, 36.8, 34.7) if o.kind == "border"]
    assert border, "Lebanon has a border"


def test_every_shipped_scenario_lies_on_the_map():
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        world = sim.load(str(path), check_variants=False).world
        places = [p.where for p in world.places.values() if p.where] if world else []
        if places:
            lat, lon = zip(*places, strict=True)
            assert is_covered(min(lon) - 1, min(lat) - 1, max(lon) + 1, max(lat) + 1), path.name


def test_there_is_nothing_where_the_map_has_nothing():
    assert lines_within(-80.0, 30.0, -70.0, 40.0) == []
    assert not is_covered(-80.0, 30.0, -70.0, 40.0)


def test_the_file_says_what_it_was_made_of_and_is_small():
    file = resources.files("sim.report.atlas").joinpath("lines.json")
    text = file.read_text(encoding="utf-8")
    assert len(text) < 100_000
    found = json.loads(text)
    assert found["package"] == "world-atlas@2.0.2"
    assert found["sha256"] == make.SHA256
    assert found["regions"] == [list(box) for box in make.REGIONS]
    assert "public\ndomain" in file.parent.joinpath("LICENSE.txt").read_text().replace(" ", "\n")


#: Two squares beside each other: four arcs, of which the first is common to both.
TWO = {
    "transform": {"scale": [0.5, 0.5], "translate": [30.0, 30.0]},
    "arcs": [
        [[2, 0], [0, 2]],
        [[2, 2], [-2, 0], [0, -2], [2, 0]],
        [[2, 2], [2, 0], [0, -2], [-2, 0]],
    ],
    "objects": {
        "countries": {
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]]},
                {"type": "MultiPolygon", "arcs": [[[-1, 2]]]},
            ]
        }
    },
}


def test_a_line_of_two_countries_is_a_border_and_that_of_one_a_coast():
    found = make.lines_of(TWO, [Box(29.0, 29.0, 33.0, 33.0)])
    assert found["border"] == [[31_000, 30_000, 0, 1_000]]
    assert found["coast"] == [
        [31_000, 31_000, -1_000, 0, 0, -1_000, 1_000, 0],
        [31_000, 31_000, 1_000, 0, 0, -1_000, -1_000, 0],
    ]
    # Cut at 30.5 north: both coasts fall into two parts.
    assert len(make.lines_of(TWO, [Box(29.0, 30.5, 33.0, 33.0)])["coast"]) == 2


def test_another_package_is_refused(tmp_path):
    package = tmp_path / "other.tgz"
    with tarfile.open(package, "w:gz") as files:
        text = json.dumps(TWO).encode()
        member = tarfile.TarInfo(make.MEMBER)
        member.size = len(text)
        files.addfile(member, io.BytesIO(text))
    with pytest.raises(ValueError, match="has SHA-256"):
        make.made(package)
