"""``run``: an ensemble of a scenario, and what came of it in words, tables and a curve."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.errors import Exit, Interrupted

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble
    from sim.scenario.model import Scenario


@click.command("run")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@options.replications
@click.option(
    "--precision",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    metavar="P",
    help="Instead of -n: go on until every outcome's probability by the horizon is known to this, "
    "by its 95 % interval; 0.01 is one point of a hundred.",
)
@options.seed
@options.changes
@options.at
@options.engine
@options.workers
@options.memory
@options.out
@options.no_pictures
@options.resume
@options.output
def command(files: tuple[str, ...], **given: Any) -> int:
    """Run a scenario FILE (or several) and say what comes of it.

    Prints each outcome's probability by date, how far it hangs on what is unknown, its arrival
    curve, when it happens, and what brings it about. Results and pictures are kept in a folder of
    results, where the same run is found the next time.
    """  # fmt: skip
    scenarios = [options.read(file, given["assignments"], given["variant"]) for file in files]
    for scenario in scenarios:
        options.within_horizon(given["at"], _horizon_days(scenario))
    from sim.cli.main import status_of

    summaries: list[dict[str, Any]] = []
    status = 0
    for number, scenario in enumerate(scenarios):
        ensemble, status = _ensemble(scenario, given)
        if given["as_json"]:
            summaries.append(_summary(ensemble, scenario, given, is_interrupted=status != 0))
        else:
            _tell(ensemble, given, is_first=number == 0)
            made: list[str] = []
            try:
                made = [] if status else _made(ensemble, scenario, given)
            except KeyboardInterrupt as stop:
                status = status_of(stop)
            _say_where(ensemble, made, quiet=given["quiet"])
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
    options.warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    began, log = time.perf_counter(), logging.getLogger(__name__)
    log.info("%s: seed %d, %s", scenario.name, given["seed"], given["engine"])
    status = int(Exit.DONE)
    try:
        with progress(scenario.name, quiet=quiet) as update:
            ensemble = run(
                scenario,
                replications=given["replications"],
                precision=given["precision"],
                seed=given["seed"],
                engine=given["engine"],
                workers=given["workers"],
                memory=given["memory"],
                progress=update,
                out=given["out"],
                fresh=not given["may_resume"],
            )
    except Interrupted as stop:
        ensemble, status = cast("Ensemble", stop.partial), status_of(stop.__cause__)
    took = time.perf_counter() - began
    log.info("%s: %d replications in %.2f s", scenario.name, ensemble.n, took)
    if not ensemble.was_found:
        options.note(
            f"{text.counted(ensemble.n, 'replication')}, "
            f"{text.counted(ensemble.n_events, 'event')} by the {ensemble.engine} engine in "
            f"{took:.2f} s",
            quiet=quiet,
        )
    return ensemble, status


def _made(ensemble: Ensemble, scenario: Scenario, given: dict[str, Any]) -> list[str]:
    """Make the pictures and the report of a result, and say what there is."""
    n_pictures = len(_pictures(ensemble, given))
    made = [text.counted(n_pictures, "picture")] if n_pictures else []
    return made + (["a report"] if _report(ensemble, scenario, given) else [])


def _pictures(ensemble: Ensemble, given: dict[str, Any]) -> list[dict[str, str]]:
    """Draw the pictures of a result where they are not there yet; return what they are."""
    if not _is_wanted(ensemble, given):
        return []
    from sim.report.kept import pictures

    try:
        return pictures(ensemble, given["at"], options.themes(given))
    except OSError as error:  # the result is kept and told: that is what was asked for
        options.say(f"no pictures: {error.strerror or error}", err=True)
        return []


def _report(ensemble: Ensemble, scenario: Scenario, given: dict[str, Any]) -> bool:
    """Make the report of a result where it is not there yet; return whether there is one."""
    if not _is_wanted(ensemble, given):
        return False
    from sim.report.kept import report

    try:
        report(ensemble, scenario)
    except OSError as error:
        options.say(f"no report: {error.strerror or error}", err=True)
        return False
    return True


def _is_wanted(ensemble: Ensemble, given: dict[str, Any]) -> bool:
    """Return whether there are to be pictures and a report: never of what was cut short."""
    return not given["no_pictures"] and ensemble.folder is not None and ensemble.is_complete


def _say_where(ensemble: Ensemble, made: list[str], *, quiet: bool) -> None:
    """Say where the result is, and what can be done with it."""
    if ensemble.folder is None:
        return
    where = safe(str(ensemble.folder))
    beside = f", with {' and '.join(made)}" if made else ""
    if ensemble.was_found:
        options.note(f"found in {where}{beside}; --fresh runs it anew", quiet=quiet)
    elif ensemble.is_complete:
        options.note(f"kept in {where}{beside}", quiet=quiet)
    else:
        options.note(f"kept in {where}; the same command goes on from there", quiet=quiet)


def _summary(
    ensemble: Ensemble, scenario: Scenario, given: dict[str, Any], *, is_interrupted: bool
) -> dict[str, Any]:
    from sim.studies.summary import summary

    pictures = []
    if not is_interrupted:
        pictures = _pictures(ensemble, given)
        _report(ensemble, scenario, given)
    return {**summary(ensemble, given["at"]), "pictures": pictures}


def _tell(ensemble: Ensemble, given: dict[str, Any], *, is_first: bool) -> None:
    from sim.cli.forecast import forecast

    look = text.Look.of(sys.stdout)
    if not is_first:
        options.say("\n\n" + ("━" if look.blocks else "=") * look.width + "\n")
    options.say(forecast(ensemble, given["at"], look))
