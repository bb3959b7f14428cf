"""``cohesion``: what moves an army's will to fight, and how it comes back.

    cohesion += patron_left x reliance        when a patron's stance becomes left
    cohesion += victory x weight of place     when it takes a place
    cohesion += encircled x weight of place   when a place that it has held since the start is first
                                              cut off, with a garrison in it
    cohesion += reinforced, leader_left       as these processes happen
    cohesion -> initial + (cohesion - initial) exp(-recovery x step)     every step, if it has moved

A place lost moves only ``shock``: one fall must not count four times. Victory and encirclement
count by the weight of the place, so that a front of three villages moves no more than one of the
same weight; a place counts once for encirclement, or a bridge that is dropped and passed again
would wear an army down without end, and not if it is cut off at the start, which initial cohesion
knows already. All of it is judgement.

It costs few events: captures, reinforcements and leaders move cohesion as a part of what they are,
a patron and a place can do so once, and recovery goes by one timetable for each faction, ten steps
to its time constant, which does nothing where nothing has moved. Nothing that this version
simulates pays an army: ``paid`` is for transitions of the file, as in
``then: {government.cohesion: government.cohesion + processes.cohesion.paid}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, Value, a_key
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import MARCHED, Faction, Place
from sim.world.parts import Given, all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene

#: What moves it.
MOVES = ("patron_left", "leader_left", "encircled", "victory", "reinforced", "paid")
#: Steps of recovery to an e-folding: each is a tenth of what is left of the way.
STEPS = 10
#: A step is no shorter: who recovers in a day needs no finer one.
SHORTEST_STEP = "6 h"
#: Recovery for which the steps are made, at the least: a step of none would never come.
SLOWEST = "0.001 / day"
#: Nearer to its initial value, cohesion does not drift any more.
NEAR = "0.001"


class Cohesion(ProcessSpec):
    """What moves an army's will to fight."""

    KIND = "cohesion"
    EVERY = "factions"
    REFERENCES = {"factions": "factions"}  # noqa: RUF012 (a constant)

    factions: Some = a_key("Whose these keys are: all, or a list", "[government]", default="all")
    patron_left: Value = quantity(
        "Times reliance, when a patron's stance becomes left", "number", Default("-0.15")
    )
    leader_left: Value = quantity("When a leader goes", "number", Default("-0.1"))
    encircled: Value = quantity(
        "Times weight, when a place of it is first cut off", "number", Default("-0.05")
    )
    victory: Value = quantity("Times weight, when it takes a place", "number", Default("0.03"))
    reinforced: Value = quantity("When reinforcements arrive", "number", Default("0.02"))
    paid: Value = quantity(
        "When the army is paid; for transitions of the file", "number", Default("0.02")
    )

    @classmethod
    def expand_at(cls, at: Faction, settings: Settings, scene: Scene) -> None:
        """Add what moves the cohesion of one faction, and its recovery."""
        if not at.holds_fronts:
            return
        for key in MOVES:  # so that transitions of the file may read each, and none goes unchecked
            settings.use(key)
        for patron in at.patrons:
            _patron_leaves(at, patron, scene)
        roads = scene.world.network(tuple(MARCHED))
        for place in scene.world.places.values():
            if at.name in place.holders and place.attackers and roads[place.name]:
                _is_cut_off(at, place, scene)
        _recover(at, settings, scene)


def _patron_leaves(faction: Faction, patron: str, scene: Scene) -> None:
    """Let the faction feel, once, that a patron has left, whatever made it leave."""
    if scene.world.factions[patron].role != "patron":
        return
    name, path = f"{faction.name}.loses.{patron}", f"{faction.path}.patrons.{patron}"
    _, written = faction.patrons[patron]
    given = Given(f"{path}.reliance", written, "probability", faction.key, faction.note)
    scene.parts.transition(
        name,
        faction.key,
        path,
        immediate="true",
        when=f"{patron}.stance == left and {name}.fired == 0",
        then=scene.cohesion_moves(faction.name, "patron_left", scene.parts.use(given)),
        says=f"{faction.name} feels that {patron} has left",
    )


def _is_cut_off(faction: Faction, place: Place, scene: Scene) -> None:
    """Let the faction feel, once, that a place of it is cut off."""
    name, there = f"{faction.name}.cut_off.{place.name}", place.name
    is_cut_off = f"{there}.encircled and {there}.control == {faction.name}"
    # What is cut off at the start stands in initial cohesion.
    times = f"{scene.parts.use(place.weight)} if time > 0 else 0"
    scene.parts.transition(
        name,
        place.key,
        place.path,
        immediate="true",
        when=f"{is_cut_off} and {there}.defence >= 1 person and {name}.fired == 0",
        then=scene.cohesion_moves(faction.name, "encircled", times),
        says=f"{there} is cut off",
    )


def _recover(faction: Faction, settings: Settings, scene: Scene) -> None:
    """Let cohesion drift back to what it was at the start."""
    name, parts = f"{faction.name}.cohesion", scene.parts
    first = parts.use(faction.given("cohesion"))
    recovery = parts.use(faction.given("cohesion_recovery"))
    step = f"max(1 / {STEPS} / max({recovery}, {SLOWEST}), {SHORTEST_STEP})"
    has_moved = f"abs({name} - {first}) > {NEAR}"
    parts.transition(
        f"{name}_recovers",
        faction.key,
        faction.path,
        when=all_of([has_moved, *settings.conditions()]),
        every=step,
        then={name: f"{first} + ({name} - {first}) * exp(-{recovery} * {step})"},
    )
