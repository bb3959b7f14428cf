"""``exact``: the first-passage law of a small Markov scenario, without sampling."""

from __future__ import annotations

from typing import Any

import click

from sim.cli import options, text


@click.command("exact")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--at", type=options.Times(), metavar="DAYS",
    help="Days at which to give P(it has happened): 1,2,3. The file's report times by default.",
)  # fmt: skip
@options.changes
@options.output
def command(file: str, at: tuple[float, ...] | None, **given: Any) -> int:
    """Solve a scenario FILE exactly, where all its clocks are exponential.

    Refuses by name whatever is not Markov. Uncertain inputs with a continuous law must be fixed
    with --set.
    """
    from sim.exact.solve import exact
    from sim.units import SECONDS_PER_DAY

    scenario = options.read(file, given["assignments"], given["variant"])
    options.within_horizon(at, scenario.clock.horizon / SECONDS_PER_DAY)
    times = at or tuple(t / SECONDS_PER_DAY for t in scenario.clock.report)
    solved = exact(scenario, at=times)
    laws = {o.name: [float(p) for p in solved.cdf(o.name)] for o in scenario.net.outcomes}
    if given["as_json"]:
        options.print_json(
            {
                "states": solved.n_states,
                "outcomes": {
                    name: {"times_days": list(times), "cdf": law} for name, law in laws.items()
                },
            }
        )
        return 0
    from sim.cli.render import safe

    rows = [["by day", *laws]]
    for j, t in enumerate(times):
        rows.append([text.days(t), *(f"{law[j]:.10f}" for law in laws.values())])
    lines = [f"{scenario.title}: exact, {solved.n_states:,} states", ""]
    lines += [f"  {line}" for line in text.table(rows, "r" * (1 + len(laws)))]
    click.echo(safe("\n".join(lines)))
    return 0
