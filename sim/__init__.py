"""Forecasts from explicit causal scenarios.

>>> import sim
>>> scenario = sim.load("scenarios/four_cities.yaml")  # doctest: +SKIP
>>> ensemble = sim.run(scenario, replications=10_000, seed=1)  # doctest: +SKIP

Names are imported when they are first used (PEP 562), so that ``import sim`` and reading a scenario
need no numerical library.

``exact`` is both a function and the package that it lives in. Importing any module of the package
makes Python bind ``sim.exact`` to the package, so the package itself is callable:
``sim.exact(...)`` and ``import sim.exact.solve`` then both work, whichever comes first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble as Ensemble
    from sim.errors import RunFault as RunFault
    from sim.errors import ScenarioError as ScenarioError
    from sim.exact.solve import exact as exact
    from sim.scenario.load import load as load
    from sim.scenario.load import loads as loads
    from sim.scenario.model import Scenario as Scenario
    from sim.studies.compare import compare as compare
    from sim.studies.gradients import gradients as gradients
    from sim.studies.simulate import run as run
    from sim.studies.sweep import sweep as sweep
    from sim.studies.trace import trace as trace

_HOMES = {
    "compare": "sim.studies.compare",
    "gradients": "sim.studies.gradients",
    "load": "sim.scenario.load",
    "loads": "sim.scenario.load",
    "run": "sim.studies.simulate",
    "sweep": "sim.studies.sweep",
    "trace": "sim.studies.trace",
    "Scenario": "sim.scenario.model",
    "Ensemble": "sim.ensemble.model",
    "ScenarioError": "sim.errors",
    "RunFault": "sim.errors",
}
__all__ = [
    "Ensemble",
    "RunFault",
    "Scenario",
    "ScenarioError",
    "compare",
    "exact",
    "gradients",
    "load",
    "loads",
    "run",
    "sweep",
    "trace",
]


def __getattr__(name: str) -> object:
    if name == "exact":
        return import_module("sim.exact")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
