"""``counterattack``: from a place nearby, while a loss is fresh; assault with exchanged roles."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

N = 4_000
EXAMPLE = example("counterattack")
#: The town falls on day 1 to whoever the test has take it, and is attacked at once. Losses and
#: tolerances are fixed, so all is decided at one moment: at even strength 0.16 of the defenders
#: are lost after 5 days, 0.1 of the attackers after 9.7.
WORLD = """
title: A town is lost and attacked again
clock: {horizon: 40 days}
factions:
  government: {present_fraction: 1, supply: 900 days}
  rebels: {present_fraction: 1, supply: 900 days}
hostile: [[rebels, government]]
places:
  camp: {control: rebels, garrison: {rebels: 100}}
  town: {control: government}
  base: {control: government, garrison: {government: 2000}}
  port: {control: government, garrison: {government: 3000}}
routes:
  camp_road: {between: [camp, town], km: 10}
  base_road: {between: [base, town], km: 20, bypass: 900 days}
  port_road: {between: [port, town], km: 80, bypass: 900 days}
processes:
  collapse: {kind: collapse, off: yes}
  battle: {kind: assault, tempo: 1, tempo_spread: 0, effectiveness_spread: 0,
           defender_tolerance: 0.16, attacker_tolerance: 1}
  column: {kind: advance, faction: rebels, along: [camp, town], at: camp, force: 1000,
           pace: 10 km/day, regroup: 900 days}
  riposte: {kind: counterattack, faction: government, places: [town], rate: 1000000 / day,
            share: 0.5}
outcomes:
  lost: town.control == rebels
  attacked: town.attacker == government
  back: lost and town.control == government
  broken: riposte.goes_home.fired >= 1
watch:
  town: town.garrison.government
  base: base.garrison.government
  port: port.garrison.government
  force: riposte.force
  is_back: town.control == government
"""
BREAKS = {"processes.battle.defender_tolerance": "1", "processes.battle.attacker_tolerance": "0.1"}


def when(text: str, outcome: str, changes: dict[str, object] | None = None) -> float:
    """Return when something happens, to an hour, the same in all replications."""
    times = sim.run(sim.loads(text, set=changes), replications=20).times(outcome)
    found = set(np.round(times * 24.0) / 24.0)
    assert len(found) == 1, times
    return float(found.pop())


def ends(text: str, changes: dict[str, object] | None = None) -> dict[str, float]:
    """Return what is watched at the end, the same in all replications."""
    scenario = sim.loads(text, set=changes)
    ends = sim.run(scenario, replications=20).ends
    frame = ends[[w.name for w in scenario.net.watches if w.name in ends]]
    assert all(np.ptp(frame[name]) < 1e-6 * max(1.0, frame[name].max()) for name in frame), frame
    return {str(name): float(frame[name].iloc[0]) for name in frame}


def errors(text: str, rate: float, days: float) -> list[float]:
    """Return by how many standard errors the town is not back at a rate for so many days."""
    found = sim.run(sim.loads(text), replications=N).times("back")
    expected = {t: 1.0 - np.exp(-rate * min(t, days)) for t in (1.0, 4.0, 8.0, 20.0)}
    return [
        abs(float(np.mean(found <= t)) - p) / np.sqrt(p * (1.0 - p) / N)
        for t, p in expected.items()
    ]


# When.


@pytest.mark.statistical
def test_a_shorter_memory_would_be_noticed():
    shorter = EXAMPLE.replace("share: 0.5", "share: 0.5, within: 8 days")
    assert max(errors(shorter, 0.2, 6.0)) > 6.0
    assert max(errors(shorter, 0.2, 4.0)) < 4.5


@pytest.mark.statistical
def test_a_place_lost_too_long_ago_or_that_was_never_its_own_is_not_counterattacked():
    for text in (
        EXAMPLE.replace("at: 2024-01-01T00:00Z", "at: 2023-12-20T00:00Z"),
        EXAMPLE.replace("losses: [{place: town,", "losses: [{place: base,"),
    ):
        assert np.all(np.isinf(sim.run(sim.loads(text), replications=200).times("back")))


@pytest.mark.statistical
def test_a_loss_in_the_run_counts_from_when_it_was():
    changes = {"processes.riposte.rate": "0.1 / day", "processes.column.force": "1"}
    found = sim.run(sim.loads(WORLD, set=changes), replications=N)
    days = found.times("attacked") - found.times("lost")
    assert float(np.max(days[np.isfinite(days)])) <= 10.0
    for t in (3.0, 10.0, 30.0):
        p = 1.0 - np.exp(-0.1 * min(t, 10.0))
        # Three comparisons at 4.5 standard errors: a false alarm in 50,000.
        assert abs(np.mean(days <= t) - p) < 4.5 * np.sqrt(p * (1.0 - p) / N)


# Assault with the roles exchanged.


def odds(attackers: float, defenders: float) -> float:
    return float((attackers / defenders) ** 0.36)


def test_it_wins_as_a_column_of_its_strength_would():
    # 1,000 of the base against 1,000 in the town: the garrison left there and the column inside.
    assert when(WORLD, "attacked") == 1.0
    assert when(WORLD, "back") == 6.0
    strong = when(WORLD, "back", {"processes.riposte.share": "0.9"})
    assert strong == pytest.approx(1.0 + 5.0 / odds(1_800.0, 1_000.0), abs=0.03)


def test_a_force_that_wins_is_the_garrison():
    found = ends(WORLD)
    # What it loses while the defender loses 0.16: 0.0103 / 0.032 of that.
    left = 1_000.0 * (1.0 - 0.16 * 0.0103 / 0.032)
    assert found == {"town": pytest.approx(left), "base": 1_000.0, "port": 3_000.0, "force": 0.0,
                     "is_back": 1.0}  # fmt: skip


def test_a_force_that_breaks_goes_home_with_what_is_left():
    found = ends(WORLD, BREAKS)
    assert when(WORLD, "broken", BREAKS) == pytest.approx(1.0 + 0.1 / 0.0103, abs=0.03)
    assert (found["base"], found["force"], found["is_back"]) == (
        pytest.approx(1_000.0 + 900.0),
        0.0,
        0.0,
    )


def test_a_force_whose_home_is_lost_is_lost():
    text = WORLD + "transitions: {goes: {at: 3 days, then: {base.control: rebels}}}\n"
    found = ends(text, {**BREAKS, "processes.riposte.within": "1 minute"})
    assert (found["base"], found["town"], found["force"]) == (1_000.0, 0.0, 0.0)


def test_a_town_that_nobody_defends_is_walked_into():
    text = WORLD.replace("column:", "mob: {kind: advance, faction: rebels, along: [camp, town], "
                         "force: 2, leave_behind: 0, pace: 10 km/day}\n  no_column:")  # fmt: skip
    text += "transitions: {gone: {at: 2 days, then: {mob.force: 0 persons}}}\n"
    changes = {"processes.riposte.from_time": "3 days", "processes.no_column.off": "yes"}
    assert when(text, "back", changes) == 3.0


def test_surprise_helps_it():
    changes: dict[str, object] = {"processes.battle.surprise_effect": "0.22"}
    late = when(WORLD, "back", changes)
    changes["processes.riposte.surprise"] = "3"
    assert when(WORLD, "back", changes) == pytest.approx(
        1.0 + (late - 1.0) / np.exp(0.66), abs=0.03
    )


# From where, and how often.


def test_it_comes_from_the_nearest_place_that_can():
    for changes in (
        {"routes.base_road.status": "cut"},
        {"places.base.garrison.government": "1"},
        {"places.base.attacker": "rebels"},
    ):
        found = ends(WORLD, {**changes, **BREAKS, "processes.battle.defender_tolerance": "9"})
        assert found["port"] < 3_000.0, changes
    assert ends(WORLD)["port"] == 3_000.0


def test_who_has_no_way_there_stays():
    cut = {"routes.base_road.status": "cut", "routes.port_road.status": "cut"}
    assert when(WORLD, "attacked", cut) == np.inf


def test_there_is_one_attempt_for_each_loss():
    text = WORLD.replace("watch:", "watch:\n  n: riposte.sets_out.town.fired")
    assert ends(text, BREAKS)["n"] == 1.0
    # Lost again after it was taken back: another.
    text += (
        "transitions: {again: {at: 20 days, then: {town.control: rebels, riposte.lost.town: 1,"
        " town.garrison.rebels: 100 persons}}}\n"
    )
    assert ends(text)["n"] == 2.0


def test_one_process_attacks_one_place_at_a_time():
    text = WORLD.replace("places: [town]", "places: [town, camp]").replace(
        "watch:", "watch:\n  n: riposte.sets_out.camp.fired"
    )
    # The camp was never its own.
    assert ends(text)["n"] == 0.0


# When it goes on.


@pytest.mark.parametrize(
    ("changes", "attacked"),
    [
        ({"processes.riposte.off": "yes"}, np.inf),
        ({"processes.riposte.when": "base.attacker != none"}, np.inf),
        ({"processes.riposte.from_time": "4 days"}, 4.0),
        ({"processes.riposte.until": "12 h"}, np.inf),
        # A battle that has begun is fought.
        ({"processes.riposte.until": "2 days"}, 1.0),
        ({"factions.government.role": "belligerent"}, 1.0),
    ],
)
def test_it_sets_out_only_while_it_may(changes: dict[str, object], attacked: float):
    text = WORLD
    if "processes.riposte.off" in changes:
        text = text[: text.index("outcomes:")] + "outcomes: {attacked: town.attacker == government}"
    assert when(text, "attacked", changes) == attacked


def test_trace_tells_it():
    told = str(sim.trace(sim.loads(WORLD), seed=1, replication=0))
    assert "government counterattacks town (riposte)" in told
    assert "goes home" in str(sim.trace(sim.loads(WORLD, set=BREAKS), seed=1, replication=0))


def test_engines_agree_bit_for_bit():
    drawn = WORLD.replace("tempo_spread: 0, effectiveness_spread: 0,", "").replace(
        "900 days}", "2 days}"
    )
    for text in (EXAMPLE, drawn):
        net = sim.loads(text).net
        reference = run_ensemble(net, engine="reference", seed=1, replications=40)
        compiled = run_ensemble(net, engine="compiled", seed=1, replications=40)
        assert differences(reference, compiled) == []
        assert compiled.n_events.sum() > 0


# Faults.


def test_bad_keys_are_told_where_they_stand():
    def wrong(old: str, new: str) -> list[tuple[str, str]]:
        with pytest.raises(ScenarioError, match="error") as caught:
            sim.loads(EXAMPLE.replace(old, new))
        return [(d.code, d.path) for d in caught.value.diagnostics]

    at = "processes.riposte"
    assert wrong("places: [town]", "places: [twon]") == [("unknown-place", f"{at}.places")]
    assert wrong("places: [town]", "places: []") == [("empty-list", f"{at}.places")]
    assert wrong("places: [town],", "") == [("missing-field", f"{at}.places")]
    assert wrong("rate: 0.2 / day", "rate: 0.2 days")[0][1] == f"{at}.rate"
    assert wrong("share: 0.5", "share: 1.5")[0][1] == f"{at}.share"
    assert wrong("km: 20}", "km: 20, open_to: []}") == [("no-way", f"{at}.places")]
    assert wrong("{control: rebels}", "{control: rebels, attackable_by: [rebels]}") == [
        ("bad-place", f"{at}.places")
    ]
