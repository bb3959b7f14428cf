"""Pictures of a sweep: what they show, whatever the texts are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sim
from sim.report import style
from sim.report.influences import MOST, curves, drawings, heat, tornado
from sim.report.page import Drawing
from sim.studies.swept import Sweep
from tests.studies.test_sweep import GUNS, GUNS_PATH, HITS, IDLE


def swept(**how: object) -> Sweep:
    return sim.sweep(sim.loads(GUNS, "guns.yaml"), **{"replications": 100, "seed": 2, **how})


@pytest.fixture(scope="module")
def sobol() -> Sweep:
    return swept(method="sobol")


@pytest.fixture(scope="module")
def grid() -> Sweep:
    return swept(method="grid", inputs=[HITS, GUNS_PATH], levels=4, variants=["safe"])


def drawn(make, sweep: Sweep, outcome: str = "hit") -> Drawing:
    with style.applied():
        return make(sweep, outcome)


def names(sweep: Sweep) -> list[str]:
    with style.applied():
        return [drawing.name for drawing in drawings(sweep)]


def test_bars_reach_from_the_mean_to_the_probability_at_either_end(sobol):
    bars = drawn(tornado, sobol).figure.axes[0].patches
    middle = sobol.spread["hit"].probability
    for k, one in enumerate(sobol.outcomes["hit"]):
        ends = (one.responses[0].probability, one.responses[-1].probability)
        for bar, end in zip(bars[2 * k : 2 * k + 2], ends, strict=True):
            assert bar.get_x() + bar.get_width() == pytest.approx(end)
            assert min(bar.get_x(), bar.get_x() + bar.get_width()) <= middle
        # The lowest is hatched, so that grey tells them apart.
        assert bars[2 * k].get_hatch()
        assert not bars[2 * k + 1].get_hatch()


def test_dots_are_the_indices_with_their_intervals(sobol):
    lines = drawn(tornado, sobol).figure.axes[1].lines
    first = sobol.outcomes["hit"][0]
    assert lines[0].get_xdata() == pytest.approx(first.interval95)
    assert lines[1].get_xdata() == pytest.approx([first.index])
    assert lines[2].get_xdata() == pytest.approx(first.total95)
    assert lines[3].get_xdata() == pytest.approx([first.total])


def test_curves_go_through_the_responses(sobol):
    axes = drawn(curves, sobol).figure.axes
    assert len(axes) == 3
    for panel, one in zip(axes, sobol.outcomes["hit"], strict=True):
        (line, *_), *_ = panel.containers
        assert line.get_ydata() == pytest.approx([r.probability for r in one.responses])
        assert panel.get_title(loc="left") == one.input


def test_cells_are_means_of_points(grid):
    axes = drawn(heat, grid).figure.axes[0]
    shown = [text.get_text() for text in axes.texts]
    assert len(shown) == 8
    first, second = (one.input for one in grid.outcomes["hit"][:2])
    assert (first, second) == ("variant", HITS)
    assert [r.points for r in grid.outcomes["hit"][1].responses] == [8] * 4
    shares = np.asarray(grid.table["by.4.hit"]) / 100
    codes, places = grid.table["variant"].codes, np.asarray(grid.table[f"quantile.{HITS}"])
    wanted = [
        f"{100 * shares[(codes == code) & (np.abs(places - place) < 0.01)].mean():.0f} %"
        for code in (0, 1)
        for place in (1 / 8, 3 / 8, 5 / 8, 7 / 8)
    ]
    assert sorted(shown) == sorted(wanted)


def test_outcomes_without_influence_have_no_pictures(sobol):
    assert names(sobol) == ["tornado_hit", "responses_hit", "heat_hit"]
    nothing = dataclasses.replace(sobol, outcomes={"never": sobol.outcomes["never"]})
    assert names(nothing) == []


def test_a_run_as_it_is_has_no_points_to_map():
    assert names(swept(replications=2_000)) == ["tornado_hit", "responses_hit"]


def test_there_are_pictures_of_the_first_outcomes_only(sobol):
    many = {f"o{k}": sobol.outcomes["hit"] for k in range(MOST + 2)}
    spread = dict.fromkeys(many, sobol.spread["hit"])
    columns = {f"by.4.{name}": sobol.table["by.4.hit"] for name in many}
    made = dataclasses.replace(
        sobol, outcomes=many, spread=spread, table={**sobol.table, **columns}
    )
    found = names(made)
    assert sum(name.startswith("tornado") for name in found) == MOST
    assert sum(name.startswith("heat") for name in found) == 4


@pytest.mark.parametrize("method", ["morris", "lhs"])
def test_every_method_is_drawn(method):
    found = names(swept(method=method, replications=20))
    assert found[:3] == ["tornado_hit", "responses_hit", "heat_hit"]


def test_words_say_what_is_drawn(sobol):
    for make in (tornado, curves, heat):
        assert HITS in drawn(make, sobol).alt
    assert IDLE in drawn(tornado, sobol).alt
    assert "The bridge is hit" in drawn(tornado, sobol).title


def test_a_sweep_that_was_cut_short_says_so(sobol):
    cut = dataclasses.replace(sobol, complete=False, points_done=40)
    texts = [text.get_text() for text in drawn(tornado, cut).figure.texts]
    assert "CUT SHORT: 40 of 320 points" in texts


@pytest.mark.parametrize("text", ["$\\bad$", "حمص", "<b>", "a" * 500, "\x1b[31m"])
def test_texts_of_any_kind_are_drawn(sobol, text):
    found = tuple(
        dataclasses.replace(one, input=text if one.input == IDLE else one.input)
        for one in sobol.outcomes["hit"]
    )
    spread = dataclasses.replace(sobol.spread["hit"], label=text)
    hostile = dataclasses.replace(
        sobol, title=text, variant=text, outcomes={"hit": found}, spread={"hit": spread}
    )
    with style.applied():
        for drawing in drawings(hostile):
            drawing.figure.canvas.draw()
