"""Whether a net is a Markov chain on finitely many kinds of luck, and which of its parts matter.

A net is one if all its clocks are exponential and all else that is random takes finitely many
values. What is not is refused by name and place, all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sim.errors import Diagnostic
from sim.exact.vector import FINITE_LAWS
from sim.net.expr import Distribution, Expr, Ref, reads
from sim.net.model import Net, Origin, Transition

Read = Expr | Distribution | None

_ADVICE = "simulate it instead: run"


@dataclass(frozen=True)
class Parts:
    """What the outcomes of a net depend on.

    ``is_lean`` leaves out variables that nothing reads, but for effects on such variables.
    """

    net: Net
    is_lean: bool = False

    @cached_property
    def variables(self) -> tuple[int, ...]:
        """Places of the variables that make up the state."""
        names = [Ref("variable", v.name) for v in self.net.variables]
        return tuple(n for n, ref in enumerate(names) if not self.is_lean or ref in self.read)

    @cached_property
    def read(self) -> frozenset[Ref]:
        """Every name that is read, once the replication is under way."""
        found = self.closed(ref for _, expr in self._always_read() for ref in reads(expr))
        while True:
            effects = [
                effect.expr
                for transition in self.net.transitions
                for branch in transition.branches
                for effect in branch.effects
                if not self.is_lean or effect.target in found
            ]
            more = self.closed({*found, *reads(*effects)})
            if more == found:
                return found
            found = more

    def _always_read(self) -> Iterator[tuple[Origin, Read]]:
        for transition in self.net.transitions:
            yield transition.guard_origin, transition.guard
            yield transition.clock.origin, transition.clock.pace
            yield transition.clock.origin, transition.clock.law
            for draw in transition.draws:
                yield draw.origin, draw.law
            if len(transition.branches) > 1:
                yield from ((branch.origin, branch.weight) for branch in transition.branches)
        for outcome in self.net.outcomes:
            yield outcome.origin, outcome.when
        yield self.net.stop_origin, self.net.stop

    def expressions(self) -> Iterator[tuple[Origin, Read]]:
        """Yield every expression that is evaluated while a replication is under way."""
        yield from self._always_read()
        for transition in self.net.transitions:
            for branch in transition.branches:
                yield from ((effect.origin, effect.expr) for effect in branch.effects)

    def closed(self, refs: Iterable[Ref]) -> frozenset[Ref]:
        """Return names with all that the definitions among them read."""
        definitions = {d.name: d.expr for d in self.net.definitions}
        waiting, found = list(refs), set[Ref]()
        while waiting:
            ref = waiting.pop()
            if ref not in found:
                found.add(ref)
                if ref.space == "definition":
                    waiting.extend(reads(definitions[ref.name]))
        return frozenset(found)

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Names of the inputs that matter, those that others are computed from included."""
        roots = {ref.name for ref in self.read if ref.space == "input"}
        roots |= {
            ref.name for ref in reads(*(self.net.variables[n].initial for n in self.variables))
        }
        return frozenset(self.behind(roots))

    @cached_property
    def horizon_inputs(self) -> frozenset[str]:
        """Names of the inputs that the horizon depends on."""
        return frozenset(self.behind(ref.name for ref in reads(self.net.horizon)))

    def behind(self, names: Iterable[str]) -> set[str]:
        """Return inputs with all inputs that they are computed from."""
        priors = {given.name: given.prior for given in self.net.inputs}
        waiting, found = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(ref.name for ref in reads(priors[name]))
        return found


def refusals(net: Net) -> list[Diagnostic]:
    """Return every reason why a net cannot be solved exactly, in the order of the file."""
    parts = Parts(net)
    found = [
        *_uncertain_horizon(parts),
        *_continuous_inputs(parts),
        *(reason for t in net.transitions for reason in _of_transition(parts, t)),
        *_forbidden_reads(parts),
    ]
    # A template makes many parts from one place: one word for it is enough.
    first = {(d.position, d.path, d.expected): d for d in reversed(found)}
    kept = [d for d in found if d.position is None or first[d.position, d.path, d.expected] is d]
    return sorted(kept, key=_place)


def _place(reason: Diagnostic) -> tuple[str, int, int]:
    where = reason.position
    return (where.file, where.line, where.column) if where else ("", 0, 0)


def _refused(message: str, origin: Origin, expected: str, hint: str = _ADVICE) -> Diagnostic:
    return Diagnostic("not-markov", message, origin.position, origin.path, expected, hint)


def _of_transition(parts: Parts, transition: Transition) -> Iterator[Diagnostic]:
    clock, name = transition.clock, transition.name
    origin = clock.origin if clock.origin.position else transition.origin
    expected = "'rate', or 'work' that is exponential with a constant mean"
    key = clock.written or clock.kind
    if clock.kind in ("every", "at"):
        message = f"'{name}' goes by a timetable ('{key}')"
        yield _refused(message, origin, expected)
    elif clock.law is not None and clock.law.kind != "exponential":
        what = f"has a clock that is {clock.law.kind}"
        if clock.law.kind == "deterministic":
            what = "takes a fixed time" if key == "after" else "holds a fixed amount of work"
        yield _refused(f"'{name}' {what} ('{key}'), not an exponential one", origin, expected)
    elif clock.law is not None and not _is_fixed(parts, clock.law):
        message = (
            f"the mean of '{name}' depends on the state, as it is when the work is drawn: "
            "the time still to go is not exponential"
        )
        hint = "let the pace depend on the state instead, or simulate it: run"
        yield _refused(message, origin, expected, hint)
    for draw in transition.draws:
        if draw.law.kind not in FINITE_LAWS:
            yield _refused(
                f"'{draw.name}' of '{name}' is {draw.law.kind}, a continuous draw",
                draw.origin,
                "'discrete'",
            )


def _is_fixed(parts: Parts, law: Distribution) -> bool:
    # `time` is reported on its own.
    return all(ref.space in ("input", "definition", "time") for ref in parts.closed(reads(law)))


def _forbidden_reads(parts: Parts) -> Iterator[Diagnostic]:
    for origin, expr in parts.expressions():
        for ref in sorted(parts.closed(reads(expr)), key=lambda ref: ref.name):
            if ref.space == "time":
                yield _refused("this reads 'time'", origin, "expressions of the state alone")
            elif ref.space == "work":
                message = f"this reads '{ref.name}.work'"
                yield _refused(message, origin, "expressions of the state alone")
    for transition in parts.net.transitions:
        for branch in transition.branches:
            for effect in branch.effects:
                if effect.target.space == "work":
                    message = f"this assigns '{effect.target.name}.work'"
                    yield _refused(message, effect.origin, "effects on variables")


def _continuous_inputs(parts: Parts) -> Iterator[Diagnostic]:
    for given in parts.net.inputs:
        prior = given.prior
        if not isinstance(prior, Distribution) or given.name not in parts.inputs:
            continue
        if prior.kind not in FINITE_LAWS:
            yield _refused(
                f"'{given.path}' is uncertain, and its law ({prior.kind}) continuous",
                given.origin,
                "a number, or a 'discrete' law",
                f"fix it: --set '{given.path}=...'",
            )


def _uncertain_horizon(parts: Parts) -> Iterator[Diagnostic]:
    for given in parts.net.inputs:
        if given.is_uncertain and given.name in parts.horizon_inputs:
            why = "" if given.path == "clock.horizon" else f": it depends on '{given.path}'"
            yield _refused(
                f"the horizon is uncertain{why}",
                Origin("clock.horizon", given.origin.position or parts.net.origin.position),
                "a fixed horizon",
                f"fix it: --set '{given.path}=...'",
            )
            return
