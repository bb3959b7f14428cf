"""``validate``: files and folders, errors and warnings, inputs and chance."""

import json
import os

import pytest

from sim.cli.main import main
from sim.errors import Exit

UNCERTAIN = """
title: Uncertain in every way
clock: {horizon: 9 days}
variables: {n: {integer: [0, 9], initial: {discrete: {1: 1, 2: 1}}}}
parameters:
  p: {uniform: [1 / day, 2 / day]}
  luck: {uniform: [1 / day, 2 / day], chance: true}
transitions:
  a: {when: n > 0, rate: p + luck, draws: {x: {uniform: [0, 1]}}, then: {n: floor(n * x)}}
  b: {when: n > 1, after: {exponential: {mean: 2 days}}, memory: redraw, then: {n: 0}}
  c: {when: n > 1, after: 2 days, memory: redraw, then: {n: 0}}
outcomes: {none: n == 0}
"""
BAD = "title: x\nclock: {horizon: 3}\n"


def test_a_valid_file_is_told_with_what_is_uncertain_in_it(folder, capsys):
    (folder / "uncertain.yaml").write_text(UNCERTAIN, encoding="utf-8")
    assert main(["validate", "uncertain.yaml"]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "uncertain.yaml: valid; 1 variable, 3 transitions, 1 outcome, 3 uncertain inputs",
        "  inputs, drawn once for each replication:",
        "    parameters.p, variables.n.initial",
        "  chance, drawn once for each replication:",
        "    parameters.luck",
        "  chance, drawn at each use:",
        "    transitions.a.draws.x, transitions.b.after",
    ]


def test_a_folder_is_every_yaml_file_below_it(folder, capsys):
    (folder / "below" / "deeper").mkdir(parents=True)
    (folder / "below" / "deeper" / "bad.yaml").write_text(BAD, encoding="utf-8")
    (folder / "notes.txt").write_text("no scenario", encoding="utf-8")
    assert main(["validate", "."]) == Exit.BAD_INPUT
    shown = capsys.readouterr()
    assert [line.partition(":")[0] for line in shown.out.splitlines()] == [
        "bridge.yaml", "endless.yaml", "faulty.yaml",
        "4 files, 1 of them not valid, 0 warnings",
    ]  # fmt: skip
    assert shown.err.startswith("below/deeper/bad.yaml:2:18: error[")
    assert main(["validate", ".", "-v"]) == Exit.BAD_INPUT
    assert "inputs, drawn once" in capsys.readouterr().out


def test_every_file_is_checked_and_every_fault_is_told(folder, capsys):
    (folder / "bad.yaml").write_text(
        BAD + "variables: {n: {integer: [0, 9]}}\nx: 1\n", encoding="utf-8"
    )
    assert main(["validate", "bad.yaml", "bridge.yaml", "--json"]) == Exit.BAD_INPUT
    bad, good = json.loads(capsys.readouterr().out)["files"]
    assert list(bad) == list(good) == ["file", "valid", "errors", "warnings"]
    assert (bad["file"], bad["valid"], len(bad["errors"])) == ("bad.yaml", False, 3)
    assert (good["file"], good["valid"], good["errors"]) == ("bridge.yaml", True, [])


def test_warnings_alone_are_no_failure(folder, capsys):
    (folder / "warns.yaml").write_text(
        "title: x\nclock: {horizon: 3 days}\nvariables: {n: {integer: [0, 9], initial: 1}}\n",
        encoding="utf-8",
    )
    assert main(["validate", "warns.yaml", "--quiet"]) == Exit.DONE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "warns.yaml:3:13: warning[never-read]" in shown.err
    assert main(["validate", "warns.yaml", "--json"]) == Exit.DONE
    [found] = json.loads(capsys.readouterr().out)["files"]
    assert [w["code"] for w in found["warnings"]] == ["never-read"]


def test_a_file_that_may_not_be_read_is_refused_and_the_others_are_checked(folder, capsys):
    if os.geteuid() == 0:
        os.symlink("nowhere", folder / "locked.yaml")  # root reads everything
    else:
        (folder / "locked.yaml").write_text(BAD, encoding="utf-8")
        (folder / "locked.yaml").chmod(0)
    assert main(["validate", "locked.yaml", "bridge.yaml"]) == Exit.REFUSED
    shown = capsys.readouterr()
    assert "error[refused]: locked.yaml: " in shown.err
    assert "bridge.yaml: valid" in shown.out


@pytest.mark.parametrize("name", ["nowhere.yaml", ""])
def test_a_file_that_is_not_there(name, folder, capsys):
    assert main(["validate", name, "--json"]) == Exit.REFUSED
    [found] = json.loads(capsys.readouterr().out)["files"]
    assert not found["valid"]
