"""``consume``: the stock of a place burns.

    burned = 1 day of supply a day x force present / force at the start
             x combat_consumption of whoever holds it, while any of his places is in contact

One day of supply is what the garrison of the start uses in a day at rest (Scene.demand). The stock
is work that is burned at that pace, piece by piece: it runs dry at the very time at which the
integral of the pace has reached it, and between two pieces ``P.supply`` stands where it stood
before (an hourglass is read after each grain). Pieces are a day; half a day from three days on
where somebody may attack, since deficit begins at two. What a place has left, its next holder
finds: in the same days, those of the garrison of the start. A ``source`` has no stock that ends.

The definition of a day of supply makes ``rest`` 1; consumption in contact of 1.5 to 3 times that
of rest is judgement. Deficit follows from the stock alone (sim.world.frame).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, Value, a_key
from sim.world.frame import could_hold
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import NOBODY, Faction, Place
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene


class Consume(ProcessSpec):
    """Stocks burn."""

    KIND = "consume"
    EVERY = "places"
    REFERENCES = {"places": "places"}  # noqa: RUF012 (a constant)

    places: Some = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
    rest: Value = quantity(
        "Days of supply that the force of the start uses in a day at rest",
        "factor",
        Default("1", "C", "by definition"),
    )

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the clock of one place."""
        place, name, path, parts = at, at.name, at.path, scene.parts
        fronts = scene.fronts_at(place)
        if place.kind == "source" or not fronts:
            return
        stock, piece = f"{name}.supply", scene.piece(place)
        effects = {}
        if name in scene.supplied:
            # What is added while a piece burns must not change how large that piece was.
            burning = f"{name}.burning"
            parts.variable(burning, place.key, path, real=["0 days", "inf"], initial="0 days")
            piece = f"{burning} if {burning} > 0 else {piece}"
            effects = {burning: "0 days"}
        wear = {faction: _wear(scene.world.factions[faction], scene) for faction in fronts}
        pace = f"{settings.use('rest')} * {scene.demand(place)}"
        parts.transition(
            f"{name}.consumes",
            place.key,
            path,
            when=all_of([f"{stock} > 0", *settings.conditions()]),
            work=piece,
            pace=f"{pace} * ({scene.by_holder(place, wear, '1')})",
            memory="keep",
            then={stock: f"max(0 days, {stock} - ({piece}))", **effects},
        )


def _wear(faction: Faction, scene: Scene) -> str:
    """Make ``F.wear``: times rest consumption, as long as any of its places is in contact."""
    wear, fights = f"{faction.name}.wear", f"{faction.name}.in_contact"
    parts, world = scene.parts, scene.world
    if wear not in parts.names:
        contacts = [
            f"{p.name}.control == {faction.name} and {p.name}.attacker != {NOBODY}"
            for p in world.places.values()
            if p.attackers and faction.name in could_hold(p, world)
        ]
        parts.gather(fights, contacts, any_of, faction.key, faction.path)
        factor = parts.use(faction.given("combat_consumption"))
        parts.define(wear, f"{factor} if {fights} else 1", faction.key, faction.path)
    return wear
