"""Ends that compete: closed forms, and the answers of lifelines."""

import csv

import numpy as np
import pytest

from sim.analysis.competing import aalen_johansen, piecewise_hazards
from tests.oracles.competing import ANSWERS, BREAKS, DAYS, GRID, made_up, of_class

PIECES = [(0, 0), (1, 1), (2, 2), (3, 7), (8, 14), (15, 30), (31, 90)]


def lifelines(what: str) -> dict[float, float]:
    """Return its answers to a question, by where it was asked."""
    with ANSWERS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["what"] == what]
    return {float(row["at"]): float(row["answer"]) for row in rows}


@pytest.mark.parametrize("cause", [1, 2])
def test_incidence_with_censoring_is_that_of_lifelines(cause):
    times, codes = made_up()
    found = aalen_johansen(times, codes, cause=cause, grid=np.array(GRID))
    expected = lifelines(f"made up, cause {cause}")
    assert dict(zip(GRID, found, strict=True)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("cause", [1, 2])
def test_incidence_of_the_class_is_that_of_lifelines(cause):
    days, codes = of_class()
    found = aalen_johansen(days.astype(float), codes, cause=cause, grid=np.array(DAYS, float))
    expected = lifelines(f"class, cause {cause}")
    # Of rows that end on a day together, lifelines takes one after another in an order of chance:
    # that matters where censoring is among them, beyond day 90.
    assert found == pytest.approx(list(expected.values()), abs=1e-6)


def test_hazards_of_the_class_are_those_of_lifelines():
    came, at_risk = piecewise_hazards(*of_class(), cause=1, pieces=PIECES)
    expected = [lifelines("hazard of the class")[end] for end in BREAKS]
    assert came / at_risk == pytest.approx(expected, rel=1e-3)  # lifelines maximises numerically


def test_censoring_taken_as_an_end_would_be_noticed():
    times, codes = made_up()
    found = aalen_johansen(times, np.where(codes == 0, 3, codes), cause=1, grid=np.array(GRID))
    expected = list(lifelines("made up, cause 1").values())
    assert np.abs(found - expected).max() > 0.1


def test_incidences_and_what_is_left_add_up_to_one():
    times, codes = made_up()
    each = [aalen_johansen(times, codes, cause=c, grid=np.array(GRID)) for c in (1, 2)]
    merged = aalen_johansen(times, np.minimum(codes, 1), cause=1, grid=np.array(GRID))
    assert sum(each) == pytest.approx(merged)


def test_weights_are_how_often_a_record_counts():
    times, codes = made_up()
    weights = np.random.default_rng(0).integers(0, 4, (3, len(times)))
    found = aalen_johansen(
        times, codes, cause=1, grid=np.array(GRID), weights=weights.astype(float)
    )
    for row, counts in zip(found, weights, strict=True):
        repeated = aalen_johansen(
            np.repeat(times, counts), np.repeat(codes, counts), cause=1, grid=np.array(GRID)
        )
        assert row == pytest.approx(repeated)


def test_a_record_that_stops_is_no_cause():
    with pytest.raises(ValueError, match="code 0 stands for a record that stops"):
        aalen_johansen(np.ones(1), np.ones(1, int), cause=0, grid=np.ones(1))
