"""What ``extends``, ``variants`` and ``--set`` change, on the tree, so that places survive.

Mappings merge, lists replace, null deletes. A new kind of clock replaces the old one with all that
belongs to it; a value that is a distribution or has ``value:`` replaces the old value whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.errors import did_you_mean
from sim.scenario.schema import CLOCK_KEYS, CLOCKS
from sim.values import FORMS, Faults, Items, Map, Node, Text, is_null

Path = tuple[str, ...]


@dataclass(frozen=True)
class Merger:
    """Merges one change into a tree; ``is_strict`` refuses keys that the tree does not have."""

    faults: Faults
    is_strict: bool

    def merged(self, old: Node, new: Node, path: Path = ()) -> Node:
        """Return ``old`` with the change ``new``."""
        if not isinstance(old, Map) or not isinstance(new, Map) or _is_whole_value(new, path):
            return new
        base = _without_old_clock(old, new, path)
        strict = self.is_strict and "then" not in path
        for key, value in new.entries():
            if strict and key not in old and not _is_new_clock(key, path):
                self.no_match(key, ".".join((*path, key)), old)
            elif is_null(value):
                if key not in old:
                    self.no_match(key, ".".join((*path, key)), old)
                base.pop(key, None)
            elif key in base:
                base[key] = self.merged(base[key], value, (*path, str(key)))
            else:
                base[key] = value
        return base

    def no_match(self, at: Text, path: str, inside: Map) -> None:
        """Tell a path that matches nothing."""
        last = path.rpartition(".")[2]
        hint = _template_hint(path, inside) or did_you_mean(last, inside)
        self.faults.add("no-match", f"nothing is called '{path}'", at, path, hint=hint)

    def at_path(self, tree: Map, at: Text, value: Node, path: str) -> Map:
        """Return a tree with the value at a dotted path changed."""
        steps = match(tree, path)
        if steps is None:
            self.unmatched(tree, at, path)
            return tree
        changed: Node = value
        for depth in range(len(steps) - 1, -1, -1):
            *before, step = steps[: depth + 1]
            parent = _down(tree, tuple(before))
            assert isinstance(parent, Map)
            if depth == len(steps) - 1:
                changed = self.merged(
                    parent, Map.of([(_key(parent, step, at), value)], at.position), tuple(before)
                )
            else:
                changed = Map.of(parent.items(), parent.position)
                changed[step] = below
            below = changed
        assert isinstance(changed, Map)
        return changed

    def unmatched(self, tree: Map, at: Text, path: str) -> None:
        """Tell a path that matches nothing, with the nearest one that does."""
        known = [k for section in tree if section != "variants" for k in _paths_in(tree, section)]
        hint = _template_path_hint(tree, path) or did_you_mean(path, known)
        ends = [k for k in known if k.endswith(f".{path}")]
        if ends:
            hint = f"did you mean '{ends[0]}'?"
        self.faults.add("no-match", f"nothing is called '{path}'", at, path, hint=hint)


def _key(parent: Map, step: str, at: Text) -> Text:
    return (
        parent.key(step)
        if step in parent
        else Text.at(step, at.source, (at.start, at.end), (at.line, at.column), at.style)
    )


def match(tree: Node, path: str) -> Path | None:
    """Return the keys that a dotted path runs through, the longest existing first; None if none do.

    The last key may be a kind of clock that the transition does not have yet.
    """
    if not isinstance(tree, Map):
        return None
    return _match(tree, path, ())


def _match(node: Map, path: str, before: Path) -> Path | None:
    fitting = [key for key in node if path == key or path.startswith(f"{key}.")]
    for key in sorted(fitting, key=len, reverse=True):
        if path == key:
            return (*before, str(key))
        below = node[key]
        if isinstance(below, Map):
            found = _match(below, path[len(key) + 1 :], (*before, str(key)))
            if found is not None:
                return found
    return (*before, path) if _is_new_clock(path, before) else None


def _down(node: Node, steps: Path) -> Node:
    for step in steps:
        assert isinstance(node, Map)
        node = node[step]
    return node


def paths(node: Node, before: str = "") -> Iterator[str]:
    """Yield every path of a tree."""
    if isinstance(node, Map):
        for key, value in node.items():
            yield f"{before}{key}"
            yield from paths(value, f"{before}{key}.")


def _paths_in(tree: Map, section: str) -> list[str]:
    return [section, *paths(tree[section], f"{section}.")]


def _is_new_clock(key: str, path: Path) -> bool:
    return len(path) == 2 and path[0] == "transitions" and key in CLOCK_KEYS


def _without_old_clock(old: Map, new: Map, path: Path) -> Map:
    """Return a copy of ``old``, without its clock if ``new`` has another kind."""
    is_transition = len(path) == 2 and path[0] == "transitions"
    kinds = [key for key in new if key in CLOCKS and not is_null(new[key])] if is_transition else []
    goes = bool(kinds) and not any(kind in old for kind in kinds)
    return Map.of(((k, v) for k, v in old.items() if not (goes and k in CLOCK_KEYS)), old.position)


def _is_whole_value(new: Map, path: Path) -> bool:
    """Return whether a mapping is a value, where a value stands, and so replaces the old one."""
    return _takes_value(path) and any(key in FORMS or key == "value" for key in new)


def _takes_value(path: Path) -> bool:
    if len(path) == 2:
        return path[0] == "parameters" or path == ("clock", "horizon")
    if len(path) == 3:
        return path[0] == "transitions" or (path[0] == "variables" and path[2] == "initial")
    return len(path) == 4 and path[0] == "transitions" and path[2] == "draws"


def _template_hint(path: str, inside: Map) -> str:
    last = path.rpartition(".")[2]
    templates = [key for key in inside if "$" in key and _could_be(key, last)]
    return f"it is made from the template '{templates[0]}': change that" if templates else ""


def _template_path_hint(tree: Map, path: str) -> str:
    section, _, rest = path.partition(".")
    node = tree.get(section)
    if not isinstance(node, Map):
        return ""
    templates = [key for key in node if "$" in key and _could_be(key, rest)]
    return f"it is made from the template '{templates[0]}': change that" if templates else ""


def _could_be(template: str, name: str) -> bool:
    return name.startswith(template.partition("$")[0]) and len(template.partition("$")[0]) > 1


# Values given from outside the file.


def node_of(value: object, source_name: str) -> Node | None:
    """Return a Python value as a node; None for a text, which is YAML."""
    from sim.errors import Position

    at = Position(source_name, 1, 1)
    if isinstance(value, dict):
        entries = []
        for key, inner in value.items():
            entries.append((_made(str(key), source_name), _inner(inner, source_name)))
        return Map.of(entries, at)
    if isinstance(value, list | tuple):
        return Items.of((_inner(item, source_name) for item in value), at)
    return _made(_scalar(value), source_name)


def _inner(value: object, name: str) -> Node:
    node = node_of(value, name)
    assert node is not None
    return node


def _made(text: str, name: str) -> Text:
    from sim.values import Source

    return Text.at(text, Source(name, text), (0, len(text)), (1, 1), "")


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)
