"""Every input that has a direction moves a forecast that way, or not at all.

Common random numbers: both ends of an input are run with the same draws, and compared replication
by replication. A direction is violated where the paired difference is more than 3.5 standard errors
on the wrong side: of an input that does nothing, a false alarm in 4,300.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import sim
from sim.engines.compiled.engine import CompiledEngine

N = 3_000
DAY = 86_400.0
TOO_MANY = 3.5
#: A column takes a town, if it does, and goes on to the next: every input is uncertain in it.
WAR = """
title: One axis
clock: {start: 2024-12-06T00:00Z, horizon: 30 days}
factions:
  red: {cohesion: {pert: [0.3, 0.5, 0.7]}}
  blue:
    cohesion: {pert: [0.3, 0.5, 0.7]}
    resolve: {lognormal: {median: 1, sigma: 0.9}}
    shock_memory: {uniform: [1 day, 10 days]}
    present_fraction: {beta: [5, 5]}
    supply: {interval90: [2 days, 20 days]}
    patrons: {power: {support: {uniform: [0.2, 0.9]}, reliance: 0.8}}
    losses: [{place: rear, at: 2024-12-05T00:00Z, weight: {uniform: [0.2, 2]}}]
  power: {role: patron}
hostile: [[red, blue]]
places:
  base: {control: red}
  town:
    control: blue
    population: 150000
    garrison: {blue: {interval90: [500, 3000]}}
    alignment: {blue: {uniform: [0.2, 0.8]}}
    resolve: {lognormal: {median: 1, sigma: 0.8}}
    posture: prepared
    belt: {uniform: [1 km, 9 km]}
  rear:
    control: blue
    population: 150000
    garrison: {blue: {interval90: [500, 3000]}}
routes:
  road:
    between: [base, town]
    km: {uniform: [30, 90]}
    status: bypass
    repair: {uniform: [1 day, 9 days]}
    bypass_share: {uniform: [0.2, 0.9]}
  next: {between: [town, rear], km: {uniform: [30, 90]}}
processes:
  push:
    kind: advance
    faction: red
    along: [base, town, rear]
    force: {interval90: [1500, 6000]}
    reserve: {uniform: [0, 3000]}
    reach: {lognormal: {median: 100 km, sigma: 0.8}}
    leave_behind: {uniform: [0, 0.5]}
    gives_up_below: {uniform: [0.1, 0.95]}
  assault: {kind: assault, tempo: 0.5, tempo_spread: 1, attacker_tolerance: {deterministic: 0.05}}
  collapse: {kind: collapse, lost: {uniform: [0, 0.9]}}
outcomes: {falls: town.control == red, rear_falls: rear.control == red}
"""
#: An input, and what more of it does: -1 never brings a fall nearer, 1 never puts it off.
INPUTS = {
    "factions.blue.cohesion": -1,
    "factions.blue.resolve": -1,
    "factions.blue.present_fraction": -1,
    "factions.blue.supply": -1,
    "factions.blue.patrons.power.support": -1,
    "factions.blue.losses.1.weight": 1,
    "places.town.garrison.blue": -1,
    "places.town.resolve": -1,
    "places.town.alignment.blue": -1,
    "places.town.belt": -1,
    "places.rear.garrison.blue": -1,
    "routes.road.km": -1,
    "routes.road.bypass_share": 1,
    "routes.road.repair": -1,
    "routes.next.km": -1,
    "processes.push.force": 1,
    "processes.push.reserve": 1,
    "processes.push.reach": 1,
    "processes.push.leave_behind": -1,
    "processes.push.gives_up_below": -1,
    "processes.push.pace.town": 1,
    "processes.push.opposed_pace.town": 1,
    "processes.collapse.base_rate": 1,
    "processes.collapse.contact_rate": 1,
    "processes.collapse.shock_rate": 1,
}
#: A war that may end in other ways than by arms: every input of these is uncertain in it.
ENDS = """
title: Ways to end
clock: {start: 2024-12-06T00:00Z, horizon: 30 days}
factions:
  red: {}
  blue:
    capital: rear
    cohesion: {pert: [0.15, 0.25, 0.4]}
    cohesion_floor: {uniform: [0.05, 0.15]}
    supply: {uniform: [0 days, 9 days]}
hostile: [[red, blue]]
places:
  base: {control: red}
  town: {control: blue, population: 150000, garrison: {blue: 1500}, local_ties: yes}
  rear: {control: blue, garrison: {blue: 900}, alignment: {blue: {uniform: [0.1, 0.9]}}}
  port: {control: blue, garrison: {blue: 300}}
routes:
  road: {between: [base, town], km: 40}
  next: {between: [town, rear], km: 40}
  last: {between: [rear, port], km: 40}
processes:
  push: {kind: advance, faction: red, along: [base, town], force: 3000}
  hunger: {kind: siege, time: {weibull: {shape: 1, scale: 20 days}}}
  terms: {kind: deal, place: town, rate: {uniform: [0 / day, 0.1 / day]}}
  rising: {kind: uprising, place: rear, faction: red, rate: {uniform: [0 / day, 0.05 / day]}}
  end:
    kind: faction_collapse
    capital_lost: {uniform: [0, 1]}
    walkover_rate: {uniform: [0.02 / day, 0.5 / day]}
  plot:
    kind: coup
    faction: blue
    base: {uniform: [0 / day, 0.02 / day]}
    succeeds: {uniform: [0, 1]}
  junta:
    {kind: coup, faction: blue, base: 0.02 / day, then: cohesion_drop, drop: {uniform: [0, 0.3]}}
  talks:
    kind: ceasefire
    between: [red, blue]
    offer: {uniform: [0 / day, 1 / day]}
    accept: {red: {uniform: [0, 1]}, blue: 0.5}
  general:
    kind: leader
    faction: blue
    rate: {uniform: [0 / day, 0.1 / day]}
    effect: {uniform: [-0.3, 0]}
  word:
    kind: rumour
    faction: blue
    rate: {uniform: [0 / day, 1 / day]}
    weight: {uniform: [0, 0.5]}
outcomes:
  falls: town.control == red
  rear_falls: rear.control == red
  port_falls: port.control == red
  is_over: blue.collapsed
"""
ENDINGS = {
    "factions.blue.cohesion": -1,
    "factions.blue.cohesion_floor": 1,
    "factions.blue.supply": -1,
    "places.rear.alignment.blue": -1,
    "processes.terms.rate": 1,
    "processes.rising.rate": 1,
    "processes.end.capital_lost": 1,
    "processes.end.walkover_rate": 1,
    "processes.plot.base": 1,
    "processes.plot.succeeds": 1,
    "processes.junta.drop": 1,
    "processes.talks.offer": -1,
    "processes.talks.accept.red": -1,
    "processes.general.rate": 1,
    "processes.general.effect": -1,
    "processes.word.rate": 1,
    "processes.word.weight": 1,
}
CASES = [(WAR, name, d) for name, d in INPUTS.items()]
CASES += [(ENDS, name, d) for name, d in ENDINGS.items()]
#: What cannot be told by a number: both ends are files of their own.
FILES = {
    "the road is cut": ("routes.road.status", "bypass", "cut", -1),
    "the road on is cut": ("routes.next.status", "open", "cut", -1),
    "a track, no road": ("routes.road.kind", "road", "track", -1),
    "a fortified town": ("places.town.posture", "hasty", "fortified", -1),
    "rugged ground": ("places.town.terrain", "open", "rugged", -1),
    "longer rests": ("processes.push.rest", "1 h", "3 days", -1),
    "longer regrouping": ("processes.push.regroup", "1 day", "20 days", -1),
    "surprise": ("processes.push.surprise", "0", "3", 1),
    "later": ("processes.push.from_time", "1 h", "2 days", -1),
    "full stocks": ("places.town.supply", "0 days", "60 days", -1),
}
#: As above, of the war that may end in other ways.
FILES_OF_ENDS = {
    "longer sieges": (
        "processes.hunger.time",
        "{exponential: {mean: 5 days}}",
        "{exponential: {mean: 90 days}}",
        -1,
    ),
    "longer ceasefires": (
        "processes.talks.holds",
        "{deterministic: 1 h}",
        "{deterministic: 20 days}",
        -1,
    ),
    "longer coups": ("processes.plot.lasts", "1 h", "20 days", -1),
    "no ties": ("places.town.local_ties", "yes", "no", -1),
}
CHANGES = [(WAR, name, *change) for name, change in FILES.items()]
CHANGES += [(ENDS, name, *change) for name, change in FILES_OF_ENDS.items()]


@cache
def engine(text: str, key: str = "", value: str = "") -> CompiledEngine:
    return CompiledEngine(sim.loads(text, set={key: value} if key else None).net)


def fallen(made: CompiledEngine, replications: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return whether each outcome has happened by 5, 12 and 30 days."""
    states = made.start(inputs, replications)
    made.advance(states, seed=1, until=np.inf)
    times = made.batch(states).times
    return np.concatenate([times <= days * DAY for days in (5.0, 12.0, 30.0)], axis=1)


def violation(low: np.ndarray, high: np.ndarray, direction: int) -> float:
    """Return by how many standard errors more of an input goes the wrong way, at the worst."""
    change = (high.astype(float) - low) * direction
    error = np.maximum(change.std(axis=0), 1e-9) / np.sqrt(len(change))
    return float(np.max(-change.mean(axis=0) / error))


def effect(low: np.ndarray, high: np.ndarray) -> float:
    return float(np.max(np.abs(high.mean(axis=0) - low.mean(axis=0))))


def ends(text: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what has fallen with an input at its fifth and at its 95th percentile."""
    made, replications = engine(text), np.arange(N)
    drawn = made.inputs(1, replications)
    column = [given.name for given in made.net.inputs].index(name)
    found = []
    for quantile in (0.05, 0.95):
        inputs = drawn.copy()
        inputs[:, column] = np.quantile(drawn[:, column], quantile)
        found.append(fallen(made, replications, inputs))
    return found[0], found[1]


@pytest.mark.parametrize(("text", "name", "direction"), CASES, ids=[name for _, name, _ in CASES])
def test_more_of_an_input_never_goes_the_wrong_way(text, name, direction):
    low, high = ends(text, name)
    assert violation(low, high, direction) < TOO_MANY
    # What moves nothing could have no direction: these do, by two in a thousand at least.
    assert effect(low, high) > 0.002


@pytest.mark.parametrize(
    ("text", "name", "key", "before", "after", "direction"), CHANGES, ids=[c[1] for c in CHANGES]
)
def test_a_change_of_the_file_never_goes_the_wrong_way(text, name, key, before, after, direction):
    replications = np.arange(N)
    low, high = (
        fallen(made, replications, made.inputs(1, replications))
        for made in (engine(text, key, before), engine(text, key, after))
    )
    assert violation(low, high, direction) < TOO_MANY
    assert effect(low, high) > 0.002


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("factions.blue.cohesion", "collapse, cohesion_effect: -1.5"),
        ("factions.blue.patrons.power.support", "collapse, support_effect: -2"),
        ("places.town.alignment.blue", "collapse, alignment_effect: -1"),
        ("processes.push.force", "assault, ratio_exponent: -0.36"),
    ],
)
def test_a_planted_error_of_sign_is_caught(name, planted):
    kind, _, keys = planted.partition(", ")
    text = WAR.replace(f"kind: {kind},", f"kind: {kind}, {keys},")
    assert violation(*ends(text, name), INPUTS[name]) > TOO_MANY


@pytest.mark.parametrize(
    "name", ["places.rear.alignment.blue", "factions.blue.cohesion_floor", "processes.talks.offer"]
)
def test_a_planted_direction_is_caught(name):
    assert violation(*ends(ENDS, name), -ENDINGS[name]) > TOO_MANY
