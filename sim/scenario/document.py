"""YAML text to a tree of nodes with places: the only module that knows YAML.

The tree is built from the parser's events, without recursion: PyYAML's C composer overflows the
stack on deep nesting, and its constructors make numbers, dates and truth values of text that people
mean as text. Anchors and aliases share nodes; what they expand to is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from sim.errors import Position
from sim.values import Faults, Items, Map, Node, Source, Text, is_null

MAX_BYTES = 2_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Line breaks that YAML 1.1 and Python know and people do not see, and other control characters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


def decode(data: bytes, name: str, faults: Faults) -> Source | None:
    """Return the text of a file; None after a fault."""
    if len(data) > MAX_BYTES:
        message, expected = f"a file of more than {MAX_BYTES:,} bytes", "a smaller file"
        faults.add("too-large", message, Position(name, 1, 1), expected=expected)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start]
        place = Position(name, line, len(before.decode(errors="replace")) + 1)
        message = f"byte 0x{data[error.start]:02X} is not UTF-8"
        faults.add("not-utf8", message, place, expected="a text file saved as UTF-8")
        return None
    return Source(name, with_line_feeds(text))


def with_line_feeds(text: str) -> str:
    """Return a text with line feeds for line ends: places count them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(source: Source, faults: Faults) -> Node | None:
    """Return the tree of a text; None after a fault."""
    if not _has_no_control(source, faults):
        return None
    builder = _Builder(source, faults)
    try:
        return builder.whole()
    except _Refused:
        return None
    except yaml.MarkedYAMLError as error:
        _syntax_fault(source, error, faults)
    except yaml.YAMLError as error:
        faults.add("yaml-syntax", f"not YAML: {error}", Position(source.name, 1, 1))
    return None


def _has_no_control(source: Source, faults: Faults) -> bool:
    text = source.text
    match = _CONTROL.search(text)
    if match is None:
        return True
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    faults.add(
        "control-character",
        f"the control character U+{ord(match[0]):04X}",
        Position(source.name, line, column),
        expected="a text file",
    )
    return False


def _marks(event: yaml.Event) -> tuple[Any, Any]:
    """Return where an event starts and ends (the parser always says)."""
    return event.start_mark, event.end_mark


class _Refused(Exception):
    """A fault that leaves no tree to speak of."""


@dataclass(eq=False, repr=False)
class _Open:
    """A collection whose end has not come yet."""

    node: Map | Items
    anchor: str | None
    key: Text | None = None
    size: int = 1
    wants_key: bool = field(init=False)

    def __post_init__(self) -> None:
        self.wants_key = isinstance(self.node, Map)


class _Builder:
    def __init__(self, source: Source, faults: Faults) -> None:
        self.source, self.faults = source, faults
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.still_open: set[str] = set()
        self.root: Node | None = None
        self.n_documents = 0
        #: Tags and merge keys leave a tree that is not what its author meant.
        self.is_misread = False

    def refuse(
        self, code: str, message: str, event: yaml.Event, expected: str = "", hint: str = ""
    ) -> None:
        start, end = _marks(event)
        length = end.index - start.index if end.line == start.line else 1
        at = Position(self.source.name, start.line + 1, start.column + 1, max(length, 1))
        self.faults.add(code, message, at, expected=expected, hint=hint)

    def whole(self) -> Node | None:
        for event in yaml.parse(self.source.text, Loader=_Loader):
            self.take(event)
        if self.root is None or (is_null(self.root) and self.root == ""):
            self.faults.add(
                "empty", "an empty file", Position(self.source.name, 1, 1), expected="a scenario"
            )
            return None
        return None if self.is_misread else self.root

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.document(event)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            self.tagless(event)
            self.add(self.scalar(event), 1, event, event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.tagless(event)
            self.start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.open.pop()
            if done.anchor:
                self.still_open.discard(done.anchor)
            self.add(done.node, done.size, event, done.anchor)

    def document(self, event: yaml.DocumentStartEvent) -> None:
        self.n_documents += 1
        if event.version or event.tags:
            self.refuse(
                "yaml-directive", "a YAML directive", event, "a file without '%' directives"
            )
        if self.n_documents > 1:
            self.refuse("many-documents", "a second YAML document", event, "one scenario in a file")
            raise _Refused

    def tagless(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            hint = "quote text that starts with '!'"
            written = self.source.text[_marks(event)[0].index :].split(None, 1)[0]
            self.refuse("yaml-tag", f"the YAML tag '{written}'", event, "no tags", hint)
            self.is_misread = True

    def scalar(self, event: yaml.ScalarEvent) -> Text:
        start, end = _marks(event)
        style = self.source.text[start.index : start.index + 1]
        return Text.at(
            event.value,
            self.source,
            (start.index, end.index),
            (start.line + 1, start.column + 1),
            style if not event.implicit[0] and style in ("'", '"', "|", ">") else "",
        )

    def start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.open) >= MAX_DEPTH:
            self.refuse(
                "too-deep", "nested too deeply", event, f"at most {MAX_DEPTH} levels of nesting"
            )
            raise _Refused
        mark, _ = _marks(event)
        at = Position(self.source.name, mark.line + 1, mark.column + 1)
        is_map = isinstance(event, yaml.MappingStartEvent)
        node = Map.of((), at) if is_map else Items.of((), at)
        self.open.append(_Open(node, event.anchor))
        if event.anchor:
            self.anchors.pop(event.anchor, None)
            self.still_open.add(event.anchor)

    def alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor in self.still_open:
            self.refuse("yaml-alias", f"'*{event.anchor}' stands inside itself", event)
            raise _Refused
        if event.anchor not in self.anchors:
            self.refuse("yaml-alias", f"'*{event.anchor}' has no anchor '&{event.anchor}'", event)
            raise _Refused
        node, size = self.anchors[event.anchor]
        self.add(node, size, event, None)

    def add(self, node: Node, size: int, event: yaml.Event, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = (node, size)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += size
        if parent.size > MAX_NODES:
            self.refuse("too-large", "too many values", event, f"at most {MAX_NODES} in a file")
            raise _Refused
        if isinstance(parent.node, Items):
            parent.node.append(node)
        elif parent.wants_key:
            parent.key = self.key(node, parent.node, event)
            parent.wants_key = False
        else:
            if parent.key is not None:
                parent.node[parent.key] = node
            parent.wants_key = True

    def key(self, node: Node, mapping: Map, event: yaml.Event) -> Text | None:
        """Return a key; None, after a fault, if the entry is to be left out."""
        if not isinstance(node, Text):
            self.faults.add("bad-key", "a key must be one text", node)
            raise _Refused
        if node == "<<" and node.style == "":
            self.refuse("merge-key", "the YAML merge key '<<'", event, hint="write the keys out")
            self.is_misread = True
            return None
        if node.is_null:
            self.refuse("bad-key", "an empty key", event)
            return None
        if node in mapping:
            first = mapping.key(node).line
            self.refuse(
                "duplicate-key", f"'{node}' stands here twice (first in line {first})", event
            )
            return None
        return node


#: What the parser says, and what that means to somebody who knows no parser: message and hint.
_PLAIN_WORDS = {
    "mapping values are not allowed in this context": (
        "a second ': ' in one line",
        "quote text that holds ': ', or check the indentation",
    ),
    "did not find expected ',' or ']'": ("the list '[' is not closed here", "add ']' or ','"),
    "did not find expected ',' or '}'": ("the mapping '{' is not closed here", "add '}' or ','"),
    "did not find expected key": ("this is no key", "check indentation, brackets and quotes"),
    "did not find expected '-' indicator": ("a list item starts with '- '", "check indentation"),
    "could not find expected ':'": (
        "a key without ': '",
        "write 'key: value', or '- ' before an item of a list",
    ),
    "did not find expected node content": ("no value here", "remove a ',' or add a value"),
    "found unexpected end of stream": ("a quotation mark is not closed", "close the quotation"),
    "found unknown escape character": ("an unknown escape", "use single quotation marks"),
    "block sequence entries are not allowed in this context": (
        "a list item where none can be",
        "write [a, b], or start a line with '- '",
    ),
    "mapping keys are not allowed in this context": (
        "a value cannot start with '?'",
        "quote it",
    ),
    "did not find expected <document start>": (
        "text after the end of the document",
        "remove the line '...'",
    ),
}
#: Problems that YAML notices long after the text that has them.
_OPENED_ABOVE = ("could not find expected ':'", "found unexpected end of stream")
_CLOSED_QUOTE = re.compile(r"""[:-]\s+(["']).*\1\s+$""")


def _syntax_fault(source: Source, error: yaml.MarkedYAMLError, faults: Faults) -> None:
    problem = error.problem or "not YAML"
    mark = error.problem_mark or error.context_mark
    if problem in _OPENED_ABOVE:
        mark = error.context_mark or mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = source.text.split("\n")
    here = lines[line] if line < len(lines) else ""
    message, hint, column = _in_plain_words(problem, here, column, is_last=line >= len(lines) - 1)
    opened = error.context_mark
    if opened and "not closed" in message and opened.line != line:
        message += f" (opened in line {opened.line + 1})"
    faults.add("yaml-syntax", message, Position(source.name, line + 1, column + 1), hint=hint)


def _in_plain_words(problem: str, here: str, column: int, *, is_last: bool) -> tuple[str, str, int]:
    """Return message, hint and column for a problem in the line ``here``."""
    before = here[:column]
    if "\t" in here[: column + 1] and not before.strip():
        return "a tab in the indentation", "indent with blanks", column
    if problem == "found character that cannot start any token":
        return f"a value cannot start with '{here[column : column + 1]}'", "quote it", column
    if problem.startswith("did not find expected alphabetic"):
        return f"a value cannot start with '{before[-1:]}'", "quote it", column - 1
    if problem == "did not find expected key" and _CLOSED_QUOTE.search(before):
        return "text after a closing quotation mark", "quote the whole value", column
    if problem.startswith("mapping values") and ":" not in before:
        return "this line belongs to the value above it", "check the indentation", column
    if problem == "did not find expected node content" and is_last and not here[column:].strip():
        return "a bracket is not closed", "add the closing bracket", column
    return (*_PLAIN_WORDS.get(problem, (problem, "")), column)
