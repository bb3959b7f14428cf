"""Every command and example in README and docs runs, and shows what the page shows.

A ``console`` block is commands after ``$`` with their standard output below. After a wanted change,
``RENEW_GOLDEN=1 pytest tests/test_docs.py`` writes the outputs anew: read the difference.
"""

from __future__ import annotations

import doctest
import importlib
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


@pytest.fixture
def desk(tmp_path):
    """A folder with all that commands on a page name, where results may be left."""
    for name in ("run.py", "scenarios", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def output_of(command: str, folder: Path) -> str:
    """Return what a command prints in a shell, run as from the project's folder."""
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
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def replayed(body: str, folder: Path) -> str:
    """Return a console block with its commands run again."""
    commands = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{output_of(command, folder)}" for command in commands)


@pytest.mark.parametrize(("page", "body"), blocks("console"), ids=place)
def test_a_console_block_shows_what_its_commands_print(page, body, desk):
    again = replayed(body, desk)
    if RENEW:
        text = page.read_text(encoding="utf-8").replace(body, again)
        page.write_text(text, encoding="utf-8")
        return
    assert again == body


@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=place)
def test_a_python_example_runs(page, body, desk):
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", body], cwd=desk, env=path, check=True, timeout=600)


@pytest.mark.parametrize(("page", "body"), blocks("yaml"), ids=place)
def test_a_scenario_example_loads(page, body):
    assert sim.loads(body).warnings == ()


def test_the_steps_of_the_tutorial_are_shipped_as_they_stand_on_the_page():
    page = ROOT / "docs" / "tutorial.md"
    steps = [body for where, body in blocks("yaml") if where == page]
    files = sorted((ROOT / "docs" / "tutorial").glob("*.yaml"))
    if RENEW:
        for file, body in zip(files, steps, strict=True):
            file.write_text(body, encoding="utf-8")
    assert [file.read_text(encoding="utf-8") for file in files] == steps


@pytest.mark.parametrize(("page", "body"), blocks("sh"), ids=place)
def test_make_targets_exist(page, body):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", body, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_grammar_names_every_function_and_unit():
    from sim.net.syntax import FUNCTIONS
    from sim.units import UNITS

    text = (ROOT / "docs" / "grammar.md").read_text(encoding="utf-8")
    for word in [*FUNCTIONS, *UNITS]:
        assert f'"{word}"' in text, word


def test_the_pages_made_of_the_program_are_current():
    from docs.generate import pages

    for name, text in pages().items():
        page = ROOT / "docs" / name
        if RENEW:
            page.write_text(text, encoding="utf-8")
        assert page.read_text(encoding="utf-8") == text, f"{name}: python -m docs.generate"


def test_the_reference_says_what_every_key_and_every_distribution_means():
    from sim.keys import field_names
    from sim.scenario import schema
    from sim.values import ANNOTATIONS, FORMS

    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(.+?)` \| .*\w", text, re.MULTILINE))
    models = [schema.Header, schema.ClockSpec, schema.SourceSpec, schema.BranchSpec]
    models += schema.PART_MODELS.values()
    keys = {key for model in models for key in field_names(model)}
    assert {*keys, *schema.SECTIONS, *ANNOTATIONS} <= rows
    for law in FORMS:
        assert any(row.startswith(f"{{{law}:") for row in rows), law


def test_the_guide_to_scenario_files_explains_every_section_and_every_clock():
    from sim.scenario import schema

    text = (ROOT / "docs" / "file-format.md").read_text(encoding="utf-8")
    for word in [*schema.SECTIONS, *schema.EVIDENCE, *schema.CLOCK_KEYS]:
        assert f"`{word}" in text, word


def test_the_commands_page_names_every_command_and_status():
    from sim.cli.main import COMMANDS
    from sim.errors import Exit

    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"| `{name}" in text, name
    for status in Exit:
        assert re.search(rf"^\| (\d+, )*{status}\b", text, re.MULTILINE), status


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """Return the folder of the pages as ``make docs`` builds them."""
    folder = tmp_path_factory.mktemp("html")
    builder = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html"]
    done = subprocess.run(
        [*builder, "-d", str(folder / ".doctrees"), "-c", "docs", ".", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_built_and_the_index_leads_to_it(html):
    for page in PAGES:
        name = page.relative_to(ROOT).with_suffix(".html")
        assert (html / name).exists(), name
        folder = html / ("docs/mechanisms" if page.parent.name == "mechanisms" else "docs")
        index = (folder / "index.html").read_text(encoding="utf-8")
        assert page.stem == "index" or f'{page.stem}.html"' in index, name


def test_the_built_pages_fetch_nothing_from_elsewhere(html):
    fetched = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""")
    for page in html.rglob("*.html"):
        assert not fetched.search(page.read_text(encoding="utf-8")), page.name
    for sheet in html.rglob("*.css"):
        assert not re.search(r"url\(.?(?:https?:)?//", sheet.read_text(encoding="utf-8")), (
            sheet.name
        )


def test_the_api_page_has_every_public_name(html):
    text = (html / "docs" / "api.html").read_text(encoding="utf-8")
    for name in sim.__all__:
        assert re.search(rf'id="sim\.(exact\.solve\.)?{name}"', text), name


def modules_with_examples() -> list[str]:
    found = []
    for module in sorted((ROOT / "sim").rglob("*.py")):
        if re.search(r"^ *>>> ", module.read_text(encoding="utf-8"), re.MULTILINE):
            name = module.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            found.append(name.removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_in_docstrings_run(name):
    import numpy as np

    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, extraglobs={"np": np})
    assert tried > 0
    assert failed == 0
