"""First-order indices in closed form, of probabilities that are functions of known inputs.

Each oracle is a function of inputs that are even in [0, 1], shape (n_inputs, n), with values in
[0, 1], and its indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Oracle(NamedTuple):
    p: Callable[[Floats], Floats]
    indices: tuple[float, ...]


def ishigami(a: float = 7.0, b: float = 0.1) -> Oracle:
    """Ishigami & Homma (1990), drawn into [0, 1]: rises and falls, and one input without an index.

    Indices: Saltelli et al., Global Sensitivity Analysis (2008), 5.25.
    """

    def p(x: Floats) -> Floats:
        z = np.pi * (2.0 * x - 1.0)
        y = np.sin(z[0]) + a * np.sin(z[1]) ** 2 + b * z[2] ** 4 * np.sin(z[0])
        return (y + reach) / (2.0 * reach + a)

    reach = 1.0 + b * np.pi**4
    first, second = 0.5 * (1.0 + b * np.pi**4 / 5.0) ** 2, a**2 / 8.0
    total = second + b * np.pi**4 / 5.0 + b**2 * np.pi**8 / 18.0 + 0.5
    return Oracle(p, (first / total, second / total, 0.0))


def g_function(weights: tuple[float, ...] = (0.0, 1.0, 4.5, 9.0, 99.0, 99.0)) -> Oracle:
    """The g-function of Sobol' (Saltelli & Sobol', 1995), divided by its largest value."""
    a = np.array(weights)

    def p(x: Floats) -> Floats:
        factors = (np.abs(4.0 * x.T - 2.0) + a) / (2.0 + a)
        return np.asarray(factors.prod(axis=1))

    partial = 1.0 / (3.0 * (1.0 + a) ** 2)
    return Oracle(p, tuple(partial / ((1.0 + partial).prod() - 1.0)))


def of_product(means: Floats, squares: Floats) -> tuple[float, ...]:
    """Return the indices of a product of independent factors with these means and mean squares."""
    shares = squares / means**2
    return tuple((shares - 1.0) / (shares.prod() - 1.0))


def survival(low: float, high: float, t: float) -> tuple[float, float]:
    """Return mean and mean square of exp(-rate t), the rate even between two ends."""

    def mean(t: float) -> float:
        return float((np.exp(-low * t) - np.exp(-high * t)) / (t * (high - low)))

    return mean(t), mean(2.0 * t)
