"""Ensembles: many replications of a net, in chunks, over threads.

Results are joined in the order of replications, whatever the workers and chunks, so that neither
can change a byte. The compiled kernel runs without Python's lock; the main thread only waits, with
a short timeout, so that an interrupt is answered at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Literal, Protocol

import numpy as np

from sim.ensemble.batch import Batch, Floats, Ints, joined
from sim.errors import Interrupted
from sim.net.model import Net

EngineName = Literal["compiled", "reference"]
#: Told (replications done, replications asked for), from the main thread.
Progress = Callable[[int, int], None]

#: Replications handed out at a time, at the most: enough for the hand-over not to show.
LARGEST_CHUNK = {"compiled": 4_096, "reference": 16}
_LOOK_S = 0.05


class Engine(Protocol):
    """What every engine can do."""

    def inputs(self, seed: int, replications: Ints) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs)."""

    def run(self, seed: int, replications: Ints, inputs: Floats | None = None) -> Batch:
        """Run replications to their end."""


def run_ensemble(
    net: Net,
    *,
    engine: EngineName = "compiled",
    seed: int,
    replications: int,
    first: int = 0,
    workers: int | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Run replications ``first`` to ``first + replications - 1`` of a net.

    Raises
    ------
    RunFault
        Of the lowest-numbered replication that breaks a rule of the net.
    Interrupted
        On KeyboardInterrupt, with the finished prefix as ``partial``.
    """
    n_workers = workers or os.cpu_count() or 1
    size = chunk or max(1, min(LARGEST_CHUNK[engine], replications // (8 * n_workers)))
    end = first + replications
    # One empty chunk for no replications: the batch has the right shapes then, too.
    chunks = [np.arange(a, min(a + size, end)) for a in range(first, max(end, first + 1), size)]
    tell = progress or (lambda done, asked: None)
    run = _run_compiled if engine == "compiled" else _run_reference
    done: dict[int, Batch] = {}
    n_done = 0
    try:
        for number, batch in run(net, seed, chunks, n_workers):
            done[number] = batch
            n_done += batch.n
            tell(n_done, replications)
    except KeyboardInterrupt as stop:
        prefix = _prefix(done)
        n_whole = sum(batch.n for batch in prefix)
        raise Interrupted(n_whole, joined(prefix) if prefix else None) from stop
    return joined(_prefix(done))


def _prefix(done: dict[int, Batch]) -> list[Batch]:
    prefix: list[Batch] = []
    while len(prefix) in done:
        prefix.append(done[len(prefix)])
    return prefix


def _run_reference(
    net: Net, seed: int, chunks: list[Ints], workers: int
) -> Iterator[tuple[int, Batch]]:
    from sim.engines.reference import ReferenceEngine

    engine = ReferenceEngine(net)
    for number, replications in enumerate(chunks):
        yield number, engine.run(seed, replications)


def _run_compiled(
    net: Net, seed: int, chunks: list[Ints], workers: int
) -> Iterator[tuple[int, Batch]]:
    from sim.engines.compiled.engine import FaultAt, Stopped, compiled, no_control

    engine = compiled(net)
    control = no_control()
    faults: dict[int, FaultAt] = {}
    todo = iter(enumerate(chunks))
    running: dict[Future[Batch], int] = {}

    def submit() -> None:
        for number, replications in todo:
            if not faults or number < min(faults):
                future = pool.submit(engine.run, seed, replications, None, control)
                running[future] = number
            return

    # `engine` stays in this frame until the pool is shut down: freeing its machine code while a
    # thread runs it would crash the interpreter.
    with ThreadPoolExecutor(workers, thread_name_prefix="replications") as pool:
        try:
            for _ in range(2 * workers):
                submit()
            # After a fault only what comes before it still matters.
            while running and not (faults and min(running.values()) > min(faults)):
                finished, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                for future in finished:
                    number = running.pop(future)
                    try:
                        yield number, future.result()
                    except FaultAt as fault:
                        faults[number] = fault
                    except Stopped:
                        continue
                    submit()
        finally:
            control[0] = 1
    if faults:
        _explain(net, seed, min(fault.replication for fault in faults.values()))


def _explain(net: Net, seed: int, replication: int) -> None:
    """Raise the fault of a replication with all that can be said of it, by running it again."""
    from sim.engines.reference import ReferenceEngine

    ReferenceEngine(net).run(seed, np.array([replication]))
    raise AssertionError(
        f"the compiled engine faults in replication {replication}, the reference engine does not"
    )
