"""Pictures on a dark ground: the same picture, in colours that stand out from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sim.report import style
from sim.report.dark import darkened
from sim.report.pictures import draw
from tests.report.ensembles import ensemble
from tests.report.wars import WAR

GROUND = style.DARK[style.WHITE]


@pytest.mark.parametrize("colour", [*style.COLOURS, style.GREY])
def test_what_carries_meaning_stands_out_from_the_dark_ground(colour):
    assert style.contrast(style.DARK[colour], GROUND) >= 3.0


@pytest.mark.parametrize("colour", [style.BLACK, style.GREY, style.BLUE])
def test_small_text_can_be_read_on_it(colour):
    assert style.contrast(style.DARK[colour], GROUND) >= 4.5


@pytest.mark.parametrize("colour", [*style.COLOURS, style.GREY])
def test_edges_of_areas_stand_out_from_what_fills_them(colour):
    for ground, of in ((style.WHITE, {}), (GROUND, style.DARK)):
        fill = style.tint(colour, style.AREA)
        edge = of.get(colour, colour)
        assert style.contrast(edge, of.get(fill, fill)) >= 2.2
        assert style.contrast(edge, ground) >= 3.0


def test_no_two_colours_become_one():
    assert len(set(style.DARK.values())) == len(style.DARK)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name, given in (("net", ensemble(n=1_500)), ("war", ensemble(WAR))):
        (folder / name).mkdir()
        draw(given, folder / name, themes=("light", "dark"))
    return folder


def colours(file: Path) -> set[str]:
    return set(re.findall(r"#[0-9a-f]{6}\b", file.read_text(encoding="utf-8")))


def test_every_picture_is_there_on_both_grounds_under_names_that_stay(drawn):
    light = {p.name for p in drawn.rglob("*.svg") if not p.stem.endswith("-dark")}
    dark = {p.name for p in drawn.rglob("*-dark.svg")}
    assert dark == {name.replace(".svg", "-dark.svg") for name in light}
    assert {"control.svg", "map.svg", "supplies.svg", "arrivals.svg", "watch.svg"} <= light
    assert len(list(drawn.rglob("*.png"))) == len(light) + len(dark)
    assert len(list(drawn.rglob("*.csv"))) == len(light)


def test_all_colours_come_from_the_style(drawn):
    """One look: what the module does not know, a dark picture could not have."""
    for file in drawn.rglob("*.svg"):
        known = set(style.DARK.values()) if file.stem.endswith("-dark") else set(style.DARK)
        assert colours(file) - {"#000000"} <= known, file.name


def test_a_dark_picture_is_the_light_one_in_other_colours(drawn):
    for file in (f for f in drawn.rglob("*.svg") if not f.stem.endswith("-dark")):
        light = file.read_text(encoding="utf-8")
        dark = file.with_name(f"{file.stem}-dark.svg").read_text(encoding="utf-8")
        words = re.compile(r">([^<>]+)</text>")
        assert words.findall(light) == words.findall(dark)
        paths = re.compile(r' d="([^"]+)"')
        assert paths.findall(light) == paths.findall(dark)
        assert GROUND in dark
        assert GROUND not in light


def test_only_dark_ones_are_as_those_beside_light_ones(drawn, tmp_path):
    draw(ensemble(WAR), tmp_path, themes=("dark",))
    names = {path.name for path in tmp_path.iterdir()}
    assert all(name.endswith(("-dark.svg", "-dark.png", ".csv")) for name in names)
    for path in tmp_path.glob("*.svg"):
        assert path.read_bytes() == (drawn / "war" / path.name).read_bytes(), path.name


def test_what_the_style_does_not_know_stays_as_it_is():
    figure = Figure()
    text = figure.text(0, 0, "x", color="#123456")
    assert darkened(figure) is figure
    assert text.get_color() == pytest.approx((0x12 / 255, 0x34 / 255, 0x56 / 255, 1.0))
