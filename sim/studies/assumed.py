"""What a report says of a run beside its figures: assumptions, limits, provenance, what happened.

As in :mod:`sim.studies.reported`, a plain structure, with texts as the file has them.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.net.model import Note
from sim.scenario.evidence import Resolved
from sim.scenario.explained import InputTold, TransitionTold, explained
from sim.scenario.model import Scenario
from sim.shown import counted, date, percent
from sim.versions import NAME, machine, versions

Json = dict[str, Any]

MARKS = {"C": "computed from data", "R": "read in a source", "J": "judgement"}
_NOT_MARKED = "not marked"
_ROLES = {
    "ignorance": "unknown",
    "chance": "chance",
    "fixed": "fixed",
    "computed": "computed from others",
}
#: More numbers, sources or reports than these make a file too large to send.
_MOST = 500
#: More clipped variables, and warnings, than these are told by their number.
_MOST_CLIPPED, _MOST_WARNINGS = 5, 20


def assumed(scenario: Scenario) -> Json:
    """Return the numbers that a scenario rests on, what is unknown first, and their sources."""
    told = explained(scenario)
    order = list(_ROLES)
    inputs = sorted(told.inputs, key=lambda given: order.index(given.role))
    rows = [_input(given) for given in inputs]
    rows += [row for t in told.transitions for row in _clock(t)]
    return {
        "rows": rows[:_MOST],
        "left_out": len(rows) - _MOST,
        "marks": Counter(row["mark"] for row in rows if row["role"] == _ROLES["ignorance"]),
        "sources": [
            {"name": s.name, "text": s.text, "public": _date(s.public, scenario), "url": s.url}
            for s in told.sources[:_MOST]
        ],
        "reports": [
            {
                "claim": f"{report.claim}: {report.value}" if report.value else report.claim,
                "grade": report.grade,
                "origin": report.origin,
                "at": _date(report.at, scenario),
                "text": report.text or _text_of(report.source, scenario),
            }
            for report in scenario.evidence.reports[:_MOST]
        ],
    }


def _input(given: InputTold) -> Json:
    return {
        "path": given.path,
        "meaning": given.meaning,
        "value": _with_unit(given.value, given.unit),
        "role": _ROLES[given.role],
        **_noted(given.note),
    }


def _clock(told: TransitionTold) -> Iterator[Json]:
    """Yield what is said of the pace of a transition, where anything is."""
    if told.note != Note():
        yield {
            "path": told.name,
            "meaning": told.says,
            "value": told.fires,
            "role": _ROLES["fixed"],
            **_noted(told.note),
        }


def _noted(note: Note) -> Json:
    return {
        "mark": note.mark,
        "marked": MARKS.get(note.mark, note.mark or _NOT_MARKED),
        "source": note.source,
        "grade": note.grade,
        "as_of": note.as_of,
    }


def _with_unit(value: str, unit: str) -> str:
    """Return a value with its unit, if it names none itself."""
    return value if not unit or any(c.isalpha() for c in value) else f"{value} {unit}"


def _text_of(source: str, scenario: Scenario) -> str:
    return scenario.sources[source].text if source in scenario.sources else ""


def _date(at: datetime | None, scenario: Scenario) -> str:
    if at is None or scenario.clock.zone is None:
        return date(at)
    return date(at.astimezone(scenario.clock.zone))


def limits(ensemble: Ensemble, scenario: Scenario) -> list[str]:
    """Return what is to be known of this run's figures in particular."""
    found = []
    if not ensemble.is_complete:
        found.append(
            f"The run was interrupted: {counted(ensemble.n, 'replication')} of it are here."
        )
    if not ensemble.legend.unknown:
        found.append("Nothing in the file is unknown: there is no band over inputs.")
    elif ensemble.nested is None:
        found.append("There are too few replications for a band over inputs.")
    if ensemble.clipped:
        most = sorted(ensemble.clipped.items(), key=lambda one: (-one[1], one[0]))
        names = ", ".join(
            f"{name} ({percent(n / max(ensemble.n, 1))} of the replications)"
            for name, n in most[:_MOST_CLIPPED]
        )
        more = len(most) - _MOST_CLIPPED
        names += f" and {counted(more, 'more variable')}" if more > 0 else ""
        found.append(f"Values were held at an end of their range: {names}.")
    found += [warning.message for warning in scenario.warnings[:_MOST_WARNINGS]]
    more = len(scenario.warnings) - _MOST_WARNINGS
    return found + ([f"And {counted(more, 'more warning')}: see validate."] if more > 0 else [])


def resolved(scenario: Scenario, ensemble: Ensemble) -> list[Json]:
    """Return what became of outcomes: to be shown to those who ask for it."""
    labels = {outcome.name: outcome.label or outcome.name for outcome in ensemble.outcomes}
    return [
        {
            "outcome": one.outcome,
            "label": labels[one.outcome],
            "said": _became(one, scenario),
            "rule": one.rule,
            "source": _text_of(one.source, scenario),
            "days": [_days(at, ensemble) for at in (one.earliest, one.latest)],
        }
        for one in scenario.evidence.resolved
        if one.outcome in labels
    ]


def _became(one: Resolved, scenario: Scenario) -> str:
    if one.is_void:
        return "void"
    if one.not_by is not None:
        return f"had not come by {_date(one.not_by, scenario)}"
    first, last = (_date(at, scenario) for at in (one.earliest, one.latest))
    return f"came at {first}" if first == last else f"came between {first} and {last}"


def _days(at: datetime | None, ensemble: Ensemble) -> float | None:
    start = ensemble.facts.start
    return None if at is None or start is None else (at - start).total_seconds() / 86_400.0


def provenance(ensemble: Ensemble, scenario: Scenario) -> list[tuple[str, str]]:
    """Return what would give the same figures again: names and values."""
    asked = f"{ensemble.n:,}"
    if ensemble.precision is not None:
        asked += f", to a precision of {ensemble.precision:g}"
    return [
        ("Command", command(ensemble, scenario)),
        ("Net", ensemble.legend.net),
        *((f"File {name}", f"sha256:{digest}") for name, digest in digests(scenario).items()),
        ("Seed", str(ensemble.seed)),
        ("Replications", asked),
        *made_by(ensemble),
    ]


def made_by(ensemble: Ensemble) -> list[tuple[str, str]]:
    """Return what a run was made by: a result knows, and one in memory was made here."""
    known, made = versions(), machine()
    if ensemble.folder is not None:
        manifest = store.read_manifest(ensemble.folder)
        known, made = manifest["versions"], manifest["machine"]
    packages = ", ".join(f"{n} {v}" for n, v in known.items() if n not in (NAME, "numbers"))
    return [
        ("Frontcast", f"{known[NAME]}, numbers version {known['numbers']}"),
        ("Packages", packages),
        ("Machine", f"{made['architecture']}, {made['processor']}, {made['libm']}"),
    ]


def digests(scenario: Scenario) -> dict[str, str]:
    """Return the SHA-256 of each file that was read, by its name."""
    return {os.path.basename(path): digest for path, digest in scenario.digests.items()}


def command(ensemble: Ensemble, scenario: Scenario) -> str:
    """Return the command that gives the run again."""
    words = [NAME, "run", scenario.path, "--seed", str(ensemble.seed)]
    if ensemble.precision is not None:
        words += ["--precision", f"{ensemble.precision:g}"]
    else:
        words += ["--replications", str(ensemble.requested)]
    if scenario.variant_name is not None:
        words += ["--variant", scenario.variant_name]
    for path, value in scenario.overrides.items():
        words += ["--set", f"{path}={value}"]
    return shlex.join(words)
