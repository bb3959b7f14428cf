"""Functions on the unit cube whose sensitivity indices are known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats


@dataclass(frozen=True)
class Known:
    """A function of coordinates (..., d), its range, and its Sobol' indices."""

    function: Callable[[Floats], Floats]
    range: tuple[float, float]
    variance: float
    first: Floats
    total: Floats

    def probability(self, points: Floats) -> Floats:
        """Return the function made a probability: indices do not change with that."""
        low, high = self.range
        return (self.function(points) - low) / (high - low)


def ishigami() -> Known:
    """Return sin x + 7 sin² y + z⁴ sin x / 10, each from -π to π (Ishigami & Homma 1990)."""
    a, b = 7.0, 0.1

    def function(u: Floats) -> Floats:
        x, y, z = np.moveaxis(math.pi * (2.0 * u - 1.0), -1, 0)
        return np.asarray(np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x))

    of_x = 0.5 * (1.0 + b * math.pi**4 / 5.0) ** 2
    of_y = a * a / 8.0
    of_both = b * b * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    variance = of_x + of_y + of_both
    most = 1.0 + b * math.pi**4
    return Known(
        function,
        (-most, a + most),
        variance,
        np.array([of_x, of_y, 0.0]) / variance,
        np.array([of_x + of_both, of_y, of_both]) / variance,
    )


def g_function(a: tuple[float, ...] = (0.0, 1.0, 4.5, 9.0)) -> Known:
    """Return the product of (|4 u - 2| + a) / (1 + a) (Saltelli & Sobol' 1995)."""
    others = np.array(a)

    def function(u: Floats) -> Floats:
        return np.asarray(np.prod((np.abs(4.0 * u - 2.0) + others) / (1.0 + others), axis=-1))

    own = 1.0 / (3.0 * (1.0 + others) ** 2)
    variance = float(np.prod(1.0 + own)) - 1.0
    total = own * np.prod(1.0 + own) / (1.0 + own)
    highest = float(np.prod((2.0 + others) / (1.0 + others)))
    return Known(function, (0.0, highest), variance, own / variance, total / variance)


KNOWN = {"ishigami": ishigami(), "g": g_function()}
