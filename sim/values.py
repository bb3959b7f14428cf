"""A file's text, mappings and lists with their places, and uncertain values as a file writes them.

The ground that scenario and world share. Everything is text until a reader wants a number: YAML
makes no number, date or truth value of anything. Node types are ordinary ``str``, ``dict`` and
``list`` with a place, so that readers that know nothing of places take them as they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from sim.errors import Diagnostic, Position, did_you_mean, one_of

MAX_FAULTS = 500
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_printable(text: str) -> bool:
    """Return whether a text has no control and no bidirectional control characters."""
    if text.isascii():
        return text.isprintable()
    return not any(c in _BIDI or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


class Source(NamedTuple):
    """One text that was read: a file, or a ``--set`` value; ``name`` is how people see it."""

    name: str
    text: str


class Text(str):
    """A scalar, as text; ``style`` is '' (plain), a quotation mark, ``|`` or ``>``."""

    __slots__ = ("column", "end", "line", "source", "start", "style")

    source: Source
    start: int
    end: int
    line: int
    column: int
    style: str

    @classmethod
    def at(
        cls, value: str, source: Source, span: tuple[int, int], place: tuple[int, int], style: str
    ) -> Text:
        """Return ``value``, read from characters ``span`` of a source, at (line, column)."""
        text = cls(value)
        text.source, text.style = source, style
        text.start, text.end = span
        text.line, text.column = place
        return text

    @classmethod
    def made(cls, value: str, like: Node) -> Text:
        """Return a text that nobody wrote, at the place of another node."""
        where = like.position
        source = Source(where.file, "")
        return cls.at(value, source, (0, 0), (where.line, where.column), "")

    @property
    def position(self) -> Position:
        """The place of the whole text (of its first line, if it has several)."""
        written = self.source.text[self.start : self.end]
        length = len(written.split("\n", 1)[0].rstrip())
        return Position(self.source.name, self.line, self.column, max(length, 1))

    @property
    def is_null(self) -> bool:
        """Whether YAML 1.2 reads it as null."""
        return self.style == "" and self in ("", "~", "null", "Null", "NULL")

    @property
    def truth(self) -> bool | None:
        """True or false as YAML 1.2 reads it, else None."""
        if self.style == "" and self in ("true", "True", "TRUE"):
            return True
        return False if self.style == "" and self in ("false", "False", "FALSE") else None

    def cut(self, start: int, end: int) -> Text:
        """Return a piece of the text, at its own place."""
        where = self.part(start, end)
        offsets = self._offsets()
        first = offsets[start] if offsets else self.start
        last = offsets[end] if offsets else self.end
        return Text.at(self[start:end], self.source, (first, last), (where.line, where.column), "")

    def part(self, start: int, end: int) -> Position:
        """Return the place of characters ``start`` to ``end`` of the value."""
        offsets = self._offsets()
        if offsets is None or not self:
            return self.position
        first = offsets[min(start, len(self))]
        before = self.source.text[self.start : first]
        line = self.line + before.count("\n")
        column = first - self.source.text.rfind("\n", 0, first)
        last = offsets[max(min(end, len(self)) - 1, 0)] + 1
        length = last - first if "\n" not in self.source.text[first:last] else 1
        return Position(self.source.name, line, column, max(length, 1))

    def _offsets(self) -> list[int] | None:
        """Return where in the source each character stands (and the end), None if unclear."""
        text, at, end = self.source.text, self.start, self.end
        if self.style in ("|", ">"):
            at = text.find("\n", at, end)
        elif self.style:
            at, end = at + 1, end - 1
        if at < 0:
            return None
        found: list[int] = []
        for character in self:
            if at >= end:
                return found + [end] * (len(self) + 1 - len(found)) if character.isspace() else None
            if character in " \n" and text[at].isspace():
                found.append(at)
                at += 1
                while at < end and text[at].isspace() and "\n" in text[found[-1] : at + 1]:
                    at += 1
                continue
            while self.style in ("|", ">") and at < end and text[at].isspace():
                at += 1
            if at >= end or text[at] != character:
                return None
            found.append(at)
            at += 2 if self.style == "'" and character == "'" else 1
        return [*found, at]


class Map(dict[str, "Node"]):
    """A mapping in file order; its keys are :class:`Text` where they were read from a file."""

    __slots__ = ("position",)
    position: Position

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Node]], position: Position) -> Map:
        """Return a mapping of entries at a place."""
        made = cls(entries)
        made.position = position
        return made

    def key(self, name: str) -> Text:
        """Return a key with its place."""
        for key in self:
            if key == name:
                return key if isinstance(key, Text) else Text.made(key, self)
        raise KeyError(name)

    def entries(self) -> Iterator[tuple[Text, Node]]:
        """Yield keys with their places, and values."""
        for key, value in self.items():
            yield (key if isinstance(key, Text) else Text.made(key, self)), value


class Items(list["Node"]):
    """A list."""

    __slots__ = ("position",)
    position: Position

    @classmethod
    def of(cls, items: Iterable[Node], position: Position) -> Items:
        """Return a list of items at a place."""
        made = cls(items)
        made.position = position
        return made


Node = Text | Map | Items


def is_null(node: Node) -> bool:
    """Return whether YAML reads the node as null."""
    return isinstance(node, Text) and node.is_null


def describe(node: Node) -> str:
    """Return what a node is, for messages."""
    if isinstance(node, Map):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    shown = node if len(node) <= 40 else node[:39] + "…"
    return f"'{shown}'"


@dataclass(eq=False, repr=False)
class Faults:
    """Collects diagnostics: one for each place and kind, however often it is found."""

    #: Names of the texts that were read, in the order in which their faults are told.
    files: list[str] = field(default_factory=list)
    n_errors: int = 0
    _found: dict[tuple[str, object, str], Diagnostic] = field(default_factory=dict)

    def add(
        self,
        code: str,
        message: str,
        at: Node | Position | None,
        path: str = "",
        *,
        expected: str = "",
        hint: str = "",
        severity: str = "error",
    ) -> None:
        """Add a diagnostic at a node or a place; what is already known there is not added twice."""
        place = at if at is None or isinstance(at, Position) else at.position
        key = (code, (place.file, place.line, place.column) if place else path, severity)
        if key not in self._found:
            self._found[key] = Diagnostic(code, message, place, path, expected, hint, severity)
            self.n_errors += severity == "error"

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics that were made elsewhere."""
        for d in diagnostics:
            self.add(
                d.code,
                d.message,
                d.position,
                d.path,
                expected=d.expected,
                hint=d.hint,
                severity=d.severity,
            )

    def _listed(self, severity: str) -> list[Diagnostic]:
        rank = {name: k for k, name in enumerate(self.files)}

        def place(d: Diagnostic) -> tuple[int, int, int]:
            if d.position is None:
                return (0, 0, 0)
            return (rank.get(d.position.file, len(rank)), d.position.line, d.position.column)

        return sorted((d for d in self._found.values() if d.severity == severity), key=place)

    @property
    def errors(self) -> list[Diagnostic]:
        """Every error, in file order."""
        return self._listed("error")

    @property
    def warnings(self) -> list[Diagnostic]:
        """Every warning, in file order."""
        return self._listed("warning")

    @property
    def is_full(self) -> bool:
        """Whether there are more faults than anybody reads: what follows is not looked at."""
        return self.n_errors >= MAX_FAULTS


# Uncertain values.


class Form(NamedTuple):
    """How a distribution is written: its arguments, and which of them have the value's unit."""

    arguments: tuple[str, ...]
    with_unit: tuple[bool, ...]
    shape: str  # list, mapping, single or weights
    rule: str  # what its arguments must satisfy
    example: str


def _form(arguments: str, units: str, shape: str, rule: str, example: str) -> Form:
    names = tuple(arguments.split())
    return Form(names, tuple(u == "u" for u in units), shape, rule, example)


FORMS: dict[str, Form] = {
    "uniform": _form("low high", "uu", "list", "low <= high", "{uniform: [low, high]}"),
    "triangular": _form(
        "low mode high", "uuu", "list", "low <= mode <= high", "{triangular: [low, mode, high]}"
    ),
    "pert": _form(
        "low mode high", "uuu", "list", "low <= mode <= high", "{pert: [low, mode, high]}"
    ),
    "normal": _form("mean sd", "uu", "mapping", "sd >= 0", "{normal: {mean: m, sd: s}}"),
    "lognormal": _form(
        "median sigma",
        "u-",
        "mapping",
        "median > 0 and sigma >= 0",
        "{lognormal: {median: m, sigma: s}}",
    ),
    "beta": _form("a b", "--", "list", "a > 0 and b > 0", "{beta: [a, b]}"),
    "gamma": _form(
        "shape mean", "-u", "mapping", "shape > 0 and mean >= 0", "{gamma: {shape: k, mean: m}}"
    ),
    "weibull": _form(
        "shape scale",
        "-u",
        "mapping",
        "shape > 0 and scale >= 0",
        "{weibull: {shape: k, scale: s}}",
    ),
    "exponential": _form("mean", "u", "mapping", "mean >= 0", "{exponential: {mean: m}}"),
    "erlang": _form(
        "k mean",
        "-u",
        "mapping",
        "k a whole number from 1 to 1000, and mean >= 0",
        "{erlang: {k: 3, mean: m}}",
    ),
    "deterministic": _form("value", "u", "single", "a number", "{deterministic: x}"),
    "discrete": _form(
        "", "", "weights", "weights >= 0 with a positive sum", "{discrete: {x: weight, y: weight}}"
    ),
    "choice": _form(
        "", "", "weights", "weights >= 0 with a positive sum", "{choice: {label: weight, ...}}"
    ),
    "interval90": _form("low high", "uu", "list", "0 < low <= high", "{interval90: [low, high]}"),
}

ANNOTATIONS = ("source", "grade", "as_of", "mark", "note", "label", "chance")


class Written(NamedTuple):
    """A value as its author wrote it: an expression or instant, or a distribution; and remarks.

    ``arguments`` pairs each argument's name with its node; for ``discrete`` and ``choice`` the
    pairs are (value, weight) with the value's text as a node in ``keys``.
    """

    node: Node
    text: Text | None = None
    kind: str = ""
    arguments: tuple[tuple[str, Node], ...] = ()
    keys: tuple[Text, ...] = ()
    remarks: Mapping[str, Node] = MappingProxyType({})

    @property
    def is_law(self) -> bool:
        """Whether it is a distribution."""
        return self.kind != ""


def read_value(node: Node, path: str, faults: Faults) -> Written | None:
    """Split a value into its expression or distribution and its remarks; None after a fault."""
    if isinstance(node, Text):
        return Written(node, text=node)
    if isinstance(node, Items):
        expected = "a number, a quantity, an expression or a distribution"
        message = "a list where one value belongs"
        faults.add("wrong-type", message, node, path, expected=expected)
        return None
    heads = [key for key, _ in node.entries() if key in FORMS or key == "value"]
    if len(heads) != 1:
        _not_one_head(node, heads, path, faults)
        return None
    (head,) = heads
    remarks = _remarks(node, head, path, faults)
    inner = node[head]
    if head != "value":
        return _law(Written(node, kind=str(head), remarks=remarks), head, inner, path, faults)
    if isinstance(inner, Text):
        return Written(node, text=inner, remarks=remarks)
    read = read_value(inner, f"{path}.value", faults)  # {value: {uniform: [a, b]}, source: x}
    return read and read._replace(node=node, remarks={**read.remarks, **remarks})


def _not_one_head(node: Map, heads: list[Text], path: str, faults: Faults) -> None:
    if heads:
        message = f"a value cannot be both '{heads[0]}' and '{heads[1]}'"
        expected = "one distribution, or 'value'"
        faults.add("two-values", message, heads[1], path, expected=expected)
        return
    first = next((key for key, _ in node.entries()), None)
    if first is None:
        message = "an empty mapping where a value belongs"
        faults.add("wrong-type", message, node, path, expected="a number or a distribution")
    elif all(key in ANNOTATIONS for key in node):
        message = f"'value' is missing beside '{first}'"
        expected = "{value: 12 h, source: ...}, or a distribution"
        faults.add("missing-field", message, first, path, expected=expected)
    else:
        faults.add(
            "unknown-distribution",
            f"'{first}' is no distribution",
            first,
            path,
            expected="'value', or " + one_of(FORMS, limit=20),
            hint=did_you_mean(first, ["value", *FORMS]),
        )


def _remarks(node: Map, head: Text, path: str, faults: Faults) -> dict[str, Node]:
    """Return what is said beside a value; what is no remark is told and left out."""
    remarks: dict[str, Node] = {}
    for key, value in node.entries():
        if key in ANNOTATIONS and isinstance(value, Text):
            remarks[str(key)] = value
        elif key in ANNOTATIONS:
            message = f"'{key}' is {describe(value)}"
            faults.add("wrong-type", message, value, f"{path}.{key}", expected="text")
        elif key != head:
            faults.add(
                "unknown-field",
                f"unknown field '{key}' beside a value",
                key,
                f"{path}.{key}",
                expected=one_of(ANNOTATIONS),
                hint=did_you_mean(key, [*ANNOTATIONS, *FORMS]),
            )
    return remarks


def _law(written: Written, kind: Text, inner: Node, path: str, faults: Faults) -> Written | None:
    form = FORMS[kind]

    def wrong(message: str, at: Node) -> None:
        faults.add("bad-distribution", message, at, f"{path}.{kind}", expected=form.example)

    if form.shape == "single":
        return written._replace(arguments=((form.arguments[0], inner),))
    if form.shape == "list":
        if isinstance(inner, Items) and len(inner) == len(form.arguments):
            return written._replace(arguments=tuple(zip(form.arguments, inner, strict=True)))
        n, names = len(form.arguments), ", ".join(form.arguments)
        wrong(f"'{kind}' needs a list of {n} numbers: {names}", inner)
        return None
    if not isinstance(inner, Map) or not inner:
        needs = "values to weights" if form.shape == "weights" else " and ".join(form.arguments)
        wrong(
            f"'{kind}' needs a mapping {'from' if form.shape == 'weights' else 'with'} {needs}",
            inner,
        )
        return None
    if form.shape == "weights":
        entries = list(inner.entries())
        pairs = tuple((str(key), weight) for key, weight in entries)
        return written._replace(arguments=pairs, keys=tuple(key for key, _ in entries))
    for key, _ in inner.entries():
        if key not in form.arguments:
            wrong(f"'{kind}' has no argument '{key}'", key)
            return None
    for name in form.arguments:
        if name not in inner:
            wrong(f"'{kind}' lacks '{name}'", kind)
            return None
    return written._replace(arguments=tuple((name, inner[name]) for name in form.arguments))
