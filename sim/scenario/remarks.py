"""What authors say about values: source, grade, date, mark, and whether it is luck."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from sim.errors import did_you_mean, one_of
from sim.instants import read_day_or_instant
from sim.net.model import Note
from sim.values import Faults, Map, Node, Text, Written, describe, is_printable

_MARKS = {
    **dict.fromkeys(("C", "computed"), "C"),
    **dict.fromkeys(("R", "read"), "R"),
    **dict.fromkeys(("J", "judgement", "judgment"), "J"),
}


def noted(node: Node) -> Note:
    """Return what is said about a value whose remarks have been found right."""
    given = node if isinstance(node, Map) else {}
    read = {name: str(given.get(name, "")) for name in ("source", "grade", "as_of", "mark")}
    return Note(**{**read, "mark": _MARKS.get(read["mark"], "")})


class Remarks(NamedTuple):
    """Reads remarks; ``sources`` are the ids that a remark may name, None if any text will do."""

    faults: Faults
    sources: frozenset[str] | None = None
    as_of: datetime | None = None
    zone: tzinfo | None = None

    def note(self, written: Written, path: str) -> Note:
        """Return what is said about a value; faulty remarks are told."""
        fields = {"source": "", "grade": "", "as_of": "", "mark": ""}
        for name, node in written.remarks.items():
            assert isinstance(node, Text)
            place = f"{path}.{name}"
            if not is_printable(node.replace("\n", " ")):
                message = f"'{name}' holds a control character"
                self.faults.add("control-character", message, node, place)
            elif name == "chance":
                self._check_chance(node, written, place)
            elif name in fields:
                fields[name] = getattr(self, f"_read_{name}")(node, place)
        return Note(**fields)

    def check(self, source: Text | None, mark: Text | None, path: str) -> None:
        """Tell what is wrong with what an object says of all of its numbers."""
        if source is not None:
            self._read_source(source, f"{path}.source")
        if mark is not None:
            self._read_mark(mark, f"{path}.mark")

    def is_chance(self, written: Written) -> bool:
        """Return whether an input is marked as luck."""
        mark = written.remarks.get("chance")
        return isinstance(mark, Text) and bool(mark.truth)

    def _check_chance(self, node: Text, written: Written, path: str) -> None:
        if node.truth is None:
            message = f"'chance' is {describe(node)}"
            self.faults.add("wrong-type", message, node, path, expected="true or false")
        elif node.truth and not written.is_law:
            message = "'chance' marks a distribution, and this is none"
            self.faults.add("bad-remark", message, node, path)

    def _read_source(self, node: Text, path: str) -> str:
        if self.sources is not None and node not in self.sources:
            self.faults.add(
                "unknown-source",
                f"unknown source '{node}'",
                node,
                path,
                expected=one_of(sorted(self.sources)),
                hint=did_you_mean(node, self.sources),
            )
        return str(node)

    def _read_grade(self, node: Text, path: str) -> str:
        if len(node) != 2 or node[0] not in "ABCDEF" or node[1] not in "123456":
            expected = "a source from A to F and an information from 1 to 6, such as B2"
            self.faults.add("bad-remark", f"'{node}' is no grade", node, path, expected=expected)
        return str(node)

    def _read_mark(self, node: Text, path: str) -> str:
        if node not in _MARKS:
            expected = "C (computed), R (read) or J (judgement)"
            self.faults.add("bad-remark", f"'{node}' is no mark", node, path, expected=expected)
        return _MARKS.get(node, "")

    def _read_as_of(self, node: Text, path: str) -> str:
        when = read_day_or_instant(node, self.zone, path, self.faults)
        if when and self.as_of and when > self.as_of:
            message = f"'{node}' is after the scenario's own as_of, {self.as_of.isoformat()}"
            self.faults.add("after-as-of", message, node, path)
        return str(node)
