"""The JSON object: exactly the fields of the contract, and figures that fit together."""

import dataclasses
import json

import pytest

import sim
from sim.studies.summary import summary
from tests.studies.scenarios import BRIDGE

FIELDS = [
    "scenario", "variant", "seed", "replications", "complete", "horizon_days",
    "engine", "net", "result", "outcomes", "control", "drivers", "pictures",
]  # fmt: skip
OUTCOME_FIELDS = [
    "label", "probability", "monte_carlo95", "inputs80", "words", "quantiles_days", "by", "causes",
    "base_rate",
]  # fmt: skip


@pytest.fixture(scope="module")
def ensemble():
    return sim.run(sim.loads(BRIDGE, "bridge.yaml"), replications=1_000, seed=3)


def test_it_has_exactly_the_fields_of_the_contract(ensemble):
    found = summary(ensemble)
    assert list(found) == FIELDS
    assert list(found["outcomes"]) == ["hit", "never"]
    assert list(found["outcomes"]["hit"]) == OUTCOME_FIELDS
    assert list(found["outcomes"]["hit"]["by"][0]) == [
        "days", "time", "probability", "monte_carlo95", "inputs80"
    ]  # fmt: skip
    assert list(found["outcomes"]["hit"]["quantiles_days"]) == [
        "0.05",
        "0.25",
        "0.5",
        "0.75",
        "0.95",
    ]


def test_it_says_what_was_run(ensemble):
    found = summary(ensemble)
    assert found["scenario"] == "bridge"
    assert found["variant"] is None
    assert (found["seed"], found["replications"], found["complete"]) == (3, 1_000, True)
    assert (found["horizon_days"], found["engine"]) == (4.0, "compiled")
    assert found["net"].startswith("sha256:")
    assert found["result"] is None
    assert found["drivers"] == {"hit": [], "never": []}  # so few replications say nothing


def test_its_figures_fit_together(ensemble):
    hit = summary(ensemble)["outcomes"]["hit"]
    assert hit["label"] == "The bridge is hit"
    assert hit["inputs80"][0] < hit["probability"] < hit["inputs80"][1]
    assert hit["inputs80"] == hit["by"][-1]["inputs80"]
    assert sum(hit["causes"].values()) == pytest.approx(hit["probability"], abs=1e-12)
    assert list(hit["causes"]) == ["strike"]
    low, high = hit["monte_carlo95"]
    assert low < hit["probability"] < high
    assert [by["days"] for by in hit["by"]] == [1.0, 2.0, 4.0]
    assert [by["time"] for by in hit["by"]] == [
        "2024-12-07T18:00+03:00",
        "2024-12-08T18:00+03:00",
        "2024-12-10T18:00+03:00",
    ]
    assert hit["by"][-1]["probability"] == hit["probability"]


def test_a_quantile_beyond_the_horizon_is_null(ensemble):
    found = summary(ensemble)["outcomes"]
    assert found["hit"]["quantiles_days"]["0.05"] is not None
    assert found["hit"]["quantiles_days"]["0.95"] is None
    assert set(found["never"]["quantiles_days"].values()) == {None}
    assert (found["never"]["probability"], found["never"]["causes"]) == (0.0, {})
    assert found["never"]["words"] == "almost no chance"


def test_times_asked_for_replace_the_report_times(ensemble):
    by = summary(ensemble, [0.5])["outcomes"]["hit"]["by"]
    assert [(b["days"], b["time"]) for b in by] == [(0.5, "2024-12-07T06:00+03:00")]


def test_without_a_start_there_are_no_dates():
    text = BRIDGE.replace("start: 2024-12-06T18:00+03:00, ", "")
    found = summary(sim.run(sim.loads(text), replications=20))
    assert [by["time"] for by in found["outcomes"]["hit"]["by"]] == [None] * 3


def test_it_is_json(ensemble):
    assert json.loads(json.dumps(summary(ensemble), allow_nan=False)) == summary(ensemble)


def test_it_marks_what_is_not_complete(ensemble):
    assert (
        summary(dataclasses.replace(ensemble, requested=2_000, is_complete=False))["complete"]
        is False
    )
