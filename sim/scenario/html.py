"""A scenario as a notebook shows it: its question, what is in it, and its uncertain inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.net.model import Input
from sim.shown import DIV, counted, date, fitted, html_table, in_html, span
from sim.units import NONE, SECONDS_PER_DAY

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

#: More rows than this are no overview.
_MOST = 100
_WIDEST = 80


def scenario_html(scenario: Scenario) -> str:
    """Return title, question, counts, outcomes and the uncertain inputs with their units."""
    name = scenario.name
    name += f", variant {scenario.variant_name}" if scenario.variant_name else ""
    parts = [f"<p><b>{in_html(scenario.title or scenario.name)}</b> ({in_html(name)})</p>"]
    if scenario.question:
        parts.append(f"<p>{in_html(scenario.question)}</p>")
    parts.append(f"<p>{in_html(_counts(scenario))}<br/>{in_html(_clock(scenario))}</p>")
    outcomes = [[o.label or o.name, o.name, o.question] for o in scenario.net.outcomes]
    if outcomes:
        parts.append(html_table(["outcome", "name", "question"], outcomes[:_MOST], "lll"))
    if scenario.inputs:
        rows = [_input(given) for given in scenario.inputs[:_MOST]]
        parts.append(html_table(["uncertain input", "as written", "unit", "kind"], rows, "llll"))
    more = [
        counted(len(listed) - _MOST, f"more {what}")
        for listed, what in ((outcomes, "outcome"), (scenario.inputs, "uncertain input"))
        if len(listed) > _MOST
    ]
    parts += [f"<p><small>{in_html(' and '.join(more))}.</small></p>"] if more else []
    return "\n".join([DIV, *parts, "</div>"])


def _counts(scenario: Scenario) -> str:
    net = scenario.net
    counts = [
        counted(len(net.variables), "variable"),
        counted(len(net.transitions), "transition"),
        counted(len(net.outcomes), "outcome"),
        counted(len(scenario.inputs), "uncertain input"),
        counted(len(scenario.variants), "variant"),
    ]
    counts += [counted(len(scenario.warnings), "warning")] if scenario.warnings else []
    return ", ".join(counts)


def _clock(scenario: Scenario) -> str:
    horizon = span(scenario.clock.horizon / SECONDS_PER_DAY)
    start = date(scenario.date(0.0))
    return f"{horizon} from {start}" if start else horizon


def _input(given: Input) -> list[str]:
    unit = "" if given.dimension == NONE else str(given.dimension)
    written = fitted(" ".join(given.origin.text[:1_000].split()), _WIDEST)
    return [given.path, written, unit, "luck" if given.chance else "unknown"]
