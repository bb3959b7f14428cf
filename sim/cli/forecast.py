"""An ensemble in words, tables and curves for a terminal of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.analysis.first_passage import curve
from sim.analysis.words import words
from sim.cli import chart, text
from sim.cli.render import safe
from sim.ensemble.model import Ensemble
from sim.net.canonical import digest

_COLUMNS = 68
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_CAUSES = 6


def forecast(ensemble: Ensemble, at: Sequence[float] | None = None) -> str:
    """Return the readable summary of an ensemble; the same ensemble gives the same text."""
    report = ensemble.facts.report if at is None else tuple(at)
    lines = _head(ensemble)
    if not ensemble.net.outcomes:
        lines += ["", "The scenario asks for no outcomes."]
    for number, outcome in enumerate(ensemble.net.outcomes):
        lines += ["", *_outcome(ensemble, outcome.name, report, draw=number == 0)]
    lines += ["", *_foot(ensemble)]
    return safe("\n".join(lines))


def _head(ensemble: Ensemble) -> list[str]:
    facts = ensemble.facts
    name = facts.name + (f", variant {facts.variant}" if facts.variant else "")
    title = facts.title
    gap = text.WIDTH - len(title) - len(name)
    lines = [title + " " * gap + name if gap >= 2 else title, *([] if gap >= 2 else [name])]
    if facts.question:
        lines += _wrapped(facts.question)
    if not ensemble.is_complete:
        lines += ["", f"INTERRUPTED: {ensemble.n:,} of {ensemble.requested:,} replications."]
    return lines


def _outcome(ensemble: Ensemble, name: str, report: Sequence[float], *, draw: bool) -> list[str]:
    outcome = next(o for o in ensemble.net.outcomes if o.name == name)
    label = outcome.label or name
    lines = _ruled(label, name)
    lines += [_headline(ensemble, name, label, report), ""]
    lines += _by_date(ensemble, name, report)
    p = ensemble.probability(name).value
    if p > 0.0:
        lines += ["", *_when(ensemble, name), "", *_how(ensemble, name)]
        lines += ["", *_picture(ensemble, name, draw=draw)]
    return lines


def _ruled(label: str, name: str) -> list[str]:
    rule = "─" if text.can_draw_blocks() else "-"
    left = f"{label}  " if label != name else ""
    return [left + rule * max(4, text.WIDTH - len(left) - len(name) - 2) + f"  {name}"]


def _headline(ensemble: Ensemble, name: str, label: str, report: Sequence[float]) -> str:
    """Say how likely it is by the date that splits its chances, and how likely not at all.

    That date is the first report time by which it has come in half of the replications in which it
    comes at all.
    """
    whole = ensemble.probability(name).value
    not_within = f"not within {text.days(ensemble.facts.horizon)} days: "
    not_within += text.percent_in_words(1.0 - whole)
    half = [d for d in report if ensemble.probability(name, by=d).value >= whole / 2.0]
    if whole == 0.0 or not half:
        return f"{label}: {not_within}"
    p = ensemble.probability(name, by=half[0]).value
    at = ensemble.date(half[0])
    by = text.date(at) if at else f"day {text.days(half[0])}"
    return "\n".join(_wrapped(f"By {by}: {text.percent_in_words(p)} ({words(p)}); {not_within}."))


def _by_date(ensemble: Ensemble, name: str, report: Sequence[float]) -> list[str]:
    if not report:
        return []
    has_dates = ensemble.facts.start is not None
    rows = [["by", "days", "probability", "Monte Carlo 95 %"]]
    for days in report:
        p = ensemble.probability(name, by=days)
        rows.append(
            [
                text.date(ensemble.date(days)) if has_dates else "",
                text.days(days),
                text.percent(p.value),
                text.interval(p.low, p.high),
            ]
        )
    if not has_dates:
        rows = [row[1:] for row in rows]
        rows[0][0] = "by day"
    return [f"  {line}" for line in text.table(rows, "lrrr" if has_dates else "rrr")]


def _when(ensemble: Ensemble, name: str) -> list[str]:
    """Return the quantiles of the time; those beyond the horizon are said to be."""
    rows = []
    for q in _QUANTILES:
        time = ensemble.quantile(name, q).value
        share = f"{100 * q:.0f} %"
        if math.isfinite(time):
            rows.append([share, f"{text.days(time)} days", text.date(ensemble.date(time))])
        else:
            rows.append([share, "later", ""])
    lines = text.table(rows, "rrl")
    return ["  has come in so many replications by", *(f"  {line}" for line in lines)]


def _how(ensemble: Ensemble, name: str) -> list[str]:
    shares = list(ensemble.shares(name).items())
    rows = [[text.percent(p), cause] for cause, p in shares[:_CAUSES]]
    rest = sum(p for _, p in shares[_CAUSES:])
    if rest:
        rows.append([text.percent(rest), f"{len(shares) - _CAUSES} other causes"])
    lines = text.table(rows, "rl")
    return ["  brought about by (these sum to its probability)", *(f"  {line}" for line in lines)]


def _picture(ensemble: Ensemble, name: str, *, draw: bool) -> list[str]:
    pen = chart.BLOCKS if text.can_draw_blocks() else chart.ASCII
    horizon = ensemble.facts.horizon
    grid = np.linspace(horizon / _COLUMNS, horizon, _COLUMNS)
    values = [float(p) for p in curve(ensemble.times(name), grid)]
    if not draw:
        return [f"  0 {chart.spark(values, pen)} {text.days(horizon)} days"]
    return ["  P(it has come by then)", *chart.curve(values, _ticks(ensemble), pen)]


def _ticks(ensemble: Ensemble) -> list[tuple[int, str]]:
    horizon = ensemble.facts.horizon
    ticks = []
    for column in (0, _COLUMNS // 4, _COLUMNS // 2, 3 * _COLUMNS // 4, _COLUMNS - 1):
        days = horizon * column / (_COLUMNS - 1)
        at = ensemble.date(days)
        ticks.append((column, text.short_date(at) if at else f"day {text.days(days)}"))
    return ticks


def _foot(ensemble: Ensemble) -> list[str]:
    lines = []
    for name, count in ensemble.clipped.items():
        share = text.percent(count / ensemble.n)
        lines.append(
            f"note: '{name}' was kept within its range in {count:,} replications ({share})"
        )
    engine = "" if ensemble.engine == "compiled" else f", {ensemble.engine} engine"
    lines.append(
        f"{ensemble.n:,} replications, seed {ensemble.seed}{engine}; "
        f"net {digest(ensemble.net).removeprefix('sha256:')[:12]}"
    )
    return lines


def _wrapped(words_: str) -> list[str]:
    import textwrap

    return textwrap.wrap(words_, text.WIDTH)
