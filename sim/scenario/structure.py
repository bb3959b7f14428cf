"""The tree against the schema: unknown, missing and misplaced keys, and what is left without them.

A part with a fault is still taken as far as it goes, marked as partial, so that the faults inside
its expressions are told in the same run and nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.keys import validated
from sim.scenario.gaps import has_colon, without_gaps
from sim.scenario.schema import (
    BARE,
    EVIDENCE,
    FORMAT,
    PART_MODELS,
    SECTIONS,
    TOP_LEVEL,
    WORLD,
    WORLD_MAPPINGS,
    Header,
)
from sim.values import FORMS, Faults, Map, Node, Text, describe
from sim.world.parts import Made

#: What one part of a section is called in messages.
NOUNS = {
    "sources": "source",
    "lists": "list",
    "parameters": "parameter",
    "variables": "variable",
    "definitions": "definition",
    "transitions": "transition",
    "outcomes": "outcome",
    "watch": "watch",
    "totals": "total",
    "variants": "variant",
}


class Read(NamedTuple):
    """One part as the schema reads it: ``spec`` has its fields; None if it could not be read."""

    section: str
    key: Text
    node: Node
    spec: Any
    is_whole: bool = True
    #: What the world layer has made it of.
    made: Made | None = None

    @property
    def path(self) -> str:
        """Its place in the author's words."""
        return self.made.path if self.made else f"{self.section}.{self.key}"

    @property
    def noun(self) -> str:
        """What it is called in messages."""
        return f"{NOUNS[self.section]} '{self.key}'"


@dataclass(eq=False, repr=False)
class Structure:
    """A file taken apart: its header, and the parts of each section in net order."""

    header: Header
    #: The file without what has no value, and as it was written.
    tree: Map
    written: Map
    parts: dict[str, list[Read]] = field(default_factory=dict)
    #: Sections that are no mapping: any name may be one of theirs.
    lost: list[str] = field(default_factory=list)

    def section(self, name: str) -> list[Read]:
        """Return the parts of a section."""
        return self.parts.get(name, [])


def structure(tree: Node, faults: Faults) -> Structure | None:
    """Take a tree apart; None if it is no mapping, or of a later format."""
    if not isinstance(tree, Map):
        message = f"a scenario is a mapping of keys, not {describe(tree)}"
        faults.add("wrong-type", message, tree, expected="title: ..., clock: ..., ...")
        return None
    if not _is_this_format(tree, faults):
        return None
    whole = without_gaps(tree, "", faults)
    inside = (*SECTIONS, *WORLD, *EVIDENCE)
    head = Map.of(((k, v) for k, v in whole.items() if k not in inside), tree.position)
    header = _header(head, tree, faults)
    found = Structure(header, whole, tree)
    mappings = (*SECTIONS, *WORLD_MAPPINGS)
    found.lost = [s for s in mappings if not isinstance(whole.get(s, whole), Map)]
    for section in SECTIONS:
        found.parts[section] = list(_parts(section, whole, tree, faults))
    return found


def _is_this_format(tree: Map, faults: Faults) -> bool:
    written = tree.get("format")
    is_number = isinstance(written, Text) and written.isascii() and written.isdigit()
    if not is_number or str(written).lstrip("0") == str(FORMAT):
        return True
    hint = "a newer version of the program reads later formats"
    message, expected = f"a file of format {written}", f"format {FORMAT}"
    faults.add("format", message, written, "format", expected=expected, hint=hint)
    return False


def read_made(made: Iterable[Made], faults: Faults) -> Iterator[Read]:
    """Yield what the world layer has made as the schema reads it."""
    for part in made:
        read = _part(part.section, part.name, part.node, True, faults)
        yield read._replace(made=part)


# The header.


def _header(head: Map, tree: Map, faults: Faults) -> Header:
    told = {key for key in tree if key not in head}
    spec, _ = validated(
        Header, head, "", "", faults, known_keys=TOP_LEVEL, is_needed=True, told=told
    )
    assert spec is not None
    return spec


# Parts.


def _parts(section: str, whole: Map, tree: Map, faults: Faults) -> Iterator[Read]:
    node = whole.get(section)
    if node is None:
        return
    if not isinstance(node, Map):
        message = f"'{section}' is {describe(node)}"
        expected = f"a mapping from the name of each {NOUNS[section]}"
        faults.add("wrong-type", message, node, section, expected=expected)
        return
    written = tree[section]
    for key, value in node.entries():
        original = written.get(key) if isinstance(written, Map) else value
        yield _part(
            section, key, value, original is not None and _count(original) == _count(value), faults
        )
    if isinstance(written, Map):
        for key, _ in written.entries():
            if key not in node and has_colon(key):
                yield Read(section, key, key, None, is_whole=False)


def _count(node: Node) -> int:
    if isinstance(node, Text):
        return 1
    return 1 + sum(map(_count, node.values() if isinstance(node, Map) else node))


def _part(section: str, key: Text, node: Node, is_whole: bool, faults: Faults) -> Read:
    model = PART_MODELS.get(section)
    if model is None:
        return Read(section, key, node, node, is_whole)
    if isinstance(node, Text) and section in BARE:
        wanted = "when" if section == "outcomes" else "value"
        bare: Any = model.model_construct(None, **{wanted: node})
        return Read(section, key, node, bare, is_whole)
    path = f"{section}.{key}"
    if section in BARE and isinstance(node, Map) and any(form in node for form in FORMS):
        faults.add(
            "no-distribution-here",
            f"the {NOUNS[section]} '{key}' is a distribution",
            node,
            path,
            expected="an expression",
            hint="a random amount belongs in 'draws', an uncertain number in 'parameters'",
        )
        return Read(section, key, node, None, is_whole=False)
    spec, is_valid = validated(
        model,
        node,
        path,
        f"{NOUNS[section]} '{key}'",
        faults,
        is_whole=is_whole,
        may_be_bare=section in BARE,
    )
    return Read(section, key, node, spec, is_whole and is_valid)
