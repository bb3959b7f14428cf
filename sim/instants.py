"""Instants and dates as a file writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from sim.values import Faults, Text

_LIKE_A_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![0-9.])|\s*[0-9]{8}T[0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)
_ISO_DURATION = re.compile(
    r"P(?=[0-9T])((?P<weeks>[0-9.]+)W)?((?P<days>[0-9.]+)D)?"
    r"(T((?P<hours>[0-9.]+)H)?((?P<minutes>[0-9.]+)M)?((?P<s>[0-9.]+)S)?)?\Z"
)
_ISO_LIKE = re.compile(r"P[0-9T][0-9YMWDTHS.]*\Z")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2})\Z")

FORM = "an instant with its offset, such as 2024-12-06T18:00+03:00"


def is_date(text: str) -> bool:
    """Return whether a text is meant as a date or an instant (an expression is not)."""
    return _LIKE_A_DATE.match(text) is not None


def read_instant(text: Text, path: str, faults: Faults) -> datetime | None:
    """Return an instant with its offset; None after a fault."""
    match = _INSTANT.match(text)
    if match is None:
        message, hint = f"'{text}' is no instant", ""
        if _DATE.match(text):
            message, hint = (
                f"'{text}' is a day, not an instant",
                f"write {text}T00:00 and the offset",
            )
        faults.add("bad-instant", message, text, path, expected=FORM, hint=hint)
        return None
    if not match["offset"]:
        hint = f"add the offset: {text}+00:00 for UTC"
        faults.add("bad-instant", f"'{text}' has no offset", text, path, expected=FORM, hint=hint)
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        _no_such_day(text, error, path, faults)
        return None


def read_day_or_instant(
    text: Text, zone: tzinfo | None, path: str, faults: Faults
) -> datetime | None:
    """Return an instant; a plain date is the end of that day in ``zone`` (UTC without one)."""
    if not _DATE.match(text):
        return read_instant(text, path, faults)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        _no_such_day(text, error, path, faults)
        return None
    return datetime.combine(day, time(23, 59, 59), zone or UTC)


def _no_such_day(text: Text, error: ValueError, path: str, faults: Faults) -> None:
    message = f"'{text}': {str(error).split(':')[0]}"
    faults.add("bad-instant", message, text, path, expected=FORM)


def read_zone(text: Text, path: str, faults: Faults) -> tzinfo | None:
    """Return a time zone by its name, or by its offset."""
    match = _OFFSET.match(text)
    if match and int(match["hours"]) < 24 and int(match["minutes"]) < 60:
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
        return timezone(-offset if match["sign"] == "-" else offset)
    if text in ("UTC", "Z"):
        return UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        expected = "a name such as Asia/Damascus, or an offset such as +03:00"
        faults.add("unknown-timezone", f"unknown time zone '{text}'", text, path, expected=expected)
        return None


def iso_duration_hint(text: str) -> str:
    """Return what to write for ``P20D`` and the like; empty if the text is nothing like it."""
    match = _ISO_DURATION.match(text)
    if match is None or not any(match.groups()):
        return "write a duration as '20 days' or '12 h'" if _ISO_LIKE.match(text) else ""
    parts = [
        f"{number} {name}"
        for name, number in (
            ("weeks", match["weeks"]),
            ("days", match["days"]),
            ("h", match["hours"]),
            ("minutes", match["minutes"]),
            ("s", match["s"]),
        )
        if number
    ]
    return f"write '{' + '.join(parts)}'" if parts else "write a duration as '20 days' or '12 h'"
