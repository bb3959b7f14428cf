"""Ensembles: many replications of a net, in chunks, over threads.

Every chunk writes its results into its own rows of one batch, so that neither workers nor chunks
can change a byte. The compiled kernel runs without Python's lock; the main thread only waits, with
a short timeout, so that an interrupt is answered at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Literal, Protocol

import numpy as np

from sim.ensemble.batch import Batch, Floats, Ints, blank, fill, part
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
    whole = blank(net, np.arange(first, first + replications))
    chunks = [part(whole, a, a + size) for a in range(0, replications, size)]
    tell = progress or (lambda done, asked: None)
    run = _run_compiled if engine == "compiled" else _run_reference
    done: set[int] = set()
    n_done = 0
    try:
        for number in run(net, seed, chunks, n_workers):
            done.add(number)
            n_done += chunks[number].n
            tell(n_done, replications)
    except KeyboardInterrupt as stop:
        n_chunks = next(number for number in range(len(chunks) + 1) if number not in done)
        n_whole = min(n_chunks * size, replications)
        raise Interrupted(n_whole, part(whole, 0, n_whole)) from stop
    return whole


def _run_reference(net: Net, seed: int, chunks: list[Batch], workers: int) -> Iterator[int]:
    from sim.engines.reference import ReferenceEngine

    engine = ReferenceEngine(net)
    for number, chunk in enumerate(chunks):
        fill(chunk, engine.run(seed, chunk.replications))
        yield number


def _run_compiled(net: Net, seed: int, chunks: list[Batch], workers: int) -> Iterator[int]:
    from sim.engines.compiled.engine import FaultAt, Stopped, compiled, no_control

    engine = compiled(net)
    control = no_control()
    faults: dict[int, FaultAt] = {}
    todo = iter(enumerate(chunks))
    running: dict[Future[None], int] = {}

    def submit() -> None:
        for number, chunk in todo:
            if not faults or number < min(faults):
                running[pool.submit(engine.run_into, chunk, seed, None, control)] = number
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
                        future.result()
                    except FaultAt as fault:
                        faults[number] = fault
                        continue
                    except Stopped:
                        continue
                    submit()
                    yield number
        finally:
            control[0] = 1
            pool.shutdown(cancel_futures=True)
    if faults:
        _explain(net, seed, min(fault.replication for fault in faults.values()))


def _explain(net: Net, seed: int, replication: int) -> None:
    """Raise the fault of a replication with all that can be said of it, by running it again."""
    from sim.engines.reference import ReferenceEngine

    ReferenceEngine(net).run(seed, np.array([replication]))
    raise AssertionError(
        f"the compiled engine faults in replication {replication}, the reference engine does not"
    )
