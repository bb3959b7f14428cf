"""Immediates come to rest as the linear system says: dense, in fractions, and in closed form."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from sim.errors import ScenarioError
from sim.exact import vanishing
from sim.exact.solve import exact
from sim.exact.vanishing import Endless, TooManyWays, rests
from tests.net.build import net
from tests.oracles.teaching import gambler_wins


def solved(going: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return R, dense."""
    return rests(sparse.csr_array(going), sparse.csr_array(rest)).toarray()


def some_system(seed: int, n: int = 30, n_tangible: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return P and Q with circles, self loops, and few ways out."""
    rng = np.random.default_rng(seed)
    weights = rng.exponential(1.0, (n, n + n_tangible)) * (rng.random((n, n + n_tangible)) < 0.1)
    weights[np.arange(n), rng.permutation(n)] += 1.0
    weights[: n // 5, n] += 0.01
    weights[np.arange(n), np.roll(np.arange(n), 1)] += 0.1  # a circle, so that all can leave
    weights /= weights.sum(axis=1, keepdims=True)
    return weights[:, :n], weights[:, n:]


@pytest.mark.parametrize("seed", range(10))
def test_they_rest_as_the_dense_system_says(seed):
    going, rest = some_system(seed)
    found = solved(going, rest)
    assert found == pytest.approx(np.linalg.solve(np.eye(len(going)) - going, rest), rel=1e-9)
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-14)


def test_a_way_that_is_lost_is_noticed(monkeypatch):
    going, rest = some_system(0)
    whole = vanishing._lead_past
    lost = iter([True])

    def once_wrong(row, v, onwards):
        if next(lost, False):
            onwards = {w: q for w, q in onwards.items() if w != max(onwards)}
        whole(row, v, onwards)

    monkeypatch.setattr(vanishing, "_lead_past", once_wrong)
    wanted = np.linalg.solve(np.eye(len(going)) - going, rest)
    assert np.abs(solved(going, rest) - wanted).max() > 1e-6


def test_small_probabilities_keep_their_digits():
    """Three states in a circle, left with 1e-9 and less: 1 - P would lose half of the digits."""
    ends = [Fraction(1, 10**9), Fraction(1, 10**11), Fraction(1, 10**12)]
    going, rest = np.zeros((3, 3)), np.zeros((3, 3))
    for v, end in enumerate(ends):
        going[v, (v + 1) % 3] = float(1 - end)
        rest[v, v] = float(end)
    round_ = (1 - ends[0]) * (1 - ends[1]) * (1 - ends[2])
    reach = [Fraction(1), 1 - ends[0], (1 - ends[0]) * (1 - ends[1])]
    wanted = [float(p * end / (1 - round_)) for p, end in zip(reach, ends, strict=True)]
    assert solved(going, rest)[0] == pytest.approx(wanted, rel=1e-14)


def test_without_a_circle_nothing_is_filled_in(monkeypatch):
    """One step or two, to the end of a line: no more numbers than there are ways."""
    n = 400
    going = sparse.diags_array([0.5, 0.5], offsets=[1, 2], shape=(n, n)).tocsr()
    rest = np.zeros((n, 1))
    rest[n - 2 :, 0] = 0.5, 1.0
    monkeypatch.setattr(vanishing, "MOST_WAYS", going.nnz + 2)
    assert rests(going, sparse.csr_array(rest)).toarray() == pytest.approx(1.0, abs=1e-14)


def test_what_cannot_rest_is_told():
    going = np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    rest = np.array([[0.5], [0.0], [0.0]])
    with pytest.raises(Endless, match="2 states") as caught:
        solved(going, rest)
    assert caught.value.stuck.tolist() == [1, 2]


def test_what_as_good_as_never_rests_is_told_with_its_whole_circle():
    going = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    rest = np.array([[1e-25], [0.0], [0.5]])
    with pytest.raises(Endless, match="2 states") as caught:
        solved(going, rest)
    assert caught.value.stuck.tolist() == [0, 1]


def walk(top: int, win: float = 0.5) -> dict[str, object]:
    """Return a walk by immediates, from the middle to 0 or the top, that begins at 0.4/day."""
    return {
        "variables": {"is_on": (0, 1, 0), "n": (0, top, top // 2)},
        "transitions": {
            "begin": {"when": "is_on == 0", "rate": "0.4/day", "then": {"is_on": "1"}},
            "round": {
                "immediate": True,
                "when": f"is_on == 1 and n > 0 and n < {top}",
                "branches": [(win, {"n": "n + 1"}), (1 - win, {"n": "n - 1"})],
            },
        },
        "outcomes": {"o": f"n == {top}"},
    }


@pytest.mark.parametrize("win", [0.5, 0.501])
def test_a_long_walk_in_no_time(win):
    """Two thousand states, a million rounds: by closed form."""
    top = 2_000
    odds = (1 - win) / win
    wins = 0.5 if odds == 1 else (1 - odds ** (top // 2)) / (1 - odds**top)
    found = exact(net(**walk(top, win)), [0.0, 1.0, 10.0])
    assert found.cdf("o") == pytest.approx(wins * -np.expm1([0.0, -0.4, -4.0]), abs=1e-12)
    assert found.n_states == 3


def test_a_short_walk_is_the_one_of_the_oracle():
    found = exact(net(**walk(10, 0.45) | {"variables": {"is_on": (0, 1, 0), "n": (0, 10, 3)}}), [5])
    assert found.cdf("o") == pytest.approx(gambler_wins(0.45) * -np.expm1(-2.0), rel=1e-12)


def test_too_much_that_is_connected_is_refused(monkeypatch):
    monkeypatch.setattr(vanishing, "MOST_WAYS", 60)
    with pytest.raises(TooManyWays, match="more than 60 ways"):
        solved(*some_system(1))
    with pytest.raises(ScenarioError, match=r"3 found, and 99 that immediates pass through"):
        exact(net(**walk(100)), [1.0])
