"""Tables as Parquet files, with the same bytes for the same rows whatever they came in.

Every part but the last has :data:`ROWS` rows, combined before they are written, in one row group;
texts are dictionaries in net order, numbers are stored byte by byte (which compresses and reads
best), both compressed with zstd.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.ensemble.batch import Floats
from sim.ensemble.legend import Legend
from sim.ensemble.table import NONE, Coded, Column, Table, joined, n_rows, rows
from sim.ensemble.watched import COLUMNS, Watched
from sim.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
_LEVEL = 3


class DamagedFile(UsageError):
    """A file of a result that has not the bytes that were written."""


#: Size and SHA-256 of files, by their path in the result.
Files = dict[str, dict[str, Any]]


class PartWriter:
    """Keeps columns in files of a folder: ``replications/part-00000.parquet`` and on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: Files = {}
        self._waiting: list[dict[str, Column]] = []
        self._n_waiting = 0
        (folder / "replications").mkdir()

    def keep(self, columns: dict[str, Column]) -> None:
        """Keep some rows more; a part is written when it is full."""
        self._waiting.append(columns)
        self._n_waiting += n_rows(columns)
        while self._n_waiting >= ROWS:
            self._n_waiting -= ROWS
            last = self._waiting.pop()
            n_last = n_rows(last) - self._n_waiting
            self._write([*self._waiting, rows(last, 0, n_last)])
            self._waiting = [rows(last, n_last, n_rows(last))]

    def finish(self) -> None:
        """Write the rows that fill no part."""
        if self._n_waiting:
            self._write(self._waiting)
        self._waiting, self._n_waiting = [], 0

    def adopt(self, other: Path, n: int, files: Files) -> None:
        """Begin with the first n rows of another result: whole parts as files, the rest as rows.

        Raises
        ------
        DamagedFile
            If a part is not what ``files`` say of it.
        """
        table = StoredTable(other, files)
        n_parts = n // ROWS
        for number in range(n_parts):
            check_file(other, part_name(number), files)
            write_file(self.folder, part_name(number), table.parts[number].read_bytes(), self.files)
        if n > n_parts * ROWS:
            self.keep(rows(table.part(n_parts), 0, n - n_parts * ROWS))

    def _write(self, tables: Sequence[dict[str, Column]]) -> None:
        number = sum(name.startswith("replications/") for name in self.files)
        _write_and_drop(self.folder, part_name(number), tables, self.files)


def part_name(number: int) -> str:
    """Return the path of a part in its result."""
    return f"replications/part-{number:05d}.parquet"


class StoredTable(Mapping[str, Column]):
    """The table of a result; a column is read when it is asked for, and not kept."""

    def __init__(self, folder: Path, files: Files) -> None:
        import pyarrow.parquet as pq

        names = sorted(name for name in files if name.startswith("replications/"))
        if not names:
            raise FileNotFoundError(f"{folder} has no replications")
        self.parts = [folder / name for name in names]
        check_file(folder, names[0], files)
        self._names = pq.read_schema(self.parts[0]).names
        #: What is to be checked before anything is read.
        self._unchecked = [(folder, name, files) for name in names[1:]]

    def __getitem__(self, name: str) -> Column:
        if name not in self._names:
            raise KeyError(name)
        return self.several([name])[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def several(self, names: Sequence[str]) -> list[Column]:
        """Return columns, read together."""
        self.check()
        tables = [read_table(part, list(names)) for part in self.parts]
        return [joined([table[name] for table in tables]) for name in names]

    def part(self, number: int) -> dict[str, Column]:
        """Return the rows of one part."""
        self.check()
        return read_table(self.parts[number])

    def check(self) -> None:
        """Check that every part has the bytes that were written; see :func:`check_file`."""
        while self._unchecked:
            check_file(*self._unchecked[-1])
            self._unchecked.pop()


def check_file(folder: Path, name: str, files: Files) -> None:
    """Check that a file of a result has the bytes that were written.

    Raises
    ------
    DamagedFile
        If it has others: what a reader would make of them is anybody's guess.
    """
    with (folder / name).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != files[name]["sha256"]:
            raise DamagedFile(f"{folder}: {name} is damaged; run the scenario again with --fresh")


def write_watched(folder: Path, watched: Watched, files: Files) -> None:
    """Write what was watched as ``watch.parquet``: days, name, mean and quantiles."""
    texts = tuple(dict.fromkeys(watched.names))
    places = {text: place for place, text in enumerate(texts)}
    codes = np.array([places[name] for name in watched.names], dtype=np.int32)
    columns: dict[str, Column] = {"days": watched.days, "name": Coded(codes, texts)}
    write_table(folder, "watch.parquet", {**columns, **watched.figures}, files)


def read_watched(folder: Path, files: Files) -> Watched:
    """Return what :func:`write_watched` wrote."""
    check_file(folder, "watch.parquet", files)
    table = read_table(folder / "watch.parquet")
    names = table["name"]
    assert isinstance(names, Coded)
    figures = {name: _numbers(table[name]) for name in COLUMNS}
    return Watched(_numbers(table["days"]), tuple(names.named().tolist()), figures)


def write_nested(folder: Path, times: Mapping[str, Floats], files: Files) -> None:
    """Write times of nested replications, shape (n_groups, n_within), as ``nested.parquet``."""
    first = next(iter(times.values()))
    columns: dict[str, Column] = {"group": np.repeat(np.arange(len(first)), first.shape[1])}
    columns |= {f"time.{name}": values.ravel() for name, values in times.items()}
    write_table(folder, "nested.parquet", columns, files)


def read_nested(folder: Path, legend: Legend, files: Files) -> dict[str, Floats]:
    """Return what :func:`write_nested` wrote."""
    check_file(folder, "nested.parquet", files)
    table = read_table(folder / "nested.parquet")
    n_groups = int(np.max(np.asarray(table["group"]))) + 1
    return {
        o.name: _numbers(table[f"time.{o.name}"]).reshape(n_groups, -1) for o in legend.outcomes
    }


def write_table(folder: Path, name: str, columns: Table, files: Files) -> None:
    """Write columns as a Parquet file of a folder, and note its size and digest in ``files``."""
    _write_and_drop(folder, name, [dict(columns)], files)


def _write_and_drop(
    folder: Path, name: str, tables: Sequence[dict[str, Column]], files: Files
) -> None:
    """Write tables below each other, as :func:`write_table` does one; they lose their columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Column by column, each let go when it is joined: else all would be in memory twice.
    table = pa.table({key: _arrow(joined([t.pop(key) for t in tables])) for key in [*tables[0]]})
    with (folder / name).open("wb+") as file:
        pq.write_table(
            table,
            file,
            row_group_size=max(1, table.num_rows),
            compression="zstd",
            compression_level=_LEVEL,
            write_page_checksum=True,
            use_dictionary=[f.name for f in table.schema if pa.types.is_dictionary(f.type)],
            use_byte_stream_split=[f.name for f in table.schema if pa.types.is_floating(f.type)],
        )
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        files[name] = {"bytes": file.tell(), "sha256": digest}


def write_file(folder: Path, name: str, content: Any, files: Files | None = None) -> None:
    """Write a file and wait until it is on the disk; note its size and digest in ``files``."""
    with (folder / name).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if files is not None:
        digest = hashlib.sha256(content).hexdigest()
        files[name] = {"bytes": len(content), "sha256": digest}


def read_table(path: Path, names: list[str] | None = None) -> dict[str, Column]:
    """Return columns of a Parquet file, all of them by default."""
    import pyarrow.parquet as pq

    # A name with dots finds those below it, too, as if it were a path into a nested column.
    table = pq.ParquetFile(path, page_checksum_verification=True).read(columns=names)
    return {name: _column(table.column(name)) for name in names or table.column_names}


def _arrow(column: Column) -> pa.Array:
    import pyarrow as pa

    if isinstance(column, Coded):
        codes = pa.array(column.codes, pa.int32(), mask=column.codes == NONE)
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.texts, pa.string()))
    return pa.array(column)


def _column(found: pa.ChunkedArray) -> Column:
    import pyarrow as pa

    array = found.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no rows
        array = pa.concat_arrays(array.chunks or [pa.array([], found.type)])
    if isinstance(array, pa.DictionaryArray):
        codes = array.indices.fill_null(NONE).to_numpy().astype(np.int32)
        return Coded(codes, tuple(array.dictionary.to_pylist()))
    values: Column = array.to_numpy()
    return values


def _numbers(column: Column) -> Floats:
    assert not isinstance(column, Coded)
    return column.astype(np.float64, copy=False)
