"""How much can flow over a link at the start, and which routes bind.

``L.capacity`` of the net is that of the best single way, as things change. Here all ways count
together: the maximum flow, and the minimum cut that equals it (Ford & Fulkerson, Can. J. Math. 8,
399, 1956), from networkx. Uncertain capacities and shares stand at a middle value, labels that are
drawn at the likeliest: this explains a file, and no run reads it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.values import Faults, Node, read_value
from sim.world.model import Link, Route, World
from sim.world.quantities import Default
from sim.world.reading import about


class Flow(NamedTuple):
    """The most that flows, in days of supply a day (``inf``: no limit), and what binds it.

    ``cut`` names the routes of the minimum cut that is nearest to where the flow ends. A route that
    is closed at the start belongs to it if more could get to it, or if all of the cut is closed.
    """

    most: float
    cut: tuple[str, ...]


def has_capacities(link: Link, world: World) -> bool:
    """Return whether a link may use a route whose capacity is limited."""
    return any(route.spec.capacity is not None for route in _routes(link, world))


def flow_at_start(link: Link, world: World) -> Flow | None:
    """Return the flow of a link as things stand at the start; None where a middle is unclear."""
    import networkx as nx  # takes a third of a second, and only this needs it

    start, end = str(link.spec.from_), object()
    graph: nx.DiGraph[object] = nx.DiGraph()
    graph.add_nodes_from([start, end])
    rooms = {route.name: _room(route, str(link.spec.for_), world) for route in _routes(link, world)}
    if any(room is None for room in rooms.values()):
        return None
    for name, room in rooms.items():
        a, b = world.routes[name].ends
        for here, there in ((a, b), (b, a)):
            # A node of its own for each direction: routes side by side stay apart.
            graph.add_edge(here, (name, here), **({} if room == math.inf else {"capacity": room}))
            graph.add_edge((name, here), there)
    for place in map(str, link.spec.to):
        graph.add_edge(place, end)
    try:
        most, (before, _) = nx.minimum_cut(graph, start, end)
    except nx.NetworkXUnbounded:
        return Flow(math.inf, ())
    # The same flow backwards: what is left of the places that more could still get to.
    _, (_, filled) = nx.minimum_cut(graph.reverse(), end, start)
    ends = {name: world.routes[name].ends for name in rooms}
    crossing = [name for name, (a, b) in ends.items() if (a in before) != (b in before)]
    binding = [name for name in crossing if rooms[name] or any(e in filled for e in ends[name])]
    return Flow(float(most), tuple(binding or crossing))


def _routes(link: Link, world: World) -> list[Route]:
    faction = str(link.spec.for_)
    return [r for r in world.routes.values() if r.kind in link.kinds and r.may_use(faction)]


def _room(route: Route, faction: str, world: World) -> float | None:
    """Return the capacity of a route at the start; 0 where nothing passes."""
    status = _likeliest(route.spec.status, "open")
    side = world.side(faction)
    holders = (_likeliest(world.places[end].spec.control, "none") for end in route.ends)
    if status == "cut" or any(holder not in side for holder in holders):
        return 0.0
    capacity = route.spec.capacity
    share = 1.0 if status == "open" else _middle(route.spec.bypass_share, route, "probability")
    full = math.inf if capacity is None else _middle(capacity, route, "day/day")
    return None if full is None or share is None else full * share if share else 0.0


def _middle(value: Node | Default, route: Route, kind: str) -> float | None:
    return about(value.node(route.key) if isinstance(value, Default) else value, kind)


def _likeliest(node: Node | None, usual: str) -> str:
    """Return a label at the start: the one with the largest weight, the first of equal ones."""
    written = None if node is None else read_value(node, "", Faults())
    if written is None:
        return usual
    if written.kind != "choice":
        return usual if written.text is None else str(written.text)
    labelled = zip(written.keys, written.arguments, strict=True)
    weights = {str(key): about(weight, "number") or 0.0 for key, (_, weight) in labelled}
    return max(weights, key=weights.__getitem__, default=usual)
