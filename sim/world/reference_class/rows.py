"""Rows of the class: one attack on one place, from first contact to how it ended.

``city_control.csv`` is what is shipped; any CSV with the columns of :data:`NEEDED` will do. A row
is one line, its text UTF-8. All mistakes of a file are told at once, each with its place.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sim.errors import Diagnostic, Position, ScenarioError, did_you_mean, one_of

SHIPPED = Path(__file__).parent / "city_control.csv"
#: The case of the flagship scenario and the same week elsewhere: read, and in no figure or fit.
HELD_OUT = frozenset({"syria_2024", "syria_sna_sdf_2024"})
#: How a row may end. An attack that is broken off competes with a fall; a record that stops while
#: the place is still contested is censored.
FELL, BROKEN_OFF, ADMINISTRATIVE = ENDS = ("fell", "broken_off", "administrative")
NEEDED = ("case", "place", "date_contested", "days", "end", "momentum_7d", "big_300k")
#: Columns that are checked against the others where a file has them.
CHECKED = ("date_fell", "fell")
MAX_BYTES = 2_000_000
#: So that the day of an end is one that can be written.
LAST_YEAR = 2999


@dataclass(frozen=True, slots=True)
class Row:
    """An attack on a place.

    ``days`` are whole days from the day of contact to that of the end; ``momentum`` says whether
    another place of the case fell in the seven days before contact, or on its day; ``is_big``
    whether 300,000 people or more lived there.
    """

    case: str
    place: str
    contact: date
    days: int
    end: str
    momentum: bool
    is_big: bool

    @property
    def last(self) -> date:
        """The day on which it ended."""
        return self.contact + timedelta(days=self.days)


def shipped() -> list[Row]:
    """Return the rows that every shipped figure is made of: all but those held out."""
    return usable(read(SHIPPED))


def usable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of cases that are not held out."""
    return [row for row in rows if row.case not in HELD_OUT]


def read(path: Path | str) -> list[Row]:
    """Read a CSV of attacks on places.

    Raises
    ------
    ScenarioError
        With everything that is wrong with it, in file order.
    """
    return loads(Path(path).read_bytes(), str(path))


def loads(content: bytes, file: str = "<text>") -> list[Row]:
    """Read the content of such a CSV; ``file`` is what diagnostics call it."""
    table = _Table(file)
    if len(content) > MAX_BYTES:
        table.tell("too-large", f"the file has {len(content):,} bytes", 1, 1, f"<= {MAX_BYTES:,}")
        raise table.error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        table.tell("not-utf8", "no UTF-8 text", before.count(b"\n") + 1, column, "UTF-8")
        raise table.error from None
    rows = table.read(text)
    if table.found:
        raise table.error
    return rows


class _Table:
    """A CSV on the way to rows, with what is wrong so far."""

    def __init__(self, file: str) -> None:
        self.file, self.text = file, ""
        self.found: list[Diagnostic] = []

    @property
    def error(self) -> ScenarioError:
        return ScenarioError(self.found, {self.file: self.text})

    def tell(
        self,
        code: str,
        message: str,
        line: int,
        column: int,
        expected: str = "",
        hint: str = "",
        length: int = 1,
    ) -> None:
        where = Position(self.file, line, column, max(1, length))
        self.found.append(Diagnostic(code, message, where, expected=expected, hint=hint))

    def read(self, text: str) -> list[Row]:
        self.text = text
        lines = [(n, line.rstrip("\r")) for n, line in enumerate(text.split("\n"), 1)]
        lines = [(n, line) for n, line in lines if line.strip()]
        if not lines:
            self.tell(
                "no-rows", "the file is empty", 1, 1, f"a line of columns: {','.join(NEEDED)}"
            )
            return []
        (first, header), *below = lines
        columns = [cell for cell, _ in self.cells(header, first)]
        self.check_columns(columns, first, header)
        if self.found:
            return []
        if not below:
            self.tell("no-rows", "no row below the columns", first, 1, "an attack a line")
        rows: dict[tuple[str, str, date], int] = {}
        return [row for n, line in below if (row := self.row(columns, line, n, rows))]

    def cells(self, line: str, number: int) -> list[tuple[str, int]]:
        """Return the cells of a line, each with the column where it starts."""
        try:
            cells = next(csv.reader([line], strict=True))
        except csv.Error as error:
            column = line.rfind('"') + 1
            self.tell("bad-csv", str(error), number, column, "quotes in pairs, a row a line")
            return []
        return list(zip(cells, _starts(line), strict=True))

    def check_columns(self, columns: Sequence[str], line: int, header: str) -> None:
        for name in NEEDED:
            if columns and name not in columns:
                hint = did_you_mean(name, set(columns) - set(NEEDED))
                expected = f"the columns {', '.join(NEEDED)}"
                self.tell("missing-column", f"no column '{name}'", line, 1, expected, hint)
        for place, (name, column) in enumerate(self.cells(header, line)):
            if name in columns[:place]:
                what = f"two columns '{name}'"
                self.tell("duplicate-column", what, line, column, "one", length=len(name))

    def row(
        self,
        columns: Sequence[str],
        line: str,
        number: int,
        known: dict[tuple[str, str, date], int],
    ) -> Row | None:
        before = len(self.found)
        cells = self.cells(line, number)
        if len(cells) not in (0, len(columns)):
            message, expected = f"{len(cells)} cells", f"{len(columns)}, as there are columns"
            self.tell("wrong-number-of-cells", message, number, 1, expected, length=len(line))
        if len(self.found) > before:
            return None
        record = _Record(self, dict(zip(columns, cells, strict=True)), number)
        row = record.row()
        if len(self.found) > before or row is None:
            return None
        first = known.setdefault((row.case, row.place, row.contact), number)
        if first != number:
            message = f"the attack on '{row.place}' stands on line {first} already"
            self.tell("duplicate-row", message, number, 1, "each attack once", length=len(line))
        return row


def _starts(line: str) -> Iterator[int]:
    """Yield the column at which each cell of a line starts, from 1."""
    start, is_quoted = 1, False
    yield start
    for column, character in enumerate(line, 1):
        # A quote inside a cell that does not begin with one is a character like others.
        if character == '"' and (is_quoted or line[start - 1] == '"'):
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            start = column + 1
            yield start


class _Record:
    """The cells of one line."""

    def __init__(self, table: _Table, cells: Mapping[str, tuple[str, int]], line: int) -> None:
        self.table, self.cells, self.line = table, cells, line

    def tell(self, name: str, message: str, expected: str, hint: str = "") -> None:
        text, column = self.cells[name]
        at, code = f"{name} is {message}", f"bad-{name.replace('_', '-')}"
        self.table.tell(code, at, self.line, column, expected, hint, len(text))

    def row(self) -> Row | None:
        case, place = self.text("case"), self.text("place")
        contact, days, end = self.day("date_contested"), self.days(), self.end()
        momentum, is_big = self.flag("momentum_7d"), self.flag("big_300k")
        if contact is None or days is None or not end or momentum is None or is_big is None:
            return None
        row = Row(case, place, contact, days, end, momentum, is_big)
        self.check(row)
        return row

    def text(self, name: str) -> str:
        text, _ = self.cells[name]
        if not text.strip():
            self.tell(name, "empty", "a name")
        return text

    def day(self, name: str) -> date | None:
        text, _ = self.cells[name]
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.max
        if day.year <= LAST_YEAR:
            return day
        self.tell(name, f"'{text}'", f"a date up to {LAST_YEAR}: 2016-10-03")
        return None

    def days(self) -> int | None:
        text, _ = self.cells["days"]
        if text.isascii() and text.isdecimal() and len(text) <= 5:
            return int(text)
        self.tell("days", f"'{text}'", "whole days, from 0 to 99999")
        return None

    def end(self) -> str:
        text, _ = self.cells["end"]
        if text in ENDS:
            return text
        self.tell("end", f"'{text}'", one_of(ENDS), did_you_mean(text, ENDS))
        return ""

    def flag(self, name: str) -> bool | None:
        text, _ = self.cells[name]
        if text in ("0", "1"):
            return text == "1"
        self.tell(name, f"'{text}'", "0 or 1")
        return None

    def check(self, row: Row) -> None:
        """Tell what contradicts the row in the columns that repeat it."""
        fell = row.end == FELL
        said = self.cells.get("fell", ("", 0))[0]
        if said not in ("", str(int(fell))):
            self.tell("fell", f"'{said}' where end is '{row.end}'", str(int(fell)))
        if not self.cells.get("date_fell", ("", 0))[0]:
            return
        when = self.day("date_fell")
        if when is not None and not fell:
            self.tell("date_fell", f"{when} where end is '{row.end}'", "nothing")
        elif when is not None and when != row.last:
            self.tell("date_fell", f"{when}, not {row.days} days after contact", str(row.last))
