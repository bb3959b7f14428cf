"""Causes stacked: they are the cumulative incidences, and add up to the arrival curve."""

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection

from sim.report import style
from sim.report.causes import stacked
from sim.report.page import spread
from sim.report.stack import MOST, layers
from tests.report.ensembles import ensemble, interrupted
from tests.report.test_arrivals import band, lines, texts


@pytest.fixture(autouse=True)
def _style():
    with style.applied():
        yield


def drawn(axes):
    """Return the layers of a picture: grid, low and high of each."""
    return [band(c) for c in axes.collections if isinstance(c, FillBetweenPolyCollection)]


def test_layers_are_the_incidences_and_add_up_to_the_curve():
    given = ensemble()
    axes = stacked(given, "is_down").figure.axes[0]
    grid, curve = (np.asarray(v) for v in lines(axes)["arrival"].get_data())
    incidence = given.incidence("is_down", grid)
    assert len(incidence) == 8
    found = drawn(axes)
    assert len(found) == MOST + 1
    below = np.zeros(len(grid))
    for (days, low, high), expected in zip(found, incidence.values(), strict=False):
        assert np.array_equal(days, grid)
        assert np.allclose(low, below, atol=1e-12)
        if high is not found[-1][2]:
            below = below + expected
            assert np.allclose(high, below, atol=1e-12)
    rest = sum(list(incidence.values())[MOST:])
    assert np.allclose(found[-1][2] - found[-1][1], rest, atol=1e-12)
    assert np.allclose(found[-1][2], curve, atol=1e-12)
    assert np.array_equal(curve, given.cdf("is_down", grid).cdf)


def test_each_cause_has_its_name_its_share_and_a_hatch_of_its_own():
    given = ensemble()
    figure = stacked(given, "is_down").figure
    said, shares = texts(figure), given.shares("is_down")
    for cause in list(shares)[:MOST]:
        assert cause in said
        assert f"{100 * shares[cause]:.1f} %" in said
    assert "2 other causes" in said
    hatches = [c.get_hatch() for c in figure.axes[0].collections]
    assert len(set(hatches)) == MOST + 1


def test_names_stand_in_the_order_of_the_layers():
    given = ensemble()
    figure = stacked(given, "is_down").figure
    order = [*list(given.shares("is_down"))[:MOST], "2 other causes"]
    heights = [t.get_position()[1] for name in order for t in figure.texts if t.get_text() == name]
    assert heights == sorted(heights)
    assert len(set(heights)) == MOST + 1


def test_one_other_cause_is_told_as_one():
    curves = {f"c{k}": np.array([0.0, 0.1]) for k in range(MOST + 1)}
    found = layers(curves, "cause")
    assert [layer.name for layer in found][-1] == "1 other cause"
    assert found[-1].heights.tolist() == [0.0, 0.1]
    assert len(layers(dict(list(curves.items())[:MOST]), "cause")) == MOST


def test_the_description_says_the_shares():
    given = ensemble()
    said, shares = stacked(given, "is_down").alt, given.shares("is_down")
    first = next(iter(shares))
    assert f"{first} {100 * shares[first]:.1f} %, " in said
    assert "2 other causes" in said
    assert stacked(interrupted(300), "is_down").alt.endswith(" of 5,000 replications.")


@pytest.mark.parametrize(
    "wanted",
    [[0.5], [0.5, 0.5, 0.5], [1.0, 1.0], [0.0, 0.0, 0.05], [0.1, 0.9], [0.99, 1.0, 0.98], []],
)
def test_labels_are_spread_but_stay_in_order_and_in_reach(wanted):
    found = spread(wanted, 0.1, 0.0, 1.0)
    order = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
    places = [found[k] for k in order]
    assert np.all(np.diff(places) > 0.0999)
    assert all(0.0 <= place <= 1.0 for place in places)
    if wanted == [0.1, 0.9]:
        assert found == wanted


def test_too_many_labels_go_on_below():
    assert spread([0.0] * 4, 0.5, 0.0, 1.0) == pytest.approx([-0.5, 0.0, 0.5, 1.0])
