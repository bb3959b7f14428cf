"""Write the pages that are made of the program: reference*.md and command-reference.md.

``python -m docs.generate`` from the project's folder; ``make docs`` does so first. A test compares
what is committed with what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from docs import reference_class
from sim.cli.main import COMMANDS, commands
from sim.keys import DEFAULT, UNIT, default_said
from sim.scenario.json_schema import KIND, json_schema
from sim.versions import NAME
from sim.world.glossary import NAMES_MADE
from sim.world.quantities import MARK

FOLDER = Path(__file__).parent
Schema = dict[str, Any]

MADE = "<!-- Made by docs/generate.py: change the program, then run `make docs`. -->\n"
_PAGE = """
# Reference of the scenario file

Every key of a scenario file: what it takes, its default and an example. The
[guide](file-format.md) explains how they work together, and the [grammar](grammar.md) what an
expression is. `frontcast schema` prints the JSON Schema that this page is made of.

An unknown key is an error, with a suggestion. A default of the world layer has a mark: C, computed
from data; R, read somewhere; J, judgement. `explain` prints it beside each number, with its source.
"""
_COMMANDS_PAGE = f"""
# Command reference

What `--help` says after each command. The [guide](commands.md) has examples, the JSON that they
print, and the exit statuses. `{NAME}` stands for `python run.py` in a checkout.
"""


def pages() -> dict[str, str]:
    """Return the text of each generated page, by its file's name."""
    return {
        "reference.md": reference(),
        "command-reference.md": command_reference(),
        reference_class.PAGE.name: reference_class.page(),
        reference_class.PICTURE: reference_class.picture(),
    }


# The scenario file.


def reference() -> str:
    """Return the page of every section and key, as the JSON Schema has them."""
    schema = json_schema()
    needed = schema["then"]["required"]
    assert set(needed) == {k for k, s in schema["properties"].items() if s.get(DEFAULT) == "needed"}
    parts = [
        _PAGE,
        "## At the top\n",
        _key_table(schema["properties"], schema["$defs"]),
        *_specs(schema),
        *_names_made(),
        "## Kinds of values\n",
        *(_kind(name, below) for name, below in schema["$defs"].items() if _is_kind(below)),
        *_laws(schema["$defs"]["distribution"]),
    ]
    return MADE + "\n".join(parts)


def _names_made() -> Iterator[str]:
    """Yield the table of the names that a world makes."""
    yield "## Names that the world makes\n"
    yield "They follow the name of a faction, place, route, link or process: `homs.control`.\n"
    rows = [
        (noun, f"`.{name.replace('*', 'NAME')}`", said)
        for noun, names in NAMES_MADE.items()
        for name, said in names.items()
    ]
    yield _table(("of", "name", "meaning"), rows)


def _is_kind(shared: Schema) -> bool:
    """Return whether a shared schema is a kind of value, not a mapping with keys of its own."""
    return "properties" not in shared


def _specs(schema: Schema) -> Iterator[str]:
    """Yield a heading and a table for each mapping with keys of its own."""
    shared = schema["$defs"]
    for name, keys in _homes(schema).items():
        yield f"## {_heading(shared[name], keys)}\n"
        yield shared[name]["description"] + "\n"
        yield _key_table(shared[name]["properties"], shared)


def _heading(spec: Schema, keys: list[str]) -> str:
    kind = spec.get(KIND)
    return f"{keys[0]} of kind {kind}" if kind else ", ".join(keys)


def _homes(schema: Schema) -> dict[str, list[str]]:
    """Return the keys under which each such mapping stands, in file order."""
    homes: dict[str, list[str]] = {}

    def walk(properties: Schema) -> None:
        for key, below in properties.items():
            for name in _references(below):
                if _is_kind(schema["$defs"][name]):
                    continue
                is_new = name not in homes
                homes.setdefault(name, []).append(key)
                if is_new:
                    walk(schema["$defs"][name]["properties"])

    walk(schema["properties"])
    return homes


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)


def _key_table(properties: Schema, shared: Schema) -> str:
    rows = [
        (
            f"`{key}`",
            _takes(schema, key),
            schema.get(UNIT, ""),
            schema.get(DEFAULT, ""),
            schema.get(MARK, ""),
            _said(schema) or shared[next(_references(schema))]["description"],
            " ".join(f"`{example}`" for example in schema.get("examples", ())),
        )
        for key, schema in properties.items()
    ]
    return _table(("key", "takes", "unit", "default", "mark", "meaning", "example"), rows)


def _said(schema: Schema) -> str:
    text: str = schema.get("description", "")
    return text.removesuffix(default_said(schema.get(DEFAULT, "")))


def _takes(schema: Schema, key: str) -> str:
    """Return what a key takes, in words, with links to where that is explained."""
    if "$ref" in schema:
        return _linked(schema["$ref"].rpartition("/")[2], key)
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    names = list(_references(schema.get("anyOf", [])))
    if names and all(KIND in json_schema()["$defs"][name] for name in names):
        return f"mapping of a kind: {', '.join(_linked(name, key) for name in names)}"
    if "anyOf" in schema:
        first, second = schema["anyOf"]
        if second.get("type") == "array":
            return f"{_takes(first, key)}, or a list of them"
        return f"{_takes(first, key)} or {_takes(second, key)}"
    if "additionalProperties" in schema:
        below = schema["additionalProperties"]
        return f"name → {_takes(below, key)}"
    if "items" in schema:
        n = "two" if schema.get("maxItems") == 2 else "a list"
        return f"{n} of {_takes(schema['items'], key)}"
    if schema["type"] == ["boolean", "string"]:
        return "`yes` or `no`"
    words = {
        "boolean": "`true` or `false`",
        "integer": "whole number",
        "number": "number",
        "array": "list",
    }
    return words.get(schema["type"], "path → value")


def _linked(name: str, key: str) -> str:
    if _is_kind(json_schema()["$defs"][name]):
        return f"[{'letters' if name == 'for' else name}](#{_anchor(name)})"
    spec = json_schema()["$defs"][name]
    group = next(keys for found, keys in _homes(json_schema()).items() if found == name)
    return f"[{spec.get(KIND, 'mapping')}](#{_anchor(_heading(spec, group))})"


def _anchor(heading: str) -> str:
    return heading.replace(",", "").replace(" ", "-")


def _kind(name: str, schema: Schema) -> str:
    examples = ", ".join(f"`{example}`" for example in schema["examples"])
    return f"### {name}\n\n{schema['description']}: {examples}.\n"


def _laws(distribution: Schema) -> Iterator[str]:
    """Yield the table of distributions, and that of the remarks beside a value."""
    properties = distribution["properties"]
    heads = [law["required"][0] for law in distribution["oneOf"]]
    laws = [head for head in heads if head != "value"]
    yield "### distribution\n"
    yield _table(
        ("written", "law"),
        ((f"`{properties[law]['examples'][0]}`", properties[law]["description"]) for law in laws),
    )
    remarks = ["value", *(name for name in properties if name not in heads)]
    yield "### Remarks on a value\n"
    yield "They stand beside `value` or beside a distribution.\n"
    yield _table(
        ("remark", "meaning"), ((f"`{name}`", properties[name]["description"]) for name in remarks)
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table, without the columns that nothing stands in."""
    columns = [
        (title, column)
        for title, column in zip(head, zip(*rows, strict=True), strict=True)
        if any(column)
    ]
    lines = zip(*((title, "---", *column) for title, column in columns), strict=True)
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


# Commands.


def command_reference() -> str:
    """Return the page of every command's ``--help``."""
    width = 78  # of a terminal with 80 columns, as click leaves it
    group = click.Context(
        commands, info_name=NAME, terminal_width=width, color=False, **commands.context_settings
    )
    listed = _table(
        ("command", "does"),
        ((f"[{name}](#{name})", said.rstrip(".")) for name, said in COMMANDS.items()),
    )
    parts = [_COMMANDS_PAGE, listed, _help(NAME, commands.get_help(group))]
    parts += [_help(name, _help_of(name, group)) for name in COMMANDS]
    return MADE + "\n".join(parts)


def _help_of(name: str, group: click.Context) -> str:
    command = commands.get_command(group, name)
    assert command is not None
    return command.get_help(click.Context(command, info_name=name, parent=group))


def _help(heading: str, text: str) -> str:
    return f"## {heading}\n\n```text\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    for page, text in pages().items():
        (FOLDER / page).write_text(text, encoding="utf-8")
