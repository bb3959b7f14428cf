"""Shortest ways first, against all ways; how long roads are, and which ways are open."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.world.geography import shortest_ways, simple_ways


@st.composite
def networks(draw):
    """Return neighbours of each place of a multigraph, and the length of each route."""
    places = [f"p{k}" for k in range(draw(st.integers(2, 6)))]
    pairs = list(itertools.combinations(places, 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=10))
    network: dict[str, list[tuple[str, str]]] = {place: [] for place in places}
    for k, (a, b) in enumerate(chosen):
        network[a].append((f"r{k}", b))
        network[b].append((f"r{k}", a))
    km = {f"r{k}": float(draw(st.integers(0, 9))) for k in range(len(chosen))}
    return network, km


@given(networks())
def test_all_ways_come_the_shortest_first(made):
    network, km = made

    def length(way):
        return sum(km[route] for route, _ in way)

    found = list(shortest_ways(network, km, "p0", "p1"))
    assert sorted(found) == sorted(simple_ways(network, "p0", frozenset({"p1"})))
    assert [length(way) for way in found] == sorted(length(way) for way in found)


def test_the_first_ways_of_a_large_network_take_no_time():
    # A grid of 12 by 12: 1.8e20 ways and more from corner to corner.
    network: dict[str, list[tuple[str, str]]] = {}
    for i, j in itertools.product(range(12), repeat=2):
        ends = [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        network[f"{i},{j}"] = [
            (f"{min((i, j), (a, b))}-{max((i, j), (a, b))}", f"{a},{b}")
            for a, b in ends
            if 0 <= a < 12 and 0 <= b < 12
        ]
    km = {route: 1.0 for steps in network.values() for route, _ in steps}
    first = list(itertools.islice(shortest_ways(network, km, "0,0", "11,11"), 8))
    assert [len(way) for way in first] == [22] * 8


WORLD = """
title: Ways
clock: {horizon: 1 minute}
factions: {us: {}, friends: {role: ally, of: us}, them: {}}
hostile: [[us, them]]
places:
  a: {control: us}
  b: {control: us, garrison: {us: 1000}}
  c: {control: friends}
  d: {control: us, garrison: {us: 1000}}
routes:
  ab: {between: [a, b], km: 100, bypass_share: 0.25}
  bd: {between: [b, d], km: 100}
  ac: {between: [a, c], km: 200}
  cd: {between: [c, d], km: 200}
  ad: {between: [a, d], km: 1000}
processes:
  go: {kind: reinforce, faction: us, to: d, from: [a], force: 9, rate: 0 / day}
watch: {way: us.way.a.d}
"""


def ways(text: str) -> set[str]:
    return {d.name for d in sim.loads(text).net.definitions if ".way." in d.name}


def test_allies_share_their_ways_unless_a_road_is_closed_to_one():
    text = WORLD.replace("faction: us, to: d", "faction: friends, to: d")
    text = text.replace("watch: {way: us.way.a.d}", "")
    assert ways(text) == {"us.way.a.d"}
    assert ways(text.replace("km: 1000", "km: 1000, open_to: [us]")) == {"friends.way.a.d"}


@pytest.mark.parametrize(
    ("changes", "km"),
    [
        ({}, 200.0),
        ({"routes.bd.status": "cut"}, 400.0),
        # Allies let pass, enemies and nobody do not.
        ({"places.b.control": "friends"}, 200.0),
        ({"places.b.control": "them"}, 400.0),
        ({"places.b.control": "none"}, 400.0),
        ({"places.b.control": "them", "places.c.control": "them"}, 1_000.0),
        # A by-pass at a quarter of the pace, or a track at half of it, is as much longer.
        ({"routes.ab.status": "bypass"}, 400.0),
        ({"routes.ab.status": "bypass", "places.c.control": "them"}, 500.0),
        ({"routes.ab.kind": "track"}, 300.0),
        ({"places.d.control": "them"}, float("inf")),
        ({"places.a.control": "them"}, float("inf")),
        # Nobody marches through the air, or where he may not.
        ({"routes.ab.open_to": ["them"]}, 400.0),
    ],
)
def test_the_way_is_the_shortest_that_is_open(changes: dict[str, object], km: float):
    found = sim.run(sim.loads(WORLD, set=changes), replications=1).ends
    assert found["way"].iloc[0] == pytest.approx(km)
