"""How pictures look: colours, dashes, hatches, sizes and the one font.

Every colour that carries meaning has a contrast of at least 3 : 1 against its ground (WCAG 2.2,
1.4.11), and nothing is told by colour alone: a dash, a hatch or a label beside it says the same in
grey. Pictures are drawn on white, with the colours of this module and no others; on a dark ground
each is what :data:`DARK` has in its place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from sim.shown import fitted, safe, wrapped

#: Those of Okabe & Ito (2008) that stand out from white; orange, sky blue and yellow do not.
BLUE, VERMILLION, GREEN, PURPLE, BLACK = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, BLACK)
#: What belongs to no colour: the rest of the causes, and the smaller print.
GREY = "#595959"
#: Carry no meaning.
GRID, WHITE = "#dcdcdc", "#ffffff"

Dash = str | tuple[int, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)), (0, (1, 1)))
#: Sparse: in an SVG every dot of a hatch is a path of twenty numbers.
HATCHES = ("///", "..", "\\\\\\", "xx", "---", "++")

#: Shares of the hue in what is filled: a wide band, a narrow one in it, a hatched area, an edge.
WIDE, NARROW, AREA, EDGE = 0.14, 0.34, 0.22, 0.6

#: Of the same eight those that stand out from a dark ground.
_ON_DARK = {
    WHITE: "#14171c",
    BLACK: "#f4f4f4",
    BLUE: "#56b4e9",
    VERMILLION: "#e69f00",
    GREEN: "#009e73",
    PURPLE: "#cc79a7",
    GREY: "#b0b4ba",
    GRID: "#343a42",
}

#: Points. A picture is 8 inches wide, to be read at that width.
TITLE, TEXT, SMALL = 13.0, 10.0, 8.5
WIDTH = 8.0
DPI = 150

FONT = "DejaVu Sans"  # comes with matplotlib: the same picture on every machine
_OWN: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": [FONT, "Verdana", "sans-serif"],
    "font.size": TEXT,
    "text.parse_math": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.formatter.useoffset": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "hatch.linewidth": 0.7,
    # At this many dots letters need no help to be sharp, and without it PNGs take a quarter less.
    "text.hinting": "no_hinting",
    "savefig.dpi": DPI,
    # Ids in an SVG are hashes of this and of what they name, not random.
    "svg.hashsalt": "frontcast",
    # Text stays text: it can be searched, copied and read aloud, a reader's own fonts draw scripts
    # that ours lacks, and the file is smaller.
    "svg.fonttype": "none",
}


@contextmanager
def applied() -> Iterator[None]:
    """Make matplotlib draw as this module says, whatever a user's own settings are."""
    # The backend is left alone: it belongs to the program around us, and no figure here needs it.
    plain: dict[str, Any] = {
        k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")
    }
    with mpl.rc_context({**plain, **_OWN}):  # type: ignore[dict-item]
        yield


def tint(colour: str, share: float, ground: str = WHITE) -> str:
    """Return a colour mixed with its ground: opaque, so what lies behind does not change it."""
    mixed = (
        round(under + share * (over - under))
        for over, under in zip(_levels(colour), _levels(ground), strict=True)
    )
    return "#" + "".join(f"{level:02x}" for level in mixed)


def _levels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))


#: What each colour of a picture is on a dark ground.
DARK = _ON_DARK | {
    tint(colour, share): tint(_ON_DARK[colour], share, _ON_DARK[WHITE])
    for colour in (*COLOURS, GREY)
    for share in (WIDE, NARROW, AREA, EDGE)
}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    levels = [level / 255 for level in _levels(colour)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def written(text: str, name: str = "") -> str:
    """Return a text of a file as one line that the font can draw.

    Where the font lacks its letters, the name stands in for it, which every file has; a box does
    for a lone sign, and for a letter of what has no other name.
    """
    text = safe(text)
    lacking = {c for c in text if ord(c) not in _drawn()}
    if name and any(unicodedata.category(c).startswith("L") for c in lacking):
        return written(name)
    return "".join("\u25a1" if c in lacking else c for c in text)


def lines(text: str, inches: float, size: float, *, bold: bool = False, most: int = 2) -> list[str]:
    """Return a text as lines that fit into a width, the last cut where it is too long."""

    def measure(part: str) -> float:
        return inches_of(part, size, bold=bold)

    # A word of thousands of letters is cut before it is measured letter by letter.
    found = wrapped(text[:1_000], inches, measure=measure)
    rest = " ".join(found[most - 1 :])
    return [*found[: most - 1], *([fitted(rest, inches, measure)] if rest else [])]


def inches_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is."""
    return sum(_advance(c, bold) for c in text) * size / 72.0


@cache
def _font(bold: bool) -> FT2Font:
    wanted = font_manager.FontProperties(family=FONT, weight="bold" if bold else "normal")
    return FT2Font(font_manager.findfont(wanted))


@cache
def _drawn() -> frozenset[int]:
    """Return the characters that both cuts of the font have."""
    return frozenset(_font(False).get_charmap()) & frozenset(_font(True).get_charmap())


@cache
def _advance(character: str, bold: bool) -> float:
    """Return how wide a character is, as a share of the size of the font."""
    font = _font(bold)
    font.set_size(100.0, 72.0)
    return float(font.load_char(ord(character)).linearHoriAdvance) / 65_536 / 100.0
