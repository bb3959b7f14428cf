"""Models with exact laws of first-passage times: by the solver, which ``tests/exact`` checks, or in
closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

import sim
from tests.oracles import teaching

SCENARIOS = Path(__file__).parents[2] / "scenarios"

#: Three hazards compete, all constant: everything is known in closed form.
THREE_WAYS = """
title: Three ways out
clock: {horizon: 12 days}
variables: {city: {states: [held, stormed, surrendered, relieved]}}
transitions:
  storm: {when: city == held, rate: 0.15 / day, then: {city: stormed}}
  surrender: {when: city == held, rate: 0.05 / day, then: {city: surrendered}}
  relief: {when: city == held, rate: 0.1 / day, then: {city: relieved}}
outcomes: {falls: city == stormed or city == surrendered}
"""

#: Hazards that the state and an unknown input change; the solver gives the law of each cause, as
#: that of an outcome of its own.
TWO_CAUSES = """
title: Hunger or assault
clock: {horizon: 20 days}
parameters: {edge: {discrete: {0.5: 1, 1: 2, 2: 1}}}
variables:
  city: {states: [held, stormed, starved]}
  bridge: {states: [up, down]}
  stock: {integer: [0, 3], initial: 3}
transitions:
  strike: {when: bridge == up, rate: 0.3 / day, then: {bridge: down}}
  repair: {when: bridge == down, rate: 0.2 / day, then: {bridge: up}}
  eat: {when: stock > 0 and bridge == down, rate: 0.8 / day, then: {stock: stock - 1}}
  assault:
    when: city == held
    rate: 0.2 / day * edge
    branches:
      - {weight: 1, label: breach, then: {city: stormed}}
      - {weight: 3, label: repelled, then: {}}
  hunger: {when: city == held and stock == 0, rate: 0.5 / day, then: {city: starved}}
outcomes:
  falls: city == stormed or city == starved
  by_storm: city == stormed
  by_hunger: city == starved
"""


@dataclass(frozen=True, eq=False)
class Law:
    """The exact distribution function of a first-passage time, up to a horizon in days."""

    horizon: float
    cdf: Callable[[np.ndarray], np.ndarray]

    def quantile(self, p: float) -> float:
        return float(brentq(lambda t: float(self.cdf(np.array(t))) - p, 0.0, self.horizon))


@dataclass(frozen=True, eq=False)
class Model:
    """An outcome of a scenario with its law, and that of each cause if there are several.

    ``n`` replications make an ensemble. They are few: with many, every interval is alike.
    """

    name: str
    outcome: str
    n: int
    horizon: float
    #: The law in closed form; None: by the solver.
    closed: Callable[[float], float] | None = None
    #: The outcome, or the share of the whole, that gives the law of a cause.
    causes: Mapping[str, str | float] = field(default_factory=dict)
    text: str = ""

    # Methods may be cached here: models are few and live as long as the tests.

    @cache  # noqa: B019
    def scenario(self) -> sim.Scenario:
        made = sim.loads(self.text) if self.text else sim.load(SCENARIOS / f"{self.name}.yaml")
        assert self.horizon == made.clock.horizon / 86_400
        return made

    @cache  # noqa: B019
    def law(self, outcome: str | None = None) -> Law:
        if self.closed is not None and outcome in (None, self.outcome):
            closed = np.vectorize(self.closed, otypes=[float])
            return Law(self.horizon, closed)
        # Splines through 800 points of laws as smooth as these are good to 1e-6: a thousandth of
        # the spread of the smallest count here.
        days = np.linspace(0.0, self.horizon, 801)
        solved = sim.exact(self.scenario(), at=days).cdf(outcome or self.outcome)
        return Law(self.horizon, PchipInterpolator(days, solved))

    def law_of(self, cause: str) -> Law:
        known = self.causes[cause]
        if isinstance(known, str):
            return self.law(known)
        whole = self.law()
        return Law(self.horizon, lambda t: known * whole.cdf(t))


def at_once(p: float) -> Callable[[float], float]:
    """Return the law of what comes of talks that begin at 0.25 a day, with probability p."""
    return lambda t: p * -math.expm1(-t / 4.0)


MODELS = (
    Model("four_cities", "city_4_falls", n=100, horizon=30.0),
    Model("mmc_queue", "overrun", n=40, horizon=40.0),
    Model("machine_repair", "blackout", n=50, horizon=40.0),
    Model(
        "repairable_bridge", "first_hit", n=20, horizon=20.0, closed=lambda t: -math.expm1(-t / 5)
    ),
    Model("gamblers_ruin", "won", n=60, horizon=30.0, closed=at_once(teaching.gambler_wins())),
    Model("pert_network", "convoy_leaves", n=30, horizon=20.0, closed=teaching.convoy_left),
    Model(
        "three_ways",
        "falls",
        n=40,
        horizon=12.0,
        closed=lambda t: 2 / 3 * -math.expm1(-0.3 * t),
        causes={"storm": 3 / 4, "surrender": 1 / 4},
        text=THREE_WAYS,
    ),
    Model(
        "two_causes",
        "falls",
        n=80,
        horizon=20.0,
        causes={"assault/breach": "by_storm", "hunger": "by_hunger"},
        text=TWO_CAUSES,
    ),
)
