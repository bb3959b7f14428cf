"""Drivers of whole runs: an exponential race with known indices, and how they are said."""

import dataclasses

import numpy as np
import pytest

import sim
from sim.ensemble.driven import Driver, Given
from sim.ensemble.legend import Measured
from sim.ensemble.model import Ensemble
from sim.studies.summary import summary
from tests.oracles.sobol import of_product, survival

#: Whoever comes first takes the city: three hazards, each an input, and one input of no effect.
RACE = """
title: A race
clock: {horizon: 4 days, report: [1 day, 2 days, 4 days]}
parameters:
  first: {uniform: [0.05 / day, 0.5 / day]}
  second: {uniform: [0.05 / day, 0.2 / day]}
  idle: {uniform: [0, 1]}
  luck: {uniform: [0 / day, 0.3 / day], chance: true}
variables:
  city: {states: [held, lost]}
  side: {states: [north, south], initial: {choice: {north: 0.3, south: 0.7}}}
transitions:
  by_first: {when: city == held, rate: first, then: {city: lost}}
  by_second: {when: city == held, rate: second, then: {city: lost}}
  by_luck: {when: city == held, rate: luck, then: {city: lost}}
  by_side: {when: city == held and side == north, rate: 0.4 / day, then: {city: lost}}
outcomes:
  falls: {when: city == lost, label: The city falls}
  never: idle > 2
"""
FIRST, SECOND, SIDE = INPUTS = "parameters.first", "parameters.second", "variables.side.initial"


def true_indices(t: float) -> dict[str, float]:
    """Return the indices of P(T <= t) = 1 - E[exp(-(first + second + luck + side) t)].

    What is chance is averaged out: it is a constant factor.
    """
    north = np.exp(-0.4 * t * np.array([1.0, 2.0]))
    moments = [survival(0.05, 0.5, t), survival(0.05, 0.2, t), tuple(0.7 + 0.3 * north)]
    means, squares = np.array(moments).T
    return dict(zip(INPUTS, of_product(means, squares), strict=True))


@pytest.fixture(scope="module")
def race() -> Ensemble:
    return sim.run(sim.loads(RACE), replications=40_000, seed=1)


def test_the_indices_of_a_race_are_the_closed_form_within_their_intervals(race):
    of, true = race.drivers()["falls"], true_indices(1.0)
    found = {one.input.name: one for one in of.drivers}
    assert of.days == 1.0
    assert list(found) == sorted(INPUTS, key=lambda name: -true[name])
    assert true[SECOND] < 0.06
    for name, one in found.items():
        low, high = one.interval95
        assert low <= true[name] <= high
        assert one.index == pytest.approx(true[name], rel=0.3)


def test_a_planted_fault_in_what_is_known_is_seen(race):
    """Shares of the outcome's whole variance, luck and all, lie outside of every interval."""
    of, true = race.drivers()["falls"], true_indices(1.0)
    assert 0.0 < of.unknown < 0.1
    for one in of.drivers:
        low, high = one.interval95
        assert not low <= true[one.input.name] * of.unknown <= high


def test_chance_is_no_driver(race):
    """By the first day ``luck`` decides more than ``second`` does, and is not asked for."""
    assert set(race.legend.unknown) == {*INPUTS, "parameters.idle"}
    named = {one.input.name for of in race.drivers().values() for one in of.drivers}
    assert named == set(INPUTS)
    marked = RACE.replace("0.5 / day]}", "0.5 / day], chance: true}", 1)
    other = sim.run(sim.loads(marked), replications=10_000, seed=1)
    assert FIRST not in {one.input.name for one in other.drivers()["falls"].drivers}


def test_an_outcome_is_asked_by_the_time_by_which_it_is_most_open(race):
    p = {day: race.probability("falls", day).value for day in race.facts.report}
    of = race.drivers()["falls"]
    assert of.days == min(p, key=lambda day: abs(p[day] - 0.5))
    assert of.probability == p[of.days]
    assert race.drivers([0.25])["falls"].days == 0.25
    never = race.drivers()["never"]
    assert (never.days, never.drivers) == (4.0, ())


def test_given_an_input_the_probability_is_that_of_its_replications(race):
    of = race.drivers()["falls"]
    given = {one.input.name: one.given for one in of.drivers}
    came = race.times("falls") <= of.days
    first, side = (race.inputs[name].to_numpy() for name in (FIRST, SIDE))
    fifths = np.argsort(first, kind="stable").reshape(5, -1)
    assert given[FIRST] == tuple((first[part].min(), came[part].mean()) for part in fifths)
    assert given[SIDE] == tuple((s, came[side == s].mean()) for s in ("south", "north"))


@pytest.mark.parametrize("how", [{"workers": 1}, {"workers": 3, "chunk": 177}])
def test_no_figure_depends_on_workers_or_on_where_it_is_kept(how, tmp_path):
    plain = sim.run(sim.loads(RACE), replications=3_000, seed=2).drivers()
    kept = sim.run(sim.loads(RACE), replications=3_000, seed=2, out=tmp_path, **how)
    assert kept.drivers() == plain
    found = sim.run(sim.loads(RACE), replications=3_000, seed=2, out=tmp_path)
    assert found.was_found
    assert found.drivers() == plain
    assert plain["falls"].drivers


def test_without_nested_replications_nothing_is_said(race):
    assert sim.run(sim.loads(RACE), replications=900).drivers() == {}
    assert summary(dataclasses.replace(race, nested=None))["drivers"] == {}


def test_what_was_made_of_replications_moves_with_them(race, tmp_path):
    found = race.drivers()
    moved = race.moved(tmp_path, {})
    assert moved.drivers() is found
    assert moved.folder == tmp_path


# In JSON and in words.


def test_the_summary_has_each_with_its_interval_and_what_it_does(race):
    found = summary(race)["drivers"]
    assert list(found) == ["falls", "never"]
    assert found["never"] == []
    first = next(one for one in found["falls"] if one["input"] == FIRST)
    side = next(one for one in found["falls"] if one["input"] == SIDE)
    assert list(first) == ["input", "index", "interval95", "days", "given"]
    assert first["days"] == 1.0
    assert [list(part) for part in first["given"]] == [["from", "probability"]] * 5
    assert [part["label"] for part in side["given"]] == ["south", "north"]


def driver(*given, unit="", is_label=False) -> Driver:
    return Driver(Measured("x", unit, is_label), 0.5, (0.4, 0.6), tuple(Given(*g) for g in given))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            driver((0.01, 0.8), (1_234.5, 0.4), (98_765.0, 0.1), unit="person"),
            "80 % where it is lowest (below 1,230 person), 10 % where it is highest "
            "(98,800 person or more)",
        ),
        (
            driver((0.0, 0.5), (1.0, 0.9), (2.0, 0.52), unit="1/day"),
            "50 % where it is lowest (below 1 / day), 52 % where it is highest (2 / day or more), "
            "90 % between",
        ),
        (
            driver(("south", 0.004), ("north", 0.5), is_label=True),
            "< 1 % where it is south, 50 % where it is north",
        ),
    ],
)
def test_what_an_input_does_is_said_in_words(one, said):
    assert one.said() == said


def test_what_hangs_on_nothing_says_why_in_one_line(race):
    assert race.drivers()["never"].said("day 4") == (
        "By day 4: it comes in fewer than 50 replications."
    )
    quiet = dataclasses.replace(
        race.drivers()["falls"],
        drivers=(),
        floor=0.02,
        reason="no single input stands out from the noise",
    )
    assert quiet.said("day 2") == (
        "By day 2: no single input stands out from the noise (an index of 0.02 would)."
    )
    assert race.drivers()["falls"].said("day 2").startswith("By day 2 (")
