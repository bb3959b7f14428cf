"""Texts, numbers and dates as people read them: in a terminal, in a picture, on a page.

Text from a file is data: whatever could move a cursor, change colours or turn the direction of
writing is shown as an escape.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

#: A blank at which no line breaks; shown as a plain one.
NO_BREAK = "\u00a0"
#: What opens HTML for a notebook, which would read dollars as mathematics.
DIV = '<div class="tex2jax_ignore">'
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Zero-width joiners: Persian and Indian scripts cannot be written without them.
_JOINERS = "\u200c\u200d"


def safe(text: str) -> str:
    """Return a text as one line, with everything that is not for showing as an escape.

    That is control, bidirectional and other format characters, line ends, lone surrogates (a file
    name that is not UTF-8 has them) and what no version of Unicode has assigned.
    """
    if text.isascii() and text.isprintable():  # nearly all, and twenty times as fast
        return text
    return "".join(c if _is_harmless(c) else _escape(c) for c in text)


def safe_lines(text: str) -> str:
    """Return a text of several lines, each as :func:`safe` has it."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _is_harmless(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in (
        *("Cc", "Cf", "Cs", "Co", "Cn"),
        *("Zl", "Zp"),
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def in_html(text: str) -> str:
    """Return a text as :func:`safe` has it, for the content or an attribute of HTML."""
    return html.escape(safe(text), quote=True)


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """Return a table of texts as HTML, columns aligned by ``l`` and ``r``; the texts are data."""
    # Each text has its own direction, whatever script it is in, and all stand on one side.
    looks = {"l": 'dir="auto" style="text-align: left"', "r": 'style="text-align: right"'}
    sides = [looks[side] for side in align]

    def row(tag: str, cells: Sequence[str]) -> str:
        shown = (
            f"<{tag} {side}>{in_html(cell)}</{tag}>"
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(shown)}</tr>"

    body = "\n".join(row("td", cells) for cells in rows)
    return f"<table>\n<thead>{row('th', head)}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def date(at: datetime | None, *, is_short: bool = False) -> str:
    """Return ``Mon 9 Dec 2024 18:00 +03:00``, or ``9 Dec 18:00``, whatever the locale.

    Empty for None.
    """
    if at is None:
        return ""
    at = to_the_minute(at)
    if is_short:
        return f"{day_of(at)} {at:%H:%M}"
    zone = at.isoformat()[-6:] if at.utcoffset() else "UTC"
    return f"{_DAYS[at.weekday()]} {day_of(at)} {at.year} {at:%H:%M} {zone}"


def iso(at: datetime | None) -> str | None:
    """Return a date as programs read it, ``2024-12-09T18:00+03:00``; None for None."""
    return None if at is None else to_the_minute(at).isoformat(timespec="minutes")


def to_the_minute(at: datetime) -> datetime:
    """Return the nearest minute: a double of days is rarely a whole number of seconds."""
    with suppress(OverflowError):
        at += timedelta(seconds=30)
    return at.replace(second=0, microsecond=0)


def is_within_a_year(horizon: float) -> bool:
    """Return whether days and months alone tell the dates of a horizon in days apart."""
    return horizon <= 300.0


def moment(at: datetime | None, t: float, horizon: float) -> str:
    """Return a time in words: its date, or its day without one; ``t`` and horizon in days."""
    if at is not None:
        return date(at)
    return f"day {days(t, decimals_for(horizon))}" if horizon >= 1.0 else f"after {span(t)}"


def day_of(at: datetime) -> str:
    """Return ``9 Dec``."""
    return f"{at.day} {_MONTHS[at.month - 1]}"


def month_of(at: datetime) -> str:
    """Return ``Dec 2024``."""
    return f"{_MONTHS[at.month - 1]} {at.year}"


def percent(p: float, decimals: int = 1) -> str:
    """Return a probability as a percentage; the far ends carry no decimals that mean nothing."""
    if math.isnan(p):
        return "-"
    if p < 0.01:
        return "< 1 %"
    if p > 0.99:
        return "> 99 %"
    return f"{100 * p:.{decimals}f} %"


def given_the_model(p: float, decimals: int = 0) -> str:
    """Return a probability for a sentence: near 0 and 1 it is the model's word above all."""
    return percent(p, decimals) + (", given the model" if p < 0.01 or p > 0.99 else "")


def interval(low: float, high: float) -> str:
    """Return an interval of percentages; what is not impossible is not shown as if it were."""
    if low == 0.0 and 0.0 < high < 0.0005:
        return "0.0 to < 0.1 %"
    if high == 1.0 and 0.9995 < low < 1.0:
        return "> 99.9 to 100.0 %"
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def band(found: tuple[float, float] | None) -> str:
    """Return a band of percentages, which is not known to decimals; empty for None."""
    if found is None:
        return ""
    return f"{100 * found[0]:.0f} to {100 * found[1]:.0f} %"


def signed(value: float, decimals: int) -> str:
    """Return a number with a sign; what rounds to nothing has none."""
    shown = f"{value:+.{decimals}f}"
    return shown if float(shown) else shown[1:]


def points(*differences: float) -> list[str]:
    """Return differences of probabilities in points of a hundred, with a sign.

    One decimal, and a second where all are so small that they would say nothing.
    """
    decimals = 1 if max(map(abs, differences), default=0.0) >= 0.01 else 2
    return [signed(100.0 * d, decimals) for d in differences]


def points_band(found: tuple[float, float] | None) -> str:
    """Return a band of points, which is not known to decimals; empty for None."""
    if found is None:
        return ""
    return " to ".join(signed(100.0 * end, 0) for end in found)


def in_points(
    difference: float, ends: tuple[float, float], inputs: tuple[float, float] | None
) -> str:
    """Return a difference in points with its intervals, that over the inputs first."""
    value, low, high = points(difference, *ends)
    known = f"inputs 80 %: {points_band(inputs)}; " if inputs else ""
    return f"{value} points ({known}Monte Carlo 95 %: {low} to {high})"


def days(value: float, decimals: int = 2) -> str:
    """Return a number of days, with what decimals it needs."""
    shown = f"{value:.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def span(value: float) -> str:
    """Return a length of time given in days: ``14 days``; below a day ``6 hours``."""
    unit, n = ("day", value) if value >= 1.0 else ("hour", 24.0 * value)
    shown = days(n, decimals_for(n))
    return f"{shown} {unit}{'' if shown == '1' else 's'}"


def column(values: Sequence[float], decimals: int) -> list[str]:
    """Return numbers with as many decimals as the one that needs most of them."""
    most = max((len(days(v, decimals).partition(".")[2]) for v in values), default=0)
    return [f"{v:.{most}f}" for v in values]


def decimals_for(span: float) -> int:
    """Return how many decimals tell days within a span apart, to 0.4 % of it at the least."""
    usual = 2 if span <= 100.0 else 1 if span <= 1_000.0 else 0
    return max(usual, math.ceil(-math.log10(span / 250.0))) if span > 0.0 else usual


def rounded(value: float) -> str:
    """Return a number to three digits, without an exponent unless it is huge or tiny."""
    return f"{float(f'{value:.3g}'):,.12g}"


def counted(n: int, what: str) -> str:
    """Return ``1 outcome``, ``2 outcomes``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def size(n_bytes: float) -> str:
    """Return a size in bytes as ``1.4 GB`` or ``500 MB``."""
    unit, name = (1e9, "GB") if n_bytes >= 1e9 else (1e6, "MB")
    n = n_bytes / unit
    return f"{n:,.{1 if n < 100.0 else 0}f} {name}"


def width(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fitted(text: str, columns: float, measure: Callable[[str], float] = width) -> str:
    """Return a text cut to so many columns, with dots where something is missing."""
    if measure(text) <= columns:
        return text
    while text and measure(text + "...") > columns:
        text = text[:-1]
    return text.rstrip() + "..."


def wrapped(
    text: str, columns: float, indent: str = "", measure: Callable[[str], float] = width
) -> list[str]:
    """Return a text as lines of so many columns at most, broken between words where it can be.

    ``measure`` says how much a text takes: columns of a terminal, or inches in a font.
    """
    lines: list[str] = []
    room = max(measure("00"), columns - measure(indent))
    for word in text.split(" "):
        if not word:
            continue
        if lines and measure(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, room, measure)
    return [indent + line.replace(NO_BREAK, " ") for line in lines]


def _pieces(word: str, columns: float, measure: Callable[[str], float]) -> list[str]:
    """Return a word cut where it must be: some scripts have no blanks."""
    if measure(word) <= columns:
        return [word]
    pieces = [""]
    for character in word:
        if pieces[-1] and measure(pieces[-1] + character) > columns:
            pieces.append("")
        pieces[-1] += character
    return pieces
