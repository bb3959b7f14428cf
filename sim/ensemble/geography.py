"""Where things are and who may hold them, for pictures and tables: no run reads any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: A line on the globe: (longitude, latitude) in degrees, point after point.
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Spot:
    """A place; ``watch`` is the name under which it is watched who holds it, empty if it is not."""

    name: str
    label: str = ""
    kind: str = ""
    #: Latitude and longitude in degrees, where it is on the map.
    at: tuple[float, float] | None = None
    #: Least number of people: which name matters most where there is no room for all.
    people: float = 0.0
    watch: str = ""


@dataclass(frozen=True)
class Way:
    """A route between two places."""

    name: str
    ends: tuple[str, str]
    kind: str = ""


@dataclass(frozen=True)
class Holder:
    """Who may hold a place; ``watch`` is the name under which its stocks are watched, if any."""

    name: str
    label: str = ""
    watch: str = ""


@dataclass(frozen=True)
class Geography:
    """Everything that a scenario says of places, in its order; empty where it has none."""

    spots: tuple[Spot, ...] = ()
    ways: tuple[Way, ...] = ()
    holders: tuple[Holder, ...] = ()
    #: Lines of a map of the scenario's own; None: those that come with the program.
    outline: tuple[Line, ...] | None = None
    #: What the map of its own is called.
    outline_of: str = ""

    def label(self, name: str) -> str:
        """Return what a place or holder is called."""
        labels = {one.name: one.label for one in self.spots}
        labels |= {one.name: one.label for one in self.holders}
        return labels.get(name) or ("nobody" if name == NOBODY else name)


#: Who holds what nobody holds.
NOBODY = "none"
NOWHERE = Geography()


def geography_of(found: dict[str, Any]) -> Geography:
    """Return what was kept as JSON."""
    outline = found["outline"]
    return Geography(
        spots=tuple(Spot(**_with_tuple(one, "at")) for one in found["spots"]),
        ways=tuple(Way(**_with_tuple(one, "ends")) for one in found["ways"]),
        holders=tuple(Holder(**one) for one in found["holders"]),
        outline=None if outline is None else tuple(tuple(map(tuple, line)) for line in outline),
        outline_of=found["outline_of"],
    )


def _with_tuple(found: dict[str, Any], key: str) -> dict[str, Any]:
    return {**found, key: found[key] and tuple(found[key])}
