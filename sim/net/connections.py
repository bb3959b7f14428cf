"""Who reads and who writes what in a net.

Names are followed one step: what a definition reads is read by the definition, not by its readers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sim.net.expr import Distribution, Expr, Ref, reads
from sim.net.model import Branch, Clock, Net, Says, Transition

Kind = Literal[
    "input", "variable", "definition", "transition", "outcome", "watch", "total", "stop", "horizon"
]


class Part(NamedTuple):
    """One part of a net: what it is, and its name (of ``stop`` and ``horizon`` there is one)."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A part that reads or writes a name, and the keys or branches in which it does."""

    part: Part
    where: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class Connections:
    """The connections of a net, each way; all lists are in net order.

    What an effect on a variable reads of that variable itself is no reading: ``supply - 1``.
    """

    net: Net
    _readers: dict[Ref, dict[Part, list[str]]] = field(init=False, default_factory=dict)
    _writers: dict[Ref, dict[Part, list[str]]] = field(init=False, default_factory=dict)
    _reads: dict[Part, dict[Ref, list[str]]] = field(init=False, default_factory=dict)
    _writes: dict[Part, dict[Ref, list[str]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        places = {ref: number for number, ref in enumerate(_named(self.net))}
        for part, where, refs in _reading(self.net):
            for ref in sorted(refs, key=lambda r: (places.get(r, -1), r.space, r.name)):
                _noted(self._readers.setdefault(ref, {}).setdefault(part, []), where)
                _noted(self._reads.setdefault(part, {}).setdefault(ref, []), where)
        for part, where, ref in _writing(self.net):
            _noted(self._writers.setdefault(ref, {}).setdefault(part, []), where)
            _noted(self._writes.setdefault(part, {}).setdefault(ref, []), where)

    def readers(self, ref: Ref) -> tuple[Link, ...]:
        """Return the parts that read a name, with the keys in which they do."""
        return tuple(Link(part, tuple(w)) for part, w in self._readers.get(ref, {}).items())

    def writers(self, ref: Ref) -> tuple[Link, ...]:
        """Return the transitions that write a name, with the branches in which they do."""
        return tuple(Link(part, tuple(w)) for part, w in self._writers.get(ref, {}).items())

    def reads(self, part: Part) -> Mapping[Ref, list[str]]:
        """Return the names that a part reads, each with the keys in which it does."""
        return self._reads.get(part, {})

    def writes(self, part: Part) -> Mapping[Ref, list[str]]:
        """Return the names that a transition writes, each with the branches in which it does."""
        return self._writes.get(part, {})

    def next_to(self, parts: Collection[Part]) -> tuple[Part, ...]:
        """Return the parts that read or write what these have, or are read or written by them."""
        found: dict[Part, None] = {}
        for part in parts:
            names = (*self.reads(part), *self.writes(part))
            found |= dict.fromkeys(other for ref in names if (other := part_of(ref)))
            for ref in _refs_of(part):
                links = (*self.readers(ref), *self.writers(ref))
                found |= dict.fromkeys(link.part for link in links)
        return tuple(part for part in found if part not in parts)


def _refs_of(part: Part) -> tuple[Ref, ...]:
    """Return the names under which a part is read."""
    if part.kind == "transition":
        return Ref("fired", part.name), Ref("work", part.name)
    if part.kind in ("input", "variable", "definition", "outcome"):
        return (Ref(part.kind, part.name),)
    return ()


def part_of(ref: Ref) -> Part | None:
    """Return the part that a name belongs to; None for the time."""
    if ref.space == "fired" or ref.space == "work":
        return Part("transition", ref.name)
    if ref.space == "draw":
        return Part("transition", ref.name.rpartition("/")[0])
    return None if ref.space == "time" else Part(ref.space, ref.name)


def _noted(places: list[str], where: str) -> None:
    if where and where not in places:
        places.append(where)


def _named(net: Net) -> Iterator[Ref]:
    yield from (Ref("input", i.name) for i in net.inputs)
    yield from (Ref("variable", v.name) for v in net.variables)
    yield from (Ref("definition", d.name) for d in net.definitions)
    for transition in net.transitions:
        yield from (Ref("fired", transition.name), Ref("work", transition.name))
    yield from (Ref("outcome", o.name) for o in net.outcomes)


_Reading = Iterator[tuple[Part, str, frozenset[Ref]]]


def _reading(net: Net) -> _Reading:
    """Yield what reads which names, in which key."""
    yield Part("horizon"), "", reads(net.horizon)
    yield from ((Part("input", i.name), "", reads(i.prior)) for i in net.inputs)
    yield from ((Part("variable", v.name), "initial", reads(v.initial)) for v in net.variables)
    yield from ((Part("definition", d.name), "", reads(d.expr)) for d in net.definitions)
    for transition in net.transitions:
        part = Part("transition", transition.name)
        yield from ((part, where, refs) for where, refs in _by_transition(transition))
    yield from ((Part("outcome", o.name), "", reads(o.when)) for o in net.outcomes)
    yield Part("stop"), "", reads(net.stop)
    yield from ((Part("watch", w.name), "", reads(w.expr)) for w in net.watches)
    yield from ((Part("total", t.name), "", reads(t.expr)) for t in net.totals)


def _by_transition(transition: Transition) -> Iterator[tuple[str, frozenset[Ref]]]:
    yield "when", reads(transition.guard)
    yield from _by_clock(transition.clock)
    yield "draws", reads(*(draw.law for draw in transition.draws))
    for branch in transition.branches:
        yield "weight", reads(branch.weight)
        yield "then", _by_effects(branch)
        yield "says", _by_text(branch.says)
    yield "says", _by_text(transition.says)


def _by_clock(clock: Clock) -> Iterator[tuple[str, frozenset[Ref]]]:
    pace = "rate" if clock.kind == "rate" else "pace"
    yield clock.written or clock.kind, reads(clock.law, clock.period, *clock.instants)
    yield pace, reads(clock.pace)
    if clock.start != clock.period:
        yield "from", reads(clock.start)


def _by_effects(branch: Branch) -> frozenset[Ref]:
    return frozenset().union(*(reads(e.expr) - {e.target} for e in branch.effects))


def _by_text(says: Says) -> frozenset[Ref]:
    holes: list[Expr | Distribution] = [piece.expr for piece in says if not isinstance(piece, str)]
    return reads(*holes)


def _writing(net: Net) -> Iterator[tuple[Part, str, Ref]]:
    for transition in net.transitions:
        for number, branch in enumerate(transition.branches, 1):
            where = branch.label or (str(number) if len(transition.branches) > 1 else "")
            for effect in branch.effects:
                yield Part("transition", transition.name), where, effect.target
