"""The example of every mechanism has its known answer, and its page and picture show it.

``python -m docs.generate`` makes pages and pictures anew.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import sim
from docs.mechanism_pages import LETTERS, REPLICATIONS, ensemble, general, index, page
from docs.mechanism_pictures import draw, state, state_of
from sim.engines.driver import run_ensemble
from sim.world.mechanisms.registry import BY_KIND
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import EXAMPLES, Known, example, known


def committed(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def errors(found: sim.Ensemble, answer: Known) -> list[float]:
    """Return by how many standard errors each figure is off; inf where a day is another one."""
    chances = [
        abs(found.probability(outcome, by=t).value - p) / math.sqrt(p * (1.0 - p) / found.n)
        for (outcome, t), p in answer.by.items()
    ]
    days = [
        0.0 if np.allclose(found.times(outcome), day, rtol=0.0, atol=1e-9) else math.inf
        for outcome, day in answer.at.items()
    ]
    return chances + days


@pytest.mark.statistical
@pytest.mark.parametrize("kind", BY_KIND)
def test_an_example_has_its_known_answer_and_its_page_shows_that(kind):
    # At most eight figures at 4.5 standard errors: a false alarm in 18,000 for each kind.
    answer, found = known(kind), ensemble(kind)
    assert 0 < len(answer.by) + len(answer.at) <= 8
    assert max(errors(found, answer)) < 4.5
    assert committed(f"{kind}.md") == page(kind, found), "python -m docs.generate"


@pytest.mark.statistical
@pytest.mark.parametrize("kind", BY_KIND)
def test_a_planted_fault_is_noticed(kind):
    text, (old, new) = example(kind), known(kind).fault
    assert text.count(old) == 1
    found = sim.run(sim.loads(text.replace(old, new)), replications=REPLICATIONS)
    assert max(errors(found, known(kind))) > 4.5


@pytest.mark.parametrize("kind", BY_KIND)
def test_both_engines_tell_an_example_alike(kind):
    net = sim.loads(example(kind)).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=10)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=10, workers=2, chunk=3)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 0


@pytest.mark.parametrize("of", [example, known])
def test_a_kind_without_an_example_is_told_what_to_write(of):
    with pytest.raises(AssertionError, match=r"siegecraft has no .*: write .*mechanisms"):
        of("siegecraft")


# Pages and pictures.


def test_letters_stand_for_names_and_not_for_words_of_the_language():
    names = {section: list[str]() for section in LETTERS} | {"factions": ["army", "rebels"]}
    told = "the army: army.shock, rebels.way.army, town.garrison.rebels"
    assert general(told, names) == "the army: F.shock, G.way.F, town.garrison.G"


def test_the_index_is_current():
    assert committed("index.md") == index(), "python -m docs.generate"


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_picture_is_that_of_the_scenario_and_the_program_as_they_are(kind):
    assert state_of(kind) == state(kind), "python -m docs.generate"
    assert (EXAMPLES / f"{kind}.svg").stat().st_size < 40_000


def test_a_picture_drawn_again_has_the_same_bytes():
    # Two that are quick to draw: of an ensemble, and of an exact law.
    for kind in ("repair", "interdict"):
        assert draw(kind) == (EXAMPLES / f"{kind}.svg").read_bytes(), "python -m docs.generate"


@pytest.mark.parametrize(
    ("kind", "old", "new"), [("repair", "40 m", "41 m"), ("repair", "span_of_100", "span_of_99")]
)
def test_a_picture_of_another_scenario_is_noticed(kind, old, new, monkeypatch):
    monkeypatch.setattr(
        "docs.mechanism_pictures.example", lambda kind: example(kind).replace(old, new)
    )
    assert state(kind) != state_of(kind)


def test_nothing_is_left_of_kinds_that_are_gone():
    assert {path.stem for path in EXAMPLES.iterdir()} == {"index", *BY_KIND}
