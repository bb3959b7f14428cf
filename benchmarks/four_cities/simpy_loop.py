"""SimPy as a clock: one process that runs the direct method and sleeps from event to event."""

import math
from random import Random

import numpy as np
import simpy

from benchmarks.four_cities.direct_method import FALLEN, HORIZON, step


def chain(env, random, falls):
    """Be one replication: a process that appends the time when city 4 falls to ``falls``."""
    c1, c2, c3, c4, b, s = 0, 0, 0, 0, 1, 3
    while c4 != FALLEN:
        dt, c1, c2, c3, c4, b, s = step(
            c1, c2, c3, c4, b, s, random.expovariate(1.0), random.random()
        )
        yield env.timeout(dt)
    falls.append(env.now)


def time_of_fall(random):
    """Return the days until city 4 falls, ``inf`` if it stands at the horizon."""
    env = simpy.Environment()
    falls = []
    env.run(until=env.process(chain(env, random, falls)) | env.timeout(HORIZON))
    return falls[0] if falls else math.inf


def prepare():
    """Return a function of (n_replications, seed) that gives times of fall in days."""

    def run(n_replications, seed):
        random = Random(seed)
        return np.array([time_of_fall(random) for _ in range(n_replications)])

    return run
