"""The examples for continuous integration: the script runs, and the workflow says what there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
import yaml

from sim.cli.main import commands
from tests.studies.test_check import FALL

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "docs" / "ci" / "forecast.sh"
WORKFLOW = ROOT / "docs" / "ci" / "github.yaml"
CHECKS = "checks:\n  - {outcome: falls, by: 2 days, probability: [LOW, 0.9]}\n"


def run_script(folder: Path, low: float, variant: str = "fast") -> subprocess.CompletedProcess[str]:
    (folder / "fall.yaml").write_text(FALL + CHECKS.replace("LOW", str(low)), encoding="utf-8")
    environment = {
        **os.environ,
        "FRONTCAST": f"{sys.executable} {ROOT / 'run.py'}",
        "BUDGET": "60",
        "REPLICATIONS": "500",
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        ["bash", str(SCRIPT), "fall.yaml", variant, "out"],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=600,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.pictures
def test_the_script_leaves_tables_and_pictures_where_a_check_has_failed(tmp_path):
    done = run_script(tmp_path, 0.8)
    assert done.returncode == 1, done.stderr
    out = tmp_path / "out"
    (suite,) = ElementTree.parse(out / "checks.xml").getroot()
    assert suite.get("failures") == "1"
    assert (out / "checks.md").read_text("utf-8").startswith("## Checks of forecasts")
    assert (out / "checks.txt").read_text("utf-8") in done.stdout
    assert "With fast:" in (out / "comparison.txt").read_text("utf-8")
    rows = (out / "forecast.csv").read_text("utf-8").splitlines()
    assert len(rows) == 1 + 3 * 10
    assert rows[1].startswith("falls,")
    assert list(out.rglob("*.png"))


def test_the_script_stops_where_the_request_is_wrong(tmp_path):
    done = run_script(tmp_path, 2.0)
    assert done.returncode == 2
    assert "fall.yaml:12:48: error[out-of-range]" in done.stderr
    assert not (tmp_path / "out" / "results").exists()


def commands_of_the_workflow() -> list[list[str]]:
    """Return the command lines of the workflow that start the program."""
    steps = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["forecasts"]["steps"]
    found = []
    for step in steps:
        lines = step.get("run", "").replace("\\\n", " ").splitlines()
        found += [shlex.split(re.sub(r">\s*\S+$", "", line)) for line in lines if "run.py" in line]
    return found


def test_the_workflow_says_what_the_program_takes():
    lines = commands_of_the_workflow()
    assert [line[2] for line in lines] == ["check", "run", "show", "compare"]
    for _, program, name, *arguments in lines:
        assert (ROOT / program).exists()
        group = click.Context(commands, **commands.context_settings)
        command = commands.get_command(group, name)
        command.make_context(name, arguments, parent=group)  # raises where an option is none
        for file in (a for a in arguments if a.startswith("scenarios")):
            assert (ROOT / file).exists()


def test_the_workflow_leaves_what_it_writes():
    text = WORKFLOW.read_text("utf-8")
    assert "--budget 60s --github" in text
    assert "timeout-minutes" in text
    for file in re.findall(r"(?:--junit|--out|>) (\S+)", text):
        assert file.startswith("artefacts/"), file


def test_our_own_checks_run_in_our_own_build():
    assert re.search(r"^make check$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    target = re.search(r"^check:.*\n\t(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert "run.py check scenarios --budget" in target[1]
