"""``siege``: a place that has used up its stock gives in, in the end.

    P.supply is 0, and it is attacked or an enemy surrounds it:   falls after T,
    T ~ weibull(shape 1, scale 400 days): exponential

Past wars: 18 falls in 8,900 days that places were cut off, and 30 places that stood after 14 days;
they do not support a hazard that rises (reference class). Hunger by itself brings few places down,
and slowly: ``deficit`` hastens collapse and assault, which are clocks of their own.

The place falls to its attacker, else to the enemy next door (``P.comer``, sim.world.comers). An
enemy surrounds it where no open road leads to its own side and one leads to him: no clock runs in a
place that is cut off by broken bridges alone. Whoever can still get out goes to its fallback, part
of it lost, as in a collapse (its ``lost``).

Decisions that the design leaves open: the siege begins anew when supplies come, when the place
changes hands, and when nobody attacks or surrounds it any more; with shape 1 that has no effect. A
place that nobody defends is not besieged: who comes, walks in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, Value, a_key
from sim.world.comers import comer
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import NOBODY, Place
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene


class Siege(ProcessSpec):
    """A place without supplies gives in."""

    KIND = "siege"
    EVERY = "places"
    REFERENCES = {"places": "places"}  # noqa: RUF012 (a constant)
    # Its stock lasts two days, and from then on it falls by t days in 1 - exp(-(t - 2) / 10).
    EXAMPLE = """
title: A town that is surrounded runs dry, and gives in
clock: {horizon: 40 days}
factions: {rebels: {}, army: {present_fraction: 1}}
hostile: [[rebels, army]]
places:
  camp: {control: rebels}
  town: {control: army, garrison: {army: 400}, supply: 2 days}
routes: {road: {between: [camp, town], km: 20}}
processes:
  hunger: {kind: siege, time: {weibull: {shape: 1, scale: 10 days}}}
outcomes:
  is_dry: town.supply == 0
  falls: town.fell_by == siege and town.control == rebels
"""

    places: Some = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
    time: Value = quantity(
        "From when its stock is used up until it falls; chance",
        "day",
        Default({"weibull": {"shape": "1", "scale": "400 days"}}, "C", "reference class"),
    )

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the clock of one place."""
        taker = comer(at, scene) if at.kind != "source" else ""
        if not taker:
            return
        name, lost = at.name, scene.everywhere["collapse", at.name].use("lost")
        is_surrounded = f"{name}.encircled and {taker} != {NOBODY}"
        scene.parts.transition(
            f"{name}.siege",
            at.key,
            at.path,
            when=all_of(
                [
                    f"{name}.supply <= 0",
                    f"{name}.attacker != {NOBODY} or ({is_surrounded})",
                    f"{name}.defence >= 1 person",
                    *settings.conditions(),
                ]
            ),
            after=settings.law("time"),
            memory="redraw",
            then=scene.fall(at, "siege", to=taker, survive=f"1 - {lost}"),
            says=(settings.chain[0].says if settings.chain else None)
            or f"{name} gives in for want of supplies",
        )
