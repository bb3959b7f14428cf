"""``displacement``: people flee from threatened places, as many as the rate says."""

import math

import numpy as np
import pytest

import sim
from sim.errors import ScenarioError
from sim.world.mechanisms.displacement import STEP
from tests.oracles.mechanisms import example

PEOPLE = 100_000
SIDES = (
    "factions: {army: {supply: 900 days}, rebels: {supply: 900 days}}\nhostile: [[army, rebels]]"
)
CITY = "city: {control: army, population: 100000, attacker: rebels, garrison: {army: 1000}"
HAVEN = "haven: {control: army, population: 10}"
ROAD = "road: {between: [city, haven], km: 40}"
FLIGHT = "flight: {kind: displacement, rate: 0.05 / day}"


def text(
    *,
    city: str = "",
    places: tuple[str, ...] = (HAVEN,),
    routes: tuple[str, ...] = (ROAD,),
    processes: tuple[str, ...] = (FLIGHT,),
    sides: str = SIDES,
    horizon: str = "20 days",
    more: str = "",
) -> str:
    """Return a world in which nothing happens but flight."""
    quiet = [f"no_{kind}: {{kind: {kind}, off: yes}}" for kind in ("assault", "collapse")]
    sections = {
        "places": (f"{CITY}{city}}}", *places),
        "routes": routes,
        "processes": (*quiet, *processes),
    }
    body = "\n".join(
        f"{name}:\n" + "\n".join(f"  {line}" for line in lines)
        for name, lines in sections.items()
        if lines
    )
    outcomes = "outcomes: {never: city.displaced < 0 persons}"
    return f"title: Flight\nclock: {{horizon: {horizon}}}\n{sides}\n{body}\n{outcomes}\n{more}"


def steps(scenario: str, of: str = "city.displaced") -> dict[float, float]:
    """Return the value of a name after each change, by days."""
    return {
        round(event.days, 9): float(event.changes[of][1])
        for event in sim.trace(sim.loads(scenario))
        if of in event.changes
    }


def after(scenario: str, of: str, *, starts: float = 0.0) -> float:
    """Return the last value of a name."""
    found = steps(scenario, of)
    return found[max(found)] if found else starts


def flown(rate: float, days: float, people: float = PEOPLE) -> float:
    """Return how many have gone, by the formula, at the last step that is complete."""
    # The thousandth is for rates that end on a step.
    return people * -math.expm1(-STEP * math.floor(rate * days / STEP + 1e-3))


# How many.


def follows_the_formula(scenario: str) -> bool:
    return all(
        math.isclose(gone, PEOPLE * -math.expm1(-0.05 * days), rel_tol=1e-9)
        for days, gone in steps(scenario).items()
    )


def test_the_example_loses_a_twentieth_of_the_logarithm_each_day():
    assert len(steps(example("displacement"))) == 60
    assert follows_the_formula(example("displacement"))
    assert not follows_the_formula(example("displacement").replace("0.05 / day", "0.051 / day"))
    # 1 - exp(-0.1) = 0.095, 1 - exp(-0.15) = 0.139; 1 - exp(-0.7) = 0.503.
    ensemble = sim.run(sim.loads(example("displacement")), replications=5)
    assert set(ensemble.times("tenth")) == {3.0}
    assert set(ensemble.times("doubled")) == {14.0}


def test_an_uncertain_rate_gives_its_mean_displacement():
    n, low, high, days = 4_000, 0.01, 0.1, 10.0
    flight = "flight: {kind: displacement, rate: {uniform: [0.01 / day, 0.1 / day]}}"
    watch = "watch: {fled: city.displaced}"
    ensemble = sim.run(
        sim.loads(text(processes=(flight,), horizon="10 days", more=watch)), replications=n
    )
    rates = np.linspace(low, high, 100_001)[:-1] + (high - low) / 200_000
    gone = np.array([flown(rate, days) for rate in rates])
    found = ensemble.watch
    last = found.loc[found["days"] == days, "mean"].iloc[-1]
    error = gone.std() / math.sqrt(n)
    # 5 standard errors: a false alarm in 2 million. Who forgot the steps would be caught.
    assert abs(last - gone.mean()) < 5 * error
    assert abs(last - np.mean(PEOPLE * -np.expm1(-rates * days))) > 5 * error


def test_people_leave_the_population_and_join_that_of_the_refuge():
    scenario = text()
    gone = after(scenario, "city.displaced")
    assert math.isclose(gone, flown(0.05, 20.0))
    assert math.isclose(after(scenario, "city.population"), PEOPLE - gone)
    assert math.isclose(after(scenario, "haven.population"), 10 + gone)


def test_those_of_before_the_start_are_counted():
    assert math.isclose(
        after(text(city=", displaced: 7000"), "city.displaced"), 7000 + flown(0.05, 20.0)
    )


def test_a_hundredth_stays_and_a_place_costs_few_events():
    flight = "flight: {kind: displacement, rate: 5 / day}"
    gone = steps(text(processes=(flight,), horizon="900 days"))
    assert len(gone) == 93
    assert 0.009 < 1 - gone[max(gone)] / PEOPLE < 0.01


def test_the_usual_rate_is_unknown_not_luck():
    inputs = {given.name: given for given in sim.loads(text(processes=())).net.inputs}
    assert not inputs["processes.displacement.rate"].chance


# When.


@pytest.mark.parametrize(
    ("keys", "days"),
    [
        (", when: haven.population >= 1e9 persons", 0.0),
        (", off: yes", 0.0),
        (", from_time: 8 days", 12.0),
        (", until: 6.5 days", 6.5),
    ],
)
def test_it_goes_on_only_while_its_author_has_it(keys: str, days: float):
    flight = FLIGHT.replace("}", f"{keys}}}")
    assert math.isclose(after(text(processes=(flight,)), "city.displaced"), flown(0.05, days))


def test_nobody_flees_where_nobody_threatens():
    peace = text().replace(" attacker: rebels,", "")
    assert steps(peace) == {}


def test_a_threat_that_comes_again_goes_on_where_it_stopped():
    breaks = """
transitions:
  breaks: {at: 1.5 days, then: {city.attacker: none}}
  comes_again: {at: 10 days, then: {city.attacker: rebels}}
"""
    assert list(steps(text(more=breaks)))[:3] == [1.0, 10.5, 11.5]


def test_nobody_gets_out_of_an_encircled_place():
    cut = ROAD.replace("}", ", status: cut, bypass: 900 days}")
    assert steps(text(routes=(cut,))) == {}


def test_a_place_of_which_no_road_is_told_is_no_cage():
    assert math.isclose(after(text(routes=()), "city.displaced"), flown(0.05, 20.0))


# Where to.

NEAR = "near: {control: army, population: 10}"
NEAR_ROAD = "lane: {between: [city, near], km: 10}"


def arrivals(scenario: str, *names: str) -> list[bool]:
    """Return whether people come to some places."""
    found = [steps(scenario, f"{name}.population") for name in names]
    return [bool(people) and max(people.values()) > 1_000 for people in found]


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        (NEAR, [True, False]),
        (NEAR.replace("army", "rebels"), [False, True]),
        (NEAR.replace("10}", "10, attacker: rebels}"), [False, True]),
        (NEAR.replace("10}", "10, kind: base}"), [False, True]),
    ],
)
def test_the_refuge_is_the_nearest_safe_town_of_the_same_side(near: str, expected: list[bool]):
    scenario = text(places=(HAVEN, near), routes=(ROAD, NEAR_ROAD))
    assert arrivals(scenario, "near", "haven") == expected


def test_a_refuge_that_is_lost_sends_them_to_the_next():
    falls = "transitions: {falls: {at: 5.5 days, then: {near.control: rebels}}}"
    scenario = text(places=(HAVEN, NEAR), routes=(ROAD, NEAR_ROAD), more=falls)
    assert max(steps(scenario, "near.population")) == 5.0
    assert min(steps(scenario, "haven.population")) == 6.0


def test_named_refuges_go_first_in_their_order():
    flight = "flight: {kind: displacement, rate: 0.05 / day, to: [haven, near]}"
    scenario = text(places=(HAVEN, NEAR), routes=(ROAD, NEAR_ROAD), processes=(flight,))
    assert arrivals(scenario, "near", "haven") == [False, True]


def test_without_a_safe_place_they_leave_the_map():
    abroad = text(processes=("flight: {kind: displacement, rate: 0.05 / day, to: []}",))
    assert math.isclose(after(abroad, "city.displaced"), flown(0.05, 20.0))
    assert arrivals(abroad, "haven") == [False]


# Who.

ALIGNED = ", alignment: {army: 0.3}"


def of_army(more: str = "") -> str:
    return f"flight: {{kind: displacement, from: [city], share: army, rate: 0.05 / day{more}}}"


def test_a_share_is_of_those_behind_a_faction():
    scenario = text(city=ALIGNED, processes=(of_army(),))
    assert math.isclose(after(scenario, "city.displaced"), flown(0.05, 20.0, 30_000))
    half = text(processes=(of_army(),))
    assert math.isclose(after(half, "city.displaced"), flown(0.05, 20.0, 50_000))


def test_they_flee_from_their_enemies_too():
    falls = """
transitions: {falls: {at: 5.5 days, then: {city.control: rebels, city.attacker: none}}}
"""
    outpost = "outpost: {control: rebels}"
    out = "out: {between: [city, outpost], km: 5}"
    peace = {"places": (HAVEN, outpost), "routes": (ROAD, out), "more": falls}
    assert math.isclose(
        after(text(city=ALIGNED, processes=(of_army(),), **peace), "city.displaced"),
        flown(0.05, 20.0, 30_000),
    )
    assert math.isclose(after(text(**peace), "city.displaced"), flown(0.05, 5.5))


def test_a_place_may_have_several_flows_in_place_of_the_usual_one():
    flows = (
        of_army().replace("flight", "ours"),
        of_army(", to: [near]").replace("flight", "theirs").replace("army", "rebels"),
    )
    scenario = text(
        city=", alignment: {army: 0.3, rebels: 0.2}",
        places=(HAVEN, NEAR),
        routes=(ROAD,),
        processes=flows,
    )
    assert {t.name for t in sim.loads(scenario).net.transitions} >= {"ours.city", "theirs.city"}
    assert "city.displacement" not in {t.name for t in sim.loads(scenario).net.transitions}
    assert math.isclose(after(scenario, "city.displaced"), flown(0.05, 20.0, 50_000))


def test_a_flow_of_one_place_takes_the_rate_of_all_where_it_has_none():
    flow = "ours: {kind: displacement, from: [city]}"
    assert math.isclose(after(text(processes=(FLIGHT, flow)), "city.displaced"), flown(0.05, 20.0))


# What it costs.


@pytest.mark.parametrize(
    "plain", [text().replace("population: 100000, ", ""), text().replace(" attacker: rebels,", "")]
)
def test_a_place_without_people_or_enemies_has_no_clock(plain: str):
    names = {t.name for t in sim.loads(plain).net.transitions}
    assert not any("displacement" in name for name in names)


# What is wrong.


@pytest.mark.parametrize(
    ("flight", "where", "message"),
    [
        ("{kind: displacement, from: [ctiy]}", "from", "unknown place 'ctiy'"),
        ("{kind: displacement, share: amry}", "share", "unknown faction 'amry'"),
        ("{kind: displacement, to: [nowhere]}", "to", "unknown place 'nowhere'"),
        ("{kind: displacement, rate: 3 days}", "rate", ""),
        ("{kind: displacement, from: [empty]}", "from", "nobody is said to live in 'empty'"),
        (
            "{kind: displacement, from: [city], to: [city]}",
            "from",
            "'city' is where they go and where they come from",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(flight: str, where: str, message: str):
    scenario = text(places=(HAVEN, "empty: {control: army}"), processes=(f"flight: {flight}",))
    with pytest.raises(ScenarioError, match="error") as caught:
        sim.loads(scenario)
    (fault,) = caught.value.diagnostics
    assert fault.path == f"processes.flight.{where}"
    assert fault.position is not None
    assert message in fault.message
