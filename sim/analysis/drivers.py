r"""Which unknown inputs a probability hangs on: first-order indices from the ensemble as it is.

Let :math:`p(X)` be the probability of an event given all unknown inputs, luck averaged out. The
index of input i is its share of what ignorance does to that probability,

.. math:: S_i = \operatorname{Var}(E[p(X) \mid X_i]) / \operatorname{Var}(p(X)),

which is by how much the variance would shrink, on average, if that input alone became known
(Saltelli et al., *Global Sensitivity Analysis*, 2008, 1.2.15). Luck is in neither variance: divided
by that of the event itself, indices of a chancy event would all be small, whatever drives it.

The numerator is estimated from given data (Plischke, Borgonovo & Smith, Eur. J. Oper. Res. 226,
536, 2013; "correlation ratios" since Pearson, 1905): cut the replications into B classes of equal
numbers by :math:`X_i`, take the variance between the classes' shares. By chance alone that is
:math:`(B-1)\sigma^2/n` on average, which is taken off, as in the analysis of variance. What varies
within a class is added again as far as it is straight: :math:`d_b^2/12`, with :math:`d_b` the
slope between neighbouring classes (the first term of Taylor's, as in Sheppard, 1898). The
denominator is that of the nested replications (:func:`sim.analysis.nested.spread`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from sim.analysis.first_passage import Floats, Ints
from sim.analysis.nested import Bools, spread

#: An input: numbers, or labels as integers.
Values = npt.NDArray[np.generic]

#: How often, at most, an event that hangs on no input gets one listed, all inputs together.
FALSE_ALARMS = 0.01
#: As many are listed, at the most.
MOST = 10
#: An event has to come, and to fail to come, in so many replications.
FEWEST_EVENTS = 50
#: Numbers of classes: the largest whose cube is at most twice the number of replications (their
#: bias then shrinks faster than their noise); half as many for a rare event, down to the fewest.
_CLASSES = (40, 20, 10)
_FEWEST_CLASSES = 5
_EVENTS_PER_CLASS = 10
#: A label is counted with other rare ones where fewer events than this are to be expected.
_EVENTS_PER_LABEL = 5.0
_RESAMPLES = 400
#: Replications that are counted at a time: memory is not to grow with their number.
_AT_A_TIME = 1 << 20
_SEED = 20_130_513
#: The eight bits of each byte, shape (8, 256).
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[None], axis=0, bitorder="little") * 1.0
#: Into so many stretches an input is cut where it is shown what it does.
_STRETCHES = 5


class Given(NamedTuple):
    """How often the event came where the input was a label, or ``start`` and more.

    A stretch reaches to the start of the next.
    """

    start: float
    probability: float


@dataclass(frozen=True)
class Driver:
    """An input's index with the ends of its 95 % interval; ``place`` is that of the input.

    ``given`` has the fifths of a number in their order (fewer where a value is common), and the
    labels that are not rare in theirs.
    """

    place: int
    index: float
    low: float
    high: float
    given: tuple[Given, ...] = ()


@dataclass(frozen=True)
class Drivers:
    """What an event hangs on.

    ``found`` are the inputs above the noise, the largest index first. ``floor`` is the least index
    that an input of many values needs for that; None if nothing could be estimated, for which
    ``reason`` then says why. ``unknown`` is the share of the event's variance that lies in the
    unknown inputs, not in luck.
    """

    found: tuple[Driver, ...] = ()
    floor: float | None = None
    unknown: float | None = None
    reason: str = ""


def drivers(
    inputs: Iterable[Values],
    events: Sequence[Bools],
    groups: Sequence[Ints],
    m: int,
) -> list[Drivers]:
    """Return what events hang on, by first-order indices of the inputs.

    Intervals are by bootstrap: of classes and their shares (drawn in so that they vary between
    themselves as they are estimated to), and of groups. The noise floor is where the estimate of
    an input that matters for nothing lies once in a hundred times, all inputs together: a scaled
    chi-squared law (Satterthwaite, Biometrics Bull. 2, 110, 1946), by Bonferroni. No number of it
    depends on anything but the data.

    Parameters
    ----------
    inputs : iterable of arrays, shape (n_replications,)
        A column each, looked at one by one: floats in order of size, integers as labels.
    events : sequence of bool arrays, shape (n_replications,)
        Whether each event came.
    groups : sequence of int arrays, shape (n_groups,)
        In how many of m nested replications each event came, which share the inputs of a group.
    m : int
        At least 2.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> x, y = random.uniform(size=(2, 10_000))
    >>> came = random.uniform(size=10_000) < x
    >>> groups = random.binomial(32, random.uniform(size=3_000))
    >>> [(one.place, round(one.index, 1)) for one in drivers([x, y], [came], [groups], 32)[0].found]
    [(0, 1.0)]
    """
    if not events:
        return []
    tables = _counted(inputs, events)
    if not tables:
        return [Drivers(reason="nothing is unknown") for _ in events]
    return [_driven(tables, k, of_groups, m) for k, of_groups in enumerate(groups)]


class _Kind(Enum):
    """What the classes of an input are: labels, its few values, or stretches of many."""

    LABELS, FEW, MANY = range(3)


@dataclass(frozen=True)
class _Counts:
    """Replications and events in the classes of inputs; a class of nothing is none."""

    #: Which inputs, shape (n_inputs,).
    places: Ints
    #: shape (n_inputs, n_classes)
    n: Floats
    #: shape (n_events, n_inputs, n_classes)
    events: Floats
    #: The least value of each class, as ``n``.
    starts: Floats
    kind: _Kind


def _counted(inputs: Iterable[Values], events: Sequence[Bools]) -> list[_Counts]:
    """Return the counts of inputs, those of a kind together."""
    n = len(events[0])
    n_classes = next((b for b in _CLASSES if b**3 <= 2 * n), _CLASSES[-1])
    eights = np.packbits(np.stack(events), axis=0, bitorder="little")
    rows: dict[_Kind, list[tuple[int, Floats, Floats]]] = {kind: [] for kind in _Kind}
    for place, x in enumerate(inputs):
        codes, starts, kind = _classes(x, n_classes)
        counts = _in_classes(codes, max(n_classes, len(starts)), eights)
        rows[kind].append((place, counts[: 1 + len(events)], starts))
    return [_stacked(found, kind) for kind, found in rows.items() if found]


def _in_classes(codes: Ints, width: int, eights: npt.NDArray[np.uint8]) -> Floats:
    """Return the numbers of replications and of each event by class, shape (1 + n_events, width).

    Events come eight at a time, as the bits of a number: one count then does for all eight.
    """
    numbers = np.zeros((len(eights), 256 * width), dtype=np.int64)
    for first in range(0, len(codes), _AT_A_TIME):
        rows = slice(first, first + _AT_A_TIME)
        begun = codes[rows].astype(np.int64) * 256
        for counts, eight in zip(numbers, eights, strict=True):
            counts += np.bincount(begun + eight[rows], minlength=256 * width)
    tables = [counts.reshape(width, 256) for counts in numbers]
    # Whole numbers: in whatever order they are summed.
    return np.concatenate([tables[0].sum(axis=1)[None], *(_BITS @ table.T for table in tables)])


def _stacked(rows: list[tuple[int, Floats, Floats]], kind: _Kind) -> _Counts:
    width = max(table.shape[1] for _, table, _ in rows)
    tables = [np.pad(table, ((0, 0), (0, width - table.shape[1]))) for _, table, _ in rows]
    starts = np.array([np.pad(starts, (0, width - len(starts))) for *_, starts in rows])
    counts = np.stack(tables, axis=1)
    return _Counts(np.array([row[0] for row in rows]), counts[0], counts[1:], starts, kind)


def _classes(x: Values, n_classes: int) -> tuple[Ints, Floats, _Kind]:
    """Return in which class each replication is, where classes start, and what kind they are.

    Classes by size are of equal numbers, but a value that fills one is a class by itself.
    """
    ordered = np.sort(x)
    edges = ordered[np.arange(1, n_classes) * len(x) // n_classes]
    is_label = np.issubdtype(x.dtype, np.integer)
    if is_label or np.any(edges[1:] == edges[:-1]):
        values = np.unique(ordered)
        if is_label or len(values) <= n_classes:
            kind = _Kind.LABELS if is_label else _Kind.FEW
            return np.searchsorted(values, x), values.astype(np.float64), kind
        full = edges[1:][edges[1:] == edges[:-1]]
        edges = np.union1d(edges, np.nextafter(full, np.inf))
        edges = edges[edges <= ordered[-1]]
    codes = np.zeros(len(x), dtype=np.uint8)
    for edge in edges:  # four times faster than a search for each
        codes += x >= edge
    starts = ordered[np.append(0, np.searchsorted(ordered, edges))]
    return codes, starts.astype(np.float64), _Kind.MANY


class _Ignorance(NamedTuple):
    """The variance of the event's probability over what is unknown, and by bootstrap."""

    variance: float
    resampled: Floats


@dataclass(frozen=True)
class _Variances:
    """Estimated variances of E[p | X_i] (``value``), and what they were estimated from.

    Arrays over inputs; ``noise`` was taken off the variance of the raw shares, ``floor`` is what
    the estimate of an input without effect reaches.
    """

    n: Floats
    shares: Floats
    is_even: Bools
    value: Floats
    noise: Floats
    floor: Floats


def _driven(tables: Sequence[_Counts], event: int, groups: Ints, m: int) -> Drivers:
    """Return what one event hangs on."""
    n, came = (int(counts.sum()) for counts in (tables[0].n[0], tables[0].events[event, 0]))
    if min(came, n - came) < FEWEST_EVENTS:
        what = "comes" if came < FEWEST_EVENTS else "fails to come"
        return Drivers(reason=f"it {what} in fewer than {FEWEST_EVENTS} replications")
    ignorance = _ignorance(np.asarray(groups) / m, m)
    if np.quantile(ignorance.resampled, 0.025) <= 0.0:
        return Drivers(reason="what is unknown moves it too little to be told from luck")
    alpha = FALSE_ALARMS / sum(len(table.places) for table in tables)
    made = [(table, _variances(table, event, came, alpha)) for table in tables]
    found = [
        _driver(table, event, v, row, ignorance)
        for table, v in made
        for row in _largest(np.where(v.value > v.floor, v.value, 0.0))
    ]
    found.sort(key=lambda driver: (-driver.index, driver.place))
    floor = max(float(v.floor.max()) for _, v in made) / ignorance.variance
    p = came / n
    unknown = min(1.0, ignorance.variance / (p * (1.0 - p)))
    why = "" if found else "no single input stands out from the noise"
    return Drivers(tuple(found[:MOST]), floor, unknown, why)


def _largest(values: Floats) -> Ints:
    """Return where the largest are, those of nothing left out."""
    order = np.argsort(-values, kind="stable")[:MOST]
    return order[values[order] > 0.0]


def _variances(table: _Counts, event: int, came: int, alpha: float) -> _Variances:
    """Return what each input explains of an event, the noise taken off."""
    n, events = table.n, table.events[event]
    total = n[0].sum()
    rarer = min(came, total - came)
    # Classes that ties have made unequal have no neighbours at a known distance.
    is_even = (np.ptp(n, axis=1) <= 2) & (table.kind is _Kind.MANY)
    if table.kind is not _Kind.MANY:
        n, events = _with_rare_together(n, events, _EVENTS_PER_LABEL * total / rarer)
    elif (by := _too_many(n.shape[1], rarer)) > 1:
        n, events = (a.reshape(len(a), -1, by).sum(axis=2) for a in (n, events))
    p = came / total
    shares = np.where(n > 0.0, events / np.maximum(n, 1.0), p)
    n_classes = (n > 0.0).sum(axis=1)
    within = (n * shares * (1.0 - shares)).sum(axis=1) / np.maximum(total - n_classes, 1.0)
    trace, square = _traces(n.shape[1], n_classes, is_even)
    noise = within / total * trace
    value = _variance_between(n / total, shares, is_even) - noise
    scale = np.divide(square, trace, out=np.ones(len(n)), where=trace > 0.0)
    quantile = chdtri(np.maximum(trace / scale, 1e-9), alpha)
    floor = np.where(trace > 0.0, within / total * (scale * quantile - trace), 0.0)
    return _Variances(n, shares, is_even, value, noise, floor)


def _too_many(n_classes: int, rarer: float) -> int:
    """Return how many neighbouring classes have to be one for enough of the rarer to be in each."""
    by = 1
    while n_classes / by > max(_FEWEST_CLASSES, rarer / _EVENTS_PER_CLASS):
        by *= 2
    return by


def _with_rare_together(n: Floats, events: Floats, least: float) -> tuple[Floats, Floats]:
    """Return counts in which labels of fewer replications than ``least`` are one class."""
    is_rare = n < least
    rest = [np.where(is_rare, a, 0.0).sum(axis=1, keepdims=True) for a in (n, events)]
    kept = [np.where(is_rare, 0.0, a) for a in (n, events)]
    together = [np.concatenate(pair, axis=1) for pair in zip(kept, rest, strict=True)]
    return together[0], together[1]


def _variance_between(weights: Floats, shares: Floats, is_even: Bools) -> Floats:
    """Return the variance between classes, and what is straight within them where it is known.

    Over the last axis; ``is_even`` lacks it.
    """
    mean = (weights * shares).sum(axis=-1, keepdims=True)
    between: Floats = (weights * (shares - mean) ** 2).sum(axis=-1)
    slopes = np.gradient(shares, axis=-1)
    return between + np.where(is_even, (slopes**2).mean(axis=-1) / 12.0, 0.0)


def _traces(width: int, n_classes: Ints, is_even: Bools) -> tuple[Floats, Floats]:
    """Return the traces of the form that :func:`_variance_between` is, and of its square.

    Of shares with variance 1/n within n replications it has these as n times its mean, and as half
    of n squared times its variance.
    """
    trace, square = _traces_of_even(width)
    plain = n_classes - 1.0
    return np.where(is_even, trace, plain), np.where(is_even, square, plain)


@cache
def _traces_of_even(width: int) -> tuple[float, float]:
    slopes = np.asarray(np.gradient(np.eye(width), axis=0))
    form = np.eye(width) - 1.0 / width + np.einsum("ki,kj->ij", slopes, slopes) / 12.0
    return float(np.trace(form)), float((form**2).sum())


def _driver(table: _Counts, event: int, v: _Variances, row: int, ignorance: _Ignorance) -> Driver:
    """Return an input's index with its interval, by bootstrap of its classes."""
    n, shares, total = v.n[row], v.shares[row], v.n[row].sum()
    weights, is_even = n / total, v.is_even[row]
    of_shares, of_weights = _normals(len(n))
    mean = float((weights * shares).sum())
    drawn_in = math.sqrt(v.value[row] / (v.value[row] + v.noise[row]))
    # A class in which nothing, or everything, came would have no error at all: half an event more.
    smooth = (n * shares + 0.5) / (n + 1.0)
    errors = np.sqrt(smooth * (1.0 - smooth) / np.maximum(n, 1.0))
    other = mean + drawn_in * (shares - mean) + of_shares * errors
    ways = np.maximum(weights + of_weights * np.sqrt(weights / total), 0.0)
    ways /= ways.sum(axis=1, keepdims=True)
    values = _variance_between(ways, other, np.full(len(ways), is_even)) - v.noise[row]
    low, high = np.quantile(np.clip(values / ignorance.resampled, 0.0, 1.0), [0.025, 0.975])
    index = min(1.0, float(v.value[row]) / ignorance.variance)
    given = _given(table, event, row)
    return Driver(int(table.places[row]), index, float(low), float(high), given)


def _given(table: _Counts, event: int, row: int) -> tuple[Given, ...]:
    """Return how often the event came by label, or by fifths of an input's values."""
    n, events, starts = table.n[row], table.events[event, row], table.starts[row]
    kept = n > 0.0
    if table.kind is _Kind.LABELS:
        rarer = min(events.sum(), n.sum() - events.sum())
        common = kept & (n * rarer >= _EVENTS_PER_LABEL * n.sum())
        kept = common if common.sum() > 1 else kept
    n, events, starts = n[kept], events[kept], starts[kept]
    if table.kind is not _Kind.LABELS:
        # By the middles of classes the least and the largest value are apart, however common one.
        stretches = (_STRETCHES * (np.cumsum(n) - n / 2.0) / n.sum()).astype(np.int64)
        _, firsts = np.unique(stretches, return_index=True)
        n, events = np.add.reduceat(n, firsts), np.add.reduceat(events, firsts)
        starts = starts[firsts]
    return tuple(Given(*pair) for pair in zip(starts.tolist(), (events / n).tolist(), strict=True))


@cache
def _normals(width: int) -> Floats:
    """Return the same normal draws for all inputs: shape (2, _RESAMPLES, width)."""
    return np.random.default_rng(_SEED).standard_normal((2, _RESAMPLES, width))


def _ignorance(shares: Floats, m: int) -> _Ignorance:
    """Return what ignorance makes vary, in these groups and in others of the same law."""
    rows = _choices(len(shares))
    # By sums of gathered numbers: a product of matrices depends on the number of processors.
    mean, square = shares[rows].mean(axis=1), (shares**2)[rows].mean(axis=1)
    raw = (square - mean**2) * len(shares) / (len(shares) - 1)
    return _Ignorance(spread(shares, m), raw - (mean - square) / (m - 1))


@cache
def _choices(n: int) -> Ints:
    return np.random.default_rng(_SEED).integers(n, size=(_RESAMPLES, n))
