"""Checks judged: verdicts, how many replications they take, and that nothing else moves them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import sim
from sim.errors import RunFault, ScenarioError, UsageError
from sim.scenario.checks import Check
from sim.studies.check import FAILED, FIRST_LOOK, PASSED, UNDECIDED, Judged, check, judge, looks
from tests.studies.scenarios import BRIDGE, FAULTY

#: P(falls by t) = 1 - exp(-t / 2), and relief comes never.
FALL = """
title: A fall
clock: {horizon: 10 days}
variables: {c: {states: [held, fallen]}}
parameters: {pace: 0.5 / day}
transitions: {fall: {when: c == held, rate: pace, then: {c: fallen}}}
outcomes: {falls: c == fallen, stands: c == held, relief: fall.fired > 5}
variants:
  fast: {parameters.pace: 1 / day}
  same: {parameters.pace: 0.5 / day}
"""


def held_to(*checks: str, text: str = FALL) -> sim.Scenario:
    listed = "".join(f"  - {{{one}}}\n" for one in checks)
    return sim.loads(text + (f"checks:\n{listed}" if listed else ""), "fall.yaml")


def verdict(one: str, **how) -> Judged:
    (judged,) = check(held_to(one), **how).judged
    return judged


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ("outcome: falls, by: 2 days, probability: [0.55, 0.7]", PASSED),  # 0.632
        ("outcome: falls, by: 2 days, probability: [0.5, 0.6]", FAILED),
        ("outcome: falls, by: 2 days, probability: [0.7, 1]", FAILED),
        ("outcome: falls, by: 0 days, probability: [0, 0.01]", PASSED),
        ("outcome: falls, probability: [0.9, 1]", PASSED),  # 0.993 by the horizon
        ("outcome: relief, probability: [0.01, 1]", FAILED),
        ("outcome: falls, quantile: 0.5, between: [1 day, 2 days]", PASSED),  # 1.386
        ("outcome: falls, quantile: 0.5, between: [1.7 days, 4 days]", FAILED),
        ("outcome: falls, quantile: 0.5, between: [0 days, 1 day]", FAILED),
        ("outcome: relief, quantile: 0.1, between: [0 days, 10 days]", FAILED),
        ("order: [stands, falls], probability: [0.95, 1]", PASSED),
        ("order: [falls, stands], probability: [0.05, 1]", FAILED),
        ("compare: fast, outcome: falls, by: 2 days, change: [0.1, 0.4]", PASSED),  # 0.233
        ("compare: fast, outcome: falls, by: 2 days, change: [-1, 0.1]", FAILED),
        ("compare: same, outcome: falls, by: 2 days, change: [-0.01, 0.01]", PASSED),
        ("compare: same, outcome: falls, change: [0.01, 1]", FAILED),
    ],
)
def test_verdicts(one, expected):
    judged = verdict(one)
    assert judged.verdict == expected
    assert judged.replications < 100_000


def test_what_cannot_be_told_is_undecided_at_the_limit():
    exactly = -math.expm1(-1.0)
    judged = verdict(f"outcome: falls, by: 2 days, probability: [0, {exactly}]", replications=3_000)
    assert (judged.verdict, judged.replications) == (UNDECIDED, 3_000)
    assert judged.low < exactly < judged.high
    none = verdict("order: [falls, relief], probability: [0.9, 1]", replications=500)
    assert (none.verdict, none.low, none.high) == (UNDECIDED, 0.0, 1.0)
    assert math.isnan(none.estimate)


def test_a_clear_case_takes_few_replications_and_a_close_one_many():
    clear = verdict("outcome: falls, by: 2 days, probability: [0.2, 0.9]")
    close = verdict("outcome: falls, by: 2 days, probability: [0.61, 0.9]")
    assert clear.replications == FIRST_LOOK
    assert close.replications > 2_000


def test_what_is_shown_is_counted_of_the_first_replications():
    judged = verdict("outcome: falls, by: 2 days, probability: [0.55, 0.7]", seed=4)
    times = sim.run(held_to(), replications=judged.replications, seed=4).times("falls")
    assert judged.estimate == (times <= 2.0).mean()
    assert judged.low < judged.estimate < judged.high
    quantile = verdict("outcome: falls, quantile: 0.5, between: [1 day, 2 days]", seed=4)
    times = sim.run(held_to(), replications=quantile.replications, seed=4).times("falls")
    assert quantile.estimate == np.sort(times)[len(times) // 2]


def test_pairs_share_their_luck():
    """The variant is faster: whatever has fallen has fallen there, so only one side is counted."""
    judged = verdict("compare: fast, outcome: falls, by: 2 days, change: [0.1, 0.4]")
    own, fast = (
        sim.run(s, replications=judged.replications).times("falls") <= 2.0
        for s in (held_to(), held_to().variant("fast"))
    )
    assert not (own & ~fast).any()
    assert judged.estimate == pytest.approx(fast.mean() - own.mean())


def test_the_order_is_judged_where_the_last_one_comes():
    text = FALL.replace("{c: {states", "{n: {integer: [0, 1], initial: 0}, c: {states")
    text = text.replace("{fall:", "{cut: {rate: 0.02 / day, then: {n: 1}}, fall:")
    text = text.replace("stands: c == held", "was_cut: n == 1")
    for order, low in ((["falls", "was_cut"], 0.5), (["was_cut", "falls"], 0.0)):
        one = f"order: [{', '.join(order)}], by: 9 days, probability: [{low}, {low + 0.4}]"
        (judged,) = check(held_to(one, text=text), seed=7).judged
        made = sim.run(sim.loads(text), replications=judged.replications, seed=7)
        first, last = (made.times(name) for name in order)
        come = last <= 9.0
        assert judged.estimate == (first[come] <= last[come]).mean()


SEVERAL = (
    "outcome: falls, by: 2 days, probability: [0.6, 0.7]",
    "outcome: falls, by: 1 day, probability: [0.6, 0.9]",
    "outcome: falls, quantile: 0.5, between: [1 day, 2 days]",
    "compare: fast, outcome: falls, by: 2 days, change: [0.2, 0.3]",
    "order: [stands, falls], probability: [0.95, 1]",
)


def test_workers_and_engines_change_no_bit_of_a_verdict():
    found = [
        check(held_to(*SEVERAL), replications=600, **how).judged
        for how in ({"workers": 1}, {"workers": 3}, {"engine": "reference"})
    ]
    assert found[0] == found[1] == found[2]
    assert {one.verdict for one in found[0]} == {PASSED, FAILED, UNDECIDED}


def test_the_number_at_the_most_changes_no_verdict_that_fell_before():
    few = check(held_to(*SEVERAL), replications=640).judged
    many = check(held_to(*SEVERAL), replications=20_000).judged
    decided = [one for one in few if one.verdict != UNDECIDED]
    assert decided
    assert all(one in many for one in decided)


def test_more_checks_in_a_file_take_more_evidence_each():
    alone = verdict("outcome: falls, by: 2 days, probability: [0.57, 0.9]", seed=2)
    hard = [f"outcome: falls, by: {t} h, probability: [0, 0.9999]" for t in (24, 30, 36, 42)] * 5
    among = check(held_to("outcome: falls, by: 2 days, probability: [0.57, 0.9]", *hard), seed=2)
    assert among.judged[0].verdict == alone.verdict == PASSED
    assert among.judged[0].replications >= alone.replications


def test_time_that_is_up_leaves_the_rest_undecided_and_says_so():
    late = check(held_to(*SEVERAL), seconds=0.0)
    assert late.is_out_of_time
    assert {(one.verdict, one.replications) for one in late.judged} == {(UNDECIDED, 0)}
    assert [one.low for one in late.judged] == [0.0, 0.0, 0.0, -1.0, 0.0]
    assert not check(held_to(SEVERAL[1]), seconds=60.0).is_out_of_time


def test_a_variant_is_run_only_while_a_check_needs_it():
    asked = []
    scenario = held_to(SEVERAL[0], "compare: fast, outcome: falls, by: 2 days, change: [0, 1]")

    def rows(names, first, n):
        asked.append((set(names), first, n))
        came = np.zeros(n)
        came[13 * n // 20 :] = math.inf
        return {"": {"falls": came}, "fast": {"falls": np.zeros(n)}}

    judged = judge(scenario.checks, 864_000.0, rows, replications=1_000, false_alarms=0.001)
    n_fast = judged[1].replications
    assert n_fast < judged[0].replications
    assert all(("fast" in names) == (first < n_fast) for names, first, _ in asked)
    assert [first for _, first, _ in asked] == [0, *np.cumsum([n for *_, n in asked])[:-1]]


def test_looks_grow_by_an_eighth_and_end_at_the_limit():
    at = list(looks(50_000))
    assert at[0] == FIRST_LOOK
    assert at[-1] == 50_000
    assert all(b - a <= max(FIRST_LOOK, a / 8) for a, b in itertools.pairwise(at))
    assert list(looks(5)) == [5]


def test_a_drawn_horizon_counts_what_came_before_it():
    text = FALL.replace("horizon: 10 days", "horizon: {uniform: [1 day, 10 days]}")
    one = "outcome: falls, by: 8 days, probability: [0.75, 0.95]"
    (judged,) = check(held_to(one, text=text)).judged
    made = sim.run(held_to(text=text), replications=judged.replications)
    assert judged.estimate == (made.times("falls") <= 8.0).mean()


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UsageError, match="a rate of false alarms lies between 0 and 1, not 1"):
        check(held_to(), false_alarms=1.0)
    with pytest.raises(UsageError, match="at least one replication, not 0"):
        check(held_to(), replications=0)
    faulty = sim.loads(FAULTY + "checks: [{outcome: none, probability: [0.1, 0.9]}]")
    with pytest.raises(RunFault, match="the pace is negative"):
        check(faulty)


def test_a_variant_that_does_not_fit_is_told_with_its_place(tmp_path):
    text = BRIDGE.replace(", report: [1 day, 2 days, 4 days]", "")
    text = text.replace("safe: {", "safe: {clock.horizon: 2 days, ")
    text += "checks: [{compare: safe, outcome: hit, change: [-1, 0.1]}]\n"
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"a\.yaml:19:10: .*it ends on day 2, the check looks"):
        check(sim.load(path, check_variants=False))


def test_no_checks_no_verdicts():
    assert check(sim.loads(FALL)).judged == ()
    assert isinstance(held_to(SEVERAL[0]).checks[0], Check)


# Drivers.

#: P(falls) hangs on both, more on the pace.
DRIVEN = FALL.replace(
    "pace: 0.5 / day", "pace: {uniform: [0.05 / day, 0.5 / day]}, share: {uniform: [0.7, 1]}", 1
).replace("rate: pace", "rate: pace * share")


def standing(one: str, **how: object) -> Judged:
    (judged,) = check(held_to(one, text=DRIVEN), **how).judged
    return judged


@pytest.mark.parametrize(
    ("one", "expected", "rank"),
    [
        ("driver: parameters.pace, outcome: falls, by: 4 days, top: 1", PASSED, 1.0),
        ("driver: parameters.share, outcome: falls, by: 4 days, top: 1", FAILED, 2.0),
        ("driver: parameters.share, outcome: relief, top: 1", UNDECIDED, None),
    ],
)
def test_where_a_driver_stands(one, expected, rank):
    judged = standing(one, replications=20_000)
    assert judged.verdict == expected
    if rank is None:
        assert all(map(math.isnan, (judged.estimate, judged.low, judged.high)))
    else:
        assert (judged.estimate, judged.low, judged.high) == (rank, rank, rank)


def test_the_verdict_of_a_driver_does_not_hang_on_workers_or_engine():
    one = "driver: parameters.pace, outcome: falls, by: 4 days, top: 1"
    first = standing(one, workers=1)
    assert standing(one, workers=3) == first
    assert standing(one, engine="reference") == first


def test_inputs_are_drawn_for_drivers_only(monkeypatch):
    asked = []
    from sim.studies import check as checking

    def first_times(*given, inputs, **how):
        asked.append(tuple(inputs))
        return real(*given, inputs=inputs, **how)

    real = checking.first_times
    monkeypatch.setattr(checking, "first_times", first_times)
    check(held_to("outcome: falls, probability: [0.2, 1]", text=DRIVEN))
    assert set(asked) == {()}
    standing("driver: parameters.pace, outcome: falls, by: 4 days, top: 1")
    assert asked[-1] == ("parameters.pace", "parameters.share")
