"""Uniformisation against the matrix exponential and scipy's Poisson law."""

import math

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.linalg import expm

from sim.exact import transient
from sim.exact.explore import Chain
from sim.exact.transient import TooManyJumps, first_passage_cdf, poisson_weights


def chain(rates: np.ndarray, holds: np.ndarray) -> Chain:
    """Return a chain that begins in its first state."""
    n = len(rates)
    initial = np.eye(n)[0]
    keys = tuple(bytes([k]) for k in range(n))
    return Chain(initial, sparse.csr_array(rates), holds, keys)


def by_expm(rates: np.ndarray, holds: np.ndarray, t: float) -> np.ndarray:
    """Return P(T <= t) by outcome: the states of each made absorbing in turn."""
    found = []
    for held in holds.T:
        generator = np.where(held[:, None], 0.0, rates)
        generator = generator - np.diag(generator.sum(axis=1))
        found.append(expm(generator * t)[0] @ held)
    return np.array(found)


def some_chain(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return rates (some 0, some 1,000 times others) and two outcomes."""
    rng = np.random.default_rng(seed)
    rates = rng.exponential(1.0, (n, n)) * (rng.random((n, n)) < 0.3)
    rates[n // 2] *= 1_000.0
    np.fill_diagonal(rates, 0.0)
    holds = rng.random((n, 2)) < 0.2
    holds[0] = False
    return rates, holds


@pytest.mark.parametrize("seed", range(10))
def test_the_law_is_that_of_the_matrix_exponential(seed):
    rates, holds = some_chain(seed)
    times = np.array([0.0, 1e-6, 0.1, 1.0, 10.0])
    found = first_passage_cdf(chain(rates, holds), times)
    wanted = [by_expm(rates, holds, t) for t in times]
    assert found == pytest.approx(np.array(wanted), abs=1e-10)


def test_a_law_cut_short_is_noticed(monkeypatch):
    rates, holds = some_chain(3)
    monkeypatch.setattr(transient, "_DEVIATIONS", 3.0)
    monkeypatch.setattr(transient, "_AND_SOME", 0)
    found = first_passage_cdf(chain(rates, holds), np.array([1.0]))
    assert np.abs(found[0] - by_expm(rates, holds, 1.0)).max() > 1e-9


def test_small_probabilities_keep_their_digits():
    """Ten exponential stages at once: t^10 / 10! for small t, 1e-57 here."""
    rates = np.diag(np.ones(10), 1)
    holds = np.arange(11)[:, None] == 10
    t = 1e-5
    exact = math.exp(-t) * math.fsum(t**k / math.factorial(k) for k in range(10, 20))
    assert first_passage_cdf(chain(rates, holds), np.array([t]))[0, 0] == pytest.approx(
        exact, rel=1e-12
    )


def test_a_steady_chain_is_not_followed_to_the_end(monkeypatch):
    """Half of the mass ends in a state from where the outcome is out of reach."""
    rates = np.array([[0.0, 1.0, 1.0, 0.0], [0, 0, 0, 0], [0, 0, 0, 50.0], [0, 0, 60.0, 0]])
    holds = np.arange(4)[:, None] == 1
    found = first_passage_cdf(chain(rates, holds), np.array([10.0, 10_000.0]))
    assert found[:, 0] == pytest.approx([0.5 * (1 - math.exp(-20.0)), 0.5], abs=1e-12)


def test_a_slow_end_behind_a_fast_circle_is_followed():
    """Each jump changes almost nothing, all of them together everything."""
    rates = np.array([[0.0, 1_000.0, 0.0], [1_000.0, 0.0, 1e-3], [0.0, 0.0, 0.0]])
    holds = np.arange(3)[:, None] == 2
    found = first_passage_cdf(chain(rates, holds), np.array([500.0]))
    assert found[0, 0] == pytest.approx(by_expm(rates, holds, 500.0)[0], abs=1e-10)


def test_nothing_that_can_happen_and_nothing_to_ask():
    rates = np.zeros((1, 1))
    assert first_passage_cdf(chain(rates, np.array([[True]])), np.array([0.0, 3.0])).tolist() == [
        [1.0],
        [1.0],
    ]
    assert first_passage_cdf(chain(rates, np.array([[False]])), np.array([])).shape == (0, 1)
    assert first_passage_cdf(chain(rates, np.zeros((1, 0), bool)), np.ones(2)).shape == (2, 0)


def test_too_many_jumps_are_refused():
    rates = np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(TooManyJumps, match="jumps"):
        first_passage_cdf(chain(rates, np.zeros((2, 1), bool)), np.array([1e9]))


@pytest.mark.parametrize("mean", [0.0, 1e-12, 0.3, 1.0, 7.5, 300.0, 12_345.6, 2e6])
def test_poisson_weights_are_those_of_the_law(mean):
    first, weights = poisson_weights(mean)
    k = first + np.arange(len(weights))
    law = stats.poisson(mean)
    # scipy's own log probabilities lose about 1e-16 * k log k.
    assert weights == pytest.approx(law.pmf(k), rel=1e-8, abs=1e-17)
    assert law.cdf(first - 1) + law.sf(k[-1]) < 1e-14
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
