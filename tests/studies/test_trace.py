"""``trace``: the same replication as in an ensemble, in the words of the scenario."""

import json
import math

import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import UsageError
from sim.studies.trace import one
from tests.studies.scenarios import BRIDGE

AT_ONCE = """
title: A hit and what follows
clock: {horizon: 9 days}
variables: {bridge: {states: [up, down, mended]}, x: {real: [0 km, 9 km], initial: 1 km}}
transitions:
  strike:
    when: bridge == up
    rate: 9 / day
    draws: {far: {uniform: [1 km, 2 km]}}
    then: {bridge: down, x: x + far}
    says: "Hit {far:.2f} km away from {bridge}"
  mend: {immediate: true, when: bridge == down, then: {bridge: mended}}
  rival: {when: bridge == up, rate: 0.01 / day, then: {}}
outcomes: {there: {when: bridge == mended, label: Mended}}
"""


def test_events_are_those_of_the_replication_in_an_ensemble():
    scenario = sim.loads(BRIDGE)
    ensemble = sim.run(scenario, replications=20)
    batch = run_ensemble(scenario.net, seed=1, replications=20)
    for replication in range(20):
        events = sim.trace(scenario, replication=replication)
        first = next((e.days for e in events if "hit" in e.outcomes), math.inf)
        assert first == ensemble.times("hit")[replication]
        assert len(events) == batch.n_events[replication]


def test_an_event_says_what_happened_what_changed_and_what_it_was_faster_than():
    strike, mend = sim.trace(sim.loads(AT_ONCE))
    assert (strike.transition, strike.branch, strike.immediate) == ("strike", "", False)
    assert strike.changes["bridge"] == ("up", "down")
    before, after = strike.changes["x"]
    assert before == 1.0
    assert 2.0 <= after <= 3.0
    assert strike.says == f"Hit {after - before:.2f} km away from up"
    assert [w.transition for w in strike.lost] == ["rival"]
    assert strike.lost[0].days > strike.days
    assert strike.outcomes == ()
    assert (mend.transition, mend.immediate, mend.days) == ("mend", True, strike.days)
    assert mend.outcomes == ("there",)


PACED = """
title: A wall between two guns
clock: {horizon: 90 days}
variables: {guns: {integer: [0, 9], initial: 2}, wall: {real: [1, 9], initial: 1}}
definitions: {strength: guns / wall}
transitions:
  thicken: {after: 1 day, when: wall == 1, then: {wall: 4}}
  more: {every: 2 days, when: guns <= 2, then: {guns: guns + 4}}
  breach:
    when: breach.fired == 0
    work: {weibull: {shape: 2, scale: 9}}
    pace: strength / 1 day
    then: {}
  relief: {when: breach.fired == 0, after: 80 days, then: {}}
"""


def test_an_event_says_what_sped_and_slowed_its_clock():
    events = {e.transition: e for e in sim.trace(sim.loads(PACED), replication=1)}
    breach = events["breach"]
    assert breach.days > 2.0
    # Strength is 6 / 4: with 2 guns it were 2 / 4, with a wall of 1 it were 6.
    assert [(s.name, s.before, s.now) for s in breach.sped] == [
        ("wall", 1.0, 4.0), ("guns", 2.0, 6.0)
    ]  # fmt: skip
    assert [s.factor for s in breach.sped] == pytest.approx([1 / 4, 3])
    work = 2.0 * 1.0 + 0.5 * 1.0 + 1.5 * (breach.days - 2.0)
    assert breach.shorter == pytest.approx(1.0 - math.exp(-((work / 9.0) ** 2)))
    assert events["more"].sped == events["thicken"].sped == ()
    assert events["more"].shorter is events["thicken"].shorter is None


def test_a_clock_that_would_have_stood_still():
    text = PACED.replace("initial: 2", "initial: 0")
    events = {e.transition: e for e in sim.trace(sim.loads(text), replication=1)}
    assert ("guns", math.inf) in {(s.name, s.factor) for s in events["breach"].sped}


def test_an_event_says_which_clocks_it_has_stopped():
    events = {e.transition: e for e in sim.trace(sim.loads(PACED), replication=1)}
    assert [w.transition for w in events["breach"].lost if w.stopped] == ["relief"]
    assert {w.transition: w.stopped for w in events["thicken"].lost} == {
        "breach": False, "more": False, "relief": False
    }  # fmt: skip


def test_dates_are_local():
    scenario = sim.loads(BRIDGE.replace("clock: {", "clock: {timezone: UTC, "))
    events = [e for k in range(9) for e in sim.trace(scenario, replication=k)]
    assert events
    for event in events:
        assert event.time.utcoffset().total_seconds() == 0
        assert (event.time - scenario.clock.start).total_seconds() == pytest.approx(
            event.days * 86_400.0, abs=1e-3
        )


def test_the_last_replication_that_there_is():
    assert one(sim.loads(BRIDGE), replication=2**63 - 1).n == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"replication": -1}, "replications count from 0"),
        ({"replication": 2**63}, "replications count from 0"),
        ({"seed": -1}, "a seed lies between"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        sim.trace(sim.loads(BRIDGE), **given)


def test_seeds_make_different_replications():
    scenario = sim.loads(BRIDGE)
    told = {
        json.dumps([e.days for e in sim.trace(scenario, seed=s, replication=1)]) for s in range(5)
    }
    assert len(told) > 2
