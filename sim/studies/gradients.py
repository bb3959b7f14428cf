"""How fast an outcome's probability changes with an input, from one ensemble of the file as it is.

By the likelihood-ratio method (:mod:`sim.analysis.likelihood_ratio`): nothing is run twice, and no
step has to be chosen. Of an input that is drawn it is the mean, over all that is drawn, of the
gradient at the values drawn: by how much the probability would change, per unit, if every value of
the prior were a little larger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sim.analysis.first_passage import Estimate
from sim.analysis.likelihood_ratio import covariance, is_telling
from sim.engines.driver import EngineName, Progress
from sim.errors import Diagnostic, ScenarioError, UsageError, did_you_mean, one_of
from sim.net.model import Input, Net
from sim.net.sensitivity import Sensitivity, Slopes, without_the_rest
from sim.scenario.model import Scenario
from sim.studies import memory as room
from sim.studies.plain import plain
from sim.studies.replicate import How
from sim.studies.scores import Scored, scores
from sim.studies.simulate import REPLICATIONS
from sim.units import NONE, SECONDS_PER_DAY, display_scale

Interval = tuple[float, float]


@dataclass(frozen=True)
class Gradient:
    """The gradient of an outcome's probability by one input.

    NaN, with infinite ends, where all replications have the outcome or none has: they say nothing
    of how it changes.
    """

    input: str
    #: Of ``value``; empty for a plain number.
    unit: str
    #: Its value; the mean of those drawn, if it is uncertain.
    value: float
    drawn: bool
    #: Per unit.
    gradient: float
    #: Monte Carlo error only.
    interval95: Interval
    #: Per factor of e: x dP/dx. A hundredth of it is what one per cent more of the input does.
    log_gradient: float
    log_interval95: Interval
    #: By how many per cent the probability changes with one per cent more of the input.
    elasticity: float
    #: False where a difference under common random numbers would say more.
    telling: bool


@dataclass(frozen=True)
class Refused:
    """An input whose gradient cannot be had so, and why: all that reads it and must not."""

    input: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Gradients:
    """Gradients of probabilities by ``days``; by outcome, the input that matters most first."""

    scenario: str
    variant: str | None
    title: str
    seed: int
    replications: int
    days: float
    probabilities: Mapping[str, float]
    gradients: Mapping[str, tuple[Gradient, ...]]
    refused: tuple[Refused, ...]


def gradients(
    scenario: Scenario,
    *,
    outcomes: Sequence[str] | None = None,
    inputs: Sequence[str] | None = None,
    by: float | None = None,
    replications: int = REPLICATIONS,
    seed: int = 1,
    engine: EngineName = "compiled",
    workers: int | None = None,
    progress: Progress | None = None,
    memory: float | None = None,
) -> Gradients:
    """Return the gradients of outcomes' probabilities by inputs.

    It is had where the input changes how likely a history is and nothing else: where paces and
    branch weights alone read it, and the work of those clocks is exponential, gamma, Erlang,
    Weibull or lognormal.

    Parameters
    ----------
    scenario : Scenario
    outcomes : list of str
        All of them if None.
    inputs : list of str
        Those that are drawn if None; of a scenario that draws none, all. Of these, the ones
        whose gradient cannot be had so are listed as ``refused``.
    by : days
        The probability is that of the outcome by then; by the horizon if None.
    replications : int
        The first so many of a run with this seed.
    seed : int
        From 0 to 2**64 - 1.
    engine : {"compiled", "reference"}
        Both give the same numbers. Inputs that paces of clocks read that are not exponential are
        left to the reference engine, whichever it is.
    workers : int
        Threads of the compiled engine; all processors if None.
    progress : callable
        Told (replications done, replications asked for).
    memory : bytes
        What all scores together may take; half of what is free if None.

    Raises
    ------
    ScenarioError
        If the gradient by an input of ``inputs`` cannot be had so, with every reason.
    RunFault
        If a replication breaks a rule of the net.
    UsageError
        If a name is unknown or a number out of range.
    MemoryError
        If it would take more memory than it may, by an estimate before it starts.
    """
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    days = horizon if by is None else by
    _check(days, horizon, replications, seed)
    known = [outcome.name for outcome in scenario.net.outcomes]
    asked = _named("outcome", outcomes, known, known)
    net = without_the_rest(scenario.net, asked)
    chosen = _chosen(net, inputs)
    sensitivity = Sensitivity(net)
    found = {given.path: sensitivity.by(given) for given in chosen}
    refused = {path: of for path, of in found.items() if isinstance(of, list)}
    _raise(refused, inputs, scenario)
    offered = [of for of in found.values() if isinstance(of, Slopes)]
    how = How(engine, workers, None, progress)
    room.refuse_beyond(memory, partial(room.of_gradients, len(asked), len(offered)), replications)
    scored = scores(net, offered, asked, seed, replications, days * SECONDS_PER_DAY, how)
    spoiled = {path: [why] for path, why in scored.spoiled.items()}
    _raise(spoiled, inputs, scenario)
    told = {**refused, **spoiled}
    return Gradients(
        scenario.name,
        scenario.variant_name,
        scenario.title,
        seed,
        replications,
        days,
        {name: float(scored.happened[name].mean()) for name in asked},
        {name: _of(scored, name, offered) for name in asked},
        tuple(
            Refused(given.path, tuple(why.message for why in told[given.path]))
            for given in chosen
            if given.path in told
        ),
    )


def as_json(found: Gradients) -> dict[str, Any]:
    """Return gradients as the one JSON object that the command prints; what is unknown is null."""
    told: dict[str, Any] = plain(found)
    return told


def _check(days: float, horizon: float, replications: int, seed: int) -> None:
    if not 0.0 <= days <= horizon:
        raise UsageError(f"day {days:g} is not within the {horizon:g} days of the scenario")
    if replications < 2:
        raise UsageError(f"at least two replications, not {replications}")
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")


def _named(
    what: str, asked: Sequence[str] | None, known: Sequence[str], default: Sequence[str]
) -> list[str]:
    """Return the names asked for, each once and in order, if they are known."""
    for name in asked or ():
        if name not in known:
            hint = did_you_mean(name, known) or (one_of(known) if known else "it has none")
            raise UsageError(f"no {what} '{name}': {hint}")
    return list(dict.fromkeys(default if asked is None else asked))


def _chosen(net: Net, asked: Sequence[str] | None) -> list[Input]:
    by_path = {given.path: given for given in net.inputs}
    drawn = [given.path for given in net.uncertain_inputs]
    return [by_path[path] for path in _named("input", asked, list(by_path), drawn or list(by_path))]


def _raise(
    refused: Mapping[str, list[Diagnostic]], asked: Sequence[str] | None, scenario: Scenario
) -> None:
    """Refuse what was asked for by name."""
    if asked is not None and refused:
        reasons = [why for of in refused.values() for why in of]
        raise ScenarioError(reasons, dict(scenario.texts))


def _of(scored: Scored, outcome: str, offered: Sequence[Slopes]) -> tuple[Gradient, ...]:
    """Return the gradients of an outcome, the steepest first."""
    found = [
        _gradient(scored, outcome, slopes.given)
        for slopes in offered
        if slopes.given.path not in scored.spoiled
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.log_gradient)))


def _gradient(scored: Scored, outcome: str, given: Input) -> Gradient:
    happened, scores = scored.happened[outcome], scored.scores[outcome][given.path]
    scale, values = display_scale(given.dimension), scored.values[given.path]
    unit = covariance(happened, scores * scale)
    log = covariance(happened, scores * values)
    return Gradient(
        input=given.path,
        unit="" if given.dimension == NONE else str(given.dimension),
        value=float(values.mean()) / scale,
        drawn=given.is_uncertain,
        gradient=unit.value,
        interval95=_ends(unit),
        log_gradient=log.value,
        log_interval95=_ends(log),
        elasticity=log.value / float(happened.mean()) if happened.any() else math.nan,
        telling=is_telling(log, happened),
    )


def _ends(estimate: Estimate) -> Interval:
    return estimate.low, estimate.high
