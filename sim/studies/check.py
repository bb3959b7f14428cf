"""Hold a forecast to the checks of its file, with as many replications as that takes."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from sim.analysis.sequential import (
    Change,
    Share,
    bounds,
    holm,
    log_against_inside,
    log_against_outside,
    log_of_mean,
    sequential_quantile,
)
from sim.engines.driver import EngineName
from sim.ensemble.batch import Floats
from sim.errors import ScenarioError, UsageError
from sim.net.model import Net
from sim.scenario.checks import (
    ChangeCheck,
    Check,
    DriverCheck,
    OrderCheck,
    ProbabilityCheck,
    QuantileCheck,
    unfit,
)
from sim.scenario.model import Scenario
from sim.studies import memory as room
from sim.studies.driver_check import DriverEvidence
from sim.studies.replicate import first_times
from sim.units import SECONDS_PER_DAY

PASSED, FAILED, UNDECIDED = "passed", "failed", "undecided"
MOST_REPLICATIONS = 100_000
FALSE_ALARMS = 0.001
#: Verdicts are sought after so many replications, then after an eighth more each time.
FIRST_LOOK = 128
_ALPHA_SHOWN = 0.05
#: Times of outcomes by name, of the file as it stands ('') and of variants; values of inputs.
Rows = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True)
class Judged:
    """What became of a check.

    ``low`` and ``high`` hold the figure with 95 %, at whatever replication the verdict fell. A
    quantile is in days, infinite where it lies beyond the horizon; of a driver it is the rank.
    """

    check: Check
    verdict: str
    estimate: float
    low: float
    high: float
    replications: int


@dataclass(frozen=True)
class Verdicts:
    """What became of the checks of one scenario."""

    scenario: Scenario
    judged: tuple[Judged, ...]
    #: Whether time, not replications, ran out with something undecided.
    is_out_of_time: bool = False


def check(
    scenario: Scenario,
    *,
    replications: int = MOST_REPLICATIONS,
    false_alarms: float = FALSE_ALARMS,
    seed: int = 1,
    engine: EngineName = "compiled",
    workers: int | None = None,
    seconds: float = math.inf,
    memory: float | None = None,
) -> Verdicts:
    """Judge every check of a scenario.

    A check passes when the evidence against every figure outside of what it says is strong enough,
    and fails when that against every figure inside is; till then it goes on. With a probability of
    at most ``false_alarms`` does any check of the file fail that holds, and with at most that does
    any pass that does not: Holm's procedure for each of the two, over evidence that holds whenever
    one looks (:mod:`sim.analysis.sequential`).

    Parameters
    ----------
    scenario : Scenario
    replications : int
        How many at the most, of the file as it stands and of each variant; looked at are always the
        first.
    false_alarms : in (0, 1)
    seed : int
        The same for variants, so that they share their luck.
    engine : {"compiled", "reference"}
    workers : int
    seconds : float
        No look begins later than this after the call: verdicts till then are those that they would
        be anyway, the rest are undecided.
    memory : bytes
        What all replications together may take; half of what is free if None.

    Raises
    ------
    ScenarioError
        If a check compares the file with a variant to which it does not go.
    RunFault
        If a replication breaks a rule of the net.
    Interrupted
        On an interrupt.
    UsageError
        If a number is out of range.
    MemoryError
        If it would take more memory than it may, by an estimate before it starts.
    """
    if not 0.0 < false_alarms < 1.0:
        raise UsageError(f"a rate of false alarms lies between 0 and 1, not {false_alarms:g}")
    if replications < 1:
        raise UsageError(f"at least one replication, not {replications}")
    until = time.monotonic() + seconds
    nets = {"": scenario.net, **_variants(scenario)}
    n_quantiles = sum(isinstance(said, QuantileCheck) for said in scenario.checks)
    room.refuse_beyond(
        memory, lambda n: room.of_check([*nets.values()], n, n_quantiles), replications
    )
    has_drivers = any(isinstance(said, DriverCheck) for said in scenario.checks)
    unknown = _unknown(scenario.net) if has_drivers else ()

    def rows(names: Collection[str], first: int, n: int) -> Rows:
        how: Mapping[str, Any] = {"seed": seed, "engine": engine, "workers": workers}
        return {
            name: first_times(net, first, n, inputs=() if name else unknown, **how)
            for name, net in nets.items()
            if name in names
        }

    judged = judge(
        scenario.checks,
        scenario.clock.horizon,
        rows,
        replications=replications,
        false_alarms=false_alarms,
        until=until,
    )
    is_out_of_time = any(j.verdict == UNDECIDED and j.replications < replications for j in judged)
    return Verdicts(scenario, judged, is_out_of_time)


def judge(
    checks: Sequence[Check],
    horizon: float,
    rows: Callable[[Collection[str], int, int], Rows],
    *,
    replications: int,
    false_alarms: float,
    until: float = math.inf,
) -> tuple[Judged, ...]:
    """Judge checks by replications that ``rows`` gives: of which nets, from which one on, how many.

    Rows of the file as it stands have the values of unknown inputs, where drivers are checked.

    A net goes by the name of its variant, the file as it stands by ''. No look begins after
    ``until``, as :func:`time.monotonic` has it.
    """
    followed = [_followed(said, horizon) for said in checks]
    n = 0
    for look in looks(replications):
        undecided = [one for one in followed if one.verdict == UNDECIDED]
        if not undecided or time.monotonic() >= until:
            break
        more = rows({"", *(one.variant for one in undecided)}, n, look - n)
        n = look
        for one in undecided:
            one.take(more, n)
        _give_verdicts(followed, false_alarms)
    return tuple(one.judged() for one in followed)


def _unknown(net: Net) -> tuple[str, ...]:
    return tuple(given.path for given in net.uncertain_inputs if not given.chance)


def looks(most: int) -> Iterator[int]:
    """Yield after how many replications to look."""
    n = 0
    while n < most:
        n = min(most, n + max(FIRST_LOOK, n // 8))
        yield n


def _variants(scenario: Scenario) -> dict[str, Net]:
    """Return the nets of the variants that checks compare with.

    Raises
    ------
    ScenarioError
        If one of them is faulty, or does not go with its check.
    """
    compared = [said for said in scenario.checks if isinstance(said, ChangeCheck)]
    variants = {name: scenario.variant(name) for name in {said.variant: None for said in compared}}
    faults = [
        unfit(said, scenario.clock, variants[said.variant].clock, variants[said.variant].net)
        for said in compared
    ]
    if any(faults):
        raise ScenarioError([fault for fault in faults if fault], dict(scenario.texts))
    return {name: variant.net for name, variant in variants.items()}


# What is followed of each check as replications come.


class _Evidence(Protocol):
    """Counts what bears on a check."""

    def take(self, rows: Rows) -> None:
        """Count some replications more."""

    def against(self) -> tuple[float, float]:
        """Return the log evidence against the check, and against its contrary."""

    def shown(self) -> tuple[float, float, float]:
        """Return the estimate and the ends of its interval."""


@dataclass
class _Followed:
    """A check on its way to a verdict."""

    check: Check
    evidence: _Evidence
    verdict: str = UNDECIDED
    n: int = 0
    #: The strongest evidence so far, against the check and against its contrary.
    against: float = 0.0
    in_favour: float = 0.0

    @property
    def variant(self) -> str:
        """The variant that it compares with; empty for none."""
        return self.check.variant if isinstance(self.check, ChangeCheck) else ""

    def take(self, rows: Rows, n: int) -> None:
        """Take account of some replications more: n in all."""
        self.evidence.take(rows)
        against, in_favour = self.evidence.against()
        self.n = n
        self.against = max(self.against, against)
        self.in_favour = max(self.in_favour, in_favour)

    def judged(self) -> Judged:
        """Return what became of it."""
        return Judged(self.check, self.verdict, *self.evidence.shown(), self.n)


def _give_verdicts(followed: Sequence[_Followed], false_alarms: float) -> None:
    """Give verdicts where evidence allows: two families of hypotheses, each by Holm."""
    failed = holm([one.against for one in followed], false_alarms)
    passed = holm([one.in_favour for one in followed], false_alarms)
    for one, has_failed, has_passed in zip(followed, failed, passed, strict=True):
        if one.verdict == UNDECIDED and (has_failed or has_passed):
            one.verdict = FAILED if has_failed else PASSED


def _followed(said: Check, horizon: float) -> _Followed:
    if isinstance(said, QuantileCheck):
        return _Followed(said, _Quantile(said))
    assert isinstance(said, ProbabilityCheck | OrderCheck | ChangeCheck | DriverCheck)
    by = horizon if said.by is None else said.by
    evidence: _Evidence
    if isinstance(said, DriverCheck):
        return _Followed(said, DriverEvidence(said, by))
    if isinstance(said, ChangeCheck):
        evidence = _Counted(said.inside, Change(), lambda rows: _change(said, by, rows))
    elif isinstance(said, OrderCheck):
        evidence = _Counted(said.inside, Share(), lambda rows: _in_order(said, by, rows[""]))
    else:
        evidence = _Counted(said.inside, Share(), lambda rows: _by(rows[""][said.outcome], by))
    return _Followed(said, evidence)


def _by(times: Floats, t: float) -> Share:
    return Share(int(np.count_nonzero(times <= t)), len(times))


def _in_order(said: OrderCheck, by: float, times: Mapping[str, Floats]) -> Share:
    """Count the replications in which the last has come, and those with all in order."""
    *_, last = columns = [times[name] for name in said.outcomes]
    has_come = last <= by
    in_order = has_come.copy()
    for first, second in itertools.pairwise(columns):
        in_order &= first <= second
    return Share(int(np.count_nonzero(in_order)), int(np.count_nonzero(has_come)))


def _change(said: ChangeCheck, by: float, rows: Rows) -> Change:
    own, other = (rows[name][said.outcome] <= by for name in ("", said.variant))
    return Change(
        int(np.count_nonzero(other & ~own)), int(np.count_nonzero(own & ~other)), len(own)
    )


_Kind = TypeVar("_Kind", Share, Change)


@dataclass
class _Counted(Generic[_Kind]):
    """Evidence about the figure of one tally."""

    inside: tuple[float, float]
    tally: _Kind
    count: Callable[[Rows], _Kind]

    def take(self, rows: Rows) -> None:
        """Count some replications more."""
        self.tally = self.tally + self.count(rows)

    def against(self) -> tuple[float, float]:
        """Return the log evidence against the check, and against its contrary."""
        return (
            log_against_inside(self.tally, *self.inside),
            log_against_outside(self.tally, *self.inside),
        )

    def shown(self) -> tuple[float, float, float]:
        """Return the estimate and the ends of its interval."""
        return self.tally.estimate, *bounds(self.tally, _ALPHA_SHOWN)


@dataclass
class _Quantile:
    """Evidence about a quantile, which is two probabilities.

    It lies between two times if no more than its share has come before the first, and no less by
    the second.
    """

    check: QuantileCheck
    before: Share = field(default_factory=Share)
    by: Share = field(default_factory=Share)
    times: list[Floats] = field(default_factory=list)

    def take(self, rows: Rows) -> None:
        """Count some replications more."""
        times = rows[""][self.check.outcome]
        first, last = self.check.inside
        self.before += _by(times, math.nextafter(first, -math.inf))
        self.by += _by(times, last)
        self.times.append(times)

    def against(self) -> tuple[float, float]:
        """Return the log evidence against the check, and against its contrary.

        Against both its halves: the mean of what is against each. Against either's contrary: the
        lesser.
        """
        p = self.check.share
        early, late = (self.before, 0.0, p), (self.by, p, 1.0)
        return (
            log_of_mean(log_against_inside(*early), log_against_inside(*late)),
            min(log_against_outside(*early), log_against_outside(*late)),
        )

    def shown(self) -> tuple[float, float, float]:
        """Return the quantile and the ends of its interval, in days."""
        times = np.concatenate([*self.times, np.empty(0)]) / SECONDS_PER_DAY
        return sequential_quantile(times, self.check.share, _ALPHA_SHOWN)
