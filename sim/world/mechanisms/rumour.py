"""``rumour``: word of a defeat spreads, true or not, and an army is shocked as by a loss.

    shock += weight   at ``rate``, as long as the faction stands

A weight of 1 is that of a lost city; ``shock`` fades by the army's memory, and acts through
``collapse`` and ``uprising``. Nothing else changes: a rumour is no loss. Weight is judgement, and
so is the rate, which a file has to state.
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
    from sim.world.scene import Scene


class Rumour(ProcessSpec):
    """Word of a defeat, true or not."""

    KIND = "rumour"
    REFERENCES = {"faction": "factions"}  # noqa: RUF012 (a constant)
    # With a memory that outlasts the war, shock is 0.2 times a Poisson number of mean 0.5 t.
    EXAMPLE = """
title: Word of mouth
clock: {horizon: 10 days}
factions: {army: {shock_memory: 9000 days}}
places: {town: {control: army}}
processes:
  word: {kind: rumour, faction: army, rate: 0.5 / day, weight: 0.2}
outcomes: {third: army.shock > 0.5}
watch: {shock: army.shock}
"""

    faction: Line = a_key("Whose army hears it", "government", default=NEEDED)
    rate: Value = quantity(
        "How often one spreads", "1/day", NEEDED, example="{interval90: [0.1 / day, 1 / day]}"
    )
    weight: Value = quantity(
        "What it adds to shock; 1 is a lost city", "probability", Default({"beta": ["1", "4"]})
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, which is not shocked."""
        needs_front(process, world, faults)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add how it spreads."""
        name, faction, parts = process.name, str(process.spec.faction), scene.parts
        weight = parts.use(process.given("weight"))
        parts.transition(
            f"{name}.spreads",
            process.key,
            process.path,
            when=all_of([scene.is_active(faction), *conditions(process, parts)]),
            rate=parts.use(process.given("rate")),
            priority=process.spec.priority,
            then={f"{faction}.shock": f"{faction}.shock + {weight}"},
            says=process.says or f"Word of a defeat spreads in the army of {faction} ({name})",
        )
