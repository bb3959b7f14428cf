"""Limits that a sweep is held to: how they read, and what becomes of them."""

from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.studies.limits import check_limit, held, limit
from sim.studies.swept import Influence, Spread, Sweep


def swept(**figures: object) -> Sweep:
    one = Influence("parameters.a", **figures)
    return Sweep(
        scenario="s", variant=None, title="S", method="sobol", points=1, points_done=1,
        replications=2, seed=1, complete=True, by_days=1.0, horizon_days=1.0,
        inputs=("parameters.a",), net="", outcomes={"hit": (one,)},
        spread={"hit": Spread("hit", 0.5, 0.1, 0.1, True)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("total(hit, parameters.a) > 0.3", "exceeded"),
        ("total(hit,parameters.a)>0.4", "undecided"),
        ("total(hit, parameters.a) > 0.5", "undecided"),
        ("total(hit, parameters.a) > 0.7", "kept"),
        ("total(hit, parameters.a) < 0.7", "exceeded"),
        (" total ( hit , parameters.a ) < 3e-1 ", "kept"),
        ("index(hit, parameters.a) > 0.1", "exceeded"),
        ("index(hit, parameters.a) < 0.1", "kept"),
    ],
)
def test_a_limit_is_exceeded_where_the_whole_interval_is_beyond_it(text, verdict):
    sweep = swept(index=0.2, interval95=(0.15, 0.25), total=0.5, total95=(0.4, 0.6))
    found = held(limit(text), sweep)
    assert found.verdict == verdict
    assert found.estimate == (0.5 if "total" in text else 0.2)


def test_where_nothing_is_seen_nothing_is_decided():
    found = held(limit("total(hit, parameters.a) > 0.3"), swept())
    assert (found.verdict, found.estimate, found.interval95) == ("undecided", None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("total > 0.6", r"'total > 0.6' is no limit such as 'total\(OUTCOME, INPUT\) > 0.6'"),
        ("total(hit) > 0.6", "is no limit such as"),
        ("total(hit, a) >= 0.6", "is no limit such as|is no number"),
        ("total(hit, a) > lots", "'lots' in .* is no number"),
        ("total(hit, a) > nan", "'nan' in .* is no number"),
        ("totl(hit, a) > 0.6", "no figure 'totl' in .*: did you mean 'total'"),
        ("sigma(hit, a) > 0.6", "no figure 'sigma' in .*: one of index, total, mu_star"),
    ],
)
def test_what_is_no_limit_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        limit(text)


@pytest.mark.parametrize(
    ("text", "method", "message"),
    [
        ("total(hit, a.b) > 0", "lhs", "the method 'lhs' has no total, it has index; one of sobol"),
        ("index(hit, a.b) > 0", "morris", "'morris' has no index, it has mu_star; one of given, "),
        ("total(hitt, a.b) > 0", "sobol", "no outcome 'hitt' in .*: did you mean 'hit'"),
        ("total(hit, a.c) > 0", "sobol", "no input 'a.c' in .*: did you mean 'a.b'"),
    ],
)
def test_a_limit_of_nothing_that_is_there_is_refused(text, method, message):
    with pytest.raises(UsageError, match=message):
        check_limit(limit(text), method, ["hit"], ["a.b"])
    check_limit(limit("index(hit, a.b) > 0"), "lhs", ["hit"], ["a.b"])
