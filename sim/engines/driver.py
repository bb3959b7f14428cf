"""Ensembles: many replications of a net, in chunks, over threads.

Chunks are parts of *slabs* of a fixed size, and slabs are handed on in order, so that neither
workers nor chunks can change a byte of what is made of them. The compiled kernel runs without
Python's lock, and what becomes of a slab happens in a thread of its own; the main thread only
waits, with a short timeout, and asks each time whether it has been interrupted.
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
from sim.errors import Interrupted, RunFault
from sim.interrupts import held_back
from sim.net.model import Net

EngineName = Literal["compiled", "reference"]
#: Told (replications done, replications asked for), from the main thread.
Progress = Callable[[int, int], None]
#: Takes the next slab; returns whether more are wanted.
Take = Callable[[Batch], bool]

#: Replications that are handed on together: the memory that a run needs does not grow with it.
SLAB = 2_048
#: Replications handed to a worker at a time, at the most: enough for the hand-over not to show.
LARGEST_CHUNK = {"compiled": SLAB, "reference": 4}
#: Slabs begun and not yet taken, at the most.
_OPEN_SLABS = 4
#: Replications that may be in memory with all that was watched, before they are handed on.
MOST_UNDER_WAY = SLAB * (2 * _OPEN_SLABS + 2)
_LOOK_S = 0.05


class Engine(Protocol):
    """What every engine can do."""

    def inputs(self, seed: int, replications: Ints, quantiles: Floats | None = None) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs)."""

    def run(self, seed: int, replications: Ints, inputs: Floats | None = None) -> Batch:
        """Run replications to their end."""


@dataclass(frozen=True, eq=False)
class _Source:
    """What replications are made of besides their numbers."""

    net: Net
    seed: int
    quantiles: Floats | None


@dataclass(eq=False)
class _Slab:
    """Rows that are handed on together, and which of their chunks are still to come."""

    rows: Batch
    chunks: list[Batch]
    left: set[int]

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
    quantiles: Floats | None = None,
) -> None:
    """Run replications and hand them to ``take``, in order, in slabs of :data:`SLAB`.

    ``take`` is called from one other thread. What it raises ends the run. ``quantiles``, shape
    (n_inputs,), sets inputs at a probability of their laws in all replications; NaN leaves one be.

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
    source = _Source(net, seed, quantiles)
    run = _run_compiled if engine == "compiled" else _run_reference
    n_done = 0
    with held_back() as held, _Taker(take) as taker:
        finished = run(source, places, n_workers, lambda: len(slabs) >= _OPEN_SLABS)
        try:
            for place in finished:
                if place is not None:
                    slab, number = place
                    slab.left.discard(number)
                    n_done += slab.chunks[number].n
                    while slabs and not slabs[0].left:
                        taker.submit(slabs.popleft().rows)
                    tell(n_done, replications)
                if not taker.wants_more(_OPEN_SLABS):
                    return
                if held.stop is not None:
                    raise held.stop
            taker.wants_more(0)
        except RunFault as fault:
            # What lies before it may be enough already; that must not hang on who was faster.
            if slabs:
                taker.submit(_rows_before(fault, slabs[0], source))
            if taker.wants_more(0):
                raise
        except KeyboardInterrupt as stop:
            finished.close()
            if slabs:
                taker.submit(part(slabs[0].rows, 0, slabs[0].n_whole))
            taker.wants_more(0)
            raise Interrupted(taker.n_taken) from stop
        finally:
            finished.close()


def _rows_before(fault: RunFault, slab: _Slab, source: _Source) -> Batch:
    """Return the rows of a slab before the one that faults, the unfinished ones run again."""
    from sim.engines.reference import ReferenceEngine

    n_whole = slab.n_whole
    n = fault.replication - int(slab.rows.replications[0])
    rest = part(slab.rows, n_whole, n)
    if rest.n > 0:
        engine = ReferenceEngine(source.net)
        fill(rest, engine.run(source.seed, rest.replications, quantiles=source.quantiles))
    return part(slab.rows, 0, n)


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

    def submit(self, rows: Batch) -> None:
        """Have rows taken when those before them have been."""
        self._waiting.append(self._pool.submit(self._run, rows))

    def _run(self, rows: Batch) -> None:
        if self._is_over or not rows.n:
            return
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
    source: _Source, places: Iterator[_Place], workers: int, is_full: Callable[[], bool]
) -> Generator[_Place | None]:
    from sim.engines.reference import ReferenceEngine

    engine = ReferenceEngine(source.net)
    for slab, number in places:
        chunk = slab.chunks[number]
        fill(chunk, engine.run(source.seed, chunk.replications, quantiles=source.quantiles))
        yield slab, number


def _run_compiled(
    source: _Source, places: Iterator[_Place], workers: int, is_full: Callable[[], bool]
) -> Generator[_Place | None]:
    """Yield chunks as they are finished, in any order; None now and then, where none is."""
    from sim.engines.compiled.engine import FaultAt, Stopped, compiled, no_control

    engine = compiled(source.net)
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
            started = pool.submit(
                engine.run_into, chunk, source.seed, None, control, source.quantiles
            )
            running[started] = place

    # `engine` stays in this frame until the pool is shut down: freeing its machine code while a
    # thread runs it would crash the interpreter.
    with ThreadPoolExecutor(workers, thread_name_prefix="replications") as pool:
        try:
            fill_up()
            while running:
                done, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                if not done:
                    yield None
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
        _explain(source, faulty)


def _explain(source: _Source, replication: int) -> None:
    """Raise the fault of a replication with all that can be said of it, by running it again."""
    from sim.engines.reference import ReferenceEngine

    number = np.array([replication])
    ReferenceEngine(source.net).run(source.seed, number, quantiles=source.quantiles)
    raise AssertionError(
        f"the compiled engine faults in replication {replication}, the reference engine does not"
    )
