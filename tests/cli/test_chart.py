from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli import chart
from sim.cli.chart import ASCII, BLOCKS, Tick

START = datetime.fromisoformat("2024-12-06T18:00+03:00")


def test_a_curve_in_blocks():
    values = [0.0, 0.125, 0.25, 0.5, 0.75, 1.0]
    assert chart.curve(values, [Tick(0, "0"), Tick(6, "6")], BLOCKS, height=4) == [
        " 100 % │     █",
        "       │    ██",
        "  50 % │   ███",
        "       │ ▄████",
        "   0 % └─────┴",
        "       0     6",
    ]


def test_a_curve_in_ascii_has_the_same_shape():
    values = [0.0, 0.25, 0.5, 1.0]
    assert chart.curve(values, [Tick(4, "4")], ASCII, height=4) == [
        " 100 % |   #",
        "       |   #",
        "  50 % |  ##",
        "       | ###",
        "   0 % +---+",
        "           4",
    ]


@pytest.mark.parametrize(
    ("highest", "top"), [(0.004, "1"), (0.02, "2"), (0.03, "5"), (0.2, "20"), (0.6, "100")]
)
def test_a_low_curve_is_drawn_large_with_its_own_scale(highest, top):
    lines = chart.curve([0.0, highest], [], BLOCKS)
    assert lines[0].startswith(f"{top:>4} % │")
    assert lines[4].startswith(f"{float(top) / 2:>4g} % │")


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=70), st.sampled_from([BLOCKS, ASCII]))
def test_a_curve_never_falls_and_keeps_its_size(values, pen):
    values.sort()
    lines = chart.curve(values, [], pen, height=8)
    assert len(lines) == 10
    columns = [
        [row[8 + j] if 8 + j < len(row) else " " for row in lines[:8]] for j in range(len(values))
    ]
    heights = [sum(pen.levels.index(cell) for cell in column) for column in columns]
    assert heights == sorted(heights)


def test_marks_are_at_round_days_without_a_start():
    found = chart.ticks(30.0, 72, None)
    assert [t.label for t in found] == [f"day {d}" for d in (0, 5, 10, 15, 20, 25, 30)]
    assert [t.place for t in found] == [0, 12, 24, 36, 48, 60, 72]


def test_marks_are_at_midnights_with_a_start():
    found = chart.ticks(14.0, 72, START)
    assert [t.label for t in found] == ["7 Dec", "12 Dec", "17 Dec"]
    assert found[0].place == round(0.25 / 14.0 * 72)


def test_marks_of_a_short_run_are_hours():
    found = chart.ticks(1.0, 72, START)
    assert [t.label for t in found] == ["6 Dec 18:00", "7 Dec 00:00", "7 Dec 06:00", "7 Dec 12:00", "7 Dec 18:00"]  # noqa: E501  # fmt: skip


def test_marks_of_a_long_run_are_months_and_end_with_the_calendar():
    labels = [t.label for t in chart.ticks(3_650.0, 72, START)]
    assert labels[0] == "Dec 2024"
    assert all(label[-4:].isdigit() for label in labels)
    assert chart.ticks(4e6, 72, START)[-1].label == "day 3000000.25"


@given(st.floats(1e-3, 1e7), st.integers(20, 72), st.sampled_from([None, START]))
def test_marks_lie_within_the_chart_and_their_labels_do_not_touch(horizon, columns, start):
    found = chart.ticks(horizon, columns, start)
    assert len(found) < 20
    assert all(0 <= t.place <= columns for t in found)
    line = chart.curve([0.0] * columns, found, BLOCKS)[-1]
    assert len(line) <= chart.MARGIN + 1 + columns
    shown = [label for label in line.replace("day ", "day_").split("  ") if label]
    assert {label.strip().replace("day_", "day ") for label in shown} <= {t.label for t in found}


def test_a_bar_is_never_nothing():
    assert chart.bar(0.0, 16, BLOCKS) == "█"
    assert chart.bar(1.0, 16, ASCII) == "#" * 16
