"""The report of a sweep. Its bars are drawn here, so that it needs no script."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from sim.report.html.page import page
from sim.scenario.model import Scenario
from sim.studies.assumed import digests, made_by
from sim.studies.driven import driven
from sim.studies.swept import Sweep
from sim.versions import NAME


@dataclass(frozen=True)
class Choice:
    """What a sweep was asked for and does not say itself; the rest is in its figures."""

    inputs: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    points: int | None = None
    levels: int | None = None


def sweep_report(sweep: Sweep, scenario: Scenario, choice: Choice | None = None) -> str:
    """Return the report of a sweep of a scenario as one HTML file."""
    found = driven(sweep)
    return page(
        "swept.html",
        title=found["title"],
        data=None,
        found=found,
        question=scenario.question,
        provenance=_provenance(sweep, scenario, choice or Choice()),
    )


def _provenance(sweep: Sweep, scenario: Scenario, choice: Choice) -> list[tuple[str, str]]:
    n = sweep.points_done if sweep.method == "given" else sweep.replications
    points = [] if sweep.method == "given" else [("Points", f"{sweep.points_done:,}")]
    return [
        ("Command", command(sweep, scenario, choice)),
        ("Net", sweep.net),
        *((f"File {name}", f"sha256:{digest}") for name, digest in digests(scenario).items()),
        ("Seed", str(sweep.seed)),
        *points,
        ("Replications", f"{n:,} at each point" if points else f"{n:,}"),
        *made_by(),
    ]


def command(sweep: Sweep, scenario: Scenario, choice: Choice) -> str:
    """Return the command that gives the sweep again, whole if it was cut short."""
    is_run = sweep.method == "given"
    words = [NAME, "sweep", scenario.path, "--method", sweep.method, "--seed", str(sweep.seed)]
    words += ["--replications", str(sweep.points if is_run else sweep.replications)]
    # Levels of a grid come of what was asked; other methods say how many points they took.
    points = choice.points if sweep.method == "grid" else None if is_run else sweep.points
    words += [] if points is None else ["--points", str(points)]
    words += [] if choice.levels is None else ["--levels", str(choice.levels)]
    words += [] if sweep.by_days == sweep.horizon_days else ["--by", repr(sweep.by_days)]
    for name, values in (("--input", choice.inputs), ("--variant", choice.variants)):
        words += [word for value in values for word in (name, value)]
    for path, value in scenario.overrides.items():
        words += ["--set", f"{path}={value}"]
    return shlex.join(words)
