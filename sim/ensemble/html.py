"""An ensemble as a notebook shows it: a table of its outcomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.analysis.words import words
from sim.shown import DIV, band, counted, html_table, in_html, interval, moment, percent, span

if TYPE_CHECKING:
    from sim.ensemble.model import Ensemble

_HEAD = ("outcome", "", "inputs 80 %", "Monte Carlo 95 %", "in words", "median")
_ALIGN = "lrrrll"
#: More rows than this are no overview.
_MOST = 50


def ensemble_html(ensemble: Ensemble) -> str:
    """Return the outcomes with probability, intervals and median, and what run they are of."""
    facts = ensemble.facts
    name = facts.name + (f", variant {facts.variant}" if facts.variant else "")
    parts = [f"<p><b>{in_html(facts.title or facts.name)}</b> ({in_html(name)})</p>"]
    if facts.question:
        parts.append(f"<p>{in_html(facts.question)}</p>")
    if not ensemble.is_complete:
        asked = "" if ensemble.precision is not None else f" of {ensemble.requested:,}"
        parts.append(f"<p><b>INTERRUPTED: {ensemble.n:,}{asked} replications are done.</b></p>")
    if ensemble.outcomes and ensemble.n:
        parts.append(_table(ensemble))
    elif not ensemble.outcomes:
        parts.append("<p>The scenario asks for no outcomes.</p>")
    more = len(ensemble.outcomes) - _MOST
    made = f"{counted(more, 'more outcome')}. " if more > 0 else ""
    made += f"{counted(ensemble.n, 'replication')}, seed {ensemble.seed}, net "
    made += f"{ensemble.legend.net.removeprefix('sha256:')[:12]}. Monte Carlo intervals are about "
    made += "the number of replications only. Nothing here is about how right the model is."
    return "\n".join([DIV, *parts, f"<p><small>{in_html(made)}</small></p>", "</div>"])


def _table(ensemble: Ensemble) -> str:
    rows = [_row(ensemble, o.name, o.label) for o in ensemble.outcomes[:_MOST]]
    head, align = [*_HEAD], _ALIGN
    head[1] = f"within {span(ensemble.facts.horizon)}"
    if not any(row[2] for row in rows):  # nothing is unknown
        head, align, rows = _without(head, 2), "lrrll", [_without(row, 2) for row in rows]
    return html_table(head, rows, align)


def _row(ensemble: Ensemble, name: str, label: str) -> list[str]:
    facts, p = ensemble.facts, ensemble.probability(name)
    median = ensemble.quantile(name, 0.5).value
    return [
        label or name,
        percent(p.value),
        band(ensemble.inputs80(name)),
        interval(p.low, p.high),
        words(p.value),
        moment(facts.date(median), median, facts.horizon) if math.isfinite(median) else "-",
    ]


def _without(row: list[str], place: int) -> list[str]:
    return [*row[:place], *row[place + 1 :]]
