"""The JSON Schema of a scenario file: for editors, for docs/reference.md, and for paths of changes.

What it says of a key is said where the key is: in ``schema`` and in the specs of the world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from sim.keys import SHARED, to
from sim.scenario.checks import CheckSpec
from sim.scenario.evidence import ReportSpec, ResolvedSpec
from sim.scenario.schema import (
    BARE,
    PART_MODELS,
    BranchSpec,
    ClockSpec,
    Header,
    LimitsSpec,
    SourceSpec,
)
from sim.values import ANNOTATIONS, FORMS, Form
from sim.world.mechanisms.registry import BY_KIND
from sim.world.specs import MODELS as WORLD_MODELS
from sim.world.specs import NAMES, BridgeSpec, DefaultsSpec, LossSpec, PatronSpec

#: Under which key the schema of a process has its kind.
KIND = "x-kind"

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
    "factions": (
        "Who fights, helps or pays; see the world layer in the guide",
        "{government: {capital: damascus}, rebels: {cohesion: 0.8}}",
    ),
    "places": (
        "Where somebody is: each makes names such as homs.control and homs.garrison.rebels",
        "{homs: {control: government, population: 800000}}",
    ),
    "routes": ("What joins two places", "{m5: {between: [homs, nabk], km: 83}}"),
    "links": (
        "Questions about the network: each makes NAME.open and NAME.capacity",
        "{coast: {for: government, from: damascus, to: [tartus]}}",
    ),
    "supply": (
        "Lines that bring stocks and fighters",
        "{airlift: {to: government, from: tehran, via: [flight], every: 12 h, delivers: 0.5 days}}",
    ),
    "processes": (
        "What goes on in the world, each of one kind",
        "{march: {kind: advance, faction: rebels, along: [hama, homs], force: 4000}}",
    ),
}
_DEFAULTS_SAID = "What is said of numbers of the file of which nothing is said"
_HOSTILE_SAID = "Who fights whom; everyone else is neutral"
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
    models += [DefaultsSpec, *WORLD_MODELS.values(), PatronSpec, LossSpec, BridgeSpec]
    models += [*BY_KIND.values(), ReportSpec, ResolvedSpec, CheckSpec]
    inputs: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (model, "validation") for model in models
    ]
    _, made = models_json_schema(inputs, by_alias=True)
    for model in made["$defs"].values():
        model.pop("required", None)
    for kind, process in BY_KIND.items():
        _of_kind(made["$defs"][process.__name__], kind)
    header = Header.model_json_schema(by_alias=True)
    parts = {
        "sources": to("SourceSpec"),
        "lists": {"type": "array"},
        "parameters": to("value"),
        **{name: _part_schema(name) for name in PART_MODELS},
        "variants": {"type": "object"},
    }
    parts |= {name: to(model.__name__) for name, model in WORLD_MODELS.items()}
    parts["processes"] = {"anyOf": [to(model.__name__) for model in BY_KIND.values()]}
    sections = {name: _named(schema, *_SECTIONS_SAID[name]) for name, schema in parts.items()}
    for name in (*WORLD_MODELS, "processes"):
        sections[name][NAMES] = name
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frontcast scenario, format 1",
        "description": "A scenario file: see docs/file-format.md and docs/reference.md",
        "type": "object",
        "properties": {
            **header["properties"],
            **sections,
            "hostile": _hostile(),
            "reports": {
                "description": "What was said about the situation, graded; no run reads it",
                "type": ["array", "null"],
                "items": to("ReportSpec"),
                "examples": ["[{claim: bridge == cut, grade: C3}]"],
            },
            "resolved": {
                "description": "What became of each outcome, for scoring; no run reads it",
                "type": ["object", "null"],
                "additionalProperties": {"anyOf": [to("instant"), to("ResolvedSpec")]},
                "examples": ["{falls: {not_by: 14 days}}"],
            },
            "checks": {
                "description": "What 'check' holds the forecast to; no run reads it",
                "type": ["array", "null"],
                "items": to("CheckSpec"),
                "examples": ["[{outcome: falls, by: 3 days, probability: [0.5, 0.9]}]"],
            },
            "defaults": {"description": _DEFAULTS_SAID, **to("DefaultsSpec")},
        },
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


def _of_kind(process: dict[str, Any], kind: str) -> None:
    """Have the schema of a process say of which kind it is."""
    said = {"description": "What it is", "const": kind, "x-default": "needed"}
    process["properties"] = {**process["properties"], "kind": said}
    process[KIND] = kind


def _hostile() -> dict[str, Any]:
    pair = {"type": "array", "items": to("text"), "minItems": 2, "maxItems": 2}
    return {
        "description": _HOSTILE_SAID,
        "type": ["array", "null"],
        "items": pair,
        "examples": ["[[rebels, government]]"],
    }


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


# What a schema knows below a path.


def below(schema: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """Return the schemas that may stand under a key of what a schema describes; none if unknown.

    Items of lists have their place, from 0, as a key.
    """
    found: list[Mapping[str, Any]] = []
    for one in _ways(schema):
        inside = one.get("properties", {}).get(key)
        rest = one.get("additionalProperties")
        if inside is not None:
            found.append(inside)
        elif isinstance(rest, dict):
            found.append(rest)
        elif "items" in one and key.isdigit():
            found.append(one["items"])
    return tuple(found)


def keys_below(schema: Mapping[str, Any]) -> list[str]:
    """Return the keys that a schema names."""
    return [key for one in _ways(schema) for key in one.get("properties", {})]


def _ways(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a schema can be, references followed."""
    if "$ref" in schema:
        return _ways(json_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    ways = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if not ways or "properties" in schema:  # a distribution says with oneOf what it needs
        return [schema]
    return [one for way in ways for one in _ways(way)]
