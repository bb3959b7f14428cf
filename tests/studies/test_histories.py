"""How replications went: told by stepping, held against the engine that explains itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.studies.geography import geography
from sim.studies.histories import Happening, Histories, Replay, histories, representatives
from tests.report.html.reports import WAR
from tests.studies.scenarios import BRIDGE

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def controls_of(scenario: sim.Scenario) -> dict[str, str]:
    return {spot.name: spot.watch for spot in geography(scenario).spots if spot.watch}


def told(scenario: sim.Scenario, n: int, seed: int = 1) -> tuple[Histories, Replay]:
    controls = controls_of(scenario)
    known = histories(scenario.net, controls, seed=seed, n=n)
    return known, Replay(scenario.net, controls, seed)


def traced(scenario: sim.Scenario, replication: int) -> list[tuple[float, list, list]]:
    """Return what changed hands and which outcomes came, as the reference engine has it."""
    found: dict[float, tuple[list, list]] = {}
    for event in sim.trace(scenario, replication=replication):
        taken, outcomes = found.setdefault(event.days, ([], []))
        outcomes += event.outcomes
        taken += [
            (name.removesuffix(".control"), before, after)
            for name, (before, after) in event.changes.items()
            if name.endswith(".control") and event.days > 0.0
        ]
    return [(days, t, o) for days, (t, o) in found.items() if t or o]


def replayed(happenings: list[Happening]) -> list[tuple[float, list, list]]:
    return [
        (h.days, [(t.place, t.before, t.after) for t in h.taken], list(h.outcomes))
        for h in happenings
        if h.taken or h.outcomes
    ]


@pytest.mark.parametrize(
    ("name", "replications"), [("war", range(12)), ("river_line", range(4)), ("homs_2024", [5])]
)
def test_what_happens_is_what_the_engine_that_explains_itself_says(name, replications):
    scenario = (
        sim.loads(WAR)
        if name == "war"
        else sim.load(SCENARIOS / f"{name}.yaml", check_variants=False)
    )
    known, replay = told(scenario, max(replications) + 1)
    for replication in replications:
        found = replayed(list(replay.happenings(known, replication)))
        expected = traced(scenario, replication)
        assert [days for days, _, _ in found] == [days for days, _, _ in expected]
        for (_, taken, outcomes), (_, changes, came) in zip(found, expected, strict=True):
            assert sorted(outcomes) == sorted(came)
            # A place may change hands twice in a step; what is told is what came of it.
            last = {place: after for place, _, after in changes}
            assert {place: after for place, _, after in taken}.items() <= last.items()
    assert replayed(list(replay.happenings(known, replications[-1]))) != traced(
        scenario, replications[-1] + 1
    )


def test_the_replications_looked_at_are_those_of_the_run():
    scenario = sim.loads(WAR)
    ensemble = sim.run(scenario, replications=300, seed=4)
    known, _ = told(scenario, 200, seed=4)
    for outcome in scenario.net.outcomes:
        assert np.array_equal(known.times[outcome.name], ensemble.times(outcome.name)[:200])
    grid = ensemble.legend.grid
    start = [ensemble.holders(place) for place in controls_of(scenario)]
    assert all(sum(curve[0] for curve in held.values()) == 1.0 for held in start)
    assert known.codes.shape == (200, len(grid) * len(start))


def test_each_answer_has_its_representatives_and_their_shares_sum_to_one():
    scenario = sim.loads(WAR)
    controls = controls_of(scenario)
    known = histories(scenario.net, controls, seed=1, n=400)
    found = representatives(scenario.net, controls, known, "port_falls", seed=1)
    assert sum(one.share for one in found) == pytest.approx(1.0)
    came = np.isfinite(known.times["port_falls"])
    assert sum(one.share for one in found if one.days is not None) == pytest.approx(came.mean())
    assert [one.days is not None for one in found] == [True] * 3 + [False] * 3
    for one in found:
        t = known.times["port_falls"][one.replication]
        assert one.days == (t if np.isfinite(t) else None)
        assert one.at_start == {"hill": "red", "town": "blue", "port": "blue"}
    again = representatives(scenario.net, controls, known, "port_falls", seed=1)
    assert again == found


def test_where_nobody_holds_anything_outcomes_tell_replications_apart():
    scenario = sim.loads(BRIDGE)
    known = histories(scenario.net, {}, seed=1, n=400)
    found = representatives(scenario.net, {}, known, "hit", seed=1)
    early_to_late = sorted(one.days for one in found if one.days is not None)
    assert len(early_to_late) == 3
    assert early_to_late[0] < 1.0 < early_to_late[2]
    first = found[0].happenings
    assert first[0].said == ("The bridge is hit",)
    assert first[0].outcomes == ("hit",)
    (never,) = [one for one in found if one.days is None]  # nothing tells them apart
    assert never.happenings == ()


def test_numbers_within_a_text_are_left_out_and_unsaid_firings_go_by_their_name():
    text = BRIDGE.replace("The bridge is hit}", "'Hit in state {bridge}: {{sic}}'}").replace(
        ", says: It stands", ""
    )
    scenario = sim.loads(text)
    known, replay = told(scenario, 40)
    said = {text for k in range(40) for h in replay.happenings(known, k) for text in h.said}
    assert said == {"Hit in state …: {sic}", "repair"}


def test_an_outcome_that_holds_at_the_start_is_told_there():
    scenario = sim.loads(WAR.replace("hill.control == blue", "hill.control == red"))
    known, replay = told(scenario, 3)
    first = next(replay.happenings(known, 0))
    assert (first.days, first.outcomes) == (0.0, ("never",))
