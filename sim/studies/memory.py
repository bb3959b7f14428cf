"""Memory: what a run will take, estimated before it starts, and what it may take.

What takes memory is known beforehand: replications are under way in slabs, wait for their part of
a table, and some of what comes of each is held together when figures are made of it. An estimate is
that, and what the program takes by itself; it leaves out nothing that grows with the request.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sim.draws import INNER
from sim.engines.driver import MOST_UNDER_WAY
from sim.ensemble.parts import ROWS
from sim.ensemble.watched import QUANTILES_FROM
from sim.errors import UsageError
from sim.net.model import Net
from sim.shown import size
from sim.studies.replicate import MOST_GROUPS

#: What the program takes with its libraries and a net of middling size in machine code, and what it
#: takes to draw pictures: measured, and rounded.
_PROGRAM = 450e6
#: Bytes that figures of one outcome take for each replication while they are made: its times three
#: times over, its causes as pairs.
_FIGURES = 64
#: Bytes of an event of a trace, and of each clock that it was ahead of: estimated by their parts.
_EVENT, _LOST = 1_200, 150
#: A share of what is free that a run may take by default.
_SHARE = 0.5


# What is needed.


def of_run(net: Net, n: int, *, is_kept: bool) -> float:
    """Return the bytes that a run of n replications takes at its peak, about.

    Of results that are kept on the disk a part at a time is in memory; of others all is.
    """
    row, paths = _row(net), 8.0 * len(net.grid) * len(net.watches)
    slabs = min(n, MOST_UNDER_WAY) * (paths + 8.0 * len(net.inputs) + len(net.variables) + row)
    table = 2.0 * row * min(n, ROWS) if is_kept else 1.1 * row * n
    n_numbers = sum(not watch.is_label for watch in net.watches)
    watched = 16.0 * len(net.grid) * n_numbers * min(n, QUANTILES_FROM)
    nested = 16.0 * len(net.outcomes) * min(n, INNER * MOST_GROUPS)
    figures = _FIGURES * n if net.outcomes else 0.0
    return _PROGRAM + slabs + table + watched + nested + figures


def of_comparison(nets: Sequence[Net], n: int, *, is_kept: bool) -> float:
    """Return what a comparison of runs takes: two scenarios' times at once, in three orders."""
    runs = max(of_run(net, n, is_kept=is_kept) for net in nets)
    if not is_kept:
        runs += sum(1.1 * _row(net) * n for net in nets[1:])
    n_shared = min(len(net.outcomes) for net in nets)
    return runs + 2.0 * 24.0 * n_shared * n


def of_discovery(net: Net, n: int, *, is_kept: bool) -> float:
    """Return what a search for conditions takes: the inputs of all replications, in halves."""
    return of_run(net, n, is_kept=is_kept) + 3.0 * 8.0 * len(net.uncertain_inputs) * n


def of_check(nets: Sequence[Net], n: int, n_quantiles: int) -> float:
    """Return what checks take: the last eighth of all times, and all of those with a quantile."""
    times = sum(8.0 * len(net.outcomes) for net in nets)
    return _PROGRAM + 2.0 * times * (n / 8.0 + MOST_UNDER_WAY) + 4.0 * 8.0 * n_quantiles * n


def of_gradients(n_outcomes: int, n_inputs: int, n: int) -> float:
    """Return what gradients take: a score for each outcome and input, and what they come in."""
    return _PROGRAM + 8.0 * n_inputs * (n_outcomes + 4.0) * n


def of_trace(net: Net, n_events: int) -> float:
    """Return what the events of one replication take."""
    return _PROGRAM + (_EVENT + _LOST * len(net.transitions)) * float(n_events)


def _row(net: Net) -> float:
    """Return the bytes of a replication in a table."""
    n_numbers = 3 + len(net.uncertain_inputs) + len(net.watches) + len(net.totals)
    return 8.0 * n_numbers + 16.0 * len(net.outcomes)


# What may be taken.


def refuse_beyond(
    memory: float | None, needed: Callable[[int], float], n: int, what: str = "replications"
) -> None:
    """Refuse what would take more memory than it may, before it starts.

    Parameters
    ----------
    memory : bytes
        What it may take; half of what is free if None.
    needed : callable
        Returns the bytes that so many replications (or whatever is counted) take; increasing.
    n : int
        How many are asked for.

    Raises
    ------
    MemoryError
        With the estimate, and what would fit.
    UsageError
        If ``memory`` is no size.
    """
    if fits(memory, needed, n):
        return
    allowed = _allowed(memory)
    whose = "half of what is free" if memory is None else "as was asked for"
    most = _most(needed, n, allowed)
    less = f"about {_rounded_down(most):,} would fit" if most else "not even one would fit"
    raise MemoryError(
        f"{n:,} {what} need about {size(needed(n))} of memory, and may take {size(allowed)} "
        f"({whose}): {less}; --memory sets how much"
    )


def fits(memory: float | None, needed: Callable[[int], float], n: int) -> bool:
    """Return whether so many fit; see :func:`refuse_beyond`."""
    return needed(n) <= _allowed(memory)


def _allowed(memory: float | None) -> float:
    if memory is None:
        return _SHARE * free()
    if not memory > 0.0:
        raise UsageError(f"memory is a number of bytes above 0, not {memory:g}")
    return float(memory)


def _most(needed: Callable[[int], float], n: int, allowed: float) -> int:
    """Return how many fit, fewer than n."""
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= allowed else (low, middle)
    return low


def _rounded_down(n: int) -> int:
    """Return a number with two digits and noughts: an estimate knows no more."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return n // unit * unit


def free(root: Path = Path("/")) -> float:
    """Return the bytes of memory that are free for this process; infinite where nobody says.

    The least of what the machine has available and of what is left in each control group that the
    process is in, version 1 or 2: a container often has less than its host.
    """
    return min([_of_machine(root), *_left_in_groups(root)])


def _of_machine(root: Path) -> float:
    for line in _lines(root / "proc/meminfo"):
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return 1024.0 * int(amount.split()[0])
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def _left_in_groups(root: Path) -> Iterator[float]:
    """Yield what each control group has left, from that of the process up."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, limit, used = "sys/fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            base = "sys/fs/cgroup/memory"
            limit, used = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        top = root / base
        group = top / path.lstrip("/")
        if not group.is_dir():  # a container often sees the top of its own, and the host's path
            group = top
        for folder in (group, *group.parents):
            if folder.is_relative_to(top):
                yield _left(folder, limit, used)


def _left(folder: Path, limit: str, used: str) -> float:
    """Return what a control group has left; infinite if it has no limit."""
    most, now = (next(iter(_lines(folder / name)), "") for name in (limit, used))
    if not (most.isdecimal() and now.isdecimal()):
        return math.inf
    stat = dict(line.split(" ", 1) for line in _lines(folder / "memory.stat"))
    # Pages of files count as used, and go when they are wanted.
    idle = stat.get("total_inactive_file") or stat.get("inactive_file") or "0"
    return max(0.0, float(most) - max(0.0, float(now) - float(idle)))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
