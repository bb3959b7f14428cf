"""The four-city chain as a textbook writes it: sixteen hazards in an array, compiled by numba.

Gillespie's direct method (J. Phys. Chem. 81, 2340, 1977) over the sixteen transitions as they are
named, without the shortcuts of :mod:`benchmarks.four_cities.direct_method` (hazards merged by city,
a ziggurat for the exponential): the code that one writes first.
"""

import math

import numba
import numpy as np

HORIZON = 30.0


@numba.njit
def hazards(c, b, s, out):
    """Fill the hazards (per day) of a state; return their sum. ``c[0]`` is a fallen city."""
    n_contested = 0
    for i in range(1, 5):
        up = 1.0 if c[i - 1] == 2 else 0.0
        near = 1.0 if i > 1 and c[i - 1] == 1 else 0.0
        road = 0.25 if i >= 3 and b == 0 else 1.0
        pressed = 1.5 if up == 1.0 and b == 1 else 1.0
        n_contested += c[i] == 1
        out[i - 1] = (0.40 * up + 0.05 * near) * road if c[i] == 0 else 0.0
        out[3 + i] = 0.06 * s if c[i] == 1 else 0.0
        out[7 + i] = (0.10 + 0.06 * (5 - s)) * pressed if c[i] == 1 else 0.0
    out[12] = (1.0 if b == 1 else 0.25) if s < 5 else 0.0
    out[13] = 0.20 + 0.30 * n_contested if s > 0 else 0.0
    out[14] = 0.15 if b == 1 else 0.0
    out[15] = 0.40 if b == 0 else 0.0
    return out.sum()


@numba.njit
def simulate(n_replications, generator):
    """Return the days until city 4 falls; ``inf`` where it stands on day 30."""
    times = np.full(n_replications, np.inf)
    c, hazard = np.zeros(5, dtype=np.int64), np.empty(16)
    for replication in range(n_replications):
        c[:], c[0] = 0, 2
        b, s, t = 1, 3, 0.0
        while True:
            total = hazards(c, b, s, hazard)
            t -= math.log(1.0 - generator.random()) / total
            if t > HORIZON:
                break
            left, k = generator.random() * total, 0
            while left >= hazard[k] and k < 15:
                left -= hazard[k]
                k += 1
            if k < 4:
                c[k + 1] = 1
            elif k < 8:
                c[k - 3] = 0
            elif k < 12:
                c[k - 7] = 2
                if k == 11:
                    times[replication] = t
                    break
            elif k < 14:
                s += 1 if k == 12 else -1
            else:
                b = k - 14
    return times


def prepare():
    """Compile, and return a function of (n_replications, seed) that gives times of fall in days."""
    simulate(1, np.random.default_rng(0))

    def run(n_replications, seed):
        return simulate(n_replications, np.random.default_rng(seed))

    return run
