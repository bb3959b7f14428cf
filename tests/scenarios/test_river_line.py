"""A made-up war, written from the docs alone: it runs, and variants go the way that they should."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from tests.engines.test_identity import differences

PATH = Path(__file__).parents[2] / "scenarios" / "river_line.yaml"
N = 3_000


def fallen(variant: str | None = None, outcome: str = "oskamar_falls") -> np.ndarray:
    """Return whether an outcome has happened by the end, replication by replication."""
    return np.isfinite(sim.run(sim.load(PATH, variant=variant), replications=N).times(outcome))


def test_it_is_a_file_of_about_sixty_lines_without_warnings():
    scenario = sim.load(PATH)
    assert 50 <= len(PATH.read_text(encoding="utf-8").splitlines()) <= 80
    assert list(scenario.warnings) == []


def test_what_must_come_first_comes_first():
    ensemble = sim.run(sim.load(PATH), replications=N)
    falls = ensemble.times("oskamar_falls")
    capital = np.isfinite(falls)
    assert 0 < capital.sum() < N
    assert (ensemble.times("lun_falls")[capital] <= falls[capital]).all()
    assert (ensemble.times("river_crossed")[capital] <= falls[capital]).all()
    west = np.isfinite(ensemble.times("fellhorn_falls"))
    assert (falls[west] <= ensemble.times("fellhorn_falls")[west]).all()


@pytest.mark.parametrize(
    ("variant", "direction"),
    [("bridge_blown", -1), ("brask_reinforced", -1), ("without_ardeland", 1)],
)
def test_variants_go_the_way_they_should(variant, direction):
    # Common random numbers; 3.5 standard errors on the wrong side: a false alarm in 4,300 each.
    change = direction * (fallen(variant).astype(float) - fallen())
    assert change.mean() > -3.5 * max(change.std(), 1e-9) / np.sqrt(N)


def test_engines_agree():
    net = sim.load(PATH).net
    reference = run_ensemble(net, engine="reference", seed=2, replications=20)
    compiled = run_ensemble(net, engine="compiled", seed=2, replications=20, workers=2, chunk=3)
    assert differences(reference, compiled) == []
