"""Scenario discovery: the conditions under which cases are frequent, as fresh points bear them out.

A row is a point of the inputs, and of all its replications together: they share more than the
inputs that are looked at, and would pass for evidence if they stood alone. With many inputs a box
that looks dense is always found. One half of the points is therefore for finding a box; the other,
*fresh* one says how dense it is, and whether there is any. A box is chosen by no figure told of it,
except that restrictions are left out which fresh points do not bear out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from sim.analysis.first_passage import Floats
from sim.analysis.nested import Bools
from sim.analysis.prim import LEVEL, Box, Search, Side, inside, restricted, search, without_idle

#: Boxes are looked for among what no box before them holds.
MOST_BOXES = 3
#: Of fewer points, or fewer that are cases or fewer that are none, nothing is told.
FEWEST, FEWEST_OF_A_KIND = 200, 20
#: More points to find a box in show no more of it, and take longer.
_MOST_TO_FIND = 10_000
#: How often most of the points that a box is found in are searched anew, and which share of them.
RESAMPLES, _RESAMPLED = 10, 0.8
#: How often points are shuffled for a p-value.
SHUFFLES = 9_999


@dataclass(frozen=True)
class Figures:
    """A box in fresh points."""

    #: How many points it holds, and how many of them are cases (shares of points add up).
    n: int
    cases: float
    #: The share of all points, the share of cases in it, and the share of all cases.
    mass: float
    density: float
    coverage: float


@dataclass(frozen=True)
class Step:
    """A box on the way from all points to the fewest; ``peeled`` is the side of the last peel."""

    box: Box
    peeled: Side | None
    figures: Figures


@dataclass(frozen=True)
class Found:
    """What one search has found; figures are of fresh points."""

    box: Box
    figures: Figures
    #: How likely as many cases were if they fell on points by chance.
    p: float
    #: The same by input, among the points of the box without its restriction of that input.
    quasi_p: Mapping[int, float]
    #: What the box was looked for among: all, less what earlier boxes hold.
    among: Figures
    trajectory: tuple[Step, ...]
    #: The place in the trajectory that the box was made from.
    chosen: int
    #: The share of resamples in whose box an input is restricted, if it is told.
    reproduced: Mapping[int, float] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Whether fresh points bear the box out."""
        return bool(self.box) and self.p < LEVEL


def by_chance(y: Floats, held: Bools, rng: np.random.Generator) -> float:
    """Return the p-value of cases being as frequent in ``held`` if points were shuffled.

    Exact whatever the law of y, since p-values of random shuffles are, if the order that is seen
    counts as one of them (Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39, 2010). Points with
    the same share of cases are drawn together.
    """
    n = int(held.sum())
    if not 0 < n < len(y):
        return 1.0
    values, counts = np.unique(y, return_counts=True)
    drawn = rng.multivariate_hypergeometric(counts, n, size=SHUFFLES, method="marginals")
    # Sums of shares in another order differ by rounding alone.
    n_as_many = int((drawn @ values >= float(y[held].sum()) - 1e-9 * n).sum())
    return (1 + n_as_many) / (1 + SHUFFLES)


def is_enough(y: Floats) -> bool:
    """Return whether there are enough points of either kind to look for boxes."""
    cases = float(y.sum())
    return len(y) >= FEWEST and min(cases, len(y) - cases) >= FEWEST_OF_A_KIND


def n_to_find(n: int) -> int:
    """Return how many of n points boxes are found in."""
    return min(n // 2, _MOST_TO_FIND)


def discover(x: Floats, y: Floats, *, is_label: Bools, seed: int) -> list[Found]:
    """Return boxes in which cases are more frequent, the first found first.

    Half of the points, picked by chance, are for finding: a box is peeled; on its trajectory that
    one is taken which has most cases more than chance would give it (weighted relative accuracy:
    Lavrač, Flach & Zupan 1999); its sides are pasted back while that grows, limits are rounded, and
    all this is done again without the inputs that tell nothing.
    A box is told if fresh points bear it out with a p-value below :data:`LEVEL`; restrictions whose
    quasi-p is not below that are left out first, the worst one by one. What the box holds is taken
    away, and the next one looked for. The last search is the one that bore nothing out, unless
    there are :data:`MOST_BOXES` or too few points are left.

    Where no input matters, any box is told with probability :data:`LEVEL` at the most.

    Parameters
    ----------
    x : float64 array, shape (n_points, n_inputs)
        Inputs; labels by number.
    y : float64 array, shape (n_points,)
        The share of each point's replications that are cases: 0 or 1 where it has one.
    is_label : bool array, shape (n_inputs,)
    seed : int
        Of halves, shuffles and resamples.
    """
    order = np.random.default_rng([seed, len(y)]).permutation(len(y))
    halves = [(x[rows], y[rows]) for rows in np.split(order, [n_to_find(len(y))])]
    whole, found = halves[1][1], list[Found]()
    while len(found) < MOST_BOXES and all(is_enough(half) for _, half in halves):
        rng = np.random.default_rng([seed, len(y), len(found)])
        one = _judged(search(*halves[0], is_label), *halves[1], whole, rng)
        if not one.is_told:
            return [*found, one]
        found.append(replace(one, reproduced=_reproduced(*halves[0], is_label, rng)))
        left = [~inside(one.box, points) for points, _ in halves]
        halves = [(a[rows], b[rows]) for (a, b), rows in zip(halves, left, strict=True)]
    return found


def _judged(found: Search, x: Floats, y: Floats, whole: Floats, rng: np.random.Generator) -> Found:
    """Return what a search has found, judged by fresh points; ``whole`` has those of all."""

    def figures(box: Box) -> Figures:
        held = y[inside(box, x)]
        cases, n_cases = float(held.sum()), float(whole.sum())
        density = cases / len(held) if len(held) else math.nan
        return Figures(len(held), cases, len(held) / len(whole), density, cases / n_cases)

    test = partial(by_chance, rng=rng)
    box, values, p = found.box, dict[int, float](), test(y, inside(found.box, x))
    if p < LEVEL:
        box, values = without_idle(box, x, y, LEVEL, test)
        p = test(y, inside(box, x))
    return Found(
        box,
        figures(box),
        p,
        values,
        figures({}),
        tuple(
            Step(step, peeled, figures(step))
            for step, (_, peeled) in zip(_rounded(found), found.trajectory, strict=True)
        ),
        found.chosen,
    )


def _rounded(found: Search) -> list[Box]:
    """Return the boxes of a trajectory with limits that can be read aloud."""
    boxes = list[Box]([{}])
    for box, side in found.trajectory[1:]:
        assert side is not None
        boxes.append({**boxes[-1], side: found.rounded(side, box[side])})
    return boxes


def _reproduced(
    x: Floats, y: Floats, is_label: Bools, rng: np.random.Generator
) -> dict[int, float]:
    """Return the share of resamples in whose box an input is restricted, if in any."""
    counts = Counter[int]()
    for _ in range(RESAMPLES):
        some = np.sort(rng.permutation(len(y))[: int(_RESAMPLED * len(y))])
        counts.update(restricted(search(x[some], y[some], is_label).box))
    return {column: counts[column] / RESAMPLES for column in sorted(counts)}
