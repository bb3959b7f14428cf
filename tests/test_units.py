"""Units, dimensions, and how they are shown."""

from fractions import Fraction

import pytest

from sim.units import (
    LENGTH,
    NONE,
    PER_TIME,
    PERSONS,
    REFUSED_UNITS,
    TIME,
    TONNES,
    UNITS,
    Dimension,
    display_scale,
    to_display,
)


@pytest.mark.parametrize(
    ("name", "scale", "dimension"),
    [
        ("s", 1, TIME),
        ("minute", 60, TIME),
        ("h", 3600, TIME),
        ("hour", 3600, TIME),
        ("day", 86_400, TIME),
        ("week", 604_800, TIME),
        ("m", 1, LENGTH),
        ("km", 1000, LENGTH),
        ("person", 1, PERSONS),
        ("tonne", 1, TONNES),
    ],
)
def test_every_unit(name, scale, dimension):
    assert UNITS[name] == (scale, dimension)
    if name not in ("s", "h", "m", "km"):
        assert UNITS[name + "s"] == UNITS[name]


def test_the_list_above_is_complete():
    assert len(UNITS) == 10 + 6


def test_times_add_exactly():
    assert 24 * UNITS["h"].scale == UNITS["day"].scale
    assert 7 * UNITS["day"].scale == UNITS["week"].scale
    assert 18 * UNITS["h"].scale + 6 * UNITS["h"].scale == UNITS["day"].scale
    assert all(unit.scale.is_integer() for unit in UNITS.values())


def test_what_is_refused_is_no_unit_and_says_what_to_write():
    assert not REFUSED_UNITS.keys() & UNITS.keys()
    assert {"month", "months", "d", "min", "mile"} <= REFUSED_UNITS.keys()
    assert all("write" in hint for hint in REFUSED_UNITS.values())


def test_dimensions_multiply_divide_and_take_powers():
    pace = LENGTH.over(TIME)
    assert pace == Dimension(time=-1, length=1)
    assert pace.times(TIME) == LENGTH
    assert pace.power(2) == Dimension(time=-2, length=2)
    assert pace.power(Fraction(1, 2)).power(2) == pace
    assert NONE.times(PERSONS) == PERSONS
    assert TIME.power(0) == NONE


@pytest.mark.parametrize(
    ("dimension", "text"),
    [
        (NONE, "a plain number"),
        (TIME, "day"),
        (PER_TIME, "1/day"),
        (LENGTH.over(TIME), "km/day"),
        (LENGTH.power(2), "km**2"),
        (PERSONS.times(TIME), "day person"),
        (TONNES.over(PERSONS).over(TIME), "tonne/day/person"),
        (LENGTH.power(Fraction(1, 2)), "km**1/2"),
        (TIME.power(-2), "1/day**2"),
    ],
)
def test_how_a_dimension_reads(dimension, text):
    assert str(dimension) == text


@pytest.mark.parametrize(
    ("value", "dimension", "shown"),
    [
        (86_400.0, TIME, 1.0),
        (43_200.0, TIME, 0.5),
        (1_500.0, LENGTH, 1.5),
        (0.2 / 86_400.0, PER_TIME, 0.2),
        (30_000.0 / 86_400.0, LENGTH.over(TIME), 30.0),
        (800.0, PERSONS, 800.0),
        (3.0, NONE, 3.0),
        (86_400.0 * 800.0, TIME.times(PERSONS), 800.0),
        (1_000.0**0.5, LENGTH.power(Fraction(1, 2)), 1.0),
    ],
)
def test_what_people_see(value, dimension, shown):
    # Two roundings and a power: a few units in the last place.
    assert to_display(value, dimension) == pytest.approx(shown, rel=1e-15, abs=0.0)


def test_display_scales_are_plain_numbers():
    assert display_scale(NONE) == 1.0
    assert isinstance(display_scale(LENGTH), float)
