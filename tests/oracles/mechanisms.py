"""The smallest scenario of each mechanism, and its known answer.

A scenario is ``docs/mechanisms/<kind>.yaml``: it stands on the page of its kind, and says at its
head why the answer is what it is. Nothing here uses Frontcast. Times are in days.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import integrate, stats

EXAMPLES = Path(__file__).parents[2] / "docs" / "mechanisms"


class Known(NamedTuple):
    """What is known of an example, and a change to its text after which it is not true."""

    fault: tuple[str, str]
    #: P(outcome by day), by outcome and day.
    by: Mapping[tuple[str, float], float] = {}
    #: Days of outcomes that hang on no chance; ``inf`` for never.
    at: Mapping[str, float] = {}


def example(kind: str) -> str:
    """Return the text of the example of a kind."""
    path = EXAMPLES / f"{kind}.yaml"
    assert path.is_file(), f"{kind} has no example: write docs/mechanisms/{kind}.yaml"
    return path.read_text(encoding="utf-8")


def unvaried(kind: str) -> str:
    """Return the example of a kind without its variants, for tests that make another of it."""
    return example(kind).partition("variants:")[0]


@cache
def known(kind: str) -> Known:
    """Return what is known of the example of a kind."""
    assert kind in ANSWERS, f"{kind} has no known answer: write it in tests/oracles/mechanisms.py"
    return ANSWERS[kind]()


def exponential(outcome: str, rate: float, *days: float, after: float = 0.0):
    """Return P(by each day) of a time that is exponential, after so many days."""
    return {(outcome, t): -math.expm1(-rate * (t - after)) for t in days}


def advance() -> Known:
    """Return the law of a leg: Phi(ln t / 0.9)."""
    by = {("falls", t): float(stats.norm.cdf(math.log(t) / 0.9)) for t in (0.25, 0.5, 1, 2, 4)}
    return Known(("km: 45}", "km: 51}"), by)


def air_support() -> Known:
    """Return 0.16 / 0.032 days, times the cover."""
    return Known(("effect: 4", "effect: 4.1"), at={"falls": 0.16 / 0.032 * 4.0 ** (25.0 / 50.0)})


SIGMAS = 1.23, 1.17, 0.65, 0.95
EVEN = math.log(0.131 / 0.032), math.log(0.068 / 0.0103)


def p_won(ratio: float) -> float:
    """Return P(the defender breaks first): both times are lognormal, their tempo is one."""
    log_odds = 0.36 * math.log(ratio)
    mean = EVEN[1] - EVEN[0] + 2.0 * log_odds
    return float(stats.norm.cdf(mean / math.hypot(SIGMAS[0], SIGMAS[1], 2.0 * SIGMAS[2])))


def p_over(days: float, ratio: float) -> float:
    """Return P(somebody has broken), over effectiveness and tempo on a grid of normal weights."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    edge, tempo = np.meshgrid(points * SIGMAS[2], points * SIGMAS[3])
    weight = np.outer(weights, weights) / (2.0 * math.pi)
    log_odds = edge + 0.36 * math.log(ratio)
    burnt = math.log(days) + tempo
    defender = stats.norm.sf((burnt + log_odds - EVEN[0]) / SIGMAS[0])
    attacker = stats.norm.sf((burnt - log_odds - EVEN[1]) / SIGMAS[1])
    return 1.0 - float(np.sum(weight * defender * attacker))


def assault() -> Known:
    """Return the law of two lognormals that race; by day 399 every battle is over."""
    by = {("won", 399.0): p_won(2.0)} | {("over", t): p_over(t, 2.0) for t in (0.5, 2, 8, 32)}
    return Known(("tempo: 1,", "tempo: 1.1,"), by)


def ceasefire() -> Known:
    """Return the law of a Poisson process of offers, thinned by those who refuse."""
    return Known(("{red: 0.5", "{red: 0.6"), exponential("agreed", 2.0 * 0.5 * 0.4, 1, 3, 6))


def cohesion() -> Known:
    """Return the first day, and the day of the first step at which 0.15 exp(-n / 10) <= 0.08."""
    step = math.ceil(10.0 * math.log(0.15 / 0.08))
    return Known(("reliance: 1", "reliance: 0.9"), at={"low": 12.0, "back": 10.0 + 5.0 * step})


def collapse() -> Known:
    """Return the law of a hazard that is constant on each day."""
    burnt = np.cumsum([0.02 + 0.3 * math.exp(-n / 4.0) for n in range(12)])
    by = {("falls", float(n)): -math.expm1(-burnt[n - 1]) for n in (1, 2, 3, 5, 8, 12)}
    return Known(("shock_memory: 4 days", "shock_memory: 5 days"), by)


def consume() -> Known:
    """Return the stock by the pace at which it burns."""
    return Known(
        ("combat_consumption: 2", "combat_consumption: 2.02"), at={"fort_is_dry": 4.0 / 2.0}
    )


def counterattack() -> Known:
    """Return the law of an exponential time that is given six days."""
    by = exponential("back", 0.2, 1, 4) | {("back", t): -math.expm1(-1.2) for t in (8.0, 19.0)}
    return Known(("share: 0.5", "share: 0.5, within: 8 days"), by)


def coup() -> Known:
    """Return the law of a Poisson process of attempts, thinned by those that fail."""
    by = exponential("falls", 0.25 * 0.2 * math.exp(3.0 * 0.2), 3, 10, 25)
    return Known(("succeeds: 0.25", "succeeds: 0.3"), by)


def deal() -> Known:
    """Return the law of an exponential time."""
    by = exponential("handed_over", 0.2, 1, 4, 10) | exponential("are_rebels", 0.2, 4)
    return Known(("0.2 / day", "0.24 / day"), by)


def displacement() -> Known:
    """Return the first days on which 1 - exp(-0.05 n) reaches a tenth, and a half."""
    at = {"tenth": math.log(1.0 / 0.9), "doubled": math.log(2.0)}
    return Known(
        ("0.05 / day", "0.051 / day"), at={name: math.ceil(x / 0.05) for name, x in at.items()}
    )


def faction_collapse() -> Known:
    """Return the day on which the patron leaves, and the law of an exponential time after it."""
    by = exponential("is_taken", 0.5, 5, 6, 9, after=4.0)
    at = {"is_over": 4.0, "far_is_taken": math.inf}
    return Known(("walkover_rate: 0.5", "walkover_rate: 0.6"), by, at)


def interdict() -> Known:
    """Return the laws of a Poisson process with 2 sorties a day, thinned."""
    by = exponential("is_hit", 2.0 * 0.2, 1, 3, 10) | exponential("is_cut", 2.0 * 0.05, 1, 3, 10)
    return Known(("sorties: 2 / day", "sorties: 2.4 / day"), by)


def leader() -> Known:
    """Return the law of an exponential time."""
    return Known(("rate: 0.1 ", "rate: 0.12 "), exponential("is_gone", 0.1, 3, 10, 25))


def reinforce() -> Known:
    """Return the law of an exponential time after the march."""
    by = exponential("arrived", 0.5, 3, 4, 6, after=2.0)
    return Known(("force: 300,", "force: 300, pace: 50 km/day,"), by)


def relocate() -> Known:
    """Return the law of an exponential time, and the same two days later."""
    by = exponential("begins", 0.1, 3, 10, 25) | exponential("gone", 0.1, 5, 12, 27, after=2.0)
    return Known(("0.1 / day", "0.12 / day"), by)


def lasting(days: float, median: float) -> float:
    """Return P(a lognormal of sigma 0.8 is no longer)."""
    return float(stats.lognorm.cdf(days, s=0.8, scale=median))


def both_lasting(days: float) -> float:
    """Return P(by-pass and repair together take no longer)."""

    def at(first: float) -> float:
        density = float(stats.lognorm.pdf(first, s=0.8, scale=0.5))
        return density * lasting(days - first, 3.0)

    return float(integrate.quad(at, 0.0, days)[0])


def repair() -> Known:
    """Return the law of a lognormal time, and that of two in turn."""
    by = {("is_passed", t): lasting(t, 0.5) for t in (0.25, 0.5, 1)}
    by |= {("is_open", t): both_lasting(t) for t in (2.0, 4.0, 8.0)}
    return Known(("span: 40 m", "span: 60 m"), by)


def rumour() -> Known:
    """Return P(a Poisson number of mean t / 2 is 3 or more)."""
    by = {("third", t): float(stats.poisson.sf(2, 0.5 * t)) for t in (2.0, 5.0, 9.0)}
    return Known(("rate: 0.5 ", "rate: 0.6 "), by)


def siege() -> Known:
    """Return when the stock is used up, and the law of an exponential time after that."""
    by = exponential("falls", 0.1, 4, 12, 32, after=2.0)
    return Known(("supply: 2 days", "supply: 3 days"), by, at={"is_dry": 2.0})


def uprising() -> Known:
    """Return the law of an exponential time."""
    return Known(("{army: 0.25}", "{army: 0.4}"), exponential("rises", 0.2 * 0.75, 2, 6, 15))


def withdraw() -> Known:
    """Return the law of an exponential time."""
    return Known(("threat_factor: 5", "threat_factor: 6"), exponential("given_up", 0.5, 1, 2, 5))


ANSWERS: dict[str, Callable[[], Known]] = {
    answer.__name__: answer
    for answer in (
        advance, air_support, assault, ceasefire, cohesion, collapse, consume, counterattack, coup,
        deal, displacement, faction_collapse, interdict, leader, reinforce, relocate, repair,
        rumour, siege, uprising, withdraw,
    )
}  # fmt: skip
