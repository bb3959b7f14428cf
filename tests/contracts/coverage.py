"""How often an interval ought to hold the truth, and how often it did.

What an interval does at a given n is known exactly, for it depends on the law of a count alone. The
expected figures are worked out here from the definitions, not by the functions under test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, norm, poisson

import sim
from sim.analysis.first_passage import FirstPassageCdf, wilson
from tests.contracts.laws import Model

#: Where in the chances of an outcome to look: shares of its probability by the horizon.
PLACES = (0.1, 0.5, 0.9)
LEVEL = 0.95


class Check(NamedTuple):
    """So many of n cases, each with probability p by theory."""

    what: str
    n_yes: int
    n: int
    p: float

    @property
    def deviation(self) -> float:
        """How far the count is from its law: standard errors with the same two-sided tail.

        The tail is that of the binomial law itself, for the normal one is far off where few or
        nearly all are expected.
        """
        tail = min(binom.cdf(self.n_yes, self.n, self.p), binom.sf(self.n_yes - 1, self.n, self.p))
        return max(0.0, float(norm.isf(tail)))


class Run(NamedTuple):
    """What is looked at of one ensemble."""

    times: np.ndarray
    #: Incidence of each cause at the days of :func:`days`
    incidence: Mapping[str, np.ndarray]


@cache
def days(model: Model) -> np.ndarray:
    """Return the days at which to look."""
    law = model.law()
    whole = float(law.cdf(np.array(model.horizon)))
    return np.array([law.quantile(place * whole) for place in PLACES])


@cache
def runs(model: Model, repetitions: int) -> list[Run]:
    """Return ensembles under seeds 0, 1, 2, ..."""
    found = []
    for seed in range(repetitions):
        made = sim.run(model.scenario(), replications=model.n, seed=seed, workers=1)
        by_cause = made.incidence(model.outcome, days(model)) if model.causes else {}
        found.append(Run(made.times(model.outcome), by_cause))
    return found


# Proportions.

Ends = tuple[float, float]


def score_coverage(n: int, p: float, level: float = LEVEL) -> float:
    r"""Return the exact coverage of Wilson's interval: a sum over the binomial law.

    By its definition it holds p where :math:`|k - np| \le z \sqrt{np(1-p)}` (Wilson 1927).
    """
    k = np.arange(n + 1)
    z = ndtri(0.5 + level / 2.0)
    holds = np.abs(k - n * p) <= z * math.sqrt(n * p * (1.0 - p))
    return float(binom.pmf(k, n, p)[holds].sum())


def of_proportions(
    model: Model, found: list[Run], interval: Callable[[np.ndarray, float], Ends]
) -> Iterator[Check]:
    """Check intervals of P(T <= t)."""
    for t, p in zip(days(model), model.law().cdf(days(model)), strict=True):
        ends = [interval(run.times, t) for run in found]
        n_held = sum(low <= p <= high for low, high in ends)
        yield Check(f"P(T <= {t:.2f})", n_held, len(found), score_coverage(model.n, p))


# Quantiles.


def ranks(n: int, p: float, level: float = LEVEL) -> tuple[int, int]:
    """Return the ranks, from 0, of the order statistics at the ends; -1 and n for none.

    The highest and the lowest that each leave the quantile outside with at most half of the rest
    (David & Nagaraja 2003, section 7.1).
    """
    tail = (1.0 - level) / 2.0
    below = np.cumsum(binom.pmf(np.arange(n + 1), n, p))
    low = max((r for r in range(n) if below[r] <= tail), default=-1)
    high = min(r for r in range(n + 1) if below[r] >= 1.0 - tail)
    return low, high


def of_quantiles(
    model: Model, found: list[Run], interval: Callable[[np.ndarray, float], Ends]
) -> Iterator[Check]:
    """Check how often intervals of quantiles lie above the truth, and how often below.

    One by one: a shift by one rank hardly changes how often they hold it.
    """
    law, n = model.law(), model.n
    for q in days(model):
        p = float(law.cdf(q))
        low, high = ranks(n, p)
        ends = [interval(run.times, p) for run in found]
        n_above = sum(end[0] > q for end in ends)
        n_below = sum(end[1] < q for end in ends)
        what = f"{100 * p:.1f} %-quantile"
        yield Check(f"{what}, too late", n_above, len(found), float(binom.cdf(low, n, p)))
        yield Check(f"{what}, too early", n_below, len(found), float(binom.sf(high, n, p)))


# The whole curve.


def band_coverage(n: int, half: float, whole: float = 1.0) -> float:
    r"""Return P(:math:`|F_n - F| \le` ``half`` wherever F is at most ``whole``), exactly.

    The law of F does not matter if it is continuous; take it uniform. Then n F_n is a Poisson
    process of rate n, given that it comes to n at 1, and the band bounds it from both sides by
    whole numbers, which change at so many points. From point to point this is a convolution, and
    what is outside is left out (a boundary-crossing recursion, as Noé, Ann. Math. Stat. 43, 58,
    1972, has one).
    """
    # Just before (k / n - half) at most k - 1 have come, just after (k / n + half) at least k + 1.
    k = np.arange(n + 1)
    points = [(at, "most", j - 1) for j, at in zip(k, k / n - half, strict=True) if 0 < at < whole]
    points += [(at, "least", j + 1) for j, at in zip(k, k / n + half, strict=True) if at < whole]
    points.append((whole, "most", math.floor(n * (whole + half) + 1e-9)))
    points.append((whole, "least", math.ceil(n * (whole - half) - 1e-9)))
    law, last = (k == 0).astype(float), 0.0
    for at, side, bound in sorted(points):
        law = np.convolve(law, poisson.pmf(k, n * (at - last)))[: n + 1]
        law[k > bound if side == "most" else k < bound] = 0.0
        last = at
    to_come = poisson.pmf(n - k, n * (1.0 - whole))
    return float((law * to_come).sum() / poisson.pmf(n, n))


def half_width(n: int, level: float = LEVEL) -> float:
    """Return the half width of Dvoretzky, Kiefer & Wolfowitz with the constant of Massart 1990."""
    return math.sqrt(math.log(2.0 / (1.0 - level)) / (2.0 * n))


def of_bands(
    model: Model,
    found: list[Run],
    curve: Callable[[np.ndarray, np.ndarray, float], FirstPassageCdf],
) -> Iterator[Check]:
    """Check that a band holds the law at every time: at each jump, and just before it."""
    law, n_held = model.law(), 0
    for run in found:
        came = run.times[np.isfinite(run.times)]
        grid = np.sort(np.concatenate([came, np.nextafter(came, 0.0), [model.horizon]]))
        made = curve(run.times, grid, model.horizon)
        truth = law.cdf(grid)
        n_held += bool(((made.band_low <= truth) & (truth <= made.band_high)).all())
    whole = float(law.cdf(np.array(model.horizon)))
    p = band_coverage(model.n, half_width(model.n), whole)
    yield Check("the whole curve", n_held, len(found), p)


# Causes.


def of_causes(
    model: Model,
    found: list[Run],
    incidence: Callable[[Run], Mapping[str, np.ndarray]],
) -> Iterator[Check]:
    """Check incidences by cause: their mean, and how often Wilson's interval of each holds it."""
    made = [incidence(run) for run in found]
    nothing = np.zeros(len(PLACES))
    for cause in model.causes:
        counts = np.rint([model.n * one.get(cause, nothing) for one in made]).astype(int)
        for j, t in enumerate(days(model)):
            p = float(model.law_of(cause).cdf(t))
            low, high = wilson(counts[:, j], model.n)
            n_held = int(((low <= p) & (p <= high)).sum())
            what = f"{cause} by {t:.2f}"
            yield Check(f"{what}, mean", int(counts[:, j].sum()), model.n * len(found), p)
            yield Check(f"{what}, interval", n_held, len(found), score_coverage(model.n, p))
