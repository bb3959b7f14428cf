"""Evidence for a check of a driver, as replications come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.analysis.main_effects import binned
from sim.analysis.ranks import Standing, at_look, standing
from sim.ensemble.batch import Floats
from sim.scenario.checks import DriverCheck
from sim.studies.influence import coordinates

#: Replications after which one looks for the first time, and of what is shown the chance to miss.
FIRST_LOOK, _ALPHA_SHOWN = 1_000, 0.05


@dataclass
class DriverEvidence:
    """Where an input stands among the unknown ones, ``by`` a time in seconds.

    It is looked at more seldom than other checks, each time with twice as many replications.
    """

    check: DriverCheck
    by: float
    came: list[Floats] = field(default_factory=list)
    inputs: dict[str, list[Floats]] = field(default_factory=dict)
    n: int = 0
    look: int = 0
    found: Standing | None = None
    evidence: tuple[float, float] = (0.0, 0.0)

    def take(self, rows: Mapping[str, Mapping[str, Floats]]) -> None:
        """Count some replications more."""
        times = rows[""][self.check.outcome]
        self.came.append((times <= self.by).astype(np.float64))
        for name, values in rows[""].items():
            if name.startswith("input."):
                self.inputs.setdefault(name, []).append(values)
        self.n += len(times)
        if self.n >= FIRST_LOOK * 2**self.look:
            self._stand()

    def _stand(self) -> None:
        """Look at where the input stands."""
        self.look += 1
        columns = (np.concatenate(values) for values in self.inputs.values())
        bins = [binned(coordinates(column)[:, np.newaxis])[0] for column in columns]
        place = list(self.inputs).index(f"input.{self.check.driver}")
        found = standing(bins, np.concatenate(self.came), place)
        if found is not None:
            self.found, top = found, self.check.top
            p_values = found.p_against(top), found.p_for(top)
            against, in_favour = (at_look(p, self.look) for p in p_values)
            self.evidence = (against, in_favour)

    def against(self) -> tuple[float, float]:
        """Return the log evidence against the check, and against its contrary."""
        return self.evidence

    def shown(self) -> tuple[float, float, float]:
        """Return the rank and the ends of its interval; NaN where nothing can be told."""
        if self.found is None:
            return math.nan, math.nan, math.nan
        best, worst = self.found.bounds(_ALPHA_SHOWN / (self.look * (self.look + 1)))
        return float(self.found.rank), float(best), float(worst)
