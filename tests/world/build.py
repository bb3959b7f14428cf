"""Small worlds for tests, and what holds in one of their states."""

from __future__ import annotations

from textwrap import dedent, indent

from sim.engines.reference import ReferenceEngine
from sim.net.evaluate import evaluator
from sim.net.expr import Ref
from sim.scenario.load import loads
from sim.scenario.model import Scenario
from sim.units import to_display

CLOCK = "start: 2024-12-06T18:00+03:00, horizon: 10 days"
SIDES = """
factions: {government: {}, rebels: {}}
hostile: [[rebels, government]]
"""
HOMS = "homs: {control: government}"


def world(
    places: str = HOMS,
    *,
    sides: str = SIDES,
    routes: str = "",
    links: str = "",
    more: str = "",
    clock: str = CLOCK,
) -> str:
    """Return the text of a world; a section is what stands below its key."""
    sections = {"places": places, "routes": routes, "links": links}
    parts = [f"title: Test\nclock: {{{clock}}}", dedent(sides).strip()]
    parts += [
        f"{name}:\n" + indent(dedent(body).strip(), "  ") for name, body in sections.items() if body
    ]
    return "\n".join([*parts, dedent(more).strip()]) + "\n"


def scenario(*args: str, changes: dict[str, object] | None = None, **more: str) -> Scenario:
    """Return the scenario of a world."""
    return loads(world(*args, **more), "t.yaml", set=changes)


class Point:
    """A state of a scenario's net: at first that of the start of a replication."""

    def __init__(self, scenario: Scenario, replication: int = 0, seed: int = 0) -> None:
        net = self.net = scenario.net
        drawn = ReferenceEngine(net).inputs(seed, [replication])[0]
        refs = [
            *(Ref("input", i.name) for i in net.inputs),
            *(Ref("variable", v.name) for v in net.variables),
            *(Ref("fired", t.name) for t in net.transitions),
            *(Ref("definition", d.name) for d in net.definitions),
        ]
        self.slots = {ref: slot for slot, ref in enumerate(refs)}
        self.state = [*map(float, drawn), *[0.0] * (len(refs) - len(drawn))]
        self.variables = {v.name: v for v in net.variables}
        for v in net.variables:
            initial = evaluator(v.initial, self.slots)(self.state)
            kept = initial if v.labels else min(max(initial, v.low), v.high)
            self.state[self.slots[Ref("variable", v.name)]] = kept

    def put(self, name: str, value: float | str) -> None:
        """Set a variable, a number in internal units."""
        number = float(self.net.labels.index(value)) if isinstance(value, str) else value
        self.state[self.slots[Ref("variable", name)]] = number

    def get(self, name: str) -> float | str:
        """Return a variable or a definition, a number in display units."""
        if name in self.variables:
            v = self.variables[name]
            number = self.state[self.slots[Ref("variable", name)]]
            return self.net.labels[int(number)] if v.labels else to_display(number, v.dimension)
        for d in self.net.definitions:  # in reading order
            slot = self.slots[Ref("definition", d.name)]
            self.state[slot] = evaluator(d.expr, self.slots)(self.state)
            if d.name == name:
                return to_display(self.state[slot], d.dimension)
        raise KeyError(name)

    def input(self, name: str) -> float:
        """Return an input in internal units."""
        return self.state[self.slots[Ref("input", name)]]
