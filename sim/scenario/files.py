"""The files of a scenario: itself, and those that it extends."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sim.scenario.document import MAX_BYTES, decode, parse
from sim.scenario.merge import Merger
from sim.values import Faults, Map, Node, Text, describe

MAX_BASES = 20


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file, cut just beyond what a scenario may have."""
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


@dataclass(eq=False, repr=False)
class Files:
    """Reads files to trees, and keeps their texts and digests by the names that people see."""

    faults: Faults
    texts: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    #: Folders of the files that were read, by their names; of the main one for what is in none.
    folders: dict[str, Path] = field(default_factory=dict)
    main: str = ""

    def folder_of(self, node: Node) -> Path | None:
        """Return the folder of the file in which something is written."""
        return self.folders.get(node.position.file, self.folders.get(self.main))

    def shown_beside(self, node: Text) -> str:
        """Return the name that people see of a file that is named in another."""
        there = node.position.file if node.position.file in self.folders else self.main
        return os.path.join(os.path.dirname(there), node)

    def document(self, shown: str, data: bytes) -> Node | None:
        """Return the tree of one file; None after a fault."""
        self.faults.files.append(shown)
        self.digests[shown] = hashlib.sha256(data).hexdigest()
        source = decode(data, shown, self.faults)
        if source is None:
            return None
        self.texts[shown] = source.text
        return parse(source, self.faults)

    def tree(self, shown: str, data: bytes, path: Path | None) -> Node | None:
        """Return the tree of a file, merged with the files that it extends; None after a fault."""
        self.main = shown
        if path is not None:
            self.folders[shown] = path.resolve().parent
        tree = self.document(shown, data)
        if not isinstance(tree, Map):
            return tree
        chain = list(self._chain(tree, shown, path))
        if any(above is None for above in chain):
            return None
        merger = Merger(self.faults, is_strict=False)
        merged: Node = Map.of((), tree.position)
        for above in reversed(chain):
            assert above is not None
            rest = ((k, v) for k, v in above.items() if k != "extends")
            over = Map.of(rest, above.position)
            merged = over if above is chain[-1] else merger.merged(merged, over)
        return merged

    def _chain(self, tree: Map, shown: str, path: Path | None) -> Iterator[Map | None]:
        """Yield a file's tree, then that of the file below it, and so on; None after a fault."""
        seen = [] if path is None else [path.resolve()]
        yield tree
        while "extends" in tree:
            found = self._below(tree["extends"], seen, shown)
            if found is None:
                yield None
                return
            tree, shown = found
            yield tree

    def _below(self, written: Node, seen: list[Path], shown: str) -> tuple[Map, str] | None:
        """Return the tree and the shown name of an extended file, and add it to ``seen``."""
        try:
            target = _target(written, seen)
            data = read(target)
        except _Refused as refused:
            self._tell(written, str(refused), refused.expected)
            return None
        except (OSError, ValueError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or "it is no name of a file"
            self._tell(written, f"'{written}' cannot be read: {why}")
            return None
        below = os.path.join(os.path.dirname(shown), os.path.relpath(target, seen[-1].parent))
        seen.append(target)
        self.folders[below] = target.parent
        tree = self.document(below, data)
        if tree is not None and not isinstance(tree, Map):
            self._tell(written, f"'{written}' holds {describe(tree)}, not a scenario")
        return (tree, below) if isinstance(tree, Map) else None

    def _tell(self, at: Node, message: str, expected: str = "") -> None:
        self.faults.add("bad-extends", message, at, "extends", expected=expected)


class OutsideError(ValueError):
    """A file that lies outside of the folder that it has to be in."""


def within(folder: Path, written: str) -> Path:
    """Return a file by its way from a folder that it may not leave, links resolved.

    Raises
    ------
    OutsideError
        If it leaves the folder.
    """
    target = (folder / written).resolve()
    if not target.is_relative_to(folder):
        raise OutsideError(f"'{written}' is outside the folder of this scenario")
    return target


class _Refused(Exception):
    def __init__(self, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.expected = expected


def _target(written: Node, seen: list[Path]) -> Path:
    """Return the file that ``extends`` means, links resolved."""
    if not isinstance(written, Text):
        raise _Refused(f"'extends' is {describe(written)}", "the name of a file")
    if written.is_null or not written.strip():
        raise _Refused("'extends' has no value", "the name of a file")
    if not seen:
        raise _Refused("a text that is in no file cannot extend one")
    try:
        target = within(seen[-1].parent, written)
    except OutsideError as error:
        raise _Refused(str(error), "a file in the same folder or below") from None
    if target in seen:
        raise _Refused(f"'{written}' extends itself in a circle")
    if len(seen) > MAX_BASES:
        raise _Refused("too many files extend each other", f"at most {MAX_BASES}")
    if target.exists() and not target.is_file():
        raise _Refused(f"'{written}' is no file", "the name of a file")
    return target
