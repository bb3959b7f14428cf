"""Sums over watched values: the same however the replications come."""

from __future__ import annotations

import numpy as np
import pytest

from sim.ensemble.batch import part
from sim.ensemble.gather import Gatherer, InMemory
from sim.ensemble.watched import BLOCK, COLUMNS, QUANTILES, Watched, _spread_of_counts
from tests.ensemble.test_model import NET, batch

N = 3 * BLOCK + 100


def watched(sizes: list[int]) -> Watched:
    """Return what is watched in replications that come in slabs of these sizes."""
    values = np.random.default_rng(7).lognormal(size=(N, 3, 2)) * 1_000.0
    labels = np.random.default_rng(8).integers(0, len(NET.labels), size=(N, 3))
    values[:, :, 1] = labels
    whole = batch(N, watch=values)
    gatherer = Gatherer(NET, InMemory())
    begin = 0
    for size in sizes:
        gatherer.take(part(whole, begin, begin + size))
        begin += size
    assert begin == N
    return gatherer.watched()


def same(a: Watched, b: Watched) -> bool:
    return a.names == b.names and all(
        a.figures[name].tobytes() == b.figures[name].tobytes() for name in COLUMNS
    )


@pytest.mark.parametrize(
    "sizes", [[BLOCK, 2 * BLOCK, 100], [3 * BLOCK + 100], [2 * BLOCK, BLOCK + 100]]
)
def test_how_whole_blocks_come_changes_no_bit(sizes):
    assert same(watched(sizes), watched([BLOCK, BLOCK, BLOCK, 100]))


def test_a_sum_over_other_blocks_is_another_one():
    """The comparison is no empty one: floating-point sums hang on their order."""
    values = np.random.default_rng(7).lognormal(size=N) * 1_000.0
    in_blocks = sum(values[b : b + BLOCK].sum() for b in range(0, N, BLOCK))
    in_others = sum(values[b : b + 100].sum() for b in range(0, N, 100))
    assert in_blocks != in_others


def test_an_unfinished_block_can_only_be_the_last():
    with pytest.raises(AssertionError, match="a block was left unfinished"):
        watched([100, 3 * BLOCK])


def test_a_state_is_that_of_the_last_whole_block():
    values = np.zeros((N, 3, 2))
    values[:, :, 0] = np.random.default_rng(1).lognormal(size=(N, 3))
    whole = batch(N, watch=values)
    at_once, first, second = (Gatherer(NET, InMemory()) for _ in range(3))
    at_once.take(whole)
    first.take(part(whole, 0, 2 * BLOCK + 7))
    state = {name: np.copy(value) for name, value in first.state().items()}
    assert state["n"] == 2 * BLOCK
    second.restore(state)
    second.take(part(whole, 2 * BLOCK, N))
    assert same(second.watched(), at_once.watched())
    assert second.sums.n_events == at_once.sums.n_events
    assert second.n == N


def test_quantiles_of_a_label_are_those_of_what_holds_or_does_not():
    """As numpy has them of zeros and ones, at every share a run of seven can have."""
    for c in range(8):
        held = np.array([[1.0]] * c + [[0.0]] * (7 - c))
        expected = np.quantile(held, QUANTILES, axis=0, method="inverted_cdf")
        found = _spread_of_counts(np.array([c]), 7)
        assert [found[name] for name in COLUMNS[1:]] == expected.tolist()
        assert found["mean"] == c / 7
