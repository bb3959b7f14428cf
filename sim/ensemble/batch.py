"""What an engine hands back: raw arrays over replications, in internal units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

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


def joined(batches: Sequence[Batch]) -> Batch:
    """Return the batches as one, in the order given."""
    return Batch(
        **{
            f.name: np.concatenate([getattr(batch, f.name) for batch in batches])
            for f in fields(Batch)
        }
    )
