"""Diagnostics for people: the format to the letter, and no text that does what it should not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli.render import as_diagnostic, diagnostics, run_fault, safe, safe_lines, scenario_error
from sim.cli.text import Look, width
from sim.errors import Diagnostic, Position, RunFault, ScenarioError

SOURCE = "a\n" * 11 + "    pase: 30 km/day\n"
UNKNOWN = Diagnostic(
    code="unknown-field",
    message="unknown field 'pase' in transition 'march'",
    position=Position("scenarios/harbour.yaml", 12, 5, 4),
    path="transitions.march.pace",
    expected="one of when, work, pace, memory",
    hint="did you mean 'pace'?",
)


def test_the_format_to_the_letter():
    shown = diagnostics([UNKNOWN], {"scenarios/harbour.yaml": SOURCE})
    assert shown == (
        "scenarios/harbour.yaml:12:5: error[unknown-field]: unknown field 'pase' in transition "
        "'march'\n"
        "  12 |     pase: 30 km/day\n"
        "     |     ^^^^\n"
        "     = at: transitions.march.pace\n"
        "     = expected: one of when, work, pace, memory\n"
        "     = help: did you mean 'pace'?"
    )


def test_what_is_not_known_is_left_out():
    assert diagnostics([Diagnostic("x", "no place")], {}) == "error[x]: no place"
    assert diagnostics([UNKNOWN], {}).count("\n") == 3


def test_a_place_beyond_the_text_has_no_quotation():
    beyond = Diagnostic("x", "beyond", Position("f", 9, 1))
    assert diagnostics([beyond], {"f": "one line"}) == "f:9:1: error[x]: beyond"


def test_colour_is_on_words_that_are_ours_only():
    look = Look(colours=True)
    shown = diagnostics([UNKNOWN], {"scenarios/harbour.yaml": SOURCE}, look)
    assert "\x1b[1;31merror[unknown-field]\x1b[0m: unknown" in shown
    assert "\x1b[1;31m^^^^\x1b[0m" in shown
    warned = Diagnostic("x", "y", severity="warning")
    assert diagnostics([warned], {}, look) == "\x1b[1;33mwarning[x]\x1b[0m: y"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("حمص", "حمص"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),  # a joiner that Persian needs
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("\u2028", r"\u2028"),
        ("\udcff", r"\udcff"),
        ("\x9b31m", r"\x9b31m"),
    ],
)
def test_what_is_not_for_showing_is_an_escape(text, shown):
    assert safe(text) == shown


def test_lines_stay_lines_where_they_are_ours():
    assert safe_lines("a\nb\x07") == "a\nb\\x07"


@given(st.text())
def test_whatever_a_file_says_stays_on_its_line_and_moves_no_cursor(text):
    told = Diagnostic("x", text, Position(text, 1, 1, 3), text, text, text)
    shown = diagnostics([told], {text: text})
    assert shown.count("\n") == 2 + 3 * bool(text)
    left = {c for c in shown if not c.isprintable() and unicodedata.category(c) != "Zs"}
    assert left <= {"\n", "\u200c", "\u200d"}


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.integers(1, 30), st.integers(1, 5))
def test_the_mark_is_under_the_place(line, column, length):
    line = line.replace("\n", " ").replace("\r", " ")
    told = Diagnostic("x", "y", Position("f", 1, min(column, len(line) + 1), length))
    shown = diagnostics([told], {"f": line}).split("\n")
    before = safe(line[: told.position.column - 1])
    assert shown[2].index("^") == len("   1 | ") + width(before)


def test_a_fault_of_a_run_says_when_where_and_what_was_read():
    fault = RunFault(
        "the pace is negative",
        replication=7,
        time=1.25,
        transition="march",
        values={"supply": -1.0, "road": "cut"},
        position=Position("f.yaml", 1, 3, 4),
    )
    assert run_fault(fault, {"f.yaml": "a pace"}) == (
        "f.yaml:1:3: error[run-fault]: the pace is negative (in replication 7, on day 1.25)\n"
        "   1 | a pace\n"
        "     |   ^^^^\n"
        "     = at: march\n"
        "     = help: it read supply = -1, road = cut"
    )
    assert as_diagnostic(fault).code == "run-fault"


def test_everything_that_is_wrong_is_told_in_order():
    error = ScenarioError([Diagnostic("a", "first"), Diagnostic("b", "second")])
    assert scenario_error(error) == "error[a]: first\nerror[b]: second"
