"""``trace`` as a timeline and as JSON."""

import json

import pytest

import sim
from sim.cli.main import main
from sim.cli.text import Look, width
from sim.cli.trace import timeline
from sim.errors import Exit
from sim.studies.trace import one, trace

SCENARIO = """
title: A march
clock: {start: 2024-12-06T18:00+03:00, horizon: 10 days}
variables:
  distance: {real: [0 km, 100 km], initial: 40 km}
  town: {states: [held, entered, fallen]}
parameters: {speed: {discrete: {20 km/day: 1}}}
transitions:
  march: {every: 1 day, when: distance > 0, then: {distance: distance - speed * 1 day}, says: "On, {distance:.0f} km to go"}
  halt: {when: distance > 0, rate: 0.000001 / day, then: {}}
  enter: {immediate: true, when: distance == 0 and town == held, branches: [{label: by the gate, then: {town: entered}}]}
  fall: {when: town == entered, after: 12 h, memory: redraw, then: {town: fallen}}
outcomes: {entered_it: {when: town != held, label: They are in}, taken: town == fallen}
stop: taken
"""  # noqa: E501


def told(text: str = SCENARIO, replication: int = 0, **look: object) -> str:
    scenario = sim.loads(text, "march.yaml")
    events = trace(scenario, replication=replication)
    return timeline(one(scenario, replication=replication), events, scenario.net, Look(**look))


def test_it_reads_like_this():
    shown = told()
    assert shown.startswith(
        "A march                                                    replication 0, seed 1\n\n"
        "  drawn for this replication\n"
        "    parameters.speed  20  km/day\n\n"
        "Sat 7 Dec 2024 18:00 +03:00, day 1.000  On, 40 km to go  [march]\n"
        "    distance 40 → 20 km\n"
        "    ahead of halt (day "
    )
    assert shown.endswith(
        "Sun 8 Dec 2024 18:00 +03:00, day 2.000  On, 20 km to go  [march]\n"
        "    distance 20 → 0 km\n"
        + next(line for line in shown.splitlines() if line.startswith("    stopped halt")) + "\n"
        "at once  enter/by the gate\n"
        "    town held → entered\n"
        "    outcome entered_it: They are in\n"
        "Mon 9 Dec 2024 06:00 +03:00, day 2.500  fall\n"
        "    town entered → fallen\n"
        "    outcome taken\n"
        "    ahead of march (day 3.000)\n\n"
        "4 events. End on day 2.5, Mon 9 Dec 2024 06:00 +03:00: the scenario's 'stop'\nheld."
    )  # fmt: skip


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_it_fits(columns):
    shown = told(SCENARIO.replace("On, {d", "On and on and on and on and on, {d"), width=columns)
    assert max(width(line) for line in shown.splitlines()) <= columns


EMPTY = "title: x\nclock: {horizon: 3 days}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            SCENARIO.replace("stop: taken", ""),
            "on day 10, Mon 16 Dec 2024 18:00 +03:00: the horizon.",
        ),
        (EMPTY, "0 events. End on day 0: nothing could happen any more."),
    ],
)
def test_it_says_how_it_ended(text, why):
    assert " ".join(told(text).split()).endswith(why)


def test_what_is_said_stands_below_where_there_is_no_room():
    shown = told(SCENARIO.replace("On, {d", "On and on and on and on, {d"), width=60)
    assert (
        "Sat 7 Dec 2024 18:00 +03:00, day 1.000  [march]\n"
        "  On and on and on and on, 40 km to go\n"
        "    distance 40 → 20 km\n"
    ) in shown
    assert "40 -> 20" in told(blocks=False)


def test_many_inputs_are_cut_short():
    inputs = "".join(f"  p{k}: {{uniform: [0, 1]}}\n" for k in range(15))
    shown = told(f"title: x\nclock: {{horizon: 3 days}}\nparameters:\n{inputs}")
    assert "parameters.p11" in shown
    assert "parameters.p12" not in shown
    assert "    and 3 more" in shown


def test_what_a_scenario_says_stays_on_its_line():
    text = SCENARIO.replace("On, {", "On\\n<{").replace('"On', '"\\u202eOn')
    try:
        shown = told(text)
    except sim.ScenarioError:
        return  # refused by the loader, as well
    assert "\u202e" not in shown


def test_as_json(folder, capsys):
    (folder / "march.yaml").write_text(SCENARIO, encoding="utf-8")
    assert main(["trace", "march.yaml", "--replication", "3", "--json"]) == Exit.DONE
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    found = json.loads(shown, parse_constant=pytest.fail)
    assert list(found) == ["replication", "events"]
    assert found["replication"] == 3
    first, second, third, last = found["events"]
    assert first | {"lost": []} == {
        "days": 1.0,
        "time": "2024-12-07T18:00:00+03:00",
        "transition": "march",
        "branch": None,
        "immediate": False,
        "says": "On, 40 km to go",
        "changes": {"distance": [40.0, 20.0]},
        "outcomes": [],
        "shorter": None,
        "sped": [],
        "lost": [],
    }
    assert first["lost"]
    for clock in first["lost"]:
        assert (clock["transition"], clock["stopped"]) == ("halt", False)
    assert (third["transition"], third["branch"], third["immediate"]) == (
        "enter",
        "by the gate",
        True,
    )
    assert third["outcomes"] == ["entered_it"]
    assert (last["says"], last["days"]) == (None, 2.5)
    assert second["time"] == "2024-12-08T18:00:00+03:00"


def test_what_holds_from_the_start_is_told_first():
    shown = told(SCENARIO.replace("outcomes: {", "outcomes: {held_at_first: town == held, "))
    lines = shown.splitlines()
    at = lines.index("at the start")
    assert lines[at + 1] == "    outcome held_at_first"
    assert lines[at + 2].startswith("Sat 7 Dec 2024")
    assert "at the start" not in told()
