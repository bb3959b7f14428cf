"""Who holds each place over time: counted as replications come, kept, found, and told."""

from __future__ import annotations

import csv
import io
from functools import cache

import numpy as np
import pytest

import sim
from sim.ensemble.model import Ensemble
from sim.errors import UsageError
from sim.report.tables import CONTROL_HEAD, control_csv
from sim.scenario.explained import explained
from sim.studies.summary import summary

WAR = """
title: Three places on a road
clock: {start: 2024-12-06T18:00+03:00, horizon: 10 days, grid: 1 day, report: [1 day, 5.5 days]}
factions:
  south: {label: the South}
  north: {supply: 4 days}
hostile: [[south, north]]
places:
  camp: {control: south}
  ford: {at: [34.5, 36.5], port: yes, control: {choice: {north: 1, south: 3}}, population: 20000}
  town: {label: The Town, at: [34.9, 36.7], control: north}
  mouth: {control: none, kind: source}
routes: {road: {between: [camp, town], km: 60}, river: {between: [mouth, ford], km: 9, kind: sea}}
processes:
  drive: {kind: advance, faction: south, along: [camp, town], force: 5000}
"""
MORE = "watch: {mine: town.control, ford.control: town.control, left: north.supply}\n"


@cache
def ensemble(text: str = WAR, n: int = 3_000) -> Ensemble:
    return sim.run(sim.loads(text, "war.yaml"), replications=n, seed=5)


def test_it_is_what_a_watch_of_ones_own_counts():
    own = ensemble(WAR + "watch: {mine: town.control}\n")
    end = own.ends["mine"]
    for holder, curve in ensemble().holders("town").items():
        assert curve[-1] == np.mean(end == holder)
    assert set(ensemble().holders("town")) == {"south", "north"}
    assert 0.05 < ensemble().holders("town")["south"][2] < 0.95


def test_who_holds_at_the_start_is_drawn_as_the_file_says():
    south = ensemble().holders("ford")["south"][0]
    # Four standard errors: one in 16,000 correct programs fails.
    assert south == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / 3_000) ** 0.5)
    assert ensemble().holders("mouth") == {"none": pytest.approx(np.ones(12))}


def test_probabilities_of_a_place_add_up_to_one_at_each_watch_point():
    for place in ("ford", "town", "mouth"):
        total = sum(ensemble().holders(place).values())
        assert total == pytest.approx(np.ones(12), abs=1e-12)


@pytest.mark.parametrize(
    "how", [{"workers": 1, "chunk": 7}, {"workers": 3, "chunk": 1_000}, {"engine": "reference"}]
)
def test_it_hangs_on_nothing_but_file_and_seed(how):
    other = sim.run(sim.loads(WAR, "war.yaml"), replications=300, seed=5, **how)
    this = ensemble(n=300)
    for place in ("ford", "town", "mouth"):
        for holder, curve in this.holders(place).items():
            assert other.holders(place)[holder].tobytes() == curve.tobytes()
    assert other.holders("town")["south"].tobytes() != ensemble().holders("town")["south"].tobytes()


def test_it_is_kept_and_found(tmp_path):
    scenario = sim.loads(WAR, "war.yaml")
    made = sim.run(scenario, replications=300, seed=5, out=tmp_path)
    found = sim.run(scenario, replications=300, seed=5, out=tmp_path)
    assert found.was_found
    assert found.facts.geography == made.facts.geography == ensemble().facts.geography
    assert found.control.equals(made.control)
    assert found.control.equals(ensemble(n=300).control)


def test_the_geography_is_what_the_file_says():
    found = ensemble().facts.geography
    assert [(s.name, s.label, s.kind, s.at, s.watch) for s in found.spots] == [
        ("camp", "", "town", None, "camp.control"),
        ("ford", "", "town", (34.5, 36.5), "ford.control"),
        ("town", "The Town", "town", (34.9, 36.7), "town.control"),
        ("mouth", "", "source", None, "mouth.control"),
    ]
    assert [(w.ends, w.kind) for w in found.ways] == [
        (("camp", "town"), "road"),
        (("mouth", "ford"), "sea"),
    ]
    assert [(h.name, h.label, h.watch) for h in found.holders] == [
        ("south", "the South", "south.supply"),
        ("north", "", "north.supply"),
    ]
    assert found.label("south") == "the South"
    assert found.label("none") == "nobody"


def test_a_name_that_an_author_takes_means_what_he_says():
    own = ensemble(WAR + MORE)
    spots = {spot.name: spot.watch for spot in own.facts.geography.spots}
    # He watches the town under the ford's name, so nothing is known of the ford.
    assert spots["ford"] == ""
    assert spots["town"] in ("mine", "ford.control")
    assert own.holders("ford") == {}
    assert own.holders("town")["south"].tobytes() == ensemble().holders("town")["south"].tobytes()
    assert [h.watch for h in own.facts.geography.holders] == ["south.supply", "left"]


def test_no_column_and_no_line_more_for_what_nobody_asked_for():
    assert list(ensemble().ends) == ["time", "reason"]
    assert [w.name for w in explained(sim.loads(WAR, "war.yaml")).watch] == []


def test_the_summary_has_it_at_report_times():
    told = summary(ensemble())["control"]
    assert list(told) == ["camp", "ford", "town", "mouth"]
    assert told["town"]["label"] == "The Town"
    first, second = told["town"]["by"]
    assert (first["days"], first["watched_days"]) == (1.0, 1.0)
    # The report times are watch points, whatever the grid.
    assert (second["days"], second["watched_days"]) == (5.5, 5.5)
    assert second["time"] == "2024-12-12T06:00+03:00"
    p = second["holders"]["south"]["probability"]
    assert p == ensemble().holders("town")["south"][6]
    low, high = second["holders"]["south"]["monte_carlo95"]
    assert low < p < high


def test_between_two_watch_points_it_is_that_of_the_first():
    (by,) = summary(ensemble(), [3.25])["control"]["town"]["by"]
    assert (by["days"], by["watched_days"]) == (3.25, 3.0)
    held = ensemble().holders("town")
    assert {name: one["probability"] for name, one in by["holders"].items()} == {
        name: curve[3] for name, curve in held.items()
    }


def test_a_report_time_that_is_a_watch_point_but_for_rounding_makes_no_other():
    grid = sim.loads(WAR.replace("5.5 days", "0.3 days * 10, 72 h"), "war.yaml").net.grid
    days = [t / 86_400 for t in grid]
    assert days == pytest.approx(range(11), abs=1e-9)


def test_the_table_says_what_the_summary_says():
    rows = list(csv.DictReader(io.StringIO(control_csv(ensemble()))))
    assert list(rows[0]) == list(CONTROL_HEAD)
    told = summary(ensemble())["control"]
    for row in rows:
        by = next(b for b in told[row["place"]]["by"] if str(b["days"]) == row["day"])
        assert float(row["probability"]) == by["holders"][row["holder"]]["probability"]
    assert len(rows) == sum(len(b["holders"]) for one in told.values() for b in one["by"])


def test_a_place_that_is_none_is_refused_with_a_hint():
    with pytest.raises(UsageError, match="no place 'twon': did you mean 'town'"):
        ensemble().holders("twon")


def test_a_net_without_places_has_none():
    bare = ensemble("title: x\nclock: {horizon: 1 day}\n", n=3)
    assert bare.control.empty
    assert summary(bare)["control"] == {}
