"""Distances against published ones, ways against networkx."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.world.geography import great_circle, simple_ways

PARIS, LONDON, SYDNEY = (48.8566, 2.3522), (51.5074, -0.1278), (-33.8688, 151.2093)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        # A quarter of a meridian, half of one, and a degree on the equator of a sphere of mean
        # radius 6371.0088 km: pi R / 2, pi R, pi R / 180.
        ((0.0, 0.0), (90.0, 0.0), 10_007.557),
        ((90.0, 0.0), (-90.0, 0.0), 20_015.115),
        ((0.0, 10.0), (0.0, 11.0), 111.195),
        # Across the date line it is as far as elsewhere.
        ((0.0, 179.5), (0.0, -179.5), 111.195),
        # Places: within 0.3 %, as the earth is no sphere.
        (PARIS, LONDON, 343.5),
        (PARIS, SYDNEY, 16_960.0),
    ],
)
def test_great_circles(a, b, km):
    assert great_circle(a, b) == pytest.approx(km, rel=3e-3 if a == PARIS else 1e-6)


points = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))


@given(points, points)
def test_a_distance_is_symmetric_and_at_most_half_the_earth(a, b):
    km = great_circle(a, b)
    assert km == great_circle(b, a)
    assert 0.0 <= km <= 20_015.2
    assert great_circle(a, a) == 0.0


@st.composite
def networks(draw):
    """Return a multigraph of a few places, as edges by route: (route, place, place)."""
    places = [f"p{k}" for k in range(draw(st.integers(2, 7)))]
    pairs = [(a, b) for k, a in enumerate(places) for b in places[k + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=11))
    return places, [(f"r{k}", a, b) for k, (a, b) in enumerate(chosen)]


def ways_by_networkx(places, edges, start, ends):
    """Return the ways from a place to the first of some others, as sets of routes in turn."""
    graph = nx.MultiGraph()
    graph.add_nodes_from(places)
    graph.add_edges_from((a, b, name) for name, a, b in edges)
    found = []
    for end in ends:
        # What passes another end is a way to that one.
        others = [place for place in ends if place != end]
        less = graph.copy()
        less.remove_nodes_from(others)
        found += [tuple(k for _, _, k in way) for way in nx.all_simple_edge_paths(less, start, end)]
    return sorted(found)


def network_of(places, edges):
    network = {place: [] for place in places}
    for name, a, b in edges:
        network[a].append((name, b))
        network[b].append((name, a))
    return network


@settings(deadline=None)
@given(networks(), st.data())
def test_ways_are_those_of_networkx(network, data):
    places, edges = network
    start, *others = data.draw(st.permutations(places))
    ends = others[: data.draw(st.integers(1, len(others)))]
    made = list(simple_ways(network_of(places, edges), start, frozenset(ends)))
    assert sorted(tuple(route for route, _ in way) for way in made) == ways_by_networkx(
        places, edges, start, ends
    )
    for way in made:
        assert way[-1][1] in ends
        passed = [start, *(place for _, place in way)]
        assert len(set(passed)) == len(passed)


def test_the_way_to_where_one_is_has_no_steps():
    assert list(simple_ways({"a": [("r", "b")], "b": [("r", "a")]}, "a", frozenset("ab"))) == [()]


def test_dead_ends_cost_no_time():
    """Ten joined places that lead nowhere, behind each of twelve: a million walks in each."""
    edges = [(f"r{k}", f"p{k}", f"p{k + 1}") for k in range(12)]
    for k in range(12):
        pocket = [f"x{k}.{j}" for j in range(10)]
        edges += [(f"d{k}", f"p{k}", pocket[0])]
        edges += [(f"{a}-{b}", a, b) for n, a in enumerate(pocket) for b in pocket[n + 1 :]]
    places = {place for _, a, b in edges for place in (a, b)}
    made = list(simple_ways(network_of(sorted(places), edges), "p0", frozenset({"p12"})))
    assert [len(way) for way in made] == [12]
