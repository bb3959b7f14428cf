"""The scene that mechanisms play on: who can be where, and what a fall means for everybody.

Mechanisms do not know each other. What several of them touch stands here: the columns that may
stand before a place, who defends it and with how many, and the effects of its fall.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.values import Faults, Node
from sim.world.comers import neighbours
from sim.world.frame import DECAY_STEPS, at_start, could_hold, garrisons, held_by
from sim.world.mechanisms.process import Process, ProcessSpec, Settings
from sim.world.model import MARCHED, NOBODY, Object, Place, World
from sim.world.parts import Given, Parts, all_of, any_of, total
from sim.world.quantities import Default
from sim.world.truces import Truce
from sim.world.ways import way

#: Places to which a garrison may fall back, at the most.
MOST_FALLBACKS = 4
#: Pieces in which stocks are used up: large ones down to some days, then small ones.
LARGE_PIECE, SMALL_BELOW, SMALL_PIECE = "1 day", "3 days", "12 h"

#: A place that was in contact is not shocked by contact again, until this long after.
FRESH_AGAIN = "14 days"
#: Where ``P.fresh`` ends: about then contact would shock anew, and clocks that nobody can tell from
#: standing still cost events.
NO_LONGER_FRESH = "0.01"

Effects = dict[str, str]


class Column(NamedTuple):
    """An advance that passes through a place; ``before`` is the one that it comes from, if any."""

    process: Process
    faction: str
    place: str
    before: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.process.name

    @property
    def is_here(self) -> str:
        """The condition that it stands before the place."""
        return f"{self.name}.state == contact and {self.name}.at == {self.place}"

    @property
    def is_inside(self) -> str:
        """The condition that it is in the place, which it helps to defend if its side holds it."""
        state = f"{self.name}.state"
        return f"({state} == resting or {state} == spent) and {self.name}.at == {self.place}"


def axis(process: Process) -> list[str]:
    """Return the places that an advance may come to, in turn: those from its start on."""
    along = list(map(str, process.spec.along))
    start = str(process.spec.at or "")
    return along[along.index(start) :] if start in along else along


class Refuge(NamedTuple):
    """Where a side sends its garrisons when it gives up a place: the first that is open."""

    of: str
    places: Sequence[Place]


@dataclass(eq=False)
class Scene:
    """A world with its processes, on the way to becoming parts."""

    world: World
    parts: Parts
    processes: dict[str, Process] = field(default_factory=dict)
    #: Advances by the place that they pass through.
    columns: dict[str, list[Column]] = field(default_factory=dict)
    #: Factors on the effectiveness of whoever attacks a place, by (place, faction).
    support: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    #: Chances that a shipment of a supply line is stopped, each by somebody of his own.
    line_losses: dict[str, list[str]] = field(default_factory=dict)
    #: Places whose stocks supply lines may add to.
    supplied: set[str] = field(default_factory=set)
    #: Routes that something may cut or damage: these need clocks that open them again.
    closable: set[str] = field(default_factory=set)
    #: Places that somebody may attack without an axis that leads there.
    contested: set[str] = field(default_factory=set)
    #: Where what mechanisms find wrong between several processes is told.
    faults: Faults = field(default_factory=Faults)
    #: Keys of each process that exists everywhere, by (kind, name of the place, faction or route).
    everywhere: dict[tuple[str, str], Settings] = field(default_factory=dict)
    #: Factions beside those of the file that may have a garrison in a place, by place.
    guests: dict[str, list[str]] = field(default_factory=dict)
    #: Ceasefires that may come to hold.
    truces: list[Truce] = field(default_factory=list)
    #: What becomes of columns and others on the road when their faction falls apart.
    on_collapse: dict[str, Effects] = field(default_factory=dict)
    #: Flags that the loss of a place raises, each for one who held it, by place.
    loss_flags: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def columns_at(self, place: str, faction: str = "") -> list[Column]:
        """Return the columns that may stand before a place, of one faction or of all."""
        found = self.columns.get(place, [])
        return [column for column in found if faction in ("", column.faction)]

    def stands_before(self, process: Process, faction: str, place: str) -> None:
        """Tell that a process may bring a force before a place; only a ``prepare`` may.

        It has to make the state of a column: ``X.state``, ``X.at`` and ``X.force`` (``advance``).
        """
        self.columns.setdefault(place, []).append(Column(process, faction, place))

    def ends_with(self, faction: str, effects: Effects) -> None:
        """Tell what becomes of men who are in no garrison if their faction falls apart."""
        self.on_collapse.setdefault(faction, {}).update(effects)

    def fronts_at(self, place: Place) -> list[str]:
        """Return the factions with a front that may hold a place."""
        fronts = {faction.name for faction in self.world.fronts()}
        return [name for name in could_hold(place, self.world) if name in fronts]

    def garrisons_at(self, place: Place) -> list[str]:
        """Return the factions that may have a garrison in a place, guests included."""
        found = [*garrisons(place, self.world), *self.guests.get(place.name, ())]
        return list(dict.fromkeys(found))

    def house(self, place: Place, faction: str) -> None:
        """Give a faction a garrison in a place, empty so far; only a ``prepare`` may ask for it."""
        if faction not in self.garrisons_at(place):
            self.guests.setdefault(place.name, []).append(faction)
            variable = f"{place.name}.garrison.{faction}"
            nobody, what = "0 persons", ["0", "inf"]
            if variable not in self.parts.names:
                self.parts.variable(
                    variable, place.key, place.path, real=what, unit="person", initial=nobody
                )

    def side_of_holder(self, place: Place, faction: str) -> str:
        """Return the condition that a faction belongs to the side that holds a place."""
        friends = [h for h in could_hold(place, self.world) if faction in self.world.side(h)]
        return any_of(f"{place.name}.control == {friend}" for friend in friends)

    def is_hostile(self, place: Place, faction: str) -> str:
        """Return the condition that a place is held by whom a faction fights."""
        foes = [h for h in could_hold(place, self.world) if self.world.are_hostile(h, faction)]
        return any_of(f"{place.name}.control == {foe}" for foe in foes)

    def by_holder(self, place: Place, values: dict[str, str], nothing: str) -> str:
        """Return a value that hangs on who holds a place."""
        found = nothing
        for faction, value in values.items():
            found = f"({value}) if {place.name}.control == {faction} else ({found})"
        return found

    def is_active(self, faction: str) -> str:
        """Return the condition that a faction still acts: a patron has not left, a side stands."""
        of = self.world.factions[faction]
        if of.role == "patron":
            return f"{faction}.stance != left"
        return f"{faction}.collapsed == 0" if of.holds_fronts else "true"

    def alignment(self, place: Place, faction: str) -> str:
        """Return the share of the people of a place behind a faction; empty if none is stated."""
        written = (place.spec.alignment or {}).get(faction)
        if written is None:
            return ""
        return self.parts.use(place.entry("alignment", faction, written, "probability"))

    def value(self, place: Place) -> Given:
        """Return what a place is worth to whoever holds it: its weight, 1 if it is a capital."""
        if place.spec.value is not None:
            return place.given("value")
        return place.quantity("value", Default("1")) if place.is_capital else place.weight

    def is_worth_more(self, a: Place, b: Place) -> str:
        """Return the condition that a place is worth more than another; plain if that is known."""
        values = [self.value(a), self.value(b)]
        known = [plain(given.value) for given in values]
        if None not in known:
            return "true" if known[0] > known[1] else "false"  # type: ignore[operator]
        return " > ".join(map(self.parts.use, values))

    # Who threatens a place.

    def is_contested(self, place: Place) -> bool:
        """Return whether a place can ever be attacked: only then does it need clocks of its own."""
        comes = any(self.may_stand_before(place, column) for column in self.columns_at(place.name))
        comes = comes or place.spec.attacker is not None or place.name in self.contested
        return comes and bool(place.attackers and self.fronts_at(place))

    def may_stand_before(self, place: Place, column: Column) -> bool:
        """Return whether a column comes to a place, or starts where it may be no friend's."""
        side = self.world.side(column.faction)
        return bool(column.before) or place.holder is None or place.holder not in side

    def define_threat(self, place: Place) -> None:
        """Make ``P.threatened``, and have ``P.fresh`` fade with the holder's memory of shocks."""
        name, at, path = place.name, place.key, place.path
        contact = f"{name}.attacker != {NOBODY}"
        threats = [self.threat(place, column) for column in self.columns_at(place.name)]
        is_contested = self.is_contested(place)
        threatened = any_of([contact, *filter(None, threats)]) if is_contested else contact
        self.parts.define(f"{name}.threatened", threatened, at, path)
        if is_contested:
            fading = f"{name}.fresh * exp(-1 / {DECAY_STEPS})"
            self.parts.transition(
                f"{name}.fresh_fades",
                at,
                path,
                when=f"{name}.fresh > 0",
                work="1",
                pace=self.by_holder(place, self.decay_rates(place), "0 / day"),
                memory="redraw",
                then={f"{name}.fresh": f"{fading} if {name}.fresh > {NO_LONGER_FRESH} else 0"},
            )

    def decay_rates(self, place: Place) -> dict[str, str]:
        """Return the steps a day in which the shock of contact leaves each who may hold a place."""
        fronts = (self.world.factions[name] for name in self.fronts_at(place))
        memories = ((f.name, self.parts.use(f.given("shock_memory"))) for f in fronts)
        return {name: f"{DECAY_STEPS} / {memory}" for name, memory in memories}

    def threat(self, place: Place, column: Column) -> str:
        """Return the condition that an axis leads here, from its own side, by an open road."""
        before = column.before
        if not before or column.faction not in place.attackers:
            return ""
        network = self.world.network(tuple(MARCHED), column.faction)
        roads = (route for route, there in network[place.name] if there == before)
        return all_of(
            [
                f"{column.name}.state != spent",
                self.is_hostile(place, column.faction),
                held_by(before, column.faction, self.world),
                any_of(f"{road}.status != cut" for road in roads),
            ]
        )

    # The strength of both sides.

    def define_strengths(self, place: Place) -> None:
        """Make ``P.force.F``, ``P.offence`` (who attacks) and ``P.defence`` (who defends).

        Garrisons defend, and columns of the holder's side that rest in the place or have ended
        there: else somebody could walk in while the army that has just taken it is still inside.
        """
        name, at, path = place.name, place.key, place.path
        attackers = dict.fromkeys(column.faction for column in self.columns_at(place.name))
        for faction in attackers:
            forces = (
                f"{column.name}.force if {column.is_here} else 0 persons"
                for column in self.columns_at(place.name, faction)
            )
            self.parts.define(f"{name}.force.{faction}", total(forces), at, path)
        offence = "0 persons"
        for faction in attackers:
            offence = f"{name}.force.{faction} if {name}.attacker == {faction} else ({offence})"
        self.parts.define(f"{name}.offence", offence, at, path)
        defenders = [
            f"{name}.garrison.{faction} if {self.side_of_holder(place, faction)} else 0 persons"
            for faction in self.garrisons_at(place)
        ]
        defenders += [
            f"{column.name}.force if {self.defends(place, column)} else 0 persons"
            for column in self.columns_at(place.name)
        ]
        self.parts.define(f"{name}.defence", total(defenders, "0 persons"), at, path)

    def by_attacker(self, place: Place) -> str:
        """Return what air support and the like divide the attacker's effectiveness by."""
        found = "1"
        for faction in dict.fromkeys(column.faction for column in self.columns_at(place.name)):
            factors = self.support.get((place.name, faction), [])
            if factors:
                product = " * ".join(f"({factor})" for factor in factors)
                found = f"({product}) if {place.name}.attacker == {faction} else ({found})"
        return found

    def taker(self, place: Place) -> str:
        """Return who takes a place that is given up: its attacker, or nobody."""
        return f"{place.name}.attacker"

    def defends(self, place: Place, column: Column) -> str:
        """Return the condition that a column is inside, and of the holder's side."""
        return all_of([column.is_inside, self.side_of_holder(place, column.faction)])

    def contact(self, place: Place, attacker: str) -> Effects:
        """Return what it changes that somebody begins to attack a place."""
        name = place.name
        is_first = f"time - {name}.contact_at >= {FRESH_AGAIN}"
        return {
            f"{name}.attacker": attacker,
            f"{name}.fresh": f"1 if {is_first} else {name}.fresh",
            f"{name}.contact_at": f"time if {is_first} else {name}.contact_at",
        }

    def attack_ends(self, place: Place, attacker: str) -> Effects:
        """Return what it changes that a faction attacks a place no more; nothing if it cannot."""
        name = place.name
        is_known = self.columns_at(name, attacker) or place.spec.attacker == attacker
        if not is_known and name not in self.contested:
            return {}
        attacks = f"{name}.attacker == {attacker}"
        effects = {f"{name}.attacker": f"{NOBODY} if {attacks} else {name}.attacker"}
        if f"{name}.engaged" in self.parts.names:
            effects[f"{name}.engaged"] = f"0 if {attacks} else {name}.engaged"
        return effects

    def losses_of_columns(
        self, place: Place, share: str, *, state: str = "", inside: str = "", thrown: str = ""
    ) -> Effects:
        """Return what an engagement costs columns at a place: those before it, and those inside.

        Parameters
        ----------
        place : Place
        share : str
            What those lose that attack.
        state : str
            In what state that leaves them; the same as before by default.
        inside : str
            What those lose that defend; nothing by default.
        thrown : str
            In what state that leaves them; the same as before by default.
        """
        effects: Effects = {}
        for column in self.columns_at(place.name):
            fights = f"({column.is_here}) and {place.name}.attacker == {column.faction}"
            defends = self.defends(place, column)
            for what, mine, other in (
                (
                    "force",
                    _less(f"{column.name}.force", share),
                    _less(f"{column.name}.force", inside),
                ),
                ("state", state, thrown),
            ):
                now = f"{column.name}.{what}"
                kept = f"({other} if {defends} else {now})" if other else now
                if mine or other:
                    effects[now] = f"{mine} if {fights} else {kept}" if mine else kept
        return effects

    def losses_of_garrison(self, place: Place, share: str) -> Effects:
        """Return what an engagement costs the garrison of a place."""
        return {
            f"{place.name}.garrison.{faction}": (
                f"{place.name}.garrison.{faction} * max(0, 1 - ({share})) "
                f"if {self.side_of_holder(place, faction)} else {place.name}.garrison.{faction}"
            )
            for faction in self.garrisons_at(place)
        }

    # Stocks.

    def demand(self, place: Place) -> str:
        """Make ``P.demand``: days of its stock that those who are there use up in a day at rest.

        A day of supply is what the garrison of the start uses in a day. Where there was none, it is
        what those use who come.
        """
        name, at, path = place.name, place.key, place.path
        demand, before, now = f"{name}.demand", f"{name}.first_defence", f"{name}.defence"
        if demand not in self.parts.names:
            found = (at_start(place, f, self.world, self.parts) for f in self.garrisons_at(place))
            terms = [term for term in found if term != "0 persons"]
            used = f"(1 if {now} >= 1 person else 0)"
            if terms:
                self.parts.define(before, total(terms), at, path)
                used = f"{now} / {before} if {before} >= 1 person else {used}"
            self.parts.define(demand, used, at, path)
        return demand

    def piece(self, place: Place) -> str:
        """Return how much of its stock a place uses up before the stock is told anew.

        Small pieces where deficit may begin: from there on, hazards hang on it if it is attacked.
        """
        stock = f"{place.name}.supply"
        if not self.is_contested(place):
            return f"min({stock}, {LARGE_PIECE})"
        return f"min({stock}, {LARGE_PIECE} if {stock} > {SMALL_BELOW} else {SMALL_PIECE})"

    def stocked(self, place: Place, more: str) -> Effects:
        """Return what an addition to its stock changes; ``more`` is in its days of supply."""
        stock, burning = f"{place.name}.supply", f"{place.name}.burning"
        effects = {stock: f"{stock} + ({more})"}
        if burning in self.parts.names:
            # The clock of ``consume`` goes on with the piece that it has begun.
            effects[burning] = f"{burning} if {burning} > 0 else {self.piece(place)}"
        return effects

    # A fall.

    def fall(
        self,
        place: Place,
        cause: str,
        *,
        to: str = "",
        survive: str = "1",
        cost: str = "",
        refuge: Refuge | None = None,
    ) -> Effects:
        """Return what the fall of a place changes, whatever brought it about.

        Parameters
        ----------
        place : Place
        cause : str
            One of ``frame.CAUSES``.
        to : str
            Who takes it: a faction, or the name of what says who; its attacker by default.
        survive : str
            Share of the garrison that gets away, where there is a way; and of columns inside.
        cost : str
            Share of its force that it costs the attacker; nothing by default.
        refuge : Refuge
            Whose garrison leaves, and to where; that of the holder, to its fallback, by default.
        """
        lost = f"1 - ({survive})"
        return {
            **self.loss(place, cause, to or self.taker(place)),
            **self.losses_of_columns(place, cost, inside=lost, thrown="regrouping"),
            **self.retreat(place, survive, refuge=refuge),
        }

    def walkover(self, place: Place, to: str) -> Effects:
        """Return what it changes that somebody walks into a place that nobody defends."""
        return self.loss(place, "walkover", to)

    def loss(self, place: Place, cause: str, to: str) -> Effects:
        """Return what the loss of a place changes but for those who were in it; see ``fall``."""
        name = place.name
        effects = {
            f"{name}.control": to,
            f"{name}.attacker": NOBODY,
            f"{name}.fell_by": cause,
            f"{name}.fresh": "0",
        }
        if f"{name}.engaged" in self.parts.names:
            effects[f"{name}.engaged"] = "0"
        weight = self.parts.use(place.weight)
        for faction in self.fronts_at(place):
            lost = f"{weight} if {name}.control == {faction} else 0"
            effects[f"{faction}.shock"] = f"{faction}.shock + ({lost})"
        for faction, takes_it in self.takers(place, to).items():
            times = f"{weight} if {takes_it} else 0" if takes_it else weight
            effects.update(self.cohesion_moves(faction, "victory", times))
        for flag, faction in self.loss_flags.get(name, ()):
            effects[flag] = f"1 if {name}.control == {faction} else {flag}"
        return effects

    def takers(self, place: Place, to: str) -> dict[str, str]:
        """Return who may take a place, and on what condition; ``to`` is as in ``fall``."""
        fronts = self.fronts_at(place)
        if to in self.world.factions:
            return {to: ""} if to in fronts else {}
        near = [column.faction for column in self.columns_at(place.name)]
        near.append(str(place.spec.attacker))
        if to != self.taker(place):
            near += neighbours(place, self.world)
        return {f: f"{to} == {f}" for f in fronts if f in near}

    # What moves the will to fight.

    def cohesion_moves(self, faction: str, event: str, times: str = "1") -> Effects:
        """Return what an event does to a faction's cohesion, as effects of what brings it about.

        Parameters
        ----------
        faction : str
        event : str
            A key of ``cohesion``: ``reinforced``, say.
        times : str
            How often it counts: an expression.
        """
        there = self.everywhere.get(("cohesion", faction))
        if there is None or there.is_off or not self.world.factions[faction].holds_fronts:
            return {}
        now, moved = f"{faction}.cohesion", f"{there.use(event)} * ({times})"
        while_ = there.conditions()
        counts = f"({moved} if {all_of(while_)} else 0)" if while_ else moved
        return {now: f"clip({now} + {counts}, 0, 1)"}

    def retreat(
        self, place: Place, share: str, *, of: str = "", refuge: Refuge | None = None
    ) -> Effects:
        """Return what becomes of a garrison that leaves: it goes to the first place that is open.

        ``share`` of it gets there, and none where no place is open; ``of`` is a faction whose
        garrison alone leaves, all of the holder's side by default; ``refuge`` is where it goes if
        that is not the fallback of the place.
        """
        effects: Effects = {}
        who = [of] if of else self.garrisons_at(place)
        if refuge is not None:
            side = self.world.side(refuge.of)
            who = [faction for faction in who if faction in side]
        for faction in who:
            here = f"{place.name}.garrison.{faction}"
            leaves = self.side_of_holder(place, faction)
            effects[here] = f"0 persons if {leaves} else {here}"
            taken: list[str] = []
            for there, is_open in self.exits(place, faction, refuge):
                chosen = all_of([leaves, is_open, *(f"not ({other})" for other in taken)])
                taken.append(is_open)
                target = f"{there.name}.garrison.{faction}"
                moved = f"{here} * ({share}) if {chosen} else 0 persons"
                effects[target] = f"{target} + ({moved})"
        return effects

    def exits(
        self, place: Place, faction: str, refuge: Refuge | None
    ) -> Iterator[tuple[Place, str]]:
        """Yield where a garrison may go, and on what condition; see ``retreat``."""
        for there in self.fallbacks(place, faction) if refuge is None else refuge.places:
            if faction not in self.garrisons_at(there):
                continue
            if refuge is None:
                yield there, self.way_to(place, there, faction)
            else:
                yield there, f"{self.way(place, there, faction)} < inf"

    def way(self, start: Place, end: Place, faction: str) -> str:
        """Return how far it is from place to place through those of a side; ``inf`` if closed."""
        return way(start, end, self.world.factions[faction], self.world, self.parts)

    def fallbacks(self, place: Place, faction: str) -> list[Place]:
        """Return where a garrison may go: as written, else the nearest places by road."""
        if place.spec.fallback is not None:
            names = [str(name) for name in place.spec.fallback if name in self.world.places]
        else:
            network = self.world.network(tuple(MARCHED), faction)
            near = network.get(place.name, ())
            names = [there for _, there in sorted(near, key=lambda step: self.km(step[0]))]
        found = [self.world.places[name] for name in dict.fromkeys(names) if name != place.name]
        return [there for there in found if there.kind != "source"][:MOST_FALLBACKS]

    def km(self, route: str) -> float:
        """Return about how long a route is, to tell near from far."""
        return self.world.routes[route].about_km

    def way_to(self, place: Place, there: Place, faction: str) -> str:
        """Return the condition that a garrison can get from a place to another of its side.

        By the roads that join them, or, where none does, by any road out to its own side.
        """
        routes = [
            route
            for route, end in self.world.network(tuple(MARCHED), faction).get(place.name, ())
            if end == there.name
        ]
        out = any_of(f"{route}.status != cut" for route in routes)
        if not routes:
            out = f"not {place.name}.encircled"
        return all_of([held_by(there.name, faction, self.world), out])


def _less(force: str, share: str) -> str:
    """Return what is left of a force that loses a share; empty if it loses none."""
    return f"{force} * clip(1 - ({share}), 0, 1)" if share else ""


def plain(value: Node | Default) -> float | None:
    """Return a value that is a plain number, as that."""
    try:
        return float(str(value.law if isinstance(value, Default) else value))
    except ValueError:
        return None


def settings(
    model: type[ProcessSpec], of: Object, processes: Iterable[Process], parts: Parts
) -> Settings:
    """Return the keys of a process that exists everywhere, as they are for one place, say."""
    of_kind = [process for process in processes if process.kind == model.KIND]
    here = [p for p in of_kind if p.only is not None and of.name in p.only]
    everywhere = [p for p in of_kind if p.only is None]
    return Settings(model, (*reversed(here), *reversed(everywhere)), of.key, parts)
