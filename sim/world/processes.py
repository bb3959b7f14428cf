"""Processes as they are declared, and the parts that a world with its processes becomes."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from sim.errors import did_you_mean, one_of
from sim.keys import validated
from sim.net.model import Note
from sim.values import Faults, Items, Map, Node, Text, describe
from sim.world.comers import next_door
from sim.world.frame import frame
from sim.world.mechanisms.process import Process
from sim.world.mechanisms.registry import BY_KIND, MECHANISMS
from sim.world.model import Object, World
from sim.world.parts import Parts
from sim.world.reading import NOUNS
from sim.world.scene import Column, Scene, axis, settings
from sim.world.supply import expand_lines, prepare_lines
from sim.world.truces import Truce


def read_processes(node: Node | None, world: World, faults: Faults) -> dict[str, Process]:
    """Return the declared processes by name; what is faulty is told and left out."""
    if node is None:
        return {}
    if not isinstance(node, Map):
        expected = "a mapping from the name of each process"
        message = f"'processes' is {describe(node)}"
        faults.add("wrong-type", message, node, "processes", expected=expected)
        return {}
    names: dict[str, Mapping[str, object]] = {
        "factions": world.factions,
        "places": world.places,
        "routes": world.routes,
        "supply": world.lines,
        "processes": node,
    }
    found = {}
    for key, value in node.entries():
        if key in world.lost.get("processes", ()):
            continue
        before, are_known = faults.n_errors, False
        process = _process(key, value, faults)
        if process is not None:
            are_known = _knows_all(process, names, world.lost, faults)
        if process is not None and are_known:
            BY_KIND[process.kind].check(process, world, faults)
        if process is not None and are_known and faults.n_errors == before:
            found[str(key)] = process
        else:  # Its names are lost: that they are unknown would only repeat what was told.
            world.is_partial = True
    return found


def _process(key: Text, node: Node, faults: Faults) -> Process | None:
    path = f"processes.{key}"
    kind = node.get("kind") if isinstance(node, Map) else None
    if not isinstance(node, Map) or not isinstance(kind, Text):
        message = f"the process '{key}' has no kind"
        faults.add("no-kind", message, key, path, expected="{kind: " + one_of(BY_KIND) + ", ...}")
        return None
    if kind not in BY_KIND:
        message, hint = f"no kind of process '{kind}'", did_you_mean(kind, BY_KIND)
        faults.add(
            "unknown-kind", message, kind, f"{path}.kind", expected=one_of(BY_KIND), hint=hint
        )
        return None
    spec, is_valid = validated(BY_KIND[kind], node, path, f"process '{key}'", faults)
    if spec is None or not is_valid:
        return None
    source, mark = (str(getattr(spec, name) or "") for name in ("source", "mark"))
    return Process(key, spec, Note(source=source, mark=mark))


def _knows_all(
    process: Process,
    names: Mapping[str, Mapping[str, object]],
    lost: Mapping[str, Container[str]],
    faults: Faults,
) -> bool:
    """Tell names that nothing has; return whether there are none, nor any that a fault cost."""
    are_known = True
    for key, section in process.spec.REFERENCES.items():
        node: Node | None = getattr(process.spec, key)
        known = names[section]
        for name in node if isinstance(node, Items) else (node,):
            if name is None or (name == "all" and not isinstance(node, Items)):
                continue
            if isinstance(name, Text) and name in lost.get(section, ()):
                are_known = False
            elif not isinstance(name, Text) or name not in known:
                noun = NOUNS.get(section, "process")
                message = f"unknown {noun} '{name}'"
                at, hint = name if isinstance(name, Text) else process.key, ""
                if isinstance(name, Text):
                    hint = did_you_mean(name, known)
                path = f"{process.path}.{key.removesuffix('_')}"
                faults.add(
                    f"unknown-{noun.split()[-1]}",
                    message,
                    at,
                    path,
                    expected=one_of(known) if known else f"a {noun} under '{section}'",
                    hint=hint,
                )
                are_known = False
    return are_known


def expand(
    world: World,
    processes: Mapping[str, Process],
    faults: Faults,
    transitions: Node | None = None,
) -> Parts:
    """Return the parts that stand for a world and everything that goes on in it.

    ``transitions`` are those that the file writes itself: the world must know what they change.
    """
    live = _live(processes)
    world.comers = _comers(world, live, transitions)
    parts = frame(world, faults)
    scene = Scene(world, parts, dict(processes), faults=faults)
    scene.closable.update(_assigned(world.routes, "status", transitions))
    scene.contested.update(_assigned(world.places, "attacker", transitions))
    for name, column in _columns(live):
        scene.columns.setdefault(name, []).append(column)
    scene.truces.extend(_truces(live))
    for model in MECHANISMS:
        for one in _everything(world, model.EVERY):
            there = settings(model, one, processes.values(), parts)
            scene.everywhere[model.KIND, one.name] = there
    for process in live.values():
        BY_KIND[process.kind].prepare(process, scene)
    prepare_lines(scene)
    for place in world.places.values():
        scene.define_strengths(place)
        scene.define_threat(place)
    for model in MECHANISMS:
        for one in _everything(world, model.EVERY):
            there = scene.everywhere[model.KIND, one.name]
            if not there.is_off:
                model.expand_at(one, there, scene)
    for process in live.values():
        if not BY_KIND[process.kind].EVERY:
            BY_KIND[process.kind].expand(process, scene)
    expand_lines(scene)
    return parts


def _comers(
    world: World, processes: Mapping[str, Process], transitions: Node | None
) -> dict[str, set[str]]:
    """Return who may come to hold each place: what nobody can bring about costs no parts."""
    found: dict[str, set[str]] = {name: set() for name in world.places}
    for place in world.places.values():
        found[place.name].update(filter(None, [place.spec.attacker and str(place.spec.attacker)]))
    for process in processes.values():
        for name, faction in process.spec.comers():
            if name in found:
                found[name].add(faction)
    for name in _assigned(world.places, "control", transitions):
        found[name].update(faction.name for faction in world.fronts())
    for name, faction in list(next_door(world, found)):
        found[name].add(faction)
    return found


def _live(processes: Mapping[str, Process]) -> dict[str, Process]:
    """Return the processes that go on: what is to split from one taken off is off as well."""
    live = {name: process for name, process in processes.items() if not process.spec.off}
    while True:
        found = {n: p for n, p in live.items() if str(_splits_from(p) or n) in live}
        if len(found) == len(live):
            return found
        live = found


def _splits_from(process: Process) -> Node | None:
    return getattr(process.spec, "take_from", None)


def _assigned(names: Iterable[str], state: str, transitions: Node | None) -> Iterator[str]:
    """Yield those whose state a transition of the file may set, by name or by a letter."""
    targets = set(_targets(transitions))
    templates = [pieces for t in targets if len(pieces := re.split(r"\$\w+", t)) > 1]
    for name in names:
        target = f"{name}.{state}"
        if target in targets or any(_may_become(pieces, target) for pieces in templates):
            yield name


def _may_become(pieces: list[str], name: str) -> bool:
    """Return whether a name may be these pieces with anything between them.

    Piece by piece from the left, not by a regular expression: some files would have one backtrack
    for hours.
    """
    first, *between, last = pieces
    end = len(name) - len(last)
    if not name.startswith(first) or not name.endswith(last) or end < len(first):
        return False
    at = len(first)
    for piece in between:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _targets(transitions: Node | None) -> Iterator[str]:
    for transition in transitions.values() if isinstance(transitions, Map) else ():
        branches = transition.get("branches") if isinstance(transition, Map) else None
        for one in (transition, *(branches if isinstance(branches, Items) else ())):
            then = one.get("then") if isinstance(one, Map) else None
            yield from then if isinstance(then, Map) else ()


def _everything(world: World, what: str) -> Iterable[Object]:
    every: dict[str, Mapping[str, Object]] = {
        "places": world.places,
        "factions": world.factions,
        "routes": world.routes,
    }
    return every[what].values() if what else ()


def _truces(processes: Mapping[str, Process]) -> Iterator[Truce]:
    """Yield the ceasefires that may come to hold."""
    for process in processes.values():
        if process.kind == "ceasefire":
            yield Truce(process.name, tuple(map(str, process.spec.between)))


def _columns(processes: Mapping[str, Process]) -> Iterator[tuple[str, Column]]:
    """Yield the advances that pass through each place."""
    for process in processes.values():
        if process.kind == "advance":
            before = ""
            for place in axis(process):
                yield place, Column(process, str(process.spec.faction), place, before)
                before = place
