"""Replications with their scores, each input by the fastest way that its clocks allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sim.analysis.first_passage import Floats
from sim.analysis.likelihood_ratio import Bools
from sim.engines.driver import hand_on
from sim.engines.scored import ScoredEngine
from sim.ensemble.batch import Batch
from sim.errors import Diagnostic
from sim.net.model import Net
from sim.net.scoring import TOO_FAR, carrying, is_carried
from sim.net.sensitivity import Slopes, refused
from sim.studies.replicate import How


@dataclass(frozen=True)
class Scored:
    """What replications give, by outcome and by the path of an input; arrays of shape (n,)."""

    #: Whether an outcome happened.
    happened: dict[str, Bools] = field(default_factory=dict)
    #: Of inputs, internal units.
    values: dict[str, Floats] = field(default_factory=dict)
    #: By outcome and input: up to the outcome, or to the end.
    scores: dict[str, dict[str, Floats]] = field(default_factory=dict)
    #: Why an input turned out to have no gradient.
    spoiled: dict[str, Diagnostic] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    net: Net
    outcomes: Sequence[str]
    seed: int
    n: int
    #: Seconds.
    until: float

    def columns(self, by: Sequence[Slopes]) -> list[int]:
        """Return the places of inputs among all."""
        places = {given.name: n for n, given in enumerate(self.net.inputs)}
        return [places[slopes.given.name] for slopes in by]


def scores(
    net: Net,
    by: Sequence[Slopes],
    outcomes: Sequence[str],
    seed: int,
    replications: int,
    until: float,
    how: How,
) -> Scored:
    """Run replications to each outcome, or to ``until`` (seconds), and score them."""
    asked = _Asked(net, outcomes, seed, replications, until)
    found = Scored(scores={outcome: {} for outcome in outcomes})
    carried = [slopes for slopes in by if is_carried(net, slopes)]
    others = [slopes for slopes in by if not is_carried(net, slopes)]
    n_runs = len(outcomes) * bool(carried or not others) + bool(others)
    done = 0
    if carried or not others:
        for outcome in outcomes:
            _carry(asked, carried, outcome, found, _part(how, done, n_runs))
            done += 1
    if others:
        _replay(asked, others, found, _part(how, done, n_runs))
    return found


def _part(how: How, done: int, n_runs: int) -> How:
    """Return how one of several runs is run: progress is of all of them."""
    tell = how.progress
    if tell is None:
        return how
    return replace(how, progress=lambda n, asked: tell(done * asked + n, n_runs * asked))


def _carry(asked: _Asked, by: Sequence[Slopes], outcome: str, found: Scored, how: How) -> None:
    """Score by inputs for which the net itself keeps the score, on any engine."""
    net = carrying(asked.net, by, outcome, asked.until)
    columns = asked.columns(by)
    place = [o.name for o in net.outcomes].index(outcome)
    happened, values, gathered = [], [], []

    def take(slab: Batch) -> bool:
        happened.append(slab.times[:, place] < math.inf)
        values.append(slab.inputs[:, columns])
        gathered.append(slab.watch.reshape(slab.totals.shape) - slab.totals)
        return True

    hand_on(
        net,
        take,
        engine=how.engine,
        seed=asked.seed,
        replications=asked.n,
        workers=how.workers,
        progress=how.progress,
    )
    found.happened[outcome] = np.concatenate(happened)
    _note(asked, by, outcome, found, np.concatenate(values), np.concatenate(gathered))


def _note(
    asked: _Asked,
    by: Sequence[Slopes],
    outcome: str,
    found: Scored,
    values: Floats,
    gathered: Floats,
) -> None:
    """Note scores by inputs, shape (n, n_inputs), and which of them are none."""
    for j, slopes in enumerate(by):
        path = slopes.given.path
        found.values[path] = values[:, j]
        found.scores[outcome][path] = gathered[:, j]
        impossible = np.flatnonzero(~(np.abs(gathered[:, j]) < TOO_FAR))
        if len(impossible) and path not in found.spoiled:
            found.spoiled[path] = _why(asked, slopes, int(impossible[0]))


def _why(asked: _Asked, slopes: Slopes, replication: int) -> Diagnostic:
    """Return why an input has no gradient, by running a replication that shows it once more."""
    engine = ScoredEngine(asked.net, [slopes])
    engine.score(asked.seed, replication, asked.until)
    reason = f"its score in replication {replication} is no number"
    return engine.spoiled.get(0) or refused(slopes.given, reason, slopes.given.origin)


def _replay(asked: _Asked, by: Sequence[Slopes], found: Scored, how: How) -> None:
    """Score by the other inputs, on the reference engine."""
    engine = ScoredEngine(asked.net, by)
    columns = asked.columns(by)
    values = np.empty((asked.n, len(by)))
    times = np.empty((asked.n, len(asked.net.outcomes)))
    gathered = np.empty((asked.n, len(asked.net.outcomes), len(by)))
    for r in range(asked.n):
        one = engine.score(asked.seed, r, asked.until)
        values[r] = one.inputs[columns]
        times[r], gathered[r] = one.times, one.scores
        if how.progress is not None:
            how.progress(r + 1, asked.n)
    found.spoiled.update({by[i].given.path: why for i, why in engine.spoiled.items()})
    for j, outcome in enumerate(asked.net.outcomes):
        if outcome.name in asked.outcomes:
            found.happened.setdefault(outcome.name, times[:, j] < math.inf)
            _note(asked, by, outcome.name, found, values, gathered[:, j])
