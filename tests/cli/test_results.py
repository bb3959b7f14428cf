"""Results on the command line: kept, found, listed and shown."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from sim.cli.main import main
from sim.cli.options import Size
from sim.ensemble import store
from sim.errors import Exit, Interrupted
from sim.studies import replicate
from tests.studies.scenarios import BRIDGE

pytestmark = pytest.mark.usefixtures("folder")
RUN = ["run", "bridge.yaml", "-n", "1000", "--no-pictures"]


def result() -> Path:
    """Run a scenario; return its folder."""
    assert main([*RUN, "-q"]) == Exit.DONE
    return store.runs(Path("results"))[-1]


def test_a_run_is_kept_and_found_again(capsys):
    assert main(RUN) == Exit.DONE
    first = capsys.readouterr()
    folder = store.runs(Path("results"))[0]
    assert f"kept in {folder}" in first.err
    assert main(RUN) == Exit.DONE
    again = capsys.readouterr()
    assert again.out == first.out
    assert again.err == f"found in {folder}; --fresh runs it anew\n"
    assert main([*RUN, "--fresh"]) == Exit.DONE
    fresh = capsys.readouterr()
    assert fresh.out == first.out
    assert f"kept in {folder}" in fresh.err


@pytest.mark.pictures
def test_pictures_are_drawn_once_and_told_in_words(capsys):
    assert main(["run", "bridge.yaml", "-n", "200"]) == Exit.DONE
    told = capsys.readouterr()
    (folder,) = store.runs(Path("results"))
    assert "with 4 pictures" in told.err
    names = {"arrivals", "arrival_hit", "arrival_never", "watch"}
    files = {f"{name}.{kind}" for name in names for kind in ("png", "svg", "csv")}
    kinds = (".png", ".svg", ".csv")
    assert {path.name for path in folder.iterdir() if path.suffix in kinds} == files
    drawn = (folder / "arrivals.svg").stat().st_mtime_ns
    assert main(["run", "bridge.yaml", "-n", "200", "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert {picture["name"] for picture in found["pictures"]} == names
    assert all(len(picture["alt"]) > 40 for picture in found["pictures"])
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == found
    assert (folder / "arrivals.svg").stat().st_mtime_ns == drawn
    (folder / "arrivals.png").unlink()
    assert main(["run", "bridge.yaml", "-n", "200", "-q"]) == Exit.DONE
    assert (folder / "arrivals.png").exists()
    # On other grounds, or with maps of other dates, they are drawn anew.
    light = (folder / "arrivals.svg").read_bytes()
    assert main(["run", "bridge.yaml", "-n", "200", "-q", "--theme", "both"]) == Exit.DONE
    dark = {f"{name}-dark.{kind}" for name in names for kind in ("png", "svg")}
    assert {path.name for path in folder.iterdir() if path.suffix in kinds} == files | dark
    assert (folder / "arrivals.svg").read_bytes() == light
    drawn = (folder / "arrivals.svg").stat().st_mtime_ns
    assert main(["run", "bridge.yaml", "-n", "200", "-q", "--at", "1"]) == Exit.DONE
    assert (folder / "arrivals.svg").stat().st_mtime_ns != drawn


def test_json_says_where_it_is_and_is_the_summary_there(capsys):
    assert main([*RUN, "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    folder = Path(found["result"])
    assert folder.parent == Path("results/bridge")
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == found


def test_out_is_another_folder_of_results(capsys):
    assert main([*RUN, "-q", "--out", "elsewhere/runs"]) == Exit.DONE
    assert not Path("results").exists()
    assert len(store.runs(Path("elsewhere/runs"))) == 1
    capsys.readouterr()
    assert main(["list", "--json", "--out", "elsewhere/runs"]) == Exit.DONE
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 1


def test_a_precision_stands_in_for_a_number(capsys):
    assert main(["run", "bridge.yaml", "--precision", "0.025", "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["replications"] == 2_000
    low, high = found["outcomes"]["hit"]["monte_carlo95"]
    assert (high - low) / 2.0 <= 0.025
    assert main(["run", "bridge.yaml", "--precision", "0.03", "-n", "10"]) == Exit.BAD_INPUT
    assert "either a number of replications or a precision" in capsys.readouterr().err
    assert main(["run", "bridge.yaml", "--precision", "0"]) == Exit.BAD_INPUT


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    original = replicate.hand_on

    def stopped(net: object, take: object, **given: object) -> None:
        original(net, take, **{**given, "replications": after})
        raise Interrupted(after) from KeyboardInterrupt()

    monkeypatch.setattr(replicate, "hand_on", stopped)


def test_an_interrupted_run_is_kept_and_gone_on_with(capsys, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt(patch, 2_048)
        assert main(["run", "bridge.yaml", "-n", "5000", "--no-pictures"]) == Exit.INTERRUPTED
    told = capsys.readouterr()
    assert "INTERRUPTED: 2,048 of 5,000 replications are done." in told.out
    assert "-partial; the same command goes on from there" in told.err
    assert main(["list"]) == Exit.DONE
    assert "INTERRUPTED" in capsys.readouterr().out
    assert main(["run", "bridge.yaml", "-n", "5000", "--no-pictures"]) == Exit.DONE
    whole = capsys.readouterr()
    assert "INTERRUPTED" not in whole.out
    arguments = ["run", "bridge.yaml", "-n", "5000", "--no-pictures", "--out", "b"]
    assert main(arguments) == Exit.DONE
    assert capsys.readouterr().out == whole.out


def test_list_tells_what_there_is(capsys):
    assert main(["list"]) == Exit.DONE
    assert capsys.readouterr().err == "no runs in results\n"
    result()
    assert main([*RUN, "--variant", "safe", "--seed", "0", "-q"]) == Exit.DONE
    assert main([*RUN, "--set", "parameters.hits=0.1/day", "-q"]) == Exit.DONE
    capsys.readouterr()
    assert main(["list"]) == Exit.DONE
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["scenario", "run", "replications", "seed", "begun"]
    assert [row.split()[2:4] for row in rows] == [["1,000", "1"], ["1,000", "0"], ["1,000", "1"]]
    assert rows[1].endswith("  safe")
    assert rows[2].endswith("  parameters.hits=0.1/day")
    assert main(["list", "brigde"]) == Exit.DONE
    assert "no runs of 'brigde'" in capsys.readouterr().err


def test_list_tells_what_cannot_be_opened(capsys):
    folder = result()
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert main(["list"]) == Exit.DONE
    assert "cannot be opened" in capsys.readouterr().out
    assert main(["list", "--json"]) == Exit.DONE
    (entry,) = json.loads(capsys.readouterr().out)["runs"]
    assert "manifest.json is damaged" in entry["error"]
    assert main(["show", str(folder)]) == Exit.BAD_INPUT
    assert "manifest.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    "form", ["{folder}", "{folder}/", "bridge/{run}", "{run}", "{run:.6}", "bridge"]
)
def test_a_result_has_many_names(form, capsys):
    assert main(RUN) == Exit.DONE
    told = capsys.readouterr().out
    folder = store.runs(Path("results"))[0]
    assert main(["show", form.format(folder=folder, run=folder.name)]) == Exit.DONE
    assert capsys.readouterr().out == told


def test_the_name_of_a_scenario_is_its_latest_run(capsys):
    result()
    assert main([*RUN, "--seed", "9", "-q"]) == Exit.DONE
    capsys.readouterr()
    assert main(["show", "bridge", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["seed"] == 9


def test_a_name_that_nothing_has(capsys):
    assert main(["show", "bridge"]) == Exit.BAD_INPUT
    assert "there are none in results; 'run' leaves them there" in capsys.readouterr().err
    folder = result()
    assert main(["show", "brigde"]) == Exit.BAD_INPUT
    assert "did you mean 'bridge'?" in capsys.readouterr().err
    twin = folder.with_name(folder.name[:-1] + ("0" if folder.name[-1] != "0" else "1"))
    folder.joinpath("manifest.json").touch()
    twin.mkdir()
    (twin / "manifest.json").write_text("{}", encoding="utf-8")
    assert main(["show", folder.name[:5]]) == Exit.BAD_INPUT
    assert "is the beginning of 2 runs: bridge/" in capsys.readouterr().err
    assert main(["show", folder.name]) == Exit.DONE
    assert main(["show", "."]) == Exit.BAD_INPUT
    assert ". is no result" in capsys.readouterr().err


def test_the_table_as_csv(capsys):
    Path("bridge.yaml").write_text(
        BRIDGE.replace("label: The bridge is hit", "label: '=HYPERLINK(1)'"), encoding="utf-8"
    )
    result()
    capsys.readouterr()
    assert main(["show", "bridge", "--csv", "--at", "1,2"]) == Exit.DONE
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["outcome"], row["day"]) for row in rows] == [
        ("hit", "1.0"), ("hit", "2.0"), ("never", "1.0"), ("never", "2.0"),
    ]  # fmt: skip
    assert rows[0]["label"] == "'=HYPERLINK(1)"
    assert rows[0]["time"] == "2024-12-07T18:00+03:00"
    figures = [float(rows[0][key]) for key in rows[0] if key.endswith(("low", "high"))]
    assert len(figures) == 4
    assert figures[0] < float(rows[0]["probability"]) < figures[1]


def test_show_keeps_within_the_horizon(capsys):
    result()
    assert main(["show", "bridge", "--at", "5"]) == Exit.BAD_INPUT
    assert "--at 5: the horizon is 4 days" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        ["run", "bridge.yaml", "-n", "2000"],
        ["compare", "bridge.yaml", "--variant", "safe"],
        ["check", "checked.yaml"],
        ["trace", "bridge.yaml"],
        ["discover", "bridge.yaml", "--outcome", "hit"],
        ["gradient", "bridge.yaml"],
    ],
    ids=lambda given: given[0],
)
def test_what_would_take_too_much_memory_is_refused_with_an_estimate(given, capsys):
    Path("checked.yaml").write_text(BRIDGE + "checks: [{outcome: hit, probability: [0, 0.9]}]\n")
    assert main([*given, "--memory", "5 MB", "--json"]) == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)["errors"][0]
    assert told["code"] == "refused"
    assert "may take 5.0 MB (as was asked for): not even one would fit" in told["message"]
    assert not Path("results").exists()


@pytest.mark.parametrize("size", ["0", "-1GB", "much", "1e9", "5XB", ""])
def test_a_size_of_memory_that_is_none(size, capsys):
    assert main(["run", "bridge.yaml", f"--memory={size}"]) == Exit.BAD_INPUT
    assert f"'{size}' is no size such as 8GB or 500MB" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "size"),
    [("512", 512.0), ("2k", 2e3), ("5 MB", 5e6), ("1.5gb", 1.5e9), ("3T", 3e12), ("7B", 7.0)],
)
def test_sizes_of_memory(said, size):
    assert Size().convert(said, None, None) == size
