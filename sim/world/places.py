"""Places as they are read: where they lie, who holds them, who is in them and who attacks them."""

from __future__ import annotations

from dataclasses import replace

from sim.values import Items, Node, Text
from sim.world.model import NOBODY, Place, World
from sim.world.reading import Entry, Reading, about, labels_of, plain
from sim.world.specs import TABLES, PlaceSpec


def read_place(reading: Reading, entry: Entry, world: World) -> Place:
    """Return a place, without whatever of it is faulty."""
    spec, path = entry.spec, f"places.{entry.key}"
    assert isinstance(spec, PlaceSpec)
    control, holders = _control(reading, entry, spec, f"{path}.control")
    spec = spec.model_copy(
        update={
            "control": control,
            "fallback": _fallback(reading, entry, spec, f"{path}.fallback"),
            "attackable_by": _attackable_by(reading, spec, f"{path}.attackable_by"),
            "attacker": reading.front(spec.attacker, f"{path}.attacker"),
            **{name: reading.by_faction(getattr(spec, name), f"{path}.{name}") for name in TABLES},
        }
    )
    place = Place(
        entry.key,
        spec,
        entry.note,
        where=_where(reading, spec.at, f"{path}.at"),
        population=about(spec.population, "person") or 0.0,
        holder=holders[0] if len(holders) == 1 else None,
        holders=holders,
        is_capital=any(f.spec.capital == entry.key for f in world.factions.values()),
    )
    place = replace(place, attackers=_attackers(place, world))
    _check_garrisons(reading, place, world)
    return replace(place, contact_days=_contact(reading, entry, place, world))


# Who holds it.


def _control(
    reading: Reading, entry: Entry, spec: PlaceSpec, path: str
) -> tuple[Node, tuple[str, ...]]:
    """Return who holds a place, as written, and whom that names; nobody after a fault."""

    def may_hold(name: Text) -> bool:
        return name == NOBODY or reading.known("factions", name, path)

    expected = "a faction, none, or {choice: {faction: weight}}"
    written = reading.label(spec.control, path, may_hold, expected)
    if written is None:
        return Text.made(NOBODY, entry.key), ()
    return written.node, labels_of(written)


def _check_garrisons(reading: Reading, place: Place, world: World) -> None:
    """Warn of a garrison that cannot be there, for the holder is nobody of its side."""
    if place.holder is None:
        return
    for name in place.spec.garrison or ():
        sides = {*world.side(str(name)), *(f for f in world.factions if name in world.side(f))}
        if place.holder in sides:
            continue
        who = "nobody" if place.holder == NOBODY else f"'{place.holder}'"
        message = f"the garrison of '{name}' is not in '{place.name}' at the start: {who} holds it"
        at, path = place.spec.garrison.key(name), f"{place.path}.garrison.{name}"
        hint = "garrisons are those of whoever holds the place, and of that side"
        reading.faults.add("idle-garrison", message, at, path, hint=hint, severity="warning")


# Who attacks it.


def _attackable_by(reading: Reading, spec: PlaceSpec, path: str) -> Items | None:
    nodes = reading.list_of("factions", spec.attackable_by, path)
    if nodes is None:
        return None
    fronts = [node for node in nodes if isinstance(node, Text) and reading.front(node, path)]
    return Items.of(fronts, nodes.position)


def _attackers(place: Place, world: World) -> tuple[str, ...]:
    """Return who may attack a place: whoever fights, and is hostile to anybody."""
    if place.kind == "source":
        return ()
    if place.spec.attackable_by is not None:
        return tuple(map(str, place.spec.attackable_by))
    fronts = (faction.name for faction in world.fronts())
    return tuple(f for f in fronts if any(world.are_hostile(f, other) for other in world.factions))


def _contact(reading: Reading, entry: Entry, place: Place, world: World) -> float:
    """Return the days since an attacker has been in contact."""
    spec, path = place.spec, place.path
    attacker = spec.attacker
    if attacker is None:
        is_missing = getattr(entry.spec, "attacker", None) is None and entry.is_whole
        if spec.contact_since is not None and is_missing:
            message = f"'contact_since' without an 'attacker' in place '{place.name}'"
            at = f"{path}.contact_since"
            reading.fault("missing-field", message, spec.contact_since, at, "attacker: rebels")
        return 0.0
    at = f"{path}.attacker"
    holders = [holder for holder in place.holders if holder != NOBODY]
    for holder in holders or place.holders:
        if not world.are_hostile(attacker, holder):
            who = "nobody holds it" if holder == NOBODY else f"'{holder}' is not hostile to it"
            message = f"'{attacker}' is in contact with '{place.name}', and {who}"
            hint = "" if holder == NOBODY else f"hostile: [[{attacker}, {holder}]]"
            reading.fault("not-hostile", message, attacker, at, hint=hint)
            return 0.0
    if attacker not in place.attackers:
        why = "a source" if place.kind == "source" else "'attackable_by' does not name it"
        message = f"'{attacker}' cannot attack '{place.name}': {why}"
        reading.fault("not-attackable", message, attacker, at)
    return reading.days_before(spec.contact_since, f"{path}.contact_since")


def _fallback(reading: Reading, entry: Entry, spec: PlaceSpec, path: str) -> Items | None:
    nodes = reading.list_of("places", spec.fallback, path)
    if nodes is None:
        return None
    for node in nodes:
        if node == entry.key:
            message = f"'{entry.key}' is its own fallback"
            reading.fault("bad-fallback", message, node, path, "other places")
    return Items.of([node for node in nodes if node != entry.key], nodes.position)


# Where it lies.


def _where(reading: Reading, node: Items | None, path: str) -> tuple[float, float] | None:
    if node is None:
        return None
    numbers = [number for item in node if (number := plain(item, "number")) is not None]
    if len(node) == len(numbers) == 2:
        lat, lon = numbers
        if abs(lat) <= 90.0 and abs(lon) <= 180.0:
            return lat, lon
    shown = "[" + ", ".join(str(n) if isinstance(n, Text) else "..." for n in node) + "]"
    expected = "[latitude, longitude] in degrees: [34.73, 36.71]"
    reading.fault("bad-coordinates", f"{shown} is no place on earth", node, path, expected)
    return None
