"""What studies find, as JSON can hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from sim.shown import to_the_minute


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: what is not finite is null."""
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if isinstance(value, datetime):
        return to_the_minute(value).isoformat(timespec="minutes")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
