r"""Fit the rates of ``assault`` and ``collapse`` to the rows: what the rows can tell, and no more.

The medians of tempo, contact rate and shock rate are fitted together; all else is held where the
world layer ships it, for the rows do not tell it apart (``base_rate`` from ``shock_rate``, the
memory of shocks, and how spread divides among places, armies and engagements).

A row is followed to the first of: its fall, its attack breaking off, :data:`FOLLOWED` days. The
likelihood of a row is that of what it says: on this day a fall, or on this day the end of the
attack, or neither by then, with contact at four hours of its day, and along the shock of the falls
that its own case really had. With S the chance to be neither stormed nor broken off, and L the load
of the hazard of ``collapse``,

.. math:: P(\text{broken off on a day}) = \int e^{-L(t)/R}\, dB(t), \qquad
          P(\text{fell on it}) = [S e^{-L/R}]_{t_2}^{t_1} - P(\text{broken off on it}).

The resolve R of a place is integrated out by row, that of an army by case: rows of a case are not
independent. There is no simulation in it. Cases are resampled for the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import minimize
from scipy.special import logsumexp, ndtr

from sim.analysis.first_passage import Floats, Ints
from sim.world.reference_class.laws import Laws, Lognormal
from sim.world.reference_class.replay import faded, falls_elsewhere
from sim.world.reference_class.rows import BROKEN_OFF, FELL, HELD_OUT, Row
from sim.world.reference_class.tables import cases, resampled

FOLLOWED = 30
FITTED = ("tempo", "contact_rate", "shock_rate")
#: Between these the medians are sought: a fit at an end says that the rows do not bound it.
LOW, HIGH = np.array([0.002, 0.002, 0.005]), np.array([1.0, 1.0, 5.0])
#: Points a side of the lattice over their logarithms on which the likelihood is worked out.
LATTICE = 9

#: Cells of time a day, the hours of contact in them, and the parts of the day of an end.
CELLS = 8
HOURS = np.arange(1, CELLS, 2) / CELLS
PARTS = 4


@dataclass(frozen=True)
class Surface:
    """The log-likelihood of each case over a lattice of the logarithms of what is fitted.

    ``values`` has shape (n, n, n, n_cases).
    """

    axes: tuple[Floats, Floats, Floats]
    values: Floats
    cases: tuple[str, ...]

    def best(self, weights: Floats | None = None) -> tuple[Floats, float]:
        """Return where the likelihood is largest, as medians, and its logarithm there.

        ``weights`` says how often each case counts, once by default.
        """
        counts = np.ones(len(self.cases)) if weights is None else weights
        total = self.values @ counts
        smooth = RegularGridInterpolator(self.axes, total, method="cubic")
        start = np.unravel_index(np.argmax(total), total.shape)
        first = [axis[i] for axis, i in zip(self.axes, start, strict=True)]
        bounds = [(axis[0], axis[-1]) for axis in self.axes]
        found = minimize(
            lambda at: -float(smooth(at)[0]),
            first,
            method="Nelder-Mead",
            bounds=bounds,
            options={"xatol": 0.003, "fatol": 0.001},
        )
        return np.exp(found.x), -float(found.fun)


@dataclass(frozen=True)
class Fit:
    """What is fitted, with draws over resampled cases; medians in the order of :data:`FITTED`.

    ``draws`` has shape (n_draws, 3); ``mean`` and ``covariance`` are of their logarithms.
    """

    best: Floats
    log_likelihood: float
    draws: Floats

    @property
    def mean(self) -> Floats:
        """Mean of the logarithms of the draws."""
        return np.asarray(np.log(self.draws).mean(axis=0))

    @property
    def covariance(self) -> Floats:
        """Covariance of the logarithms of the draws."""
        return np.cov(np.log(self.draws), rowvar=False)

    def interval(self, level: float = 0.9) -> Floats:
        """Return the middle ``level`` of the draws of each, shape (3, 2)."""
        tail = (1.0 - level) / 2.0
        return np.quantile(self.draws, [tail, 1.0 - tail], axis=0).T


def fit(rows: Sequence[Row], laws: Laws, n_draws: int = 400, lattice: int = LATTICE) -> Fit:
    """Fit the medians of :data:`FITTED` to rows, and to resamples of their cases.

    Raises
    ------
    ValueError
        If a row is of a case that is held out.
    """
    surface = likelihood(rows, laws, lattice)
    best, value = surface.best()
    counts = resampled(len(surface.cases), n_draws).astype(np.float64)
    return Fit(best, value, np.array([surface.best(weights)[0] for weights in counts]))


def with_medians(laws: Laws, medians: Sequence[float] | Floats) -> Laws:
    """Return laws with these medians of what is fitted, their spreads as they were."""
    tempo, contact, shock = (
        Lognormal(float(median), getattr(laws, name).sigma)
        for name, median in zip(FITTED, medians, strict=True)
    )
    return replace(laws, tempo=tempo, contact_rate=contact, shock_rate=shock)


def likelihood(rows: Sequence[Row], laws: Laws, lattice: int = LATTICE) -> Surface:
    """Return the log-likelihood of each case over the lattice."""
    if out := HELD_OUT.intersection(row.case for row in rows):
        raise ValueError(f"held out of every fit: {', '.join(sorted(out))}")
    followed = _Followed(rows, laws)
    axes = [np.linspace(np.log(a), np.log(b), lattice) for a, b in zip(LOW, HIGH, strict=True)]
    values = np.empty((lattice, lattice, lattice, len(followed.cases)))
    for i, log_tempo in enumerate(axes[0]):
        first = _first_attack(laws, float(np.exp(log_tempo)))
        for j, k in product(range(lattice), repeat=2):
            contact, shock = np.exp(axes[1][j]), np.exp(axes[2][k])
            values[i, j, k] = followed.log_likelihoods(first, float(contact), float(shock))
    return Surface((axes[0], axes[1], axes[2]), values, tuple(followed.cases))


# The first attack on a place.


@dataclass(frozen=True)
class _FirstAttack:
    """What assaults alone do by the end of each cell of time, each shape (n_cells + 1,).

    ``open`` is the chance to be neither stormed nor broken off, ``broken`` that to be broken off.
    """

    open: Floats
    broken: Floats


def _first_attack(laws: Laws, tempo: float) -> _FirstAttack:
    """Integrate the race of the two clocks over tempo and effectiveness."""
    times = np.arange((FOLLOWED + 1) * CELLS + 1) / CELLS
    log_tempo, tempo_weights = _normal(41, laws.tempo_luck.sigma)
    log_edge, edge_weights = _normal(15, laws.effectiveness.sigma)
    pace = (log_tempo[:, None] + np.log(tempo))[..., None]
    edge = log_edge[None, :, None]
    with np.errstate(divide="ignore"):
        now = np.log(times)

    def done(loss: float, tolerance: Lognormal, lead: Floats) -> Floats:
        share = np.log(loss / tolerance.median) + now + pace + lead
        return np.asarray(ndtr(share / tolerance.sigma))

    stormed = done(laws.defender_loss, laws.defender_tolerance, edge)
    broken = done(laws.attacker_loss, laws.attacker_tolerance, -edge)
    holds = 1.0 - (stormed[..., 1:] + stormed[..., :-1]) / 2.0
    weights = (tempo_weights[:, None] * edge_weights)[..., None]
    breaking = (weights * np.diff(broken) * holds).sum(axis=(0, 1))
    is_open = (weights * (1.0 - stormed) * (1.0 - broken)).sum(axis=(0, 1))
    return _FirstAttack(is_open, np.concatenate([[0.0], np.cumsum(breaking)]))


# Rows along their cases.


class _Followed:
    """Rows on the day of their end, for each hour of contact; arrays (n_rows, n_hours, ...)."""

    def __init__(self, rows: Sequence[Row], laws: Laws) -> None:
        self.laws, self.cases = laws, cases(rows)
        self.of_case = np.array([self.cases.index(row.case) for row in rows])
        ends = [row.end if row.days <= FOLLOWED else "" for row in rows]
        self.fell = np.array([end == FELL for end in ends])
        self.broke = np.array([end == BROKEN_OFF for end in ends])
        self.cells = self.bounds(rows)
        sides = np.concatenate([self.cells[..., :1], self.cells[..., -1:]], axis=-1)
        middles = (self.cells[..., 1:] + self.cells[..., :-1]) / 2.0
        self.times = np.concatenate([sides, middles], axis=-1) / CELLS
        self.fresh = faded(self.times, laws, laws.no_longer_fresh)
        self.shock = np.stack(
            [self.shock_of(row, rows, at) for row, at in zip(rows, self.times, strict=True)]
        )
        places, place_weights = _normal(7, laws.place_resolve.sigma)
        armies, self.army_weights = _normal(31, laws.army_resolve.sigma)
        self.resolve = np.exp(places[:, None] + armies)
        self.place_weights = place_weights[:, None]

    @staticmethod
    def bounds(rows: Sequence[Row]) -> Ints:
        """Return the cells in which each part of the day of an end begins and the last one ends."""
        days = np.array([min(row.days, FOLLOWED) for row in rows])[:, None, None]
        parts = np.arange(PARTS + 1) * (CELLS // PARTS)
        found = (days - HOURS[:, None]) * CELLS + parts
        return np.maximum(0, np.rint(found).astype(np.int64))

    def shock_of(self, row: Row, rows: Sequence[Row], times: Floats) -> Floats:
        """Integrate the shock of the falls elsewhere from contact to some times, (n_hours, n)."""
        falls = falls_elsewhere(row, rows, self.laws, FOLLOWED)
        when = (falls[:, None] + HOURS).ravel()[:, None, None]
        contact = HOURS[:, None]
        since = faded(contact + times - when, self.laws) - faded(contact - when, self.laws)
        return np.asarray(since.sum(axis=0) / len(HOURS))

    def log_likelihoods(self, first: _FirstAttack, contact: float, shock: float) -> Floats:
        """Return the log-likelihood of each case."""
        base = self.laws.base_rate.median
        load = base * self.times + contact * self.fresh + shock * self.shock
        holds = np.exp(-load[..., None, None] / self.resolve)
        breaking = np.diff(first.broken[self.cells])[..., None, None]
        breaks = (breaking * holds[:, :, 2:]).sum(axis=2)
        stood = first.open[self.cells[..., 0]][..., None, None] * holds[:, :, 0]
        stands = first.open[self.cells[..., -1]][..., None, None] * holds[:, :, 1]
        fell, broke = (some[:, None, None, None] for some in (self.fell, self.broke))
        told = np.where(fell, stood - stands - breaks, np.where(broke, breaks, stands))
        by_army = (told * self.place_weights).sum(axis=2).mean(axis=1)
        by_case = np.zeros((len(self.cases), by_army.shape[1]))
        np.add.at(by_case, self.of_case, np.log(np.maximum(by_army, 1e-300)))
        return np.asarray(logsumexp(by_case, axis=1, b=self.army_weights))


def _normal(n: int, sigma: float, reach: float = 4.0) -> tuple[Floats, Floats]:
    """Return points and weights of a centred normal law: evenly spaced, for what it is to hold."""
    points = np.linspace(-reach, reach, n)
    weights = np.exp(-(points**2) / 2.0)
    return sigma * points, weights / weights.sum()
