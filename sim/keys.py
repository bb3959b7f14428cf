"""Keys of a file as pydantic fields: what kind of node each takes, and what is said of it.

The ground that the models of scenario and world share. Where an expression, a value or an instant
stands, a model takes the node as it is, with its place: reading those needs names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim.errors import did_you_mean, one_of
from sim.values import FORMS, Faults, Items, Map, Node, Text, describe, is_printable

#: Unknown keys of one mapping that are compared with the known ones.
MAX_KEYS = 100


def wrong(expected: str, node: object, hint: str = "") -> PydanticCustomError:
    """Return the fault of a node that is something else than a key takes."""
    found = describe(node) if isinstance(node, Text | Map | Items) else str(node)
    return PydanticCustomError(
        "wrong-type",
        "{field} is {found}",
        {"field": "{field}", "found": found, "expected": expected, "hint": hint},
    )


def _line(node: object) -> Text:
    """Take text that people read."""
    if not isinstance(node, Text):
        raise wrong("text", node, "quote text that starts with a bracket")
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
    raise wrong("an expression", node)


_WHOLE = re.compile(r"[+-]?[0-9]{1,12}\Z")


def _whole(node: object) -> int:
    if isinstance(node, Text) and _WHOLE.match(node):
        return int(node)
    raise wrong("a whole number", node)


def _truth(node: object) -> bool:
    if isinstance(node, Text) and node.truth is not None:
        return node.truth
    raise wrong("true or false", node)


def a_table(node: object) -> Map:
    """Take a mapping."""
    if isinstance(node, Map):
        return node
    raise wrong("a mapping", node)


def a_list(node: object) -> Items:
    """Take a list."""
    if isinstance(node, Items):
        return node
    raise wrong("a list", node)


def one_word(*words: str) -> Callable[[object], str]:
    """Return what takes one of some words."""

    def take(node: object) -> str:
        if isinstance(node, Text) and node in words:
            return str(node)
        raise wrong(" or ".join(words), node, did_you_mean(str(node), words))

    return take


#: Stands for a reference to a shared schema: pydantic would look a ``$ref`` up among its own.
SHARED = "shared"


def to(name: str) -> dict[str, Any]:
    """Return a reference to a schema under ``$defs``."""
    return {SHARED: name}


def shared(name: str) -> WithJsonSchema:
    """Return the annotation of a field that is described under ``$defs``."""
    return WithJsonSchema(to(name))


Line = Annotated[Any, BeforeValidator(_line), shared("text")]
Formula = Annotated[Any, BeforeValidator(_formula), shared("expression")]
Truth = Annotated[Any, BeforeValidator(_truth), WithJsonSchema({"type": "boolean"})]
Whole = Annotated[Any, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Memory = Annotated[
    Any, BeforeValidator(one_word("keep", "redraw")), WithJsonSchema({"enum": ["keep", "redraw"]})
]
Value = Annotated[Any, shared("value")]
Instant = Annotated[Any, shared("instant")]
Instants = Annotated[
    Any,
    WithJsonSchema({"anyOf": [to("instant"), {"type": "array", "items": to("instant")}]}),
]
Values = Annotated[
    Any,
    WithJsonSchema({"anyOf": [to("value"), {"type": "array", "items": to("value")}]}),
]
Names = Annotated[
    Any, BeforeValidator(a_list), WithJsonSchema({"type": "array", "items": to("text")})
]
#: ``all``, or names: one, or a list.
Some = Annotated[
    Any, WithJsonSchema({"anyOf": [to("text"), {"type": "array", "items": to("text")}]})
]
Bounds = Annotated[
    Any,
    BeforeValidator(a_list),
    WithJsonSchema({"type": "array", "items": to("expression"), "minItems": 2, "maxItems": 2}),
]
For = Annotated[Any, shared("for")]


Effects = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("expression")}),
]
Laws = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("value")}),
]


class Spec(BaseModel):
    """What every part of a file has in common: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=False)


#: What the reference page shows in columns of its own; editors pass over both.
UNIT, DEFAULT = "x-unit", "x-default"
NEEDED = "needed"


def a_key(
    said: str, example: str = "", *, unit: str = "", default: str = "", alias: str | None = None
) -> Any:
    """Return a key with what editors and docs/reference.md say of it."""
    extra: dict[str, Any] = {UNIT: unit, DEFAULT: default}
    return Field(
        ... if default == NEEDED else None,
        alias=alias,
        description=said + default_said(default),
        examples=[example] if example else None,
        json_schema_extra={name: text for name, text in extra.items() if text},
    )


def default_said(default: str) -> str:
    """Return what a description ends in: editors show a key's default there only."""
    return f"; default: {default}" if default and default != NEEDED else ""


def for_key() -> Any:
    """Return the key that makes a part a template."""
    return a_key("Makes one of each item of a list", "{i: city}", alias="for")


def label_key(said: str = "How people call it", default: str = "its name") -> Any:
    """Return the key of a part's name for people."""
    return a_key(said, default=default)


def note_key() -> Any:
    """Return the key of a remark that no program reads."""
    return a_key("For whoever reads the file")


def field_names(model: type[Spec]) -> list[str]:
    """Return the keys of a model as a file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


_Model = TypeVar("_Model", bound=Spec)


def validated(
    model: type[_Model],
    node: Node,
    path: str,
    owner: str,
    faults: Faults,
    *,
    known_keys: tuple[str, ...] = (),
    is_whole: bool = True,
    is_needed: bool = False,
    told: Iterable[str] = (),
    may_be_bare: bool = False,
) -> tuple[_Model | None, bool]:
    """Return a node as a model reads it, without what is wrong, and whether nothing was.

    Where ``is_needed``, a field that must be there and is not is None; else there is no model.
    """
    known = known_keys or tuple(field_names(model))
    if not isinstance(node, Map):
        either = "an expression, or " if may_be_bare else ""
        faults.add(
            "wrong-type",
            f"{owner} is {describe(node)}",
            node,
            path,
            expected=f"{either}a mapping with {', '.join(known)}",
        )
        return None, False
    rest = node
    is_valid = True
    told = set(told)
    while True:
        try:
            return model.model_validate(rest), is_valid
        except ValidationError as error:
            bad = set()
            details = error.errors(include_url=False, include_input=False)
            unknown = (name for name in node if name not in known)
            told |= {mistyped(key, known) for key in itertools.islice(unknown, MAX_KEYS)}
            keys = {str(key): key for key, _ in node.entries()}
            for detail in details:
                key = str(detail["loc"][0])
                bad.add(key)
                if detail["type"] != "missing" or (is_whole and key not in told):
                    at = keys[key] if detail["type"] == "extra_forbidden" else node.get(key, node)
                    place = f"{path}.{key}" if path else key
                    _tell(detail, key, at, place, owner, known, faults)
            is_valid = False
            told |= bad
            if not bad & set(rest):
                if not is_needed:
                    return None, False
                fields: dict[str, Any] = {**rest, **dict.fromkeys(bad)}
                partial: Any = model.model_construct(None, **fields)
                return partial, False
            rest = Map.of(((k, v) for k, v in rest.items() if k not in bad), node.position)


def mistyped(key: str, known: Iterable[str]) -> str:
    """Return which of the known keys an unknown one is meant to be."""
    return did_you_mean(key, known)[len("did you mean '") : -len("'?")]


def _tell(
    detail: Any, key: str, at: Node, path: str, owner: str, known: tuple[str, ...], faults: Faults
) -> None:
    of = f" in {owner}" if owner else ""
    if detail["type"] == "extra_forbidden":
        faults.add(
            "unknown-field",
            f"unknown field '{key}'{of}",
            at,
            path,
            expected=one_of(known, limit=20),
            hint="" if faults.is_full else did_you_mean(key, known),
        )
    elif detail["type"] == "missing":
        faults.add("missing-field", f"'{key}' is missing{of}", at, path)
    else:
        context = detail.get("ctx", {})
        message = detail["msg"].replace("{field}", f"'{key}'{of}", 1)
        expected, hint = context.get("expected", ""), context.get("hint", "")
        faults.add(detail["type"], message, at, path, expected=expected, hint=hint)
