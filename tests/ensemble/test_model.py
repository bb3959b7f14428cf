"""The ensemble, over a batch made by hand: units, names, ends, watch."""

import dataclasses
import math
from datetime import datetime

import numpy as np
import pytest

from sim.ensemble.batch import AT_START, NO_VIA, NOT_YET, Batch
from sim.ensemble.model import Ensemble, Facts
from sim.ensemble.watched import QUANTILES_FROM
from sim.errors import UsageError
from sim.scenario.load import loads

DAY = 86_400.0
INF = math.inf

NET = loads("""
title: A march under fire
clock: {start: 2024-12-06T18:00+03:00, horizon: 10 days, grid: 5 days}
variables:
  road: {states: [open, cut]}
  distance: {real: [0 km, 100 km], initial: 60 km}
  men: {real: [0, inf], unit: person, initial: {uniform: [100, 200]}}
parameters:
  speed: {uniform: [10 km/day, 30 km/day]}
  side: {choice: {open: 1, cut: 1}}
  fixed: 3 days
transitions:
  march: {when: distance > 0, every: 1 day, then: {distance: distance - speed * 1 day}}
  strike:
    rate: 0.2 / day
    branches:
      - {label: hits, then: {road: cut, men: men - 1 person}}
      - {then: {}}
  notice: {immediate: true, when: road == cut and side == open, then: {road: open}}
outcomes:
  is_cut: {when: road == cut, label: The road is cut}
  arrived: distance <= fixed * 0 km/day
watch: {way: distance, road: road}
totals: {days_cut: road == cut, km_days: distance}
""").net

#: firings: march 0, strike/hits 1, strike/2 2, notice 3
MARCH, HITS, MISSES, NOTICE = range(4)
CUT, ARRIVED = range(2)


def batch(n: int = 4, **changes: object) -> Batch:
    labels = NET.label_numbers
    watch = np.zeros((n, 3, 2))
    watch[:, :, 0] = [60_000.0, 30_000.0, 0.0]
    watch[:, :, 1] = labels["open"]
    inputs = np.zeros((n, len(NET.inputs)))
    for place, given in enumerate(NET.inputs):
        inputs[:, place] = {"speed": 20_000.0 / DAY, "side": labels["cut"]}.get(given.name, 150.0)
    made = Batch(
        replications=np.arange(n),
        inputs=inputs,
        times=np.full((n, 2), INF),
        causes=np.full((n, 2), NOT_YET, np.int32),
        via=np.full((n, 2), NO_VIA, np.int32),
        end_times=np.full(n, 10.0 * DAY),
        end_reasons=np.zeros(n, np.uint8),
        watch=watch,
        totals=np.column_stack([np.full(n, 2.0 * DAY), np.full(n, 1_000.0 * DAY)]),
        clipped=np.zeros((n, 3), np.uint8),
        n_events=np.full(n, 7),
    )
    return dataclasses.replace(made, **changes)


def ensemble(given: Batch | None = None, **changes: object) -> Ensemble:
    facts = Facts(
        "march",
        start=datetime.fromisoformat("2024-12-06T18:00+03:00"),
        horizon=10.0,
        report=(10.0,),
    )
    made = Ensemble.of(facts, NET, batch() if given is None else given, 1, "compiled")
    return dataclasses.replace(made, **changes)


def with_cuts() -> Ensemble:
    times = np.full((4, 2), INF)
    causes, via = np.full((4, 2), NOT_YET, np.int32), np.full((4, 2), NO_VIA, np.int32)
    times[:3, CUT] = [0.0, 2.0 * DAY, 3.5 * DAY]
    causes[:3, CUT] = [AT_START, HITS, MISSES]
    via[1, CUT] = NOTICE
    return ensemble(batch(times=times, causes=causes, via=via))


def test_times_are_days_and_infinite_where_it_did_not_happen():
    assert with_cuts().times("is_cut").tolist() == [0.0, 2.0, 3.5, INF]


def test_causes_are_names_with_their_branch():
    found = with_cuts()
    assert found.causes("is_cut").tolist() == ["start", "strike/hits", "strike/2", ""]
    assert found.via("is_cut").tolist() == ["", "notice", "", ""]


def test_probabilities_by_a_day_and_by_the_horizon():
    found = with_cuts()
    assert found.probability("is_cut").value == 0.75
    assert found.probability("is_cut", by=2.0).value == 0.5
    assert found.probability("is_cut", by=0.0).value == 0.25
    assert found.probability("arrived").value == 0.0
    assert found.shares("is_cut") == {"start": 0.25, "strike/hits": 0.25, "strike/2": 0.25}
    assert list(found.shares_with_via("is_cut")) == [
        ("start", ""), ("strike/hits", "notice"), ("strike/2", ""),
    ]  # fmt: skip
    assert found.shares("arrived") == {}


def test_shares_are_the_largest_first_and_count_replications():
    n = 10
    causes, via = np.full((n, 2), HITS, np.int32), np.full((n, 2), NO_VIA, np.int32)
    causes[:3], causes[3:5], causes[5] = MARCH, NOT_YET, AT_START
    via[6:8] = NOTICE
    found = ensemble(batch(n, times=np.where(causes == NOT_YET, INF, 1.0), causes=causes, via=via))
    assert list(found.shares("is_cut").items()) == [
        ("strike/hits", 0.4), ("march", 0.3), ("start", 0.1),
    ]  # fmt: skip
    assert found.shares_with_via("is_cut") == {
        ("march", ""): 0.3,
        ("strike/hits", ""): 0.2,
        ("strike/hits", "notice"): 0.2,
        ("start", ""): 0.1,
    }


@pytest.mark.parametrize("by", [-1.0, 10.1, INF, math.nan])
def test_beyond_the_horizon_nothing_is_known(by):
    with pytest.raises(UsageError, match="is not between the start and the horizon, day 10"):
        with_cuts().probability("is_cut", by=by)


def test_the_curve_and_the_quantiles_are_in_days():
    found = with_cuts()
    assert found.cdf("is_cut", np.array([1.0, 3.0, 10.0])).cdf.tolist() == [0.25, 0.5, 0.75]
    assert found.quantile("is_cut", 0.5).value == 3.5
    assert found.quantile("is_cut", 0.75).value == INF


def test_an_unknown_outcome_is_refused_with_a_hint():
    with pytest.raises(UsageError, match=r"no outcome 'arived': did you mean 'arrived'\?"):
        ensemble().times("arived")
    with pytest.raises(UsageError, match="no outcome 'x': one of is_cut, arrived"):
        ensemble().causes("x")


def test_inputs_are_columns_by_path_in_display_units():
    inputs = ensemble().inputs
    assert list(inputs.columns) == ["parameters.speed", "parameters.side", "variables.men.initial"]
    assert inputs["parameters.speed"].tolist() == [20.0] * 4
    assert inputs["parameters.side"].tolist() == ["cut"] * 4
    assert inputs.index.name == "replication"


def test_totals_are_in_days_and_kilometre_days():
    totals = ensemble().totals
    assert totals["days_cut"].tolist() == [2.0] * 4
    assert totals["km_days"].tolist() == [1.0] * 4


def test_ends_say_when_why_and_what_was_watched_last():
    reasons = np.array([0, 1, 2, 0], np.uint8)
    ends = ensemble(batch(end_reasons=reasons)).ends
    assert ends["time"].tolist() == [10.0] * 4
    assert ends["reason"].tolist() == ["horizon", "stop", "dead", "horizon"]
    assert ends["way"].tolist() == [0.0] * 4
    assert ends["road"].tolist() == ["open"] * 4


def test_watch_has_a_row_for_each_point_and_each_label():
    watch = ensemble().watch
    way = watch[watch.name == "way"]
    assert way.days.tolist() == [0.0, 5.0, 10.0]
    assert way["mean"].tolist() == [60.0, 30.0, 0.0]
    assert way.q05.tolist() == way.q95.tolist() == [60.0, 30.0, 0.0]
    assert watch[watch.name == "road == open"]["mean"].tolist() == [1.0] * 3
    assert set(watch.name) == {"way", "road == open"}


def test_watch_takes_infinite_values():
    watch = np.zeros((4, 3, 2))
    watch[2:, :, 0] = INF
    found = ensemble(batch(watch=watch)).watch
    way = found[found.name == "way"]
    assert way["mean"].tolist() == [INF] * 3
    assert way.q25.tolist() == [0.0] * 3
    assert way.q75.tolist() == [INF] * 3


def test_watch_quantiles_are_values_of_the_first_replications():
    n = QUANTILES_FROM + 1_000
    watch = np.zeros((n, 3, 2))
    watch[:, :, 0] = np.arange(n)[:, None] * 1_000.0
    found = ensemble(batch(n, watch=watch)).watch
    way = found[found.name == "way"]
    assert way.q50.tolist() == [QUANTILES_FROM / 2 - 1] * 3
    assert way["mean"].to_list() == pytest.approx([(n - 1) / 2] * 3)


def test_clipped_values_are_counted_where_there_are_any():
    clipped = np.zeros((4, 3), np.uint8)
    clipped[:3, 1] = 1
    assert ensemble(batch(clipped=clipped)).clipped == {"distance": 3}
    assert ensemble().clipped == {}


def test_dates_are_local():
    assert ensemble().date(1.0).isoformat() == "2024-12-07T18:00:00+03:00"
