"""The flagship in the world layer: structure and direction. Nothing here holds its level or dates.

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

PATH = Path(__file__).parents[2] / "scenarios" / "homs_2024.yaml"
N = 6_000
K = 4.0
BASE: tuple[tuple[str, str], ...] = ()
VARIANTS = (
    "airlift_open",
    "bridge_intact",
    "bridge_down_a_week",
    "russia_stays",
    "russia_leaves",
    "garrison_reinforced",
    "peace_offer_accepted",
    "coup",
    "no_contagion",
)
OUTCOMES = (
    "homs_falls", "homs_abandoned", "homs_encircled", "coast_cut", "damascus_falls",
    "damascus_first", "government_collapses", "east_to_sdf", "russia_leaves", "remnant_on_coast",
    "offer_accepted",
)  # fmt: skip


@cache
def scenario(variant: str | None = None, changes: tuple[tuple[str, str], ...] = BASE):
    return sim.load(PATH, variant=variant, set=dict(changes), check_variants=False)


@cache
def ensemble(variant: str | None = None, changes: tuple[tuple[str, str], ...] = BASE):
    # Fewer than a band takes: these tests read times alone.
    return sim.run(scenario(variant, changes), replications=N, seed=11)


def rise(changed, outcome: str, days: float) -> float:
    """Return the change of a probability, in standard errors of the paired difference."""
    difference = (changed.times(outcome) <= days) * 1.0 - (ensemble().times(outcome) <= days)
    spread = difference.std()
    return 0.0 if spread == 0.0 else float(difference.mean() / spread * math.sqrt(N))


def test_it_has_the_outcomes_and_variants_that_were_asked_for():
    assert {o.name for o in scenario().net.outcomes} == set(OUTCOMES)
    assert set(scenario().variants) == set(VARIANTS)
    assert all(o.label for o in scenario().net.outcomes)


@pytest.mark.parametrize("days", [3.0, 14.0])
@pytest.mark.parametrize(
    ("variant", "outcome"),
    [
        ("garrison_reinforced", "homs_falls"),
        ("airlift_open", "homs_falls"),
        ("airlift_open", "damascus_falls"),
        ("russia_stays", "homs_falls"),
        ("russia_stays", "damascus_falls"),
        ("bridge_down_a_week", "homs_falls"),
        ("no_contagion", "homs_falls"),
        ("no_contagion", "damascus_falls"),
    ],
)
def test_what_helps_the_defender_does_not_bring_the_fall_nearer(variant, outcome, days):
    assert rise(ensemble(variant), outcome, days) < K


@pytest.mark.parametrize("days", [3.0, 14.0])
@pytest.mark.parametrize(
    ("variant", "outcome"),
    [
        ("bridge_intact", "homs_falls"),
        ("russia_leaves", "homs_falls"),
        ("russia_leaves", "damascus_falls"),
    ],
)
def test_what_harms_him_does_not_delay_it(variant, outcome, days):
    assert rise(ensemble(variant), outcome, days) > -K


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("places.homs.present_fraction.government", "0.02"),
        ("processes.collapse.shock_rate", "0.6 / day"),
        ("factions.government.cohesion", "0.1"),
        ("factions.government.patrons.russia.support", "0"),
    ],
)
def test_a_change_the_other_way_is_noticed(path, value):
    """The direction checks have power: what harms the defender fails them."""
    assert rise(ensemble(None, ((path, value),)), "homs_falls", 3.0) > K


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_causes_sum_to_the_probability(outcome):
    shares = ensemble().shares(outcome)
    assert sum(shares.values()) == pytest.approx(ensemble().probability(outcome).value, abs=1e-12)
    happened = np.isfinite(ensemble().times(outcome))
    assert ((ensemble().causes(outcome) != "") == happened).all()


def test_each_fall_names_the_clock_that_fired():
    """The ways of mechanisms, and no step of the world's own book-keeping beside them."""
    shares = ensemble().shares_with_via("homs_falls")
    assert {via for _, via in shares} == {""}
    ways = {cause for cause, _ in shares}
    assert {"homs.collapse", "homs.defender_breaks", "pull_back_coast.decides"} <= ways
    assert sum(p for (way, _), p in shares.items() if way.startswith("homs.")) > 0.3


def test_a_coup_ends_the_government_sooner():
    assert rise(ensemble("coup"), "government_collapses", 3.0) > K


def test_an_offer_that_is_accepted_keeps_homs_from_being_stormed_meanwhile():
    accepted = ensemble("peace_offer_accepted")
    assert rise(accepted, "offer_accepted", 1.0) > K
    by_storm = "homs.defender_breaks"
    assert accepted.shares("homs_falls")[by_storm] < 0.7 * ensemble().shares("homs_falls")[by_storm]


def test_outcomes_agree_with_each_other():
    homs, damascus = ensemble().times("homs_falls"), ensemble().times("damascus_falls")
    first = ensemble().times("damascus_first")
    assert (first[np.isfinite(first)] >= damascus[np.isfinite(first)]).all()
    assert (first[np.isfinite(first)] < homs[np.isfinite(first)]).all()
    abandoned = ensemble().times("homs_abandoned")
    assert (abandoned[np.isfinite(abandoned)] < homs[np.isfinite(abandoned)]).all()


def test_states_stay_within_their_ranges():
    """Clipping is a safety net: it touches fewer than one replication in fifty."""
    clipped = ensemble().clipped
    assert all(count < N / 50 for count in clipped.values()), clipped


def what_a_run_reads() -> str:
    """Return the file without what came to pass, which no run reads."""
    text = PATH.read_text(encoding="utf-8")
    return text[: text.index("\nresolved:")]


def test_nothing_that_a_run_reads_is_dated_after_the_moment_of_the_forecast():
    sources = scenario().sources
    assert sources
    assert max(source.public for source in sources.values()) <= scenario().clock.as_of
    assert not re.search(
        r"2024-12-0[7-9]|2024-12-[123]\d|\b(?:[7-9]|1\d) Dec(?:ember)?\b", what_a_run_reads()
    )


def test_what_came_to_pass_changes_no_net(tmp_path):
    (tmp_path / "homs_2024.yaml").write_text(what_a_run_reads() + "\n", encoding="utf-8")
    blind = sim.load(tmp_path / "homs_2024.yaml", check_variants=False)
    assert scenario().evidence.resolved
    assert not blind.evidence.resolved
    assert blind.evidence.reports == scenario().evidence.reports
    results = (sim.run(one, replications=50).times("homs_falls") for one in (blind, scenario()))
    assert np.array_equal(*results)


def test_a_source_from_the_day_after_is_refused(tmp_path):
    text = PATH.read_text(encoding="utf-8")
    late = text.replace("public: 2024-12-06T17:00+03:00", "public: 2024-12-07T17:00+03:00", 1)
    assert late != text
    (tmp_path / "late.yaml").write_text(late, encoding="utf-8")
    with pytest.raises(sim.ScenarioError, match="as_of"):
        sim.load(tmp_path / "late.yaml")


def test_every_uncertain_number_says_what_it_rests_on():
    listed = scenario().sources.keys()
    for given in scenario().inputs:
        assert given.note.mark in {"C", "R", "J"}, given.path
        is_default = given.note.source not in listed
        assert not is_default or given.note.mark in {"C", "J"}, given.path


def test_no_default_rests_on_the_war_itself():
    for given in scenario().inputs:
        assert "syria" not in given.note.source.casefold(), given.path


def test_luck_is_not_ignorance():
    luck = {given.path for given in scenario().inputs if given.chance}
    assert {"places.homs.resolve", "processes.rebel_offensive.pace.damascus"} <= luck
    assert not luck & {"factions.government.resolve", "places.homs.present_fraction.government"}
