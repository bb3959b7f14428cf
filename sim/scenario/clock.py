"""The clock of a file: start and time zone first, then horizon, grid and report times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from sim.instants import read_day_or_instant, read_instant, read_zone
from sim.keys import validated
from sim.net.expr import Const, Distribution, Expr, Ref
from sim.net.model import Input
from sim.scenario.model import ScenarioClock, SourceNote
from sim.scenario.remarks import Remarks
from sim.scenario.schema import ClockSpec, SourceSpec
from sim.scenario.structure import Structure
from sim.scenario.terms import Terms
from sim.scenario.wanted import DURATION, Spot, is_nan
from sim.values import Faults, Items, Node, Text, describe

N_GRID = 40
N_REPORT = 10
MAX_POINTS = 10_000


class Calendar(NamedTuple):
    """What is known of the clock before any expression is read."""

    spec: ClockSpec | None
    start: datetime | None
    as_of: datetime | None
    zone: tzinfo | None
    zone_name: str | None
    sources: Mapping[str, SourceNote]
    remarks: Remarks


class ReadClock(NamedTuple):
    """The horizon as an expression, and the clock that plans by its largest value."""

    horizon: Expr
    clock: ScenarioClock


def read_calendar(found: Structure, faults: Faults) -> Calendar:
    """Return start, time zone, as_of and sources."""
    spec, zone, start, as_of = None, None, None, None
    if found.header.clock is not None:
        spec, _ = validated(ClockSpec, found.header.clock, "clock", "'clock'", faults)
    if spec and spec.timezone is not None:
        zone = read_zone(spec.timezone, "clock.timezone", faults)
    if spec and spec.start is not None and _is_text(spec.start, "clock.start", faults):
        start = read_instant(spec.start, "clock.start", faults)
    known_zone = zone or (start.tzinfo if start else None)
    if spec and spec.as_of is not None and _is_text(spec.as_of, "clock.as_of", faults):
        as_of = read_day_or_instant(spec.as_of, known_zone, "clock.as_of", faults)
        if as_of and start and as_of < start:
            message = f"'{spec.as_of}' is before the start, {start.isoformat()}"
            faults.add("before-start", message, spec.as_of, "clock.as_of")
    as_of = as_of or start
    sources = _sources(found, as_of, known_zone, faults)
    written = frozenset(sources) if found.section("sources") else None
    name = str(spec.timezone) if spec and spec.timezone is not None else None
    remarks = Remarks(faults, written, as_of, known_zone)
    return Calendar(spec, start, as_of, zone, name, sources, remarks)


def _is_text(node: Node, path: str, faults: Faults) -> bool:
    if isinstance(node, Text):
        return True
    message = f"'{path.rpartition('.')[2]}' is {describe(node)}"
    faults.add("wrong-type", message, node, path, expected="an instant")
    return False


def _sources(
    found: Structure, as_of: datetime | None, zone: tzinfo | None, faults: Faults
) -> dict[str, SourceNote]:
    sources = {}
    for read in found.section("sources"):
        path = f"sources.{read.key}"
        public = None
        sources[str(read.key)] = SourceNote("")
        spec, _ = (
            validated(SourceSpec, read.node, path, read.noun, faults)
            if read.is_whole
            else (None, False)
        )
        if spec is None:
            continue
        if spec.public is not None and _is_text(spec.public, f"{path}.public", faults):
            public = read_day_or_instant(spec.public, zone, f"{path}.public", faults)
            if public and as_of and public > as_of:
                message = f"the source '{read.key}' was public after as_of, {as_of.isoformat()}"
                faults.add("after-as-of", message, spec.public, f"{path}.public")
        url = "" if spec.url is None else str(spec.url)
        sources[str(read.key)] = SourceNote(str(spec.text), public, url)
    return sources


def read_clock(
    calendar: Calendar, terms: Terms, parameters: Mapping[str, Input]
) -> ReadClock | None:
    """Return the clock; None after a fault in the horizon."""
    spec = calendar.spec
    if spec is None:
        return None
    horizon = terms.value(
        spec.horizon, terms.input_scope, Spot("clock.horizon", "clock.horizon"), DURATION
    )
    largest = _largest(horizon, spec.horizon, {**terms.inputs, **parameters}, terms.faults)
    if largest is None:
        return None
    grid = _grid(spec, largest, terms)
    report = _report(spec, largest, terms)
    clock = ScenarioClock(
        horizon=largest,
        start=calendar.start,
        as_of=calendar.as_of,
        timezone=calendar.zone_name,
        zone=calendar.zone,
        grid=grid,
        report=report,
    )
    return ReadClock(horizon, clock)


def _largest(horizon: Expr, at: Node, inputs: Mapping[str, Input], faults: Faults) -> float | None:
    """Return the largest value that the horizon can have."""
    if is_nan(horizon):
        return None
    prior: Expr | Distribution = horizon
    if isinstance(horizon, Ref) and horizon.name in inputs:
        prior = inputs[horizon.name].prior
    ends = _support(prior)
    if ends is None:
        faults.add(
            "bad-horizon",
            "the horizon has no largest value that can be told",
            at,
            "clock.horizon",
            expected="a duration, a bounded distribution, or one parameter that is either",
        )
        return None
    low, high = ends
    if not low > 0 or math.isinf(high):
        message = (
            "an infinite horizon" if math.isinf(high) else "the horizon is not after the start"
        )
        expected = "a duration such as '14 days'"
        faults.add("bad-horizon", message, at, "clock.horizon", expected=expected)
        return None
    return high


def _support(prior: Expr | Distribution) -> tuple[float, float] | None:
    if isinstance(prior, Const):
        return prior.value, prior.value
    if not isinstance(prior, Distribution):
        return None
    values = [arg.value for arg in prior.args if isinstance(arg, Const)]
    if len(values) < len(prior.args):
        return None
    if prior.kind in ("uniform", "triangular", "pert", "deterministic"):
        return values[0], values[-1]
    if prior.kind == "discrete":
        return values[0], values[len(values) // 2 - 1]
    return None


def _grid(spec: ClockSpec, horizon: float, terms: Terms) -> tuple[float, ...]:
    if spec.grid is None:
        return tuple(horizon * k / N_GRID for k in range(N_GRID + 1))
    step = terms.number(spec.grid, terms.input_scope, "clock.grid", DURATION)
    if is_nan(step):
        return ()
    if not isinstance(step, Const) or not 0 < step.value < math.inf:
        message = f"the grid '{spec.grid}' is no step"
        expected = "a constant duration above 0"
        terms.faults.add("bad-grid", message, spec.grid, "clock.grid", expected=expected)
        return ()
    n = horizon / step.value
    if n > MAX_POINTS:
        message = f"a grid of {n:.0f} points"
        terms.faults.add(
            "too-large", message, spec.grid, "clock.grid", expected=f"at most {MAX_POINTS} points"
        )
        return ()
    points = (k * step.value for k in range(math.floor(n) + 2))
    return tuple(point for point in points if point <= horizon)


def _report(spec: ClockSpec, horizon: float, terms: Terms) -> tuple[float, ...]:
    if spec.report is None:
        return tuple(horizon * k / N_REPORT for k in range(1, N_REPORT + 1))
    nodes = spec.report if isinstance(spec.report, Items) else Items([spec.report])
    times = set()
    for node in nodes:
        when = terms.fixed_time(
            node, horizon, "clock.report", what="report time", code="bad-report"
        )
        if when is not None:
            times.add(when)
    return tuple(sorted(times))
