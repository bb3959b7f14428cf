"""The reference engine against the prose of `sim/net/SEMANTICS.md`, section by section.

Times are in days. What follows by arithmetic is worked out here by hand, not by another engine.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sim import draws
from sim.engines.reference import Event, ReferenceEngine, Replication
from sim.ensemble.batch import AT_START, END_REASONS, NO_VIA, NOT_YET, Batch
from sim.errors import RunFault
from sim.net.expr import Const, Distribution
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY
from tests.net import build
from tests.strategies import nets

SEED = 11


def net(**parts: Any) -> Net:
    """Return a net of ten days."""
    return build.net(**parts)


def run(whole: Net, replication: int = 0) -> Batch:
    """Run one replication."""
    return ReferenceEngine(whole).run(SEED, [replication])


def trace(whole: Net, replication: int = 0) -> list[Event]:
    """Return the events of one replication."""
    return ReferenceEngine(whole).trace(SEED, replication)


def story(whole: Net) -> list[tuple[float, str]]:
    """Return when what fired."""
    return [(event.time / SECONDS_PER_DAY, event.transition) for event in trace(whole)]


def u(key: str, life: int, word: int = 0) -> float:
    """Return a uniform of replication 0."""
    return draws.uniforms(SEED, 0, draws.name_hash(key), life)[word]


def exponential(key: str, life: int) -> float:
    """Return the standard exponential of a life."""
    return -math.log(1.0 - u(key, life))


def at(day: float, **then: str) -> dict[str, Any]:
    """Return a transition at an instant."""
    return {"at": f"{day} days", "then": then}


# 1. Start.


def test_a_start_settles_before_anything_is_due():
    whole = net(
        variables={"n": (0, 9, 1)},
        transitions={
            "first": {"immediate": True, "when": "n == 1", "then": {"n": "2"}},
            "tick": at(0, n="n + 3"),
        },
        outcomes={"two": "n == 2", "five": "n == 5"},
        watch={"n": "n"},
    )
    batch = run(whole)
    assert batch.times.tolist() == [[0.0, 0.0]]
    assert batch.causes.tolist() == [[AT_START, 1]]
    assert batch.via.tolist() == [[0, NO_VIA]]
    # Grid point 0 shows what is due at 0 done.
    assert batch.watch[0, :, 0].tolist() == [5.0, 5.0, 5.0]


def test_stop_may_hold_at_once():
    whole = net(
        variables={"n": (0, 9, 1)},
        transitions={"go": {"rate": "1/day", "then": {"n": "2"}}},
        outcomes={"one": "n == 1"},
        stop="one",
    )
    batch = run(whole)
    assert (batch.end_times[0], END_REASONS[batch.end_reasons[0]]) == (0.0, "stop")
    assert batch.n_events[0] == 0


def test_a_drawn_initial_value_is_clipped_and_marked():
    whole = net(
        parameters={"p": ("uniform", 20, 30)}, variables={"n": (0.0, 9.0, 1.0), "k": (0, 9, 1)}
    )
    variables = (replace(whole.variables[0], initial=build.Ref("input", "p")), whole.variables[1])
    batch = run(replace(whole, variables=variables))
    assert batch.clipped.tolist() == [[1, 0]]


def test_a_fraction_for_an_integer_at_the_start_is_a_fault():
    whole = net(variables={"n": (0, 9, 1)})
    whole = replace(whole, variables=(replace(whole.variables[0], initial=Const(0.5)),))
    with pytest.raises(RunFault, match=r"day 0 in 'n': 'n' is set to a fraction, 0.5"):
        run(whole)


# 2. The life of a clock.


def test_a_clock_that_has_fired_draws_anew_while_its_guard_holds():
    whole = net(
        variables={"n": (0, 3, 0)},
        transitions={"go": {"when": "n < 3", "rate": "2/day", "then": {"n": "n + 1"}}},
    )
    t, wanted = 0.0, []
    for life in (1, 2, 3):
        t = t + exponential("transition:go", life) / (2 / SECONDS_PER_DAY)
        wanted.append((t / SECONDS_PER_DAY, "go"))
    assert story(whole) == wanted


def test_arguments_of_work_are_read_when_it_is_drawn():
    whole = net(
        variables={"n": (0, 9, 2)},
        transitions={
            "change": at(1, n="7"),
            "go": {"after": ("deterministic", "n * 1 day"), "then": {}},
        },
    )
    assert story(whole) == [(1.0, "change"), (2.0, "go"), (9.0, "go")]


def test_work_may_be_nothing_or_endless():
    whole = net(
        variables={"n": (0, 2, 0)},
        transitions={
            "now": {"when": "n < 2", "after": "0 days", "then": {"n": "n + 1"}},
            "never": {"after": "inf", "then": {}},
        },
    )
    assert story(whole) == [(0.0, "now"), (0.0, "now")]
    assert END_REASONS[run(whole).end_reasons[0]] == "dead"


def test_negative_work_is_a_fault():
    whole = net(transitions={"go": {"after": ("deterministic", "-1 days"), "then": {}}})
    with pytest.raises(RunFault, match="in 'go': the work is negative"):
        run(whole)


# 3. Burning.


def burning(pace: str, **more: Any) -> Net:
    """Return a clock of 10 days' work whose pace is ``pace``, and ``n`` that steps up daily."""
    step = {"every": "1 day", "then": {"n": "n + 1"}}
    go = {
        "when": more.pop("when", "1"),
        "after": "5 days",
        "pace": pace,
        "then": {"done": "1"},
        **more,
    }
    return net(
        variables={"n": (0, 99, 0), "done": (0, 1, 0)},
        transitions={"step": step, "go": go},
        outcomes={"o": "done == 1"},
        stop="o",
    )


@pytest.mark.parametrize(
    ("pace", "day"),
    [
        ("1", 5.0),
        ("2 if n >= 3 else 1", 4.0),  # 3 days at 1, then 2 days' work at 2
        ("0 if n == 2 or n == 3 else 1", 7.0),
        ("0 if n >= 2 else 1", math.inf),
        ("0.5", 10.0),  # at the horizon itself
        ("0.49", math.inf),
    ],
)
def test_work_burns_at_the_pace_of_the_state(pace, day):
    assert run(burning(pace)).times[0, 0] == day * SECONDS_PER_DAY


def test_a_pace_that_stays_is_not_settled_anew():
    """R and F to the last bit: three thirds burned at a third would be off otherwise."""
    batch = run(burning("1/3 if n < 3 else 0.7"))
    left = 5 * SECONDS_PER_DAY - (1 / 3) * (3 * SECONDS_PER_DAY)
    assert batch.times[0, 0] == 3 * SECONDS_PER_DAY + left / 0.7


def test_a_pace_under_a_false_guard_is_not_looked_at():
    assert run(burning("log(n - 3)", when="n > 5")).n_events[0] > 5
    with pytest.raises(RunFault, match="day 5 in 'go': the value is not a number"):
        run(burning("0 * log(4.5 - n)"))


# 4. When a guard turns false.


@pytest.mark.parametrize(("memory", "day"), [("keep", 8.0), ("redraw", 10.0)])
def test_a_false_guard_freezes_work_or_drops_it(memory, day):
    """Off from day 2 to day 5: 3 of 5 days are left, or 5 again."""
    whole = burning("1", when="n < 2 or n >= 5", memory=memory)
    assert run(whole).times[0, 0] == day * SECONDS_PER_DAY


def test_frozen_work_goes_on_at_the_pace_of_its_return():
    whole = burning("1 if n < 2 else 3", when="n < 2 or n >= 5", memory="keep")
    assert run(whole).times[0, 0] == 6 * SECONDS_PER_DAY


# 5. Steps.


def test_ties_go_by_priority_and_then_by_the_order_of_the_net():
    whole = net(
        transitions={
            "c": {"at": "1 day", "then": {}},
            "b": {"after": "1 day", "when": "b.fired == 0", "then": {}},
            "low": {"at": "1 day", "priority": -1, "then": {}},
            "high": {"at": "1 day", "priority": 5, "then": {}},
            "d": {"every": "1 day", "when": "d.fired == 0", "then": {}},
        },
    )
    assert [name for _, name in story(whole)] == ["high", "c", "b", "d", "low"]


def test_what_is_due_at_the_horizon_still_happens_and_nothing_after():
    whole = net(transitions={"a": at(10), "b": at(10.0001)})
    assert story(whole) == [(10.0, "a")]
    batch = run(whole)
    assert (batch.end_times[0], END_REASONS[batch.end_reasons[0]]) == (864_000.0, "horizon")


def test_clocks_never_see_a_state_between_immediates():
    """The guard of `go` is false for a moment, in which it would lose its work."""
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={
            "go": {"when": "n == 0", "after": "3 days", "then": {}},
            "blink": at(2, n="1"),
            "back": {"immediate": True, "when": "n == 1", "then": {"n": "0"}},
        },
    )
    assert story(whole)[:3] == [(2.0, "blink"), (2.0, "back"), (3.0, "go")]


def test_immediates_are_all_looked_at_afresh_after_each():
    whole = net(
        variables={"n": (0, 99, 1)},
        transitions={
            "late": {"immediate": True, "when": "n < 40", "priority": -1, "then": {"n": "10 * n"}},
            "first": {"immediate": True, "when": "n < 3", "then": {"n": "n + 1"}},
            "second": {"immediate": True, "when": "n == 3", "then": {"n": "n + 2"}},
        },
    )
    assert [name for _, name in story(whole)] == ["first", "first", "second", "late"]


def test_outcomes_are_recorded_in_order_and_stay():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"up": at(1, n="1"), "down": at(2, n="0")},
        outcomes={
            "was": "n == 1",
            "same_step": "was",
            "again_0": "was and n == 0",
            "never": "n == 0 and not was and again_0",
        },
        totals={"was": "was"},
    )
    batch = run(whole)
    day = SECONDS_PER_DAY
    assert batch.times.tolist() == [[day, day, 2 * day, math.inf]]
    assert batch.causes.tolist() == [[0, 0, 1, NOT_YET]]
    assert batch.totals.tolist() == [[9 * day]]


def test_after_a_stop_nothing_is_looked_at():
    """The clock `go` would fault in the state that stops the replication."""
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={
            "up": {"every": "3 days", "then": {"n": "n + 1"}},
            "go": {"rate": "(1 - n)/day"},
        },
        outcomes={"two": "n == 2"},
        watch={"n": "n"},
        totals={"n": "n"},
        stop="two",
    )
    whole = replace(
        whole,
        transitions=(
            whole.transitions[0],
            replace(whole.transitions[1], branches=(build.Branch(()),)),
        ),
    )
    batch = run(whole)
    assert (batch.end_times[0], END_REASONS[batch.end_reasons[0]]) == (6 * SECONDS_PER_DAY, "stop")
    assert batch.watch[0, :, 0].tolist() == [0.0, 1.0, 2.0]
    assert batch.totals[0, 0] == 3 * SECONDS_PER_DAY


def test_a_dead_replication_goes_on_as_it_is():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"up": at(1, n="4"), "idle": {"at": "2 days", "when": "n == 0", "then": {}}},
        watch={"n": "n"},
        totals={"n": "n"},
    )
    batch = run(whole)
    assert END_REASONS[batch.end_reasons[0]] == "dead"
    assert batch.end_times[0] == 2 * SECONDS_PER_DAY
    assert batch.n_events[0] == 1
    assert batch.watch[0, :, 0].tolist() == [0.0, 4.0, 4.0]
    assert batch.totals[0, 0] == 4 * 9 * SECONDS_PER_DAY


def test_watch_points_show_what_has_happened_by_then():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"a": at(5, n="n + 1"), "b": at(5, n="n + 1"), "c": at(9, n="7")},
        watch={"n": "n"},
    )
    assert run(whole).watch[0, :, 0].tolist() == [0.0, 2.0, 7.0]
    beyond = replace(whole, grid=(0.0, 5.5 * SECONDS_PER_DAY, 50 * SECONDS_PER_DAY))
    assert run(beyond).watch[0, :, 0].tolist() == [0.0, 2.0, 7.0]


def test_a_total_is_settled_where_its_value_changes():
    """To the last bit: the other clock's events must not cut the sum into more pieces."""
    third = 0.1 * SECONDS_PER_DAY
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"up": {"at": "7 days", "then": {"n": "1"}}, "noise": {"every": "0.3 days"}},
        totals={"x": "0.1 * (1 + n)"},
    )
    whole = replace(
        whole,
        transitions=(
            whole.transitions[0],
            replace(whole.transitions[1], branches=(build.Branch(()),)),
        ),
    )
    assert run(whole).totals[0, 0] == third * 7 / 1.0 + 0.2 * (3 * SECONDS_PER_DAY)


@pytest.mark.parametrize("stops", [[], [0.0], [1.0, 1.0, 2.5], [9.9999, 10.0], [50.0]])
def test_advancing_in_parts_changes_nothing(stops):
    whole = burning("1/3 if n < 3 else 0.7")
    engine = ReferenceEngine(whole)
    batch = engine.run(SEED, [0])
    part = engine.start(SEED, 0, [])
    for day in stops:
        part.advance(day * SECONDS_PER_DAY)
        assert part.now <= day * SECONDS_PER_DAY
    part.advance(math.inf)
    assert part.times == batch.times[0].tolist()
    assert part.end_time == batch.end_times[0]
    assert part.n_events == batch.n_events[0]


# 6. Firing.


def test_assignments_are_made_together():
    whole = net(
        variables={"a": (0, 9, 1), "b": (0, 9, 2)},
        transitions={"swap": at(1, a="b", b="a")},
        watch={"a": "a", "b": "b"},
    )
    assert run(whole).watch[0].tolist() == [[1.0, 2.0], [2.0, 1.0], [2.0, 1.0]]


def test_draws_come_before_weights_and_weights_before_effects():
    """Which branch is certain only through the draw; all are read on the state before."""
    whole = net(
        variables={"n": (0, 99, 1), "k": (0, 99, 0)},
        transitions={
            "go": {
                "at": "1 day",
                "draws": {"x": ("deterministic", "n + 4"), "y": ("deterministic", "2 * n")},
                "branches": [("x - 5", {"n": "50"}), ("y", {"n": "x", "k": "10 * y + n"})],
            }
        },
        watch={"n": "n", "k": "k"},
    )
    assert run(whole).watch[0, -1].tolist() == [5.0, 21.0]


def test_draws_and_branches_have_streams_of_their_own():
    whole = net(
        variables={"x": (0.0, 9.0, 0.0), "n": (0, 99, 0)},
        transitions={
            "go": {
                "every": "1 day",
                "draws": {"a": ("uniform", 0, 1), "b": ("uniform", 0, 1)},
                "branches": [(1, {"x": "a", "n": "2 * n"}), (1, {"x": "b", "n": "2 * n + 1"})],
            }
        },
        watch={"x": "x", "n": "n"},
    )
    taken = [int(u("transition:go", life, word=1) >= 0.5) for life in range(1, 7)]
    assert {0, 1} == set(taken)
    run_to_6 = replace(whole, grid=(6 * SECONDS_PER_DAY,))
    x, n = run(run_to_6).watch[0, 0]
    assert n == int("".join(map(str, taken)), 2)
    assert x == u(f"draw:go/{'ab'[taken[-1]]}", 6)


def test_fired_counts_firings_after_their_own_effects():
    whole = net(
        variables={"n": (0, 9, 9)},
        transitions={"go": {"every": "5 days", "then": {"n": "go.fired"}}},
        watch={"n": "n", "fired": "go.fired"},
    )
    assert run(whole).watch[0].tolist() == [[9.0, 0.0], [0.0, 1.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("value", "clipped", "flag"), [("n + 1", 6, 0), ("n - 9", 2, 1), ("99", 9, 1), ("9", 9, 0)]
)
def test_values_are_clipped_to_the_range_and_marked(value, clipped, flag):
    whole = net(variables={"n": (2, 9, 5)}, transitions={"go": at(1, n=value)}, watch={"n": "n"})
    batch = run(whole)
    assert batch.watch[0, -1, 0] == clipped
    assert batch.clipped.tolist() == [[flag]]


def test_a_clipped_zero_has_no_sign():
    whole = net(
        variables={"x": (0.0, 9.0, 0.0)}, transitions={"go": at(1, x="-x")}, watch={"x": "1/x"}
    )
    assert run(whole).watch[0, -1, 0] == math.inf


# 7. Timetables.


def test_ticks_are_products_and_not_sums():
    whole = net(transitions={"go": {"every": "0.1 days", "then": {}}})
    period = 0.1 * SECONDS_PER_DAY
    times = [event.time for event in trace(whole)]
    assert times == [period + k * period for k in range(len(times))]
    assert len(times) == 100


def test_instants_are_taken_in_order():
    whole = net(transitions={"go": at(0)})
    go = whole.transitions[0]
    days = [Const(day * SECONDS_PER_DAY) for day in (7.0, 2.0, 2.0, 30.0)]
    whole = replace(
        whole, transitions=(replace(go, clock=replace(go.clock, instants=tuple(days))),)
    )
    assert [t for t, _ in story(whole)] == [2.0, 2.0, 7.0]


def test_an_idle_tick_counts_as_a_life_and_not_as_an_event():
    whole = net(
        variables={"x": (0.0, 1.0, 0.0)},
        transitions={
            "go": {
                "every": "1 day",
                "when": "x == 0 and other.fired > 0",
                "draws": {"a": ("uniform", 0, 1)},
                "then": {"x": "a"},
            },
            "other": at(3.5),
        },
        watch={"x": "x"},
    )
    batch = run(whole)
    assert batch.n_events[0] == 2
    assert batch.watch[0, -1, 0] == u("draw:go/a", 4)


def test_idle_ticks_are_limited():
    whole = net(transitions={"go": {"every": "1 minute", "when": "0", "then": {}}})
    assert run(replace(whole, event_limit=14_400)).n_events[0] == 0
    with pytest.raises(RunFault, match="in 'go': too many idle ticks"):
        run(replace(whole, event_limit=14_399))


# 8. Work that is read and assigned.


def stock(**transitions: Any) -> Net:
    """Return a stock of 5 days at pace 1, kept, that is watched."""
    return net(
        variables={"n": (0, 9, 0), "x": (0.0, 1e9, 7.0)},
        transitions={
            "dry": {"when": "n == 0", "after": "5 days", "memory": "keep", "then": {"n": "1"}},
            **transitions,
        },
        watch={"left": "dry.work / 86400", "x": "x / 86400"},
    )


def watched(whole: Net, *days: float) -> list[list[float]]:
    """Return the watched values at some days."""
    return run(replace(whole, grid=tuple(day * SECONDS_PER_DAY for day in days))).watch[0].tolist()


def test_work_is_read_without_settling():
    assert [w for w, _ in watched(stock(), 0, 1.5, 4, 5, 6)] == [5.0, 3.5, 1.0, 0.0, 0.0]


def test_work_is_assigned_at_once_and_burns_from_then_on():
    whole = stock(convoy=at(2, **{"dry.work": "dry.work + 86400"}))
    assert [w for w, _ in watched(whole, 2, 4, 6)] == [4.0, 2.0, 0.0]
    assert (6.0, "dry") in story(whole)


def test_immediates_of_the_same_step_read_what_was_assigned():
    whole = stock(
        convoy=at(2, **{"dry.work": "dry.work + 86400"}),
        look={"immediate": True, "when": "convoy.fired == 1 and x == 7", "then": {"x": "dry.work"}},
    )
    assert watched(whole, 3)[0] == [3.0, 4.0]


def test_the_clock_that_fires_has_no_work_left():
    whole = net(
        variables={"x": (-1.0, 9.0, 7.0)},
        transitions={"dry": {"after": "1 day", "memory": "keep", "then": {"x": "dry.work"}}},
        watch={"x": "x"},
    )
    assert watched(replace(whole, watches=whole.watches), 1) == [[0.0]]


def test_a_clock_can_give_itself_work():
    whole = net(
        transitions={
            "go": {"after": "1 day", "memory": "keep", "then": {"go.work": "go.work + 3 * 86400"}}
        }
    )
    assert [t for t, _ in story(whole)] == [1.0, 4.0, 7.0, 10.0]


def test_work_given_to_a_clock_that_held_none_begins_a_life():
    """Its next draw is that of its second life."""
    whole = net(
        variables={"n": (0, 9, 1)},
        transitions={
            "go": {"when": "n == 0", "rate": "2/day", "memory": "keep", "then": {"n": "n"}},
            "give": at(1, **{"go.work": "0.25"}),
            "open": at(2, n="0"),
        },
    )
    rate = 2 / SECONDS_PER_DAY
    first = 2 * SECONDS_PER_DAY + 0.25 / rate
    second = first + exponential("transition:go", 2) / rate
    found = [event.time for event in trace(whole) if event.transition == "go"]
    assert found[:2] == [first, second]


def test_work_assigned_to_a_frozen_clock_stays_frozen():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={
            "go": {"when": "n == 0", "after": "5 days", "memory": "keep", "then": {"n": "9"}},
            "close": at(1, n="1"),
            "give": at(2, **{"go.work": "2 * 86400"}),
            "open": at(4, n="0"),
        },
    )
    assert story(whole)[-1] == (6.0, "go")


@pytest.mark.parametrize("value", ["-1", "inf", "0 * inf"])
def test_work_that_cannot_be_left_is_a_fault(value):
    with pytest.raises(RunFault, match=r"day 2 in 'convoy': .* is no work that can be left"):
        run(stock(convoy=at(2, **{"dry.work": value})))


def test_time_is_that_of_the_firing():
    whole = net(
        variables={"x": (0.0, 1e9, 0.0)},
        transitions={
            "a": at(3, x="time"),
            "b": {"immediate": True, "when": "x > 0 and x < 5 * 86400", "then": {"x": "2 * time"}},
        },
        watch={"x": "x / 86400"},
    )
    assert run(whole).watch[0, -1, 0] == 6.0


# 9. Causes.


def test_a_cause_is_what_began_the_step_and_via_its_last_immediate():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={
            "via_1": {"immediate": True, "when": "n == 1", "then": {"n": "2"}},
            "go": {"at": "1 day", "branches": [(0, {"n": "5"}), (1, {"n": "1"})]},
            "via_2": {
                "immediate": True,
                "when": "n == 2",
                "branches": [(0, {"n": "7"}), (2, {"n": "3"})],
            },
        },
        outcomes={"three": "n == 3"},
    )
    batch = run(whole)
    # Firings: via_1 0, go 1 and 2, via_2 3 and 4.
    assert (batch.causes[0, 0], batch.via[0, 0]) == (2, 4)


# 12. Faults.


@pytest.mark.parametrize(
    ("go", "message"),
    [
        ({"rate": "(2 - n)/day"}, "the pace is negative"),
        ({"rate": "1/(3 - n)/day"}, "the pace is infinite"),
        ({"rate": "1/day * log(2.5 - n) + 9/day"}, "the value is not a number"),
        ({"when": "log(2.5 - n)", "rate": "1e-9/day"}, "the value is not a number"),
        (
            {"after": ("uniform", "1 day", "(3 - n) * 1 day")},
            "impossible arguments of uniform: 86400, 0",
        ),
    ],
)
def test_a_faulty_clock_is_named_with_what_it_read(go, message):
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={
            "up": {"every": "1 day", "then": {"n": "n + 1"}},
            "go": {"then": {}, "memory": "redraw", **go},
        },
    )
    with pytest.raises(RunFault, match=f"in 'go': {message}") as caught:
        run(whole, replication=5)
    assert caught.value.replication == 5
    assert 3.0 <= caught.value.time < 4.0
    assert caught.value.values == {"n": 3.0}


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        ({"then": {"n": "n / 2"}}, "'n' is set to a fraction, 1.5"),
        ({"then": {"n": "1 / (n - 3)"}}, "'n' is set to infinity"),
        ({"then": {"x": "0 * (1 / (n - 3))"}}, "'x' is set to no number"),
        ({"branches": [("n - 4", {}), (1, {})]}, "impossible weights: -1, 1"),
        ({"branches": [("n - 3", {}), (0, {})]}, "impossible weights: 0, 0"),
        ({"branches": [("1 / (n - 3)", {}), (0, {})]}, "impossible weights: inf, 0"),
        (
            {"draws": {"a": ("normal", 0, "0 - n")}, "then": {"x": "a"}},
            "impossible arguments of normal: 0, -3",
        ),
    ],
)
def test_a_faulty_firing_is_named_with_what_it_read(effect, message):
    whole = net(
        variables={"n": (0, 9, 3), "x": (0.0, 9.0, 0.0)},
        transitions={"go": {"at": "2 days", **effect}},
    )
    with pytest.raises(RunFault, match=f"replication 0, day 2 in 'go': {message}.* it read n = 3"):
        run(whole)


def test_a_label_of_another_enumeration_is_a_fault():
    whole = net(variables={"a": "x y", "b": "y z"}, transitions={"go": at(1)})
    go = whole.transitions[0]
    target = build.Ref("variable", "b")
    effect = build.Effect(target, build.Ref("variable", "a"))
    whole = replace(whole, transitions=(replace(go, branches=(build.Branch((effect,)),)),))
    with pytest.raises(RunFault, match="'b' is set to no label of its own; it read a = x"):
        run(whole)


@pytest.mark.parametrize(
    ("section", "who"),
    [("definitions", "bad"), ("outcomes", "bad"), ("totals", "bad"), ("watch", "watch.bad")],
)
def test_what_is_not_a_number_is_a_fault_though_nothing_reads_it(section, who):
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"up": {"every": "1 day", "then": {"n": "n + 1"}}},
        **{section: {"bad": "log(4.5 - n)"}},
    )
    with pytest.raises(RunFault, match=f"in '{who}': the value is not a number") as caught:
        run(whole)
    assert caught.value.time == 5.0


def test_a_part_that_is_not_chosen_cannot_fault():
    whole = net(
        variables={"n": (0, 9, 0), "x": (-9.0, 9.0, 0.0)},
        transitions={"go": at(1, x="0 if n == 0 else log(n - 1)")},
        watch={"x": "x"},
    )
    assert run(whole).watch[0, -1, 0] == 0.0


@pytest.mark.parametrize("clock", [{"immediate": True}, {"after": "0 days"}])
def test_a_loop_at_one_time_is_named(clock):
    whole = net(
        variables={"n": (0, 1, 0)},
        transitions={
            "ping": {"when": "n == 0", **clock, "then": {"n": "1"}},
            "pong": {"when": "n == 1", **clock, "then": {"n": "0"}},
            "bystander": at(0),
        },
    )
    match = "more than 10,000 firings at one time, of 'p.ng', 'p.ng'"
    with pytest.raises(RunFault, match=match):
        run(whole)


def test_too_many_events_name_those_that_fired_most():
    whole = net(
        transitions={
            "rare": {"every": "1 day", "then": {}},
            "often": {"every": "1 h", "then": {}},
            "seldom": {"every": "2 days", "then": {}},
            "once": at(0),
        },
    )
    assert run(replace(whole, event_limit=256)).n_events[0] == 256
    match = r"more than 255 events, most of 'often' .240., 'rare' .10., 'seldom' .5."
    with pytest.raises(RunFault, match=match):
        run(replace(whole, event_limit=255))


@pytest.mark.parametrize(
    ("start", "period", "message"),
    [
        (-1.0, 1.0, "an impossible timetable"),
        (0.0, 0.0, "an impossible timetable"),
        (0.0, math.inf, "an impossible timetable"),
    ],
)
def test_an_impossible_timetable_is_a_fault(start, period, message):
    whole = net(transitions={"go": {"every": "1 day", "then": {}}})
    go = whole.transitions[0]
    clock = replace(go.clock, start=Const(start), period=Const(period))
    with pytest.raises(RunFault, match=message):
        run(replace(whole, transitions=(replace(go, clock=clock),)))


@pytest.mark.parametrize("horizon", [-1.0, math.inf])
def test_an_impossible_horizon_is_a_fault(horizon):
    with pytest.raises(RunFault, match="an impossible horizon"):
        run(replace(net(), horizon=Const(horizon)))


def test_the_first_faulty_replication_is_told():
    whole = net(
        variables={"n": (0, 9, 0)},
        transitions={"go": {"rate": "0.1/day", "then": {"n": "n + 0.5"}}},
    )
    engine = ReferenceEngine(whole)
    alone = []
    for r in range(30):
        try:
            engine.run(SEED, [r])
        except RunFault:
            alone.append(r)
    assert 0 < alone[0] < 29
    with pytest.raises(RunFault, match=f"replication {alone[0]}, "):
        engine.run(SEED, range(30))


# Random numbers and inputs.


def test_inputs_are_drawn_from_streams_of_their_own_and_read_each_other():
    whole = net(parameters={"a": ("uniform", 0, 1), "b": "2 * a", "c": ("uniform", "a", "b")})
    (a, b, c), other = ReferenceEngine(whole).inputs(SEED, [0, 7])
    assert a == u("input:a", 1)
    assert b == 2 * a
    assert c == a + (b - a) * u("input:c", 1)
    assert other[0] == draws.uniforms(SEED, 7, draws.name_hash("input:a"), 1)[0]


def test_an_input_with_impossible_arguments_is_a_fault():
    whole = net(parameters={"a": ("uniform", 0, 1), "b": ("uniform", 2, "a")})
    with pytest.raises(
        RunFault, match=r"replication 3, day 0 in 'b': impossible arguments of uniform"
    ) as caught:
        ReferenceEngine(whole).inputs(SEED, [3])
    assert set(caught.value.values) == {"a"}


def test_inputs_that_are_given_are_used():
    whole = net(
        parameters={"p": ("uniform", 0, 1)},
        transitions={"go": {"after": ("deterministic", "p * 1 day"), "then": {}}},
        outcomes={"o": "go.fired > 0"},
    )
    batch = ReferenceEngine(whole).run(SEED, [0, 1], np.array([[2.0], [3.0]]))
    assert (batch.times[:, 0] / SECONDS_PER_DAY).tolist() == [2.0, 3.0]
    assert batch.inputs.tolist() == [[2.0], [3.0]]


def test_another_transition_leaves_the_luck_of_the_rest_alone():
    parts = {"go": {"rate": "1/day", "then": {}}, "do": {"rate": "2/day", "then": {}}}
    alone = [t for t, name in story(net(transitions={"go": parts["go"]})) if name == "go"]
    assert [t for t, name in story(net(transitions=parts)) if name == "go"] == alone
    assert len(alone) > 3


# For people.


def test_a_trace_tells_what_happened():
    whole = net(
        variables={"road": "open shut", "n": (0, 9, 0)},
        transitions={
            "shut": {"at": "1 day", "then": {"road": "shut"}},
            "later": {"at": "3 days", "then": {}},
            "count": {"immediate": True, "when": "road == shut and n == 0", "then": {"n": "n + 4"}},
            "soon": {"after": "2 days", "when": "soon.fired == 0", "then": {}},
        },
        outcomes={"closed": "road == shut", "never": "n == 9"},
    )
    first, second, *_ = trace(whole)
    assert (first.time, first.transition, first.is_immediate) == (SECONDS_PER_DAY, "shut", False)
    assert first.changes == {"road": ("open", "shut")}
    assert [(name, t / SECONDS_PER_DAY) for name, t in first.lost] == [
        ("soon", 2.0),
        ("later", 3.0),
    ]
    assert first.outcomes == []
    assert (second.transition, second.is_immediate) == ("count", True)
    assert second.changes == {"n": (0.0, 4.0)}
    assert second.outcomes == ["closed"]


def test_what_a_trace_says_is_filled_in_before_the_firing():
    hole, label = build.Ref("variable", "x"), build.Ref("variable", "road")
    says = (
        "x was ",
        build.Hole(hole, ".2f"),
        ", about ",
        build.Hole(hole, "d"),
        ", exactly ",
        build.Hole(hole),
        "; {road} ",
        build.Hole(label, is_label=True),
    )
    whole = net(
        variables={"road": "open shut", "x": (0.0, 9.0, 2.75)}, transitions={"go": at(1, x="9")}
    )
    whole = replace(whole, transitions=(replace(whole.transitions[0], says=says),))
    assert trace(whole)[0].says == "x was 2.75, about 3, exactly 2.75; {road} open"


def test_watching_changes_nothing():
    whole = burning("1/3 if n < 3 else 0.7")
    assert len(trace(whole)) == run(whole).n_events[0]


def test_invariants_are_checked_as_it_goes(monkeypatch):
    """A planted fault: a clock that is set to fire in the past."""
    original = Replication.update

    def careless(self, clock):
        original(self, clock)
        if self.now > 0.0 and clock.due < math.inf:
            clock.due = self.now - 1.0

    monkeypatch.setattr(Replication, "update", careless)
    with pytest.raises(AssertionError):
        run(burning("1"))


def test_gamma_work_comes_through_the_shared_function():
    law = Distribution("gamma", (Const(2.0), Const(3.0)))
    whole = net(transitions={"go": {"after": "1 day", "then": {}}})
    go = replace(whole.transitions[0], clock=replace(whole.transitions[0].clock, law=law))
    first, *_ = trace(replace(whole, transitions=(go,), horizon=Const(100.0)))
    assert first.time == draws.gammaincinv(2.0, u("transition:go", 1)) * 1.5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets())
def test_a_trace_tells_all_that_happens(whole):
    """Each change begins where the last one ended, and the last ones are the final state."""
    whole = replace(whole, grid=(30 * 3_600.0,))  # beyond every horizon: the final state
    try:
        batch = run(whole)
    except RunFault:
        with pytest.raises(RunFault, match="day"):
            trace(whole)
        return
    events = trace(whole)
    assert len(events) == batch.n_events[0]
    assert [event.time for event in events] == sorted(event.time for event in events)
    told: dict[str, float | str] = {}
    for event in events:
        assert all(due >= event.time for _, due in event.lost)
        for name, (before, after) in event.changes.items():
            assert before != after
            if not name.endswith(".work"):  # burns meanwhile
                assert told.get(name, before) == before
                told[name] = after
    n = len(whole.watches) - len(whole.variables)
    for variable, value in zip(whole.variables, batch.watch[0, -1, n:], strict=True):
        if variable.name in told:
            shown = whole.labels[int(value)] if variable.kind == "enumeration" else value
            assert told[variable.name] == shown
