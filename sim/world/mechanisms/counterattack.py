"""``counterattack``: whoever has lost a place attacks it in turn, from a place nearby.

    hazard = rate, from the loss of one of ``places`` until ``within`` (10 days) after it

The force is ``share`` of the garrison that it comes from, and it fights as a column does: the same
clocks of ``assault`` race, with the roles exchanged. When it wins, the place returns and the force
is its garrison; when it breaks, what is left of the force goes home. Rate and share are judgement.

Decisions that the design leaves open:

- It comes from the nearest place that an open road joins to the lost one, that is held by its side,
  has a garrison, and is not attacked itself. The hazard counts preparation and march, so the force
  stands before the place at once.
- One attempt for each loss, and one at a time for each process; a place that its faction attacks
  already, or somebody else, is left to them. A place that stands in the faction's ``losses``, lost
  before the start, is counted from then.
- A force whose home is lost while it is away is lost when it breaks.
- The flag ``X.lost.P`` says that P may still be counterattacked; the fall of P, by whatever cause,
  raises it, so it costs no event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Names, Value, Whole, a_key
from sim.values import Faults
from sim.world.frame import could_hold, held_by
from sim.world.mechanisms.checks import needs_front, needs_names
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import MARCHED, NOBODY, Place, World
from sim.world.parts import all_of, any_of, total
from sim.world.quantities import Default, quantity
from sim.world.truces import may_attack

if TYPE_CHECKING:
    from sim.world.scene import Scene

#: Those of a column (``advance``): spent is one that does not exist now.
STATES = ("spent", "marching", "contact", "resting", "regrouping")
#: Places that a counterattack may come from, at the most: the nearest.
MOST_HOMES = 4


class Counterattack(ProcessSpec):
    """Whoever has lost a place attacks it in turn."""

    KIND = "counterattack"
    REFERENCES = {"faction": "factions", "places": "places"}  # noqa: RUF012 (a constant)
    # The town was lost four days before the start and stands empty. It is walked into at 0.2 a day
    # for the six days that are left of ten: in the end in a share 1 - exp(-1.2) of cases, by 500
    # of 1,000 men.
    EXAMPLE = """
title: A town is taken back while the loss is fresh
clock: {start: 2024-01-05T00:00Z, horizon: 20 days}
factions:
  government:
    present_fraction: 1
    supply: 900 days
    losses: [{place: town, at: 2024-01-01T00:00Z}]
  rebels: {supply: 900 days}
hostile: [[rebels, government]]
places:
  base: {control: government, garrison: {government: 1000}}
  town: {control: rebels}
routes:
  road: {between: [base, town], km: 20}
processes:
  riposte:
    {kind: counterattack, faction: government, places: [town], rate: 0.2 / day, share: 0.5}
outcomes:
  back: town.control == government
  garrisoned: town.garrison.government == 500 persons and base.garrison.government == 500 persons
"""

    faction: Line = a_key("Who counterattacks", "government", default=NEEDED)
    places: Names = a_key("What is worth it", "[homs, rastan]", default=NEEDED)
    rate: Value = quantity(
        "How soon, after a loss",
        "1/day",
        Default({"lognormal": {"median": "0.03 / day", "sigma": "1"}}),
    )
    within: Value = quantity(
        "How long after a loss; later it is an offensive", "day", Default("10 days")
    )
    share: Value = quantity(
        "Share of the garrison it comes from that attacks",
        "probability",
        Default({"uniform": ["0.3", "0.7"]}),
    )
    surprise: Whole = a_key("How far the defender is surprised, 0 to 3", "1", default="0")

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, and places that it cannot come to."""
        needs_front(process, world, faults)
        needs_names(process, "places", faults)
        faction = str(process.spec.faction)
        for name in process.spec.places:
            path = f"{process.path}.places"
            if faction not in world.places[str(name)].attackers:
                message = f"'{faction}' may not attack '{name}'"
                faults.add("bad-place", message, name, path, hint="see 'hostile', 'attackable_by'")
            elif not _homes(world.places[str(name)], faction, world):
                message = f"no road on which '{faction}' may march leads to '{name}'"
                faults.add("no-way", message, name, path)

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell that its force may stand before a place, and that a loss is to be noted."""
        faction = str(process.spec.faction)
        gone = {f"{process.name}.state": "spent", f"{process.name}.force": "0 persons"}
        scene.ends_with(faction, gone)
        for name in dict.fromkeys(map(str, process.spec.places)):
            scene.stands_before(process, faction, name)
            flag = f"{process.name}.lost.{name}"
            scene.loss_flags.setdefault(name, []).append((flag, faction))

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the force, and at each place how it comes, attacks and stays or goes home."""
        _Counterattack(process, scene).expand()


def _homes(place: Place, faction: str, world: World) -> dict[str, list[str]]:
    """Return the places that a counterattack may come from, nearest first, with their roads."""
    steps = world.network(tuple(MARCHED), faction).get(place.name, ())
    found: dict[str, list[str]] = {}
    for route, there in sorted(steps, key=lambda step: world.routes[step[0]].about_km):
        if world.places[there].kind != "source":
            found.setdefault(there, []).append(route)
    return dict(list(found.items())[:MOST_HOMES])


class _Counterattack:
    """The parts of one counterattack."""

    def __init__(self, process: Process, scene: Scene) -> None:
        self.process, self.scene, self.parts = process, scene, scene.parts
        self.name, self.at, self.path = process.name, process.key, process.path
        self.faction, world = str(process.spec.faction), scene.world
        self.places = [world.places[p] for p in dict.fromkeys(map(str, process.spec.places))]
        self.homes = {p.name: _homes(p, self.faction, world) for p in self.places}
        self.share = self.use("share")

    def use(self, key: str) -> str:
        return self.parts.use(self.process.given(key))

    def variable(self, name: str, **written: object) -> None:
        self.parts.variable(f"{self.name}.{name}", self.at, self.path, **written)

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def expand(self) -> None:
        names = [place.name for place in self.places]
        homes = list(dict.fromkeys(home for found in self.homes.values() for home in found))
        self.variable("state", states=list(STATES), initial="spent")
        self.variable("at", states=names, initial=names[0])
        self.variable("home", states=homes, initial=homes[0])
        self.variable("force", real=["0", "inf"], unit="person", initial="0 persons")
        for place in self.places:
            self.note_loss(place)
            self.set_out(place)
            self.fight(place)
        self.go_home(homes)

    # Before.

    def note_loss(self, place: Place) -> None:
        """Remember a loss for some days, one before the start from when it was."""
        flag, within = f"{self.name}.lost.{place.name}", self.use("within")
        losses = self.scene.world.factions[self.faction].losses
        ages = [days for name, days, _ in losses if name == place.name]
        initial, left = "0", within
        if ages:
            age = f"{min(ages)!r} days"
            initial = f"1 if {age} < {within} else 0"
            left = f"{within} - {age} if time == 0 days else {within}"
        self.parts.variable(flag, self.at, self.path, integer=["0", "1"], initial=initial)
        self.transition(
            f"too_late.{place.name}",
            # Not while it is back: what is lost again is a new loss.
            when=f"{flag} == 1 and {place.name}.control != {self.faction}",
            after=left,
            memory="redraw",
            then={flag: "0"},
        )

    def may_come(self, place: Place, home: str) -> str:
        """Make ``X.may_come.P.H``: whether a home can send a force to a place."""
        name = f"{self.name}.may_come.{place.name}.{home}"
        roads = any_of(f"{route}.status != cut" for route in self.homes[place.name][home])
        is_own = held_by(home, self.faction, self.scene.world)
        has_men = f"{home}.garrison.{self.faction} * {self.share} >= 1 person"
        may = all_of([is_own, has_men, f"{home}.attacker == {NOBODY}", roads])
        self.parts.define(name, may, self.at, self.path)
        return name

    def set_out(self, place: Place) -> None:
        """Send a force from the nearest place that can, while the loss is fresh."""
        flag, before = f"{self.name}.lost.{place.name}", list[str]()
        then, forces = {}, []
        label = f"{self.name}.home"
        for home in self.homes[place.name]:
            may = self.may_come(place, home)
            is_it = all_of([may, *(f"not {nearer}" for nearer in before)])
            before.append(may)
            garrison = f"{home}.garrison.{self.faction}"
            forces.append(f"{garrison} * {self.share} if {is_it} else 0 persons")
            then[garrison] = f"{garrison} * (1 - {self.share}) if {is_it} else {garrison}"
            label = f"{home} if {is_it} else ({label})"
        self.transition(
            f"sets_out.{place.name}",
            when=all_of(
                [
                    f"{self.name}.state == spent and {flag} == 1",
                    self.may_enter(place),
                    f"{place.name}.attacker == {NOBODY}",
                    any_of(before),
                    *may_attack(place, self.faction, self.scene),
                    self.scene.is_active(self.faction),
                    *conditions(self.process, self.parts),
                ]
            ),
            rate=self.use("rate"),
            priority=self.process.spec.priority,
            then={
                **then,
                f"{self.name}.force": total(forces),
                f"{self.name}.home": label,
                f"{self.name}.at": place.name,
                f"{self.name}.state": "contact",
                flag: "0",
            },
            says=self.process.says or f"{self.faction} counterattacks {place.name} ({self.name})",
        )

    # At the place.

    def may_enter(self, place: Place) -> str:
        """Return the condition that an enemy holds a place, or nobody."""
        return any_of(
            [self.scene.is_hostile(place, self.faction), f"{place.name}.control == {NOBODY}"]
        )

    def fight(self, place: Place) -> None:
        """Walk in or attack; who takes the place then has a garrison there before others come."""
        name = place.name
        is_here = f"{self.name}.state == contact and {self.name}.at == {name}"
        may = list(may_attack(place, self.faction, self.scene))
        self.transition(
            f"walks_in.{name}",
            immediate="true",
            priority="2",
            when=all_of([is_here, self.may_enter(place), f"{name}.defence < 1 person", *may]),
            then=self.scene.walkover(place, self.faction),
            says=f"{self.name} walks into {name}",
        )
        is_free = f"{name}.attacker == {NOBODY} and {name}.defence >= 1 person"
        self.transition(
            f"attacks.{name}",
            immediate="true",
            priority="1",
            when=all_of([is_here, self.scene.is_hostile(place, self.faction), is_free, *may]),
            then=self.scene.contact(place, self.faction),
            says=f"{self.name} attacks {name}",
        )
        garrison = f"{name}.garrison.{self.faction}"
        self.transition(
            f"stays.{name}",
            immediate="true",
            priority="3",
            when=all_of([is_here, held_by(name, self.faction, self.scene.world)]),
            then={garrison: f"{garrison} + {self.name}.force", **self.ended()},
        )

    # After it.

    def ended(self) -> dict[str, str]:
        return {f"{self.name}.force": "0 persons", f"{self.name}.state": "spent"}

    def go_home(self, homes: list[str]) -> None:
        """Take what is left of a broken force home."""
        then = {}
        for home in homes:
            garrison = f"{home}.garrison.{self.faction}"
            is_own = held_by(home, self.faction, self.scene.world)
            is_it = f"{self.name}.home == {home} and ({is_own})"
            then[garrison] = f"{garrison} + ({self.name}.force if {is_it} else 0 persons)"
        reasons = [f"{self.name}.state == regrouping", *self.pointless()]
        self.parts.gather(f"{self.name}.gives_up", reasons, any_of, self.at, self.path)
        self.transition(
            "goes_home",
            immediate="true",
            when=f"{self.name}.gives_up",
            then={**then, **self.ended()},
            says=f"{self.name} goes home",
        )

    def pointless(self) -> list[str]:
        """Return the conditions that a place has come to one who is neither friend nor enemy."""
        world, found = self.scene.world, []
        for place in self.places:
            own = world.side(self.faction)
            neutral = [
                holder
                for holder in could_hold(place, world)
                if holder not in own and not world.are_hostile(holder, self.faction)
            ]
            for holder in neutral:
                is_here = f"{self.name}.state == contact and {self.name}.at == {place.name}"
                found.append(f"{is_here} and {place.name}.control == {holder}")
        return found
