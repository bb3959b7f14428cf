"""Ceasefires as others feel them: who may not attack whom, as long as one holds.

A ceasefire is between those whom it names, each pair of them that is hostile; allies who are not
named are not bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sim.world.frame import could_hold
from sim.world.model import Place, World
from sim.world.parts import any_of

if TYPE_CHECKING:
    from sim.world.scene import Scene


class Truce(NamedTuple):
    """A declared ceasefire, and between whom it is."""

    name: str
    between: tuple[str, ...]

    @property
    def holds(self) -> str:
        """The condition that it holds now."""
        return f"{self.name}.active == 1"

    def enemies(self, faction: str, world: World) -> tuple[str, ...]:
        """Return whom a faction may not attack as long as it holds."""
        if faction not in self.between:
            return ()
        return tuple(other for other in self.between if world.are_hostile(faction, other))


def spares(faction: str, other: str, scene: Scene) -> str:
    """Return the condition that a ceasefire keeps a faction from attacking another; empty: none."""
    found = [t.holds for t in scene.truces if other in t.enemies(faction, scene.world)]
    return any_of(found) if found else ""


def spared(place: Place, faction: str, scene: Scene) -> str:
    """Return the condition that a ceasefire keeps a faction from attacking a place; empty: none."""
    found = [
        f"{truce.holds} and {place.name}.control == {other}"
        for truce in scene.truces
        for other in truce.enemies(faction, scene.world)
        if other in could_hold(place, scene.world)
    ]
    return any_of(found) if found else ""


def may_attack(place: Place, faction: str, scene: Scene) -> Iterator[str]:
    """Yield what a faction's attacks on a place wait for: that no ceasefire forbids them."""
    is_spared = spared(place, faction, scene)
    if is_spared:
        yield f"not ({is_spared})"
