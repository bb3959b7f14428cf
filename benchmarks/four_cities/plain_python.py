"""The source of the yardstick, run by the interpreter."""

from functools import partial
from random import Random
from types import SimpleNamespace

from benchmarks.four_cities.direct_method import simulator, step


def prepare():
    """Return a function of (n_replications, seed) that gives times of fall in days."""
    simulate = simulator(step)

    def run(n_replications, seed):
        # The standard library's generator: a single number costs a quarter of what NumPy's does.
        stdlib = Random(seed)
        generator = SimpleNamespace(
            random=stdlib.random, standard_exponential=partial(stdlib.expovariate, 1.0)
        )
        return simulate(n_replications, generator)

    return run
