"""Scalar arithmetic against the C library, bit for bit, on every pair of special values."""

import itertools
import math
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.ieee import (
    ceil,
    clip,
    divide,
    exp,
    floor,
    larger,
    log,
    logistic,
    modulo,
    power,
    smaller,
    sqrt,
)
from tests.libm import c_function

SPECIAL = [
    sign * x
    for sign in (1.0, -1.0)
    for x in (
        0.0,
        5e-324,
        2.2250738585072014e-308,
        1e-300,
        0.5,
        math.nextafter(1.0, 0.0),
        1.0,
        math.nextafter(1.0, 2.0),
        1.5,
        2.0,
        3.0,
        1023.5,
        1e15,
        2.0**52 - 0.5,
        2.0**53,
        2.0**53 + 2.0,
        1e300,
        1.7976931348623157e308,
        math.inf,
        math.nan,
    )
]
doubles = st.floats() | st.sampled_from(SPECIAL)


def bits(x: float) -> bytes:
    """Return the bits of a double; every NaN is the same one."""
    return b"nan" if math.isnan(x) else struct.pack("<d", x)


ONE = {"exp": exp, "log": log, "sqrt": sqrt, "floor": floor, "ceil": ceil}


@pytest.mark.parametrize("name", ONE)
@settings(max_examples=300)
@given(x=doubles)
def test_functions_of_one_number_are_those_of_c(name, x):
    assert bits(ONE[name](x)) == bits(c_function(name, 1)(x))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("x", SPECIAL)
def test_functions_of_one_special_number(name, x):
    assert bits(ONE[name](x)) == bits(c_function(name, 1)(x))


def test_power_of_special_pairs_is_that_of_c():
    pow_of_c = c_function("pow", 2)
    pairs = itertools.product(SPECIAL, SPECIAL)
    assert [(x, y) for x, y in pairs if bits(power(x, y)) != bits(pow_of_c(x, y))] == []


@settings(max_examples=500)
@given(x=doubles, y=doubles | st.integers(-2000, 2000).map(float))
@example(-2.0, 1025.0)  # overflows to -inf
@example(-2.0, 1024.0)
@example(-2.0, -1075.0)  # underflows to -0
@example(-0.0, -3.0)
@example(-0.0, -(2.0**53 + 2.0))
def test_power_is_that_of_c(x, y):
    assert bits(power(x, y)) == bits(c_function("pow", 2)(x, y))


def test_the_comparison_with_c_notices_a_wrong_sign():
    assert bits(power(-2.0, 1025.0)) != bits(math.inf)
    assert bits(floor(-0.0)) != bits(0.0)


def test_division_of_special_pairs_is_that_of_the_processor():
    pairs = list(itertools.product(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        quotients = [float(np.float64(a) / np.float64(b)) for a, b in pairs]
    differing = [
        pair
        for pair, quotient in zip(pairs, quotients, strict=True)
        if bits(divide(*pair)) != bits(quotient)
    ]
    assert differing == []


@given(a=doubles, b=doubles)
def test_a_remainder_has_the_sign_of_its_divisor(a, b):
    if b == 0.0 or math.isnan(a) or math.isnan(b) or math.isinf(a):
        assert math.isnan(modulo(a, b))
    else:
        assert modulo(a, b) == a % b  # Python's rule for floats is the same


@pytest.mark.parametrize(
    ("a", "b", "rest"),
    [(7.0, 3.0, 1.0), (-7.0, 3.0, 2.0), (7.0, -3.0, -2.0), (-7.0, -3.0, -1.0), (6.0, 3.0, 0.0)],
)
def test_remainders(a, b, rest):
    assert modulo(a, b) == rest


@given(a=doubles, b=doubles)
def test_smaller_and_larger_are_plain_comparisons(a, b):
    assert bits(smaller(a, b)) == bits(a if a < b else b)
    assert bits(larger(a, b)) == bits(a if a > b else b)


def test_a_nan_on_the_left_gives_the_right_and_a_nan_on_the_right_gives_nan():
    assert smaller(math.nan, 1.0) == larger(math.nan, 1.0) == 1.0
    assert math.isnan(smaller(1.0, math.nan))
    assert math.isnan(larger(1.0, math.nan))
    assert clip(math.nan, 0.0, 1.0) == 0.0  # larger(nan, 0) is 0


@given(x=st.floats(allow_nan=False), low=st.floats(-1e9, 1e9), width=st.floats(0.0, 1e9))
def test_clip_moves_into_the_range(x, low, width):
    high = low + width
    moved = clip(x, low, high)
    assert low <= moved <= high
    if low <= x <= high:
        assert moved == x


@given(x=st.floats(allow_nan=False))
def test_logistic_is_a_probability_and_odd_about_a_half(x):
    assert 0.0 <= logistic(x) <= 1.0
    # 1/(1 + e^-x) + 1/(1 + e^x) = 1: three roundings on each side.
    assert logistic(x) + logistic(-x) == pytest.approx(1.0, abs=4e-16)


def test_logistic_at_the_ends():
    assert logistic(-math.inf) == logistic(-800.0) == 0.0
    assert logistic(math.inf) == logistic(800.0) == 1.0
    assert logistic(0.0) == 0.5
