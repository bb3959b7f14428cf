"""Ensembles: many replications of a net, in chunks, over threads.

Chunks are parts of *slabs* of a fixed size, and slabs are handed on in order, so that neither
workers nor chunks can change a byte of what is made of them. The compiled kernel runs without
Python's lock, and what becomes of a slab happens in a thread of its own; the main thread only
waits, with a short timeout. An interrupt, which Python raises in the main thread, is answered at
once and never finds a slab half taken.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from sim.ensemble.batch import Batch, Floats, Ints, blank, fill, part
from sim.errors import Interrupted
from sim.net.model import Net

EngineName = Literal["compiled", "reference"]
#: Told (replications done, replications asked for), from the main thread.
Progress = Callable[[int, int], None]
#: Takes the next slab; returns whether more are wanted.
Take = Callable[[Batch], bool]

#: Replications that are handed on together: the memory that a run needs does not grow with it.
SLAB = 4_096
#: Replications handed to a worker at a time, at the most: enough for the hand-over not to show.
LARGEST_CHUNK = {"compiled": SLAB, "reference": 16}
#: Slabs begun and not yet taken, at the most.
_OPEN_SLABS = 4
_LOOK_S = 0.05


class Engine(Protocol):
    """What every engine can do."""

    def inputs(self, seed: int, replications: Ints) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs)."""

    def run(self, seed: int, replications: Ints, inputs: Floats | None = None) -> Batch:
        """Run replications to their end."""


@dataclass(eq=False)
class _Slab:
    """Rows that are handed on together, and which of their chunks are still to come."""

    rows: Batch
    chunks: list[Batch]
    left: set[int]
    is_taken: bool = False

    @property
    def n_whole(self) -> int:
        """Number of rows before the first that is missing."""
        return sum(chunk.n for chunk in self.chunks[: min(self.left, default=len(self.chunks))])


#: A slab, and the place of one of its chunks.
_Place = tuple[_Slab, int]


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
    """Return replications ``first`` to ``first + replications - 1`` of a net, in one batch.

    Raises
    ------
    RunFault
        Of the lowest-numbered replication that breaks a rule of the net.
    Interrupted
        On KeyboardInterrupt, with the finished prefix as ``partial``.
    """
    whole = blank(net, range(first, first + replications))
    n_taken = 0

    def take(slab: Batch) -> bool:
        nonlocal n_taken
        fill(part(whole, n_taken, n_taken + slab.n), slab)
        n_taken += slab.n
        return True

    try:
        hand_on(
            net,
            take,
            engine=engine,
            seed=seed,
            replications=replications,
            first=first,
            workers=workers,
            chunk=chunk,
            progress=progress,
        )
    except Interrupted as stop:
        raise Interrupted(n_taken, part(whole, 0, n_taken)) from stop.__cause__
    return whole


def hand_on(
    net: Net,
    take: Take,
    *,
    engine: EngineName = "compiled",
    seed: int,
    replications: int,
    first: int = 0,
    workers: int | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Run replications and hand them to ``take``, in order, in slabs of :data:`SLAB`.

    ``take`` is called from one other thread. What it raises ends the run.

    Raises
    ------
    RunFault
        Of the lowest-numbered replication that breaks a rule of the net.
    Interrupted
        On KeyboardInterrupt, when ``take`` has had every replication before the first that is not
        finished.
    """
    n_workers = workers or os.cpu_count() or 1
    size = chunk or max(1, min(LARGEST_CHUNK[engine], replications // (8 * n_workers)))
    tell = progress or (lambda done, asked: None)
    slabs: deque[_Slab] = deque()
    places = _places(net, range(first, first + replications), size, slabs)
    run = _run_compiled if engine == "compiled" else _run_reference
    n_done = 0
    with _Taker(take) as taker:
        finished = run(net, seed, places, n_workers, lambda: len(slabs) >= _OPEN_SLABS)
        try:
            for slab, number in finished:
                slab.left.discard(number)
                n_done += slab.chunks[number].n
                while slabs and not slabs[0].left:
                    taker.submit(slabs[0], slabs[0].rows)
                    slabs.popleft()
                tell(n_done, replications)
                if not taker.wants_more(_OPEN_SLABS):
                    return
            taker.wants_more(0)
        except KeyboardInterrupt as stop:
            finished.close()
            if slabs:
                taker.submit(slabs[0], part(slabs[0].rows, 0, slabs[0].n_whole))
            taker.wants_more(0)
            raise Interrupted(taker.n_taken) from stop
        finally:
            finished.close()


def _places(net: Net, numbers: range, size: int, slabs: deque[_Slab]) -> Iterator[_Place]:
    """Yield the chunks of one slab after another; a slab is made when its first is asked for."""
    for begin in range(0, len(numbers), SLAB):
        rows = blank(net, np.array(numbers[begin : begin + SLAB], dtype=np.int64))
        chunks = [part(rows, a, a + size) for a in range(0, rows.n, size)]
        slab = _Slab(rows, chunks, set(range(len(chunks))))
        slabs.append(slab)
        yield from ((slab, number) for number in range(len(chunks)))


class _Taker:
    """The thread that takes slabs, one after another."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="results")
        self._waiting: deque[Future[None]] = deque()
        self._is_over = False
        self.n_taken = 0

    def __enter__(self) -> _Taker:
        return self

    def __exit__(self, *raised: object) -> None:
        self._is_over = True
        self._pool.shutdown()

    def submit(self, slab: _Slab, rows: Batch) -> None:
        """Have the rows of a slab taken; a slab is taken once, however often it is submitted.

        So whoever is interrupted between this and the next line may do it again.
        """
        self._waiting.append(self._pool.submit(self._run, slab, rows))

    def _run(self, slab: _Slab, rows: Batch) -> None:
        if self._is_over or slab.is_taken:
            return
        slab.is_taken = True
        try:
            self._is_over = not self._take(rows)
        except BaseException:
            self._is_over = True
            raise
        self.n_taken += rows.n

    def wants_more(self, n_waiting: int) -> bool:
        """Wait until no more than so many slabs wait; return whether more are wanted.

        Raises
        ------
        Exception
            What taking one has raised.
        """
        while self._waiting and (len(self._waiting) > n_waiting or self._waiting[0].done()):
            self._waiting[0].result()
            self._waiting.popleft()
        return not self._is_over


def _run_reference(
    net: Net, seed: int, places: Iterator[_Place], workers: int, is_full: Callable[[], bool]
) -> Generator[_Place]:
    from sim.engines.reference import ReferenceEngine

    engine = ReferenceEngine(net)
    for slab, number in places:
        chunk = slab.chunks[number]
        fill(chunk, engine.run(seed, chunk.replications))
        yield slab, number


def _run_compiled(
    net: Net, seed: int, places: Iterator[_Place], workers: int, is_full: Callable[[], bool]
) -> Generator[_Place]:
    """Yield chunks as they are finished, in any order."""
    from sim.engines.compiled.engine import FaultAt, Stopped, compiled, no_control

    engine = compiled(net)
    control = no_control()
    #: The lowest replication that is known to fault: only what comes before it still matters.
    faulty: int | None = None
    running: dict[Future[None], _Place] = {}

    def fill_up() -> None:
        while len(running) < 2 * workers and not (running and is_full()) and faulty is None:
            place = next(places, None)
            if place is None:
                return
            chunk = place[0].chunks[place[1]]
            running[pool.submit(engine.run_into, chunk, seed, None, control)] = place

    # `engine` stays in this frame until the pool is shut down: freeing its machine code while a
    # thread runs it would crash the interpreter.
    with ThreadPoolExecutor(workers, thread_name_prefix="replications") as pool:
        try:
            fill_up()
            while running:
                done, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                for future in done:
                    place = running.pop(future)
                    try:
                        future.result()
                    except FaultAt as fault:
                        number = fault.replication
                        faulty = number if faulty is None else min(number, faulty)
                    except Stopped:
                        pass
                    else:
                        yield place
                fill_up()
        finally:
            control[0] = 1
            pool.shutdown(cancel_futures=True)
    if faulty is not None:
        _explain(net, seed, faulty)


def _explain(net: Net, seed: int, replication: int) -> None:
    """Raise the fault of a replication with all that can be said of it, by running it again."""
    from sim.engines.reference import ReferenceEngine

    ReferenceEngine(net).run(seed, np.array([replication]))
    raise AssertionError(
        f"the compiled engine faults in replication {replication}, the reference engine does not"
    )
