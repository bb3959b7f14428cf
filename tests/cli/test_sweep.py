"""``sweep`` on the command line: what it says, what it prints, what it refuses and survives."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
import re
import signal
import time
from pathlib import Path

import pytest

import sim
from sim.cli.influences import told
from sim.cli.main import main
from sim.cli.text import Look
from sim.errors import Exit, Interrupted
from tests.cli.conftest import start
from tests.studies.test_sweep import GUNS, files

pytestmark = pytest.mark.usefixtures("folder")
HITS = "parameters.hits"
PLAIN = ["sweep", "guns.yaml", "--no-pictures"]
SOBOL = [*PLAIN, "--method", "sobol", "--points", "80", "-n", "50"]


@pytest.fixture(autouse=True)
def guns(folder: Path) -> None:
    (folder / "guns.yaml").write_text(GUNS, encoding="utf-8")


def test_it_says_what_drives_each_outcome(capsys):
    assert main(SOBOL) == Exit.DONE
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("A bridge under fire")
    assert lines[0].endswith("Sobol' indices")
    text = " ".join(shown.out.split())
    assert "The bridge is hit: 7" in text
    assert "points with the inputs" in text
    assert "note: there are 16 groups of points: with fewer than 64 the intervals are too" in text
    rows = [line.split()[0] for line in lines if line.startswith("  parameters.")]
    assert rows[:2] == [HITS, "parameters.guns"]
    assert "never: < 1 % what the inputs do does not stand out" in text
    assert "luck taken off" in text
    assert all(len(line) <= 80 for line in lines)
    assert "80 points of 50 replications, swept in" in shown.err
    assert "kept in results/sweeps/" in shown.err


def test_without_a_method_it_looks_at_a_run_as_it_is(capsys):
    assert main([*PLAIN, "-n", "2000"]) == Exit.DONE
    shown = capsys.readouterr()
    assert "a run as it is" in shown.out
    assert "2,000 replications, swept in" in shown.err
    assert main(["run", "guns.yaml", "-n", "2000", "--no-pictures"]) == Exit.DONE
    assert "found" in capsys.readouterr().err


def test_json_has_what_is_promised_and_is_what_is_kept(capsys):
    assert main([*SOBOL, "--json"]) == Exit.DONE
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == ""
    assert (found["method"], found["points"], found["complete"]) == ("sobol", 80, True)
    assert list(found["outcomes"]) == ["hit", "never"]
    one = found["outcomes"]["hit"][0]
    assert {"input", "index", "total", "interval95", "total95", "responses"} <= set(one)
    assert one["input"] == HITS
    assert found.pop("limits") == []
    kept = Path(found["result"], "sweep.json")
    assert json.loads(kept.read_text(encoding="utf-8")) == found


@pytest.mark.parametrize("method", ["given", "grid", "lhs", "morris"])
def test_every_method_prints_json_and_text(method, capsys):
    made = [*PLAIN, "--method", method, "-n", "1000" if method == "given" else "10"]
    assert main([*made, "--json"]) == Exit.DONE
    first = json.loads(capsys.readouterr().out)["outcomes"]["hit"][0]
    assert (first["input"], first["total"]) == (HITS, None)
    assert main(made) == Exit.DONE
    assert HITS in capsys.readouterr().out


def test_csv_has_a_row_for_every_input_of_every_outcome(capsys):
    assert main([*SOBOL, "--csv", "influences"]) == Exit.DONE
    shown = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert [row["outcome"] for row in rows] == ["hit"] * 3 + ["never"] * 3
    assert float(rows[0]["total95_low"]) < float(rows[0]["total"]) < float(rows[0]["total95_high"])
    assert rows[0]["mu_star"] == rows[3]["index"] == ""


def test_csv_has_a_row_for_every_point(capsys):
    assert main([*SOBOL, "--csv", "points"]) == Exit.DONE
    points = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(points) == 80
    assert {"group", "point", f"input.{HITS}", "by.4.hit"} <= set(points[0])


@pytest.mark.parametrize(
    ("limit", "options", "status", "verdict"),
    [
        (f"total(hit, {HITS}) > 0.2", [], Exit.CHECK_FAILED, "exceeded"),
        (f"total(hit, {HITS}) > 5", [], Exit.DONE, "kept"),
        (f"total(never, {HITS}) > 0.2", [], Exit.DONE, "undecided"),
        (f"total(never, {HITS}) > 0.2", ["--strict"], Exit.CHECK_FAILED, "undecided"),
    ],
)
def test_a_sweep_fails_where_it_is_told_to(limit, options, status, verdict, capsys):
    made = [*PLAIN, "--method", "sobol", "-n", "100", *options]
    assert main([*made, "--fail-if", limit]) == status
    assert re.search(rf"  {verdict} +total", capsys.readouterr().out)
    assert main([*made, "--fail-if", limit, "--json"]) == status
    (found,) = json.loads(capsys.readouterr().out)["limits"]
    assert (found["limit"], found["verdict"]) == (limit, verdict)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "parameters.crews"], "input 'parameters.crews' is fixed: give it an uncert"),
        (["--input", "parameters.hist"], "no input 'parameters.hist' in guns: did you mean"),
        (["--method", "grid", "--levels", "0"], "a grid of 0 levels is empty: at least 2"),
        (["--method", "sobol", "--budget", "0s"], "'0s' is no length of time such as 60s"),
        (["--method", "sobol", "--budget", "soon"], "'soon' is no length of time such as 60s"),
        (["--budget", "5s"], "a budget is for points, which a run has none of"),
        (["--method", "sobl"], "'sobl' is not one of"),
        (["--method", "lhs", "--points", "0"], "lhs over 3 inputs needs 20 points to 1,000,000"),
        (["--fail-if", "total(hit, x) > 1"], "the method 'given' has no total, it has index"),
        (["--fail-if", "index(hti, x) > 1"], "no outcome 'hti' in 'index(hti, x) > 1': did you"),
        (["--fail-if", "homs"], "'homs' is no limit such as 'total(OUTCOME, INPUT) > 0.6'"),
        (["--csv", "points"], "a run as it is has no points: choose a method"),
        (["--by", "9"], "day 9 is not between the start and the horizon, day 4"),
        (["--by", "nan"], "day nan is not between the start"),
    ],
)
def test_bad_usage_says_what_is_wrong_before_anything_is_run(arguments, message, capsys):
    assert main([*PLAIN, *arguments]) == Exit.BAD_INPUT
    assert message in capsys.readouterr().err
    assert not Path("results").exists()


def test_json_and_csv_are_not_printed_together(capsys):
    assert main([*PLAIN, "--json", "--csv", "points"]) == Exit.BAD_INPUT
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["message"] == "--json and --csv: one of the two"


def test_an_unknown_variant_is_refused_with_the_nearest(capsys):
    assert main([*PLAIN, "--method", "lhs", "--variant", "saef"]) == Exit.BAD_INPUT
    assert "= help: did you mean 'safe'?" in capsys.readouterr().err


def test_a_budget_ends_it_and_the_same_command_goes_on(capsys):
    made = [*PLAIN, "--method", "sobol", "-n", "200"]
    assert main([*made, "--budget", "0.001s"]) == Exit.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "note: 5 of 320 points: the budget was used up; the same command goes on" in text
    assert main([*made, "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["complete"] is True


def test_an_interrupt_says_that_what_was_run_is_not_lost(capsys, monkeypatch):
    def stopped(*given: object, **how: object) -> None:
        raise Interrupted(100) from KeyboardInterrupt()

    monkeypatch.setattr("sim.studies.sweep.sweep", stopped)
    assert main(SOBOL) == Exit.INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "before there was a result; the same command goes on from there" in shown.err
    assert main([*SOBOL, "--json"]) == Exit.INTERRUPTED
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "interrupted"


def test_an_interrupt_that_comes_too_late_has_the_result_told(capsys, monkeypatch):
    made = sim.sweep(sim.loads(GUNS, "guns.yaml"), method="sobol", points=80, replications=50)

    def stopped(*given: object, **how: object) -> None:
        raise Interrupted(100, made) from KeyboardInterrupt()

    monkeypatch.setattr("sim.studies.sweep.sweep", stopped)
    assert main(SOBOL) == Exit.INTERRUPTED
    assert "Sobol' indices" in capsys.readouterr().out
    assert main([*SOBOL, "--json"]) == Exit.INTERRUPTED
    assert json.loads(capsys.readouterr().out)["points_done"] == 80


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(folder):
    """Five times by SIGKILL, at moments of a fixed seed; what counts is when points are run."""
    arguments = ["sweep", "guns.yaml", "--method", "sobol", "--points", "800", "-n", "300"]
    arguments += ["--no-pictures", "--json", "--workers", "1"]
    whole = start(*arguments, "--out", "whole", cwd=folder)
    wanted, told = whole.communicate(timeout=120)
    assert whole.returncode == Exit.DONE, told
    moments, n_killed, n_kept = random.Random(20), 0, [0]
    for _ in range(5):
        running = start(*arguments, "--out", "parts", cwd=folder)
        # From when the first new group is there on.
        until = time.monotonic() + 60.0
        while _n_groups(folder) <= n_kept[-1] and running.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.1))
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=30)
        n_killed += running.returncode == -signal.SIGKILL
        n_kept.append(_n_groups(folder))
    assert n_killed == 5
    assert all(a < b for a, b in itertools.pairwise(n_kept))
    assert n_kept[-1] < 160
    last = start(*arguments, "--out", "parts", cwd=folder)
    found, told = last.communicate(timeout=120)
    assert last.returncode == Exit.DONE, told
    assert found.replace("parts/", "whole/") == wanted
    one, other = ({**files(folder / out)} for out in ("whole", "parts"))
    # A draft that was under way is cleared away when it is a minute old.
    other = {name: content for name, content in other.items() if ".draft-" not in name}
    assert set(one) == set(other)
    for name, content in one.items():
        assert other[name].replace(b"parts/", b"whole/") == content, name


def _n_groups(folder: Path) -> int:
    return len(list((folder / "parts").glob("sweeps/*/groups/group-*.parquet")))


@pytest.mark.parametrize("look", [Look(40), Look(60, blocks=False), Look(80, colours=True)])
@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_it_fits_every_terminal(look, method):
    made = told(sim.sweep(sim.loads(GUNS, "guns.yaml"), method=method, replications=20), look)
    plain = re.sub("\x1b.*?m", "", made)
    assert all(len(line) <= look.width for line in plain.split("\n"))
    assert look.blocks or made.isascii()


def test_text_of_files_is_data(capsys):
    hostile = r'label: "hit {x} {0.__class__} [/nope] $\\bad$"'
    Path("guns.yaml").write_text(GUNS.replace("label: The bridge is hit", hostile), "utf-8")
    assert main(SOBOL) == Exit.DONE
    shown = capsys.readouterr().out
    assert r"hit {x} {0.__class__} [/nope] $\bad$" in " ".join(shown.split())


@pytest.mark.pictures
def test_pictures_are_drawn_once_and_told_in_words(capsys):
    given = [part for part in SOBOL if part != "--no-pictures"]
    assert main(given) == Exit.DONE
    assert "with 3 pictures" in capsys.readouterr().err
    (folder,) = Path("results/sweeps").iterdir()
    names = {"tornado_hit", "responses_hit", "heat_hit"}
    pictures = {f"{name}.{kind}" for name in names for kind in ("png", "svg")}
    assert {path.name for path in folder.iterdir()} == {
        *pictures,
        "sweep.json",
        "points.parquet",
        "groups",
    }
    drawn = (folder / "tornado_hit.svg").stat().st_mtime_ns
    assert main([*given, "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert {picture["name"] for picture in found["pictures"]} == names
    assert all(HITS in picture["alt"] for picture in found["pictures"])
    assert (folder / "tornado_hit.svg").stat().st_mtime_ns == drawn
