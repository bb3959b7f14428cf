"""``gradient``: how fast outcomes' probabilities change with inputs."""

from __future__ import annotations

import logging
import math
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.shown import points

if TYPE_CHECKING:
    from sim.net.model import Outcome
    from sim.scenario.model import Scenario
    from sim.studies.gradients import Gradient, Gradients

_SHOWN = 12
_REFUSED = 5
_MARK = "?"


@click.command("gradient")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="NAME",
    help="Of this outcome's probability; all by default. May be given several times.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="PATH",
    help="By this input, parameters.hits say; by default all that are drawn, or, if none is, all. "
    "May be given several times.",
)
@click.option(
    "--at",
    type=click.FloatRange(0.0),
    metavar="DAY",
    help="By when: days after the start. By the horizon by default.",
)
@options.replications
@options.seed
@options.changes
@options.engine
@options.workers
@options.memory
@options.output
def command(file: str, **given: Any) -> int:
    """Say how fast outcomes of a scenario FILE become likelier with its inputs.

    By the likelihood-ratio method, from one ensemble: nothing is changed and run again. It takes
    inputs that only paces and branch weights read, of clocks whose work is exponential, gamma,
    Erlang, Weibull or lognormal; others are refused, with what reads them.

    Inputs of clocks that are not exponential take the slow engine, and so more time.
    """  # fmt: skip
    scenario = options.read(file, given["assignments"], given["variant"])
    quiet = given["quiet"] or given["as_json"]
    options.warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    found = _found(scenario, given, quiet=quiet)
    if given["as_json"]:
        from sim.studies.gradients import as_json

        options.print_json(as_json(found))
    else:
        look = Look.of(sys.stdout)
        options.say("\n".join(_Told(found, scenario, look).lines()))
    return 0


def _found(scenario: Scenario, given: dict[str, Any], *, quiet: bool) -> Gradients:
    from sim.cli.progress import progress
    from sim.studies.gradients import gradients
    from sim.studies.simulate import REPLICATIONS

    began, log = time.perf_counter(), logging.getLogger(__name__)
    with progress(scenario.name, quiet=quiet) as update:
        found = gradients(
            scenario,
            outcomes=given["outcomes"] or None,
            inputs=given["inputs"] or None,
            by=given["at"],
            replications=given["replications"] or REPLICATIONS,
            seed=given["seed"],
            engine=given["engine"],
            workers=given["workers"],
            memory=given["memory"],
            progress=update,
        )
    took = time.perf_counter() - began
    log.info("scored %d replications in %.2f s", found.replications, took)
    n = text.counted(found.replications, "replication")
    options.note(f"{n}, scored in {took:.2f} s", quiet=quiet)
    return found


@dataclass(frozen=True)
class _Told:
    """Gradients as people read them."""

    found: Gradients
    scenario: Scenario
    look: Look

    def lines(self) -> list[str]:
        named = {outcome.name: outcome for outcome in self.scenario.net.outcomes}
        lines = self.head()
        for name, of in self.found.gradients.items():
            lines += ["", *self.outcome(named[name], of)]
        return [*lines, "", *self.foot()]

    def head(self) -> list[str]:
        found = self.found
        which = f"{found.scenario}, variant {found.variant}" if found.variant else found.scenario
        return text.headed(safe(found.title), safe(which), self.look)

    def outcome(self, outcome: Outcome, of: tuple[Gradient, ...]) -> list[str]:
        """Return one outcome's probability, and what a tenth more of each input does to it."""
        label = f"{outcome.label} ({outcome.name})" if outcome.label else outcome.name
        day = text.days(self.found.days, text.decimals_for(self.found.days))
        p = text.percent(self.found.probabilities[outcome.name])
        lines = text.wrapped(safe(f"{label} by day {day}: {p}"), self.look.width)
        lines = [self.look.styled(line, "bold") for line in lines]
        if not of:
            return [*lines, f"  {self.why_none()}"]
        if any(math.isnan(one.gradient) for one in of):
            said = "all replications have it, or none has: no gradient is known"
            return [*lines, *text.wrapped(said, self.look.width, "  ")]
        rows = [["input", "value", "per +10 %", "Monte Carlo 95 %", "per unit"]]
        rows += [[safe(one.input), *_figures(one)] for one in of[:_SHOWN]]
        body = text.fitting_table(rows, "lrrrr", self.look)
        more = len(of) - _SHOWN
        body += [f"  and {text.counted(more, 'input')} with less; --json has all"] * (more > 0)
        return [*lines, *body]

    def why_none(self) -> str:
        if self.found.refused:
            return "no input has a gradient"
        return "no input: a number has to have a name, in 'parameters' say"

    def foot(self) -> list[str]:
        found, width = self.found, self.look.width
        lines: list[str] = []
        for one in found.refused[:_REFUSED]:
            lines += text.wrapped(safe(one.reasons[0]), width)
        more = len(found.refused) - _REFUSED
        if more > 0:
            lines.append(f"and none by {text.counted(more, 'other input')}; --json has why")
        lines += [""] * bool(lines)
        said = (
            f"{text.counted(found.replications, 'replication')}, seed {found.seed}. Per +10 %: "
            "points of a hundred that a tenth more of the input would add if it went on at this "
            "rate; of an uncertain one, a tenth more of every value of its prior. Per unit: "
            "probability."
        )
        lines += text.wrapped(said, width)
        if any(not one.telling for of in found.gradients.values() for one in of):
            said = (
                f"{_MARK}: says little, for many firings hang on the input, or few replications "
                "have the outcome, or lack it. A difference under common random numbers may say "
                "more: compare the file with a variant in which the input has another value."
            )
            lines += text.wrapped(said, width)
        return lines


def _figures(one: Gradient) -> list[str]:
    """Return the columns of an input but for its name."""
    ends = (one.log_gradient, *one.log_interval95)
    shown = points(*(0.1 * end for end in ends))
    mark = " " if one.telling else _MARK
    value = f"{one.value:.3g}" + (f" {one.unit}" if one.unit else "")
    return [value, f"{shown[0]} {mark}", f"{shown[1]} to {shown[2]}", f"{one.gradient:+.3g}"]
