"""What is no Markov chain is refused, by name and place, all of it at once."""

import pytest

import sim
from sim.errors import ScenarioError

FILE = """\
title: Nothing here is Markov but one clock
clock: {horizon: 10 days}
parameters:
  fixed: 0.5/day
  even: {discrete: {0.1/day: 1, 0.2/day: 3}}
variables:
  n: {integer: [0, 9], initial: {discrete: {1: 1, 2: 1}}}
  b: {states: [up, down], initial: {choice: {up: 1, down: 2}}}
transitions:
  plain: {when: b == up, rate: fixed + even, then: {b: down}}
  again: {when: b == down, work: {exponential: {mean: 2 days}}, pace: 1 + n, then: {b: up},
    memory: keep}
outcomes: {is_down: b == down}
"""


def refused(*lines: str, **sections: str) -> list[str]:
    """Return the refusals of the file with more transitions, as ``line: message``."""
    text = FILE.replace("outcomes:", "".join(f"  {line}\n" for line in lines) + "outcomes:")
    for section, line in sections.items():
        text = text.replace(f"{section}:\n", f"{section}:\n  {line}\n")
    scenario = sim.loads(text)
    with pytest.raises(ScenarioError, match="not-markov") as caught:
        sim.exact(scenario, at=[1.0])
    assert caught.value.sources == dict(scenario.texts)
    found = []
    for reason in caught.value.diagnostics:
        assert reason.position is not None
        assert reason.expected
        assert reason.hint
        quoted = text.splitlines()[reason.position.line - 1][reason.position.column - 1 :]
        found.append(f"{reason.position.line} {quoted.partition(' ')[0]} {reason.message}")
    return found


def test_what_is_markov_is_not_refused():
    assert sim.exact(sim.loads(FILE), at=[1.0]).n_states == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "x: {after: 3 h, memory: redraw, then: {n: 1}}",
            "13 3 'x' takes a fixed time ('after')",
        ),
        (
            "x: {work: 5, pace: n / (1 day), memory: keep, then: {n: 1}}",
            "13 5, 'x' holds a fixed amount of work ('work')",
        ),
        ("x: {every: 1 day, then: {n: 1}}", "13 1 'x' goes by a timetable ('every')"),
        ("x: {at: 2 days, then: {n: 1}}", "13 2 'x' goes by a timetable ('at')"),
        (
            "x: {work: {gamma: {shape: 2, mean: 1 day}}, pace: 1, memory: keep, then: {n: 1}}",
            "13 work: 'x' has a clock that is gamma ('work')",
        ),
        (
            "x: {work: {exponential: {mean: (1 + n) * 1 day}}, pace: 1, then: {n: 1}}",
            "13 work: the mean of 'x' depends on the state",
        ),
        (
            "x: {rate: 1/day, draws: {d: {uniform: [0, 1]}}, then: {n: floor(9 * d)}}",
            "13 d: 'd' of 'x' is uniform, a continuous draw",
        ),
        ("x: {rate: 1/day, then: {n: floor(time / (1 day))}}", "13 floor(time this reads 'time'"),
        (
            "x: {rate: 1/day, then: {again.work: 1 day}}",
            "13 1 this assigns 'again.work'",
        ),
        (
            "x: {rate: 1/day, then: {n: floor(again.work / (1 day))}}",
            "13 floor(again.work this reads 'again.work'",
        ),
    ],
)
def test_a_transition_that_is_not_is_named_with_its_place(line, message):
    (found,) = refused(line)
    assert found.startswith(message)


def test_an_input_with_a_continuous_law_can_be_fixed():
    extra = "x: {rate: p, then: {n: 9}}"
    (found,) = refused(extra, parameters="p: {uniform: [0.1/day, 0.2/day]}")
    assert found.startswith("4 p: 'parameters.p' is uncertain, and its law (uniform) continuous")
    text = FILE.replace("  fixed:", "  p: {uniform: [0.1/day, 0.2/day]}\n  fixed:")
    text = text.replace("rate: fixed", "rate: p")
    fixed = sim.loads(text, set={"parameters.p": "0.1/day"})
    assert sim.exact(fixed, at=[1.0]).n_states == 4


def test_an_input_that_only_others_read_matters_too():
    (found,) = refused(
        "x: {rate: q, then: {n: 9}}", parameters="q: 2 * p\n  p: {uniform: [0.1/day, 0.2/day]}"
    )
    assert "'parameters.p'" in found


def test_an_input_that_only_a_watch_reads_does_not():
    text = FILE.replace("parameters:\n", "parameters:\n  p: {uniform: [0, 1]}\n")
    assert sim.exact(sim.loads(text + "watch: {x: n + p}\n"), at=[1.0]).n_states == 4


@pytest.mark.parametrize(
    "law", ["{uniform: [5 days, 9 days]}", "{discrete: {5 days: 1, 9 days: 1}}"]
)
def test_an_uncertain_horizon_is_refused(law):
    text = FILE.replace("horizon: 10 days", f"horizon: {law}")
    with pytest.raises(ScenarioError, match=r"yaml:2:\d+: .*the horizon is uncertain") as caught:
        sim.exact(sim.loads(text), at=[1.0])
    assert len(caught.value.diagnostics) == 1


def test_everything_is_told_at_once_and_in_file_order():
    found = refused(
        "x1: {every: 1 day, then: {n: 1}}",
        "x2: {rate: 1/day, then: {n: floor(time / (1 day))}}",
        "x3: {at: 2 days, then: {n: 1}}",
    )
    assert [line.split()[0] for line in found] == ["13", "14", "15"]


def test_a_template_is_refused_once():
    assert len(refused("x.$i: {for: {i: [1, 2, 3]}, every: 1 day, then: {n: $i}}")) == 1


def test_a_definition_does_not_hide_what_it_reads():
    text = FILE.replace(
        "transitions:", "definitions: {mean_time: (1 + n) * 1 day}\ntransitions:"
    ).replace("{mean: 2 days}", "{mean: mean_time}")
    with pytest.raises(ScenarioError, match="the mean of 'again' depends on the state"):
        sim.exact(sim.loads(text), at=[1.0])
