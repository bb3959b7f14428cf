"""``explain``: text, one thing with its neighbours, JSON, graphs."""

import json
import re
import time
from dataclasses import replace

import pytest

from sim.cli.main import main
from sim.cli.meaning import Teller
from sim.cli.text import Look
from sim.errors import Exit
from sim.scenario.explained import explained
from sim.scenario.load import load, loads
from tests.cli.conftest import ROOT

HOMS = str(ROOT / "scenarios" / "homs_2024_net.yaml")


def told(capsys, *arguments: str) -> str:
    assert main(["explain", *arguments]) == Exit.DONE
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


SMALL = """title: A [bold]town[/nope] {title}
question: When does it fall?
description: "First.\\n\\nSecond."
clock: {start: 2024-12-06T18:00+03:00, timezone: Asia/Damascus, horizon: 4 days, grid: 12 h}
sources: {book: {text: A book, public: 2024-12-01, url: https://example.org}}
parameters:
  hits: {value: 1 / day, source: book, grade: B2, as_of: 2024-12-01, mark: read}
  luck: {uniform: [1, 2], chance: true}
variables:
  bridge: {states: [up, down]}
  men: {real: [0, inf], unit: person, initial: 90}
definitions: {weak: men < 10 persons}
transitions:
  hit: {when: bridge == up, rate: hits * luck, then: {bridge: down}, says: "Hit, {men:.0f} left"}
  mend:
    work: {uniform: [1 km, 2 km], source: book, mark: J}
    pace: 3 km/day
    memory: keep
    priority: 2
    draws: {lost: {uniform: [1 person, 2 persons], mark: C}}
    branches:
      - {label: done, weight: 0.5, then: {bridge: up}}
      - {then: {men: men - lost}, says: Men are lost}
outcomes: {cut: {when: bridge == down, label: The bridge is down, question: When?}}
watch: {bridge: bridge == down}
totals: {down: bridge == down}
stop: cut
variants: {safe: {parameters.hits: 0.1 / day}}
"""


@pytest.fixture
def small(folder):
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    return "small.yaml"


def test_a_small_scenario_in_full(small, capsys):
    assert (
        told(capsys, small)
        == """\
A [bold]town[/nope] {title}                                                small
When does it fall?

First.

Second.

    start    Fri 6 Dec 2024 18:00 +03:00
    zone     Asia/Damascus
    horizon  4 days
    grid     watched every 12 hours
    report   on day 0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6, 4
    stop     as soon as cut
    variants safe

Outcomes: what is asked ────────────────────────────────────────────────────────

cut  The bridge is down
    asks     When?
    holds    when bridge == down
    read     by stop

Variables: the state of things ─────────────────────────────────────────────────

bridge  up, down
    starts   as up
    written  by hit, mend
    read     by hit; outcome cut; watch bridge; total down

men  real number, 0 or more [person]
    starts   as 90
    written  by mend
    read     by definition weak

Transitions: what may happen ───────────────────────────────────────────────────

hit  Hit, {men:.0f} left
    when     bridge == up
    fires    at rate hits * luck [1/day]
    then     bridge = down

mend
    when     always
    fires    once work of uniform: [1 km, 2 km] is done, burnt at pace 3 km/day
             (J, book)
    memory   kept: work done stays done while it may not fire
    priority 2
    draws    lost from uniform: [1 person, 2 persons] (C)
    either   done, weight 0.5: bridge = up
    or       branch 2, weight 1: men = men - lost
             says Men are lost

Definitions: names for expressions ─────────────────────────────────────────────

weak
    is       men < 10 persons
    read     by nothing

Watched on the grid ────────────────────────────────────────────────────────────

bridge  bridge == down

Totals: summed over the time ───────────────────────────────────────────────────

down  time integral of bridge == down [day]

What is luck: 1 input, drawn once for each replication ─────────────────────────

luck  uniform: [1, 2]
    read by hit

Fixed: 1 input ─────────────────────────────────────────────────────────────────
Marks: C computed from data, R read in a source, J judgement.

hits  1 / day
    R, book, grade B2, as of 2024-12-01; read by hit

Sources ────────────────────────────────────────────────────────────────────────

book  A book
    public 1 Dec 2024; https://example.org
"""
    )


def test_a_variant_and_a_changed_value_are_told(small, capsys):
    shown = told(capsys, small, "--variant", "safe", "--set", "clock.horizon=2 days")
    assert "small, variant safe" in shown
    assert "    set      clock.horizon = 2 days\n" in shown
    assert "hits  0.1 / day\n" in shown


def test_only_one_thing_with_what_is_next_to_it(small, capsys):
    shown = told(capsys, small, "--only", "hit")
    head, _, around = shown.partition("\nWhat is next to it\n")
    assert "\nhit  Hit, {men:.0f} left\n" in head
    assert "mend" not in re.findall(r"^(\w+)  ?", head, re.MULTILINE)
    names = re.findall(r"^([a-z]\w*)  ", around, re.MULTILINE)
    assert names == ["bridge", "men", "luck", "hits", "book"]


def test_who_reads_a_chosen_thing_is_told_with_the_keys(small, capsys):
    shown = told(capsys, small, "--only", "men")
    assert "    written  by mend (2)\n    read     by hit (says); definition weak\n" in shown


def test_a_path_names_one_kind_and_a_name_every_kind(small, capsys):
    assert "Watched" in told(capsys, small, "--only", "bridge").partition("next to")[0]
    one = told(capsys, small, "--only", "variables.bridge").partition("next to")[0]
    assert "Watched" not in one
    both = told(capsys, small, "--only", "men", "--only", "parameters.luck").partition("next to")[0]
    assert "\nmen  " in both
    assert "\nluck  " in both


def test_unknown_names_suggest_one(small, capsys):
    assert main(["explain", small, "--only", "bridg"]) == Exit.BAD_INPUT
    message = "error: --only: nothing is called 'bridg': did you mean 'bridge'?\n"
    assert capsys.readouterr().err == message
    assert main(["explain", small, "--only", "qqqqqq"]) == Exit.BAD_INPUT
    assert capsys.readouterr().err == "error: --only: nothing is called 'qqqqqq'\n"


def test_json_is_one_object_that_says_the_same(small, capsys):
    text = told(capsys, small, "--json")
    assert text.count("\n") == 1
    found = json.loads(text, parse_constant=pytest.fail)
    assert list(found) == [
        "scenario", "title", "question", "description", "variant", "variants", "set", "clock",
        "sources", "inputs", "variables", "definitions", "transitions", "outcomes", "watch",
        "totals", "stop", "event_limit", "flows",
    ]  # fmt: skip
    assert found["transitions"][0]["fires"] == "at rate hits * luck [1/day]"
    assert found["variables"][1]["unit"] == "person"
    one = json.loads(told(capsys, small, "--json", "--only", "hit"))
    assert [t["name"] for t in one["transitions"]] == ["hit"]
    assert [v["name"] for v in one["variables"]] == ["bridge", "men"]


def test_graphs_are_texts(small, capsys):
    assert told(capsys, small, "--graph", "dot").startswith("digraph net {\n")
    shown = told(capsys, small, "--graph", "mermaid", "--only", "hit")
    assert shown.startswith("flowchart LR\n")
    assert '"mend"' not in shown


def test_a_graph_is_no_object(small, capsys):
    assert main(["explain", small, "--graph", "dot", "--json"]) == Exit.BAD_INPUT
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "usage"


def test_the_flagship_fits_the_terminal_and_tells_of_everything(capsys):
    shown = told(capsys, HOMS)
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)
    found = json.loads(told(capsys, HOMS, "--json"))
    for kind in ("inputs", "variables", "definitions", "transitions", "outcomes", "watch"):
        for entry in found[kind]:
            assert re.search(rf"^{re.escape(entry['name'])}( |$)", shown, re.MULTILINE)


@pytest.mark.parametrize("width", [40, 47, 60, 79])
def test_a_narrow_terminal_and_one_without_blocks(width):
    told = explained(load(HOMS))
    lines = Teller(Look(width=width, blocks=False), is_full=True).lines(told)
    assert max(map(len, lines)) <= width
    assert "".join(lines).isascii()


def test_colours_change_nothing_but_colours():
    told = explained(load(HOMS))
    plain, coloured = (Teller(Look(colours=c)).lines(told) for c in (False, True))
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in coloured] == plain
    assert "\x1b[1mhoms\x1b[0m  attacked, regrouping, fallen" in coloured


def test_what_a_file_says_cannot_move_the_cursor():
    # The loader refuses such texts; what a program makes may have them all the same.
    told = explained(loads(SMALL, "small.yaml"))
    evil = "a\u202eb\x1b[31m\n\x07"
    odd = replace(
        told,
        title=evil,
        outcomes=(replace(told.outcomes[0], label=evil, question=evil, when=evil),),
        sources=(replace(told.sources[0], text=evil, url=evil),),
        set={evil: evil},
    )
    shown = "\n".join(Teller(Look()).lines(odd))
    assert all(c.isprintable() for c in shown.replace("\n", ""))
    assert "a\\u202eb\\x1b[31m" in shown


def test_a_huge_scenario_is_told_in_seconds(folder, capsys):
    size = 1_500
    (folder / "huge.yaml").write_text(
        "title: x\nclock: {horizon: 3 days}\n"
        f"lists: {{n: [{', '.join(map(str, range(size)))}]}}\n"
        "variables: {v.$i: {for: {i: n}, states: [up, down]}}\n"
        "transitions: {t.$i: {for: {i: n}, when: v.$i == up, rate: 1/day, then: {v.$i: down}}}\n"
        "outcomes: {first: v.0 == down}\n",
        encoding="utf-8",
    )
    began = time.process_time()
    for how in ([], ["--json"], ["--graph", "dot"]):
        assert told(capsys, "huge.yaml", *how).count("t.1499") >= 1
    # The processor's time, whatever else a machine does: one second; quadratic would be minutes.
    assert time.process_time() - began < 30.0


def test_what_is_wrong_with_a_file_is_told(folder, capsys):
    (folder / "bad.yaml").write_text("title: x\nclock: {horizon: 3}\n", encoding="utf-8")
    assert main(["explain", "bad.yaml"]) == Exit.BAD_INPUT
    assert "bad.yaml:2:18: error[" in capsys.readouterr().err
    assert main(["explain", "nowhere.yaml"]) == Exit.REFUSED
