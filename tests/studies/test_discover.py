"""Conditions found in runs of scenarios: what can be one, what is kept, what is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.analysis.first_passage import proportion
from sim.errors import UsageError
from sim.studies.discover import discover
from sim.studies.discovered import Discovery, Restriction, as_json

#: The city falls at a high rate unless the way is east or nobody comes; what is luck matters most.
CITY = """
title: A city
clock: {start: 2024-12-06T18:00+03:00, timezone: Asia/Damascus, horizon: 5 days}
parameters:
  tempo: {uniform: [0.05 / day, 0.6 / day]}
  comes: {discrete: {0: 0.4, 1: 0.6}}
  lucky: {uniform: [0, 1], chance: true}
  idle: {uniform: [10, 20]}
  fixed: 3
variables:
  city: {states: [held, lost]}
  way: {states: [north, south, east], initial: {choice: {north: 40, south: 30, east: 30}}}
transitions:
  fall: {when: city == held and way != east and lucky > 0.2, rate: tempo * comes,
    then: {city: lost}}
outcomes:
  falls: {when: city == lost, label: The city falls}
  never: fall.fired > 1
variants:
  nobody: {parameters.comes: 0}
"""
N = 3_000


@cache
def found(outcome: str = "falls", **how: object) -> Discovery:
    return discover(sim.loads(CITY), outcome, replications=N, **how)  # type: ignore[arg-type]


def test_conditions_are_of_what_is_unknown_and_tells_something():
    first = found().boxes[0]
    assert [(one.input, one.said) for one in first.restrictions][1:] == [
        ("parameters.comes", "1"),
        ("variables.way.initial", "not east"),
    ]
    tempo = first.restrictions[0]
    assert (tempo.input, tempo.high, tempo.unit) == ("parameters.tempo", None, "1/day")
    assert tempo.said == f"at least {tempo.low:g}/day"
    assert found().n_inputs == 4  # neither luck nor what is fixed


def test_of_two_complements_one_is_the_other_turned_around():
    comes, holds = found(at=3.0), found(at=3.0, holds=True)
    assert comes.probability + holds.probability == pytest.approx(1.0)
    assert holds.boxes
    assert comes.boxes[0].among.density + holds.boxes[0].among.density == pytest.approx(1.0)
    # It holds where nobody comes, or on the other way.
    said = {one.said for box in holds.boxes for one in box.restrictions}
    assert {"0", "east"} & said


def test_figures_are_those_of_replications():
    one = found()
    ensemble = sim.run(sim.loads(CITY), replications=N)
    assert one.probability == ensemble.probability("falls").value
    assert (one.days, one.time) == (5.0, ensemble.date(5.0))
    assert (one.n_searched, one.n_fresh) == (N // 2, N // 2)
    shares = one.boxes[0].shares
    assert shares.mass == shares.replications / one.n_fresh
    n_cases = round(shares.density * shares.replications)
    known = proportion(n_cases, shares.replications)
    assert shares.density95 == (known.low, known.high)
    inputs, box = ensemble.inputs, one.boxes[0]
    tempo = box.restrictions[0]
    assert tempo.quantiles[0] == (inputs["parameters.tempo"] < tempo.low).mean()
    held = (inputs["variables.way.initial"] != "east") & (inputs["parameters.comes"] == 1)
    held &= inputs["parameters.tempo"] >= tempo.low
    assert held.mean() == pytest.approx(shares.mass, abs=0.04)


def test_the_trajectory_goes_from_all_to_few():
    steps = found().boxes[0].trajectory
    assert (steps[0].input, steps[0].n_restricted, steps[0].shares.mass) == (None, 0, 1.0)
    masses = [step.shares.mass for step in steps]
    assert masses == sorted(masses, reverse=True)
    assert masses[-1] < 0.1
    assert steps[found().boxes[0].chosen].shares.coverage > 0.5


def test_without_cases_it_says_why_nothing_is_looked_for():
    one = found("never")
    assert (one.boxes, one.refused) == ((), None)
    assert one.why_not.startswith("0 of 3,000 replications are cases")


def test_where_only_luck_matters_there_is_no_condition():
    text = CITY.replace(" and way != east", "").replace("tempo * comes", "0.2 / day")
    one = discover(sim.loads(text), "falls", replications=N)
    assert one.boxes == ()
    assert one.refused is not None


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        (CITY, {"outcome": "fall"}, "no outcome 'fall': did you mean 'falls'?"),
        (CITY, {"outcome": "falls", "at": 6.0}, "day 6 is not between the start and the horizon"),
        (CITY, {"outcome": "falls", "at": -1.0}, "day -1 is not between"),
        (CITY, {"outcome": "falls", "at": float("nan")}, "day nan is not between"),
        (CITY, {"outcome": "falls", "replications": 0}, "at least one replication"),
    ],
)
def test_what_makes_no_sense_is_refused(text, how, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        discover(sim.loads(text), **how)


def test_a_scenario_in_which_nothing_is_unknown_is_refused():
    lines = [line for line in CITY.split("\n") if "uniform: [0.05" not in line]
    text = "\n".join(lines).replace("tempo *", "0.2 / day *")
    text = text.replace("{discrete: {0: 0.4, 1: 0.6}}", "1").replace("{uniform: [10, 20]}", "1")
    text = text.replace("{choice: {north: 40, south: 30, east: 30}}", "north")
    with pytest.raises(UsageError, match="nothing is unknown in"):
        discover(sim.loads(text), "falls")


def test_what_was_found_is_kept_under_the_name_of_what_determines_it(tmp_path: Path):
    scenario = sim.loads(CITY)
    first = discover(scenario, "falls", replications=N, out=tmp_path)
    again = discover(scenario, "falls", replications=N, out=tmp_path, workers=1)
    assert again.ensemble.was_found
    assert as_json(first) == as_json(again)
    assert first.result is not None
    kept = Path(first.result, "discovery.json")
    assert json.loads(kept.read_text(encoding="utf-8")) == as_json(first)
    others = [
        discover(scenario, "falls", replications=N, out=tmp_path, holds=True).result,
        discover(scenario, "falls", replications=N, out=tmp_path, at=3.0).result,
        discover(scenario, "never", replications=N, out=tmp_path).result,
        discover(scenario.variant("nobody"), "falls", replications=N, out=tmp_path).result,
        discover(scenario, "falls", replications=N, out=tmp_path, seed=2).result,
    ]
    assert len({first.result, *others}) == 6


def test_the_horizon_is_the_instant_where_none_is_given():
    assert as_json(found(at=5.0)) == as_json(found())


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (0.3, None, "1/day", "at least 0.3/day"),
        (None, 1_200.0, "km", "at most 1,200 km"),
        (0.3, 0.5, "1/day", "from 0.3 to 0.5/day"),
        (1.0, 1.0, "", "1"),
        (-0.0, None, "", "at least 0"),
    ],
)
def test_limits_in_words(low, high, unit, said):
    one = Restriction("a.b", unit, low, high, (), {}, (0.0, 1.0))
    assert one.said == said


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("a",), "a"),
        (("a", "b"), "a or b"),
        (("a", "b", "c"), "a, b or c"),
        (("a", "b", "c", "d"), "not e nor f"),
        (("a", "b", "c", "d", "e"), "not f"),
    ],
)
def test_labels_in_words(labels, said):
    shares = dict.fromkeys("abcdef", 1.0 / 6.0)
    assert Restriction("a.b", "", None, None, labels, shares, (0.0, 1.0)).said == said


def test_nothing_but_numbers_and_texts_is_kept():
    one = as_json(found())
    text = json.dumps(one, allow_nan=False)
    assert "ensemble" not in one
    assert json.loads(text)["time"] == "2024-12-11T18:00+03:00"
    assert np.isfinite(one["boxes"][0]["p"])
