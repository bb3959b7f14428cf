"""Distances on the globe, and ways through a network."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

#: Mean radius of the earth, km (IUGG).
_RADIUS = 6_371.0088
#: A route cannot be shorter than the great circle; what is left is for towns that are no points.
SHORTEST = 0.95
#: Length of a route of which nothing is said, in great circles.
DETOUR = 1.25


def great_circle(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance of two points in km, by the haversine formula.

    Parameters
    ----------
    a, b : (latitude, longitude), degrees

    Examples
    --------
    >>> round(great_circle((34.73, 36.71), (33.51, 36.29)))
    141
    """
    (lat1, lon1), (lat2, lon2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    across = math.sin((lat2 - lat1) / 2.0) ** 2
    along = math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2.0) ** 2
    return 2.0 * _RADIUS * math.asin(math.sqrt(min(1.0, across + along)))


#: Neighbours of each place, as (route, place) in file order.
Network = Mapping[str, Sequence[tuple[str, str]]]
#: A way: routes and the places that they lead to, in turn.
Way = tuple[tuple[str, str], ...]


def simple_ways(network: Network, start: str, ends: frozenset[str]) -> Iterator[Way]:
    """Yield every way from a place to the first of some others that passes no place twice.

    No step is taken from which no end can be reached any more, so each way takes at most as long as
    the network is large (Read & Tarjan, Networks 5, 237, 1975).
    """
    if start in ends:
        yield ()
        return

    def beyond(place: str, passed: frozenset[str]) -> Iterator[Way]:
        for route, there in network.get(place, ()):
            if there in ends:
                yield ((route, there),)
            elif there not in passed and _reaches(network, there, ends, passed | {there}):
                for way in beyond(there, passed | {there}):
                    yield ((route, there), *way)

    yield from beyond(start, frozenset({start}))


def shortest_ways(network: Network, km: Mapping[str, float], start: str, end: str) -> Iterator[Way]:
    """Yield the ways from a place to another that pass no place twice, the shortest first.

    Best first, by what is behind and what is at least ahead (A*: Hart, Nilsson & Raphael, IEEE
    Trans. SSC 4, 100, 1968). ``km`` is of each route.
    """
    ahead = distances(network, km, end)
    number = itertools.count()
    # Of ways that may be equally long the one that has got furthest goes on: in a grid there are
    # very many of them.
    todo: list[tuple[float, float, int, str, Way]] = [(0.0, 0.0, next(number), start, ())]
    while todo:
        _, minus_gone, _, place, way = heapq.heappop(todo)
        if place == end:
            yield way
            continue
        passed = {start, *(there for _, there in way)}
        for route, there in network.get(place, ()):
            if there in ahead and there not in passed:
                so_far = km[route] - minus_gone
                step = (*way, (route, there))
                heapq.heappush(todo, (so_far + ahead[there], -so_far, next(number), there, step))


def distances(network: Network, km: Mapping[str, float], end: str) -> dict[str, float]:
    """Return how far each place is from one, for those that a way joins to it (Dijkstra 1959)."""
    found: dict[str, float] = {}
    todo = [(0.0, end)]
    while todo:
        far, place = heapq.heappop(todo)
        if place not in found:
            found[place] = far
            for route, there in network.get(place, ()):
                heapq.heappush(todo, (far + km[route], there))
    return found


def _reaches(network: Network, start: str, ends: frozenset[str], passed: frozenset[str]) -> bool:
    seen, todo = set(passed), [start]
    while todo:
        for _, there in network.get(todo.pop(), ()):
            if there in ends:
                return True
            if there not in seen:
                seen.add(there)
                todo.append(there)
    return False
