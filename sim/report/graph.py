r"""A net as the text of a graph, for Graphviz or Mermaid.

Transitions are boxes, variables ellipses, outcomes hexagons. A dashed edge leads from what is read
to its reader, a solid one from a transition to what it writes. Definitions are seen through: who
reads one reads what it reads. Inputs, which never change, are left out.

No text of a scenario is ever part of the syntax: nodes are named by number, and in labels every
character that could mean anything to Graphviz or Mermaid is written as an entity. (Graphviz reads
``\N`` and ``&lt;`` in quoted text; Mermaid takes the first of its own words that it finds.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sim.net.connections import Connections, Part
from sim.net.expr import Ref
from sim.net.model import Net
from sim.shown import safe


class Node(NamedTuple):
    """A transition, a variable or an outcome."""

    part: Part
    label: str


class Edge(NamedTuple):
    """Who reads (dashed) or writes (solid); ends are numbers of nodes."""

    source: int
    target: int
    is_write: bool


@dataclass(frozen=True)
class Graph:
    """The nodes and edges of a net, or of some parts of it with their neighbours."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(net: Net, only: Collection[Part] | None = None) -> Graph:
    """Return the graph of a net.

    Parameters
    ----------
    net : Net
    only : parts, optional
        Just the edges that begin or end at these, with the nodes at their other ends. A part that
        is no node stands for the nodes that it reads, or is read by.
    """
    nodes = tuple(_nodes(net))
    numbers = {node.part: number for number, node in enumerate(nodes)}
    seen = _Seen(Connections(net))
    edges = dict.fromkeys(
        Edge(numbers[source], numbers[target], is_write)
        for source, target, is_write in _edges(nodes, seen)
    )
    if only is None:
        return Graph(nodes, tuple(edges))
    kept = {numbers[part] for part in _as_nodes(only, numbers, seen)}
    near = [edge for edge in edges if edge.source in kept or edge.target in kept]
    used = sorted(kept.union(*((edge.source, edge.target) for edge in near)))
    new = {number: place for place, number in enumerate(used)}
    return Graph(
        tuple(nodes[number] for number in used),
        tuple(Edge(new[e.source], new[e.target], e.is_write) for e in near),
    )


def _nodes(net: Net) -> Iterator[Node]:
    yield from (Node(Part("variable", v.name), v.name) for v in net.variables)
    yield from (Node(Part("transition", t.name), t.name) for t in net.transitions)
    yield from (Node(Part("outcome", o.name), o.label or o.name) for o in net.outcomes)


@dataclass(eq=False, repr=False)
class _Seen:
    """Connections, seen through definitions."""

    links: Connections

    def __post_init__(self) -> None:
        self._through: dict[Ref, frozenset[Part]] = {}
        for definition in self.links.net.definitions:  # in reading order
            ref = Ref("definition", definition.name)
            self._through[ref] = self._read(Part("definition", definition.name))

    def reads(self, part: Part) -> frozenset[Part]:
        """Return the nodes that a part reads, but by what it says."""
        return self._read(part)

    def _read(self, part: Part) -> frozenset[Part]:
        found: frozenset[Part] = frozenset()
        for ref, where in self.links.reads(part).items():
            if where != ["says"]:
                found |= self._behind(ref)
        return found

    def _behind(self, ref: Ref) -> frozenset[Part]:
        if ref.space == "definition":
            return self._through.get(ref, frozenset())
        if ref.space in ("fired", "work"):
            return frozenset({Part("transition", ref.name)})
        if ref.space == "variable" or ref.space == "outcome":
            return frozenset({Part(ref.space, ref.name)})
        return frozenset()

    def writes(self, part: Part) -> Iterator[Part]:
        """Yield the variables and clocks that a transition writes."""
        for ref in self.links.writes(part):
            yield Part("variable" if ref.space == "variable" else "transition", ref.name)


def _edges(nodes: Collection[Node], seen: _Seen) -> Iterator[tuple[Part, Part, bool]]:
    for part, _ in nodes:
        if part.kind == "variable":
            continue
        for source in sorted(seen.reads(part)):
            if source != part:  # its own count of firings is no edge
                yield source, part, False
        for target in seen.writes(part):
            yield part, target, True


def _as_nodes(only: Collection[Part], numbers: Collection[Part], seen: _Seen) -> Iterator[Part]:
    for part in only:
        if part in numbers:
            yield part
            continue
        yield from (p for p in seen.reads(part) if p in numbers)
        yield from (p for p in seen.links.next_to([part]) if p in numbers)


# Graphviz.

_DOT_NODES = {
    "transition": 'shape=box, fillcolor="#f2f2f2"',
    "variable": 'shape=ellipse, fillcolor="#dbe9f6"',
    "outcome": 'shape=hexagon, fillcolor="#fde7c8"',
}
_DOT_READ = ' [style=dashed, color="#777777"]'


def dot(net: Net, *, title: str = "", only: Collection[Part] | None = None) -> str:
    """Return the graph in Graphviz's language.

    Examples
    --------
    >>> from sim.scenario.load import load
    >>> text = dot(load("scenarios/gamblers_ruin.yaml").net)
    >>> print(text.splitlines()[0])
    digraph net {
    """
    found = graph(net, only)
    lines = ["digraph net {", "  rankdir=LR;", f'  label="{_in_dot(title)}";', "  labelloc=t;"]
    lines += ['  fontname="sans-serif";', '  node [fontname="sans-serif", style=filled];']
    lines += [
        f'  n{number} [{_DOT_NODES[node.part.kind]}, label="{_in_dot(node.label)}"];'
        for number, node in enumerate(found.nodes)
    ]
    lines += [
        f"  n{edge.source} -> n{edge.target}{'' if edge.is_write else _DOT_READ};"
        for edge in found.edges
    ]
    return "\n".join([*lines, "}", ""])


def _in_dot(text: str) -> str:
    # Entities are read first, escapes after them.
    return _with_entities(text, lambda n: f"&#{n};" * (2 if n == ord("\\") else 1))


# Mermaid.

_MERMAID_SHAPES = {
    "transition": ('["', '"]'),
    "variable": ('(["', '"])'),
    "outcome": ('{{"', '"}}'),
}


def mermaid(net: Net, *, title: str = "", only: Collection[Part] | None = None) -> str:
    """Return the graph as a flow chart in Mermaid's language; its title is a text of its own."""
    found = graph(net, only)
    lines = ["flowchart LR"]
    lines += [f"  accTitle: {_in_mermaid(title)}"] if title else []
    for number, node in enumerate(found.nodes):
        begin, end = _MERMAID_SHAPES[node.part.kind]
        lines.append(f"  n{number}{begin}{_in_mermaid(node.label)}{end}")
    lines += [
        f"  n{edge.source} {'-->' if edge.is_write else '-.->'} n{edge.target}"
        for edge in found.edges
    ]
    return "\n".join([*lines, ""])


def _in_mermaid(text: str) -> str:
    return _with_entities(text, lambda number: f"#{number};")


def _with_entities(text: str, entity: Callable[[int], str]) -> str:
    """Return a text in which only letters, digits and blanks of any script stand for themselves."""
    return "".join(
        c if c in " ._," or (c.isalnum() or not c.isascii()) else entity(ord(c)) for c in safe(text)
    )
