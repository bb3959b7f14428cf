"""Warnings about a net: parts that can do nothing, are never looked at, or never come to rest.

Every warning is certain, or nearly: what cannot be decided is not said. The method is a small
abstract interpretation (Cousot & Cousot, POPL 1977): each name gets a set of values that surely
holds all that it can ever have, and guards are evaluated on those. Parameters are never taken for
constants, since a variant may change them.

A template (``for``) is warned about once, and only if every part that it makes deserves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from sim.errors import Diagnostic, Position
from sim.net.expr import Const, Ref, reads
from sim.net.model import (
    Definition,
    Hole,
    Input,
    Net,
    Origin,
    Outcome,
    Says,
    Transition,
    Variable,
)
from sim.net.possible import World, labels_reached, with_switches

_Part = TypeVar("_Part", Input, Variable, Definition, Transition, Outcome)

#: Sections in which an author names each part; what the world layer makes is not warned about.
_SECTIONS = ("parameters.", "variables.", "definitions.", "transitions.", "outcomes.", "stop")


def check(net: Net) -> list[Diagnostic]:
    """Return the warnings about a net, in the order of the file."""
    reached = labels_reached(net)
    world = World(net, with_switches(net, reached))
    found = [
        *_labels_never_reached(net, reached),
        *_never_enabled(net, world),
        *_never_read(net),
        *_endless_immediates(net, world),
        *_default_memory(net, world),
        *_never_holds(net, world),
    ]
    return sorted(found, key=_place)


def _place(warning: Diagnostic) -> tuple[str, int, int]:
    where = warning.position
    return (where.file, where.line, where.column) if where else ("", 0, 0)


def _warning(code: str, message: str, origin: Origin, *, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, origin.position, origin.path, hint=hint, severity="warning")


def _authored(parts: Iterable[_Part]) -> list[list[_Part]]:
    """Return the parts that an author wrote, those of one template together."""
    groups: dict[tuple[str, Position | None], list[_Part]] = {}
    for part in parts:
        origin = part.origin
        if origin.path.startswith(_SECTIONS):
            groups.setdefault((origin.path, origin.position), []).append(part)
    return list(groups.values())


def _is_made(part: Transition) -> bool:
    """Return whether the world layer has made a transition, whose mechanisms have tests."""
    return bool(part.origin.path) and not part.origin.path.startswith(_SECTIONS)


def _templates(parts: Iterable[_Part], is_bad: Callable[[_Part], bool]) -> list[list[_Part]]:
    return [group for group in _authored(parts) if all(is_bad(part) for part in group)]


def _names(parts: Sequence[_Part], limit: int = 3) -> str:
    shown = ", ".join(f"'{part.name}'" for part in parts[:limit])
    return shown + (f", ... ({len(parts)} in all)" if len(parts) > limit else "")


# What can never happen.


def _labels_never_reached(net: Net, reached: Mapping[str, frozenset[float]]) -> list[Diagnostic]:
    enumerations = [v for v in net.variables if v.kind == "enumeration"]
    found = []
    for group in _authored(enumerations):
        holds = set().union(*(reached[variable.name] for variable in group))
        unreached = [x for x in group[0].labels if net.label_numbers[x] not in holds]
        if unreached:
            labels = ", ".join(f"'{label}'" for label in unreached)
            message = f"{_names(group)}: no effect ever assigns {labels}, and it does not start so"
            found.append(_warning("label-never-reached", message, group[0].origin))
    return found


def _never_enabled(net: Net, world: World) -> list[Diagnostic]:
    found = []
    for group in _templates(net.transitions, lambda t: world.assuming(t.guard) is None):
        guard = group[0].guard_origin
        origin = group[0].origin if guard.position is None else guard
        message = f"{_names(group)} can never happen: its guard is always false"
        found.append(_warning("never-enabled", message, origin))
    return found


def _never_holds(net: Net, world: World) -> list[Diagnostic]:
    bad = _templates(net.outcomes, lambda o: world.assuming(o.when) is None)
    found = [
        _warning("never-holds", f"the outcome {_names(group)} can never hold", group[0].origin)
        for group in bad
    ]
    if net.stop is not None and world.assuming(net.stop) is None:
        found.append(_warning("never-holds", "'stop' can never hold", net.stop_origin))
    return found


# What nothing reads.


def _never_read(net: Net) -> list[Diagnostic]:
    read = _read_names(net)
    see = "add it to 'watch' to see it"
    return [
        *_unread("parameter", net.inputs, lambda p: Ref("input", p.name) in read),
        *_unread("variable", net.variables, lambda v: Ref("variable", v.name) in read, see),
        *_unread("definition", net.definitions, lambda d: Ref("definition", d.name) in read, see),
    ]


def _unread(
    what: str, parts: Sequence[_Part], is_read: Callable[[_Part], bool], hint: str = ""
) -> list[Diagnostic]:
    return [
        _warning(
            "never-read", f"nothing reads the {what} {_names(group)}", group[0].origin, hint=hint
        )
        for group in _templates(parts, lambda part: not is_read(part))
    ]


def _read_names(net: Net) -> frozenset[Ref]:
    """Return every name that something reads; what a variable's own effect reads of it is not."""
    found = {
        *reads(net.horizon, net.stop),
        *reads(*(i.prior for i in net.inputs), *(v.initial for v in net.variables)),
        *reads(*(d.expr for d in net.definitions), *(o.when for o in net.outcomes)),
        *reads(*(w.expr for w in net.watches), *(t.expr for t in net.totals)),
    }
    for transition in net.transitions:
        clock = transition.clock
        found |= reads(transition.guard, clock.law, clock.pace, clock.period, clock.start)
        found |= reads(*clock.instants, *(draw.law for draw in transition.draws))
        found |= _read_by_text(transition.says)
        for branch in transition.branches:
            found |= reads(branch.weight) | _read_by_text(branch.says)
            for effect in branch.effects:
                found |= reads(effect.expr) - {effect.target}
    return frozenset(found)


def _read_by_text(says: Says) -> frozenset[Ref]:
    return reads(*(piece.expr for piece in says if isinstance(piece, Hole)))


# What never comes to rest.

#: Steps of one search for a circle, and of all searches together.
_MAX_STATES, _MAX_LOOKS = 50, 20_000


def _endless_immediates(net: Net, world: World) -> list[Diagnostic]:
    immediates = [t for t in net.transitions if t.clock.kind == "immediate"]
    search = _CircleSearch(sorted(immediates, key=lambda t: -t.priority))
    found, told = [], set[str]()
    for transition in (t for t in immediates if not _is_made(t)):
        circle = sorted(
            search.circle_from(transition, world), key=lambda t: net.transition_numbers[t.name]
        )
        if {member.name for member in circle} <= told:
            continue
        told |= {member.name for member in circle}
        if len(circle) == 1:
            message = f"{_names(circle)} fires without end: its effects leave its own guard true"
        else:
            message = f"{_names(circle)} fire in a circle without end, in no time"
        hint = "let an effect end what 'when' waits for, or give it a rate or a delay"
        found.append(_warning("endless-immediate", message, circle[0].origin, hint=hint))
    return found


class _CircleSearch:
    """Looks for immediates that surely never come to rest, whatever branch is taken."""

    def __init__(self, ranked: Sequence[Transition]) -> None:
        self.ranked = ranked
        self.n_looks = 0

    def circle_from(self, start: Transition, world: World) -> list[Transition]:
        """Return what fires on and on once ``start`` has fired; empty unless that is certain."""
        enabled = world.assuming(start.guard)
        pending = [] if enabled is None else [(start, enabled)]
        seen: list[tuple[Transition, World]] = []
        met: dict[str, Transition] = {}
        while pending:
            transition, before = pending.pop()
            if any(t is transition and before.is_part_of(state) for t, state in seen):
                continue
            seen.append((transition, before))
            for branch in transition.branches:
                if branch.weight == Const(0.0):
                    continue
                after = before.after(transition, branch)
                following = self.surely_next(after)
                if following is None or len(seen) > _MAX_STATES:
                    return []
                met[following.name] = following
                pending.append((following, after))
        return list(met.values())

    def surely_next(self, world: World) -> Transition | None:
        """Return the immediate that surely fires next; None if that is not certain."""
        for transition in self.ranked:
            self.n_looks += 1
            if self.n_looks > _MAX_LOOKS:
                return None
            if world.assuming(transition.guard) is None:
                continue
            return transition if world.assuming(transition.guard, False) is None else None
        return None


# What the author left open.


def _default_memory(net: Net, world: World) -> list[Diagnostic]:
    writers = _writers(net)

    def relies(transition: Transition) -> bool:
        clock = transition.clock
        if clock.kind != "work" or transition.memory_stated:
            return False
        if clock.law is not None and clock.law.kind == "exponential":
            return False
        enabled = world.assuming(transition.guard)
        others = {
            name: writer
            for ref in _state_of(net, transition)
            for name, writer in writers.get(ref, {}).items()
            if writer is not transition
        }
        return enabled is not None and any(
            _may_end(enabled, transition, other) for other in others.values()
        )

    return [
        _warning(
            "default-memory",
            f"{_names(group)}: work done so far is lost when 'when' turns false",
            group[0].origin,
            hint="state 'memory: redraw' (so it is by default) or 'memory: keep'",
        )
        for group in _templates(net.transitions, relies)
    ]


def _may_end(enabled: World, transition: Transition, other: Transition) -> bool:
    """Return whether a firing of ``other`` may turn the guard of ``transition`` false."""
    both = enabled.assuming(other.guard)
    return both is not None and any(
        both.after(other, branch).assuming(transition.guard, False) is not None
        for branch in other.branches
    )


def _writers(net: Net) -> dict[Ref, dict[str, Transition]]:
    """Return which transitions change each variable (or count of firings)."""
    writers: dict[Ref, dict[str, Transition]] = {}
    for transition in net.transitions:
        changed = {e.target for branch in transition.branches for e in branch.effects}
        for target in (Ref("fired", transition.name), *changed):
            writers.setdefault(target, {})[transition.name] = transition
    return writers


def _state_of(net: Net, transition: Transition) -> set[Ref]:
    """Return what the guard reads, definitions followed to what they read."""
    definitions = {Ref("definition", d.name): d.expr for d in net.definitions}
    found: set[Ref] = set()
    pending = list(reads(transition.guard))
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            if name in definitions:
                pending += reads(definitions[name])
    return found
