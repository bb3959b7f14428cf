"""What all processes have in common: their keys, and how a process is known to a world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from sim.keys import Formula, Instant, Line, Whole, a_key
from sim.net.model import Note
from sim.values import Faults, Items, Node, Text
from sim.world.model import Object, World
from sim.world.parts import Given, Parts
from sim.world.quantities import Default
from sim.world.specs import WorldSpec, Yes

if TYPE_CHECKING:
    from sim.world.scene import Scene


class ProcessSpec(WorldSpec):
    """The keys of every process. A mechanism is a subclass, in a file of its own."""

    #: The word that names it in files.
    KIND: ClassVar[str]
    #: Of what it exists without being declared, one of each: ``places``, ``factions`` or
    #: ``routes``; empty if it exists only where it is declared.
    EVERY: ClassVar[str] = ""
    #: The key that says where its keys hold, if that is not called as ``EVERY``.
    WHERE: ClassVar[str] = ""
    #: A smallest scenario whose answer is known: its test, and its documentation.
    EXAMPLE: ClassVar[str] = ""
    #: Sections of which keys name an entry, or a list of them.
    REFERENCES: ClassVar[Mapping[str, str]] = {}

    kind: Line = a_key("What it is", default="needed")
    when: Formula = a_key("When it may go on", "russia.stance != left", default="always")
    from_time: Instant = a_key("From when", "2 days", default="the start")
    until: Instant = a_key("Until when", "5 days", default="the end")
    off: Yes = a_key("Take it away", "yes", default="no")
    says: Line = a_key("What trace tells when it happens", default="its own words")
    priority: Whole = a_key("Which goes first of several due at one time", "1", default="0")

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the parts of a declared process."""
        raise NotImplementedError

    def comers(self) -> Iterator[tuple[str, str]]:
        """Yield (place, faction) where it may make a faction hold a place.

        As it stands: every faction that it names, at every place that it names. Who is in contact
        at the start, whose column comes and whom the file's own transitions name needs no word.
        """
        named: dict[str, list[str]] = {"places": [], "factions": []}
        for key, section in self.REFERENCES.items():
            node = getattr(self, key)
            nodes = node if isinstance(node, Items) else [node]
            named.setdefault(section, []).extend(str(n) for n in nodes if isinstance(n, Text))
        yield from product(named["places"], named["factions"])

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell what is wrong between several keys of a declared process, or with whom they name."""

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell the scene what other mechanisms have to know of a declared process."""

    @classmethod
    def expand_at(cls, at: Any, settings: Settings, scene: Scene) -> None:
        """Add the parts of a process that exists everywhere, at one place, faction or route."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Process(Object):
    """A declared process."""

    section = "processes"

    @property
    def kind(self) -> str:
        """What it is."""
        return str(self.spec.kind)

    @property
    def says(self) -> Text | None:
        """What its author wants told."""
        said: Text | None = self.spec.says
        return said

    def law(self, key: str) -> Node:
        """Return a quantity that is drawn at each use."""
        value: Node | Default = getattr(self.spec, key)
        return value.node(self.key) if isinstance(value, Default) else value

    @property
    def only(self) -> tuple[str, ...] | None:
        """What it is declared for, where it is a process that exists everywhere; None: for all."""
        node = getattr(self.spec, self.spec.WHERE or self.spec.EVERY, None)
        if node is None or node == "all":
            return None
        return tuple(map(str, node)) if isinstance(node, Items) else (str(node),)


@dataclass(frozen=True, eq=False)
class Settings:
    """The keys of a process at one place, say: those declared for it, then the usual ones.

    ``chain`` are the declared processes that apply, the most particular first.
    """

    model: type[ProcessSpec]
    chain: tuple[Process, ...]
    at: Text
    parts: Parts

    @property
    def is_off(self) -> bool:
        """Whether its author has taken it away here."""
        return bool(self.chain) and bool(self.chain[0].spec.off)

    def use(self, key: str) -> str:
        """Return the name of a quantity."""
        for process in self.chain:
            if key in process.spec.model_fields_set:
                return self.parts.use(process.given(key))
        made = self.model.model_fields[key]
        value = made.default_factory() if made.default_factory else None  # type: ignore[call-arg]
        assert isinstance(value, Default), f"{self.model.KIND}.{key} has no default"
        extra: Any = made.json_schema_extra
        given = Given(f"processes.{self.model.KIND}.{key}", value, extra["x-unit"], self.at, Note())
        return self.parts.use(given)

    def states(self, key: str) -> bool:
        """Return whether a file states a quantity."""
        return any(key in process.spec.model_fields_set for process in self.chain)

    def law(self, key: str) -> Any:
        """Return a quantity that is drawn at each use, as its nodes."""
        for process in self.chain:
            if key in process.spec.model_fields_set:
                return getattr(process.spec, key)
        made = self.model.model_fields[key]
        assert made.default_factory is not None
        value: Any = made.default_factory()  # type: ignore[call-arg]
        return value.node(self.at)

    def conditions(self) -> list[str]:
        """Return what must hold for it to go on, beyond what it says itself."""
        return conditions(self.chain[0], self.parts) if self.chain else []


def conditions(process: Process, parts: Parts) -> list[str]:
    """Return what the author of a process has said about when it goes on; as names of parts."""
    spec, name, found = process.spec, process.name, []
    if spec.when is not None:
        if f"{name}.when" not in parts.names:
            parts.define(f"{name}.when", spec.when, process.key, f"{process.path}.when")
        found.append(f"{name}.when")
    for key, before, after in (("from_time", 0, 1), ("until", 1, 0)):
        instant: Node | None = getattr(spec, key)
        if instant is None:
            continue
        flag = f"{name}.{key}"
        if flag not in parts.names:
            path = f"{process.path}.{key}"
            parts.variable(flag, process.key, path, integer=["0", "1"], initial=str(before))
            parts.transition(flag, process.key, path, at_=instant, then={flag: str(after)})
        found.append(f"{flag} == 1")
    return found
