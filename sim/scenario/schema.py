"""The file format as pydantic models: which keys there are, and what kind of thing each takes.

The loader validates one part at a time with these models (one faulty transition must not hide the
faults of the next), and ``scenario.schema.json`` is made from them. Where an expression, a value or
an instant stands, a model takes the node as it is, with its place: reading those needs names.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, WithJsonSchema

from sim.keys import (
    NEEDED,
    SHARED,
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
from sim.values import ANNOTATIONS, FORMS, Form
from sim.world.specs import MODELS as WORLD_MODELS

FORMAT = 1

#: Top-level keys that the format names and this version does not read.
NOT_YET = {
    "supply": "the world layer",
    "reports": "evidence",
    "checks": "testing forecasts",
    "resolved": "scoring",
}
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
WORLD_MAPPINGS = (*WORLD_MODELS, "processes")
WORLD = ("defaults", *WORLD_MAPPINGS, "hostile")
TOP_LEVEL = (*(n for n in Header.model_fields), *SECTIONS, *WORLD, *NOT_YET)


# JSON Schema.

#: What each section is for, with an example.
_SECTIONS_SAID = {
    "sources": (
        "Where knowledge comes from, by the short name that values give as their source",
        "{monitors: {text: Evening report, public: 2024-12-05}}",
    ),
    "lists": ("Items for templates and folds", "{city: [1, 2]}"),
    "parameters": (
        "What is fixed within a replication: a value, a distribution (an uncertain input) or an "
        "expression over other parameters",
        "{speed: {uniform: [10 km/day, 20 km/day]}}",
    ),
    "variables": ("What the state holds", "{bridge: {states: [up, down]}}"),
    "definitions": (
        "Expressions by name, evaluated once after every event",
        "{road: 1 if bridge == up else 0.25}",
    ),
    "transitions": (
        "What may happen",
        "{strike: {when: bridge == up, rate: 0.2/day, then: {bridge: down}}}",
    ),
    "outcomes": (
        "The questions: conditions whose first time is recorded, with its cause",
        "{falls: city == fallen}",
    ),
    "watch": ("Expressions that are sampled at each step of clock.grid", "{supply: supply}"),
    "totals": (
        "Expressions that are integrated over time: a condition gives days",
        "{cut: bridge == down}",
    ),
    "variants": (
        "Changes to this file by name, each a mapping from paths to values",
        "{safe: {parameters.hits: 0 / day}}",
    ),
}
_LAWS_SAID = {
    "uniform": "Even between two bounds",
    "triangular": "By the lowest, likeliest and highest value",
    "pert": "By the lowest, likeliest and highest value, leaning to the likeliest",
    "normal": "Bell-shaped, without bounds",
    "lognormal": "The logarithm is normal with this spread: above 0, with a long upper tail",
    "beta": "Between 0 and 1, as after a - 1 yes and b - 1 no",
    "gamma": "Like a sum of waiting times",
    "weibull": "A waiting time whose hazard rises (shape > 1) or falls (shape < 1)",
    "exponential": "A waiting time with a constant hazard",
    "erlang": "The sum of k equal exponential waiting times",
    "deterministic": "Always this number",
    "discrete": "One of some numbers",
    "choice": "One of some labels",
    "interval90": "The lognormal with these 5 % and 95 % points: how analysts state ranges",
}
_REMARKS_SAID = {
    "source": "Who says so: an entry of sources, where the file has them",
    "grade": "Admiralty grade of source (A to F) and information (1 to 6): B2",
    "as_of": "When it was known",
    "mark": "What the number rests on: C computed, R read, J judgement",
    "note": "For whoever reads the file",
    "label": "How people call it",
    "chance": "true: luck rather than ignorance",
}


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors."""
    from pydantic.json_schema import models_json_schema

    models: list[type[BaseModel]] = [SourceSpec, ClockSpec, LimitsSpec, BranchSpec]
    models += dict.fromkeys(PART_MODELS.values())
    inputs: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (model, "validation") for model in models
    ]
    _, made = models_json_schema(inputs, by_alias=True)
    for model in made["$defs"].values():
        model.pop("required", None)
    header = Header.model_json_schema(by_alias=True)
    parts = {
        "sources": to("SourceSpec"),
        "lists": {"type": "array"},
        "parameters": to("value"),
        **{name: _part_schema(name) for name in PART_MODELS},
        "variants": {"type": "object"},
    }
    sections = {name: _named(schema, *_SECTIONS_SAID[name]) for name, schema in parts.items()}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frontcast scenario, format 1",
        "description": "A scenario file: see docs/file-format.md and docs/reference.md",
        "type": "object",
        "properties": {**header["properties"], **sections},
        "additionalProperties": False,
        # A file that extends another need not say again what that one says; nor need its parts.
        "if": {"not": {"required": ["extends"]}},
        "then": {
            "required": header["required"],
            "properties": {"clock": {"required": ["horizon"]}},
        },
        "$defs": {**_shared_schemas(), **made["$defs"]},
    }
    finished: dict[str, Any] = _finished(schema)
    return finished


def _finished(schema: Any) -> Any:
    """Return a schema with its references, and without what pydantic says of models alone."""
    if isinstance(schema, list):
        return [_finished(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    finished = {}
    for key, value in schema.items():
        is_noise = (key == "title" and isinstance(value, str)) or (key, value) == ("default", None)
        if key == SHARED:
            finished["$ref"] = f"#/$defs/{value}"
        elif "$defs" in schema or not is_noise:
            finished[key] = _finished(value)
    return finished


def json_schema_text() -> str:
    """Return the text of ``scenarios/scenario.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _part_schema(section: str) -> dict[str, Any]:
    reference = to(PART_MODELS[section].__name__)
    return {"anyOf": [to("expression"), reference]} if section in BARE else reference


def _named(schema: dict[str, Any], said: str, example: str) -> dict[str, Any]:
    """Return the schema of a section; with nothing below it, it is empty."""
    return {
        "description": said,
        "type": ["object", "null"],
        "additionalProperties": schema,
        "examples": [example],
    }


def _shared_schemas() -> dict[str, Any]:
    number_or_text = {"type": ["number", "string", "boolean"]}
    number = {"anyOf": [number_or_text, to("distribution")]}
    remarks: dict[str, Any] = {
        name: {"description": _REMARKS_SAID[name], "type": ["string", "number"]}
        for name in ANNOTATIONS
    }
    remarks["chance"]["type"] = "boolean"
    return {
        "text": {
            "type": ["string", "number", "boolean"],
            "description": "Text for people, of any printable characters",
            "examples": ["The city falls"],
        },
        "expression": {
            **number_or_text,
            "description": "A number, a quantity (12 h, 30 km/day) or an expression",
            "examples": ["0.2 / day", "12 h", "bridge == up", "0.06/day * supply"],
        },
        "instant": {
            **number_or_text,
            "description": "ISO 8601 with an offset, or a duration since the start",
            "examples": ["2024-12-06T18:00+03:00", "36 h"],
        },
        "value": {
            "description": "A number, a quantity, an expression, a distribution or a sourced value",
            "anyOf": [number_or_text, to("distribution")],
            "examples": ["12 h", "{pert: [1, 2, 4]}", "{value: 12 h, source: monitors}"],
        },
        "distribution": {
            "description": "A distribution, or a value, with remarks on where it comes from",
            "type": "object",
            "properties": {
                **{name: _form_schema(name, number) for name in FORMS},
                "value": {
                    "description": "The value itself, where it is no law",
                    **to("value"),
                },
                **remarks,
            },
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in (*FORMS, "value")],
        },
        "for": {
            "description": "What letters stand for: items, a list's name, or mappings of letters",
            "type": ["object", "array", "string"],
            "examples": ["{i: [1, 2]}", "{i: city}", "[{i: 2, p: 1}, {i: 3, p: 2}]"],
        },
    }


def _form_schema(name: str, number: dict[str, Any]) -> dict[str, Any]:
    form = FORMS[name]
    rule = "" if form.shape == "single" else f"; {form.rule}"
    said = {"description": _LAWS_SAID[name] + rule, "examples": [form.example]}
    return {**said, **_shape_schema(form, number)}


def _shape_schema(form: Form, number: dict[str, Any]) -> dict[str, Any]:
    if form.shape == "weights":
        return {"type": "object", "additionalProperties": number, "minProperties": 1}
    if form.shape == "single":
        return number
    if form.shape == "list":
        n = len(form.arguments)
        return {"type": "array", "items": number, "minItems": n, "maxItems": n}
    return {
        "type": "object",
        "properties": dict.fromkeys(form.arguments, number),
        "required": list(form.arguments),
        "additionalProperties": False,
    }
