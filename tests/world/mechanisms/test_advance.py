"""``advance``: where a column is, when, how strong, and what becomes of it."""

import math

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

N = 4_000
#: Nothing is left to chance: a day for 40 km, six hours of rest in a city.
STEADY = (
    "pace: 40 km/day, reach: 1e9 km, rest: 6 h, regroup: 2 days, force: 1000, leave_behind: 0.1"
)
SIDES = "factions: {red: {}, blue: {}, green: {}}\nhostile: [[red, blue], [green, blue]]\n"
CALM = "  assault: {kind: assault, off: yes}\n  collapse: {kind: collapse, off: yes}\n"
PLACES = {
    "base": "control: red, population: 200000",
    "town": "control: blue, population: 200000",
    "fort": "control: blue, population: 200000",
}
ROUTES = {"road": "between: [base, town], km: 40", "track": "between: [town, fort], km: 40"}
WATCH = "{state: push.state, at: push.at, force: push.force, holder: town.control}"


def world(push: str = "", *, processes: str = CALM, more: str = "", sides: str = SIDES, **changed):
    """Return a file with one column from base by town to fort; ``town="..."`` rewrites a place."""
    places = {**PLACES, **{k: v for k, v in changed.items() if k not in ROUTES}}
    routes = {**ROUTES, **{k: v for k, v in changed.items() if k in ROUTES}}
    lines = ["title: A column", "clock: {horizon: 20 days}", sides.strip(), "places:"]
    lines += [f"  {name}: {{{keys}}}" for name, keys in places.items()]
    lines += ["routes:", *(f"  {name}: {{{keys}}}" for name, keys in routes.items())]
    keys = ", ".join(filter(None, ["kind: advance, faction: red", STEADY, push]))
    axis = "" if "along:" in push else ", along: [base, town, fort]"
    lines += ["processes:", f"  push: {{{keys}{axis}}}", processes.rstrip()]
    lines += ["outcomes: {falls: town.control == red, is_passed: fort.control == red}"]
    return "\n".join([*lines, more or f"watch: {WATCH}"]) + "\n"


def one(text: str, **outcomes: float) -> dict[str, object]:
    """Return how the only way that a world can go ends; and check when outcomes happen, in days."""
    ensemble = sim.run(sim.loads(text), replications=3)
    for name, days in outcomes.items():
        assert ensemble.times(name) == pytest.approx([days] * 3), name
    return ensemble.ends.drop(columns=["reason"]).iloc[0].to_dict()


def first(text: str, outcome: str) -> float:
    return float(sim.run(sim.loads(text), replications=1).times(outcome)[0])


def transitions(text: str) -> set[str]:
    return {t.name for t in sim.loads(text).net.transitions}


# The march.


def test_legs_and_rests_add_up():
    end = one(world(), falls=1.0, is_passed=2.25)
    assert (end["at"], end["state"]) == ("fort", "spent")


def test_pace_halves_with_each_reach():
    one(world().replace("reach: 1e9 km", "reach: 40 km"), is_passed=3.25)


@pytest.mark.parametrize(
    ("km", "kind", "days"), [(40, "road", 1.0), (40, "track", 2.0), (80, "rail", 2.0)]
)
def test_a_leg_takes_as_long_as_its_road(km, kind, days):
    one(world(road=f"between: [base, town], km: {km}, kind: {kind}"), falls=days)


def test_a_by_pass_slows_and_a_cut_road_stops():
    road = "between: [base, town], km: 40, repair: 900 days, bypass: 3 days, bypass_share: 0.25"
    one(world(road=f"{road}, status: bypass"), falls=4.0)
    one(world(road=f"{road}, status: cut"), falls=7.0)


def test_a_road_cut_on_the_way_costs_no_ground():
    more = "transitions: {drops: {at: 12 h, then: {road.status: cut}}}"
    road = "between: [base, town], km: 40, bypass: 2 days, bypass_share: 1, repair: 900 days"
    one(world(road=road, more=more), falls=3.0)


def test_the_second_best_road_is_taken_while_the_best_is_cut():
    text = world(road="between: [base, town], km: 40, status: cut, bypass: 900 days")
    detour = "  detour: {between: [town, base], km: 100}\n"
    one(text.replace("processes:\n", f"{detour}processes:\n", 1), falls=2.5)
    one(world().replace("processes:\n", f"{detour}processes:\n", 1), falls=1.0)


@pytest.mark.parametrize(
    ("keys", "pace"),
    [("hasty", 4.0), ("prepared", 4.0 * 0.66), ("fortified, terrain: rugged", 4.0 * 0.5 * 0.48)],
)
def test_a_defended_line_is_marched_at_opposed_pace(keys, pace):
    road = f"between: [base, town], km: 8, posture: {keys}"
    one(world("opposed_pace: 4 km/day", road=road), falls=8.0 / pace)


def test_a_belt_with_a_posture_is_opposed_where_an_enemy_holds_it():
    town = "population: 200000, posture: prepared, belt: 4 km"
    days = 36.0 / 40.0 + 4.0 / (8.0 * 0.66)
    one(world("opposed_pace: 8 km/day", town=f"control: blue, {town}"), falls=days)
    one(world("opposed_pace: 8 km/day", town=f"control: red, {town}"), is_passed=2.25)
    one(world("opposed_pace: 8 km/day"), falls=1.0)  # of no posture anything is said


def test_a_belt_longer_than_the_road_is_all_of_it():
    town = "control: blue, posture: hasty, belt: 400 km"
    one(world("opposed_pace: 8 km/day", town=town), falls=5.0)


def test_luck_is_of_each_stretch_from_city_to_city():
    lucky = world().replace("pace: 40 km/day, ", "")
    inputs = sim.run(sim.loads(lucky), replications=500).inputs
    paces = [inputs[f"processes.push.pace.{place}"] for place in ("town", "fort")]
    assert abs(np.corrcoef(np.log(paces))[0, 1]) < 0.2  # 4.5 standard errors
    village = lucky.replace("town: {control: blue, population: 200000}", "town: {control: blue}")
    named = [i.name for i in sim.loads(village).net.inputs if ".pace." in i.name]
    assert named == ["processes.push.pace.fort"]


# At a place.


def test_who_takes_a_place_leaves_some_behind_and_is_joined_by_its_reserve():
    more = "watch: {left: town.garrison.red, force: push.force}"
    end = one(world("reserve: 500 persons", more=more))
    assert end["left"] == pytest.approx(100.0)
    assert end["force"] == pytest.approx((900.0 + 500.0) * 0.9)


def test_a_small_place_costs_less_force_and_less_time():
    text = world(town="control: blue, population: 50000", more="watch: {left: town.garrison.red}")
    end = one(text, is_passed=1.0 + 0.125 + 1.0)
    assert end["left"] == pytest.approx(1000.0 * (1.0 - 0.9**0.5))


def test_nothing_is_left_in_places_that_its_side_holds_already():
    more = "watch: {left: town.garrison.red}"
    end = one(world(town="control: red", more=more), is_passed=2.0 + 0.25 * 6 / 24)
    assert end["left"] == 0.0


def test_a_garrison_holds_a_column_up():
    held = "control: blue, garrison: {blue: 100}, present_fraction: {blue: 1}"
    end = one(world(town=held), falls=math.inf)
    assert (end["at"], end["state"]) == ("town", "contact")


def test_a_place_that_changes_hands_on_the_way_is_passed_or_attacked_as_it_is_then():
    held = "control: blue, population: 200000, garrison: {blue: 100}, present_fraction: {blue: 1}"
    for holder, is_through in (("red", True), ("green", True), ("blue", False)):
        more = f"transitions: {{turns: {{at: 12 h, then: {{town.control: {holder}}}}}}}"
        days = first(world(town=held, more=more), "is_passed")
        assert days == pytest.approx(2.25 if is_through else math.inf)


def test_a_place_lost_behind_it_does_not_stop_a_march():
    more = "transitions: {turns: {at: 12 h, then: {base.control: blue}}}"
    one(world(more=more), falls=1.0, is_passed=2.25)


def test_a_place_that_nobody_holds_is_entered_by_who_may():
    one(world(town="control: none"), falls=1.0)
    one(world(town="control: none, attackable_by: []"), falls=math.inf, is_passed=2.0 + 0.25 / 4)


def test_a_base_that_is_never_entered_stops_the_axis():
    end = one(world(town="control: blue, attackable_by: []"), falls=math.inf, is_passed=math.inf)
    assert end["state"] == "contact"


def test_neutral_places_are_passed():
    one(world(town="control: green, population: 200000"), falls=math.inf, is_passed=2.25)


def test_an_ally_s_garrison_defends_with_the_holder():
    sides = "factions: {red: {}, blue: {}, friend: {role: ally, of: blue}, green: {}}\n"
    sides += "hostile: [[red, blue], [red, friend], [green, blue]]\n"
    held = "control: blue, garrison: {friend: 100}, present_fraction: {friend: 1}"
    one(world(town=held, sides=sides), falls=math.inf)


def test_where_the_holder_is_drawn_each_replication_is_its_own():
    drawn = "control: {choice: {red: 1, blue: 1}}, garrison: {blue: 100}"
    ensemble = sim.run(sim.loads(world(town=drawn)), replications=400)
    is_red = ensemble.inputs["places.town.control"] == "red"
    assert 0 < is_red.sum() < 400
    assert np.isfinite(ensemble.times("is_passed")[is_red]).all()
    assert not np.isfinite(ensemble.times("is_passed")[~is_red]).any()


def test_a_column_may_start_where_the_holder_is_drawn():
    drawn = "control: {choice: {red: 1, blue: 1}}, garrison: {blue: 100}"
    ensemble = sim.run(sim.loads(world(base=drawn)), replications=200)
    is_red = ensemble.inputs["places.base.control"] == "red"
    assert np.isfinite(ensemble.times("falls")).tolist() == is_red.tolist()


def test_it_begins_at_its_start_and_knows_nothing_of_what_lies_behind():
    text = world("at: town", town="control: red, population: 200000")
    one(text, is_passed=1.0)
    assert not any("base" in name for name in transitions(text) if name.startswith("push"))


def test_two_enemies_at_one_place_do_not_chase_each_other_in_no_time():
    rival = f"  rival: {{kind: advance, faction: green, {STEADY}, along: [camp, town]}}\n"
    sides = SIDES.replace("[green, blue]]", "[green, blue], [red, green]]")
    more = "watch: {holder: town.control, red: push.state, green: rival.state}"
    for leave in ("leave_behind: 0.1", "leave_behind: 0"):
        text = world(processes=rival + CALM, sides=sides, camp="control: green", more=more)
        text = text.replace("leave_behind: 0.1", leave)
        text = text.replace("routes:\n", "routes:\n  way: {between: [camp, town], km: 20}\n", 1)
        end = one(text, falls=math.inf)
        assert (end["holder"], end["red"]) == ("green", "contact")


def test_one_attacks_while_the_other_waits():
    rival = f"  rival: {{kind: advance, faction: green, {STEADY}, along: [camp, town]}}\n"
    held = "control: blue, garrison: {blue: 100}, present_fraction: {blue: 1}"
    more = "watch: {who: town.attacker, red: town.force.red, green: town.force.green}"
    text = world(processes=rival + CALM, camp="control: green", town=held, more=more)
    text = text.replace("routes:\n", "routes:\n  way: {between: [camp, town], km: 20}\n", 1)
    end = one(text)
    assert (end["who"], end["red"], end["green"]) == ("green", 1000.0, 1000.0)


# After it.

STORM = """
  assault: {kind: assault, tempo: 1, tempo_spread: 0, effectiveness_spread: 0, ATTACKER, DEFENDER}
  collapse: {kind: collapse, off: yes}
"""
WEAK = "attacker_tolerance: {deterministic: 0.0103}"  # a day at even strength
STRONG = "defender_tolerance: {deterministic: 0.9}"
EVEN = "control: blue, garrison: {blue: 1000}, present_fraction: {blue: 1}, supply: 900 days"


def storm(attacker: str, defender: str) -> str:
    return STORM.replace("ATTACKER", attacker).replace("DEFENDER", defender).lstrip("\n")


def test_after_a_broken_attack_it_regroups_and_comes_again():
    more = "watch: {force: push.force, left: town.garrison.blue, state: push.state}"
    text = world("gives_up_below: 0.98", town=EVEN, processes=storm(WEAK, STRONG), more=more)
    end = one(text)
    # It broke twice: after the second time less than 0.98 of it is left.
    assert end["force"] == pytest.approx(1000.0 * (1.0 - 0.0103) ** 2)
    assert 900.0 < end["left"] < 1000.0 * (1.0 - 0.03) ** 1
    assert end["state"] == "spent"


def test_a_column_that_gave_up_is_no_threat():
    text = world("gives_up_below: 1", town=EVEN, processes=storm(WEAK, STRONG))
    more = "outcomes: {safe: not town.threatened and time_up == 1}\n"
    more += "variables: {time_up: {integer: [0, 1], initial: 0}}\n"
    more += "transitions: {up: {at: 19 days, then: {time_up: 1}}}\n"
    text = text.replace(
        "outcomes: {falls: town.control == red, is_passed: fort.control == red}", more
    )
    assert first(text, "safe") == 19.0


def test_a_storm_costs_both_and_takes_the_place():
    more = "watch: {force: push.force, fort: fort.garrison.blue}"
    lost = "defender_tolerance: {deterministic: 0.032}"  # a day at even strength
    tough = "attacker_tolerance: {deterministic: 0.9}"
    text = world(town=EVEN, processes=storm(tough, lost), more=more)
    end = one(text.replace("horizon: 20 days", "horizon: 50 h"), falls=2.0)
    # What is left of the garrison falls back to the next place of its side.
    assert end["fort"] == pytest.approx(968.0)
    assert end["force"] == pytest.approx(1000.0 * (1.0 - 0.0103) * 0.9**0.25)


def test_a_column_at_rest_defends_and_regroups_when_it_is_thrown_out():
    counter = f"  counter: {{kind: advance, faction: blue, {STEADY}, along: [fort, town]}}\n"
    lost = "defender_tolerance: {deterministic: 0.01}"
    tough = "attacker_tolerance: {deterministic: 0.9}"
    more = "watch: {state: push.state, holder: town.control, force: push.force}"
    processes = counter + storm(tough, lost)
    text = world(
        "rest: 900 days", processes=processes, more=more, track="between: [town, fort], km: 50"
    )
    text = text.replace("rest: 6 h, ", "", 1).replace("horizon: 20 days", "horizon: 2 days")
    end = one(text, falls=1.0)
    assert (end["holder"], end["state"]) == ("blue", "regrouping")
    assert end["force"] == pytest.approx(900.0 * 0.99)


# Splitting.

SPLIT = (
    "  wing: {kind: advance, faction: red, PACE, along: [town, fort], take_from: push, share: 0.3"
)
SPLIT = SPLIT.replace("PACE", STEADY) + ", when: town.control == red}\n"


def test_a_split_column_takes_its_share_once():
    more = "watch: {wing: wing.force, main: push.force, gone: wing.gone, state: wing.state}"
    text = world("along: [base, town]", processes=SPLIT + CALM, more=more)
    end = one(text, falls=1.0, is_passed=2.0)
    assert end["main"] == pytest.approx(1000.0 * 0.9 * 0.7, rel=1e-9)
    assert end["wing"] == pytest.approx(1000.0 * 0.9 * 0.3 * 0.9, rel=1e-9)
    assert end["state"] == "spent"


def test_what_would_split_from_a_column_taken_off_is_off_as_well():
    text = world("off: yes", processes=SPLIT + CALM, more="watch: {holder: town.control}")
    assert one(text, falls=math.inf)["holder"] == "blue"
    assert not any(name.startswith(("wing", "push")) for name in transitions(text))


# When it goes.


def test_from_time_until_and_when_hold_it():
    one(world("from_time: 3 days"), falls=4.0)
    one(world("until: 12 h"), falls=math.inf)
    flag = "variables: {go: {integer: [0, 1], initial: 0}}\n"
    flag += "transitions: {goes: {at: 36 h, then: {go: 1}}}"
    one(world("when: go == 1", more=flag), falls=2.5)


def test_an_attack_waits_for_its_time_too():
    text = world("at: town, from_time: 2 days", town="control: blue")
    one(text, falls=2.0)


# Threat.


def test_a_hostile_neighbour_on_an_axis_threatens():
    held = "control: blue, garrison: {blue: 100}, present_fraction: {blue: 1}"
    text = world(town=held, fort=held).replace(
        "outcomes: {", "outcomes: {threat: town.threatened, next: fort.threatened, "
    )
    ensemble = sim.run(sim.loads(text), replications=1)
    assert ensemble.times("threat")[0] == 0.0
    assert ensemble.times("next")[0] == math.inf


def test_a_cut_road_does_not_threaten():
    held = "control: blue, garrison: {blue: 100}, present_fraction: {blue: 1}"
    road = "between: [base, town], km: 40, status: cut, bypass: 5 days, repair: 9 days"
    text = world(town=held, road=road).replace(
        "outcomes: {", "outcomes: {threat: town.threatened, "
    )
    assert first(text, "threat") == 5.0


def test_the_shock_of_contact_fades_in_quarters_of_the_holder_s_memory():
    held = "control: blue, garrison: {blue: 1000}, present_fraction: {blue: 1}, supply: 900 days"
    sides = SIDES.replace("blue: {}", "blue: {shock_memory: 4 days}")
    seen = ", ".join(
        f"at_{n}: {{at: {n + 1.5} days, then: {{s{n}: town.fresh}}}}" for n in range(5)
    )
    kept = ", ".join(f"s{n}: {{real: [0, 1], initial: 0}}" for n in range(5))
    watch = ", ".join(f"s{n}: s{n}" for n in range(5))
    more = f"variables: {{{kept}}}\ntransitions: {{{seen}}}\nwatch: {{{watch}, now: town.fresh}}"
    end = one(world(town=held, sides=sides, more=more))
    for n in range(5):
        assert end[f"s{n}"] == pytest.approx(math.exp(-n / 4))
    # Below 0.01 it ends: clocks that nobody can tell from standing still cost events.
    assert (
        one(world(town=held, sides=sides, more=more).replace("horizon: 20", "horizon: 21"))["now"]
        == 0.0
    )


def test_contact_is_not_renewed_within_two_weeks():
    regroup = "gives_up_below: 0, regroup: WAIT"
    more = "outcomes: {renewed: town.fresh == 1 and again == 1}\n"
    more += "variables: {again: {integer: [0, 1], initial: 0}}\n"
    more += "transitions: {later: {at: 3 days, then: {again: 1}}}"
    for wait, days in (("9 days", math.inf), ("15 days", 17.0)):
        text = world(
            regroup.replace("WAIT", wait), town=EVEN, processes=storm(WEAK, STRONG), more=more
        )
        text = text.replace("regroup: 2 days, ", "", 1)
        text = text.replace(
            "outcomes: {falls: town.control == red, is_passed: fort.control == red}\n", ""
        )
        assert first(text, "renewed") == pytest.approx(days, rel=1e-3)


# Faults.


def faults(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        sim.loads(text)
    found = caught.value.diagnostics
    return [(d.code, d.position.line, d.position.column) for d in found]


@pytest.mark.parametrize(
    ("push", "code", "at"),
    [
        ("along: []", "bad-axis", "[]"),
        ("along: [base, town, base]", "bad-axis", "base]"),
        ("along: [base, fort]", "no-road", "fort]"),
        ("at: base, along: [town, fort]", "bad-axis", "base, along"),
        ("take_from: push", "bad-split", "push, along"),
        ("take_from: assault", "bad-split", "assault, along"),
        ("take_from: nothing", "unknown-process", "nothing, along"),
        ("gives_up_below: 2", "out-of-range", "2, along"),
        ("pase: 3 km/day", "unknown-field", "pase"),
    ],
)
def test_faults_are_told_where_they_are(push, code, at):
    text = world(push, processes="  assault: {kind: assault}\n")
    line = next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith("  push"))
    column = text.splitlines()[line - 1].rindex(at) + 1
    assert (code, line, column) in faults(text)


def test_who_holds_no_front_has_no_column():
    sides = SIDES.replace("green: {}", "green: {role: outsider}")
    text = world(sides=sides.replace(", [green, blue]", "")).replace(
        "faction: red", "faction: green"
    )
    assert [code for code, *_ in faults(text)] == ["no-front"]


def test_a_column_has_a_force_unless_it_splits():
    assert [code for code, *_ in faults(world().replace("force: 1000, ", ""))] == ["missing-field"]
    wing = SPLIT.replace("force: 1000, ", "")
    assert first(world("along: [base, town]", processes=wing + CALM), "is_passed") < 20.0


def test_surprise_goes_to_three():
    assert [code for code, *_ in faults(world("surprise: 4"))] == ["out-of-range"]


# Both engines.


@pytest.mark.parametrize(
    "text", [example("advance"), world(processes=SPLIT)], ids=["example", "split"]
)
def test_engines_agree(text):
    net = sim.loads(text).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=40)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=40, workers=2, chunk=7)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 0
