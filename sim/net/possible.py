"""What values a name may have: sets that surely hold every one of them.

A small abstract interpretation (Cousot & Cousot, POPL 1977). A :class:`Possible` is a superset of
the values of an expression; a :class:`World` knows one for each name, and :meth:`World.assuming`
narrows it by a condition. NaN is left out: wherever it appears, it is a fault.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sim.ieee import clip
from sim.net.evaluate import BINARY, CHAINED, UNARY
from sim.net.expr import Call, Const, Distribution, Expr, Ref, reads
from sim.net.model import Branch, Effect, Input, Net, Transition, Variable

#: Sets of more points than this are kept as an interval.
MAX_POINTS = 64
#: Definitions that read definitions are followed this far; beyond, the widest value is taken.
MAX_FOLLOWED = 20
MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Possible:
    """A set of numbers: ``points`` if that is known, else everything from ``low`` to ``high``."""

    low: float
    high: float
    points: frozenset[float] | None = None

    def __contains__(self, value: float) -> bool:
        if self.points is not None:
            return value in self.points
        return self.low <= value <= self.high

    @property
    def may_be_true(self) -> bool:
        """Whether some value counts as true."""
        return self.low != 0.0 or self.high != 0.0

    @property
    def may_be_false(self) -> bool:
        """Whether 0 is among the values."""
        return 0.0 in self

    def holds(self, other: Possible) -> bool:
        """Return whether every value of ``other`` is one of these."""
        if self.points is not None:
            return other.points is not None and other.points <= self.points
        return self.low <= other.low and other.high <= self.high

    def where(self, keep: Callable[[float], bool], low: float, high: float) -> Possible | None:
        """Return the points that ``keep`` accepts, or what lies in [low, high]; None if nothing."""
        if self.points is not None:
            return points(value for value in self.points if keep(value))
        low, high = max(low, self.low), min(high, self.high)
        return Possible(low, high) if low <= high else None


UNKNOWN = Possible(-math.inf, math.inf)
NOT_NEGATIVE = Possible(0.0, math.inf)
TRUTHS = Possible(0.0, 1.0, frozenset({0.0, 1.0}))


def points(values: Iterable[float]) -> Possible | None:
    """Return the set of these values, NaN left out; None if none is left."""
    found = frozenset(value for value in values if not math.isnan(value))
    if not found:
        return None
    few = found if len(found) <= MAX_POINTS else None
    return Possible(min(found), max(found), few)


def _joined(sets: Iterable[Possible]) -> Possible:
    parts = list(sets)
    if all(part.points is not None for part in parts):
        return points(itertools.chain.from_iterable(part.points or () for part in parts)) or UNKNOWN
    return Possible(min(part.low for part in parts), max(part.high for part in parts))


def _interval(low: float, high: float) -> Possible:
    return UNKNOWN if math.isnan(low) or math.isnan(high) else Possible(low, high)


def _truth(may_be_true: bool, may_be_false: bool) -> Possible:
    if may_be_true and may_be_false:
        return TRUTHS
    return Possible(1.0, 1.0, frozenset({1.0})) if may_be_true else _FALSE


_FALSE = Possible(0.0, 0.0, frozenset({0.0}))


def _product(a: Possible, b: Possible) -> Possible:
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    if any(math.isnan(corner) for corner in corners):
        return UNKNOWN
    return Possible(min(corners), max(corners))


def _overlap(a: Possible, b: Possible) -> bool:
    return a.low <= b.high and b.low <= a.high


#: Rules for sets that are not lists of points. Rounding is monotone, so that ends bound the rest.
_INTERVAL_RULES: Mapping[str, Callable[[Possible, Possible], Possible]] = {
    "add": lambda a, b: _interval(a.low + b.low, a.high + b.high),
    "sub": lambda a, b: _interval(a.low - b.high, a.high - b.low),
    "mul": _product,
    "min": lambda a, b: Possible(min(a.low, b.low), min(a.high, b.high)),
    "max": lambda a, b: Possible(max(a.low, b.low), max(a.high, b.high)),
    "lt": lambda a, b: _truth(a.low < b.high, a.high >= b.low),
    "le": lambda a, b: _truth(a.low <= b.high, a.high > b.low),
    "gt": lambda a, b: _truth(a.high > b.low, a.low <= b.high),
    "ge": lambda a, b: _truth(a.high >= b.low, a.low < b.high),
    "eq": lambda a, b: _truth(_overlap(a, b), True),
    "ne": lambda a, b: _truth(True, _overlap(a, b)),
    "and": lambda a, b: _truth(a.may_be_true and b.may_be_true, a.may_be_false or b.may_be_false),
    "or": lambda a, b: _truth(a.may_be_true or b.may_be_true, a.may_be_false and b.may_be_false),
}


def _unary(op: str, a: Possible) -> Possible:
    if a.points is not None:
        return points(map(UNARY[op], a.points)) or UNKNOWN
    if op == "neg":
        return Possible(-a.high, -a.low)
    if op == "not":
        return _truth(a.may_be_false, a.may_be_true)
    if op in ("floor", "ceil"):
        return Possible(UNARY[op](a.low), UNARY[op](a.high))
    if op in ("abs", "square", "exp", "sqrt", "logistic"):
        return NOT_NEGATIVE
    return UNKNOWN


def _binary(op: str, a: Possible, b: Possible) -> Possible:
    scalar = CHAINED[op] if op in CHAINED else BINARY[op]
    if a.points is not None and b.points is not None and len(a.points) * len(b.points) <= 1_000:
        return points(scalar(x, y) for x in a.points for y in b.points) or UNKNOWN
    rule = _INTERVAL_RULES.get(op)
    return rule(a, b) if rule else UNKNOWN


class World:
    """What each name of a net may be; inputs and numbers may be anything in their range.

    An enumeration has the labels of ``reached``: by default those of :func:`labels_reached`, with
    switches.
    """

    def __init__(self, net: Net, reached: Mapping[str, frozenset[float]] | None = None) -> None:
        if reached is None:
            reached = with_switches(net, labels_reached(net))
        self._definitions = {d.name: d.expr for d in net.definitions}
        self._variables = {v.name: v for v in net.variables}
        self._base: dict[Ref, Possible] = {
            **{Ref("input", i.name): _input(i) for i in net.inputs},
            **{Ref("variable", v.name): _variable(v, reached) for v in net.variables},
        }
        self._known: dict[Ref, Possible] = {}
        self._computed: dict[str, Possible] = {}
        self._followed = 0
        for definition in net.definitions:
            self._base[Ref("definition", definition.name)] = self.value(definition.expr)
        self._computed = {}
        for outcome in net.outcomes:
            never = self.assuming(outcome.when) is None
            self._base[Ref("outcome", outcome.name)] = _FALSE if never else TRUTHS

    def value(self, expr: Expr) -> Possible:
        """Return what ``expr`` may be."""
        if isinstance(expr, Const):
            return points([expr.value]) or UNKNOWN
        if isinstance(expr, Ref):
            return self._named(expr)
        args = [self.value(arg) for arg in expr.args]
        if expr.op == "select":
            sides = [(args[0].may_be_true, args[1]), (args[0].may_be_false, args[2])]
            return _joined(side for taken, side in sides if taken)
        if expr.op == "clip":
            return _binary("min", _binary("max", args[0], args[1]), args[2])
        if len(args) == 1:
            return _unary(expr.op, args[0])
        first, *rest = args
        for arg in rest:
            first = _binary(expr.op, first, arg)
        return first

    def assuming(self, condition: Expr, truth: bool = True) -> World | None:
        """Return the worlds in which ``condition`` is true (or false); None if there are none."""
        if isinstance(condition, Ref):
            return self._assuming_name(condition, truth)
        if isinstance(condition, Call):
            if condition.op == "not":
                return self.assuming(condition.args[0], not truth)
            if condition.op in ("and", "or"):
                every = (condition.op == "and") == truth
                return (self._assuming_every if every else self._assuming_some)(
                    condition.args, truth
                )
            if condition.op in _OPPOSITE:
                op = condition.op if truth else _OPPOSITE[condition.op]
                return self._assuming_comparison(op, *condition.args)
        value = self.value(condition)
        return self if (value.may_be_true if truth else value.may_be_false) else None

    def after(self, transition: Transition, branch: Branch) -> World:
        """Return the world after a firing that took ``branch``."""
        known = dict(self._known)
        for effect in branch.effects:
            if effect.target.space == "variable":
                known[effect.target] = self._assigned(effect)
        counter = Ref("fired", transition.name)
        known[counter] = _binary("add", self._named(counter), Possible(1.0, 1.0))
        return self._with(known)

    def _assigned(self, effect: Effect) -> Possible:
        variable, value = self._variables[effect.target.name], self.value(effect.expr)
        if variable.kind == "enumeration":
            return self._base[effect.target] if value.points is None else value
        return _clipped(value, variable)

    def is_part_of(self, other: World) -> bool:
        """Return whether all that may be here may be there (worlds of one net)."""
        return all(there.holds(self._named(name)) for name, there in other._known.items())

    def _named(self, name: Ref) -> Possible:
        if name in self._known:
            return self._known[name]
        if name.space == "definition" and (self._known or name not in self._base):
            return self._definition(name)
        if name in self._base:
            return self._base[name]
        return NOT_NEGATIVE if name.space in ("fired", "work", "time") else UNKNOWN

    def _definition(self, name: Ref) -> Possible:
        if name.name not in self._computed:
            if self._followed >= MAX_FOLLOWED:
                return self._base.get(name, UNKNOWN)
            self._followed += 1
            self._computed[name.name] = self.value(self._definitions[name.name])
            self._followed -= 1
        return self._computed[name.name]

    def _with(self, known: dict[Ref, Possible]) -> World:
        world = object.__new__(World)
        world._definitions, world._variables = self._definitions, self._variables
        world._base, world._known = self._base, known
        world._computed, world._followed = {}, self._followed
        return world

    def _assuming_name(self, name: Ref, truth: bool) -> World | None:
        if name.space == "definition" and self._followed < MAX_FOLLOWED:
            inner = self._with(self._known)
            inner._followed = self._followed + 1
            narrowed = inner.assuming(self._definitions[name.name], truth)
            return None if narrowed is None else self._with(narrowed._known)
        return self._assuming_comparison("ne" if truth else "eq", name, Const(0.0))

    def _assuming_every(self, conditions: tuple[Expr, ...], truth: bool) -> World | None:
        world: World | None = self
        for condition in conditions:
            world = None if world is None else world.assuming(condition, truth)
        return world

    def _assuming_some(self, conditions: tuple[Expr, ...], truth: bool) -> World | None:
        worlds = [self.assuming(condition, truth) for condition in conditions]
        left = [world for world in worlds if world is not None]
        if len(left) <= 1:
            return left[0] if left else None
        shared = set.intersection(*(set(world._known) for world in left))
        return self._with({name: _joined(w._known[name] for w in left) for name in shared})

    def _assuming_comparison(self, op: str, a: Expr, b: Expr) -> World | None:
        left, right = self.value(a), self.value(b)
        if not _binary(op, left, right).may_be_true:
            return None
        known = dict(self._known)
        for name, mine, other, how in ((a, left, right, op), (b, right, left, _TURNED[op])):
            if isinstance(name, Ref) and name.space in ("variable", "input", "fired", "outcome"):
                narrowed = _narrowed(how, mine, other)
                if narrowed is None:
                    return None
                known[name] = narrowed
        return self._with(known)


_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


def _narrowed(op: str, mine: Possible, other: Possible) -> Possible | None:
    """Return the values of ``mine`` that may stand in relation ``op`` to one of ``other``."""
    if op == "ne":
        if other.low != other.high:
            return mine
        single = other.low
        low = math.nextafter(mine.low, math.inf) if mine.low == single else mine.low
        high = math.nextafter(mine.high, -math.inf) if mine.high == single else mine.high
        return mine.where(lambda x: x != single, low, high)
    if op == "eq":
        return mine.where(lambda x: x in other, other.low, other.high)
    if op in ("lt", "le"):
        bound = other.high if op == "le" else math.nextafter(other.high, -math.inf)
        return mine.where(lambda x: x <= bound, -math.inf, bound)
    bound = other.low if op == "ge" else math.nextafter(other.low, math.inf)
    return mine.where(lambda x: x >= bound, bound, math.inf)


def _range(variable: Variable) -> Possible:
    if variable.kind == "integer" and variable.high - variable.low < MAX_POINTS:
        whole = range(int(variable.low), int(variable.high) + 1)
        return points(float(n) for n in whole) or UNKNOWN
    return Possible(variable.low, variable.high)


def _clipped(value: Possible, variable: Variable) -> Possible:
    low, high = variable.low, variable.high
    if value.points is not None:
        return points(clip(x, low, high) for x in value.points) or UNKNOWN
    ends = Possible(clip(value.low, low, high), clip(value.high, low, high))
    whole = _range(variable)
    if whole.points is None:
        return ends
    return whole.where(lambda x: ends.low <= x <= ends.high, ends.low, ends.high) or whole


def _input(part: Input) -> Possible:
    if not part.labels:
        return UNKNOWN
    prior = part.prior
    if isinstance(prior, Const):
        return points([prior.value]) or UNKNOWN
    if isinstance(prior, Distribution) and prior.kind in ("choice", "discrete"):
        half = len(prior.args) // 2
        values = zip(prior.args[:half], prior.args[half:], strict=True)
        taken = [value for value, weight in values if weight != Const(0.0)]
        if all(isinstance(value, Const) for value in taken):
            return points(v.value for v in taken if isinstance(v, Const)) or UNKNOWN
    return UNKNOWN


def _variable(part: Variable, reached: Mapping[str, frozenset[float]]) -> Possible:
    if part.kind != "enumeration":
        return _range(part)
    return points(reached[part.name]) or UNKNOWN


def _all_labels(net: Net, variable: Variable) -> frozenset[float]:
    return frozenset(net.label_numbers[label] for label in variable.labels)


def _assigned(net: Net) -> frozenset[str]:
    return frozenset(
        effect.target.name
        for transition in net.transitions
        for branch in transition.branches
        for effect in branch.effects
        if effect.target.space == "variable"
    )


def _only_read_by(net: Net, exprs: Sequence[Expr]) -> Net:
    """Return a net without the definitions and outcomes that some expressions do not read."""
    exprs_of = {d.name: d.expr for d in net.definitions}
    todo, needed = list(exprs), set[str]()
    while todo:
        new = {r.name for r in reads(todo.pop()) if r.space == "definition"} - needed
        needed |= new
        todo += [exprs_of[name] for name in new]
    return replace(
        net, outcomes=(), definitions=tuple(d for d in net.definitions if d.name in needed)
    )


def with_switches(net: Net, reached: Mapping[str, frozenset[float]]) -> dict[str, frozenset[float]]:
    """Return the labels reached, with all of those that no effect assigns.

    Such an enumeration is taken for a switch that variants turn: it may have any label.
    """
    assigned = _assigned(net)
    everything = {v.name: _all_labels(net, v) for v in net.variables}
    return {name: s if name in assigned else everything[name] for name, s in reached.items()}


def labels_reached(net: Net) -> dict[str, frozenset[float]]:
    """Return, for each enumeration, the labels that it starts with or that an effect assigns.

    Labels that are copied from other names are followed to a fixed point; where a value cannot be
    followed, every label counts as reached.
    """
    enumerations = {v.name: v for v in net.variables if v.kind == "enumeration"}
    everything = {name: _all_labels(net, variable) for name, variable in enumerations.items()}
    assignments = [
        (effect.target.name, effect.expr)
        for transition in net.transitions
        for branch in transition.branches
        for effect in branch.effects
        if effect.target.space == "variable" and effect.target.name in enumerations
    ]
    net = _only_read_by(net, [expr for _, expr in assignments])
    start = World(net, everything)  # initial values read inputs, never variables
    reached = {
        name: start.value(variable.initial).points or everything[name]
        for name, variable in enumerations.items()
    }
    for _ in range(MAX_ROUNDS):
        world, before = World(net, reached), dict(reached)
        for name, expr in assignments:
            reached[name] |= world.value(expr).points or everything[name]
        if reached == before:
            return reached
    return everything
