"""The file format as pydantic models: which keys there are, and what kind of thing each takes.

The loader validates one part at a time with these models (one faulty transition must not hide the
faults of the next), and ``scenario.schema.json`` is made from them. Where an expression, a value or
an instant stands, a model takes the node as it is, with its place: reading those needs names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim.errors import did_you_mean
from sim.scenario.document import is_printable
from sim.values import ANNOTATIONS, FORMS, Items, Map, Text, describe

FORMAT = 1

#: Top-level keys that the format names and this version does not read.
NOT_YET = {
    "factions": "the world layer",
    "hostile": "the world layer",
    "places": "the world layer",
    "routes": "the world layer",
    "links": "the world layer",
    "supply": "the world layer",
    "processes": "the world layer",
    "defaults": "the world layer",
    "reports": "evidence",
    "checks": "testing forecasts",
    "resolved": "scoring",
}
CLOCKS = ("rate", "after", "work", "every", "at", "immediate")
#: What belongs to a clock: all of it goes when a variant gives a transition another one.
CLOCK_KEYS = (*CLOCKS, "pace", "from")


def _wrong(expected: str, node: object, hint: str = "") -> PydanticCustomError:
    found = describe(node) if isinstance(node, Text | Map | Items) else str(node)
    return PydanticCustomError(
        "wrong-type",
        "{field} is {found}",
        {"field": "{field}", "found": found, "expected": expected, "hint": hint},
    )


def _line(node: object) -> Text:
    """Take text that people read."""
    if not isinstance(node, Text):
        raise _wrong("text", node, "quote text that starts with a bracket")
    if not is_printable(node.replace("\n", " ").replace("\t", " ")):
        raise PydanticCustomError(
            "control-character", "{field} holds a control character", {"field": "{field}"}
        )
    return node


def _formula(node: object) -> Text:
    """Take an expression."""
    if isinstance(node, Text):
        return node
    if isinstance(node, Map) and any(key in FORMS for key in node):
        hint = "a random amount belongs in 'draws', an uncertain number in 'parameters'"
        raise PydanticCustomError(
            "no-distribution-here",
            "{field} is a distribution",
            {"field": "{field}", "expected": "an expression", "hint": hint},
        )
    raise _wrong("an expression", node)


_WHOLE = re.compile(r"[+-]?[0-9]{1,12}\Z")


def _whole(node: object) -> int:
    if isinstance(node, Text) and _WHOLE.match(node):
        return int(node)
    raise _wrong("a whole number", node)


def _truth(node: object) -> bool:
    if isinstance(node, Text) and node.truth is not None:
        return node.truth
    raise _wrong("true or false", node)


def _table(node: object) -> Map:
    if isinstance(node, Map):
        return node
    raise _wrong("a mapping", node)


def _items(node: object) -> Items:
    if isinstance(node, Items):
        return node
    raise _wrong("a list", node)


def _word(*words: str) -> Callable[[object], str]:
    def take(node: object) -> str:
        if isinstance(node, Text) and node in words:
            return str(node)
        raise _wrong(" or ".join(words), node, did_you_mean(str(node), words))

    return take


#: Stands for a reference to a shared schema: pydantic would look a ``$ref`` up among its own.
_SHARED = "shared"


def _to(name: str) -> dict[str, Any]:
    return {_SHARED: name}


def _shared(name: str) -> WithJsonSchema:
    return WithJsonSchema(_to(name))


Line = Annotated[Any, BeforeValidator(_line), _shared("text")]
Formula = Annotated[Any, BeforeValidator(_formula), _shared("expression")]
Truth = Annotated[Any, BeforeValidator(_truth), WithJsonSchema({"type": "boolean"})]
Whole = Annotated[Any, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Memory = Annotated[
    Any, BeforeValidator(_word("keep", "redraw")), WithJsonSchema({"enum": ["keep", "redraw"]})
]
Value = Annotated[Any, _shared("value")]
Instant = Annotated[Any, _shared("instant")]
Instants = Annotated[
    Any,
    WithJsonSchema({"anyOf": [_to("instant"), {"type": "array", "items": _to("instant")}]}),
]
Values = Annotated[
    Any,
    WithJsonSchema({"anyOf": [_to("value"), {"type": "array", "items": _to("value")}]}),
]
Names = Annotated[
    Any, BeforeValidator(_items), WithJsonSchema({"type": "array", "items": _to("text")})
]
Bounds = Annotated[
    Any,
    BeforeValidator(_items),
    WithJsonSchema({"type": "array", "items": _to("expression"), "minItems": 2, "maxItems": 2}),
]
For = Annotated[Any, _shared("for")]


Effects = Annotated[
    Any,
    BeforeValidator(_table),
    WithJsonSchema({"type": "object", "additionalProperties": _to("expression")}),
]
Laws = Annotated[
    Any,
    BeforeValidator(_table),
    WithJsonSchema({"type": "object", "additionalProperties": _to("value")}),
]


class Spec(BaseModel):
    """What every part of a file has in common: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=False)


class SourceSpec(Spec):
    """Where knowledge comes from."""

    text: Line = Field(description="Who said it, where")
    public: Instant = Field(None, description="When it was public; not after clock.as_of")
    url: Line = Field(None, description="Where to read it")


class ClockSpec(Spec):
    """When the scenario starts and ends, and when it is looked at."""

    horizon: Value = Field(description="Where a replication stops: a duration, or one input")
    start: Instant = Field(None, description="Time 0, with its offset: 2024-12-06T18:00+03:00")
    as_of: Instant = Field(None, description="Latest public knowledge; default: start")
    timezone: Line = Field(None, description="Name of the time zone: Asia/Damascus")
    grid: Formula = Field(None, description="Step of the watch points; default: horizon / 40")
    report: Instants = Field(None, description="Times for probabilities by date; default: ten")


class VariableSpec(Spec):
    """A number or a label that the state holds; exactly one of states, integer, real."""

    for_: For = Field(None, alias="for")
    states: Names = Field(None, description="Labels; the first is the initial one")
    integer: Bounds = Field(None, description="Whole numbers from low to high")
    real: Bounds = Field(None, description="Numbers from low to high")
    unit: Formula = Field(None, description="Unit of plain numbers in bounds and initial: person")
    initial: Value = Field(None, description="Value at the start")
    label: Line = Field(None, description="How people call it")
    note: Line = Field(None)


class DefinitionSpec(Spec):
    """A named expression."""

    for_: For = Field(None, alias="for")
    value: Formula = Field(description="The expression")
    label: Line = Field(None, description="How people call it")
    note: Line = Field(None)


class BranchSpec(Spec):
    """One way for a firing to end."""

    weight: Value = Field(None, description="In proportion to which it is taken; default 1")
    label: Line = Field(None, description="What it is called in causes")
    then: Effects = Field(None, description="What changes: name: expression")
    says: Line = Field(None, description="What a trace says; {name} shows a value")


class TransitionSpec(Spec):
    """What may happen; exactly one clock: rate, after, work, every, at or immediate."""

    for_: For = Field(None, alias="for")
    when: Formula = Field(None, description="When it may happen; default: always")
    rate: Value = Field(None, description="Hazard: 0.2 / day")
    after: Value = Field(None, description="Delay: 3 days")
    work: Value = Field(None, description="How much is to be done: 45 km")
    pace: Value = Field(None, description="How fast work is done: 30 km/day")
    every: Value = Field(None, description="Period of a timetable: 12 h")
    from_: Value = Field(None, alias="from", description="First tick of 'every'; default: a period")
    at: Values = Field(None, description="Instants at which it happens")
    immediate: Truth = Field(None, description="true: as soon as 'when' holds, in no time")
    memory: Memory = Field(None, description="What becomes of work while 'when' is false")
    priority: Whole = Field(None, description="Which goes first at one time: the higher")
    draws: Laws = Field(None, description="Random numbers taken when it fires")
    then: Effects = Field(None, description="What changes: name: expression")
    branches: Annotated[
        Any,
        BeforeValidator(_items),
        WithJsonSchema({"type": "array", "minItems": 1, "items": _to("BranchSpec")}),
    ] = Field(None, description="Several ways to end, with weights")
    says: Line = Field(None, description="What a trace says; {name} shows a value")
    label: Line = Field(None, description="How people call it")
    note: Line = Field(None)


class OutcomeSpec(Spec):
    """A question with a yes-time: the first time that 'when' holds."""

    for_: For = Field(None, alias="for")
    when: Formula = Field(description="What must hold")
    label: Line = Field(None, description="How people call it")
    question: Line = Field(None, description="The question that it answers")
    note: Line = Field(None)


class LimitsSpec(Spec):
    """Limits of a replication."""

    events: Whole = Field(None, description="Most events in a replication; default 1,000,000")


class Header(Spec):
    """The keys of a file that are no section."""

    format: Whole = Field(None, description="Format of the file: 1")
    title: Line = Field(description="What the scenario is about")
    description: Line = Field(None)
    question: Line = Field(None, description="The headline question")
    extends: Line = Field(
        None, description="A file in this folder or below, to which this one adds"
    )
    clock: Annotated[Any, BeforeValidator(_table), _shared("ClockSpec")]
    stop: Formula = Field(None, description="What ends a replication early")
    limits: Annotated[Any, BeforeValidator(_table), _shared("LimitsSpec")] = None


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
TOP_LEVEL = (*(n for n in Header.model_fields), *SECTIONS, *NOT_YET)


def field_names(model: type[Spec]) -> list[str]:
    """Return the keys of a model as a file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


# JSON Schema.


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
    header = Header.model_json_schema(by_alias=True)
    sections = {
        "sources": _named(_to("SourceSpec")),
        "lists": _named({"type": "array"}),
        "parameters": _named(_to("value")),
        **{name: _named(_part_schema(name)) for name in PART_MODELS},
        "variants": _named({"type": "object"}),
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frontcast scenario, format 1",
        "description": "A scenario file: see docs/file-format.md",
        "type": "object",
        "properties": {**header["properties"], **sections},
        "additionalProperties": False,
        # A file that extends another need not say again what that one says.
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
        if key == _SHARED:
            finished["$ref"] = f"#/$defs/{value}"
        elif "$defs" in schema or not is_noise:
            finished[key] = _finished(value)
    if {"properties", "description"} <= schema.keys() and "$defs" not in schema:
        finished.pop("required", None)  # so may a part of a file that extends another
    return finished


def json_schema_text() -> str:
    """Return the text of ``scenarios/scenario.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _part_schema(section: str) -> dict[str, Any]:
    reference = _to(PART_MODELS[section].__name__)
    return {"anyOf": [_to("expression"), reference]} if section in BARE else reference


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a section; with nothing below it, it is empty."""
    return {"type": ["object", "null"], "additionalProperties": schema}


def _shared_schemas() -> dict[str, Any]:
    number_or_text = {"type": ["number", "string", "boolean"]}
    number = {"anyOf": [number_or_text, _to("distribution")]}
    remarks: dict[str, Any] = {name: {"type": ["string", "number"]} for name in ANNOTATIONS}
    remarks["chance"] = {"type": "boolean"}
    return {
        "text": {"type": ["string", "number", "boolean"]},
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
            "anyOf": [number_or_text, _to("distribution")],
        },
        "distribution": {
            "type": "object",
            "properties": {
                **{name: _form_schema(name, number) for name in FORMS},
                "value": _to("value"),
                **remarks,
            },
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in (*FORMS, "value")],
        },
        "for": {
            "description": "What letters stand for: {i: [1, 2]}, {i: city}, or a list of such",
            "type": ["object", "array", "string"],
        },
    }


def _form_schema(name: str, number: dict[str, Any]) -> dict[str, Any]:
    form = FORMS[name]
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
