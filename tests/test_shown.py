"""Texts for people that are no terminal's: HTML, and moments."""

import xml.etree.ElementTree as ET
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.shown import fitted, html_table, in_html, moment, safe, wrapped

START = datetime.fromisoformat("2024-12-06T18:00+03:00")


@given(st.text())
def test_any_text_is_one_line_of_html_that_means_itself(text):
    shown = in_html(text)
    assert not set(shown) & set("<>\"'\n\r\x00\u202e\u2028")
    element = ET.fromstring(f'<p title="{shown}">{shown}</p>')
    assert (element.text or "") == element.get("title") == safe(text)
    assert list(element) == []


def test_markup_and_what_turns_the_direction_are_escaped():
    assert in_html("<b>&'\"") == "&lt;b&gt;&amp;&#x27;&quot;"
    assert in_html("a\u202eb") == r"a\u202eb"


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_a_table_has_the_texts_in_its_cells(rows):
    table = ET.fromstring(html_table(["a", "b"], rows, "lr"))
    body = table.find("tbody")
    assert body is not None
    assert len(body) == len(rows)
    assert all(len(row) == 2 for row in body)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="zip"):
        html_table(["a", "b"], [["only one"]], "lr")


def test_moments():
    assert moment(START, 0.0, 14.0) == "Fri 6 Dec 2024 18:00 +03:00"
    assert moment(None, 2.345, 14.0) == "day 2.35"
    assert moment(None, 0.125, 0.25) == "after 3 hours"


def test_texts_can_be_measured_otherwise():
    assert wrapped("aa bb cc", 2.5, measure=lambda s: len(s) / 2) == ["aa bb", "cc"]
    assert fitted("abcdefghij", 3.0, measure=lambda s: len(s) / 2) == "abc..."
