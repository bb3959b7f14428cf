"""``check``: forecasts held to what their files say of them, and to what they were."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text
from sim.cli.render import safe
from sim.errors import Diagnostic, Exit, Interrupted, ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.scenario.model import Scenario
    from sim.studies.check import Judged, Verdicts
    from sim.studies.drift import Drift, Sample


@click.command("check")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(1),
    metavar="N",
    default=100_000,
    show_default=True,
    help="How many replications at the most; what is not decided by then is undecided.",
)
@click.option(
    "--false-alarms",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    metavar="P",
    default=0.001,
    show_default=True,
    help="With which probability at the most any check of a file gets the wrong verdict: fails and "
    "holds, or passes and does not.",
)
@click.option(
    "--budget",
    type=options.Budget(),
    metavar="TIME",
    help="How long it may take: 60s, 5min. What is not decided by then is undecided.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 also if a check is undecided.")
@options.seed
@options.assignments
@options.engine
@options.workers
@options.memory
@click.option("--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Write JUnit XML.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False), metavar="FILE", help="Write a Markdown summary."
)
@click.option("--github", is_flag=True, help="Print annotations for GitHub, with file and line.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Compare every outcome with a baseline, and say which has moved by how much.",
)
@click.option(
    "--update-baseline", is_flag=True, help="Write the baseline anew in place of comparing."
)
@options.output
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Hold forecasts to the checks of their files.

    Of a folder every .yaml file below it. Each check runs as many replications as its verdict
    takes: passed, failed, or undecided at the limit. Exits with 1 if one has failed, or if an
    outcome has moved since the baseline was written.
    """
    if given["update_baseline"] and given["baseline"] is None:
        raise UsageError("--update-baseline needs --baseline FILE")
    began = time.monotonic()
    scenarios = _read(paths, given)
    before = _baseline(given)
    ends = None if given["budget"] is None else began + given["budget"]
    drift = _drift(scenarios, before, given, ends)
    verdicts: list[Verdicts] = []
    try:
        for of_one in _verdicts([s for s in scenarios if s.checks], given, ends):
            verdicts.append(of_one)
            if not given["as_json"]:
                options.say("\n".join(_of_scenario(of_one, text.Look.of(sys.stdout))))
    except (Interrupted, KeyboardInterrupt) as stop:
        if given["as_json"] or not verdicts:
            raise
        return _interrupted(verdicts, stop)
    _write(verdicts, drift, given)
    if given["as_json"]:
        options.print_json(_as_json(verdicts, drift, given))
    else:
        options.say("\n".join(_summed_up(verdicts, drift, text.Look.of(sys.stdout))))
    return _status(verdicts, drift, is_strict=given["strict"])


def _read(paths: Sequence[str], given: dict[str, Any]) -> list[Scenario]:
    """Return the scenarios; every fault of every file is told at once."""
    found: list[Scenario] = []
    faults: list[Diagnostic] = []
    texts: dict[str, str] = {}
    for file in (file for path in paths for file in options.files(path)):
        try:
            found.append(options.read(file, given["assignments"], None))
        except ScenarioError as error:
            faults += error.diagnostics
            texts |= error.sources
    if faults:
        raise ScenarioError(faults, texts)
    if given["baseline"] is None and not any(scenario.checks for scenario in found):
        raise UsageError(f"no file has 'checks': {', '.join(paths)}")
    return found


def _baseline(given: dict[str, Any]) -> dict[str, Sample]:
    """Return the baseline, before anything is run; none if there is none, or it is yet to be."""
    from sim.studies.drift import read_baseline

    if given["baseline"] is None:
        return {}
    path = Path(given["baseline"])
    return {} if given["update_baseline"] and not path.exists() else read_baseline(path)


def _verdicts(
    scenarios: Sequence[Scenario], given: dict[str, Any], ends: float | None
) -> Iterator[Verdicts]:
    """Judge one scenario after another; each may take an equal share of the time that is left."""
    from sim.studies.check import check

    for number, scenario in enumerate(scenarios):
        n_left = len(scenarios) - number
        left = math.inf if ends is None else max(0.0, ends - time.monotonic()) / n_left
        yield check(
            scenario,
            replications=given["replications"],
            false_alarms=given["false_alarms"],
            seed=given["seed"],
            engine=given["engine"],
            workers=given["workers"],
            memory=given["memory"],
            seconds=left,
        )


def _drift(
    scenarios: Sequence[Scenario],
    before: dict[str, Sample],
    given: dict[str, Any],
    ends: float | None,
) -> Drift | None:
    """Compare with the baseline, or write it anew, whatever time that takes."""
    if given["baseline"] is None:
        return None
    from sim.studies.drift import drift, name_in, sample, write_baseline

    path, is_new = Path(given["baseline"]), given["update_baseline"]
    now: dict[str, Sample] = {}
    late: list[str] = []
    how = {name: given[name] for name in ("seed", "engine", "workers")}
    for scenario in scenarios:
        if ends is not None and time.monotonic() >= ends and not is_new:
            late.append(scenario.path)
        else:
            now[scenario.path] = sample(scenario, **how)
    names = {file: name_in(path, file) for file in now}
    if not is_new:
        known = {file: before[name] for file, name in names.items() if name in before}
        return drift(known, now, given["false_alarms"], not_compared=late)
    write_baseline(path, {**before, **{names[file]: one for file, one in now.items()}})
    told = f"{text.counted(len(now), 'scenario')} written to {safe(str(path))}"
    options.note(told, quiet=given["quiet"])
    return None


def _write(verdicts: Sequence[Verdicts], drift: Drift | None, given: dict[str, Any]) -> None:
    from sim.report.junit import annotated, junit, markdown

    if given["junit"] is not None:
        _write_text(given["junit"], junit(verdicts, drift))
    if given["markdown"] is not None:
        told = markdown(verdicts, drift, false_alarms=given["false_alarms"])
        _write_text(given["markdown"], told)
    if given["github"]:
        for line in annotated(verdicts, drift):
            options.say(line, err=given["as_json"])


def _write_text(file: str, content: str) -> None:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _interrupted(verdicts: Sequence[Verdicts], stop: BaseException) -> int:
    """Sum up the files that are done; the status is that of the signal."""
    from sim.cli.main import status_of
    from sim.report.junit import summed_up

    options.say(f"{summed_up(verdicts)}; interrupted: the other files are not judged")
    return status_of(stop.__cause__ if isinstance(stop, Interrupted) else stop)


def _status(verdicts: Sequence[Verdicts], drift: Drift | None, *, is_strict: bool) -> int:
    from sim.report.junit import totals

    counts = totals(verdicts)
    has_failed = counts["failed"] or (is_strict and counts["undecided"])
    has_drifted = drift is not None and (drift.is_any or (is_strict and drift.not_compared))
    return Exit.CHECK_FAILED if has_failed or has_drifted else Exit.DONE


# What is said.

_COLOURS = {"failed": "red", "undecided": "yellow", "passed": "dim"}


def _of_scenario(verdicts: Verdicts, look: text.Look) -> Iterator[str]:
    yield look.styled(safe(verdicts.scenario.path), "bold")
    for one in verdicts.judged:
        yield from _of_check(one, look)
    yield ""


def _of_check(one: Judged, look: text.Look) -> Iterator[str]:
    from sim.report.junit import found

    verdict = look.styled(f"{one.verdict:9}", _COLOURS[one.verdict])
    said = safe(f"line {one.check.position.line}: {one.check.text}")
    first, *rest = text.wrapped(said, look.width - 12)
    yield f"  {verdict} {first}"
    for line in [*rest, *text.wrapped(safe(found(one)), look.width - 12)]:
        yield " " * 12 + line


def _summed_up(verdicts: Sequence[Verdicts], drift: Drift | None, look: text.Look) -> Iterator[str]:
    from sim.report.junit import drifted, summed_up

    for file, told in drifted(drift):
        label = look.styled("drifted".ljust(9), "red")
        unbroken = safe(f"{file}: {told}").replace(" %", f"{text.NO_BREAK}%")
        first, *rest = text.wrapped(unbroken, look.width - 12)
        yield f"  {label} {first}"
        yield from (" " * 12 + line for line in rest)
    for file, name in drift.new if drift else ():
        yield from text.wrapped(safe(f"{file}: {name} is not in the baseline"), look.width, "  ")
    yield safe(summed_up(verdicts, drift))


def _as_json(
    verdicts: Sequence[Verdicts], drift: Drift | None, given: dict[str, Any]
) -> dict[str, Any]:
    from sim.report.junit import is_complete, totals

    return {
        **totals(verdicts),
        "complete": is_complete(verdicts, drift),
        "false_alarms": given["false_alarms"],
        "seed": given["seed"],
        "checks": [_check_json(v.scenario, one) for v in verdicts for one in v.judged],
        "drift": None if drift is None else _drift_json(drift),
    }


def _check_json(scenario: Scenario, one: Judged) -> dict[str, Any]:
    where = one.check.position
    return {
        "scenario": scenario.path,
        "file": where.file,
        "line": where.line,
        "text": one.check.text,
        "verdict": one.verdict,
        "estimate": _finite(one.estimate),
        "interval95": [_finite(one.low), _finite(one.high)],
        "replications": one.replications,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _drift_json(drift: Drift) -> dict[str, Any]:
    return {
        "moved": [{**asdict(move), "difference": move.now - move.before} for move in drift.moves],
        "gone": [{"file": file, "outcome": name} for file, name in drift.gone],
        "new": [{"file": file, "outcome": name} for file, name in drift.new],
        "not_compared": list(drift.not_compared),
    }
