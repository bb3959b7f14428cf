"""``collapse``: an army in contact gives a place up without being beaten.

    hazard = (base + contact x fresh + shock_rate x shock) / (resolve of place x resolve of army)
             x exp(b_c (0.5 - cohesion) + b_s deficit + b_p (1 - support) + b_a (0.5 - alignment))

Rates add, since only their sum shows in past wars: ``fresh`` is 1 at first contact and fades with
the army's memory of shocks, ``shock`` counts recent losses of places, each by its weight. The
effects of cohesion, deficit, support and alignment are judgement. The clock runs in contact and
under threat; who is in contact takes the place, and nobody where there is only a threat. The
garrison leaves for its fallback, part of it lost; all of it where no place is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, Value, a_key
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

    places: Some = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
    base_rate: Value = quantity(
        "In contact or threatened, whatever else",
        "1/day",
        Default({"lognormal": {"median": "0.0005 / day", "sigma": "0.8"}}, "C", _CLASS),
    )
    contact_rate: Value = quantity(
        "Times fresh",
        "1/day",
        Default({"lognormal": {"median": "0.025 / day", "sigma": "0.5"}}, "C", _CLASS),
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
        if not scene.is_contested(at):
            return
        name, parts = at.name, scene.parts
        armies = {
            faction: _of_army(at, faction, settings, scene) for faction in scene.fronts_at(at)
        }
        by_holder = scene.by_holder(at, armies, "0 / day")
        by_stock = f"exp({settings.use('deficit_effect')} * {name}.deficit)"
        resolve = parts.use(at.given("resolve"))
        parts.define(f"{name}.frailty", f"({by_holder}) / {resolve} * {by_stock}", at.key, at.path)
        threat = [f"{name}.threatened", f"{name}.defence >= 1 person"]
        survive = f"1 - {settings.use('lost')}"
        parts.transition(
            f"{name}.collapse",
            at.key,
            at.path,
            when=all_of([*threat, *settings.conditions()]),
            rate=f"{name}.frailty",
            then=scene.fall(at, "collapse", survive=survive),
            says=f"The garrison of {name} gives up",
        )


def _of_army(place: Place, faction: str, settings: Settings, scene: Scene) -> str:
    """Return the hazard of a place where a faction holds it, but for what the place adds."""
    use, parts, army = settings.use, scene.parts, scene.world.factions[faction]
    rates = [
        use("base_rate"),
        f"{use('contact_rate')} * {place.name}.fresh",
        f"{use('shock_rate')} * {faction}.shock",
    ]
    effects = [
        f"{use('cohesion_effect')} * (0.5 - {faction}.cohesion)",
        f"{use('support_effect')} * (1 - {faction}.support)",
    ]
    aligned = scene.alignment(place, faction)
    if aligned:
        effects.append(f"{use('alignment_effect')} * (0.5 - {aligned})")
    resolve = parts.use(army.given("resolve"))
    return f"({' + '.join(rates)}) / {resolve} * exp({' + '.join(effects)})"
