"""Progress on standard error: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sim.cli.options import note
from sim.cli.render import safe
from sim.cli.text import is_terminal

if TYPE_CHECKING:
    import rich.progress

_log = logging.getLogger(__name__)
_EVERY_S = 10.0
#: What takes less gets no bar.
_PATIENCE_S = 0.5

Progress = Callable[[int, int], None]


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Progress]:
    """Give a function of (done, asked for) that shows how far a command is, and logs it."""
    logged = milestones(what)
    with _shown(what, quiet=quiet) as shown:

        def update(done: int, asked: int) -> None:
            logged(done, asked)
            shown(done, asked)

        yield update


def milestones(what: str) -> Progress:
    """Return a function that logs every tenth of the way."""
    last = 0

    def update(done: int, asked: int) -> None:
        nonlocal last
        tenth = 10 * done // max(asked, 1)
        if tenth > last:
            last = tenth
            _log.info("%s: %s of %s", what, f"{done:,}", f"{asked:,}")

    return update


@contextmanager
def _shown(what: str, *, quiet: bool) -> Iterator[Progress]:
    if quiet:
        yield lambda done, asked: None
    elif is_terminal(sys.stderr):
        with _bar(safe(what)) as update:
            yield update
    else:
        yield lines(safe(what))


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    bar = _Bar(what)
    try:
        yield bar.update
    finally:
        bar.stop()


class _Bar:
    """A bar of rich, which is imported only for what takes its time."""

    def __init__(self, what: str) -> None:
        self.what, self.began = what, time.monotonic()
        self.drawn: rich.progress.Progress | None = None

    def update(self, done: int, asked: int) -> None:
        if self.drawn is None:
            if time.monotonic() - self.began < _PATIENCE_S:
                return
            self.drawn = self.start(asked)
        self.drawn.update(self.drawn.task_ids[0], completed=done)

    def start(self, asked: int) -> rich.progress.Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        # `what` is a file's name, so it goes in as data: columns are formats, and rich has markup.
        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar.add_task(self.what, total=asked)
        bar.start()
        return bar

    def stop(self) -> None:
        if self.drawn is not None:
            self.drawn.stop()


def lines(what: str, now: Callable[[], float] = time.monotonic) -> Progress:
    """Return a function that says every ten seconds how far a command is."""
    began = last = now()

    def update(done: int, asked: int) -> None:
        nonlocal last
        if now() - last >= _EVERY_S and 0 < done < asked:
            last = now()
            left = (last - began) / done * (asked - done)
            note(f"{what}: {done:,} of {asked:,}, about {left:.0f} s left")

    return update
