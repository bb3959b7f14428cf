"""Compile the kernel into numba's cache: ``python -m sim.engines.compiled.warm``."""

from __future__ import annotations

from sim.engines.compiled.engine import CompiledEngine
from sim.net.expr import Const
from sim.net.model import Net


def warm() -> None:
    """Run the smallest net there is, so that the kernel is compiled (or found compiled)."""
    CompiledEngine(Net(horizon=Const(1.0))).run(0, range(1))


if __name__ == "__main__":
    warm()
