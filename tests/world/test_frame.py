"""The names that a world makes, and their values at the start, against figures worked by hand."""

from __future__ import annotations

import itertools
import math
import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engines.reference import ReferenceEngine
from tests.world.build import CLOCK, Point, scenario

# Values at the start.


def test_a_garrison_is_what_is_there_of_it():
    point = Point(
        scenario(
            "homs: {control: government, garrison: {government: 4000},"
            " present_fraction: {government: 0.25}}",
        )
    )
    assert point.get("homs.garrison.government") == pytest.approx(1000.0)
    assert point.get("homs.garrison.rebels") == 0.0


def test_where_nothing_is_said_the_share_present_is_that_of_the_faction():
    made = scenario(
        "homs: {control: government, garrison: {government: 4000}}",
        sides="factions: {government: {present_fraction: 0.75}}",
    )
    assert Point(made).get("homs.garrison.government") == pytest.approx(3000.0)


def test_what_is_written_is_what_there_is_in_the_units_of_results():
    made = scenario(
        """
        homs: {control: government, population: 1200 persons, displaced: 30, supply: 36 h}
        hama: {at: [35.13, 36.76], control: rebels, supply: 2 weeks}
        """,
        sides="factions: {government: {supply: 5 days, deficit_below: 3 days}, rebels: {}}",
    )
    point = Point(made)
    assert point.get("homs.population") == 1200.0
    assert point.get("homs.displaced") == 30.0
    assert point.get("homs.supply") == 1.5
    assert point.get("hama.supply") == 14.0
    assert point.get("homs.deficit") == pytest.approx(1.0 - 1.5 / 3.0)


@pytest.mark.parametrize("replication", range(8))
def test_only_whoever_is_drawn_as_the_holder_has_a_garrison(replication):
    made = scenario(
        "crossing: {control: {choice: {army: 0.4, tribes: 0.3, none: 0.3}},"
        " garrison: {army: 100, tribes: 200, militia: 40}}",
        sides="""
        factions:
          army: {present_fraction: 1}
          tribes: {present_fraction: 0.5}
          militia: {role: ally, of: army, present_fraction: 1}
        """,
    )
    point = Point(made, replication)
    there = {"army": (100.0, 0.0, 40.0), "tribes": (0.0, 100.0, 0.0), "none": (0.0, 0.0, 0.0)}
    found = tuple(point.get(f"crossing.garrison.{f}") for f in ("army", "tribes", "militia"))
    assert found == there[point.get("crossing.control")]


def test_every_holder_is_drawn_sometimes():
    made = scenario("crossing: {control: {choice: {government: 1, rebels: 1, none: 1}}}")
    drawn = {Point(made, replication).get("crossing.control") for replication in range(40)}
    assert drawn == {"government", "rebels", "none"}  # one is missed with 3 (2/3)^40 = 3e-7


def test_shock_is_what_past_losses_still_weigh():
    """Three losses: a city of the file, a town of it, and one that it does not have."""
    made = scenario(
        """
        hama: {at: [35.13, 36.76], control: rebels, population: 700000}
        rastan: {at: [34.93, 36.73], control: rebels, population: 50000}
        """,
        sides="""
        factions:
          government:
            shock_memory: 4 days
            losses:
              - {place: hama, at: 2024-12-04T18:00+03:00}
              - {place: rastan, at: 2024-12-06T06:00+03:00}
              - {place: aleppo, at: 2024-11-30T18:00+03:00}
              - {place: aleppo, at: 2024-11-30T15:00Z, weight: 0.5}
          rebels: {}
        """,
    )
    by_hand = (
        1.0 * math.exp(-2.0 / 4.0)
        + 0.5 * math.exp(-0.5 / 4.0)
        + 1.0 * math.exp(-6.0 / 4.0)
        + 0.5 * math.exp(-6.0 / 4.0)
    )
    point = Point(made)
    assert point.get("government.shock") == pytest.approx(by_hand, rel=1e-12)
    assert point.get("rebels.shock") == 0.0


def test_shock_fades_as_e_to_the_minus_t_over_memory():
    """A loss at the start, in steps of a quarter of a memory of four days: one every day."""
    made = scenario(
        "hama: {control: rebels, population: 700000}",
        sides="""
        factions:
          government: {shock_memory: 4 days, losses: [{place: hama, at: 2024-12-06T18:00+03:00}]}
          rebels: {}
        """,
        clock=f"{CLOCK}, grid: 30 h",
        more="watch: {shock: government.shock}",
    )
    watched = ReferenceEngine(made.net).run(0, [0]).watch[0, :, 0]
    days = [t / 86_400.0 for t in made.net.grid]
    assert list(watched) == pytest.approx([math.exp(-math.floor(t) / 4.0) for t in days])


def test_support_is_that_of_patrons_and_what_is_left_is_ones_own():
    made = scenario(
        sides="""
        factions:
          government:
            patrons: {russia: {support: 0.5, reliance: 0.4}, iran: {support: 0.25, reliance: 0.2}}
          rebels: {}
          russia: {role: patron}
          iran: {role: patron}
        """
    )
    point = Point(made)
    assert point.get("government.support") == pytest.approx(0.5 * 0.4 + 0.25 * 0.2 + 0.4)
    point.put("government.support.russia", 0.0)
    assert point.get("government.support") == pytest.approx(0.25 * 0.2 + 0.4)
    assert point.get("rebels.support") == 1.0


# Links and encirclement, against searches through random states.

PLACES, ROUTES = ("a", "b", "c", "d", "e"), 7
STATUSES = ("open", "bypass", "cut")


@st.composite
def nets(draw):
    """Return random routes, as (place, place, who may use it), and states of all of it."""
    pairs = list(itertools.combinations(PLACES, 2))
    ends = draw(st.lists(st.sampled_from(pairs), min_size=ROUTES, max_size=ROUTES))
    users = draw(st.lists(st.sampled_from([None, "north", "south"]), min_size=7, max_size=7))
    return list(zip(ends, users, strict=True))


def with_network(routes) -> str:
    lines = [
        f"r{k}: {{between: [{a}, {b}], km: 10, capacity: {k + 1}, bypass_share: 0.5"
        + (f", open_to: [{user}]}}" if user else "}")
        for k, ((a, b), user) in enumerate(routes)
    ]
    return "\n".join(lines)


#: Militia stands with north.
THREE = """
factions:
  north: {}
  south: {}
  militia: {role: ally, of: north}
hostile: [[north, south]]
"""
#: Whatever the file itself may do: a world leaves out what nobody could bring about.
ANYTHING = "transitions:\n" + "".join(
    f"  {place}_falls: {{when: {place}.control == north, rate: 1 / day,"
    f" then: {{{place}.control: south}}}}\n"
    for place in PLACES
)
HOLDERS = ("none", "north", "south", "militia")
SIDES_OF = {"north": {"north", "militia"}, "militia": {"north", "militia"}, "south": {"south"}}


def put_at_random(point, chance):
    """Return a random state: who holds each place, and each route's status."""
    held = {place: chance.choice(HOLDERS) for place in PLACES}
    status = [chance.choice(STATUSES) for _ in range(ROUTES)]
    for place, holder in held.items():
        point.put(f"{place}.control", holder)
    for k, one in enumerate(status):
        point.put(f"r{k}.status", one)
    return held, status


def open_graph(routes, status, faction):
    graph = nx.Graph()
    graph.add_nodes_from(PLACES)
    for ((a, b), user), one in zip(routes, status, strict=True):
        if one != "cut" and user in (None, faction):
            graph.add_edge(a, b)
    return graph


@settings(deadline=None, max_examples=25)
@given(nets(), st.integers(0, 2**32))
def test_a_link_is_open_where_a_search_finds_a_way(routes, number):
    joined = open_graph(routes, ["open"] * ROUTES, "north")
    if not any(nx.has_path(joined, "a", end) for end in ("d", "e")):
        return  # refused when it is loaded
    made = scenario(
        "\n".join(f"{place}: {{control: north}}" for place in PLACES),
        sides=THREE,
        routes=with_network(routes),
        links="way: {for: north, from: a, to: [d, e]}",
        more=ANYTHING,
    )
    point, chance = Point(made), random.Random(number)
    for _ in range(20):
        held, status = put_at_random(point, chance)
        graph = open_graph(routes, status, "north")
        graph.remove_nodes_from([p for p in PLACES if held[p] not in SIDES_OF["north"]])
        is_open = "a" in graph and any(
            end in graph and nx.has_path(graph, "a", end) for end in ("d", "e")
        )
        assert point.get("way.open") == float(is_open)
        assert point.get("way.capacity") == pytest.approx(widest(routes, status, graph))


def widest(routes, status, graph) -> float:
    """Return the capacity of the best way: the largest that leaves one where all is at least it."""
    rooms = {k: (k + 1) * (0.5 if one == "bypass" else 1.0) for k, one in enumerate(status)}
    usable = [k for k, ((a, b), user) in enumerate(routes) if user in (None, "north")]
    best = 0.0
    for least in {rooms[k] for k in usable if status[k] != "cut"}:
        wide = nx.Graph()
        wide.add_nodes_from(graph)
        ends = [routes[k][0] for k in usable if status[k] != "cut" and rooms[k] >= least]
        wide.add_edges_from((a, b) for a, b in ends if a in graph and b in graph)
        if "a" in wide and any(end in wide and nx.has_path(wide, "a", end) for end in ("d", "e")):
            best = max(best, least)
    return best


@settings(deadline=None, max_examples=25)
@given(nets(), st.integers(0, 2**32))
def test_a_place_is_encircled_where_no_open_road_leads_to_its_own(routes, number):
    made = scenario(
        "\n".join(f"{place}: {{control: north}}" for place in PLACES),
        sides=THREE,
        routes=with_network(routes),
        more=ANYTHING,
    )
    point, chance = Point(made), random.Random(number)
    for _ in range(20):
        held, status = put_at_random(point, chance)
        for place in PLACES:
            holder = held[place]
            friends = SIDES_OF.get(holder, set())
            graph = open_graph(routes, status, holder)
            is_joined = any(held[there] in friends for there in graph[place])
            assert point.get(f"{place}.encircled") == float(holder != "none" and not is_joined)


# What must change nothing.

THREE_PLACES = {
    "alpha": "{at: [35.0, 36.0], control: north, garrison: {north: {uniform: [800, 1200]}}}",
    "beta": "{at: [35.2, 36.2], control: south, population: 200000, attacker: north,"
    " garrison: {south: 900}}",
    "gamma": "{at: [35.4, 36.1], control: south, garrison: {south: 50}}",
}
TWO_ROUTES = {"one": "{between: [%s, %s]}", "two": "{between: [%s, %s], kind: track}"}
SOUTH_LOST = """
factions:
  south: {losses: [{place: %s, at: 2024-12-05T18:00+03:00}]}
  north: {}
hostile: [[north, south]]
"""
ENDS = {"one": ("alpha", "beta"), "two": ("beta", "gamma")}


def relabelled(names: dict[str, str], order: list[str]):
    """Return the three places by other names, and in another order."""
    return scenario(
        "\n".join(f"{names[place]}: {THREE_PLACES[place]}" for place in order),
        sides=SOUTH_LOST % names["alpha"],
        routes="\n".join(
            f"{route}: {line % tuple(names[end] for end in ENDS[route])}"
            for route, line in TWO_ROUTES.items()
        ),
        more=f"outcomes: {{falls: {names['beta']}.control == north}}",
    )


def first_times(made, n: int = 40):
    return ReferenceEngine(made.net).run(7, range(n)).times[:, 0]


def test_the_order_of_places_changes_no_result():
    plain = {name: name for name in THREE_PLACES}
    expected = first_times(relabelled(plain, list(THREE_PLACES)))
    assert 0 < sum(math.isfinite(t) for t in expected) < len(expected)
    for order in itertools.permutations(THREE_PLACES):
        assert list(first_times(relabelled(plain, list(order)))) == list(expected)


def test_other_names_change_draws_but_not_the_law():
    """Names are keys of random numbers, so only what does not depend on chance is the same."""
    names = {"alpha": "x", "beta": "y", "gamma": "z"}
    plain = {name: name for name in THREE_PLACES}
    one, other = (Point(relabelled(n, list(THREE_PLACES))) for n in (plain, names))
    for old, new in names.items():
        for what in ("control", "fresh", "population", "encircled", "displaced"):
            assert one.get(f"{old}.{what}") == other.get(f"{new}.{what}")
    assert one.get("south.shock") == other.get("south.shock")
    assert list(one.variables) != list(other.variables)


def test_a_village_written_as_three_weighs_no_more():
    """Its loss adds to shock by its people, so the forecast does not hang on how it is listed."""
    lost = "{{place: {}, at: 2024-12-05T18:00+03:00}}"

    def shock(people):
        losses = ", ".join(lost.format(name) for name in people)
        places = "\n".join(f"{p}: {{control: rebels, population: {n}}}" for p, n in people.items())
        sides = f"factions: {{government: {{losses: [{losses}]}}, rebels: {{}}}}"
        return Point(scenario(places, sides=sides)).get("government.shock")

    whole = shock({"village": 9_000})
    assert whole > 0.0
    assert shock({"east": 2_000, "west": 3_000, "upper": 4_000}) == pytest.approx(whole)


# Names.


def test_every_name_of_the_contract_is_there():
    made = scenario(
        "homs: {at: [34.7, 36.7], control: government}\nhama: {at: [35.1, 36.7], control: rebels}",
        sides="""
        factions:
          government: {patrons: {russia: {support: 0.5, reliance: 0.4}}}
          rebels: {}
          russia: {role: patron}
        hostile: [[rebels, government]]
        """,
        routes="m5: {between: [hama, homs]}",
        links="way: {for: government, from: homs, to: [hama]}",
    )
    names = {v.name for v in made.net.variables} | {d.name for d in made.net.definitions}
    of_places = "control attacker garrison.government garrison.rebels fresh threatened encircled"
    of_places += " supply deficit displaced population fell_by"
    of_factions = "cohesion shock support supply collapsed"
    expected = {f"{p}.{name}" for p in ("homs", "hama") for name in of_places.split()}
    expected |= {f"{f}.{name}" for f in ("government", "rebels") for name in of_factions.split()}
    expected |= {"m5.status", "way.open", "way.capacity", "government.support.russia"}
    expected |= {"russia.stance"}
    assert expected <= names
