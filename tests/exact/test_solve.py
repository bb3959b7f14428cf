"""The exact solver against closed forms. Times are in days unless told otherwise."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import gammainc

import sim
from sim.errors import ScenarioError, UsageError
from sim.exact import explore
from sim.exact.explore import Explorer
from sim.exact.solve import exact
from tests.engines.nets import birth_and_death
from tests.net.build import net
from tests.oracles.teaching import absorbed, duel, four_cities, gambler_wins

T = [0.0, 0.25, 1.0, 3.0, 10.0]
TIMES = np.array(T)
A, B = 0.4, 1.5


def law(at: list[float] = T, **parts: object) -> np.ndarray:
    """Return P(o has happened by each time)."""
    return exact(net(**parts), at).cdf("o")  # type: ignore[arg-type]


def bridge(rate_down: str = "0.4/day", rate_up: str = "1.5/day") -> dict[str, object]:
    """Return the variables and transitions of a bridge that goes down and up."""
    return {
        "variables": {"b": "up down"},
        "transitions": {
            "hit": {"when": "b == up", "rate": rate_down, "then": {"b": "down"}},
            "mend": {"when": "b == down", "rate": rate_up, "then": {"b": "up"}},
        },
    }


def stages(*rates: float) -> np.ndarray:
    """Return P(all stages are over by each time), one exponential after the other."""
    n = len(rates)
    generator = np.diag([-rate for rate in rates] + [0.0]) + np.diag(rates, 1)
    return np.array([expm(generator * t)[0, n] for t in T])


def four_cities_net() -> dict[str, object]:
    """Return the four-city chain, written out."""

    def up(i: int) -> str:
        return "1" if i == 1 else f"(c{i - 1} == fallen)"

    transitions: dict[str, dict[str, object]] = {}
    for i in (1, 2, 3, 4):
        near = "0" if i == 1 else f"(c{i - 1} == contested)"
        road = " * (1 if b == whole else 0.25)" if i > 2 else ""
        push = f"(1.5 if {up(i)} == 1 and b == whole else 1)"
        for name, before, after, rate in [
            ("attack", "held", "contested", f"(0.40 * {up(i)} + 0.05 * {near}){road}"),
            ("repulse", "contested", "held", "0.06 * supply"),
            ("fall", "contested", "fallen", f"(0.10 + 0.06 * (5 - supply)) * {push}"),
        ]:
            transitions[f"{name}{i}"] = {
                "when": f"c{i} == {before}",
                "rate": f"{rate} / day",
                "then": {f"c{i}": after},
            }
    n = " + ".join(f"(c{i} == contested)" for i in (1, 2, 3, 4))
    ship = "(1 if b == whole else 0.25) / day"
    transitions |= {
        "ship": {"when": "supply < 5", "rate": ship, "then": {"supply": "supply + 1"}},
        "consume": {
            "when": "supply > 0",
            "rate": f"(0.20 + 0.30 * ({n})) / day",
            "then": {"supply": "supply - 1"},
        },
        "strike": {"when": "b == whole", "rate": "0.15/day", "then": {"b": "cut"}},
        "repair": {"when": "b == cut", "rate": "0.40/day", "then": {"b": "whole"}},
    }
    cities = {f"c{i}": "held contested fallen" for i in (1, 2, 3, 4)}
    return {
        "variables": {**cities, "b": "whole cut", "supply": (0, 5, 3)},
        "transitions": transitions,
        "outcomes": {"o": "c4 == fallen"},
    }


# The chain.


@pytest.mark.parametrize("stop", [None, "c4 == fallen", "o"])
def test_the_four_city_chain(stop):
    days, published = four_cities()
    days, published = days[:10], published[:10]  # nets made by hand end after ten days
    solved = exact(net(**four_cities_net(), stop=stop), days)
    assert solved.cdf("o") == pytest.approx(published, abs=1e-12)
    assert solved.n_states == 972


def test_a_chain_with_one_rate_off_is_noticed():
    parts = four_cities_net()
    parts["transitions"]["repair"]["rate"] = "0.4001/day"
    days, published = four_cities()
    assert np.abs(law(days[:10], **parts) - published[:10]).max() > 1e-9


def test_two_states():
    assert law(**bridge(), outcomes={"o": "b == down"}) == pytest.approx(-np.expm1(-A * TIMES))


def test_a_birth_and_death_chain():
    found = exact(birth_and_death(), T)
    births = [0.5 + 0.1 * n for n in range(7)]
    assert found.cdf("seven") == pytest.approx(
        [absorbed(births, [0.3 * n for n in range(7)], 3, t) for t in T], abs=1e-10
    )
    # To 0 from 3, seen from the top: 100 - n. Cut at 60, which ten days do not reach.
    top = 60
    ups, downs = [0.3 * n for n in range(top, 0, -1)], [0.5 + 0.1 * n for n in range(top, 0, -1)]
    assert found.cdf("empty") == pytest.approx(
        [absorbed(ups, downs, top - 3, t) for t in T], abs=1e-10
    )
    assert found.n_states == 101


def test_counts_of_firings():
    """The third hit, with mending between: five stages."""
    found = law(**bridge(), outcomes={"o": "hit.fired >= 3"})
    assert found == pytest.approx(stages(A, B, A, B, A), abs=1e-12)


def test_a_poisson_count_without_bound():
    parts = {
        "variables": {"n": (0, math.inf, 0)},
        "transitions": {"come": {"rate": "2/day", "then": {"n": "n + 1"}}},
    }
    found = exact(net(**parts, outcomes={"o": "n >= 4", "p": "n >= 7"}), T)
    for name, k in (("o", 4), ("p", 7)):
        assert found.cdf(name) == pytest.approx(gammainc(k, 2 * TIMES), abs=1e-12)
    assert found.n_states == 8


def test_exponential_work_with_a_constant_mean():
    parts = bridge()
    parts["transitions"]["hit"] = {
        "when": "b == up",
        "after": ("exponential", "5 days"),
        "pace": "k",
        "then": {"b": "down"},
    }
    found = law(**parts, parameters={"k": 2.0}, outcomes={"o": "b == down"})
    assert found == pytest.approx(-np.expm1(-A * TIMES))


def test_competing_transitions_and_self_loops():
    """What changes nothing does not matter, but counts as a firing."""
    parts = bridge()
    parts["transitions"]["noise"] = {"rate": "7/day", "then": {}}
    assert law(**parts, outcomes={"o": "b == down"}) == pytest.approx(-np.expm1(-A * TIMES))
    found = law(**parts, outcomes={"o": "noise.fired >= 2"})
    assert found == pytest.approx(gammainc(2, 7 * TIMES))


# Outcomes that read outcomes, and stop.


def test_before_another():
    """Down before the alarm: the race of two exponentials."""
    parts = bridge()
    parts["variables"]["alarm"] = "off on"
    parts["transitions"]["alarm_goes"] = {
        "when": "alarm == off",
        "rate": "1/day",
        "then": {"alarm": "on"},
    }
    outcomes = {"first": "alarm == on", "o": "b == down and not first"}
    wanted = A / (A + 1) * -np.expm1(-(A + 1) * TIMES)
    assert law(**parts, outcomes=outcomes) == pytest.approx(wanted)


def test_an_outcome_stays_recorded():
    """Up again after it was down: 'was down' is remembered."""
    outcomes = {"was_down": "b == down", "o": "was_down and b == up"}
    assert law(**bridge(), outcomes=outcomes) == pytest.approx(stages(A, B), abs=1e-12)
    outcomes = {
        "was_down": "b == down",
        "again": "was_down and b == up",
        "o": "again and b == down",
    }
    found = exact(net(**bridge(), outcomes=outcomes), T)
    assert found.cdf("o") == pytest.approx(stages(A, B, A), abs=1e-12)
    # (up), (down, was), (up, was, again), (down, was, again).
    assert found.n_states == 4


def test_an_outcome_that_no_other_reads_does_not_split_states():
    solved = exact(net(**bridge(), outcomes={"o": "b == down", "p": "b == up"}), T)
    assert solved.n_states == 2
    assert solved.cdf("p").tolist() == [1.0] * len(T)


@pytest.mark.parametrize("stop", ["n == 2", "two"])
def test_nothing_happens_after_a_stop(stop):
    parts = {
        "variables": {"n": (0, 9, 0)},
        "transitions": {"come": {"rate": "2/day", "then": {"n": "n + 1"}}},
        "outcomes": {"two": "n == 2", "o": "n == 3"},
        "stop": stop,
    }
    solved = exact(net(**parts), T)
    assert solved.n_states == 3
    assert solved.cdf("o").tolist() == [0.0] * len(T)
    assert solved.cdf("two") == pytest.approx(gammainc(2, 2 * TIMES))


def test_an_outcome_of_the_start():
    assert law(**bridge(), outcomes={"o": "b == up"}).tolist() == [1.0] * len(T)
    assert law(**bridge(), outcomes={"o": "b == up"}, stop="b == up").tolist() == [1.0] * len(T)


# Immediates.


def talks(win: float, quick: str = "immediate") -> dict[str, object]:
    """Return a gambler's ruin that is played at once, when it begins (`gamblers_ruin.yaml`)."""
    play = {"immediate": True} if quick == "immediate" else {"rate": quick}
    return {
        "variables": {"talks": "none open ours theirs", "n": (0, 10, 3)},
        "transitions": {
            "begin": {"when": "talks == none", "rate": "0.4/day", "then": {"talks": "open"}},
            "round": {
                "when": "talks == open and n > 0 and n < 10",
                **play,
                "branches": [(win, {"n": "n + 1"}), (1 - win, {"n": "n - 1"})],
            },
            "won": {
                "immediate": True,
                "when": "talks == open and n == 10",
                "then": {"talks": "ours"},
            },
            "lost": {
                "immediate": True,
                "when": "talks == open and n == 0",
                "then": {"talks": "theirs"},
            },
        },
        "outcomes": {"o": "talks == ours", "end": "talks == ours or talks == theirs"},
    }


@pytest.mark.parametrize("win", [0.45, 0.5001, 0.9, 0.01])
def test_a_circle_of_immediates_is_solved(win):
    solved = exact(net(**talks(win)), T)
    wanted = gambler_wins(win) * -np.expm1(-A * TIMES)
    assert solved.cdf("o") == pytest.approx(wanted, rel=1e-11, abs=1e-300)
    assert solved.cdf("end") == pytest.approx(-np.expm1(-A * TIMES))
    assert solved.n_states == 3


def test_immediates_are_the_limit_of_quick_rates():
    slow = law(**talks(0.45, quick="2000/day"))
    assert law(**talks(0.45)) == pytest.approx(slow, abs=0.005)


def test_a_circle_that_hardly_ever_ends():
    """It goes round 10^12 times on average, and ends one way in three."""
    circle = {
        "variables": {"x": "rest a b one two"},
        "transitions": {
            "begin": {"when": "x == rest", "rate": "0.4/day", "then": {"x": "a"}},
            "a": {
                "immediate": True,
                "when": "x == a",
                "branches": [(1, {"x": "b"}), (1e-12, {"x": "one"})],
            },
            "b": {
                "immediate": True,
                "when": "x == b",
                "branches": [(1, {"x": "a"}), (2e-12, {"x": "two"})],
            },
        },
        "outcomes": {"o": "x == one"},
    }
    assert law(**circle) == pytest.approx(-np.expm1(-A * TIMES) / 3, rel=1e-10)


def test_an_end_too_unlikely_to_be_told_from_none_is_refused():
    circle = {
        "variables": {"x": "rest a done"},
        "transitions": {
            "begin": {"when": "x == rest", "rate": "0.4/day", "then": {"x": "a"}},
            "spin": {
                "immediate": True,
                "when": "x == a",
                "branches": [(1, {}), (1e-25, {"x": "done"})],
            },
        },
        "outcomes": {"o": "x == done"},
    }
    with pytest.raises(ScenarioError, match="immediates fire without end, in no time: 'spin'"):
        law(**circle)


def test_immediates_at_the_start_and_their_order():
    """The higher priority first, then the order of the file; each changes what the next sees."""
    start = {
        "variables": {"n": (0, 99, 1)},
        "transitions": {
            "wait": {"rate": "1/day", "then": {}},
            "late": {"immediate": True, "when": "n < 40", "priority": -1, "then": {"n": "10 * n"}},
            "first": {"immediate": True, "when": "n < 3", "then": {"n": "n + 1"}},
            "second": {"immediate": True, "when": "n == 3", "then": {"n": "n + 2"}},
            "third": {"immediate": True, "when": "n == 3", "then": {"n": "0"}},
        },
        "outcomes": {"o": "n == 50"},
    }
    assert law(**start).tolist() == [1.0] * len(T)


@pytest.mark.parametrize("guard", ["b == down", "b == down or b == up"])
def test_immediates_without_an_end_are_refused(guard):
    parts = bridge()
    parts["transitions"]["spin"] = {"immediate": True, "when": guard, "then": {}}
    with pytest.raises(ScenarioError, match="immediates fire without end, in no time: 'spin'"):
        law(**parts, outcomes={"o": "b == down"})


def test_an_end_that_is_possible_but_not_certain_is_refused():
    trap = {
        "variables": {"x": "rest a b c done"},
        "transitions": {
            "begin": {"when": "x == rest", "rate": "1/day", "then": {"x": "a"}},
            "a": {
                "immediate": True,
                "when": "x == a",
                "branches": [(1, {"x": "b"}), (1, {"x": "done"})],
            },
            "b": {"immediate": True, "when": "x == b", "then": {"x": "c"}},
            "c": {"immediate": True, "when": "x == c", "then": {"x": "b"}},
        },
        "outcomes": {"o": "x == done"},
    }
    with pytest.raises(ScenarioError, match=r"without end, in no time: 'b', 'c'$"):
        law(**trap)


# Finite laws.


def test_an_uncertain_rate_is_mixed():
    parameters = {"p": ("discrete", 0.2, 1.0, 1, 3)}
    found = exact(net(**bridge("p/day"), parameters=parameters, outcomes={"o": "b == down"}), T)
    wanted = 0.25 * -np.expm1(-0.2 * TIMES) + 0.75 * -np.expm1(-TIMES)
    assert found.cdf("o") == pytest.approx(wanted)
    assert found.n_states == 2


def test_inputs_that_read_inputs_are_mixed_along_their_tree():
    parameters = {
        "p": ("discrete", 1, 2, 1, 1),
        "q": ("discrete", "p", "3 * p", 1, "p"),
        "r": "q/5",
    }
    found = law(**bridge("r/day"), parameters=parameters, outcomes={"o": "b == down"})
    tree = [(0.5 * w / (1 + p), q / 5) for p in (1, 2) for q, w in ((p, 1), (3 * p, p))]
    assert found == pytest.approx(sum(w * -np.expm1(-rate * TIMES) for w, rate in tree))


def test_uncertain_initial_values_are_solved_together(monkeypatch):
    explored = []
    original = Explorer.explore
    monkeypatch.setattr(Explorer, "explore", lambda *args: (explored.append(1), original(*args))[1])
    whole = sim.loads(
        """
title: t
clock: {horizon: 10 days}
variables:
  n: {integer: [0, 9], initial: {discrete: {0: 1, 1: 2, 2: 5}}}
  bar: {states: [low, high], initial: {choice: {low: 1, high: 3}}}
transitions: {come: {rate: 2/day, then: {n: n + 1}}}
outcomes: {o: n >= (3 if bar == low else 4)}
"""
    )
    found = exact(whole, T).cdf("o")
    ways = [
        (w * v / 32, 3 + extra - n)
        for n, w in ((0, 1), (1, 2), (2, 5))
        for extra, v in ((0, 1), (1, 3))
    ]
    assert found == pytest.approx(sum(w * gammainc(k, 2 * TIMES) for w, k in ways))
    assert explored == [1]


def test_too_many_combinations_are_refused():
    parameters = {f"p{i}": ("discrete", *range(8), *[1] * 8) for i in range(5)}
    rate = " + ".join(parameters)
    with pytest.raises(
        ScenarioError, match=r"'p0', 'p1', 'p2', 'p3', 'p4' have 32,768 combinations"
    ):
        law(**bridge(f"({rate})/day"), parameters=parameters, outcomes={"o": "b == down"})


def test_an_input_that_nothing_reads_is_not_combined():
    parameters = {f"p{i}": ("discrete", *range(8), *[1] * 8) for i in range(6)}
    found = law(**bridge("p0/day"), parameters=parameters, outcomes={"o": "b == down"})
    assert found == pytest.approx(np.mean([-np.expm1(-k * TIMES) for k in range(8)], axis=0))


def test_draws_are_ways_to_branch():
    """Two draws, weights that read one, amounts that read the other: all paths of two jumps."""
    parts = {
        "variables": {"n": (0, 99, 0), "k": (0, 2, 0)},
        "transitions": {
            "jump": {
                "when": "k < 2",
                "rate": "2/day",
                "draws": {"x": ("discrete", 1, 2, "1 + n", 1), "w": ("discrete", 1, 3, 2, 1)},
                "branches": [
                    ("w", {"n": "n + x", "k": "k + 1"}),
                    (1, {"n": "n + 10 * x", "k": "k + 1"}),
                ],
            }
        },
        "outcomes": {"o": "n == 12"},
    }

    def ways(n: int) -> list[tuple[float, int]]:
        found = []
        for x, w in product((1, 2), (1, 3)):
            p = (1 + n if x == 1 else 1) / (2 + n) * (2 if w == 1 else 1) / 3
            found += [(p * w / (1 + w), n + x), (p / (1 + w), n + 10 * x)]
        return found

    reached = math.fsum(p * q for p, n in ways(0) for q, m in ways(n) if m == 12)
    assert 0.1 < reached < 0.9
    assert law(**parts) == pytest.approx(reached * gammainc(2, 2 * TIMES))


def test_a_draw_that_takes_one_value():
    parts = bridge()
    parts["variables"]["n"] = (0, 9, 0)
    hit = parts["transitions"]["hit"]
    hit |= {"draws": {"x": ("deterministic", "2 + n")}, "then": {"b": "down", "n": "n + x"}}
    found = law(**parts, outcomes={"o": "n == 6"})
    assert found == pytest.approx(stages(A, B, A), abs=1e-12)


# Ranges, and what is left out.


def test_values_are_clipped():
    parts = {
        "variables": {"n": (0, 5, 3), "x": (-1.0, 1.0, 0.0)},
        "transitions": {"come": {"rate": "2/day", "then": {"n": "n + 4", "x": "x - 2"}}},
        "outcomes": {"o": "n == 5 and x == -1"},
    }
    solved = exact(net(**parts), T)
    assert solved.cdf("o") == pytest.approx(-np.expm1(-2 * TIMES))
    assert solved.n_states == 2


def test_negative_zero_is_zero():
    parts = {
        "variables": {"x": (-1.0, 1.0, 0.0)},
        "transitions": {"turn": {"rate": "2/day", "then": {"x": "-x"}}},
        "outcomes": {"o": "x > 0"},
    }
    assert exact(net(**parts), T).n_states == 1


def test_what_is_beyond_every_outcome_is_left_out_where_it_has_no_end():
    """So is a count that nothing reads."""
    parts = bridge()
    parts["variables"] |= {"n": (0, math.inf, 0), "k": (0, math.inf, 0)}
    parts["transitions"]["hit"]["then"] |= {"n": "n + 1", "k": "k + n"}
    solved = exact(net(**parts, outcomes={"o": "n >= 2"}), T)
    assert solved.cdf("o") == pytest.approx(stages(A, B, A), abs=1e-12)
    assert solved.n_states == 4


def test_a_finite_net_has_all_its_states_counted():
    parts = bridge()
    parts["variables"]["n"] = (0, 9, 0)
    parts["transitions"]["hit"]["then"] |= {"n": "n + 1"}
    solved = exact(net(**parts, outcomes={"o": "n >= 2"}), T)
    assert solved.cdf("o") == pytest.approx(stages(A, B, A), abs=1e-12)
    assert solved.n_states == 19  # up with 0 to 9, down with 1 to 9
    assert exact(net(**parts, outcomes={"o": "n >= 2"}), T, max_states=10).n_states == 4


def test_too_many_states_are_refused_with_their_number():
    parts = {
        "variables": {"n": (0, math.inf, 0)},
        "transitions": {"come": {"rate": "2/day", "then": {"n": "n + 1"}}},
        "outcomes": {"o": "n < 0"},
    }
    with pytest.raises(ScenarioError, match="more states than the limit: 500 found"):
        exact(net(**parts), T, max_states=500)


def test_too_many_vanishing_states_are_refused():
    parts = {
        "variables": {"n": (0, math.inf, 0)},
        "transitions": {
            "wait": {"rate": "1/day", "then": {}},
            "come": {"immediate": True, "then": {"n": "n + 1"}},
        },
        "outcomes": {"o": "n < 0"},
    }
    with pytest.raises(ScenarioError, match="more states than the limit: 0 found"):
        exact(net(**parts), T, max_states=500)


def test_batches_change_nothing(monkeypatch):
    days = [1.0, 10.0]
    whole = exact(net(**four_cities_net()), days)
    monkeypatch.setattr(explore, "_BATCH", 7)
    parts = exact(net(**four_cities_net()), days)
    assert parts.cdf("o") == pytest.approx(whole.cdf("o"), rel=1e-13)
    assert parts.n_states == whole.n_states


# Faults, and questions that make no sense.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": "(1.5 - n)/day"}, "the pace of 'come' is negative or infinite where n = 2"),
        ({"rate": "1/(2 - n)/day"}, "the pace of 'come' is negative or infinite where n = 2"),
        ({"rate": "(1 + log(1.5 - n))/day"}, "the pace of 'come' is not a number where n = 2"),
        ({"when": "log(1.5 - n)"}, "the guard of 'come' is not a number where n = 2"),
        ({"then": {"n": "n + 0.5"}}, "'n' is set to a fraction where n = 0"),
        ({"then": {"n": "n + 1 + 0/(2 - n)"}}, "'n' is set to no finite number where n = 2"),
        (
            {"branches": [("2 - n", {"n": "n + 1"}), ("n - 2", {"n": "n + 1"})]},
            "'come' has impossible weights where n = 0",
        ),
        (
            {"draws": {"x": ("discrete", 1, 2, "2 - n", 0)}, "then": {"n": "n + x"}},
            "the draw 'x' of 'come' has impossible weights where n = 2",
        ),
        ({"after": ("exponential", "0 days")}, "the mean of 'come' is not positive"),
    ],
)
def test_a_broken_rule_is_named_with_the_state(change, message):
    come = {"rate": "1/day", "then": {"n": "n + 1"}} | change
    if "after" in change:
        del come["rate"]
    parts = {
        "variables": {"n": (0, 9, 0)},
        "transitions": {"come": come},
        "outcomes": {"o": "n == 9"},
    }
    with pytest.raises(ScenarioError, match=message) as caught:
        law(**parts)
    assert caught.value.diagnostics[0].code == "fault"


def test_a_rule_broken_where_no_replication_comes_is_none():
    """A branch of weight 0, a rate of 0, a false guard: nothing beyond them is looked at."""
    bad = {"n": "n + 1/2"}
    parts = {
        "variables": {"n": (0, 2, 0)},
        "transitions": {
            "come": {
                "rate": "1/day",
                "branches": [("n", bad), (1 - 0, {"n": "n + 1"})],
                "when": "n == 0",
            },
            "never": {"rate": "0/day", "then": bad},
            "off": {"when": "n < 0", "rate": "1/day", "then": bad},
        },
        "outcomes": {"o": "n == 1"},
    }
    assert law(**parts) == pytest.approx(-np.expm1(-TIMES))


@pytest.mark.parametrize(
    ("day", "message"),
    [(10.5, "day 10.5 is beyond the horizon"), (-1.0, "before the start"), (math.nan, "day nan")],
)
def test_times_outside_the_replication_are_refused(day, message):
    with pytest.raises(UsageError, match=message):
        exact(net(**bridge(), outcomes={"o": "b == down"}), [1.0, day])


def test_an_unknown_outcome_is_refused():
    solved = exact(net(**bridge(), outcomes={"falls": "b == down"}), T)
    with pytest.raises(UsageError, match="no outcome 'fals': did you mean 'falls'"):
        solved.cdf("fals")


def test_no_times_and_no_outcomes():
    assert law([], **bridge(), outcomes={"o": "b == down"}).shape == (0,)
    solved = exact(net(**bridge()), T)
    assert solved.outcomes == {}
    assert solved.n_states == 2
    with pytest.raises(UsageError, match="no outcome 'o': it has none"):
        solved.cdf("o")


def test_a_net_without_variables():
    parts = {"transitions": {"tick": {"rate": "1/day", "then": {}}}, "outcomes": {"o": "1 > 2"}}
    solved = exact(net(**parts), T)
    assert solved.n_states == 1
    assert solved.cdf("o").tolist() == [0.0] * len(T)


def test_a_chain_that_jumps_too_often_is_refused():
    with pytest.raises(ScenarioError, match="jumps by the last time"):
        law(**bridge("1e7/day"), outcomes={"o": "b == down"})


def test_the_package_is_the_function():
    whole = net(**bridge(), outcomes={"o": "b == down"})
    assert sim.exact(whole, at=T).cdf("o").tolist() == exact(whole, T).cdf("o").tolist()


@pytest.mark.parametrize("blue", [10, 12])
def test_a_duel(blue):
    parts = {
        "variables": {"blue": (0, 40, blue), "red": (0, 40, 10)},
        "transitions": {
            "b": {
                "when": "blue > 0 and red > 0",
                "rate": "50 * red / day",
                "then": {"blue": "blue - 1"},
            },
            "r": {
                "when": "blue > 0 and red > 0",
                "rate": "50 * blue / day",
                "then": {"red": "red - 1"},
            },
        },
        "outcomes": {"o": "red == 0"},
    }
    assert law([9.0], **parts)[0] == pytest.approx(duel(blue, 10), abs=1e-10)
