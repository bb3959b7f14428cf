"""Ensembles to draw: whole, interrupted, with hostile texts."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import pytest

import sim
from sim.ensemble.batch import blank
from sim.ensemble.model import Ensemble
from sim.errors import Interrupted
from sim.studies.simulate import facts

ROOT = Path(__file__).parents[2]

#: Nine ways down, an unknown input, labels and numbers watched.
BRIDGE = """
title: A bridge under fire
question: When is the bridge down?
clock: {start: 2024-12-06T18:00+03:00, timezone: Asia/Damascus, horizon: 10 days, grid: 1 day}
parameters:
  hits: {uniform: [0.01 / day, 0.2 / day]}
variables:
  bridge: {states: [up, damaged, down]}
  way: {states: [a, b, c, d, e, f, g, i], initial:
    {choice: {a: 30, b: 20, c: 9, d: 8, e: 7, f: 6, g: 5, i: 4}, chance: true}}
  men: {real: [0, inf], unit: person, initial: {lognormal: {median: 100 persons, sigma: 1}}}
transitions:
  hit: {when: bridge == up, rate: hits, then: {bridge: damaged}}
  by_a: {when: bridge != down and way == a, rate: 0.1/day, then: {bridge: down}}
  by_b: {when: bridge != down and way == b, rate: 0.3/day, then: {bridge: down}}
  by_c: {when: bridge != down and way == c, rate: 0.3/day, then: {bridge: down}}
  by_d: {when: bridge != down and way == d, rate: 0.3/day, then: {bridge: down}}
  by_e: {when: bridge != down and way == e, rate: 0.3/day, then: {bridge: down}}
  by_f: {when: bridge != down and way == f, rate: 0.3/day, then: {bridge: down}}
  by_g: {when: bridge != down and way == g, rate: 0.3/day, then: {bridge: down}}
  by_i: {when: bridge != down and way == i, rate: 0.3/day, then: {bridge: down}}
outcomes:
  is_down: {when: bridge == down, label: The bridge is down}
  is_hit: {when: bridge == damaged, label: The bridge is damaged}
  never: {when: men < 0 persons}
  always: {when: men >= 0 persons}
watch: {bridge: bridge, way: way, men: men, is_up: bridge == up}
"""


@cache
def ensemble(text: str = BRIDGE, n: int = 600) -> Ensemble:
    """Return a small ensemble of a scenario's text."""
    return sim.run(sim.loads(text), replications=n, seed=1)


@cache
def interrupted(done: int, text: str = BRIDGE) -> Ensemble:
    """Return what is left of a run of 5,000 that was stopped after some hundreds."""

    def progress(n_done: int, _: int) -> None:
        if n_done > done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="interrupted after") as caught:
        sim.run(sim.loads(text), replications=5_000, seed=1, chunk=100, progress=progress)
    assert isinstance(caught.value.partial, Ensemble)
    return caught.value.partial


def empty() -> Ensemble:
    """Return what is left of a run that was stopped before its first replication was done."""
    scenario = sim.loads(BRIDGE)
    made = Ensemble.of(facts(scenario), scenario.net, blank(scenario.net, []), 1, "compiled")
    return dataclasses.replace(made, requested=5_000, is_complete=False)


def called(given: Ensemble, **texts: str) -> Ensemble:
    """Return an ensemble under other texts: title, question, label, name of the outcomes."""
    facts = {key: text for key, text in texts.items() if key in ("title", "question", "name")}
    label = texts.get("label")
    legend = given.legend
    if label is not None:
        asked = tuple(dataclasses.replace(o, label=label) for o in given.outcomes)
        legend = dataclasses.replace(legend, outcomes=asked)
    return dataclasses.replace(
        given, facts=dataclasses.replace(given.facts, **facts), legend=legend
    )


def simple(horizon: str = "10 days", start: str = "", rate: str = "0.5/day") -> str:
    """Return a scenario with one exponential outcome."""
    clock = f"{{horizon: {horizon}{', start: ' + start if start else ''}}}"
    return f"""
title: One clock
clock: {clock}
variables: {{city: {{states: [held, lost]}}}}
transitions: {{fall: {{when: city == held, rate: {rate}, then: {{city: lost}}}}}}
outcomes: {{falls: city == lost}}
"""


def two() -> Ensemble:
    """Return a small ensemble with two outcomes and nothing watched."""
    return ensemble(simple().replace("{falls:", "{stands: city == held, falls:"), n=40)
