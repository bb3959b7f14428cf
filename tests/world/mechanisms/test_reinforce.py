"""``reinforce``: men set out, march, wait where no way is open, arrive or turn back."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

N = 4_000
EXAMPLE = example("reinforce")
WORLD = """
title: Three places on a road, and a by-road
clock: {horizon: 20 days}
factions:
  government: {present_fraction: 1, supply: 900 days, reserve: 1000 persons}
  rebels: {present_fraction: 1, supply: 900 days}
hostile: [[rebels, government]]
places:
  capital: {control: government, garrison: {government: 2000}}
  half_way: {control: government, value: 0.2}
  front: {control: government, value: 0.5, garrison: {government: 1000}}
  port: {control: government, value: 0.3, garrison: {government: 600}}
routes:
  near: {between: [capital, half_way], km: 60, bypass: 900 days, bypass_share: 0.5}
  far: {between: [half_way, front], km: 120, bypass: 900 days, bypass_share: 0.5, repair: 900 days}
  coast: {between: [port, front], km: 600, bypass: 900 days}
processes:
  collapse: {kind: collapse, off: yes}
  assault: {kind: assault, off: yes}
  help: {kind: reinforce, faction: government, to: front, from: [capital, port], force: 300,
         rate: 1000000 / day}
outcomes:
  once: help.arrives.fired >= 1
  twice: help.arrives.fired >= 2
watch:
  front: front.garrison.government
  capital: capital.garrison.government
  port: port.garrison.government
  reserve: SPARE
  on_the_road: help.force
  under_way: help.under_way
"""
PLACES = WORLD.replace("SPARE", "0 persons")
RESERVE = WORLD.replace("SPARE", "government.reserve").replace("[capital, port]", "[]")
NO_MORE = {"processes.help.until": "1 day"}


def errors(text: str, rate: float, march: float) -> list[float]:
    """Return by how many standard errors the first do not arrive at a rate, after a march."""
    found = sim.run(sim.loads(text), replications=N).times("arrived")
    expected = {t: 1.0 - np.exp(-rate * (t - march)) for t in (3.0, 4.0, 6.0)}
    return [
        abs(float(np.mean(found <= t)) - p) / np.sqrt(p * (1.0 - p) / N)
        for t, p in expected.items()
    ]


def ends(text: str, changes: dict[str, object] | None = None) -> dict[str, float]:
    """Return what is watched at the end, the same in all replications."""
    scenario = sim.loads(text, set=changes)
    ends = sim.run(scenario, replications=20).ends
    frame = ends[[w.name for w in scenario.net.watches if w.name in ends]]
    assert all(len(set(frame[name])) == 1 for name in frame), frame
    return {str(name): float(frame[name].iloc[0]) for name in frame}


def arrival(text: str, changes: dict[str, object] | None = None, outcome: str = "once") -> float:
    """Return when men arrive who set out at once, to an hour; inf if none do."""
    times = sim.run(sim.loads(text, set=changes), replications=20).times(outcome)
    rounded = set(np.round(times * 24.0) / 24.0)
    assert len(rounded) == 1
    return float(rounded.pop())


def at(day: float, then: str) -> str:
    """Return a transition that changes something on a day."""
    return f"transitions: {{change: {{at: {day} days, then: {{{then}}}}}}}\n"


# When they come.


@pytest.mark.statistical
def test_another_pace_would_be_noticed():
    slow = EXAMPLE.replace("force: 300,", "force: 300, pace: 50 km/day,")
    assert max(errors(slow, 0.5, 2.0)) > 6.0
    assert max(errors(slow, 0.5, 2.4)) < 4.5


def test_the_march_is_as_long_as_its_roads():
    assert arrival(PLACES, NO_MORE) == 3.0


def test_a_bypass_and_a_track_are_as_long_as_they_are_slow():
    assert arrival(PLACES, {**NO_MORE, "routes.far.status": "bypass"}) == 5.0
    assert arrival(PLACES.replace("km: 120,", "km: 120, kind: track,"), NO_MORE) == 5.0


def test_they_take_the_shortest_way_that_is_open():
    detour = "  detour: {between: [capital, front], km: 240, bypass: 900 days}\nprocesses:"
    text = PLACES.replace("processes:", detour)
    assert arrival(text, NO_MORE) == 3.0
    assert arrival(text, {**NO_MORE, "routes.far.status": "cut"}) == 4.0
    assert arrival(text, {**NO_MORE, "places.half_way.control": "rebels"}) == 4.0


def test_the_next_set_out_when_the_first_have_arrived():
    assert arrival(PLACES, outcome="twice") == 6.0


# How many.


def test_force_goes_from_one_garrison_to_the_other():
    found = ends(PLACES, NO_MORE)
    assert (found["capital"], found["front"], found["port"]) == (1_700.0, 1_300.0, 600.0)


def test_a_place_keeps_a_share_of_its_garrison():
    found = ends(PLACES, {**NO_MORE, "processes.help.force": "3000"})
    assert (found["capital"], found["front"]) == (1_000.0, 2_000.0)
    found = ends(PLACES, {**NO_MORE, "processes.help.force": "3000", "processes.help.keeps": "0.9"})
    assert (found["capital"], found["front"]) == (pytest.approx(1_800.0), pytest.approx(1_200.0))


def test_who_keeps_all_sends_nobody():
    assert arrival(PLACES, {"processes.help.keeps": "1"}) == np.inf


def test_nobody_is_made_or_lost_on_the_way():
    found = ends(PLACES)
    men = found["capital"] + found["front"] + found["port"] + found["on_the_road"]
    assert men == pytest.approx(3_600.0)
    assert found["front"] > 2_000.0


# From where.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("km: 60,", "km: 60, status: cut,"),
        ("half_way: {control: government", "half_way: {control: rebels"),
        ("garrison: {government: 2000}", "population: 9"),
    ],
)
def test_the_second_sends_men_where_the_first_cannot(old: str, new: str):
    text = PLACES.replace(old, new)
    assert arrival(text, NO_MORE) == 10.0
    assert ends(text, NO_MORE)["port"] == 300.0


def test_a_threatened_place_sends_nobody_unless_it_is_worth_less():
    attacked = PLACES.replace("capital: {", "capital: {attacker: rebels, value: 0.8, ")
    assert arrival(attacked, NO_MORE) == 10.0
    assert arrival(attacked, {**NO_MORE, "places.capital.value": "0.4"}) == 3.0
    # As much is not less.
    assert arrival(attacked, {**NO_MORE, "places.capital.value": "0.5"}) == 10.0
    drawn = {**NO_MORE, "places.capital.value": {"uniform": ["0.6", "0.9"]}}
    assert arrival(attacked, drawn) == 10.0


def test_the_reserve_comes_in_by_the_shortest_road_to_its_own_side():
    assert arrival(RESERVE, NO_MORE) == 2.0
    assert arrival(RESERVE, {**NO_MORE, "routes.far.status": "cut"}) == 10.0
    assert arrival(RESERVE, {"routes.far.status": "cut", "routes.coast.status": "cut"}) == np.inf


def test_the_reserve_ends():
    found = ends(RESERVE)
    assert (found["reserve"], found["front"], found["on_the_road"]) == (0.0, 2_000.0, 0.0)
    assert ends(RESERVE, {"factions.government.reserve": "0 persons"})["front"] == 1_000.0


def test_two_processes_draw_on_one_reserve():
    second = (
        "  more: {kind: reinforce, faction: government, to: port, from: [], force: 800,"
        " rate: 1000000 / day}\noutcomes:"
    )
    found = sim.run(sim.loads(RESERVE.replace("outcomes:", second)), replications=50).ends
    assert np.allclose(found["reserve"] + found["front"] + found["port"], 1_000.0 + 1_600.0)


# Cut off.


def test_men_wait_while_the_way_is_cut():
    changes = {**NO_MORE, "routes.far.bypass": "4 days", "routes.far.bypass_share": "1"}
    assert arrival(PLACES + at(1, "far.status: cut"), changes) == 7.0


def test_men_wait_for_good_where_the_way_is_lost():
    text = PLACES + at(1, "half_way.control: rebels")
    found = ends(text, NO_MORE)
    assert (found["on_the_road"], found["under_way"], found["front"]) == (300.0, 1.0, 1_000.0)


def test_men_turn_back_when_their_goal_is_lost():
    found = ends(PLACES + at(1, "front.control: rebels"), NO_MORE)
    assert (found["capital"], found["under_way"], found["on_the_road"]) == (2_000.0, 0.0, 0.0)


def test_men_are_lost_when_both_ends_are():
    text = PLACES + at(1, "front.control: rebels, capital.control: rebels")
    found = ends(text, NO_MORE)
    assert (found["capital"], found["under_way"], found["on_the_road"]) == (1_700.0, 0.0, 0.0)


def test_the_reserve_turns_back_to_the_reserve():
    found = ends(RESERVE + at(1, "front.control: rebels"), NO_MORE)
    assert (found["reserve"], found["on_the_road"]) == (1_000.0, 0.0)


# When it goes on.


@pytest.mark.parametrize(
    ("changes", "arrives"),
    [
        ({"processes.help.off": "yes"}, np.inf),
        ({"processes.help.when": "front.attacker != none"}, np.inf),
        ({"processes.help.from_time": "5 days"}, 8.0),
        ({"processes.help.until": "0 days"}, np.inf),
        # Who is on the road arrives.
        ({"processes.help.until": "1 day"}, 3.0),
    ],
)
def test_they_set_out_only_while_they_may(changes: dict[str, object], arrives: float):
    text = PLACES
    if "processes.help.off" in changes:
        text = PLACES[: PLACES.index("outcomes:")] + (
            "outcomes: {once: front.garrison.government > 1000 persons}\n"
        )
    assert arrival(text, changes) == arrives


def test_reinforced_cohesion_rises():
    text = PLACES.replace("watch:", "watch:\n  cohesion: government.cohesion")
    # So that it does not drift back.
    steady = {**NO_MORE, "factions.government.cohesion_recovery": "0 / day"}
    steady["factions.government.cohesion"] = "0.5"
    nobody = {**steady, "processes.help.until": "0 days"}
    assert ends(text, nobody)["cohesion"] == 0.5
    assert ends(text, steady)["cohesion"] == pytest.approx(0.52)


def test_trace_tells_how_many_arrive():
    told = str(sim.trace(sim.loads(PLACES, set=NO_MORE), seed=1, replication=0))
    assert "300 men reinforce front" in told


def test_engines_agree_bit_for_bit():
    for text in (EXAMPLE, PLACES.replace("1000000", "1"), RESERVE.replace("1000000", "1")):
        net = sim.loads(text + at(3, "far.status: cut") * (text is not EXAMPLE)).net
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

    at = "processes.reinforcement"
    assert wrong("to: front", "to: frond") == [("unknown-place", f"{at}.to")]
    assert wrong("from: [capital]", "from: [capitol]") == [("unknown-place", f"{at}.from")]
    assert wrong("from: [capital]", "from: [front]") == [("bad-place", f"{at}.from")]
    assert wrong("faction: government,", "") == [("missing-field", f"{at}.faction")]
    assert wrong("rate: 0.5 / day", "rate: 0.5")[0][1] == f"{at}.rate"
    assert wrong("force: 300", "force: 300 km")[0][1] == f"{at}.force"
    assert wrong("force: 300", "force: 300, paces: 1 km/day") == [("unknown-field", f"{at}.paces")]
    assert wrong("km: 120}", "km: 120, kind: air}") != []
    many = ", ".join(["capital"] * 21)
    assert wrong("from: [capital]", f"from: [{many}]") == [("too-many-places", f"{at}.from")]
    assert wrong("km: 120}", "km: 120, open_to: []}") == [("no-way", f"{at}.from")]
