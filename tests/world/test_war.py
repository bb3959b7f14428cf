"""A synthetic war of 40 places, 80 routes and 8 factions: engines agree, names mean nothing."""

from __future__ import annotations

import re
from functools import cache

import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.net.canonical import canonical_json
from sim.net.model import Net
from sim.world.mechanisms.registry import BY_KIND
from tests.engines.test_identity import differences
from tests.world.war import war

#: Two wars at once: a column that splits, a holder that is drawn, an ally, a cut road, a patron.
TANGLED = """
title: Tangled
clock: {horizon: 40 days}
factions:
  red: {}
  blue: {patrons: {power: {support: 0.6, reliance: 0.5}}, capital: rear}
  friend: {role: ally, of: blue}
  green: {}
  power: {role: patron}
hostile: [[red, blue], [red, friend], [green, blue], [green, red]]
places:
  base: {control: red, population: 120000, garrison: {red: 500}}
  town: {control: blue, population: 90000, garrison: {blue: 900, friend: 300}, posture: prepared}
  ford: {control: {choice: {blue: 2, red: 1, none: 1}}, garrison: {blue: 200, red: 200}}
  rear: {control: blue, population: 400000, garrison: {blue: {interval90: [1000, 5000]}}}
  camp: {control: green}
  depot: {control: power, kind: base, attackable_by: []}
routes:
  road: {between: [base, town], km: 40}
  second: {between: [base, town], km: 55, kind: track}
  next: {between: [town, rear], km: 60, status: {choice: {open: 1, cut: 1}}, bridge: {span: 80 m}}
  low: {between: [town, ford], km: 20}
  side: {between: [camp, ford], km: 30, terrain: rugged, posture: hasty}
  inner: {between: [ford, rear], km: 30}
  supply: {between: [depot, rear], km: 15}
processes:
  main: {kind: advance, faction: red, along: [base, town, rear], force: 4000, surprise: 2}
  wing:
    {kind: advance, faction: red, along: [town, ford], take_from: main, when: town.control == red}
  rival: {kind: advance, faction: green, along: [camp, ford, rear], force: 2500, from_time: 1 day}
  back: {kind: advance, faction: blue, along: [rear, town], force: 900, when: town.control == red}
outcomes:
  town_falls: town.control != blue
  rear_falls: rear.control != blue
  ford_is_green: ford.control == green
"""


@cache
def net(text: str) -> Net:
    return sim.loads(text).net


@pytest.mark.parametrize("text", [TANGLED, war()], ids=["tangled", "war"])
def test_engines_agree_bit_for_bit(text):
    n = 24 if text == TANGLED else 2
    reference = run_ensemble(net(text), engine="reference", seed=3, replications=n)
    compiled = run_ensemble(
        net(text), engine="compiled", seed=3, replications=n, workers=2, chunk=n // 2
    )
    assert differences(reference, compiled) == []
    assert compiled.n_events.min() > 10


def renamed(text: str) -> str:
    """Return a file, or a net, with other names for places, factions, routes and advances."""
    return re.sub(r"\b(f|p|r|push)(\d+)\b", r"\1x\2y", text)


def test_other_names_change_nothing_but_names():
    text = war(places=12, routes=20, factions=4)
    other = renamed(text)
    assert other.count("px1y") > 3
    assert canonical_json(net(other)) == renamed(canonical_json(net(text)))


def test_the_comparison_of_names_notices_a_name_that_means_something(monkeypatch):
    text = war(places=12, routes=20, factions=4)
    collapse = BY_KIND["collapse"]
    original = collapse.expand_at.__func__

    def partial(cls, at, settings, scene):
        if at.name != "p1":
            original(cls, at, settings, scene)

    monkeypatch.setattr(collapse, "expand_at", classmethod(partial))
    plain = sim.loads(text).net
    other = sim.loads(renamed(text)).net
    assert canonical_json(other) != renamed(canonical_json(plain))


def test_a_war_needs_parts_in_proportion_to_its_size():
    """Twice the war, twice the parts: what grew faster would be parts that nothing can need."""
    small = net(war(places=20, routes=40, factions=4))
    large = net(war())
    for parts in ("transitions", "definitions", "inputs"):
        assert len(getattr(large, parts)) < 2.6 * len(getattr(small, parts)), parts
    # A column has four transitions at a place, a place has about eleven: see the mechanisms.
    assert len(large.transitions) < 1_200
    # What a fall changes is written out for each of the four ways in which any place may fall.
    effects = sum(len(branch.effects) for t in large.transitions for branch in t.branches)
    assert effects < 9 * len(large.transitions)


def test_a_place_that_nobody_can_attack_has_no_clocks_of_war():
    quiet = TANGLED.replace("processes:", "#").replace("  main:", "#").replace("  rival:", "#")
    quiet = re.sub(r"(?m)^  wing:\n.*\n|^  back:.*\n", "", quiet)
    names = [t.name for t in net(quiet).transitions]
    clocks = ("collapse", "defender_breaks", "attacker_breaks", "engagement", "fresh_fades")
    assert [name for name in names if name.endswith(clocks)] == []
