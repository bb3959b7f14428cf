"""Who comes to a place that is given up: its attacker, else an enemy next door.

An enemy next door holds a place to which an open road leads from there, on which he may march: no
axis has to lead here, since nobody has to fight for what is handed over. Of several, the one comes
who may hold the nearest of these places. Who has collapsed comes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sim.world.frame import could_hold
from sim.world.model import MARCHED, NOBODY, Place, World
from sim.world.parts import all_of, any_of

if TYPE_CHECKING:
    from sim.world.scene import Scene


def next_door(world: World, comers: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield (place, faction) where an enemy may take a place from next door.

    From where he may hold a place by ``comers``, but not, in turn, from places that he may take in
    this way: else anybody might come to hold any place, and every expression would tell them apart.
    """
    may_hold = {name: {*comers[name], *place.holders} for name, place in world.places.items()}
    for place in world.places.values():
        holders = may_hold[place.name]
        for faction in place.attackers:
            steps = world.network(tuple(MARCHED), faction)[place.name]
            if any(world.are_hostile(faction, holder) for holder in holders) and any(
                faction in may_hold[there] for _, there in steps
            ):
                yield place.name, faction


def neighbours(place: Place, world: World) -> dict[str, list[tuple[str, str]]]:
    """Return who may come from next door, nearest first: each with his roads and where they begin.

    Only those of whom ``world.comers`` says that they may hold the place.
    """
    found: dict[str, list[tuple[float, str, str]]] = {}
    holders = could_hold(place, world)
    for faction in place.attackers:
        if faction in holders and any(world.are_hostile(faction, other) for other in holders):
            for route, there in world.network(tuple(MARCHED), faction)[place.name]:
                if faction in could_hold(world.places[there], world):
                    step = (world.routes[route].about_km, route, there)
                    found.setdefault(faction, []).append(step)
    nearest = sorted(found.items(), key=lambda item: min(item[1])[0])
    return {faction: [(r, there) for _, r, there in sorted(ways)] for faction, ways in nearest}


def comer(place: Place, scene: Scene) -> str:
    """Make ``P.comer``: who comes to a place, or nobody; empty if nobody ever can.

    ``P.near.F`` says whether F holds a place next door, by an open road.
    """
    name, near = f"{place.name}.comer", neighbours(place, scene.world)
    if not near and not scene.is_contested(place):
        return ""
    if name in scene.parts.names:
        return name
    found = NOBODY
    for faction, ways in reversed(near.items()):
        held = f"{place.name}.near.{faction}"
        opens = [f"{there}.control == {faction} and {road}.status != cut" for road, there in ways]
        scene.parts.gather(held, opens, any_of, place.key, place.path)
        comes = all_of([held, scene.is_active(faction), scene.is_hostile(place, faction)])
        found = f"{faction} if {comes} else ({found})"
    attacker = f"{place.name}.attacker"
    expression = f"{attacker} if {attacker} != {NOBODY} else ({found})" if near else attacker
    scene.parts.define(name, expression, place.key, place.path)
    return name


def comes(place: Place, faction: str, scene: Scene) -> bool:
    """Return whether a faction may ever be ``P.comer``."""
    is_attacker = faction == place.spec.attacker or bool(scene.columns_at(place.name, faction))
    return is_attacker or faction in neighbours(place, scene.world)
