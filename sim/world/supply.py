"""Supply lines at work: shipments leave, travel, are lost or arrive, and are shared out.

Whether a promised line ever runs is decided once in a replication: a promise kept or not is a fact
that nobody knows yet, so it is ignorance, which drivers rank, and no luck.

A shipment gets through exactly if its way stays open for the whole of its journey: no route of it
cut, every place on it held by the receiving side, by nobody, or a source, and that where it arrives
held by that side. So the line *flows*
once its way has been open for one transit, and no more as soon as it is not; while it flows,
shipments arrive as they left, one transit later: on a timetable at ``every + transit``,
``2 every + transit`` and so on, at random with ``rate`` (what leaves by a Poisson process and takes
one time for the journey arrives by a Poisson process). That is exact for any number of shipments
under way, with one clock. Nothing is under way at the start. An interrupted line fills again, and
what was under way turns back. A by-pass does not slow it: what is short of room belongs in ``loss``
or ``rate``.

``delivers`` counts days of the whole faction as at the start: that many days times its garrisons
then. It is shared over the places of its side that are joined to the arrival by open road, so that
all get the same number of days for those who are there now; what is brought is what is shared.
Places are found from the arrival outwards, road by road, in no time: that is exact on any network,
where a list of ways would have to be cut off somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sim.world.frame import at_start, could_hold, held_by, length
from sim.world.model import MARCHED, NOBODY, Place, Route, SupplyLine, World
from sim.world.parts import Given, all_of, any_of, total
from sim.world.quantities import Default, Law, made
from sim.world.scene import Effects, Scene

#: How fast shipments travel, km/h. Rail and track: as forces march on them, next to road.
PACES = {"air": 700, "sea": 25, "road": 40, "rail": 40, "track": 20}
#: Shared out before anything else happens in the same instant.
_SPREADS, _UNLOADS = 30, 20
_NOBODY_THERE = "0 persons"


def prepare_lines(scene: Scene) -> None:
    """Tell the scene to which places lines may deliver."""
    for line in _delivering(scene):
        scene.supplied.update(_within_reach([line.arrival], line.faction, scene.world))


def expand_lines(scene: Scene) -> None:
    """Add the parts of all supply lines."""
    arrivals: dict[str, list[Place]] = {}
    for line in _delivering(scene):
        arrivals.setdefault(_leader(line.faction, scene.world), []).append(line.arrival)
    for faction, places in arrivals.items():
        _share_out(faction, places, scene)
    for line in scene.world.lines.values():
        _Line(line, scene).expand()


def _delivering(scene: Scene) -> Iterator[SupplyLine]:
    for line in scene.world.lines.values():
        if not isinstance(line.spec.delivers, Default):
            yield line


def _leader(faction: str, world: World) -> str:
    """Return who stands for a side."""
    return world.side(faction)[0]


class _Line:
    """The parts of one line."""

    def __init__(self, line: SupplyLine, scene: Scene) -> None:
        self.line, self.scene, self.parts = line, scene, scene.parts
        self.name, self.at, self.path = line.name, line.key, line.path

    def use(self, key: str) -> str:
        return self.parts.use(self.line.given(key))

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def expand(self) -> None:
        flows, is_open = f"{self.name}.flows", f"{self.name}.open"
        self.parts.define(is_open, all_of(self.conditions()), self.at, self.path)
        self.parts.variable(flows, self.at, self.path, integer=["0", "1"], initial="0")
        self.transition(
            "fills",
            when=f"{is_open} and {flows} == 0",
            after=self.transit(),
            memory="redraw",
            # A shipment that leaves as the way opens gets through.
            priority="1",
            then={flows: "1"},
        )
        self.transition(
            "stops",
            immediate="true",
            when=f"{flows} == 1 and not {is_open}",
            then={flows: "0"},
            says=f"Nothing gets through by {self.name} any more",
        )
        self.transition("shipment", when=f"{flows} == 1", **self.clock(), **self.ends())

    # When, and whether.

    def conditions(self) -> list[str]:
        """Return what must hold for the way to be open."""
        found, line = [], self.line
        if not isinstance(line.spec.promised, Default):
            found.append(f"{self.runs()} == 1")
        found.append(self.scene.is_active(line.faction))
        if line.spec.patron is not None:
            found.append(self.scene.is_active(str(line.spec.patron)))
        may_close = (
            route
            for route in dict.fromkeys(line.routes)
            if route.name in self.scene.closable or route.spec.status is not None
        )
        found += [f"{route.name}.status != cut" for route in may_close]
        found += [self.passes(p) for p in dict.fromkeys(line.places[:-1]) if p.kind != "source"]
        return [*found, held_by(line.arrival.name, line.faction, self.scene.world)]

    def passes(self, place: Place) -> str:
        """Return the condition that a place on the way lets shipments pass."""
        side = held_by(place.name, self.line.faction, self.scene.world)
        return any_of([side, f"{place.name}.control == {NOBODY}"])

    def runs(self) -> str:
        """Make whether the line ever runs, drawn once: 1 or 0."""
        promised = self.use("promised")
        law = {"discrete": {"0": f"1 - {promised}", "1": promised}}
        return self.input("runs", law, "number")

    def transit(self) -> str:
        if self.line.spec.transit is not None:
            return self.use("transit")
        legs = (f"{length(r, self.parts)} / ({PACES[r.kind]} km/h)" for r in self.line.routes)
        return self.input("transit", " + ".join(legs), "day")

    def input(self, name: str, law: Law, kind: str) -> str:
        """Make an input that nobody wrote, with what is said of the line's numbers."""
        node = made(law, self.at)
        return self.parts.use(Given(f"{self.path}.{name}", node, kind, self.at, self.line.note))

    def clock(self) -> dict[str, object]:
        if self.line.spec.every is None:
            return {"rate": self.use("rate")}
        period = self.use("every")
        return {"every": period, "from_": f"{period} + {self.transit()}"}

    # What becomes of a shipment.

    def ends(self) -> dict[str, object]:
        """Return how a shipment ends: it arrives, or it is lost."""
        arrival = self.line.arrival.name
        says = f"A shipment of {self.name} arrives at {arrival}"
        survives = [f"1 - ({loss})" for loss in self.losses()]
        if not survives:
            return {"then": self.effects(), "says": says}
        lost = f"{self.name}.loss"
        both = " * ".join(f"({chance})" for chance in survives)
        self.parts.define(lost, f"clip(1 - {both}, 0, 1)", self.at, self.path)
        return {
            "branches": [
                {"weight": f"1 - {lost}", "label": "arrives", "then": self.effects(), "says": says},
                {
                    "weight": lost, "label": "lost", "then": {},
                    "says": f"A shipment of {self.name} is lost",
                },
            ]
        }  # fmt: skip

    def losses(self) -> list[str]:
        own = [] if isinstance(self.line.spec.loss, Default) else [self.use("loss")]
        return [*own, *self.scene.line_losses.get(self.name, [])]

    def effects(self) -> Effects:
        """Return what an arrival changes."""
        effects: Effects = {}
        faction, arrival, world = self.line.faction, self.line.arrival.name, self.scene.world
        for name, node in self.line.fighters.items():
            men = self.parts.use(self.line.entry("brings", name, node, "person"))
            garrison = f"{name}.garrison.{faction}"
            come = f"{men} if {held_by(name, faction, world)} else 0 persons"
            effects[garrison] = f"{garrison} + ({come})"
        if not isinstance(self.line.spec.delivers, Default):
            leader = _leader(faction, world)
            brought = f"{self.use('delivers')} * {_whole_force(faction, self.scene)}"
            effects[f"{leader}.unloading"] = f"{leader}.unloading + {brought}"
            effects[_reached(leader, arrival)] = "1"
        return effects


# Sharing out.


def _whole_force(faction: str, scene: Scene) -> str:
    """Make ``F.first_garrisons``: what a faction has at the start, in all places together."""
    name, parts, world = f"{faction}.first_garrisons", scene.parts, scene.world
    if name not in parts.names:
        present = (at_start(place, faction, world, parts) for place in world.places.values())
        terms = [term for term in present if term != _NOBODY_THERE]
        army = world.factions[faction]
        parts.gather(name, terms, _persons, army.key, army.path)
    return name


def _persons(terms: Iterable[str]) -> str:
    return total(terms, _NOBODY_THERE)


def _reached(leader: str, place: str) -> str:
    """Return the name of the flag that what is being shared out gets to a place."""
    return f"{leader}.reaches.{place}"


def _within_reach(arrivals: Iterable[Place], faction: str, world: World) -> dict[str, Place]:
    """Return the places that roads join to where shipments arrive, and the side may hold."""
    found: dict[str, Place] = {}
    todo = list(arrivals)
    while todo:
        place = todo.pop(0)
        if place.name not in found:
            found[place.name] = place
            todo += [there for _, there in _next_to(place, faction, world)]
    return {name: place for name, place in world.places.items() if name in found}


def _next_to(place: Place, faction: str, world: World) -> Iterator[tuple[Route, Place]]:
    """Yield the roads out of a place for a side, with the places that it may hold there."""
    side = world.side(faction)
    for route in world.routes.values():
        if place.name in route.ends and route.kind in MARCHED and any(map(route.may_use, side)):
            a, b = route.ends
            there = world.places[b if place.name == a else a]
            if there.kind != "source" and set(side) & set(could_hold(there, world)):
                yield route, there


def _share_out(leader: str, arrivals: list[Place], scene: Scene) -> None:
    """Make what shares deliveries out over the places of a side."""
    world, parts, army = scene.world, scene.parts, scene.world.factions[leader]
    at, path, places = army.key, army.path, _within_reach(arrivals, leader, world)
    unloading, ration, fed = f"{leader}.unloading", f"{leader}.ration", f"{leader}.fed"
    parts.variable(unloading, at, path, real=["0", "inf"], unit="person * day", initial="0")
    for name in places:
        parts.variable(_reached(leader, name), at, path, integer=["0", "1"], initial="0")
    new = _spread(leader, places, scene)
    if new:
        parts.transition(
            f"{leader}.supply_spreads", at, path,
            immediate="true", priority=str(_SPREADS),
            when=f"{unloading} > 0 and ({new})",
            then={
                _reached(leader, name): f"{_reached(leader, name)} + {leader}.next.{name}"
                for name, place in places.items()
                if f"{leader}.next.{name}" in parts.names
            },
        )  # fmt: skip
    eating = [f"{p}.defence if {_reached(leader, p)} == 1 else {_NOBODY_THERE}" for p in places]
    parts.gather(fed, eating, _persons, at, path)
    parts.define(ration, f"{unloading} / max({fed}, 1 person)", at, path)
    effects = {unloading: "0"}
    for name, place in places.items():
        reached = _reached(leader, name)
        more = f"{ration} * {scene.demand(place)} if {reached} == 1 else 0 days"
        effects |= {**scene.stocked(place, more), reached: "0"}
    parts.transition(
        f"{leader}.supply_unloads", at, path,
        immediate="true", priority=str(_UNLOADS), when=f"{unloading} > 0", then=effects,
    )  # fmt: skip


def _spread(leader: str, places: Mapping[str, Place], scene: Scene) -> str:
    """Make ``F.next.P``: what is shared out gets to a place next; return whether to any."""
    army, found = scene.world.factions[leader], []
    for name, place in places.items():
        roads = [
            f"{_reached(leader, there.name)} == 1 and {route.name}.status != cut"
            for route, there in _next_to(place, leader, scene.world)
            if there.name in places
        ]
        if roads:
            found.append(f"{leader}.next.{name}")
            held = held_by(name, leader, scene.world)
            is_next = all_of([f"{_reached(leader, name)} == 0", held, any_of(roads)])
            scene.parts.define(found[-1], is_next, army.key, army.path)
    return any_of(found) if found else ""
