"""``reinforce``: men from other places, or from the reserve, march to a place of their own side.

    sets out at ``rate``, while a way through own places is open; arrives after km / (60 km/day)

Each time ``force`` men set out, or as many as can: a place that sends them keeps ``keeps`` of its
garrison, the reserve gives what it has. They march by the shortest way that is open, where tracks
and by-passes are as long as they are slow, and join the garrison. Rate, pace and share are
judgement; an army marches about 30 to 60 km a day where nobody opposes it (``advance``: 45).

Decisions that the design leaves open:

- They come from the first of ``from`` that can send any: held by their side, a way open, and not
  itself threatened, unless it is worth less than ``to`` (the order of ``value``).
- The reserve (``from: []``) stands nowhere in particular: it comes in from the nearest place of its
  side that one open road joins to ``to``, so none comes to a place that is cut off.
- One reinforcement of a process is on the road at a time; ``X.under_way`` says whether, ``X.force``
  how strong. Then it may set out again: ``until`` or a small reserve ends it.
- On the road it can be cut off: while no way is open, it waits (a bridge is a delay). When ``to``
  is lost, it turns back to where it came from; if that is lost as well, so are the men.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sim.keys import NEEDED, Line, Names, Value, a_key
from sim.values import Faults
from sim.world.frame import held_by
from sim.world.mechanisms.checks import needs_front, needs_way
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import Place, World
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity
from sim.world.ways import way_in

if TYPE_CHECKING:
    from sim.world.scene import Scene

#: The label of the reserve, among those of places that may send men.
RESERVE = "reserve"
#: Places that one expression has room to choose from.
MOST_SOURCES = 20


class Reinforce(ProcessSpec):
    """Men on their way to a place of their own side."""

    KIND = "reinforce"
    REFERENCES = {  # noqa: RUF012 (a constant, as in the class above)
        "faction": "factions",
        "to": "places",
        "from_": "places",
    }
    # 300 men set out at 0.5 a day and march 120 km in two days, so the first are there by day t
    # with probability 1 - exp(-0.5 (t - 2)).
    EXAMPLE = """
title: Men from the capital reinforce the front
clock: {horizon: 12 days}
factions:
  government: {present_fraction: 1, supply: 900 days}
places:
  capital: {control: government, garrison: {government: 2000}}
  front: {control: government, garrison: {government: 1000}}
routes:
  highway: {between: [capital, front], km: 120}
processes:
  reinforcement:
    {kind: reinforce, faction: government, to: front, from: [capital], force: 300, rate: 0.5 / day}
outcomes:
  on_the_road: capital.garrison.government == 1700 persons and reinforcement.force == 300 persons
  arrived: front.garrison.government == 1300 persons
"""

    faction: Line = a_key("Whose men", "government", default=NEEDED)
    to: Line = a_key("Whom they join", "homs", default=NEEDED)
    from_: Names = a_key(
        "Places they come from: the first that can send them; [] is the reserve of the faction",
        "[damascus, latakia]",
        default=NEEDED,
        alias="from",
    )
    force: Value = quantity(
        "How many, each time", "person", NEEDED, example="{interval90: [300, 3000]}"
    )
    rate: Value = quantity(
        "How often they set out, while none are on the road",
        "1/day",
        Default({"lognormal": {"median": "0.1 / day", "sigma": "1"}}),
    )
    pace: Value = quantity("How fast they march on a good road", "km/day", Default("60 km/day"))
    keeps: Value = quantity(
        "Share of a garrison that stays where men are taken from it", "probability", Default("0.5")
    )

    def comers(self) -> Iterator[tuple[str, str]]:
        """Yield nobody: men join those who hold a place."""
        return iter(())

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell a faction without a front, a place that reinforces itself, and one without a way."""
        needs_front(process, world, faults)
        spec, path = process.spec, f"{process.path}.from"
        if len(spec.from_) > MOST_SOURCES:
            message = f"{len(spec.from_)} places, and at most {MOST_SOURCES} can be chosen from"
            hint = "a second process may draw on the others"
            faults.add("too-many-places", message, spec.from_, path, hint=hint)
        for name in spec.from_:
            if name == spec.to:
                message = f"'{name}' cannot reinforce itself"
                faults.add("bad-place", message, name, path)
            else:
                start, end = world.places[str(name)], world.places[str(spec.to)]
                needs_way(process, name, "from", [start], [end], world, faults)

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell that men on the road go home when their faction falls apart."""
        gone = {f"{process.name}.force": "0 persons", f"{process.name}.under_way": "0"}
        scene.ends_with(str(process.spec.faction), gone)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add how they set out, arrive and turn back."""
        _Reinforcement(process, scene).expand()


class _Source(NamedTuple):
    """Where men may come from: what it is called, how many it has, and how far away it is.

    ``spares`` is the most that it gives away, ``is_free`` on what condition, ``is_home`` on what
    condition men may come back to it.
    """

    label: str
    stock: str
    spares: str
    km: str
    is_free: str
    is_home: str


class _Reinforcement:
    """The parts of one reinforcement."""

    def __init__(self, process: Process, scene: Scene) -> None:
        self.process, self.scene, self.parts = process, scene, scene.parts
        self.name, self.at, self.path = process.name, process.key, process.path
        self.faction = scene.world.factions[str(process.spec.faction)]
        self.goal = scene.world.places[str(process.spec.to)]
        names = dict.fromkeys(map(str, process.spec.from_))
        places = [scene.world.places[name] for name in names]
        self.sources = [self.place(p) for p in places] if places else [self.reserve()]

    def use(self, key: str) -> str:
        return self.parts.use(self.process.given(key))

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.at, self.path, **written)

    def variable(self, name: str, **written: object) -> None:
        self.parts.variable(f"{self.name}.{name}", self.at, self.path, **written)

    # Where they come from.

    def place(self, place: Place) -> _Source:
        """Return a place as a source of men."""
        stock = f"{place.name}.garrison.{self.faction.name}"
        is_own = held_by(place.name, self.faction.name, self.scene.world)
        is_less = self.scene.is_worth_more(self.goal, place)
        is_free = all_of([is_own, any_of([is_less, f"not {place.name}.threatened"])])
        return _Source(
            label=place.name,
            stock=stock,
            spares=f"{stock} * (1 - {self.use('keeps')})",
            km=self.scene.way(place, self.goal, self.faction.name),
            is_free=is_own if is_less == "true" else is_free,
            is_home=is_own,
        )

    def reserve(self) -> _Source:
        """Return the reserve of the faction as a source of men."""
        stock, at, path = f"{self.faction.name}.{RESERVE}", self.faction.key, self.faction.path
        if stock not in self.parts.names:
            first = self.parts.use(self.faction.given(RESERVE))
            self.parts.variable(stock, at, path, real=["0", "inf"], unit="person", initial=first)
        km = way_in(self.goal, self.faction, self.scene.world, self.parts)
        return _Source(RESERVE, stock, stock, km, "true", "true")

    # On the road.

    def expand(self) -> None:
        labels = [source.label for source in self.sources]
        self.variable("under_way", integer=["0", "1"], initial="0")
        self.variable("force", real=["0", "inf"], unit="person", initial="0 persons")
        self.variable("comes_from", states=labels, initial=labels[0])
        self.variable("road", real=["0", "inf"], unit="km", initial="0 km")
        self.define_sender()
        self.set_out()
        self.arrive()
        self.turn_back()

    def define_sender(self) -> None:
        """Make ``X.may_send.S``, and ``X.sender``: the number of the first who can; -1 if none."""
        sender = "-1"
        for number, source in reversed(list(enumerate(self.sources))):
            name = f"{self.name}.may_send.{source.label}"
            may = all_of([source.is_free, f"{source.spares} >= 1 person", f"{source.km} < inf"])
            self.parts.define(name, may, self.at, self.path)
            sender = f"{number} if {name} else ({sender})"
        self.parts.define(f"{self.name}.sender", sender, self.at, self.path)

    def set_out(self) -> None:
        force, name = self.use("force"), self.name
        sent, road, label = "0 persons", "0 km", f"{name}.comes_from"
        then = {}
        for number, source in enumerate(self.sources):
            men, is_it = f"min({force}, {source.spares})", f"{name}.sender == {number}"
            sent = f"{men} if {is_it} else ({sent})"
            road = f"{source.km} if {is_it} else ({road})"
            label = f"{source.label} if {is_it} else ({label})"
            then[source.stock] = f"{source.stock} - ({men}) if {is_it} else {source.stock}"
        self.transition(
            "sets_out",
            when=all_of(
                [
                    f"{name}.under_way == 0 and {name}.sender >= 0",
                    self.scene.is_active(self.faction.name),
                    *conditions(self.process, self.parts),
                ]
            ),
            rate=self.use("rate"),
            priority=self.process.spec.priority,
            then={
                **then,
                f"{name}.force": sent,
                f"{name}.road": road,
                f"{name}.comes_from": label,
                f"{name}.under_way": "1",
            },
            says=f"Men set out for {self.goal.name} ({name})",
        )

    def arrive(self) -> None:
        name, goal = self.name, self.goal.name
        garrison = f"{goal}.garrison.{self.faction.name}"
        km = "inf"
        for source in self.sources:
            km = f"{source.km} if {name}.comes_from == {source.label} else ({km})"
        self.transition(
            "arrives",
            when=f"{name}.under_way == 1",
            work=f"{name}.road",
            pace=f"{self.use('pace')} if ({km}) < inf else 0 km/day",
            memory="keep",
            then={
                garrison: f"{garrison} + {name}.force",
                f"{name}.force": "0 persons",
                f"{name}.under_way": "0",
                **self.scene.cohesion_moves(self.faction.name, "reinforced"),
            },
            says=self.process.says or f"{{{name}.force:.0f}} men reinforce {goal}",
        )

    def turn_back(self) -> None:
        name = self.name
        is_lost = f"not ({held_by(self.goal.name, self.faction.name, self.scene.world)})"
        then = {}
        for source in self.sources:
            returns = f"{name}.comes_from == {source.label} and ({source.is_home})"
            then[source.stock] = f"{source.stock} + ({name}.force if {returns} else 0 persons)"
        self.transition(
            "turns_back",
            immediate="true",
            when=f"{name}.under_way == 1 and {is_lost}",
            then={**then, f"{name}.force": "0 persons", f"{name}.under_way": "0"},
        )
