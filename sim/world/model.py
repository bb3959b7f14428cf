"""The world as it was read: factions, places, routes and links that know each other."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sim.keys import UNIT
from sim.net.model import Note
from sim.values import Node, Text
from sim.world.geography import Network
from sim.world.parts import Given
from sim.world.quantities import Default

NOBODY = "none"
#: By which forces march, and what that does to their pace.
MARCHED = {"road": "1", "rail": "1", "track": "0.5"}


#: People from which a place is a city, and weighs 1.
CITY = 100_000
#: Weight of a place of which nobody says how many live there.
UNKNOWN_WEIGHT = 0.25


@dataclass(frozen=True, eq=False)
class Object:
    """Something of the world that has a name."""

    section: ClassVar[str]

    key: Text
    spec: Any
    #: What is said of its numbers where nothing is said of them.
    note: Note

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.key)

    @property
    def path(self) -> str:
        """Its place in the author's words."""
        return f"{self.section}.{self.key}"

    def given(self, name: str) -> Given:
        """Return one of its quantities, as written or as its default has it."""
        return self.quantity(name, getattr(self.spec, name))

    def quantity(self, name: str, value: Node | Default) -> Given:
        """Return a value as one of its quantities."""
        extra = type(self.spec).model_fields[name].json_schema_extra
        return Given(f"{self.path}.{name}", value, extra[UNIT], self.key, self.note)

    def entry(self, name: str, of: str, value: Node | Default, kind: str) -> Given:
        """Return an entry of a table of it: ``garrison.government``."""
        return Given(f"{self.path}.{name}.{of}", value, kind, self.key, self.note)


@dataclass(frozen=True, eq=False)
class Faction(Object):
    """Who fights, helps or pays."""

    section = "factions"

    #: Patrons by name: their (support, reliance).
    patrons: Mapping[str, tuple[Node, Node]] = field(default_factory=dict)
    #: Places lost before the start: (days before it, weight; None for that of the place).
    losses: tuple[tuple[str, float, Node | None], ...] = ()

    @property
    def role(self) -> str:
        """What it is."""
        return self.spec.role or "belligerent"

    @property
    def holds_fronts(self) -> bool:
        """Whether it has garrisons that break."""
        return self.role in ("belligerent", "ally")


@dataclass(frozen=True, eq=False)
class Place(Object):
    """Somewhere that can be held."""

    section = "places"

    where: tuple[float, float] | None = None
    #: Least number of people, where it is a plain number.
    population: float = 0.0
    #: Who holds it with certainty; None if that is drawn.
    holder: str | None = None
    #: Who may hold it at the start.
    holders: tuple[str, ...] = ()
    #: Days of contact before the start.
    contact_days: float = 0.0
    #: Who may attack it.
    attackers: tuple[str, ...] = ()
    is_capital: bool = False

    @property
    def kind(self) -> str:
        """What it is."""
        return self.spec.kind or ("city" if self.population >= CITY else "town")

    @property
    def weight(self) -> Given:
        """What its loss adds to shock.

        By its people up to a city, so that a village listed as three hamlets weighs the same.
        """
        usual = min(1.0, self.population / CITY) if self.population else UNKNOWN_WEIGHT
        return self.quantity("weight", self.spec.weight or Default(f"{usual:.6g}"))


@dataclass(frozen=True, eq=False)
class Route(Object):
    """What joins two places."""

    section = "routes"

    ends: tuple[str, str] = ("", "")
    #: Great circle between its ends, km, where both are on the map.
    straight: float | None = None
    #: Its length where that is a plain number, km.
    plain_km: float | None = None
    #: Metres of bridge; 0 without one.
    span: float = 0.0

    @property
    def kind(self) -> str:
        """What it is."""
        return self.spec.kind or "road"

    @property
    def about_km(self) -> float:
        """About how long it is: to tell near from far, not to march by."""
        return self.plain_km or self.straight or 0.0

    def may_use(self, faction: str) -> bool:
        """Return whether a faction may use it."""
        return self.spec.open_to is None or faction in self.spec.open_to


@dataclass(frozen=True, eq=False)
class Link(Object):
    """A named question about the network."""

    section = "links"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of route that will do."""
        return tuple(map(str, self.spec.kinds or ("road", "track", "rail")))


@dataclass(frozen=True, eq=False)
class SupplyLine(Object):
    """Shipments from a place, along routes, for a faction."""

    section = "supply"

    #: Its routes in turn, and its places: one more.
    routes: tuple[Route, ...] = ()
    places: tuple[Place, ...] = ()
    #: Fighters that a shipment brings, by place.
    fighters: Mapping[str, Node] = field(default_factory=dict)

    @property
    def faction(self) -> str:
        """Whom it supplies."""
        return str(self.spec.to)

    @property
    def arrival(self) -> Place:
        """Where shipments arrive."""
        return self.places[-1]


@dataclass(eq=False)
class World:
    """Everything of the world layer of one file."""

    factions: dict[str, Faction] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    lines: dict[str, SupplyLine] = field(default_factory=dict)
    hostile: set[frozenset[str]] = field(default_factory=set)
    start: datetime | None = None
    #: Whether a fault has cost names: others may name them all the same.
    is_partial: bool = False
    #: Names of each section that are written, but of which nothing could be made: that was told.
    lost: Mapping[str, Container[str]] = field(default_factory=dict)
    #: Kinds of declared processes, by name.
    kinds: dict[str, str] = field(default_factory=dict)
    #: Who may come to hold each place beside who holds it at the start; None: any front, any place.
    comers: dict[str, set[str]] | None = None
    _networks: dict[tuple[int, tuple[str, ...], str], Network] = field(default_factory=dict)

    def are_hostile(self, a: str, b: str) -> bool:
        """Return whether two factions fight each other."""
        return frozenset({a, b}) in self.hostile

    def side(self, faction: str) -> tuple[str, ...]:
        """Return a faction and those who stand with it: allies, and patrons where they hold."""
        first = self.factions[faction].spec.of if self.factions[faction].role == "ally" else faction
        with_it = [f.name for f in self.factions.values() if f.spec.of == first]
        patrons = self.factions[str(first)].patrons if first in self.factions else ()
        return tuple(dict.fromkeys([str(first), *with_it, *patrons]))

    def network(self, kinds: tuple[str, ...], faction: str = "") -> Network:
        """Return the neighbours of each place by routes of some kinds that a faction may use."""
        asked = (len(self.routes), kinds, faction)
        if asked not in self._networks:
            self._networks[asked] = self._network(kinds, faction)
        return self._networks[asked]

    def _network(self, kinds: tuple[str, ...], faction: str) -> Network:
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in self.places}
        for route in self.routes.values():
            if route.kind in kinds and (not faction or route.may_use(faction)):
                a, b = route.ends
                found[a].append((route.name, b))
                found[b].append((route.name, a))
        return found

    def fronts(self) -> Iterator[Faction]:
        """Yield the factions that hold fronts."""
        return (faction for faction in self.factions.values() if faction.holds_fronts)
