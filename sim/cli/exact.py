"""``exact``: the first-passage law of a small Markov scenario, without sampling."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.cli.text import Look

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

_DIGITS = 10
#: Columns that a date with year and zone needs beside the figures.
_ROOM = 60


@click.command("exact")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--at",
    type=options.Times(),
    metavar="DAYS",
    help="Days at which to give P(it has happened): 1,2,3. The file's report times by default.",
)
@options.changes
@options.output
def command(file: str, at: tuple[float, ...] | None, **given: Any) -> int:
    """Solve a scenario FILE exactly, where all its clocks are exponential.

    Refuses by name whatever is not Markov. Uncertain inputs with a continuous law must be fixed
    with --set.
    """  # fmt: skip
    from sim.exact.solve import exact
    from sim.units import SECONDS_PER_DAY

    scenario = options.read(file, given["assignments"], given["variant"])
    options.within_horizon(at, scenario.clock.horizon / SECONDS_PER_DAY)
    times = at or tuple(t / SECONDS_PER_DAY for t in scenario.clock.report)
    solved = exact(scenario, at=times)
    laws = {o.name: [float(p) for p in solved.cdf(o.name)] for o in scenario.net.outcomes}
    if given["as_json"]:
        outcomes = {name: {"times_days": list(times), "cdf": law} for name, law in laws.items()}
        options.print_json({"states": solved.n_states, "outcomes": outcomes})
    else:
        look = Look.of(sys.stdout)
        told = _told(scenario, times, laws, solved.n_states, look)
        options.say("\n".join(told))
    return 0


def _told(
    scenario: Scenario,
    times: tuple[float, ...],
    laws: dict[str, list[float]],
    n_states: int,
    look: Look,
) -> list[str]:
    from sim.studies.simulate import facts

    known = facts(scenario)
    title = safe(scenario.title)
    lines = [look.styled(title, "bold"), f"exact, {text.counted(n_states, 'state')}"]
    for outcome in scenario.net.outcomes:
        rows = [["by day", "date", "probability"]]
        for t, p in zip(times, laws[outcome.name], strict=True):
            date = text.date(known.date(t), is_short=look.width < _ROOM)
            rows.append([text.days(t, 6), date, f"{p:.{_DIGITS}f}"])
        if known.start is None:
            rows = [[day, p] for day, _, p in rows]
        label = f"{outcome.label} ({outcome.name})" if outcome.label else outcome.name
        head, *body = (f"  {line}" for line in text.table(rows, "rlr" if known.start else "rr"))
        lines += ["", *text.wrapped(safe(label), look.width), look.styled(head, "dim"), *body]
    return lines
