"""Whether a forecast has moved since a baseline was written.

A baseline holds, for each scenario, how many of its first replications had each outcome by each
report time, and all that these numbers depend on. Where none of that has changed, the counts must
be the same; where something has, they are two samples.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.analysis.sequential import holm
from sim.analysis.two_samples import fisher
from sim.engines.driver import EngineName
from sim.errors import UsageError
from sim.net.canonical import digest
from sim.scenario.model import Scenario
from sim.studies.replicate import first_times
from sim.units import SECONDS_PER_DAY
from sim.versions import NUMBERS, machine, versions

REPLICATIONS = 10_000
_FORMAT = 1


@dataclass(frozen=True)
class Sample:
    """How often each outcome had come, and what that depends on; times are in days."""

    net: str
    numbers: int
    #: Digest of the versions of all packages, and of the kind of machine.
    made_with: str
    seed: int
    replications: int
    days: tuple[float, ...]
    #: By outcome, at each of ``days``.
    counts: Mapping[str, tuple[int, ...]]

    def is_made_like(self, other: Sample) -> bool:
        """Return whether everything is the same that numbers depend on."""
        same = ("net", "numbers", "made_with", "seed", "replications", "days")
        return all(getattr(self, name) == getattr(other, name) for name in same)


@dataclass(frozen=True)
class Move:
    """An outcome whose probability by a day is not what it was."""

    file: str
    outcome: str
    days: float
    before: float
    now: float
    p: float
    #: Whether nothing has changed that numbers depend on: any difference is one too many.
    had_to_be_equal: bool = False


@dataclass(frozen=True)
class Drift:
    """What has changed since a baseline was written."""

    moves: tuple[Move, ...] = ()
    #: (file, outcome) of the baseline that are there no more.
    gone: tuple[tuple[str, str], ...] = ()
    #: (file, outcome) that the baseline does not have: nothing to compare.
    new: tuple[tuple[str, str], ...] = ()
    #: Files for which time ran out.
    not_compared: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything that the baseline has is not as it was."""
        return bool(self.moves or self.gone)


def sample(
    scenario: Scenario,
    *,
    seed: int,
    replications: int = REPLICATIONS,
    engine: EngineName = "compiled",
    workers: int | None = None,
) -> Sample:
    """Return how often each outcome has come by each report time, and by the horizon."""
    clock = scenario.clock
    when = sorted({*clock.report, clock.horizon})
    times = first_times(scenario.net, 0, replications, seed=seed, engine=engine, workers=workers)
    return Sample(
        net=digest(scenario.net),
        numbers=NUMBERS,
        made_with=_made_with(),
        seed=seed,
        replications=replications,
        days=tuple(t / SECONDS_PER_DAY for t in when),
        counts={
            name: tuple(int(np.count_nonzero(column <= t)) for t in when)
            for name, column in times.items()
        },
    )


def _made_with() -> str:
    known = json.dumps([versions(), machine()], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


class _Compared(NamedTuple):
    move: Move
    log_evidence: float


def drift(
    before: Mapping[str, Sample],
    now: Mapping[str, Sample],
    false_alarms: float,
    *,
    not_compared: Iterable[str] = (),
) -> Drift:
    """Return what has moved of all scenarios that both have.

    Every outcome is compared at every day that both have by Fisher's exact test, and where both
    were made of the same, by whether they are equal. With a probability of at most
    ``false_alarms`` is anything told that has not moved (Holm's procedure over all of it). Of an
    outcome that has, the day is told at which that is surest.
    """
    compared = [one for file in now for one in _compared(file, before.get(file), now[file])]
    rejected = holm([one.log_evidence for one in compared], false_alarms)
    moves: dict[tuple[str, str], Move] = {}
    for (move, _), has_moved in zip(compared, rejected, strict=True):
        key = (move.file, move.outcome)
        if has_moved and (key not in moves or _surer(move, moves[key])):
            moves[key] = move
    pairs = [(file, before[file], now[file]) for file in now if file in before]
    gone = [(f, name) for f, old, new in pairs for name in old.counts if name not in new.counts]
    unknown = [
        (file, name)
        for file, one in now.items()
        for name in one.counts
        if file not in before or name not in before[file].counts
    ]
    return Drift(tuple(moves.values()), tuple(gone), tuple(unknown), tuple(not_compared))


def _surer(move: Move, other: Move) -> bool:
    return (move.p, -abs(move.now - move.before)) < (other.p, -abs(other.now - other.before))


def _compared(file: str, old: Sample | None, new: Sample) -> Iterator[_Compared]:
    """Yield the comparisons of one scenario."""
    if old is None:
        return
    must_be_equal = old.is_made_like(new)
    for name in new.counts:
        for day, n_old, n_new in _pairs(old, new, name):
            p = fisher(n_old, old.replications, n_new, new.replications)
            if must_be_equal and n_old != n_new:
                p = 0.0
            shares = n_old / old.replications, n_new / new.replications
            move = Move(file, name, day, *shares, p, must_be_equal)
            yield _Compared(move, -math.log(p) if p > 0.0 else math.inf)


def _pairs(old: Sample, new: Sample, name: str) -> Iterator[tuple[float, int, int]]:
    """Yield each day that both samples have, with the counts by it."""
    if name in old.counts:
        known = dict(zip(old.days, old.counts[name], strict=True))
        for day, n_new in zip(new.days, new.counts[name], strict=True):
            if day in known:
                yield day, known[day], n_new


# The file.


def name_in(baseline: Path, scenario: str) -> str:
    """Return what a scenario is called in a baseline: its way from the baseline's folder."""
    return Path(os.path.relpath(scenario, baseline.parent)).as_posix()


def read_baseline(path: Path) -> dict[str, Sample]:
    """Return the samples of a baseline, by scenario.

    Raises
    ------
    UsageError
        If there is none, or it is no baseline.
    OSError
        If it may not be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise UsageError(f"{path} is a baseline of format {found['format']}, not {_FORMAT}")
        return {name: _read_sample(one) for name, one in found["scenarios"].items()}
    except FileNotFoundError:
        raise UsageError(f"there is no baseline {path}: --update-baseline writes one") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is no baseline: --update-baseline writes one") from error


def _read_sample(found: Any) -> Sample:
    counts = {str(name): tuple(map(int, row)) for name, row in found["counts"].items()}
    days = tuple(map(float, found["days"]))
    n = int(found["replications"])
    if any(len(row) != len(days) or not all(0 <= k <= n for k in row) for row in counts.values()):
        raise ValueError("counts that are none")
    return Sample(
        net=str(found["net"]),
        numbers=int(found["numbers"]),
        made_with=str(found["made_with"]),
        seed=int(found["seed"]),
        replications=n,
        days=days,
        counts=counts,
    )


def write_baseline(path: Path, samples: Mapping[str, Sample]) -> None:
    """Write a baseline: sorted, an outcome a line, so that a difference can be read."""
    scenarios = {name: asdict(samples[name]) for name in sorted(samples)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text({"format": _FORMAT, "scenarios": scenarios}) + "\n", encoding="utf-8")


def _text(value: object, indent: str = "") -> str:
    """Return JSON with lists on one line each."""
    if not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=True)
    below = indent + " "
    inner = [f"{below}{json.dumps(key)}: {_text(value[key], below)}" for key in sorted(value)]
    return "{\n" + ",\n".join(inner) + f"\n{indent}}}" if inner else "{}"
