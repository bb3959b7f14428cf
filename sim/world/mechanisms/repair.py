"""``repair``: a cut route is by-passed, and a by-pass becomes the route again.

Two clocks for each route that can be other than open:

    bypass (cut -> bypass):   lognormal, sigma 0.8, median 12 h under 60 m of bridge,
                              3 days up to 300 m, 30 days beyond
    repair (bypass -> open):  lognormal, sigma 0.8, median 3 days

A bridge is a delay, not a switch: Rastan took at least eight strikes in one night and was passed
the same day. With the bridges of Kep, Doumer and Antonivka that is all that the medians rest on, so
they are judgement. Both times are keys of the route, and unknown rather than luck: a replication
draws each once, and who is quick the first time is quick again.

What is decided here:

- A route has these clocks if it is not plainly open at the start, if a process may cut it, or if a
  transition that the file writes itself may set its status. Any other can only ever be open.
- No bulldozer by-passes a closed sky or a blockade: routes by air and sea have the clocks only
  where they state ``bypass`` or ``repair``.
- A route that is cut again loses the work on it. Where ``when`` does not hold (a front stands on
  the river, say) the work rests, and goes on from there.
- A route is mended whoever holds its ends: both sides want to pass. ``when`` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, a_key
from sim.values import Map, Node
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import MARCHED, Route
from sim.world.parts import all_of
from sim.world.quantities import Default

if TYPE_CHECKING:
    from sim.world.scene import Scene

_SEEN = "Rastan, Kep, Doumer, Antonivskyi"
#: Metres of bridge under which, and up to which, a by-pass takes so long.
_SHORT, _LONG = 60.0, 300.0
_SAYS = {"bypass": "can be passed again", "open": "is repaired"}


class Repair(ProcessSpec):
    """The clocks that open a route again. How long they take are keys of the route."""

    KIND = "repair"
    EVERY = "routes"
    REFERENCES = {"routes": "routes"}  # noqa: RUF012 (a constant)

    routes: Some = a_key("Where these keys hold: all, or a list", "[rastan_bridge]", default="all")

    @classmethod
    def expand_at(cls, at: Route, settings: Settings, scene: Scene) -> None:
        """Add both clocks of one route."""
        if not _can_be_closed(at, scene):
            return
        bypass = scene.parts.use(at.quantity("bypass", at.spec.bypass or by_span(at.span)))
        repair = scene.parts.use(at.given("repair"))
        _clock(at, "bypass", bypass, ("cut", "bypass"), settings, scene)
        _clock(at, "repair", repair, ("bypass", "open"), settings, scene)


def by_span(metres: float) -> Default:
    """Return how long it takes to by-pass so many metres of bridge."""
    median = "12 h" if metres < _SHORT else "3 days" if metres <= _LONG else "30 days"
    return Default({"lognormal": {"median": median, "sigma": "0.8"}}, "J", _SEEN)


def _can_be_closed(route: Route, scene: Scene) -> bool:
    """Return whether a route can ever be other than open, and people can do something about it."""
    is_stated = route.spec.bypass is not None or not isinstance(route.spec.repair, Default)
    if route.kind not in MARCHED and not is_stated:
        return False
    return route.name in scene.closable or not _is_plainly_open(route.spec.status)


def _is_plainly_open(status: Node | None) -> bool:
    if isinstance(status, Map) and "value" in status:
        return _is_plainly_open(status["value"])
    return status is None or status == "open"


def _clock(
    route: Route, name: str, lasts: str, change: tuple[str, str], settings: Settings, scene: Scene
) -> None:
    """Add a clock that takes a route from one status to another.

    What its author says of when it goes on is a pace, not a guard: work rests, and is not lost.
    """
    before, after = change
    clock = {"after": lasts}
    if conditions := settings.conditions():
        clock = {"work": lasts, "pace": f"1 if {all_of(conditions)} else 0"}
    spec = settings.chain[0].spec if settings.chain else None
    scene.parts.transition(
        f"{route.name}.{name}",
        route.key,
        route.path,
        when=f"{route.name}.status == {before}",
        **clock,
        memory="redraw",
        priority=spec.priority if spec else None,
        then={f"{route.name}.status": after},
        says=spec.says if spec and spec.says else f"{route.name} {_SAYS[after]}",
    )
