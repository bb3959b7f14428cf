"""The compiled engine: a lowered net and the arrays that its replications live in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.engines.compiled.emit import NO_GUARD
from sim.engines.compiled.kernel import FAULTED, RUNNING, WORK, States, kernel
from sim.engines.compiled.lower import lower
from sim.ensemble.batch import Batch, Floats, Ints, blank
from sim.net.model import Net

#: Before any time: advancing to it sets a replication up, and fires nothing.
_BEFORE_THE_START = -1.0

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


@dataclass(frozen=True)
class Moment:
    """A time of a replication at which something fired.

    ``due`` holds the first firing of each clock that was due then, in the order in which they fire,
    and ``fired`` the firings of the last step, its immediates included: numbers as
    :func:`sim.net.model.firings` has them. Nearly always one clock is due, and the step is all; at
    the start, before any clock, none is.
    """

    time: float
    due: tuple[int, ...]
    fired: tuple[int, ...]
    n_events: int


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

    def inputs(
        self, seed: int, replications: Sequence[int] | Ints, quantiles: Floats | None = None
    ) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs), in net order.

        An input whose quantile is given (a probability in (0, 1), NaN for the others) has the value
        at that probability in every one of them.

        Raises
        ------
        FaultAt
            Where the arguments of a prior are impossible.
        """
        inputs = np.empty((len(replications), len(self.net.inputs)))
        self._draw_inputs(seed, np.asarray(replications, dtype=np.int64), quantiles, inputs)
        return inputs

    def _draw_inputs(
        self, seed: int, replications: Ints, quantiles: Floats | None, inputs: Floats
    ) -> None:
        given = np.full(len(self.net.inputs), np.nan) if quantiles is None else quantiles
        scratch = np.zeros(self._lowered.n_slots)
        n_done = self._kernel.draw_inputs(
            self._lowered.program,
            np.uint64(seed),
            replications.view(np.uint64),
            given,
            scratch,
            inputs,
        )
        if n_done < len(replications):
            raise FaultAt(int(replications[n_done]))

    def start(self, inputs: Floats, replications: Sequence[int] | Ints) -> States:
        """Return blank states of replications, one row of ``inputs`` each."""
        results = blank(self.net, replications)
        results.inputs[...] = inputs
        return self._states(results, n_kept=len(results.inputs))

    def _states(self, results: Batch, *, n_kept: int) -> States:
        """Return blank states whose results are written into a blank batch.

        With one row of state they use it in turn, and can only be run to their end.
        """
        program, net = self._lowered.program, self.net
        n, n_clocks, n_totals = results.n, len(net.transitions), len(net.totals)
        n_lanes = max(4, -(-program.n_timed // 4) * 4)
        results.n_events[...] = -1
        results.end_reasons[...] = RUNNING
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
            replications=results.replications.view(np.uint64),
            inputs=results.inputs,
            n_idle=np.zeros(n, dtype=np.int64),
            next_grid=np.zeros(n, dtype=np.int64),
            n_events=results.n_events,
            times=results.times,
            causes=results.causes,
            via=results.via,
            end_times=results.end_times,
            end_reasons=results.end_reasons,
            watch=results.watch,
            totals=results.totals,
            clipped=results.clipped,
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

    def moments(self, seed: int, replication: int) -> Iterator[Moment]:
        """Yield what happens in a replication, time after time, at some 15 microseconds each."""
        program = self._lowered.program
        start = len(program.fire_functions) - 1
        states = self.start(self.inputs(seed, [replication]), [replication])
        due, slots = states.due[0], states.slots[0]
        time, clocks, n_known = _BEFORE_THE_START, np.empty(0, dtype=np.int64), 0
        while True:
            states.fired[:] = -1
            self.advance(states, seed=seed, until=time)
            n_events = int(states.n_events[0])
            if n_events > n_known:
                fired = states.fired[(states.fired >= 0) & (states.fired != start)].tolist()
                begun = program.first_firing[clocks].tolist()
                yield Moment(max(time, 0.0), tuple(begun), tuple(fired), n_events - n_known)
            if states.end_reasons[0] != RUNNING:
                return
            n_known, time = n_events, float(due.min())
            # A timetable ticks whether or not its guard holds; then nothing fires.
            clocks = np.flatnonzero(due == time)
            guards = slots[int(program.clock_slot) + clocks]
            clocks = clocks[(program.kinds[clocks] == WORK) | (guards != NO_GUARD)]

    def batch(self, states: States) -> Batch:
        """Return the results of states that have come to their end."""
        numbers = states.replications.view(np.int64)
        rest = {f.name: getattr(states, f.name) for f in fields(Batch) if f.name != "replications"}
        return Batch(replications=numbers, **rest)

    def run(
        self, seed: int, replications: Sequence[int] | Ints, inputs: Floats | None = None
    ) -> Batch:
        """Run replications to their end."""
        results = blank(self.net, replications)
        self.run_into(results, seed, inputs)
        return results

    def run_into(
        self,
        results: Batch,
        seed: int,
        inputs: Floats | None = None,
        control: Control | None = None,
        quantiles: Floats | None = None,
    ) -> None:
        """Run the replications of a blank batch to their end, and write their results into it.

        Without ``inputs`` they are drawn, at ``quantiles`` where those are given.

        Raises
        ------
        FaultAt, Stopped
            As :meth:`inputs` and :meth:`advance` do; the batch is then of no use.
        """
        if inputs is None:
            self._draw_inputs(seed, results.replications, quantiles, results.inputs)
        else:
            results.inputs[...] = inputs
        self.advance(self._states(results, n_kept=1), seed=seed, control=control)
