"""What drives each outcome by one ensemble as it is: no design, the replications of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.analysis.first_passage import proportion
from sim.analysis.main_effects import binned
from sim.ensemble.batch import Floats
from sim.ensemble.model import Ensemble
from sim.studies.influence import coordinates, places
from sim.studies.swept import Influence, Response, Spread


class GivenData:
    """An ensemble, looked at for what its outcomes hang on by a day."""

    def __init__(self, ensemble: Ensemble, inputs: Sequence[str], by: float) -> None:
        self.ensemble, self.inputs, self.by = ensemble, inputs, by
        columns = [ensemble.table[f"input.{path}"] for path in inputs]
        self.bins = binned(np.column_stack([coordinates(column) for column in columns]))
        self._places = [
            places(column, coordinates(column), bins)
            for column, bins in zip(columns, self.bins, strict=True)
        ]

    def look(self, outcome: str, label: str) -> tuple[list[Influence], Spread]:
        """Return what each input does to an outcome, and how much of it is seen.

        Indices are those that the run itself has (:meth:`sim.Ensemble.drivers`), of the inputs that
        stand out from the noise.
        """
        came = (self.ensemble.times(outcome) <= self.by).astype(np.float64)
        driven = self.ensemble.drivers([self.by]).get(outcome)
        found = {one.input.name: one for one in driven.drivers} if driven else {}
        influences = [
            Influence(
                path,
                index=found[path].index if path in found else None,
                interval95=found[path].interval95 if path in found else None,
                responses=self._responses(k, came),
            )
            for k, path in enumerate(self.inputs)
        ]
        p = float(came.mean())
        unknown = (driven.unknown or 0.0) if driven else 0.0
        inputs, luck = (math.sqrt(share * p * (1.0 - p)) for share in (unknown, 1.0 - unknown))
        return influences, Spread(label, p, inputs, luck, bool(found))

    def _responses(self, k: int, came: Floats) -> tuple[Response, ...]:
        found = []
        for b, place in self._places[k].items():
            of_bin = came[self.bins[k] == b]
            share = proportion(int(of_bin.sum()), len(of_bin))
            ends = (share.low, share.high)
            found.append(Response(*place, share.value, ends, len(of_bin)))
        return tuple(found)
