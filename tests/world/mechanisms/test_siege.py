"""``siege``: when its clock runs, to whom the place falls, and that a law with a shape restarts."""

import math

import numpy as np
import pytest

import sim
from tests.oracles.mechanisms import unvaried
from tests.world.mechanisms.known import TOO_MANY, by, error, last, told

EXAMPLE = unvaried("siege")
TEN = by(0.1, since=2.0)
OPEN = EXAMPLE.replace(
    "routes: {road", "  rear: {control: army}\nroutes: {back: {between: [town, rear], km: 9}, road"
)


def never(text: str, **changes: str) -> bool:
    """Return whether nobody ever gives in."""
    found = sim.run(sim.loads(text, set=changes), replications=300)
    return not np.isfinite(found.times("falls")).any()


def test_the_usual_law_is_exponential_with_a_scale_of_400_days():
    text = EXAMPLE.replace("hunger: {kind: siege, time: {weibull: {shape: 1, scale: 10 days}}}", "")
    text = text.replace("horizon: 40 days", "horizon: 400 days").replace("processes:\n", "")
    assert error(text, "falls", by(1.0 / 400.0, since=2.0), days=(100.0, 400.0)) < TOO_MANY


def test_who_has_a_road_home_and_no_attacker_is_not_besieged():
    assert never(OPEN)


def test_an_attacker_besieges_whoever_has_run_dry():
    text = OPEN.replace("town: {control: army", "town: {control: army, attacker: rebels")
    off = "  no_collapse: {kind: collapse, off: yes}\n  hunger"
    # In contact, twice as much is eaten: combat_consumption.
    text = text.replace("  hunger", off).replace("present_fraction: 1", "combat_consumption: 2")
    assert error(text, "falls", by(0.1, since=1.0), days=(3.0, 8.0, 20.0)) < TOO_MANY


@pytest.mark.parametrize(
    "changes",
    [
        {"routes.road.status": "cut", "routes.road.bypass": "900 days"},
        {"places.town.supply": "900 days"},
        {"places.town.garrison.army": "0"},
        {"places.camp.control": "none"},
        {"processes.hunger.off": "yes"},
        {"places.town.attackable_by": "[]"},
    ],
    ids=str,
)
def test_nobody_gives_in_to_nobody(changes):
    assert never(EXAMPLE, **changes)


def test_an_enemy_who_has_fallen_apart_surrounds_nobody():
    text = EXAMPLE + "transitions: {ends: {at: 1 day, then: {rebels.collapsed: 1}}}\n"
    assert never(text)


def test_supplies_let_it_begin_anew():
    """A law that is sure after five days: resupplied on day 6, it gives in five days after 8."""
    text = EXAMPLE.replace("weibull: {shape: 1, scale: 10 days}", "deterministic: 5 days")
    text += "transitions: {drop: {at: 6 days, then: {town.supply: 2 days}}}\n"
    times = sim.run(sim.loads(text), replications=5).times("falls")
    assert times == pytest.approx(np.full(5, 13.0), abs=1e-9)
    without = text.replace("at: 6 days", "at: 30 days")
    assert sim.run(sim.loads(without), replications=5).times("falls") == pytest.approx(7.0)


def test_the_shape_is_that_of_a_weibull_law():
    text = EXAMPLE.replace("shape: 1,", "shape: 3,")

    def law(days: float) -> float:
        return -math.expm1(-(((days - 2.0) / 10.0) ** 3))

    assert error(text, "falls", law, days=(8.0, 12.0, 16.0)) < TOO_MANY


def test_who_can_still_get_out_does():
    text = OPEN.replace("town: {control: army", "town: {control: army, attacker: rebels")
    text = text.replace("  hunger", "  collapse: {kind: collapse, lost: 0.25, base_rate: 0 / day,"
                        " contact_rate: 0 / day, shock_rate: 0 / day}\n  hunger")  # fmt: skip
    text = text.replace("weibull: {shape: 1, scale: 10 days}", "deterministic: 5 days")
    text = text.replace("present_fraction: 1", "present_fraction: 1, combat_consumption: 2")
    text = text.replace("horizon: 40 days", "horizon: 7 days")
    found = last(text, {"there": "rear.garrison.army", "here": "town.garrison.army"})
    assert found == {"there": 300.0, "here": 0.0}


def test_trace_tells_it():
    assert "town gives in for want of supplies" in told(EXAMPLE)
    says = EXAMPLE.replace("kind: siege,", "kind: siege, says: Hunger,")
    assert "Hunger" in told(says)
