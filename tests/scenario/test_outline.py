"""A map of a scenario's own: what is read of GeoJSON, what is refused, and where it may lie."""

from __future__ import annotations

import json
import os

import pytest

import sim
from sim.errors import ScenarioError
from sim.net.canonical import digest
from sim.report.map import control_map
from sim.scenario.outline import MAX_BYTES, MAX_POINTS
from sim.studies.geography import geography
from tests.test_corpus import CORPUS

TEXT = """
title: One place
clock: {horizon: 2 days, report: [1 day]}
factions: {a: {}}
places: {p: {at: [34.5, 36.5], control: a}}
map: front.geojson
"""
LINE = {"type": "LineString", "coordinates": [[36.0, 34.0], [37.0, 35.0]]}


def load(folder, outline, text=TEXT, **changes):
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    content = outline if isinstance(outline, str) else json.dumps(outline)
    (folder / "front.geojson").write_text(content, encoding="utf-8")
    return sim.load(folder / "s.yaml", **changes)


def message(folder, outline, text=TEXT):
    with pytest.raises(ScenarioError, match="bad-map") as caught:
        load(folder, outline, text)
    (fault,) = caught.value.diagnostics
    return fault.message


def test_every_kind_of_line_is_read():
    scenario = sim.load(CORPUS / "valid" / "map-of-its-own.yaml")
    assert scenario.outline == (
        ((36.1, 34.2), (36.7, 34.8), (37.4, 35.1)),
        ((36.0, 34.0), (37.0, 34.0), (37.0, 35.0), (36.0, 34.0)),
    )
    assert any(name.endswith("front.geojson") for name in scenario.digests)


def test_it_is_drawn_and_kept_and_changes_no_number(tmp_path):
    own = load(tmp_path, LINE)
    plain = sim.loads(TEXT.replace("map: front.geojson\n", ""), "s.yaml")
    assert digest(own.net) == digest(plain.net)
    made = sim.run(own, replications=20, out=tmp_path / "results")
    found = sim.run(own, replications=20, out=tmp_path / "results")
    assert found.was_found
    assert found.facts.geography == made.facts.geography == geography(own)
    words = " ".join(text.get_text() for text in control_map(found).figure.texts)
    assert "Lines: front.geojson, illustrative." in words
    assert "Natural Earth" not in words
    # Another map: what was kept says so no more.
    other = load(tmp_path, {**LINE, "coordinates": [[36, 34], [37, 34]]})
    assert not sim.run(other, replications=20, out=tmp_path / "results").was_found


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ("{", "the map is no JSON"),
        ("[" * 100_000, "the map is no JSON"),
        ("7", "the map has no type of GeoJSON"),
        ({"type": "Topology"}, "the map has no type of GeoJSON"),
        ({"type": ["LineString"]}, "the map has no type of GeoJSON"),
        ({"type": "FeatureCollection", "features": []}, "the map has no lines"),
        (
            {"type": "FeatureCollection", "features": [LINE, {"type": "Line"}]},
            "the map, features[1] has no type of GeoJSON",
        ),
        ({**LINE, "coordinates": [[36, 34]]}, "the map, coordinates: a line has two points"),
        ({**LINE, "coordinates": [[36, 34], [36]]}, "the map, coordinates[1] is no longitude"),
        ({**LINE, "coordinates": [[36, 34], ["36", 34]]}, "coordinates[1] is no longitude"),
        ({**LINE, "coordinates": [[36, 34], [True, 34]]}, "coordinates[1] is no longitude"),
        ('{"type": "LineString", "coordinates": [[36, 34], [NaN, 34]]}', "is no longitude"),
        ('{"type": "LineString", "coordinates": [[36, 34], [1e999, 34]]}', "is no longitude"),
        ({**LINE, "coordinates": {"a": 1}}, "the map, coordinates is no list"),
        (
            {**LINE, "coordinates": [[36, 34]] * (MAX_POINTS + 1)},
            f"the map has more than {MAX_POINTS:,} points",
        ),
        (" " * (MAX_BYTES + 1), f"has more than {MAX_BYTES:,} bytes"),
    ],
)
def test_what_is_no_map_is_refused_with_its_place(outline, said, tmp_path):
    assert said in message(tmp_path, outline)


def test_it_may_not_leave_its_folder_by_a_link(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.geojson").write_text(json.dumps(LINE), encoding="utf-8")
    (inside / "link.geojson").symlink_to(outside / "secret.geojson")
    (inside / "folder").symlink_to(outside)
    for name in ("link.geojson", "folder/secret.geojson", "../out/secret.geojson",
                 str(outside / "secret.geojson")):  # fmt: skip
        text = TEXT.replace("front.geojson", name)
        assert "outside the folder" in message(inside, LINE, text)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in message(tmp_path, LINE, TEXT.replace("front.geojson", "pipe"))


def test_a_map_lies_beside_the_file_that_names_it(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "base.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "below" / "front.geojson").write_text(json.dumps(LINE), encoding="utf-8")
    (tmp_path / "top.yaml").write_text("extends: below/base.yaml\ntitle: x\n", encoding="utf-8")
    assert sim.load(tmp_path / "top.yaml").outline is not None
    changed = sim.load(tmp_path / "top.yaml", set={"map": "below/front.geojson"})
    assert changed.outline is not None


def test_a_text_in_no_file_has_none_beside_it():
    with pytest.raises(ScenarioError, match="a text that is in no file has no map beside it"):
        sim.loads(TEXT)


def test_a_variant_may_have_another(tmp_path):
    text = TEXT + "variants: {bare: {map: null}}\n"
    assert load(tmp_path, LINE, text).outline is not None
    assert load(tmp_path, LINE, text, variant="bare").outline is None
