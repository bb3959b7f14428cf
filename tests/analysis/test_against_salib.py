"""The estimators against SALib's on the same points and values."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from sim.analysis.design import STEP, saltelli, trajectories
from sim.analysis.morris import elementary_effects
from sim.analysis.sobol import Shares, sobol_indices
from tests.oracles.sensitivity import KNOWN
from tests.oracles.sensitivity_salib import ANSWERS, GROUPS


def answers(name: str, what: str) -> list[float]:
    with ANSWERS.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if (r["function"], r["what"]) == (name, what)]
    return [float(row["answer"]) for row in rows]


@pytest.mark.parametrize("name", KNOWN)
def test_indices_are_those_of_salib(name):
    """SALib has another mean and divides by the variance of all a and b, a part in n apart."""
    known = KNOWN[name]
    found = sobol_indices(
        Shares.exact(known.function(saltelli(GROUPS["sobol"], len(known.first), 1)))
    )
    assert found.first.value == pytest.approx(answers(name, "first"), abs=0.01)
    assert found.total.value == pytest.approx(answers(name, "total"), rel=0.01)
    others = np.roll(found.first.value, 1)
    assert others != pytest.approx(answers(name, "first"), abs=0.01)


@pytest.mark.parametrize("name", KNOWN)
def test_effects_are_those_of_salib(name):
    """SALib takes every step of four levels for two thirds of the range; here it is a half."""
    known = KNOWN[name]
    points = trajectories(GROUPS["morris"], len(known.first), 1)
    values = known.function(points)
    found = elementary_effects(points, values, np.zeros_like(values))
    for what in ("mu", "mu_star", "sigma"):
        wanted = np.array(answers(name, what)) * (2.0 / 3.0) / STEP
        assert getattr(found, what) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
