"""Scalar arithmetic by IEEE-754, as C has it: inf and NaN where Python would raise.

One definition for every engine: the compiled engine replaces each of these by the C function (or
machine instruction) that it states.
"""

from __future__ import annotations

import math


def divide(a: float, b: float) -> float:
    """Return a / b by IEEE-754."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def exp(x: float) -> float:
    """Return e**x, inf on overflow."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """Return the natural logarithm; -inf at 0, NaN below."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def sqrt(x: float) -> float:
    """Return the square root, NaN below 0."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def power(x: float, y: float) -> float:
    """Return x**y as C's pow does."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0.0 and math.fmod(y, 2.0) != 0.0 else math.inf
    except ValueError:
        if x == 0.0:  # a negative power of zero
            odd = math.isfinite(y) and math.fmod(abs(y), 2.0) == 1.0
            return math.copysign(math.inf, x) if odd else math.inf
        return math.nan


def floor(x: float) -> float:
    """Return the largest whole number not above x, inf and NaN unchanged."""
    return float(math.floor(x)) if math.isfinite(x) and x != 0.0 else x


def ceil(x: float) -> float:
    """Return the smallest whole number not below x, inf and NaN unchanged."""
    if not math.isfinite(x) or x == 0.0:
        return x
    return math.copysign(float(math.ceil(x)), x)


def modulo(a: float, b: float) -> float:
    """Return the remainder of a / b with the sign of b; NaN if b is 0 or a infinite."""
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or b == 0.0:
        return math.nan
    rest = math.fmod(a, b)
    return rest + b if rest != 0.0 and (rest < 0.0) != (b < 0.0) else rest


def smaller(a: float, b: float) -> float:
    """Return a if a < b else b (so a NaN in ``a`` gives b: the rule of every engine)."""
    return a if a < b else b


def larger(a: float, b: float) -> float:
    """Return a if a > b else b."""
    return a if a > b else b


def clip(x: float, low: float, high: float) -> float:
    """Return x moved into [low, high]: ``smaller(larger(x, low), high)``."""
    return smaller(larger(x, low), high)


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x))."""
    return divide(1.0, 1.0 + exp(-x))
