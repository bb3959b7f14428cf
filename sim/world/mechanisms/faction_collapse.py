"""``faction_collapse``: an army falls apart, and what it held is open to whoever comes.

    F.collapsed becomes 1   when cohesion is below ``cohesion_floor``, or, with probability
                            ``capital_lost``, when the capital is first lost
    hazard of each place    = walkover_rate, while somebody comes

Its men go home, all at once: garrisons, columns, and whoever is on the road; its attacks are over.
So a column that stands before one of its places walks in, as into any that nobody defends. The
others open to the first who comes, at ``walkover_rate``: the attacker, else the enemy next door
(``P.comer``, sim.world.comers). Where nobody is near, nothing changes hands. Floor, rate and
probability are judgement.

Decisions that the design leaves open:

- Allies are armies of their own. They defend the places that they hold; in one of a faction that
  has fallen apart they stay until it opens, and leave as in a collapse (its ``lost``).
- The capital counts as lost while none of its side holds it. It ends the faction at its first loss
  or never, and not by having been lost at the start, which cohesion knows already.
- However ``F.collapsed`` becomes 1 (a coup, a transition of the file), the rest follows. It stays
  so. A ceasefire with a faction that has fallen apart is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import one_of
from sim.keys import Some, Value, a_key
from sim.values import Faults, Items
from sim.world.comers import comer
from sim.world.frame import held_by
from sim.world.mechanisms.process import Process, ProcessSpec, Settings
from sim.world.model import NOBODY, Faction, Place, World
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Effects, Scene


class FactionCollapse(ProcessSpec):
    """An army falls apart."""

    KIND = "faction_collapse"
    EVERY = "factions"
    REFERENCES = {"factions": "factions"}  # noqa: RUF012 (a constant)
    # The patron leaves on day 4 and takes cohesion to 0.08, below the floor of 0.1. From then on
    # the rebels next door come at 0.5 a day: by t days in a share 1 - exp(-0.5 (t - 4)) of cases.
    EXAMPLE = """
title: An army falls apart when its patron leaves
clock: {horizon: 14 days}
factions:
  army: {cohesion: 0.3, patrons: {power: {support: 0.6, reliance: 1}}}
  rebels: {}
  power: {role: patron}
hostile: [[army, rebels]]
places:
  camp: {control: rebels}
  town: {control: army, garrison: {army: 400}}
  far: {control: army, garrison: {army: 400}}
routes:
  road: {between: [camp, town], km: 20}
  track: {between: [town, far], km: 90, status: cut, bypass: 900 days}
processes:
  will: {kind: cohesion, patron_left: -0.22}
  end: {kind: faction_collapse, walkover_rate: 0.5 / day}
transitions: {leaves: {at: 4 days, then: {power.stance: left}}}
outcomes:
  is_over: army.collapsed and town.garrison.army == 0 and far.garrison.army == 0
  is_taken: town.fell_by == walkover and town.control == rebels
  far_is_taken: far.control == rebels
"""

    factions: Some = a_key("Whose these keys are: all, or a list", "[government]", default="all")
    capital_lost: Value = quantity(
        "Probability that the first loss of its capital ends it",
        "probability",
        Default({"beta": ["6", "2"]}),
    )
    walkover_rate: Value = quantity(
        "How soon each of its places opens to the first who comes", "1/day", Default("2 / day")
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell factions that have no army."""
        named = process.spec.factions
        for name in named if isinstance(named, Items) else filter(None, [named]):
            faction = world.factions.get(str(name))  # none of 'all'
            if faction is not None and not faction.holds_fronts:
                message = (
                    f"'{name}' has no army that could fall apart: its role is '{faction.role}'"
                )
                expected = one_of([front.name for front in world.fronts()])
                path = f"{process.path}.factions"
                faults.add("no-front", message, name, path, expected=expected)

    @classmethod
    def expand_at(cls, at: Faction, settings: Settings, scene: Scene) -> None:
        """Add how one faction ends, and what follows."""
        if not at.holds_fronts:
            return
        _falls_apart(at, settings, scene)
        if at.spec.capital is not None:
            _loses_its_capital(at, scene.world.places[str(at.spec.capital)], settings, scene)
        _disband(at, scene)
        for place in scene.world.places.values():
            if next(iter(_ends(scene, place)), "") == at.name:  # once for all who may hold it
                _opens(place, scene)


def _falls_apart(faction: Faction, settings: Settings, scene: Scene) -> None:
    """Let it end when its will does."""
    name, floor = faction.name, scene.parts.use(faction.given("cohesion_floor"))
    is_below = f"{name}.collapsed == 0 and {name}.cohesion < {floor}"
    scene.parts.transition(
        f"{name}.falls_apart",
        faction.key,
        faction.path,
        immediate="true",
        when=all_of([is_below, *settings.conditions()]),
        then={f"{name}.collapsed": "1"},
        says=_says(settings) or f"{name} falls apart",
    )


def _loses_its_capital(faction: Faction, capital: Place, settings: Settings, scene: Scene) -> None:
    """Let it end, or not, when the capital is first lost."""
    name, event = faction.name, f"{faction.name}.loses_its_capital"
    is_lost = f"not ({held_by(capital.name, name, scene.world)})"
    ends = f"{settings.use('capital_lost')} if time > 0 else 0"
    says = _says(settings) or f"{name} falls apart, with its capital lost"
    scene.parts.transition(
        event,
        faction.key,
        faction.path,
        immediate="true",
        when=all_of([f"{name}.collapsed == 0", f"{event}.fired == 0", is_lost]),
        branches=[
            {"label": "ends", "weight": ends, "then": {f"{name}.collapsed": "1"}, "says": says},
            {"label": "goes_on", "weight": f"1 - ({ends})", "then": {}},
        ],
    )


def _says(settings: Settings) -> str | None:
    return settings.chain[0].says if settings.chain else None


def _disband(faction: Faction, scene: Scene) -> None:
    """Send its men home: garrisons, columns, and those on the road."""
    name, nobody = faction.name, "0 persons"
    effects: Effects = {}
    for place in scene.world.places.values():
        if name in scene.garrisons_at(place):
            effects[f"{place.name}.garrison.{name}"] = nobody
        effects.update(scene.attack_ends(place, name))
    scene.parts.transition(
        f"{name}.disbands",
        faction.key,
        faction.path,
        immediate="true",
        # Before anybody acts on what they see of it.
        priority="10",
        when=f"{name}.collapsed == 1 and {name}.disbands.fired == 0",
        then={**effects, **scene.on_collapse.get(name, {})},
    )


def _ends(scene: Scene, place: Place) -> dict[str, Settings]:
    """Return the keys of each faction that may hold a place and fall apart."""
    fronts = scene.fronts_at(place)
    found = {name: scene.everywhere[FactionCollapse.KIND, name] for name in fronts}
    return {name: settings for name, settings in found.items() if not settings.is_off}


def _opens(place: Place, scene: Scene) -> None:
    """Let the first who comes walk into a place of whoever has fallen apart."""
    name, taker, ends = place.name, comer(place, scene), _ends(scene, place)
    if not taker:
        return
    gone = (
        all_of([f"{name}.control == {f} and {f}.collapsed == 1", *settings.conditions()])
        for f, settings in ends.items()
    )
    then = scene.walkover(place, taker)
    if any(len(scene.world.side(faction)) > 1 for faction in ends):
        lost = scene.everywhere["collapse", name].use("lost")
        then = scene.fall(place, "walkover", to=taker, survive=f"1 - {lost}")
    rates = {f: settings.use("walkover_rate") for f, settings in ends.items()}
    scene.parts.transition(
        f"{name}.opens",
        place.key,
        place.path,
        when=all_of([f"{taker} != {NOBODY}", any_of(gone)]),
        rate=scene.by_holder(place, rates, "0 / day"),
        then=then,
        says=f"{name} is nobody's any more: it is walked into",
    )
