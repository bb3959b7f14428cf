"""Runs targets on inputs, and notes what is improper: an exception, or more than two seconds."""

from __future__ import annotations

import random
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SLOW_S = 2.0
#: Of one target; more are the same again.
_MOST_FAULTS = 5


@dataclass
class Found:
    """What came of one target."""

    name: str
    n: int = 0
    slowest: float = 0.0
    faults: list[tuple[bytes, str]] = field(default_factory=list)


def tried(name: str, data: bytes) -> tuple[str, float]:
    """Return what is improper about a target's answer to an input, and the seconds it took."""
    began = time.process_time()
    why = ""
    try:
        TARGETS[name][0](data)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
    took = time.process_time() - began
    return why or (f"took {took:.1f} s" if took > SLOW_S else ""), took


def fuzzed(name: str, chance: random.Random, seconds: float, n: int | None = None) -> Found:
    """Give a target inputs until time or their number is up."""
    found, until = Found(name), time.monotonic() + seconds
    _, make, n_in_one = TARGETS[name]
    tried(name, make(random.Random(0)))  # what is made once is no part of the time of an input
    while time.monotonic() < until and len(found.faults) < _MOST_FAULTS:
        if n is not None and found.n >= n:
            break
        data = make(chance)
        why, took = tried(name, data)
        found.n += n_in_one
        found.slowest = max(found.slowest, took)
        if why:
            found.faults.append((data, why))
    return found
