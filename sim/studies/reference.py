"""The base rate of each outcome that asks whether a place falls."""

from __future__ import annotations

from sim.ensemble.base_rate import BaseRate
from sim.net.expr import Call, Const, Expr, Ref
from sim.net.model import Net
from sim.scenario.model import Scenario
from sim.world.model import Place, World
from sim.world.reference_class.base_rates import Curve, base_rate
from sim.world.situation import BIG, Situation, situation

#: A set of fewer attacks, or of fewer wars, says too little by itself: a wider one is taken.
FEWEST, FEWEST_CASES = 10, 5


def base_rates(scenario: Scenario) -> dict[str, BaseRate]:
    """Return the base rate by outcome, of those that ask for no more than the fall of a place.

    A place falls if who holds it at the start holds it no more: ``homs.control != government``,
    or ``homs.control == rebels``. What asks for more has no class to be held against.
    """
    world = scenario.world
    if world is None:
        return {}
    fallen = ((o.name, _fallen(o.when, scenario.net, world)) for o in scenario.net.outcomes)
    known = {name: situation(place, world) for name, place in fallen if place is not None}
    return {name: _of(found) for name, found in known.items() if found is not None}


def _fallen(when: Expr, net: Net, world: World) -> Place | None:
    """Return the place whose fall an expression says, if it says just that."""
    match when:
        case Call("not", (Call("eq" | "ne" as op, args),)):
            return _fallen(Call("ne" if op == "eq" else "eq", args), net, world)
        case Call("eq" | "ne" as op, (Ref("variable", name), Const(label))) | Call(
            "eq" | "ne" as op, (Const(label), Ref("variable", name))
        ):
            place = world.places.get(name.removesuffix(".control"))
            if place is None or not name.endswith(".control"):
                return None
            is_of_holder = net.labels[int(label)] == place.holder
            return place if is_of_holder == (op == "ne") else None
    return None


def _of(found: Situation) -> BaseRate:
    """Return the base rate of the closest set that is large enough."""
    closest = ((found.momentum, found.big), (found.momentum, None), (None, found.big))
    for flags in closest:
        curve = _curve(found, *flags)
        if curve.n >= FEWEST and curve.n_cases >= FEWEST_CASES:
            return _shown(curve, _said(*flags), found)
    return _shown(_curve(found, None, None), _said(None, None), found)


def _curve(found: Situation, momentum: bool | None, big: bool | None) -> Curve:
    rate = base_rate(momentum, big)
    if found.days is None:
        return rate.contact
    return rate.standing[max(day for day in rate.standing if day == 0 or day < found.days)]


def _shown(curve: Curve, said: str, found: Situation) -> BaseRate:
    is_dated = found.days is not None
    return BaseRate(said, curve.n, curve.n_cases, is_dated, curve.fell, curve.low, curve.high)


def _said(momentum: bool | None, big: bool | None) -> str:
    """Return what tells the attacks of a set."""
    when = {
        True: "within a week of another place's fall",
        False: "with no other place fallen in the week before",
        None: "",
    }
    people = f"{BIG:,} people"
    size = {True: f"on places of {people} or more", False: f"on places below {people}", None: ""}
    return " ".join(filter(None, [when[momentum], size[big]])) or "of all kinds"
