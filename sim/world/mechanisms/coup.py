"""``coup``: somebody tries to overthrow those who lead a faction.

    hazard of an attempt = base x exp(3 (0.5 - cohesion)), as long as the faction stands

An attempt is ``under_way`` for ``lasts`` and then succeeds with probability ``succeeds``. What
follows is ``then``: *collapse*, the faction has collapsed (``faction_collapse``); *ceasefire*, each
declared ceasefire to which it is a party holds from now on, without an offer; *cohesion_drop*, its
cohesion falls by ``drop``. All of it is judgement.

What is decided here: ``X.done`` says that a coup has succeeded, and then there is
no other; one that fails changes nothing, and there may be another attempt. An attempt that is under
way when the faction collapses comes to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.keys import NEEDED, Line, Value, a_key, one_word
from sim.values import Faults
from sim.world.mechanisms.checks import needs_front
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Effects, Scene

WHAT_FOLLOWS = ("collapse", "ceasefire", "cohesion_drop")
Then = Annotated[
    Any, BeforeValidator(one_word(*WHAT_FOLLOWS)), WithJsonSchema({"enum": [*WHAT_FOLLOWS]})
]
#: How much more readily it comes where cohesion is lower, on ln hazard.
STEEPNESS = "3"


class Coup(ProcessSpec):
    """An attempt to overthrow those who lead a faction."""

    KIND = "coup"
    REFERENCES = {"faction": "factions"}  # noqa: RUF012 (a constant)

    faction: Line = a_key("Against whom", "government", default=NEEDED)
    base: Value = quantity(
        "How often it is tried, at cohesion 0.5",
        "1/day",
        Default({"lognormal": {"median": "0.002 / day", "sigma": "1"}}),
    )
    lasts: Value = quantity(
        "How long an attempt takes; chance",
        "day",
        Default({"lognormal": {"median": "12 h", "sigma": "1"}}),
    )
    succeeds: Value = quantity(
        "Probability that an attempt succeeds", "probability", Default({"beta": ["3", "3"]})
    )
    then: Then = a_key(
        "What follows: collapse, ceasefire or cohesion_drop", "ceasefire", default="collapse"
    )
    drop: Value = quantity(
        "What cohesion_drop takes off cohesion",
        "probability",
        Default({"uniform": ["0.1", "0.3"]}),
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, which has no cohesion and cannot collapse."""
        needs_front(process, world, faults)

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell a coup that is to bring a ceasefire, where its faction is a party to none."""
        faction, then = process.spec.faction, process.spec.then
        is_party = any(str(faction) in truce.between for truce in scene.truces)
        if then == "ceasefire" and not is_party and not scene.world.is_partial:
            message = f"'{faction}' is a party to no ceasefire that '{process.name}' could bring"
            hint = f"declare one: {{kind: ceasefire, between: [{faction}, ...]}}"
            path = f"{process.path}.then"
            scene.faults.add("no-ceasefire", message, process.key, path, hint=hint)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the attempt and its end."""
        _begin(process, scene)
        _end(process, scene)


def _begin(process: Process, scene: Scene) -> None:
    """Let somebody try."""
    name, at, path, parts = process.name, process.key, process.path, scene.parts
    faction = str(process.spec.faction)
    for flag in ("under_way", "done"):
        parts.variable(f"{name}.{flag}", at, path, integer=["0", "1"], initial="0")
    idle = f"{name}.under_way == 0 and {name}.done == 0"
    base = parts.use(process.given("base"))
    parts.transition(
        f"{name}.begins",
        at,
        path,
        when=all_of([idle, scene.is_active(faction), *conditions(process, parts)]),
        rate=f"{base} * exp({STEEPNESS} * (0.5 - {faction}.cohesion))",
        priority=process.spec.priority,
        then={f"{name}.under_way": "1"},
        says=f"A coup against {faction} is under way ({name})",
    )


def _end(process: Process, scene: Scene) -> None:
    """Let an attempt succeed or fail."""
    name, faction = process.name, str(process.spec.faction)
    over, chance = {f"{name}.under_way": "0"}, scene.parts.use(process.given("succeeds"))
    weight = f"{chance} if {scene.is_active(faction)} else 0"
    success = {
        "label": "succeeds",
        "weight": weight,
        "then": {**over, f"{name}.done": "1", **_follows(process, scene)},
        "says": process.says or f"The coup against {faction} has succeeded ({name})",
    }
    failure = {
        "label": "fails",
        "weight": f"1 - ({weight})",
        "then": over,
        "says": f"The coup against {faction} has failed ({name})",
    }
    scene.parts.transition(
        f"{name}.ends",
        process.key,
        process.path,
        when=f"{name}.under_way == 1",
        after=process.law("lasts"),
        branches=[success, failure],
    )


def _follows(process: Process, scene: Scene) -> Effects:
    """Return what the success of a coup changes."""
    faction, then = str(process.spec.faction), process.spec.then or "collapse"
    if then == "collapse":
        return {f"{faction}.collapsed": "1"}
    if then == "ceasefire":
        return {f"{t.name}.active": "1" for t in scene.truces if faction in t.between}
    drop = scene.parts.use(process.given("drop"))
    return {f"{faction}.cohesion": f"max(0, {faction}.cohesion - {drop})"}
