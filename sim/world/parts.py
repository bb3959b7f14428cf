"""What the world makes of itself: parts of the net layer, as an author might have written them.

A mechanism writes expressions over names, as a file does, and they are read, checked and explained
like those of a file. Each part remembers the key of the world that it stands for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.net.model import Note
from sim.units import Dimension, Unit
from sim.values import Items, Map, Node, Text
from sim.world.quantities import KINDS, RANGES, Default, made

#: How many terms one expression joins, and how many letters they have: well below what it may be.
TERMS_AT_ONCE, LETTERS_AT_ONCE = 15, 3_000


class Made(NamedTuple):
    """One part of the net layer: its section and name, how it is written, and for what it stands.

    ``path`` is its place in the author's words. Of a parameter, ``kind`` is what it measures, and
    ``note`` what is said of it where its author says nothing.
    """

    section: str
    name: Text
    node: Node
    path: str
    kind: str = ""
    note: Note = Note()

    @property
    def dimension(self) -> Dimension | None:
        """What a parameter has to measure; None for any (a label, say)."""
        return KINDS[self.kind][0] if self.kind else None

    @property
    def range(self) -> tuple[float, float]:
        """Between what a parameter has to lie, in internal units."""
        return RANGES.get(self.kind, (0.0, math.inf))

    @property
    def unit(self) -> Unit | None:
        """The unit of plain numbers, if they may stand."""
        return KINDS[self.kind][1] if self.kind else None


class Given(NamedTuple):
    """A value of the world: what was written or the default, where, and what it measures."""

    path: str
    value: Node | Default
    kind: str
    at: Node
    note: Note = Note()


@dataclass
class Parts:
    """Parts in net order. Parameters are made when they are first used, once."""

    made: list[Made] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    #: Names of all parts but parameters.
    names: set[str] = field(default_factory=set)
    _parameters: set[str] = field(default_factory=set)

    def use(self, given: Given) -> str:
        """Return the name under which expressions read a value."""
        if given.path not in self._parameters:
            self._parameters.add(given.path)
            value, note = given.value, given.note
            if isinstance(value, Default):
                note = Note(source=value.source, mark=value.mark)
                value = value.node(given.at)
            name = Text.made(given.path, given.at)
            self.made.append(Made("parameters", name, value, given.path, given.kind, note))
        return given.path

    def part(
        self, section: str, name: str, written: Mapping[str, Any] | str, at: Node, path: str
    ) -> None:
        """Add a part; ``written`` is what a file would say, where nodes may stand as they are."""
        self.names.add(name)
        node = _nodes(written, at)
        self.made.append(Made(section, Text.made(name, at), node, path))

    def variable(self, name: str, at: Node, path: str, **written: Any) -> None:
        """Add a variable, as ``states`` or ``real`` with ``unit``, and ``initial``."""
        self.part("variables", name, written, at, path)

    def define(self, name: str, expression: str | Text, at: Node, path: str) -> None:
        """Add a definition."""
        self.part("definitions", name, expression, at, path)

    def gather(
        self,
        name: str,
        terms: Sequence[str],
        join: Callable[[Sequence[str]], str],
        at: Node,
        path: str,
    ) -> None:
        """Add a definition over any number of terms: many are joined by definitions of their own.

        One expression over all of them might be longer than expressions may be.
        """
        groups = list(_groups(terms))
        if len(groups) > 1:
            terms = [f"{name}.{number}" for number in range(1, len(groups) + 1)]
            for group, some in zip(terms, groups, strict=True):
                self.define(group, join(some), at, path)
        self.define(name, join(terms), at, path)

    def transition(self, name: str, at: Node, path: str, **written: Any) -> None:
        """Add a transition; words of Python are written with a stroke after (``from_``)."""
        plain = {key.removesuffix("_"): value for key, value in written.items()}
        self.part("transitions", name, {k: v for k, v in plain.items() if v is not None}, at, path)


def _groups(terms: Sequence[str]) -> Iterator[list[str]]:
    """Yield terms in groups that one expression has room for; an empty one of no terms."""
    group: list[str] = []
    for term in terms:
        is_full = len(group) == TERMS_AT_ONCE
        if group and (is_full or sum(map(len, group)) + len(term) > LETTERS_AT_ONCE):
            yield group
            group = []
        group.append(term)
    yield group


def _nodes(written: Any, at: Node) -> Node:
    """Return what a part says as nodes; what is a node already stays what it is."""
    if isinstance(written, Text | Map | Items):
        return written
    if isinstance(written, Mapping):
        entries = ((Text.made(key, at), _nodes(item, at)) for key, item in written.items())
        return Map.of(entries, at.position)
    if isinstance(written, list | tuple):
        return Items.of((_nodes(item, at) for item in written), at.position)
    return made(written, at)


def total(terms: Iterable[str], nothing: str = "0") -> str:
    """Return a sum of expressions."""
    found = [f"({term})" for term in terms]
    return " + ".join(found) if found else nothing


def any_of(conditions: Iterable[str]) -> str:
    """Return a condition that holds where one of some holds; ``false`` of none."""
    found = [f"({condition})" for condition in conditions]
    return " or ".join(found) if found else "false"


def all_of(conditions: Iterable[str]) -> str:
    """Return a condition that holds where all of some hold; ``true`` of none."""
    found = [f"({condition})" for condition in conditions]
    return " and ".join(found) if found else "true"
