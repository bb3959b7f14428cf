"""The four-city chain by Gillespie's direct method (J. Phys. Chem. 81, 2340, 1977), by hand.

One statement of the model for three peers: compiled by numba, run as plain Python, and scheduled
by SimPy. Written for speed: each city has at most two hazards at a time, a status is a small
integer, the state stays in registers, and a subtraction both selects an event and places it within
its city.
"""

import numpy as np

HORIZON = 30.0
FALLEN = 2


def step(c1, c2, c3, c4, b, s, waiting, u):
    """Return the time to the next event and the state after it.

    Parameters
    ----------
    c1, c2, c3, c4 : status of each city: 0 held, 1 contested, 2 fallen
    b : 1 while the bridge is up, else 0
    s : supply level of the defender, 0 to 5
    waiting : a standard exponential variate
    u : a uniform variate on [0, 1)

    Returns
    -------
    tuple of the waiting time in days, c1, c2, c3, c4, b, s
    """
    road = 1.0 if b == 1 else 0.25
    repulse = 0.06 * s
    fall = 0.10 + 0.06 * (5 - s)
    pressed = fall * 1.5 if b == 1 else fall
    fall2 = pressed if c1 == 2 else fall
    fall3 = pressed if c2 == 2 else fall
    fall4 = pressed if c3 == 2 else fall
    attack2 = 0.40 if c1 == 2 else (0.05 if c1 == 1 else 0.0)
    attack3 = (0.40 if c2 == 2 else (0.05 if c2 == 1 else 0.0)) * road
    attack4 = (0.40 if c3 == 2 else (0.05 if c3 == 1 else 0.0)) * road
    city1 = 0.40 if c1 == 0 else (repulse + pressed if c1 == 1 else 0.0)
    city2 = attack2 if c2 == 0 else (repulse + fall2 if c2 == 1 else 0.0)
    city3 = attack3 if c3 == 0 else (repulse + fall3 if c3 == 1 else 0.0)
    city4 = attack4 if c4 == 0 else repulse + fall4
    ship = road if s < 5 else 0.0
    n_contested = (c1 == 1) + (c2 == 1) + (c3 == 1) + (c4 == 1)
    consume = 0.20 + 0.30 * n_contested if s > 0 else 0.0
    bridge = 0.15 if b == 1 else 0.40

    total = city1 + city2 + city3 + city4 + ship + consume + bridge
    dt = waiting / total
    left = u * total - ship
    if left < 0:
        return dt, c1, c2, c3, c4, b, s + 1
    left -= consume
    if left < 0:
        return dt, c1, c2, c3, c4, b, s - 1
    left -= bridge
    if left < 0:
        return dt, c1, c2, c3, c4, 1 - b, s
    left -= city1
    if left < 0:
        return dt, 1 if c1 == 0 else (0 if left < -pressed else 2), c2, c3, c4, b, s
    left -= city2
    if left < 0:
        return dt, c1, 1 if c2 == 0 else (0 if left < -fall2 else 2), c3, c4, b, s
    left -= city3
    if left < 0:
        return dt, c1, c2, 1 if c3 == 0 else (0 if left < -fall3 else 2), c4, b, s
    left -= city4
    return dt, c1, c2, c3, 1 if c4 == 0 else (0 if left < -fall4 else 2), b, s


def simulator(step):
    """Return a function that simulates replications with ``step``, compiled or not.

    It takes their number and a generator with ``random()`` and ``standard_exponential()``, and
    returns the days until city 4 falls, float64 array, shape (n_replications,); ``inf`` where it
    stands on day 30.
    """

    def simulate(n_replications, generator):
        times = np.full(n_replications, np.inf)
        for replication in range(n_replications):
            t = 0.0
            c1, c2, c3, c4, b, s = 0, 0, 0, 0, 1, 3
            while c4 != FALLEN:
                dt, c1, c2, c3, c4, b, s = step(
                    c1, c2, c3, c4, b, s, generator.standard_exponential(), generator.random()
                )
                t += dt
                if t > HORIZON:
                    break
            else:
                times[replication] = t
        return times

    return simulate
