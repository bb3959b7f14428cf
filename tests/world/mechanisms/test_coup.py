"""``coup``: how often it is tried, whether it succeeds, and what follows."""

import math

import numpy as np
import pytest

import sim
from sim.world.mechanisms.coup import Coup
from tests.world.mechanisms.known import TOO_MANY, agree, by, error, told

EXAMPLE = Coup.EXAMPLE
AT_ONCE = {"processes.plot.base": "1000000 / day", "processes.plot.succeeds": "1"}


def test_the_example_succeeds_as_its_formula_has_it():
    assert error(EXAMPLE, "falls", by(0.05 * math.exp(0.6))) < TOO_MANY
    assert error(EXAMPLE, "falls", by(0.06 * math.exp(0.6))) > TOO_MANY


@pytest.mark.parametrize(("cohesion", "factor"), [("0.5", 1.0), ("0.9", math.exp(-1.2))])
def test_who_stands_together_is_not_overthrown(cohesion, factor):
    changes = {"factions.junta.cohesion": cohesion}
    assert error(EXAMPLE, "falls", by(0.05 * factor), changes=changes) < TOO_MANY


def test_an_attempt_takes_its_time_and_one_that_fails_changes_nothing():
    text = EXAMPLE.replace("{falls:", "{begins: plot.under_way, falls:")
    changes = {"processes.plot.lasts": "3 days", "processes.plot.succeeds": "1"}
    found = sim.run(sim.loads(text, set=changes), replications=400)
    begins, falls = found.times("begins"), found.times("falls")
    assert falls[begins < 27] - begins[begins < 27] == pytest.approx(3.0)
    never = sim.run(sim.loads(text, set={"processes.plot.succeeds": "0"}), replications=400)
    assert np.isfinite(never.times("begins")).mean() > 0.99
    assert not np.isfinite(never.times("falls")).any()


def test_after_a_success_there_is_no_other():
    text = EXAMPLE.replace("lasts: 0 days", "lasts: 0 days, then: cohesion_drop, drop: 0.2")
    text = text.replace("cohesion: 0.3", "cohesion: 0.7, cohesion_recovery: 0 / day")
    text = text.replace("outcomes: {", "outcomes: {once: junta.cohesion < 0.51, ")
    text = text.replace("outcomes: {", "outcomes: {twice: junta.cohesion < 0.49, ")
    found = sim.run(sim.loads(text, set=AT_ONCE), replications=50)
    assert np.isfinite(found.times("once")).all()
    assert not np.isfinite(found.times("twice")).any()


def test_a_coup_may_bring_each_ceasefire_of_its_faction():
    text = EXAMPLE.replace("factions: {", "factions: {foe: {}, other: {}, ")
    text = text.replace("places:", "hostile: [[foe, junta], [other, junta], [foe, other]]\nplaces:")
    text = text.replace(
        "lasts: 0 days}",
        "lasts: 0 days, then: ceasefire}\n"
        "  talks: {kind: ceasefire, between: [foe, junta], offer: 0 / day}\n"
        "  more: {kind: ceasefire, between: [junta, other], offer: 0 / day}\n"
        "  rest: {kind: ceasefire, between: [foe, other], offer: 0 / day}",
    ).replace("{falls:", "{both: talks.active and more.active, third: rest.active, falls:")
    found = sim.run(sim.loads(text, set=AT_ONCE), replications=20)
    assert (found.times("both") < 0.001).all()
    assert not np.isfinite([found.times("third"), found.times("falls")]).any()


def test_an_attempt_comes_to_nothing_when_the_faction_falls_first():
    text = EXAMPLE + "transitions: {ends: {at: 1 day, then: {junta.collapsed: 1}}}\n"
    text = text.replace("{falls:", "{done: plot.done, falls:")
    changes = {**AT_ONCE, "processes.plot.lasts": "2 days"}
    found = sim.run(sim.loads(text, set=changes), replications=20)
    assert not np.isfinite(found.times("done")).any()


def test_the_engines_agree():
    assert agree(EXAMPLE)


def test_trace_tells_it():
    assert told(EXAMPLE, AT_ONCE)[:2] == [
        "A coup against junta is under way (plot)",
        "The coup against junta has succeeded (plot)",
    ]
    assert "The coup against junta has failed (plot)" in told(
        EXAMPLE, {**AT_ONCE, "processes.plot.succeeds": "0", "processes.plot.base": "1 / day"}
    )
