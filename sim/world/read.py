"""Nodes to a world: the sections and their names, then what each entry says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from sim.keys import validated
from sim.names import check_name
from sim.values import Faults, Items, Map, Node, Text, describe
from sim.world.factions import check_capitals, read_faction, read_hostile
from sim.world.lines import read_line
from sim.world.model import NOBODY, World
from sim.world.places import read_place
from sim.world.reading import NOUNS, Entry, Reading
from sim.world.routes import read_link, read_route
from sim.world.specs import MODELS

#: Sections of the world that are mappings, and the one that is a list.
SECTIONS = (*MODELS, "hostile")


def read_world(
    tree: Mapping[str, Node],
    faults: Faults,
    *,
    written: Mapping[str, Node] | None = None,
    start: datetime | None = None,
    as_of: datetime | None = None,
    remarks: Callable[[Text | None, Text | None, str], None] | None = None,
) -> World | None:
    """Return the world of a file; None if it has none. What is faulty is told and left out.

    Parameters
    ----------
    tree : mapping
        The file, without what has no value.
    faults : Faults
        Where faults are told.
    written : mapping
        The file as it was written: what only that has was told already.
    start, as_of : datetime
        Time 0, and the latest public knowledge.
    remarks : callable
        Checks the source and the mark that an object gives for all of its numbers.
    """
    if not any(section in tree for section in SECTIONS):
        return None
    reading = Reading(faults, start, as_of, remarks)
    _read_sections(reading, tree, tree if written is None else written)
    return _world(reading, tree.get("hostile"))


def _world(reading: Reading, hostile: Node | None) -> World:
    world = World(start=reading.start)
    for name, entry in reading.entries["factions"].items():
        world.factions[name] = read_faction(reading, entry)
    read_hostile(reading, hostile, world)
    for name, entry in reading.entries["places"].items():
        world.places[name] = read_place(reading, entry, world)
    check_capitals(reading, world)
    for name, entry in reading.entries["routes"].items():
        route = read_route(reading, entry, world)
        if route is None:
            reading.lost["routes"].add(name)
        else:
            world.routes[name] = route
    for name, entry in reading.entries["links"].items():
        link = read_link(reading, entry)
        if link is None:
            reading.lost["links"].add(name)
        else:
            world.links[name] = link
    for name, entry in reading.entries["supply"].items():
        line = read_line(reading, entry, world)
        if line is None:
            reading.lost["supply"].add(name)
        else:
            world.lines[name] = line
    world.is_partial = any(map(reading.is_lost, (*MODELS, "processes")))
    world.lost = reading.all_lost()
    return world


# Sections and names.


def _read_sections(reading: Reading, tree: Mapping[str, Node], written: Mapping[str, Node]) -> None:
    taken = {NOBODY: "what nobody holds"}
    for section in MODELS:
        reading.entries[section], reading.lost[section] = {}, set()
        before = written.get(section)
        for key, node in _entries(reading, section, tree.get(section)):
            as_written = before.get(key, node) if isinstance(before, Map) else node
            entry = _entry(reading, section, key, node, _size(as_written) == _size(node))
            if entry is None or not _is_free(reading, section, key, taken):
                reading.lost[section].add(str(key))
            else:
                reading.entries[section][str(key)] = entry
        if isinstance(before, Map):
            reading.lost[section] |= before.keys() - reading.entries[section].keys()
    _check_processes(reading, tree.get("processes"), written.get("processes"), taken)


def _check_processes(
    reading: Reading, node: Node | None, before: Node | None, taken: dict[str, str]
) -> None:
    """Check the names of processes, which share those of the world."""
    lost = reading.lost["processes"] = set()
    keys = [key for key, _ in node.entries()] if isinstance(node, Map) else []
    for key in keys:
        is_named = _is_name(reading, key, f"processes.{key}", "process")
        if not is_named or not _is_free(reading, "processes", key, taken):
            lost.add(str(key))
    if isinstance(before, Map):
        lost |= before.keys() - set(keys)


def _entries(reading: Reading, section: str, node: Node | None) -> Iterator[tuple[Text, Node]]:
    if isinstance(node, Map):
        yield from node.entries()
    elif node is not None:
        expected = f"a mapping from the name of each {NOUNS[section]}"
        hint = _bracket_hint(node)
        message = f"'{section}' is {describe(node)}"
        reading.unreadable.add(section)
        reading.fault("wrong-type", message, node, section, expected, hint)


def _bracket_hint(node: Node) -> str:
    return "write 'name: {...}' in place of '- name'" if isinstance(node, Items) else ""


def _entry(reading: Reading, section: str, key: Text, node: Node, is_whole: bool) -> Entry | None:
    """Return an entry; None if nothing can be made of it."""
    path, noun = f"{section}.{key}", NOUNS[section]
    is_named = _is_name(reading, key, path, noun)
    spec, is_valid = validated(
        MODELS[section],
        node,
        path,
        f"{noun} '{key}'",
        reading.faults,
        is_whole=is_whole,
        is_needed=True,
    )
    if spec is None or not is_named:
        return None
    if reading.remarks is not None:
        source, mark = (getattr(spec, name, None) for name in ("source", "mark"))
        reading.remarks(source, mark, path)
    return Entry(key, spec, is_whole and is_valid)


def _is_name(reading: Reading, key: Text, path: str, noun: str) -> bool:
    """Return whether a key may name an object: dots are for what the world makes of it."""
    if "." not in key:
        return check_name(str(key), key, path, reading.faults)
    message = f"the name '{key}' holds a dot"
    expected = f"letters, digits 0-9 and '_': the world makes the dotted names of a {noun}"
    reading.fault("bad-name", message, key, path, expected)
    return False


def _is_free(reading: Reading, section: str, key: Text, taken: dict[str, str]) -> bool:
    """Tell a name that stands for two things, which expressions could not tell apart."""
    name = str(key)
    if name not in taken:
        taken[name] = f"the name of a {NOUNS.get(section, 'process')} already"
        return True
    message = f"the name '{name}' is taken: it is {taken[name]}"
    hint = "choose another name"
    reading.fault("name-taken", message, key, f"{section}.{key}", hint=hint)
    return False


def _size(node: Node) -> int:
    if isinstance(node, Text):
        return 1
    return 1 + sum(map(_size, node.values() if isinstance(node, Map) else node))
