"""``interdict``: routes are struck from the air, and shipments are stopped on their way.

On routes, ``sorties`` a day are spread evenly over them, each a miss, damage or a drop:

    rate of hits on one of n routes = sorties / n x (damage + drop) / (miss + damage + drop)
    a hit drops with weight drop, and damages with weight damage

A drop cuts the route; damage leaves a by-pass. Misses change nothing and are not simulated: what is
left of a Poisson process when each point is kept with a fixed probability is a Poisson process
(Kingman, Poisson Processes, 1993, section 5.1). ``repair`` opens the routes again.

On supply lines, each shipment is stopped with probability ``loss``. Where k of n shipments are
known to have been stopped, and nothing else is known, that is {beta: [1 + k, 1 + n - k]} (Bayes
1763): of Iranian arms flights 4 of 4 reported attempts were turned back, hence {beta: [5, 1]}. A
loss is stated once: on the line, or by whoever interdicts it. Several who interdict one line each
have their own chance at each shipment.

What is decided here:

- Only a bridge can be dropped. A road, rail or track without one is cratered and driven round: a
  drop on it counts as damage, so that it is never cut.
- A route that is cut is not struck further, and damage on a by-pass changes nothing; a drop on it
  cuts it again. The sorties of a route that needs none are not flown against the others: they are
  there to see whether it is passed again.
- Nothing on a route by air or sea can be struck: the lines that use it can.
- A patron that has left and a faction that has collapsed interdict no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.keys import NEEDED, Line, Names, Spec, Value, a_key, a_table, to, validated
from sim.values import Faults, Node
from sim.world.mechanisms.process import Process, ProcessSpec, conditions
from sim.world.model import MARCHED, Route, SupplyLine, World
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity
from sim.world.reading import plain
from sim.world.truces import may_attack, spares

if TYPE_CHECKING:
    from sim.world.scene import Scene

Result = Annotated[
    Any,
    BeforeValidator(a_table),
    WithJsonSchema({"type": "object", "additionalProperties": to("value")}),
]
#: What a sortie does, where its author does not say.
_USUAL = {"miss": "0.8", "damage": "0.15", "drop": "0.05"}


class ResultSpec(Spec):
    """What a sortie does; a weight that is not given is 0."""

    miss: Value = quantity("Weight of nothing", "factor", Default("0"))
    damage: Value = quantity("Weight of damage, which leaves a by-pass", "factor", Default("0"))
    drop: Value = quantity("Weight of a bridge that is dropped", "factor", Default("0"))


class Interdict(ProcessSpec):
    """Strikes on routes, and shipments that do not arrive."""

    KIND = "interdict"
    REFERENCES = {  # noqa: RUF012 (a constant)
        "faction": "factions",
        "routes": "routes",
        "lines": "supply",
    }

    faction: Line = a_key("Who interdicts", "israel", default=NEEDED)
    routes: Names = a_key("Routes that it strikes", "[rastan_bridge]", default="none")
    sorties: Value = quantity(
        "Against all of its routes together",
        "1/day",
        "needed with routes",
        example="{interval90: [2 / day, 12 / day]}",
    )
    result: Result = quantity(
        "Weights of what a sortie does; one that is not given is 0",
        "factor",
        "{miss: 0.8, damage: 0.15, drop: 0.05}",
        example="{miss: 0.7, damage: 0.2, drop: 0.1}",
        mark="J",
    )
    lines: Names = a_key("Supply lines that it stops", "[iran_airlift]", default="none")
    loss: Value = quantity(
        "Probability that it stops a shipment; k of n stopped is {beta: [1 + k, 1 + n - k]}",
        "probability",
        "needed with lines",
        example="{beta: [5, 1]}",
    )

    @classmethod
    def check(cls, process: Process, world: World, faults: Faults) -> None:
        """Tell what it strikes with nothing, and what cannot be struck."""
        _check_keys(process, faults)
        _check_result(process, faults)
        for node in process.spec.routes or ():
            _check_route(node, world.routes[str(node)], process, faults)
        for node in process.spec.lines or ():
            _check_line(world.lines[str(node)], process, faults)

    @classmethod
    def prepare(cls, process: Process, scene: Scene) -> None:
        """Tell that routes may be cut, and what stops shipments."""
        scene.closable.update(_routes(process))
        for line in _lines(process):
            scene.line_losses.setdefault(line, []).append(_stops(process, line, scene))

    @classmethod
    def expand(cls, process: Process, scene: Scene) -> None:
        """Add the strikes on each route, and the chance to stop a shipment."""
        names = _routes(process)
        goes_on = [scene.is_active(str(process.spec.faction)), *conditions(process, scene.parts)]
        for name in names:
            _strike(process, scene.world.routes[name], len(names), goes_on, scene)
        if _lines(process):
            loss = scene.parts.use(process.given("loss"))
            stops = f"{loss} if {all_of(goes_on)} else 0"
            scene.parts.define(f"{process.name}.stops", stops, process.key, process.path)


def _routes(process: Process) -> list[str]:
    return list(dict.fromkeys(map(str, process.spec.routes or ())))


def _lines(process: Process) -> list[str]:
    return list(dict.fromkeys(map(str, process.spec.lines or ())))


def _stops(process: Process, line: str, scene: Scene) -> str:
    """Return the chance to stop a shipment: none where a ceasefire spares the line."""
    stops, supplied = f"{process.name}.stops", scene.world.lines[line].faction
    is_spared = spares(str(process.spec.faction), supplied, scene)
    return f"0 if {is_spared} else {stops}" if is_spared else stops


# Strikes.


def _strike(process: Process, route: Route, among: int, goes_on: list[str], scene: Scene) -> None:
    """Add the hits on one route; what cannot be dropped is damaged."""
    miss, damage, drop = _weights(process, scene)
    sorties = scene.parts.use(process.given("sorties"))
    hits = f"({damage} + {drop}) / ({miss} + {damage} + {drop})"
    status, says = f"{route.name}.status", process.says
    ends = [scene.world.places[end] for end in route.ends]
    may = [m for end in ends for m in may_attack(end, str(process.spec.faction), scene)]
    has_bridge = route.span > 0.0
    dropped = {"weight": drop, "label": "drop", "then": {status: "cut"}}
    damaged = {
        "weight": damage if has_bridge else f"{damage} + {drop}",
        "label": "damage",
        "then": {status: f"bypass if {status} == open else {status}"},
    }
    dropped["says"] = says or f"{process.name} drops {route.name}"
    damaged["says"] = says or f"{process.name} damages {route.name}"
    scene.parts.transition(
        f"{process.name}.{route.name}",
        process.key,
        process.path,
        when=all_of([f"{status} != cut" if has_bridge else f"{status} == open", *may, *goes_on]),
        rate=f"{sorties} / {among} * {hits}",
        priority=process.spec.priority,
        branches=[damaged, dropped] if has_bridge else [damaged],
    )


def _weights(process: Process, scene: Scene) -> Iterator[str]:
    """Yield the weights of a miss, damage and a drop."""
    written = process.spec.result
    for what, usual in _USUAL.items():
        value: Node | Default = Default(usual)
        if written is not None:
            value = written.get(what, Default("0"))
        yield scene.parts.use(process.entry("result", what, value, "factor"))


# Checks.


def _check_keys(process: Process, faults: Faults) -> None:
    spec = process.spec
    if spec.routes is None and spec.lines is None:
        message = f"the process '{process.name}' interdicts nothing"
        expected = "routes: [...] with sorties, or lines: [...] with loss"
        faults.add("missing-field", message, process.key, process.path, expected=expected)
        return
    for what, with_ in (("routes", ("sorties", "result")), ("lines", ("loss",))):
        for key in with_:
            value = getattr(spec, key)
            if getattr(spec, what) is None and value is not None:
                message = f"'{key}' without '{what}' in the process '{process.name}'"
                faults.add("missing-field", message, value, f"{process.path}.{key}", expected=what)
        if getattr(spec, what) is not None and getattr(spec, with_[0]) is None:
            message = f"'{with_[0]}' is missing in the process '{process.name}'"
            hint = f"'{what}' needs it"
            faults.add("missing-field", message, process.key, process.path, hint=hint)


def _check_result(process: Process, faults: Faults) -> None:
    if process.spec.result is not None:
        path, owner = f"{process.path}.result", f"the result of '{process.name}'"
        spec, _ = validated(ResultSpec, process.spec.result, path, owner, faults)
        weights = process.spec.result.values()
        if spec is not None and all(plain(node, "factor") == 0.0 for node in weights):
            message = "the weights sum to 0"
            faults.add("out-of-range", message, process.spec.result, path)


def _check_route(node: Node, route: Route, process: Process, faults: Faults) -> None:
    if route.kind not in MARCHED:
        message = f"nothing on the {route.kind} route '{route.name}' can be struck"
        hint = "name the supply lines that use it: 'lines' with 'loss'"
        faults.add("bad-route", message, node, f"{process.path}.routes", hint=hint)


def _check_line(line: SupplyLine, process: Process, faults: Faults) -> None:
    """Tell a loss that is stated twice: it would be counted twice."""
    loss = line.spec.loss
    if not isinstance(loss, Default) and not process.spec.off:
        message = (
            f"the loss of the supply line '{line.name}' is stated here and by '{process.name}'"
        )
        hint = "state it once: on the line, or by whoever interdicts it"
        faults.add("two-losses", message, loss, f"{line.path}.loss", hint=hint)
