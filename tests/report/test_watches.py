"""Fans and stacks of what was watched: the numbers of the table."""

import dataclasses

import numpy as np
import pytest

from sim.ensemble.watched import COLUMNS, Watched
from sim.report import style
from sim.report.watches import MOST, fans
from tests.report.ensembles import ensemble, simple
from tests.report.test_arrivals import lines, texts


@pytest.fixture(autouse=True)
def _style():
    with style.applied():
        yield


def panels(drawing):
    """Return the axes by the heading of their panel."""
    return {axes.get_title("left"): axes for axes in drawing.figure.axes}


def rows(given, name):
    return given.watch[given.watch["name"] == name]


def watching(*columns, days=(0.0, 1.0, 2.0)):
    """Return an ensemble whose table says that this was watched: (name, figures)."""
    names = tuple(name for name, _ in columns for _ in days)
    figures = {
        c: np.concatenate([np.broadcast_to(np.asarray(f[c], float), len(days)) for _, f in columns])
        for c in COLUMNS
    }
    watched = Watched(np.tile(np.asarray(days), len(columns)), names, figures)
    return dataclasses.replace(ensemble(), watched=watched)


def constant(value):
    return dict.fromkeys(COLUMNS, value)


def polygon(collection, n):
    """Return low and high of a band drawn straight from point to point."""
    vertices = collection.get_paths()[0].vertices
    return vertices[1 : n + 1, 1], vertices[n + 2 : 2 * n + 2, 1][::-1]


def test_a_fan_is_the_table():
    given = ensemble()
    axes, table = panels(fans(given))["men (person)"], rows(given, "men")
    for what, column in (("median", "q50"), ("mean", "mean")):
        days, values = lines(axes)[what].get_data()
        assert np.array_equal(days, table["days"])
        assert np.array_equal(values, table[column])
    for collection, low, high in zip(axes.collections, ("q05", "q25"), ("q95", "q75"), strict=True):
        found_low, found_high = polygon(collection, len(table))
        assert np.array_equal(found_low, table[low])
        assert np.array_equal(found_high, table[high])
    assert lines(axes)["mean"].get_linestyle() != lines(axes)["median"].get_linestyle()


def test_labels_are_stacked_probabilities_that_add_up_to_one():
    given = ensemble()
    axes = panels(fans(given))["bridge"]
    layers = drawn_straight(axes)
    below = np.zeros(11)
    for (low, high), label in zip(layers, ("up", "damaged", "down"), strict=True):
        mean = rows(given, f"bridge == {label}")["mean"].to_numpy()
        assert np.allclose(low, below, atol=1e-12)
        below = below + mean
        assert np.allclose(high, below, atol=1e-12)
    assert np.allclose(below, 1.0)
    assert len(drawn_straight(panels(fans(given))["way"])) == 7
    assert "2 other labels" in texts(fans(given).figure)


def drawn_straight(axes):
    return [polygon(c, 11) for c in axes.collections]


def test_yes_or_no_is_a_probability_without_a_fan():
    given = ensemble()
    axes = panels(fans(given))["is_up"]
    assert set(lines(axes)) == {"mean"}
    assert np.array_equal(lines(axes)["mean"].get_ydata(), rows(given, "is_up")["mean"])
    assert axes.get_ylim() == (0.0, 1.0)
    assert not axes.collections
    # A number that is rarely above one is no condition.
    rarely = {**constant(0.0), "mean": 1.5}
    assert "median" in lines(panels(fans(watching(("n", rarely))))["n"])


def test_nothing_watched_is_no_picture():
    assert fans(ensemble(simple())) is None


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, 0.0, 1e99])
def test_any_number_can_be_drawn(value):
    drawing = fans(watching(("x", constant(value)), ("y", {**constant(1.0), "q95": value})))
    drawing.figure.canvas.draw()
    shown = np.asarray(lines(panels(drawing)["x"])["median" if value else "mean"].get_ydata())
    assert np.array_equal(shown, np.full(3, value) if abs(value) < 1e100 else np.full(3, np.nan),
                          equal_nan=True)  # fmt: skip


def test_one_watch_point_is_a_dot():
    drawing = fans(watching(("x", constant(2.0)), days=(0.0,)))
    assert lines(panels(drawing)["x"])["median"].get_marker() == "o"


def test_many_points_are_thinned_to_points_of_the_table():
    days = np.arange(20_000) / 2_000.0
    figures = {**constant(0.0), **dict.fromkeys(("mean", "q50", "q75", "q95"), days**2)}
    drawing = fans(watching(("x", figures), days=days))
    found, values = lines(panels(drawing)["x"])["median"].get_data()
    assert len(found) <= 250
    assert (found[0], found[-1]) == (days[0], days[-1])
    assert np.isin(found, days).all()
    assert np.array_equal(values, np.asarray(found) ** 2)


def test_more_panels_than_fit_are_counted():
    drawing = fans(watching(*((f"x{k}", constant(2.0)) for k in range(MOST + 3))))
    assert len(drawing.figure.axes) == MOST
    assert any("Not shown: 3 more watched values" in text for text in texts(drawing.figure))


def test_the_description_says_how_it_ends():
    given = ensemble()
    said, men = fans(given).alt, rows(given, "men")
    assert (
        f"men: the mean goes from {men['mean'].iloc[0]:.3g} to {men['mean'].iloc[-1]:.3g}" in said
    )
    assert f"between {men['q05'].iloc[-1]:.3g} and {men['q95'].iloc[-1]:.3g}." in said
    assert "bridge at the end: up " in said
