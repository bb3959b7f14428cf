"""``relocate``: a patron moves what it has in a country, or takes it home.

It decides at ``rate`` (a hazard, once for each process), and at once what it gives counts for less:
``F.support.G`` falls to ``support_after``, or stays where that is more, since no army is helped by
those who pack; ``G.stance`` becomes reduced, or left where ``to`` names nowhere. Assets pack and
move for ``lasts``, during which ``X.under_way`` holds and its garrisons stand where they stood;
then they are at the first place of ``to`` that their side still holds, or gone from the map, and
``X.done`` holds. Where that side holds none of ``to``, a move inside the country does not begin,
and garrisons that are packing stay. Once begun, it is not called off.

``support_after`` is a level, as ``support`` is, not a share of it: what a patron still gives from
another base does not hang on what it gave before. A place that the patron itself holds stays its
own, empty; and ``from`` that names nowhere stands for all of its garrisons. Who loses the patron
loses heart by ``cohesion``. No past cases were counted: rate and level are judgement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import NEEDED, Line, Names, Value, a_key
from sim.values import Faults, Node
from sim.world.frame import held_by
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import Place, World
from sim.world.parts import all_of, any_of, total
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Effects, Scene


class Relocate(ProcessSpec):
    """A patron moves its assets, or leaves."""

    KIND = "relocate"
    REFERENCES = {  # noqa: RUF012 (a constant)
        "patron": "factions",
        "faction": "factions",
        "from_": "places",
        "to": "places",
    }
    EXAMPLE = """
title: A patron that leaves, sooner or later
clock: {horizon: 30 days}
factions: {army: {patrons: {power: {support: 0.8, reliance: 0.5}}}, power: {role: patron}}
places:
  port: {control: army, garrison: {power: 1000}}
processes:
  leaves: {kind: relocate, patron: power, faction: army, rate: 0.1 / day, support_after: 0.2,
    lasts: 2 days}
outcomes: {begins: leaves.under_way, alone: army.support < 0.65, gone: port.garrison.power == 0}
"""

    patron: Line = a_key("Who moves", "russia", default=NEEDED)
    faction: Line = a_key("Whom it supports", "government", default=NEEDED)
    from_: Names = a_key(
        "From which places its garrisons go",
        "[homs, t4]",
        default="wherever it has a garrison",
        alias="from",
    )
    to: Names = a_key(
        "To which places: the first that its side holds; [] leaves the country",
        "[khmeimim]",
        default="[]",
    )
    rate: Value = quantity(
        "How readily it decides to",
        "1/day",
        Default({"lognormal": {"median": "0.02 / day", "sigma": "1"}}),
    )
    support_after: Value = quantity(
        "What support it gives from then on, if it gave more", "probability", Default("0.3")
    )
    lasts: Value = quantity(
        "From the decision until all of it is where it goes; chance",
        "day",
        Default({"lognormal": {"median": "2 days", "sigma": "0.8"}}),
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell who is no patron, or no patron of that faction, and a move to where it begins."""
        spec, path = process.spec, process.path
        patron, faction = (world.factions[str(name)] for name in (spec.patron, spec.faction))
        if patron.role != "patron":
            message = f"'{spec.patron}' cannot relocate: its role is '{patron.role}'"
            expected = "a faction with the role patron"
            faults.add("no-patron", message, spec.patron, f"{path}.patron", expected=expected)
        elif spec.patron not in faction.patrons or not faction.holds_fronts:
            message = f"'{spec.patron}' is no patron of '{spec.faction}'"
            hint = f"factions.{spec.faction}.patrons says who is"
            faults.add("no-patron", message, spec.faction, f"{path}.faction", hint=hint)
        for there in spec.to or ():
            if there in (spec.from_ or ()):
                message = f"'{there}' is where it goes and where it comes from"
                faults.add("bad-move", message, there, f"{path}.to")

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """House the patron where it may go, if it has anybody who could."""
        patron = str(process.spec.patron)
        has_any = any(patron in (p.spec.garrison or ()) for p in scene.world.places.values())
        for there in _places(process.spec.to, scene) if has_any else ():
            scene.house(there, patron)

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the decision and the move."""
        _begin(process, scene)
        _end(process, scene)


def _places(names: Node | None, scene: Scene) -> list[Place]:
    return [scene.world.places[str(name)] for name in names or ()]


def _begin(process: Process, scene: Scene) -> None:
    """Let the patron decide, after which it gives less."""
    name, at, path, parts = process.name, process.key, process.path, scene.parts
    spec, world = process.spec, scene.world
    patron, support = str(spec.patron), f"{spec.faction}.support.{spec.patron}"
    for flag in ("under_way", "done"):
        parts.variable(f"{name}.{flag}", at, path, integer=["0", "1"], initial="0")
    idle = f"{name}.under_way == 0 and {name}.done == 0 and {patron}.stance != left"
    open_ = [held_by(place.name, str(spec.faction), world) for place in _places(spec.to, scene)]
    parts.transition(
        f"{name}.begins",
        at,
        path,
        when=all_of([idle, *([any_of(open_)] if open_ else ()), *conditions(process, parts)]),
        rate=parts.use(process.given("rate")),
        priority=_whole(spec.priority),
        then={
            f"{name}.under_way": "1",
            f"{patron}.stance": "reduced" if open_ else "left",
            support: f"min({support}, {parts.use(process.given('support_after'))})",
        },
        says=process.says or f"{patron} begins to {'move' if open_ else 'leave'}",
    )


def _end(process: Process, scene: Scene) -> None:
    """Let it be done, when everybody has moved."""
    name, spec = process.name, process.spec
    scene.parts.transition(
        f"{name}.ends",
        process.key,
        process.path,
        when=f"{name}.under_way == 1",
        after=process.law("lasts"),
        priority=_whole(spec.priority),
        then={f"{name}.under_way": "0", f"{name}.done": "1", **_moves(process, scene)},
        says=f"{spec.patron} has {'moved' if spec.to else 'left'}",
    )


def _whole(number: int | None) -> str | None:
    return None if number is None else str(number)


def _moves(process: Process, scene: Scene) -> Effects:
    """Return where garrisons go: to the first place that is their side's, or off the map."""
    spec, patron = process.spec, str(process.spec.patron)
    to = [place for place in _places(spec.to, scene) if patron in scene.garrisons_at(place)]
    named = _places(spec.from_, scene) or list(scene.world.places.values())
    leave = [p for p in named if patron in scene.garrisons_at(p) and p not in to]
    if not leave:
        return {}
    open_ = [held_by(place.name, str(spec.faction), scene.world) for place in to]
    moving = total(f"{place.name}.garrison.{patron}" for place in leave)
    effects: Effects = {}
    for number, there in enumerate(to):
        is_chosen = all_of([open_[number], *(f"not ({other})" for other in open_[:number])])
        target = f"{there.name}.garrison.{patron}"
        effects[target] = f"{target} + (({moving}) if {is_chosen} else 0 persons)"
    for place in leave:
        here = f"{place.name}.garrison.{patron}"
        effects[here] = f"0 persons if {any_of(open_)} else {here}" if to else "0 persons"
    return effects
