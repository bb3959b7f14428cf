"""Every quantity that a file states of its world.

Each of them is a parameter, whether anything reads it or not: it is checked, ``explain`` lists it,
and expressions of the net layer may read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from sim.keys import UNIT
from sim.values import Map
from sim.world.model import Object, Place, Route, SupplyLine, World
from sim.world.parts import Given
from sim.world.quantities import KINDS, Default
from sim.world.specs import TABLES


def written(world: World) -> Iterator[Given]:
    """Yield the quantities that a file states of its world, in file order."""
    objects: Iterator[Object] = chain(
        world.factions.values(),
        world.places.values(),
        world.routes.values(),
        world.lines.values(),
    )
    for thing in objects:
        for name, key in type(thing.spec).model_fields.items():
            extra = key.json_schema_extra
            kind = str(extra.get(UNIT, "")) if isinstance(extra, dict) else ""
            value = getattr(thing.spec, name)
            if kind not in KINDS or value is None or isinstance(value, Default):
                continue
            if isinstance(thing, Place | SupplyLine) and name in (*TABLES, "brings"):
                yield from (thing.entry(name, of, node, kind) for of, node in value.items())
            else:
                yield thing.quantity(name, value)
        if isinstance(thing, Route) and isinstance(thing.spec.bridge, Map):
            span = thing.spec.bridge.get("span")
            if span is not None:
                yield thing.entry("bridge", "span", span, "m")
