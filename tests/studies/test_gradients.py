"""Gradients against exact laws, closed forms and quadrature, with faults planted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

import sim
from sim.engines.scored import _Life, _Scored
from sim.errors import ScenarioError, UsageError
from sim.exact.solve import exact
from sim.net import scoring
from sim.net.expr import Call, Const
from sim.scenario.load import loads
from sim.studies.gradients import as_json, gradients

#: A gradient that is right is so far off, in standard errors, with a probability of 6e-5: one of
#: the 36 comparisons below in 0.2 % of all seeds. A planted fault must be.
K = 4.0
#: The half-width of an interval, in standard errors (Student's t is within 0.2 % of it).
Z = 1.96


def off(gradient: float, interval: tuple[float, float], truth: float) -> float:
    """Return by how many standard errors a gradient is off."""
    error = (interval[1] - gradient) / Z
    return (gradient - truth) / error if error else math.inf


# Markov nets, by the exact solver.

#: Input and outcome, and what the exact law says.
Truth = dict[tuple[str, str], float]

WAR = """
title: A front that moves
clock: {horizon: 6 days}
parameters: {push: 0.9, resist: 0.4, supply: 1.3, luck: 2, spread: 0.3}
variables:
  front: {integer: [0, 6], initial: 3}
  mood: {states: [calm, angry]}
  spoilt: {integer: [0, 3], initial: 0}
definitions:
  odds: push ** 1.5 / (resist + 0.1 * front)
  vigour: max(0.2, supply - 0.1 * spoilt) * (1 + logistic(odds))
transitions:
  attack:
    when: front < 6
    rate: min(odds, 4) * vigour / day
    branches:
      - {weight: luck + odds, then: {front: front + 1}}
      - {weight: 1, then: {}}
      - {weight: spread, then: {mood: angry}}
  counter:
    when: front > 0
    rate: (1.2 if mood == calm else 2 * exp(-push)) / day
    then: {front: front - 1}
  spoil:
    when: spoilt < 3 and mood == angry
    after: {exponential: {mean: 1 day}}
    then: {spoilt: spoilt + 1}
  settle:
    immediate: true
    when: mood == angry and spoilt == 2
    branches:
      - {weight: sqrt(supply), then: {mood: calm, spoilt: 0}}
      - {weight: spread * abs(resist - 1), then: {spoilt: 3}}
outcomes:
  won: front == 6
  lost: front == 0
  spoils: spoilt == 3
"""
OUTCOMES = ("won", "lost", "spoils")


def exactly(name: str, days: float = 6.0) -> Truth:
    """Return derivatives of the exact law by an input of the war, by central differences.

    Their own error is below 1e-6: 1e-10 of the solver over the step, and its square.
    """
    (value,) = (i.prior.value for i in loads(WAR).net.inputs if i.name == name)
    step = 1e-4
    laws = [
        exact(loads(WAR, set={f"parameters.{name}": f"{value + h:.17g}"}), [days])
        for h in (step, -step)
    ]
    return {(name, o): float(laws[0].cdf(o)[0] - laws[1].cdf(o)[0]) / (2 * step) for o in OUTCOMES}


@pytest.fixture(scope="module")
def truth() -> Truth:
    names = ("push", "resist", "supply", "luck", "spread")
    return {key: value for name in names for key, value in exactly(name).items()}


def most_off(truth: Truth, n: int) -> float:
    """Return by how many standard errors the worst gradient of the war is off."""
    found = gradients(loads(WAR), replications=n, seed=11)
    assert not found.refused
    return max(
        abs(off(one.gradient, one.interval95, truth[one.input.rpartition(".")[2], outcome]))
        for outcome, of in found.gradients.items()
        for one in of
    )


@pytest.mark.statistical
def test_gradients_agree_with_the_exact_law(truth):
    assert len(truth) == 15
    assert most_off(truth, 20_000) < K


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("_burning", lambda net, slopes: Const(0.0)),
        ("_chosen", lambda branches, slopes, number: Const(0.0)),
        ("_tame", lambda slope: Call("mul", (slope, Const(0.9)))),
    ],
)
def test_a_fault_of_a_net_that_keeps_its_score_is_noticed(truth, monkeypatch, rule, fault):
    monkeypatch.setattr(scoring, rule, fault)
    assert most_off(truth, 4_000) > K


# Closed forms, and quadrature.


@dataclass(frozen=True)
class Case:
    """A scenario with one input, ``x``, of value 1.3 a day, and an outcome ``o``."""

    name: str
    transitions: str
    #: The gradient by x of the probability by the horizon.
    truth: float
    n: int = 2_000
    horizon: float = 2.0
    x: str = "1.3 / day"

    def scenario(self) -> str:
        return f"""
title: A case
clock: {{horizon: {self.horizon} days}}
parameters: {{x: {self.x}}}
variables:
  n: {{integer: [0, 9], initial: 0}}
  gate: {{states: [open, shut]}}
transitions:
{self.transitions}
outcomes: {{o: n == 1}}
"""

    def off(self) -> float:
        found = gradients(loads(self.scenario()), replications=self.n, seed=5)
        (one,) = found.gradients["o"]
        return off(one.gradient, one.interval95, self.truth)


X = 1.3
#: Laws of work with a density, as a file has them and as scipy has them.
LAWS = {
    "exponential: {mean: 1.6}": stats.expon(scale=1.6),
    "gamma: {shape: 2.5, mean: 2}": stats.gamma(2.5, scale=2 / 2.5),
    "gamma: {shape: 0.6, mean: 2}": stats.gamma(0.6, scale=2 / 0.6),
    "erlang: {k: 3, mean: 2}": stats.gamma(3, scale=2 / 3),
    "weibull: {shape: 1.7, scale: 2}": stats.weibull_min(1.7, scale=2),
    "weibull: {shape: 0.7, scale: 2}": stats.weibull_min(0.7, scale=2),
    "lognormal: {median: 2, sigma: 0.8}": stats.lognorm(0.8, scale=2),
}
WEIBULL, GAMMA, LOGNORMAL = (LAWS[k] for k in (list(LAWS)[4], list(LAWS)[1], list(LAWS)[6]))
SHUT_FOR_A_DAY = """
  shuts: {at: 0.8 days, then: {gate: shut}}
  opens: {at: 1.4 days, then: {gate: open}}
"""


def work(law: str, pace: str = "x", more: str = "") -> str:
    return f"  burn: {{{more} work: {{{law}}}, pace: {pace}, then: {{n: n + 1}}}}"


def slope(p: Callable[[float], float]) -> float:
    """Return a derivative at X by a central difference, good to 1e-7."""
    return (p(X + 1e-4) - p(X - 1e-4)) / 2e-4


def first(x: float) -> float:
    """Return the probability that the gamma comes by day 2 and before the Weibull."""
    return quad(lambda t: x * GAMMA.pdf(x * t) * WEIBULL.sf(x**2 * t), 0.0, 2.0, epsabs=1e-12)[0]


CASES = [
    *(Case(law, work(law), 2.0 * of.pdf(2.0 * X)) for law, of in LAWS.items()),
    Case(
        "the pace changes, twice, and for one life only by the state",
        work(list(LAWS)[6], "(x if gate == open else 3 * x ** 2 * 1 day)") + SHUT_FOR_A_DAY,
        slope(lambda x: LOGNORMAL.cdf(1.4 * x + 1.8 * x**2)),
    ),
    Case(
        "two clocks compete",
        work(list(LAWS)[1])
        + f"\n  other: {{work: {{{list(LAWS)[4]}}}, pace: x ** 2 * 1 day, then: {{n: 9}}}}",
        slope(first),
    ),
    Case(
        "dropped, and drawn anew",
        work(list(LAWS)[4], more="when: gate == open, memory: redraw,") + SHUT_FOR_A_DAY,
        slope(lambda x: -WEIBULL.sf(0.8 * x) * WEIBULL.sf(0.6 * x)),
    ),
    Case(
        "frozen, and gone on with",
        work(list(LAWS)[4], more="when: gate == open, memory: keep,") + SHUT_FOR_A_DAY,
        slope(lambda x: -WEIBULL.sf(1.4 * x)),
    ),
    Case(
        "a clock fires twice",
        work(list(LAWS)[1]).replace("n + 1", "1 if burn.fired == 1 else 2"),
        slope(lambda x: stats.gamma(5, scale=0.8).cdf(2 * x)),
    ),
    Case(
        "branches",
        """
  tries:
    rate: 2 / day
    branches:
      - {weight: x * 1 day, then: {n: n + 1}}
      - {weight: 2, then: {}}
""",
        slope(lambda x: -math.exp(-4 * x / (2 + x))),
    ),
    Case(
        "branches of an immediate",
        """
  tries: {rate: 2 / day, then: {gate: shut}}
  turns:
    immediate: true
    when: gate == shut
    branches:
      - {weight: x * 1 day, then: {n: n + 1, gate: open}}
      - {weight: 2, then: {gate: open}}
""",
        slope(lambda x: -math.exp(-4 * x / (2 + x))),
    ),
    Case(
        "branches of a clock that is not exponential",
        """
  burn:
    when: gate == open
    work: {weibull: {shape: 1.7, scale: 2}}
    pace: x
    branches:
      - {weight: x * 1 day, then: {n: n + 1, gate: shut}}
      - {weight: 2, then: {gate: shut}}
""",
        slope(lambda x: WEIBULL.cdf(2 * x) * x / (2 + x)),
    ),
    Case(
        "the mean of a life is that of its beginning",
        """
  burn:
    work: {exponential: {mean: 1 if n == 0 else 2}}
    pace: x
    then: {n: 4 if n == 0 else 1}
""",
        slope(lambda x: math.exp(-2 * x) - 2 * math.exp(-x)),
    ),
    Case(
        "a fixed delay that does not read it",
        work(list(LAWS)[4], more="when: gate == open,")
        + "\n  ends: {after: 1.1 days, when: gate == open, then: {gate: shut}}",
        1.1 * WEIBULL.pdf(1.1 * X),
    ),
    Case(
        "in km per day",
        "  burn: {work: {gamma: {shape: 2.5, mean: 20 km}}, pace: x, then: {n: n + 1}}",
        0.2 * GAMMA.pdf(2 * X),
        x="13 km / day",
    ),
]


@pytest.mark.statistical
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradients_agree_with_closed_forms(case):
    assert abs(case.off()) < K


def nothing(life: _Life) -> list[float]:
    return [0.0] * len(life.places)


def only_pace(life: _Life) -> list[float]:
    return [slope / life.pace for slope in life.slopes]


def forgets_the_dropped(run: _Scored, clock: object) -> None:
    before = list(run.total)
    UPDATE(run, clock)  # type: ignore[arg-type]
    run.total = before


def same_branch(run: _Scored, *args: object) -> int:
    return super(_Scored, run).choose_branch(*args)  # type: ignore[arg-type]


UPDATE = _Scored.update


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("whose", "method", "fault", "case"),
    [
        (_Life, "lived", nothing, "weibull: {shape: 1.7, scale: 2}"),
        (_Life, "fired", only_pace, "gamma: {shape: 0.6, mean: 2}"),
        (_Life, "fired", nothing, "lognormal: {median: 2, sigma: 0.8}"),
        (_Scored, "update", forgets_the_dropped, "dropped, and drawn anew"),
        (_Scored, "choose_branch", same_branch, "branches of a clock that is not exponential"),
    ],
)
def test_a_planted_fault_is_noticed(monkeypatch, whose, method, fault, case):
    monkeypatch.setattr(whose, method, fault)
    assert abs(next(one for one in CASES if one.name == case).off()) > K


@pytest.mark.statistical
def test_an_uncertain_input_has_the_mean_gradient_over_its_prior():
    """With hazard x ~ U(a, b) for two days: E[2 exp(-2x)], and E[2x exp(-2x)] by the logarithm."""
    a, b = 0.2, 1.4
    case = Case("", "  hit: {rate: x, then: {n: n + 1}}", 0.0, x="{uniform: [0.2/day, 1.4/day]}")
    (one,) = gradients(loads(case.scenario()), replications=3_000, seed=5).gradients["o"]
    mean = (math.exp(-2 * a) - math.exp(-2 * b)) / (b - a)
    log = quad(lambda x: 2 * x * math.exp(-2 * x), a, b)[0] / (b - a)
    assert one.drawn
    assert abs(off(one.gradient, one.interval95, mean)) < K
    assert abs(off(one.log_gradient, one.log_interval95, log)) < K
    # At the mean of the prior it is another: that is not what is estimated.
    assert abs(off(one.gradient, one.interval95, 2 * math.exp(-2 * 0.8))) > K


@pytest.mark.statistical
def test_a_gradient_over_a_lognormal_prior_is_a_covariance():
    """Stein (1981): cov(1_A, log x) = E[x dP/dx] var(log x)"""
    x = "{lognormal: {median: 0.5 / day, sigma: 0.6}}"
    scenario = loads(Case("", "  hit: {rate: x, then: {n: n + 1}}", 0.0, x=x).scenario())
    ensemble = sim.run(scenario, replications=20_000, seed=5)
    (one,) = gradients(scenario, replications=20_000, seed=5).gradients["o"]
    happened = np.isfinite(ensemble.times("o"))
    logs = np.log(ensemble.inputs["parameters.x"].to_numpy()) - math.log(0.5)
    products = (happened - happened.mean()) * logs / 0.6**2
    error = math.hypot(
        (one.log_interval95[1] - one.log_gradient) / Z, products.std() / math.sqrt(len(logs))
    )
    assert abs(one.log_gradient - products.mean()) < K * error
    assert abs(1.2 * one.log_gradient - products.mean()) > K * error


# What is asked for, and what is refused.

SMALL = """
title: A case
clock: {horizon: 2 days}
parameters: {x: 1.3 / day, y: 2, z: 5}
variables:
  n: {integer: [0, 9], initial: 0}
transitions:
  hit: {rate: x, then: {n: n + 1}}
  again:
    when: n < y
    rate: 1 / day
    then: {}
outcomes: {o: n == 1}
"""


def test_inputs_that_are_refused_are_listed_with_the_reason():
    found = gradients(loads(SMALL), replications=50)
    assert [one.input for one in found.gradients["o"]] == ["parameters.x", "parameters.z"]
    assert [one.input for one in found.refused] == ["parameters.y"]
    assert found.refused[0].reasons == (
        "no gradient by 'parameters.y': the guard of 'again' reads it",
    )
    unread = found.gradients["o"][1]
    assert (unread.gradient, unread.interval95, unread.value) == (0.0, (0.0, 0.0), 5.0)


def test_inputs_that_are_asked_for_are_refused_at_their_place():
    with pytest.raises(ScenarioError, match=r"scenario.yaml:10:.*the guard of 'again' reads it"):
        gradients(loads(SMALL), inputs=["parameters.x", "parameters.y"])


def test_those_drawn_are_taken_if_there_are_any():
    text = SMALL.replace("1.3 / day, y", "{uniform: [1 / day, 2 / day]}, y")
    found = gradients(loads(text), replications=50)
    assert [one.input for one in found.gradients["o"]] == ["parameters.x"]
    assert found.refused == ()
    named = gradients(loads(text), replications=50, inputs=["parameters.z"])
    assert [one.input for one in named.gradients["o"]] == ["parameters.z"]


@pytest.mark.parametrize(
    ("transitions", "reason"),
    [
        (
            "  a: {rate: (x - 1.3 / day) * 2, then: {n: 1}}",
            "the pace of 'a' is 0 in some states and would not stay so",
        ),
        (
            "  a: {rate: sqrt(x - 1.3 / day) / sqrt(1 day), then: {n: 1}}",
            "the pace of 'a' has no slope in some states",
        ),
        (
            "  a: {rate: 1 / day, branches: [{weight: x * 1 day - 1.3, then: {n: 1}}, "
            "{weight: 1, then: {}}]}",
            "a weight of 'a' is 0 in some states and would not stay so",
        ),
        (
            "  a: {work: {lognormal: {median: 1, sigma: 0}}, pace: x, then: {n: 1}}",
            "in some states the work of 'a' is fixed",
        ),
        (
            "  a: {work: {gamma: {shape: 2, mean: n}}, pace: x, then: {n: 1}}",
            "in some states the work of 'a' is fixed",
        ),
    ],
)
def test_what_turns_out_while_running_is_refused_too(transitions, reason):
    """A likelihood is silent on what has no probability now, and would have some."""
    more = transitions + "\n  b: {rate: x, then: {n: 1}}"
    scenario = loads(Case("", more, 0.0).scenario())
    found = gradients(scenario, replications=20)
    assert found.gradients["o"] == ()
    assert reason in found.refused[0].reasons[0]
    with pytest.raises(ScenarioError, match=reason):
        gradients(scenario, replications=20, inputs=["parameters.x"])


def test_an_outcome_that_all_have_or_none_has_no_gradient():
    text = SMALL.replace("outcomes: {o: n == 1}", "outcomes: {never: n == 9, always: n < 9}")
    found = gradients(loads(text), replications=20)
    for name, p in (("never", 0.0), ("always", 1.0)):
        assert found.probabilities[name] == p
        one = next(of for of in found.gradients[name] if of.input == "parameters.x")
        assert math.isnan(one.gradient)
        assert not one.telling
    rows = as_json(found)["gradients"]["never"]
    assert (rows[0]["gradient"], rows[0]["interval95"]) == (None, [None, None])


def test_many_firings_make_a_gradient_that_does_not_tell():
    text = """
title: Noise
clock: {horizon: 30 days}
parameters: {noise: 12 / day}
variables: {k: {integer: [0, 1], initial: 0}, done: {states: [no_, yes_]}}
transitions:
  flip: {rate: noise, then: {k: 1 - k}}
  end: {when: done == no_, rate: 0.025 / day, then: {done: yes_}}
outcomes: {ended: done == yes_}
"""
    (one,) = gradients(loads(text), replications=30, seed=2).gradients["ended"]
    assert one.interval95[0] < 0.0 < one.interval95[1]
    assert not one.telling


def test_the_first_replications_are_those_of_a_run():
    scenario = loads(SMALL)
    found = gradients(scenario, replications=300, seed=9)
    assert (
        found.probabilities["o"]
        == sim.run(scenario, replications=300, seed=9).probability("o").value
    )
    early = gradients(scenario, replications=300, seed=9, by=0.5)
    assert early.probabilities["o"] < found.probabilities["o"]
    assert (found.days, early.days) == (2.0, 0.5)
    assert gradients(scenario, replications=300, seed=9) == found


def test_engines_and_workers_give_the_same_bits():
    scenario = loads(SMALL)
    found = gradients(scenario, replications=60)
    assert gradients(scenario, replications=60, engine="reference") == found
    assert gradients(scenario, replications=60, workers=1) == found


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"outcomes": ["p"]}, "no outcome 'p': one of o"),
        ({"inputs": ["parameters.xx"]}, r"no input 'parameters.xx': did you mean 'parameters.x'\?"),
        ({"by": 3.0}, "day 3 is not within the 2 days of the scenario"),
        ({"by": -1.0}, "day -1 is not within"),
        ({"replications": 1}, "at least two replications, not 1"),
        ({"seed": -1}, "a seed lies between"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, message):
    with pytest.raises(UsageError, match=message):
        gradients(loads(SMALL), **asked)


def test_progress_is_of_all_runs():
    """Two outcomes make two runs, and a clock that is not exponential one more."""
    told: list[tuple[int, int]] = []
    text = SMALL.replace(
        "again:", "slow: {work: {gamma: {shape: 2, mean: 3}}, pace: z / day, then: {}}\n  again:"
    )
    text = text.replace("{o: n == 1}", "{o: n == 1, p: n == 2}")
    gradients(loads(text), replications=8, progress=lambda done, asked: told.append((done, asked)))
    assert told == sorted(told)
    assert told[-1] == (24, 24)
