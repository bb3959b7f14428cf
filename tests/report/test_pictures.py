"""Pictures as files: names, formats, texts of any kind."""

import dataclasses
import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import sim
from docs.library import LIBRARY
from sim.report import style
from sim.report.pictures import draw, drawings, figures
from tests.report.ensembles import ROOT, called, empty, ensemble, simple, two

PNG = b"\x89PNG\r\n\x1a\n"
NAMES = [
    "arrivals",
    *("arrival_is_down", "causes_is_down"),
    *("arrival_is_hit", "arrival_never", "arrival_always"),
    "watch",
]


@pytest.fixture
def coarse(monkeypatch):
    """Have pictures of few dots: the time of a PNG grows with their number."""
    monkeypatch.setitem(style._OWN, "savefig.dpi", 30)


def test_every_picture_is_written_twice_with_its_table_and_nothing_else(tmp_path):
    found = draw(ensemble(), tmp_path)
    assert [picture.name for picture in found] == NAMES
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(file for p in found for file in (p.png, p.svg, p.csv))
    for picture in found:
        assert (tmp_path / picture.png).read_bytes().startswith(PNG)
        assert ET.parse(tmp_path / picture.svg).getroot().tag.endswith("svg")
        assert picture.title
        assert len(picture.alt) > 20


def test_the_same_ensemble_gives_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    draw(ensemble(), tmp_path / "a")
    with mpl.rc_context({"svg.hashsalt": None, "axes.facecolor": "red", "text.usetex": True}):
        draw(ensemble(), tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_another_ensemble_gives_other_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    draw(two(), tmp_path / "a")
    draw(dataclasses.replace(two(), seed=2), tmp_path / "b")
    for path in (path for path in (tmp_path / "a").iterdir() if path.suffix != ".csv"):
        assert path.read_bytes() != (tmp_path / "b" / path.name).read_bytes(), path.name


def test_an_svg_has_its_text_as_text_and_a_title(tmp_path):
    draw(ensemble(), tmp_path)
    text = (tmp_path / "arrival_is_down.svg").read_text(encoding="utf-8")
    assert "<title>The bridge is down</title>" in text
    assert ">The bridge is down</text>" in text
    assert "Arrival curve of &apos;The bridge" in text or "Arrival curve of 'The bridge" in text
    assert "Matplotlib" not in text


def test_what_stood_there_is_replaced_at_once_or_not_at_all(tmp_path, monkeypatch):
    draw(two(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fails(self, stream, **_):
        stream.write(b"half of it")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Figure, "savefig", fails)
    with pytest.raises(OSError, match="No space left"):
        draw(two(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_replications_no_pictures(tmp_path):
    nothing = empty()
    assert nothing.n == 0
    assert draw(nothing, tmp_path) == []
    assert drawings(nothing) == {}
    assert list(tmp_path.iterdir()) == []


def test_no_outcomes_and_no_watch(tmp_path):
    bare = ensemble("title: x\nclock: {horizon: 1 day}\n", n=3)
    assert draw(bare, tmp_path) == []
    assert list(drawings(ensemble(simple(), n=3))) == ["arrival_falls"]
    watched = "title: x\nclock: {horizon: 1 day, grid: 1 h}\nwatch: {t: 1 + 1}\n"
    assert list(drawings(ensemble(watched, n=3))) == ["watch"]


def test_one_replication(tmp_path):
    assert draw(ensemble(n=1), tmp_path)[0].name == "arrivals"


def test_names_that_a_file_system_confuses(tmp_path):
    given = ensemble(simple(), n=20)
    names = ("falls", "FALLS", "../x", "a/b", "a b", "حمص", "x" * 300, "NUL", "")
    columns = [f"{what}.{{}}" for what in ("time", "cause", "via")]
    copies = {c.format(n): given.table[c.format("falls")] for c in columns for n in names}
    table = {**given.table, **copies}
    asked = tuple(dataclasses.replace(given.outcomes[0], name=name) for name in names)
    legend = dataclasses.replace(given.legend, outcomes=asked)
    found = draw(dataclasses.replace(given, table=table, legend=legend), tmp_path)
    assert len(found) == len(names) + 1
    files = [path.name for path in tmp_path.rglob("*")]
    assert len({file.casefold() for file in files}) == 3 * len(found)
    assert all(file.isascii() and len(file) < 100 for file in files)


HOSTILE = (
    "$\\bad$",
    "$\\frac{1",
    "a_b^c $x$ 100 %",
    "</text><script>alert(1)</script>",
    "]]>&<![CDATA[",
    "\u202egnp.exe",
    "\x1b[2J\x00\x07\n\r\t",
    "\ud800",
    "حمص بيد المعارضة",
    "Хомс пал",
    "中文標籤",
    "\U0001f469\u200d\U0001f469",
    "W" * 300,
    "one two " * 60,
    "{name} %s %(x)s {0.__class__}",
    " ",
    "",
)


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_any_kind_is_drawn_as_text(text, tmp_path):
    given = called(two(), label=text, title=text, question=text)
    for picture in draw(given, tmp_path):
        svg = (tmp_path / picture.svg).read_text(encoding="utf-8")
        tree = ET.fromstring(svg)
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert "script" not in tags
        assert not any(c in svg for c in "\u202e\x1b\x00\x07")
        assert not any(c in picture.alt for c in "\u202e\x1b\x00\x07\n\r")
        assert all(key.rpartition("}")[2] != "onload" for e in tree.iter() for key in e.attrib)


def test_dollars_are_dollars(tmp_path):
    given = called(two(), label="$x$ costs 5$")
    draw(given, tmp_path)
    assert ">$x$ costs 5$</text>" in (tmp_path / "arrival_falls.svg").read_text(encoding="utf-8")


def test_figures_are_not_pyplots():
    code = (
        "import sys; from sim.report.pictures import figures; "
        "from tests.report.ensembles import ensemble; found = figures(ensemble(n=20)); "
        "print(sorted(found), 'matplotlib.pyplot' in sys.modules, 'tkinter' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{sorted(NAMES)} False False\n"
    assert all(isinstance(figure, Figure) for figure in figures(ensemble()).values())


def test_settings_are_left_as_they_were(tmp_path):
    before = dict(mpl.rcParams)
    draw(two(), tmp_path)
    assert dict(mpl.rcParams) == before


def test_a_thread_other_than_the_main_one_can_draw(tmp_path):
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(draw(two(), tmp_path)))
    thread.start()
    thread.join()
    assert len(found) == 3


def test_a_notebook_shows_a_drawing_with_its_description():
    given = called(ensemble(), label='"><script>alert(1)</script>')
    shown = drawings(given)["arrival_is_down"]._repr_html_()
    assert shown.startswith('<img width="768" alt="Arrival curve of ')
    assert "<script" not in shown
    assert shown.count('"') == 6
    assert "data:image/png;base64,iVBORw0KGgo" in shown


def test_no_text_is_read_as_mathematics():
    for drawing in drawings(ensemble()).values():
        for text in drawing.figure.findobj(mpl.text.Text):
            assert not (text.get_text() and text.get_parse_math()), text.get_text()


#: The flagship is like the past wars.
SCENARIOS = [p for p in (ROOT / "scenarios").glob("*.yaml") if p.stem not in LIBRARY]


@pytest.mark.slow
@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize(
    "path",
    sorted([*SCENARIOS, *(ROOT / "tests/corpus/valid").glob("*.yaml")]),
    ids=lambda path: path.stem,
)
def test_every_shipped_scenario_can_be_drawn(path: Path, tmp_path):
    drawn = draw(sim.run(sim.load(path, check_variants=False), replications=20, seed=1), tmp_path)
    assert len(list(tmp_path.iterdir())) == 3 * len(drawn)
    assert np.all([(tmp_path / picture.svg).stat().st_size < 2e6 for picture in drawn])
