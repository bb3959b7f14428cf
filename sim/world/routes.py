"""Routes and links as they are read: what joins two places, and questions about ways."""

from __future__ import annotations

from sim.errors import did_you_mean, one_of
from sim.keys import validated
from sim.values import Items, Node, Text
from sim.world.geography import SHORTEST, great_circle
from sim.world.model import Link, Place, Route, World
from sim.world.reading import Entry, Reading, about
from sim.world.specs import ROUTE_KINDS, STATUSES, BridgeSpec, LinkSpec, RouteSpec

#: What a place needs at the end of a route.
_LANDINGS = {"air": "airfield", "sea": "port"}
#: Metres of a bridge of which nothing is said: short.
_SHORT = 1.0


def read_route(reading: Reading, entry: Entry, world: World) -> Route | None:
    """Return a route; None if it joins no two places."""
    spec, path = entry.spec, f"routes.{entry.key}"
    assert isinstance(spec, RouteSpec)
    spec = spec.model_copy(
        update={
            "status": _status(reading, spec, f"{path}.status"),
            "open_to": reading.list_of("factions", spec.open_to, f"{path}.open_to"),
        }
    )
    span = _span(reading, spec, path)
    ends = _ends(reading, spec.between, f"{path}.between")
    if ends is None:
        return None
    a, b = (world.places[str(name)] for name in ends)
    for node, place in zip(ends, (a, b), strict=True):
        _check_landing(reading, node, place, spec, path)
    straight = great_circle(a.where, b.where) if a.where and b.where else None
    km = about(spec.km, "km")
    if straight is not None and km is not None:
        _check_length(reading, spec, km, straight, path)
    if straight is None and spec.km is None:
        _tell_no_length(reading, entry, (a, b))
        straight = 1.0
    ways = (a.name, b.name)
    return Route(entry.key, spec, entry.note, ends=ways, straight=straight, plain_km=km, span=span)


def _status(reading: Reading, spec: RouteSpec, path: str) -> Node | None:
    """Return the status at the start as written; None (open) after a fault."""

    def is_status(name: Text) -> bool:
        if name in STATUSES:
            return True
        message, hint = f"'{name}' is no status of a route", did_you_mean(name, STATUSES)
        reading.fault("unknown-label", message, name, path, one_of(STATUSES), hint)
        return False

    expected = "open, bypass, cut, or {choice: {open: weight, cut: weight}}"
    written = reading.label(spec.status, path, is_status, expected)
    return None if written is None else written.node


def _ends(reading: Reading, between: Items | None, path: str) -> tuple[Text, Text] | None:
    if between is None:
        return None
    known = [n for n in between if reading.known("places", n, path) and isinstance(n, Text)]
    if len(known) < len(between):
        return None
    if len(known) == 2 and known[0] != known[1]:
        return known[0], known[1]
    shown = "[" + ", ".join(known) + "]"
    message = f"a route joins two places, not {shown}"
    reading.fault("bad-route", message, between, path, "two places, such as [homs, tartus]")
    return None


def _check_landing(reading: Reading, node: Text, place: Place, spec: RouteSpec, path: str) -> None:
    """Tell an air route that ends where nothing lands, or a sea route inland."""
    needed = _LANDINGS.get(spec.kind or "road")
    if needed and place.kind != "source" and not getattr(place.spec, needed):
        message = f"the {spec.kind} route ends at '{place.name}', which has no {needed}"
        hint = f"{needed}: yes"
        reading.fault("bad-route", message, node, f"{path}.between", hint=hint)


def _check_length(reading: Reading, spec: RouteSpec, km: float, straight: float, path: str) -> None:
    if 0.0 <= km < SHORTEST * straight:
        message = f"{km:g} km is shorter than the great circle, {straight:.0f} km"
        expected = f"at least {SHORTEST * straight:.0f} km"
        reading.fault("too-short", message, spec.km, f"{path}.km", expected)


def _tell_no_length(reading: Reading, entry: Entry, ends: tuple[Place, Place]) -> None:
    """Tell a route of unknown length, unless a fault told before is why."""
    if not entry.is_whole or any(place.spec.at and not place.where for place in ends):
        return
    off = " and ".join(f"'{place.name}'" for place in ends if not place.where)
    message = f"the length of the route '{entry.key}' is unknown: {off} has no 'at'"
    expected = "km: its length, or 'at' of both places"
    reading.fault("missing-field", message, entry.key, f"routes.{entry.key}", expected)


def _span(reading: Reading, spec: RouteSpec, path: str) -> float:
    """Return about how many metres of bridge a route has."""
    if spec.bridge is None:
        return 0.0
    if spec.kind in _LANDINGS:
        message = f"a bridge on a route by {spec.kind}"
        reading.fault("bad-route", message, spec.bridge, f"{path}.bridge")
    owner = f"the bridge of '{path}'"
    bridge, _ = validated(BridgeSpec, spec.bridge, f"{path}.bridge", owner, reading.faults)
    return (about(bridge.span, "m") if bridge is not None else None) or _SHORT


# Links.


def read_link(reading: Reading, entry: Entry) -> Link | None:
    """Return a link; None after a fault, or where faults elsewhere hide what it may pass."""
    spec, path = entry.spec, f"links.{entry.key}"
    assert isinstance(spec, LinkSpec)
    is_good = _are_kinds(reading, spec, f"{path}.kinds")
    is_good &= reading.named("factions", spec.for_, f"{path}.for") is not None
    start = reading.named("places", spec.from_, f"{path}.from")
    ends = reading.list_of("places", spec.to, f"{path}.to")
    if ends is not None and not spec.to:
        message = f"the link '{entry.key}' leads nowhere"
        reading.fault("bad-link", message, spec.to, f"{path}.to", "[tartus, latakia]")
    for end in ends or ():
        if end == spec.from_:
            message = f"the link leads from '{end}' to itself"
            reading.fault("bad-link", message, end, f"{path}.to", "other places")
            is_good = False
    is_hidden = any(map(reading.is_lost, ("factions", "places", "routes")))
    if not is_good or is_hidden or start is None or not ends:
        return None
    return Link(entry.key, spec.model_copy(update={"to": ends}), entry.note)


def _are_kinds(reading: Reading, spec: LinkSpec, path: str) -> bool:
    """Return whether a link names kinds of routes; tell what is none."""
    if spec.kinds is None:
        return True
    expected = one_of(ROUTE_KINDS)
    if not spec.kinds:
        reading.fault("bad-link", "no kind of route will do", spec.kinds, path, expected)
    unknown = [kind for kind in spec.kinds if kind not in ROUTE_KINDS]
    for kind in unknown:
        shown = f"'{kind}'" if isinstance(kind, Text) else "this"
        hint = did_you_mean(str(kind), ROUTE_KINDS)
        message = f"{shown} is no kind of route"
        reading.fault("unknown-kind", message, kind, path, expected, hint)
    return bool(spec.kinds) and not unknown
