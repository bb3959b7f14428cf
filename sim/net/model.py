"""The net: the machine model that every engine runs (semantics: ``SEMANTICS.md`` in this folder).

A net is plain immutable data in internal units (seconds, metres, persons, tonnes). Everything that
people read (labels, what a transition says, where it was written) travels along, but is no part of
the canonical form (:mod:`sim.net.canonical`) and never changes a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sim.errors import Position
from sim.net.expr import TRUE, Const, Distribution, Expr, Ref
from sim.units import NONE, Dimension

DEFAULT_EVENT_LIMIT = 1_000_000
FIRINGS_AT_ONE_TIME = 10_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of the net was written: its path in the file, and the place."""

    path: str = ""
    position: Position | None = None
    #: The expression or value as its author wrote it, without remarks, and with the letters of a
    #: template replaced.
    text: str = ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Note:
    """What an author says about a number: source, grade (Admiralty code), date, mark (C, R, J)."""

    source: str = ""
    grade: str = ""
    as_of: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A number fixed within a replication: a constant, an expression over inputs, or a prior.

    ``name`` is how expressions refer to it, ``path`` how people do; ``key`` is what its stream is
    named by (``input:p``, ``initial:v``). ``chance`` marks luck, as against ignorance.
    """

    name: str
    path: str
    key: str
    prior: Expr | Distribution
    dimension: Dimension = NONE
    #: Labels that it draws from, where it is the initial value of an enumeration.
    labels: tuple[str, ...] = ()
    chance: bool = False
    note: Note = Note()
    origin: Origin = NOWHERE

    @property
    def is_uncertain(self) -> bool:
        """Whether it is drawn (rather than constant or computed from others)."""
        return isinstance(self.prior, Distribution)


@dataclass(frozen=True, slots=True)
class Variable:
    """A number of the state.

    An enumeration's value is the number of its label in ``Net.labels``; ``low`` and ``high`` bound
    an integer or a real, and assigned values are clipped to them. ``initial`` reads inputs only.
    """

    name: str
    kind: Literal["enumeration", "integer", "real"]
    initial: Expr
    labels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    dimension: Dimension = NONE
    origin: Origin = NOWHERE
    initial_origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Definition:
    """A named expression, evaluated once into a slot. ``Net.definitions`` are in reading order."""

    name: str
    expr: Expr
    dimension: Dimension = NONE
    #: True if its values are labels.
    is_label: bool = False
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Draw:
    """A random number taken at a firing; ``key`` (``draw:transition/name``) names its stream."""

    name: str
    key: str
    law: Distribution
    dimension: Dimension = NONE
    origin: Origin = NOWHERE
    note: Note = Note()


@dataclass(frozen=True, slots=True)
class Effect:
    """An assignment: ``target`` is a variable, or the ``work`` of a clock."""

    target: Ref
    expr: Expr
    origin: Origin = NOWHERE


#: A text with values in it: literal pieces, and (expression, format, dimension, is_label) holes.
Says = tuple["str | Hole", ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A value to be shown inside a text: ``{supply:.1f}``."""

    expr: Expr
    format: str = ""
    dimension: Dimension = NONE
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One way for a firing to end, taken in proportion to ``weight``."""

    effects: tuple[Effect, ...]
    weight: Expr = Const(1.0)
    label: str = ""
    says: Says = ()
    origin: Origin = NOWHERE
    weight_origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Clock:
    """When a transition fires.

    ``rate`` and ``work`` burn work drawn from ``law`` at ``pace``; ``every`` ticks at
    ``start + k period``, ``at`` at ``instants``; ``immediate`` takes no time. ``written`` is the
    key that the author used (``after`` is ``work`` at pace 1).
    """

    kind: Literal["rate", "work", "every", "at", "immediate"]
    law: Distribution | None = None
    pace: Expr = Const(1.0)
    period: Expr = Const(0.0)
    start: Expr = Const(0.0)
    instants: tuple[Expr, ...] = ()
    #: Of the work that it holds; a rate's is a plain number.
    work_dimension: Dimension = NONE
    written: str = ""
    origin: Origin = NOWHERE
    pace_origin: Origin = NOWHERE
    start_origin: Origin = NOWHERE
    #: What is said about the law of a delay or of work (that of a rate is its input's).
    note: Note = Note()

    @property
    def holds_work(self) -> bool:
        """Whether it holds and burns work (as against a timetable or an immediate)."""
        return self.kind in ("rate", "work")


@dataclass(frozen=True, slots=True)
class Transition:
    """What may happen: when (``guard``), after how much work (``clock``), and to what effect."""

    name: str
    key: str
    clock: Clock
    branches: tuple[Branch, ...]
    guard: Expr = TRUE
    memory: Literal["keep", "redraw"] = "redraw"
    #: Whether the author stated ``memory``.
    memory_stated: bool = False
    priority: int = 0
    draws: tuple[Draw, ...] = ()
    says: Says = ()
    #: Where the guard was written (``origin`` is the transition's own place).
    guard_origin: Origin = NOWHERE
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question with a yes-time: the first time that ``when`` holds."""

    name: str
    when: Expr
    label: str = ""
    question: str = ""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Watch:
    """An expression sampled on the grid."""

    name: str
    expr: Expr
    dimension: Dimension = NONE
    is_label: bool = False
    origin: Origin = NOWHERE

    @property
    def is_made(self) -> bool:
        """Whether the world layer watches it by itself, rather than an author."""
        return bool(self.origin.path) and not self.origin.path.startswith("watch.")


@dataclass(frozen=True, slots=True)
class Total:
    """The integral of an expression over the time of the replication."""

    name: str
    expr: Expr
    #: Dimension of the integral (that of the expression, times time).
    dimension: Dimension = NONE
    origin: Origin = NOWHERE


@dataclass(frozen=True)
class Net:
    """A generalised semi-Markov process with speeds; lists are in net order.

    ``horizon`` reads inputs only; ``grid`` holds the watch points in seconds, increasing;
    ``labels`` is every label text, once (a label's value is its place in it).
    """

    horizon: Expr
    grid: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    variables: tuple[Variable, ...] = ()
    definitions: tuple[Definition, ...] = ()
    transitions: tuple[Transition, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    watches: tuple[Watch, ...] = ()
    totals: tuple[Total, ...] = ()
    stop: Expr | None = None
    stop_origin: Origin = NOWHERE
    event_limit: int = DEFAULT_EVENT_LIMIT
    origin: Origin = field(default=NOWHERE)

    @cached_property
    def label_numbers(self) -> dict[str, float]:
        """The value of each label."""
        return {label: float(number) for number, label in enumerate(self.labels)}

    @cached_property
    def transition_numbers(self) -> dict[str, int]:
        """The place of each transition in net order."""
        return {transition.name: k for k, transition in enumerate(self.transitions)}

    @property
    def uncertain_inputs(self) -> tuple[Input, ...]:
        """Inputs that are drawn, in net order."""
        return tuple(i for i in self.inputs if i.is_uncertain)


def firings(net: Net) -> tuple[tuple[int, int], ...]:
    """Return every (transition, branch) pair, in net order: what causes are numbered by."""
    return tuple(
        (k, b)
        for k, transition in enumerate(net.transitions)
        for b in range(len(transition.branches))
    )


def firing_names(net: Net) -> tuple[str, ...]:
    """Return the names of :func:`firings`: ``march``, or ``convoy/arrives`` with a branch.

    A branch without a label goes by its number, from 1.
    """
    names = []
    for k, b in firings(net):
        transition = net.transitions[k]
        label = transition.branches[b].label
        if not label and len(transition.branches) > 1:
            label = str(b + 1)
        names.append(f"{transition.name}/{label}" if label else transition.name)
    return tuple(names)
