"""Flow over links: maximum flows and minimum cuts that can be counted by hand."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.load import loads
from sim.world.flow import Flow, flow_at_start, has_capacities

#: Two ways from a to d, and a bridge between them.
ROUTES = {
    "ab": "[a, b], capacity: 3",
    "ac": "[a, c], capacity: 2",
    "bd": "[d, b], capacity: 1",
    "cd": "[c, d], capacity: 2",
    "bc": "[c, b]",
    "ed": "[e, d]",
}


def flow(changes: dict[str, str] | None = None, to: str = "[d]", more: str = "") -> Flow | None:
    routes = "".join(
        f"  {name}: {{km: 1, between: {keys}}}\n"
        for name, keys in {**ROUTES, **(changes or {})}.items()
    )
    text = f"""
title: A network
clock: {{horizon: 1 day}}
factions: {{blue: {{}}, red: {{}}, helper: {{role: ally, of: blue}}}}
hostile: [[red, blue]]
places:
  a: {{control: blue}}
  b: {{control: blue}}
  c: {{control: helper}}
  d: {{control: blue}}
  e: {{control: red}}
routes:
{routes}
links: {{way: {{for: blue, from: a, to: {to}{more}}}}}
"""
    world = loads(text).world
    assert world is not None
    assert has_capacities(world.links["way"], world) or not changes
    return flow_at_start(world.links["way"], world)


def test_all_ways_count_together():
    # The best single way carries 2; the net's capacity of the link is that.
    assert flow() == Flow(3.0, ("bd", "cd"))


@pytest.mark.parametrize(
    ("changes", "most", "cut"),
    [
        ({"cd": "[c, d], capacity: 9"}, 5.0, ("ab", "ac")),
        ({"cd": "[c, d], capacity: 9", "bc": "[c, b], capacity: 1"}, 4.0, ("ac", "bd", "bc")),
        ({"cd": "[c, d], capacity: 2, status: bypass, bypass_share: 0.5"}, 2.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: 2, status: bypass"}, 1.0 + 0.7, ("bd", "cd")),
        ({"cd": "[c, d], capacity: 2, status: cut"}, 1.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: 2, status: {choice: {open: 1, cut: 3}}"}, 1.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: 2, status: {choice: {open: 3, cut: 1}}"}, 3.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: {uniform: [1, 5]}"}, 4.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: {value: 4, source: a map}"}, 5.0, ("bd", "cd")),
        ({"cd": "[c, d], capacity: 2, open_to: [red]"}, 1.0, ("bd",)),
        ({"cd": "[c, d], capacity: 2, kind: rail"}, 3.0, ("bd", "cd")),
        ({"bd": "[d, b], capacity: 0", "cd": "[c, d], status: cut"}, 0.0, ("bd", "cd")),
    ],
)
def test_the_cut_names_what_binds(changes: dict[str, str], most: float, cut: tuple[str, ...]):
    found = flow(changes)
    assert found is not None
    assert found.most == pytest.approx(most)
    assert found.cut == cut


def test_no_limit_where_one_way_has_none():
    assert flow({"ad": "[a, d]"}) == Flow(math.inf, ())


def test_any_of_several_ends_will_do():
    assert flow(to="[b, d]") == Flow(5.0, ("ab", "ac"))


def test_kinds_of_routes_that_do_not_count_carry_nothing():
    assert flow({"ad": "[a, d], capacity: 7, kind: rail"}, more=", kinds: [road]") == Flow(
        3.0, ("bd", "cd")
    )


def test_hostile_places_let_nothing_pass():
    changes = {"ae": "[a, e], capacity: 7"}
    assert flow(changes) == Flow(3.0, ("bd", "cd"))


def test_a_capacity_without_a_middle_is_not_guessed():
    assert flow({"cd": "[c, d], capacity: {gamma: {shape: 2, mean: 3}}"}) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=10, max_size=10))
def test_the_flow_is_that_of_the_least_of_all_cuts(rooms: list[int]):
    # Max-flow min-cut, by every cut there is (Ford & Fulkerson 1956).
    pairs = list(itertools.combinations("abcde", 2))
    room = dict(zip(pairs, rooms, strict=True))
    changes = {f"{x}{y}": f"[{x}, {y}], capacity: {n}" for (x, y), n in room.items()}
    unused = {name: "[a, d], status: cut" for name in ROUTES if name not in changes}
    sides = [{"a", *inner} for n in range(3) for inner in itertools.combinations("bc", n)]
    # What leads to e is closed: somebody else holds it.
    usable = {pair: n for pair, n in room.items() if "e" not in pair}
    least = min(
        sum(n for (x, y), n in usable.items() if (x in side) != (y in side)) for side in sides
    )
    found = flow({**unused, **changes})
    assert found is not None
    assert found.most == least
