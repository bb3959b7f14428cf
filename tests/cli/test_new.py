"""``new``: the starter scenario, and that it never takes the place of anything."""

import json
import os
import stat

import pytest
import yaml

import sim
import sim.cli.new
from sim.cli.main import main
from sim.cli.new import starter
from sim.errors import Exit
from sim.scenario.load import loads
from sim.scenario.schema import SECTIONS, Header


def test_the_starter_is_written_and_runs(folder, capsys):
    assert main(["new", "river"]) == Exit.DONE
    assert capsys.readouterr().out.startswith("river.yaml is written")
    assert (folder / "river.yaml").read_text(encoding="utf-8") == starter()
    assert main(["validate", "river.yaml"]) == Exit.DONE
    shown = capsys.readouterr()
    assert (shown.err, "river.yaml: valid" in shown.out) == ("", True)
    assert main(["explain", "river.yaml", "-q"]) == Exit.DONE
    assert main(["check", "river.yaml", "--strict"]) == Exit.DONE


def test_the_starter_loads_without_warnings_with_its_variant_too():
    scenario = loads(starter())
    assert scenario.warnings == ()
    assert scenario.variants == ("ceasefire",)
    assert scenario.variant("ceasefire").warnings == ()


def test_in_the_starter_everything_can_happen_and_nothing_is_sure():
    scenario = loads(starter())
    ensemble = sim.run(scenario, replications=2_000, seed=1)
    for outcome in scenario.net.outcomes:
        assert 0.02 < ensemble.probability(outcome.name).value < 0.98, outcome.name
    safer = sim.run(scenario.variant("ceasefire"), replications=2_000, seed=1)
    # About 72 % and 10 %, each with a standard error of 1 %.
    assert safer.probability("falls").value + 0.3 < ensemble.probability("falls").value


def test_the_starter_teaches_every_section_and_every_clock():
    found = yaml.safe_load(starter())  # it stands alone: no file that it extends, no map beside it
    assert set(found) == {*SECTIONS, *Header.model_fields, "checks"} - {"format", "extends", "map"}
    clocks = {key for transition in found["transitions"].values() for key in transition}
    assert {"rate", "after", "work", "pace", "every", "at", "immediate", "branches"} <= clocks
    marked = [given for given in found["parameters"].values() if "source" in given]
    assert [given["mark"] for given in marked] == ["R"]


def test_the_starter_can_be_read_on_a_terminal():
    lines = starter().splitlines()
    assert max(map(len, lines)) <= 100
    assert 55 <= len(lines) <= 90
    for section in (*SECTIONS, "clock", "stop", "limits"):
        number = next(k for k, line in enumerate(lines) if line.startswith(f"{section}:"))
        assert "#" in lines[number] or lines[number - 1].startswith("#"), section


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a.yaml", "a.yaml"),
        ("below/b", "below/b.yaml"),
        ("./c-1.2", "c-1.2.yaml"),
        ("حمص", "حمص.yaml"),
    ],
)
def test_a_name_or_a_path(name, file, folder, capsys):
    (folder / "below").mkdir()
    assert main(["new", name, "--json"]) == Exit.DONE
    shown = capsys.readouterr()
    assert os.path.normpath(json.loads(shown.out)["path"]) == file
    assert (folder / file).is_file()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/", ".hidden", "-", "a b", "a\nb", "a\u202eb", "x" * 65, "a*", "a?", "nul",
     "COM1.yaml", "a.yml", "a.YAML", ".yaml"],
)  # fmt: skip
def test_what_is_no_name_is_bad_usage(name, folder, capsys):
    before = set(folder.iterdir())
    assert main(["new", "--", name]) == Exit.BAD_INPUT
    assert capsys.readouterr().err.startswith("error: ")
    assert set(folder.iterdir()) == before


def test_nothing_is_overwritten(folder, capsys):
    (folder / "mine.yaml").write_text("mine", encoding="utf-8")
    (folder / "link.yaml").symlink_to("nowhere")
    (folder / "place.yaml").mkdir()
    before = set(folder.iterdir())
    for name in ("mine", "link", "place"):
        assert main(["new", name]) == Exit.BAD_INPUT
        message = f"error: {name}.yaml exists already: it is left as it is\n"
        assert capsys.readouterr().err == message
    assert main(["new", "mine", "--json"]) == Exit.BAD_INPUT
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "usage"
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == "mine"
    assert set(folder.iterdir()) == before


def test_a_folder_that_is_not_there_is_refused(folder, capsys):
    assert main(["new", "nowhere/a"]) == Exit.REFUSED
    assert "nowhere" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_behind(folder, capsys, monkeypatch):
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    before = set(folder.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    assert main(["new", "river"]) == Exit.REFUSED
    assert "No space left" in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_a_file_system_without_links(folder, monkeypatch, capsys):
    def refuse(source: object, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert main(["new", "river"]) == Exit.DONE
    assert (folder / "river.yaml").read_text(encoding="utf-8") == starter()
    assert main(["new", "river"]) == Exit.BAD_INPUT
    assert not list(folder.glob(".*"))


def test_others_may_read_it_as_the_umask_says(folder):
    before = os.umask(0o027)
    try:
        assert main(["new", "river", "-q"]) == Exit.DONE
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "river.yaml").stat().st_mode) == 0o640
