"""Colours, text and settings of pictures."""

import warnings

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from sim.report import style

WHITE = "#ffffff"


@pytest.mark.parametrize("colour", [*style.COLOURS, style.GREY])
def test_what_carries_meaning_stands_out_from_white(colour):
    assert style.contrast(colour, WHITE) >= 3.0


@pytest.mark.parametrize("colour", [style.BLACK, style.GREY, style.BLUE])
def test_small_text_can_be_read(colour):
    assert style.contrast(colour, WHITE) >= 4.5


def test_the_contrast_of_known_pairs():
    assert style.contrast("#000000", WHITE) == pytest.approx(21.0)
    assert style.contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)  # WebAIM's checker
    assert style.contrast("#e69f00", WHITE) < 3.0  # the orange that was left out


def test_as_many_hatches_as_layers_and_none_twice():
    assert len(set(style.HATCHES)) == len(style.HATCHES) == 6
    assert len(set(style.DASHES)) == len(style.DASHES) == len(style.COLOURS)


def test_a_tint_is_between_its_hue_and_white():
    assert style.tint(style.BLUE, 1.0) == style.BLUE
    assert style.tint(style.BLUE, 0.0) == WHITE
    assert style.tint("#000000", 0.5) == "#808080"


def test_bands_and_their_ground_differ_in_grey():
    wide, narrow = (style.tint(style.BLUE, s) for s in (style.WIDE, style.NARROW))
    assert style.contrast(wide, WHITE) > 1.15
    assert style.contrast(narrow, wide) > 1.15


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("حمص", "حمص"),
        ("Хомс", "Хомс"),
        ("a\u202eb", r"a\u202eb"),
        ("a\x1b[31mb\n", r"a\x1b[31mb\n"),
        ("$\\bad$", "$\\bad$"),
        ("中文", "city"),
        ("ok \U0001faa8", "ok \u25a1"),
    ],
)
def test_what_is_written(text, shown):
    assert style.written(text, "city") == shown


def test_without_another_name_boxes_stand_for_letters():
    assert style.written("中a") == "\u25a1a"
    assert style.written("中a", "中b") == "\u25a1b"


def test_lines_fit_and_the_last_is_cut():
    found = style.lines("W" * 300, 2.0, 10.0, most=2)
    assert len(found) == 2
    assert found[1].endswith("...")
    # Twelve of the widest letters, 0.99 em each, are 1.65 inches at ten points.
    assert 12 <= len(found[0]) <= 14
    assert style.lines("", 2.0, 10.0) == []
    assert style.lines("a b", 2.0, 10.0) == ["a b"]


def test_lines_are_as_wide_as_they_are_drawn():
    text = "The quick brown fox jumps over the lazy dog, and over the fence"
    with style.applied():
        figure = Figure(dpi=600)  # at fewer dots letters are moved to whole ones
        drawn = figure.text(0, 0, text, fontsize=10, parse_math=False)
        inches = drawn.get_window_extent().width / 600
    assert style.lines(text, inches * 1.02, 10.0, most=9) == [text]
    assert len(style.lines(text, inches * 0.98, 10.0, most=9)) == 2


def test_settings_of_a_user_neither_count_nor_change():
    with mpl.rc_context({"axes.facecolor": "red", "text.usetex": True, "font.size": 30}):
        before = dict(mpl.rcParams)
        with style.applied():
            assert mpl.rcParams["axes.facecolor"] == "white"
            assert not mpl.rcParams["text.usetex"]
        assert dict(mpl.rcParams) == before


def test_the_font_is_there():
    # Another one would be found with a mere log message.
    with warnings.catch_warnings(), style.applied():
        warnings.simplefilter("error")
        from matplotlib import font_manager

        assert "DejaVuSans" in font_manager.findfont(style.FONT, fallback_to_default=False)
