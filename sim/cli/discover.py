"""``discover``: under which conditions an outcome comes, or holds off."""

from __future__ import annotations

import logging
import math
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.errors import Exit, Interrupted, UsageError
from sim.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from sim.scenario.model import Scenario
    from sim.studies.discovered import Discovery


class Instant(click.ParamType[float | datetime]):
    """Days after the start, or an instant with its offset."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | datetime:
        """Return the days, or the instant."""
        try:
            days = float(value)
        except ValueError:
            return self._instant(str(value), param, ctx)
        if not math.isfinite(days) or days < 0.0:
            self.fail("days are finite, and not negative", param, ctx)
        return days

    def _instant(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        from sim.instants import FORM

        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is neither a number of days nor {FORM}", param, ctx)
        if found.tzinfo is None:
            self.fail(f"'{value}' has no offset: write {FORM}", param, ctx)
        return found


@click.command("discover")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--outcome", required=True, metavar="NAME", help="The outcome that is asked about.")
@click.option(
    "--holds", is_flag=True, help="Ask where it does not come, rather than where it does."
)
@click.option(
    "--at",
    type=Instant(),
    metavar="INSTANT",
    help="By when: days after the start, or an instant such as 2024-12-09T18:00+03:00. By the "
    "horizon by default.",
)
@options.replications
@options.seed
@options.changes
@options.engine
@options.workers
@options.memory
@options.out
@options.no_pictures
@options.resume
@click.option("--csv", "as_csv", is_flag=True, help="Print the peeling trajectories as CSV.")
@options.output
def command(file: str, **given: Any) -> int:
    """Say under which conditions an outcome of a scenario FILE comes.

    Looks for boxes of the unknown inputs in which it comes (with --holds: does not come) more often
    than elsewhere, in one half of the replications, and tells those that the other half bears out.
    """  # fmt: skip
    if given["as_csv"] and given["as_json"]:
        raise UsageError("either --csv or --json")
    scenario = options.read(file, given["assignments"], given["variant"])
    at = _days(given["at"], scenario)
    quiet = given["quiet"] or given["as_json"] or given["as_csv"]
    options.warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    try:
        found = _found(scenario, at, given, quiet=quiet)
    except Interrupted as stop:
        return _interrupted(stop, given)
    pictures = _pictures(found, given)
    if given["as_json"]:
        from sim.studies.discovered import as_json

        options.print_json({**as_json(found), "pictures": pictures})
    elif given["as_csv"]:
        from sim.report.trajectory import trajectory_csv

        options.say(trajectory_csv(found), end="")
    else:
        from sim.cli.conditions import told

        options.say(told(found, text.Look.of(sys.stdout)))
        if found.result is not None:
            shown = f", with {text.counted(len(pictures), 'picture')}" if pictures else ""
            options.note(f"kept in {safe(found.result)}{shown}", quiet=quiet)
    return int(Exit.DONE)


def _days(at: float | datetime | None, scenario: Scenario) -> float | None:
    """Return an instant as days after the start."""
    if isinstance(at, datetime):
        start = scenario.clock.start
        if start is None:
            raise UsageError(f"--at {at}: the scenario has no start; give days after it")
        days = (at - start).total_seconds() / SECONDS_PER_DAY
        if days < 0.0:
            raise UsageError(f"--at {at}: before the start, {start}")
        at = days
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    options.within_horizon(None if at is None else (at,), horizon)
    return at


def _found(
    scenario: Scenario, at: float | None, given: dict[str, Any], *, quiet: bool
) -> Discovery:
    from sim.cli.progress import progress
    from sim.studies.discover import discover

    began, log = time.perf_counter(), logging.getLogger(__name__)
    with progress(scenario.name, quiet=quiet) as update:
        found = discover(
            scenario,
            given["outcome"],
            holds=given["holds"],
            at=at,
            replications=given["replications"],
            seed=given["seed"],
            engine=given["engine"],
            workers=given["workers"],
            memory=given["memory"],
            progress=update,
            out=given["out"],
            fresh=not given["may_resume"],
        )
    took = time.perf_counter() - began
    log.info("searched %d inputs in %.2f s", found.n_inputs, took)
    was_found = ", found" if found.ensemble.was_found else ""
    options.note(
        f"a run of {text.counted(found.replications, 'replication')}{was_found}, searched in "
        f"{took:.2f} s",
        quiet=quiet,
    )
    return found


def _interrupted(stop: Interrupted, given: dict[str, Any]) -> int:
    """Say that what was run is not lost; the status is that of the signal."""
    from sim.cli.main import status_of

    if given["as_json"]:
        raise stop
    options.say(
        "interrupted before the run was done; the same command goes on from there", err=True
    )
    return status_of(stop.__cause__)


def _pictures(found: Discovery, given: dict[str, Any]) -> list[dict[str, str]]:
    """Draw the pictures of a discovery that is kept; return what they are."""
    if given["no_pictures"] or found.result is None or not found.boxes:
        return []
    from sim.report.kept import pictures_of_boxes

    try:
        return pictures_of_boxes(found, options.themes(given))
    except OSError as error:  # what was found is kept and told: that is what was asked for
        options.say(f"no pictures: {error.strerror or error}", err=True)
        return []
