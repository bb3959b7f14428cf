"""Pictures of boxes: bars of what is allowed, the trajectory, texts of any kind."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

import sim
from sim.report import style
from sim.report.boxes import drawing, drawings
from sim.report.page import Drawing
from sim.report.trajectory import trajectory_csv
from sim.studies.discover import discover
from sim.studies.discovered import Discovery
from tests.studies.test_discover import CITY


@cache
def found() -> Discovery:
    return discover(sim.loads(CITY), "falls", replications=2_000)


def drawn(made: Discovery) -> Drawing:
    with style.applied():
        return drawing(made, 0)


def test_bars_reach_as_far_as_the_box_allows():
    bars, _ = drawn(found()).figure.axes
    tempo, comes, way = found().boxes[0].restrictions
    filled = [patch for patch in bars.patches if patch.get_facecolor()[:3] != (1.0, 1.0, 1.0)]
    ends = sorted((p.get_x(), p.get_x() + p.get_width()) for p in filled)
    first, second = way.shares["north"], way.shares["south"]
    allowed = sorted([tempo.quantiles, comes.quantiles, (0.0, first), (first, first + second)])
    assert np.array(ends) == pytest.approx(np.array(allowed))


def test_the_trajectory_has_every_step_and_the_box():
    _, path = drawn(found()).figure.axes
    box = found().boxes[0]
    lines = {line.get_label(): line for line in path.get_lines()}
    x, y = lines["peeled"].get_data()
    assert list(x) == [step.shares.coverage for step in box.trajectory]
    assert list(y) == [step.shares.density for step in box.trajectory]
    assert lines["the box"].get_data() == ([box.shares.coverage], [box.shares.density])


def test_it_says_in_words_what_it_shows():
    made = drawn(found())
    assert made.name == "box_1"
    assert made.title.startswith("Where 'The city falls' has come by Wed 11 Dec 2024")
    assert "variables.way.initial is not east" in made.alt
    assert "of all cases." in made.alt
    turned = drawn(dataclasses.replace(found(), holds=True))
    assert "'The city falls' has not come by" in turned.title


def test_each_box_has_a_picture():
    with style.applied():
        names = [one.name for one in drawings(found())]
    assert names == [f"box_{k + 1}" for k in range(len(found().boxes))]


@pytest.mark.parametrize("text", ["$\\bad$", "حمص", "<b>", "a" * 500, "\x1b[31m"])
def test_texts_of_any_kind_are_drawn(text):
    box = found().boxes[0]
    named = tuple(dataclasses.replace(one, input=text) for one in box.restrictions)
    hostile = dataclasses.replace(box, restrictions=named)
    drawn(dataclasses.replace(found(), boxes=(hostile,))).figure.canvas.draw()


def test_no_spreadsheet_takes_a_name_for_a_formula():
    box = found().boxes[0]
    steps = tuple(dataclasses.replace(one, input="=1+1") for one in box.trajectory)
    made = dataclasses.replace(found(), boxes=(dataclasses.replace(box, trajectory=steps),))
    assert "'=1+1" in trajectory_csv(made)
