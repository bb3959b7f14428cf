"""Keys of a scenario file in tables of Markdown, made of the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sim.keys import DEFAULT, default_said
from sim.scenario.json_schema import KIND, json_schema

Schema = dict[str, Any]

MADE = "<!-- Made by docs/generate.py: change the program, then run `make docs`. -->\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table, without the columns that nothing stands in."""
    columns = [
        (title, column)
        for title, column in zip(head, zip(*rows, strict=True), strict=True)
        if any(column)
    ]
    lines = zip(*((title, "---", *column) for title, column in columns), strict=True)
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def takes(schema: Schema, key: str) -> str:
    """Return what a key takes, in words, with links to where that is explained."""
    if "$ref" in schema:
        return _linked(schema["$ref"].rpartition("/")[2], key)
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    names = list(references(schema.get("anyOf", [])))
    if names and all(KIND in json_schema()["$defs"][name] for name in names):
        return f"mapping of a kind: {', '.join(_linked(name, key) for name in names)}"
    if "anyOf" in schema:
        first, second = schema["anyOf"]
        if second.get("type") == "array":
            return f"{takes(first, key)}, or a list of them"
        return f"{takes(first, key)} or {takes(second, key)}"
    if "additionalProperties" in schema:
        below = schema["additionalProperties"]
        return f"name → {takes(below, key)}"
    if "items" in schema:
        n = "two" if schema.get("maxItems") == 2 else "a list"
        return f"{n} of {takes(schema['items'], key)}"
    if schema["type"] == ["boolean", "string"]:
        return "`yes` or `no`"
    words = {
        "boolean": "`true` or `false`",
        "integer": "whole number",
        "number": "number",
        "array": "list",
    }
    return words.get(schema["type"], "path → value")


def said(schema: Schema) -> str:
    """Return what is said of a key, without its default."""
    text: str = schema.get("description", "")
    return text.removesuffix(default_said(schema.get(DEFAULT, "")))


def _linked(name: str, key: str) -> str:
    if is_kind(json_schema()["$defs"][name]):
        return f"[{'letters' if name == 'for' else name}](#{anchor(name)})"
    spec = json_schema()["$defs"][name]
    group = next(keys for found, keys in homes(json_schema()).items() if found == name)
    return f"[{spec.get(KIND, 'mapping')}](#{anchor(heading_of(spec, group))})"


def references(schema: object) -> Iterator[str]:
    """Yield the names of the shared schemas that one refers to."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from references(value)


def is_kind(shared: Schema) -> bool:
    """Return whether a shared schema is a kind of value, not a mapping with keys of its own."""
    return "properties" not in shared


def homes(schema: Schema) -> dict[str, list[str]]:
    """Return the keys under which each such mapping stands, in file order."""
    homes: dict[str, list[str]] = {}

    def walk(properties: Schema) -> None:
        for key, below in properties.items():
            for name in references(below):
                if is_kind(schema["$defs"][name]):
                    continue
                is_new = name not in homes
                homes.setdefault(name, []).append(key)
                if is_new:
                    walk(schema["$defs"][name]["properties"])

    walk(schema["properties"])
    return homes


def heading_of(spec: Schema, keys: list[str]) -> str:
    """Return the heading under which a mapping stands in the reference."""
    kind = spec.get(KIND)
    return f"{keys[0]} of kind {kind}" if kind else ", ".join(keys)


def anchor(heading: str) -> str:
    """Return what a link to a heading ends with."""
    return heading.replace(",", "").replace(" ", "-")
