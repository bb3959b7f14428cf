"""``advance``: one column on one axis. It is at one place at a time.

A column marches leg by leg along its places. A leg is work in km, burned at a pace that is luck of
the stretch of road that it belongs to:

    pace = (u or o) x road x 2 ** (-gone / reach)

u is the unopposed pace, a lognormal of 45 km/day (49 pairs of successive falls in past wars); o the
opposed one, 4.4 km/day, times 0.66 or 0.5 for a prepared or fortified posture and 0.48 in rugged
terrain (regression over CDB90, 660 battles 1600-1982). A route with a declared posture is marched
at o throughout; before a hostile place with one, the last ``belt`` km are: such a leg takes
(km - belt) / u + belt / o. A cut road stops the column, a by-pass slows it, and its pace halves for
each ``reach`` that it has gone (culmination).

States, with A.at the place that was reached last:

- *marching*: on the road to the next place. What becomes of the place behind does not stop it.
- *contact*: before a place that it may enter. An empty one falls as it arrives; at a held one it
  attacks, or waits while somebody else does, until a clock decides (``assault``, ``collapse``).
- *resting*: in a place, which it helps to defend. Thrown out of it, the column regroups.
- *regrouping*: after a broken attack. It comes again, unless too little of it is left.
- *spent*: at the end of its axis, or too weak. A column yet to split from another is spent, too.

What is decided here:

- A forecast must not hang on how many villages a file lists: so a stretch is the road from city to
  city, past as many small places as weigh 1 together (the past falls are of cities, too), and who
  takes a place leaves ``1 - (1 - leave_behind) ** weight`` of its force behind and rests for weight
  times ``rest``, with the weight of the place up to 1.
- A column that is to split from one taken off is off as well.
- A place that the column may not enter (``attackable_by``) and that is held by an enemy holds it up
  for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sim.errors import one_of
from sim.keys import NEEDED, Line, Names, Value, Whole, a_key
from sim.values import Faults
from sim.world.frame import length
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import MARCHED, NOBODY, Place, Route, World
from sim.world.parts import all_of, any_of, total
from sim.world.quantities import Default, quantity
from sim.world.scene import Scene, axis, plain
from sim.world.specs import PlaceSpec, RouteSpec
from sim.world.truces import may_attack

STATES = ("marching", "contact", "resting", "regrouping", "spent")
MOST_SURPRISE = 3
_FRONTS = "a belligerent or an ally"
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
    force: Value = quantity(
        "Its strength", "person", "needed, unless it splits", example="{interval90: [4000, 18000]}"
    )
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
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell an axis on which no column can march."""
        spec, path = process.spec, process.path
        if not world.factions[str(spec.faction)].holds_fronts:
            message = f"'{spec.faction}' has no columns: it holds no front"
            faults.add("no-front", message, spec.faction, f"{path}.faction", expected=_FRONTS)
        _check_axis(process, world, faults)
        if spec.at is not None and spec.at not in spec.along:
            message = f"'{spec.at}' is not on the axis of '{process.name}'"
            faults.add("bad-axis", message, spec.at, f"{path}.at", expected=one_of(spec.along))
        if spec.force is None and spec.take_from is None:
            message = f"'force' is missing in process '{process.name}'"
            hint = "take_from: the advance that it splits from"
            expected = "force: its strength"
            faults.add("missing-field", message, process.key, path, expected=expected, hint=hint)
        if not 0 <= (spec.surprise or 0) <= MOST_SURPRISE:
            message, at = f"'surprise' is {spec.surprise}", process.key
            faults.add("out-of-range", message, at, f"{path}.surprise", expected="from 0 to 3")

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Say how it ends with its faction; tell one that is to split from what is no column."""
        scene.ends_with(str(process.spec.faction), _gone(process))
        other, at = process.spec.take_from, process.spec.take_from
        if other is None:
            return
        path, whole = f"{process.path}.take_from", scene.processes.get(str(other))
        if other == process.name:
            message = f"'{other}' cannot split from itself"
            scene.faults.add("bad-split", message, at, path, expected="another advance")
        elif whole is not None and whole.kind != cls.KIND:
            message = f"'{other}' is no advance, but a process of kind '{whole.kind}'"
            scene.faults.add("bad-split", message, at, path, expected="another advance")
        elif whole is not None and whole.spec.faction != process.spec.faction:
            message = f"'{other}' is a column of '{whole.spec.faction}', not of its own faction"
            scene.faults.add("bad-split", message, at, path)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add a column."""
        _Advance(process, scene).expand()


def _gone(process: Process) -> dict[str, str]:
    """Return what becomes of a column whose faction falls apart."""
    gone = {f"{process.name}.state": "spent", f"{process.name}.force": "0 persons"}
    if _has_reserve(process):
        gone[f"{process.name}.reserve"] = "0 persons"
    return gone


def _has_reserve(process: Process) -> bool:
    return not isinstance(process.spec.reserve, Default)


def _check_axis(process: Process, world: World, faults: Faults) -> None:
    """Tell places that come twice, or that no road joins on which its faction may march."""
    along, path = list(process.spec.along), f"{process.path}.along"
    if not along:
        message = f"'{process.name}' leads nowhere"
        faults.add("bad-axis", message, process.spec.along, path, expected="places in turn")
    network = world.network(tuple(MARCHED), str(process.spec.faction))
    for leg, place in enumerate(along):
        if place in along[:leg]:
            message = f"'{process.name}' passes '{place}' twice"
            hint = "a second advance may lead back"
            faults.add("bad-axis", message, place, path, hint=hint)
        elif leg and str(place) not in [there for _, there in network[str(along[leg - 1])]]:
            message = f"no road that '{process.spec.faction}' may use joins '{along[leg - 1]}'"
            message += f" and '{place}'"
            faults.add("no-road", message, place, path, expected="a route between them")


def _ends_of_stretches(along: Sequence[Place]) -> Iterator[tuple[str, str]]:
    """Yield each place of an axis after the first with the end of its stretch of road.

    A stretch is the road from city to city, past as many small places as weigh 1 together.
    """
    passed, weight = [], 0.0
    for place in along[1:]:
        passed.append(place.name)
        known = plain(place.weight.value)
        weight += 1.0 if known is None else known
        if weight >= 1.0 or place is along[-1]:
            yield from ((name, place.name) for name in passed)
            passed, weight = [], 0.0


class _Advance:
    """The parts of one column."""

    def __init__(self, process: Process, scene: Scene) -> None:
        self.process, self.scene, self.parts = process, scene, scene.parts
        self.name, self.at, self.path = process.name, process.key, process.path
        self.faction = str(process.spec.faction)
        self.along = [scene.world.places[name] for name in axis(process)]
        self.first = self.along[0]
        self.splits_from = str(process.spec.take_from or "")
        self.ends = dict(_ends_of_stretches(self.along))
        self.goes = conditions(process, scene.parts)

    def use(self, key: str) -> str:
        return self.parts.use(self.process.given(key))

    def variable(self, name: str, **written: object) -> None:
        self.parts.variable(f"{self.name}.{name}", self.at, self.path, **written)

    def transition(self, name: str, **written: object) -> None:
        if self.process.spec.priority is not None and "immediate" not in written:
            written["priority"] = str(self.process.spec.priority)
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def expand(self) -> None:
        self.state()
        if self.splits_from:
            self.split()
            # It has been read when it first held.
            self.goes = [name for name in self.goes if name != f"{self.name}.when"]
        for before, place in pairwise(self.along):
            self.march(before, place)
        for place in self.along:
            columns = self.scene.columns_at(place.name)
            column = next(column for column in columns if column.process is self.process)
            # At home, where nobody can throw it out, it never stands before the place.
            if column.before or self.scene.is_contested(place):
                self.stand(place, column.is_here)
        self.rest()
        self.regroup()

    def state(self) -> None:
        """Make what a column is: where, in what state, how strong, how far from its start."""
        force = "0 persons" if self.splits_from else self.use("force")
        self.variable("at", states=list(self.process.spec.along), initial=self.first.name)
        self.variable("state", states=list(STATES), initial=self.first_state())
        for name in ("force", "first_force"):
            self.variable(name, real=["0", "inf"], unit="person", initial=force)
        if self.has_reserve:
            reserve = self.use("reserve")
            self.variable("reserve", real=["0", "inf"], unit="person", initial=reserve)
        self.variable("gone", real=["0 km", "inf"], initial="0 km")

    @property
    def has_reserve(self) -> bool:
        return _has_reserve(self.process)

    def first_state(self) -> str:
        """Return the state at the start: it marches from a place of its own side."""
        if self.splits_from:
            return "spent"
        if self.first.spec.attacker == self.faction:
            return "contact"
        side = self.scene.world.side(self.faction)
        if self.first.holder is not None:
            return "marching" if self.first.holder in side else "contact"
        friends = [holder for holder in self.first.holders if holder in side]
        is_home = any_of(f"{self.first.path}.control == {friend}" for friend in friends)
        return f"marching if {is_home} else contact"

    # Marching.

    def march(self, before: Place, place: Place) -> None:
        """March from one place to the next, by the shortest road that is not cut."""
        roads = self.roads(before, place)
        for number, route in enumerate(roads):
            km = length(route, self.parts)
            guard = [
                f"{self.name}.state == marching",
                f"{self.name}.at == {before.name}",
                f"{route.name}.status != cut",
                *(f"{shorter.name}.status == cut" for shorter in roads[:number]),
                *may_attack(place, self.faction, self.scene),
                *self.goes,
            ]
            arrives = f"contact if {self.may_enter(place)} else {self.rests_in(place)}"
            self.transition(
                f"march.{place.name}" + (f".{route.name}" if number else ""),
                when=all_of(guard),
                work=km,
                pace=self.pace(place, route),
                memory="keep",
                then={
                    f"{self.name}.at": place.name,
                    f"{self.name}.state": arrives,
                    f"{self.name}.gone": f"{self.name}.gone + {km}",
                },
                says=self.process.says or f"{self.name} arrives at {place.name}",
            )

    def roads(self, a: Place, b: Place) -> list[Route]:
        ends = {a.name, b.name}
        found = [
            route
            for route in self.scene.world.routes.values()
            if set(route.ends) == ends and route.kind in MARCHED and route.may_use(self.faction)
        ]
        return sorted(found, key=lambda route: route.about_km)

    def pace(self, place: Place, route: Route) -> str:
        """Return the pace of a leg: luck, the road, and how far the column has come."""
        pace = self.luck("pace", place)
        if route.spec.posture is not None:
            pace = self.opposed(place, route.spec)
        if place.spec.posture is not None:
            pace = self.slowed_in_belt(pace, place, route)
        factors = (
            [f"({pace})", MARCHED[route.kind]] if MARCHED[route.kind] != "1" else [f"({pace})"]
        )
        if route.name in self.scene.closable or route.spec.status is not None:
            share = self.parts.use(route.given("bypass_share"))
            factors.append(f"({share} if {route.name}.status == bypass else 1)")
        factors.append(f"0.5 ** ({self.name}.gone / {self.use('reach')})")
        return " * ".join(factors)

    def slowed_in_belt(self, pace: str, place: Place, route: Route) -> str:
        """Return the pace of a whole leg whose last kilometres, before an enemy, are opposed."""
        belt, km = self.parts.use(place.given("belt")), length(route, self.parts)
        share = f"min(1, {belt} / {km})"
        slowed = f"({pace}) / (1 + {share} * (({pace}) / ({self.opposed(place, place.spec)}) - 1))"
        return f"{slowed} if {self.scene.is_hostile(place, self.faction)} else {pace}"

    def opposed(self, place: Place, spec: PlaceSpec | RouteSpec) -> str:
        posture, terrain = POSTURES[spec.posture or "hasty"], TERRAINS[spec.terrain or "open"]
        return " * ".join([self.luck("opposed_pace", place), posture, terrain])

    def luck(self, key: str, place: Place) -> str:
        """Return a pace that is drawn for the stretch of road that leads to a place or past it."""
        spec, end = self.process.spec, self.ends[place.name]
        return self.parts.use(self.process.entry(key, end, getattr(spec, key), "km/day"))

    # At a place.

    def may_enter(self, place: Place) -> str:
        """Return the condition that a place is not its own side's, and open to be attacked."""
        entries = [self.scene.is_hostile(place, self.faction)]
        if self.faction in place.attackers:
            entries.append(f"{place.name}.control == {NOBODY}")
        return any_of(entries)

    def stand(self, place: Place, is_here: str) -> None:
        """Attack, walk in, hold or pass, as who holds the place has it."""
        here = [is_here, f"{self.name}.force >= 1 person"]
        here += may_attack(place, self.faction, self.scene)
        if self.faction in place.attackers:
            self.walk_in(place, here)
            self.attack(place, here)
        self.take(place, is_here)
        is_over = f"not ({self.may_enter(place)})"
        is_mine = f"{place.name}.control == {self.faction}"
        self.transition(
            f"passes.{place.name}",
            immediate="true",
            when=all_of([is_here, is_over, f"not ({is_mine})"]),
            then={f"{self.name}.state": self.rests_in(place)},
        )

    def walk_in(self, place: Place, here: list[str]) -> None:
        name = place.name
        self.transition(
            f"walks_in.{name}",
            immediate="true",
            priority="2",
            when=all_of([*here, self.may_enter(place), f"{name}.defence < 1 person", *self.goes]),
            then=self.scene.walkover(place, self.faction),
            says=f"{self.name} walks into {name}",
        )

    def attack(self, place: Place, here: list[str]) -> None:
        name, is_hostile = place.name, self.scene.is_hostile(place, self.faction)
        is_free = f"{name}.attacker == {NOBODY}"
        self.transition(
            f"attacks.{name}",
            immediate="true",
            priority="1",
            when=all_of([*here, is_hostile, f"{name}.defence >= 1 person", is_free, *self.goes]),
            then=self.scene.contact(place, self.faction),
            says=f"{self.name} attacks {name}",
        )

    def take(self, place: Place, is_here: str) -> None:
        """Leave some in a place that is its own now, before anybody else can walk in."""
        garrison = f"{place.name}.garrison.{self.faction}"
        weight = f"min(1, {self.parts.use(place.weight)})"
        kept = f"(1 - {self.use('leave_behind')}) ** {weight}"
        reserve = f" + {self.name}.reserve" if self.has_reserve else ""
        effects = {
            garrison: f"{garrison} + {self.name}.force * (1 - {kept})",
            f"{self.name}.force": f"{self.name}.force * {kept}{reserve}",
            f"{self.name}.state": self.rests_in(place),
        }
        if self.has_reserve:
            effects[f"{self.name}.reserve"] = "0 persons"
        self.transition(
            f"takes.{place.name}",
            immediate="true",
            priority="3",
            when=all_of([is_here, f"{place.name}.control == {self.faction}"]),
            then=effects,
        )

    # After it.

    def rests_in(self, place: Place) -> str:
        """Return the state of a column in a place that it holds or passes: the last is its end."""
        return "spent" if place is self.along[-1] else "resting"

    def rest(self) -> None:
        """Rest for as long as the place is large."""
        weights = (
            f"{self.parts.use(place.weight)} if {self.name}.at == {place.name} else 0"
            for place in self.along[:-1]
        )
        self.transition(
            "goes_on",
            when=all_of([f"{self.name}.state == resting", *self.goes]),
            work=self.process.law("rest"),
            # The place that it rests in stays the same, so this is a rest of weight times its law.
            pace=f"1 / clip({total(weights)}, 0.001, 1)",
            memory="redraw",
            then={f"{self.name}.state": "marching"},
        )

    def regroup(self) -> None:
        enough = f"{self.name}.force >= {self.use('gives_up_below')} * {self.name}.first_force"
        self.transition(
            "comes_again",
            when=all_of([f"{self.name}.state == regrouping", *self.goes]),
            after=self.process.law("regroup"),
            then={f"{self.name}.state": f"contact if {enough} else spent"},
            says=f"{self.name} has regrouped",
        )

    def split(self) -> None:
        """Take a share of another column, once."""
        other, share = self.splits_from, self.use("share")
        taken = f"{other}.force * {share}"
        self.transition(
            "splits",
            immediate="true",
            # After whatever the moment brings the other column.
            priority="-1",
            when=all_of(
                [f"{self.name}.splits.fired == 0", f"{other}.force >= 1 person", *self.goes]
            ),
            then={
                f"{self.name}.force": taken,
                f"{self.name}.first_force": taken,
                f"{self.name}.gone": f"{other}.gone",
                f"{self.name}.state": f"contact if {self.may_enter(self.first)} else marching",
                f"{other}.force": f"{other}.force * (1 - {share})",
                f"{other}.first_force": f"{other}.first_force * (1 - {share})",
            },
            says=f"{self.name} splits from {other}",
        )
