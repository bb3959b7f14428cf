"""Sweeps: known indices, common luck, points that are kept, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

import sim
from sim.analysis.design import LEVELS
from sim.engines.driver import hand_on
from sim.ensemble.parts import read_table
from sim.errors import Interrupted, UsageError
from sim.studies.points import Store
from sim.studies.swept import FILE, Influence, Sweep, as_json

#: P(hit) = 1 - exp(-a b T) for two uniform inputs; a third does nothing.
GUNS = """
title: A bridge under fire
clock: {horizon: 4 days, report: [1 day]}
variables: {bridge: {states: [up, down]}}
parameters:
  hits: {uniform: [0.1 / day, 0.8 / day]}
  guns: {uniform: [0.5, 1.5]}
  idle: {uniform: [0, 1]}
  crews: 3
transitions:
  strike: {when: bridge == up, rate: hits * guns, then: {bridge: down}}
outcomes:
  hit: {when: bridge == down, label: The bridge is hit}
  never: strike.fired > 90
variants:
  safe: {parameters.hits: {uniform: [0.01 / day, 0.1 / day]}}
  sure: {parameters.hits: 0.3 / day}
"""
HITS, GUNS_PATH, IDLE = "parameters.hits", "parameters.guns", "parameters.idle"
A, B, T = (0.1, 0.8), (0.5, 1.5), 4.0


def scenario(text: str = GUNS) -> sim.Scenario:
    return sim.loads(text, "guns.yaml")


def of(sweep: Sweep, outcome: str = "hit") -> dict[str, Influence]:
    return {one.input: one for one in sweep.outcomes[outcome]}


def probability(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    a, b = A[0] + (A[1] - A[0]) * u, B[0] + (B[1] - B[0]) * v
    return 1.0 - np.exp(-a * b * T)


def known() -> tuple[float, dict[str, float], dict[str, float]]:
    """Return the variance of the probability, first-order and total indices, by quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    nodes, weights = (nodes + 1.0) / 2.0, weights / 2.0
    p = probability(nodes[:, None], nodes[None, :])
    mean = weights @ p @ weights
    variance = weights @ p**2 @ weights - mean**2
    first = [weights @ (p @ weights) ** 2 - mean**2, weights @ (weights @ p) ** 2 - mean**2]
    alone = {HITS: first[0] / variance, GUNS_PATH: first[1] / variance, IDLE: 0.0}
    total = {HITS: 1 - alone[GUNS_PATH], GUNS_PATH: 1 - alone[HITS], IDLE: 0.0}
    return variance, alone, total


def known_mean() -> float:
    places = (np.arange(400) + 0.5) / 400
    return float(probability(places[:, None], places[None, :]).mean())


def test_the_oracle_is_right():
    def square(v: float, u: float) -> float:
        return float(probability(np.array(u), np.array(v))) ** 2

    second, _ = integrate.dblquad(square, 0, 1, 0, 1)
    first, _ = integrate.dblquad(lambda v, u: math.sqrt(square(v, u)), 0, 1, 0, 1)
    assert known()[0] == pytest.approx(second - first**2, rel=1e-6)


@pytest.fixture(scope="module")
def sobol() -> Sweep:
    return sim.sweep(scenario(), method="sobol", points=640, replications=400)


@pytest.mark.statistical
def test_sobol_indices_of_a_net_lie_in_their_intervals(sobol):
    """Eight intervals of 95 % under one seed: widened by half, they miss once in 300 seeds each."""
    variance, first, total = known()
    for path, one in of(sobol).items():
        assert _is_near(one.index, one.interval95, first[path])
        assert _is_near(one.total, one.total95, total[path])
    assert sobol.spread["hit"].inputs == pytest.approx(math.sqrt(variance), rel=0.1)
    assert sobol.outcomes["hit"][0].input == HITS


def _is_near(value: float, ends: tuple[float, float], truth: float) -> bool:
    half = (ends[1] - ends[0]) / 2.0
    assert ends[0] <= value <= ends[1]
    return abs(value - truth) <= 1.5 * half + 1e-12


def test_under_common_luck_an_input_that_does_nothing_has_indices_of_nothing(sobol):
    idle = of(sobol)[IDLE]
    assert (idle.total, idle.total95) == (0.0, (0.0, 0.0))


def test_an_outcome_that_nothing_moves_has_no_indices(sobol):
    assert not sobol.spread["never"].is_seen
    assert all(one.index is None and one.total is None for one in sobol.outcomes["never"])


@pytest.mark.statistical
def test_effects_of_a_net_lie_in_their_intervals():
    found = of(sim.sweep(scenario(), method="morris", points=160, replications=400))
    levels = [(k + 0.5) / LEVELS for k in range(LEVELS)]
    pairs = [(u, v) for u, v in itertools.product(levels, levels) if u < 0.5]
    for path, swap in ((HITS, False), (GUNS_PATH, True)):
        effects = []
        for u, v in pairs:
            ends = [(u, v), (u + 0.5, v)]
            here, there = (
                float(probability(np.array(y if swap else x), np.array(x if swap else y)))
                for x, y in ends
            )
            effects.append((there - here) / 0.5)
        one = found[path]
        assert _is_near(one.mu_star, one.mu_star95, float(np.mean(effects)))
        assert one.mu == pytest.approx(one.mu_star)
        # 40 effects: a standard deviation is known to some 11 %.
        assert one.sigma == pytest.approx(np.std(effects), rel=0.45)
    assert (found[IDLE].mu_star, found[IDLE].sigma) == (0.0, 0.0)


@pytest.mark.statistical
@pytest.mark.parametrize(
    "how",
    [
        {"method": "lhs", "points": 300, "replications": 300},
        {"method": "grid", "levels": 6, "replications": 300},
        {"method": "given", "replications": 40_000},
    ],
)
def test_first_order_indices_of_a_net_lie_in_their_intervals(how):
    """What is straight within eight bins is missed: one part in 64, in six levels one in 36."""
    variance, first, _ = known()
    made = sim.sweep(scenario(), **how)
    for path, one in of(made).items():
        if one.index is None:  # of a run as it is, what does not stand out has none
            assert (how["method"], path) == ("given", IDLE)
            continue
        half = (one.interval95[1] - one.interval95[0]) / 2.0
        assert abs(one.index - first[path]) <= 1.5 * half + first[path] / 36.0
        assert one.total is None
    assert made.spread["hit"].inputs == pytest.approx(math.sqrt(variance), rel=0.12)


def test_indices_of_a_run_as_it_is_are_those_that_the_run_has():
    made = sim.sweep(scenario(), replications=4_000, by=1.0)
    driven = sim.run(scenario(), replications=4_000).drivers([1.0])["hit"]
    assert [(one.input, one.index, one.interval95) for one in made.outcomes["hit"][:2]] == [
        (one.input.name, one.index, one.interval95) for one in driven.drivers
    ]
    assert made.outcomes["hit"][0].input == HITS
    p = driven.probability
    assert made.spread["hit"].inputs == pytest.approx(math.sqrt(driven.unknown * p * (1.0 - p)))


def test_the_response_follows_the_probability():
    made = sim.sweep(scenario(), method="grid", inputs=[HITS, GUNS_PATH], replications=4_000)
    u = np.array([r.quantile for r in of(made)[HITS].responses])
    levels = (np.arange(5) + 0.5) / 5
    assert u == pytest.approx(levels)
    wanted = probability(levels[:, None], levels[None, :]).mean(axis=1)
    # Luck is common: 4 standard errors of one share of 4,000 are 0.03.
    assert [r.probability for r in of(made)[HITS].responses] == pytest.approx(wanted, abs=0.03)
    assert [r.value for r in of(made)[HITS].responses] == pytest.approx(0.1 + 0.7 * levels)


# Points.


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_an_input_is_what_its_law_is_at_the_point(engine):
    net = scenario().net
    given = np.array([0.25 if i.path == HITS else np.nan for i in net.inputs])
    found = []
    hand_on(
        net,
        lambda slab: found.append(slab.inputs.copy()) or True,
        engine=engine,
        seed=1,
        replications=20,
        quantiles=given,
    )
    (inputs,) = found
    (plain,) = _inputs(net, engine)
    place = [i.path for i in net.inputs].index(HITS)
    assert inputs[:, place] * 86_400 == pytest.approx(0.1 + 0.25 * 0.7)
    assert np.array_equal(np.delete(inputs, place, 1), np.delete(plain, place, 1))


def _inputs(net, engine):
    found = []
    hand_on(
        net, lambda s: found.append(s.inputs.copy()) or True, engine=engine, seed=1, replications=20
    )
    return found


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_engines_and_workers_make_no_difference(method):
    how = {"method": method, "points": 80, "replications": 20}
    text = GUNS.replace(
        "idle: {uniform: [0, 1]}", "idle: {lognormal: {median: 1 + hits * 1 day, sigma: 0.3}}"
    )
    made = [
        sim.sweep(scenario(text), **how, engine=engine, workers=workers)
        for engine, workers in (("compiled", 1), ("compiled", 3), ("reference", None))
    ]
    assert made[0] == made[1] == made[2]
    tables = [{k: np.asarray(v).tolist() for k, v in one.table.items()} for one in made]
    assert tables[0] == tables[1] == tables[2]


def test_the_choice_of_labels_is_an_input_like_others():
    text = GUNS.replace("bridge: {states: [up, down]}", "bridge: {states: [up, down], initial: "
                        "{choice: {up: 0.5, down: 0.5}}}")  # fmt: skip
    made = sim.sweep(scenario(text), method="lhs", points=100, replications=100)
    first = made.outcomes["hit"][0]
    assert first.input == "variables.bridge.initial"
    mean, variance = known_mean(), known()[0]
    between = ((1.0 - mean) / 2.0) ** 2
    assert _is_near(first.index, first.interval95, between / (between + variance / 2.0))
    assert [(r.value, r.label, r.points) for r in first.responses] == [
        (None, "up", 50),
        (None, "down", 50),
    ]
    assert set(made.table["input.variables.bridge.initial"].named()) == {"up", "down"}


def test_variants_are_one_input_more():
    made = sim.sweep(
        scenario(), method="grid", inputs=[GUNS_PATH], variants=["safe"], replications=500
    )
    assert (made.points, made.inputs) == (10, (GUNS_PATH, "variant"))
    assert set(made.table["variant"].named()) == {"guns", "safe"}
    shares = [r.probability for r in of(made)["variant"].responses]
    assert shares[0] > 0.6 > 0.3 > shares[1]
    assert [r.points for r in of(made)["variant"].responses] == [5, 5]


# What is kept.


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


HOW = {"method": "sobol", "points": 80, "replications": 50}


def kept(out: Path, **how: object) -> Sweep:
    return sim.sweep(scenario(), **{**HOW, **how}, out=out)


class Stopping:
    """Progress that interrupts when so many replications are done."""

    def __init__(self, at: int) -> None:
        self.at, self.told = at, []

    def __call__(self, done: int, asked: int) -> None:
        self.told.append((done, asked))
        if done >= self.at:
            raise KeyboardInterrupt


def test_a_sweep_that_was_stopped_goes_on_and_ends_with_the_same_bytes(tmp_path):
    whole = kept(tmp_path / "whole")
    for at in (700, 1_300):
        with pytest.raises((Interrupted, KeyboardInterrupt)):
            kept(tmp_path / "parts", progress=Stopping(at))
    told = Stopping(10**9)
    again = kept(tmp_path / "parts", progress=told)
    assert told.told[-1][0] == told.told[-1][1] < 80 * 50 - 1_300
    assert again == dataclasses.replace(whole, result=again.result)
    one, other = (files(Path(made.result)) for made in (whole, again))
    told_apart = [json.loads(found.pop(FILE)) for found in (one, other)]
    for found in told_apart:
        del found["result"]
    assert one == other
    assert told_apart[0] == told_apart[1]


def test_a_sweep_of_more_points_goes_on_from_one_of_fewer(tmp_path):
    few = kept(tmp_path)
    told = Stopping(10**9)
    more = kept(tmp_path, points=120, progress=told)
    assert more.result == few.result
    assert told.told[-1] == (40 * 50, 40 * 50)
    assert more == dataclasses.replace(
        sim.sweep(scenario(), **{**HOW, "points": 120}), result=more.result
    )
    told = Stopping(10**9)
    assert kept(tmp_path, progress=told) == few
    assert told.told == []


@pytest.mark.parametrize(
    "changed",
    [{"seed": 2}, {"replications": 51}, {"inputs": [HITS, GUNS_PATH]}, {"by": 2.0}],
)
def test_what_points_depend_on_is_in_the_name(tmp_path, changed):
    assert kept(tmp_path).result != kept(tmp_path, **changed).result


def test_a_damaged_point_is_run_again(tmp_path):
    first = kept(tmp_path)
    path = Store(Path(first.result)).path(3)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert kept(tmp_path) == first
    assert path.read_bytes() == content
    path.write_bytes(Store(Path(first.result)).path(2).read_bytes())
    assert kept(tmp_path) == first
    assert path.read_bytes() == content


def test_points_are_kept_as_parquet_with_a_row_each(tmp_path):
    made = kept(tmp_path)
    table = read_table(Path(made.result) / "points.parquet")
    assert len(np.asarray(table["group"])) == made.points == 80
    assert {"point", f"input.{HITS}", f"quantile.{HITS}", "by.1.hit", "by.4.hit"} <= set(table)
    assert np.all(np.asarray(table["by.1.hit"]) <= np.asarray(table["by.4.hit"]))
    assert json.loads((Path(made.result) / FILE).read_text(encoding="utf-8")) == as_json(made)


def test_a_budget_ends_a_sweep_after_a_group_and_the_next_goes_on(tmp_path):
    cut = kept(tmp_path, budget=1e-9)
    assert (cut.complete, cut.points_done, cut.points) == (False, 5, 80)
    more = kept(tmp_path, budget=1e-9)
    assert more.points_done == 10
    whole = kept(tmp_path)
    assert whole.complete
    assert whole == dataclasses.replace(sim.sweep(scenario(), **HOW), result=whole.result)


def test_few_groups_are_said_to_be_few(sobol):
    assert sobol.notes == ()
    note = "there are 16 groups of points: with fewer than 64 the intervals are too narrow"
    assert sim.sweep(scenario(), **HOW).notes == (note,)


# What is refused.


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"inputs": ["parameters.crews"]}, "input 'parameters.crews' is fixed: give it an unc"),
        ({"inputs": ["parameters.hist"]}, r"no input 'parameters.hist' in guns: did you mean 'p"),
        ({"inputs": ["zzz.*"]}, "no input 'zzz.*' in guns: 'explain' lists the uncertain ones"),
        ({"inputs": []}, "no input is given: there is nothing to sweep"),
        ({"method": "sobl"}, "no method 'sobl': one of given, grid, lhs, morris, sobol"),
        ({"method": "grid", "levels": 0}, "a grid of 0 levels is empty: at least 2 are needed"),
        ({"method": "grid", "levels": 1}, "a grid of 1 levels is empty"),
        ({"method": "grid", "levels": 101}, "a grid of 101 levels in 3 inputs has more than 1,0"),
        ({"method": "grid", "points": 9}, "the points of a grid are all combinations of its lev"),
        ({"method": "lhs", "levels": 9}, "levels are those of a grid, not of lhs"),
        ({"method": "sobol", "points": 0}, r"sobol over 3 inputs needs 80 points \(16 x 5\) to "),
        ({"method": "lhs", "points": 19}, "lhs over 3 inputs needs 20 points to 1,000,000, not 1"),
        ({"method": "lhs", "points": 10**9}, "20 points to 1,000,000, not 1,000,000,000"),
        ({"method": "morris", "points": 15}, r"morris over 3 inputs needs 16 points \(4 x 4\)"),
        ({"method": "sobol", "budget": 0.0}, "a budget of 0 s runs nothing: give some time"),
        ({"budget": 5.0}, "a budget is for points, which a run has none of: choose a method"),
        ({"points": 100}, "points belong to a design: choose a method, one of grid, lhs, "),
        ({"variants": ["safe"]}, "variants belong to a design"),
        ({"method": "lhs", "variants": ["safe", "safe"]}, "variant 'safe' is given twice"),
        (
            {"method": "lhs", "variants": ["sure"]},
            "input 'parameters.hits' is not uncertain in variant 'sure'",
        ),
        ({"by": 5.0}, "day 5 is not between the start and the horizon, day 4"),
        ({"replications": 1}, "at least 2 replications at each point, not 1"),
        ({"seed": -1}, "a seed lies between 0 and"),
        ({"workers": 0}, "at least one worker, not 0"),
        ({"engine": "simpy"}, "no engine 'simpy'"),
    ],
)
def test_bad_usage_says_what_is_wrong(how, message):
    with pytest.raises(UsageError, match=message):
        sim.sweep(scenario(), **how)


def test_nothing_uncertain_is_nothing_to_sweep():
    text = GUNS
    for law in ("{uniform: [0.1 / day, 0.8 / day]}", "{uniform: [0.5, 1.5]}", "{uniform: [0, 1]}"):
        text = text.replace(law, "1 / day" if "day" in law else "1", 1)
    with pytest.raises(UsageError, match="nothing in guns is uncertain: there is nothing to swe"):
        sim.sweep(scenario(text))
