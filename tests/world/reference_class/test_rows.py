"""Rows: what is shipped is consistent, and what is wrong with a file is told with its place."""

import csv
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.world.reference_class.rows import HELD_OUT, SHIPPED, loads, read, shipped, usable

COLUMNS = "case,place,date_contested,days,end,momentum_7d,big_300k"
ROW = "war,town,2016-10-03,3,fell,0,1"


def table(*rows: str, columns: str = COLUMNS) -> bytes:
    return "\n".join([columns, *rows, ""]).encode()


def told(content: bytes) -> list[tuple[str, int, int]]:
    with pytest.raises(ScenarioError, match=r"cases\.csv:") as caught:
        loads(content, "cases.csv")
    return [(d.code, d.position.line, d.position.column) for d in caught.value.diagnostics]


def test_what_is_shipped_has_144_rows_in_24_cases_and_two_more_cases_held_out():
    rows = read(SHIPPED)
    assert len(rows) == 165
    assert len(shipped()) == 144
    assert len({row.case for row in shipped()}) == 24
    assert {row.case for row in rows} - {row.case for row in shipped()} == HELD_OUT


def test_momentum_is_what_the_dates_of_the_other_falls_say():
    rows = read(SHIPPED)
    for row in rows:
        ages = [
            row.contact - other.last
            for other in rows
            if other is not row and other.case == row.case and other.end == "fell"
        ]
        assert row.momentum == any(timedelta(0) <= age <= timedelta(7) for age in ages), row


def test_an_end_that_is_not_plain_has_a_reason_and_none_of_them_is_short():
    with SHIPPED.open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    administrative = [row for row in cells if row["end"] == "administrative"]
    assert len(administrative) == 5
    assert all(row["end_reason"] and int(row["days"]) > 90 for row in administrative)
    assert all(row["provenance"] in ("read", "memory", "read+memory") for row in cells)


def test_a_row_is_read_with_its_other_columns_left_alone():
    (row,) = loads(table("more," + ROW, columns="note," + COLUMNS))
    assert (row.case, row.place, row.days, row.end) == ("war", "town", 3, "fell")
    assert (row.momentum, row.is_big, str(row.last)) == (False, True, "2016-10-06")


def test_rows_of_cases_that_are_held_out_are_not_used():
    rows = loads(table(ROW, ROW.replace("war", "syria_2024")))
    assert [row.case for row in usable(rows)] == ["war"]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"", "no-rows", 1, 1),
        (table(), "no-rows", 1, 1),
        (table(ROW, columns=COLUMNS.replace(",end", ",ends")), "missing-column", 1, 1),
        (table(ROW + ",1", columns=COLUMNS + ",days"), "duplicate-column", 1, 57),
        (table(ROW, ROW), "duplicate-row", 3, 1),
        (table("war,town"), "wrong-number-of-cells", 2, 1),
        (table('war,"town'), "bad-csv", 2, 5),
        (table(ROW.replace("war", " ")), "bad-case", 2, 1),
        (table(ROW.replace("-10-", "-13-")), "bad-date-contested", 2, 10),
        (table(ROW.replace("2016", "9999")), "bad-date-contested", 2, 10),
        (table(ROW.replace(",3,", ",-3,")), "bad-days", 2, 21),
        (table(ROW.replace("fell", "broken off")), "bad-end", 2, 23),
        (table(ROW.replace(",0,", ",no,")), "bad-momentum-7d", 2, 28),
        (table(ROW[:-1] + "2"), "bad-big-300k", 2, 30),
        (table(ROW.replace("town", '"a, ""b"""').replace("fell", "x")), "bad-end", 2, 29),
        (table(ROW + ",0", columns=COLUMNS + ",fell"), "bad-fell", 2, 32),
        (table(ROW + ",2016-10-07", columns=COLUMNS + ",date_fell"), "bad-date-fell", 2, 32),
        (table(ROW) + b"\xff", "not-utf8", 3, 1),
        (b"x" * 2_000_001, "too-large", 1, 1),
    ],
)
def test_a_mistake_is_told_with_its_place(content, code, line, column):
    assert told(content) == [(code, line, column)]


def test_an_end_is_suggested():
    with pytest.raises(ScenarioError, match="'brokenoff'") as caught:
        loads(table(ROW.replace("fell", "brokenoff")))
    assert caught.value.diagnostics[0].hint == "did you mean 'broken_off'?"


def test_all_mistakes_are_told_at_once_in_file_order():
    rows = [ROW.replace("fell", "x"), ROW, "a", ROW.replace("town", "b").replace(",3,", ",?,")]
    assert [line for _, line, _ in told(table(*rows))] == [2, 4, 5]


@given(st.one_of(st.binary(max_size=300), st.text('",\r\n0a', max_size=40).map(str.encode)))
def test_any_bytes_at_all_are_rows_or_an_error(content):
    for text in (content, table(ROW) + content):
        with suppress(ScenarioError):
            assert loads(text)
