"""The flagship: structure and direction. Nothing here holds its level or its dates.

Runs are paired: variants share their noise clock by clock, so a difference has the standard error
of its paired mean. Directions are one-sided at 4 standard errors: a false alarm in 3e-5 of the
checks if the effect is nought, less if it has the right sign. Seeds are fixed.
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import sim

PATH = Path(__file__).parents[2] / "scenarios" / "homs_2024_net.yaml"
N = 10_000
K = 4.0
BASE: tuple[tuple[str, str], ...] = ()


@cache
def ensemble(variant: str | None = None, changes: tuple[tuple[str, str], ...] = BASE):
    return sim.run(sim.load(PATH, variant=variant, set=dict(changes)), replications=N, seed=11)


def rise(changed, outcome: str, days: float, base=None) -> float:
    """Return the change of a probability, in standard errors of the paired difference."""
    base = ensemble() if base is None else base
    difference = (changed.times(outcome) <= days) * 1.0 - (base.times(outcome) <= days)
    spread = difference.std()
    return 0.0 if spread == 0.0 else float(difference.mean() / spread * math.sqrt(N))


# Variant, outcome: it may not become more likely, by day 3 or by the horizon.
NOT_SOONER = [
    ("garrison_reinforced", "homs_falls"),
    ("airlift_open", "homs_falls"),
    ("airlift_open", "damascus_falls"),
    ("russia_stays", "homs_falls"),
    ("russia_stays", "damascus_falls"),
    ("bridge_down_a_week", "homs_falls"),
    ("peace_offer_accepted", "homs_falls"),
    ("peace_offer_accepted", "damascus_falls"),
    ("no_contagion", "homs_falls"),
    ("no_contagion", "damascus_falls"),
    ("no_contagion", "coast_cut"),
    ("south_as_elsewhere", "damascus_falls"),
]


@pytest.mark.parametrize("days", [3.0, 14.0])
@pytest.mark.parametrize(("variant", "outcome"), NOT_SOONER)
def test_what_helps_the_defender_does_not_bring_the_fall_nearer(variant, outcome, days):
    assert rise(ensemble(variant), outcome, days) < K


@pytest.mark.parametrize("days", [3.0, 14.0])
def test_an_intact_bridge_does_not_delay_the_rebels(days):
    base = ensemble("bridge_down_a_week")
    assert rise(ensemble("bridge_intact"), "homs_falls", days, base) > -K


@pytest.mark.parametrize("days", [3.0, 14.0])
def test_a_hollow_garrison_does_not_hold_longer(days):
    assert rise(ensemble("garrison_hollow"), "homs_falls", days) > -K


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parameters.homs_present", "0.05"),
        ("parameters.collapse_shock", "0.6/day"),
        ("parameters.russian_support", "0"),
    ],
)
def test_a_change_the_other_way_is_noticed(path, value):
    """The direction checks have power: what harms the defender fails them."""
    assert rise(ensemble(None, ((path, value),)), "homs_falls", 3.0) > K


@pytest.mark.parametrize(
    ("path", "value"),
    [("parameters.homs_nominal", "25000 persons"), ("parameters.collapse_shock", "0/day")],
)
def test_the_sign_of_a_driver_is_noticed_without_its_variant(path, value):
    assert rise(ensemble(None, ((path, value),)), "homs_falls", 3.0) < -K


@pytest.mark.parametrize("outcome", [o.name for o in sim.load(PATH).net.outcomes])
def test_causes_sum_to_the_probability(outcome):
    shares = ensemble().shares(outcome)
    assert sum(shares.values()) == pytest.approx(ensemble().probability(outcome).value, abs=1e-12)
    assert all(share > 0.0 for share in shares.values())
    happened = np.isfinite(ensemble().times(outcome))
    assert ((ensemble().causes(outcome) != "") == happened).all()


def test_homs_falls_in_more_than_one_way():
    ways = {cause.partition("/")[0] for cause in ensemble().shares("homs_falls")}
    assert ways >= {"homs_collapse", "homs_storm", "homs_deal", "homs_walk_in", "homs_walkover"}


def test_outcomes_agree_with_each_other():
    homs, damascus = ensemble().times("homs_falls"), ensemble().times("damascus_falls")
    assert (ensemble().times("coast_cut") <= homs).all()
    first = ensemble().times("damascus_first")
    assert (np.isfinite(first) == (damascus < homs)).all()
    assert (first[np.isfinite(first)] == damascus[np.isfinite(first)]).all()
    abandoned = ensemble().times("homs_abandoned")
    assert (abandoned[np.isfinite(abandoned)] < homs[np.isfinite(abandoned)]).all()


VIOLENT = ("homs_collapse", "homs_storm", "damascus_storm", "damascus_collapse")


def falls_by_force_in_a_truce(**guards: str) -> int:
    """Return in how many replications a city falls by force after a truce that does not end."""
    changes = {f"transitions.{name}.when": guard for name, guard in guards.items()}
    scenario = sim.load(
        PATH,
        variant="peace_offer_accepted",
        set={
            "parameters.offer_rate": "2/day",
            "transitions.truce_ends.after": "60 days",
            **changes,
        },
    )
    run = sim.run(scenario, replications=2_000, seed=11)
    began = run.times("truce_begins")
    return sum(
        int((np.isin(run.causes(city), VIOLENT) & (run.times(city) > began)).sum())
        for city in ("homs_falls", "damascus_falls")
    )


def test_a_truce_stops_the_fighting():
    assert falls_by_force_in_a_truce() == 0


def test_fighting_on_through_a_truce_is_noticed():
    assert falls_by_force_in_a_truce(homs_collapse="homs != fallen") > 0


def test_states_stay_within_their_ranges():
    """Clipping is a safety net: it touches fewer than one replication in fifty."""
    clipped = ensemble().clipped
    assert all(count < N / 50 for count in clipped.values()), clipped


def test_nothing_is_dated_after_the_moment_of_the_forecast():
    scenario = sim.load(PATH)
    assert scenario.sources
    assert all(source.public is not None for source in scenario.sources.values())
    assert max(source.public for source in scenario.sources.values()) <= scenario.clock.as_of
    assert not re.search(
        r"2024-12-0[7-9]|2024-12-[123]\d|\b(?:[7-9]|1\d) Dec(?:ember)?\b", PATH.read_text()
    )


def test_a_source_from_the_day_after_is_refused(tmp_path):
    text = PATH.read_text()
    late = text.replace("public: 2024-12-06T17:00+03:00", "public: 2024-12-07T17:00+03:00", 1)
    assert late != text
    (tmp_path / "late.yaml").write_text(late)
    with pytest.raises(sim.ScenarioError, match="as_of"):
        sim.load(tmp_path / "late.yaml")


def unmarked(scenario) -> list[str]:
    """Return the paths of inputs, works and draws without a mark or a listed source."""
    listed = scenario.sources.keys()
    bare = [
        given.path
        for given in scenario.net.inputs
        if given.note.mark not in {"C", "R", "J"} or given.note.source not in listed
    ]
    # A law of chance is no input: its note stands beside it.
    chances = [
        (part.origin, part.note)
        for transition in scenario.net.transitions
        for part in (transition.clock, *transition.draws)
        if part.origin.text.startswith("{")
    ]
    bare += [
        origin.path
        for origin, note in chances
        if note.mark not in {"C", "R", "J"} or note.source not in listed
    ]
    return bare


def test_every_number_says_where_it_comes_from():
    assert unmarked(sim.load(PATH)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parameters.tempo", "{lognormal: {median: 0.05, sigma: 0.5}}"),
        ("parameters.march", "45 km/day"),
        ("transitions.homs_storm.work", "{lognormal: {median: 0.131, sigma: 1.23}}"),
        ("transitions.hezbollah_comes.draws.men", "{interval90: [50 persons, 400 persons]}"),
    ],
)
def test_a_number_without_a_source_is_noticed(path, value):
    assert path in unmarked(sim.load(PATH, set={path: value}))


def silent(net) -> list[str]:
    return [
        transition.name
        for transition in net.transitions
        for branch in transition.branches
        if not (branch.says or transition.says)
    ]


def test_every_transition_says_what_happens():
    net = sim.load(PATH).net
    assert 35 <= len(net.transitions) <= 60
    assert silent(net) == []
    quiet = sim.load(PATH, set={"transitions.shock_fades.says": "null"}).net
    assert silent(quiet) == ["shock_fades"]


def test_every_clock_states_what_it_remembers():
    """``validate`` notes a delay or a work that relies on the default; here none does."""
    notes = {"after", "work"}
    clocks = [t for t in sim.load(PATH).net.transitions if t.clock.written in notes]
    assert clocks
    assert all(transition.memory_stated for transition in clocks)
    changed = sim.load(PATH, set={"transitions.march_to_nabk.memory": "null"}).net
    forgot = [
        t.name for t in changed.transitions if t.clock.written in notes and not t.memory_stated
    ]
    assert forgot == ["march_to_nabk"]


def test_luck_is_not_ignorance():
    """Chance inputs are those of one war's luck; what an analyst could have known is not chance."""
    luck = {given.path for given in sim.load(PATH).inputs if given.chance}
    assert {"parameters.homs_resolve", "parameters.homs_pace"} <= luck
    assert not luck & {"parameters.army_resolve", "parameters.homs_present"}
