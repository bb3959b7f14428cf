"""``explain``: what a scenario file means, in words, as JSON, or as the text of a graph."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options
from sim.cli.text import Look
from sim.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from sim.net.connections import Part
    from sim.net.model import Net
    from sim.scenario.model import Scenario


@click.command("explain")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="NAME",
    help="Explain just this variable, transition, input, ..., and what is next to it. May be "
    "given several times.",
)
@click.option(
    "--graph",
    type=click.Choice(["dot", "mermaid"]),
    help="Print what reads and writes what as the text of a graph, for Graphviz or Mermaid.",
)
@options.changes
@options.output
def command(file: str, names: tuple[str, ...], graph: str | None, **given: Any) -> int:
    """Say in words what a scenario FILE means.

    Tells its clock, outcomes, variables, transitions, definitions and inputs in the words of the
    file, with units, sources and marks, and of each name who reads it and who writes it.
    """
    if graph and given["as_json"]:
        raise UsageError("--graph prints a graph's text, and --json an object: choose one")
    scenario = options.read(file, given["assignments"], given["variant"])
    chosen = _chosen(scenario.net, names)
    if graph:
        from sim.report.graph import dot, mermaid

        write = {"dot": dot, "mermaid": mermaid}[graph]
        options.say(write(scenario.net, title=scenario.title, only=chosen or None), end="")
    else:
        _tell(scenario, chosen, as_json=given["as_json"])
    return 0


def _tell(scenario: Scenario, chosen: Sequence[Part], *, as_json: bool) -> None:
    from sim.net.connections import Connections
    from sim.scenario.explained import explained, only

    told = explained(scenario)
    around = Connections(scenario.net).next_to(chosen)
    if as_json:
        options.print_json((only(told, {*chosen, *around}) if chosen else told).as_json())
        return
    from sim.cli.meaning import Teller

    look = Look.of(sys.stdout)
    if chosen:
        parts, others = only(told, set(chosen)), only(told, set(around))
        lines = Teller(look, is_full=True).close_up(parts, others)
    else:
        lines = Teller(look).lines(told)
    options.say("\n".join(line.rstrip() for line in lines))


def _chosen(net: Net, names: Iterable[str]) -> list[Part]:
    """Return the parts that bear the names; one name may stand for several kinds."""
    found: dict[str, list[Part]] = {}
    for part, path in _paths(net):
        found.setdefault(part.name, []).append(part)
        if path != part.name:
            found.setdefault(path, []).append(part)
    for name in names:
        if name not in found:
            hint = did_you_mean(name, found)
            raise UsageError(f"--only: nothing is called '{name}'" + (f": {hint}" if hint else ""))
    return list(dict.fromkeys(part for name in names for part in found[name]))


def _paths(net: Net) -> Iterable[tuple[Part, str]]:
    """Yield every part that has a name, with its path in the file."""
    from sim.net.connections import Part

    yield from ((Part("input", i.name), i.path) for i in net.inputs)
    yield from ((Part("variable", v.name), f"variables.{v.name}") for v in net.variables)
    yield from ((Part("definition", d.name), f"definitions.{d.name}") for d in net.definitions)
    yield from ((Part("transition", t.name), f"transitions.{t.name}") for t in net.transitions)
    yield from ((Part("outcome", o.name), f"outcomes.{o.name}") for o in net.outcomes)
    yield from ((Part("watch", w.name), f"watch.{w.name}") for w in net.watches if not w.is_made)
    yield from ((Part("total", t.name), f"totals.{t.name}") for t in net.totals)
