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
@click.option(
    "--table",
    type=click.Choice(["forecast", "control"]),
    help="Which table, with --csv: the outcomes' probabilities (the default), or who controls each "
    "place of a world.",
)
@options.out
@options.output
def command(
    result: str, at: tuple[float, ...] | None, as_csv: bool, table: str | None, **given: Any
) -> int:
    """Show a RESULT that was kept.

    RESULT is its folder, or the name of a run (its first digits will do), or that of a scenario,
    whose latest run is shown.
    """
    from sim.cli.results import open_named

    if as_csv and given["as_json"]:
        raise UsageError("either --csv or --json")
    if table is not None and not as_csv:
        raise UsageError("--table says which table --csv prints")
    ensemble = open_named(result, given["out"])
    options.within_horizon(at, ensemble.facts.horizon)
    if given["as_json"]:
        from sim.studies.summary import summary

        options.print_json(summary(ensemble, at))
    elif as_csv:
        from sim.report.tables import control_csv, forecast_csv

        printed = control_csv if table == "control" else forecast_csv
        options.say(printed(ensemble, at), end="")
    else:
        from sim.cli.forecast import forecast

        options.say(forecast(ensemble, at, text.Look.of(sys.stdout)))
    return 0
