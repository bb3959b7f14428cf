r"""Fit the rates of ``assault`` and ``collapse`` to the rows: what the rows can tell, and no more.

The medians of tempo, contact rate and shock rate are fitted together; all else is held where the
world layer ships it, for the rows do not tell it apart (``base_rate`` from ``shock_rate``, the
memory of shocks, and how spread divides among places, armies and engagements).

A row is followed to the first of: its fall, its attack breaking off, :data:`FOLLOWED` days. Were
all hours known, the likelihood of a case would be a product over its places of the density of what
happened when it did,

.. math:: g(t)\, e^{-L(t)/R} + [\text{fell}]\, G(t)\, h(t)/R\, e^{-L(t)/R}

with g the density of being stormed, or of the attack breaking off, G the chance of neither yet, h
the hazard of ``collapse`` along the falls that came before and L its integral. Rows tell days: the
product is averaged over hours, drawn once and for all places of a case together, so that of two
that fall on a day only the later one feels the other. The resolve R of a place is integrated out
by place, that of an army by case. Cases are resampled for the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import minimize
from scipy.special import logsumexp, ndtr

from sim.analysis.first_passage import Floats
from sim.world.reference_class.laws import Laws, Lognormal
from sim.world.reference_class.replay import faded
from sim.world.reference_class.rows import BROKEN_OFF, FELL, HELD_OUT, Row
from sim.world.reference_class.tables import cases, resampled

FOLLOWED = 30
FITTED = ("tempo", "contact_rate", "shock_rate")
#: Between these the medians are sought: a fit at an end says that the rows do not bound it.
LOW, HIGH = np.array([0.002, 0.002, 0.005]), np.array([1.0, 1.0, 5.0])
#: Points a side of the lattice over their logarithms on which the likelihood is worked out.
LATTICE = 9
DRAWS = 400

#: Draws of the hours of a case over which its likelihood is averaged.
HOURS = 32
SEED = 0


@dataclass(frozen=True)
class Surface:
    """The log-likelihood of each case over a lattice of the logarithms of what is fitted.

    ``values`` has shape (n, n, n, n_cases).
    """

    axes: tuple[Floats, Floats, Floats]
    values: Floats
    cases: tuple[str, ...]

    def best(
        self, weights: Floats | None = None, *, contagion: bool = True
    ) -> tuple[Floats, float]:
        """Return where the likelihood is largest, as medians, and its logarithm there.

        Parameters
        ----------
        weights : float64 array, shape (n_cases,)
            How often each case counts, once by default.
        contagion : bool
            If not, the shock rate stays at its lower end, and two medians are sought.
        """
        total = self.values @ (np.ones(len(self.cases)) if weights is None else weights)
        axes: tuple[Floats, ...] = self.axes
        if not contagion:
            total, axes = total[:, :, 0], axes[:2]
        smooth = RegularGridInterpolator(axes, total, method="cubic")
        start = np.unravel_index(np.argmax(total), total.shape)
        found = minimize(
            lambda at: -float(smooth(at)[0]),
            [axis[i] for axis, i in zip(axes, start, strict=True)],
            method="L-BFGS-B",  # Nelder-Mead stays on an edge that it starts from
            bounds=[(axis[0], axis[-1]) for axis in axes],
        )
        return np.exp(found.x), -float(found.fun)

    def log_likelihood(self, medians: Sequence[float] | Floats) -> float:
        """Return the log-likelihood of all cases at some medians."""
        total = self.values.sum(axis=-1)
        return float(RegularGridInterpolator(self.axes, total, method="cubic")(np.log(medians))[0])


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


def fit(surface: Surface, n_draws: int = DRAWS) -> Fit:
    """Fit to all cases of a surface, and to resamples of them."""
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
    """Return the log-likelihood of each case over the lattice.

    Raises
    ------
    ValueError
        If a row is of a case that is held out.
    """
    if out := HELD_OUT.intersection(row.case for row in rows):
        raise ValueError(f"held out of every fit: {', '.join(sorted(out))}")
    followed = _Followed(rows, laws)
    axes = [np.linspace(np.log(a), np.log(b), lattice) for a, b in zip(LOW, HIGH, strict=True)]
    values = np.empty((lattice, lattice, lattice, len(followed.cases)))
    for i, log_tempo in enumerate(axes[0]):
        first = _FirstAttack(laws, float(np.exp(log_tempo)))
        for j, k in product(range(lattice), repeat=2):
            contact, shock = np.exp(axes[1][j]), np.exp(axes[2][k])
            values[i, j, k] = followed.log_likelihoods(first, float(contact), float(shock))
    return Surface((axes[0], axes[1], axes[2]), values, tuple(followed.cases))


# The first attack on a place.


class _FirstAttack:
    """What assaults alone do, by days since contact: densities, and the chance of nothing yet."""

    def __init__(self, laws: Laws, tempo: float) -> None:
        """Integrate the race of the two clocks over tempo and effectiveness."""
        log_tempo, tempo_weights = _normal(41, laws.tempo_luck.sigma)
        log_edge, edge_weights = _normal(15, laws.effectiveness.sigma)
        pace = (log_tempo[:, None] + np.log(tempo))[..., None]
        edge = log_edge[None, :, None]
        weights = (tempo_weights[:, None] * edge_weights)[..., None]
        self.grid = np.linspace(np.log(1e-4), np.log(FOLLOWED + 1.0), 300)

        def clock(loss: float, tolerance: Lognormal, lead: Floats) -> tuple[Floats, Floats]:
            log_share = np.log(loss / tolerance.median) + self.grid + pace + lead
            z = log_share / tolerance.sigma
            density = np.exp(-(z**2) / 2.0) / (tolerance.sigma * np.sqrt(2.0 * np.pi))
            return ndtr(-z), density * np.exp(-self.grid)

        stands, storming = clock(laws.defender_loss, laws.defender_tolerance, edge)
        attacks, breaking = clock(laws.attacker_loss, laws.attacker_tolerance, -edge)
        self.open = (weights * stands * attacks).sum(axis=(0, 1))
        self.storming = (weights * storming * attacks).sum(axis=(0, 1))
        self.breaking = (weights * breaking * stands).sum(axis=(0, 1))

    def at(self, days: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the chance of nothing yet, and the densities of a storm and of breaking off."""
        when = np.log(np.maximum(days, 1e-4))
        known = (self.open, self.storming, self.breaking)
        found = [np.interp(when, self.grid, values) for values in known]
        return found[0], found[1], found[2]


# Rows along their cases.


class _Followed:
    """Rows at the moment of their end, for each draw of hours; arrays (n_rows, n_hours)."""

    def __init__(self, rows: Sequence[Row], laws: Laws, n: int = HOURS) -> None:
        self.laws, self.cases = laws, cases(rows)
        self.of_case = np.array([self.cases.index(row.case) for row in rows])
        ends = [row.end if row.days <= FOLLOWED else "" for row in rows]
        self.fell = np.array([end == FELL for end in ends])[:, None]
        self.broke = np.array([end == BROKEN_OFF for end in ends])[:, None]
        contact, self.ends_at = _hours(rows, n)
        is_over = np.array([row.days <= FOLLOWED for row in rows])[:, None]
        end = np.where(is_over, self.ends_at, FOLLOWED + 1.0)
        self.lasted = end - contact
        # Of two hours of a day, one comes first: half of the square is possible.
        on_day_0 = np.array([row.days == 0 for row in rows])[:, None] & (self.fell | self.broke)
        self.measure = np.where(on_day_0, 0.5, 1.0)
        self.fresh = faded(self.lasted, laws, laws.no_longer_fresh)
        self.fresh_now = _level(self.lasted, laws, laws.no_longer_fresh)
        self.shock, self.shock_now = self.shocks(rows, contact, end)
        places, place_weights = _normal(7, laws.place_resolve.sigma)
        armies, self.army_weights = _normal(25, laws.army_resolve.sigma)
        self.resolve = np.exp(places[:, None] + armies)
        self.place_weights = place_weights[:, None]

    def shocks(self, rows: Sequence[Row], contact: Floats, end: Floats) -> tuple[Floats, Floats]:
        """Return the shock from contact to the end, integrated, and that at the end."""
        load, now = np.zeros_like(contact), np.zeros_like(contact)
        first = np.array([row.contact.toordinal() for row in rows], dtype=np.float64)[:, None]
        has_fallen = np.array([row.end == FELL for row in rows])
        for i, of in enumerate(self.of_case):
            others = np.flatnonzero((self.of_case == of) & has_fallen)
            others = others[others != i]
            fell = first[others] + self.ends_at[others] - first[i]
            load[i] = (faded(end[i] - fell, self.laws) - faded(contact[i] - fell, self.laws)).sum(0)
            now[i] = _level(end[i] - fell, self.laws).sum(0)
        return load, now

    def log_likelihoods(self, first: _FirstAttack, contact: float, shock: float) -> Floats:
        """Return the log-likelihood of each case."""
        base = self.laws.base_rate.median
        load = base * self.lasted + contact * self.fresh + shock * self.shock
        hazard = base + contact * self.fresh_now + shock * self.shock_now
        is_open, storming, breaking = first.at(self.lasted)
        given_up = np.where(self.fell, is_open * hazard, 0.0)[..., None, None]
        plain = np.where(self.fell, storming, np.where(self.broke, breaking, is_open))
        told = np.exp(-load[..., None, None] / self.resolve) * (
            plain[..., None, None] + given_up / self.resolve
        )
        by_army = self.measure[..., None] * (told * self.place_weights).sum(axis=2)
        by_case = np.zeros((len(self.cases), *by_army.shape[1:]))
        np.add.at(by_case, self.of_case, np.log(np.maximum(by_army, 1e-300)))
        weights = np.broadcast_to(self.army_weights / by_case.shape[1], by_case.shape[1:])
        return np.asarray(logsumexp(by_case, axis=(1, 2), b=weights))


def _hours(rows: Sequence[Row], n: int) -> tuple[Floats, Floats]:
    """Draw when contact and end of each row were, in days from midnight of its first day."""
    contact, end = np.random.default_rng(SEED).uniform(size=(2, len(rows), n))
    days = np.array([row.days for row in rows], dtype=np.float64)[:, None]
    first, last = np.minimum(contact, end), np.maximum(contact, end)
    at_once = days == 0.0
    return np.where(at_once, first, contact), days + np.where(at_once, last, end)


def _level(since: Floats, laws: Laws, lowest: float = 0.0) -> Floats:
    """Return what is left of a shock of 1 after some days; 0 before it. See ``faded``."""
    steps = np.floor(np.maximum(since, 0.0) / laws.step)
    level = np.where(since >= 0.0, laws.decay**steps, 0.0)
    return np.where(level * laws.decay**-1.0 > lowest, level, 0.0)


def _normal(n: int, sigma: float, reach: float = 4.0) -> tuple[Floats, Floats]:
    """Return points and weights of a centred normal law: evenly spaced, for what it is to hold."""
    points = np.linspace(-reach, reach, n)
    weights = np.exp(-(points**2) / 2.0)
    return sigma * points, weights / weights.sum()
