"""``leader``: one who holds a faction together dies, flees or is dismissed.

    cohesion += effect   once, at ``rate``, as long as the faction stands

``effect`` is ``leader_left`` of ``cohesion`` where nothing is said. A second leader is a second
process. The rate is judgement; nobody counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Value, a_key
from sim.values import Faults
from sim.world.mechanisms.checks import needs_front
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Effects, Scene


class Leader(ProcessSpec):
    """A leader goes."""

    KIND = "leader"
    REFERENCES = {"faction": "factions"}  # noqa: RUF012 (a constant)
    # He is gone by t days in a share 1 - exp(-0.1 t) of cases.
    EXAMPLE = """
title: A general who may be killed
clock: {horizon: 30 days}
factions: {army: {cohesion: 0.5, cohesion_recovery: 0 / day}}
places: {town: {control: army}}
processes:
  general: {kind: leader, faction: army, rate: 0.1 / day, effect: -0.2}
outcomes: {is_gone: army.cohesion < 0.31}
"""

    faction: Line = a_key("Whom he leads", "government", default=NEEDED)
    rate: Value = quantity(
        "How soon he goes",
        "1/day",
        Default({"lognormal": {"median": "0.002 / day", "sigma": "1"}}),
    )
    effect: Value = quantity(
        "What is added to cohesion", "number", "leader_left of cohesion", example="-0.2"
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, which has no cohesion."""
        needs_front(process, world, faults)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add how he goes."""
        name, faction, parts = process.name, str(process.spec.faction), scene.parts
        is_there = [f"{name}.leaves.fired == 0", scene.is_active(faction)]
        parts.transition(
            f"{name}.leaves",
            process.key,
            process.path,
            when=all_of([*is_there, *conditions(process, parts)]),
            rate=parts.use(process.given("rate")),
            priority=process.spec.priority,
            then=_effect(process, faction, scene),
            says=process.says or f"{faction} loses a leader ({name})",
        )


def _effect(process: Process, faction: str, scene: Scene) -> Effects:
    if process.spec.effect is None:
        return scene.cohesion_moves(faction, "leader_left")
    effect = scene.parts.use(process.given("effect"))
    return {f"{faction}.cohesion": f"clip({faction}.cohesion + {effect}, 0, 1)"}
