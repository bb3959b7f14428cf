r"""Morris's screening of a probability that is itself only estimated.

An elementary effect is by how much the probability moves when one input does, per unit of its own
probability (Morris, Technometrics 33, 161, 1991). Their mean absolute value says how much an input
matters at all (Campolongo, Cariboni & Saltelli, Environ. Model. Softw. 22, 1509, 2007), their
spread whether that hangs on the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats


@dataclass(frozen=True)
class Effects:
    """Figures by input, shape (d,); ``low`` and ``high`` are an interval of ``mu_star``.

    ``mu`` and ``mu_star`` are the means of the effects and of their absolute values, ``sigma`` is
    their standard deviation with luck taken off, ``noise`` the standard deviation that luck gives a
    single effect: it makes ``mu_star`` larger where it is not much smaller itself.
    """

    mu: Floats
    mu_star: Floats
    sigma: Floats
    noise: Floats
    low: Floats
    high: Floats


def elementary_effects(
    points: Floats, values: Floats, from_before: Floats, level: float = 0.95
) -> Effects:
    """Return what the effects of trajectories are like.

    Parameters
    ----------
    points : float array, shape (n_groups, d + 1, d)
        As :func:`sim.analysis.design.trajectories` makes them; 2 groups at the least.
    values : float array, shape (n_groups, d + 1)
        The share at each point.
    from_before : float array, shape (n_groups, d + 1)
        Variance that luck gives the difference to the share at the point before.
    level : in (0, 1)
        Of the interval of ``mu_star``, by Student's t over trajectories.
    """
    from scipy.special import stdtrit

    n, d = len(points), points.shape[2]
    if n < 2:
        raise ValueError(f"at least 2 trajectories are needed, there are {n}")
    steps = np.diff(points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    lengths = np.take_along_axis(steps, moved[:, :, np.newaxis], axis=2)[:, :, 0]
    effects, noise = np.empty((n, d)), np.empty((n, d))
    np.put_along_axis(effects, moved, np.diff(values, axis=1) / lengths, axis=1)
    np.put_along_axis(noise, moved, from_before[:, 1:] / lengths**2, axis=1)
    sizes = np.abs(effects)
    half = float(stdtrit(n - 1, (1.0 + level) / 2.0)) * sizes.std(axis=0, ddof=1) / np.sqrt(n)
    mu_star, luck = sizes.mean(axis=0), noise.mean(axis=0)
    return Effects(
        mu=effects.mean(axis=0),
        mu_star=mu_star,
        sigma=np.sqrt(np.maximum(0.0, effects.var(axis=0, ddof=1) - luck)),
        noise=np.sqrt(luck),
        low=np.maximum(0.0, mu_star - half),
        high=mu_star + half,
    )
