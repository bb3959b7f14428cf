r"""How well the laws forecast cases that they were not fitted to: each case left out in turn.

The score of a place is the mean Brier score of P(fell by n), n over the days of the class after
that of contact, given that it was under attack at the end of that day. Places of a case are
averaged, and cases weigh equally, for a case is what is independent. The references are the shares
of the other cases: of all their rows, and of those with the same momentum. Skill is
:math:`1 - \bar s / \bar s_{reference}`; over shares that know momentum it is the harder one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats
from sim.world.reference_class.fit import Surface, with_medians
from sim.world.reference_class.laws import Laws
from sim.world.reference_class.replay import DAYS, REPLICATIONS, falls_elsewhere, replay
from sim.world.reference_class.rows import FELL, Row
from sim.world.reference_class.tables import incidence, standing

LATER = DAYS[1:]


@dataclass(frozen=True)
class Scores:
    """Mean Brier scores of the places of a case: lower is better, 0 is perfect."""

    case: str
    n: int
    laws: float
    pooled: float
    split: float


def skill(scores: Sequence[Scores], over: str) -> float:
    """Return the skill over a reference (``pooled`` or ``split``), cases weighing equally.

    NaN over a reference that is perfect.
    """
    ours = sum(score.laws for score in scores)
    theirs = sum(score.pooled if over == "pooled" else score.split for score in scores)
    return 1.0 - ours / theirs if theirs > 0.0 else math.nan


def leave_one_out(
    rows: Sequence[Row],
    laws: Laws,
    surface: Surface,
    n: int = REPLICATIONS,
    *,
    foresight: bool = False,
) -> list[Scores]:
    """Score each case by laws and shares of the others.

    Parameters
    ----------
    rows : list of Row
    laws : Laws
        What is not fitted, and the spreads of what is.
    surface : Surface
        The likelihood of all rows.
    n : int
        Replications of each place.
    foresight : bool
        Whether the laws are told of the falls elsewhere that came after the day of contact. The
        shares are not; so it is no fair comparison, but says what knowing the shocks is worth.
    """

    def falls(row: Row, fitted: Laws) -> Floats:
        return falls_elsewhere(row, rows, fitted, LATER[-1] if foresight else 0)

    found = []
    for number, case in enumerate(surface.cases):
        own = standing(row for row in rows if row.case == case)
        others = [row for row in rows if row.case != case]
        if not own:
            continue
        kept = np.array([float(other != case) for other in surface.cases])
        fitted = with_medians(laws, surface.best(kept)[0])
        by_row = []
        for place, row in enumerate(own):
            played = replay(fitted, falls(row, fitted), n, (number, place))
            shares = _share(others, None), _share(others, row.momentum)
            by_row.append([_brier(row, p) for p in (played.fell_given_standing[1:], *shares)])
        found.append(Scores(case, len(own), *map(float, np.mean(by_row, axis=0))))
    return found


def _share(others: Sequence[Row], momentum: bool | None) -> Floats:
    """Return the share of other cases' places that fell; of all where none has that momentum."""
    known = standing(others)
    chosen = [row for row in known if momentum in (None, row.momentum)] or known
    return incidence(chosen, days=LATER, resamples=1).share


def _brier(row: Row, p: Floats) -> float:
    happened = np.array([row.end == FELL and row.days <= day for day in LATER])
    return float(np.mean((p - happened) ** 2))
