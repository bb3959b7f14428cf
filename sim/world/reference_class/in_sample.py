"""Whether the replayed class looks like the class: a regression test of the laws, no validation.

Every row is replayed along the falls of its own case, rows are averaged, and the averages held
against the shares of the same rows with their 90 % brackets. The rows that the laws were fitted to
cannot say how well they forecast; that is asked of cases left out (``skill``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.analysis.first_passage import Floats
from sim.world.reference_class.laws import Laws
from sim.world.reference_class.replay import DAYS, REPLICATIONS, Replay, replay_all
from sim.world.reference_class.rows import BROKEN_OFF, FELL, Row
from sim.world.reference_class.tables import incidence, never

#: The case that weighs most: every figure is given without it, too.
LARGEST = "afghanistan_2021"


@dataclass(frozen=True)
class Comparison:
    """Shares of some rows by some days, and the same of their replays.

    Arrays have shape (n_days,). ``taken`` counts falls after an attack that broke off as well,
    which rows do not: only for reading.
    """

    rows: str
    what: str
    n: int
    days: tuple[int, ...]
    share: Floats
    low: Floats
    high: Floats
    replayed: Floats
    taken: Floats | None = None

    @property
    def is_inside(self) -> tuple[bool, ...]:
        """Whether each average lies within its bracket."""
        inside = (self.low <= self.replayed) & (self.replayed <= self.high)
        return tuple(map(bool, inside))


def in_sample(rows: Sequence[Row], laws: Laws, n: int = REPLICATIONS) -> list[Comparison]:
    """Compare rows with their replays, by momentum, with and without the largest case."""
    pairs = list(zip(rows, replay_all(rows, laws, n), strict=True))
    found: list[Comparison] = []
    for momentum, name in ((False, "no momentum"), (True, "momentum")):
        chosen = [(row, played) for row, played in pairs if row.momentum == momentum]
        found += _compared(name, chosen)
        without = [(row, played) for row, played in chosen if row.case != LARGEST]
        if 0 < len(without) < len(chosen):
            found += _compared(f"{name}, without {LARGEST}", without)
    return found


def _compared(name: str, pairs: Sequence[tuple[Row, Replay]]) -> Iterator[Comparison]:
    """Yield what is asked of one set: the day of contact, falls after it, attacks broken off."""
    if not pairs:
        return
    rows = [row for row, _ in pairs]
    yield _comparison(
        name, "fell on the day of contact", rows, (0,), [p.fell[:1] for _, p in pairs]
    )
    standing = [(row, played) for row, played in pairs if row.days > 0]
    if not standing:
        return
    rows, days = [row for row, _ in standing], DAYS[1:]
    fell = [played.fell_given_standing[1:] for _, played in standing]
    taken = np.mean([played.taken_given_standing[1:] for _, played in standing], axis=0)
    broken_off = [played.broken_off_given_standing[1:] for _, played in standing]
    yield _comparison(name, "fell", rows, days, fell, taken)
    yield _comparison(name, "broken off", rows, days, broken_off)


def _comparison(
    name: str,
    what: str,
    rows: Sequence[Row],
    days: tuple[int, ...],
    played: Sequence[Floats],
    taken: Floats | None = None,
) -> Comparison:
    found = incidence(rows, BROKEN_OFF if what == "broken off" else FELL, days)
    high = np.where(found.share > 0.0, found.high, never(len(rows)))
    replayed = np.mean(played, axis=0)
    return Comparison(
        name, what, len(rows), days, found.share, found.low, high, np.asarray(replayed), taken
    )
