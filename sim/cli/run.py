"""``run``: an ensemble of a scenario, and what came of it in words, tables and a curve."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, cast

import click

from sim.cli import options, text
from sim.errors import Exit, Interrupted

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble
    from sim.scenario.model import Scenario


@click.command("run")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    metavar="N",
    help="How many replications. The first ones are the same whatever the number.",
)
@options.seed
@options.changes
@click.option(
    "--at",
    type=options.Times(),
    metavar="DAYS",
    help="Report probabilities at these days: 1,2,3. The file's report times by default.",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    show_default=True,
    help="Both give the same numbers; the reference engine is slow and plain.",
)
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Threads; all processors by default."
)
@options.output
def command(files: tuple[str, ...], **given: Any) -> int:
    """Run a scenario FILE (or several) and say what comes of it.

    Prints each outcome's probability by date with its Monte Carlo interval, its arrival curve, when
    it happens, and what brings it about.
    """  # fmt: skip
    scenarios = [options.read(file, given["assignments"], given["variant"]) for file in files]
    for scenario in scenarios:
        options.within_horizon(given["at"], _horizon_days(scenario))
    summaries: list[dict[str, Any]] = []
    status = 0
    for number, scenario in enumerate(scenarios):
        ensemble, status = _ensemble(scenario, given)
        _tell(ensemble, given, summaries, is_first=number == 0)
        if status:
            break
    if given["as_json"]:
        options.print_json(summaries[0] if len(files) == 1 else {"runs": summaries})
    return status


def _horizon_days(scenario: Scenario) -> float:
    from sim.units import SECONDS_PER_DAY

    return scenario.clock.horizon / SECONDS_PER_DAY


def _ensemble(scenario: Scenario, given: dict[str, Any]) -> tuple[Ensemble, int]:
    """Return the ensemble, or what there is of it, and the exit status."""
    from sim.cli.main import status_of
    from sim.cli.progress import progress
    from sim.studies.simulate import run

    quiet = given["quiet"] or given["as_json"]
    _warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    began = time.perf_counter()
    status = int(Exit.DONE)
    try:
        with progress(scenario.name, quiet=quiet) as update:
            ensemble = run(
                scenario,
                replications=given["replications"],
                seed=given["seed"],
                engine=given["engine"],
                workers=given["workers"],
                progress=update,
            )
    except Interrupted as stop:
        ensemble, status = cast("Ensemble", stop.partial), status_of(stop.__cause__)
    n_events = int(ensemble.batch.n_events.sum())
    options.note(
        f"{text.counted(ensemble.n, 'replication')}, {text.counted(n_events, 'event')} by the "
        f"{given['engine']} engine in {time.perf_counter() - began:.2f} s",
        quiet=quiet,
    )
    return ensemble, status


def _warn(scenario: Scenario, *, is_verbose: bool, quiet: bool) -> None:
    if not scenario.warnings or quiet:
        return
    if is_verbose:
        from sim.cli.render import diagnostics

        look = text.Look.of(sys.stderr)
        options.note(diagnostics(scenario.warnings, scenario.texts, look))
    else:
        n = text.counted(len(scenario.warnings), "warning")
        options.note(f"{scenario.name}: {n} about the file; -v or 'validate' shows them")


def _tell(
    ensemble: Ensemble, given: dict[str, Any], summaries: list[dict[str, Any]], *, is_first: bool
) -> None:
    if given["as_json"]:
        from sim.studies.summary import summary

        summaries.append(summary(ensemble, given["at"]))
        return
    from sim.cli.forecast import forecast

    look = text.Look.of(sys.stdout)
    if not is_first:
        options.say("\n\n" + ("━" if look.blocks else "=") * look.width + "\n")
    options.say(forecast(ensemble, given["at"], look))
