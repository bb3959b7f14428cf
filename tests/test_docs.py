"""Every command and example in README and docs runs, and shows what the page shows.

A ``console`` block is commands after ``$`` with their standard output below. After a wanted change,
``RENEW_GOLDEN=1 pytest tests/test_docs.py`` writes the outputs anew: read the difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RENEW = bool(os.environ.get("RENEW_GOLDEN"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[Path, str]]:
    return [
        (page, body)
        for page in PAGES
        for kind, body in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def place(value: object) -> str:
    return value.stem if isinstance(value, Path) else "block"


def output_of(command: str) -> str:
    """Return what a command prints in a shell, run from the project's folder."""
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": bin_folder + os.pathsep + os.environ["PATH"],
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def replayed(body: str) -> str:
    """Return a console block with its commands run again."""
    commands = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{output_of(command)}" for command in commands)


@pytest.mark.parametrize(("page", "body"), blocks("console"), ids=place)
def test_a_console_block_shows_what_its_commands_print(page, body):
    again = replayed(body)
    if RENEW:
        text = page.read_text(encoding="utf-8").replace(body, again)
        page.write_text(text, encoding="utf-8")
        return
    assert again == body


@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=place)
def test_a_python_example_runs(page, body):
    subprocess.run([sys.executable, "-c", body], cwd=ROOT, check=True, timeout=120)


@pytest.mark.parametrize(("page", "body"), blocks("yaml"), ids=place)
def test_a_scenario_example_loads(page, body):
    assert sim.loads(body).warnings == ()


@pytest.mark.parametrize(("page", "body"), blocks("sh"), ids=place)
def test_make_targets_exist(page, body):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", body, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_grammar_names_every_function_and_unit():
    from sim.net.syntax import FUNCTIONS
    from sim.units import UNITS

    text = (ROOT / "docs" / "grammar.md").read_text(encoding="utf-8")
    for word in [*FUNCTIONS, *UNITS]:
        assert f'"{word}"' in text, word
