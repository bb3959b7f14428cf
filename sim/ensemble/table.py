"""The results of replications as named columns, as people know them and as Parquet holds them.

A row is a replication, a column ``time.homs_falls`` or ``input.homs.garrison``; numbers are in
days, kilometres, persons and tonnes, texts are places in a list of texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.ensemble.batch import AT_START, END_REASONS, NO_VIA, NOT_YET, Batch, Codes, Floats, Ints
from sim.ensemble.legend import Legend
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY, display_scale

Names = npt.NDArray[np.str_]


class Coded(NamedTuple):
    """A column of texts: ``codes`` are places in ``texts``, or ``NONE`` where there is none."""

    codes: Codes
    texts: tuple[str, ...]

    def named(self) -> Names:
        """Return the texts, empty where there is none."""
        return np.array([*self.texts, ""])[self.codes]


#: No text.
NONE = -1

Column = Floats | Ints | Coded
Table = Mapping[str, Column]


def columns_of(batch: Batch, net: Net, legend: Legend) -> dict[str, Column]:
    """Return the columns of a batch, in the order in which they are stored."""
    assert (NOT_YET, AT_START, NO_VIA) == (NONE - 1, NONE, NONE)
    columns: dict[str, Column] = {"replication": batch.replications}
    for place, given in enumerate(net.inputs):
        if given.is_uncertain:
            values = batch.inputs[:, place]
            is_label = bool(given.labels)
            columns[f"input.{given.path}"] = (
                _labels(values, legend) if is_label else values / display_scale(given.dimension)
            )
    for place, outcome in enumerate(legend.outcomes):
        # The start, one below the firings, becomes the first of `legend.causes`.
        codes = batch.causes[:, place] - AT_START
        columns[f"time.{outcome.name}"] = batch.times[:, place] / SECONDS_PER_DAY
        columns[f"cause.{outcome.name}"] = Coded(codes, legend.causes)
        columns[f"via.{outcome.name}"] = Coded(batch.via[:, place].copy(), legend.via)
    for name, watched in legend.ends:
        place = legend.watches.index(watched)
        last = batch.watch[:, -1, place]
        scale = display_scale(net.watches[place].dimension)
        columns[name] = _labels(last, legend) if watched.is_label else last / scale
    for place, total in enumerate(net.totals):
        columns[f"total.{total.name}"] = batch.totals[:, place] / display_scale(total.dimension)
    columns["end.time"] = batch.end_times / SECONDS_PER_DAY
    columns["end.reason"] = Coded(batch.end_reasons.astype(np.int32), END_REASONS)
    return columns


def _labels(values: Floats, legend: Legend) -> Coded:
    return Coded(values.astype(np.int32), legend.labels)


def n_rows(table: Table) -> int:
    """Return the number of replications in a table."""
    replications = table["replication"]
    assert not isinstance(replications, Coded)
    return len(replications)


def rows(table: Table, first: int, end: int) -> dict[str, Column]:
    """Return some rows of a table."""
    return {
        name: Coded(column.codes[first:end], column.texts)
        if isinstance(column, Coded)
        else column[first:end]
        for name, column in table.items()
    }


def joined(columns: Sequence[Column]) -> Column:
    """Return columns below each other."""
    first = columns[0]
    if isinstance(first, Coded):
        codes = [column.codes for column in columns if isinstance(column, Coded)]
        return Coded(np.concatenate(codes), first.texts)
    arrays: list[npt.NDArray[Any]] = [c for c in columns if not isinstance(c, Coded)]
    return np.concatenate(arrays)
