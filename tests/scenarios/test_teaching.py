"""The teaching scenarios against their known answers.

Statistical checks are two-sided at 4 standard errors. For probabilities the tails are those of the
binomial law, so that at most 6.4e-5 of the checks are false alarms even where few cases are
expected: fewer than one in a hundred runs of this file, were its seeds not fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import binom, norm

import sim
from sim.engines.driver import run_ensemble
from tests.oracles import teaching

SCENARIOS = Path(__file__).parents[2] / "scenarios"
K = 4.0
N = 100_000
N_SLOW = 250  # the reference engine needs some 50 microseconds an event


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


def deviation(n_yes: int, n: int, p: float) -> float:
    """Return how far a count is from its law, in standard errors with the same two-sided tail."""
    tail = min(binom.cdf(n_yes, n, p), binom.sf(n_yes - 1, n, p))
    return float(norm.isf(tail))


@cache
def ensemble_of(scenario: str, variant: str | None, engine: str, n: int) -> sim.Ensemble:
    loaded = sim.load(SCENARIOS / f"{scenario}.yaml", variant=variant)
    return sim.run(loaded, replications=n, seed=2, engine=engine)


def worst(known: Known, engine: str, n: int) -> float:
    times = ensemble_of(known.scenario, known.variant, engine, n).times(known.outcome)
    return max(deviation(int((times <= t).sum()), n, known.law(t)) for t in known.days)


@cache
def solution(scenario: str, variant: str | None, days: tuple[float, ...]) -> object:
    return sim.exact(sim.load(SCENARIOS / f"{scenario}.yaml", variant=variant), at=days)


def exact_law(known: Known) -> np.ndarray:
    return solution(known.scenario, known.variant, known.days).cdf(known.outcome)


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_compiled_engine_agrees(known):
    assert worst(known, "compiled", N) < K


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_reference_engine_agrees(known):
    assert worst(known, "reference", N_SLOW) < K


@pytest.mark.parametrize("known", [k for k in KNOWN if k.is_markov], ids=name_of)
def test_the_exact_solver_agrees(known):
    law = exact_law(known)
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


def slowed_four_cities(t: float, factor: float) -> float:
    """Return the law of a war that takes ``factor`` times as long."""
    days, law = teaching.four_cities()
    return float(np.interp(t / factor, days, law))


class Fault(NamedTuple):
    """The law with one number multiplied by a factor, and factors that the checks must notice.

    ``fine`` (1 to 4 %) lies over 7 standard errors from the truth at n = 100,000, ``coarse`` over 6
    at n = 250: a check would miss it 1 time in 700 or 1 time in 40, were its seed not fixed.
    """

    law: Callable[[float, float], float]
    fine: float
    coarse: float


FAULTS: dict[tuple[str, str], Fault] = {
    ("four_cities", "city_4_falls"): Fault(slowed_four_cities, 1.02, 1.5),
    ("repairable_bridge", "first_hit"): Fault(
        lambda t, factor: -math.expm1(-0.2 * factor * t), 1.03, 1.8
    ),
    ("mmc_queue", "overrun"): Fault(
        lambda t, factor: teaching.queue_overrun(t, arrivals=5.0 * factor), 1.01, 1.25
    ),
    ("machine_repair", "blackout"): Fault(
        lambda t, factor: teaching.blackout(t, failure=0.25 * factor), 1.02, 1.5
    ),
    ("pert_network", "convoy_leaves"): Fault(
        lambda t, factor: teaching.convoy_left(t, permits=3.0 * factor), 1.04, 1.8
    ),
    ("gamblers_ruin", "talks_end"): Fault(
        lambda t, factor: -math.expm1(-t / (4.0 * factor)), 1.0375, 2.0
    ),
    ("gamblers_ruin", "won"): Fault(
        lambda t, factor: at_once(teaching.gambler_wins(0.45 * factor))(t), 1.022, 1.25
    ),
    ("gamblers_ruin", "lost"): Fault(
        lambda t, factor: at_once(1.0 - teaching.gambler_wins(0.45 * factor))(t), 1.022, 1.25
    ),
    ("running_dry", "dry"): Fault(
        lambda t, factor: teaching.stock_gone(t, contact_mean=8.0 * factor), 1.0375, 1.8
    ),
    ("lanchester_duel", "blue_wins"): Fault(
        lambda t, factor: teaching.duel(10, 10, edge=factor), 1.02, 1.3
    ),
}


def faulty(known: Known, factor: float) -> Known:
    law = FAULTS[known.scenario, known.outcome].law
    days = known.days[-1:] if known.scenario == "lanchester_duel" else known.days
    return known._replace(law=lambda t: law(t, factor), days=days)


BASES = [known for known in KNOWN if known.variant is None]


def test_every_statistical_check_has_a_planted_fault():
    assert {(known.scenario, known.outcome) for known in KNOWN} == FAULTS.keys()


@pytest.mark.parametrize("known", BASES, ids=name_of)
def test_a_planted_fault_is_one_number_of_the_known_law(known):
    truth = faulty(known, 1.0)
    assert [truth.law(t) for t in truth.days] == pytest.approx(
        [known.law(t) for t in truth.days], abs=1e-6
    )


@pytest.mark.parametrize("known", BASES, ids=name_of)
def test_a_rate_that_is_slightly_off_is_noticed(known):
    """The checks above have power: at the same n, a law with one number changed fails them."""
    fine = FAULTS[known.scenario, known.outcome].fine
    assert worst(faulty(known, fine), "compiled", N) > K


@pytest.mark.parametrize("known", BASES, ids=name_of)
def test_a_rate_that_is_far_off_is_noticed_by_few_replications(known):
    coarse = FAULTS[known.scenario, known.outcome].coarse
    assert worst(faulty(known, coarse), "reference", N_SLOW) > K


@pytest.mark.parametrize("known", [k for k in BASES if k.is_markov], ids=name_of)
def test_the_exact_check_notices_a_rate_off_by_a_ten_thousandth(known):
    wrong = faulty(known, 1.0001)
    law = exact_law(wrong)
    assert law != pytest.approx([wrong.law(t) for t in wrong.days], abs=1e-9)


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
    watched = ensemble.ends[ensemble.legend.watches[0].name].to_numpy()
    played = watched[ensemble.times("talks_end") <= 30.0]
    standard_error = played.std() / math.sqrt(len(played))
    assert abs(played.mean() - teaching.gambler_rounds()) < K * standard_error
    assert abs(played.mean() - teaching.gambler_rounds(0.455)) > K * standard_error


def test_the_four_cities_see_as_many_events_as_they_should():
    batch = run_ensemble(sim.load(SCENARIOS / "four_cities.yaml").net, replications=100_000, seed=5)
    standard_error = batch.n_events.std() / math.sqrt(batch.n)
    assert abs(batch.n_events.mean() - 36.665946) < K * standard_error
    assert abs(batch.n_events.mean() - 36.665946 * 1.01) > K * standard_error


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_load_without_a_warning(path):
    scenario = sim.load(path, check_variants=False)
    assert scenario.warnings == ()
    for name in scenario.variants:
        assert scenario.variant(name).warnings == ()
