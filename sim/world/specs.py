"""The keys of the world layer but those of processes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.keys import (
    NEEDED,
    Instant,
    Line,
    Names,
    Spec,
    Value,
    a_key,
    a_list,
    a_table,
    label_key,
    note_key,
    one_word,
    shared,
    to,
)
from sim.world.quantities import Default, quantity

#: Under which key of a schema stands the section whose names a table, or a section, has as keys.
NAMES = "x-names"
STATUSES = ("open", "bypass", "cut")
#: Keys of a place that are tables from factions to quantities.
TABLES = ("garrison", "present_fraction", "alignment")
ROUTE_KINDS = ("road", "rail", "track", "air", "sea")

Degrees = Annotated[
    Any,
    BeforeValidator(a_list),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
#: A table from factions to values.
Table = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("value"), NAMES: "factions"}),
]
Patrons = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("PatronSpec"), NAMES: "factions"}),
]
Losses = Annotated[
    Any, BeforeValidator(a_list), WithJsonSchema({"type": "array", "items": to("LossSpec")})
]
Bridge = Annotated[Any, BeforeValidator(a_table), shared("BridgeSpec")]
#: A table from places to values.
ByPlace = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("value"), NAMES: "places"}),
]
Role = Annotated[
    Any,
    BeforeValidator(one_word("belligerent", "ally", "patron", "outsider")),
    WithJsonSchema({"enum": ["belligerent", "ally", "patron", "outsider"]}),
]
PlaceKind = Annotated[
    Any,
    BeforeValidator(one_word("city", "town", "base", "crossing", "source")),
    WithJsonSchema({"enum": ["city", "town", "base", "crossing", "source"]}),
]
RouteKind = Annotated[
    Any, BeforeValidator(one_word(*ROUTE_KINDS)), WithJsonSchema({"enum": [*ROUTE_KINDS]})
]
RouteKinds = Annotated[
    Any,
    BeforeValidator(a_list),
    WithJsonSchema({"type": "array", "items": {"enum": [*ROUTE_KINDS]}}),
]
Posture = Annotated[
    Any,
    BeforeValidator(one_word("hasty", "prepared", "fortified")),
    WithJsonSchema({"enum": ["hasty", "prepared", "fortified"]}),
]
Terrain = Annotated[
    Any,
    BeforeValidator(one_word("open", "rugged")),
    WithJsonSchema({"enum": ["open", "rugged"]}),
]
Places = Annotated[
    Any,
    BeforeValidator(a_list),
    WithJsonSchema({"type": "array", "items": to("text"), "minItems": 2, "maxItems": 2}),
]


def _yes(node: object) -> bool:
    found = one_word("yes", "no", "true", "false")(node)
    return found in ("yes", "true")


Yes = Annotated[Any, BeforeValidator(_yes), WithJsonSchema({"type": ["boolean", "string"]})]


class WorldSpec(Spec):
    """What every object of the world may say of itself."""

    label: Line = label_key()
    note: Line = note_key()
    source: Line = a_key("Source of every number of it that names none", "monitors")
    mark: Line = a_key("Mark of every number of it that has none: C, R or J", "R")


class FactionSpec(WorldSpec):
    """Who fights, helps or pays. Patrons and outsiders hold no front and have no cohesion."""

    role: Role = a_key("belligerent, ally, patron or outsider", "ally", default="belligerent")
    of: Line = a_key("Whose garrisons an ally joins", "government", default="needed if ally")
    capital: Line = a_key("Its capital, whose loss can end it", "damascus", default="none")
    cohesion: Value = quantity(
        "Slow will to fight: pay, leaders, patrons; places lost do not lower it (that is shock)",
        "probability",
        Default({"pert": [0.3, 0.5, 0.7]}),
    )
    cohesion_floor: Value = quantity(
        "Below it the faction collapses", "probability", Default("0.1")
    )
    cohesion_recovery: Value = quantity(
        "Drift back to the initial value", "1/day", Default("0.02 / day")
    )
    resolve: Value = quantity(
        "How firmly this army holds in this war; divides all its collapse hazards",
        "factor",
        Default({"lognormal": {"median": "1", "sigma": "0.9"}}, "C", "reference class"),
    )
    shock_memory: Value = quantity(
        "e-folding of shock: 3 days fit past cases best, 10 nearly as well, 1 worse",
        "day",
        Default("3 days", "C", "reference class"),
    )
    losses: Losses = a_key(
        "Places lost before the start: {place, at, weight}",
        "[{place: hama, at: 2024-12-05T14:00+03:00}]",
        default="none",
    )
    present_fraction: Value = quantity(
        "Share of nominal garrisons present and willing",
        "probability",
        Default({"beta": ["5", "5"]}),
    )
    supply: Value = quantity(
        "Stock of its places at the start, at rest consumption of the force present",
        "day",
        Default({"interval90": ["4 days", "20 days"]}),
    )
    deficit_below: Value = quantity(
        "Stock below which deficit rises from 0 to 1", "day", Default("2 days")
    )
    combat_consumption: Value = quantity(
        "Times rest consumption while any of its places is in contact",
        "factor",
        Default({"uniform": ["1.5", "3"]}),
    )
    reserve: Value = quantity("What reinforcements are drawn from", "person", Default("0 persons"))
    patrons: Patrons = a_key(
        "Who supports it, how much (support), and how far it leans on that (reliance)",
        "{russia: {support: 0.6, reliance: 0.5}}",
        default="none",
    )


class PatronSpec(Spec):
    """One patron of a faction."""

    support: Value = quantity("How much support it gives now", "probability", NEEDED)
    reliance: Value = quantity("How far the faction leans on it", "probability", NEEDED)


class LossSpec(Spec):
    """A place lost before the start."""

    place: Line = a_key("Its name; it need not be one of the file", "hama", default=NEEDED)
    at: Instant = a_key("When", "2024-12-05T14:00+03:00", default=NEEDED)
    weight: Value = quantity("What it adds to shock", "factor", "that of the place, else 1")


class PlaceSpec(WorldSpec):
    """Somewhere that can be held."""

    at: Degrees = a_key("Latitude and longitude", "[34.73, 36.71]", unit="degrees", default="none")
    kind: PlaceKind = a_key(
        "city, town, base, crossing or source; a source cannot be attacked",
        "base",
        default="city from 100,000 people, else town",
    )
    population: Value = quantity("People who live there", "person", Default("0 persons"))
    control: Value = a_key(
        "Who holds it at the start: a faction, none, or {choice: ...}",
        "government",
        default=NEEDED,
    )
    attacker: Line = a_key("Who is in contact with it at the start", "rebels", default="none")
    contact_since: Instant = a_key("Since when", "2024-12-06T14:00+03:00", default="the start")
    garrison: Table = a_key(
        "Nominal strength of each faction",
        "{government: {interval90: [4000, 25000]}}",
        unit="person",
        default="none",
    )
    present_fraction: Table = a_key(
        "Share present and willing, by faction",
        "{government: {beta: [2, 4]}}",
        unit="probability",
        default="the faction's",
    )
    resolve: Value = quantity(
        "How firmly this place holds; chance",
        "factor",
        Default(
            {"lognormal": {"median": "1", "sigma": "0.8"}, "chance": "true"}, "C", "reference class"
        ),
    )
    posture: Posture = a_key(
        "hasty, prepared or fortified: 1, 0.66, 0.5 times opposed pace in its belt",
        "prepared",
        default="hasty",
    )
    terrain: Terrain = a_key("open or rugged: 1, 0.48 times opposed pace", "rugged", default="open")
    belt: Value = quantity(
        "Distance from the centre at which contact begins", "km", Default("3 km")
    )
    alignment: Table = a_key(
        "Share of the people behind each faction",
        "{government: 0.4}",
        unit="probability",
        default="0.5 each",
    )
    weight: Value = quantity(
        "What its loss adds to shock; so a forecast does not hang on how many villages are listed",
        "factor",
        "people / 100,000, at most 1; 0.25 where no people are stated",
        mark="J",
    )
    value: Value = quantity(
        "Order in which it is reinforced and given up", "probability", "weight; 1 for a capital"
    )
    local_ties: Yes = a_key("Whether a deal needs no encirclement", "yes", default="no")
    fallback: Names = a_key(
        "Where its garrison goes", "[tartus, latakia]", default="nearest own places by open road"
    )
    supply: Value = quantity("Its own stock at the start", "day", "the faction's")
    airfield: Yes = a_key("Whether air routes may end here", "yes", default="no")
    port: Yes = a_key("Whether sea routes may end here", "yes", default="no")
    attackable_by: Names = a_key(
        "Who may attack it; [] is never entered", "[]", default="all hostile"
    )
    displaced: Value = quantity("People who have fled from it", "person", Default("0 persons"))


class RouteSpec(WorldSpec):
    """What joins two places."""

    between: Places = a_key("The two places", "[homs, tartus]", default=NEEDED)
    km: Value = quantity("Its length", "km", "1.25 times the great circle", example="96")
    kind: RouteKind = a_key(
        "road, rail, track, air or sea; forces march on the first three", "track", default="road"
    )
    status: Value = a_key(
        "open, bypass, cut, or {choice: ...}", "{choice: {open: 1, cut: 3}}", default="open"
    )
    bridge: Bridge = a_key("What can be dropped", "{span: 60 m}", default="none")
    bypass: Value = quantity(
        "From cut to bypass",
        "day",
        "{lognormal: {median: 12 h, sigma: 0.8}} under 60 m, 3 days to 300 m, 30 days beyond",
        mark="J",
    )
    repair: Value = quantity(
        "From bypass to open",
        "day",
        Default({"lognormal": {"median": "3 days", "sigma": "0.8"}}),
    )
    bypass_share: Value = quantity(
        "Capacity and pace on a bypass", "probability", Default({"uniform": ["0.2", "0.5"]})
    )
    posture: Posture = a_key(
        "A defended line: it is marched at opposed pace", "hasty", default="none"
    )
    terrain: Terrain = a_key("open or rugged", "rugged", default="open")
    capacity: Value = quantity("Days of supply a day", "day/day", "unlimited")
    open_to: Names = a_key("Who may use it", "[government]", default="all")


class BridgeSpec(Spec):
    """A bridge on a route."""

    span: Value = quantity("Its length", "m", "short", example="60 m")


class LinkSpec(WorldSpec):
    """A named question about the network: is there a way?"""

    for_: Line = a_key(
        "Who wants to pass: only through places that it or its side holds",
        "government",
        default=NEEDED,
        alias="for",
    )
    from_: Line = a_key("From which place", "damascus", default=NEEDED, alias="from")
    to: Names = a_key("To which places: any of them will do", "[tartus]", default=NEEDED)
    kinds: RouteKinds = a_key("By which kinds of route", "[road]", default="[road, track, rail]")


class SupplySpec(WorldSpec):
    """A supply line: shipments from a place, along routes, for a faction."""

    to: Line = a_key("Whom it supplies", "government", default=NEEDED)
    from_: Line = a_key("Where shipments leave", "harbour", default=NEEDED, alias="from")
    via: Names = a_key(
        "Its routes, joined end to end; where the last one ends, shipments arrive",
        "[sealift, coast_road]",
        default=NEEDED,
    )
    every: Value = quantity(
        "Time between shipments that leave on a timetable; this or rate", "day", example="12 h"
    )
    rate: Value = quantity(
        "Shipments that leave at random; this or every", "1/day", example="0.5 / day"
    )
    delivers: Value = quantity(
        "What one brings, as days of supply of the whole faction as at the start; shared over its "
        "places that are joined to the arrival by open road",
        "day",
        Default("0 days"),
    )
    brings: ByPlace = a_key(
        "Fighters that one brings, by place on the way",
        "{homs: {interval90: [100, 500]}}",
        unit="person",
        default="none",
    )
    promised: Value = quantity(
        "Probability that the line ever runs: a promise is not a delivery",
        "probability",
        Default("1"),
    )
    loss: Value = quantity(
        "Share lost for other reasons than a declared interdict (never state both)",
        "probability",
        Default("0"),
    )
    transit: Value = quantity(
        "Time on the way", "day", "km / pace: air 700 km/h, sea 25, road and rail 40, track 20"
    )
    patron: Line = a_key("It stops when this patron leaves", "iran", default="none")


class DefaultsSpec(Spec):
    """What is said of numbers of which nothing is said."""

    mark: Line = a_key("C, R or J", "J")
    source: Line = a_key("An entry of sources", "monitors")


#: The sections of the world, and what each of their parts takes.
MODELS: dict[str, type[Spec]] = {
    "factions": FactionSpec,
    "places": PlaceSpec,
    "routes": RouteSpec,
    "links": LinkSpec,
    "supply": SupplySpec,
}
