"""Completion in shells: what is answered, and that real shells take it."""

import os
import shutil
import subprocess
import sys

import pytest

from sim.cli import completion
from sim.cli.main import COMMANDS, main
from sim.errors import Exit
from tests.cli.conftest import ROOT, environment

VARIED = """
title: Varied
clock: {horizon: 4 days}
parameters: {hits: 1 / day}
variables: {bridge: {states: [up, down]}}
transitions: {hit: {when: bridge == up, rate: hits, then: {bridge: down}}}
outcomes: {cut: bridge == down}
variants: {safe: {parameters.hits: 0/day}, safer: {parameters.hits: 0/day}, worse: {parameters.hits: 9/day}}
"""  # noqa: E501


@pytest.fixture
def here(folder):
    """Return a folder with a scenario that has variants, and a folder below with two more."""
    (folder / "varied.yaml").write_text(VARIED, encoding="utf-8")
    below = folder / "wars"
    below.mkdir()
    for name in ("a b.yaml", "c.yaml", "notes.txt", ".hidden.yaml"):
        (below / name).write_text(VARIED, encoding="utf-8")
    return folder


def answered(monkeypatch, capsys, *words: str, shell: str = "bash") -> list[str]:
    """Return the candidates for the last word."""
    cursor = words[-1] if shell == "fish" else str(len(words) - 1)
    monkeypatch.setenv("_FRONTCAST_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", cursor)
    main([])
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = [line.split("\t") for line in shown.out.splitlines() if line]
    return [value for _, value, _ in lines]


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        ([""], list(COMMANDS)),
        (["ex"], ["explain", "exact"]),
        (["--v"], ["--version"]),
        (["explain", "--gr"], ["--graph"]),
        (["explain", "--graph", ""], ["dot", "mermaid"]),
        (["run", "--engine", "r"], ["reference"]),
        (["run", "--engine", "=", "r"], ["reference"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["run", "v"], ["varied.yaml"]),
        (["run", "varied.yaml", "b"], ["bridge.yaml"]),
        (["validate", "w"], ["wars/a b.yaml", "wars/c.yaml"]),
        (["validate", "wars/c"], ["wars/c.yaml"]),
        (["validate", "wars/."], ["wars/.hidden.yaml"]),
        (["run", "nothing"], []),
        (["run", "nowhere/x"], []),
        (["run", "varied.yaml", "--variant", ""], ["safe", "safer", "worse"]),
        (["run", "varied.yaml", "--variant", "=", "sa"], ["safe", "safer"]),
        (["explain", "varied.yaml", "--only", "h"], ["hit", "hits"]),
        (["explain", "bridge.yaml", "--variant", "s"], ["safe"]),
        (["explain", "--variant", ""], []),
        (["explain", "nowhere.yaml", "--variant", ""], []),
        (["nothing", ""], []),
    ],
)
def test_what_may_follow(words, candidates, here, monkeypatch, capsys):
    assert answered(monkeypatch, capsys, "frontcast", *words) == candidates


def test_every_option_of_every_command_is_offered(here, monkeypatch, capsys):
    for command in COMMANDS:
        found = answered(monkeypatch, capsys, "frontcast", command, "--")
        assert {"--help", "--json", "--log-file"} <= set(found), command


def test_fish_wants_an_option_and_its_value_in_one(here, monkeypatch, capsys):
    words = ("frontcast", "run", "varied.yaml", "--variant=sa")
    assert answered(monkeypatch, capsys, *words, shell="fish") == [
        "--variant=safe",
        "--variant=safer",
    ]


def test_a_faulty_scenario_completes_nothing_and_says_nothing(here, monkeypatch, capsys):
    (here / "bad.yaml").write_text("title: [", encoding="utf-8")
    words = ("frontcast", "run", "bad.yaml", "--variant", "")
    assert answered(monkeypatch, capsys, *words) == []


def test_a_fault_of_ours_says_nothing(here, monkeypatch, capsys):
    def broken(incomplete: str) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(completion, "_files", broken)
    assert answered(monkeypatch, capsys, "frontcast", "run", "") == []


@pytest.mark.parametrize("instruction", ["tcsh_complete", "bash_nothing", "bash"])
def test_an_unknown_instruction_is_refused(instruction, monkeypatch, capsys):
    monkeypatch.setenv("_FRONTCAST_COMPLETE", instruction)
    assert main([]) == 1
    assert capsys.readouterr().out == ""


def test_a_name_that_would_move_the_cursor_is_left_out(here, monkeypatch, capsys):
    (here / "wars" / "d\x1b[31m\n.yaml").write_text(VARIED, encoding="utf-8")
    found = answered(monkeypatch, capsys, "frontcast", "run", "wars/")
    assert found == ["wars/a b.yaml", "wars/c.yaml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell, monkeypatch, capsys):
    assert main(["completion", shell]) == Exit.DONE
    text = capsys.readouterr().out
    assert f"_FRONTCAST_COMPLETE={shell}_complete" in text
    assert "%(" not in text
    monkeypatch.setenv("_FRONTCAST_COMPLETE", f"{shell}_source")
    assert main([]) == Exit.DONE
    assert capsys.readouterr().out == text


def test_an_unknown_shell_suggests_one(capsys):
    assert main(["completion", "bahs"]) == Exit.BAD_INPUT
    assert "Did you mean 'bash'?" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_help_says_how_to_install_it(shell, capsys):
    main(["completion", "--help"])
    assert f"frontcast completion {shell} > " in capsys.readouterr().out


# Real shells.


@pytest.fixture
def path(tmp_path_factory):
    """Return a PATH with the command on it."""
    place = tmp_path_factory.mktemp("bin")
    (place / "frontcast").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "run.py"}" "$@"\n', encoding="utf-8"
    )
    (place / "frontcast").chmod(0o755)
    return f"{place}{os.pathsep}{os.environ['PATH']}"


IN_BASH = """
source <("$0" completion bash)
complete -p frontcast >/dev/null || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_frontcast_completion frontcast
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["frontcast", "valid"], ["validate"]),
        (["frontcast", "run", "wars/"], ["wars/a b.yaml", "wars/c.yaml"]),
        (["frontcast", "run", "varied.yaml", "--variant", "w"], ["worse"]),
        (["frontcast", "run", "varied.yaml", "--variant", "=", "w"], ["worse"]),
        (["frontcast", "run", "*"], []),
    ],
)
def test_in_bash(words, candidates, here, path):
    done = subprocess.run(
        ["bash", "--norc", "-c", IN_BASH, "frontcast", *words],
        cwd=here, env=environment(PATH=path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:-1] == (candidates or [""])
    assert done.stderr == ""


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "-n")])
def test_the_script_is_in_the_language_of_its_shell(shell, check, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "script").write_text(completion.script(shell), encoding="utf-8")
    subprocess.run([shell, check, str(tmp_path / "script")], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
def test_in_fish(here, path):
    code = (
        "frontcast completion fish | source; complete -C 'frontcast run varied.yaml --variant=wo'"
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", code], cwd=here, env=environment(PATH=path),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["--variant=worse"]
