"""Pairs of scenarios under common random numbers whose differences are known exactly, and how often
an interval of a difference holds the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import binom, multinomial, norm

import sim
from tests.contracts.coverage import LEVEL, PLACES, Check
from tests.contracts.laws import SCENARIOS

Cdf = Callable[[float], float]
Ends = tuple[float, float]

_CITY = """
title: A city stormed or surrendered
clock: {{horizon: 12 days}}
variables: {{city: {{states: [held, lost]}}}}
transitions:
  {storm}: {{when: city == held, rate: {a} / day, then: {{city: lost}}}}
  {surrender}: {{when: city == held, rate: {b} / day, then: {{city: lost}}}}
outcomes: {{falls: city == lost}}
"""


@dataclass(frozen=True, eq=False)
class Pair:
    """A baseline and a variant of it, an outcome, and its law in both.

    ``apart`` gives the exact chances that it has come by t in the first only, and in the second
    only; None where both laws are known, but not how they hang together. ``n`` replications
    make a pair of ensembles: few, for with many every interval is alike.
    """

    name: str
    outcome: str
    n: int
    horizon: float
    scenarios: Callable[[], tuple[sim.Scenario, sim.Scenario]]
    laws: Callable[[], tuple[Cdf, Cdf]]
    apart: Callable[[float], tuple[float, float]] | None = None

    @cache  # noqa: B019  (pairs are few and live as long as the tests)
    def times(self, repetitions: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return first-passage times, shape (repetitions, n), of either: pairs stay pairs."""
        found = [
            sim.run(s, replications=repetitions * n, seed=7).times(self.outcome)
            for s in self.scenarios()
        ]
        first, second = (times.reshape(repetitions, n) for times in found)
        return first, second

    def days(self) -> list[float]:
        """Return the days at which to look: shares of the chance of the first by the horizon."""
        law = self.laws()[0]
        whole = law(self.horizon)
        return [
            brentq(lambda t, p=p: law(t) - p * whole, 0.0, self.horizon, xtol=1e-12) for p in PLACES
        ]

    def mean_difference(self) -> float:
        """Return the exact difference of the restricted means, up to the horizon."""
        first, second = self.laws()
        return quad(lambda t: first(t) - second(t), 0.0, self.horizon, limit=200)[0]

    def quantile_difference(self, p: float) -> float:
        first, second = (
            brentq(lambda t, law=law: law(t) - p, 0.0, self.horizon, xtol=1e-12)
            for law in self.laws()
        )
        return second - first


def city(a: float, b: float, storm: str = "storm", surrender: str = "surrender") -> sim.Scenario:
    return sim.loads(_CITY.format(a=a, b=b, storm=storm, surrender=surrender))


def exponential(rate: float) -> Cdf:
    return lambda t: -math.expm1(-rate * t)


def coupled(first: Ends, second: Ends) -> Callable[[float], tuple[float, float]]:
    """Return how far two cities differ whose clocks hold the same work, burnt at other rates.

    Neither has fallen by t if each clock outlasts the faster of its two rates.
    """

    def apart(t: float) -> tuple[float, float]:
        neither = math.exp(-t * sum(map(max, zip(first, second, strict=True))))
        stands = [math.exp(-t * sum(rates)) for rates in (first, second)]
        return stands[1] - neither, stands[0] - neither

    return apart


def independent(rate: float) -> Callable[[float], tuple[float, float]]:
    def apart(t: float) -> tuple[float, float]:
        p = -math.expm1(-rate * t)
        return p * (1.0 - p), p * (1.0 - p)

    return apart


@cache
def _four_cities() -> tuple[sim.Scenario, sim.Scenario]:
    path = SCENARIOS / "four_cities.yaml"
    return sim.load(path), sim.load(path, set={"transitions.repair.rate": "0.7/day"})


@cache
def _four_cities_laws() -> tuple[Cdf, Cdf]:
    days = np.linspace(0.0, 30.0, 801)
    solved = (sim.exact(s, at=days).cdf("city_4_falls") for s in _four_cities())
    first, second = (PchipInterpolator(days, cdf) for cdf in solved)
    return lambda t: float(first(t)), lambda t: float(second(t))


PAIRS = (
    Pair(
        "hastened", "falls", 50, 12.0,
        lambda: (city(0.1, 0.05), city(0.15, 0.05)),
        lambda: (exponential(0.15), exponential(0.2)),
        coupled((0.1, 0.05), (0.15, 0.05)),
    ),
    Pair(
        "no_other_in_all", "falls", 60, 12.0,
        lambda: (city(0.12, 0.04), city(0.04, 0.12)),
        lambda: (exponential(0.16), exponential(0.16)),
        coupled((0.12, 0.04), (0.04, 0.12)),
    ),
    Pair(
        "luck_of_its_own", "falls", 40, 12.0,
        lambda: (city(0.12, 0.04), city(0.12, 0.04, "assault", "deal")),
        lambda: (exponential(0.16), exponential(0.16)),
        independent(0.16),
    ),
    Pair("four_cities", "city_4_falls", 150, 30.0, _four_cities, _four_cities_laws),
)  # fmt: skip


class AtLeast(NamedTuple):
    """So many of n cases, which are to be no fewer than a share p of them."""

    what: str
    n_yes: int
    n: int
    p: float = 0.94

    @property
    def deviation(self) -> float:
        """How many standard errors too few they are, by the binomial law; 0 if enough."""
        return max(0.0, float(norm.isf(binom.cdf(self.n_yes, self.n, self.p))))


def score_coverage(n: int, only_first: float, only_second: float, level: float = LEVEL) -> float:
    r"""Return the exact coverage of Tango's interval: a sum over the trinomial law.

    By its definition it holds the true :math:`\delta` where the score test does not reject it, with
    the most likely chance of a pair of the first kind given :math:`\delta` (Tango 1998, eq. 5).
    """
    delta, z = only_second - only_first, float(ndtri(0.5 + level / 2.0))
    b, c = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = b + c <= n
    b, c = b[possible], c[possible]
    half = (2 * n - c + b) * delta - b - c
    q = (np.sqrt(half**2 + 8 * n * b * delta * (1 - delta)) - half) / (4 * n)
    holds = np.abs(c - b - n * delta) <= z * np.sqrt(n * (2 * q + delta * (1 - delta))) + 1e-12
    chances = [only_first, only_second, 1.0 - only_first - only_second]
    pmf = multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, chances)
    return float(pmf[holds].sum())


def of_proportions(
    pair: Pair, repetitions: int, interval: Callable[[np.ndarray, np.ndarray, int], Ends]
) -> Iterator[Check]:
    """Check intervals of the difference of P(T <= t), made of the counts of pairs that differ.

    Where the joint law is not known, how often pairs differ at all is taken from all repetitions
    together; the difference itself is exact in any case.
    """
    first, second = pair.times(repetitions, pair.n)
    laws = pair.laws()
    for t in pair.days():
        a, b, truth = first <= t, second <= t, laws[1](t) - laws[0](t)
        low, high = interval((a & ~b).sum(axis=1), (b & ~a).sum(axis=1), pair.n)
        if pair.apart is None:
            only_first = float((a & ~b).mean())
            chances = only_first, only_first + truth
        else:
            chances = pair.apart(t)
        p = score_coverage(pair.n, *chances)
        yield Check(f"P(T <= {t:.2f})", held(low, high, truth), repetitions, p)


#: Means of so many are looked at: of few, where hardly a pair differs, t cannot hold.
FOR_MEANS = 400


def of_means(
    pair: Pair, repetitions: int, interval: Callable[[np.ndarray, np.ndarray, float], Ends]
) -> Iterator[AtLeast]:
    """Check intervals of the difference of restricted means."""
    times = zip(*pair.times(repetitions, FOR_MEANS), strict=True)
    low, high = np.array([interval(a, b, pair.horizon) for a, b in times]).T
    yield AtLeast("restricted mean", held(low, high, pair.mean_difference()), repetitions)


def of_quantiles(
    pair: Pair,
    repetitions: int,
    interval: Callable[[np.ndarray, np.ndarray, list[float], int], list[Ends]],
) -> Iterator[AtLeast]:
    """Check intervals of the difference of quantiles, at shares of the lesser chance."""
    ps = [place * min(law(pair.horizon) for law in pair.laws()) for place in (0.3, 0.5, 0.7)]
    times = zip(*pair.times(repetitions, pair.n), strict=True)
    ends = np.array([interval(a, b, ps, seed) for seed, (a, b) in enumerate(times)])
    for j, p in enumerate(ps):
        n_held = held(*ends[:, j].T, pair.quantile_difference(p))
        yield AtLeast(f"{100 * p:.0f} %-quantile", n_held, repetitions)


def held(low: np.ndarray, high: np.ndarray, truth: float) -> int:
    # Where nothing differs by law, an end that is 0 but for rounding still holds 0.
    return int(((low <= truth + 1e-12) & (truth - 1e-12 <= high)).sum())
