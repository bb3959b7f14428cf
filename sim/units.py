"""Units and dimensions.

Inside a net time is in seconds, length in metres, so that minutes, hours, days and kilometres add
exactly; people see days, kilometres, persons and tonnes (:func:`display_scale`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

SECONDS_PER_DAY = 86_400.0


class Dimension(NamedTuple):
    """Exponents of time, length, persons and tonnes."""

    time: Fraction | int = 0
    length: Fraction | int = 0
    persons: Fraction | int = 0
    tonnes: Fraction | int = 0

    def times(self, other: Dimension) -> Dimension:
        """Return the dimension of a product."""
        return Dimension(*(a + b for a, b in zip(self, other, strict=True)))

    def over(self, other: Dimension) -> Dimension:
        """Return the dimension of a quotient."""
        return Dimension(*(a - b for a, b in zip(self, other, strict=True)))

    def power(self, exponent: Fraction | int) -> Dimension:
        """Return the dimension of a power."""
        return Dimension(*(a * exponent for a in self))

    def __str__(self) -> str:
        """Write the dimension in display units: ``km/day``, ``1/day``, ``a plain number``."""
        names = ("day", "km", "person", "tonne")
        above = [_power(n, e) for n, e in zip(names, self, strict=True) if e > 0]
        below = [_power(n, -e) for n, e in zip(names, self, strict=True) if e < 0]
        if not above and not below:
            return "a plain number"
        return "/".join([" ".join(above) or "1", *below])


def _power(name: str, exponent: Fraction | int) -> str:
    return name if exponent == 1 else f"{name}**{exponent}"


NONE = Dimension()
TIME = Dimension(time=1)
PER_TIME = Dimension(time=-1)
LENGTH = Dimension(length=1)
PERSONS = Dimension(persons=1)
TONNES = Dimension(tonnes=1)


class Unit(NamedTuple):
    """One unit: how much of the internal unit it is, and its dimension."""

    scale: float
    dimension: Dimension


def _with_plural(name: str, unit: Unit) -> dict[str, Unit]:
    return {name: unit, name + "s": unit}


UNITS: dict[str, Unit] = {
    "s": Unit(1.0, TIME),
    **_with_plural("minute", Unit(60.0, TIME)),
    "h": Unit(3_600.0, TIME),
    **_with_plural("hour", Unit(3_600.0, TIME)),
    **_with_plural("day", Unit(SECONDS_PER_DAY, TIME)),
    **_with_plural("week", Unit(7 * SECONDS_PER_DAY, TIME)),
    "m": Unit(1.0, LENGTH),
    "km": Unit(1_000.0, LENGTH),
    **_with_plural("person", Unit(1.0, PERSONS)),
    **_with_plural("tonne", Unit(1.0, TONNES)),
}

#: Units that people write and that have no fixed or no clear meaning here, with what to write.
REFUSED_UNITS: dict[str, str] = {
    "month": "months differ in length: write days or weeks",
    "months": "months differ in length: write days or weeks",
    "year": "years differ in length: write days or weeks",
    "years": "years differ in length: write days or weeks",
    "d": "write 'day' or 'days'",
    "w": "write 'week' or 'weeks'",
    "min": "write 'minute' or 'minutes' ('min' is the function)",
    "mins": "write 'minute' or 'minutes'",
    "hrs": "write 'h' or 'hours'",
    "hr": "write 'h' or 'hour'",
    "sec": "write 's'",
    "second": "write 's'",
    "seconds": "write 's'",
    "mile": "write km (a mile is 1.609344 km)",
    "miles": "write km (a mile is 1.609344 km)",
    "people": "write 'persons'",
    "ton": "write 'tonne'",
    "tons": "write 'tonnes'",
    "t": "write 'tonnes'",
    "kilometers": "write 'km'",
    "kilometres": "write 'km'",
    "meters": "write 'm'",
    "metres": "write 'm'",
}


def display_scale(dimension: Dimension) -> float:
    """Return the internal size of one display unit, e.g. 86,400 for a time (shown in days)."""
    return float(SECONDS_PER_DAY**dimension.time * 1_000.0**dimension.length)


def to_display(value: float, dimension: Dimension) -> float:
    """Convert an internal value to days, kilometres, persons or tonnes (or their products)."""
    return value / display_scale(dimension)
