"""``collapse``: the hazard of an army in contact, and what becomes of it."""

import math

import numpy as np
import pytest

import sim
from sim.errors import ScenarioError

N = 10_000
#: A hazard of 0.1 a day that nothing moves; each test adds what it is about.
PLAIN = """
title: A garrison
clock: {horizon: 30 days}
factions: {red: {}, blue: {resolve: 1, support: 1, supply: 900 days, cohesion: 0.5}}
hostile: [[red, blue]]
places:
  town:
    {control: blue, attacker: red, garrison: {blue: 500}, present_fraction: {blue: 1}, resolve: 1}
  rear: {control: blue}
routes: {road: {between: [town, rear], km: 20}}
processes:
  assault: {kind: assault, off: yes}
  collapse: {kind: collapse, base_rate: 0.1 / day, contact_rate: 0 / day, shock_rate: 0 / day}
  cohesion: {kind: cohesion, off: yes}
outcomes: {falls: town.control == red}
""".replace(" support: 1,", "")


def plain(army: str = "cohesion: 0.5", town: str = "resolve: 1", keys: str = "") -> str:
    """Return the file with other words for the army or the town, or more keys of ``collapse``."""
    text = PLAIN.replace("cohesion: 0.5", army).replace("resolve: 1}\n  rear", f"{town}}}\n  rear")
    return text.replace(
        "shock_rate: 0 / day", f"{keys}, shock_rate: 0 / day" if keys else "shock_rate: 0 / day"
    )


def hazard(text: str, days: float = 5.0) -> float:
    """Return the constant hazard, a day, under which as many would have fallen by then."""
    p = sim.run(sim.loads(text), replications=N).probability("falls", by=days).value
    return -math.log1p(-p) / days


def hazard_is(text: str, expected: float, days: float = 5.0) -> bool:
    """Return whether it is within 4.5 standard errors of what it should be: a false alarm in 10**5.

    The number that falls is binomial; the delta method takes its error to the hazard.
    """
    p = -math.expm1(-expected * days)
    error = math.sqrt(p / (1.0 - p) / N) / days
    return abs(hazard(text, days) - expected) < 4.5 * error


# The formula.

LOSSES = "losses: [{place: rear, at: 2024-12-01T00:00Z, weight: 2}], shock_memory: 9000 days"
PATRON = "cohesion: 0.5, patrons: {red: {support: 0.5, reliance: 0.8}}"


@pytest.mark.parametrize(
    ("changed", "factor"),
    [
        ({}, 1.0),
        ({"army": "cohesion: 0.2", "keys": "cohesion_effect: 2"}, math.exp(0.6)),
        ({"army": "cohesion: 0.9", "keys": "cohesion_effect: 2"}, math.exp(-0.8)),
        ({"town": "resolve: 4"}, 0.25),
        ({"town": "resolve: 1, supply: 0 days", "keys": "deficit_effect: 1"}, math.e),
        (
            {"town": "resolve: 1, alignment: {blue: 0.1}", "keys": "alignment_effect: 1"},
            math.exp(0.4),
        ),
        ({"town": "resolve: 1, alignment: {red: 0.1}", "keys": "alignment_effect: 1"}, 1.0),
        ({"army": PATRON, "keys": "support_effect: 1"}, math.exp(0.4)),
    ],
    ids=str,
)
def test_the_hazard_is_that_of_the_formula(changed, factor):
    assert hazard_is(plain(**changed), 0.1 * factor)


def test_shock_adds_to_the_hazard():
    text = plain(army=f"cohesion: 0.5, {LOSSES}").replace(
        "clock: {", "clock: {start: 2024-12-01T00:00Z, "
    )
    assert hazard_is(text.replace("shock_rate: 0 / day", "shock_rate: 0.05 / day"), 0.2)


def test_the_comparison_of_hazards_notices_a_tenth():
    assert not hazard_is(plain(), 0.11)


def test_the_army_s_resolve_is_that_of_all_its_places():
    text = plain().replace("{resolve: 1, supply", "{resolve: 0.25, supply")
    assert hazard_is(text, 0.4)


# Who takes it, and where they go.


def ends(text: str) -> dict[str, object]:
    watch = "{holder: town.control, by: town.fell_by, rear: rear.garrison.blue, shock: blue.shock}"
    text = text.replace("0.1 / day", "900 / day")
    ensemble = sim.run(sim.loads(f"{text}watch: {watch}\n"), replications=3)
    return ensemble.ends.iloc[0].to_dict()


def test_the_attacker_takes_it_and_the_garrison_falls_back_less_what_is_lost():
    end = ends(plain(keys="lost: 0.3"))
    assert (end["holder"], end["by"]) == ("red", "collapse")
    assert end["rear"] == pytest.approx(350.0)


def test_where_no_place_is_open_all_are_lost():
    text = plain(keys="lost: 0.3")
    cut = text.replace("km: 20", "km: 20, status: cut, bypass: 900 days")
    assert ends(cut)["rear"] == 0.0
    assert ends(text.replace("rear: {control: blue}", "rear: {control: red}"))["rear"] == 0.0


def test_its_loss_shocks_the_army_by_its_weight():
    text = plain(town="population: 50000, resolve: 1").replace("horizon: 30", "horizon: 0.1")
    assert ends(text)["shock"] == pytest.approx(0.5)


def test_under_a_threat_alone_it_is_left_to_nobody():
    text = (
        plain()
        .replace("attacker: red, ", "")
        .replace("rear: {control: blue}", "rear: {control: red}")
    )
    column = (
        "  push: {kind: advance, faction: red, along: [rear, town], force: 900, pace: 1 km/day}\n"
    )
    text = text.replace("processes:\n", f"processes:\n{column}", 1)
    text = text.replace("outcomes: {", "outcomes: {left: town.control == none, ")
    assert ends(text.replace("horizon: 30 days", "horizon: 1 day"))["holder"] == "none"
    walked = ends(text)
    assert (walked["holder"], walked["by"]) == ("red", "walkover")


def test_nobody_threatened_gives_up():
    text = plain().replace("attacker: red, ", "")
    assert hazard(text) == 0.0


def test_an_empty_place_has_nobody_who_gives_up():
    assert hazard(plain().replace("garrison: {blue: 500}, ", "")) == 0.0


# Off, when, places.


def test_off_when_and_times():
    assert hazard(plain(keys="off: yes")) == 0.0
    assert hazard(plain(keys="when: rear.control == red")) == 0.0
    times = sim.run(
        sim.loads(plain(keys="from_time: 2 days, until: 9 days")),
        replications=2_000,
    ).times("falls")
    fell = times[np.isfinite(times)]
    assert 2.0 < fell.min() < 2.2
    assert 8.0 < fell.max() < 9.0


def test_a_place_may_have_a_rate_of_its_own():
    text = plain().replace(
        "processes:\n",
        "processes:\n  here: {kind: collapse, places: [town], base_rate: 0.3 / day}\n",
        1,
    )
    assert hazard_is(text, 0.3)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("lost: 3 days", "wrong-unit|dimension|time"),
        ("lost: 1.5", "out of range"),
        ("base_rat: 1 / day", "unknown field 'base_rat'"),
        ("places: [twon]", "unknown place 'twon'"),
    ],
)
def test_faults_are_told_where_they_are(keys, code):
    text = plain(keys=keys)
    with pytest.raises(ScenarioError, match=code) as caught:
        sim.loads(text)
    line = next(n for n, line in enumerate(text.splitlines(), 1) if keys in line)
    assert [d.position.line for d in caught.value.diagnostics] == [line]
