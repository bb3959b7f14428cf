"""``compare`` on the command line: what it says, what it prints, what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sim
from sim.cli.differences import told
from sim.cli.main import main
from sim.cli.text import Look
from sim.ensemble import store
from sim.errors import Exit, Interrupted
from tests.studies.scenarios import BRIDGE

pytestmark = pytest.mark.usefixtures("folder")
COMPARE = ["compare", "bridge.yaml", "-n", "1000", "--no-pictures"]
SAFE = [*COMPARE, "--variant", "safe"]


def test_it_says_what_differs_most_and_what_is_the_first_to_differ(capsys):
    assert main(SAFE) == Exit.DONE
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("A bridge")
    assert lines[0].endswith("against bridge")
    text = " ".join(shown.out.split())
    assert "With safe: The bridge is hit by Tue 10 Dec 2024 18:00 +03:00: 3.4 %" in text
    assert "the first to differ is strike (100 %)." in text
    assert "  trace bridge.yaml --replication 0\n    trace bridge.yaml --variant safe" in shown.out
    assert "under common random numbers" in text
    assert all(len(line) <= 80 for line in lines)
    assert "2 runs of 1,000 replications, compared in" in shown.err
    assert "kept in results/comparisons/" in shown.err


def test_the_same_comparison_finds_its_runs(capsys):
    assert main(SAFE) == Exit.DONE
    first = capsys.readouterr().out
    assert len(store.runs(Path("results"))) == 2
    assert main([*SAFE, "--workers", "1"]) == Exit.DONE
    again = capsys.readouterr()
    assert again.out == first
    assert "2 of them found" in again.err


def test_json_is_what_is_kept(capsys):
    assert main([*SAFE, "--json"]) == Exit.DONE
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == ""
    assert (found["baseline"], [one["name"] for one in found["scenarios"]]) == (
        "bridge",
        ["bridge", "safe"],
    )
    assert list(found["differences"]) == ["hit", "never"]
    hit = found["differences"]["hit"]["safe"]
    assert {"difference", "interval95", "by", "variance_reduction", "clocks"} <= set(hit)
    assert [row["days"] for row in hit["by"]] == [1.0, 2.0, 4.0]
    assert hit["by"][0]["time"] == "2024-12-07T18:00+03:00"
    kept = Path(found["result"], "comparison.json")
    assert json.loads(kept.read_text(encoding="utf-8")) == found


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["bridge.yaml", "--variant", "safe", "--variant", "worse"], ["bridge", "safe", "worse"]),
        (["bridge.yaml:safe", "bridge.yaml:worse"], ["bridge:safe", "worse"]),
        (["bridge.yaml", "other.yaml"], ["bridge", "other"]),
        (["bridge.yaml", "other.yaml:safe", "--variant", "safe"], ["bridge", "other:safe", "safe"]),
        (["a:b.yaml", "bridge.yaml"], ["a:b", "bridge"]),
    ],
)
def test_scenarios_are_named_by_file_and_variant(arguments, names, folder, capsys):
    text = BRIDGE + "  worse: {parameters.hits: 1 / day}\n"
    for name in ("bridge.yaml", "a:b.yaml"):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "other.yaml").write_text(text + "# another\n", encoding="utf-8")
    assert main(["compare", *arguments, "-n", "50", "--json", "--no-pictures"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["scenarios"]] == names


def test_where_the_same_events_happen_it_says_so(capsys):
    text = BRIDGE.replace("hit: {when: bridge == down", "hit: {when: strike.fired >= 2")
    Path("other.yaml").write_text(text, encoding="utf-8")
    assert main([*COMPARE, "other.yaml"]) == Exit.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "that make it so, the same events happen: the start, or the outcome itself, is" in text
    assert "first to differ" not in text


def test_where_nothing_is_seen_it_says_how_large_a_difference_could_be(capsys):
    assert main([*COMPARE, "bridge.yaml", "--set", "title=x"]) == Exit.BAD_INPUT
    capsys.readouterr()
    Path("same.yaml").write_text(BRIDGE + "# a remark\n", encoding="utf-8")
    assert main([*COMPARE, "same.yaml"]) == Exit.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "note: same is the same net as bridge: nothing can differ" in text
    assert "With same no difference is seen in any outcome at any date: by the intervals none " in (
        text
    )
    assert "none is larger than 0.38 points." in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bridge.yaml"], "nothing to compare bridge.yaml with: give --variant, one of safe"),
        (["endless.yaml"], "nothing to compare endless.yaml with: give a second file (this one "),
        (["bridge.yaml", "bridge.yaml"], "bridge.yaml is given twice: there is nothing to compare"),
        (
            ["bridge.yaml", "--variant", "safe", "bridge.yaml:safe"],
            "bridge.yaml:safe is given twice",
        ),
        (["bridge.yaml", "--variant", "safe", "--at", "5"], "--at 5: the horizon is 4 days"),
        (["bridge.yaml", "--variant", "safe", "-n", "0"], "0 is not in the range"),
    ],
)
def test_bad_usage_says_what_is_wrong(arguments, message, capsys):
    assert main(["compare", *arguments]) == Exit.BAD_INPUT
    assert message in capsys.readouterr().err
    assert main(["compare", *arguments, "--json"]) == Exit.BAD_INPUT
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "usage"


@pytest.mark.parametrize("arguments", [["--variant", "sfae"], ["bridge.yaml:sfae"]])
def test_an_unknown_variant_is_refused_with_the_nearest(arguments, capsys):
    assert main(["compare", "bridge.yaml", *arguments]) == Exit.BAD_INPUT
    shown = capsys.readouterr().err
    assert "error[unknown-variant]: unknown variant 'sfae'" in shown
    assert "= help: did you mean 'safe'?" in shown


def test_files_without_a_common_outcome_are_refused_with_the_place(capsys):
    text = BRIDGE.replace("  hit: {when: b", "  hitt: {when: b").replace("  never:", "  rarely:")
    for name in ("other.yaml", "third.yaml"):
        Path(name).write_text(text, encoding="utf-8")
    assert main(["compare", "bridge.yaml", "other.yaml", "third.yaml"]) == Exit.BAD_INPUT
    shown = capsys.readouterr().err
    assert "error[no-shared-outcome]: 'third' shares no outcome with 'bridge'" in shown
    line = text.split("\n").index("  hitt: {when: bridge == down, label: The bridge is hit}") + 1
    assert f"other.yaml:{line}:3: error[no-shared-outcome]: 'other' shares no outcome" in shown
    assert f"{line:>4} |   hitt: {{when" in shown
    assert "= expected: one of hit, never" in shown
    assert "= help: did you mean 'hit'?" in shown
    assert not Path("results").exists()


def test_files_that_differ_in_horizon_and_start_say_how_they_are_compared(capsys):
    text = BRIDGE.replace("horizon: 4 days", "horizon: 3 days").replace("2024-12-06", "2024-11-27")
    Path("other.yaml").write_text(text.replace(", 4 days]", "]"), encoding="utf-8")
    assert main([*COMPARE, "other.yaml"]) == Exit.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "note: the horizons differ: compared is up to the earliest, 3 days" in text
    assert "note: the starts differ: compared is by days since each scenario's own start" in text
    assert "2024" not in text


def test_an_interrupt_says_that_what_was_run_is_not_lost(capsys, monkeypatch):
    def stopped(*given: object, **how: object) -> None:
        raise Interrupted(100) from KeyboardInterrupt()

    monkeypatch.setattr("sim.studies.compare.run", stopped)
    assert main(SAFE) == Exit.INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "before there was a comparison; the same command goes on from there" in shown.err
    assert main([*SAFE, "--json"]) == Exit.INTERRUPTED
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "interrupted"


@pytest.mark.parametrize("look", [Look(40), Look(60, blocks=False), Look(80, colours=True)])
def test_it_fits_every_terminal(look):
    scenario = sim.loads(BRIDGE, "bridge.yaml")
    made = told(sim.compare(scenario, scenario.variant("safe"), replications=200), look)
    plain = re.sub("\x1b.*?m", "", made)
    long = [line for line in plain.split("\n") if len(line) > look.width]
    # Commands are there to be copied: they are not broken.
    assert all(line.startswith("    trace ") for line in long)
    assert look.blocks or made.isascii()


def test_text_of_files_is_data(capsys):
    text = BRIDGE.replace(
        "label: The bridge is hit", r'label: "hit {x} {0.__class__} [/nope] $\\bad$"'
    )
    Path("bridge.yaml").write_text(text, encoding="utf-8")
    assert main(SAFE) == Exit.DONE
    shown = capsys.readouterr().out
    assert r"hit {x} {0.__class__} [/nope] $\bad$" in " ".join(shown.split())


@pytest.mark.pictures
def test_pictures_are_drawn_once_and_told_in_words(capsys):
    given = [part for part in SAFE if part != "--no-pictures"]
    assert main(given) == Exit.DONE
    told = capsys.readouterr()
    assert "with 1 picture" in told.err
    (folder,) = Path("results/comparisons").iterdir()
    names = {"difference_hit"}
    files = {f"{name}.{kind}" for name in names for kind in ("png", "svg", "csv")}
    assert {path.name for path in folder.iterdir()} == {*files, "comparison.json"}
    drawn = (folder / "difference_hit.svg").stat().st_mtime_ns
    assert main([*given, "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert {picture["name"] for picture in found["pictures"]} == names
    assert (folder / "difference_hit.svg").stat().st_mtime_ns == drawn
