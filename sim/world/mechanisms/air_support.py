"""``air_support``: aircraft of one faction help another to hold.

    effectiveness of ``against``, where ``of`` holds the place:  e / effect ** (sorties / full_at)

Effectiveness divides the attacker's clock of losses and multiplies the defender's (``assault``), so
air support makes a defender both last longer and break attacks sooner. ``full_at`` is the effort
that ``effect`` speaks of. That air support matters is read (Kobani and Deir ez-Zor held by it); how
much is judgement.

It is worth nothing to whoever attacks, and against collapse: who gives up without a fight is not
helped by aircraft. What is decided here:

- Support is felt where ``of`` itself holds the place, and does not thin out over places: what is
  flown goes where the fighting is, and that is at one or two places at a time.
- More sorties than ``full_at`` help further, by the same formula.
- It stops while ``when`` does not hold, once a patron that flies it has left, and once a faction
  that flies it has collapsed. Whoever has reduced its stance flies on: ``when`` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Names, Value, a_key
from sim.values import Faults
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity
from sim.world.reading import plain

if TYPE_CHECKING:
    from sim.world.scene import Scene


class AirSupport(ProcessSpec):
    """Aircraft that help a defender to hold."""

    KIND = "air_support"
    REFERENCES = {  # noqa: RUF012 (a constant)
        "faction": "factions",
        "of": "factions",
        "against": "factions",
    }

    faction: Line = a_key("Whose aircraft", "russia", default=NEEDED)
    of: Line = a_key("Whom they help to hold", "government", default=NEEDED)
    against: Names = a_key("Attackers that they hinder", "[rebels]", default=NEEDED)
    sorties: Value = quantity(
        "How many they fly", "1/day", NEEDED, example="{interval90: [10 / day, 30 / day]}"
    )
    full_at: Value = quantity(
        "Sorties at which the effect is what it is said to be", "1/day", Default("50 / day", "R")
    )
    effect: Value = quantity(
        "What the attacker's effectiveness is divided by, at full_at",
        "factor",
        Default({"lognormal": {"median": "1.5", "sigma": "0.3"}}),
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell attackers that do not attack those who are supported."""
        of = str(process.spec.of)
        for name in process.spec.against:
            if not world.are_hostile(of, str(name)):
                message = f"'{process.name}' supports '{of}' against '{name}', who is not hostile"
                path, hint = f"{process.path}.against", f"hostile: [[{of}, {name}]]"
                faults.add("not-hostile", message, name, path, hint=hint)
        full_at = process.spec.full_at
        if not isinstance(full_at, Default) and plain(full_at, "1/day") == 0.0:
            message, path = "no effort at all is no full effort", f"{process.path}.full_at"
            faults.add("out-of-range", message, full_at, path, expected="above 0 / day")

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell by what the effectiveness of attackers is divided, place by place."""
        of = str(process.spec.of)
        for place in scene.world.places.values():
            if of not in scene.fronts_at(place):
                continue
            factor = f"{process.name}.factor if {place.name}.control == {of} else 1"
            for faction in dict.fromkeys(map(str, process.spec.against)):
                scene.support.setdefault((place.name, faction), []).append(factor)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add what the effectiveness of attackers is divided by, as long as aircraft fly."""
        use = scene.parts.use
        sorties, full_at, effect = (
            use(process.given(key)) for key in ("sorties", "full_at", "effect")
        )
        goes_on = [scene.is_active(str(process.spec.faction)), *conditions(process, scene.parts)]
        factor = f"{effect} ** ({sorties} / {full_at}) if {all_of(goes_on)} else 1"
        scene.parts.define(f"{process.name}.factor", factor, process.key, process.path)
