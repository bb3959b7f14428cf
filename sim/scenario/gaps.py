"""Values that are missing, and expressions that YAML has torn apart at a comma.

``{rate: max(1, 2)}`` is for YAML a mapping with two keys, ``rate`` and ``2)``, the second without a
value. What is missing or torn is told and left out, so that it is told only once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sim.scenario.schema import SECTIONS, WORLD
from sim.values import Faults, Items, Map, Node, Text, is_null

_COLON = re.compile(r"\s*:")
_QUOTE_IT = "quote it"


def without_gaps(node: Map, path: str, faults: Faults) -> Map:
    """Return a mapping without what has no value: a fault, but for an empty section."""
    torn = _torn_entries(node, path, faults)
    kept: list[tuple[str, Node]] = []
    for key, value in node.entries():
        place = f"{path}.{key}" if path else str(key)
        if key in torn:
            continue
        if is_null(value):
            _tell_null(key, place, faults)
        elif isinstance(value, Map):
            kept.append((key, without_gaps(value, place, faults)))
        elif isinstance(value, Items):
            whole = _whole_list(value, place, faults)
            kept += [] if whole is None else [(key, whole)]
        else:
            kept.append((key, value))
    return Map.of(kept, node.position)


def has_colon(key: Text) -> bool:
    """Return whether a colon follows a key (in braces, a comma may make a key of any text)."""
    return _COLON.match(key.source.text, key.end) is not None


def _tell_null(key: Text, path: str, faults: Faults) -> None:
    if path in (*SECTIONS, *WORLD) or path.startswith("variants."):
        return  # an empty section; a variant that deletes
    hint = "write the value after ': '" if "." in path else "remove the key, or give it a value"
    if not has_colon(key):
        hint = "write 'key: value'; text that holds a comma needs quotation marks"
    faults.add("no-value", f"'{key}' has no value", key, path, hint=hint)


def _whole_list(items: Items, path: str, faults: Faults) -> Items | None:
    """Return a list; None if an item of it is missing or torn."""
    kept: list[Node] = []
    is_whole = True
    for number, item in enumerate(items, 1):
        place = f"{path}.{number}"
        text = _joined(item, items[number:]) if isinstance(item, Text) else ""
        if text:
            _tell_torn(item, place, f'{_QUOTE_IT}: "{text}"', faults)
            return None
        if is_null(item):
            faults.add("no-value", "an empty item in a list", item, place)
            is_whole = False
        elif isinstance(item, Map):
            kept.append(without_gaps(item, place, faults))
        elif isinstance(item, Items):
            inner = _whole_list(item, place, faults)
            is_whole = is_whole and inner is not None
            kept += [] if inner is None else [inner]
        else:
            kept.append(item)
    return Items.of(kept, items.position) if is_whole else None


def _torn_entries(node: Map, path: str, faults: Faults) -> set[str]:
    """Tell of values torn at a comma; return the keys of all their pieces."""
    torn: set[str] = set()
    entries = list(node.entries())
    for at, (key, value) in enumerate(entries):
        if not isinstance(value, Text) or value.style:
            continue
        place = f"{path}.{key}" if path else str(key)
        following = [k for k, v in entries[at + 1 : at + 2] if is_null(v) and not has_colon(k)]
        if following and value.isdecimal() and following[0][:1].isdecimal():
            hint = f"write a decimal point: {value}.{following[0]}"
            _tell_torn(value, place, hint, faults)
            torn.update([str(key), str(following[0])])
        if not _lacks_bracket(value):
            continue
        rest = list(_keys_without_values(entries, at + 1, _depth(value)))
        text = _joined(value, rest)
        if text:
            _tell_torn(value, place, f'{_QUOTE_IT}: {key}: "{text}"', faults)
            torn.update([str(key), *map(str, rest)])
    return torn


def _keys_without_values(
    entries: Sequence[tuple[Text, Node]], at: int, depth: int
) -> Iterator[Text]:
    """Yield the keys without values from ``at`` on, until they close the open brackets."""
    while at < len(entries) and depth > 0 and is_null(entries[at][1]):
        key, _ = entries[at]
        depth += _depth(key)
        at += 1
        yield key


def _tell_torn(at: Node, path: str, hint: str, faults: Faults) -> None:
    message = "an expression with a comma inside { } or [ ]"
    faults.add("unquoted-comma", message, at, path, hint=hint)


def _joined(first: Text, rest: Sequence[Node]) -> str:
    """Return the text of which ``first`` is the beginning; empty if it is whole, or has no end."""
    if not _lacks_bracket(first):
        return ""
    text, depth = str(first), _depth(first)
    for piece in rest:
        if not isinstance(piece, Text) or piece.style:
            break
        text += f", {piece}"
        depth += _depth(piece)
        if depth <= 0:
            return text
    return ""


def _depth(node: Node) -> int:
    """Return how many brackets a text opens that it does not close."""
    return node.count("(") - node.count(")") if isinstance(node, Text) else 0


def _lacks_bracket(text: Text) -> bool:
    return text.style == "" and _depth(text) > 0
