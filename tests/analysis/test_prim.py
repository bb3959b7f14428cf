"""The search for boxes: peels by hand, ties and labels, another implementation's figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.analysis.prim import (
    LEAST,
    Box,
    Search,
    Side,
    _sides,
    inside,
    quasi_p,
    restricted,
    search,
    without_idle,
)


def numbers(x: np.ndarray) -> np.ndarray:
    return np.zeros(x.shape[1], dtype=bool)


def raw(x: np.ndarray, y: np.ndarray, is_label: np.ndarray | None = None) -> Search:
    """Return a search that looks at every input, whether it tells anything or not."""
    return Search(x, y, _sides(x, numbers(x) if is_label is None else is_label))


def mixed(n: int = 2_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points with a box of numbers and labels in which cases are frequent."""
    rng = np.random.default_rng(7)
    x = rng.uniform(size=(n, 5))
    x[:, 4] = rng.integers(0, 4, size=n)
    held = (x[:, 0] > 0.55) & (x[:, 1] < 0.45) & (x[:, 4] != 2)
    y = rng.uniform(size=n) < np.where(held, 0.85, 0.1)
    return x, y.astype(np.float64), np.array([False] * 4 + [True])


def test_a_peel_takes_a_twentieth_from_the_emptiest_end():
    x = np.column_stack([np.arange(100.0), np.tile([0.0, 1.0], 50)])
    y = (x[:, 0] >= 10).astype(np.float64)
    boxes = [box for box, _ in raw(x, y).trajectory[:3]]
    low = Side(0, 1)
    # A twentieth of 100, then of 95; then all that are left are cases.
    assert [box.get(low) for box in boxes] == [None, 5.0, 10.0]


def test_a_search_ends_at_the_smallest_box():
    x = np.arange(1_000.0)[:, np.newaxis]
    y = (x[:, 0] > 990).astype(np.float64)
    last, _ = raw(x, y).trajectory[-1]
    assert LEAST <= inside(last, x).mean() < LEAST / 0.95


def test_a_label_is_left_out_whole():
    x = np.tile([0.0, 1.0, 2.0, 3.0], 50)[:, np.newaxis]
    y = (x[:, 0] == 1.0).astype(np.float64)
    found = search(x, y, np.array([True]))
    assert found.box == {Side(0, 0, label): 1.0 for label in (0, 2, 3)}


def test_equal_values_stay_together():
    """Of a yes or no, 1 or 0, a peel takes all that say no."""
    rng = np.random.default_rng(3)
    yes = (rng.uniform(size=500) < 0.3).astype(np.float64)
    x = np.column_stack([rng.uniform(size=500), yes, np.full(500, 3.0)])
    y = (rng.uniform(size=500) < np.where(yes, 0.9, 0.1)).astype(np.float64)
    assert search(x, y, numbers(x)).box == {Side(1, 1): 1.0}


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("n_inputs", [0, 1])
def test_with_next_to_nothing_there_is_no_box(n, n_inputs):
    x, y = np.arange(float(n))[:, np.newaxis][:, :n_inputs], np.zeros(n)
    assert search(x, y, numbers(x)).box == {}


#: The peeling trajectory of EMA Workbench 2.5.3 for the points of :func:`mixed`, up to its pasting
#: (``Prim(x, y, threshold=0.1, peel_alpha=0.05, mass_min=0.05).find_box()``): step, mass, density.
EMA = [
    (1, 0.7550, 0.266225),
    (2, 0.7170, 0.275453),
    (8, 0.5255, 0.346337),
    (15, 0.3660, 0.452186),
    (22, 0.2545, 0.609037),
    (28, 0.1860, 0.790323),
    (30, 0.1675, 0.862687),
    (35, 0.1285, 0.910506),
    (37, 0.1155, 0.917749),
    (38, 0.0755, 0.927152),
    (42, 0.0605, 0.942149),
]


def trajectory() -> list[tuple[float, float]]:
    found = raw(*mixed())
    held = [inside(box, found.x) for box, _ in found.trajectory]
    return [(h.mean(), found.y[h].mean()) for h in held]


def test_the_trajectory_is_that_of_another_implementation():
    found = trajectory()
    assert found[-1][0] < 0.0605  # the other ends where no peel gains anything
    for step, mass, density in EMA:
        assert found[step] == pytest.approx((mass, density), abs=1e-6)


def test_peels_of_another_size_fail_that_test(monkeypatch):
    monkeypatch.setattr("sim.analysis.prim.PEEL", 0.0495)
    found = trajectory()
    assert any(found[k] != pytest.approx((a, b), abs=1e-6) for k, a, b in EMA[1:])


def test_what_is_peeled_too_far_is_pasted_back():
    found = raw(*mixed())
    tight = {Side(0, 1): 0.8, Side(1, -1): -0.3}
    pasted = found.pasted(tight)
    assert found.excess(pasted) > found.excess(tight)
    assert pasted[Side(0, 1)] == pytest.approx(0.55, abs=0.03)
    assert pasted[Side(1, -1)] == pytest.approx(-0.45, abs=0.03)
    # A side that says nothing goes altogether.
    assert Side(2, 1) not in found.pasted({**tight, Side(2, 1): 0.05})


def test_of_the_trajectory_the_box_with_most_cases_beyond_chance_is_pasted(monkeypatch):
    pasted = []

    def recorded(self: Search, box: Box) -> Box:
        pasted.append(box)
        return {Side(0, 1): 0.5}

    monkeypatch.setattr(Search, "pasted", recorded)
    found = raw(*mixed())
    assert found.box == {Side(0, 1): 0.5}
    most = max(found.excess(box) for box, _ in found.trajectory)
    assert [found.excess(box) for box in pasted] == [most]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_limits_are_round_and_move_next_to_no_point(scale, sign):
    x = np.random.default_rng(5).uniform(1.0, 2.0, size=(1_000, 1)) * scale
    found, side = raw(x, np.zeros(1_000)), Side(0, sign)
    limit = sign * float(np.quantile(x, 0.3))
    rounded = found.rounded(side, limit)
    assert len(f"{rounded / scale:.9g}".strip("-").replace(".", "")) <= 3
    moved = inside({side: limit}, x) != inside({side: rounded}, x)
    assert moved.sum() <= 10


def test_a_round_limit_does_not_let_in_a_value_of_many_points():
    x = np.repeat([10.0, 12.0, 14.0], 100)[:, np.newaxis]
    assert raw(x, np.zeros(300)).rounded(Side(0, 1), 12.0) == 12.0


def test_noise_does_not_use_up_the_box():
    """Of a hundred and two inputs those that tell are found, and nothing else."""
    rng = np.random.default_rng(11)
    x = rng.uniform(size=(2_000, 102))
    held = (x[:, 0] > 0.6) & (x[:, 1] < 0.4)
    y = (rng.uniform(size=2_000) < np.where(held, 0.7, 0.2)).astype(np.float64)
    assert restricted(search(x, y, numbers(x)).box) == [0, 1]
    # The planted fault: with every input, peels of noise are in it.
    assert len(restricted(raw(x, y).box)) > 5


def test_inputs_that_tell_nothing_by_themselves_are_found_together():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=(3_000, 4))
    is_one_of_two = (x[:, 0] > 0.5) ^ (x[:, 1] > 0.5)
    y = (rng.uniform(size=3_000) < np.where(is_one_of_two, 0.8, 0.2)).astype(np.float64)
    assert raw(x, y).telling == []
    box = search(x, y, numbers(x)).box
    assert restricted(box) == [0, 1]
    assert is_one_of_two[inside(box, x)].mean() > 0.95


def test_what_tells_something_by_itself_is_seen_whatever_its_values():
    x, y, is_label = mixed()
    x = np.column_stack([x, x[:, 0] > 0.55, np.full(len(x), 2.0)])
    found = Search(x, y, _sides(x, np.concatenate([is_label, [False, False]])))
    assert {side.column for side in found.telling} == {0, 1, 4, 5}


def test_quasi_p_looks_at_the_box_without_the_restriction():
    x, y, _ = mixed()
    box = {Side(0, 1): 0.55, Side(1, -1): -0.45, Side(2, 1): 0.1}
    seen = []

    def test(cases: np.ndarray, held: np.ndarray) -> float:
        seen.append((len(cases), int(held.sum())))
        return 0.5 if len(seen) == 3 else 0.001

    assert quasi_p(box, x, y, test) == {0: 0.001, 1: 0.001, 2: 0.5}
    without = (x[:, 1] <= 0.45) & (x[:, 2] >= 0.1)
    assert seen[0] == (without.sum(), inside(box, x).sum())


def test_the_worst_restriction_goes_first_and_the_rest_are_looked_at_again():
    x, y, _ = mixed()
    box = {Side(0, 1): 0.55, Side(2, 1): 0.1, Side(2, -1): -0.9, Side(3, 1): 0.2}

    def test(cases: np.ndarray, held: np.ndarray) -> float:
        share, n = held.mean(), len(held)
        z = (cases[held].mean() - cases.mean()) / math.sqrt(0.2 / (n * share) + 1e-12)
        return 0.001 if z > 5.0 else 0.5

    kept, values = without_idle(box, x, y, 0.01, test)
    assert kept == {Side(0, 1): 0.55}
    assert values == {0: 0.001}
