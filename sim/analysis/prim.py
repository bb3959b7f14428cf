"""PRIM: boxes of inputs in which an event is more frequent than elsewhere.

The patient rule induction method (Friedman & Fisher, Stat. Comput. 9, 123, 1999) as scenario
discovery uses it (Bryant & Lempert, Technol. Forecast. Soc. Change 77, 34, 2010), with the lenient
criterion for inputs of mixed kinds (Kwakkel & Jaxa-Rozen, Environ. Model. Softw. 79, 311, 2016).

With many inputs and much luck a box that looks dense is always found. One half of the replications
is therefore for finding a box, and the other, *fresh* one for saying how dense it is, and whether
there is any box at all. No figure that is told comes from replications that the box was chosen by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from sim.analysis.first_passage import Floats
from sim.analysis.nested import Bools

Ints = npt.NDArray[np.intp]

#: The share of a box that one peel takes, and the share of all that a box keeps at the least.
PEEL, LEAST = 0.05, 0.05
#: How rarely noise may pass for a box.
LEVEL = 0.05
#: Boxes are looked for among what no box before them holds.
MOST_BOXES = 3
#: Fewer replications, or fewer of either kind, tell nothing.
FEWEST, FEWEST_OF_A_KIND = 200, 20
#: How often half of what a box is found in is peeled anew.
RESAMPLES = 40
_DIGITS = 3


@dataclass(frozen=True)
class Face:
    """What a box allows of one input: from ``low`` to ``high``, or the numbers of labels."""

    low: float = -math.inf
    high: float = math.inf
    labels: frozenset[int] | None = None

    def holds(self, values: Floats) -> Bools:
        """Return which values are allowed."""
        if self.labels is not None:
            return np.isin(values, list(self.labels))
        return (values >= self.low) & (values <= self.high)


#: What a box allows of the inputs that it restricts, by column.
Box = Mapping[int, Face]


@dataclass(frozen=True)
class Figures:
    """A box in some replications: how many it holds, and how many of them are cases."""

    n: int
    cases: int
    of: int
    cases_of: int

    @property
    def mass(self) -> float:
        """The share of all replications that are in the box."""
        return self.n / self.of

    @property
    def density(self) -> float:
        """The share of cases in the box; NaN where it is empty."""
        return self.cases / self.n if self.n else math.nan

    @property
    def coverage(self) -> float:
        """The share of all cases that are in the box."""
        return self.cases / self.cases_of if self.cases_of else math.nan

    @property
    def worth(self) -> float:
        """What a box is chosen by: coverage times what density exceeds the share of all by."""
        return self.coverage * (self.density - self.cases_of / self.of) if self.cases else 0.0


@dataclass(frozen=True)
class Step:
    """A box on the way from all to the smallest, in fresh replications."""

    figures: Figures
    restricted: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """A box that fresh replications bear out; all figures are of those."""

    box: Box
    figures: Figures
    #: How likely as many cases were if the box were as all that was looked at for it.
    p: float
    #: The same of each input, if the box without its restriction were all there is.
    quasi_p: Mapping[int, float]
    #: In which share of resamples an input is restricted.
    resampled: Mapping[int, float]
    #: Whom the box was looked for among: all, less what earlier boxes hold.
    among: Figures
    trajectory: tuple[Step, ...]
    #: The place in the trajectory that the box was made from.
    chosen: int


def inside(box: Box, x: Floats) -> Bools:
    """Return which rows of inputs a box holds."""
    held = np.ones(len(x), dtype=np.bool_)
    for column, face in box.items():
        held &= face.holds(x[:, column])
    return held


def at_least(k: int, n: int, p: float) -> float:
    """Return the probability of k or more among n, each with probability p."""
    if k <= 0:
        return 1.0
    return float(betainc(k, n - k + 1, p)) if k <= n else 0.0


def quasi_p(box: Box, x: Floats, y: Bools) -> dict[int, float]:
    """Return the quasi-p value of each restriction (Bryant & Lempert, 2010, appendix).

    How likely a box as large had as many cases, were they drawn at the density of the box without
    that restriction. It is *quasi* because the box was not chosen before looking; in fresh
    replications it is a p-value.
    """
    held = {column: face.holds(x[:, column]) for column, face in box.items()}
    whole = np.logical_and.reduce([np.ones(len(x), dtype=np.bool_), *held.values()])
    n, cases = int(whole.sum()), int(y[whole].sum())
    found = {}
    for column in box:
        others = [mask for other, mask in held.items() if other != column]
        without = np.logical_and.reduce([np.ones(len(x), dtype=np.bool_), *others])
        density = float(y[without].mean()) if without.any() else 0.0
        found[column] = at_least(cases, n, density)
    return found


def discover(x: Floats, y: Bools, *, is_label: Bools, seed: int) -> list[Found]:
    """Return boxes in which cases are more frequent, the first found first; none on noise.

    Even rows are for finding a box: it is peeled, the box on its trajectory with the largest
    coverage times (density less the share of all cases) is taken, restrictions are left out whose
    quasi-p value is no less than :data:`LEVEL` over twice the number of inputs (all the faces that
    were tried), faces are pasted back while that worth grows, and limits are rounded to three
    digits. Odd rows are fresh. A box is told if they have at least as many cases in it as chance
    would give it with probability :data:`LEVEL`, and restrictions are left out again whose quasi-p
    value there is :data:`LEVEL` or more. What it holds is taken away, and the next one looked for;
    the first that is not borne out is the end. Where no input matters, a box is thus told with
    probability :data:`LEVEL` at the most.

    Parameters
    ----------
    x : float64 array, shape (n_replications, n_inputs)
        Inputs; labels by number.
    y : bool array, shape (n_replications,)
        Which replications are cases.
    is_label : bool array, shape (n_inputs,)
    seed : int
        Of the resampling.
    """
    halves = (x[::2], y[::2]), (x[1::2], y[1::2])
    left = [np.ones(len(half), dtype=np.bool_) for _, half in halves]
    boxes: list[Found] = []
    while len(boxes) < MOST_BOXES:
        (x_old, y_old), (x_new, y_new) = (
            (a[some], b[some]) for (a, b), some in zip(halves, left, strict=True)
        )
        if not is_enough(y_old) or not is_enough(y_new):
            break
        rng = np.random.default_rng([seed, len(y), len(boxes)])
        search = _Search(x_old, y_old, is_label)
        found = _borne_out(search, x_new, y_new, is_label, rng)
        if found is None:
            break
        of, cases_of = len(halves[1][1]), int(halves[1][1].sum())
        boxes.append(replace(found, figures=_out_of(found.figures, of, cases_of)))
        for some, (a, _) in zip(left, halves, strict=True):
            some &= ~inside(found.box, a)
    return boxes


def is_enough(y: Bools) -> bool:
    """Return whether half of the replications are enough to look for boxes in, or to try them."""
    few = min(int(y.sum()), int((~y).sum()))
    return len(y) >= FEWEST // 2 and few >= FEWEST_OF_A_KIND // 2


def _out_of(figures: Figures, of: int, cases_of: int) -> Figures:
    return replace(figures, of=of, cases_of=cases_of)


def _figures(box: Box, x: Floats, y: Bools) -> Figures:
    held = inside(box, x)
    return Figures(int(held.sum()), int(y[held].sum()), len(y), int(y.sum()))


def _borne_out(
    search: _Search, x: Floats, y: Bools, is_label: Bools, rng: np.random.Generator
) -> Found | None:
    """Return the box of a search with its figures in fresh replications; None if they differ."""
    box = search.box
    first = _figures(box, x, y)
    if not box or at_least(first.cases, first.n, first.cases_of / first.of) >= LEVEL:
        return None
    box = _without_idle(box, x, y, LEVEL)
    if not box:
        return None
    figures = _figures(box, x, y)
    return Found(
        box=box,
        figures=figures,
        p=at_least(figures.cases, figures.n, figures.cases_of / figures.of),
        quasi_p=quasi_p(box, x, y),
        resampled=_resampled(search, is_label, rng),
        among=Figures(len(y), int(y.sum()), len(y), int(y.sum())),
        trajectory=tuple(
            Step(_figures(step, x, y), tuple(sorted(step))) for step in search.trajectory
        ),
        chosen=search.chosen,
    )


def _resampled(
    search: _Search, is_label: Bools, rng: np.random.Generator
) -> dict[int, float]:
    """Return the share of half samples in whose box an input is restricted, where it is in any."""
    counts: dict[int, int] = {}
    n = len(search.y)
    for _ in range(RESAMPLES):
        some = np.sort(rng.permutation(n)[: n // 2])
        for column in _Search(search.x[some], search.y[some], is_label).box:
            counts[column] = counts.get(column, 0) + 1
    return {column: count / RESAMPLES for column, count in sorted(counts.items())}


def _without_idle(box: Box, x: Floats, y: Bools, level: float) -> Box:
    """Return a box without restrictions whose quasi-p is ``level`` or more, the worst out first."""
    while box:
        values = quasi_p(box, x, y)
        worst = max(values, key=lambda column: (values[column], column))
        if values[worst] < level:
            break
        box = {column: face for column, face in box.items() if column != worst}
    return box


class _Search:
    """The search for one box in the replications that are for finding it."""

    def __init__(self, x: Floats, y: Bools, is_label: Bools) -> None:
        self.x, self.y, self.is_label = x, y, is_label
        self.least = max(1, math.ceil(LEAST * len(y)))

    @cached_property
    def trajectory(self) -> list[Box]:
        """The boxes that peel after peel leaves, from all on."""
        return list(_Peeling(self).boxes())

    @cached_property
    def chosen(self) -> int:
        """The place in the trajectory of the box that is worth most; the first of equals."""
        worths = [_figures(box, self.x, self.y).worth for box in self.trajectory]
        return int(np.argmax(worths))

    @cached_property
    def box(self) -> Box:
        level = LEVEL / (2 * max(self.x.shape[1], 1))
        box = _without_idle(self.trajectory[self.chosen], self.x, self.y, level)
        return {column: _rounded(face) for column, face in self.pasted(box).items()}

    def pasted(self, box: Box) -> Box:
        """Return a box with faces moved out again as long as that makes it worth more."""
        worth = _figures(box, self.x, self.y).worth
        while True:
            wider = [one for column in box for one in self.wider(box, column)]
            worths = [_figures(one, self.x, self.y).worth for one in wider]
            if not worths or max(worths) <= worth:
                return box
            worth = max(worths)
            box = wider[worths.index(worth)]

    def wider(self, box: Box, column: int) -> list[Box]:
        """Return a box with one restriction wider by a label, or by what a peel takes."""
        face, rest = box[column], {c: f for c, f in box.items() if c != column}
        values = self.x[inside(rest, self.x), column]
        if face.labels is not None:
            more = sorted({int(v) for v in values} - face.labels)
            return [{**box, column: Face(labels=face.labels | {label})} for label in more]
        step = max(1, int(PEEL * face.holds(values).sum()))
        below = np.sort(values[values < face.low])[::-1]
        above = np.sort(values[values > face.high])
        found = []
        if len(below):
            low = float(below[step - 1]) if len(below) > step else -math.inf
            found.append({**rest, column: Face(low, face.high)})
        if len(above):
            high = float(above[step - 1]) if len(above) > step else math.inf
            found.append({**rest, column: Face(face.low, high)})
        # A restriction that lets everything pass is none.
        return [_bounded(one) for one in found]


def _bounded(box: Box) -> Box:
    return {c: f for c, f in box.items() if f != Face()}


@dataclass(frozen=True)
class _Peel:
    """A peel that could be made: what it leaves of a column, and which rows it takes."""

    gain: float
    column: int
    face: Face
    rows: Ints


class _Peeling:
    """A box and the rows that it holds, which every column keeps in the order of its values."""

    def __init__(self, search: _Search) -> None:
        self.search, self.y = search, search.y.astype(np.int64)
        self.columns = np.ascontiguousarray(search.x.T)
        self.order = np.argsort(self.columns, axis=1, kind="stable")
        self.held = np.ones(len(self.y), dtype=np.bool_)
        self.numbers = np.flatnonzero(~search.is_label)
        self.labels = np.flatnonzero(search.is_label)
        self.box: dict[int, Face] = {}

    @property
    def n(self) -> int:
        return self.order.shape[1]

    @property
    def density(self) -> float:
        return float(self.y[self.held].mean())

    def boxes(self) -> list[Box]:
        """Return every box on the way, from all on, until no peel gains or the box is small."""
        found: list[Box] = [{}]
        while self.columns.size and (peel := self.best()) is not None:
            self.held[peel.rows] = False
            self.order = self.order[self.held[self.order]].reshape(len(self.columns), -1)
            self.box = {**self.box, peel.column: peel.face}
            found.append(self.box)
        return found

    def best(self) -> _Peel | None:
        """Return the peel that gains most density for each row that it takes; None if none does."""
        peels = [peel for peel in (self.best_number(), self.best_label()) if peel is not None]
        best = max(peels, key=lambda peel: peel.gain, default=None)
        return best if best is not None and best.gain > 0.0 else None

    def best_number(self) -> _Peel | None:
        """Return the best peel of a column of numbers, at either end."""
        if not len(self.numbers) or self.n < 2:
            return None
        order, columns = self.order[self.numbers], self.columns[self.numbers]
        sizes = [_sizes(order[:, ::side], columns, max(1, int(PEEL * self.n))) for side in (1, -1)]
        best: tuple[float, int, int, int] | None = None
        for size, side in zip(sizes, (1, -1), strict=True):
            taken = np.cumsum(self.y[order[:, ::side][:, : int(size.max(initial=0))]], axis=1)
            rows = np.flatnonzero((size > 0) & (self.n - size >= self.search.least))
            gains = self.gains(size[rows], taken[rows, size[rows] - 1])
            if len(rows) and (best is None or gains.max() > best[0]):
                k = int(gains.argmax())
                best = float(gains[k]), int(rows[k]), side, int(size[rows[k]])
        if best is None:
            return None
        gain, row, side, n_taken = best
        ordered, column = order[row, ::side], int(self.numbers[row])
        end, known = float(columns[row, ordered[n_taken]]), self.box.get(column, Face())
        face = replace(known, low=end) if side == 1 else replace(known, high=end)
        return _Peel(gain, column, face, ordered[:n_taken])

    def best_label(self) -> _Peel | None:
        """Return the best peel of one label of a column of labels."""
        best = None
        for column in self.labels:
            values = self.columns[column]
            present, where = np.unique(values[self.held], return_inverse=True)
            if len(present) < 2:
                continue
            sizes = np.bincount(where)
            gains = self.gains(sizes, np.bincount(where, self.y[self.held]))
            gains[self.n - sizes < self.search.least] = -math.inf
            k = int(gains.argmax())
            if best is None or gains[k] > best.gain:
                kept = frozenset(int(v) for v in present if v != present[k])
                rows = np.flatnonzero(self.held & (values == present[k]))
                best = _Peel(float(gains[k]), int(column), Face(labels=kept), rows)
        return best

    def gains(self, sizes: Ints, cases: npt.NDArray[np.generic]) -> Floats:
        """Return by how much taking so many rows raises the density, for each of them.

        The lenient criterion: peels of labels and of ties, which take many, are not preferred.
        """
        total = int(self.y[self.held].sum())
        left = (total - cases) / (self.n - sizes)
        return np.asarray((left - total / self.n) / sizes, dtype=np.float64)


def _sizes(order: Ints, columns: Floats, k: int) -> Ints:
    """Return how many rows a peel of about k takes from the front of each column.

    Ties stay together: those of the new end stay in the box, unless they are all that there is
    before it; 0 where a column has one value only.
    """
    rows = np.arange(len(order))
    ends = columns[rows, order[:, k]]
    sizes = np.full(len(order), k, dtype=np.intp)
    for j in np.flatnonzero(columns[rows, order[:, k - 1]] == ends):
        values = columns[j, order[j]]
        size = int((values != ends[j]).argmin())
        if not size:
            is_other = values != values[0]
            size = int(is_other.argmax()) if is_other.any() else 0
        sizes[j] = size
    return sizes


def _rounded(face: Face) -> Face:
    """Return a face with limits that can be read aloud."""
    return replace(face, low=_to_digits(face.low), high=_to_digits(face.high))


def _to_digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else value
