"""What drives each outcome by one ensemble as it is: no design, the replications of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.analysis.first_passage import proportion
from sim.analysis.main_effects import PARTS, binned, given_data
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
        """Return what each input does to an outcome, and how much of it is seen."""
        came = (self.ensemble.times(outcome) <= self.by).astype(np.float64)
        plain = [
            Influence(path, responses=self._responses(k, came))
            for k, path in enumerate(self.inputs)
        ]
        p, nested = float(came.mean()), self.ensemble.nested
        if nested is None or len(nested.times[outcome]) < PARTS or self.ensemble.n < PARTS:
            return plain, Spread(label, p, 0.0, (p * (1.0 - p)) ** 0.5, False)
        groups = (nested.times[outcome] <= self.by).sum(axis=1)
        found = given_data(self.bins, came, groups, nested.times[outcome].shape[1])
        variance = max(0.0, found.variance)
        spread = Spread(
            label, p, variance**0.5, max(0.0, p * (1.0 - p) - variance) ** 0.5, found.is_seen
        )
        if not found.is_seen:
            return plain, spread
        first = found.first
        return [
            Influence(
                one.input,
                float(first.value[k]),
                (float(first.low[k]), float(first.high[k])),
                responses=one.responses,
            )
            for k, one in enumerate(plain)
        ], spread

    def _responses(self, k: int, came: Floats) -> tuple[Response, ...]:
        found = []
        for b, place in self._places[k].items():
            of_bin = came[self.bins[k] == b]
            share = proportion(int(of_bin.sum()), len(of_bin))
            ends = (share.low, share.high)
            found.append(Response(*place, share.value, ends, len(of_bin)))
        return tuple(found)
