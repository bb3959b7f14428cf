"""Text of a file moves no cursor, changes no colour and turns no writing, wherever it comes out."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sim.cli.main import main
from sim.errors import Exit
from tests.studies.scenarios import BRIDGE

#: What moves a cursor or turns the writing is refused in a file; in its name nobody can.
HOSTILE = "<b>&|x|[a](b)`"
NAME = "h\x1b[31m\u202e<b>.yaml"
TEXT = (
    BRIDGE.replace("A bridge under fire", f'"{HOSTILE}"')
    .replace("When is the bridge hit?", f'"{HOSTILE}"')
    .replace("says: The bridge is hit", f'says: "{HOSTILE}"')
    .replace("label: The bridge is hit", f'label: "{HOSTILE}"')
) + "checks: [{outcome: hit, probability: [0, 0.9]}]\n"
COMMANDS = [
    ["run", NAME, "-n", "1000"],
    ["compare", NAME, "--variant", "safe", "-n", "200"],
    ["check", NAME, "--junit", "c.xml", "--markdown", "c.md", "--github"],
    ["discover", NAME, "--outcome", "hit", "-n", "1000"],
    ["gradient", NAME, "-n", "200"],
    ["explain", NAME],
    ["explain", NAME, "--graph", "mermaid"],
    ["validate", NAME],
    ["trace", NAME],
    ["list"],
]


def harmful(text: str) -> list[str]:
    """Return the characters that do something rather than show something."""
    return [
        c
        for c in text
        if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    ]


@pytest.mark.usefixtures("folder")
def test_nothing_harmful_is_written_by_any_command(capsys):
    Path(NAME).write_text(TEXT, encoding="utf-8")
    assert main(COMMANDS[0]) == Exit.DONE
    kept = next(Path("results").iterdir()).name
    for command in [*COMMANDS, ["show", kept], ["show", kept, "--csv"]]:
        assert main(command) in (Exit.DONE, Exit.CHECK_FAILED), command
        told = capsys.readouterr()
        shown = told.out.replace("\r\n", "\n") + told.err  # RFC 4180: rows end so
        assert "fault of ours" not in shown, command
        assert harmful(shown) == [], command
    for file in ("c.xml", "c.md"):
        assert harmful(Path(file).read_text(encoding="utf-8")) == []
    ElementTree.parse("c.xml")
    assert "<b>" not in Path("c.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("escape", [r"\e[31m", r"\a", r"\r", r"\x9b", r"\u2028", r"\u202e"])
def test_a_control_character_is_refused_and_not_shown(escape, capsys):
    Path(NAME).write_text(TEXT.replace("<b>", escape), encoding="utf-8")
    assert main(["run", NAME]) == Exit.BAD_INPUT
    told = capsys.readouterr().err
    assert "error[control-character]" in told
    assert harmful(told) == []


def test_what_is_harmful_is_noticed():
    assert harmful("a\x1b[31mb\u202e\r") == ["\x1b", "\u202e", "\r"]
