"""PRIM: the search for a box of inputs in which cases are more frequent than elsewhere.

The patient rule induction method (Friedman & Fisher, Stat. Comput. 9, 123, 1999) as scenario
discovery uses it (Bryant & Lempert, Technol. Forecast. Soc. Change 77, 34, 2010), with the lenient
criterion for inputs of mixed kinds (Kwakkel & Jaxa-Rozen, Environ. Model. Softw. 79, 311, 2016).

With many inputs some box always looks dense: :mod:`sim.analysis.discovery` says whether it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from sim.analysis.first_passage import Floats
from sim.analysis.nested import Bools

Places = npt.NDArray[np.intp]
#: Returns how likely cases are as frequent in some points as they are: of (y, held).
Test = Callable[[Floats, Bools], float]

#: The share of a box that one peel takes, and the share of all that a box keeps at the least.
PEEL, LEAST = 0.05, 0.05
#: How often a restriction that does nothing passes for one that does.
LEVEL = 0.01
#: The share of all points that a limit may be moved by to be a round number.
_ROUNDED_BY = 0.01
#: An input is cut at so many places; by itself it tells something from so many standard errors on,
#: which one in a thousand cuts that do nothing reaches.
_CUTS, _STANDS_OUT = 20, 3.09


@dataclass(frozen=True, order=True)
class Side:
    """One end of an input, seen so that a box bounds it from below.

    ``sign`` is 1 for the low end, -1 for the high one, and 0 for a label to be left out.
    """

    column: int
    sign: int = 1
    label: int = -1

    def of(self, x: Floats) -> Floats:
        """Return the values of rows, of which a box holds the high ones."""
        values = x[:, self.column]
        return np.where(values == self.label, 0.0, 1.0) if not self.sign else self.sign * values


#: The lowest value that a box holds of each side that it bounds.
Box = Mapping[Side, float]


def inside(box: Box, x: Floats) -> Bools:
    """Return which rows of inputs a box holds."""
    held = np.ones(len(x), dtype=np.bool_)
    for side, limit in box.items():
        held &= side.of(x) >= limit
    return held


def restricted(box: Box) -> list[int]:
    """Return the inputs that a box restricts."""
    return sorted({side.column for side in box})


def quasi_p(box: Box, x: Floats, y: Floats, test: Test) -> dict[int, float]:
    """Return the quasi-p value of each input that a box restricts.

    How likely the box had as many cases, were they spread by chance over the box without that
    restriction (Bryant & Lempert, 2010, appendix). *Quasi*, because a box is chosen by looking; in
    points that it was not chosen by it is a p-value.
    """
    found, held = {}, inside(box, x)
    for column in restricted(box):
        without = inside(_without(box, column), x)
        found[column] = test(y[without], held[without])
    return found


def without_idle(
    box: Box, x: Floats, y: Floats, level: float, test: Test
) -> tuple[Box, dict[int, float]]:
    """Return a box without restrictions whose quasi-p is not below a level, and those of the rest.

    The worst is left out first, and the others looked at again.
    """
    while values := quasi_p(box, x, y, test):
        worst = max(values, key=lambda column: (values[column], column))
        if values[worst] < level:
            break
        box = _without(box, worst)
    return box, values


def _without(box: Box, column: int) -> Box:
    return {side: limit for side, limit in box.items() if side.column != column}


def _by_normal_law(y: Floats, held: Bools) -> float:
    """Return roughly how likely shuffled cases are as frequent: no shuffles see so small a p."""
    n, of = int(held.sum()), len(y)
    spread = math.sqrt(n * (of - n) / max(of - 1, 1) * float(y.var())) if of else 0.0
    return float(ndtr((n * y.mean() - y[held].sum()) / spread)) if spread else 1.0


def search(x: Floats, y: Floats, is_label: Bools) -> Search:
    """Return the search for a box among the inputs that tell something in these very points.

    With many inputs every other peel is one of noise, which uses up the box. So a search is done
    again without the inputs whose quasi-p is not below :data:`LEVEL` over the number of sides, as
    often as there are any. One such begins with all inputs, another with those that tell something
    each by itself; whichever box has more cases beyond chance is taken.

    Parameters
    ----------
    x : float64 array, shape (n_points, n_inputs)
        Inputs; labels by number.
    y : float64 array, shape (n_points,)
        The share of each point's replications that are cases.
    is_label : bool array, shape (n_inputs,)
    """
    every = Search(x, y, _sides(x, is_label))
    level = LEVEL / max(len(every.sides), 1)
    found = [_narrowed(start, level) for start in (every, Search(x, y, every.telling))]
    return max(found, key=lambda one: one.excess(one.box))


def _narrowed(found: Search, level: float) -> Search:
    """Return a search done again without idle inputs until there are none."""
    while True:
        kept, _ = without_idle(found.box, found.x, found.y, level, _by_normal_law)
        columns = restricted(kept)
        if columns == restricted(found.box):
            return found
        found = Search(found.x, found.y, [s for s in found.sides if s.column in columns])


class Search:
    """The search for one box with some sides of the inputs."""

    def __init__(self, x: Floats, y: Floats, sides: list[Side]) -> None:
        self.x, self.y, self.sides = x, y, sides
        self.least = max(1, math.ceil(LEAST * len(y)))
        self.values = np.array([side.of(x) for side in self.sides]).reshape(len(self.sides), len(x))

    @cached_property
    def order(self) -> Places:
        """The rows in the order of each side's values; how equal ones stand makes no difference."""
        return np.argsort(self.values, axis=1)

    @property
    def telling(self) -> list[Side]:
        """The sides of inputs at which one cut alone leaves more cases than by chance."""
        n, most, rows = len(self.y), np.zeros(len(self.sides)), np.arange(len(self.sides))
        values = np.take_along_axis(self.values, self.order, axis=1)
        cases = np.cumsum(self.y[self.order], axis=1)
        for k in sorted({n * cut // _CUTS for cut in range(1, _CUTS)} - {0}):
            below = np.full(len(rows), k)
            for j in np.flatnonzero(values[:, k - 1] == values[:, k]):
                below[j] = np.searchsorted(values[j], values[j, k])
            spreads = np.sqrt(below * (n - below) / (n - 1) * self.y.var())
            excess = below * self.y.mean() - cases[rows, below - 1]
            most = np.maximum(most, excess / np.where(spreads > 0.0, spreads, np.inf))
        columns = {side.column for side, z in zip(self.sides, most, strict=True) if z > _STANDS_OUT}
        return [side for side in self.sides if side.column in columns]

    @cached_property
    def trajectory(self) -> list[tuple[Box, Side | None]]:
        """The boxes that peel after peel leaves, from all on to the smallest."""
        order, box = self.order, dict[Side, float]()
        found: list[tuple[Box, Side | None]] = [({}, None)]
        while (peel := self.best_peel(order)) is not None:
            place, limit = peel
            held = self.values[place] >= limit
            order = order[held[order]].reshape(len(order), -1)
            box = {**box, self.sides[place]: limit}
            found.append((box, self.sides[place]))
        return found

    def best_peel(self, order: Places) -> tuple[int, float] | None:
        """Return the side and the limit of the peel that gains most density for each point taken.

        Or loses least: what a peel is good for may show only after the next. Values that are equal
        stay together: in the box, unless they are all that one could take.
        """
        n_sides, n = order.shape
        if not n_sides or n < 2:
            return None
        k, places = math.ceil(PEEL * n), np.arange(n_sides)
        limits = self.values[places, order[:, k]]
        sizes = np.full(n_sides, k)
        cases = self.y[order[:, :k]].sum(axis=1)
        for j in np.flatnonzero(self.values[places, order[:, k - 1]] == limits):
            values = self.values[j, order[j]]
            size = int(np.searchsorted(values, limits[j]))
            size = size or int(np.searchsorted(values, limits[j], side="right")) % n
            sizes[j], limits[j] = size, values[size]
            cases[j] = self.y[order[j, :size]].sum()
        sum_of_all = float(self.y[order[0]].sum())
        gains = ((sum_of_all - cases) / (n - sizes) - sum_of_all / n) / np.maximum(sizes, 1)
        gains[(sizes == 0) | (n - sizes < self.least)] = -np.inf
        best = int(gains.argmax())
        return (best, float(limits[best])) if gains[best] > -np.inf else None

    def excess(self, box: Box) -> float:
        """Return how many cases more than by chance a box holds."""
        held = self.y[inside(box, self.x)]
        return float(held.sum()) - len(held) * float(self.y.mean())

    @cached_property
    def chosen(self) -> int:
        """The place in the trajectory of the box with the largest excess; the first of equals."""
        return int(np.argmax([self.excess(box) for box, _ in self.trajectory]))

    @cached_property
    def box(self) -> Box:
        """The chosen box, pasted and rounded."""
        box = self.pasted(self.trajectory[self.chosen][0])
        return {side: self.rounded(side, limit) for side, limit in sorted(box.items())}

    def pasted(self, box: Box) -> Box:
        """Return a box with sides moved out again as long as that adds to its excess."""
        while wider := [self.wider(box, side) for side in sorted(box)]:
            best = max(wider, key=self.excess)
            if self.excess(best) <= self.excess(box):
                break
            box = best
        return box

    def wider(self, box: Box, side: Side) -> Box:
        """Return a box with one side moved out by as much as a peel takes, or left out."""
        rest = {other: limit for other, limit in box.items() if other != side}
        values = np.sort(side.of(self.x[inside(rest, self.x)]))
        n_out = int(np.searchsorted(values, box[side]))
        place = n_out - math.ceil(PEEL * (len(values) - n_out))
        if place <= 0 or values[place] == values[0]:
            return rest
        return {**rest, side: float(values[place])}

    def rounded(self, side: Side, limit: float) -> float:
        """Return the roundest limit that moves so few points that nobody minds."""
        values = np.sort(side.of(self.x))
        by, first = int(_ROUNDED_BY * len(values)), int(np.searchsorted(values, limit))
        low, high = values[max(first - 1 - by, 0)], values[min(first + by, len(values) - 1)]
        # Not low itself: any number of points may lie there.
        rounds = (float(f"{limit:.{digits}g}") for digits in range(1, 17))
        return next((r for r in rounds if low < r <= high), limit)


def _sides(x: Floats, is_label: Bools) -> list[Side]:
    """Return the sides of inputs that have more than one value."""
    found = []
    for column in range(x.shape[1]):
        if not x[:, column].min(initial=np.inf) < x[:, column].max(initial=-np.inf):
            continue
        if is_label[column]:
            labels = np.unique(x[:, column])
            found += [Side(column, 0, int(label)) for label in labels]
        else:
            found += [Side(column, sign) for sign in (1, -1)]
    return found
