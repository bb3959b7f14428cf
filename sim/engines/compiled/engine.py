"""The compiled engine: a lowered net and the arrays that its replications live in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.engines.compiled.kernel import FAULTED, RUNNING, States, kernel
from sim.engines.compiled.lower import lower
from sim.ensemble.batch import NO_VIA, NOT_YET, Batch, Floats
from sim.net.model import Net

Control = npt.NDArray[np.int64]


class FaultAt(Exception):
    """A replication broke a rule of the net; the reference engine says which."""

    def __init__(self, replication: int) -> None:
        super().__init__(f"replication {replication}")
        self.replication = replication


class Stopped(Exception):
    """The control flag was set before every replication was done."""


def no_control() -> Control:
    """Return a control that never asks to stop."""
    return np.zeros(1, dtype=np.int64)


@lru_cache(maxsize=8)
def compiled(net: Net) -> CompiledEngine:
    """Return the engine of a net; the last few are kept, ready to run again."""
    return CompiledEngine(net)


class CompiledEngine:
    """Runs one net; the same seed gives the same bits as the reference engine.

    May be used by several threads at once.
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self._lowered = lower(net)
        self._kernel = kernel()

    def inputs(self, seed: int, replications: Sequence[int] | npt.NDArray[np.int64]) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs), in net order.

        Raises
        ------
        FaultAt
            Where the arguments of a prior are impossible.
        """
        numbers = np.asarray(replications, dtype=np.uint64)
        inputs = np.empty((len(numbers), len(self.net.inputs)))
        scratch = np.zeros(self._lowered.n_slots)
        n_done = self._kernel.draw_inputs(
            self._lowered.program, np.uint64(seed), numbers, scratch, inputs
        )
        if n_done < len(numbers):
            raise FaultAt(int(numbers[n_done]))
        return inputs

    def start(
        self,
        inputs: Floats,
        replications: Sequence[int] | npt.NDArray[np.int64],
        *,
        keep: bool = True,
    ) -> States:
        """Return blank states of replications, one row of ``inputs`` each.

        Without ``keep`` they share one row of state, so that they can only be run to their end.
        """
        program, net = self._lowered.program, self.net
        n, n_clocks = len(inputs), len(net.transitions)
        n_kept = n if keep else 1
        n_lanes = max(4, -(-program.n_timed // 4) * 4)
        n_outcomes, n_totals, n_watches = len(net.outcomes), len(net.totals), len(net.watches)
        return States(
            slots=np.empty((n_kept, self._lowered.n_slots)),
            work=np.empty((n_kept, n_clocks)),
            since=np.empty((n_kept, n_clocks)),
            pace=np.empty((n_kept, n_clocks)),
            due=np.empty((n_kept, n_lanes)),
            lives=np.empty((n_kept, n_clocks), dtype=np.int64),
            ahead=np.empty((n_kept, n_clocks)),
            total_value=np.empty((n_kept, n_totals)),
            total_since=np.empty((n_kept, n_totals)),
            fired=np.zeros(len(program.fire_functions), dtype=np.int64),
            is_fired=np.zeros(len(program.fire_functions), dtype=np.uint8),
            replications=np.asarray(replications, dtype=np.uint64),
            inputs=inputs,
            n_idle=np.zeros(n, dtype=np.int64),
            next_grid=np.zeros(n, dtype=np.int64),
            n_events=np.full(n, -1, dtype=np.int64),
            times=np.full((n, n_outcomes), np.inf),
            causes=np.full((n, n_outcomes), NOT_YET, dtype=np.int32),
            via=np.full((n, n_outcomes), NO_VIA, dtype=np.int32),
            end_times=np.full(n, np.nan),
            end_reasons=np.full(n, RUNNING, dtype=np.uint8),
            watch=np.empty((n, len(program.grid), n_watches)),
            totals=np.zeros((n, n_totals)),
            clipped=np.zeros((n, len(net.variables)), dtype=np.uint8),
        )

    def advance(
        self,
        states: States,
        *,
        seed: int,
        until: float = np.inf,
        control: Control | None = None,
    ) -> None:
        """Advance states in place to ``until`` (seconds), or to the end of their replications.

        Advancing to s and then to T is the same, bit for bit, as advancing to T.

        Raises
        ------
        FaultAt
            With the first replication that breaks a rule of the net.
        Stopped
            If ``control[0]`` is set by another thread meanwhile.
        """
        flag = no_control() if control is None else control
        n_done = self._kernel.advance(
            self._lowered.program, np.uint64(seed), states, float(until), flag
        )
        if n_done == len(states.replications):
            return
        if states.end_reasons[n_done] == FAULTED:
            raise FaultAt(int(states.replications[n_done]))
        raise Stopped

    def batch(self, states: States) -> Batch:
        """Return the results of states that have come to their end."""
        return Batch(
            replications=states.replications.astype(np.int64),
            inputs=states.inputs,
            times=states.times,
            causes=states.causes,
            via=states.via,
            end_times=states.end_times,
            end_reasons=states.end_reasons,
            watch=states.watch,
            totals=states.totals,
            clipped=states.clipped,
            n_events=states.n_events,
        )

    def run(
        self,
        seed: int,
        replications: Sequence[int] | npt.NDArray[np.int64],
        inputs: Floats | None = None,
        control: Control | None = None,
    ) -> Batch:
        """Run replications to their end."""
        given = self.inputs(seed, replications) if inputs is None else inputs
        states = self.start(given, replications, keep=False)
        self.advance(states, seed=seed, control=control)
        return self.batch(states)
