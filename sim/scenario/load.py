"""A file to a :class:`Scenario`: read, merge, take apart, compile, check."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sim.errors import Position, ScenarioError, did_you_mean, one_of
from sim.scenario.compile import Compiler
from sim.scenario.document import MAX_BYTES, decode, parse
from sim.scenario.merge import Merger, node_of
from sim.scenario.model import Scenario
from sim.scenario.structure import structure
from sim.values import Faults, Map, Node, Source, Text, describe

_MAX_BASES = 20
_FIXED_IN_VARIANT = ("variants", "extends", "format")


def load(
    path: str | os.PathLike[str],
    *,
    set: Mapping[str, object] | None = None,
    variant: str | None = None,
) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : path
        A YAML file.
    set : mapping from path to value
        Changes, as ``--set`` makes them: a text is read as YAML, anything else is taken as it is.
    variant : str
        Name of one of the file's variants, applied before ``set``.

    Raises
    ------
    ScenarioError
        With every fault, in file order.
    OSError
        If the file cannot be read.
    """
    shown = os.fspath(path)
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    return _Loader(shown, data, Path(path), dict(set or {}), variant).scenario()


def loads(
    text: str,
    name: str = "scenario.yaml",
    *,
    set: Mapping[str, object] | None = None,
    variant: str | None = None,
) -> Scenario:
    """Read a scenario from its text; ``name`` stands for the file in messages.

    Raises
    ------
    ScenarioError
        With every fault, in file order.
    """
    data = text.encode("utf-8", "surrogatepass")
    return _Loader(name, data, None, dict(set or {}), variant).scenario()


@dataclass
class _Loader:
    shown: str
    data: bytes
    path: Path | None
    set: dict[str, object]
    variant: str | None
    faults: Faults = field(default_factory=Faults)
    texts: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        tree = self.document(self.shown, self.data)
        source = self.texts.get(self.shown, "")
        if isinstance(tree, Map) and "extends" in tree:
            tree = self.extended(tree)
        tree = self.changed(tree)
        found = None if tree is None else structure(tree, self.faults)
        if found is None:
            raise self.error()
        compiler = Compiler(found, self.faults)
        net, clock = compiler.net()
        if net is None or clock is None or self.faults.n_errors or found.header is None:
            raise self.error()
        self.faults.extend(_static_warnings(net))
        header = found.header
        return Scenario(
            name=Path(self.shown).stem,
            path=self.shown,
            title=str(header.title).strip(),
            clock=clock,
            net=net,
            description="" if header.description is None else str(header.description).strip(),
            question="" if header.question is None else str(header.question).strip(),
            sources=compiler.calendar.sources,
            variant_name=self.variant,
            variants=tuple(str(read.key) for read in found.section("variants")),
            overrides={path: str(value) for path, value in self.set.items()},
            warnings=tuple(self.faults.warnings),
            text=source,
            digests=dict(self.digests),
            texts=dict(self.texts),
            _reload=partial(_reload, self.shown, self.data, self.path, self.set),
        )

    def error(self) -> ScenarioError:
        return ScenarioError(self.faults.errors, dict(self.texts))

    def document(self, shown: str, data: bytes) -> Node | None:
        """Return the tree of a file; None after a fault."""
        self.faults.files.append(shown)
        self.digests[shown] = hashlib.sha256(data).hexdigest()
        source = decode(data, shown, self.faults)
        if source is None:
            return None
        self.texts[shown] = source.text
        return parse(source, self.faults)

    # extends.

    def extended(self, tree: Map) -> Node | None:
        """Return the tree with the files that it extends below it."""
        root = self.path.resolve().parent if self.path else None
        chain: list[tuple[Map, Path | None]] = [(tree, self.path.resolve() if self.path else None)]
        while "extends" in chain[-1][0]:
            below = self.base(chain, root)
            if below is None:
                return None
            chain.append(below)
        merged: Node = _without(chain[-1][0], "extends")
        for over, _ in reversed(chain[:-1]):
            merged = Merger(self.faults, is_strict=False).merged(merged, _without(over, "extends"))
        return merged

    def base(
        self, chain: list[tuple[Map, Path | None]], root: Path | None
    ) -> tuple[Map, Path | None] | None:
        over, here = chain[-1]
        written = over["extends"]

        def fault(message: str, expected: str = "", hint: str = "") -> None:
            self.faults.add(
                "bad-extends", message, written, "extends", expected=expected, hint=hint
            )

        if not isinstance(written, Text) or written.is_null or not written.strip():
            empty = isinstance(written, Text)
            return fault(
                "'extends' has no value" if empty else f"'extends' is {describe(written)}",
                "the name of a file",
            )
        if root is None or here is None:
            return fault("a text cannot extend a file")
        target = (here.parent / written).resolve()
        if not target.is_relative_to(root):
            return fault(
                f"'{written}' is outside the folder of this scenario",
                "a file in the same folder or below",
            )
        if target in [path for _, path in chain]:
            return fault(f"'{written}' extends itself in a circle")
        if len(chain) > _MAX_BASES:
            return fault("too many files extend each other", f"at most {_MAX_BASES}")
        try:
            with open(target, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            return fault(f"'{written}' cannot be read: {error.strerror or 'no such file'}")
        shown = os.path.join(os.path.dirname(self.shown), os.path.relpath(target, root))
        node = self.document(shown, data)
        if node is None:
            return None
        if not isinstance(node, Map):
            return fault(f"'{written}' holds {describe(node)}, not a scenario")
        return node, target

    # variants and --set.

    def changed(self, tree: Node | None) -> Node | None:
        """Return the tree with the variant and the ``--set`` values applied."""
        if not isinstance(tree, Map):
            return tree
        merger = Merger(self.faults, is_strict=True)
        changed = tree
        for name, node in _variants(tree):
            applied = self.with_variant(tree, name, node, merger)
            if str(name) == self.variant:
                changed = applied
        self.check_variant_name(tree)
        for path, value in self.set.items():
            changed = self.with_set(changed, path, value, merger)
        return changed

    def check_variant_name(self, tree: Map) -> None:
        names = [str(name) for name, _ in _variants(tree)]
        if self.variant is not None and self.variant not in names:
            self.faults.add(
                "unknown-variant",
                f"unknown variant '{self.variant}'",
                None,
                "variants",
                expected=one_of(names) if names else "a file with 'variants'",
                hint=did_you_mean(self.variant, names),
            )

    def with_variant(self, tree: Map, name: Text, node: Node, merger: Merger) -> Map:
        """Return the tree with a variant; every variant is tried, so that all faults are told."""
        path = f"variants.{name}"
        if not isinstance(node, Map):
            message = f"the variant '{name}' is {describe(node)}"
            expected = "a mapping from paths to new values"
            self.faults.add("wrong-type", message, node, path, expected=expected)
            return tree
        for key, value in node.entries():
            if key.partition(".")[0] in _FIXED_IN_VARIANT:
                message = f"a variant may not change '{key.partition('.')[0]}'"
                self.faults.add("fixed-in-variant", message, key, f"{path}.{key}")
            else:
                tree = merger.at_path(tree, key, value, str(key))
        return tree

    def with_set(self, tree: Map, path: str, value: object, merger: Merger) -> Map:
        shown = f"--set {path}"
        self.faults.files.append(shown)
        node = parse_set(value, shown, self.faults, self.texts)
        if node is None:
            return tree
        at = Text.at(path, Source(shown, ""), (0, 0), (1, 1), "")
        if path.partition(".")[0] in _FIXED_IN_VARIANT:
            message = f"'{path.partition('.')[0]}' cannot be set"
            self.faults.add("fixed-in-variant", message, at, path)
            return tree
        return merger.at_path(tree, at, node, path)


def parse_set(value: object, shown: str, faults: Faults, texts: dict[str, str]) -> Node | None:
    """Return a ``--set`` value as a node; None after a fault."""
    if not isinstance(value, str):
        node = node_of(value, shown)
        texts[shown] = str(value)
        return node
    texts[shown] = value
    if not value.strip():
        hint = "write null to delete"
        faults.add("no-value", "an empty value", Position(shown, 1, 1), hint=hint)
        return None
    return parse(Source(shown, value), faults)


def _reload(
    shown: str, data: bytes, path: Path | None, set: dict[str, object], variant: str
) -> Scenario:
    return _Loader(shown, data, path, dict(set), variant).scenario()


def _variants(tree: Map) -> list[tuple[Text, Node]]:
    node = tree.get("variants")
    return list(node.entries()) if isinstance(node, Map) else []


def _without(tree: Map, key: str) -> Map:
    return Map.of(((k, v) for k, v in tree.items() if k != key), tree.position)


def _static_warnings(net: object) -> list:  # type: ignore[type-arg]
    try:
        from sim.net.check import check
    except ImportError:
        return []
    return check(net)  # type: ignore[arg-type]
