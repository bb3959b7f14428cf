"""What reports show: figures of the ensemble, and words about where they come from."""

from __future__ import annotations

import json
import shlex
from functools import cache

import numpy as np
import pytest

import sim
from sim.cli.main import main
from sim.ensemble.model import Ensemble
from sim.net.canonical import digest
from sim.studies.answer import answer, turning_point
from sim.studies.assumed import assumed, command, limits, provenance, resolved
from sim.studies.contrasted import contrasted
from sim.studies.reported import reported, steps
from tests.report.ensembles import BRIDGE as MANY_CAUSES
from tests.report.html.reports import HOSTILE, WAR


@cache
def war(n: int = 1_200) -> tuple[Ensemble, sim.Scenario]:
    scenario = sim.loads(WAR, "war.yaml")
    return sim.run(scenario, replications=n, seed=1), scenario


def of(ensemble: Ensemble, scenario: sim.Scenario, name: str) -> dict:
    return next(o for o in reported(ensemble, scenario)["outcomes"] if o["name"] == name)


def test_it_is_json_and_the_same_each_time():
    first, second = (json.dumps(reported(*war()), allow_nan=False) for _ in range(2))
    assert first == second


def test_curves_are_those_of_the_ensemble():
    ensemble, scenario = war()
    shown, grid = of(ensemble, scenario, "port_falls"), steps(ensemble)
    found = ensemble.cdf("port_falls", grid)
    for name, expected in (("p", found.cdf), ("low", found.low), ("high", found.high)):
        assert shown["curve"][name] == pytest.approx(expected, abs=5e-5)
    low, high = ensemble.inputs80("port_falls", grid[-1])
    assert [ends[-1] for ends in shown["curve"]["inputs"]] == pytest.approx([low, high], abs=5e-5)
    assert set(np.round(ensemble.legend.grid, 4)) <= set(np.round(grid, 4))


def test_intervals_and_what_does_not_come_make_up_one():
    ensemble, scenario = war()
    shown = of(ensemble, scenario, "port_falls")
    assert sum(row["p"] for row in shown["when"]) == pytest.approx(1.0)
    *_, never = shown["when"]
    assert never["until"] is None
    assert never["p"] == pytest.approx(1.0 - ensemble.probability("port_falls").value)
    assert len(shown["when"]) == len(ensemble.facts.report) + 1


def test_causes_beyond_the_first_are_added_up():
    scenario = sim.loads(MANY_CAUSES)
    ensemble = sim.run(scenario, replications=600, seed=1)
    shown = of(ensemble, scenario, "is_down")
    assert [cause for cause, _ in shown["stack"]][-1] is None
    total = sum(curve[-1] for _, curve in shown["stack"])
    assert total == pytest.approx(ensemble.probability("is_down").value, abs=5e-4)


def test_the_answer_is_one_sentence_with_what_does_not_come():
    ensemble, _ = war()
    days, p = turning_point(ensemble, "port_falls")
    whole = ensemble.probability("port_falls").value
    assert p >= whole / 2.0
    assert all(
        ensemble.probability("port_falls", by=t).value < whole / 2.0
        for t in ensemble.facts.report
        if t < days
    )
    said = answer(ensemble, "port_falls")
    assert said.startswith(HOSTILE["long"])
    assert "+03:00: " in said
    assert said.count("inputs 80 %") == 1
    assert said.endswith("%.")
    assert answer(ensemble, "never").count("< 1 %, given the model") == 1
    assert "> 99 %, given the model" in answer(ensemble, "never")


def test_places_are_held_by_somebody_at_every_time():
    shown = reported(*war())["map"]
    assert [place["name"] for place in shown["places"]] == ["hill", "town", "port"]
    for place in shown["places"]:
        assert np.sum(list(place["held"].values()), axis=0) == pytest.approx(1.0, abs=3e-4)
    held = {name for name, _ in shown["holders"]}
    assert held == {"red", "blue"}


def test_without_places_there_is_no_map_and_without_replications_nothing_at_all():
    scenario = sim.loads(MANY_CAUSES)
    ensemble = sim.run(scenario, replications=50, seed=1)
    found = reported(ensemble, scenario)
    assert found["map"] is None
    assert found["outcomes"][0]["curve"]["inputs"] is None  # too few for a band


def test_judgement_is_told_from_what_was_read_and_what_is_unknown_comes_first():
    _, scenario = war()
    found = assumed(scenario)
    pace = next(row for row in found["rows"] if row["path"] == "parameters.pace")
    assert pace["role"] == "unknown"
    assert (pace["mark"], pace["grade"], pace["source"]) == ("J", "C3", "press")
    roles = [row["role"] for row in found["rows"]]
    assert roles == sorted(roles, key=roles.index)
    assert found["marks"]["J"] == roles.count("unknown")
    assert found["reports"][0]["text"] == HOSTILE["html"]


def test_limits_tell_what_this_run_lacks():
    ensemble, scenario = war(200)
    assert any("too few replications" in limit for limit in limits(ensemble, scenario))
    whole, _ = war()
    assert not any("too few" in limit for limit in limits(whole, scenario))


def test_what_happened_has_its_day():
    ensemble, scenario = war()
    (found,) = resolved(scenario, ensemble)
    assert found["said"] == "came at Sun 8 Dec 2024 06:00 +03:00"
    assert found["days"] == [1.5, 1.5]


def test_the_command_gives_the_same_run_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = WAR + "variants: {slow: {parameters.pace: 0.05 / day}}\n"
    (tmp_path / "a war.yaml").write_text(text, encoding="utf-8")
    scenario = sim.load("a war.yaml", set={"transitions.sail.rate": "0.1 / day"}, variant="slow")
    ensemble = sim.run(scenario, replications=30, seed=7)
    name, *arguments = shlex.split(command(ensemble, scenario))
    assert name == "frontcast"
    assert main([*arguments, "--json", "--no-pictures"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["net"] == digest(scenario.net)
    assert (printed["seed"], printed["replications"]) == (7, 30)
    assert printed["outcomes"]["town_falls"]["probability"] == (
        ensemble.probability("town_falls").value
    )


def test_provenance_names_net_files_seed_and_versions():
    ensemble, scenario = war()
    found = dict(provenance(ensemble, scenario))
    assert found["Net"] == ensemble.legend.net
    assert found["File war.yaml"].startswith("sha256:")
    assert found["Seed"] == "1"
    assert "numbers version" in found["Frontcast"]


def test_a_comparison_shows_what_is_changed_and_the_curves_of_both():
    text = WAR + "variants: {slow: {parameters.pace: 0.05 / day}}\n"
    baseline = sim.loads(text)
    slow = baseline.variant("slow")
    comparison = sim.compare(baseline, slow, replications=400)
    found = contrasted(comparison, [baseline, slow])
    (changes,) = found["changes"]
    assert changes["rows"] == [
        ("parameters.pace", "uniform: [0.1 / day, 0.9 / day]", "0.05 / day"),
    ]
    first = found["outcomes"][0]
    assert [curve["name"] for curve in first["curves"]] == [comparison.baseline, "slow"]
    for curve, ensemble in zip(first["curves"], comparison.ensembles, strict=True):
        assert curve["p"][-1] == pytest.approx(ensemble.probability("town_falls").value, abs=5e-5)
    assert found["answers"][0].startswith("With slow: ")
    assert first["others"][0]["by"][-1]["points"].startswith("-")
