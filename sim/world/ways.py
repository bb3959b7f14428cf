"""Ways through places of one's own side: how far it is by the shortest that is open.

A road counts as long as it takes to march it: a track or a by-pass is as long as its pace is slow,
and a road that is cut, or does not lead from own place to own place, is infinitely long. So the
length of a way is the sum of its roads, the best way is the least of these, and a way is open where
that is finite. The roads are shared by all ways of a faction, so a way is one definition.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sim.world.frame import held_by, length
from sim.world.geography import shortest_ways
from sim.world.model import MARCHED, Faction, Place, Route, World
from sim.world.parts import Parts, all_of

#: Ways from one place to another that are looked at, the shortest: others are detours.
MOST_WAYS = 8


def road(route: Route, faction: Faction, world: World, parts: Parts) -> str:
    """Make ``F.road.R``: how long a road is for a faction, at the pace of a good one, in km."""
    name = f"{faction.name}.road.{route.name}"
    if name not in parts.names:
        share = parts.use(route.given("bypass_share"))
        pace = f"{MARCHED[route.kind]} * ({share} if {route.name}.status == bypass else 1)"
        ends = [held_by(end, faction.name, world) for end in route.ends]
        is_open = all_of([f"{route.name}.status != cut", *ends])
        km = f"{length(route, parts)} / ({pace}) if {is_open} else inf"
        parts.define(name, km, faction.key, faction.path)
    return name


def way(start: Place, end: Place, faction: Faction, world: World, parts: Parts) -> str:
    """Make ``F.way.A.B``: how far it is for a faction, in km; ``inf`` while no way is open."""
    faction = _first_of_its_side(faction, world)
    name = f"{faction.name}.way.{start.name}.{end.name}"
    if name not in parts.names:
        network = world.network(tuple(MARCHED), faction.name)
        km = {route.name: route.about_km for route in world.routes.values()}
        ways = shortest_ways(network, km, start.name, end.name)
        lengths = [
            " + ".join(road(world.routes[route], faction, world, parts) for route, _ in steps)
            for steps in itertools.islice(ways, MOST_WAYS)
        ]
        parts.gather(name, lengths, _least, faction.key, faction.path)
    return name


def way_in(place: Place, faction: Faction, world: World, parts: Parts) -> str:
    """Make ``F.way_in.P``: how far it is to the nearest place of its side, by one road, in km."""
    faction = _first_of_its_side(faction, world)
    name = f"{faction.name}.way_in.{place.name}"
    if name not in parts.names:
        steps = world.network(tuple(MARCHED), faction.name).get(place.name, ())
        lengths = [road(world.routes[route], faction, world, parts) for route, _ in steps]
        parts.gather(name, lengths, _least, faction.key, faction.path)
    return name


def _first_of_its_side(faction: Faction, world: World) -> Faction:
    """Return the faction whose ways are the same: those of an ally are, but for closed roads."""
    first = world.factions[world.side(faction.name)[0]]
    are_same = all(r.may_use(first.name) == r.may_use(faction.name) for r in world.routes.values())
    return first if are_same else faction


def are_joined(starts: Sequence[Place], ends: Sequence[Place], faction: str, world: World) -> bool:
    """Return whether any of some places has a way to any of some others, whoever holds them."""
    network = world.network(tuple(MARCHED), faction)
    seen, todo = set[str](), [place.name for place in starts]
    while todo:
        place = todo.pop()
        if place not in seen:
            seen.add(place)
            todo.extend(there for _, there in network.get(place, ()))
    return any(end.name in seen for end in ends)


def _least(lengths: Sequence[str]) -> str:
    if not lengths:
        return "inf km"
    return f"min({', '.join(lengths)})" if len(lengths) > 1 else lengths[0]
