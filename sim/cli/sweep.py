"""``sweep``: what drives each outcome."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.errors import Exit, Interrupted, UsageError

if TYPE_CHECKING:
    from sim.scenario.model import Scenario
    from sim.studies.limits import Held, Limit
    from sim.studies.swept import Sweep


@click.command("sweep")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--method",
    type=click.Choice(["given", "grid", "lhs", "morris", "sobol"]),
    default="given",
    show_default=True,
    help="Look at a run as it is, or run points of a design: a grid of all combinations, a Latin "
    "hypercube, Morris's screening, Sobol' indices.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="PATH",
    help="Sweep over this uncertain input, or over all that a pattern fits: 'factions.*'. May be "
    "given several times; all that are not chance by default.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    help="Let the points be of this variant too: which of them holds, or none, is one input more. "
    "May be given several times.",
)
@click.option("--points", type=int, metavar="N", help="How many points, in whole groups.")
@click.option("--levels", type=int, metavar="N", help="Levels of each input in a grid: 5.")
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(2),
    metavar="N",
    help="How many replications at each point: 1000; of a run as it is: 10000.",
)
@click.option(
    "--by", type=float, metavar="DAYS", help="Of the probabilities by this day; the horizon's."
)
@click.option(
    "--budget",
    type=options.Budget(),
    metavar="TIME",
    help="How long it may take: 60s, 5min. No group of points is begun after that.",
)
@click.option(
    "--fail-if",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="Exit with 1 if this is so: 'total(OUTCOME, INPUT) > 0.6', or with index, or mu_star. "
    "May be given several times.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 also if a limit is undecided.")
@options.seed
@options.assignments
@options.engine
@options.workers
@options.out
@options.no_pictures
@options.resume
@options.output
@click.option(
    "--csv",
    "as_csv",
    type=click.Choice(["influences", "points"]),
    help="Print CSV: what each input does to each outcome, or a row for every point of a design.",
)
def command(file: str, **given: Any) -> int:
    """Say what drives each outcome of a scenario.

    Without a method, by the replications of a run as it is. A design sets inputs at points of their
    own laws, runs replications at each, under common luck where points are compared, and takes off
    what luck does. What is done is kept: the same command goes on where it stopped.
    """
    if given["as_json"] and given["as_csv"]:
        raise UsageError("--json and --csv: one of the two")
    if given["as_csv"] == "points" and given["method"] == "given":
        raise UsageError("a run as it is has no points: choose a method, or 'show --csv'")
    from sim.studies.limits import limit

    limits = [limit(one) for one in given["limits"]]
    scenario = options.read(file, given["assignments"], None)
    quiet = given["quiet"] or given["as_json"] or given["as_csv"]
    options.warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    _check(limits, scenario, given)
    try:
        sweep = _swept(scenario, given, quiet=quiet)
    except Interrupted as stop:
        return _interrupted(stop, given)
    from sim.studies.limits import held

    found = [held(one, sweep) for one in limits]
    _say(sweep, found, given, quiet=quiet)
    return _status(found, is_strict=given["strict"])


def _check(limits: list[Limit], scenario: Scenario, given: dict[str, Any]) -> None:
    """Refuse limits that the sweep cannot be held to, before anything is run."""
    from sim.studies.asked import asked
    from sim.studies.limits import check_limit

    wanted = asked(
        scenario,
        given["method"],
        given["inputs"] or None,
        given["variants"],
        given["points"],
        given["levels"],
    )
    outcomes = [outcome.name for outcome in scenario.net.outcomes]
    for one in limits:
        check_limit(one, wanted.method, outcomes, wanted.dimensions)


def _swept(scenario: Scenario, given: dict[str, Any], *, quiet: bool) -> Sweep:
    from sim.cli.progress import progress
    from sim.studies.sweep import sweep

    began, log = time.perf_counter(), logging.getLogger(__name__)
    with progress(scenario.name, quiet=quiet) as update:
        found = sweep(
            scenario,
            method=given["method"],
            inputs=given["inputs"] or None,
            variants=given["variants"],
            points=given["points"],
            levels=given["levels"],
            replications=given["replications"],
            seed=given["seed"],
            by=given["by"],
            budget=given["budget"],
            engine=given["engine"],
            workers=given["workers"],
            progress=update,
            out=given["out"],
            fresh=not given["may_resume"],
        )
    took = time.perf_counter() - began
    log.info("swept %d points in %.2f s", found.points_done, took)
    told = f"{text.counted(found.points_done, 'point')} of "
    told += f"{text.counted(found.replications, 'replication')}"
    if found.method == "given":
        told = text.counted(found.points_done, "replication")
    options.note(f"{told}, swept in {took:.2f} s", quiet=quiet)
    return found


def _interrupted(stop: Interrupted, given: dict[str, Any]) -> int:
    """Say that what was run is not lost; the status is that of the signal."""
    from sim.cli.main import status_of
    from sim.studies.swept import Sweep

    if isinstance(stop.partial, Sweep):  # too late to stop anything
        _say(stop.partial, [], {**given, "no_pictures": True}, quiet=True)
        return status_of(stop.__cause__)
    if given["as_json"]:
        raise stop
    message = "interrupted before there was a result; the same command goes on from there"
    options.say(message, err=True)
    return status_of(stop.__cause__)


def _say(sweep: Sweep, found: list[Held], given: dict[str, Any], *, quiet: bool) -> None:
    pictures = _pictures(sweep, given)
    if given["as_json"]:
        from sim.studies.swept import as_json

        limits = [{**asdict(one), "limit": one.limit.text} for one in found]
        options.print_json({**as_json(sweep), "limits": limits, "pictures": pictures})
    elif given["as_csv"]:
        from sim.report.tables import indices_csv, points_csv

        options.say((points_csv if given["as_csv"] == "points" else indices_csv)(sweep), end="")
    else:
        from sim.cli.influences import limits_told, told

        look = text.Look.of(sys.stdout)
        options.say(told(sweep, look))
        if found:
            options.say("\n".join(["", *limits_told(found, look)]))
    if sweep.result is not None:
        shown = f", with {text.counted(len(pictures), 'picture')}" if pictures else ""
        options.note(f"kept in {safe(sweep.result)}{shown}", quiet=quiet)


def _status(found: list[Held], *, is_strict: bool) -> int:
    from sim.studies.limits import EXCEEDED, UNDECIDED

    verdicts = {one.verdict for one in found}
    has_failed = EXCEEDED in verdicts or (is_strict and UNDECIDED in verdicts)
    return int(Exit.CHECK_FAILED if has_failed else Exit.DONE)


def _pictures(sweep: Sweep, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw the pictures of a sweep that is kept; return what they are."""
    if given["no_pictures"] or sweep.result is None:
        return []
    from sim.report.kept import pictures_of_sweep

    try:
        return pictures_of_sweep(sweep, options.themes(given))
    except OSError as error:  # the sweep is kept and told: that is what was asked for
        options.say(f"no pictures: {error.strerror or error}", err=True)
        return []
