"""What ``extends``, ``variants`` and ``--set`` change, on the tree, so that places survive.

Mappings merge, lists replace, null deletes. A new kind of clock replaces the old one with all that
belongs to it; a value that is a distribution or has ``value:`` replaces the old value whole. In the
world layer, a key that the file does not state may be changed if the schema knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sim.errors import Position, did_you_mean
from sim.scenario.document import MAX_DEPTH
from sim.scenario.schema import BARE, CLOCK_KEYS, CLOCKS, WORLD
from sim.values import FORMS, Faults, Items, Map, Node, Source, Text, is_null

if TYPE_CHECKING:
    from sim.scenario.unstated import Unstated

Path = tuple[str, ...]


class Merger(NamedTuple):
    """Merges changes into a tree; ``is_strict`` refuses keys that the tree does not have.

    Refused or not, a key of the world may be new: ``unstated`` knows which there can be.
    """

    faults: Faults
    is_strict: bool
    unstated: Unstated | None = None

    def merged(self, old: Node, new: Node, path: Path = ()) -> Node:
        """Return ``old`` with the change ``new``, both at ``path``."""
        if isinstance(old, Map) and isinstance(new, Text):
            return _with_expression(old, new, path)
        if not isinstance(old, Map) or not isinstance(new, Map) or _replaces(new, path):
            return new
        base = _without_old_clock(old, new, path)
        for key, value in new.entries():
            self._merge_key(base, old, key, value, path)
        return base

    def _merge_key(self, base: Map, old: Map, key: Text, value: Node, path: Path) -> None:
        is_known = key in old
        # What an effect assigns is checked later: a variant may add one.
        must_be_known = is_null(value) or (self.is_strict and "then" not in path)
        if must_be_known and not is_known and not self._may_be_new(key, value, path):
            self._no_match(key, (*path, str(key)), old)
        elif is_null(value):
            base.pop(key, None)
        elif key in base:
            base[key] = self.merged(base[key], value, (*path, str(key)))
        else:
            base[key] = value

    def _may_be_new(self, key: Text, value: Node, path: Path) -> bool:
        if _is_new_clock(key, path):
            return True
        if is_null(value) or self.unstated is None:
            return False
        return self.unstated.knows((*path, str(key)))

    def _no_match(self, at: Text, path: Path, inside: Map) -> None:
        more = self.unstated.keys(path[:-1]) if self.unstated else []
        hint = _template_hint(path[-1], inside) or did_you_mean(path[-1], [*inside, *more])
        shown = ".".join(path)
        self.faults.add("no-match", f"nothing is called '{shown}'", at, shown, hint=hint)

    def at_path(self, tree: Map, at: Text, value: Node, path: str) -> Map:
        """Return a tree with the value at a dotted path changed; ``at`` is where that is said."""
        if path.partition(".")[0] not in WORLD:
            return self._at_path(tree, at, value, path)
        from sim.scenario.unstated import Unstated  # the models of the world take their time

        unstated = Unstated(tree).with_process(path, at)
        changed = self._replace(unstated=unstated)._at_path(unstated.tree, at, value, path)
        return tree if changed is unstated.tree else changed

    def _at_path(self, tree: Map, at: Text, value: Node, path: str) -> Map:
        steps = match(tree, path)
        if steps is None and self.unstated is not None and not is_null(value):
            steps, new = self.unstated.match(path)
            for key in reversed(new):
                value = Map.of([(_like(key, at), value)], at.position)
        if steps is None:
            self._unmatched(tree, at, path)
            return tree
        *above, last = steps

        def change(parent: Node) -> Node:
            if isinstance(parent, Map):
                key = parent.key(last) if last in parent else _like(last, at)
                return self.merged(parent, Map.of([(key, value)], at.position), tuple(above))
            assert isinstance(parent, Items)
            items = list(parent)
            items[int(last)] = self.merged(items[int(last)], value, steps)
            return Items.of(items, parent.position)

        changed = _changed_below(tree, above, change)
        assert isinstance(changed, Map)
        return changed

    def _unmatched(self, tree: Map, at: Text, path: str) -> None:
        """Tell a path that matches nothing, with the nearest one that does."""
        sections = {key: value for key, value in tree.items() if key != "variants"}
        known = list(_paths(Map.of(sections.items(), tree.position)))
        known += self.unstated.paths() if self.unstated else []
        section, _, rest = path.partition(".")
        inside = tree.get(section)
        hint = _template_hint(rest, inside) if isinstance(inside, Map) else ""
        ends = [other for other in known if other.endswith(f".{path}")]
        hint = f"did you mean '{ends[0]}'?" if ends else hint or did_you_mean(path, known)
        if path in known:  # a null for what is not there
            hint = "the file does not state it: there is nothing to delete"
        self.faults.add("no-match", f"nothing is called '{path}'", at, path, hint=hint)


def _like(text: str, at: Text) -> Text:
    return Text.at(text, at.source, (at.start, at.end), (at.line, at.column), at.style)


def _changed_below(node: Node, steps: list[str], change: Callable[[Node], Node]) -> Node:
    if not steps:
        return change(node)
    step, *below = steps
    if isinstance(node, Items):
        items = list(node)
        items[int(step)] = _changed_below(items[int(step)], below, change)
        return Items.of(items, node.position)
    assert isinstance(node, Map)
    changed = Map.of(node.items(), node.position)
    changed[step] = _changed_below(node[step], below, change)
    return changed


# Paths.


def match(tree: Node, path: str) -> Path | None:
    """Return the keys that a dotted path runs through, the longest existing first; None if none do.

    An item of a list goes by its number, from 1, or by its label. The last key may be one of a
    clock that the transition does not have yet.
    """
    return _match(tree, path, ())


def _match(node: Node, path: str, before: Path) -> Path | None:
    steps = _steps(node)
    fitting = [name for name in steps if path == name or path.startswith(f"{name}.")]
    for name in sorted(fitting, key=len, reverse=True):
        step, below = steps[name]
        if path == name:
            return (*before, step)
        found = _match(below, path[len(name) + 1 :], (*before, step))
        if found is not None:
            return found
    return (*before, path) if _is_new_clock(path, before) and isinstance(node, Map) else None


def _steps(node: Node) -> dict[str, tuple[str, Node]]:
    """Return what may follow in a path, with the key or index that it means."""
    if isinstance(node, Map):
        return {str(key): (str(key), value) for key, value in node.items()}
    if isinstance(node, Text):
        return {}
    steps = {str(number): (str(number - 1), item) for number, item in enumerate(node, 1)}
    for index, item in enumerate(node):
        label = item.get("label") if isinstance(item, Map) else None
        if isinstance(label, Text):
            steps.setdefault(str(label), (str(index), item))
    return steps


def _paths(node: Node, before: str = "") -> Iterator[str]:
    """Yield every path of a tree."""
    if isinstance(node, Map):
        for key, value in node.items():
            yield f"{before}{key}"
            yield from _paths(value, f"{before}{key}.")


def _template_hint(name: str, inside: Map) -> str:
    for key in inside:
        start = key.partition("$")[0]
        if start != key and len(start) > 1 and name.startswith(start):
            return f"it is made from the template '{key}': change that"
    return ""


# What a change replaces.


def _is_transition(path: Path) -> bool:
    return len(path) == 2 and path[0] == "transitions"


def _is_new_clock(key: str, path: Path) -> bool:
    return _is_transition(path) and key in CLOCK_KEYS


def _without_old_clock(old: Map, new: Map, path: Path) -> Map:
    """Return a copy of ``old``, without its clock if ``new`` has another kind."""
    kinds = [key for key in new if key in CLOCKS and not is_null(new[key])]
    goes = _is_transition(path) and bool(kinds) and not any(kind in old for kind in kinds)
    return Map.of(((k, v) for k, v in old.items() if not (goes and k in CLOCK_KEYS)), old.position)


def _with_expression(old: Map, new: Text, path: Path) -> Node:
    """Return a text that replaces a mapping: where a bare expression may stand, just that."""
    if len(path) != 2 or path[0] not in BARE:
        return new
    changed = Map.of(old.items(), old.position)
    changed["when" if path[0] == "outcomes" else "value"] = new
    return changed


def _replaces(new: Map, path: Path) -> bool:
    """Return whether a mapping replaces the old one whole: a value does, and a variant."""
    if len(path) == 2 and path[0] == "variants":
        return True  # its nulls delete when it is applied, not when it is read
    return _takes_value(path) and any(key in FORMS or key == "value" for key in new)


def _takes_value(path: Path) -> bool:
    if path[:1] and path[0] in WORLD:
        return len(path) > 2  # what is shorter is an object, which may have a key named 'value'
    if len(path) == 2:
        return path[0] == "parameters" or path == ("clock", "horizon")
    if path[:1] == ("variables",):
        return len(path) == 3 and path[2] == "initial"
    if path[:1] != ("transitions",):
        return False
    if len(path) == 3:
        return path[2] in (*CLOCK_KEYS, "rate")
    return (len(path) == 4 and path[2] in ("draws", "at")) or path[2:3] + path[4:] == (
        "branches",
        "weight",
    )


# Values given from outside the file.


def node_of(value: object, name: str, depth: int = 0) -> Node:
    """Return a Python value as a node of a source called ``name``.

    Raises
    ------
    ValueError
        If it is nested too deeply (in itself, say).
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    at = Position(name, 1, 1)
    if isinstance(value, dict):
        entries = [(_text(str(k), name), node_of(v, name, depth + 1)) for k, v in value.items()]
        return Map.of(entries, at)
    if isinstance(value, list | tuple):
        return Items.of([node_of(item, name, depth + 1) for item in value], at)
    return _text(_scalar(value), name)


def _text(text: str, name: str) -> Text:
    return Text.at(text, Source(name, text), (0, len(text)), (1, 1), "")


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    isoformat = getattr(value, "isoformat", None)
    return str(value if isoformat is None else isoformat())
