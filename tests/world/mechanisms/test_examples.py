"""The example of every mechanism has its known answer, and both engines tell it alike."""

from __future__ import annotations

import math

import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.world.mechanisms.registry import BY_KIND
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import Known, example, known

N = 10_000


def errors(text: str, answer: Known) -> list[float]:
    """Return by how many standard errors each figure is off; inf where a day is another one."""
    found = sim.run(sim.loads(text), replications=N)
    chances = [
        abs(found.probability(outcome, by=t).value - p) / math.sqrt(p * (1.0 - p) / N)
        for (outcome, t), p in answer.by.items()
    ]
    days = [
        0.0 if abs(found.times(outcome) - day).max() < 1e-9 else math.inf
        for outcome, day in answer.at.items()
    ]
    return chances + days


@pytest.mark.statistical
@pytest.mark.parametrize("kind", BY_KIND)
def test_an_example_has_its_known_answer(kind):
    # At most twelve figures at 4.5 standard errors: a false alarm in 12,000 for each kind.
    answer = known(kind)
    assert answer.by or answer.at
    assert max(errors(example(kind), answer)) < 4.5


@pytest.mark.statistical
@pytest.mark.parametrize("kind", BY_KIND)
def test_a_planted_fault_is_noticed(kind):
    text, (old, new) = example(kind), known(kind).fault
    assert text.count(old) == 1
    assert max(errors(text.replace(old, new), known(kind))) > 4.5


@pytest.mark.parametrize("kind", BY_KIND)
def test_both_engines_tell_an_example_alike(kind):
    scenario = sim.loads(example(kind))
    for variant in (None, *scenario.variants):
        net = sim.loads(example(kind), variant=variant).net
        reference = run_ensemble(net, engine="reference", seed=1, replications=20)
        compiled = run_ensemble(net, engine="compiled", seed=1, replications=20, workers=2, chunk=7)
        assert differences(reference, compiled) == []
        assert compiled.n_events.sum() > 0 or variant


@pytest.mark.parametrize("of", [example, known])
def test_a_kind_without_an_example_is_told_what_to_write(of):
    with pytest.raises(AssertionError, match=r"siegecraft has no .*: write .*mechanisms"):
        of("siegecraft")
