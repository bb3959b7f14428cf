"""``ceasefire``: enemies agree not to attack each other, for as long as that holds.

    hazard of a ceasefire = offer x product of ``accept`` over those who are to agree

Offers come at the rate ``offer``, and each party accepts with a probability of its own. An offer
that somebody refuses changes nothing and is not simulated: what is left of a Poisson process when
each point is kept with a fixed probability is a Poisson process (Kingman, Poisson Processes, 1993,
section 5.1). Then it holds (``X.active``) for ``holds``, luck of each ceasefire, and offers come
again. Rates, probabilities and duration are judgement.

While it holds, those who are named do not attack each other: columns halt before places of the
other and walk into none, both clocks of an assault stand still, no counterattack sets out, and
nobody interdicts a route that ends at a place of the other, or a line that supplies him. Whoever
goes against somebody else is not bound, and neither is an ally who is not named. Contact goes on:
collapse, siege, deal and uprising do not wait.

It ends early when a party has collapsed, or has left. A coup may bring it about (``coup``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import one_of
from sim.keys import NEEDED, Names, Value, a_key
from sim.values import Faults
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity
from sim.world.specs import Table

if TYPE_CHECKING:
    from sim.world.scene import Scene

#: How readily somebody accepts of whom nothing is said.
_USUAL = Default({"beta": ["1", "9"]})


class Ceasefire(ProcessSpec):
    """Enemies agree not to attack each other."""

    KIND = "ceasefire"
    REFERENCES = {"between": "factions"}  # noqa: RUF012 (a constant)
    # It comes at 2 x 0.5 x 0.4 a day and ends at 1 / 5 a day: two states, and by t days the share
    # 0.4 / 0.6 (1 - exp(-0.6 t)) of cases has one.
    EXAMPLE = """
title: Talks
clock: {horizon: 20 days}
factions: {red: {}, blue: {}}
hostile: [[red, blue]]
places: {town: {control: blue}}
processes:
  talks:
    kind: ceasefire
    between: [red, blue]
    offer: 2 / day
    accept: {red: 0.5, blue: 0.4}
    holds: {exponential: {mean: 5 days}}
outcomes: {agreed: talks.active}
watch: {holds: talks.active}
"""

    between: Names = a_key(
        "Who agree: two factions or more, enemies", "[rebels, government]", default=NEEDED
    )
    offer: Value = quantity("How often one is offered", "1/day", Default("0.01 / day"))
    accept: Table = a_key(
        "Probability that each accepts an offer",
        "{rebels: 0.2, government: 0.1}",
        unit="probability",
        default="{beta: [1, 9]} each",
    )
    holds: Value = quantity(
        "How long it holds; chance",
        "day",
        Default({"lognormal": {"median": "7 days", "sigma": "1.2"}}),
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell parties that are not at war, one that stands twice, and who is none and accepts."""
        named, path = process.spec.between, f"{process.path}.between"
        if len(named) < 2:
            whom = f"'{named[0]}' and nobody else" if named else "nobody and nobody"
            message = f"a ceasefire between {whom}"
            faults.add("bad-ceasefire", message, named, path, expected="two enemies, or more")
        for number, name in enumerate(named):
            if name in named[:number]:
                message = f"a ceasefire between '{name}' and itself"
                faults.add("bad-ceasefire", message, name, path, expected="each party once")
            elif len(named) > 1 and not any(world.are_hostile(str(name), str(o)) for o in named):
                message = f"'{name}' is an enemy of nobody else in 'between'"
                other = next((o for o in named if o != name), name)
                hint = f"hostile: [[{name}, {other}]]"
                faults.add("not-hostile", message, name, path, hint=hint)
        for key in process.spec.accept or ():
            if key not in named:
                at, message = process.spec.accept.key(key), f"'{key}' is no party to the ceasefire"
                faults.add(
                    "bad-ceasefire", message, at, f"{process.path}.accept.{key}",
                    expected=one_of(named),
                )  # fmt: skip

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add how it comes about, holds and ends."""
        name, at, path, parts = process.name, process.key, process.path, scene.parts
        active, parties = f"{name}.active", list(map(str, process.spec.between))
        stand = [scene.is_active(party) for party in parties]
        written = process.spec.accept or {}
        accepts = [
            parts.use(process.entry("accept", party, written.get(party, _USUAL), "probability"))
            for party in parties
        ]
        parts.variable(active, at, path, integer=["0", "1"], initial="0")
        parts.transition(
            f"{name}.begins",
            at,
            path,
            when=all_of([f"{active} == 0", *stand, *conditions(process, parts)]),
            rate=" * ".join([parts.use(process.given("offer")), *accepts]),
            priority=process.spec.priority,
            then={active: "1"},
            says=process.says or f"A ceasefire between {' and '.join(parties)} begins ({name})",
        )
        says = f"The ceasefire between {' and '.join(parties)} is over ({name})"
        parts.transition(
            f"{name}.ends",
            at,
            path,
            when=f"{active} == 1",
            after=process.law("holds"),
            memory="redraw",
            then={active: "0"},
            says=says,
        )
        parts.transition(
            f"{name}.breaks",
            at,
            path,
            immediate="true",
            when=f"{active} == 1 and not ({all_of(stand)})",
            then={active: "0"},
            says=says,
        )
