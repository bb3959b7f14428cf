"""``air_support``: without luck, battles end on a day that can be computed."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example, unvaried

COVER = """  cover:
    kind: air_support
    faction: friend
    of: blue
    against: [red]
    sorties: 25 / day
    effect: 4
"""
#: The defender tolerates 0.16 and loses 0.032 a day at even strength and effectiveness.
WITHOUT = 0.16 / 0.032
#: Half of the full effort of 4.
FACTOR = 2.0


def covered(changes: dict[str, str] | None = None, more: str = "") -> str:
    """Return the example with other values of keys of the air support, or more of them."""
    cover = COVER
    for key, value in (changes or {}).items():
        old = [line for line in cover.splitlines() if line.startswith(f"    {key}:")]
        new = f"    {key}: {value}"
        cover = cover.replace(old[0], new) if old else f"{cover}{new}\n"
    text = unvaried("air_support")
    assert COVER in text
    return text.replace(COVER, cover) + more


def unbroken(text: str) -> str:
    """Return it with attackers who never give up, for as long as it takes."""
    battle = "attacker_tolerance: 1\n"
    text = text.replace(battle, battle + "    attacker_loss: 0 / day\n")
    return text.replace("horizon: 30 days", "horizon: 90 days")


def day(text: str, outcome: str = "falls") -> float:
    """Return when an outcome happens that hangs on no chance."""
    times = set(sim.run(sim.loads(text), replications=10).times(outcome))
    assert len(times) == 1
    return float(times.pop())


def test_the_example_falls_on_its_day():
    assert day(example("air_support")) == pytest.approx(WITHOUT * FACTOR)
    assert day(covered({"off": "true"})) == pytest.approx(WITHOUT)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"effect": "9"}, 3.0),
        ({"effect": "1"}, 1.0),
        ({"sorties": "50 / day"}, 4.0),
        ({"sorties": "0 / day"}, 1.0),
        ({"sorties": "75 / day"}, 8.0),
        ({"full_at": "25 / day"}, 4.0),
        ({"full_at": "100 / day"}, 4.0**0.25),
    ],
)
def test_a_town_holds_longer_by_the_power_of_the_effort(changes: dict[str, str], factor: float):
    assert day(unbroken(covered(changes))) == pytest.approx(WITHOUT * factor)


def test_attacks_break_sooner_by_as_much():
    more = "  breaks: column.state == regrouping\n"
    weak = {"defender_tolerance: 0.16": "defender_tolerance: 1"}
    weak["attacker_tolerance: 1"] = "attacker_tolerance: 0.103"
    texts = [covered(more=more), covered({"off": "true"}, more)]
    for old, new in weak.items():
        texts = [text.replace(old, new) for text in texts]
    assert day(texts[1], "breaks") == pytest.approx(10.0)
    assert day(texts[0], "breaks") == pytest.approx(10.0 / FACTOR)


def test_usual_values():
    text = example("air_support").replace("    effect: 4\n", "")
    priors = {i.name: i for i in sim.loads(text).net.inputs}
    assert priors["processes.cover.effect"].note.mark == "J"
    assert priors["processes.cover.full_at"].note.mark == "R"
    found = sim.run(sim.loads(text), replications=200)
    # The town falls at 5 x effect ** (25 / 50), replication by replication.
    effects = found.inputs["processes.cover.effect"]
    assert np.allclose(found.times("falls"), WITHOUT * np.sqrt(effects))
    # Median 1.5 with sigma 0.3: 4.5 standard errors of a median, a false alarm in 150,000.
    assert abs(np.log(np.median(effects) / 1.5)) < 4.5 * 1.2533 * 0.3 / np.sqrt(200)


def test_several_who_support_multiply():
    again = COVER.replace("cover:", "more:").replace("effect: 4", "effect: 9")
    both = example("air_support").replace(COVER, COVER + again)
    assert day(unbroken(both)) == pytest.approx(WITHOUT * 6.0)


def test_it_helps_only_whom_it_is_meant_for():
    against_others = covered({"against": "[green]"}).replace(
        "hostile: [[red, blue]]", "hostile: [[red, blue], [green, blue]]"
    )
    against_others = against_others.replace("  red: {}\n", "  red: {}\n  green: {}\n")
    assert day(against_others) == pytest.approx(WITHOUT)
    of_the_attacker = covered({"of": "red", "against": "[blue]"})
    assert day(of_the_attacker) == pytest.approx(WITHOUT)


# When it goes on.

STOPPED_AT = 4.0
#: Four days at half pace, the rest at full pace.
STOPPED = STOPPED_AT + (WITHOUT - STOPPED_AT / FACTOR)


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, "friend.stance: left"),
        ({"faction": "helper"}, "helper.collapsed: 1"),
        ({"when": "friend.stance == committed"}, "friend.stance: reduced"),
        ({"until": "4 days"}, "friend.stance: reduced"),
    ],
    ids=["patron left", "faction collapsed", "when", "until"],
)
def test_it_stops(changes: dict[str, str], effect: str):
    more = f"transitions: {{end: {{at: {STOPPED_AT:g} days, then: {{{effect}}}}}}}\n"
    text = covered(changes, more).replace("  friend: {role", "  helper: {}\n  friend: {role")
    assert day(text) == pytest.approx(STOPPED)


def test_from_time():
    # Four days at full pace, the rest at half.
    late = covered({"from_time": f"{STOPPED_AT:g} days"})
    assert day(late) == pytest.approx(STOPPED_AT + (WITHOUT - STOPPED_AT) * FACTOR)


def test_whoever_has_reduced_its_stance_flies_on():
    more = "transitions: {end: {at: 4 days, then: {friend.stance: reduced}}}\n"
    assert day(covered(more=more)) == pytest.approx(WITHOUT * FACTOR)


# What is wrong.


@pytest.mark.parametrize(
    ("changes", "code", "at"),
    [
        ({"against": "[friend]"}, "not-hostile", "friend]"),
        ({"against": "[blue]"}, "not-hostile", "blue]"),
        ({"against": "[rad]"}, "unknown-faction", "rad]"),
        ({"of": "blu"}, "unknown-faction", "blu"),
        ({"full_at": "0 / day"}, "out-of-range", "0 / day"),
        ({"sorties": "25"}, "dimension", "25"),
        ({"effect": "-1"}, "out-of-range", "-1"),
        ({"efect": "2"}, "unknown-field", "efect: 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changes: dict[str, str], code: str, at: str):
    text = covered(changes)
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        sim.loads(text)
    told = [
        (d.code, text.split("\n")[d.position.line - 1][d.position.column - 1 :])
        for d in caught.value.diagnostics
    ]
    assert (code, at) in told


def test_engines_agree_on_the_example():
    uncertain = (
        example("air_support")
        .replace("    effect: 4\n", "")
        .replace("tempo_spread: 0", "tempo_spread: 1")
    )
    net = sim.loads(uncertain).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=50)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=50)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 50
