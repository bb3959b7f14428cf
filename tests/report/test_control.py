"""Who controls what, over time and on maps: what is drawn is what the ensemble says."""

from __future__ import annotations

import dataclasses
import random
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.patches import Wedge

from sim.report import style
from sim.report.atlas.clip import Box
from sim.report.control import control
from sim.report.holders import looks, places_held
from sim.report.map import Frame, control_map
from sim.report.pictures import draw
from sim.report.watches import stocks
from tests.report.ensembles import ensemble
from tests.report.wars import HOSTILE, WAR


@pytest.fixture(autouse=True)
def _style():
    with style.applied():
        yield


def rows_of(drawing):
    return [dict(zip(drawing.table.head, row, strict=True)) for row in drawing.table.rows]


def texts(figure):
    found = [t.get_text() for t in figure.texts]
    return [*found, *(t.get_text() for axes in figure.axes for t in axes.texts)]


def named(given, **labels):
    """Return an ensemble whose places and factions bear other labels."""
    geography = given.facts.geography
    changed = {
        part: tuple(
            dataclasses.replace(one, label=labels.get(one.name, one.label))
            for one in getattr(geography, part)
        )
        for part in ("spots", "holders")
    }
    geography = dataclasses.replace(geography, **changed)
    return dataclasses.replace(given, facts=dataclasses.replace(given.facts, geography=geography))


# Over time.


def test_areas_are_as_high_as_the_table_says():
    drawing = control(ensemble(WAR))
    areas = {
        area.get_label(): area.get_paths()[0].vertices[:, 1]
        for area in drawing.figure.findobj(FillBetweenPolyCollection)
    }
    told = rows_of(drawing)
    assert {f"{row['place']} {row['holder']}" for row in told} == set(areas)
    for place in ("ford", "town"):
        # One row of the picture is as high as all its areas at any time.
        whole = [areas[name] for name in areas if name.startswith(place)]
        height = max(map(np.max, whole)) - min(map(np.min, whole))
        for row in (r for r in told if r["place"] == place and r["day"] == 10.0):
            ys = areas[f"{place} {row['holder']}"]
            middle = len(ys) // 2
            assert abs(ys[middle - 1] - ys[middle + 1]) / height == pytest.approx(
                row["probability"]
            )


def test_the_table_is_what_the_ensemble_counts_at_every_watch_point():
    given = ensemble(WAR)
    told = rows_of(control(given))
    for row in told:
        k = given.legend.grid.index(row["day"])
        assert row["watched_day"] == row["day"]
        assert row["probability"] == given.holders(row["place"])[row["holder"]][k]
    assert {row["day"] for row in told} == set(given.legend.grid)
    assert 4.5 in given.legend.grid, "a world is watched at its report times"


def test_only_what_changes_hands_has_a_row_and_the_rest_is_counted():
    drawing = control(ensemble(WAR))
    assert {row["place"] for row in rows_of(drawing)} == {"ford", "town"}
    assert any("3 places in the same hands throughout" in text for text in texts(drawing.figure))
    assert "The Town: the South 98 %, north 2 %" in drawing.alt


def test_a_net_without_places_has_no_such_picture():
    assert control(ensemble()) is None
    assert control_map(ensemble()) is None
    assert stocks(ensemble()) is None


def test_of_very_many_places_some_are_left_out_with_a_word(monkeypatch):
    monkeypatch.setattr("sim.report.control.MOST", 1)
    drawing = control(ensemble(WAR))
    assert {row["place"] for row in rows_of(drawing)} == {"ford"}
    assert "Not shown: 1 more place." in " ".join(texts(drawing.figure))


def of_many(n, factions):
    """Return a peaceful world of many places, each of whom somebody holds or may hold."""
    chance = random.Random(4)
    lines = ["title: Many", "clock: {horizon: 2 days, report: [1 day]}", "factions:"]
    lines += [f"  f{k}: {{}}" for k in range(factions)]
    lines += ["places:"]
    for k in range(n):
        at = f"[{chance.uniform(30, 33):.2f}, {chance.uniform(60, 63):.2f}]"
        who = f"{{choice: {{f{k % factions}: 1, f{(k + 1) % factions}: 2}}}}"
        lines.append(f"  p{k}: {{label: Place {k}, at: {at}, control: {who}, population: {k}}}")
    return "\n".join(lines) + "\n"


def test_a_faction_looks_the_same_in_every_picture():
    given = ensemble(WAR)
    every = places_held(given)
    for place in every:
        assert looks(given, [place]).items() <= looks(given, every).items()


def test_no_two_factions_look_the_same():
    given = ensemble(of_many(9, 9), n=30)
    many = looks(given, places_held(given)).values()
    assert len({(look.colour, look.hatch) for look in many}) == len(many) == 9
    assert len({look.letter for look in many}) == 9


# On maps.


def test_discs_are_shared_as_the_table_says():
    drawing = control_map(ensemble(WAR))
    wedges = drawing.figure.findobj(Wedge)
    told = rows_of(drawing)
    shares = sorted((w.get_label(), round((w.theta2 - w.theta1) / 360.0, 9)) for w in wedges)
    assert shares == sorted(
        (f"{row['place']} {row['holder']}", round(row["probability"], 9)) for row in told
    )
    # What has no place on the globe is on no map; what is far away makes it no smaller.
    assert {row["place"] for row in told} == {"camp", "ford", "town"}
    assert any("Beyond the edge: the sea." in text for text in texts(drawing.figure))


def test_maps_are_of_the_dates_that_are_asked_for():
    given = ensemble(WAR)
    assert {row["day"] for row in rows_of(control_map(given))} == {1.0, 4.5}
    drawing = control_map(given, [0.0, 2.25, 10.0])
    rows = rows_of(drawing)
    assert {(row["day"], row["watched_day"]) for row in rows} == {
        (0.0, 0.0), (2.25, 2.0), (10.0, 10.0)
    }  # fmt: skip
    heads = [text for text in texts(drawing.figure) if "+03:00" in text and "2024" in text]
    assert heads == [
        "Fri 6 Dec 2024 18:00 +03:00", "Mon 9 Dec 2024 00:00 +03:00", "Mon 16 Dec 2024 18:00 +03:00"
    ]  # fmt: skip
    assert [text for text in texts(drawing.figure) if "watched" in text] == ["watched 8 Dec 18:00"]
    many = control_map(given, [float(day) for day in range(11)])
    assert sorted({row["day"] for row in rows_of(many)}) == [0.0, 3.0, 7.0, 10.0]


def test_a_place_is_drawn_where_it_is():
    frame = Frame(Box(36.0, 34.0, 38.0, 35.0), 1.0, 2.0, 4.0, 3.0)
    assert frame.place(36.0, 34.0) == (1.0, 2.0)
    assert frame.place(37.0, 34.5) == (3.0, 3.5)
    # North is up and east is right: the town lies north-east of the ford.
    drawing = control_map(ensemble(WAR), [0.0])
    middles = {w.get_label().split()[0]: w.center for w in drawing.figure.findobj(Wedge)}
    (ford, town) = middles["ford"], middles["town"]
    assert town[0] > ford[0]
    assert town[1] > ford[1]
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    across, up = (town[0] - ford[0]) / 0.2, (town[1] - ford[1]) / 0.4
    assert across / up == pytest.approx(np.cos(np.radians(34.55)), rel=1e-3)


def test_no_label_covers_another_or_a_disc():
    drawing = control_map(ensemble(of_many(40, 2), n=30))
    figure = drawing.figure
    figure.canvas.draw()
    labels = [t.get_window_extent() for t in figure.texts if t.get_bbox_patch() is not None]
    discs = [w.get_window_extent() for w in figure.findobj(Wedge)]
    assert 25 <= len(labels) <= 40
    # Heights of texts have room above and below the letters: a pixel or two may be common.
    others = [(a, b) for k, a in enumerate(labels) for b in [*labels[:k], *discs]]
    assert not any(
        min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
        for a, b in others
    )
    # The biggest have names first, and the others are counted.
    names = " ".join(t.get_text() for t in figure.texts)
    assert all(f"Place {k} " in names for k in range(30, 40))
    missing = 40 - len(labels)
    assert not missing or f"{missing} place" in names


def test_lines_of_a_map_are_said_to_be_what_they_are():
    assert any("Natural Earth" in t for t in texts(control_map(ensemble(WAR)).figure))
    atlantic = WAR.replace("[34.", "[-34.").replace(", 36.", ", -36.").replace(", 32.0", ", -32.0")
    words = " ".join(texts(control_map(ensemble(atlantic, n=20)).figure))
    assert "no coasts and borders for all of this" in words


def test_a_single_place_makes_a_map():
    assert len(control_map(ensemble(of_many(1, 1).replace("f0: 1, ", ""), n=5)).table.rows) == 1


# Supplies.


def test_supplies_are_those_of_each_side():
    drawing = stocks(ensemble(WAR))
    told = rows_of(drawing)
    assert {row["watched"] for row in told} == {"the South", "north"}
    first = next(row for row in told if row["watched"] == "north")
    assert (first["day"], first["unit"]) == (0.0, "day")
    watch = ensemble(WAR).stocks
    north = watch[watch["name"] == "north.supply"]
    assert ensemble(WAR).watch.empty, "its author watches nothing"
    drawn = [row["mean"] for row in told if row["watched"] == "north"]
    assert drawn == north["mean"].tolist()


# Text is data.


@pytest.mark.parametrize("text", HOSTILE)
def test_labels_of_places_and_factions_are_drawn_as_text(text, tmp_path):
    given = named(ensemble(WAR, n=100), town=text, south=text, ford=text)
    for picture in draw(given, tmp_path, themes=("light", "dark")):
        svg = (tmp_path / picture.svg).read_text(encoding="utf-8")
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}
        assert "script" not in tags
    assert (tmp_path / "map.csv").read_text(encoding="utf-8").count(text.replace('"', '""')) > 0
