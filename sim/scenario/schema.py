"""The file format as pydantic models: which keys there are, and what kind of thing each takes.

The loader validates one part at a time with these models (one faulty transition must not hide the
faults of the next), and ``json_schema`` is made from them. Where an expression, a value or
an instant stands, a model takes the node as it is, with its place: reading those needs names.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.keys import (
    NEEDED,
    Bounds,
    Effects,
    For,
    Formula,
    Instant,
    Instants,
    Laws,
    Line,
    Memory,
    Names,
    Spec,
    Truth,
    Value,
    Values,
    Whole,
    a_key,
    a_list,
    a_table,
    for_key,
    label_key,
    note_key,
    shared,
    to,
)

FORMAT = 1

CLOCKS = ("rate", "after", "work", "every", "at", "immediate")
#: What belongs to a clock: all of it goes when a variant gives a transition another one.
CLOCK_KEYS = (*CLOCKS, "pace", "from")


class SourceSpec(Spec):
    """Where knowledge comes from."""

    text: Line = a_key("Who said it, where", "Monitors, evening report", default=NEEDED)
    public: Instant = a_key(
        "Since when it was public; after clock.as_of is an error, for it would be hindsight",
        "2024-12-05",
    )
    url: Line = a_key("Where to read it")


class ClockSpec(Spec):
    """When the scenario starts and ends, and when it is looked at."""

    horizon: Value = a_key(
        "Where a replication ends: a duration, or an input with bounds",
        "14 days",
        unit="time",
        default=NEEDED,
    )
    start: Instant = a_key(
        "Time 0, with its offset from UTC; without it there are days and no dates",
        "2024-12-06T18:00+03:00",
    )
    as_of: Instant = a_key(
        "The latest public knowledge that the file uses; not before start",
        "2024-12-06",
        default="start",
    )
    timezone: Line = a_key(
        "In which time zone dates are shown: its name, or an offset",
        "Asia/Damascus",
        default="that of start",
    )
    grid: Formula = a_key(
        "Step of the watch points", "18 h", unit="time", default="a fortieth of the horizon"
    )
    report: Instants = a_key(
        "Times for probabilities by date", "[1 day, 3 days]", default="ten equal steps"
    )


class VariableSpec(Spec):
    """A number or a label that the state holds; it has one of states, integer and real.

    Assigned numbers are clipped to the range, and the summary says in how many replications.
    """

    for_: For = for_key()
    states: Names = a_key("Labels that it may hold", "[held, fallen]")
    integer: Bounds = a_key("A whole number, from the lowest to the highest", "[0, 5]", unit="any")
    real: Bounds = a_key(
        "A number, from the lowest to the highest; inf is no bound", "[0 km, 100 km]", unit="any"
    )
    unit: Formula = a_key(
        "Unit of bounds and initial values that are written without one",
        "person",
        default="a plain number",
    )
    initial: Value = a_key(
        "Value at the start",
        "{uniform: [1, 3]}",
        unit="its own",
        default="the first of states; needed for numbers",
    )
    label: Line = label_key()
    note: Line = note_key()


class DefinitionSpec(Spec):
    """A named expression."""

    for_: For = for_key()
    value: Formula = a_key("The expression", "sum(c.$j == held for j in city)", default=NEEDED)
    label: Line = label_key()
    note: Line = note_key()


class BranchSpec(Spec):
    """One way for a firing to end."""

    weight: Value = a_key(
        "In proportion to which it is taken; may read state and draws",
        "3 * road",
        unit="plain number",
        default="1",
    )
    label: Line = label_key("What it is called in causes, after a stroke: convoy/lost", "its place")
    then: Effects = a_key("Its effects", "{supply: supply + 1}", default="none")
    says: Line = a_key("What trace tells", default="that of the transition")


class TransitionSpec(Spec):
    """What may happen; it has one clock, and either then or branches.

    The clocks: rate, after, work with pace, every, at, immediate.
    """

    for_: For = for_key()
    when: Formula = a_key("The guard: when it may happen", "bridge == up", default="always")
    rate: Value = a_key(
        "A clock: a hazard that the state may change", "0.2 / day * fronts", unit="1/time"
    )
    after: Value = a_key("A clock: a delay, from when the guard turns true", "3 days", unit="time")
    work: Value = a_key("A clock: work to be done at a pace", "45 km", unit="any")
    pace: Value = a_key(
        "How fast work is done; may change with the state",
        "30 km/day * road",
        unit="work/time",
        default="1, for work that is a time",
    )
    every: Value = a_key("A clock: the period of a timetable", "12 h", unit="time")
    from_: Value = a_key(
        "First tick of every", "6 h", unit="time", default="one period", alias="from"
    )
    at: Values = a_key("A clock: an instant, or a list of them", "[2 days, 4 days]")
    immediate: Truth = a_key("A clock: true, at once whenever the guard holds", "true")
    memory: Memory = a_key(
        "What becomes of work while the guard is false: kept, or drawn anew",
        "keep",
        default="keep for rate, redraw for the others",
    )
    priority: Whole = a_key(
        "Which goes first of several that are due at one time: the highest", "1", default="0"
    )
    draws: Laws = a_key(
        "Random numbers taken as it fires, for weights, effects and says",
        "{loss: {uniform: [0, 0.2]}}",
        default="none",
    )
    then: Effects = a_key(
        "Effects, all computed before any is assigned; {} changes nothing", "{supply: supply - 1}"
    )
    branches: Annotated[
        Any,
        BeforeValidator(a_list),
        WithJsonSchema({"type": "array", "minItems": 1, "items": to("BranchSpec")}),
    ] = a_key("Several ways to end, in place of then", "[{weight: 3, then: {bridge: down}}]")
    says: Line = a_key(
        "What trace tells; {name} or {name:.1f} shows a value, {{ is a brace",
        '"Supply at {supply}"',
    )
    label: Line = label_key()
    note: Line = note_key()


class OutcomeSpec(Spec):
    """A question with a yes-time: the first time that its condition holds."""

    for_: For = for_key()
    when: Formula = a_key("What must hold", "c == fallen", default=NEEDED)
    label: Line = a_key(
        "A clause that goes with a date: 'The city falls by 9 Dec'",
        "The city falls",
        default="its name",
    )
    question: Line = a_key("The question that it answers", "When does the city fall?")
    note: Line = note_key()


class LimitsSpec(Spec):
    """Limits of a replication."""

    events: Whole = a_key(
        "Most firings in a replication, at most 100,000,000; more are a fault",
        "5000",
        default="1,000,000",
    )


class Header(Spec):
    """The keys of a file that are no section."""

    format: Whole = a_key("Format of the file; a later one is refused", "1", default="1")
    title: Line = a_key("What the scenario is about", "Two cities on one road", default=NEEDED)
    description: Line = a_key("What else a reader should know, in some sentences")
    question: Line = a_key("Heads the summary", "When, if at all, does the city fall?")
    extends: Line = a_key(
        "Another file of this folder or below, that this one changes", "base.yaml"
    )
    map: Line = a_key(
        "A GeoJSON file of this folder or below, whose lines maps show in place of coasts and "
        "borders of the world: at most 1 MB and 20,000 points",
        "front.geojson",
        default="coasts and borders of Natural Earth",
    )
    clock: Annotated[Any, BeforeValidator(a_table), shared("ClockSpec")] = a_key(
        "When it starts and ends, and when it is looked at", "{horizon: 30 days}", default=NEEDED
    )
    stop: Formula = a_key(
        "What ends a replication early; may read outcomes",
        "city_falls",
        default="never",
    )
    limits: Annotated[Any, BeforeValidator(a_table), shared("LimitsSpec")] = a_key(
        "Limits of a replication", "{events: 5000}"
    )


PART_MODELS: dict[str, type[Spec]] = {
    "variables": VariableSpec,
    "definitions": DefinitionSpec,
    "transitions": TransitionSpec,
    "outcomes": OutcomeSpec,
    "watch": DefinitionSpec,
    "totals": DefinitionSpec,
}
#: Sections whose parts may also be written as a bare expression.
BARE = ("definitions", "outcomes", "watch", "totals")
SECTIONS = ("sources", "lists", "parameters", *PART_MODELS, "variants")
#: Sections of the world layer, which becomes parts of the others.
WORLD_MAPPINGS = ("factions", "places", "routes", "links", "supply", "processes")
WORLD = ("defaults", *WORLD_MAPPINGS, "hostile")
#: What no run reads.
EVIDENCE = ("reports", "resolved", "checks")
TOP_LEVEL = (*(n for n in Header.model_fields), *SECTIONS, *WORLD, *EVIDENCE)
