"""``validate``: everything that is wrong with scenario files, and what is uncertain in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from sim.cli import options
from sim.cli.render import diagnostics
from sim.errors import Diagnostic, Exit, ScenarioError, UsageError
from sim.scenario.model import Scenario


@dataclass
class _Checked:
    """What was found in one file."""

    file: str
    scenario: Scenario | None = None
    errors: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> list[Diagnostic]:
        return list(self.scenario.warnings) if self.scenario else []


@click.command("validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@options.changes
@options.output
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Check scenario files; of a folder, every .yaml file below it.

    Reports every fault of every file, with its place. Warnings alone leave the status at 0.
    """
    found = [_check(file, given) for path in paths for file in _files(path)]
    if given["as_json"]:
        _print_json(found)
    else:
        for checked in found:
            _tell(checked, quiet=given["quiet"], verbose=given["verbose"] > 0)
    return Exit.BAD_INPUT if any(checked.errors for checked in found) else Exit.DONE


def _files(path: str) -> list[str]:
    """Return the files that a path stands for."""
    if not Path(path).is_dir():
        return [path]
    files = sorted(str(p) for p in Path(path).rglob("*.yaml") if p.is_file())
    if not files:
        raise UsageError(f"no .yaml file in {path}")
    return files


def _check(file: str, given: dict[str, Any]) -> _Checked:
    try:
        scenario = options.read(file, given["assignments"], given["variant"])
    except ScenarioError as error:
        return _Checked(file, errors=list(error.diagnostics), texts=dict(error.sources))
    return _Checked(file, scenario, texts=dict(scenario.texts))


def _print_json(found: list[_Checked]) -> None:
    files = [
        {
            "file": checked.file,
            "valid": not checked.errors,
            "errors": [d.as_json() for d in checked.errors],
            "warnings": [d.as_json() for d in checked.warnings],
        }
        for checked in found
    ]
    options.print_json({"files": files})


def _tell(checked: _Checked, *, quiet: bool, verbose: bool) -> None:
    if checked.errors:
        click.echo(diagnostics(checked.errors, checked.texts), err=True)
        return
    if checked.warnings:
        click.echo(diagnostics(checked.warnings, checked.texts), err=True)
    if not quiet and checked.scenario is not None:
        click.echo(f"{checked.file}: valid. {_contents(checked.scenario)}")
        if verbose:
            click.echo("\n".join(_uncertain(checked.scenario)))


def _contents(scenario: Scenario) -> str:
    net = scenario.net
    counts = (
        (len(net.variables), "variable"),
        (len(net.transitions), "transition"),
        (len(net.outcomes), "outcome"),
        (len(net.uncertain_inputs), "uncertain input"),
    )
    return ", ".join(f"{n} {what}{'s' * (n != 1)}" for n, what in counts)


def _uncertain(scenario: Scenario) -> list[str]:
    """Say which distributions are ignorance, which luck, and which are drawn at every use."""
    inputs = scenario.net.uncertain_inputs
    lines = [f"  input: {given.path}" for given in inputs if not given.chance]
    lines += [f"  chance, once per replication: {given.path}" for given in inputs if given.chance]
    for transition in scenario.net.transitions:
        clock = transition.clock
        if clock.kind == "work" and clock.law is not None and clock.law.kind != "deterministic":
            what = f"transitions.{transition.name}.{clock.written or 'work'}"
            lines.append(f"  chance, at each use: {what}")
        lines += [
            f"  chance, at each use: transitions.{transition.name}.draws.{draw.name}"
            for draw in transition.draws
        ]
    return lines or ["  nothing in it is uncertain but the clocks"]
