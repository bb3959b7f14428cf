"""What a scenario means, as data: each part in its author's words, who reads it and who writes it.

``explain`` shows this as text, and prints :meth:`Explained.as_json`. Empty texts and missing values
are null there; numbers are in days, and in the unit of the variable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from sim.instants import is_date
from sim.net.connections import Connections, Kind, Link, Part
from sim.net.expr import TRUE, Const, Distribution, Expr, Ref, is_constant
from sim.net.model import (
    Branch,
    Clock,
    Draw,
    Effect,
    Input,
    Net,
    Note,
    Origin,
    Says,
    Transition,
    Variable,
)
from sim.net.shown import formula, kind_of, said, shown_as, spelled
from sim.scenario.model import Scenario
from sim.units import NONE, PER_TIME, SECONDS_PER_DAY, TIME, UNITS, Dimension, to_display
from sim.world.flow import flow_at_start, has_capacities
from sim.world.glossary import NO_KINDS, meaning, meaning_of_transition, meaning_of_value
from sim.world.model import World

_WORD = re.compile(r"[^\W\d]+")
Role = Literal["ignorance", "chance", "fixed", "computed"]


@dataclass(frozen=True)
class ClockTold:
    """When a scenario starts and ends, and when it is looked at."""

    start: datetime | None
    as_of: datetime | None
    timezone: str | None
    horizon_days: float
    horizon: str
    grid_days: tuple[float, ...]
    report_days: tuple[float, ...]


@dataclass(frozen=True)
class SourceTold:
    """Where knowledge comes from."""

    name: str
    text: str
    public: datetime | None
    url: str


@dataclass(frozen=True)
class InputTold:
    """A number that is fixed within a replication; ``meaning`` is said of values of the world.

    ``role`` is ignorance or chance where it is drawn, else fixed, or computed from other inputs.
    """

    name: str
    path: str
    meaning: str
    value: str
    unit: str
    role: Role
    labels: tuple[str, ...]
    note: Note
    read_by: tuple[Link, ...]


@dataclass(frozen=True)
class VariableTold:
    """A part of the state; ``low`` and ``high`` are None where it has no end, or has labels.

    ``meaning`` is that of a name of the world.
    """

    name: str
    meaning: str
    kind: str
    labels: tuple[str, ...]
    low: float | None
    high: float | None
    unit: str
    initial: str
    read_by: tuple[Link, ...]
    written_by: tuple[Link, ...]


@dataclass(frozen=True)
class DefinitionTold:
    """A named expression; ``meaning`` is that of a name of the world."""

    name: str
    meaning: str
    value: str
    unit: str
    reads: tuple[str, ...]
    read_by: tuple[Link, ...]


@dataclass(frozen=True)
class DrawTold:
    """A random number taken at each firing."""

    name: str
    law: str
    unit: str
    note: Note


@dataclass(frozen=True)
class BranchTold:
    """One way for a firing to end; ``then`` pairs what changes with its new value."""

    label: str
    weight: str
    then: tuple[tuple[str, str], ...]
    says: str


@dataclass(frozen=True)
class TransitionTold:
    """What may happen: when, how fast, and to what effect.

    ``fires`` is its clock in words; ``value``, ``pace`` and ``first`` are what they are made of,
    and ``unit`` is that of ``value``.
    """

    name: str
    says: str
    when: str
    clock: str
    fires: str
    value: str
    unit: str
    pace: str
    first: str
    memory: str
    priority: int
    note: Note
    draws: tuple[DrawTold, ...]
    branches: tuple[BranchTold, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    fired_read_by: tuple[Link, ...]
    work_read_by: tuple[Link, ...]
    work_written_by: tuple[Link, ...]


@dataclass(frozen=True)
class OutcomeTold:
    """A question with a yes-time."""

    name: str
    label: str
    question: str
    when: str
    reads: tuple[str, ...]
    read_by: tuple[Link, ...]


@dataclass(frozen=True)
class FlowTold:
    """How much can flow over a link at the start, over all of its ways together.

    ``most`` is in days of supply a day, None for no limit; ``cut`` names the routes that bind.
    """

    link: str
    most: float | None
    cut: tuple[str, ...]


@dataclass(frozen=True)
class SeriesTold:
    """What is watched on the grid, or summed over time."""

    name: str
    value: str
    unit: str
    reads: tuple[str, ...]


_Entry = TypeVar(
    "_Entry", InputTold, VariableTold, DefinitionTold, TransitionTold, OutcomeTold, SeriesTold
)


@dataclass(frozen=True)
class Explained:
    """What a scenario means."""

    scenario: str
    title: str
    question: str
    description: str
    variant: str | None
    variants: tuple[str, ...]
    set: dict[str, str]
    clock: ClockTold
    sources: tuple[SourceTold, ...]
    inputs: tuple[InputTold, ...]
    variables: tuple[VariableTold, ...]
    definitions: tuple[DefinitionTold, ...]
    transitions: tuple[TransitionTold, ...]
    outcomes: tuple[OutcomeTold, ...]
    watch: tuple[SeriesTold, ...]
    totals: tuple[SeriesTold, ...]
    stop: str
    event_limit: int
    flows: tuple[FlowTold, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``explain --json`` prints."""
        found = _plain(asdict(self))
        assert isinstance(found, dict)
        return found


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        if set(value) == {"part", "where"}:  # a Link
            kind, name = value["part"]
            return {"kind": kind, "name": name or None, "where": list(value["where"])}
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value == "" else value


def explained(scenario: Scenario) -> Explained:
    """Return what a scenario means."""
    return _Teller(scenario.net, scenario.world).told(scenario)


def only(told: Explained, parts: Set[Part]) -> Explained:
    """Return what is told of some parts, with the sources that they name."""

    def of(kind: Kind, entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
        return tuple(entry for entry in entries if Part(kind, entry.name) in parts)

    inputs, transitions = of("input", told.inputs), of("transition", told.transitions)
    notes = [given.note for given in inputs] + [transition.note for transition in transitions]
    notes += [draw.note for transition in transitions for draw in transition.draws]
    named = {note.source for note in notes}
    return replace(
        told,
        sources=tuple(source for source in told.sources if source.name in named),
        inputs=inputs,
        variables=of("variable", told.variables),
        definitions=of("definition", told.definitions),
        transitions=transitions,
        outcomes=of("outcome", told.outcomes),
        watch=of("watch", told.watch),
        totals=of("total", told.totals),
        flows=tuple(f for f in told.flows if Part("definition", f"{f.link}.capacity") in parts),
    )


def unit_of(dimension: Dimension) -> str:
    """Return the unit that a quantity is shown in; empty for a plain number."""
    return "" if dimension == NONE else str(dimension)


def _flows(world: World | None) -> Iterator[FlowTold]:
    """Yield what can flow over each link whose routes have capacities."""
    if world is None:
        return
    for link in world.links.values():
        flow = flow_at_start(link, world) if has_capacities(link, world) else None
        if flow is not None:
            yield FlowTold(link.name, flow.most if math.isfinite(flow.most) else None, flow.cut)


class _Teller:
    def __init__(self, net: Net, world: World | None) -> None:
        self.net = net
        self.links = Connections(net)
        self.inputs = {i.name: i for i in net.inputs}
        self.kinds = world.kinds if world else NO_KINDS

    def told(self, scenario: Scenario) -> Explained:
        net = self.net
        return Explained(
            scenario=scenario.name,
            title=scenario.title,
            question=scenario.question,
            description=scenario.description,
            variant=scenario.variant_name,
            variants=scenario.variants,
            set=dict(scenario.overrides),
            clock=self.clock(scenario),
            sources=tuple(
                SourceTold(name, note.text, note.public, note.url)
                for name, note in scenario.sources.items()
            ),
            inputs=tuple(map(self.input, net.inputs)),
            variables=tuple(map(self.variable, net.variables)),
            definitions=tuple(
                DefinitionTold(
                    d.name,
                    meaning(d.origin.path, d.name),
                    self.written(d.expr, d.origin, d.dimension, is_label=d.is_label),
                    unit_of(d.dimension),
                    self.names_read(Part("definition", d.name)),
                    self.links.readers(Ref("definition", d.name)),
                )
                for d in net.definitions
            ),
            transitions=tuple(map(self.transition, net.transitions)),
            outcomes=tuple(
                OutcomeTold(
                    o.name,
                    o.label,
                    o.question,
                    self.written(o.when, o.origin),
                    self.names_read(Part("outcome", o.name)),
                    self.links.readers(Ref("outcome", o.name)),
                )
                for o in net.outcomes
            ),
            watch=tuple(
                SeriesTold(
                    w.name,
                    self.written(w.expr, w.origin, w.dimension, is_label=w.is_label),
                    unit_of(w.dimension),
                    self.names_read(Part("watch", w.name)),
                )
                for w in net.watches
                if not w.is_made
            ),
            totals=tuple(
                SeriesTold(
                    t.name,
                    self.written(t.expr, t.origin, t.dimension.over(TIME)),
                    unit_of(t.dimension),
                    self.names_read(Part("total", t.name)),
                )
                for t in net.totals
            ),
            stop="" if net.stop is None else self.written(net.stop, net.stop_origin),
            event_limit=net.event_limit,
            flows=tuple(_flows(scenario.world)),
        )

    # Words.

    def written(
        self,
        expr: Expr | Distribution,
        origin: Origin,
        dimension: Dimension = NONE,
        *,
        is_label: bool = False,
    ) -> str:
        """Return an expression as its author wrote it, or as the net has it."""
        if origin.text:
            return _unbraced(origin.text)
        if isinstance(expr, Ref) and expr.space == "input":
            made = self.inputs[expr.name]
            return self.written(made.prior, made.origin, dimension, is_label=is_label)
        if isinstance(expr, Const):
            value = shown_as(self.net, expr.value, dimension, is_label)
            unit = unit_of(dimension)
            return value if isinstance(value, str) else f"{value:.6g}{unit and ' '}{unit}"
        return formula(expr)

    def names_read(self, part: Part) -> tuple[str, ...]:
        """Return the names that a part reads, as a file writes them; its own draws are left out."""
        return tuple(dict.fromkeys(spelled(r) for r in self.links.reads(part) if r.space != "draw"))

    # Parts.

    def clock(self, scenario: Scenario) -> ClockTold:
        clock, horizon = scenario.clock, self.net.horizon
        is_known = isinstance(horizon, Const)
        return ClockTold(
            start=clock.start,
            as_of=clock.as_of,
            timezone=clock.timezone,
            horizon_days=clock.horizon / SECONDS_PER_DAY,
            horizon="" if is_known else self.written(horizon, Origin(), TIME),
            grid_days=tuple(t / SECONDS_PER_DAY for t in clock.grid),
            report_days=tuple(t / SECONDS_PER_DAY for t in clock.report),
        )

    def input(self, given: Input) -> InputTold:
        return InputTold(
            name=given.name,
            path=given.path,
            meaning=meaning_of_value(given.path, self.kinds),
            value=self.written(
                given.prior, given.origin, given.dimension, is_label=bool(given.labels)
            ),
            unit=unit_of(given.dimension),
            role=_role(given),
            labels=given.labels,
            note=given.note,
            read_by=self.links.readers(Ref("input", given.name)),
        )

    def variable(self, variable: Variable) -> VariableTold:
        ref, has_labels = Ref("variable", variable.name), bool(variable.labels)
        low, high = (to_display(end, variable.dimension) for end in (variable.low, variable.high))
        return VariableTold(
            name=variable.name,
            meaning=meaning(variable.origin.path, variable.name),
            kind=variable.kind,
            labels=variable.labels,
            low=low if math.isfinite(low) and not has_labels else None,
            high=high if math.isfinite(high) and not has_labels else None,
            unit=unit_of(variable.dimension),
            initial=self.written(
                variable.initial, variable.initial_origin, variable.dimension, is_label=has_labels
            ),
            read_by=self.links.readers(ref),
            written_by=self.links.writers(ref),
        )

    def transition(self, transition: Transition) -> TransitionTold:
        clock, part = transition.clock, Part("transition", transition.name)
        value, unit = self.clock_value(clock)
        pace, first = self.pace(clock), self.first(clock)
        fired, work = (Ref(space, transition.name) for space in ("fired", "work"))
        return TransitionTold(
            name=transition.name,
            says=_said(transition.says)
            or meaning_of_transition(transition.origin.path, transition.name),
            when="" if transition.guard == TRUE else self.guard(transition),
            clock=clock.written or clock.kind,
            fires=_fires(clock, value, pace, first),
            value=value,
            unit=unit,
            pace=pace,
            first=first,
            memory=transition.memory if clock.kind == "work" or transition.memory_stated else "",
            priority=transition.priority,
            note=clock.note,
            draws=tuple(map(self.draw, transition.draws)),
            branches=tuple(map(self.branch, transition.branches)),
            reads=self.names_read(part),
            writes=tuple(spelled(ref) for ref in self.links.writes(part)),
            fired_read_by=self.links.readers(fired),
            work_read_by=self.links.readers(work),
            work_written_by=self.links.writers(work),
        )

    def guard(self, transition: Transition) -> str:
        return self.written(transition.guard, transition.guard_origin)

    def clock_value(self, clock: Clock) -> tuple[str, str]:
        """Return what a clock's own key says, and its unit."""
        if clock.kind == "immediate":
            return "", ""
        if clock.kind == "rate":
            return self.written(clock.pace, clock.origin, PER_TIME), unit_of(PER_TIME)
        if clock.kind == "every":
            return self.written(clock.period, clock.origin, TIME), unit_of(TIME)
        if clock.kind == "at":
            told = self.written(clock.instants[0], clock.origin, TIME)
            return told.removeprefix("[").removesuffix("]"), unit_of(TIME)
        assert clock.law is not None
        dimension = clock.work_dimension
        return self.written(clock.law, clock.origin, dimension), unit_of(dimension)

    def pace(self, clock: Clock) -> str:
        """Return the pace at which work is burnt; empty where it is that of the time."""
        if clock.kind != "work" or (clock.pace == Const(1.0) and not clock.pace_origin.text):
            return ""
        return self.written(clock.pace, clock.pace_origin, clock.work_dimension.over(TIME))

    def first(self, clock: Clock) -> str:
        """Return when a timetable begins, if it is not after one period."""
        if not clock.start_origin.text:
            return ""
        return self.written(clock.start, clock.start_origin, TIME)

    def draw(self, draw: Draw) -> DrawTold:
        law = self.written(draw.law, draw.origin, draw.dimension)
        return DrawTold(draw.name, law, unit_of(draw.dimension), draw.note)

    def branch(self, branch: Branch) -> BranchTold:
        then = tuple((spelled(e.target), self.assigned(e)) for e in branch.effects)
        weight = self.written(branch.weight, branch.weight_origin)
        return BranchTold(branch.label, weight, then, _said(branch.says))

    def assigned(self, effect: Effect) -> str:
        if effect.origin.text:  # as a file has it; what follows looks through the whole net
            return self.written(effect.expr, effect.origin)
        dimension, is_label = kind_of(self.net, effect.target)
        return self.written(effect.expr, effect.origin, dimension, is_label=is_label)


def _role(given: Input) -> Role:
    if given.is_uncertain:
        return "chance" if given.chance else "ignorance"
    assert not isinstance(given.prior, Distribution)
    return "fixed" if is_constant(given.prior) else "computed"


def _fires(clock: Clock, value: str, pace: str, first: str) -> str:
    """Return a clock in words, to follow ``fires``."""
    if clock.kind == "immediate":
        return "at once"
    if clock.kind == "rate":
        return f"at rate {with_unit(value, unit_of(PER_TIME))}"
    if clock.kind == "every":
        said = f"every {with_unit(value, unit_of(TIME))}"
        return said + (f", first at {with_unit(first, unit_of(TIME))}" if first else "")
    if clock.kind == "at":
        return f"at {with_unit(value, unit_of(TIME))}"
    amount = with_unit(value, unit_of(clock.work_dimension))
    if clock.written == "after":
        return f"after {amount}"
    burnt = with_unit(pace, unit_of(clock.work_dimension.over(TIME)))
    return f"once work of {amount} is done" + (f", burnt at pace {burnt}" if pace else "")


def with_unit(value: str, unit: str) -> str:
    """Return a value with its unit in brackets, where it names none itself."""
    is_told = not unit or is_date(value) or any(word in UNITS for word in _WORD.findall(value))
    return value if is_told else f"{value} [{unit}]"


def _said(says: Says) -> str:
    return " ".join(said(says).split())


def _unbraced(text: str) -> str:
    """Return a distribution without its outermost braces: ``uniform: [1, 2]``."""
    return text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text
