"""``withdraw``: a decision to give places up, before they are taken.

    hazard of the decision = base x threat_factor while threatened, else base

It is threatened while a place that its faction's side holds is threatened and is either one of
``protects`` or of higher value than all of ``from``: an army leaves what it can spare for what it
cannot. Base and factor are judgement; that falls by withdrawal are a clock of their own, beside
assault and collapse, is read from past wars (falls are bimodal, reference class).

What is decided here:

- It is decided once, for all of ``from``, while a way through own places is open from one of them
  to one of ``to``. From then on it is ``under_way``: each place is left as soon as a way is open to
  it, one that is cut off later or never. It is ``done`` when the faction holds none of them.
- ``takes`` is the share of the garrison that gets to the first of ``to`` that is open; allies in a
  place that the faction holds go with it. Where an ally or the faction's protector holds it, only
  the faction's own garrison leaves, and the place does not fall.
- A place that is left falls to its attacker, else to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.keys import NEEDED, Line, Names, Value, a_key
from sim.values import Faults
from sim.world.frame import could_hold, held_by
from sim.world.mechanisms.checks import needs_front, needs_names, needs_way
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import Place, World
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity
from sim.world.scene import Refuge, Scene


class Withdraw(ProcessSpec):
    """A decision to give places up."""

    KIND = "withdraw"
    REFERENCES = {  # noqa: RUF012 (a constant, as in the class above)
        "faction": "factions",
        "from_": "places",
        "to": "places",
        "protects": "places",
    }

    faction: Line = a_key("Whose decision", "government", default=NEEDED)
    from_: Names = a_key("What is given up", "[homs]", default=NEEDED, alias="from")
    to: Names = a_key(
        "Where the garrisons go: the first to which a way is open", "[tartus]", default=NEEDED
    )
    base: Value = quantity(
        "Hazard of the decision",
        "1/day",
        Default({"lognormal": {"median": "0.01 / day", "sigma": "1"}}),
    )
    protects: Names = a_key(
        "For which places: the decision is hastened while one is threatened",
        "[latakia]",
        default="[]",
    )
    threat_factor: Value = quantity(
        "Times base while one of 'protects', or a place of higher value, is threatened",
        "factor",
        Default({"lognormal": {"median": "5", "sigma": "0.7"}}),
    )
    takes: Value = quantity(
        "Share of the garrison that gets away", "probability", Default({"beta": ["6", "2"]})
    )

    def comers(self) -> Iterator[tuple[str, str]]:
        """Yield nobody: who gives a place up holds it already."""
        return iter(())

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, places to nowhere, and ways that do not exist."""
        needs_front(process, world, faults)
        needs_names(process, "from_", faults)
        needs_names(process, "to", faults)
        spec = process.spec
        refuge = [world.places[str(name)] for name in spec.to if name not in spec.from_]
        for name in spec.to:
            if name in spec.from_:
                message = f"'{name}' is given up, so nobody goes there"
                faults.add("bad-place", message, name, f"{process.path}.to")
        for name in spec.from_:
            needs_way(process, name, "from", [world.places[name]], refuge, world, faults)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the decision, and how each place is left."""
        _Withdrawal(process, scene).expand()


class _Withdrawal:
    """The parts of one withdrawal."""

    def __init__(self, process: Process, scene: Scene) -> None:
        self.process, self.scene, self.parts = process, scene, scene.parts
        self.name, self.at, self.path = process.name, process.key, process.path
        self.faction = str(process.spec.faction)
        self.away = self.places("from_")
        self.refuge = Refuge(self.faction, self.places("to"))
        self.takes = self.parts.use(process.given("takes"))

    def places(self, key: str) -> list[Place]:
        names = getattr(self.process.spec, key) or ()
        return [self.scene.world.places[name] for name in dict.fromkeys(map(str, names))]

    def use(self, key: str) -> str:
        return self.parts.use(self.process.given(key))

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def expand(self) -> None:
        for flag in ("under_way", "done"):
            self.parts.variable(
                f"{self.name}.{flag}", self.at, self.path, integer=["0", "1"], initial="0"
            )
        for place in self.away:
            self.leave(place)
        self.decide()
        self.end()

    def decide(self) -> None:
        rate = self.use("base")
        threats = self.threats()
        if threats:
            rate = f"{rate} * ({self.use('threat_factor')} if {self.name}.threat else 1)"
            self.parts.gather(f"{self.name}.threat", threats, any_of, self.at, self.path)
        may_leave = [f"{self.name}.may_leave.{place.name}" for place in self.away]
        self.parts.gather(f"{self.name}.may_begin", may_leave, any_of, self.at, self.path)
        self.transition(
            "decides",
            when=all_of(
                [
                    f"{self.name}.under_way == 0 and {self.name}.done == 0",
                    f"{self.name}.may_begin",
                    self.scene.is_active(self.faction),
                    *conditions(self.process, self.parts),
                ]
            ),
            rate=rate,
            priority=self.process.spec.priority,
            then={f"{self.name}.under_way": "1"},
            says=self.process.says or f"{self.faction} decides to give places up ({self.name})",
        )

    # What it is for.

    def threats(self) -> list[str]:
        """Return the conditions that a place is threatened for which these are given up."""
        found = []
        for place in self.scene.world.places.values():
            if place in self.away or not (place.attackers or place.spec.attacker):
                continue
            above = "true"
            if place not in self.places("protects"):
                more = [self.scene.is_worth_more(place, other) for other in self.away]
                if "false" in more:
                    continue
                above = all_of(more)
            is_own = held_by(place.name, self.faction, self.scene.world)
            found.append(all_of([f"{place.name}.threatened", is_own, above]))
        return found

    # How a place is left.

    def leave(self, place: Place) -> None:
        """Give one place up as soon as a way is open."""
        name, scene = place.name, self.scene
        is_mine = f"{name}.control == {self.faction}"
        ways = (f"{scene.way(place, there, self.faction)} < inf" for there in self.refuge.places)
        may = f"{self.name}.may_leave.{name}"
        self.parts.define(may, all_of([self.is_there(place), any_of(ways)]), self.at, self.path)
        now = f"{self.name}.under_way == 1 and {may}"
        self.transition(
            f"leaves.{name}",
            immediate="true",
            when=all_of([now, is_mine]),
            then=scene.fall(place, "withdraw", survive=self.takes, refuge=self.refuge),
            says=f"{self.faction} gives up {name}",
        )
        if self.has_friends(place):
            self.transition(
                f"pulls_out.{name}",
                immediate="true",
                when=all_of([now, f"not ({is_mine})"]),
                then=scene.retreat(place, self.takes, of=self.faction, refuge=self.refuge),
                says=f"{self.faction} pulls out of {name}",
            )

    def has_friends(self, place: Place) -> bool:
        """Return whether somebody else of its side may hold a place."""
        could = could_hold(place, self.scene.world)
        return any(f in could for f in self.scene.world.side(self.faction) if f != self.faction)

    def is_there(self, place: Place) -> str:
        """Return the condition that it holds a place, or has men in one that its side holds."""
        is_mine = f"{place.name}.control == {self.faction}"
        if not self.has_friends(place):
            return is_mine
        has_men = f"{place.name}.garrison.{self.faction} >= 1 person"
        is_friendly = held_by(place.name, self.faction, self.scene.world)
        return any_of([is_mine, all_of([is_friendly, has_men])])

    def end(self) -> None:
        """End it when nothing is left to be given up."""
        there = [self.is_there(place) for place in self.away]
        self.parts.gather(f"{self.name}.is_there", there, any_of, self.at, self.path)
        self.transition(
            "ends",
            immediate="true",
            priority="-1",
            when=f"{self.name}.under_way == 1 and not {self.name}.is_there",
            then={f"{self.name}.under_way": "0", f"{self.name}.done": "1"},
        )
