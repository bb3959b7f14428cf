"""What bounds the solver, and what is told where a bound is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import gammainc

from sim.errors import ScenarioError
from sim.exact import explore
from sim.exact.solve import exact
from sim.net.model import Net
from tests.net.build import net


@dataclass(frozen=True)
class OnlyNet:
    """A scenario by its net alone."""

    net: Net


def poisson(**come: object) -> dict[str, object]:
    """Return a thing that happens twice a day."""
    return {
        "variables": {"n": (0, 9, 0)},
        "transitions": {"come": {"rate": "2/day", "then": {"n": "n + 1"}} | come},
    }


def test_a_scenario_is_anything_with_a_net():
    good = OnlyNet(net(**poisson(), outcomes={"o": "n == 1"}))
    assert exact(good, [1.0]).cdf("o") == pytest.approx(-np.expm1(-2.0))
    parts = poisson()
    parts["transitions"]["tick"] = {"every": "1 day", "then": {}}
    with pytest.raises(ScenarioError, match="'tick' goes by a timetable") as caught:
        exact(OnlyNet(net(**parts, outcomes={"o": "n == 1"})), [1.0])
    assert caught.value.sources == {}


def test_a_count_of_firings_that_a_guard_bounds_has_all_its_states_counted():
    """Beyond the outcome as well."""
    found = exact(net(**poisson(when="come.fired < 3"), outcomes={"o": "n == 1"}), [1.0])
    assert found.n_states == 4


def test_a_count_of_firings_without_a_bound_ends_with_the_outcome():
    found = exact(net(**poisson(), outcomes={"o": "come.fired >= 4"}), [1.0, 3.0])
    assert found.cdf("o") == pytest.approx(gammainc(4, [2.0, 6.0]), abs=1e-12)
    assert found.n_states == 5


def test_many_draws_with_many_values_are_refused(monkeypatch):
    draws = {f"x{i}": ("discrete", *range(4), *[1] * 4) for i in range(6)}
    parts = poisson(draws=draws, then={"n": "min(9, " + " + ".join(draws) + ")"})
    whole = net(**parts, outcomes={"o": "n == 9"})
    with pytest.raises(ScenarioError, match=r"the draws of 'come' have 4,096 combinations") as why:
        exact(whole, [1.0])
    (reason,) = why.value.diagnostics
    assert (reason.code, reason.path) == ("too-many-combinations", "transitions.come")
    assert reason.position is not None
    monkeypatch.setattr(explore, "_MOST_MIXES", 4_096)
    ways = np.ones(1)
    for _ in range(6):
        ways = np.convolve(ways, np.full(4, 0.25))
    assert exact(whole, [1.0]).cdf("o") == pytest.approx(-np.expm1(-2.0 * ways[9:].sum()))


def test_a_draw_that_nothing_reads_is_no_combination():
    draws = {f"x{i}": ("discrete", *range(4), *[1] * 4) for i in range(6)}
    found = exact(net(**poisson(draws=draws), outcomes={"o": "n == 1"}), [1.0])
    assert found.cdf("o") == pytest.approx(-np.expm1(-2.0))


def test_immediates_that_pass_through_too_many_states_are_told_as_such():
    parts = poisson()
    parts["transitions"]["on"] = {
        "immediate": True,
        "when": "n > 0 and on.fired >= 0",
        "then": {},
    }
    with pytest.raises(ScenarioError, match=r"limit: 1 found, and 400 that immediates pass throug"):
        exact(net(**parts, outcomes={"o": "n == 1"}), [1.0], max_states=100)


def test_a_hundred_thousand_states():
    """Five counts side by side, each up to 9: all of them at 7 or more, by the Poisson law."""
    names = [f"n{i}" for i in range(5)]
    steps = {
        f"up_{name}": {
            "when": f"{name} < 9",
            "rate": f"{1 + i}/day",
            "then": {name: f"{name} + 1"},
        }
        for i, name in enumerate(names)
    }
    whole = net(
        variables=dict.fromkeys(names, (0, 9, 0)),
        transitions=steps,
        outcomes={"o": " and ".join(f"{name} >= 7" for name in names)},
    )
    days = np.array([1.0, 3.0, 10.0])
    found = exact(whole, days)
    wanted = np.prod([gammainc(7, (1 + i) * days) for i in range(5)], axis=0)
    assert found.cdf("o") == pytest.approx(wanted, abs=1e-10)
    assert found.n_states == 100_000
