"""Nodes to a world: what is written, whom it names, and whether that can be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sim.errors import did_you_mean, one_of
from sim.instants import read_instant
from sim.keys import Spec, validated
from sim.net.model import Note
from sim.values import FORMS, Faults, Items, Map, Node, Text, describe, read_value
from sim.world.geography import SHORTEST, great_circle
from sim.world.model import NOBODY, Faction, Link, Place, Route, World
from sim.world.specs import (
    MODELS,
    BridgeSpec,
    FactionSpec,
    LinkSpec,
    LossSpec,
    PatronSpec,
    PlaceSpec,
    RouteSpec,
)

NOUNS = {"factions": "faction", "places": "place", "routes": "route", "links": "link"}
#: Sections of the world that are mappings, and the one that is a list.
SECTIONS = (*MODELS, "hostile")
_NAME = re.compile(r"[^\W\d_]\w*\Z")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?\Z")


def read_world(
    tree: Mapping[str, Node],
    faults: Faults,
    *,
    start: datetime | None = None,
    as_of: datetime | None = None,
    remarks: Callable[[Text | None, Text | None, str], None] | None = None,
) -> World | None:
    """Return the world of a file; None if it has none. What is faulty is told and left out.

    ``remarks`` checks the source and the mark that an object gives for all of its numbers.
    """
    if not any(section in tree for section in SECTIONS):
        return None
    return _Reader(tree, faults, start, as_of, remarks or (lambda *given: None)).world()


@dataclass(eq=False)
class _Reader:
    tree: Mapping[str, Node]
    faults: Faults
    start: datetime | None
    as_of: datetime | None
    remarks: Callable[[Text | None, Text | None, str], None]

    def world(self) -> World:
        self.entries: dict[str, dict[str, tuple[Text, Any]]] = {
            section: dict(self.entries_of(section)) for section in MODELS
        }
        self.check_names()
        world = World(start=self.start)
        for key, spec in self.entries["factions"].values():
            world.factions[str(key)] = self.faction(key, spec)
        self.hostilities(world)
        for key, spec in self.entries["places"].values():
            world.places[str(key)] = self.place(key, spec, world)
        self.weigh_losses(world)
        for key, spec in self.entries["routes"].values():
            route = self.route(key, spec, world)
            if route is not None:
                world.routes[str(key)] = route
        for key, spec in self.entries["links"].values():
            link = self.link(key, spec, world)
            if link is not None:
                world.links[str(key)] = link
        return world

    # Sections and names.

    def entries_of(self, section: str) -> Iterable[tuple[str, tuple[Text, Any]]]:
        node = self.tree.get(section)
        if node is None:
            return
        noun = NOUNS[section]
        if not isinstance(node, Map):
            expected = f"a mapping from the name of each {noun}"
            self.fault("wrong-type", f"'{section}' is {describe(node)}", node, section, expected)
            return
        for key, value in node.entries():
            path = f"{section}.{key}"
            if not _NAME.match(key):
                expected = "letters, digits and '_', a letter first"
                self.fault("bad-name", f"'{key}' cannot name a {noun}", key, path, expected)
            spec, _ = validated(MODELS[section], value, path, f"{noun} '{key}'", self.faults)
            if spec is not None:
                self.remarks(spec.source, spec.mark, path)  # type: ignore[attr-defined]
                yield str(key), (key, spec)

    def check_names(self) -> None:
        """Tell names that stand for two things, which expressions could not tell apart."""
        taken: dict[str, str] = {NOBODY: "what nobody holds"}
        for section, entries in self.entries.items():
            for name, (key, _) in entries.items():
                if name in taken:
                    message = f"the name '{name}' is taken: it is {taken[name]}"
                    self.fault("name-taken", message, key, f"{section}.{key}")
                taken.setdefault(name, f"a {NOUNS[section]} already")

    def fault(
        self, code: str, message: str, at: Node, path: str, expected: str = "", hint: str = ""
    ) -> None:
        self.faults.add(code, message, at, path, expected=expected, hint=hint)

    def known(self, section: str, name: Node, path: str, *, or_nobody: bool = False) -> bool:
        """Return whether a name is one of a section; tell it if not."""
        noun, names = NOUNS[section], self.entries[section]
        if isinstance(name, Text) and (name in names or (or_nobody and name == NOBODY)):
            return True
        if not isinstance(name, Text):
            self.fault("wrong-type", f"{describe(name)} where a {noun} belongs", name, path)
        else:
            expected = one_of(names) if names else f"a {noun} under '{section}'"
            hint = did_you_mean(name, names)
            self.fault(f"unknown-{noun}", f"unknown {noun} '{name}'", name, path, expected, hint)
        return False

    def names(self, section: str, nodes: Items | None, path: str) -> tuple[str, ...]:
        """Return the names of a list that are known."""
        found = [node for node in nodes or () if self.known(section, node, path)]
        return tuple(dict.fromkeys(str(name) for name in found))

    def table(
        self, section: str, node: Node | None, path: str, read: Callable[[Text, Node], bool]
    ) -> dict[str, Node]:
        """Return the entries of a table by names of a section."""
        entries = node.entries() if isinstance(node, Map) else ()
        return {
            str(key): value
            for key, value in entries
            if self.known(section, key, f"{path}.{key}") and read(key, value)
        }

    def note(self, spec: Spec) -> Note:
        return Note(source=str(getattr(spec, "source", None) or ""), mark=_mark(spec))

    def instant(self, node: Node, path: str) -> datetime | None:
        """Return an instant that was known as of the scenario; None after a fault."""
        if not isinstance(node, Text):
            self.fault("wrong-type", f"{describe(node)} where an instant belongs", node, path)
            return None
        if self.start is None:
            expected = "'clock: {start: ...}'"
            self.fault("no-start", "an instant needs 'clock.start'", node, path, expected)
            return None
        when = read_instant(node, path, self.faults)
        if when is not None and self.as_of is not None and when > self.as_of:
            message = f"'{node}' is after as_of, {self.as_of.isoformat()}"
            hint = "what was not known yet has no place in a forecast"
            self.fault("after-as-of", message, node, path, hint=hint)
        return when

    def days_before(self, node: Node | None, path: str) -> float:
        """Return how many days before the start an instant was; 0 for none, or later."""
        when = None if node is None else self.instant(node, path)
        if when is None or self.start is None:
            return 0.0
        return max(0.0, (self.start - when).total_seconds() / 86_400.0)

    # Factions.

    def faction(self, key: Text, spec: FactionSpec) -> Faction:
        path = f"factions.{key}"
        faction = Faction(key, spec, self.note(spec))
        if spec.capital is not None:
            self.known("places", spec.capital, f"{path}.capital")
        if faction.role == "ally" and spec.of is None:
            message = f"'of' is missing in the ally '{key}'"
            self.fault(
                "missing-field", message, key, path, "of: the faction whose garrisons it joins"
            )
        elif spec.of is not None and faction.role != "ally":
            self.fault(
                "bad-ally",
                f"'{key}' is no ally: only allies are 'of' a faction",
                spec.of,
                f"{path}.of",
            )
        elif spec.of == key:
            self.fault("bad-ally", f"'{key}' is an ally of itself", spec.of, f"{path}.of")
        elif spec.of is not None:
            self.known("factions", spec.of, f"{path}.of")
        return replace(
            faction, patrons=self.patrons(key, spec, path), losses=self.losses(spec, path)
        )

    def patrons(self, key: Text, spec: FactionSpec, path: str) -> dict[str, tuple[Node, Node]]:
        found: dict[str, tuple[Node, Node]] = {}

        def read(name: Text, node: Node) -> bool:
            place = f"{path}.patrons.{name}"
            patron, _ = validated(PatronSpec, node, place, f"patron '{name}'", self.faults)
            if name == key:
                self.fault("bad-patron", f"'{key}' is its own patron", name, place)
            if patron is not None:
                found[str(name)] = (patron.support, patron.reliance)
            return True

        self.table("factions", spec.patrons, f"{path}.patrons", read)
        return found

    def losses(self, spec: FactionSpec, path: str) -> tuple[tuple[str, float, Node | None], ...]:
        found = []
        for number, node in enumerate(spec.losses or (), 1):
            place = f"{path}.losses.{number}"
            loss, is_valid = validated(LossSpec, node, place, "a loss", self.faults)
            if loss is None or not is_valid:
                continue
            when = self.instant(loss.at, f"{place}.at")
            if when is not None and self.start is not None and when > self.start:
                message = f"'{loss.at}' is after the start, {self.start.isoformat()}"
                hint = "losses are those before the scenario begins"
                self.fault("after-start", message, loss.at, f"{place}.at", hint=hint)
            found.append((str(loss.place), self.days_before(loss.at, f"{place}.at"), loss.weight))
        return tuple(found)

    def hostilities(self, world: World) -> None:
        node = self.tree.get("hostile")
        if node is None:
            return
        expected = "[[rebels, government]]"
        if not isinstance(node, Items):
            self.fault("wrong-type", f"'hostile' is {describe(node)}", node, "hostile", expected)
            return
        for number, pair in enumerate(node, 1):
            path = f"hostile.{number}"
            if not isinstance(pair, Items) or len(pair) != 2:
                message = f"{describe(pair)} where two factions belong"
                self.fault("wrong-type", message, pair, path, expected)
            elif all(self.known("factions", name, path) for name in pair):
                a, b = map(str, pair)
                if a == b:
                    self.fault("bad-hostile", f"'{a}' is hostile to itself", pair, path)
                world.hostile.add(frozenset({a, b}))

    # Places.

    def place(self, key: Text, spec: PlaceSpec, world: World) -> Place:
        path = f"places.{key}"
        holders = self.holders(spec.control, f"{path}.control")
        population = _number(spec.population)
        if population is not None and population < 0.0:
            self.fault(
                "out-of-range", "a negative population", spec.population, f"{path}.population"
            )
        for name in ("garrison", "present_fraction", "alignment"):
            self.table("factions", getattr(spec, name), f"{path}.{name}", lambda k, v: True)
        for name in self.names("places", spec.fallback, f"{path}.fallback"):
            if name == key:
                message = f"'{key}' is its own fallback"
                self.fault("bad-fallback", message, spec.fallback, f"{path}.fallback")
        place = Place(
            key,
            spec,
            self.note(spec),
            where=self.degrees(spec.at, f"{path}.at"),
            population=population or 0.0,
            holder=holders[0] if len(holders) == 1 else None,
            holders=holders,
            is_capital=any(f.spec.capital == key for f in world.factions.values()),
        )
        return replace(
            place,
            attackers=self.attackers(place, world),
            contact_days=self.contact(place, world),
        )

    def holders(self, node: Node, path: str) -> tuple[str, ...]:
        """Return who may hold a place at the start."""
        written = read_value(node, path, self.faults)
        if written is None:
            return ()
        if written.kind and written.kind != "choice":
            expected = "a faction, none, or {choice: {faction: weight}}"
            self.fault(
                "wrong-type", f"'{written.kind}' where a faction belongs", node, path, expected
            )
            return ()
        names = written.keys if written.kind else (written.text,)
        return tuple(
            str(name)
            for name in names
            if name is not None and self.known("factions", name, path, or_nobody=True)
        )

    def attackers(self, place: Place, world: World) -> tuple[str, ...]:
        """Return who may attack a place: whoever is hostile to one who may hold it."""
        spec, path = place.spec, f"{place.path}.attackable_by"
        if place.kind == "source":
            return ()
        if spec.attackable_by is not None:
            return self.names("factions", spec.attackable_by, path)
        fronts = (faction.name for faction in world.fronts())
        return tuple(f for f in fronts if any(world.are_hostile(f, h) for h in world.factions))

    def contact(self, place: Place, world: World) -> float:
        spec, path = place.spec, place.path
        if spec.attacker is None:
            if spec.contact_since is not None:
                message = "'contact_since' without an 'attacker'"
                self.fault("missing-field", message, spec.contact_since, f"{path}.contact_since")
            return 0.0
        if self.known("factions", spec.attacker, f"{path}.attacker"):
            for holder in place.holders:
                if holder != NOBODY and not world.are_hostile(str(spec.attacker), holder):
                    message = f"'{spec.attacker}' attacks '{holder}', and they are not hostile"
                    hint = f"hostile: [[{spec.attacker}, {holder}]]"
                    self.fault("not-hostile", message, spec.attacker, f"{path}.attacker", hint=hint)
        return self.days_before(spec.contact_since, f"{path}.contact_since")

    def degrees(self, node: Items | None, path: str) -> tuple[float, float] | None:
        if node is None:
            return None
        numbers = [number for item in node if (number := _number(item)) is not None]
        if len(node) == len(numbers) == 2:
            lat, lon = numbers
            if abs(lat) <= 90.0 and abs(lon) <= 180.0:
                return lat, lon
        expected = "[latitude, longitude] in degrees: [34.73, 36.71]"
        self.fault("bad-coordinates", f"{_shown(node)} is no place on earth", node, path, expected)
        return None

    def weigh_losses(self, world: World) -> None:
        """Tell capitals of two factions."""
        capitals: dict[str, str] = {}
        for faction in world.factions.values():
            capital = faction.spec.capital
            if capital is None:
                continue
            if str(capital) in capitals:
                message = f"'{capital}' is the capital of '{capitals[str(capital)]}', too"
                self.fault("two-capitals", message, capital, f"{faction.path}.capital")
            capitals.setdefault(str(capital), faction.name)

    # Routes and links.

    def route(self, key: Text, spec: RouteSpec, world: World) -> Route | None:
        path = f"routes.{key}"
        between = f"{path}.between"
        names = [node for node in spec.between if self.known("places", node, between)]
        if len(spec.between) != 2 or len(set(names)) != 2:
            if len(names) == len(spec.between):
                message = f"a route joins two places, not {_shown(spec.between)}"
                self.fault("bad-route", message, spec.between, between, "[homs, tartus]")
            return None
        a, b = map(str, names)
        self.names("factions", spec.open_to, f"{path}.open_to")
        straight = self.straight(world.places[a], world.places[b])
        km = _number(spec.km, "km")
        if km is not None and straight is not None and km < SHORTEST * straight:
            message = f"{km:g} km is shorter than the great circle, {straight:.0f} km"
            self.fault(
                "too-short",
                message,
                spec.km,
                f"{path}.km",
                f"at least {SHORTEST * straight:.0f} km",
            )
        if spec.km is None and straight is None:
            message = f"'km' is missing in the route '{key}': its ends are not both on the map"
            self.fault(
                "missing-field", message, key, path, "km: its length, or 'at' of both places"
            )
        for end in (a, b):
            self.check_end(world.places[end], spec, path)
        return Route(key, spec, self.note(spec), (a, b), straight, km, self.span(spec, path))

    def straight(self, a: Place, b: Place) -> float | None:
        return great_circle(a.where, b.where) if a.where and b.where else None

    def check_end(self, place: Place, spec: RouteSpec, path: str) -> None:
        """Tell an air route that ends where nothing lands, or a sea route inland."""
        needed = {"air": "airfield", "sea": "port"}.get(spec.kind or "road")
        if needed and place.kind != "source" and not getattr(place.spec, needed):
            message = f"the {spec.kind} route ends at '{place.name}', which has no {needed}"
            self.fault("bad-route", message, spec.between, f"{path}.between", hint=f"{needed}: yes")

    def span(self, spec: RouteSpec, path: str) -> float:
        if spec.bridge is None:
            return 0.0
        bridge, _ = validated(BridgeSpec, spec.bridge, f"{path}.bridge", "'bridge'", self.faults)
        return (_number(bridge.span, "m") if bridge and bridge.span is not None else None) or 1.0

    def link(self, key: Text, spec: LinkSpec, world: World) -> Link | None:
        path = f"links.{key}"
        link = Link(key, spec, self.note(spec))
        expected = one_of(("road", "rail", "track", "air", "sea"))
        for kind in link.kinds:
            if kind not in ("road", "rail", "track", "air", "sea"):
                self.fault(
                    "unknown-kind",
                    f"no kind of route '{kind}'",
                    spec.kinds,
                    f"{path}.kinds",
                    expected,
                )
        ends = self.names("places", spec.to, f"{path}.to")
        is_known = self.known("factions", spec.for_, f"{path}.for")
        is_known &= self.known("places", spec.from_, f"{path}.from")
        if not is_known or not ends:
            return None
        if str(spec.from_) in ends:
            self.fault(
                "bad-link", f"the link leads from '{spec.from_}' to itself", spec.to, f"{path}.to"
            )
        return link


def _mark(spec: Spec) -> str:
    return str(getattr(spec, "mark", None) or "")


def _number(node: Node | None, unit: str = "") -> float | None:
    """Return a plain number that a node writes, with or without its unit; None if it is more."""
    if isinstance(node, Map) and "value" in node:
        node = node["value"]
    if not isinstance(node, Text) or any(form in node for form in FORMS):
        return None
    text = node.removesuffix(unit).strip() if unit else str(node).removesuffix("persons").strip()
    if not _NUMBER.match(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _shown(node: Node) -> str:
    return "[" + ", ".join(map(str, node)) + "]"
