"""Write the pages that are made of the program: references, and the pages of mechanisms.

``python -m docs.generate`` from the project's folder; ``make docs`` does so first. Tests compare
what is committed with what this makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from docs import mechanism_pages, mechanism_pictures, reference_class
from docs.keys import MADE, Schema, heading_of, homes, is_kind, references, said, table, takes
from sim.cli.main import COMMANDS, commands
from sim.keys import DEFAULT, UNIT
from sim.scenario.json_schema import json_schema
from sim.versions import NAME
from sim.world.glossary import NAMES_MADE
from sim.world.mechanisms.registry import BY_KIND
from sim.world.quantities import MARK
from tests.oracles.mechanisms import EXAMPLES

FOLDER = Path(__file__).parent

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
        *(_kind(name, below) for name, below in schema["$defs"].items() if is_kind(below)),
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
    yield table(("of", "name", "meaning"), rows)


def _specs(schema: Schema) -> Iterator[str]:
    """Yield a heading and a table for each mapping with keys of its own."""
    shared = schema["$defs"]
    for name, keys in homes(schema).items():
        yield f"## {heading_of(shared[name], keys)}\n"
        yield shared[name]["description"] + "\n"
        yield _key_table(shared[name]["properties"], shared)


def _key_table(properties: Schema, shared: Schema) -> str:
    rows = [
        (
            f"`{key}`",
            takes(schema, key),
            schema.get(UNIT, ""),
            schema.get(DEFAULT, ""),
            schema.get(MARK, ""),
            said(schema) or shared[next(references(schema))]["description"],
            " ".join(f"`{example}`" for example in schema.get("examples", ())),
        )
        for key, schema in properties.items()
    ]
    return table(("key", "takes", "unit", "default", "mark", "meaning", "example"), rows)


def _kind(name: str, schema: Schema) -> str:
    examples = ", ".join(f"`{example}`" for example in schema["examples"])
    return f"### {name}\n\n{schema['description']}: {examples}.\n"


def _laws(distribution: Schema) -> Iterator[str]:
    """Yield the table of distributions, and that of the remarks beside a value."""
    properties = distribution["properties"]
    heads = [law["required"][0] for law in distribution["oneOf"]]
    laws = [head for head in heads if head != "value"]
    yield "### distribution\n"
    yield table(
        ("written", "law"),
        ((f"`{properties[law]['examples'][0]}`", properties[law]["description"]) for law in laws),
    )
    remarks = ["value", *(name for name in properties if name not in heads)]
    yield "### Remarks on a value\n"
    yield "They stand beside `value` or beside a distribution.\n"
    yield table(
        ("remark", "meaning"), ((f"`{name}`", properties[name]["description"]) for name in remarks)
    )


# Commands.


def command_reference() -> str:
    """Return the page of every command's ``--help``."""
    width = 78  # of a terminal with 80 columns, as click leaves it
    group = click.Context(
        commands, info_name=NAME, terminal_width=width, color=False, **commands.context_settings
    )
    listed = table(
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
    for page, text in mechanism_pages.pages().items():
        (EXAMPLES / page).write_text(text, encoding="utf-8")
    for kind in BY_KIND:
        (EXAMPLES / f"{kind}.svg").write_bytes(mechanism_pictures.draw(kind))
