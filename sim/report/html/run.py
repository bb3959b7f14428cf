"""The report of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sim.ensemble.model import Ensemble, Facts
from sim.report.atlas.lines import CREDIT
from sim.report.html import map
from sim.report.html.page import page
from sim.report.signs import ranked, signs
from sim.report.timeline import timeline
from sim.scenario.model import Scenario
from sim.shown import counted, date
from sim.studies.assumed import MARKS, assumed, limits, provenance, resolved
from sim.studies.reported import reported

#: Marks that an axis has room for, on a narrow page and on a wide one.
_ROOM = (4, 10)


def run_report(ensemble: Ensemble, scenario: Scenario) -> str:
    """Return the report of an ensemble as one HTML file; ``scenario`` is what it was run from."""
    found = reported(ensemble, scenario)
    told = assumed(scenario)
    shown, geography = found["map"], ensemble.facts.geography
    if shown:
        order = ranked(ensemble)
        shown["holders"].sort(key=lambda holder: order.index(holder[0]))
    data = {
        **{key: found[key] for key in ("days", "dates", "horizon", "ways")},
        "outcomes": [
            {key: outcome[key] for key in ("name", "label", "curve", "stack", "past")}
            for outcome in found["outcomes"]
        ],
        "map": shown,
        "ticks": ticks(ensemble.facts),
        "resolved": resolved(scenario, ensemble),
    }
    return page(
        "run.html",
        title=found["title"],
        data=data,
        run=found,
        sheet=map.sheet(shown["places"], shown["ways"], geography.outline) if shown else None,
        credit=geography.outline_of if geography.outline is not None else CREDIT,
        signs=signs([name for name, _ in shown["holders"]]) if shown else {},
        radius=map.RADIUS,
        width=map.WIDTH,
        assumed=told,
        marks=_marks(told),
        limits=limits(ensemble, scenario),
        provenance=provenance(ensemble, scenario),
        n=counted(ensemble.n, "replication"),
        seed=ensemble.seed,
        stopped="" if ensemble.is_complete else f"of {ensemble.requested:,}",
        as_of=_as_of(ensemble, scenario),
    )


def ticks(facts: Facts, horizon: float | None = None) -> list[dict[str, Any]]:
    """Return the marks of the axis of time, for a narrow page and for a wide one.

    It ends at the horizon, in days, which is that of the facts if None.
    """
    ending = facts if horizon is None else replace(facts, horizon=horizon)
    found = [timeline(ending, room) for room in _ROOM]
    return [
        {
            "places": list(one.places),
            "labels": [label.split("\n") for label in one.labels],
            "caption": one.caption,
        }
        for one in found
    ]


def _marks(told: dict[str, Any]) -> str:
    """Say how much of what is unknown is judgement."""
    counts = told["marks"]
    n = sum(counts.values())
    if not n:
        return "Nothing in the file is unknown."
    said = [f"{counts[mark]} {words}" for mark, words in MARKS.items() if counts[mark]]
    rest = n - sum(counts[mark] for mark in MARKS)
    said += [f"{rest} not marked"] if rest else []
    return f"Of {counted(n, 'unknown input')}: {', '.join(said)}."


def _as_of(ensemble: Ensemble, scenario: Scenario) -> str:
    at, zone = scenario.clock.as_of, ensemble.facts.zone
    return date(at.astimezone(zone) if at is not None and zone is not None else at)
