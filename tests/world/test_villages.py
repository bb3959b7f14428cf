"""A forecast does not hang on how many villages a file lists."""

import math

import pytest

import sim

N = 8_000
WAR = """
title: By villages to a city
clock: {horizon: 30 days}
factions: {red: {}, blue: {}}
hostile: [[red, blue]]
places:
  base: {control: red, population: 200000}
  city: {control: blue, population: 300000, garrison: {blue: 2000}}
  VILLAGES
routes: {ROADS}
processes:
  push: {kind: advance, faction: red, along: AXIS, force: 5000, leave_behind: 0.5}
  collapse: {kind: collapse, shock_rate: 0.6 / day}
  MORE
outcomes: {falls: city.control == red}
"""


def roads(*names: str) -> str:
    """Return roads from place to place: 30 km to the last village, and 30 km on."""
    legs = [30 / (len(names) - 2)] * (len(names) - 2) + [30]
    joined = zip(names, names[1:], legs, strict=False)
    return ", ".join(f"{a}_{b}: {{between: [{a}, {b}], km: {km}}}" for a, b, km in joined)


def on_the_way(*villages: str, keys: str) -> str:
    """Return the war with villages on the axis, which share 60,000 people."""
    people = 60_000 // len(villages)
    listed = [f"{name}: {{control: blue, population: {people}{keys}}}" for name in villages]
    text = WAR.replace("VILLAGES", "\n  ".join(listed)).replace("MORE", "")
    axis = ["base", *villages, "city"]
    return text.replace("ROADS", roads(*axis)).replace("AXIS", f"[{', '.join(axis)}]")


def beside_it(*villages: str, keys: str) -> str:
    """Return the war with villages beside the axis, each of which a column of its own takes."""
    people = 60_000 // len(villages)
    listed = [f"{name}: {{control: blue, population: {people}{keys}}}" for name in villages]
    listed += [f"camp_{name}: {{control: red}}" for name in villages]
    paths = [f"path_{v}: {{between: [camp_{v}, {v}], km: 40}}" for v in villages]
    raids = [
        f"raid_{v}: {{kind: advance, faction: red, along: [camp_{v}, {v}], force: 100}}"
        for v in villages
    ]
    text = WAR.replace("VILLAGES", "\n  ".join(listed)).replace("MORE", "\n  ".join(raids))
    ways = ", ".join(["road: {between: [base, city], km: 60}", *paths])
    return text.replace("ROADS", ways).replace("AXIS", "[base, city]")


def differences(make, keys: str = "") -> list[float]:
    """Return by how many standard errors one village and three differ, at some times."""
    one, three = (
        sim.run(sim.loads(make(*villages, keys=keys)), replications=N)
        for villages in (("v",), ("v", "w", "x"))
    )
    found = []
    for days in (3.0, 8.0, 30.0):
        p, q = (e.probability("falls", by=days).value for e in (one, three))
        found.append(abs(p - q) / math.sqrt(max(1e-9, p * (1 - p) + q * (1 - q)) / N))
    return found


@pytest.mark.parametrize("make", [on_the_way, beside_it])
def test_one_village_or_three_parts_of_it_give_the_same_forecast(make):
    # Six comparisons at 4 standard errors: a false alarm in 2,600. What is left is below them: the
    # city is threatened from the last village, taken a few hours later than the one.
    assert max(differences(make)) < 4.0


@pytest.mark.parametrize("make", [on_the_way, beside_it])
def test_three_villages_that_weigh_a_quarter_each_would_not(make):
    assert max(differences(make, keys=", weight: 0.25")) > 4.0
