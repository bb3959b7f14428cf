"""What is there before anything moves: the names of factions, places, routes and links.

Every value becomes a parameter under its own path (``places.homs.garrison.government``), every
state a variable or a definition under its dotted name (``homs.control``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.values import Faults, Map, Node
from sim.world.geography import DETOUR, simple_ways
from sim.world.model import MARCHED, NOBODY, Faction, Link, Place, Route, World
from sim.world.parts import Given, Parts, all_of, any_of, total
from sim.world.quantities import Default
from sim.world.written import written

#: Causes of a fall.
CAUSES = ("assault", "collapse", "deal", "siege", "withdraw", "uprising", "walkover")
#: Parts of ``shock_memory`` in which shock and freshness decay, step by step.
DECAY_STEPS = 4
MOST_WAYS = 200


def frame(world: World, faults: Faults) -> Parts:
    """Return the parts that stand for a world in which nothing happens yet."""
    parts = Parts()
    parts.lists = {
        "places": list(world.places),
        "factions": list(world.factions),
        "routes": list(world.routes),
    }
    for faction in world.factions.values():
        _faction(faction, world, parts)
    for place in world.places.values():
        _place(place, world, parts)
    for route in world.routes.values():
        _route(route, world, parts)
    for place in world.places.values():
        _situation(place, world, parts)
    for faction in world.fronts():
        _faction_over_places(faction, world, parts)
    for link in world.links.values():
        _link(link, world, parts, faults)
    _watched(world, parts)
    for given in written(world):
        parts.use(given)
    return parts


# Factions.


def _faction(faction: Faction, world: World, parts: Parts) -> None:
    name, at, path = faction.name, faction.key, faction.path
    if faction.role == "patron":
        parts.variable(f"{name}.stance", at, path, states=["committed", "reduced", "left"])
    if not faction.holds_fronts:
        return
    cohesion = parts.use(faction.given("cohesion"))
    parts.variable(f"{name}.cohesion", at, path, real=["0", "1"], initial=cohesion)
    shock = total(_losses(faction, world, parts))
    parts.variable(f"{name}.shock", at, path, real=["0", "inf"], initial=shock)
    parts.variable(f"{name}.collapsed", at, path, integer=["0", "1"], initial="0")
    fading = f"exp(-1 / {DECAY_STEPS})"
    parts.transition(
        f"{name}.shock_fades",
        at,
        path,
        when=f"{name}.shock > 0",
        every=f"{parts.use(faction.given('shock_memory'))} / {DECAY_STEPS}",
        then={f"{name}.shock": f"{name}.shock * {fading}"},
    )
    _support(faction, parts)


def _losses(faction: Faction, world: World, parts: Parts) -> Iterator[str]:
    """Yield what each place lost before the start still adds to shock."""
    memory = parts.use(faction.given("shock_memory"))
    for number, (name, days, weight) in enumerate(faction.losses, 1):
        if weight is not None:
            path = f"{faction.path}.losses.{number}.weight"
            of = parts.use(Given(path, weight, "factor", faction.key, faction.note))
        else:
            of = parts.use(world.places[name].weight) if name in world.places else "1"
        yield f"{of} * exp(-({days!r} days) / {memory})"


def _support(faction: Faction, parts: Parts) -> None:
    """Make what patrons give, and what the faction feels of it."""
    name, at, path = faction.name, faction.key, faction.path
    terms, leaning = [], []
    for patron, (support, reliance) in faction.patrons.items():
        now, by = f"{name}.support.{patron}", f"{path}.patrons.{patron}"
        given = parts.use(Given(f"{by}.support", support, "probability", at, faction.note))
        leans = parts.use(Given(f"{by}.reliance", reliance, "probability", at, faction.note))
        parts.variable(now, at, by, real=["0", "1"], initial=given)
        terms.append(f"{now} * {leans}")
        leaning.append(leans)
    felt = f"{total(terms)} + (1 - ({total(leaning)}))" if terms else "1"
    parts.define(f"{name}.support", f"clip({felt}, 0, 1)", at, path)


def _faction_over_places(faction: Faction, world: World, parts: Parts) -> None:
    name = faction.name
    held = [p.name for p in world.places.values() if name in could_hold(p, world)]
    counted = [f"1 if {place}.control == {name} else 0" for place in held]
    stocks = [f"{place}.supply if {place}.control == {name} else 0 days" for place in held]
    at, path = faction.key, faction.path
    parts.gather(f"{name}.n_places", counted, total, at, path)
    parts.gather(f"{name}.stocks", stocks, lambda some: total(some, "0 days"), at, path)
    parts.define(f"{name}.supply", f"{name}.stocks / max(1, {name}.n_places)", at, path)


# Places.


def could_hold(place: Place, world: World) -> tuple[str, ...]:
    """Return who may ever hold a place, fronts first: expressions tell only these apart."""
    held = [h for h in place.holders if h != NOBODY]
    comers = None if world.comers is None else {*world.comers.get(place.name, ()), *held}
    fronts = [f.name for f in world.fronts() if comers is None or f.name in comers]
    return tuple(dict.fromkeys([*fronts, *held]))


def garrisons(place: Place, world: World) -> tuple[str, ...]:
    """Return the factions that may have a garrison in a place: those of whom one may hold it."""
    sides = {one for holder in could_hold(place, world) for one in world.side(holder)}
    fronts = [f.name for f in world.fronts() if f.name in sides]
    return tuple(dict.fromkeys([*fronts, *map(str, place.spec.garrison or ())]))


def _place(place: Place, world: World, parts: Parts) -> None:
    name, at, path = place.name, place.key, place.path
    # Every label and every garrison has its name, whether anything but the file may ask for it.
    fronts = [f.name for f in world.fronts()]
    who = dict.fromkeys([NOBODY, *fronts, *could_hold(place, world)])
    control = _label(place.spec.control, f"{path}.control", place, parts)
    attacker = str(place.spec.attacker or NOBODY)
    parts.variable(f"{name}.control", at, path, states=list(who), initial=control)
    parts.variable(f"{name}.attacker", at, path, states=[NOBODY, *fronts], initial=attacker)
    parts.variable(f"{name}.fell_by", at, path, states=["none", *CAUSES])
    for faction in dict.fromkeys([*fronts, *garrisons(place, world)]):
        present = at_start(place, faction, world, parts)
        parts.variable(
            f"{name}.garrison.{faction}",
            at,
            path,
            real=["0", "inf"],
            unit="person",
            initial=present,
        )
    memory = _memory(place, world, parts)
    fresh = f"exp(-({place.contact_days!r} days) / ({memory}))" if place.spec.attacker else "0"
    parts.variable(f"{name}.fresh", at, path, real=["0", "1"], initial=fresh)
    since = f"-({place.contact_days!r} days)" if place.spec.attacker else "-1000 days"
    parts.variable(f"{name}.contact_at", at, path, real=["-inf", "inf"], unit="day", initial=since)
    _stock(place, world, parts)
    people = parts.use(place.given("population"))
    parts.variable(f"{name}.population", at, path, real=["0", "inf"], unit="person", initial=people)
    fled = parts.use(place.given("displaced"))
    parts.variable(f"{name}.displaced", at, path, real=["0", "inf"], unit="person", initial=fled)


def _memory(place: Place, world: World, parts: Parts) -> str:
    """Return how long whoever holds a place at the start remembers a shock."""
    memory = "3 days"
    for faction in world.fronts():
        if place.spec.attacker and faction.name in place.holders:
            own = parts.use(faction.given("shock_memory"))
            is_certain = place.holder == faction.name
            holds = f"{place.path}.control == {faction.name}"
            memory = own if is_certain else f"{own} if {holds} else ({memory})"
    return memory


def at_start(place: Place, faction: str, world: World, parts: Parts) -> str:
    """Return the garrison of a faction at the start: what is there of it, if it may be there.

    Where somebody else turns out to hold the place, with no tie to the faction, there is none.
    """
    written = place.spec.garrison or {}
    if faction not in written:
        return "0 persons"
    nominal = parts.use(place.entry("garrison", faction, written[faction], "person"))
    share = _share_present(place, faction, world, parts)
    present = f"{nominal} * {share}" if share else nominal
    if place.holder is not None:
        is_there = place.holder != NOBODY and (
            place.holder in world.side(faction) or faction in world.side(place.holder)
        )
        return present if is_there else "0 persons"
    control = f"{place.path}.control"
    friends = [h for h in place.holders if h != NOBODY and faction in world.side(h)]
    if not friends:
        return "0 persons"
    return f"{present} if {any_of(f'{control} == {h}' for h in friends)} else 0 persons"


def _share_present(place: Place, faction: str, world: World, parts: Parts) -> str:
    written = place.spec.present_fraction or {}
    if faction in written:
        return parts.use(place.entry("present_fraction", faction, written[faction], "probability"))
    if world.factions[faction].holds_fronts:
        return parts.use(world.factions[faction].given("present_fraction"))
    return ""


def _stock(place: Place, world: World, parts: Parts) -> None:
    """Make the stock of a place: its own, or that of whoever holds it at the start."""
    name, at, path = place.name, place.key, place.path
    fronts = [f for f in world.fronts() if f.name in place.holders]
    if place.spec.supply is not None:
        stock = parts.use(place.given("supply"))
    elif place.holder is not None and fronts:
        stock = parts.use(fronts[0].given("supply"))
    else:
        stock = "0 days"
        for faction in fronts:
            own = parts.use(faction.given("supply"))
            stock = f"{own} if {path}.control == {faction.name} else ({stock})"
    parts.variable(f"{name}.supply", at, path, real=["0 days", "inf"], initial=stock)
    deficit = "0"
    for faction in world.fronts():
        below = parts.use(faction.given("deficit_below"))
        short = f"clip(1 - {name}.supply / {below}, 0, 1)"
        deficit = f"{short} if {name}.control == {faction.name} else ({deficit})"
    parts.define(f"{name}.deficit", deficit, at, path)


def _label(node: Node, path: str, of: Place | Route, parts: Parts) -> str | Node:
    """Return a label at the start; one that is drawn, or has remarks, becomes a parameter."""
    if isinstance(node, Map):
        return parts.use(Given(path, node, "", of.key, of.note))
    return node


def _situation(place: Place, world: World, parts: Parts) -> None:
    """Say whether a place is cut off; who threatens it is for the scene, which knows the axes."""
    name, at, path = place.name, place.key, place.path
    network = world.network(tuple(MARCHED))
    ways = []
    for route, there in network.get(name, ()):
        together = (
            f"{name}.control == {holder} and ({held_by(there, holder, world)})"
            for holder in could_hold(place, world)
            if world.routes[route].may_use(holder)
        )
        ways.append(f"{route}.status != cut and ({any_of(together)})")
    parts.define(
        f"{name}.encircled", f"{name}.control != {NOBODY} and not ({any_of(ways)})", at, path
    )


def held_by(place: str, faction: str, world: World) -> str:
    """Return the condition that a place is held by a faction or its side."""
    could = could_hold(world.places[place], world)
    return any_of(f"{place}.control == {one}" for one in world.side(faction) if one in could)


# What is watched without being asked for: who holds what, and what is left to live on.


def _watched(world: World, parts: Parts) -> None:
    for place in world.places.values():
        control = f"{place.name}.control"
        parts.part("watch", control, control, place.key, place.path)
    for faction in world.fronts():
        if any(faction.name in could_hold(place, world) for place in world.places.values()):
            stock = f"{faction.name}.supply"
            parts.part("watch", stock, stock, faction.key, faction.path)


# Routes and links.


def _route(route: Route, world: World, parts: Parts) -> None:
    at, path = route.key, route.path
    status = route.spec.status
    states = ["open", "bypass", "cut"]
    initial = "open" if status is None else _label(status, f"{path}.status", route, parts)
    parts.variable(f"{route.name}.status", at, path, states=states, initial=initial)


def length(route: Route, parts: Parts) -> str:
    """Return the name of a route's length."""
    if route.spec.km is not None:
        return parts.use(route.given("km"))
    assert route.straight is not None
    usual = Default(f"{DETOUR * route.straight:.1f} km", "C", "1.25 times the great circle")
    return parts.use(route.quantity("km", usual))


def _link(link: Link, world: World, parts: Parts, faults: Faults) -> None:
    """Compile a link to its ways; it is open where one of them is."""
    faction, at, path = str(link.spec.for_), link.key, link.path
    network = world.network(link.kinds, faction)
    ends = frozenset(map(str, link.spec.to))
    names, rooms = [], []
    for number, way in enumerate(simple_ways(network, str(link.spec.from_), ends)):
        if number == MOST_WAYS:
            message = f"the link '{link.name}' has more than {MOST_WAYS} ways"
            hint = "name fewer kinds of routes, or a nearer end"
            faults.add("too-many-ways", message, at, path, hint=hint)
            return
        start = held_by(str(link.spec.from_), faction, world)
        steps = [start]
        for route, there in way:
            steps += [f"{route}.status != cut", held_by(there, faction, world)]
        name = f"{link.name}.way.{number + 1}"
        parts.define(name, all_of(steps), at, path)
        names.append(name)
        rooms.append(f"({_narrowest(way, world, parts)}) if {name} else 0")
    if not names:
        message = f"no route leads from '{link.spec.from_}' to {' or '.join(sorted(ends))}"
        hint = f"kinds of route that count: {', '.join(link.kinds)}"
        faults.add("no-way", message, at, path, hint=hint)
        return
    parts.gather(f"{link.name}.open", names, any_of, at, path)
    parts.gather(f"{link.name}.capacity", rooms, _greatest, at, path)


def _narrowest(way: Sequence[tuple[str, str]], world: World, parts: Parts) -> str:
    """Return the capacity of a way: that of its narrowest route."""
    rooms = []
    for name, _ in way:
        route = world.routes[name]
        share = parts.use(route.given("bypass_share"))
        full = "inf" if route.spec.capacity is None else parts.use(route.given("capacity"))
        rooms.append(f"({full}) * ({share} if {name}.status == bypass else 1)")
    return f"min({', '.join(rooms)})" if len(rooms) > 1 else rooms[0]


def _greatest(terms: Sequence[str]) -> str:
    return f"max({', '.join(terms)})" if len(terms) > 1 else terms[0]
