"""The yardstick: the four-city chain and nothing else, compiled by numba."""

import numba
import numpy as np

from benchmarks.four_cities.direct_method import simulator, step


def prepare():
    """Compile, and return a function of (n_replications, seed) that gives times of fall in days."""
    simulate = numba.njit(simulator(numba.njit(step)))
    simulate(1, np.random.default_rng(0))

    def run(n_replications, seed):
        return simulate(n_replications, np.random.default_rng(seed))

    return run
