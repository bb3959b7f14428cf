"""``compare``: scenarios under common random numbers, and where they part."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.errors import Exit, Interrupted, UsageError, one_of
from sim.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from sim.scenario.model import Scenario
    from sim.studies.comparison import Comparison


@click.command("compare")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@options.replications
@options.seed
@options.assignments
@click.option(
    "--variant",
    multiple=True,
    metavar="NAME",
    help="Compare with this variant of the first FILE. May be given several times.",
)
@options.at
@options.engine
@options.workers
@options.memory
@options.out
@options.no_pictures
@options.resume
@options.output
def command(files: tuple[str, ...], **given: Any) -> int:
    """Compare scenarios with the first one, replication by replication.

    Each FILE is a scenario, or FILE:VARIANT. The first is the baseline: 'compare FILE --variant A
    --variant B' compares two variants with the file as it stands, 'compare FILE:A FILE:B' one
    variant with another, 'compare A.yaml B.yaml' the outcomes that two files both have.

    All run under common random numbers, so that only what differs between them makes a difference.
    Says what differs most, and which event is the first to differ.
    """
    scenarios = _scenarios(files, given["variant"], given["assignments"])
    horizon = min(scenario.clock.horizon for scenario in scenarios)
    options.within_horizon(given["at"], horizon / SECONDS_PER_DAY)
    quiet = given["quiet"] or given["as_json"]
    for scenario in {one.path: one for one in reversed(scenarios)}.values():
        options.warn(scenario, is_verbose=given["verbose"] > 0, quiet=quiet)
    try:
        comparison = _compared(scenarios, given, quiet=quiet)
    except Interrupted as stop:
        return _interrupted(stop, given)
    if given["as_json"]:
        from sim.studies.comparison import as_json

        pictures = _pictures(comparison, given)
        _report(comparison, scenarios, given)
        options.print_json({**as_json(comparison), "pictures": pictures})
    else:
        from sim.cli.differences import told

        options.say(told(comparison, text.Look.of(sys.stdout)))
        n_pictures = len(_pictures(comparison, given))
        made = [text.counted(n_pictures, "picture")] if n_pictures else []
        made += ["a report"] if _report(comparison, scenarios, given) else []
        _say_where(comparison, made, quiet=quiet)
    return int(Exit.DONE)


def _say_where(comparison: Comparison, made: list[str], *, quiet: bool) -> None:
    if comparison.result is not None:
        beside = f", with {' and '.join(made)}" if made else ""
        options.note(f"kept in {safe(comparison.result)}{beside}", quiet=quiet)


def _scenarios(
    files: tuple[str, ...], variants: tuple[str, ...], assignments: tuple[tuple[str, str], ...]
) -> list[Scenario]:
    """Return the scenarios that the command line names, the baseline first."""
    named = [_named(file) for file in files]
    named += [(named[0][0], variant) for variant in variants]
    for number, one in enumerate(named):
        if one in named[:number]:
            shown = ":".join(filter(None, one))
            raise UsageError(f"{shown} is given twice: there is nothing to compare")
    scenarios = [options.read(file, assignments, variant) for file, variant in named]
    if len(scenarios) == 1:
        known = scenarios[0].variants
        hint = (
            f"--variant, {one_of(known)}" if known else "a second file (this one has no variants)"
        )
        raise UsageError(f"nothing to compare {files[0]} with: give {hint}")
    return scenarios


def _named(file: str) -> tuple[str, str | None]:
    """Return the file and the variant that a word names; a file may have a colon in its name."""
    path, colon, variant = file.rpartition(":")
    if not colon or not variant or os.path.exists(file) or not os.path.exists(path):
        return file, None
    return path, variant


def _compared(scenarios: list[Scenario], given: dict[str, Any], *, quiet: bool) -> Comparison:
    from sim.cli.progress import progress
    from sim.studies.compare import compare

    began, log = time.perf_counter(), logging.getLogger(__name__)
    with progress(scenarios[0].name, quiet=quiet) as update:
        comparison = compare(
            *scenarios,
            replications=given["replications"],
            seed=given["seed"],
            at=given["at"],
            engine=given["engine"],
            workers=given["workers"],
            memory=given["memory"],
            progress=update,
            out=given["out"],
            fresh=not given["may_resume"],
        )
    took = time.perf_counter() - began
    log.info("compared %d scenarios in %.2f s", len(scenarios), took)
    n_found = sum(one.was_found for one in comparison.ensembles)
    found = f", {n_found} of them found" if n_found else ""
    options.note(
        f"{len(scenarios)} runs of {text.counted(comparison.replications, 'replication')}{found}, "
        f"compared in {took:.2f} s",
        quiet=quiet,
    )
    return comparison


def _interrupted(stop: Interrupted, given: dict[str, Any]) -> int:
    """Say that what was run is not lost; the status is that of the signal."""
    from sim.cli.main import status_of

    message = "interrupted before there was a comparison"
    if given["as_json"]:
        raise stop
    options.say(f"{message}; the same command goes on from there", err=True)
    return status_of(stop.__cause__)


def _pictures(comparison: Comparison, given: dict[str, Any]) -> list[dict[str, str]]:
    """Draw the pictures of a comparison that is kept; return what they are."""
    if given["no_pictures"] or comparison.result is None:
        return []
    from sim.report.kept import pictures_of_differences

    try:
        return pictures_of_differences(comparison, options.themes(given))
    except OSError as error:  # the comparison is kept and told: that is what was asked for
        options.say(f"no pictures: {error.strerror or error}", err=True)
        return []


def _report(comparison: Comparison, scenarios: list[Scenario], given: dict[str, Any]) -> bool:
    """Write the report of a comparison that is kept; return whether there is one."""
    if given["no_pictures"] or comparison.result is None:
        return False
    from sim.report.kept import report_of_differences

    try:
        report_of_differences(comparison, scenarios)
    except OSError as error:
        options.say(f"no report: {error.strerror or error}", err=True)
        return False
    return True
