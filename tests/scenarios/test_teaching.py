"""The teaching scenarios against their known answers.

Statistical checks are two-sided at 4 standard errors of the exact law: a false alarm in 6e-5 of the
checks, so about one in two hundred runs of this file if its seeds were not fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
            "lanchester_duel", "blue_wins", lambda _, b=blue: teaching.duel(b, 10), (60,), variant
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


def worst(known: Known, engine: str, n: int, **changes: float) -> float:
    times = sim.run(load(known), replications=n, seed=2, engine=engine).times(known.outcome)
    return max(deviation(int((times <= t).sum()), n, known.law(t, **changes)) for t in known.days)


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_compiled_engine_agrees(known):
    assert worst(known, "compiled", 100_000) < K


@pytest.mark.parametrize("known", KNOWN, ids=name_of)
def test_the_reference_engine_agrees(known):
    assert worst(known, "reference", 400) < K


@pytest.mark.parametrize("known", [k for k in KNOWN if k.is_markov], ids=name_of)
def test_the_exact_solver_agrees(known):
    law = sim.exact(load(known), at=known.days).cdf(known.outcome)
    # lanchester_duel has a horizon of 60 days: what is left of the duel then is below 1e-7.
    tolerance = 1e-6 if known.scenario == "lanchester_duel" else 1e-9
    assert law == pytest.approx([known.law(t) for t in known.days], abs=tolerance)


def test_the_exact_solver_agrees_with_the_published_curve():
    days, law = teaching.four_cities()
    solved = sim.exact(sim.load(SCENARIOS / "four_cities.yaml"), at=days)
    assert solved.n_states == 972
    assert np.abs(solved.cdf("city_4_falls") - law).max() < 1e-9


@pytest.mark.parametrize("name", [k.scenario for k in KNOWN if not k.is_markov])
def test_the_exact_solver_refuses_what_is_not_markov(name):
    with pytest.raises(sim.ScenarioError, match="not-markov"):
        sim.exact(sim.load(SCENARIOS / f"{name}.yaml"), at=[1.0])


@pytest.mark.parametrize(
    ("index", "changes"),
    [(1, {}), (2, {"arrivals": 5.05}), (3, {"failure": 0.255})],
    ids=["bridge", "queue", "generators"],
)
def test_a_rate_that_is_two_per_cent_off_is_noticed(index, changes):
    """The checks above have power: a law with one rate changed by 1 to 2 % fails them."""
    known = KNOWN[index]
    if not changes:
        known = known._replace(law=lambda t: -math.expm1(-0.2 * 1.02 * t))
    assert worst(known, "compiled", 300_000, **changes) > K


def test_the_bridge_is_down_as_long_as_it_should_be():
    n, horizon = 100_000, 20.0
    ensemble = sim.run(sim.load(SCENARIOS / "repairable_bridge.yaml"), replications=n, seed=3)
    down = ensemble.totals["down"]
    standard_error = float(down.std()) / math.sqrt(n)
    assert abs(down.mean() - teaching.bridge_days_down(horizon)) < K * standard_error
    watched = ensemble.watch.set_index("days")["mean"]
    for t in (1.0, 5.0, 20.0):
        p = teaching.bridge_down(t)
        assert deviation(round(watched[t] * n), n, p) < K


def test_the_gambler_plays_as_many_rounds_as_he_should():
    n = 100_000
    ensemble = sim.run(sim.load(SCENARIOS / "gamblers_ruin.yaml"), replications=n, seed=4)
    played = ensemble.batch.watch[ensemble.times("talks_end") <= 30.0, -1, 0]
    standard_error = played.std() / math.sqrt(len(played))
    assert abs(played.mean() - teaching.gambler_rounds()) < K * standard_error


def test_the_four_cities_see_as_many_events_as_they_should():
    batch = sim.run(sim.load(SCENARIOS / "four_cities.yaml"), replications=100_000, seed=5).batch
    standard_error = batch.n_events.std() / math.sqrt(batch.n)
    assert abs(batch.n_events.mean() - 36.665946) < K * standard_error


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_load_without_a_warning(path):
    scenario = sim.load(path)
    assert scenario.warnings == ()
    for name in scenario.variants:
        assert scenario.variant(name).warnings == ()
