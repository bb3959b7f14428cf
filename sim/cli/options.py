"""Options that commands share, and how commands read and print."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import log
from sim.cli.text import Look, counted
from sim.errors import ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

Command = Callable[..., Any]
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]*)?) ?([kmgt]?)b?\Z", re.IGNORECASE)
_log = logging.getLogger(__name__)

#: Texts of everything that this process has read, by name: a fault of a run quotes its line.
texts_read: dict[str, str] = {}

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(s|min|minutes?|h|hours?)?\Z")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0}


class Assignment(click.ParamType[tuple[str, str]]):
    """``path=value``."""

    name = "path=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return the path and the text of the value."""
        path, sign, text = str(value).partition("=")
        if not sign or not path.strip():
            self.fail(f"'{value}' is not of the form path=value", param, ctx)
        return path.strip(), text.strip()


def changes(command: Command) -> Command:
    """Add ``--set`` and ``--variant``."""
    command = click.option(
        "--variant", metavar="NAME", help="Apply one of the file's variants first."
    )(command)
    return assignments(command)


def assignments(command: Command) -> Command:
    """Add ``--set``."""
    return click.option(
        "--set",
        "assignments",
        multiple=True,
        type=Assignment(),
        help="Change the file before it is read, e.g. transitions.strike.rate='0.3/day'. May be "
        "given several times.",
    )(command)


def replications(command: Command) -> Command:
    """Add ``-n``."""
    return click.option(
        "-n",
        "--replications",
        type=click.IntRange(1),
        metavar="N",
        show_default="10000",
        help="How many replications. The first ones are the same whatever the number.",
    )(command)


def seed(command: Command) -> Command:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**64 - 1),
        default=1,
        show_default=True,
        metavar="N",
        help="Same seed, same numbers. 0 is a seed like any other.",
    )(command)


def at(command: Command) -> Command:
    """Add ``--at``."""
    return click.option(
        "--at",
        type=Times(),
        metavar="DAYS",
        help="Report probabilities at these days: 1,2,3. The file's report times by default.",
    )(command)


def engine(command: Command) -> Command:
    """Add ``--engine``."""
    return click.option(
        "--engine",
        type=click.Choice(["compiled", "reference"]),
        default="compiled",
        show_default=True,
        help="Both give the same numbers; the reference engine is slow and plain.",
    )(command)


def workers(command: Command) -> Command:
    """Add ``--workers``."""
    return click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help="Threads; all processors by default.",
    )(command)


class Size(click.ParamType[float]):
    """A size in bytes: ``8GB``, ``500 MB``."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return bytes."""
        match = _SIZE.match(str(value).strip())
        if match is None or not float(match[1]) > 0.0:
            self.fail(f"'{value}' is no size such as 8GB or 500MB", param, ctx)
        return float(match[1]) * 1000.0 ** (" kmgt".index(match[2].lower() or " "))


def memory(command: Command) -> Command:
    """Add ``--memory``."""
    return click.option(
        "--memory",
        type=Size(),
        metavar="SIZE",
        show_default="half of what is free",
        help="How much memory it may take: 8GB, 500MB. What would take more is refused before it "
        "starts, by an estimate.",
    )(command)


def no_pictures(command: Command) -> Command:
    """Add ``--no-pictures`` and ``--theme``."""
    command = click.option(
        "--theme",
        type=click.Choice(["light", "dark", "both"]),
        default="light",
        show_default=True,
        help="On which ground pictures are drawn; files of dark ones end in '-dark'.",
    )(command)
    return click.option("--no-pictures", is_flag=True, help="Draw no pictures, write no report.")(
        command
    )


def themes(given: dict[str, Any]) -> tuple[Any, ...]:
    """Return the grounds that ``--theme`` asks for."""
    return ("light", "dark") if given["theme"] == "both" else (given["theme"],)


def resume(command: Command) -> Command:
    """Add ``--resume/--fresh``."""
    return click.option(
        "--resume/--fresh",
        "may_resume",
        default=True,
        help="Whether a run that was done or interrupted before is taken from the results, as far "
        "as it got (the default), or done anew.",
    )(command)


def out(command: Command) -> Command:
    """Add ``--out``."""
    return click.option(
        "--out",
        type=click.Path(file_okay=False),
        default="results",
        show_default=True,
        metavar="DIR",
        help="The folder of results.",
    )(command)


def output(command: Command) -> Command:
    """Add ``--json``, ``--quiet``, ``-v`` and ``--log-file``."""
    command = click.option(
        "--log-file",
        metavar="PATH",
        type=click.Path(),
        expose_value=False,
        is_eager=True,  # so that the log has what is wrong with other options
        callback=_to_log_file,
        help="Append a log of what is done.",
    )(command)
    command = click.option(
        "-v",
        "--verbose",
        count=True,
        is_eager=True,
        callback=_to_standard_error,
        help="Say more, on standard error; -vv still more.",
    )(command)
    command = click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result.")(
        command
    )
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
    )(command)


def _to_log_file(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    if path is not None and not ctx.resilient_parsing:
        log.to_file(path)
        _start(ctx)


def _to_standard_error(ctx: click.Context, param: click.Parameter, verbosity: int) -> int:
    if verbosity and not ctx.resilient_parsing:
        log.to_standard_error(verbosity)
        _start(ctx)
    return verbosity


def _start(ctx: click.Context) -> None:
    session = ctx.find_object(log.Session)
    if session is not None:
        session.start()


class Budget(click.ParamType[float]):
    """A length of time: ``60s``, ``5min``, ``1h``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        match = _DURATION.match(str(value).strip())
        if match is None or not float(match[1]) > 0.0:
            self.fail(f"'{value}' is no length of time such as 60s or 5min", param, ctx)
        return float(match[1]) * _SECONDS[(match[2] or "s")[0]]


class Times(click.ParamType[tuple[float, ...]]):
    """Days after the start, separated by commas."""

    name = "days"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the days, increasing."""
        try:
            days = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"'{value}' is no list of days such as 1,2,3.5", param, ctx)
        if not all(0.0 <= day < float("inf") for day in days):
            self.fail("days are finite, and not negative", param, ctx)
        return tuple(sorted(set(days)))


def files(path: str) -> list[str]:
    """Return the files that a path stands for: itself, or every .yaml file below a folder."""
    if not os.path.isdir(path):  # unlike Path, it takes '' for no folder
        return [path]
    found = sorted(str(p) for p in Path(path).rglob("*.yaml") if p.is_file())
    if not found:
        raise UsageError(f"no .yaml file in {path}")
    return found


def read(
    file: str,
    assignments: tuple[tuple[str, str], ...],
    variant: str | None,
    *,
    check_variants: bool = False,
) -> Scenario:
    """Return the scenario of a file, with what the command line changes.

    Variants that are not asked for are looked at by ``validate`` alone: each costs as much as the
    file.
    """
    from sim.scenario.load import load

    chosen: dict[str, object] = {}
    for path, text in assignments:
        if path in chosen:
            raise UsageError(f"--set {path} is given twice")
        chosen[path] = text
    began = time.perf_counter()
    try:
        scenario = load(file, set=chosen, variant=variant, check_variants=check_variants)
    except ScenarioError as error:
        texts_read.update(error.sources)
        raise
    texts_read.update(scenario.texts)
    _log_read(scenario, time.perf_counter() - began)
    return scenario


def _log_read(scenario: Scenario, seconds: float) -> None:
    net = scenario.net
    _log.info(
        "read %s: %d variables, %d transitions, %d outcomes, %d uncertain inputs",
        scenario.path, len(net.variables), len(net.transitions), len(net.outcomes),
        len(net.uncertain_inputs),
    )  # fmt: skip
    _log.debug("reading took %.3f s", seconds)
    for path, digest in scenario.digests.items():
        _log.debug("%s has the SHA-256 digest %s", path, digest)
    for warning in scenario.warnings:
        log.told(warning)


def warn(scenario: Scenario, *, is_verbose: bool, quiet: bool) -> None:
    """Say what a file may have meant otherwise, or how often."""
    if not scenario.warnings or quiet:
        return
    if is_verbose:
        from sim.cli.render import diagnostics

        note(diagnostics(scenario.warnings, scenario.texts, Look.of(sys.stderr)))
    else:
        n = counted(len(scenario.warnings), "warning")
        note(f"{scenario.name}: {n} about the file; -v or 'validate' shows them")


def within_horizon(at: tuple[float, ...] | None, horizon: float) -> tuple[float, ...] | None:
    """Return the times, which must not lie beyond the horizon (days)."""
    if at and at[-1] > horizon:
        raise UsageError(f"--at {at[-1]:g}: the horizon is {horizon:g} days")
    return at


def print_json(value: object) -> None:
    """Print one JSON object; NaN and Infinity are no JSON."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    # Where a character cannot be written, JSON has an escape of its own for it.
    text = json.dumps(value, ensure_ascii=encoding != "utf8", allow_nan=False)
    say(text)


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write a text to standard output or standard error, if it is open.

    click's own ``echo`` writes UTF-8 where the encoding is ASCII.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        stream.write(text + end)
        stream.flush()


def note(text: str, *, quiet: bool = False) -> None:
    """Say something that is not the result."""
    log.said(text, is_shown=not quiet)
    if not quiet:
        say(text, err=True)
