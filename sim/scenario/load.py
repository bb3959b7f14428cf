"""A file to a :class:`Scenario`: read, merge, take apart, compile, check."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sim.errors import Diagnostic, Position, ScenarioError, did_you_mean, one_of
from sim.names import name_fault
from sim.net.check import check
from sim.net.model import Net
from sim.scenario.checks import ChangeCheck, unfit
from sim.scenario.compile import Compiler
from sim.scenario.document import parse, with_line_feeds
from sim.scenario.files import Files, read
from sim.scenario.merge import Merger, node_of
from sim.scenario.model import Scenario, ScenarioClock
from sim.scenario.outline import read_outline
from sim.scenario.structure import Structure, structure
from sim.scenario.terms import Trees
from sim.values import MAX_FAULTS, Faults, Map, Node, Source, Text, describe

#: Parts that are compiled for the sake of checking variants.
_MOST_PARTS = 20_000
_FIXED_IN_VARIANT = ("variants", "extends", "format", "checks")


def load(
    path: str | os.PathLike[str],
    *,
    set: Mapping[str, object] | None = None,
    variant: str | None = None,
    check_variants: bool = True,
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
    check_variants : bool
        Whether a file that is loaded as it stands (without ``set`` and ``variant``) is also checked
        with each of its variants; they are checked when they are used, in any case.

    Raises
    ------
    ScenarioError
        With every fault, in file order.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> scenario = load("scenarios/repairable_bridge.yaml", set={"clock.horizon": "10 days"})
    >>> scenario.clock.horizon / 86_400
    10.0
    """
    with _no_collections():
        loader = _Loader(os.fspath(path), read(path), Path(path), _by_path(set), variant)
        return loader.scenario(check_variants=check_variants)


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
    with _no_collections():
        return _Loader(name, data, None, _by_path(set), variant).scenario()


@contextmanager
def _no_collections() -> Iterator[None]:
    """Pause the garbage collector: it finds nothing here, and takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _by_path(changes: Mapping[str, object] | None) -> dict[str, object]:
    return {str(path): value for path, value in (changes or {}).items()}


_Made = tuple[Structure, Compiler, Net, ScenarioClock]


@dataclass(eq=False, repr=False)
class _Loader:
    shown: str
    data: bytes
    path: Path | None
    set: dict[str, object]
    variant: str | None
    faults: Faults = field(default_factory=Faults)
    trees: Trees = field(default_factory=dict)

    def scenario(self, *, check_variants: bool = True) -> Scenario:
        files = Files(self.faults)
        self.texts = files.texts
        tree = files.tree(self.shown, self.data, self.path)
        changed = None if tree is None else self.changed(tree)
        outline = read_outline(changed.get("map") if isinstance(changed, Map) else None, files)
        made = None if changed is None else self.made(changed, self.faults)
        is_as_written = not self.set and self.variant is None
        if check_variants and is_as_written and isinstance(tree, Map):
            self.check_variants(tree, made)
        if made is None or self.faults.n_errors:
            raise ScenarioError(_at_most(self.faults.errors), dict(self.texts))
        found, compiler, net, clock = made
        self.faults.extend(check(net))
        header = found.header
        return Scenario(
            name=Path(self.shown).stem,
            path=self.shown,
            title=_line(header.title),
            description=_paragraphs(header.description),
            question=_line(header.question),
            sources=compiler.calendar.sources,
            clock=clock,
            net=net,
            evidence=compiler.evidence,
            checks=compiler.checks,
            world=compiler.world,
            outline=outline,
            outline_of=_line(header.map),
            variant_name=self.variant,
            variants=tuple(str(read.key) for read in found.section("variants")),
            overrides={path: str(value) for path, value in self.set.items()},
            warnings=tuple(self.faults.warnings),
            text=self.texts[self.shown],
            digests=files.digests,
            texts=self.texts,
            _reload=partial(_reload, self.shown, self.data, self.path, self.set),
        )

    def made(self, tree: Node, faults: Faults) -> _Made | None:
        """Return what a tree means; None after a fault."""
        found = structure(tree, faults)
        if found is None:
            return None
        compiler = Compiler(found, faults, self.trees)
        net = compiler.net()
        return net and (found, compiler, *net)

    # Variants and --set.

    def changed(self, tree: Node) -> Node:
        """Return the tree with the variant and the ``--set`` values applied."""
        if not isinstance(tree, Map):
            return tree
        merger = Merger(self.faults, is_strict=True)
        variants: dict[str, Node] = dict(_variants(tree))
        changed = tree
        if self.variant is not None and self.variant not in variants:
            expected = one_of(variants) if variants else "a file with 'variants'"
            hint = did_you_mean(self.variant, variants)
            message = f"unknown variant '{self.variant}'"
            self.faults.add(
                "unknown-variant", message, None, "variants", expected=expected, hint=hint
            )
        elif self.variant is not None:
            changed = self.with_variant(tree, self.variant, variants[self.variant], merger)
        for path, value in self.set.items():
            changed = self.with_set(changed, path, value, merger)
        return changed

    def check_variants(self, tree: Map, own: _Made | None) -> None:
        """Tell what is wrong with the file when a variant is applied, and not without.

        Of very many variants of a very large file, the first; the others when they are used.
        """
        known = {(d.code, d.position) for d in self.faults.errors}
        n_parts = 1 if own is None else own[1].n_parts
        for name, _ in _variants(tree):
            self.check_variant_name(name)
        for name, node in itertools.islice(_variants(tree), max(1, _MOST_PARTS // n_parts)):
            merging, faults = (Faults(list(self.faults.files)) for _ in range(2))
            changed = self.with_variant(tree, str(name), node, Merger(merging, is_strict=True))
            self.faults.extend(merging.errors)
            made = None if merging.n_errors else self.made(changed, faults)
            if made is not None and own is not None:
                self.faults.extend(_unfit(str(name), own, made))
            self.faults.extend(
                replace(d, message=f"with the variant '{name}': {d.message}")
                for d in faults.errors
                if (d.code, d.position) not in known
            )

    def check_variant_name(self, name: Text) -> None:
        fault = name_fault(str(name))
        if fault is not None and fault[1] != "another name":  # words of expressions are free
            self.faults.add("bad-name", fault[0], name, f"variants.{name}", expected=fault[1])

    def with_variant(self, tree: Map, name: str, node: Node, merger: Merger) -> Map:
        """Return the tree with a variant applied."""
        path = f"variants.{name}"
        if not isinstance(node, Map):
            message = f"the variant '{name}' is {describe(node)}"
            expected = "a mapping from paths to new values"
            merger.faults.add("wrong-type", message, node, path, expected=expected)
            return tree
        for key, value in node.entries():
            section = key.partition(".")[0]
            if section in _FIXED_IN_VARIANT:
                message = f"a variant may not change '{section}'"
                merger.faults.add("fixed-in-variant", message, key, f"{path}.{key}")
            else:
                tree = merger.at_path(tree, key, value, str(key))
        # Checks are about the file as it stands.
        return Map.of(((k, v) for k, v in tree.items() if k != "checks"), tree.position)

    def with_set(self, tree: Map, path: str, value: object, merger: Merger) -> Map:
        shown = f"--set {path}"
        self.faults.files.append(shown)
        node = self.set_node(value, shown)
        if node is None:
            return tree
        at = Text.at(path, Source(shown, ""), (0, 0), (1, 1), "")
        section = path.partition(".")[0]
        if section in _FIXED_IN_VARIANT:
            self.faults.add("fixed-in-variant", f"'{section}' cannot be set", at, path)
            return tree
        return merger.at_path(tree, at, node, path)

    def set_node(self, value: object, shown: str) -> Node | None:
        """Return a ``--set`` value as a node; None after a fault."""
        self.texts[shown] = with_line_feeds(str(value))
        at = Position(shown, 1, 1)
        if isinstance(value, str):
            if value.strip():
                return parse(Source(shown, self.texts[shown]), self.faults)
            self.faults.add("no-value", "an empty value", at, hint="write null to delete")
            return None
        try:
            return node_of(value, shown)
        except ValueError as error:
            self.faults.add("too-deep", f"a value that is {error}", at)
            return None


def _reload(
    shown: str, data: bytes, path: Path | None, set: dict[str, object], variant: str
) -> Scenario:
    return _Loader(shown, data, path, dict(set), variant).scenario()


def _unfit(variant: str, own: _Made, made: _Made) -> Iterator[Diagnostic]:
    """Yield the faults of checks that compare a file with a variant to which they do not go."""
    for said in own[1].checks:
        if isinstance(said, ChangeCheck) and said.variant == variant:
            fault = unfit(said, own[3], made[3], made[2])
            if fault is not None:
                yield fault


def _variants(tree: Map) -> Iterator[tuple[Text, Node]]:
    node = tree.get("variants")
    yield from node.entries() if isinstance(node, Map) else ()


def _at_most(errors: list[Diagnostic]) -> list[Diagnostic]:
    if len(errors) <= MAX_FAULTS:
        return errors
    rest = f"and {len(errors) - MAX_FAULTS} more faults"
    return [*errors[:MAX_FAULTS], Diagnostic("too-many-faults", rest)]


def _line(text: Text | None) -> str:
    return "" if text is None else " ".join(text.split())


def _paragraphs(text: Text | None) -> str:
    return "" if text is None else str(text).strip()
