"""Keys of the world that a file does not state, and a change may: those that the schema knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sim.scenario.json_schema import below, json_schema, keys_below
from sim.scenario.schema import WORLD
from sim.values import Items, Map, Node, Text
from sim.world.mechanisms.registry import BY_KIND
from sim.world.specs import NAMES

Path = tuple[str, ...]


class Unstated(NamedTuple):
    """Knows which keys there can be in a tree."""

    tree: Map

    def with_process(self, path: str, at: Text) -> Unstated:
        """Return the tree with the process that a path changes, where that exists undeclared."""
        section, _, rest = path.partition(".")
        name, _, key = rest.partition(".")
        declared = self.tree.get(section, Map.of((), at.position))
        model = BY_KIND.get(name)
        if section != "processes" or not key or not isinstance(declared, Map) or name in declared:
            return self
        if model is None or not model.EVERY:
            return self
        kind = Map.of([(Text.made("kind", at), Text.made(name, at))], at.position)
        processes = Map.of([*declared.items(), (Text.made(name, at), kind)], declared.position)
        entries = {**self.tree, Text.made(section, at): processes}
        return Unstated(Map.of(entries.items(), self.tree.position))

    def knows(self, path: Path) -> bool:
        """Return whether the schema knows a path of the world, and its names are of the file."""
        return path[0] in WORLD and bool(self._schemas(path))

    def keys(self, path: Path) -> list[str]:
        """Return the keys that may stand below a path of the world."""
        if not path or path[0] not in WORLD:
            return []
        return [key for schema in self._schemas(path) for key in keys_below(schema)]

    def match(self, path: str) -> tuple[Path | None, Path]:
        """Return a dotted path as the keys down to the first new one, and the new ones below it.

        No key has a dot, for no object of the world has one in its name. The first is None if the
        schema knows no such path.
        """
        steps = tuple(self._steps(path))
        if len(steps) < 2 or not self.knows(steps):
            return None, ()
        node: Node = self.tree
        for number, step in enumerate(steps):
            found = _inside(node, step)
            if found is None:
                can_be_new = isinstance(node, Map) or number == 0
                return (steps[: number + 1], steps[number + 1 :]) if can_be_new else (None, ())
            node = found
        return None, ()

    def paths(self) -> Iterator[str]:
        """Yield the paths of every key that an object of the world may have."""
        for section in WORLD:
            node = self.tree.get(section)
            for name, _ in node.entries() if isinstance(node, Map) else ():
                for key in self.keys((section, str(name))):
                    yield f"{section}.{name}.{key}"

    def _steps(self, path: str) -> Iterator[str]:
        """Yield the keys of a dotted path, with the numbers of items as in a tree, from 0."""
        node: Node | None = self.tree
        for step in path.split("."):
            is_item = isinstance(node, Items) and step.isdecimal() and step != "0"
            key = str(int(step) - 1) if is_item else step
            yield key
            node = None if node is None else _inside(node, key)

    def _schemas(self, path: Path) -> tuple[Mapping[str, Any], ...]:
        schemas: tuple[Mapping[str, Any], ...] = (json_schema(),)
        for step in path:
            schemas = tuple(
                inside
                for schema in schemas
                if step in self._names(schema, step)
                for inside in below(schema, step)
            )
        return schemas

    def _names(self, schema: Mapping[str, Any], step: str) -> Mapping[str, Any] | tuple[str, ...]:
        """Return the names that may be keys here: those of a section, where the schema says so."""
        section = schema.get(NAMES)
        if section is None:
            return (step,)
        node = self.tree.get(section)
        return node if isinstance(node, Map) else ()


def _inside(node: Node, step: str) -> Node | None:
    if isinstance(node, Map):
        return node.get(step)
    if isinstance(node, Items) and step.isdecimal() and int(step) < len(node):
        return node[int(step)]
    return None
