"""Pictures of differences: what is drawn, what they say, texts of any kind."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

import sim
from sim.analysis.paired import paired_cdf
from sim.report import style
from sim.report.difference import MOST, difference, drawings
from sim.studies.comparison import Comparison
from tests.report.ensembles import simple

RATES = {"faster": "0.7/day", "much_faster": "2/day", "slower": "0.3/day", "same": "0.5/day"}
VARIANTS = "variants:\n" + "".join(
    f"  {name}: {{transitions.fall.rate: {rate}}}\n" for name, rate in RATES.items()
)


@cache
def comparison(*names: str, start: str = "2024-12-06T18:00+03:00", n: int = 400) -> Comparison:
    scenario = sim.loads(simple(start=start) + VARIANTS)
    return sim.compare(scenario, *(scenario.variant(name) for name in names), replications=n)


def drawn(made: Comparison):
    with style.applied():
        return difference(made, "falls")


def line(axes, label: str):
    return next(one for one in axes.get_lines() if one.get_label() == label)


def test_curves_stand_above_and_differences_below():
    made = comparison("faster", "slower")
    upper, lower = drawn(made).figure.axes
    base, *others = made.ensembles
    for name, ensemble in zip(["scenario", *made.others], made.ensembles, strict=True):
        days, values = line(upper, name).get_data()
        assert np.array_equal(values, ensemble.cdf("falls", days).cdf)
    for name, ensemble in zip(made.others, others, strict=True):
        days, values = line(lower, name).get_data()
        apart, low, high = paired_cdf(base.times("falls"), ensemble.times("falls"), days)
        assert np.array_equal(values, apart)
        assert lower.get_ylim()[0] <= low.min()
        assert high.max() <= lower.get_ylim()[1]


def test_colours_and_dashes_tell_scenarios_apart():
    upper, _ = drawn(comparison("faster", "slower", "much_faster", "same")).figure.axes
    lines = upper.get_lines()
    assert len({one.get_color() for one in lines}) == len(lines) == 5
    assert len({str(one.get_linestyle()) + str(one._dash_pattern) for one in lines}) == 5


def test_it_says_what_differs_most_first_in_words_too():
    made = drawn(comparison("faster", "much_faster"))
    assert made.name == "difference_falls"
    assert "Arrival curves of 'falls' over each other" in made.alt
    assert made.alt.index("much_faster by ") < made.alt.index(" faster by ")
    assert "points (Monte Carlo 95 %: +" in made.alt


def test_of_many_scenarios_those_are_drawn_that_differ_most():
    scenario = sim.loads(simple() + VARIANTS + "  other: {transitions.fall.rate: 0.9/day}\n")
    made = sim.compare(
        scenario, *(scenario.variant(name) for name in [*RATES, "other"]), replications=200
    )
    picture = drawn(made)
    assert [one.get_label() for one in picture.figure.axes[0].get_lines()] == [
        "scenario", "faster", "much_faster", "slower", "other",
    ]  # fmt: skip
    texts = " ".join(text.get_text() for text in picture.figure.texts)
    assert "Not drawn: 1 scenario that differ" in texts


def test_where_starts_differ_the_axis_has_days():
    first = sim.loads(simple(start="2024-12-06T18:00+03:00"), "a.yaml")
    second = sim.loads(simple("8 days", start="2024-11-06T18:00+03:00"), "b.yaml")
    axes = drawn(sim.compare(first, second, replications=100)).figure.axes[1]
    assert axes.get_xlim() == (0.0, 8.0)
    assert "2024" not in " ".join(tick.get_text() for tick in axes.get_xticklabels())


@pytest.mark.parametrize("text", ["$\\bad$", "حمص", "<b>", "a" * 500, "\x1b[31m"])
def test_texts_of_any_kind_are_drawn(text):
    made = comparison("faster", n=50)
    named = [dataclasses.replace(one, name=text) for one in made.scenarios[1:]]
    of = {"falls": {text: made.differences["falls"]["faster"]}}
    hostile = dataclasses.replace(made, scenarios=(made.scenarios[0], *named), differences=of)
    with style.applied():
        drawn(hostile).figure.canvas.draw()


def names(comparison: Comparison) -> list[str]:
    with style.applied():
        return [drawing.name for drawing in drawings(comparison)]


def with_outcomes(outcomes: str, name: str) -> Comparison:
    text = simple().replace("{falls: city == lost}", outcomes) + VARIANTS
    scenario = sim.loads(text)
    return sim.compare(scenario, scenario.variant(name), replications=100)


def test_there_is_a_picture_for_each_of_the_first_outcomes():
    outcomes = "{" + ", ".join(f"o{k}: city == lost" for k in range(MOST + 2)) + "}"
    made = with_outcomes(outcomes, "much_faster")
    assert names(made) == [f"difference_o{k}" for k in range(MOST)]


def test_outcomes_that_do_not_differ_have_none_but_for_the_first():
    outcomes = "{never: fall.fired > 1, falls: city == lost, nor_this: fall.fired > 2}"
    assert names(with_outcomes(outcomes, "much_faster")) == [
        "difference_never",
        "difference_falls",
    ]
    assert names(with_outcomes(outcomes, "same")) == ["difference_never"]
