"""What an engine hands back: raw arrays over replications, in internal units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from sim.net.model import Net

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

#: Values of ``Batch.causes`` and ``Batch.via`` below the numbers of :func:`sim.net.model.firings`.
NOT_YET, AT_START = -2, -1
NO_VIA = -1

#: Values of ``Batch.end_reasons``, in order.
END_REASONS = ("horizon", "stop", "dead")


@dataclass(frozen=True)
class Batch:
    """Results of n replications; row i belongs to replication ``replications[i]``."""

    #: shape (n,)
    replications: Ints
    #: shape (n, n_inputs), every input of the net in net order
    inputs: Floats
    #: shape (n, n_outcomes), seconds; inf where the outcome did not happen
    times: Floats
    #: shape (n, n_outcomes): number of the firing that began the step, AT_START or NOT_YET
    causes: Codes
    #: shape (n, n_outcomes): number of the step's last immediate firing, or NO_VIA
    via: Codes
    #: shape (n,), seconds
    end_times: Floats
    #: shape (n,), places in END_REASONS
    end_reasons: Flags
    #: shape (n, n_grid, n_watches)
    watch: Floats
    #: shape (n, n_totals)
    totals: Floats
    #: shape (n, n_variables): 1 where a value was clipped to the variable's range
    clipped: Flags
    #: shape (n,): firings of every kind, immediates included
    n_events: Ints

    @property
    def n(self) -> int:
        """Number of replications."""
        return len(self.replications)


def blank(net: Net, replications: Sequence[int] | Ints) -> Batch:
    """Return a batch in which nothing has happened yet, for an engine to fill.

    Inputs and watch are left unset: an engine sets every one of them.
    """
    n = len(replications)
    n_outcomes, n_grid = len(net.outcomes), len(net.grid) if net.watches else 0
    return Batch(
        replications=np.asarray(replications, dtype=np.int64),
        inputs=np.empty((n, len(net.inputs))),
        times=np.full((n, n_outcomes), np.inf),
        causes=np.full((n, n_outcomes), NOT_YET, dtype=np.int32),
        via=np.full((n, n_outcomes), NO_VIA, dtype=np.int32),
        end_times=np.full(n, np.nan),
        end_reasons=np.zeros(n, dtype=np.uint8),
        watch=np.empty((n, n_grid, len(net.watches))),
        totals=np.zeros((n, len(net.totals))),
        clipped=np.zeros((n, len(net.variables)), dtype=np.uint8),
        n_events=np.zeros(n, dtype=np.int64),
    )


def part(batch: Batch, first: int, end: int) -> Batch:
    """Return rows ``first`` to ``end`` of a batch; the arrays are shared, not copied."""
    return Batch(**{f.name: getattr(batch, f.name)[first:end] for f in fields(Batch)})


def fill(batch: Batch, other: Batch) -> None:
    """Copy another batch of the same shape into a batch."""
    for f in fields(Batch):
        getattr(batch, f.name)[...] = getattr(other, f.name)
