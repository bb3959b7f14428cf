"""How the likelihood of a net's histories hangs on its inputs: slopes of paces and weights.

The likelihood of a history changes with an input through the paces of clocks and the weights of
branches. Where anything else reads the input (a guard, an effect, an amount of work) the history
itself would be another one, which no likelihood tells: such an input is refused, by name and place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.errors import Diagnostic
from sim.net.differentiate import ZERO, Jumps, derivative
from sim.net.expr import Const, Distribution, Expr, Ref, reads
from sim.net.model import NOWHERE, Clock, Input, Net, Origin, Outcome, Transition
from sim.net.shown import spelled

#: Laws of work that have a density without ends, which moves smoothly with the pace.
SMOOTH_LAWS = ("exponential", "gamma", "erlang", "weibull", "lognormal")

Read = Expr | Distribution | None

_ADVICE = "a difference says it: compare with a variant in which it has another value"


@dataclass(frozen=True)
class Slopes:
    """The derivatives by one input of all that the likelihood reads."""

    given: Input
    #: Of inputs and definitions that change with it, each with the name of its slot, in reading
    #: order.
    named: tuple[tuple[Ref, Expr], ...]
    #: By transition: of its pace.
    paces: dict[int, Expr]
    #: By transition: of the weights of its branches.
    weights: dict[int, tuple[Expr, ...]]


def without_the_rest(net: Net, outcomes: Iterable[str]) -> Net:
    """Return a net of some outcomes, and of those that they or ``stop`` read; nothing watched.

    What happens in it is the same.
    """
    wanted = {*outcomes, *_outcomes_read(net.stop)}
    kept: list[Outcome] = []
    for outcome in reversed(net.outcomes):  # an outcome reads those above it
        if outcome.name in wanted:
            kept.append(outcome)
            wanted |= _outcomes_read(outcome.when)
    return replace(net, grid=(), watches=(), totals=(), outcomes=tuple(reversed(kept)))


def _outcomes_read(expr: Expr | None) -> set[str]:
    return {ref.name for ref in reads(expr) if ref.space == "outcome"}


class Sensitivity:
    """A net, and what everything in it reads: looked up once for all inputs."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self._reads: dict[int, frozenset[Ref]] = {}
        #: What must not read an input, in words, with its place.
        self.fixed = [(what, origin, self.reads(expr)) for what, origin, expr in _fixed_by(net)]
        #: By clock: the transitions that read or assign its work, with the place.
        self.touched: dict[Ref, list[tuple[str, Origin]]] = {}
        for name, origin, refs in _works_touched(net):
            for ref in refs:
                self.touched.setdefault(ref, []).append((name, origin))

    def reads(self, expr: Read) -> frozenset[Ref]:
        """Return the names that an expression of the net reads."""
        found = self._reads.get(id(expr))
        if found is None:
            found = self._reads[id(expr)] = reads(expr)
        return found

    def by(self, given: Input) -> Slopes | list[Diagnostic]:
        """Return the derivatives by an input, or every reason why its gradient cannot be had so."""
        return _Search(self, given).found()


def refused(given: Input, reason: str, origin: Origin, expected: str = "") -> Diagnostic:
    """Return what is said of an input whose gradient cannot be had by its likelihood."""
    message = f"no gradient by '{given.path}': {reason}"
    return Diagnostic("no-gradient", message, origin.position, origin.path, expected, _ADVICE)


class _Search:
    """Looks through a net for all that reads an input."""

    def __init__(self, of: Sensitivity, given: Input) -> None:
        self.of, self.net, self.given = of, of.net, given
        self.reasons: list[Diagnostic] = []
        #: The slope of every name that changes; None where it jumps.
        self.changing: dict[Ref, Ref | Const | None] = {Ref("input", given.name): Const(1.0)}
        self.named: list[tuple[Ref, Expr]] = []

    def found(self) -> Slopes | list[Diagnostic]:
        self.look_at_the_input()
        self.look_at_inputs()
        for definition in self.net.definitions:
            self.name(Ref("definition", definition.name), definition.expr)
        for what, origin, refs in self.of.fixed:
            if not refs.isdisjoint(self.changing):
                self.refuse(f"{what} reads it", origin)
        paces, weights = {}, {}
        for k, transition in enumerate(self.net.transitions):
            if self.is_read(transition.clock.pace):
                paces[k] = self.pace(transition)
            if len(transition.branches) > 1:
                weight = tuple(self.weight(transition, b) for b in range(len(transition.branches)))
                if any(slope is not ZERO for slope in weight):
                    weights[k] = weight
        return _distinct(self.reasons) or Slopes(self.given, tuple(self.named), paces, weights)

    def refuse(self, reason: str, origin: Origin, expected: str = "") -> None:
        self.reasons.append(refused(self.given, reason, origin, expected))

    def is_read(self, expr: Read) -> bool:
        return not self.of.reads(expr).isdisjoint(self.changing)

    def look_at_the_input(self) -> None:
        """Refuse what is no number of its own."""
        prior, origin = self.given.prior, self.given.origin
        if self.given.labels:
            self.refuse("its values are labels", origin, "a number")
        elif not isinstance(prior, Const | Distribution):
            roots = ", ".join(sorted({f"'{spelled(ref)}'" for ref in reads(prior)}))
            self.refuse(f"it is computed, from {roots}", origin, "a number, or a distribution")

    def look_at_inputs(self) -> None:
        """Find the inputs that are computed from it."""
        for other in self.net.inputs:
            if isinstance(other.prior, Distribution):
                if self.is_read(other.prior):
                    self.refuse(f"the distribution of '{other.path}' reads it", other.origin)
            elif other.name != self.given.name:
                self.name(Ref("input", other.name), other.prior)

    def name(self, ref: Ref, expr: Expr) -> None:
        """Note the slope of a name, in a slot of its own."""
        if not self.is_read(expr):
            return
        try:
            slope = derivative(expr, self.smooth(expr))
        except Jumps:
            self.changing[ref] = None
            return
        slot = Ref(ref.space, f"{ref.name} by {self.given.name}")  # no name has a blank
        self.changing[ref] = slot
        self.named.append((slot, slope))

    def smooth(self, expr: Expr) -> dict[Ref, Expr]:
        """Return the slopes of what an expression reads.

        Raises
        ------
        Jumps
            If one of them jumps.
        """
        found: dict[Ref, Expr] = {}
        for ref in self.of.reads(expr) & self.changing.keys():
            slope = self.changing[ref]
            if slope is None:
                raise Jumps(f"'{spelled(ref)}', which jumps with it")
            found[ref] = slope
        return found

    def slope(self, expr: Expr, what: str, origin: Origin) -> Expr:
        """Return the slope of a pace or a weight."""
        try:
            return derivative(expr, self.smooth(expr))
        except Jumps as jump:
            self.refuse(f"in {what} it stands in {jump.where}", origin, "what changes smoothly")
            return ZERO

    def weight(self, transition: Transition, number: int) -> Expr:
        branch = transition.branches[number]
        origin = _first(branch.weight_origin, branch.origin, transition.origin)
        return self.slope(branch.weight, f"a weight of '{transition.name}'", origin)

    def pace(self, transition: Transition) -> Expr:
        """Return the slope of a pace, if the law of the clock's work lets it be of use."""
        clock, name = transition.clock, transition.name
        origin = _first(clock.pace_origin, clock.origin, transition.origin)
        assert clock.law is not None
        if clock.law.kind not in SMOOTH_LAWS:
            what = "a fixed amount" if clock.law.kind == "deterministic" else clock.law.kind
            expected = "work that is " + " or ".join((", ".join(SMOOTH_LAWS[:-1]), SMOOTH_LAWS[-1]))
            self.refuse(f"the work of '{name}', whose pace reads it, is {what}", origin, expected)
        for other, where in self.of.touched.get(Ref("work", name), ()):
            said = f"'{other}' reads or assigns '{name}.work', and the pace of '{name}' reads it"
            self.refuse(said, where)
        return self.slope(clock.pace, _pace_of(clock, name), origin)


def _pace_of(clock: Clock, name: str) -> str:
    return f"the {'rate' if clock.kind == 'rate' else 'pace'} of '{name}'"


def _fixed_by(net: Net) -> Iterator[tuple[str, Origin, Read]]:
    """Yield what must not read an input, in words, with its place."""
    yield "the horizon", net.origin, net.horizon
    for variable in net.variables:
        origin = _first(variable.initial_origin, variable.origin)
        yield f"the initial value of '{variable.name}'", origin, variable.initial
    for transition in net.transitions:
        yield from _fixed_by_transition(transition)
    for outcome in net.outcomes:
        yield f"the outcome '{outcome.name}'", outcome.origin, outcome.when
    yield "'stop'", net.stop_origin, net.stop


def _fixed_by_transition(transition: Transition) -> Iterator[tuple[str, Origin, Read]]:
    name, clock = f"'{transition.name}'", transition.clock
    yield (
        f"the guard of {name}",
        _first(transition.guard_origin, transition.origin),
        transition.guard,
    )
    origin = _first(clock.origin, transition.origin)
    yield f"the amount of work of {name}", origin, clock.law
    for expr in (clock.start, clock.period, *clock.instants):
        yield f"the timetable of {name}", origin, expr
    for draw in transition.draws:
        yield f"the draw '{draw.name}' of {name}", _first(draw.origin, transition.origin), draw.law
    for branch in transition.branches:
        for effect in branch.effects:
            said = f"an effect of {name} on '{spelled(effect.target)}'"
            yield said, _first(effect.origin, branch.origin, transition.origin), effect.expr


def _works_touched(net: Net) -> Iterator[tuple[str, Origin, frozenset[Ref]]]:
    """Yield the names that effects, draws and weights read or assign, with who does so, where."""
    for transition in net.transitions:
        for draw in transition.draws:
            yield transition.name, _first(draw.origin, transition.origin), reads(draw.law)
        for branch in transition.branches:
            origin = _first(branch.weight_origin, branch.origin, transition.origin)
            yield transition.name, origin, reads(branch.weight)
            for effect in branch.effects:
                where = _first(effect.origin, branch.origin, transition.origin)
                yield transition.name, where, reads(effect.expr) | {effect.target}


def _first(*origins: Origin) -> Origin:
    """Return the first place that is known."""
    return next((origin for origin in origins if origin.position is not None), NOWHERE)


def _distinct(reasons: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return reasons without those of the same place: a template makes many parts from one."""
    first = {(d.position, d.path): d for d in reversed(reasons)}
    return [d for d in reasons if d.position is None or first[d.position, d.path] is d]
