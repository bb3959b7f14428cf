from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from sim.ensemble.dates import local_date
from sim.shown import to_the_minute

HERE = timezone(timedelta(hours=3))
START = datetime(2024, 12, 6, 18, tzinfo=HERE)


def test_without_a_start_there_are_no_dates():
    assert local_date(None, None, 1.0) is None


def test_dates_are_in_the_zone_of_the_start_unless_another_is_named():
    assert local_date(START, None, 1.5).isoformat() == "2024-12-08T06:00:00+03:00"
    assert local_date(START, UTC, 1.5).isoformat() == "2024-12-08T03:00:00+00:00"


def test_a_change_of_the_clocks_moves_the_local_time_not_the_time():
    # Berlin goes from +01:00 to +02:00 on 30 March 2025.
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2025, 3, 29, 12, tzinfo=berlin)
    after = local_date(start, berlin, 1.0)
    assert after.isoformat() == "2025-03-30T13:00:00+02:00"
    assert after.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=1)


@pytest.mark.parametrize("days", [3e6, 1e12])
def test_beyond_the_calendar_there_are_no_dates(days):
    assert local_date(START, None, days) is None


def test_the_nearest_minute():
    almost = START - timedelta(microseconds=1)
    assert to_the_minute(almost) == START
    assert to_the_minute(START + timedelta(seconds=31)) == START + timedelta(minutes=1)
    last = datetime.max.replace(tzinfo=UTC)
    assert to_the_minute(last) == last.replace(second=0, microsecond=0)
