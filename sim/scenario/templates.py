"""Lists and templates: the parts that ``for`` makes."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sim.errors import did_you_mean, one_of
from sim.names import check_name
from sim.net.resolve import substitute
from sim.scenario.structure import NOUNS, Read
from sim.scenario.wanted import with_letters
from sim.values import Faults, Items, Map, Node, Text, describe

MAX_PARTS = 10_000
MAX_TRANSITIONS = 5_000

Letters = Mapping[str, str]
_LETTER = re.compile(r"[^\W\d_]\w*\Z")


class Part(NamedTuple):
    """One part of the net as its template makes it; ``name`` has its letters replaced."""

    read: Read
    name: str
    letters: Letters

    @property
    def spec(self) -> Any:
        """The fields of its template."""
        return self.read.spec

    @property
    def path(self) -> str:
        """The place of its template in the file."""
        return self.read.path

    @property
    def own_path(self) -> str:
        """Its path with letters replaced: what anonymous inputs inside it are named by."""
        is_value = self.read.made is not None and self.read.section == "parameters"
        return self.name if is_value else f"{self.read.section}.{self.name}"

    @property
    def node(self) -> Map:
        """The mapping that writes it (an expression alone is none)."""
        node = self.read.node
        return node if isinstance(node, Map) else Map.of((), node.position)

    def key(self, name: str) -> Text:
        """Return one of its keys, with its place."""
        return self.node.key(name)

    def text(self, name: str, spec: Any = None) -> str:
        """Return a text that people read, in one line, with letters replaced."""
        text = getattr(spec or self.spec, name, None)
        return "" if text is None else " ".join(with_letters(text, self.letters).split())


# Lists.


def read_lists(reads: Sequence[Read], faults: Faults) -> dict[str, list[Any]]:
    """Return every list under ``lists``: texts, or mappings of letters."""
    lists: dict[str, list[Any]] = {}
    for read in reads:
        if not check_name(str(read.key), read.key, read.path, faults):
            continue
        lists[str(read.key)] = []
        if isinstance(read.node, Items):
            lists[str(read.key)] = _items(read.node, read.path, faults)
        elif read.is_whole:
            message = f"the list '{read.key}' is {describe(read.node)}"
            faults.add("wrong-type", message, read.node, read.path, expected="[a, b, c]")
    return lists


def _items(node: Items, path: str, faults: Faults) -> list[Any]:
    found: list[Any] = []
    for item in node:
        if isinstance(item, Items):
            faults.add(
                "wrong-type", "a list inside a list", item, path, expected="a name or number"
            )
        elif isinstance(item, Map):
            letters = _bindings(item, path, faults)
            if letters is not None and _are_complete(letters, found, item, path, faults):
                found.append(letters)
        elif not item.is_null:
            found.append(str(item))
    kinds = {type(item) for item in found}
    if len(kinds) > 1:
        faults.add("wrong-type", "a list of both mappings and plain values", node, path)
        return []
    return found


def _are_complete(
    letters: Letters, found: Sequence[Any], item: Map, path: str, faults: Faults
) -> bool:
    """Tell an item that lacks a letter which the first one has."""
    first: Mapping[str, str] = found[0] if found and isinstance(found[0], dict) else {}
    lacking = [letter for letter in first if letter not in letters]
    if lacking:
        message = f"this item does not say what '{lacking[0]}' is"
        expected = f"every item with {', '.join(first)}, as the first has them"
        faults.add("bad-for", message, item, path, expected=expected)
    return not lacking


def _bindings(node: Map, path: str, faults: Faults) -> dict[str, str] | None:
    letters = {}
    for key, value in node.entries():
        if not _is_letter(key, path, faults):
            return None
        if not isinstance(value, Text):
            message = f"'{key}' is {describe(value)}"
            faults.add("wrong-type", message, value, path, expected="one value for each letter")
            return None
        letters[str(key)] = str(value)
    return letters


def _is_letter(key: Text, path: str, faults: Faults) -> bool:
    if _LETTER.match(key):
        return True
    message = f"'{key}' cannot be a letter of 'for'"
    faults.add("bad-name", message, key, path, expected="a word of letters and digits, such as i")
    return False


# Templates.


def _stands_in(part: Part, first: Part) -> bool:
    """Return whether an author watches something under a name under which the world would."""
    return part.read.section == "watch" and part.read.made is None and first.read.made is not None


class Expander:
    """Makes parts of templates, and counts them."""

    def __init__(
        self, lists: Mapping[str, list[Any]], faults: Faults, *, is_partial: bool = False
    ) -> None:
        self.lists, self.faults, self.is_partial = lists, faults, is_partial
        self.n_parts = 0
        self.n_transitions = 0
        #: Whether a fault has cost parts: any name may have been one of theirs.
        self.is_lossy = is_partial
        self.is_full = False
        #: Parts whose names are none: others may read them all the same.
        self.misnamed: list[Part] = []

    def parts(self, reads: Sequence[Read]) -> list[Part]:
        """Return the parts of a section, in net order; names that are no names are left out."""
        found: dict[str, Part] = {}
        for read in reads:
            for letters in self.letters(read):
                part = self.part(read, letters)
                if part is None:
                    continue
                if part.name in found and _stands_in(part, found[part.name]):
                    del found[part.name]
                if part.name in found:
                    self.collision(part, found[part.name])
                else:
                    found[part.name] = part
        return list(found.values())

    def part(self, read: Read, letters: Letters) -> Part | None:
        try:
            name = substitute(str(read.key), letters)
        except KeyError as missing:
            expected = one_of(f"${letter}" for letter in letters)
            if not letters:
                expected = f"'for: {{{missing.args[0] or 'i'}: [...]}}' that declares it"
            self.is_lossy = True
            if read.section == "parameters":
                expected = "a name without letters: parameters take no 'for'"
            self.faults.add(
                "unknown-letter",
                f"unknown letter '${missing.args[0]}' in the name '{read.key}'",
                read.key,
                read.path,
                expected=expected,
            )
            return None
        # What the world makes is named by names that were checked, in Latin words of its own.
        if read.made is None and not check_name(name, read.key, read.path, self.faults):
            self.misnamed.append(Part(read, name, letters))
            return None
        return Part(read, name, letters)

    def collision(self, part: Part, first: Part) -> None:
        noun = NOUNS[part.read.section]
        if first.read is part.read:
            message = f"'for' makes the {noun} '{part.name}' twice"
            hint = (
                "use every letter in the name" if "$" in part.read.key else "put '$i' in the name"
            )
        else:
            by = first.read.made.path if first.read.made else first.read.key
            message = f"the {noun} '{part.name}' is already made by '{by}'"
            hint = ""
        self.faults.add("duplicate-name", message, part.read.key, part.path, hint=hint)

    def letters(self, read: Read) -> Iterator[Letters]:
        """Yield the letters of each part that a template makes."""
        node = getattr(read.spec, "for_", None)
        n_errors = self.faults.n_errors
        rows = [dict[str, str]()] if node is None else self.rows(node, f"{read.path}.for", read)
        self.is_lossy |= self.faults.n_errors > n_errors
        n_transitions = len(rows) if read.section == "transitions" else 0
        if (
            self.n_parts + len(rows) > MAX_PARTS
            or self.n_transitions + n_transitions > MAX_TRANSITIONS
        ):
            self.too_many(read)
            return
        self.n_parts += len(rows)
        self.n_transitions += n_transitions
        yield from rows

    def too_many(self, read: Read) -> None:
        self.is_lossy = True
        if self.is_full:
            return
        self.is_full = True
        at = read.node.key("for") if isinstance(read.node, Map) and "for" in read.node else read.key
        expected = f"at most {MAX_PARTS} parts and {MAX_TRANSITIONS} transitions in a scenario"
        self.faults.add("too-large", "too many parts", at, read.path, expected=expected)

    def rows(self, node: Node, path: str, read: Read) -> Sequence[dict[str, str]]:
        if isinstance(node, Text):
            return self.named_rows(node, path)
        if isinstance(node, Items):
            items = _items(node, path, self.faults)
            if items and not isinstance(items[0], dict):
                self.needs_letter(node, path)
                return []
            return items
        columns = {}
        for letter, values in node.entries():
            if not _is_letter(letter, path, self.faults):
                return []
            columns[str(letter)] = self.column(values, f"{path}.{letter}")
        if math.prod(len(column) for column in columns.values()) > MAX_PARTS:
            self.too_many(read)
            return []
        return [
            dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())
        ]

    def named_rows(self, node: Text, path: str) -> Sequence[dict[str, str]]:
        items = self.named(node, path)
        if items and not isinstance(items[0], dict):
            self.needs_letter(node, path)
            return []
        return items

    def needs_letter(self, node: Node, path: str) -> None:
        shown = str(node) if isinstance(node, Text) else "[...]"
        hint = f"write {{i: {shown}}}"
        self.faults.add("bad-for", "'for' without a letter", node, path, hint=hint)

    def column(self, node: Node, path: str) -> list[str]:
        items = self.named(node, path) if isinstance(node, Text) else None
        if items is None and isinstance(node, Items):
            items = _items(node, path, self.faults)
        if items is None or (items and isinstance(items[0], dict)):
            message = f"a letter of 'for' goes over {describe(node)}"
            expected = "the name of a list, or [a, b]"
            self.faults.add("bad-for", message, node, path, expected=expected)
            return []
        return items

    def named(self, node: Text, path: str) -> list[Any]:
        if node in self.lists:
            return self.lists[node]
        if self.is_partial:
            return []
        self.faults.add(
            "unknown-list",
            f"unknown list '{node}'",
            node,
            path,
            expected=one_of(self.lists) if self.lists else "a list under 'lists'",
            hint=did_you_mean(node, self.lists),
        )
        return []
