"""Replay an attack many times by the laws of ``assault`` and ``collapse``, along its own war.

One place, attacked by a column of its own strength. Two clocks of ``assault`` race; where the
attack breaks, the column regroups and comes again, unless too little of it is left. Until it has
gone for good the clock of ``collapse`` runs,

    hazard = (base + contact x fresh + shock_rate x shock) / (resolve of place x resolve of army)

with ``fresh`` from contact on, and ``shock`` from the days on which other places of the same case
really fell, each of weight 1: the rows are cities and provincial capitals. Cohesion, supply and
support are those at which they make no difference, for the rows say nothing of them.

Rows tell days, not hours: contact and the falls elsewhere are uniform in theirs. Each replication
draws all that is uncertain. Given the assaults, the clock of ``collapse`` is not drawn but
integrated: the share that still stands is exact in it.

This is a second statement of what the mechanisms say in the language of the net; a test holds the
two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.analysis.first_passage import Floats
from sim.world.reference_class.laws import Laws, Lognormal
from sim.world.reference_class.rows import FELL, Row

#: Days at whose end the class is looked at.
DAYS = (0, 1, 2, 3, 7, 14, 30)
REPLICATIONS = 2_000
#: Falls longer ago than this many memories are forgotten.
FORGOTTEN = 12

Generator = np.random.Generator


@dataclass(frozen=True)
class Replay:
    """What became of a place by midnight, n days after that of the day of contact.

    All have shape (n_days,); the first of the days is 0. A row ends with its fall or with the
    attack, so ``fell`` is the share that fell before any attack on it had broken off, and
    ``broken_off`` that of which an attack broke off first. ``taken`` counts falls to the attacks
    after that one, too.
    """

    fell: Floats
    broken_off: Floats
    taken: Floats

    @property
    def fell_given_standing(self) -> Floats:
        """P(fell by n | under attack at the end of the day of contact)."""
        return _after_day_0(self.fell, self.fell + self.broken_off)

    @property
    def broken_off_given_standing(self) -> Floats:
        """P(broken off by n | under attack at the end of the day of contact)."""
        return _after_day_0(self.broken_off, self.fell + self.broken_off)

    @property
    def taken_given_standing(self) -> Floats:
        """P(fell by n, to whatever attack | stood at the end of the day of contact)."""
        return _after_day_0(self.taken, self.taken)


def _after_day_0(share: Floats, ended: Floats) -> Floats:
    return np.asarray((share - share[0]) / (1.0 - ended[0]))


@dataclass(frozen=True)
class Assaults:
    """The attacks on a place in n replications, were it never given up; days since contact.

    ``stormed`` and ``broke`` (the first attack that breaks) are ``inf`` where that does not
    happen; from ``gone`` on nobody threatens the place. ``contacts`` has shape (n_contacts, n):
    when contact shocked anew.
    """

    stormed: Floats
    broke: Floats
    gone: Floats
    contacts: Floats


def assaults(laws: Laws, n: int, horizon: float, generator: Generator) -> Assaults:
    """Draw the attacks on a place up to a horizon, days after contact."""
    stormed, broke, gone = (np.full(n, np.inf) for _ in range(3))
    contacts = [np.zeros(n)]
    median_tempo = _draw(laws.tempo, n, generator)
    attacker, defender = np.ones(n), np.ones(n)
    now = np.zeros(n)
    goes = np.arange(n)
    while len(goes):
        m = len(goes)
        tempo = median_tempo[goes] * _draw(laws.tempo_luck, m, generator)
        edge = _draw(laws.effectiveness, m, generator)
        defends = _draw(laws.defender_tolerance, m, generator)
        attacks = _draw(laws.attacker_tolerance, m, generator)
        odds = (attacker[goes] / defender[goes]) ** laws.ratio_exponent
        to_storm = defends / (laws.defender_loss * tempo * edge * odds)
        to_break = attacks / (laws.attacker_loss * tempo / edge / odds)
        storms = to_storm <= to_break
        ends = now[goes] + np.minimum(to_storm, to_break)
        stormed[goes[storms]] = ends[storms]
        loss_ratio = laws.attacker_loss / laws.defender_loss / (edge * odds) ** 2
        lost = np.minimum(defends, attacks / loss_ratio)
        breaks = ~storms & (ends <= horizon)
        goes, ends = goes[breaks], ends[breaks]
        attacker[goes] *= np.clip(1.0 - attacks[breaks], 0.0, 1.0)
        defender[goes] *= np.clip(1.0 - lost[breaks], 0.0, 1.0)
        broke[goes] = np.minimum(broke[goes], ends)
        now[goes] = ends + _draw(laws.regroup, len(goes), generator)
        enough = attacker[goes] >= laws.gives_up_below
        gone[goes[~enough]] = now[goes[~enough]]
        # Nobody is left inside: the column walks in as it comes.
        empty = enough & (defender[goes] <= 0.0)
        stormed[goes[empty]] = now[goes[empty]]
        goes = goes[enough & ~empty & (now[goes] <= horizon)]
        contacts.append(_renewed(np.stack(contacts), now, goes, laws))
    return Assaults(stormed, broke, gone, np.stack(contacts))


def _renewed(contacts: Floats, now: Floats, goes: npt.NDArray[np.int64], laws: Laws) -> Floats:
    """Return when contact shocks anew: it does if the last that did is long enough ago."""
    last = np.where(np.isfinite(contacts), contacts, -np.inf).max(axis=0)
    found = np.full(len(now), np.inf)
    anew = goes[now[goes] - last[goes] >= laws.fresh_again]
    found[anew] = now[anew]
    return found


def faded(since: Floats, laws: Laws, lowest: float = 0.0) -> Floats:
    """Integrate a shock of 1 that decays in steps, over the days since; 0 before it.

    Where it has come down to ``lowest`` or below, the next step takes it to nothing.
    """
    step, decay = laws.step, laws.decay
    last = np.inf if lowest <= 0.0 else np.ceil(np.log(lowest) / np.log(decay)) + 1.0
    days = np.clip(since, 0.0, last * step)
    whole = np.floor(days / step)
    before = step * (1.0 - decay**whole) / (1.0 - decay)
    return np.asarray(before + (days - whole * step) * decay**whole, dtype=np.float64)


def falls_elsewhere(row: Row, rows: Iterable[Row], laws: Laws, horizon: int = DAYS[-1]) -> Floats:
    """Return the days, from that of contact, on which other places of its case fell."""
    days = (
        (other.last - row.contact).days
        for other in rows
        if other.case == row.case and other is not row and other.end == FELL
    )
    recent = (d for d in days if -FORGOTTEN * laws.memory <= d <= horizon)
    return np.array(sorted(recent), dtype=np.float64)


def replay(
    laws: Laws,
    falls: Sequence[float] | Floats,
    n: int,
    seed: Sequence[int],
    days: Sequence[int] = DAYS,
) -> Replay:
    """Replay one attack n times, with falls elsewhere on these days from that of contact."""
    generator = np.random.default_rng(list(seed))
    contact = generator.uniform(size=n)
    elsewhere = np.asarray(falls)[:, None] + generator.uniform(size=(len(falls), n))
    return course(laws, contact, elsewhere, days, generator)


def course(
    laws: Laws, contact: Floats, elsewhere: Floats, days: Sequence[int], generator: Generator
) -> Replay:
    """Replay attacks whose hours are known.

    Parameters
    ----------
    laws : Laws
    contact : float64 array, shape (n,)
        When contact is, in days from midnight: within day 0.
    elsewhere : float64 array, shape (n_falls, n)
        When other places fell.
    days : list of int
        Days at whose end to look; the first is 0.
    generator : numpy.random.Generator
        What luck comes from.
    """
    n = len(contact)
    attacks = assaults(laws, n, days[-1] + 1.0, generator)
    base, fresh, loss = (
        _draw(law, n, generator) for law in (laws.base_rate, laws.contact_rate, laws.shock_rate)
    )
    resolve = _draw(laws.place_resolve, n, generator) * _draw(laws.army_resolve, n, generator)

    def holds(since: Floats) -> Floats:
        """Return the chance that a place is not given up in the days since contact."""
        until = contact + since
        shock = (faded(until - elsewhere, laws) - faded(contact - elsewhere, laws)).sum(axis=0)
        load = base * since + fresh * _freshness(attacks, since, laws) + loss * shock
        return np.asarray(np.exp(-load / resolve))

    at_break = holds(np.minimum(attacks.broke, days[-1] + 1.0))
    found = np.empty((3, len(days)))
    for number, day in enumerate(days):
        since = day + 1.0 - contact
        has_broken = attacks.broke <= since
        left = holds(np.minimum(since, attacks.gone)) * (attacks.stormed > since)
        broken_off = np.where(has_broken, at_break, 0.0)
        is_open = np.where(has_broken, 0.0, left)
        ended = 1.0 - (is_open + broken_off).mean()
        found[:, number] = ended, broken_off.mean(), 1.0 - left.mean()
    return Replay(*found)


def _freshness(attacks: Assaults, exposed: Floats, laws: Laws) -> Floats:
    """Integrate ``fresh`` over the days exposed: each contact that shocks ends the one before."""
    contacts = attacks.contacts
    ends = np.minimum.accumulate(contacts[::-1], axis=0)[::-1]
    until = np.concatenate([ends[1:], np.full((1, contacts.shape[1]), np.inf)])
    lasted = np.minimum(until, exposed) - np.where(np.isfinite(contacts), contacts, np.inf)
    return np.asarray(faded(lasted, laws, laws.no_longer_fresh).sum(axis=0))


def replay_all(
    rows: Sequence[Row],
    laws: Laws,
    n: int = REPLICATIONS,
    days: Sequence[int] = DAYS,
    seed: int = 0,
) -> list[Replay]:
    """Replay each row along the falls of its own case."""
    return [
        replay(laws, falls_elsewhere(row, rows, laws), n, (seed, number), days)
        for number, row in enumerate(rows)
    ]


def _draw(law: Lognormal, n: int, generator: Generator) -> Floats:
    return law.median * np.exp(law.sigma * generator.standard_normal(n))
