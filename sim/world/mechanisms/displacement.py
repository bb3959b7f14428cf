"""``displacement``: people flee from a threatened place to the nearest that is safe.

    d displaced / dt = rate x people left,   so   displaced(t) = people (1 - exp(-rate t))

while the place is threatened and a road out of it is open; ``rate`` is judgement. They go step by
step: a clock of work 0.05 burns at ``rate``, and each time 1 - exp(-0.05) of those who are left go,
so after each step the formula holds exactly, in between it is at most a twentieth behind, and a
place costs at most 93 events, however long the war: when a hundredth is left, these stay. Steps
of a day would cost more where people are slow, and miss most of a threat that lasts hours.

People leave ``P.population``, ``P.displaced`` counts them (those of before the start included), and
they join the population of the first place of ``to`` that is safe, or of the four nearest cities
and towns by road: one that is not threatened and held by the same side. Where none is, they
leave the map.

- A process that names places (``from``) is a flow of its own from there, in place of the usual one:
  several may start from one place, each to where it goes.
- ``share: F`` moves those who lived there at the start and stand behind F (``alignment``). Safe is
  where F's side holds, and they flee from a place that enemies of F hold as from a threatened one.
- The usual flow exists where people are said to live and somebody attacks at the start, or an
  advance passes: nothing else threatens a place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sim.keys import Line, Names, Some, Value, a_key
from sim.values import Faults, Items, Node
from sim.world.frame import could_hold, held_by
from sim.world.geography import distances
from sim.world.mechanisms.process import Process, ProcessSpec, Settings
from sim.world.model import MARCHED, Place, World
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Effects, Scene

#: Of the logarithm of how many are left.
STEP = 0.05
#: The share that stays in any case.
STAYS = "0.01"
#: Places that are looked at as refuges, where none are named.
MOST_REFUGES = 4


class Displacement(ProcessSpec):
    """People flee."""

    KIND = "displacement"
    EVERY = "places"
    WHERE = "from_"
    REFERENCES = {"from_": "places", "to": "places", "share": "factions"}  # noqa: RUF012
    EXAMPLE = """
title: A twentieth a day of those who are left
clock: {horizon: 60 days}
factions: {army: {}, rebels: {}}
hostile: [[army, rebels]]
places:
  city: {control: army, population: 100000, attacker: rebels, garrison: {army: 1000}}
  haven: {control: army, population: 50000}
routes: {road: {between: [city, haven], km: 40}}
processes:
  no_assault: {kind: assault, off: yes}
  no_collapse: {kind: collapse, off: yes}
  no_siege: {kind: siege, off: yes}
  flight: {kind: displacement, rate: 0.05 / day}
outcomes: {tenth: city.displaced >= 10000 persons, doubled: haven.population >= 100000 persons}
watch: {fled: city.displaced}
"""

    from_: Some = a_key(
        "From where: all, or a list", "[homs]", default="all that are threatened", alias="from"
    )
    to: Names = a_key(
        "Where to, the first that is safe; [] leaves the country",
        "[tartus, latakia]",
        default="nearest safe cities and towns",
    )
    rate: Value = quantity(
        "Of those who are left, while it is threatened",
        "1/day",
        Default({"lognormal": {"median": "0.03 / day", "sigma": "1"}}),
    )
    share: Line = a_key("Who flees: all, or those behind a faction", "government", default="all")

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a place from which nobody can flee, and one that is where they flee from."""
        path = f"{process.path}.from"
        named = process.spec.from_
        for name in named if isinstance(named, Items) else ():
            if not _has_people(world.places[str(name)]):
                hint = f"places.{name}.population"
                faults.add(
                    "no-people", f"nobody is said to live in '{name}'", name, path, hint=hint
                )
            if name in (process.spec.to or ()):
                message = f"'{name}' is where they go and where they come from"
                faults.add("bad-move", message, name, path)

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the flows of people from one place."""
        own = [p for p in settings.chain if p.only is not None and not p.spec.off]
        usual = tuple(p for p in settings.chain if p.only is None)
        is_near_war = bool(scene.columns_at(at.name)) or at.spec.attacker is not None
        for process in reversed(own):
            flow = replace(settings, chain=(process, *usual))
            _Flow(f"{process.name}.{at.name}", at, flow, scene).expand()
        if not own and is_near_war and _has_people(at):
            _Flow(f"{at.name}.displacement", at, settings, scene).expand()


def _has_people(place: Place) -> bool:
    """Return whether people are said to live in a place."""
    return not isinstance(place.spec.population, Default)


@dataclass(frozen=True)
class _Flow:
    """People who flee from one place."""

    name: str
    place: Place
    settings: Settings
    scene: Scene

    def stated(self, key: str) -> Node | None:
        """Return a key that is no quantity, as the most particular process has it."""
        found = (getattr(p.spec, key) for p in self.settings.chain)
        return next((node for node in found if node is not None), None)

    @property
    def faction(self) -> str:
        """Behind whom they stand; empty for everybody."""
        share = self.stated("share")
        return "" if share in (None, "all") else str(share)

    def expand(self) -> None:
        """Add the clock of their steps."""
        place, settings = self.place, self.settings
        first, left = self.people()
        roads = self.scene.world.network(tuple(MARCHED))[place.name]
        way_out = [f"not {place.name}.encircled"] if roads else []
        self.scene.parts.transition(
            self.name,
            place.key,
            place.path,
            when=all_of(
                [self.danger(), *way_out, f"{left} > {STAYS} * {first}", *settings.conditions()]
            ),
            work=repr(STEP),
            pace=settings.use("rate"),
            memory="keep",
            then=self.step(left),
            says=settings.chain[0].says if settings.chain else None,
        )

    def people(self) -> tuple[str, str]:
        """Return how many they were at the start, and how many are left."""
        use, name = self.scene.parts.use, self.place.name
        people = use(self.place.given("population"))
        if not self.faction:
            return people, f"{name}.population"
        first = f"{people} * {self.scene.alignment(self.place, self.faction) or '0.5'}"
        # As many as the steps have left, rather than a variable of its own.
        return first, f"{first} * exp(-{STEP!r} * {self.name}.fired)"

    def danger(self) -> str:
        """Return the condition that they want to leave."""
        is_threatened = f"{self.place.name}.threatened"
        if not self.faction:
            return is_threatened
        return any_of([is_threatened, self.scene.is_hostile(self.place, self.faction)])

    def step(self, left: str) -> Effects:
        """Return what changes as a part of those who are left goes."""
        here = self.place.name
        go = f"{left} * {-math.expm1(-STEP)!r}"
        if self.faction:
            go = f"min({go}, {here}.population)"
        effects = {
            f"{here}.population": f"{here}.population - {go}",
            f"{here}.displaced": f"{here}.displaced + {go}",
        }
        taken: list[str] = []
        for there in self.refuges():
            is_chosen = all_of([self.is_safe(there), *(f"not ({other})" for other in taken)])
            taken.append(self.is_safe(there))
            people = f"{there.name}.population"
            effects[people] = f"{people} + ({go} if {is_chosen} else 0 persons)"
        return effects

    def is_safe(self, there: Place) -> str:
        """Return the condition that a place is safe for them."""
        world, here = self.scene.world, self.place
        if self.faction:
            is_friendly = held_by(there.name, self.faction, world)
        else:
            by = {h: held_by(there.name, h, world) for h in self.holders()}
            is_friendly = self.scene.by_holder(here, by, "true")
        return f"not {there.name}.threatened and ({is_friendly})"

    def holders(self) -> list[str]:
        """Return who may hold the place at the start."""
        return [
            name for name in could_hold(self.place, self.scene.world) if name in self.place.holders
        ]

    def refuges(self) -> list[Place]:
        """Return where they may go: as named, else the nearest places that friends may hold."""
        world, named = self.scene.world, self.stated("to")
        if named is not None:
            return [world.places[str(name)] for name in named]
        km = {route.name: route.about_km for route in world.routes.values()}
        far = distances(world.network(tuple(MARCHED)), km, self.place.name)
        of = [self.faction] if self.faction else self.holders()
        friends = {friend for name in of for friend in world.side(name)}
        near = [
            place
            for place in sorted(world.places.values(), key=lambda p: far.get(p.name, math.inf))
            if place.kind in ("city", "town")
            and place.name in far
            and place is not self.place
            and friends.intersection(place.holders)
        ]
        return near[:MOST_REFUGES]
