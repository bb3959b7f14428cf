"""Interrupts that wait: work that must not be torn is done with signals held back.

Python raises KeyboardInterrupt between any two instructions of the main thread, in the middle of
taking a lock or of renaming a folder, too. Inside :func:`held_back` a signal only leaves word,
which whoever works there asks for when it suits.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
#: Whoever insists is not made to wait: this many signals are obeyed at once.
_INSISTS = 3


@dataclass
class Held:
    """What signals have asked for meanwhile."""

    #: What the signal would have raised.
    stop: BaseException | None = None
    _n_signals: int = 0
    _before: dict[int, Any] = field(default_factory=dict)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._n_signals += 1
        handler: Callable[[int, FrameType | None], object] = self._before[number]
        if self._n_signals >= _INSISTS:
            handler(number, frame)
        try:
            handler(number, frame)
        except BaseException as stop:  # noqa: BLE001 (kept for whoever asks)
            self.stop = stop


_active: list[Held] = []


@contextmanager
def held_back() -> Iterator[Held]:
    """Hold SIGINT, SIGTERM and SIGHUP back, as far as they would raise something here.

    Whoever is inside asks for ``stop`` and ends what it does in good order. It may be nested: the
    word is the same for all. In another thread than the main one, which signals never interrupt,
    and for signals that are ignored or kill, nothing changes.
    """
    if _active or threading.current_thread() is not threading.main_thread():
        yield _active[0] if _active else Held()
        return
    held = Held()
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        handler = signal.getsignal(number)
        if callable(handler):
            held._before[number] = handler
    _active.append(held)
    try:
        for number in held._before:
            signal.signal(number, held._take)
        yield held
    finally:
        for number, handler in held._before.items():
            signal.signal(number, handler)
        _active.remove(held)
