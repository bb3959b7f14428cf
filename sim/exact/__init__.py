"""The exact solver. The package is callable, as ``sim.exact(scenario, at=[1, 2, 3])``.

``exact`` names both a function of ``sim`` and this package: whichever Python binds to the name, it
can be called.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.exact.solve import Exact, HasNet
    from sim.net.model import Net


class _CallablePackage(ModuleType):
    def __call__(self, scenario: Net | HasNet, at: Sequence[float]) -> Exact:
        """Return the exact law of every outcome: :func:`sim.exact.solve.exact`."""
        from sim.exact.solve import exact

        return exact(scenario, at)


sys.modules[__name__].__class__ = _CallablePackage
