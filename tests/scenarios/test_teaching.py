"""The teaching scenarios against their known answers.

Statistical checks are two-sided at 4 standard errors of the exact law: a false alarm in 6e-5 of the
checks, so about one in two hundred runs of this file if its seeds were not fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import sim
from tests.oracles import teaching

SCENARIOS = Path(__file__).parents[2] / "scenarios"
K = 4.0


class Known(NamedTuple):
    """An outcome of a scenario, and its law by day."""

    scenario: str
    outcome: str
    law: Callable[[float], float]
    days: tuple[float, ...]
    variant: str | None = None
    is_markov: bool = True


def at_once(p: float) -> Callable[[float], float]:
    """Return the law of talks that begin at 0.25 a day and are settled at once, with p."""
    return lambda t: p * -math.expm1(-t / 4.0)


KNOWN = [
    Known(
        "four_cities", "city_4_falls", lambda t: teaching.four_cities()[1][int(t) - 1], (10, 20, 30)
    ),
    Known("repairable_bridge", "first_hit", lambda t: -math.expm1(-0.2 * t), (1, 5, 10)),
    Known("mmc_queue", "overrun", teaching.queue_overrun, (5, 10, 20, 40)),
    Known("machine_repair", "blackout", teaching.blackout, (5, 10, 20, 40)),
    Known("pert_network", "convoy_leaves", teaching.convoy_left, (4, 5, 7, 10), is_markov=False),
    Known("gamblers_ruin", "talks_end", at_once(1.0), (1, 5, 10)),
    Known("gamblers_ruin", "won", at_once(teaching.gambler_wins()), (5, 30)),
    Known("gamblers_ruin", "lost", at_once(1.0 - teaching.gambler_wins()), (5, 30)),
    Known("running_dry", "dry", teaching.stock_gone, (4.5, 6, 8, 10, 12), is_markov=False),
    *(
        Known(
            "lanchester_duel",
            "blue_wins",
            lambda t, b=blue: teaching.duel_won(t, b, 10),
            (5, 10, 60),
            variant,
        )
        for blue, variant in ((10, None), (12, "blue_12"), (15, "blue_15"), (20, "blue_20"))
    ),
]


def name_of(known: Known) -> str:
    return f"{known.variant or known.scenario}-{known.outcome}"


def load(known: Known) -> sim.Scenario:
    return sim.load(SCENARIOS / f"{known.scenario}.yaml", variant=known.variant)


def deviation(n_yes: int, n: int, p: float) -> float:
    """Return how far a count is from its law, in standard errors."""
    return abs(n_yes - n * p) / math.sqrt(n * p * (1.0 - p))


@cache
def ensemble_of(scenario: str, variant: str | None, engine: str, n: int) -> sim.Ensemble:
    loaded = sim.load(SCENARIOS / f"{scenario}.yaml", variant=variant)
    return sim.run(loaded, replications=n, seed=2, engine=engine)


def worst(known: Known, engine: str, n: int) -> float:
    times = ensemble_of(known.scenario, known.variant, engine, n).times(known.outcome)
    return max(deviation(int((times <= t).sum()), n, known.law(t)) for t in known.days)


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_compiled_engine_agrees(known):
    assert worst(known, "compiled", 100_000) < K


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_reference_engine_agrees(known):
    assert worst(known, "reference", 400) < K


@pytest.mark.parametrize("known", [k for k in KNOWN if k.is_markov], ids=name_of)
def test_the_exact_solver_agrees(known):
    law = sim.exact(load(known), at=known.days).cdf(known.outcome)
    assert law == pytest.approx([known.law(t) for t in known.days], abs=1e-9)


@pytest.mark.parametrize(
    ("blue", "published"), [(10, 0.5), (12, 0.7686), (15, 0.9584), (20, 0.9993)]
)
def test_the_duel_ends_as_published(blue, published):
    """Brown's figures, the recursion, and what is left undecided on day 60 (below 1e-6)."""
    assert teaching.duel(blue, 10) == pytest.approx(published, abs=5e-5)
    assert teaching.duel_won(60, blue, 10) == pytest.approx(teaching.duel(blue, 10), abs=1e-6)


def test_the_exact_solver_agrees_with_the_published_curve():
    days, law = teaching.four_cities()
    solved = sim.exact(sim.load(SCENARIOS / "four_cities.yaml"), at=days)
    assert solved.n_states == 972
    assert np.abs(solved.cdf("city_4_falls") - law).max() < 1e-9


@pytest.mark.parametrize("name", [k.scenario for k in KNOWN if not k.is_markov])
def test_the_exact_solver_refuses_what_is_not_markov(name):
    with pytest.raises(sim.ScenarioError, match="not-markov"):
        sim.exact(sim.load(SCENARIOS / f"{name}.yaml"), at=[1.0])


def slowed_four_cities(t: float) -> float:
    """Return the law of a war that takes 2 % longer."""
    days, law = teaching.four_cities()
    return float(np.interp(t / 1.02, days, law))


# The same outcomes with one rate off by 1 to 4 %, or one probability by 1 percentage point. Each
# lies over 7 standard errors from the truth at n = 100,000: the check would miss it 1 time in 700.
FAULTS: dict[tuple[str, str], Callable[[float], float]] = {
    ("four_cities", "city_4_falls"): slowed_four_cities,
    ("repairable_bridge", "first_hit"): lambda t: -math.expm1(-0.2 * 1.03 * t),
    ("mmc_queue", "overrun"): lambda t: teaching.queue_overrun(t, arrivals=5.05),
    ("machine_repair", "blackout"): lambda t: teaching.blackout(t, failure=0.255),
    ("pert_network", "convoy_leaves"): lambda t: teaching.convoy_left(t, permits=3.12),
    ("gamblers_ruin", "talks_end"): lambda t: -math.expm1(-t / 4.15),
    ("gamblers_ruin", "won"): at_once(teaching.gambler_wins(0.46)),
    ("gamblers_ruin", "lost"): at_once(1.0 - teaching.gambler_wins(0.46)),
    ("running_dry", "dry"): lambda t: teaching.stock_gone(t, contact_mean=8.3),
    ("lanchester_duel", "blue_wins"): lambda t: teaching.duel(10, 10, edge=1.02),
}


def test_every_statistical_check_has_a_planted_fault():
    assert {(known.scenario, known.outcome) for known in KNOWN} == FAULTS.keys()


@pytest.mark.parametrize(
    "known", [k for k in KNOWN if k.variant is None], ids=lambda known: name_of(known)
)
def test_a_rate_that_is_slightly_off_is_noticed(known):
    """The checks above have power: at the same n, a law with one number changed fails them."""
    fault = FAULTS[known.scenario, known.outcome]
    days = known.days[-1:] if known.scenario == "lanchester_duel" else known.days
    assert worst(known._replace(law=fault, days=days), "compiled", 100_000) > K


def test_the_bridge_is_down_as_long_as_it_should_be():
    n, horizon = 100_000, 20.0
    ensemble = sim.run(sim.load(SCENARIOS / "repairable_bridge.yaml"), replications=n, seed=3)
    down = ensemble.totals["down"]
    standard_error = float(down.std()) / math.sqrt(n)
    assert abs(down.mean() - teaching.bridge_days_down(horizon)) < K * standard_error
    assert abs(down.mean() - teaching.bridge_days_down(horizon, hits=0.204)) > K * standard_error
    watched = ensemble.watch.set_index("days")["mean"]
    for t in (1.0, 5.0, 20.0):
        n_down = round(watched[t] * n)
        assert deviation(n_down, n, teaching.bridge_down(t)) < K
        assert deviation(n_down, n, teaching.bridge_down(t, hits=0.21)) > K


def test_the_gambler_plays_as_many_rounds_as_he_should():
    n = 100_000
    ensemble = sim.run(sim.load(SCENARIOS / "gamblers_ruin.yaml"), replications=n, seed=4)
    played = ensemble.batch.watch[ensemble.times("talks_end") <= 30.0, -1, 0]
    standard_error = played.std() / math.sqrt(len(played))
    assert abs(played.mean() - teaching.gambler_rounds()) < K * standard_error
    assert abs(played.mean() - teaching.gambler_rounds(0.455)) > K * standard_error


def test_the_four_cities_see_as_many_events_as_they_should():
    batch = sim.run(sim.load(SCENARIOS / "four_cities.yaml"), replications=100_000, seed=5).batch
    standard_error = batch.n_events.std() / math.sqrt(batch.n)
    assert abs(batch.n_events.mean() - 36.665946) < K * standard_error
    assert abs(batch.n_events.mean() - 36.665946 * 1.01) > K * standard_error


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_load_without_a_warning(path):
    scenario = sim.load(path)
    assert scenario.warnings == ()
    for name in scenario.variants:
        assert scenario.variant(name).warnings == ()
