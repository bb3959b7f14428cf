"""Where replications of two nets part, step by step."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

import sim
from docs.library import LIBRARY
from sim.engines.compiled.engine import compiled
from sim.net.model import firings
from sim.studies.diverge import Partings

ROOT = Path(__file__).parents[2]
#: The flagship is like the past wars.
SCENARIOS = [p for p in sorted((ROOT / "scenarios").glob("*.yaml")) if p.stem not in LIBRARY]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_moments_are_those_of_the_engine_that_explains_itself(path):
    scenario = sim.load(path, check_variants=False)
    net = scenario.net
    names = [net.transitions[k].name for k, _ in firings(net)]
    labels = [net.transitions[k].branches[b].label for k, b in firings(net)]
    n_replications = 1 if len(net.transitions) > 100 else 5
    for replication in range(n_replications):
        moments = list(compiled(net).moments(1, replication))
        events = sim.trace(scenario, replication=replication)
        told = {t: list(those) for t, those in groupby(events, key=lambda event: event.days)}
        # What fires at the start, and what a clock does at that very time, are two moments.
        found = {t: list(those) for t, those in groupby(moments, key=lambda m: m.time / 86_400)}
        assert list(found) == list(told)
        for t, those in told.items():
            assert sum(m.n_events for m in found[t]) == len(those)
            shown = [names[f] for m in found[t] for f in (m.due or m.fired)[:1]]
            assert shown[0] == those[0].transition
            if [len(m.due) for m in found[t]] == [1]:  # one step, and so all that fired in it
                fired = [(names[f], labels[f]) for f in found[t][0].fired]
                assert fired == list(dict.fromkeys((e.transition, e.branch) for e in those))


def net(text: str) -> object:
    return sim.loads(f"title: A test\nclock: {{horizon: 10 days}}\n{text}").net


DRAWN = """
variables: {n: {integer: [0, 9], initial: 0}}
transitions:
  early: {when: n == 0, after: 1 day, then: {n: 1}}
  late: {when: n == 1, after: 2 days, then: {n: 2}}
outcomes: {done: n == 2}
"""


def parting(first: str, second: str):
    return Partings(net(first), net(second), 1).of(0)


def test_nets_that_do_the_same_do_not_part():
    assert parting(DRAWN, DRAWN) is None


def test_the_earlier_of_two_events_is_the_cause():
    found = parting(DRAWN, DRAWN.replace("2 days", "4 days"))
    assert (found.transition, found.first_days, found.second_days) == ("late", 3.0, 5.0)
    assert (found.first_event, found.second_event) == ("late", "late")


def test_where_nothing_more_happens_the_other_side_is_the_cause():
    found = parting(DRAWN, DRAWN.replace("n == 1, after", "n == 5, after"))
    assert (found.transition, found.first_days, found.second_days) == ("late", 3.0, None)
    assert found.second_event == ""


def test_another_branch_at_the_same_time_is_a_difference():
    text = DRAWN.replace(
        "after: 2 days, then: {n: 2}",
        "after: 2 days, branches: [{weight: W, label: a, then: {n: 2}}, "
        "{weight: 1, label: b, then: {n: 3}}]",
    )
    found = parting(text.replace("W", "0"), text.replace("W", "1e9"))
    assert (found.transition, found.first_event, found.second_event) == ("late", "late/b", "late/a")


def test_an_immediate_that_only_one_has_is_the_cause():
    follows = "  at_once: {immediate: true, when: n == 1, then: {n: 2}}\noutcomes"
    found = parting(DRAWN, DRAWN.replace("outcomes", follows))
    assert (found.transition, found.first_days, found.second_days) == ("at_once", 1.0, 1.0)


def test_of_clocks_that_are_due_at_one_time_the_one_more_is_the_cause():
    more = "  beside: {when: n == 0, after: 1 day, then: {}}\n  early"
    found = parting(DRAWN, DRAWN.replace("  early", more, 1))
    assert found.transition == "beside"


def test_a_timetable_whose_guard_is_false_is_no_event():
    ticks = "  tick: {when: n == 7, every: 1 day, then: {n: 0}}\n  early"
    assert parting(DRAWN, DRAWN.replace("  early", ticks, 1)) is None
