"""Arrival curves: what is drawn is what the ensemble says."""

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

import sim
from sim.report import style
from sim.report.arrivals import MOST, arrival, overview, points
from sim.report.page import moment
from sim.report.pictures import drawings
from tests.report.ensembles import BRIDGE, called, ensemble, interrupted, simple


@pytest.fixture(autouse=True)
def _style():
    with style.applied():
        yield


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def texts(figure):
    found = [t.get_text() for t in figure.texts]
    return [*found, *(t.get_text() for axes in figure.axes for t in axes.texts)]


def band(polygon):
    """Return grid, low and high of a band drawn in steps."""
    vertices = polygon.get_paths()[0].vertices
    half = len(vertices) // 2
    forth, back = vertices[1:half], vertices[half + 1 : -1][::-1]
    return forth[::2, 0], forth[::2, 1], back[::2, 1]


def columns(drawing):
    """Return the columns of a drawing's table by name."""
    return dict(zip(drawing.table.head, zip(*drawing.table.rows, strict=True), strict=True))


@pytest.mark.parametrize("name", ["is_down", "is_hit", "never", "always"])
def test_the_curve_is_the_cdf_and_hairlines_are_its_intervals(name):
    given_ = ensemble()
    drawing = arrival(given_, name)
    drawn, told = lines(drawing.figure.axes[0]), columns(drawing)
    grid, values = drawn["arrival"].get_data()
    expected = given_.cdf(name, np.asarray(grid))
    assert np.array_equal(values, expected.cdf)
    assert drawn["arrival"].get_drawstyle() == "steps-post"
    for label, ends in (("low", expected.low), ("high", expected.high)):
        assert np.array_equal(drawn[label].get_ydata(), ends)
        assert drawn[label].get_linewidth() < 0.3 * drawn["arrival"].get_linewidth()
        assert told[f"monte_carlo95_{label}"] == tuple(ends.tolist())
    assert told["day"] == tuple(np.asarray(grid).tolist())
    assert told["probability"] == tuple(values.tolist())
    # Six hundred replications tell nothing of what is unknown.
    assert set(told["inputs80_low"]) == {None}
    assert not drawing.figure.axes[0].collections


@given(st.integers(1, 3_000), st.integers(0, 10**9), st.sampled_from([0.0, 0.3, 0.95]))
def test_thinning_loses_no_step_that_can_be_seen(n, seed, ties):
    generator = np.random.default_rng(seed)
    times = generator.exponential(5.0, n)
    times[generator.random(n) < ties] = 3.0
    times[times > 10.0] = np.inf
    days = points(times, 10.0)
    assert len(days) <= 500
    assert days[0] == 0.0
    assert days[-1] == 10.0
    assert np.all(np.diff(days) > 0.0)
    # Between two points the curve rises by no more than a hundredth, however high its steps are.
    below = np.searchsorted(np.sort(times), days[1:], side="left")
    at = np.searchsorted(np.sort(times), days[:-1], side="right")
    assert np.max((below - at) / n, initial=0.0) <= 0.01
    if len(np.unique(times)) > 500:
        assert np.max(np.diff(days)) <= 10.0 / 200


def test_few_steps_are_drawn_exactly():
    times = np.array([1.0, 2.0, 2.0, np.inf])
    assert points(times, 5.0).tolist() == [0.0, 1.0, 2.0, 5.0]
    assert points(np.array([np.inf]), 5.0).tolist() == [0.0, 5.0]
    assert points(np.array([0.0, 5.0]), 5.0).tolist() == [0.0, 5.0]


def test_the_median_is_marked_where_it_is_known():
    given_ = ensemble()
    assert given_.probability("is_down").value > 0.5 > given_.probability("is_hit").value
    line = lines(arrival(given_, "is_down").figure.axes[0])["median"]
    median = given_.quantile("is_down", 0.5).value
    assert list(line.get_xdata()) == [0.0, median, median]
    assert list(line.get_ydata()) == [0.5, 0.5, 0.0]
    assert "median" not in lines(arrival(given_, "is_hit").figure.axes[0])


def test_exactly_one_half_has_no_median():
    half = sim.run(
        sim.loads(
            "title: x\nclock: {horizon: 1 day}\nvariables: {v: {integer: [0, 1], initial: 0}}\n"
            "transitions: {t: {at: [0.5 days], then: {v: 1}}}\noutcomes: {half: v == 1}\n"
        ),
        replications=4,
    )
    times = half.table["time.half"]
    halved = {**half.table, "time.half": np.where(np.arange(4) < 2, times, np.inf)}
    half = dataclasses.replace(half, table=halved)
    assert half.probability("half").value == 0.5
    assert "median" not in lines(arrival(half, "half").figure.axes[0])


def test_the_band_is_the_band_over_unknown_inputs():
    given_ = ensemble(n=10_000)
    drawing = arrival(given_, "is_hit")
    (polygon,) = drawing.figure.axes[0].collections
    told = columns(drawing)
    rows = zip(told["day"], told["inputs80_low"], told["inputs80_high"], strict=True)
    known = [row for row in rows if row[1] is not None]
    assert 50 <= len(known) <= 60
    assert all((low, high) == given_.inputs80("is_hit", day) for day, low, high in known)
    vertices = {tuple(v) for v in polygon.get_paths()[0].vertices.tolist()}
    assert vertices == {(day, end) for day, *ends in known for end in ends}
    assert known[-1][0] == given_.facts.horizon
    assert max(high for _, _, high in known) <= drawing.figure.axes[0].get_ylim()[1]


TICKS = """
title: Every third day
clock: {horizon: 10 days}
parameters: {p: {uniform: [0.1, 0.9]}}
variables: {city: {states: [held, lost]}}
transitions:
  fall:
    when: city == held
    every: 3 days
    branches: [{weight: p, then: {city: lost}}, {weight: 1 - p, then: {}}]
outcomes: {falls: city == lost}
"""


def test_the_band_of_few_steps_has_steps():
    (polygon,) = arrival(ensemble(TICKS, 2_000), "falls").figure.axes[0].collections
    vertices = polygon.get_paths()[0].vertices
    assert set(vertices[:, 0].tolist()) == {3.0, 6.0, 9.0, 10.0}
    # Each end of each day stands twice at least, but for the first: before and after a step.
    assert len(vertices) > 2 * 4 + 3


def test_nothing_unknown_has_no_band():
    drawing = arrival(ensemble(simple()), "falls")
    assert not drawing.figure.axes[0].collections
    assert not any("inputs 80" in text for text in texts(drawing.figure))


def test_what_is_missing_to_one_is_written():
    given_ = ensemble()
    p = given_.probability("is_down").value
    drawn = texts(arrival(given_, "is_down").figure)
    assert f"not: {100 * (1 - p):.1f} %" in drawn
    assert f"{100 * p:.1f} %" in drawn
    rare = " ".join(texts(arrival(given_, "never").figure))
    assert "Not within 10 days: > 99 %" in rare
    assert "The axis ends at" in rare


def test_the_axis_of_time_goes_from_the_start_to_the_horizon_in_local_dates():
    axes = arrival(ensemble(), "is_down").figure.axes[0]
    assert axes.get_xlim() == (0.0, 10.0)
    labels = [t.get_text() for t in axes.get_xticklabels()]
    assert labels[:2] == ["7 Dec\n2024", "8 Dec"]
    assert axes.get_xticks()[0] == 0.25
    assert axes.get_xlabel() == "local time, +03:00"
    assert (
        arrival(ensemble(simple()), "falls").figure.axes[0].get_xlabel() == "days since the start"
    )


@pytest.mark.parametrize(
    ("horizon", "rate"),
    [("6 h", "3/day"), ("1 s", "30000/day"), ("5000 days", "0.001/day"), ("600000 days", "1/day")],
)
@pytest.mark.parametrize("start", ["", "2024-12-06T18:00+03:00", "9990-01-01T00:00Z"])
def test_any_horizon(horizon, rate, start):
    given_ = ensemble(simple(horizon, start, rate), n=50)
    (drawing,) = drawings(given_).values()
    drawing.figure.savefig(io.BytesIO(), format="svg")
    assert drawing.figure.axes[0].get_xlim() == (0.0, given_.facts.horizon)


def test_the_description_says_the_numbers():
    given_ = ensemble()
    p = given_.probability("is_down")
    said = arrival(given_, "is_down").alt
    assert said.startswith(
        f"Arrival curve of 'The bridge is down': P rises from 0 to {100 * p.value:.1f} % by "
        "Mon 16 Dec 2024 18:00 +03:00 ("
    )
    assert f"Monte Carlo 95 %: {100 * p.low:.1f} to {100 * p.high:.1f} %); half of it by" in said
    came = np.sort(given_.times("is_down")[np.isfinite(given_.times("is_down"))])
    assert f"half of it by {moment(given_.facts, came[(len(came) - 1) // 2])}." in said
    assert "P is 0 from the start until" in arrival(given_, "never").alt
    assert "P is > 99 % from the start until" in arrival(given_, "always").alt
    assert "INTERRUPTED" not in said


def test_an_interrupted_run_says_so():
    partial = interrupted(300)
    assert 0 < partial.n < 5_000
    told = f"INTERRUPTED: {partial.n} of 5,000 replications"
    for drawing in drawings(partial).values():
        assert told in texts(drawing.figure)
        assert drawing.alt.endswith(f" {told}.")
    assert not any("INTERRUPTED" in text for text in texts(arrival(ensemble(), "is_down").figure))


def test_a_run_that_fell_short_of_its_precision_says_so():
    short = dataclasses.replace(ensemble(), precision=0.001, is_complete=False)
    told = "INTERRUPTED after 600 replications, short of its precision"
    assert told in texts(arrival(short, "is_down").figure)


def test_the_overview_has_every_curve_to_one_scale():
    given_ = ensemble()
    drawing = overview(given_)
    assert len(drawing.figure.axes) == 4
    for asked, axes in zip(given_.outcomes, drawing.figure.axes, strict=True):
        grid, values = lines(axes)["arrival"].get_data()
        assert np.array_equal(values, given_.cdf(asked.name, np.asarray(grid)).cdf)
        assert axes.get_ylim() == (0.0, 1.0)
        assert axes.get_title("left").replace("\n", " ") == (asked.label or asked.name)
        assert asked.label in drawing.alt


def test_panels_do_not_lie_on_each_other():
    for drawing in drawings(ensemble()).values():
        boxes = [axes.get_position() for axes in drawing.figure.axes]
        for k, one in enumerate(boxes):
            assert 0.0 < one.x0 < one.x1 < 1.0
            assert 0.0 < one.y0 < one.y1 < 1.0
            assert not any(one.overlaps(other) for other in boxes[:k])


def test_more_outcomes_than_fit_are_counted():
    more = "".join(f"  o{k}: bridge == down\n" for k in range(20))
    many = ensemble(BRIDGE.replace("watch:", f"{more}watch:"), n=50)
    drawing = overview(many)
    assert len(drawing.figure.axes) == MOST
    assert any("Not shown: 12 more outcomes" in text for text in texts(drawing.figure))
    assert sum(name.startswith("arrival_") for name in drawings(many)) == MOST


def test_long_labels_stay_on_the_page():
    long = called(ensemble(), label="Wohin, wohin? " * 30 + "W" * 300)
    figure = arrival(long, "is_down").figure
    width = figure.get_size_inches()[0] * figure.dpi
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0.0
        assert box.x1 <= width * 1.001, text.get_text()


def test_what_has_not_come_is_a_bar_of_its_own():
    for name in ("is_down", "is_hit"):
        figure = arrival(ensemble(), name).figure
        p = ensemble().probability(name).value
        bars = {patch.get_label(): patch for patch in figure.findobj(Rectangle)}
        whole = bars["came"].get_height() + bars["not"].get_height()
        assert bars["came"].get_height() / whole == pytest.approx(p)
        place = figure.axes[0].get_position()
        assert whole == pytest.approx(place.height)
        assert bars["not"].get_hatch()


def test_where_knowledge_ends_after_the_start_is_a_line():
    start = "2024-12-06T18:00+03:00"
    text = simple(start=f"{start}, as_of: 2024-12-08T18:00+03:00")
    figure = arrival(ensemble(text), "falls").figure
    assert list(lines(figure.axes[0])["as_of"].get_xdata()) == [2.0, 2.0]
    assert "known as of 8 Dec 18:00" in texts(figure)
    assert "as_of" not in lines(arrival(ensemble(simple(start=start)), "falls").figure.axes[0])


def test_below_one_in_a_hundred_it_is_the_models_word():
    rare = arrival(ensemble(simple(rate="0.0001/day"), n=900), "falls")
    assert any("< 1 %, given the model" in text for text in texts(rare.figure))


def test_the_table_of_the_overview_has_every_curve():
    given_ = ensemble()
    drawing = overview(given_)
    told = columns(drawing)
    for axes, outcome in zip(drawing.figure.axes, given_.outcomes, strict=True):
        rows = [k for k, name in enumerate(told["outcome"]) if name == outcome.name]
        days, values = lines(axes)["arrival"].get_data()
        assert [told["day"][k] for k in rows] == np.asarray(days).tolist()
        assert [told["probability"][k] for k in rows] == np.asarray(values).tolist()
