"""``withdraw``: a decision, hastened by threats; who gets away, and what becomes of the place."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

N = 4_000
EXAMPLE = example("withdraw")
#: Soon after the start, and surely: a millionth of a day on average.
AT_ONCE = {"processes.pull_back.base": "1000000 / day"}
SHUT = {"routes.highway.bypass": "900 days"}
#: The example without its outcomes, then what a test adds.
CALM = EXAMPLE[: EXAMPLE.index("outcomes:")].replace("attacker: rebels, ", "")


def errors(text: str, rate: float, **changes: object) -> list[float]:
    """Return by how many standard errors the province is not left at a rate."""
    found = sim.run(sim.loads(text, set=changes), replications=N).times("given_up")
    expected = {t: 1.0 - np.exp(-rate * t) for t in (1.0, 2.0, 5.0)}
    return [
        abs(float(np.mean(found <= t)) - p) / np.sqrt(p * (1.0 - p) / N)
        for t, p in expected.items()
    ]


def ends(text: str, changes: dict[str, object] | None = None, n: int = 50) -> dict[str, float]:
    """Return what is watched at the end, the same in all replications."""
    frame = sim.run(sim.loads(text, set=changes), replications=n).ends
    assert all(len(set(frame[name])) == 1 for name in frame if name != "replication"), frame
    return {str(name): frame[name].iloc[0] for name in frame}


def faults(text: str, **changes: str) -> list[tuple[str, str]]:
    """Return the codes of what is wrong with a text, and at which key."""
    with pytest.raises(ScenarioError) as caught:
        sim.loads(text, set=changes)
    return [(d.code, d.path) for d in caught.value.diagnostics]


# The decision.


@pytest.mark.statistical
def test_another_factor_would_be_noticed():
    assert max(errors(EXAMPLE, 0.5, **{"processes.pull_back.threat_factor": "6"})) > 6.0


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("attacker: rebels, ", ""),
        # What is attacked is worth no more than what would be given up.
        ("attacker: rebels, ", "attacker: rebels, value: 0.25, "),
        ("province: {", "province: {value: 1, "),
        ("capital: capital, ", ""),
    ],
)
def test_without_a_threat_to_more_than_is_given_up_it_is_given_up_at_base(old: str, new: str):
    assert max(errors(EXAMPLE.replace(old, new), 0.1)) < 4.5


@pytest.mark.statistical
def test_what_it_protects_hastens_it_whatever_that_is_worth():
    text = EXAMPLE.replace("takes: 0.75}", "takes: 0.75, protects: [capital]}")
    assert max(errors(text, 0.5, **{"places.capital.value": "0.1"})) < 4.5


@pytest.mark.statistical
def test_values_that_are_drawn_are_compared_in_each_replication():
    # Worth more than 0.5 in half of them: then at 0.5 a day, else at 0.1.
    changes = {"places.capital.value": {"uniform": ["0", "1"]}, "places.province.value": "0.5"}
    found = sim.run(sim.loads(EXAMPLE, set=changes), replications=N)
    times, value = found.times("given_up"), found.inputs["places.capital.value"].to_numpy()
    for is_more, rate in ((True, 0.5), (False, 0.1)):
        chosen = times[(value > 0.5) == is_more]
        p = 1.0 - np.exp(-rate * 2.0)
        assert abs(np.mean(chosen <= 2.0) - p) < 4.5 * np.sqrt(p * (1.0 - p) / len(chosen))


@pytest.mark.statistical
def test_a_threatened_place_of_the_enemy_threatens_nothing():
    fort = "places:\n  fort: {control: rebels, attacker: government, value: 1}\n"
    text = EXAMPLE.replace("attacker: rebels, ", "").replace("places:\n", fort)
    assert "pull_back.threat" in [d.name for d in sim.loads(text).net.definitions]
    assert max(errors(text, 0.1)) < 4.5


# What becomes of it.

WATCH = """
watch:
  there: capital.garrison.government
  here: province.garrison.government
  under_way: pull_back.under_way
  done: pull_back.done
  is_nobodys: province.control == none
  is_rebel: province.control == rebels
  shock: government.shock > 0
"""


def test_a_share_gets_away_and_nobody_holds_what_is_left():
    found = ends(CALM + WATCH, AT_ONCE)
    assert (found["there"], found["here"]) == (2_750.0, 0.0)
    assert (found["is_nobodys"], found["is_rebel"]) == (1.0, 0.0)
    assert (found["under_way"], found["done"]) == (0.0, 1.0)


def test_all_who_take_nothing_are_lost():
    found = ends(CALM + WATCH, {**AT_ONCE, "processes.pull_back.takes": "0"})
    assert (found["there"], found["here"]) == (2_000.0, 0.0)


def test_an_attacker_takes_what_is_left():
    changes = {**AT_ONCE, "places.province.attacker": "rebels"}
    found = ends(CALM + WATCH, changes)
    assert (found["is_rebel"], found["there"]) == (1.0, 2_750.0)


def test_it_is_not_decided_while_no_way_is_open():
    found = ends(CALM + WATCH, {**AT_ONCE, "routes.highway.status": "cut", **SHUT})
    assert (found["here"], found["under_way"], found["done"]) == (1_000.0, 0.0, 0.0)


def test_a_way_that_opens_lets_it_be_decided():
    opens = "transitions: {opens: {at: 4 days, then: {highway.status: bypass}}}\n"
    text = CALM + opens + "outcomes: {given_up: province.fell_by == withdraw}\n"
    changes = {**AT_ONCE, "routes.highway.status": "cut", **SHUT}
    times = sim.run(sim.loads(text, set=changes), replications=20).times("given_up")
    assert np.all((times > 4.0) & (times < 4.001))


FAR = """
title: A garrison at the end of the road
clock: {horizon: 10 days}
factions:
  government: {present_fraction: 1, supply: 900 days}
  guards: {role: ally, of: government, present_fraction: 1, supply: 900 days}
  rebels: {supply: 900 days}
hostile: [[rebels, government], [rebels, guards]]
places:
  outpost: {control: government, garrison: {government: 800, guards: 80, rebels: 50}}
  half_way: {control: government, garrison: {government: 100}}
  capital: {control: government}
  port: {control: government}
routes:
  east: {between: [outpost, half_way], km: 200}
  west: {between: [half_way, capital], km: 200}
  coast: {between: [half_way, port], km: 100}
processes:
  collapse: {kind: collapse, off: yes}
  go: {kind: withdraw, faction: government, from: [outpost], to: [capital, port],
       base: 1000000 / day, takes: 0.5}
watch:
  capital: capital.garrison.government
  port: port.garrison.government
  guards: capital.garrison.guards
  guards_at_port: port.garrison.guards
  outpost: outpost.garrison.government
  guards_left: outpost.garrison.guards
  holds: outpost.control == government
  done: go.done
"""


def test_they_go_through_places_of_their_own_to_the_first_that_is_open():
    found = ends(FAR)
    assert (found["capital"], found["guards"]) == (400.0, 40.0)
    assert (found["port"], found["guards_at_port"], found["holds"]) == (0.0, 0.0, 0.0)


def test_they_go_to_the_second_where_the_first_is_cut_off():
    for changes in ({"routes.west.status": "cut"}, {"places.capital.control": "rebels"}):
        changes |= {"routes.west.bypass": "900 days"}
        found = ends(FAR, changes)
        assert (found["capital"], found["port"], found["guards_at_port"]) == (0.0, 400.0, 40.0)


def test_an_enemy_on_the_only_way_keeps_them_where_they_are():
    found = ends(FAR, {"places.half_way.control": "rebels"})
    assert (found["outpost"], found["holds"], found["done"]) == (800.0, 1.0, 0.0)


def test_an_ally_that_does_not_hold_the_place_pulls_out_alone():
    found = ends(FAR, {"processes.go.faction": "guards"})
    assert (found["guards"], found["guards_left"]) == (40.0, 0.0)
    assert (found["capital"], found["outpost"]) == (0.0, 800.0)
    assert (found["holds"], found["done"]) == (1.0, 1.0)


def test_one_decision_is_for_all_places_and_ends_when_the_last_is_left():
    text = FAR.replace("from: [outpost]", "from: [outpost, half_way]")
    found = ends(text)
    # The outpost is left first: its way leads through the other.
    assert (found["capital"], found["guards"], found["done"]) == (450.0, 40.0, 1.0)


def test_a_place_that_is_cut_off_is_left_when_a_way_opens():
    text = FAR.replace("from: [outpost]", "from: [outpost, half_way]")
    text = text.replace(
        "watch:", "outcomes: {done: go.done, first: half_way.control == none}\nwatch:"
    )
    text += "transitions: {opens: {at: 4 days, then: {east.status: open}}}\n"
    changes: dict[str, object] = {"routes.east.status": "cut", "routes.east.bypass": "900 days"}
    found = sim.run(sim.loads(text, set=changes), replications=20)
    # Half-way is left at once, so no way ever leads out of the outpost.
    assert np.all(found.times("first") < 0.001)
    assert np.all(np.isinf(found.times("done")))
    text = text.replace("half_way, capital], km: 200", "outpost, capital], km: 200")
    text = text.replace("east.status", "west.status")
    changes = {"routes.west.status": "cut", "routes.west.bypass": "900 days"}
    changes |= {"routes.east.status": "cut", "routes.east.bypass": "900 days"}
    found = sim.run(sim.loads(text, set=changes), replications=20)
    assert np.all(found.times("first") < 0.001)
    assert np.all(found.times("done") == 4.0)


def test_a_place_taken_again_is_not_left_again():
    text = (
        CALM + WATCH + ("transitions: {back: {at: 5 days, then: {province.control: government}}}\n")
    )
    found = ends(text, AT_ONCE)
    assert (found["is_nobodys"], found["done"]) == (0.0, 1.0)


# When it goes on.


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({"processes.pull_back.off": "yes"}, np.inf, np.inf),
        ({"processes.pull_back.when": "capital.attacker != none"}, np.inf, np.inf),
        ({"processes.pull_back.from_time": "3 days"}, 3.0, 3.001),
        ({"processes.pull_back.until": "0 days"}, np.inf, np.inf),
        ({"processes.pull_back.until": "1 day"}, 0.0, 0.001),
    ],
)
def test_it_is_decided_only_while_it_may(changes: dict[str, object], first: float, last: float):
    text = CALM + "outcomes: {given_up: province.fell_by == withdraw}\n"
    times = sim.run(sim.loads(text, set={**AT_ONCE, **changes}), replications=20).times("given_up")
    assert np.all((times >= first) & (times <= last))


def test_trace_tells_what_its_author_says():
    text = CALM.replace("takes: 0.75}", "takes: 0.75, says: The army goes home}")
    told = sim.trace(sim.loads(text, set=AT_ONCE), seed=1, replication=0)
    assert "The army goes home" in str(told)


def test_engines_agree_bit_for_bit():
    for text in (EXAMPLE, FAR.replace("1000000 / day", "0.3 / day")):
        net = sim.loads(text).net
        reference = run_ensemble(net, engine="reference", seed=1, replications=40)
        compiled = run_ensemble(net, engine="compiled", seed=1, replications=40)
        assert differences(reference, compiled) == []
        assert compiled.n_events.sum() > 0


# Faults.


def test_bad_keys_are_told_where_they_stand():
    def wrong(old: str, new: str) -> list[tuple[str, str]]:
        return faults(EXAMPLE.replace(old, new))

    at = "processes.pull_back"
    assert wrong("to: [capital]", "to: [capitol]") == [("unknown-place", f"{at}.to")]
    assert wrong("from: [province]", "from: [provinces]") == [("unknown-place", f"{at}.from")]
    assert wrong("to: [capital]", "to: []") == [("empty-list", f"{at}.to")]
    assert wrong("from: [province]", "from: []") == [("empty-list", f"{at}.from")]
    assert ("bad-place", f"{at}.to") in wrong("to: [capital]", "to: [province]")
    assert wrong("base: 0.1 / day", "base: 0.1") != []
    assert wrong("takes: 0.75", "takes: 1.75") != []
    assert wrong("faction: government", "faction: nobody")[0][0] == "unknown-faction"
    assert wrong("withdraw, faction: government", "withdraw, faction: russia") != []
    patron = EXAMPLE.replace("withdraw, faction: government", "withdraw, faction: russia").replace(
        "factions:\n", "factions:\n  russia: {role: patron}\n"
    )
    assert faults(patron) == [("no-front", f"{at}.faction")]
    assert wrong("  highway: {between: [province, capital], km: 100}", "  {}") == [
        ("no-way", f"{at}.from")
    ]


def test_a_message_says_who_cannot_get_where():
    text = EXAMPLE.replace("km: 100}", "km: 100, open_to: [rebels]}")
    with pytest.raises(ScenarioError, match="no road on which 'government' may march") as caught:
        sim.loads(text, "t.yaml")
    (found,) = caught.value.diagnostics
    assert found.position is not None
    assert text.splitlines()[found.position.line - 1].strip().startswith("{kind: withdraw")
