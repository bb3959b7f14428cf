"""No mechanism and no engine knows a name from any scenario: a war is in its file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from sim.world.mechanisms.registry import BY_KIND
from sim.world.specs import ROUTE_KINDS

ROOT = Path(__file__).parents[2]
#: Rooms whose code makes parts of a war, or runs it.
ROOMS = ("sim/world", "sim/engines", "sim/net", "sim/exact")
SECTIONS = ("factions", "places", "routes", "links", "supply", "processes")
#: What only people read: examples of keys, and messages.
CALLS = ("a_key", "quantity", "fault", "add")
TEXTS = ("expected", "hint", "message")


@cache
def names() -> set[str]:
    """Return the names that scenarios give to what is in their worlds, but words of the format."""
    found: set[str] = set()
    for path in (ROOT / "scenarios").glob("*.yaml"):
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        for section in SECTIONS:
            found.update(map(str, read.get(section) or ()))
    return found - {*BY_KIND, *ROUTE_KINDS}


def run_words(code: str) -> Iterator[tuple[int, str]]:
    """Yield what code says to machines, with its lines: names, and texts that nobody reads."""

    def walk(node: ast.AST) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Name | ast.arg):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.arg
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        is_said = isinstance(node, ast.Call) and _called(node) in CALLS
        for child in ast.iter_child_nodes(node):
            if is_said and not isinstance(child, ast.Call):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if isinstance(child, ast.Assign) and _target(child) in TEXTS:
                continue
            yield from walk(child)

    return walk(ast.parse(code))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _target(assigned: ast.Assign) -> str:
    return getattr(assigned.targets[0], "id", "")


def known_in(code: str, known: set[str]) -> list[tuple[int, str]]:
    pattern = re.compile(rf"(?<!\w)({'|'.join(sorted(map(re.escape, known)))})(?!\w)")
    # ``m1`` is a number's name in any code; a road of the flagship has it, too.
    return [
        (line, match[0])
        for line, text in run_words(code)
        if (match := pattern.search(text)) and len(match[0]) > 2
    ]


FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_code_names_anything_of_a_scenario(path):
    assert known_in(path.read_text(encoding="utf-8"), names()) == []


def test_a_name_that_is_planted_is_found():
    known = names()
    assert {"oskamar", "iron_bridge", "northern_column"} <= known
    planted = 'def f(place):\n    """Oskamar."""\n    return place.name == "oskamar"\n'
    assert known_in(planted, known) == [(3, "oskamar")]
    assert known_in("x = f'{place}.garrison.league'", known) == [(1, "league")]
    assert known_in("iron_bridge = 1", known) == [(1, "iron_bridge")]
    assert known_in('at = a_key("Where", "oskamar")', known) == []
