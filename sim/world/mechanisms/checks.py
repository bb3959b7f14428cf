"""Faults that processes of several kinds can have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.errors import one_of
from sim.values import Faults, Items, Node
from sim.world.mechanisms.process import Process
from sim.world.model import Place, World
from sim.world.ways import are_joined

if TYPE_CHECKING:
    from sim.world.scene import Scene


def needs_front(process: Process, world: World, faults: Faults) -> None:
    """Tell a faction that has no garrisons of its own: a patron, an outsider."""
    faction = world.factions[str(process.spec.faction)]
    if not faction.holds_fronts:
        message = f"'{faction.name}' holds no front: its role is '{faction.role}'"
        expected = one_of([front.name for front in world.fronts()])
        path = f"{process.path}.faction"
        faults.add("no-front", message, process.spec.faction, path, expected=expected)


def needs_names(process: Process, key: str, faults: Faults) -> None:
    """Tell a list that has to name something, and does not."""
    names: Items = getattr(process.spec, key)
    if not names:
        key = key.removesuffix("_")
        faults.add("empty-list", f"'{key}' is empty", names, f"{process.path}.{key}")


def needs_way(
    process: Process, at: Node, key: str, starts: Sequence[Place], ends: Sequence[Place],
    world: World, faults: Faults,
) -> None:  # fmt: skip
    """Tell places that no road joins, so that nobody ever gets from one to another."""
    faction = str(process.spec.faction)
    if starts and ends and not are_joined(starts, ends, faction, world):
        a, b = (" or ".join(f"'{place.name}'" for place in places) for places in (starts, ends))
        message = f"no road on which '{faction}' may march leads from {a} to {b}"
        faults.add("no-way", message, at, f"{process.path}.{key}", hint="forces march on routes")


def needs_target(process: Process, world: World, faults: Faults) -> None:
    """Tell a place that nobody may take."""
    name = process.spec.place
    place = world.places[str(name)]
    if not place.attackers:
        why = "it is a source" if place.kind == "source" else "see 'hostile', 'attackable_by'"
        message, path = f"nobody may take '{name}'", f"{process.path}.place"
        faults.add("bad-place", message, name, path, hint=why)


def needs_comer(process: Process, place: Place, scene: Scene) -> None:
    """Tell a place to which no enemy ever comes, once all columns are known."""
    if scene.world.is_partial:
        return
    message = f"no enemy of who holds '{place.name}' is in contact with it, comes, or is next door"
    path, hint = f"{process.path}.place", "an attacker, an advance, or a road from an enemy's place"
    scene.faults.add("nobody-comes", message, process.spec.place, path, hint=hint)
