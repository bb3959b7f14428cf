"""``repair``: cut routes are by-passed and repaired, where they can ever be cut."""

import numpy as np
import pytest

import sim
from sim.errors import ScenarioError
from sim.net.expr import Distribution

N = 4_000
HEAD = """
title: A route
clock: {horizon: 20 days}
factions: {air_force: {role: outsider}}
places: {near: {control: none, airfield: yes}, far: {control: none, airfield: yes}}
outcomes: {is_passed: route.status != cut, is_open: route.status == open}
"""
DOWN = (
    HEAD
    + """
routes:
  route: {between: [near, far], km: 10, status: cut, bypass: 2 days, repair: 3 days}
"""
)


def first(text: str, outcome: str) -> float:
    """Return when an outcome happens that hangs on no chance."""
    times = set(sim.run(sim.loads(text), replications=20).times(outcome))
    assert len(times) == 1
    return float(times.pop())


def clocks(text: str) -> list[str]:
    """Return the clocks of routes."""
    names = [t.name for t in sim.loads(text).net.transitions]
    return [name for name in names if name.endswith((".bypass", ".repair"))]


def route(keys: str) -> str:
    return f"routes: {{route: {{between: [near, far], km: 10{keys}}}}}\n"


# How long it takes.


@pytest.mark.parametrize(
    ("bridge", "hours"),
    [
        ("", 12),
        (", bridge: {}", 12),
        (", bridge: {span: 59 m}", 12),
        (", bridge: {span: 60 m}", 72),
        (", bridge: {span: 300 m}", 72),
        (", bridge: {span: 301 m}", 720),
        (", bridge: {span: 1.2 km}", 720),
        (", bridge: {span: {interval90: [80 m, 200 m]}}", 72),
    ],
)
def test_the_longer_the_bridge_the_longer_until_it_is_passed(bridge: str, hours: int):
    net = sim.loads(HEAD + route(f", status: cut{bridge}")).net
    (lasts,) = [i for i in net.inputs if i.name == "routes.route.bypass"]
    assert isinstance(lasts.prior, Distribution)
    assert [arg.value for arg in lasts.prior.args] == [hours * 3_600.0, 0.8]
    assert lasts.note.mark == "J"


def test_what_is_stated_is_taken():
    assert (first(DOWN, "is_passed"), first(DOWN, "is_open")) == (2.0, 5.0)
    bypass = DOWN.replace("status: cut", "status: bypass")
    assert (first(bypass, "is_passed"), first(bypass, "is_open")) == (0.0, 3.0)


def test_a_replication_draws_each_time_once():
    text = (
        HEAD
        + route(", status: cut")
        + (
            "transitions: {again: {at: 10 days, then: {route.status: cut}}}\n"
            "variables: {n: {integer: [0, 9], initial: 0}}\n"
            "watch: {n: route.bypass.fired}\n"
        )
    )
    found = sim.run(sim.loads(text), replications=200)
    twice = found.ends["n"] == 2.0
    assert np.all(found.inputs["routes.route.bypass"][twice] < 10.0)
    assert np.mean(twice) > 0.9


# Which routes have clocks.


@pytest.mark.parametrize(
    "status",
    [
        "status: cut",
        "status: bypass",
        "status: {value: cut, source: somebody}",
        "status: {choice: {open: 9, bypass: 1}}",
    ],
)
def test_routes_that_may_be_closed_at_the_start_have_clocks(status: str):
    assert clocks(HEAD + route(f", {status}")) == ["route.bypass", "route.repair"]


@pytest.mark.parametrize("status", ["", ", status: open", ", status: {value: open, note: yes}"])
def test_routes_that_are_always_open_have_none(status: str):
    assert clocks(HEAD + route(status)) == []
    assert clocks(HEAD + route(f"{status}, bridge: {{span: 60 m}}")) == []


def test_routes_that_a_process_may_cut_have_clocks():
    strike = "{kind: interdict, faction: air_force, routes: [route], sorties: 1/day}"
    strikes = f"processes: {{strikes: {strike}}}"
    assert clocks(HEAD + route("") + strikes) == ["route.bypass", "route.repair"]
    none = strikes.replace("sorties", "off: true, sorties")
    assert clocks(HEAD + route("") + none) == []


@pytest.mark.parametrize(
    "transition",
    [
        "sabotage: {rate: 1 / day, then: {route.status: cut}}",
        "sabotage: {rate: 1 / day, branches: [{then: {}}, {then: {route.status: bypass}}]}",
        "sabotage.$r: {for: {r: routes}, rate: 1 / day, then: {$r.status: cut}}",
        "sabotage.$i: {for: {i: [te]}, rate: 1 / day, then: {rou$i.status: cut}}",
    ],
)
def test_routes_that_a_transition_of_the_file_may_cut_have_clocks(transition: str):
    text = HEAD + route("") + f"transitions:\n  {transition}\n"
    assert clocks(text) == ["route.bypass", "route.repair"]


@pytest.mark.parametrize(
    "transition",
    [
        "look: {when: route.status != cut, rate: 1 / day, then: {near.fresh: 1}}",
        "flee.$p: {for: {p: places}, rate: 1 / day, then: {$p.fresh: 1}}",
    ],
)
def test_transitions_that_leave_routes_alone_make_no_clocks(transition: str):
    assert clocks(HEAD + route("") + f"transitions:\n  {transition}\n") == []


def test_a_closed_sky_is_not_mended_unless_it_is_said_how_long_that_takes():
    closed = ", kind: air, status: cut"
    assert clocks(HEAD + route(closed)) == []
    assert len(clocks(HEAD + route(f"{closed}, repair: 2 days"))) == 2
    assert len(clocks(HEAD + route(f"{closed}, bypass: 2 days"))) == 2


# The keys of every process.


def test_off_takes_the_clocks_away():
    assert clocks(DOWN + "processes: {r: {kind: repair, off: true}}") == []
    there = "processes: {r: {kind: repair, routes: [route], off: true}}"
    assert clocks(DOWN + there) == []
    elsewhere = DOWN + "  other: {between: [near, far], km: 10, status: cut}\n"
    assert clocks(elsewhere + there) == ["other.bypass", "other.repair"]


def test_work_rests_while_it_may_not_go_on():
    paused = (
        DOWN
        + """
processes: {r: {kind: repair, when: calm == 1}}
variables: {calm: {integer: [0, 1], initial: 1}}
transitions:
  fight: {at: 1 day, then: {calm: 0}}
  truce: {at: 4 days, then: {calm: 1}}
"""
    )
    # One day of work before the fight, the other after it.
    assert first(paused, "is_passed") == 5.0
    assert first(paused, "is_open") == 8.0


def test_from_time_and_until():
    assert first(DOWN + "processes: {r: {kind: repair, from_time: 4 days}}", "is_passed") == 6.0
    until = DOWN + "processes: {r: {kind: repair, until: 3 days}}"
    assert (first(until, "is_passed"), first(until, "is_open")) == (2.0, np.inf)


def test_a_route_that_is_cut_again_loses_the_work_on_it():
    text = DOWN + "transitions: {again: {at: 4 days, then: {route.status: cut}}}"
    # Passed at 2, cut at 4, passed at 6, and only then three whole days of repair.
    assert first(text, "is_open") == 9.0


def test_what_is_said_of_it():
    def said(text: str) -> list[str]:
        return [event.says for event in sim.trace(sim.loads(text))]

    assert any("route can be passed again" in line for line in said(DOWN))
    assert any("route is repaired" in line for line in said(DOWN))
    own = DOWN + "processes: {r: {kind: repair, says: The engineers are done}}"
    assert sum("The engineers are done" in line for line in said(own)) == 2


def test_priority():
    own = DOWN + "processes: {r: {kind: repair, priority: 3}}"
    assert {t.priority for t in sim.loads(own).net.transitions} == {3}


def test_an_unknown_route_is_told_with_its_place():
    text = DOWN + "processes:\n  r: {kind: repair, routes: [rout]}\n"
    with pytest.raises(ScenarioError, match="unknown route 'rout'") as caught:
        sim.loads(text)
    (fault,) = caught.value.diagnostics
    line = text.split("\n")[fault.position.line - 1]
    assert line[fault.position.column - 1 :].startswith("rout]")
    assert fault.hint == "did you mean 'route'?"


def test_how_long_it_takes_is_a_key_of_the_route():
    with pytest.raises(ScenarioError, match="unknown field 'bypass' in process 'r'"):
        sim.loads(DOWN + "processes: {r: {kind: repair, bypass: 2 days}}")
