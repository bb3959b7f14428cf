"""What the rows say by themselves: cumulative incidences with brackets, hazards by day.

Days count from the day of contact: who falls on it falls on day 0, and P(fall by n) is that of a
fall within n days of that day. *Standing* is who still stood at its end. A place that did not fall
counts as not fallen at every horizon; breaking off competes, and only a record that stops while
the place is contested is censored. Brackets resample whole cases of a set, for the rows of a case
are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.analysis.competing import aalen_johansen, piecewise_hazards
from sim.analysis.first_passage import Floats, Ints
from sim.world.reference_class.rows import ADMINISTRATIVE, BROKEN_OFF, FELL, Row

LEVEL = 0.9
RESAMPLES = 10_000
SEED = 0
DAYS = tuple(range(31))
#: First and last days of the pieces in which hazards are taken as constant.
PIECES = ((0, 0), (1, 1), (2, 2), (3, 7), (8, 14), (15, 30), (31, 90))
CODES = {ADMINISTRATIVE: 0, FELL: 1, BROKEN_OFF: 2}

Choice = Callable[[Row], bool]


@dataclass(frozen=True)
class Incidence:
    """P(ended so by day n) with brackets; each shape (n_days,)."""

    share: Floats
    low: Floats
    high: Floats


def momentum_and_big(momentum: bool | None, big: bool | None) -> Choice:
    """Return the choice of rows with these flags; None takes both."""
    return lambda row: momentum in (None, row.momentum) and big in (None, row.is_big)


def standing(rows: Iterable[Row], day: int = 0) -> list[Row]:
    """Return the rows of places that still stood, and were attacked, at the end of a day."""
    return [row for row in rows if row.days > day]


def cases(rows: Iterable[Row]) -> list[str]:
    """Return the cases of some rows, in the order in which they come."""
    return list(dict.fromkeys(row.case for row in rows))


def ends(rows: Sequence[Row]) -> tuple[Ints, Ints]:
    """Return days and codes (:data:`CODES`) of the ends of some rows."""
    days = np.array([row.days for row in rows], dtype=np.int64)
    return days, np.array([CODES[row.end] for row in rows], dtype=np.int64)


def resampled(n_cases: int, n: int = RESAMPLES, seed: int = SEED) -> Ints:
    """Return how often each case comes in each of n resamples of as many, shape (n, n_cases)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_cases, np.full(n_cases, 1.0 / n_cases), size=n)


def incidence(
    rows: Sequence[Row], end: str = FELL, days: Sequence[int] = DAYS, resamples: int = RESAMPLES
) -> Incidence:
    """Return the cumulative incidence of an end, with 90 % brackets.

    Parameters
    ----------
    rows : list of Row
        At least one.
    end : str
        ``fell`` or ``broken_off``.
    days : list of int
    resamples : int
        Resamples of whole cases that the brackets are made of, from a fixed seed.
    """
    grid = np.array(days, dtype=np.float64)
    times, codes = ends(rows)
    known = cases(rows)
    of_row = [known.index(row.case) for row in rows]
    weights = resampled(len(known), resamples)[:, of_row].astype(np.float64)

    def estimate(weights: Floats) -> Floats:
        return aalen_johansen(
            times.astype(np.float64), codes, cause=CODES[end], grid=grid, weights=weights
        )

    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(estimate(weights), [tail, 1.0 - tail], axis=0)
    return Incidence(estimate(np.ones(len(rows))), low, high)


def never(n: int) -> float:
    """Return the exact binomial upper end of a share of which none of n came.

    Resampling has no spread there. It takes rows as independent, which those of a case are not.
    """
    return 1.0 - float(((1.0 - LEVEL) / 2.0) ** (1.0 / n))


def hazards(rows: Sequence[Row], pieces: Sequence[tuple[int, int]] = PIECES) -> Floats:
    """Return falls by place-day at risk in each piece of days; 0 where nobody was at risk."""
    times, codes = ends(rows)
    fell, at_risk = piecewise_hazards(times, codes, cause=CODES[FELL], pieces=pieces)
    return fell / np.maximum(at_risk, 1)
