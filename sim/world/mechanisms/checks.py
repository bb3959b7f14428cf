"""Faults that processes of several kinds can have."""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import one_of
from sim.values import Faults, Items, Node
from sim.world.mechanisms.process import Process
from sim.world.model import Place, World
from sim.world.ways import are_joined


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
