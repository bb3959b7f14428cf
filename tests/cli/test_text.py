import io
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli import text
from sim.cli.text import Look

AT = datetime(2024, 12, 9, 18, 0, 29, tzinfo=timezone(timedelta(hours=3)))


def test_dates_have_their_zone():
    assert text.date(AT) == "Mon 9 Dec 2024 18:00 +03:00"
    assert text.date(AT.astimezone(UTC)) == "Mon 9 Dec 2024 15:00 UTC"
    assert text.date(AT, is_short=True) == "9 Dec 18:00"
    assert text.date(None) == ""


def test_dates_are_to_the_nearest_minute():
    assert text.date(AT + timedelta(seconds=1)) == "Mon 9 Dec 2024 18:01 +03:00"


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0, "< 1 %"),
        (0.00999, "< 1 %"),
        (0.01, "1.0 %"),
        (0.2134, "21.3 %"),
        (0.99, "99.0 %"),
        (0.9901, "> 99 %"),
        (1.0, "> 99 %"),
        (float("nan"), "-"),
    ],
)
def test_percentages_claim_nothing_at_the_ends(p, shown):
    assert text.percent(p) == shown


def test_at_the_ends_it_is_the_model_that_speaks():
    assert text.given_the_model(0.004) == "< 1 %, given the model"
    assert text.given_the_model(0.999) == "> 99 %, given the model"
    assert text.given_the_model(0.5) == "50 %"


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0, "1"), (1.5, "1.5"), (0.25, "0.25"), (10.0, "10"), (2.005, "2")]
)
def test_days_have_the_decimals_that_they_need(value, shown):
    assert text.days(value) == shown


def test_times_are_shown_finely_enough_for_their_span():
    assert text.decimals_for(30.0) == text.decimals_for(3.0) == 2
    assert text.decimals_for(365.0) == 1
    assert text.decimals_for(1e5) == 0
    assert text.decimals_for(1.0) == 3
    assert text.decimals_for(0.01) == 5
    assert text.decimals_for(0.0) == 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [(14.0, "14 days"), (1.0, "1 day"), (10.5, "10.5 days"), (1 / 24, "1 hour"), (0.5, "12 hours")],
)
def test_a_span_below_a_day_is_in_hours(value, shown):
    assert text.span(value) == shown


def test_a_column_has_one_number_of_decimals():
    assert text.column([0.5, 1.0, 10.0], 2) == ["0.5", "1.0", "10.0"]
    assert text.column([1.0, 10.0], 2) == ["1", "10"]
    assert text.column([], 2) == []


def test_counts_agree_with_their_noun():
    assert text.counted(1, "outcome") == "1 outcome"
    assert text.counted(12_000, "event") == "12,000 events"


def test_wide_and_combining_characters():
    assert text.width("abc") == 3
    assert text.width("日本") == 4
    assert text.width("e\u0301") == 1


def test_tables_align_by_what_is_seen():
    assert text.table([["日本", "1"], ["a", "22"]], "lr") == ["日本   1", "a     22"]


def test_what_is_too_long_ends_in_dots():
    assert text.fitted("abcdef", 6) == "abcdef"
    assert text.fitted("abcdefg", 6) == "abc..."
    assert text.width(text.fitted("日本日本日本", 8)) <= 8


def test_lines_break_between_words_and_where_they_must():
    assert text.wrapped("ab cd  ef", 5) == ["ab cd", "ef"]
    assert text.wrapped("ab cd", 6, "  ") == ["  ab", "  cd"]
    assert text.wrapped("abcdefgh", 5) == ["abcde", "fgh"]
    assert text.wrapped("日本日本日", 5) == ["日本", "日本", "日"]
    assert text.wrapped("", 5) == []
    assert text.wrapped(f"ab c{text.NO_BREAK}d", 5) == ["ab", "c d"]


@given(st.text(st.sampled_from("ab 日e\u0301"), max_size=60), st.integers(2, 20))
def test_wrapped_lines_fit_and_lose_nothing(words, columns):
    lines = text.wrapped(words, columns)
    assert all(text.width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def columns(monkeypatch):
    for name in ("NO_COLOR", "LC_ALL", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def set_to(n: int) -> None:
        monkeypatch.setattr("shutil.get_terminal_size", lambda _: os.terminal_size((n, 24)))

    return set_to


@pytest.mark.parametrize(("n", "used"), [(200, 80), (80, 80), (60, 60), (20, 40)])
def test_a_terminal_gives_its_width_within_reason(n, used, columns):
    columns(n)
    assert Look.of(Terminal()).width == used


def test_what_is_no_terminal_always_looks_the_same(columns):
    columns(50)
    look = Look.of(io.StringIO())
    assert (look.width, look.colours) == (80, False)
    assert Look.of(None).width == 80


def test_colours_are_for_terminals_that_want_them(columns, monkeypatch):
    columns(80)
    assert Look.of(Terminal()).colours
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Look.of(Terminal()).colours
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not Look.of(Terminal()).colours


def test_blocks_need_an_encoding_and_a_terminal_that_have_them(columns, monkeypatch):
    def stream(encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    columns(80)
    assert Look.of(stream("utf-8")).blocks
    assert not Look.of(stream("latin-1")).blocks
    assert not Look.of(stream("ascii")).blocks
    monkeypatch.setenv("LC_ALL", "C")
    assert not Look.of(stream("utf-8")).blocks
    monkeypatch.delenv("LC_ALL")
    monkeypatch.setenv("TERM", "linux")
    assert not Look.of(stream("utf-8")).blocks


def test_styles_cost_nothing_without_colours():
    assert Look().styled("x", "bold") == "x"
    assert Look(colours=True).styled("x", "bold") == "\x1b[1mx\x1b[0m"
    assert Look(colours=True).styled("", "bold") == ""
