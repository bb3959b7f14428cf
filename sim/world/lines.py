"""Supply lines as they are read: whom they supply, by which way, and what they bring."""

from __future__ import annotations

from sim.errors import one_of
from sim.values import Map, Node, Text
from sim.world.model import Place, Route, SupplyLine, World
from sim.world.reading import Entry, Reading
from sim.world.specs import SupplySpec

_CLOCKS = ("every", "rate")


def read_line(reading: Reading, entry: Entry, world: World) -> SupplyLine | None:
    """Return a supply line; None after a fault, or where faults elsewhere hide its way."""
    spec, path = entry.spec, f"supply.{entry.key}"
    assert isinstance(spec, SupplySpec)
    has_clock = _has_clock(reading, entry, spec, path)
    to = _receiver(reading, spec.to, f"{path}.to")
    is_led = _check_patron(reading, spec, f"{path}.patron")
    way = _way(reading, spec, path, world)
    if to is None or way is None or not is_led or not has_clock:
        return None
    routes, places = way
    _check_use(reading, spec, routes, path, world)
    fighters = _fighters(reading, spec.brings, places, f"{path}.brings")
    return SupplyLine(entry.key, spec, entry.note, routes, places, fighters)


def _has_clock(reading: Reading, entry: Entry, spec: SupplySpec, path: str) -> bool:
    """Return whether a line has one clock; tell if it has none, or two."""
    given = [name for name in _CLOCKS if getattr(spec, name) is not None]
    if len(given) == 2:
        message = f"'every' and 'rate' in the supply line '{entry.key}'"
        hint = "a timetable has 'every', shipments at random have 'rate'"
        reading.fault("two-clocks", message, spec.rate, f"{path}.rate", "one of them", hint)
    elif not given and entry.is_whole:
        message = f"nothing says when shipments of the supply line '{entry.key}' leave"
        expected = "every: a period, or rate: shipments at random"
        reading.fault("no-clock", message, entry.key, path, expected)
    return len(given) == 1


def _receiver(reading: Reading, name: Text | None, path: str) -> Text | None:
    """Return who is supplied: whoever has places with stocks and garrisons."""
    if reading.named("factions", name, path) is None or name is None:
        return None
    role = reading.roles()[name]
    if role in ("belligerent", "ally"):
        return name
    message = f"'{name}' has no front to supply: it is {role}"
    reading.fault("no-front", message, name, path, expected="a belligerent or an ally")
    return None


def _check_patron(reading: Reading, spec: SupplySpec, path: str) -> bool:
    """Return whether a line's patron may be that; tell one who can never leave."""
    if spec.patron is None:
        return True
    if not reading.known("factions", spec.patron, path):
        return False
    if reading.roles()[spec.patron] == "outsider":
        message = f"'{spec.patron}' is an outsider: it never leaves, and stops no line"
        reading.fault("bad-patron", message, spec.patron, path, hint="role: patron")
    return True


# The way.


def _way(
    reading: Reading, spec: SupplySpec, path: str, world: World
) -> tuple[tuple[Route, ...], tuple[Place, ...]] | None:
    """Return the routes and places of a line; None where they are not joined end to end."""
    start = reading.named("places", spec.from_, f"{path}.from")
    names = list(spec.via or ())
    if spec.via is not None and not names:
        message = "a supply line without a route"
        reading.fault("bad-supply", message, spec.via, f"{path}.via", "[sealift, coast_road]")
    are_known = [reading.known("routes", name, f"{path}.via") for name in names]
    is_known = all(are_known) and all(str(name) in world.routes for name in names)
    if start is None or not names or not is_known:
        return None
    routes = tuple(world.routes[str(name)] for name in names)
    places = [world.places[str(start)]]
    for name, route in zip(names, routes, strict=True):
        here = places[-1].name
        if here not in route.ends:
            _tell_gap(reading, name, route, here, f"{path}.via", world)
            return None
        a, b = route.ends
        places.append(world.places[b if here == a else a])
    return routes, tuple(places)


def _tell_gap(
    reading: Reading, name: Node, route: Route, here: str, path: str, world: World
) -> None:
    a, b = route.ends
    message = f"the route '{route.name}' joins '{a}' and '{b}', and shipments are at '{here}'"
    from_here = [route.name for route in world.routes.values() if here in route.ends]
    expected = one_of(from_here) if from_here else f"a route from '{here}'"
    reading.fault("bad-supply", message, name, path, expected, "routes join end to end")


def _check_use(
    reading: Reading, spec: SupplySpec, routes: tuple[Route, ...], path: str, world: World
) -> None:
    """Tell a route that nobody of the receiving side may use."""
    for name, route in zip(spec.via or (), routes, strict=True):
        if not any(map(route.may_use, world.side(str(spec.to)))):
            open_to = " and ".join(f"'{user}'" for user in route.spec.open_to) or "nobody"
            message = f"the route '{route.name}' is open to {open_to}, and not to '{spec.to}'"
            reading.fault("bad-supply", message, name, f"{path}.via")


def _fighters(
    reading: Reading, table: Map | None, places: tuple[Place, ...], path: str
) -> dict[str, Node]:
    """Return the fighters of a line by place; tell places that it does not lead to."""
    found: dict[str, Node] = {}
    on_the_way = [place.name for place in places[1:]]
    for name, node in table.entries() if table is not None else ():
        if not reading.known("places", name, f"{path}.{name}"):
            continue
        if str(name) in on_the_way:
            found[str(name)] = node
        else:
            message = f"the supply line does not lead to '{name}'"
            reading.fault("bad-supply", message, name, f"{path}.{name}", one_of(on_the_way))
    return found
