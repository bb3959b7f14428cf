"""What a scenario says of places, for whoever draws its results."""

from __future__ import annotations

from sim.ensemble.geography import NOWHERE, Geography, Holder, Spot, Way
from sim.net.expr import Ref
from sim.scenario.model import Scenario
from sim.world.model import Object


def geography(scenario: Scenario) -> Geography:
    """Return the places of a scenario, the routes between them and who may hold them.

    What is watched of them goes by what it reads, not by its name: an author may have taken that.
    """
    world = scenario.world
    if world is None:
        return NOWHERE
    watched = {w.expr: w.name for w in reversed(scenario.net.watches)}
    return Geography(
        outline=scenario.outline,
        outline_of=scenario.outline_of,
        spots=tuple(
            Spot(
                place.name,
                _label(place),
                place.kind,
                place.where,
                place.population,
                watched.get(Ref("variable", f"{place.name}.control"), ""),
            )
            for place in world.places.values()
        ),
        ways=tuple(Way(route.name, route.ends, route.kind) for route in world.routes.values()),
        holders=tuple(
            Holder(
                faction.name,
                _label(faction),
                watched.get(Ref("definition", f"{faction.name}.supply"), ""),
            )
            for faction in world.factions.values()
        ),
    )


def _label(what: Object) -> str:
    return " ".join(str(what.spec.label or "").split())
