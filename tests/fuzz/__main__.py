"""Fuzz for some time: ``python -m tests.fuzz --seconds 300``; see ``docs/security.md``.

An input of which something improper comes is written to ``tests/fuzz/corpus``, where every test run
finds it, and its seed is told.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time

from tests.fuzz.run import CORPUS, Found, fuzzed
from tests.fuzz.targets import TARGETS, tidied


def main() -> int:
    """Fuzz every target in turn; return 1 if one has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    names = given.targets or list(TARGETS)
    print(f"seed {seed}")
    found: list[Found] = []
    with tidied():
        for name in names:
            began = time.monotonic()
            one = fuzzed(name, random.Random(f"{seed} {name}"), given.seconds / len(names))
            took = time.monotonic() - began
            print(f"{name:12} {one.n:>12,} inputs in {took:7.1f} s, slowest {one.slowest:.2f} s")
            found.append(one)
    print(f"{sum(one.n for one in found):,} inputs")
    for one in found:
        for data, why in one.faults:
            path = CORPUS / f"{one.name}-{hashlib.sha256(data).hexdigest()[:12]}"
            path.write_bytes(data)
            print(f"{path}: {why}")
    return int(any(one.faults for one in found))


if __name__ == "__main__":
    sys.exit(main())
