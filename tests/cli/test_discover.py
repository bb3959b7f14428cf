"""``discover`` on the command line: what it says, what it prints, what it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

import sim
from sim.cli.conditions import told
from sim.cli.main import main
from sim.cli.text import Look
from sim.ensemble import store
from sim.errors import Exit, Interrupted
from sim.studies.discover import discover
from tests.studies.test_discover import CITY

DISCOVER = ["discover", "city.yaml", "--outcome", "falls", "-n", "2000", "--no-pictures"]


@pytest.fixture(autouse=True)
def _city(folder: Path) -> None:
    (folder / "city.yaml").write_text(CITY, encoding="utf-8")


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_it_says_boxes_in_sentences(capsys):
    assert main(DISCOVER) == Exit.DONE
    made = capsys.readouterr()
    lines, text = made.out.splitlines(), " ".join(made.out.split())
    assert lines[0] == "A city" + "city".rjust(74)
    assert "The city falls, by Wed 11 Dec 2024 18:00 +03:00: 2" in text
    assert re.search(
        r"Where parameters\.tempo is at least 0\.\d+/day, parameters\.comes is 1 and "
        r"variables\.way\.initial is not east \(\d\d % of all\): \d\d\.\d % \(Monte Carlo 95 %: "
        r"\d\d\.\d to \d\d\.\d %\), \d\d % of all such cases; by chance: p < 0\.001\.",
        text,
    )
    assert "  parameters.comes       1                   40 to 100 %  < 0.001" in made.out
    assert "variables.way.initial  not east" in made.out
    assert "peeled last" in text
    assert sum(line.endswith("◂") for line in lines) == 1
    assert "every figure of a box is of the other 1,000" in text
    assert "a box is told once in 100 at the most" in text
    assert "a run of 2,000 replications, searched in" in made.err
    assert "kept in results/discoveries/" in made.err


def test_the_same_question_finds_its_run(capsys):
    assert main(DISCOVER) == Exit.DONE
    first = capsys.readouterr().out
    assert main([*DISCOVER, "--workers", "1"]) == Exit.DONE
    again = capsys.readouterr()
    assert again.out == first
    assert "replications, found, searched" in again.err
    assert len(store.runs(Path("results"))) == 1


def test_holds_asks_where_it_does_not_come(capsys):
    assert main([*DISCOVER, "--holds", "--at", "3"]) == Exit.DONE
    assert "The city falls, not by Mon 9 Dec 2024 18:00 +03:00: " in shown(capsys)


def test_a_variant_is_named(capsys):
    assert main([*DISCOVER, "--variant", "nobody"]) == Exit.DONE
    text = shown(capsys)
    assert "city, variant nobody" in text
    assert "No condition is looked for: 0 of 2,000 replications are cases" in text


def test_json_is_what_is_kept(capsys):
    assert main([*DISCOVER, "--json"]) == Exit.DONE
    made = capsys.readouterr()
    found = json.loads(made.out)
    assert made.err == ""
    assert json.loads(Path(found["result"], "discovery.json").read_text(encoding="utf-8")) == found
    assert {"scenario", "outcome", "holds", "days", "probability", "boxes", "run"} <= set(found)
    box = found["boxes"][0]
    assert {"restrictions", "shares", "among", "p", "trajectory", "chosen"} == set(box)
    assert {"input", "low", "high", "labels", "quantiles", "quasi_p", "reproduced"} <= set(
        box["restrictions"][0]
    )


def test_csv_has_the_trajectories(capsys):
    assert main([*DISCOVER, "--csv"]) == Exit.DONE
    made = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(made.out)))
    assert made.err == ""
    assert rows[0]["mass"] == "1.0"
    chosen = [row for row in rows if row["chosen"] == "True"]
    assert [row["box"] for row in chosen] == sorted({row["box"] for row in rows})
    assert {"parameters.tempo", "parameters.comes"} <= {row["input"] for row in rows}


@pytest.mark.parametrize("at", ["2024-12-09T18:00+03:00", "2024-12-09T15:00Z", "3"])
def test_an_instant_is_a_date_or_days(at, capsys):
    assert main([*DISCOVER, "--at", at, "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["days"] == 3.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--outcome", "fall"], "no outcome 'fall': did you mean 'falls'?"),
        (["--at", "6"], "--at 6: the horizon is 5 days"),
        (["--at", "-1"], "days are finite, and not negative"),
        (["--at", "inf"], "days are finite, and not negative"),
        (["--at", "tomorrow"], "'tomorrow' is neither a number of days nor an instant"),
        (["--at", "2024-12-09"], "'2024-12-09' has no offset: write an instant with its offset"),
        (["--at", "2024-12-01T00:00Z"], "before the start, 2024-12-06 18:00:00+03:00"),
        (["--csv", "--json"], "either --csv or --json"),
    ],
)
def test_bad_usage_says_what_is_wrong(arguments, message, capsys):
    assert main([*DISCOVER, *arguments]) == Exit.BAD_INPUT
    made = capsys.readouterr()
    assert message in made.err + made.out
    assert not Path("results").exists()


def test_without_a_start_there_are_no_dates(capsys):
    text = CITY.replace("start: 2024-12-06T18:00+03:00, timezone: Asia/Damascus, ", "")
    Path("city.yaml").write_text(text, encoding="utf-8")
    assert main([*DISCOVER, "--at", "2024-12-09T18:00+03:00"]) == Exit.BAD_INPUT
    assert "the scenario has no start; give days after it" in capsys.readouterr().err
    assert main([*DISCOVER, "--at", "3"]) == Exit.DONE
    assert "The city falls, by day 3: " in shown(capsys)


def test_an_outcome_is_needed(capsys):
    assert main(["discover", "city.yaml"]) == Exit.BAD_INPUT
    assert "--outcome" in capsys.readouterr().err


def test_where_there_is_no_condition_it_says_so(capsys):
    text = CITY.replace(" and way != east", "").replace("tempo * comes", "0.2 / day")
    Path("city.yaml").write_text(text, encoding="utf-8")
    assert main(DISCOVER) == Exit.DONE
    assert "No condition is found: " in shown(capsys)
    assert main([*DISCOVER, "--outcome", "never"]) == Exit.DONE
    assert "No condition is looked for: 0 of 2,000 replications are cases: too few" in (
        shown(capsys)
    )


def test_an_interrupt_says_that_what_was_run_is_not_lost(capsys, monkeypatch):
    def stopped(*given: object, **how: object) -> None:
        raise Interrupted(100) from KeyboardInterrupt()

    monkeypatch.setattr("sim.studies.discover.run", stopped)
    assert main(DISCOVER) == Exit.INTERRUPTED
    made = capsys.readouterr()
    assert made.out == ""
    assert "the same command goes on from there" in made.err
    assert main([*DISCOVER, "--json"]) == Exit.INTERRUPTED
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "interrupted"


@pytest.mark.parametrize("look", [Look(40), Look(60, blocks=False), Look(80, colours=True)])
def test_it_fits_every_terminal(look):
    made = told(discover(sim.loads(CITY), "falls", replications=2_000), look)
    plain = re.sub("\x1b.*?m", "", made)
    assert all(len(line) <= look.width for line in plain.split("\n"))
    assert look.blocks or made.isascii()


def test_text_of_files_is_data(capsys):
    text = CITY.replace("label: The city falls", r'label: "hit {x} {0.__class__} [/nope] $\\bad$"')
    Path("city.yaml").write_text(text, encoding="utf-8")
    assert main(DISCOVER) == Exit.DONE
    assert r"hit {x} {0.__class__} [/nope] $\bad$, by Wed" in shown(capsys)


@pytest.mark.pictures
def test_pictures_are_drawn_once(capsys):
    given = [part for part in DISCOVER if part != "--no-pictures"]
    assert main(given) == Exit.DONE
    assert ", with " in capsys.readouterr().err
    (folder,) = Path("results/discoveries").iterdir()
    drawn = (folder / "box_1.svg").stat().st_mtime_ns
    assert main([*given, "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["pictures"]] == [
        f"box_{k + 1}" for k in range(len(found["boxes"]))
    ]
    assert (folder / "box_1.svg").stat().st_mtime_ns == drawn
