"""``collapse``: an army in contact gives a place up without being beaten.

    hazard = (base + contact x fresh + shock_rate x shock) / (resolve of place x resolve of army)
             x exp(b_c (0.5 - cohesion) + b_s deficit + b_p (1 - support) + b_a (0.5 - alignment))

Rates add, since only their sum shows in past wars: ``fresh`` is 1 at first contact and fades with
the army's memory of shocks, ``shock`` counts recent losses of places, each by its weight. The
effects of cohesion, deficit, support and alignment are judgement. The garrison leaves for its
fallback, part of it lost; all of it where no place is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Value, a_key
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import Place
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene

_CLASS = "reference class"


def _law(kind: str, **arguments: str) -> Default:
    return Default({kind: arguments})


class Collapse(ProcessSpec):
    """A garrison in contact gives up."""

    KIND = "collapse"
    EVERY = "places"
    REFERENCES = {"places": "places"}  # noqa: RUF012 (a constant)

    places: Value = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
    base_rate: Value = quantity(
        "In contact or threatened, whatever else",
        "1/day",
        Default({"lognormal": {"median": "0.0015 / day", "sigma": "0.8"}}, "C", _CLASS),
    )
    contact_rate: Value = quantity(
        "Times fresh",
        "1/day",
        Default({"lognormal": {"median": "0.04 / day", "sigma": "0.5"}}, "C", _CLASS),
    )
    shock_rate: Value = quantity(
        "Times shock",
        "1/day",
        Default({"lognormal": {"median": "0.15 / day", "sigma": "0.9"}}, "C", _CLASS),
    )
    cohesion_effect: Value = quantity(
        "Of 0.5 - cohesion, on ln hazard", "number", _law("normal", mean="1.5", sd="0.75")
    )
    deficit_effect: Value = quantity(
        "Of deficit, on ln hazard", "number", _law("normal", mean="0.7", sd="0.5")
    )
    support_effect: Value = quantity(
        "Of 1 - support, on ln hazard", "number", _law("normal", mean="0.7", sd="0.5")
    )
    alignment_effect: Value = quantity(
        "Of 0.5 - alignment, on ln hazard", "number", _law("normal", mean="1", sd="0.5")
    )
    lost: Value = quantity(
        "Share of the garrison lost", "probability", Default({"beta": ["2", "5"]})
    )

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the clock of one place."""
        place, name, path, parts = at, at.name, at.path, scene.parts
        fronts = scene.fronts_at(place)
        if not scene.is_contested(place):
            return
        frailty = {}
        for faction in fronts:
            army = scene.world.factions[faction]
            written = place.spec.alignment or {}
            aligned = "0.5"
            if faction in written:
                given = place.entry("alignment", faction, written[faction], "probability")
                aligned = parts.use(given)
            frailty[faction] = (
                f"({settings.use('base_rate')} + {settings.use('contact_rate')} * {name}.fresh"
                f" + {settings.use('shock_rate')} * {faction}.shock)"
                f" / {parts.use(army.given('resolve'))}"
                f" * exp({settings.use('cohesion_effect')} * (0.5 - {faction}.cohesion)"
                f" + {settings.use('support_effect')} * (1 - {faction}.support)"
                f" + {settings.use('alignment_effect')} * (0.5 - {aligned}))"
            )
        own = f"{parts.use(place.given('resolve'))}"
        hazard = scene.by_holder(place, frailty, "0 / day")
        parts.define(
            f"{name}.frailty",
            f"({hazard}) / {own} * exp({settings.use('deficit_effect')} * {name}.deficit)",
            place.key,
            path,
        )
        parts.transition(
            f"{name}.collapse",
            place.key,
            path,
            when=all_of(
                [f"{name}.threatened", f"{name}.defence >= 1 person", *settings.conditions()]
            ),
            rate=f"{name}.frailty",
            then=scene.fall(
                place, "collapse", to=scene.taker(place), survive=f"1 - {settings.use('lost')}"
            ),
            says=f"The garrison of {name} gives up",
        )
