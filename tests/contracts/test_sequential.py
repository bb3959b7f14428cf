"""Intervals and verdicts that may be looked at while replications come: do they keep their rates?

On models with known laws. How often an interval about a proportion ever misses in so many looks is
worked out exactly, by a recursion over the count, and compared at 4 standard errors (a false alarm
in 16,000 checks; seeds are fixed). Where the law of what is counted is not known, the rate must be
kept. Each kind has planted faults that must show: intervals for one look, looked at again and
again; verdicts without Holm's procedure.

``make stats`` does it with 10,000 repetitions and shows the figures.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

import sim
from sim.analysis.first_passage import wilson
from sim.analysis.sequential import Change, Share, bounds, sequential_quantile
from sim.errors import Position
from sim.scenario.checks import ChangeCheck, Check, ProbabilityCheck, QuantileCheck
from sim.studies import check as checking
from sim.studies.check import FAILED, PASSED, judge, looks
from tests.contracts.coverage import Check as Coverage
from tests.contracts.coverage import days
from tests.contracts.laws import MODELS, Model
from tests.oracles import teaching

IS_LONG = os.environ.get("STATS") == "long"
REPETITIONS = 10_000 if IS_LONG else 300
#: In the short form only models whose replications take a few microseconds.
SHORT = ("repairable_bridge", "three_ways", "pert_network")
EVERY = [model for model in MODELS if IS_LONG or model.name in SHORT]
K = 4.0
ALPHA = 0.05
DAY = 86_400.0
#: When intervals are looked at, and when verdicts are sought.
LOOKS = tuple(range(16, 321, 16))
MOST = 640

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
every_model = pytest.mark.parametrize("model", EVERY, ids=lambda model: model.name)


@pytest.fixture
def tell(capsys):
    """Show a count in the long form, and return how far it is from theory."""

    def shown(name: str, counted: Coverage) -> float:
        if IS_LONG:
            with capsys.disabled():
                found = f"{100 * counted.n_yes / counted.n:7.3f} % of {counted.n:,}"
                theory = f"by theory {100 * counted.p:7.3f} %"
                sys.stdout.write(f"\n{name:18} {counted.what:40} {found}, {theory}")
        return counted.deviation

    return shown


def ever(
    p: float, leaves: Callable[[int, int], bool], at: tuple[int, ...] | Iterator[int] = LOOKS
) -> float:
    """Return how likely a count with probability p ever leaves, seen at some looks: exactly."""
    law, before = np.ones(1), 0
    for n in at:
        law = np.convolve(law, binom.pmf(np.arange(n - before + 1), n - before, p))
        law[[k for k in range(n + 1) if law[k] > 0.0 and leaves(k, n)]] = 0.0
        before = n
    return 1.0 - float(law.sum())


def misses(p: float) -> Callable[[int, int], bool]:
    return lambda k, n: Share(k, n).log_evidence(p) >= -math.log(ALPHA)


@cache
def repetitions(model: Model, n: int) -> np.ndarray:
    """Return times (days) in rows of n replications, each row a repetition."""
    made = sim.run(model.scenario(), replications=n * REPETITIONS, seed=0)
    return made.times(model.outcome).reshape(REPETITIONS, n)


# Intervals.

Interval = Callable[[int, int], tuple[float, float]]


@cache
def sequential(k: int, n: int) -> tuple[float, float]:
    return bounds(Share(k, n), ALPHA)


def n_missed(model: Model, t: float, p: float, interval: Interval) -> int:
    """Return in how many repetitions the interval misses the truth at any look."""
    counts = (repetitions(model, LOOKS[-1]) <= t).cumsum(axis=1)
    return sum(
        any(not low <= p <= high for low, high in (interval(int(row[n - 1]), n) for n in LOOKS))
        for row in counts
    )


def of_shares(model: Model, interval: Interval) -> Iterator[Coverage]:
    for t in days(model):
        p = float(model.law().cdf(t))
        n = n_missed(model, float(t), p, interval)
        yield Coverage(f"P(T <= {t:.2f}) ever missed", n, REPETITIONS, ever(p, misses(p)))


@every_model
def test_intervals_of_a_probability_at_every_look(model, tell):
    assert max(tell(model.name, one) for one in of_shares(model, sequential)) < K


@every_model
def test_theory_is_within_the_rate(model):
    for t in days(model):
        p = float(model.law().cdf(t))
        assert 0.0 < ever(p, misses(p)) <= ALPHA


@every_model
def test_intervals_of_a_quantile_at_every_look(model, tell):
    """They miss where the count by the quantile is off: as often as those of a probability."""
    t = float(days(model)[1])
    p = float(model.law().cdf(t))
    n_off = 0
    for row in repetitions(model, LOOKS[-1]):
        ends = [sequential_quantile(row[:n], p, ALPHA)[1:] for n in LOOKS]
        n_off += any(not low <= t <= high for low, high in ends)
    what = f"{100 * p:.1f} %-quantile ever missed"
    assert tell(model.name, Coverage(what, n_off, REPETITIONS, ever(p, misses(p)))) < K


def by_wilson(k: int, n: int) -> tuple[float, float]:
    """Return the interval for one look; twenty looks miss far too often."""
    low, high = wilson(np.array(k), n)
    return float(low), float(high)


def half_as_wide(k: int, n: int) -> tuple[float, float]:
    low, high = sequential(k, n)
    middle = k / n
    return middle - 0.5 * (middle - low), middle + 0.5 * (high - middle)


@pytest.mark.parametrize("interval", [by_wilson, half_as_wide])
@every_model
def test_intervals_for_one_look_are_noticed(model, interval):
    assert max(one.deviation for one in of_shares(model, interval)) > K


# Differences, by common random numbers.


def duels(variant: str | None) -> np.ndarray:
    path = Path(__file__).parents[2] / "scenarios" / "lanchester_duel.yaml"
    made = sim.run(sim.load(path, variant=variant), replications=LOOKS[-1] * REPETITIONS, seed=0)
    return made.times("blue_wins").reshape(REPETITIONS, LOOKS[-1])


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray, float]:
    """Return who has won by day 10 as the file stands and with more, and the known difference."""
    own, more = duels(None) <= 10.0, duels("blue_12") <= 10.0
    return own, more, teaching.duel_won(10.0, 12, 10) - teaching.duel_won(10.0, 10, 10)


def n_differences_missed(pairs, interval: Callable[[int, int, int], tuple[float, float]]) -> int:
    own, more, truth = pairs
    up, down = ((a & ~b).cumsum(axis=1) for a, b in ((more, own), (own, more)))
    missed = 0
    for row_up, row_down in zip(up, down, strict=True):
        ends = (interval(int(row_up[n - 1]), int(row_down[n - 1]), n) for n in LOOKS)
        missed += any(not low <= truth <= high for low, high in ends)
    return missed


def test_intervals_of_a_difference_at_every_look(pairs, tell):
    """Their law is that of the pairs, which is not known: at most the rate, at 4 standard errors.

    With 10,000 repetitions that is a coverage of 94.1 % or more.
    """

    def interval(up: int, down: int, n: int) -> tuple[float, float]:
        truth, most = pairs[2], -math.log(ALPHA)
        holds = Change(up, down, n).log_evidence(truth) < most
        return (truth, truth) if holds else (math.inf, math.inf)

    n_off = n_differences_missed(pairs, interval)
    counted = Coverage("difference ever missed, at most", n_off, REPETITIONS, ALPHA)
    assert not (tell("lanchester_duel", counted) > K and n_off > ALPHA * REPETITIONS)


def test_differences_by_the_normal_law_are_noticed(pairs):
    def interval(up: int, down: int, n: int) -> tuple[float, float]:
        delta = (up - down) / n
        half = 1.96 * math.sqrt(max(0.0, (up + down) / n - delta * delta) / n)
        return delta - half, delta + half

    n_off = n_differences_missed(pairs, interval)
    assert n_off > ALPHA * REPETITIONS
    assert Coverage("", n_off, REPETITIONS, ALPHA).deviation > K


# Verdicts.

RATE = 0.2
RATES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)


@cache
def independent() -> dict[str, np.ndarray]:
    """Return times (seconds) of eight outcomes that know nothing of each other, by repetition."""
    names = [f"o{number}" for number in range(len(RATES))]
    hazards = [f"  t.{n}: {{when: {n}_ == no, rate: {r}/day, then: {{{n}_: yes}}}}" for n, r in zip(names, RATES, strict=True)]  # noqa: E501 # fmt: skip
    states = [f"  {n}_: {{states: [no, yes]}}" for n in names]
    outcomes = [f"  {n}: {n}_ == yes" for n in names]
    text = "title: Eight\nclock: {horizon: 5 days}\nvariables:\n" + "\n".join(states)
    text += "\ntransitions:\n" + "\n".join(hazards) + "\noutcomes:\n" + "\n".join(outcomes)
    made = sim.run(sim.loads(text), replications=MOST * REPETITIONS, seed=0)
    return {name: (made.times(name) * DAY).reshape(REPETITIONS, MOST) for name in names}


def probability(outcome: str, low: float, high: float) -> Check:
    text = f"{outcome} {low} {high}"
    return ProbabilityCheck(Position("f", 1, 1), "checks.1", text, outcome, DAY, (low, high))


def chance(number: int) -> float:
    return -math.expm1(-RATES[number])


Times = dict[str, np.ndarray]


def n_files_with(verdict: str, checks: list[Check], times: Times | None = None) -> int:
    """Return in how many repetitions any of the checks gets a verdict."""
    times = independent() if times is None else times

    def any_has(repetition: int) -> bool:
        def rows(names: object, first: int, n: int) -> checking.Rows:
            return {"": {name: t[repetition, first : first + n] for name, t in times.items()}}

        judged = judge(checks, 5 * DAY, rows, replications=MOST, false_alarms=RATE)
        return any(one.verdict == verdict for one in judged)

    return sum(any_has(repetition) for repetition in range(len(next(iter(times.values())))))


@pytest.mark.parametrize("number", [0, 5])
def test_a_check_that_holds_fails_as_often_as_theory_says(number, tell):
    """The hardest case: the truth is an end of the interval."""
    p = chance(number)
    n_failed = n_files_with(FAILED, [probability(f"o{number}", 0.0, p)])

    def fails(k: int, n: int) -> bool:
        return k / n > p and Share(k, n).log_evidence(p) >= -math.log(RATE)

    theory = ever(p, fails, looks(MOST))
    assert theory < RATE
    assert tell("one check", Coverage("fails and holds", n_failed, REPETITIONS, theory)) < K


def test_a_check_that_does_not_hold_passes_as_often_as_theory_says(tell):
    p = chance(4)
    n_passed = n_files_with(PASSED, [probability("o4", 0.0, p - 1e-9)])

    def passes(k: int, n: int) -> bool:
        return k / n < p and Share(k, n).log_evidence(p) >= -math.log(RATE)

    theory = ever(p, passes, looks(MOST))
    assert tell("one check", Coverage("passes and does not", n_passed, REPETITIONS, theory)) < K


def is_too_often(n: int, repetitions: int = REPETITIONS) -> bool:
    return n > RATE * repetitions and Coverage("", n, repetitions, RATE).deviation > K


def test_of_eight_checks_that_hold_hardly_any_fails(tell):
    eight = [probability(f"o{number}", 0.0, chance(number)) for number in range(len(RATES))]
    n_failed = n_files_with(FAILED, eight)
    tell("eight checks", Coverage("any fails and holds, at most", n_failed, REPETITIONS, RATE))
    assert not is_too_often(n_failed)


def many() -> tuple[list[Check], Times]:
    """Return 160 checks that hold, of outcomes with probability 0.3, in 40 repetitions.

    Each by itself fails in about one in a hundred: it takes that many to exceed the rate.
    """
    random, names = np.random.default_rng(17), [f"o{number}" for number in range(160)]
    times = {n: np.where(random.random((40, MOST)) < 0.3, 0.0, math.inf) for n in names}
    return [probability(name, 0.0, 0.3) for name in names], times


def test_of_very_many_checks_that_hold_hardly_any_fails():
    assert not is_too_often(n_files_with(FAILED, *many()), 40)


def test_verdicts_without_holm_are_noticed(monkeypatch):
    def each_by_itself(log_evidence: list[float], alpha: float) -> list[bool]:
        return [e >= -math.log(alpha) for e in log_evidence]

    monkeypatch.setattr(checking, "holm", each_by_itself)
    assert is_too_often(n_files_with(FAILED, *many()), 40)


def test_verdicts_by_an_interval_for_one_look_are_noticed(monkeypatch):
    def by_one_look(tally: Share, low: float, high: float) -> float:
        ends = by_wilson(tally.n_yes, tally.n)
        return math.inf if ends[0] > high or ends[1] < low else 0.0

    p = chance(4)

    def fails(k: int, n: int) -> bool:
        return k / n > p and Share(k, n).log_evidence(p) >= -math.log(0.025)

    monkeypatch.setattr(checking, "log_against_inside", by_one_look)
    n_failed = n_files_with(FAILED, [probability("o4", 0.0, p)])
    theory = ever(p, fails, looks(MOST))
    assert Coverage("", n_failed, REPETITIONS, theory).deviation > K


def test_a_quantile_that_holds_hardly_ever_fails(tell):
    t = math.log(2.0) / RATES[6]
    halves = QuantileCheck(Position("f", 1, 1), "checks.1", "", "o6", 0.5, (0.0, t * DAY))
    n_failed = n_files_with(FAILED, [halves])
    tell("a quantile", Coverage("fails and holds, at most", n_failed, REPETITIONS, RATE))
    assert not is_too_often(n_failed)


def test_a_difference_that_holds_hardly_ever_fails(pairs, tell):
    own, more, truth = pairs
    holds = ChangeCheck(Position("f", 1, 1), "checks.1", "", "more", "won", 1.0, (-1.0, truth))

    def fails(repetition: int) -> bool:
        def rows(names: object, first: int, n: int) -> checking.Rows:
            part = slice(first, first + n)
            return {
                name: {"won": np.where(wins[repetition, part], 0.0, math.inf)}
                for name, wins in (("", own), ("more", more))
            }

        (one,) = judge([holds], DAY, rows, replications=LOOKS[-1], false_alarms=RATE)
        return one.verdict == FAILED

    n_failed = sum(fails(repetition) for repetition in range(REPETITIONS))
    tell("a difference", Coverage("fails and holds, at most", n_failed, REPETITIONS, RATE))
    assert not is_too_often(n_failed)
