"""``deal``: a place is handed over by agreement.

    hazard = rate, while somebody comes to take it over and there is a reason to talk: it is
             encircled, its holder's capital is lost, or it has ``local_ties`` and an attacker

It passes to its attacker, else to the enemy next door (``P.comer``, sim.world.comers). The rate is
judgement; that places are handed over without a fight, and that this is a clock of its own beside
assault and collapse, is read from past wars (falls are bimodal, reference class).

Decisions that the design leaves open:

- ``garrison: leaves`` gives it a free way to its fallback; where no way out is open, it is lost, as
  after any fall. ``stays``: it lays its arms down and is nobody's any more. ``changes_side``: it is
  the garrison of whoever takes the place.
- The capital is that of the holder, or of whom an ally stands with; it is lost while neither holds
  it nor anybody of their side. A place without anybody who defends it may make a deal as well.
- It is made once, by whoever holds the place then: who has taken it over does not hand it back.
- A column inside is no party to the deal: it leaves unhurt, and regroups. A ceasefire does not keep
  anybody from making a deal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.keys import NEEDED, Line, Value, a_key, one_word
from sim.values import Faults
from sim.world.comers import comer, comes
from sim.world.frame import held_by
from sim.world.mechanisms.checks import needs_comer, needs_target
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import NOBODY, Place, World
from sim.world.parts import all_of, any_of, total
from sim.world.quantities import Default, quantity
from sim.world.scene import Effects, Scene

WHAT_IT_DOES = ("leaves", "stays", "changes_side")
Garrison = Annotated[
    Any, BeforeValidator(one_word(*WHAT_IT_DOES)), WithJsonSchema({"enum": [*WHAT_IT_DOES]})
]


class Deal(ProcessSpec):
    """A place is handed over by agreement."""

    KIND = "deal"
    REFERENCES = {"place": "places"}  # noqa: RUF012 (a constant)
    # Nobody but the garrison and those who surround it is there to talk: at 0.2 a day, the place is
    # handed over by t days in a share 1 - exp(-0.2 t) of cases, and its men change sides.
    EXAMPLE = """
title: A town that is surrounded comes to terms
clock: {horizon: 20 days}
factions: {rebels: {}, army: {present_fraction: 1, supply: 900 days}}
hostile: [[rebels, army]]
places:
  camp: {control: rebels}
  town: {control: army, garrison: {army: 400}}
routes: {road: {between: [camp, town], km: 20}}
processes:
  terms: {kind: deal, place: town, rate: 0.2 / day, garrison: changes_side}
outcomes:
  handed_over: town.fell_by == deal
  are_rebels: town.control == rebels and town.garrison.rebels == 400 persons
"""

    place: Line = a_key("What is handed over", "daraa", default=NEEDED)
    rate: Value = quantity(
        "While it is encircled, the capital is lost, or it has local_ties and an attacker",
        "1/day",
        Default({"lognormal": {"median": "0.05 / day", "sigma": "1"}}),
    )
    garrison: Garrison = a_key(
        "What becomes of its garrison: leaves, stays or changes_side",
        "changes_side",
        default="leaves",
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a place that nobody may take."""
        needs_target(process, world, faults)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the clock of the deal."""
        place = scene.world.places[str(process.spec.place)]
        taker = comer(place, scene)
        if not taker:
            needs_comer(process, place, scene)
            return
        name = process.name
        may = [f"{taker} != {NOBODY}", any_of(_reasons(place, scene))]
        scene.parts.define(f"{name}.may_begin", all_of(may), process.key, process.path)
        scene.parts.transition(
            f"{name}.is_made",
            process.key,
            process.path,
            when=all_of(
                [
                    f"{name}.is_made.fired == 0",
                    f"{name}.may_begin",
                    *conditions(process, scene.parts),
                ]
            ),
            rate=scene.parts.use(process.given("rate")),
            priority=process.spec.priority,
            then=_handed_over(place, taker, process.spec.garrison or "leaves", scene),
            says=process.says or f"{place.name} is handed over ({name})",
        )


def _reasons(place: Place, scene: Scene) -> Iterator[str]:
    """Yield the conditions under which there is something to talk about."""
    yield f"{place.name}.encircled"
    if place.spec.local_ties:
        yield f"{place.name}.attacker != {NOBODY}"
    factions = scene.world.factions
    for faction in scene.fronts_at(place):
        side = (factions[one] for one in (faction, scene.world.side(faction)[0]))
        capitals = [str(one.spec.capital) for one in side if one.spec.capital is not None]
        if capitals:
            is_kept = held_by(capitals[0], faction, scene.world)
            yield f"{place.name}.control == {faction} and not ({is_kept})"


def _handed_over(place: Place, taker: str, garrison: str, scene: Scene) -> Effects:
    """Return what a deal changes."""
    if garrison == "leaves":
        return scene.fall(place, "deal", to=taker)
    name, effects = place.name, scene.loss(place, "deal", taker)
    effects |= scene.losses_of_columns(place, "", thrown="regrouping")
    belongs = {f: scene.side_of_holder(place, f) for f in scene.garrisons_at(place)}
    men = total(f"{name}.garrison.{f} if {is_in} else 0 persons" for f, is_in in belongs.items())
    for faction, is_in in belongs.items():
        now = f"{name}.garrison.{faction}"
        more = now
        if garrison == "changes_side" and comes(place, faction, scene):
            more = f"{now} + (({men}) if {taker} == {faction} else 0 persons)"
        effects[now] = f"0 persons if {is_in} else {more}"
    return effects
