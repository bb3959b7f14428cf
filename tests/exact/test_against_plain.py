"""The solver against its plain twin, on random nets: to ten digits, where sampling sees two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings

from sim.errors import ScenarioError
from sim.exact import explore
from sim.exact.explore import Explorer
from sim.exact.solve import exact
from sim.exact.vector import States
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY
from tests.exact.plain import TooLarge, combinations, plain
from tests.net.build import net
from tests.strategies import HOUR, markov_nets

DAYS = np.array([0.0, 0.5, 1.5, 4.0]) * HOUR / SECONDS_PER_DAY


def solved(whole: Net, days: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the exact laws, (n_times, n_outcomes), and the number of states."""
    found = exact(whole, days)
    return np.stack([found.cdf(o.name) for o in whole.outcomes], axis=1), found.n_states


@pytest.mark.slow
@settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(markov_nets())
def test_random_nets_have_the_laws_and_states_of_the_plain_twin(whole):
    try:
        cdf, n_states = solved(whole, DAYS)
    except ScenarioError as error:
        if error.diagnostics[0].code != "fault":
            raise
        event("fault")
        return
    assume(len(combinations(whole)) <= 6)
    try:
        wanted, n_wanted = plain(whole, DAYS)
    except TooLarge:
        event("too large")
        return
    event("something is uncertain" if ((cdf > 0.01) & (cdf < 0.99)).any() else "all certain")
    assert cdf == pytest.approx(wanted, abs=1e-10)
    assert n_states == n_wanted


def everything() -> Net:
    """Return a net with latches, a stop, priorities, branches, draws, clipping, mixed inputs."""
    return net(
        parameters={"p": ("discrete", 0.5, 2.0, 1, 3)},
        variables={"b": "up down gone", "n": (0, 3, 1), "k": (0, 2, 0)},
        definitions={"load": "n + k"},
        transitions={
            "hit": {
                "when": "b == up",
                "rate": "p * (1 + load)/day",
                "draws": {"x": ("discrete", 1, 3, "1 + n", 1)},
                "branches": [("x", {"b": "down", "n": "n + x"}), (1, {"b": "down"})],
            },
            "mend": {"when": "b == down", "rate": "1.5/day", "then": {"b": "up", "n": "n - 1"}},
            "late": {"immediate": True, "when": "n == 3", "then": {"n": "0"}},
            "soon": {
                "immediate": True,
                "when": "n == 3 and k < 2",
                "priority": 1,
                "branches": [(1, {"k": "k + 1", "n": "2"}), (2, {"b": "gone", "n": "1"})],
            },
        },
        outcomes={
            "down": "b == down",
            "again": "down and b == up and k > 0",
            "gone": "b == gone",
            "end": "again or gone",
        },
        stop="gone or (again and n == 0)",
    )


def differs(whole: Net) -> bool:
    days = np.array([0.5, 2.0, 10.0])
    (cdf, n_states), (wanted, n_wanted) = solved(whole, days), plain(whole, days)
    return bool(np.abs(cdf - wanted).max() > 1e-10) or n_states != n_wanted


def test_one_net_with_everything():
    assert not differs(everything())


def _priorities_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Explorer.__init__

    def init(self, *args):
        original(self, *args)
        by_place = [t for t in self.net.transitions if t.clock.kind == "immediate"]
        self.immediates = by_place

    monkeypatch.setattr(Explorer, "__init__", init)


def _stop_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Explorer.record

    def record(self, states, rows, places):
        holds, is_open = original(self, states, rows, places)
        return holds, np.ones_like(is_open)

    monkeypatch.setattr(Explorer, "record", record)


def _latches_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Explorer.look_at

    def look_at(self, rows):
        states = original(self, rows)
        states.values |= {ref: np.zeros(len(rows)) for ref in self.outcomes}
        return states

    monkeypatch.setattr(Explorer, "look_at", look_at)


def _ranges_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "clip", lambda x, low, high: np.minimum(x, 4.0).clip(0.0))


def _weights_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        States, "shares", lambda self, weights, *_: np.ones_like(weights) / weights.shape[1]
    )


@pytest.mark.parametrize(
    "fault",
    [_priorities_ignored, _stop_ignored, _latches_ignored, _ranges_ignored, _weights_ignored],
)
def test_a_planted_fault_is_noticed(fault, monkeypatch):
    fault(monkeypatch)
    assert differs(everything())


def test_a_rate_off_by_a_millionth_is_noticed():
    whole = everything()
    hit, *others = whole.transitions
    days = np.array([2.0])
    pace = replace(hit.clock.law, args=(replace(hit.clock.law.args[0], value=1.000001),))
    slower = replace(hit, clock=replace(hit.clock, law=pace))
    other = replace(whole, transitions=(slower, *others))
    assert np.abs(solved(other, days)[0] - plain(whole, days)[0]).max() > 1e-10
