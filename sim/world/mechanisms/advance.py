"""``advance``: one column on one axis. It is at one place at a time.

A column marches leg by leg along its places. A leg is work in km, burned at a pace that is luck of
the leg: unopposed a lognormal of 45 km/day (49 pairs of successive falls in past wars), opposed, on
a leg or in a belt with a declared posture, 4.4 km/day. A cut road stops it, a by-pass slows it, and
its pace halves for each ``reach`` that it has gone (culmination). An empty place falls as it
arrives; at a held one it stands in contact until ``assault`` or another clock decides. It leaves a
part of its force at each place that is taken, rests, and goes on. After a broken attack it regroups
and comes again, while its force is not too small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Names, Value, Whole, a_key
from sim.values import Node
from sim.world.frame import could_hold, held_by, length
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import MARCHED, NOBODY, Place, Route
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene

STATES = ("marching", "contact", "resting", "regrouping", "spent")
#: A place that was in contact is not shocked by contact again, until this long after.
FRESH_AGAIN = "14 days"
#: Times the opposed pace (regression over 660 battles, 1600-1982).
POSTURES = {"hasty": "1", "prepared": "0.66", "fortified": "0.5"}
TERRAINS = {"open": "1", "rugged": "0.48"}


class Advance(ProcessSpec):
    """One column on one axis."""

    KIND = "advance"
    REFERENCES = {  # noqa: RUF012 (a constant, as in the class above)
        "faction": "factions",
        "along": "places",
        "at": "places",
        "take_from": "processes",
    }

    faction: Line = a_key("Whose column", "rebels", default=NEEDED)
    along: Names = a_key(
        "Its places in turn, each joined to the next", "[hama, homs]", default=NEEDED
    )
    at: Line = a_key("Where it is at the start", "hama", default="the first of along")
    force: Value = quantity("Its strength", "person", NEEDED, example="{interval90: [4000, 18000]}")
    reserve: Value = quantity(
        "What joins it when it has taken a place", "person", Default("0 persons")
    )
    take_from: Line = a_key("The advance that it splits from when 'when' first holds", "main")
    share: Value = quantity("Share of that column that it takes", "probability", Default("0.5"))
    leave_behind: Value = quantity("Share left at each place taken", "probability", Default("0.1"))
    pace: Value = quantity(
        "Unopposed, on each leg; chance",
        "km/day",
        Default(
            {"lognormal": {"median": "45 km/day", "sigma": "0.9"}, "chance": "true"},
            "C",
            "49 pairs of successive falls",
        ),
    )
    opposed_pace: Value = quantity(
        "On a defended leg or belt, before posture and terrain; chance",
        "km/day",
        Default(
            {"lognormal": {"median": "4.4 km/day", "sigma": "1.05"}, "chance": "true"}, "C", "CDB90"
        ),
    )
    rest: Value = quantity(
        "After a place; chance",
        "day",
        Default({"lognormal": {"median": "8 h", "sigma": "1"}}),
    )
    regroup: Value = quantity(
        "After a broken attack; chance",
        "day",
        Default({"lognormal": {"median": "14 days", "sigma": "1"}}),
    )
    gives_up_below: Value = quantity(
        "Share of its first force below which it attacks no more", "probability", Default("0.4")
    )
    reach: Value = quantity(
        "Distance gone at which its pace has halved",
        "km",
        Default({"lognormal": {"median": "300 km", "sigma": "0.8"}}),
    )
    surprise: Whole = a_key("How far the defender is surprised, 0 to 3", "1", default="0")

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add a column."""
        _Column(process, scene).expand()


class _Column:
    """The parts of one column."""

    def __init__(self, process: Process, scene: Scene) -> None:
        self.process, self.scene, self.parts = process, scene, scene.parts
        self.name, self.at, self.path = process.name, process.key, process.path
        self.faction = str(process.spec.faction)
        self.along = [scene.world.places[str(place)] for place in process.spec.along]
        start = str(process.spec.at or process.spec.along[0])
        self.first = [place.name for place in self.along].index(start)

    def use(self, key: str) -> str:
        return self.parts.use(self.process.given(key))

    def law(self, key: str) -> Node:
        """Return a quantity that is drawn at each use."""
        value: Node | Default = getattr(self.process.spec, key)
        return value.node(self.at) if isinstance(value, Default) else value

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def expand(self) -> None:
        self.state()
        for leg in range(1, len(self.along)):
            self.march(leg)
        for leg, place in enumerate(self.along):
            self.stand(leg, place)
        self.rest()
        if self.process.spec.take_from is not None:
            self.split()

    def state(self) -> None:
        """Make what a column is: where, in what state, how strong, how far from its start."""
        force = self.use("force")
        begins = self.process.spec.take_from is None
        here = self.along[self.first]
        is_home = held_by(here.name, self.faction, self.scene.world)
        state = f"(marching if {is_home} else contact)" if begins else "spent"
        names = [place.name for place in self.along]
        self.parts.variable(f"{self.name}.at", self.at, self.path, states=names, initial=here.name)
        self.parts.variable(
            f"{self.name}.leg", self.at, self.path,
            integer=["0", str(len(names))], initial=str(self.first),
        )  # fmt: skip
        self.parts.variable(
            f"{self.name}.state", self.at, self.path,
            states=list(STATES), initial="contact" if here.spec.attacker == self.faction else state,
        )  # fmt: skip
        self.parts.variable(
            f"{self.name}.force", self.at, self.path,
            real=["0", "inf"], unit="person", initial=force if begins else "0 persons",
        )  # fmt: skip
        self.parts.variable(
            f"{self.name}.first_force", self.at, self.path,
            real=["0", "inf"], unit="person", initial=force if begins else "0 persons",
        )  # fmt: skip
        self.parts.variable(
            f"{self.name}.reserve", self.at, self.path,
            real=["0", "inf"], unit="person", initial=self.use("reserve"),
        )  # fmt: skip
        self.parts.variable(
            f"{self.name}.gone", self.at, self.path, real=["0 km", "inf"], initial="0 km"
        )

    # Marching.

    def march(self, leg: int) -> None:
        """March from one place to the next, over any road that joins them."""
        before, place = self.along[leg - 1], self.along[leg]
        for number, route in enumerate(self.roads(before, place)):
            km = length(route, self.parts)
            suffix = "" if number == 0 else f".{route.name}"
            others = self.roads(before, place)[:number]
            is_best = all_of(f"{other.name}.status == cut" for other in others)
            self.transition(
                f"march.{place.name}{suffix}",
                when=all_of(
                    [
                        f"{self.name}.state == marching and {self.name}.leg == {leg - 1}",
                        f"{route.name}.status != cut",
                        *([is_best] if others else []),
                        *conditions(self.process, self.parts),
                    ]
                ),
                work=km,
                pace=self.pace(leg, place, route),
                memory="keep",
                then={
                    f"{self.name}.leg": str(leg),
                    f"{self.name}.at": place.name,
                    f"{self.name}.state": "contact",
                    f"{self.name}.gone": f"{self.name}.gone + {km}",
                },
                says=f"{self.name} arrives at {place.name}",
            )

    def roads(self, a: Place, b: Place) -> list[Route]:
        ends = {a.name, b.name}
        found = [
            route
            for route in self.scene.world.routes.values()
            if set(route.ends) == ends and route.kind in MARCHED and route.may_use(self.faction)
        ]
        return sorted(found, key=lambda route: route.about_km)

    def pace(self, leg: int, place: Place, route: Route) -> str:
        """Return the pace of a leg: luck, the road, and how far the column has come."""
        base = self.luck("pace", leg, place)
        if route.spec.posture is not None:
            posture, terrain = POSTURES[route.spec.posture], TERRAINS[route.spec.terrain or "open"]
            base = f"{self.luck('opposed_pace', leg, place)} * {posture} * {terrain}"
        share = self.parts.use(route.given("bypass_share"))
        road = f"{MARCHED[route.kind]} * ({share} if {route.name}.status == bypass else 1)"
        return f"{base} * {road} * 0.5 ** ({self.name}.gone / {self.use('reach')})"

    def luck(self, key: str, leg: int, place: Place) -> str:
        """Return a pace that is drawn for one leg."""
        spec = self.process.spec
        return self.parts.use(self.process.entry(key, place.name, getattr(spec, key), "km/day"))

    # At a place.

    def stand(self, leg: int, place: Place) -> None:
        """Attack, walk in or pass, as who holds the place has it."""
        name, here = place.name, f"{self.name}.state == contact and {self.name}.leg == {leg}"
        foe = self.scene.is_hostile(place, self.faction)
        is_first = f"time - {name}.contact_at >= {FRESH_AGAIN}"
        if self.faction in place.attackers:
            self.transition(
                f"walks_in.{name}",
                immediate="true",
                priority="2",
                when=all_of(
                    [
                        here,
                        f"{name}.defence < 1 person",
                        any_of([foe, f"{name}.control == {NOBODY}"]),
                    ]
                ),
                then=self.scene.fall(place, "walkover", to=self.faction, survive="0"),
                says=f"{self.name} walks into {name}",
            )
            self.transition(
                f"attacks.{name}",
                immediate="true",
                priority="1",
                when=all_of(
                    [
                        here,
                        foe,
                        f"{name}.defence >= 1 person",
                        f"{name}.attacker == {NOBODY}",
                        f"{self.name}.force >= 1 person",
                    ]
                ),
                then={
                    f"{name}.attacker": self.faction,
                    f"{name}.fresh": f"1 if {is_first} else {name}.fresh",
                    f"{name}.contact_at": f"time if {is_first} else {name}.contact_at",
                },
                says=f"{self.name} attacks {name}",
            )
        is_mine = "false"
        if self.faction in could_hold(place, self.scene.world):
            is_mine = f"{name}.control == {self.faction}"
            left, garrison = self.use("leave_behind"), f"{name}.garrison.{self.faction}"
            self.transition(
                f"takes.{name}",
                immediate="true",
                when=all_of([here, is_mine]),
                then={
                    garrison: f"{garrison} + {self.name}.force * {left}",
                    f"{self.name}.force": (
                        f"{self.name}.force * (1 - {left}) + {self.name}.reserve"
                    ),
                    f"{self.name}.reserve": "0 persons",
                    f"{self.name}.state": "resting",
                },
            )
        self.transition(
            f"passes.{name}",
            immediate="true",
            when=all_of([here, f"not ({foe})", f"not ({is_mine})", f"{name}.control != {NOBODY}"]),
            then={f"{self.name}.state": "resting"},
        )

    def rest(self) -> None:
        last = len(self.along) - 1
        self.transition(
            "goes_on",
            when=f"{self.name}.state == resting",
            after=self.law("rest"),
            then={f"{self.name}.state": f"marching if {self.name}.leg < {last} else spent"},
        )
        enough = f"{self.name}.force >= {self.use('gives_up_below')} * {self.name}.first_force"
        self.transition(
            "comes_again",
            when=f"{self.name}.state == regrouping",
            after=self.law("regroup"),
            then={f"{self.name}.state": f"contact if {enough} else spent"},
            says=f"{self.name} has regrouped",
        )

    def split(self) -> None:
        """Take a share of another column, once."""
        other = str(self.process.spec.take_from)
        share = self.use("share")
        taken = f"{other}.force * {share}"
        self.transition(
            "splits",
            immediate="true",
            when=all_of([f"{self.name}.splits.fired == 0", *conditions(self.process, self.parts)]),
            then={
                f"{self.name}.force": taken,
                f"{self.name}.first_force": taken,
                f"{other}.force": f"{other}.force * (1 - {share})",
                f"{self.name}.state": "marching",
            },
            says=f"{self.name} splits from {other}",
        )
