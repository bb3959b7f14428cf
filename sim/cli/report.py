"""``report``: the report of a result that was kept, made anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options
from sim.cli.render import safe
from sim.errors import ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble
    from sim.scenario.model import Scenario


@click.command("report")
@click.argument("result", metavar="RESULT")
@click.option(
    "--scenario",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="Where the scenario is read from; by default, from the result itself, which has all of it "
    "but the files that it extends.",
)
@options.out
@options.output
def command(result: str, file: str | None, **given: Any) -> int:
    """Write the report of a RESULT: one HTML file that opens in any browser, and fetches nothing.

    'run' writes one beside each result; this makes it anew, and for runs that have none. RESULT is
    named as for 'show'.
    """
    from sim.cli.results import open_named
    from sim.report.kept import report

    ensemble = open_named(result, given["out"])
    scenario = _scenario(ensemble, file)
    path = report(ensemble, scenario, fresh=True)
    if given["as_json"]:
        options.print_json({"report": str(path)})
    else:
        options.say(safe(str(path)))
    return 0


def _scenario(ensemble: Ensemble, file: str | None) -> Scenario:
    """Return the scenario that a result was run from."""
    from sim.ensemble import store
    from sim.net.canonical import digest
    from sim.scenario.load import load, loads

    assert ensemble.folder is not None
    kept = store.read_manifest(ensemble.folder)["scenario"]
    changes = {"set": dict(kept["overrides"]), "variant": kept["variant"]}
    if file is not None:
        scenario = load(file, check_variants=False, **changes)
    else:
        name = os.path.basename(next(iter(kept["files"]), f"{ensemble.facts.name}.yaml"))
        try:
            scenario = loads(kept["text"], name, **changes)
        except ScenarioError as error:
            raise UsageError(
                f"{ensemble.folder} does not hold the whole of its scenario, or one that this "
                f"version cannot read ({error.diagnostics[0].message}): name it with --scenario"
            ) from None
    if digest(scenario.net) != ensemble.legend.net:
        raise UsageError(
            f"{ensemble.folder} was run from another scenario, or by another version: run it again"
        )
    return scenario
