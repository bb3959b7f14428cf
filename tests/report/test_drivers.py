"""The tornado: its bars and dots are the probabilities by fifths and labels."""

import dataclasses

import pytest

import sim
from sim.ensemble.driven import Driver, Given
from sim.ensemble.legend import Measured
from sim.report import style
from sim.report.drivers import tornado
from sim.report.pictures import drawings
from tests.ensemble.test_driven import RACE
from tests.report.ensembles import called, ensemble
from tests.report.test_arrivals import texts


@pytest.fixture(autouse=True)
def _style():
    with style.applied():
        yield


@pytest.fixture(scope="module")
def race():
    return sim.run(sim.loads(RACE), replications=8_000, seed=1)


def drawn(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return list(line.get_data()[0])


def test_bars_dots_and_the_line_are_the_probabilities(race):
    driven = race.drivers()["falls"]
    axes = tornado(race, "falls", driven).figure.axes[0]
    given = [[p for _, p in one.given] for one in driven.drivers]
    assert len(given) >= 2
    assert drawn(axes, "lowest") == [ps[0] for ps in given]
    assert drawn(axes, "highest") == [ps[-1] for ps in given]
    assert drawn(axes, "between") == [p for ps in given for p in ps[1:-1]]
    assert drawn(axes, "all inputs") == [driven.probability] * 2
    (bars,) = axes.collections
    ends = [tuple(segment[:, 0]) for segment in bars.get_segments()]
    assert ends == [(min(ps), max(ps)) for ps in given]


def test_each_row_has_its_name_its_index_and_its_interval(race):
    driven = race.drivers()["falls"]
    drawing = tornado(race, "falls", driven)
    said = texts(drawing.figure)
    for one in driven.drivers:
        low, high = one.interval95
        assert {one.input.name, f"{one.index:.2f}", f"{low:.2f} to {high:.2f}"} <= set(said)
        assert f"{one.input.name}, index {one.index:.2f}: {one.said()}." in drawing.alt


def test_an_outcome_that_hangs_on_something_has_the_picture_and_no_other(race):
    assert list(drawings(race)) == [
        "arrivals",
        *("arrival_falls", "causes_falls", "drivers_falls"),
        "arrival_never",
    ]
    assert not any(name.startswith("drivers") for name in drawings(ensemble()))


@pytest.mark.parametrize("text", ["$\\bad$", "a\u202eb", "x" * 3_000, "\u6b66\u6c49"])
def test_texts_of_a_file_are_data(race, text):
    labels = [Given(text, 0.2), *(Given(f"{text}{k}", 0.3) for k in range(30))]
    one = Driver(Measured(text, "", is_label=True), 1.0, (0.9, 1.0), tuple(labels))
    driven = dataclasses.replace(race.drivers()["falls"], drivers=(one,))
    drawing = tornado(called(race, label=text), "falls", driven)
    drawing.figure.canvas.draw()
    assert "\u202e" not in drawing.alt
    assert len(drawing.alt) < 20_000
