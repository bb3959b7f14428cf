"""Comparisons under common random numbers: what cancels, what is found, what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.errors import UsageError
from sim.studies.compare import names_of
from sim.studies.comparison import as_json
from tests.studies.scenarios import BRIDGE

CITIES = Path(__file__).parents[2] / "scenarios" / "four_cities.yaml"
CHANGES = {
    "repair": "0.5/day",
    "strike": "0.2/day",
    "attack.1": "0.6/day",
    "ship": "1.3 * road / day",
    "consume": "0.3/day + 0.3/day * fronts",
}
#: Standard errors; each test says of what.
K = 4.0


def cities(**changes: str) -> sim.Scenario:
    paths = {f"transitions.{name}.rate": rate for name, rate in changes.items()}
    return sim.load(CITIES, set=paths)


def changed(name: str) -> sim.Scenario:
    return cities(**{name: CHANGES[name]})


def only(comparison):
    """Return the difference of a comparison of two scenarios with one outcome."""
    (of,) = comparison.differences.values()
    (difference,) = of.values()
    return difference


# Common random numbers.


@pytest.mark.parametrize("name", CHANGES)
def test_with_one_rate_changed_the_variance_falls_at_least_fivefold(name):
    """Of the probability by the horizon. The ratio is known to some 10 % here."""
    assert only(sim.compare(cities(), changed(name))).variance_reduction > 5.0


def test_the_variance_reduction_is_what_independent_seeds_show():
    """Variances of differences over 100 runs of 100: a ratio of two is known to 20 %."""
    first, second = cities(), changed("strike")
    runs = [
        sim.run(s, replications=10_000, seed=seed).times("city_4_falls").reshape(100, 100) <= 30.0
        for s, seed in ((first, 1), (second, 1), (second, 2))
    ]
    a, paired, apart = (run.mean(axis=1) for run in runs)
    measured = np.var(apart - a, ddof=1) / np.var(paired - a, ddof=1)
    told = only(sim.compare(first, second)).variance_reduction
    assert abs(math.log(measured / told)) < K * 0.2


def test_other_seeds_for_the_two_would_be_noticed():
    """The planted fault of the two tests above: without common numbers nothing is gained."""
    runs = [
        sim.run(s, replications=10_000, seed=seed).times("city_4_falls") <= 30.0
        for s, seed in ((cities(), 1), (changed("strike"), 2))
    ]
    from sim.analysis.paired import variance_reduction

    assert variance_reduction(*runs) < 1.1


UNRELATED = """
  talks: {when: rumours < 5, rate: 3 / day, then: {rumours: rumours + 1}}
"""


def test_an_unrelated_transition_leaves_all_other_draws_as_they_were():
    text = BRIDGE.replace("transitions:\n", "transitions:" + UNRELATED)
    text = text.replace("variables:\n", "variables:\n  rumours: {integer: [0, 5], initial: 0}\n")
    before, after = (sim.run(sim.loads(t), replications=500) for t in (BRIDGE, text))
    assert after.n_events > before.n_events
    for outcome in ("hit", "never"):
        assert np.array_equal(before.times(outcome), after.times(outcome))
    assert np.array_equal(before.inputs["parameters.hits"], after.inputs["parameters.hits"])
    assert np.array_equal(before.totals["days_down"], after.totals["days_down"])


# What is found.


def test_differences_are_those_of_the_two_ensembles():
    first, second = cities(), changed("consume")
    found = only(sim.compare(first, second, at=[20.0]))
    (row,) = found.by
    a, b = (sim.run(s).times("city_4_falls") for s in (first, second))
    assert row.difference == pytest.approx(np.mean(b <= 20.0) - np.mean(a <= 20.0))
    assert (row.baseline, row.probability) == (np.mean(a <= 20.0), np.mean(b <= 20.0))
    assert found.difference == pytest.approx(np.mean(b <= 30.0) - np.mean(a <= 30.0))
    cut = np.minimum(b, 30.0) - np.minimum(a, 30.0)
    assert found.restricted_mean_days.difference == pytest.approx(cut.mean())
    assert found.n_differing == np.count_nonzero((a <= 30.0) != (b <= 30.0))


def test_the_exact_differences_lie_where_they_should():
    """10,000 pairs: the standard error is below 0.4 points, and nearly all luck is shared."""
    first, second = cities(), changed("consume")
    (row, *_), days = only(sim.compare(first, second, at=[20.0])).by, [20.0]
    a, b = (sim.exact(s, at=days).cdf("city_4_falls")[0] for s in (first, second))
    standard_error = (row.interval95[1] - row.interval95[0]) / (2 * 1.96)
    assert abs(row.difference - (b - a)) < K * standard_error


@pytest.mark.parametrize("name", CHANGES)
def test_the_clock_whose_rate_was_changed_comes_first(name):
    found = only(sim.compare(cities(), changed(name), replications=2_000))
    assert found.clocks[0].transition == name
    assert found.clocks[0].share > 0.9


def test_what_a_changed_effect_brings_about_comes_first():
    """The convoy brings more: nothing but the clocks that read what is left can differ first."""
    path = CITIES.parent / "running_dry.yaml"
    scenario = sim.load(path)
    names = {t.name for t in scenario.net.transitions}
    changed = sim.load(
        path, set={"transitions.convoy.then": "{run_dry.work: run_dry.work + 5 days}"}
    )
    found = next(iter(sim.compare(scenario, changed).differences.values()))
    (difference,) = found.values()
    assert {clock.transition for clock in difference.clocks} <= names - {"convoy"}
    assert difference.clocks[0].transition == "run_dry"


def test_examples_part_where_their_traces_do():
    first, second = cities(), changed("strike")
    found = only(sim.compare(first, second, replications=2_000))
    for example in found.clocks[0].examples:
        events = [
            [(e.days, e.transition) for e in sim.trace(s, replication=example.replication)]
            for s in (first, second)
        ]
        n_shared = next(k for k, pair in enumerate(zip(*events, strict=False)) if len({*pair}) > 1)
        assert events[0][n_shared] == (example.baseline_days, example.baseline_event)
        assert events[1][n_shared] == (example.days, example.event)


def test_a_scenario_against_itself_differs_in_nothing():
    comparison = sim.compare(cities(), cities(), replications=500)
    found = only(comparison)
    assert comparison.notes == (
        "four_cities (2) is the same net as four_cities: nothing can differ",
    )
    assert (found.difference, found.n_differing, found.clocks) == (0.0, 0, ())
    assert found.interval95[0] < 0.0 < found.interval95[1]
    assert comparison.largest("four_cities (2)") is None


def test_a_band_over_what_is_unknown_goes_with_the_difference():
    """1 - exp(-r) by day 1, r even between 0.2 and 0.4 a day, and half as much in the other."""
    halved = sim.loads(BRIDGE, set={"parameters.hits": "{uniform: [0.1 / day, 0.2 / day]}"})
    found = sim.compare(sim.loads(BRIDGE), halved, replications=20_000).differences["hit"]
    (row, *_) = next(iter(found.values())).by
    inner = [math.exp(-r) - math.exp(-r / 2.0) for r in (0.38, 0.22)]
    # 625 groups: an end is known to half a point or better.
    assert row.inputs80 == pytest.approx(inner, abs=K * 0.005)
    assert row.inputs80[1] - row.inputs80[0] < 0.08


def test_a_side_in_which_nothing_is_unknown_leaves_no_band():
    scenario = sim.loads(BRIDGE)
    found = sim.compare(scenario, scenario.variant("safe"), replications=2_000)
    assert found.ensembles[0].nested is not None
    assert found.differences["hit"]["safe"].inputs80 is None


@pytest.mark.parametrize("how", [{"workers": 1}, {"engine": "reference"}])
def test_neither_workers_nor_engine_change_a_figure(how):
    scenario = sim.loads(BRIDGE)
    made = [
        as_json(sim.compare(scenario, scenario.variant("safe"), replications=300, **given))
        for given in ({"workers": 2}, how)
    ]
    assert made[0] == made[1]


# Names, notes and refusals.


def test_scenarios_go_by_short_names_that_differ():
    scenario = sim.loads(BRIDGE, "bridge.yaml")
    other = sim.loads(BRIDGE + "# another\n", "other.yaml", variant="safe")
    made = names_of([scenario, scenario.variant("safe"), other, scenario.variant("safe")])
    assert made == ["bridge", "safe", "other:safe", "safe (2)"]


def test_files_are_compared_in_what_both_have():
    other = BRIDGE.replace("horizon: 4 days", "horizon: 3 days").replace("  never:", "  rarely:")
    other = other.replace("1 day, 2 days, 4 days", "1 day").replace("2024-12-06", "2024-11-27")
    comparison = sim.compare(sim.loads(BRIDGE, "a.yaml"), sim.loads(other, "b.yaml"))
    assert list(comparison.differences) == ["hit"]
    assert comparison.horizon_days == 3.0
    found = comparison.differences["hit"]["b"]
    assert [row.days for row in found.by] == [1.0, 2.0]
    assert found.by[0].time is None
    assert comparison.notes == (
        "the horizons differ: compared is up to the earliest, 3 days",
        "the starts differ: compared is by days since each scenario's own start",
        "only a has never: left out for b",
        "only b has rarely: left out for b",
    )


def test_scenarios_without_a_transition_in_common_are_remarked_on():
    text = BRIDGE.replace("strike", "raid").replace("repair", "mend")
    comparison = sim.compare(
        sim.loads(BRIDGE, "a.yaml"), sim.loads(text, "b.yaml"), replications=200
    )
    assert comparison.notes == ("b and a share no transition: each has luck of its own",)


def test_scenarios_without_an_outcome_in_common_are_refused():
    text = BRIDGE.replace("  hit: {when: b", "  hitt: {when: b").replace("  never:", "  rarely:")
    with pytest.raises(sim.ScenarioError, match="'b' shares no outcome with 'a'") as error:
        sim.compare(sim.loads(BRIDGE, "a.yaml"), sim.loads(text, "b.yaml"))
    (fault,) = error.value.diagnostics
    assert fault.position is not None
    line = text.split("\n")[fault.position.line - 1]
    assert line[fault.position.column - 1 :].startswith(("hitt", "{when: bridge"))
    assert fault.hint == "did you mean 'hit'?"
    assert fault.expected == "one of hit, never"


def test_one_scenario_makes_no_comparison():
    with pytest.raises(UsageError, match="two scenarios or more"):
        sim.compare(sim.loads(BRIDGE))


def test_a_time_after_the_earliest_horizon_is_refused():
    scenario = sim.loads(BRIDGE)
    with pytest.raises(UsageError, match=r"day 5 is not between .* earliest horizon, day 4"):
        sim.compare(scenario, scenario.variant("safe"), at=[5.0])


# Kept.


def test_a_comparison_is_kept_beside_its_runs_which_are_found(tmp_path):
    scenario = sim.loads(BRIDGE, "bridge.yaml")
    first, again = (
        sim.compare(scenario, scenario.variant("safe"), replications=300, out=tmp_path)
        for _ in range(2)
    )
    assert all(ensemble.was_found for ensemble in again.ensembles)
    assert first == again
    folder = Path(first.result)
    assert folder.parent == tmp_path / "comparisons"
    kept = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert kept == as_json(first)
    assert [one["result"] for one in kept["scenarios"]] == [one.result for one in first.scenarios]
    other = sim.compare(
        scenario, scenario.variant("safe"), replications=300, out=tmp_path, at=[1.0]
    )
    assert other.result != first.result
    elsewhere = sim.compare(
        scenario, scenario.variant("safe"), replications=300, out=tmp_path / "elsewhere"
    )
    assert Path(elsewhere.result).name == folder.name


def test_what_is_infinite_is_null_in_json():
    scenario = sim.loads(BRIDGE)
    made = as_json(sim.compare(scenario, scenario.variant("safe"), replications=300))
    json.dumps(made, allow_nan=False)
    never = made["differences"]["never"]["safe"]["quantiles_days"]["0.5"]
    assert (never["baseline"], never["difference"], never["interval95"]) == (
        None,
        None,
        [None, None],
    )


def test_a_notebook_shows_differences_as_data():
    text = BRIDGE.replace("label: The bridge is hit", "label: <b>hit</b>")
    scenario = sim.loads(text)
    made = sim.compare(scenario, scenario.variant("safe"), replications=300)._repr_html_()
    assert "&lt;b&gt;hit&lt;/b&gt;" in made
    assert "<b>hit</b>" not in made
    assert "strike (" in made
