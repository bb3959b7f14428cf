"""Days since the start as local dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


def local_date(start: datetime | None, zone: tzinfo | None, days: float) -> datetime | None:
    """Return the date in a zone (that of the start if None).

    None without a start, or beyond the calendar.
    """
    if start is None:
        return None
    try:
        # By way of UTC: adding to a local time would miss a change of the clocks.
        return (start.astimezone(UTC) + timedelta(days=days)).astimezone(zone or start.tzinfo)
    except OverflowError:
        return None


def zone_of(name: str | None) -> tzinfo | None:
    """Return the time zone of a name or an offset; None of None."""
    if name is None:
        return None
    try:
        return datetime.strptime(name, "%z").tzinfo
    except ValueError:
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)
