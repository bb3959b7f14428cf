"""The report of a comparison."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from sim.report.html.page import page
from sim.report.html.run import ticks
from sim.scenario.model import Scenario
from sim.studies.assumed import digests, made_by
from sim.studies.comparison import Comparison
from sim.studies.contrasted import contrasted
from sim.versions import NAME


def comparison_report(comparison: Comparison, scenarios: Sequence[Scenario]) -> str:
    """Return the report of a comparison as one HTML file; ``scenarios`` are in its order."""
    found = contrasted(comparison, scenarios)
    data = {
        **{key: found[key] for key in ("days", "dates", "horizon")},
        "outcomes": [
            {key: one[key] for key in ("name", "label", "curves")} for one in found["outcomes"]
        ],
        "ticks": ticks(comparison.ensembles[0].facts, comparison.horizon_days),
    }
    return page(
        "compared.html",
        title=found["title"],
        data=data,
        found=found,
        provenance=_provenance(comparison, scenarios),
    )


def _provenance(comparison: Comparison, scenarios: Sequence[Scenario]) -> list[tuple[str, str]]:
    files = {name: digest for one in scenarios for name, digest in digests(one).items()}
    return [
        ("Command", command(comparison, scenarios)),
        *((f"Net of {one.name}", one.net) for one in comparison.scenarios),
        *((f"File {name}", f"sha256:{digest}") for name, digest in files.items()),
        ("Seed", str(comparison.seed)),
        ("Replications", f"{comparison.replications:,} of each"),
        *made_by(comparison.ensembles[0]),
    ]


def command(comparison: Comparison, scenarios: Sequence[Scenario]) -> str:
    """Return the command that gives the comparison again."""
    words = [NAME, "compare"]
    words += [f"{o.file}:{o.variant}" if o.variant else o.file for o in comparison.scenarios]
    words += ["--seed", str(comparison.seed), "--replications", str(comparison.replications)]
    for path, value in scenarios[0].overrides.items():
        words += ["--set", f"{path}={value}"]
    return shlex.join(words)
