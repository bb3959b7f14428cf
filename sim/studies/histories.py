"""How replications went, and the few that stand for all: who held what when, and what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sim.analysis.medoids import differing, k_medoids
from sim.engines.compiled.engine import Moment, compiled
from sim.engines.driver import run_ensemble
from sim.ensemble.batch import Floats, Ints
from sim.ensemble.legend import quiet_firings
from sim.net.expr import Ref
from sim.net.model import Net, Says, firing_names, firings
from sim.units import SECONDS_PER_DAY

#: Replications that are told apart: a share of them is known to some three points.
LOOKED_AT = 1_000
#: Of each answer so many replications stand for the rest.
MOST = 3
#: Times at which outcomes are looked at where nobody holds anything, and places at the most.
_N_TIMES, _MOST_TIMES = 61, 200


@dataclass(frozen=True, eq=False)
class Histories:
    """What the first replications of a run came to, and what each was at each of some points."""

    #: Days, shape (n,), by outcome; infinite where it did not come.
    times: Mapping[str, Floats]
    #: Shape (n, n_points): who held each place at each time, or else which outcomes had come.
    codes: Ints
    #: What each variable that was asked for was at the first time: shape (n, n_variables).
    at_start: Floats

    @property
    def n(self) -> int:
        """Number of replications."""
        return len(self.codes)


@dataclass(frozen=True)
class Taken:
    """A place that changed hands."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Happening:
    """What happened at a time, in days since the start."""

    days: float
    #: What the scenario has to say of it, or else what fired.
    said: tuple[str, ...]
    taken: tuple[Taken, ...]
    #: Outcomes that came with it.
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class Representative:
    """A replication that stands for a share of all: those of the same answer most like it."""

    replication: int
    share: float
    #: When the outcome came, in days; None if it did not.
    days: float | None
    #: Who held each place at the start.
    at_start: Mapping[str, str]
    happenings: tuple[Happening, ...]


def histories(net: Net, controls: Mapping[str, str], *, seed: int, n: int = LOOKED_AT) -> Histories:
    """Run the first replications again, and look at who held each place.

    Parameters
    ----------
    net : Net
    controls : mapping
        The name of the watch of who holds it, by place; empty if no place is watched.
    """
    batch = run_ensemble(net, seed=seed, replications=n)
    times = batch.times / SECONDS_PER_DAY
    by_outcome = {outcome.name: times[:, j] for j, outcome in enumerate(net.outcomes)}
    columns = {watch.name: j for j, watch in enumerate(net.watches)}
    every = -(-max(len(net.grid), 1) // _MOST_TIMES)
    held = batch.watch[:, ::every, [columns[name] for name in controls.values()]]
    codes = held.reshape(len(held), -1).astype(np.int64)
    if not (codes != codes[:1]).any():  # no place, or none that ever goes another way
        end = float(batch.end_times.max()) / SECONDS_PER_DAY
        grid = np.linspace(0.0, end, _N_TIMES)
        codes = (times[:, :, np.newaxis] <= grid).reshape(len(times), -1).astype(np.int64)
    return Histories(by_outcome, codes, held[:, 0] if held.size else held.reshape(len(held), 0))


def representatives(
    net: Net, controls: Mapping[str, str], known: Histories, outcome: str, *, seed: int
) -> list[Representative]:
    """Return up to three replications in which an outcome came, then three in which it did not.

    They are medoids: those from which the histories of their like differ least, a history being who
    held each place over time, and a distance the share of places and times in which two differ.
    Shares are of all replications that were looked at, and sum to one.
    """
    replay = Replay(net, controls, seed)
    times = known.times[outcome]
    return [
        Representative(
            replication,
            share,
            float(times[replication]) if np.isfinite(times[replication]) else None,
            replay.at_start(known, replication),
            tuple(replay.happenings(known, replication)),
        )
        for came in (True, False)
        for replication, share in _chosen(known, np.flatnonzero(np.isfinite(times) == came))
    ]


def _chosen(known: Histories, rows: Ints) -> list[tuple[int, float]]:
    """Return replications that stand for some, each with the share of all that it stands for."""
    found = k_medoids(differing(known.codes[rows]), MOST)
    of_each = zip(rows[found.medoids].tolist(), found.sizes.tolist(), strict=True)
    return [(row, size / known.n) for row, size in of_each]


class Replay:
    """Tells what happens in replications of a net.

    It goes by the compiled engine, which steps through a replication a thousand times as fast as
    the one that explains itself; numbers within a text are therefore left out, ``supply at …``.
    """

    def __init__(self, net: Net, controls: Mapping[str, str], seed: int) -> None:
        self.net, self.seed = net, seed
        self.engine = compiled(net)
        self.places = tuple(controls)
        self._variables = [_variable(net, name) for name in controls.values()]
        self._told = dict(enumerate(_told(net)))

    def at_start(self, known: Histories, replication: int) -> dict[str, str]:
        """Return who held each place at the start."""
        held = known.at_start[replication].astype(int).tolist()
        return {p: self.net.labels[number] for p, number in zip(self.places, held, strict=True)}

    def happenings(self, known: Histories, replication: int) -> Iterator[Happening]:
        """Yield what is to be told of a replication, in order."""
        came = {name: times[replication] for name, times in known.times.items()}
        held = known.at_start[replication]
        first = tuple(name for name, t in came.items() if t == 0.0)
        if first:
            yield Happening(0.0, (), (), first)
        for moment in self.engine.moments(self.seed, replication):
            days = moment.time / SECONDS_PER_DAY
            now = moment.values[self._variables]
            settled = tuple(name for name, t in came.items() if t == days > 0.0)
            said = self._said(moment)
            taken = tuple(self._taken(held, now)) if moment.time > 0.0 else ()
            held = now
            if said or taken or settled:
                yield Happening(days, said, taken, settled)

    def _said(self, moment: Moment) -> tuple[str, ...]:
        found = (self._told[firing] for firing in (*moment.due[1:], *moment.fired))
        return tuple(dict.fromkeys(text for text in found if text))

    def _taken(self, before: Floats, after: Floats) -> Iterator[Taken]:
        for k in np.flatnonzero(before != after).tolist():
            old, new = (self.net.labels[int(held[k])] for held in (before, after))
            yield Taken(self.places[k], old, new)


def _variable(net: Net, watch: str) -> int:
    """Return the place of the variable that a watch shows."""
    shown = next(w.expr for w in net.watches if w.name == watch)
    assert isinstance(shown, Ref)
    return [v.name for v in net.variables].index(shown.name)


def _told(net: Net) -> Iterator[str]:
    """Yield what to tell of each firing; nothing of how the world layer keeps its books."""
    quiet = set(quiet_firings(net))
    for (k, b), name in zip(firings(net), firing_names(net), strict=True):
        transition = net.transitions[k]
        says = transition.branches[b].says or transition.says
        is_written = transition.origin.path.startswith("transitions.")
        yield _without_numbers(says) or (name if is_written and name not in quiet else "")


def _without_numbers(says: Says) -> str:
    return "".join(piece if isinstance(piece, str) else "…" for piece in says)
