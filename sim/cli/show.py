"""``show``: a result again, as ``run`` told it, without running anything."""

from __future__ import annotations

import sys
from typing import Any

import click

from sim.cli import options, text
from sim.errors import UsageError


@click.command("show")
@click.argument("result", metavar="RESULT")
@options.at
@click.option("--csv", "as_csv", is_flag=True, help="Print the probabilities by date as CSV.")
@options.out
@options.output
def command(result: str, at: tuple[float, ...] | None, as_csv: bool, **given: Any) -> int:
    """Show a RESULT that was kept.

    RESULT is its folder, or the name of a run (its first digits will do), or that of a scenario,
    whose latest run is shown.
    """
    from sim.cli.results import open_named

    if as_csv and given["as_json"]:
        raise UsageError("either --csv or --json")
    ensemble = open_named(result, given["out"])
    options.within_horizon(at, ensemble.facts.horizon)
    if given["as_json"]:
        from sim.studies.summary import summary

        options.print_json(summary(ensemble, at))
    elif as_csv:
        from sim.report.tables import forecast_csv

        options.say(forecast_csv(ensemble, at), end="")
    else:
        from sim.cli.forecast import forecast

        options.say(forecast(ensemble, at, text.Look.of(sys.stdout)))
    return 0
