"""``validate``: everything that is wrong with scenario files, and what is uncertain in them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from sim.cli import log, options
from sim.cli.render import diagnostics, safe
from sim.cli.text import Look, counted, wrapped
from sim.errors import Diagnostic, Exit, ScenarioError

if TYPE_CHECKING:
    from sim.net.model import Transition
    from sim.scenario.model import Scenario


@dataclass
class _Checked:
    """What was found in one file."""

    file: str
    scenario: Scenario | None = None
    errors: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    is_unreadable: bool = False

    @property
    def warnings(self) -> list[Diagnostic]:
        return list(self.scenario.warnings) if self.scenario else []


@click.command("validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@options.changes
@options.output
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Check scenario files; of a folder, every .yaml file below it.

    Reports every fault of every file, with its place, and which distributions are inputs (drawn
    once for each replication) and which are chance (drawn at each use); of several files only with
    -v. Warnings alone leave the status at 0.
    """
    found = [_check(file, given) for path in paths for file in options.files(path)]
    if given["as_json"]:
        _print_json(found)
    else:
        is_long = len(found) == 1 or given["verbose"] > 0
        for checked in found:
            _tell(checked, quiet=given["quiet"], is_long=is_long)
        if len(found) > 1 and not given["quiet"]:
            _sum_up(found)
    if any(checked.is_unreadable for checked in found):
        return Exit.REFUSED
    return Exit.BAD_INPUT if any(checked.errors for checked in found) else Exit.DONE


def _check(file: str, given: dict[str, Any]) -> _Checked:
    try:
        scenario = options.read(file, given["assignments"], given["variant"], check_variants=True)
    except ScenarioError as error:
        for fault in error.diagnostics:
            log.told(fault)
        return _Checked(file, errors=list(error.diagnostics), texts=dict(error.sources))
    except OSError as error:
        message = f"{file or repr('')}: {error.strerror or error}"
        return _Checked(file, errors=[Diagnostic("refused", message)], is_unreadable=True)
    return _Checked(file, scenario, texts=dict(scenario.texts))


def _print_json(found: Sequence[_Checked]) -> None:
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


def _tell(checked: _Checked, *, quiet: bool, is_long: bool) -> None:
    told = [*checked.errors, *checked.warnings]
    if told:
        look = Look.of(sys.stderr)
        options.say(diagnostics(told, checked.texts, look), err=True)
    if checked.scenario is None or quiet:
        return
    options.say(f"{safe(checked.file)}: valid; {_contents(checked.scenario)}")
    if is_long:
        options.say("\n".join(_uncertain(checked.scenario)))


def _sum_up(found: Sequence[_Checked]) -> None:
    n_bad = sum(bool(checked.errors) for checked in found)
    n_warnings = sum(len(checked.warnings) for checked in found)
    bad = f"{n_bad} of them not valid" if n_bad else "all valid"
    options.say(f"{counted(len(found), 'file')}, {bad}, {counted(n_warnings, 'warning')}")


def _contents(scenario: Scenario) -> str:
    net = scenario.net
    counts = (
        (len(net.variables), "variable"),
        (len(net.transitions), "transition"),
        (len(net.outcomes), "outcome"),
        (len(net.uncertain_inputs), "uncertain input"),
    )
    parts = [counted(n, what) for n, what in counts]
    for found, what in ((scenario.variants, "variant"), (scenario.checks, "check")):
        if found:
            parts.append(counted(len(found), what))
    return ", ".join(parts)


def _uncertain(scenario: Scenario) -> list[str]:
    """Say which distributions are ignorance, which luck, and which are drawn at every use."""
    inputs = scenario.net.uncertain_inputs
    groups = {
        "inputs, drawn once for each replication": [i.path for i in inputs if not i.chance],
        "chance, drawn once for each replication": [i.path for i in inputs if i.chance],
        "chance, drawn at each use": [
            path for transition in scenario.net.transitions for path in _at_each_use(transition)
        ],
    }
    lines = []
    for what, paths in groups.items():
        if paths:
            lines += [f"  {what}:", *wrapped(safe(", ".join(paths)), 100, "    ")]
    return lines or ["  no distributions: what is uncertain is when transitions fire"]


def _at_each_use(transition: Transition) -> list[str]:
    path = f"transitions.{transition.name}"
    clock = transition.clock
    found = [f"{path}.draws.{draw.name}" for draw in transition.draws]
    if clock.kind == "work" and clock.law is not None and clock.law.kind != "deterministic":
        found.insert(0, f"{path}.{clock.written or 'work'}")
    return found
