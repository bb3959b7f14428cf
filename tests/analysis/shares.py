"""Shares at points as replications with common luck would give them."""

from __future__ import annotations

import numpy as np

from sim.analysis.first_passage import Floats
from sim.analysis.sobol import Shares


def with_luck(probabilities: Floats, m: int, seed: int) -> tuple[Floats, np.ndarray]:
    """Return the shares of m replications, and which came, shape (n_groups, n_points, m).

    Points of a group have the same luck, groups have luck of their own.
    """
    luck = np.random.default_rng(seed).uniform(size=(len(probabilities), 1, m))
    came = luck < probabilities[:, :, np.newaxis]
    return came.mean(axis=2), came


def difference_noise(shares: Floats, came: np.ndarray, other: int) -> Floats:
    """Return the variance that luck gives the difference to the share at one point of the group."""
    apart = (came != came[:, other : other + 1]).mean(axis=2)
    return (apart - (shares - shares[:, other : other + 1]) ** 2) / (came.shape[2] - 1)


def noisy(probabilities: Floats, m: int, seed: int) -> Shares:
    """Return what Sobol' indices are estimated from."""
    shares, came = with_luck(probabilities, m, seed)
    noise = shares * (1.0 - shares) / (m - 1)
    return Shares(
        shares, noise, difference_noise(shares, came, 0), difference_noise(shares, came, 1)
    )
