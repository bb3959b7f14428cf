"""The points of a sweep: run group by group, and kept as they come.

A group is a file of its own with a row for each point. It is written under another name, brought to
the disk and renamed, so that what has its name is whole; a sweep that was stopped, however it was,
takes what is there and runs the rest.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.engines.driver import hand_on
from sim.ensemble.batch import Batch, Floats, Ints
from sim.ensemble.parts import read_table, write_table
from sim.ensemble.store import DAMAGE
from sim.ensemble.table import Coded, Column
from sim.net.model import Net
from sim.studies.replicate import How
from sim.units import SECONDS_PER_DAY, display_scale

_DRAFT = ".draft-"
#: Writing a group takes milliseconds: a draft that is older was left by who is gone.
_ORPHAN_AFTER_S = 60.0
#: What a group holds for each outcome beside the times by which it is counted: replications that
#: have it at one point and not at another, the first, second and preceding of the group.
APART = ("from_first", "from_second", "from_before")
#: The column that says which net a point is of, and what a sweep calls that dimension.
VARIANT = "variant"


@dataclass(frozen=True)
class Group:
    """Points that are run together, with the replications that all of them use.

    ``quantiles`` has the shape (n_points, d), in the order of the inputs that are swept.
    """

    number: int
    quantiles: Floats
    first_replication: int


@dataclass(frozen=True)
class Points:
    """What is run at every point.

    ``nets`` are the variants that are swept over, by name: with more than one, the last coordinate
    of a point says which. ``days`` are the times by which outcomes are counted, and ``by`` the one
    at which points are compared.
    """

    nets: Mapping[str, Net]
    inputs: tuple[str, ...]
    seed: int
    replications: int
    by: float
    days: tuple[float, ...]

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes that all nets have."""
        first, *others = ([o.name for o in net.outcomes] for net in self.nets.values())
        return tuple(name for name in first if all(name in other for other in others))

    def net_at(self, quantiles: Floats) -> int:
        """Return which of the nets a point is about."""
        n = len(self.nets)
        return min(n - 1, int(quantiles[-1] * n)) if n > 1 else 0

    def run(self, group: Group, how: How, tell: Callable[[int], None]) -> dict[str, Column]:
        """Return the rows of a group; ``tell`` is told of replications that are done."""
        rows: list[_Row] = []
        first = second = before = None
        for quantiles in group.quantiles:
            number, times, inputs = self._run_point(group, quantiles, how, tell)
            came = times <= self.by
            first = came if first is None else first
            second = came if len(rows) == 1 else second
            others = (first, came if second is None else second, came if before is None else before)
            rows.append(
                _Row(
                    number,
                    inputs,
                    counts=np.array([np.count_nonzero(times <= day, axis=0) for day in self.days]),
                    means=np.minimum(times, self.by).mean(axis=0),
                    apart=np.array([np.count_nonzero(came != other, axis=0) for other in others]),
                )
            )
            before = came
        if len(rows) > 1:  # the second was yet to come when the first was compared with it
            rows[0].apart[1] = rows[1].apart[0]
        return self._columns(group, rows)

    def is_of(self, columns: dict[str, Column], group: Group) -> bool:
        """Return whether rows that were read are those of a group."""
        names = [f"quantile.{path}" for path in self.inputs]
        if not {"group", *names} <= set(columns):
            return False
        numbers = np.full(len(group.quantiles), group.number)
        return np.array_equal(np.asarray(columns["group"]), numbers) and all(
            np.array_equal(np.asarray(columns[name]), group.quantiles[:, k])
            for k, name in enumerate(names)
        )

    def _columns(self, group: Group, rows: list[_Row]) -> dict[str, Column]:
        columns: dict[str, Column] = {
            "group": np.full(len(rows), group.number),
            "point": np.arange(len(rows)),
        }
        for k, path in enumerate(self.inputs):
            columns[f"quantile.{path}"] = group.quantiles[:, k].copy()
            columns[f"input.{path}"] = self._values(path, rows)
        if len(self.nets) > 1:
            codes = np.array([row.net for row in rows], dtype=np.int32)
            columns[VARIANT] = Coded(codes, tuple(self.nets))
        for j, outcome in enumerate(self.outcomes):
            for k, day in enumerate(self.days):
                columns[count_name(day, outcome)] = np.array([row.counts[k, j] for row in rows])
            columns[f"mean_days.{outcome}"] = np.array([row.means[j] for row in rows])
            for k, what in enumerate(APART):
                columns[f"{what}.{outcome}"] = np.array([row.apart[k, j] for row in rows])
        return columns

    def _run_point(
        self, group: Group, quantiles: Floats, how: How, tell: Callable[[int], None]
    ) -> tuple[int, Floats, Floats]:
        """Return which net it was, times in days by outcome, and the first replication's inputs."""
        number = self.net_at(quantiles)
        net = list(self.nets.values())[number]
        given = np.full(len(net.inputs), np.nan)
        swept = dict(zip(self.inputs, quantiles.tolist(), strict=False))
        for place, one in enumerate(net.inputs):
            if one.path in swept:
                given[place] = swept[one.path]
        places = [[o.name for o in net.outcomes].index(name) for name in self.outcomes]
        times: list[Floats] = []
        inputs: list[Floats] = []

        def take(slab: Batch) -> bool:
            times.append(slab.times[:, places] / SECONDS_PER_DAY)
            inputs.append(slab.inputs[0].copy())
            return True

        hand_on(
            net,
            take,
            engine=how.engine,
            seed=self.seed,
            first=group.first_replication,
            replications=self.replications,
            workers=how.workers,
            chunk=how.chunk,
            quantiles=given,
        )
        tell(self.replications)
        return number, np.concatenate(times), inputs[0]

    def _values(self, path: str, rows: list[_Row]) -> Column:
        """Return what an input is at each point, in its first replication; labels as texts."""
        found = []
        for row in rows:
            net = list(self.nets.values())[row.net]
            place = next(k for k, given in enumerate(net.inputs) if given.path == path)
            given = net.inputs[place]
            scale = 1.0 if given.labels else display_scale(given.dimension)
            found.append(float(row.inputs[place]) / scale)
        if not given.labels:
            return np.array(found)
        return Coded(np.array(found).astype(np.int32), net.labels)


@dataclass(frozen=True)
class _Row:
    """What came of one point: which net it was, its inputs, and figures by outcome."""

    net: int
    inputs: Floats
    #: shape (n_days, n_outcomes)
    counts: Ints
    #: shape (n_outcomes,), days
    means: Floats
    #: shape (3, n_outcomes), in the order of ``APART``
    apart: Ints


def count_name(day: float, outcome: str) -> str:
    """Return the column with how many replications have an outcome by a day."""
    return f"by.{day:g}.{outcome}"


class Store:
    """Groups in a folder, each under its number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "groups"
        self.folder.mkdir(parents=True, exist_ok=True)
        for draft in self.folder.glob(f"{_DRAFT}*"):
            with suppress(OSError):  # gone meanwhile
                if time.time() - draft.stat().st_mtime > _ORPHAN_AFTER_S:
                    draft.unlink()

    def path(self, number: int) -> Path:
        """Return the file of a group."""
        return self.folder / f"group-{number:06d}.parquet"

    def find(self, number: int) -> dict[str, Column] | None:
        """Return a group that is there and can be read; its pages carry checksums."""
        if not self.path(number).exists():
            return None
        try:
            return read_table(self.path(number))
        except DAMAGE:
            return None

    def keep(self, number: int, columns: dict[str, Column]) -> None:
        """Write a group."""
        self._write(columns, self.path(number))

    def keep_all(self, columns: dict[str, Column]) -> None:
        """Write the rows of all groups, beside the folder of the groups."""
        self._write(columns, self.folder.parent / "points.parquet")

    def _write(self, columns: dict[str, Column], path: Path) -> None:
        draft = f"{_DRAFT}{secrets.token_hex(4)}"
        try:
            write_table(self.folder, draft, columns, {})
            (self.folder / draft).replace(path)
        finally:
            (self.folder / draft).unlink(missing_ok=True)
