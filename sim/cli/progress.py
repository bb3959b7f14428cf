"""Progress on standard error: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sim.cli.options import is_terminal, note

_EVERY_S = 10.0

Progress = Callable[[int, int], None]


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Progress]:
    """Give a function of (done, asked for) that shows how far a command is."""
    if quiet:
        yield lambda done, asked: None
    elif is_terminal():
        with _bar(what) as update:
            yield update
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what, markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, asked: bar.update(task, completed=done, total=asked)


def _lines(what: str) -> Progress:
    began = last = time.monotonic()

    def update(done: int, asked: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY_S and 0 < done < asked:
            last = now
            left = (now - began) / done * (asked - done)
            note(f"{what}: {done:,} of {asked:,}, about {left:.0f} s left")

    return update
