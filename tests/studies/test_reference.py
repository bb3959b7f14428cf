"""Which outcomes are held against the reference class, and against which attacks of it."""

import pytest

import sim
from sim.ensemble.base_rate import BaseRate
from sim.studies.reference import base_rates
from sim.studies.summary import summary
from sim.world.reference_class.base_rates import base_rate

WAR = """
title: A war
clock: {start: 2030-01-10T00:00Z, horizon: 20 days}
factions: {red: {}, blue: {losses: [LOSSES]}, power: {role: patron}}
hostile: [[red, blue]]
places:
  town:
    {control: blue, population: 90000, attacker: red, contact_since: SINCE, garrison: {blue: 900}}
  city: {control: blue, population: {interval90: [500000, 900000]}, garrison: {blue: 900}}
  drawn: {control: {choice: {blue: 2, red: 1}}, garrison: {blue: 200}}
  lost: {control: red}
  depot: {control: power, kind: base, attackable_by: []}
routes:
  a: {between: [town, city], km: 40}
  b: {between: [town, lost], km: 40}
  c: {between: [drawn, town], km: 40}
processes:
  push: {kind: advance, faction: red, along: [lost, town, city], at: town, force: 2000}
outcomes: {OUTCOMES}
"""
LOST = "{place: lost, at: 2030-01-08T00:00Z}"


def scenario(outcomes, *, losses=LOST, since="2030-01-09T12:00Z"):
    text = WAR.replace("LOSSES", losses).replace("SINCE", since)
    return sim.loads(text.replace("OUTCOMES", outcomes))


@pytest.mark.parametrize(
    "when",
    [
        "town.control != blue",
        "town.control == red",
        "not town.control == blue",
        "blue != town.control",
    ],
)
def test_an_outcome_that_asks_for_the_fall_of_a_place_has_one(when):
    rate = base_rates(scenario(f"falls: {when}"))["falls"]
    assert rate.is_dated
    assert "within a week" in rate.of
    # The town is small: attacks with momentum on places that are not big.
    curve = base_rate(True, False).standing[0]
    assert (rate.n, rate.n_cases, rate.fell) == (curve.n, curve.n_cases, curve.fell)


@pytest.mark.parametrize(
    "when",
    [
        "town.control == blue",
        "not town.control != blue",
        "town.control != red",
        "town.control != blue and city.control == blue",
        "drawn.control != blue",
        "lost.control == blue and town.attacker == red",
        "depot.control != power",
        "town.attacker != red",
    ],
)
def test_any_other_outcome_has_none(when):
    assert base_rates(scenario(f"asked: '{when}'")) == {}


def test_a_net_without_a_world_has_none():
    text = "title: T\nclock: {horizon: 1 day}\nvariables: {x: {states: [a, b]}}\n"
    text += "transitions: {t: {when: x == a, rate: 1 / day, then: {x: b}}}\noutcomes: {o: x == b}\n"
    assert base_rates(sim.loads(text)) == {}


def test_a_place_that_nobody_attacks_yet_counts_from_contact():
    rate = base_rates(scenario("falls: city.control != blue"))["falls"]
    assert not rate.is_dated
    # Nine big places were attacked with momentum: too few, so size is left aside.
    assert rate.fell == base_rate(True).contact.fell
    assert "of contact succeeded" in rate.said(20.0)


@pytest.mark.parametrize(
    ("losses", "has_momentum"),
    [
        ("", False),
        ("{place: lost, at: 2030-01-01T00:00Z}", False),  # eight days before contact
        ("{place: lost, at: 2030-01-03T00:00Z}", True),
        ("{place: lost, at: 2030-01-09T18:00Z}", False),  # after contact
        ("{place: town, at: 2030-01-08T00:00Z}", False),  # the place itself
    ],
)
def test_momentum_is_another_place_lost_in_the_week_before_contact(losses, has_momentum):
    rate = base_rates(scenario("falls: town.control != blue", losses=losses))["falls"]
    assert rate.of.startswith("within a week") == has_momentum
    assert rate.of.startswith("with no other") != has_momentum


def test_a_place_that_has_held_for_long_is_held_against_places_that_did():
    held = scenario("falls: town.control != blue", losses="", since="2030-01-01T12:00Z")
    rate = base_rates(held)["falls"]
    assert rate.fell == base_rate(False, False).standing[7].fell
    assert rate.fell[0] == 0.0


def test_the_summary_tells_it_by_report_times():
    asked = scenario("falls: town.control != blue, later: city.control != blue")
    found = summary(sim.run(asked, replications=20), at=(0.5, 1.0, 20.0))["outcomes"]
    dated, other = found["falls"]["base_rate"], found["later"]["base_rate"]
    curve = base_rate(True, False).standing[0]
    assert [by["probability"] for by in dated["by"]] == [
        pytest.approx(curve.fell[1] / 2), curve.fell[1], curve.fell[20],
    ]  # fmt: skip
    assert dated["by"][1]["interval90"] == [curve.low[1], curve.high[1]]
    assert (dated["since"], dated["attacks"], dated["wars"]) == ("start", curve.n, curve.n_cases)
    assert other["since"] == "contact"
    assert [by["days"] for by in other["by"]] == [1.0, 7.0, 30.0]


def test_nothing_is_said_beyond_the_last_day_that_is_known():
    rate = BaseRate("of all kinds", 10, 5, True, (0.0, 0.5), (0.0, 0.4), (0.0, 0.6))
    assert rate.by(1.0) == (0.5, 0.4, 0.6)
    assert rate.by(1.01) is None
    assert rate.days(0.5) == (0,)
