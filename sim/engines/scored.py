"""Replications with the score of what happens in them: derivatives of its log-likelihood.

The reference engine runs them; beside each clock whose pace reads an input stands what its work
used up is, and how that changes with the input. :mod:`sim.analysis.likelihood_ratio` has the
mathematics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.analysis.likelihood_ratio import LAWS
from sim.engines.reference import ReferenceEngine, Replication, RunningClock
from sim.ensemble.batch import Floats
from sim.errors import Diagnostic
from sim.net.expr import Expr, Ref
from sim.net.model import Net, Origin, Transition
from sim.net.sensitivity import Slopes, refused

#: The place of an input among those that are asked for, with a derivative by it.
Slope = tuple[int, Expr]


class Scores(NamedTuple):
    """What one replication gives: by outcome its time (seconds), and the scores until then.

    ``scores[outcome][input]`` is taken at the time of the outcome, or at the end if that is
    earlier.
    """

    inputs: Floats
    times: list[float]
    scores: list[list[float]]


class ScoredEngine(ReferenceEngine):
    """Runs one net and scores it by some of its inputs."""

    def __init__(self, net: Net, by: Sequence[Slopes]) -> None:
        super().__init__(net)
        self.by = by
        self.named = [pair for slopes in by for pair in slopes.named]
        self.paces: dict[int, list[Slope]] = {}
        self.weights: dict[int, list[tuple[int, tuple[Expr, ...]]]] = {}
        for place, slopes in enumerate(by):
            for k, pace in slopes.paces.items():
                self.paces.setdefault(k, []).append((place, pace))
            for k, weights in slopes.weights.items():
                self.weights.setdefault(k, []).append((place, weights))
        for ref, _ in self.named:
            self.slots[ref] = len(self.slots)
        #: By place: why an input turned out to have no gradient, as far as was seen.
        self.spoiled: dict[int, Diagnostic] = {}

    def score(self, seed: int, number: int, until: float) -> Scores:
        """Run one replication to ``until`` (seconds), or to its end."""
        row = self.inputs(seed, [number])[0]
        run = _Scored(self, seed, number, [0.0] * len(self.slots))
        for given, value in zip(self.net.inputs, row, strict=True):
            run.put(Ref("input", given.name), float(value))
        run.begin()
        run.advance(until)
        last = run.end_time if run.end_reason == "stop" else min(until, run.horizon)
        at_end = run.score_at(last)
        return Scores(row, run.times, [at_end if s is None else s for s in run.scores])


@dataclass
class _Life:
    """A life of a clock, and how the work that it has used up changes with each input."""

    law: str
    args: list[float]
    places: list[int]
    since: float
    pace: float = 0.0
    #: Derivatives of the pace, and of the work used up; one for each place.
    slopes: list[float] = field(default_factory=list)
    used: float = 0.0
    burned: list[float] = field(default_factory=list)

    def burn(self, t: float) -> None:
        """Go on to ``t``."""
        for j, slope in enumerate(self.slopes):
            self.burned[j] += slope * (t - self.since)
        self.used += self.pace * (t - self.since)
        self.since = t

    def change(self, t: float, pace: float, slopes: list[float]) -> None:
        """Burn at another pace from ``t`` on."""
        if (pace, slopes) != (self.pace, self.slopes):
            self.burn(t)
            self.pace, self.slopes = pace, slopes

    def fired(self) -> list[float]:
        """Return the score of having fired now."""
        slope = LAWS[self.law].slope
        return [
            dp / self.pace + (slope(self.args, self.used) * dw if self.used else 0.0)
            for dp, dw in zip(self.slopes, self.burned, strict=True)
        ]

    def lived(self) -> list[float]:
        """Return the score of not having fired so far."""
        if not self.used:
            return [0.0] * len(self.burned)
        hazard = LAWS[self.law].hazard(self.args, self.used)
        return [-hazard * dw for dw in self.burned]


class _Scored(Replication):
    """A replication with its score so far."""

    engine: ScoredEngine

    def __init__(self, engine: ScoredEngine, seed: int, number: int, state: list[float]) -> None:
        super().__init__(engine, seed, number, state)
        #: Of what is over: firings, branches taken, lives that were dropped.
        self.total = [0.0] * len(engine.by)
        self.open: dict[int, _Life] = {}
        self.scores: list[list[float] | None] = [None] * len(self.net.outcomes)

    def score_at(self, t: float) -> list[float]:
        """Return the score up to ``t``, at which no clock has been looked at again."""
        found = list(self.total)
        for life in self.open.values():
            life.burn(t)
            _add(found, life.places, life.lived())
        return found

    def spoil(self, place: int, reason: str, origin: Origin) -> None:
        """Note why an input has no gradient."""
        self.engine.spoiled.setdefault(place, refused(self.engine.by[place].given, reason, origin))

    # What happens.

    def step(self, clock: RunningClock, t: float) -> None:
        life = self.open.pop(clock.number, None)
        if life is not None:
            life.burn(t)
            _add(self.total, life.places, life.fired())
        super().step(clock, t)

    def define(self) -> None:
        super().define()
        for ref, slope in self.engine.named:
            self.put(ref, self.engine.value(slope, self.state))

    def choose_branch(self, transition: Transition, life: int) -> int:
        number = super().choose_branch(transition, life)
        k = self.net.transition_numbers[transition.name]
        for place, slopes in self.engine.weights.get(k, ()):
            weights = [self.engine.value(b.weight, self.state) for b in transition.branches]
            changes = [self.engine.value(slope, self.state) for slope in slopes]
            self.check_weights(transition, place, weights, changes)
            self.total[place] += changes[number] / weights[number] - sum(changes) / sum(weights)
        return number

    def check_weights(
        self, transition: Transition, place: int, weights: list[float], slopes: list[float]
    ) -> None:
        """Note an input if the likelihood cannot use the slopes of weights."""
        for branch, weight, slope in zip(transition.branches, weights, slopes, strict=True):
            if not math.isfinite(slope):
                reason = f"a weight of '{transition.name}' has no slope in some states"
                self.spoil(place, reason, branch.weight_origin)
            elif weight == 0.0 and slope != 0.0:
                reason = (
                    f"a weight of '{transition.name}' is 0 in some states and would not stay so"
                )
                self.spoil(place, reason, branch.weight_origin)

    def record_outcomes(self, cause: int, via: int) -> None:
        super().record_outcomes(cause, via)
        for number, time in enumerate(self.times):
            if time < math.inf and self.scores[number] is None:
                self.scores[number] = self.score_at(time)
        if None not in self.scores:  # nothing that happens from now on is asked for
            self.end("stop", self.now, self.now)

    def update(self, clock: RunningClock) -> None:
        super().update(clock)
        slopes = self.engine.paces.get(clock.number)
        if slopes is None:
            return
        life = self.open.get(clock.number)
        if clock.pace is None:
            if life is not None:
                life.change(self.now, 0.0, [0.0] * len(life.places))
                if clock.work is None:
                    _add(self.total, life.places, life.lived())
                    del self.open[clock.number]
            return
        if life is None:
            life = self.opened(clock.transition, [place for place, _ in slopes])
        if life is not None:
            found = [self.engine.value(slope, self.state) for _, slope in slopes]
            self.check_pace(clock, life.places, found)
            life.change(self.now, clock.pace, found)

    def opened(self, transition: Transition, places: list[int]) -> _Life | None:
        """Return a life that begins now; None if its work has no density after all."""
        law = transition.clock.law
        assert law is not None
        args = [self.engine.value(arg, self.state) for arg in law.args]
        if 0.0 in args:
            for place in places:
                reason = f"in some states the work of '{transition.name}' is fixed"
                self.spoil(place, reason, transition.clock.origin)
            return None
        none = [0.0] * len(places)
        life = _Life(law.kind, args, places, self.now, slopes=none, burned=list(none))
        self.open[self.net.transition_numbers[transition.name]] = life
        return life

    def check_pace(self, clock: RunningClock, places: list[int], slopes: list[float]) -> None:
        """Note the inputs by which the likelihood cannot use the slope of a pace."""
        name, origin = clock.transition.name, clock.transition.clock.origin
        for place, slope in zip(places, slopes, strict=True):
            if not math.isfinite(slope):
                self.spoil(place, f"the pace of '{name}' has no slope in some states", origin)
            elif clock.pace == 0.0 and slope != 0.0:
                reason = f"the pace of '{name}' is 0 in some states and would not stay so"
                self.spoil(place, reason, origin)


def _add(total: list[float], places: list[int], score: list[float]) -> None:
    for place, part in zip(places, score, strict=True):
        total[place] += part
