"""The benchmarks measure what they say: peers simulate the chain, and a wrong one is refused."""

from types import SimpleNamespace

import pytest

from benchmarks import run, synthetic
from benchmarks.four_cities import (
    direct_method,
    numba_by_hand,
    plain_python,
    simpy_loop,
    simpy_processes,
    worker,
)

SEED = 1


def deviation(simulate, n_replications):
    """Return the largest deviation of a peer from the exact curve, in standard errors."""
    request = {"replications": n_replications, "seed": SEED}
    return run.worst_deviation(worker.answer(simulate, request)["fallen_by"], n_replications)


@pytest.mark.parametrize(
    ("peer", "n_replications"),
    [
        (numba_by_hand, 200_000),
        (plain_python, 10_000),
        (simpy_loop, 5_000),
        (simpy_processes, 1_000),
    ],
    ids=lambda value: getattr(value, "__name__", "").rpartition(".")[2],
)
def test_a_peer_agrees_with_the_exact_curve(peer, n_replications):
    # Four standard errors on at most 30 dependent days: a false alarm in 500 seeds or fewer.
    assert deviation(peer.prepare(), n_replications) <= run.TOLERANCE_SE


def test_a_peer_with_one_hazard_ten_percent_off_is_refused(monkeypatch):
    def faulty(c1, c2, c3, c4, b, s, waiting, u):
        dt, *after = direct_method.step(c1, c2, c3, c4, b, s, waiting, u)
        return (dt * 1.1 if c4 == 1 else dt, *after)

    monkeypatch.setattr(plain_python, "step", faulty)
    assert deviation(plain_python.prepare(), 100_000) > run.TOLERANCE_SE


def test_the_table_has_a_row_for_each_peer_and_says_who_is_missing():
    peer = {
        "peer": "numba, written by hand",
        "replications_per_s": {"median": 1e6, "low": 9e5, "high": 1.1e6},
        f"over_{run.YARDSTICK}": 1.0,
        "over_frontcast": None,
        "set_up_cpu_s": 1.5,
        "worst_deviation_se": 1.2,
    }
    text = run.render({"rounds": 3, "peers": [peer], "missing": {"GillesPy2": "no compiler"}})
    assert "1,000,000" in text
    assert "left out: GillesPy2: no compiler" in text


def test_synthetic_nets_have_the_promised_shape():
    net = synthetic.net(60)
    shape = SimpleNamespace(**synthetic.shape(net))
    assert (shape.transitions, shape.variables, shape.operations_per_pace) == (60, 50, 10.0)
    assert 6.0 <= shape.dependents_per_event <= 9.0
    assert synthetic.net(60) == net
    assert synthetic.net(60, seed=1) != net
