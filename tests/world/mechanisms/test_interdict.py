"""``interdict``: strikes on routes, against the laws of thinned Poisson processes."""

import math
from itertools import count, takewhile

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

N = 4_000
HEAD = """
title: Routes under attack
clock: {horizon: 20 days}
factions: {planes: {role: patron}, army: {}}
places: {near: {control: none, airfield: yes}, far: {control: none, airfield: yes}}
outcomes: {is_hit: bridge.status != open, is_cut: bridge.status == cut}
"""
BRIDGE = "bridge: {span: 60 m}"


def text(route: str = BRIDGE, strikes: str = "sorties: 2 / day", more: str = "") -> str:
    """Return a world with a bridge that is attacked, and not repaired."""
    return f"""{HEAD}
routes:
  bridge: {{between: [near, far], km: 10, {route}}}
  other: {{between: [near, far], km: 10, bridge: {{}}}}
processes:
  no_repair: {{kind: repair, off: true}}
  strikes: {{kind: interdict, faction: planes, routes: [bridge], {strikes}}}
{more}
"""


def times(written: str, outcome: str, n: int = 500) -> np.ndarray:
    return sim.run(sim.loads(written), replications=n).times(outcome)


def faults(written: str) -> list[tuple[str, str]]:
    """Return what is told of a faulty file: code, and the rest of the line from there on."""
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        sim.loads(written)
    lines = written.split("\n")
    return [
        (d.code, lines[d.position.line - 1][d.position.column - 1 :])
        for d in caught.value.diagnostics
    ]


# How often it hits.


def test_a_route_that_is_struck_and_by_passed_in_turn():
    """Cut for b days at a time, and open for exponential times between them.

    The n-th time of being open begins after n cuts, that is n waits and n times b:
    P(open at t) = sum of (r (t - n b)) ** n / n! exp(-r (t - n b)) over n b <= t.
    """
    rate, lasts, horizon = 1.0, 1.5, 10.0
    keys = f"{BRIDGE}, bypass: {lasts} days, repair: 5 days"
    strikes = f"sorties: {rate} / day, result: {{drop: 1}}"
    written = text(keys, strikes).replace("no_repair: {kind: repair, off: true}", "")
    written = written.replace("horizon: 20 days", f"horizon: {horizon:g} days")
    found = sim.run(sim.loads(written + "watch: {cut: bridge.status == cut}\n"), replications=N)
    waits = takewhile(lambda wait: wait[1] >= 0.0, ((n, horizon - n * lasts) for n in count()))
    open_ = sum((rate * t) ** n / math.factorial(n) * math.exp(-rate * t) for n, t in waits)
    share = float(found.ends["cut"].mean())
    # 4.5 standard errors: a false alarm in 150,000.
    assert abs(share - (1.0 - open_)) < 4.5 * math.sqrt(open_ * (1.0 - open_) / N)


# What each key does. Clocks keep their luck: times change by a factor, replication by replication.


def scaled(strikes: str, route: str = BRIDGE, outcome: str = "is_hit") -> np.ndarray:
    """Return times of hits relative to those of 2 sorties a day, where both happen."""
    usual, now = times(text(), "is_hit"), times(text(route, strikes), outcome)
    return ratios(now, usual)


def ratios(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    both = np.isfinite(now) & np.isfinite(before)
    return now[both] / before[both]


def test_twice_the_sorties_hit_in_half_the_time():
    assert np.allclose(scaled("sorties: 4 / day"), 0.5)


def test_sorties_are_spread_evenly_over_the_routes():
    both = text().replace("routes: [bridge]", "routes: [bridge, other]")
    assert np.allclose(ratios(times(both, "is_hit"), times(text(), "is_hit")), 2.0)
    same = text().replace("routes: [bridge]", "routes: [bridge, bridge]")
    assert np.array_equal(times(same, "is_hit"), times(text(), "is_hit"))


@pytest.mark.parametrize(
    ("result", "factor"),
    [
        ("{miss: 0.8, damage: 0.15, drop: 0.05}", 1.0),
        ("{miss: 8, damage: 1.5, drop: 0.5}", 1.0),
        ("{miss: 0.6, damage: 0.3, drop: 0.1}", 0.5),
        ("{damage: 1}", 0.2),
        ("{drop: 3}", 0.2),
        ("{miss: 9, drop: 1}", 2.0),
    ],
)
def test_weights_say_how_many_sorties_hit(result: str, factor: float):
    assert np.allclose(scaled(f"sorties: 2 / day, result: {result}"), factor)


def test_damage_alone_never_cuts_and_drops_alone_always_do():
    damage = text(strikes="sorties: 2 / day, result: {miss: 1, damage: 1}")
    assert np.all(np.isinf(times(damage, "is_cut")))
    drop = text(strikes="sorties: 2 / day, result: {miss: 1, drop: 1}")
    assert np.array_equal(times(drop, "is_cut"), times(drop, "is_hit"))


def test_no_weight_but_that_of_misses():
    nothing = text(strikes="sorties: 9 / day, result: {miss: 1}")
    assert np.all(np.isinf(times(nothing, "is_hit")))


def test_only_bridges_can_be_dropped():
    road = text("kind: road", "sorties: 2 / day, result: {miss: 8, damage: 1.5, drop: 0.5}")
    assert np.all(np.isinf(times(road, "is_cut")))
    assert np.array_equal(times(road, "is_hit"), times(text(), "is_hit"))


def test_a_by_pass_can_be_cut_again_and_what_is_cut_is_left_alone():
    watch = "watch: {strikes: strikes.bridge.fired}"
    by_pass = sim.run(sim.loads(text(f"{BRIDGE}, status: bypass", more=watch)), replications=300)
    assert 0.0 < np.mean(by_pass.times("is_cut") <= 10.0) < 1.0
    assert set(by_pass.shares("is_hit")) == {"start"}
    cut = sim.run(sim.loads(text(f"{BRIDGE}, status: cut", more=watch)), replications=300)
    assert np.all(cut.ends["strikes"] == 0.0)
    road = sim.run(sim.loads(text("status: bypass", more=watch)), replications=300)
    assert np.all(road.ends["strikes"] == 0.0)


def test_sorties_that_are_uncertain_are_an_input():
    written = text(strikes="sorties: {interval90: [2 / day, 12 / day]}")
    assert "processes.strikes.sorties" in [i.name for i in sim.loads(written).inputs]


# When it goes on.


def test_off_takes_it_away():
    names = [t.name for t in sim.loads(text(strikes="sorties: 2 / day, off: true")).net.transitions]
    assert not [name for name in names if name.startswith("strikes")]


def test_from_time_and_until():
    late = times(text(strikes="sorties: 2 / day, from_time: 5 days"), "is_hit")
    usual = times(text(), "is_hit")
    both = np.isfinite(late) & np.isfinite(usual)
    assert np.allclose(late[both], usual[both] + 5.0)
    early = times(text(strikes="sorties: 2 / day, until: 5 days"), "is_hit")
    assert np.array_equal(early, np.where(usual <= 5.0, usual, np.inf))


@pytest.mark.parametrize(
    ("strikes", "change"),
    [
        ("when: army.collapsed == 0", "army.collapsed: 1"),
        ("priority: 0", "planes.stance: left"),
        ("faction: army", "army.collapsed: 1"),
    ],
    ids=["when", "patron left", "faction collapsed"],
)
def test_it_stops(strikes: str, change: str):
    more = f"transitions: {{end: {{at: 5 days, then: {{{change}}}}}}}"
    written = text(strikes=f"sorties: 2 / day, {strikes}", more=more)
    if "faction: army" in written:
        written = written.replace("faction: planes, ", "")
    usual = times(text(), "is_hit")
    assert np.array_equal(times(written, "is_hit"), np.where(usual <= 5.0, usual, np.inf))


def test_what_is_said_of_it():
    def said(written: str) -> set[str]:
        made = sim.loads(written)
        events = [e for k in range(20) for e in sim.trace(made, replication=k)]
        return {e.says for e in events if e.transition == "strikes.bridge"}

    assert said(text()) == {"strikes drops bridge", "strikes damages bridge"}
    assert said(text(strikes="sorties: 2 / day, says: Bombs")) == {"Bombs"}


# Supply lines.

LINE = """
title: Flights that are turned back
clock: {horizon: 10 days}
factions: {planes: {role: outsider}, others: {role: outsider}, army: {}}
places:
  abroad: {control: none, kind: source}
  home: {control: army, airfield: yes, garrison: {army: 100}, present_fraction: {army: 1}}
routes: {air: {between: [abroad, home], km: 700, kind: air}}
supply:
  flights: {to: army, from: abroad, via: [air], every: 1 day, transit: 0.5 days, brings: {home: 1}}
outcomes: {comes: home.garrison.army > 100 persons}
watch: {come: home.garrison.army - 100 persons}
processes:
"""
#: Shipments that arrive in ten days if none is stopped: one transit after 1, 2, ... 9 days.
SHIPMENTS = 9


def arrived(processes: str, n: int = N) -> np.ndarray:
    return np.asarray(sim.run(sim.loads(LINE + processes), replications=n).ends["come"])


def stops(name: str = "turned_back", faction: str = "planes", keys: str = "loss: 0.25") -> str:
    return f"  {name}: {{kind: interdict, faction: {faction}, lines: [flights], {keys}}}\n"


def test_all_arrive_whom_nobody_stops():
    nobody = "  nobody: {kind: repair, off: true}\n"
    assert set(arrived(nobody, 20)) == {SHIPMENTS}
    assert set(arrived(stops(keys="loss: 0"), 20)) == {SHIPMENTS}
    assert set(arrived(stops(keys="loss: 0.9, off: true"), 20)) == {SHIPMENTS}
    assert set(arrived(stops(keys="loss: 1"), 20)) == {0}


def test_each_shipment_has_its_own_luck():
    """Binomial: mean n q, variance n p q; both within 4.5 standard errors (once in 75,000)."""
    come, p, q = arrived(stops()), 0.25, 0.75
    variance = SHIPMENTS * p * q
    kurtosis = (1.0 - 6.0 * p * q) / variance
    assert abs(come.mean() - SHIPMENTS * q) < 4.5 * math.sqrt(variance / N)
    assert abs(come.var() / variance - 1.0) < 4.5 * math.sqrt((2.0 + kurtosis) / N)


def test_four_of_four_stopped_and_nothing_else_known():
    """All of n are lost with probability E p ** n; for p of beta(5, 1) that is 5 / (n + 5)."""
    come = arrived(stops(keys="loss: {beta: [5, 1]}"))
    p = 5.0 / (SHIPMENTS + 5.0)
    # 4.5 standard errors: a false alarm in 150,000.
    assert abs(np.mean(come == 0) - p) < 4.5 * math.sqrt(p * (1.0 - p) / N)
    # Were each flight a law of its own, all would be lost this often.
    assert abs(np.mean(come == 0) - (5.0 / 6.0) ** SHIPMENTS) > 10.0 * math.sqrt(p * (1.0 - p) / N)


def test_several_who_stop_one_line_have_each_their_chance():
    both = stops(keys="loss: 0.5") + stops("more", "others", "loss: 0.5")
    # Binomial with q = 1/4, at 4.5 standard errors: a false alarm in 150,000.
    expected, variance = SHIPMENTS / 4.0, SHIPMENTS * 3.0 / 16.0
    assert abs(arrived(both).mean() - expected) < 4.5 * math.sqrt(variance / N)


def test_lines_are_stopped_while_it_goes_on():
    # Arrivals at 1.5, 2.5, ... 9.5 days: five of them by 6 days.
    assert set(arrived(stops(keys="loss: 1, until: 6 days"), 20)) == {4}
    assert set(arrived(stops(keys="loss: 1, from_time: 6 days"), 20)) == {5}
    calm = "variables: {calm: {integer: [0, 1], initial: 0}}\n"
    calm += "transitions: {truce: {at: 6 days, then: {calm: 1}}}\n"
    assert set(arrived(stops(keys="loss: 1, when: calm == 0") + calm, 20)) == {4}


def test_a_loss_is_stated_once():
    twice = LINE.replace("every: 1 day", "every: 1 day, loss: 0.1") + stops()
    assert faults(twice)[0][0] == "two-losses"
    assert faults(twice)[0][1].startswith("0.1")
    once = LINE.replace("every: 1 day", "every: 1 day, loss: 0.1") + stops(
        keys="loss: 0, off: true"
    )
    assert sim.loads(once).net


def test_what_is_wrong_with_lines_is_told():
    assert faults(LINE + stops(keys="note: how well?"))[0][0] == "missing-field"
    unknown = (LINE + stops()).replace("lines: [flights]", "lines: [flight]")
    assert faults(unknown)[0] == ("unknown-line", "flight], loss: 0.25}")
    assert faults(LINE + stops(keys="loss: 1.5"))[0] == ("out-of-range", "1.5}")
    assert faults(LINE + stops(keys="loss: 0.5, sorties: 1 / day"))[0][0] == "missing-field"


def test_engines_agree_on_lines():
    net = sim.loads(LINE + stops()).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=30)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=30)
    assert differences(reference, compiled) == []


# What is wrong.


def test_what_is_missing_is_told():
    told = faults(text(strikes="note: no sorties"))
    assert [(code, at[:8]) for code, at in told] == [("missing-field", "strikes:")]
    nothing = text(strikes="note: nothing").replace("routes: [bridge], ", "")
    assert [(code, at[:8]) for code, at in faults(nothing)] == [("missing-field", "strikes:")]
    told = faults(text().replace("routes: [bridge], ", ""))
    assert [code for code, _ in told] == ["missing-field"]


@pytest.mark.parametrize(
    ("strikes", "code", "at"),
    [
        ("sorties: 2 / day, loss: 0.5}", "missing-field", "0.5}"),
        ("sorties: 2 / day, result: {mis: 1, drop: 2}}", "unknown-field", "mis: 1"),
        ("sorties: 2 / day, result: {miss: 0, drop: 0}}", "out-of-range", "{miss: 0, drop: 0}}"),
        ("sorties: 2 / day, result: {miss: 1, drop: -1}}", "out-of-range", "-1}}"),
        ("sorties: 2 / day, result: 3}", "wrong-type", "3}"),
        ("sorties: 2}", "dimension", "2}"),
        ("sorties: 2 km}", "dimension", "2 km}"),
        ("sorty: 2 / day}", "unknown-field", "sorty: 2 / day}"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(strikes: str, code: str, at: str):
    written = text(strikes=strikes.removesuffix("}"))
    assert any(c == code and rest.startswith(at) for c, rest in faults(written)), faults(written)


def test_an_unknown_route_or_faction_is_told():
    assert faults(text().replace("[bridge]", "[brigde]"))[0][0] == "unknown-route"
    assert faults(text().replace("faction: planes", "faction: plans"))[0][0] == "unknown-faction"


def test_nothing_in_the_air_can_be_struck():
    assert faults(text("kind: air"))[0] == ("bad-route", "bridge], sorties: 2 / day}")


def test_engines_agree_on_the_example_with_repair():
    net = sim.loads(example("interdict").replace("off: true", "off: no")).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=50)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=50)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 200
