"""Factions as they are read: whom they stand with, whom they fight, what they have lost."""

from __future__ import annotations

from collections.abc import Iterator

from sim.keys import validated
from sim.values import Items, Map, Node, Text, describe
from sim.world.model import NOBODY, Faction, World
from sim.world.reading import Entry, Reading, plain
from sim.world.specs import FactionSpec, LossSpec, PatronSpec

#: Keys of whoever holds fronts: others have nothing that they could be of.
_OF_FRONTS = (
    "cohesion",
    "cohesion_floor",
    "cohesion_recovery",
    "resolve",
    "shock_memory",
    "losses",
    "present_fraction",
    "supply",
    "deficit_below",
    "combat_consumption",
    "reserve",
    "patrons",
)


def read_faction(reading: Reading, entry: Entry) -> Faction:
    """Return a faction, without whatever of it is faulty."""
    spec, path = entry.spec, f"factions.{entry.key}"
    assert isinstance(spec, FactionSpec)
    spec = spec.model_copy(
        update={
            "capital": reading.named("places", spec.capital, f"{path}.capital"),
            "of": _leader(reading, entry, spec, path),
        }
    )
    _check_fronts(reading, entry, spec, path)
    return Faction(
        entry.key,
        spec,
        entry.note,
        patrons=_patrons(reading, entry, spec, path),
        losses=tuple(_losses(reading, spec, path)),
    )


def _leader(reading: Reading, entry: Entry, spec: FactionSpec, path: str) -> Text | None:
    """Return whose garrisons an ally joins."""
    key, is_ally = entry.key, spec.role == "ally"
    of: Text | None = spec.of
    if of is None:
        if is_ally and entry.is_whole:
            expected = "of: the faction whose garrisons it joins"
            message = f"'of' is missing in the ally '{key}'"
            reading.fault("missing-field", message, key, path, expected)
        return None
    problem = ""
    if of == key:
        problem = f"'{key}' is an ally of itself"
    elif not is_ally:
        problem = f"'{key}' is no ally: only allies are 'of' a faction"
    elif reading.known("factions", of, f"{path}.of"):
        role = reading.roles()[of]
        if role == "belligerent":
            return of
        problem = f"'{of}' has no allies: its role is '{role}'"
    if problem:
        hint = "" if is_ally else "role: ally"
        reading.fault("bad-ally", problem, of, f"{path}.of", "a belligerent", hint)
    return None


def _check_fronts(reading: Reading, entry: Entry, spec: FactionSpec, path: str) -> None:
    """Tell keys of fighters in a faction that does not fight."""
    if spec.role not in ("patron", "outsider"):
        return
    for name in _OF_FRONTS:
        if name in spec.model_fields_set and getattr(spec, name) is not None:
            why = f"a faction with the role '{spec.role}' holds no front"
            message = f"'{name}' of '{entry.key}': {why}"
            at = getattr(spec, name)
            expected = "a belligerent or an ally"
            reading.fault("no-front", message, at, f"{path}.{name}", expected)


def _patrons(
    reading: Reading, entry: Entry, spec: FactionSpec, path: str
) -> dict[str, tuple[Node, Node]]:
    found: dict[str, tuple[Node, Node]] = {}
    table = f"{path}.patrons"
    patrons = reading.by_faction(spec.patrons, table)
    for name, node in patrons.entries() if patrons is not None else ():
        place = f"{table}.{name}"
        patron, _ = validated(PatronSpec, node, place, f"patron '{name}'", reading.faults)
        if name == entry.key:
            reading.fault("bad-patron", f"'{name}' is its own patron", name, place)
        elif patron is not None:
            found[str(name)] = (patron.support, patron.reliance)
    leaning = sum(plain(reliance, "probability") or 0.0 for _, reliance in found.values())
    if leaning > 1.0 + 1e-9 and isinstance(spec.patrons, Map):
        at = spec.patrons.key(list(found)[-1])
        message = f"'{entry.key}' leans on its patrons with {leaning:g} in all"
        hint = "reliance is a share: what is left is its own"
        reading.fault("bad-patron", message, at, table, "reliances of at most 1 in all", hint)
    return found


def _losses(reading: Reading, spec: FactionSpec, path: str) -> Iterator[tuple[str, float, Node]]:
    """Yield the places that a faction has lost, with the days since and the weight."""
    for number, node in enumerate(spec.losses or (), 1):
        place = f"{path}.losses.{number}"
        loss, is_valid = validated(LossSpec, node, place, "a loss", reading.faults)
        if loss is not None and is_valid:
            yield str(loss.place), reading.days_before(loss.at, f"{place}.at"), loss.weight


# Between factions.


def read_hostile(reading: Reading, node: Node | None, world: World) -> None:
    """Take the pairs of factions that fight each other."""
    expected = "[[rebels, government]]"
    if node is None:
        return
    if not isinstance(node, Items):
        message = f"'hostile' is {describe(node)}"
        reading.fault("wrong-type", message, node, "hostile", expected)
        return
    for number, pair in enumerate(node, 1):
        path = f"hostile.{number}"
        if not isinstance(pair, Items) or len(pair) != 2:
            n = f", {len(pair)} long," if isinstance(pair, Items) else ""
            message = f"{describe(pair)}{n} where two factions belong"
            reading.fault("wrong-type", message, pair, path, expected)
            continue
        unknown = [name for name in pair if not reading.known("factions", name, path)]
        if not unknown:
            _add_pair(reading, pair, path, world)


def _add_pair(reading: Reading, pair: Items, path: str, world: World) -> None:
    a, b = map(str, pair)
    problem = ""
    if a == b:
        problem = f"'{a}' is hostile to itself"
    elif world.are_hostile(a, b):
        problem = f"'{a}' and '{b}' stand here twice"
    elif a in (world.factions[b].spec.of, b) or b == world.factions[a].spec.of:
        problem = f"'{a}' and '{b}' are hostile, and allies of each other"
    if problem:
        reading.fault("bad-hostile", problem, pair, path, "each two enemies once")
    else:
        world.hostile.add(frozenset({a, b}))


def check_capitals(reading: Reading, world: World) -> None:
    """Tell capitals of two factions, and those that somebody else holds."""
    owners: dict[str, str] = {}
    for faction in world.factions.values():
        capital = faction.spec.capital
        if capital is None:
            continue
        path, name = f"{faction.path}.capital", str(capital)
        holders = world.places[name].holders
        if name in owners:
            message = f"'{name}' is the capital of '{owners[name]}', too"
            reading.fault("bad-capital", message, capital, path, "one faction's capital")
        elif holders and not set(holders) & set(world.side(faction.name)):
            who = "nobody" if holders == (NOBODY,) else f"'{holders[0]}'"
            message = f"'{name}' is the capital of '{faction.name}', and {who} holds it"
            hint = "leave 'capital' out where it is lost already"
            reading.fault("bad-capital", message, capital, path, hint=hint)
        owners.setdefault(name, faction.name)
