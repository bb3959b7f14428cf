"""From the points of a sweep to what each input does to one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from sim.analysis.first_passage import Ints
from sim.analysis.main_effects import MOST_BINS, PARTS, bins_for, bins_of, main_effects
from sim.analysis.morris import elementary_effects
from sim.analysis.nested import Bools
from sim.analysis.sobol import Decomposition, Indices, Shares, sobol_indices
from sim.ensemble.batch import Floats
from sim.ensemble.table import Coded, Column, Table
from sim.studies.points import VARIANT, count_name
from sim.studies.swept import Influence, Interval, Response, Spread

_FEWEST = {"sobol": 3, "morris": 2, "lhs": PARTS, "grid": PARTS}


def coordinates(column: Column) -> Floats:
    """Return where each value lies among all, in (0, 1): equal values at the same place."""
    values = column.codes if isinstance(column, Coded) else np.asarray(column)
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2.0) / len(values)
    return np.asarray(middles[places.reshape(-1)])


def places(
    column: Column, at: Floats, bins: Ints
) -> dict[int, tuple[float, float | None, str | None]]:
    """Return by bin where in its law an input lies there on average, its mean value, its label."""
    found: dict[int, tuple[float, float | None, str | None]] = {}
    for b in map(int, np.unique(bins)):
        where, middle = bins == b, float(at[bins == b].mean())
        if isinstance(column, Coded):
            names = {column.texts[code] for code in np.unique(column.codes[where])}
            found[b] = (middle, None, names.pop() if len(names) == 1 else None)
        else:
            found[b] = (middle, float(column[where].mean()), None)
    return found


def points_of(method: str, names: Sequence[str], table: Table) -> Floats:
    """Return where in its law each input lies at each point, shape (n_points, d).

    What has few values lies where they do among all points: places of a design would part points of
    the same value. Morris's steps are between places, which are left alone.
    """
    return np.column_stack([_places_of(method, name, table) for name in names])


def _places_of(method: str, name: str, table: Table) -> Floats:
    if name == VARIANT:
        return coordinates(table[VARIANT])
    values, designed = table[f"input.{name}"], table[f"quantile.{name}"]
    assert not isinstance(designed, Coded)
    at = np.asarray(designed, dtype=np.float64)
    numbers = values.codes if isinstance(values, Coded) else values
    _, alike = np.unique(at, return_inverse=True)
    n_places, n_values = len(set(alike.tolist())), len(np.unique(numbers))
    # Laws that differ by variant have several values at one place: those stay together.
    is_of_place = len(set(zip(alike.tolist(), numbers.tolist(), strict=True))) == n_places
    if method != "morris" and n_values < min(n_places, MOST_BINS + 1) and is_of_place:
        return coordinates(values)
    return at


@dataclass(frozen=True)
class Looked:
    """The points of a sweep, looked at for one outcome.

    ``groups`` has the quantiles of every group that is run, in the order of the rows of ``table``;
    ``names`` are the swept dimensions, and ``points`` is where each point lies in them
    (:func:`points_of`).
    """

    method: str
    names: tuple[str, ...]
    table: Table
    groups: Sequence[Floats]
    points: Floats
    replications: int
    by: float
    outcome: str
    #: Whether all points are there that were asked for.
    is_whole: bool = True

    @cached_property
    def shares(self) -> Floats:
        """The share of the replications with the outcome, at each point."""
        return self._column(count_name(self.by, self.outcome)) / self.replications

    @cached_property
    def noise(self) -> Floats:
        """Variance that luck gives each share."""
        return self.shares * (1.0 - self.shares) / (self.replications - 1)

    def _column(self, name: str) -> Floats:
        column = self.table[name]
        assert not isinstance(column, Coded)
        return np.asarray(column, dtype=np.float64)

    def _apart(self, what: str, others: Floats) -> Floats:
        """Return the variance that luck gives the difference to the share at another point.

        The difference of two yes-or-noes is 0, 1 or -1: its square is 1 where they are apart.
        """
        squares = self._column(f"{what}.{self.outcome}") / self.replications
        return (squares - (self.shares - others) ** 2) / (self.replications - 1)

    @cached_property
    def _by_group(self) -> Shares:
        """What Sobol' indices are made of."""
        shape = (len(self.groups), len(self.groups[0]))
        values = self.shares.reshape(shape)
        a, b = (np.repeat(values[:, k], shape[1]) for k in (0, 1))
        return Shares(
            values,
            self.noise.reshape(shape),
            self._apart("from_first", a).reshape(shape),
            self._apart("from_second", b).reshape(shape),
        )

    @cached_property
    def _before(self) -> Floats:
        """Variance that luck gives the difference to the point before; 0 where a group begins."""
        before = np.concatenate([self.shares[:1], self.shares[:-1]])
        starts = np.cumsum([0, *(len(group) for group in self.groups[:-1])])
        before[starts] = self.shares[starts]
        return self._apart("from_before", before)

    @cached_property
    def _sobol(self) -> Decomposition:
        return sobol_indices(self._by_group)

    @property
    def has_enough(self) -> bool:
        """Whether there are enough groups, or points, to say anything."""
        grouped = self.method in ("sobol", "morris")
        return (len(self.groups) if grouped else len(self.points)) >= _FEWEST[self.method]

    def spread(self, label: str) -> Spread:
        """Return how the probability varies, luck and ignorance apart."""
        luck = float(np.sqrt(self.noise.mean()))
        if self.method == "sobol" and self.has_enough:
            variance, is_seen = self._sobol.variance, self._sobol.is_seen
            centre = float(self._by_group.values[:, :2].mean())
        else:
            variance, is_seen = self._plain_variance()
            centre = float(self.shares.mean())
        return Spread(label, centre, float(np.sqrt(max(0.0, variance))), luck, is_seen)

    def _plain_variance(self) -> tuple[float, bool]:
        """Return the variance over the points, less luck, and whether there is any to see.

        Points of a grid or hypercube share their luck: what it adds to their variance is half of
        what it adds to the square of a difference. One point of each group does for trajectories,
        which have luck of their own.
        """
        if self.method == "morris":
            starts = np.cumsum([0, *(len(group) for group in self.groups[:-1])])
            values, noise = self.shares[starts], self.noise[starts]
        else:
            values, noise = self.shares, self._pair_noise
        if len(values) < 2:
            return 0.0, False
        spread, luck = float(values.var(ddof=1)), float(noise.mean())
        return spread - luck, spread > 2.0 * luck and self.has_enough

    @cached_property
    def _pair_noise(self) -> Floats:
        """Half the variance that luck gives the difference of two points, where one is a pair's."""
        starts = np.cumsum([0, *(len(group) for group in self.groups[:-1])])
        pairs = self._before / 2.0
        is_first = np.isin(np.arange(len(pairs)), starts)
        pairs[is_first] = pairs[~is_first].mean() if (~is_first).any() else 0.0
        return pairs

    def influences(self, *, is_seen: bool) -> list[Influence]:
        """Return what each input does; without indices where no variance is seen."""
        plain = [Influence(name, responses=self.responses(k)) for k, name in enumerate(self.names)]
        if not self.has_enough:
            return plain
        if self.method == "morris":
            return self._effects(plain)
        if not is_seen:
            return plain
        if self.method == "sobol":
            first, total = self._sobol.first, self._sobol.total
            return [_with(one, k, first, total) for k, one in enumerate(plain)]
        is_whole_grid = self.method == "grid" and self.is_whole
        first = main_effects(
            self.points, self.shares, self._pair_noise, is_whole_grid=is_whole_grid
        )
        return [_with(one, k, first, None) for k, one in enumerate(plain)]

    def _effects(self, plain: list[Influence]) -> list[Influence]:
        size = len(self.groups[0])
        found = elementary_effects(
            np.array(self.groups), self.shares.reshape(-1, size), self._before.reshape(-1, size)
        )
        return [
            Influence(
                one.input,
                mu=float(found.mu[k]),
                mu_star=float(found.mu_star[k]),
                mu_star95=(float(found.low[k]), float(found.high[k])),
                sigma=float(found.sigma[k]),
                noise=float(found.noise[k]),
                responses=one.responses,
            )
            for k, one in enumerate(plain)
        ]

    def responses(self, k: int) -> tuple[Response, ...]:
        """Return the mean share by where an input lies, over the other inputs.

        Of the points of Sobol' groups only the first two are looked at: others repeat their places.
        """
        is_used = np.ones(len(self.points), dtype=np.bool_)
        if self.method == "sobol":
            is_used = np.arange(len(self.points)) % len(self.groups[0]) < 2
        at, shares = self.points[is_used, k], self.shares[is_used]
        bins = bins_of(at, bins_for(at))
        name = self.names[k]
        values = rows_of(self.table[VARIANT if name == VARIANT else f"input.{name}"], is_used)
        return tuple(
            Response(
                *place,
                probability=float(shares[bins == b].mean()),
                interval95=_interval(shares[bins == b]),
                points=int(np.count_nonzero(bins == b)),
            )
            for b, place in places(values, at, bins).items()
        )


def rows_of(column: Column, which: Bools) -> Column:
    """Return some rows of a column."""
    if isinstance(column, Coded):
        return Coded(column.codes[which], column.texts)
    return column[which]


def _interval(shares: Floats) -> Interval | None:
    """Return the interval of a mean by Student's t."""
    if len(shares) < 2:
        return None
    half = float(stdtrit(len(shares) - 1, 0.975)) * float(shares.std(ddof=1)) / len(shares) ** 0.5
    return max(0.0, float(shares.mean()) - half), min(1.0, float(shares.mean()) + half)


def _with(one: Influence, k: int, first: Indices, total: Indices | None) -> Influence:
    """Return an influence with the indices of input k."""

    def of(found: Indices) -> tuple[float, Interval]:
        return float(found.value[k]), (float(found.low[k]), float(found.high[k]))

    index, interval95 = of(first)
    of_all, total95 = (None, None) if total is None else of(total)
    return Influence(one.input, index, interval95, of_all, total95, responses=one.responses)
