"""SimPy as its manual teaches it: one process per transition, interrupted when its hazard changes.

An exponential clock has no memory, so an interrupted process simply draws again.
"""

import math
from random import Random

import numpy as np
import simpy

from benchmarks.four_cities.direct_method import FALLEN, HORIZON

HELD, CONTESTED = 0, 1
CITIES = (1, 2, 3, 4)


class Chain:
    """The state of one replication, its sixteen processes and the event that city 4 falls."""

    def __init__(self, random):
        self.env = simpy.Environment()
        self.random = random
        self.city = [FALLEN, HELD, HELD, HELD, HELD]  # city 0: the attacker's own ground
        self.bridge = 1
        self.supply = 3
        self.fall_of_4 = self.env.event()
        self.processes = {
            transition: self.env.process(self.clock(*transition)) for transition in TRANSITIONS
        }

    def clock(self, kind, city):
        """Be one transition: wait, fire, and so on; draw again when interrupted."""
        hazard, effect = TRANSITIONS[kind, city]
        dependents = DEPENDENTS[kind, city]
        while True:
            rate = hazard(self, city)
            try:
                if rate > 0:
                    yield self.env.timeout(self.random.expovariate(rate))
                else:
                    yield self.env.event()
            except simpy.Interrupt:
                continue
            effect(self, city)
            for dependent in dependents:
                self.processes[dependent].interrupt()


def road(chain, city):
    """Return how much of an attack gets through: cities 3 and 4 lie beyond the bridge."""
    return 0.25 if city > 2 and not chain.bridge else 1.0


def attack_rate(chain, city):
    """Return the hazard, per day, that the attacker contests a city."""
    if chain.city[city] != HELD:
        return 0.0
    before = chain.city[city - 1]
    return (0.40 * (before == FALLEN) + 0.05 * (before == CONTESTED)) * road(chain, city)


def repulse_rate(chain, city):
    """Return the hazard, per day, that the defender clears a contested city."""
    return 0.06 * chain.supply if chain.city[city] == CONTESTED else 0.0


def fall_rate(chain, city):
    """Return the hazard, per day, that a contested city falls."""
    if chain.city[city] != CONTESTED:
        return 0.0
    pressed = chain.city[city - 1] == FALLEN and chain.bridge
    return (0.10 + 0.06 * (5 - chain.supply)) * (1.5 if pressed else 1.0)


def ship_rate(chain, _):
    """Return the hazard, per day, that supply arrives."""
    if chain.supply == 5:
        return 0.0
    return 1.0 if chain.bridge else 0.25


def consume_rate(chain, _):
    """Return the hazard, per day, that supply is used up by one level."""
    return 0.20 + 0.30 * chain.city.count(CONTESTED) if chain.supply else 0.0


def strike_rate(chain, _):
    """Return the hazard, per day, that the bridge is cut."""
    return 0.15 if chain.bridge else 0.0


def repair_rate(chain, _):
    """Return the hazard, per day, that the bridge is repaired."""
    return 0.0 if chain.bridge else 0.40


def set_city(status):
    """Return the effect that gives a city a status."""

    def effect(chain, city):
        chain.city[city] = status
        if city == 4 and status == FALLEN:
            chain.fall_of_4.succeed()

    return effect


def add_supply(levels):
    """Return the effect that changes the supply."""

    def effect(chain, _):
        chain.supply += levels

    return effect


def set_bridge(up):
    """Return the effect that cuts or repairs the bridge."""

    def effect(chain, _):
        chain.bridge = up

    return effect


TRANSITIONS = {
    **{("attack", i): (attack_rate, set_city(CONTESTED)) for i in CITIES},
    **{("repulse", i): (repulse_rate, set_city(HELD)) for i in CITIES},
    **{("fall", i): (fall_rate, set_city(FALLEN)) for i in CITIES},
    ("ship", 0): (ship_rate, add_supply(1)),
    ("consume", 0): (consume_rate, add_supply(-1)),
    ("strike", 0): (strike_rate, set_bridge(0)),
    ("repair", 0): (repair_rate, set_bridge(1)),
}


def dependents_of(kind, city):
    """Return the transitions whose hazard reads what this one writes, itself apart."""
    if kind in ("ship", "consume"):
        readers = [(k, i) for k in ("repulse", "fall") for i in CITIES]
        readers += [("ship", 0), ("consume", 0)]
    elif kind in ("strike", "repair"):
        readers = [("attack", 3), ("attack", 4), ("ship", 0), ("strike", 0), ("repair", 0)]
        readers += [("fall", i) for i in CITIES]
    else:
        readers = [(k, city) for k in ("attack", "repulse", "fall")] + [("consume", 0)]
        readers += [(k, city + 1) for k in ("attack", "fall") if city < 4]
    return [reader for reader in readers if reader != (kind, city)]


DEPENDENTS = {transition: dependents_of(*transition) for transition in TRANSITIONS}


def time_of_fall(random):
    """Return the days until city 4 falls, ``inf`` if it stands at the horizon."""
    chain = Chain(random)
    chain.env.run(until=chain.fall_of_4 | chain.env.timeout(HORIZON))
    return chain.env.now if chain.fall_of_4.triggered else math.inf


def prepare():
    """Return a function of (n_replications, seed) that gives times of fall in days."""

    def run(n_replications, seed):
        random = Random(seed)
        return np.array([time_of_fall(random) for _ in range(n_replications)])

    return run
