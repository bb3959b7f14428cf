"""Cases made up by the laws, step by step: what is fitted to them is known.

Written apart from the replay and the fit, so that a slip in one is not repeated here.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np

from sim.world.reference_class.fit import FOLLOWED
from sim.world.reference_class.laws import Laws, Lognormal
from sim.world.reference_class.rows import ADMINISTRATIVE, BROKEN_OFF, FELL, Row

STEP = 1.0 / 32.0
FIRST = date(2000, 1, 1)


def made_up(laws: Laws, n_cases: int, n_places: int, seed: int) -> list[Row]:
    """Return rows of cases whose medians of tempo and rates are exactly those of the laws."""
    generator = np.random.default_rng(seed)
    return [
        row
        for number in range(n_cases)
        for row in _case(laws, f"case {number}", n_places, generator)
    ]


def _case(laws: Laws, name: str, n: int, generator: np.random.Generator) -> list[Row]:
    def luck(law: Lognormal) -> np.ndarray:
        return law.median * np.exp(law.sigma * generator.standard_normal(n))

    contact = np.cumsum(generator.exponential(2.0, n))
    army = math.exp(laws.army_resolve.sigma * generator.standard_normal())
    resolve = luck(laws.place_resolve) * army
    tempo, edge = laws.tempo.median * luck(laws.tempo_luck), luck(laws.effectiveness)
    storm = contact + luck(laws.defender_tolerance) / (laws.defender_loss * tempo * edge)
    broken = contact + luck(laws.attacker_tolerance) / (laws.attacker_loss * tempo / edge)
    bears = generator.exponential(size=n) * resolve
    ended, ends = np.full(n, np.inf), [ADMINISTRATIVE] * n
    load = np.zeros(n)
    for step in range(math.ceil((contact[-1] + FOLLOWED + 1) / STEP)):
        now = step * STEP
        active = (contact <= now) & np.isinf(ended)
        shock = sum(
            math.exp(-math.floor((now - when) / laws.step) / laws.decay_steps)
            for when, end in zip(ended, ends, strict=True)
            if end == FELL and when <= now
        )
        fresh = np.exp(-np.floor(np.maximum(0.0, now - contact) / laws.step) / laws.decay_steps)
        fresh[fresh < laws.no_longer_fresh * math.exp(-1.0 / laws.decay_steps)] = 0.0
        rate = laws.base_rate.median + laws.contact_rate.median * fresh
        load += active * STEP * (rate + laws.shock_rate.median * shock)
        for i in np.flatnonzero(active):
            when = min(storm[i], broken[i])
            if load[i] >= bears[i] or storm[i] <= min(now, broken[i]):
                ended[i], ends[i] = now, FELL
            elif when <= now:
                ended[i], ends[i] = now, BROKEN_OFF
    return [_row(name, i, contact, ended, ends) for i in range(n)]


def _row(name: str, i: int, contact: np.ndarray, ended: np.ndarray, ends: list[str]) -> Row:
    day = math.floor(contact[i])
    lasted = math.floor(ended[i]) - day if np.isfinite(ended[i]) else FOLLOWED + 1
    falls = [math.floor(t) for t, end in zip(ended, ends, strict=True) if end == FELL]
    own = math.floor(ended[i]) if ends[i] == FELL else None
    elsewhere = list(falls)
    if own is not None:
        elsewhere.remove(own)
    momentum = any(0 <= day - fall <= 7 for fall in elsewhere)
    end = ends[i] if lasted <= FOLLOWED else ADMINISTRATIVE
    return Row(
        name, f"place {i}", FIRST + timedelta(day), min(lasted, FOLLOWED + 1), end, momentum, False
    )
