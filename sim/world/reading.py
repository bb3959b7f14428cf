"""What the readers of factions, places, routes and links share: names, instants, plain numbers.

What is faulty is told once, and the reader goes on as if it had not been written, so that every
other fault of the file is told in the same run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sim.errors import did_you_mean, one_of
from sim.instants import read_instant
from sim.keys import Spec
from sim.net.expr import Const
from sim.net.model import Note
from sim.net.resolve import Scope, resolve
from sim.net.syntax import ExprError, parse
from sim.units import NONE
from sim.values import FORMS, Faults, Items, Map, Node, Text, Written, describe, read_value
from sim.world.quantities import KINDS, Default

#: What one entry of a section is called in messages.
NOUNS = {
    "factions": "faction",
    "places": "place",
    "routes": "route",
    "links": "link",
    "supply": "supply line",
}
_NO_NAMES = Scope({}, lambda label: math.nan)
_DAY = 86_400.0


class Entry(NamedTuple):
    """One entry of a section, as its keys read; ``is_whole`` if no key was told as faulty."""

    key: Text
    spec: Spec
    is_whole: bool

    @property
    def note(self) -> Note:
        """What it says of all of its numbers."""
        source, mark = (str(getattr(self.spec, name) or "") for name in ("source", "mark"))
        return Note(source=source, mark=mark)


class _AnyName:
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(eq=False)
class Reading:
    """The entries of the sections of one file, and how faults in them are told.

    ``lost`` holds names that are written, but of which nothing could be made: whoever names them is
    not told that there is no such thing. ``remarks`` checks the source and the mark that an
    object gives for all of its numbers.
    """

    faults: Faults
    start: datetime | None = None
    as_of: datetime | None = None
    remarks: Callable[[Text | None, Text | None, str], None] | None = None
    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)
    #: Sections that are no mapping: any name may be one of theirs.
    unreadable: set[str] = field(default_factory=set)
    is_start_told: bool = False

    def fault(
        self, code: str, message: str, at: Node, path: str, expected: str = "", hint: str = ""
    ) -> None:
        """Tell a fault."""
        self.faults.add(code, message, at, path, expected=expected, hint=hint)

    # Names.

    def known(self, section: str, name: Node, path: str) -> bool:
        """Return whether a name is one of a section; tell it if nothing is called so."""
        noun, names = NOUNS[section], self.entries.get(section, {})
        if not isinstance(name, Text):
            self.fault("wrong-type", f"{describe(name)} where a {noun} belongs", name, path)
        elif name in names:
            return True
        elif name not in self.lost.get(section, ()) and section not in self.unreadable:
            expected = one_of(names) if names else f"a {noun} under '{section}'"
            hint = did_you_mean(name, names)
            self.fault("unknown-name", f"unknown {noun} '{name}'", name, path, expected, hint)
        return False

    def named(self, section: str, name: Text | None, path: str) -> Text | None:
        """Return a name if it is one of a section."""
        return name if name is not None and self.known(section, name, path) else None

    def list_of(self, section: str, nodes: Items | None, path: str) -> Items | None:
        """Return the names of a list that are known, each once."""
        if nodes is None:
            return None
        found: list[Node] = []
        for node in nodes:
            if not self.known(section, node, path):
                continue
            if node in found:
                self.fault("duplicate-name", f"'{node}' stands here twice", node, path)
            else:
                found.append(node)
        return Items.of(found, nodes.position)

    def by_faction(self, table: Map | None, path: str) -> Map | None:
        """Return the entries of a table by factions that are known."""
        if table is None:
            return None
        found = [(k, v) for k, v in table.entries() if self.known("factions", k, f"{path}.{k}")]
        return Map.of(found, table.position)

    def all_lost(self) -> dict[str, Container[str]]:
        """Return the names of each section of which nothing could be made, perhaps any name."""
        unreadable = dict.fromkeys(self.unreadable, _AnyName())
        return {**self.lost, **unreadable}

    def is_lost(self, section: str) -> bool:
        """Return whether a section has entries of which nothing could be made."""
        return section in self.unreadable or bool(self.lost.get(section))

    def roles(self) -> Mapping[str, str]:
        """Return the role of each faction."""
        factions = self.entries.get("factions", {}).values()
        return {str(e.key): str(getattr(e.spec, "role", None) or "belligerent") for e in factions}

    def front(self, name: Text | None, path: str) -> Text | None:
        """Return the name of a faction that can fight for a place; tell any other."""
        if self.named("factions", name, path) is None or name is None:
            return None
        role = self.roles()[name]
        if role in ("belligerent", "ally"):
            return name
        message = f"'{name}' cannot attack: a faction with the role '{role}' holds no front"
        self.fault("no-front", message, name, path, expected="a belligerent or an ally")
        return None

    # Values.

    def label(
        self, node: Node | None, path: str, is_label: Callable[[Text], bool], expected: str
    ) -> Written | None:
        """Return a label, or a choice of some; None after a fault."""
        if node is None:
            return None
        written = read_value(node, path, self.faults)
        if written is None:
            return None
        if written.kind not in ("", "choice"):
            message = f"'{written.kind}' where a name belongs"
            self.fault("label-needed", message, node, path, expected)
            return None
        unknown = [label for label in _labels(written) if not is_label(label)]
        return None if unknown else written

    def instant(self, node: Node, path: str) -> datetime | None:
        """Return an instant before the start; None after a fault."""
        if not isinstance(node, Text):
            self.fault("wrong-type", f"{describe(node)} where an instant belongs", node, path)
            return None
        if self.start is None:
            if not self.is_start_told:
                expected = "'clock: {start: ...}'"
                self.fault("no-start", "an instant needs 'clock.start'", node, path, expected)
            self.is_start_told = True
            return None
        when = read_instant(node, path, self.faults)
        if when is None:
            return None
        if self.as_of is not None and when > self.as_of:
            message = f"'{node}' is after as_of, {self.as_of.isoformat()}"
            hint = "what was not known yet has no place in a forecast"
            self.fault("after-as-of", message, node, path, hint=hint)
            return None
        if when > self.start:
            message = f"'{node}' is after the start, {self.start.isoformat()}"
            hint = "here stands what has happened before the scenario begins"
            self.fault("after-start", message, node, path, hint=hint)
            return None
        return when

    def days_before(self, node: Node | None, path: str) -> float:
        """Return how many days before the start an instant was; 0 for none."""
        when = None if node is None else self.instant(node, path)
        if when is None or self.start is None:
            return 0.0
        return (self.start - when).total_seconds() / _DAY


def _labels(written: Written) -> Sequence[Text]:
    return written.keys if written.kind else [] if written.text is None else [written.text]


def labels_of(written: Written | None) -> tuple[str, ...]:
    """Return the labels that a value may be."""
    return () if written is None else tuple(map(str, _labels(written)))


def plain(node: Node | Default | None, kind: str) -> float | None:
    """Return a number that needs no names to be read, in its own unit; None for anything else.

    Examples
    --------
    >>> from sim.values import Position, Source
    >>> text = "2 * 45 km"
    >>> plain(Text.at(text, Source("", text), (0, len(text)), (1, 1), ""), "km")
    90.0
    """
    if isinstance(node, Map) and "value" in node:
        return plain(node["value"], kind)
    if not isinstance(node, Text):
        return None
    found: list[ExprError] = []
    try:
        typed = resolve(parse(node), _NO_NAMES, found)
    except ExprError:
        return None
    if found or not isinstance(typed.expr, Const) or not math.isfinite(typed.expr.value):
        return None
    dimension, unit = KINDS[kind]
    scale = 1_000.0 if kind == "km" else 1.0
    if typed.dimension in (dimension, None):  # a bare 0 fits any dimension
        return typed.expr.value / scale
    return typed.expr.value if typed.dimension == NONE and unit is not None else None


def about(node: Node | Default | None, kind: str) -> float | None:
    """Return about what a value is: itself, or a middle of its distribution; None if unclear.

    It decides what is no number itself (whether a place counts as a city), never a result.
    """
    if isinstance(node, Map) and isinstance(node.get("value"), Map):
        return about(node["value"], kind)
    known = plain(node, kind)
    if known is not None or not isinstance(node, Map):
        return known
    written = read_value(node, "", Faults())
    if written is None or written.kind not in _MIDDLE:
        return None
    arguments = [
        plain(argument, kind if has_unit else "number")
        for (_, argument), has_unit in zip(
            written.arguments, FORMS[written.kind].with_unit, strict=True
        )
    ]
    return _MIDDLE[written.kind](*arguments) if None not in arguments else None


#: By law, from its arguments; None of impossible ones.
_MIDDLE: Mapping[str, Callable[..., float | None]] = {
    "interval90": lambda low, high: math.sqrt(low * high) if 0.0 < low <= high else None,
    "uniform": lambda low, high: (low + high) / 2.0 if low <= high else None,
    "triangular": lambda low, mode, high: mode if low <= mode <= high else None,
    "pert": lambda low, mode, high: mode if low <= mode <= high else None,
    "normal": lambda mean, sd: mean,
    "lognormal": lambda median, sigma: median,
    "deterministic": lambda value: value,
    "exponential": lambda mean: mean,
}
