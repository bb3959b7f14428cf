"""``uprising``: the people of a place rise against whoever holds it.

    hazard = rate x (1 - alignment of the holder) x (1 + shock of the holder)

while an enemy of ``faction`` holds the place: people dare where they are against him, and when they
see him lose. ``alignment`` is the place's, 0.5 where it says nothing. The place passes to
``faction``, with ``fighters`` as its garrison; that of the holder leaves for its fallback, part of
it lost, as in a collapse (its ``lost``). All of it is judgement.

What is decided here: a rising comes from within, so ``attackable_by`` does not
keep it out, and neither axis nor contact is needed; who attacks the place at the time is there as
before, and fights the new holder or passes. Where the place is lost again, it may rise again.
Nobody rises for a faction that has collapsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Value, a_key
from sim.values import Faults
from sim.world.mechanisms.checks import needs_front
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import NOBODY, World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene


class Uprising(ProcessSpec):
    """The people of a place rise."""

    KIND = "uprising"
    REFERENCES = {"place": "places", "faction": "factions"}  # noqa: RUF012 (a constant)

    place: Line = a_key("Where", "suwayda", default=NEEDED)
    faction: Line = a_key("To whom the place passes", "south", default=NEEDED)
    rate: Value = quantity(
        "Where nobody is behind the holder, who has lost nothing lately",
        "1/day",
        Default({"lognormal": {"median": "0.02 / day", "sigma": "1"}}),
    )
    fighters: Value = quantity(
        "How many hold the place from then on", "person", Default({"interval90": ["100", "1000"]})
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell who has no garrisons, and a place that no enemy holds."""
        needs_front(process, world, faults)
        name, faction = process.spec.place, process.spec.faction
        place = world.places[str(name)]
        if place.kind == "source":
            message, path = f"'{name}' is a source, and stays whose it is", f"{process.path}.place"
            faults.add("bad-place", message, name, path, expected="a place that may fall")
        holders = [holder for holder in place.holders if holder != NOBODY]
        is_front = world.factions[str(faction)].holds_fronts
        if is_front and holders and not any(world.are_hostile(faction, h) for h in holders):
            is_friend = holders[0] in world.side(str(faction))
            who = f"'{holders[0]}', who is {'of its side' if is_friend else 'not hostile'}"
            message, path = f"'{faction}' rises against {who}", f"{process.path}.faction"
            hint = "" if is_friend else f"hostile: [[{faction}, {holders[0]}]]"
            faults.add("not-hostile", message, faction, path, hint=hint)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the clock of the rising."""
        place = scene.world.places[str(process.spec.place)]
        faction, use = str(process.spec.faction), scene.parts.use
        against = {
            holder: f"(1 - {scene.alignment(place, holder) or '0.5'}) * (1 + {holder}.shock)"
            for holder in scene.fronts_at(place)
            if scene.world.are_hostile(holder, faction)
        }
        garrison = f"{place.name}.garrison.{faction}"
        lost = scene.everywhere["collapse", place.name].use("lost")
        then = scene.fall(place, "uprising", to=faction, survive=f"1 - {lost}")
        then[garrison] = f"({then.get(garrison, garrison)}) + {use(process.given('fighters'))}"
        scene.parts.transition(
            f"{process.name}.rises",
            process.key,
            process.path,
            when=all_of(
                [
                    scene.is_hostile(place, faction),
                    scene.is_active(faction),
                    *conditions(process, scene.parts),
                ]
            ),
            rate=f"{use(process.given('rate'))} * ({scene.by_holder(place, against, '0')})",
            priority=process.spec.priority,
            then=then,
            says=process.says or f"{place.name} rises for {faction} ({process.name})",
        )
