"""Marks along the axis of time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ensemble.model import Facts
from sim.report.timeline import timeline

HOMS = datetime.fromisoformat("2024-12-06T18:00+03:00")


def facts(horizon: float, start: datetime | None = HOMS, timezone: str | None = None) -> Facts:
    return Facts("x", start=start, timezone=timezone, horizon=horizon)


def test_days_with_the_year_where_it_changes():
    found = timeline(facts(30.0), 6)
    assert found.labels == ("11 Dec\n2024", "16 Dec", "21 Dec", "26 Dec", "31 Dec", "5 Jan\n2025")
    assert found.places[0] == 4.25  # midnight of the eleventh, from the sixth at 18:00
    assert found.caption == "local time, +03:00"


def test_hours_with_the_date_where_it_changes():
    found = timeline(facts(1.0), 5)
    assert found.labels == ("18:00\n6 Dec", "00:00\n7 Dec", "06:00", "12:00", "18:00")
    assert found.places == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_months_and_years():
    assert timeline(facts(200.0), 8).labels[:3] == ("Jan\n2025", "Feb", "Mar")
    assert timeline(facts(3_650.0), 5).labels == ("2026", "2028", "2030", "2032", "2034")


def test_without_a_start_days_and_below_one_hours():
    assert timeline(facts(14.0, None), 8).labels == tuple(map(str, range(0, 15, 2)))
    assert timeline(facts(14.0, None), 8).caption == "days since the start"
    found = timeline(facts(0.25, None), 6)
    assert found.labels == tuple(map(str, range(7)))
    assert found.places[6] == pytest.approx(0.25)
    assert found.caption == "hours since the start"


def test_midnight_stays_midnight_when_the_clocks_change():
    # On 27 October 2024 the clocks of Berlin went back: that day had 25 hours.
    start = datetime.fromisoformat("2024-10-26T00:00+02:00")
    found = timeline(facts(3.0, start, "Europe/Berlin"), 4)
    assert found.labels == ("26 Oct\n2024", "27 Oct", "28 Oct")
    assert found.places == pytest.approx((0.0, 1.0, 2.0 + 1.0 / 24.0))
    assert found.caption == "local time, +02:00, at the end +01:00"


def test_beyond_the_calendar_days_are_counted():
    assert timeline(facts(4e6), 5).caption == "days since the start"


@given(
    st.floats(1e-9, 1e7),
    st.integers(3, 12),
    st.one_of(st.none(), st.datetimes(datetime(1800, 1, 1), datetime(2900, 1, 1))),  # noqa: DTZ001
    st.sampled_from(["+03:00", "Asia/Damascus", "America/St_Johns", "UTC"]),
)
def test_marks_rise_lie_within_and_are_neither_few_nor_many(horizon, room, start, timezone):
    when = None if start is None else start.replace(tzinfo=UTC)
    found = timeline(facts(horizon, when, timezone), room)
    assert len(found.places) == len(found.labels)
    assert 2 <= len(found.places) <= room + 2
    assert all(a < b for a, b in zip(found.places, found.places[1:], strict=False))
    assert found.places[0] >= 0.0
    assert found.places[-1] <= horizon * (1 + 1e-9)
