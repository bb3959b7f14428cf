"""An ensemble in words, tables and curves for a terminal of 80 columns.

The same ensemble gives the same text, whatever the engine, the workers and the time that it took.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.analysis.words import words
from sim.cli import chart, control, driven, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.ensemble.base_rate import BaseRate
from sim.ensemble.model import Ensemble
from sim.studies.answer import FEW, turning_point
from sim.studies.summary import QUANTILES

_CAUSES = 6


def forecast(
    ensemble: Ensemble, at: Sequence[float] | None = None, look: Look | None = None
) -> str:
    """Return the readable summary of an ensemble; ``at`` replaces the report times (days)."""
    look = look or Look()
    report = ensemble.facts.report if at is None else tuple(at)
    told = [_Told(ensemble, number, report, look) for number in range(len(ensemble.outcomes))]
    lines = _head(ensemble, look)
    if not told:
        lines += ["", "The scenario asks for no outcomes."]
    elif ensemble.n:
        if len(told) > 1:
            lines += ["", *_overview(told)]
        for one in told:
            lines += ["", "", *one.lines()]
        lines += _control(ensemble, look)
    lines += ["", "", *_foot(ensemble, look)]
    return "\n".join(lines)


def few(n: int) -> str:
    """Return the warning that goes with few replications."""
    return f"warning: with {text.counted(n, 'replication')} no figure is better than its interval"


def _head(ensemble: Ensemble, look: Look) -> list[str]:
    facts = ensemble.facts
    name = safe(facts.name + (f", variant {facts.variant}" if facts.variant else ""))
    lines = text.headed(safe(facts.title), name, look)
    if facts.question:
        lines += text.wrapped(safe(facts.question), look.width)
    if not ensemble.is_complete:
        stopped = f"INTERRUPTED: {ensemble.n:,} of {ensemble.requested:,} replications are done."
        if ensemble.precision is not None:
            stopped = f"INTERRUPTED after {ensemble.n:,} replications, before the precision of "
            stopped += f"{ensemble.precision:g} was reached."
        lines += ["", *(look.styled(line, "red") for line in text.wrapped(stopped, look.width))]
    return lines


def _overview(told: list[_Told]) -> list[str]:
    """Return a line for each outcome."""
    rows = [["outcome", f"within {told[0].horizon}", "inputs 80 %", "", "median"]]
    for one in told:
        median = one.ensemble.quantile(one.name, 0.5).value
        when = f"{one.days(median)} days" if math.isfinite(median) else "-"
        band = text.band(one.ensemble.inputs80(one.name))
        said = words(one.p) if one.ensemble.n >= FEW else ""
        rows.append([one.label, text.percent(one.p), band, said, when])
    if not any(row[2] for row in rows[1:]):
        rows = [[*row[:2], *row[3:]] for row in rows]
    look = told[0].look
    shown = len(rows[0]) if look.width >= 70 else 2
    others = sum(2 + max(len(row[j]) for row in rows) for j in range(1, shown))
    lines = [
        line
        for label, *row in rows
        for line in text.with_label(label, row[: shown - 1], look.width - 2 - others)
    ]
    align = "lrrlr" if len(rows[0]) == 5 else "lrlr"
    return _indented(text.table(lines, align[:shown]), look)


def _control(ensemble: Ensemble, look: Look) -> list[str]:
    """Return who holds which place; nothing where no place may change hands."""
    rows = control.table(ensemble, look)
    if len(rows) == 1:
        return []
    pen = chart.BLOCKS if look.blocks else chart.ASCII
    if look.width < 70:
        rows = [[row[0], *row[3:]] for row in rows]
    said = "Over time: how probably who held a place at the start holds it still. "
    n_certain = control.n_certain(ensemble)
    said += f"{text.counted(n_certain, 'other place')} in the same hands throughout." * (
        n_certain > 0
    )
    name = "who holds what"
    return [
        "",
        "",
        f"{pen.line * (look.width - len(name) - 1)} {name}",
        *_indented(text.table(rows, "lll" + "lr" if len(rows[0]) == 5 else "llr"), look),
        "",
        *text.wrapped(said, look.width),
    ]


def _indented(table: list[str], look: Look) -> list[str]:
    """Return a table as it stands under a heading: its own in dim."""
    head, *body = (f"  {line}" for line in table)
    return [look.styled(head, "dim"), *body]


@dataclass(frozen=True)
class _Told:
    """One outcome, and how to tell it."""

    ensemble: Ensemble
    number: int
    report: Sequence[float]
    look: Look

    @property
    def name(self) -> str:
        return self.ensemble.outcomes[self.number].name

    @property
    def label(self) -> str:
        return safe(self.ensemble.outcomes[self.number].label or self.name)

    @property
    def p(self) -> float:
        return self.ensemble.probability(self.name).value

    @property
    def pen(self) -> chart.Pen:
        return chart.BLOCKS if self.look.blocks else chart.ASCII

    @property
    def horizon(self) -> str:
        return text.span(self.ensemble.facts.horizon)

    def days(self, value: float) -> str:
        return text.days(value, text.decimals_for(self.ensemble.facts.horizon))

    def date(self, days: float) -> str:
        return text.date(self.ensemble.date(days), is_short=self.look.width < 60)

    def moment(self, days: float) -> str:
        """Return a time in words: its date, or its day without a start."""
        return self.date(days) or f"day {self.days(days)}"

    def lines(self) -> list[str]:
        lines = [*self.title(), *self.headline(), "", *self.by_date()]
        if self.p > 0.0:
            sections = (self.picture(), self.when(), self.how(), self.drivers())
            lines += [line for section in sections if section for line in ("", *section)]
        return lines

    def title(self) -> list[str]:
        """Return a rule with the outcome's name, and its own question."""
        name = text.fitted(safe(self.name), self.look.width - 5)
        rule = self.pen.line * (self.look.width - text.width(name) - 1)
        asks = self.ensemble.outcomes[self.number].question
        is_told = len(self.ensemble.outcomes) == 1 and self.ensemble.facts.question
        return [f"{rule} {name}", *text.wrapped("" if is_told else safe(asks), self.look.width)]

    def headline(self) -> list[str]:
        """Say how likely it is by the date that splits its chances, and how likely not at all."""
        days, p = turning_point(self.ensemble, self.name, self.report)
        band = text.band(self.ensemble.inputs80(self.name, days))
        known = f" (inputs 80 %: {band})" if band else ""
        if (rate := self.rate_by(days)) is not None:
            known += f"; base rate {text.percent(rate[0], 0)}"
        said = f"{self.label} by {self.moment(days)}: {text.given_the_model(p)}{known}; "
        said += f"not within {self.horizon}: {text.given_the_model(1.0 - self.p)}."
        lines = [self.look.styled(line, "bold") for line in text.wrapped(said, self.look.width)]
        # ICD 203: words for a probability and what is said of its certainty share no sentence.
        # Of few replications they would say more than anybody knows.
        told = f"By then: {words(p)}." if self.ensemble.n >= FEW else ""
        median = self.ensemble.quantile(self.name, 0.5).value
        if math.isfinite(median):
            date, day = self.date(median), self.days(median)
            told += f" Median: {date} ({day} days)." if date else f" Median: day {day}."
        return [*lines, *text.wrapped(told.strip(), self.look.width)]

    def by_date(self) -> list[str]:
        """Return the probability by each report time: how far it hangs on what is unknown, and, as
        the smaller print, on the number of replications.
        """
        rows = [["by", "day", "probability", "inputs 80 %", "base rate", "Monte Carlo 95 %"]]
        horizon = self.ensemble.facts.horizon
        days = text.column(self.report, text.decimals_for(horizon))
        is_short = self.rate is not None and self.rate.is_dated and text.is_within_a_year(horizon)
        for t, day in zip(self.report, days, strict=True):
            p = self.ensemble.probability(self.name, by=t)
            band = text.band(self.ensemble.inputs80(self.name, t))
            small = text.interval(p.low, p.high)
            rate = self.rate_by(t)
            past = "" if rate is None else text.percent(rate[0], 0)
            date = text.date(self.ensemble.date(t), is_short=is_short or self.look.width < 60)
            rows.append([date, day, text.percent(p.value), band, past, small])
        return [*self._table(rows, "lrrrrr"), *self.held_against()]

    @property
    def rate(self) -> BaseRate | None:
        return self.ensemble.facts.base_rates.get(self.name)

    def rate_by(self, days: float) -> tuple[float, float, float] | None:
        """Return the base rate by a time, where its clock runs from the start."""
        return None if self.rate is None or not self.rate.is_dated else self.rate.by(days)

    def held_against(self) -> list[str]:
        """Say what the base rate is one of, and how far it is known."""
        if self.rate is None:
            return []
        said = self.rate.said(self.ensemble.facts.horizon)
        lines = text.wrapped(said, self.look.width - 2)
        return ["", *(self.look.styled(f"  {line}", "dim") for line in lines)]

    def when(self) -> list[str]:
        """Return the quantiles of the time, as far as the horizon lets them be known."""
        times = {q: self.ensemble.quantile(self.name, q) for q in QUANTILES}
        known = {q: time for q, time in times.items() if math.isfinite(time.value)}
        if not known:
            return []
        decimals = text.decimals_for(self.ensemble.facts.horizon)
        rows = [["quantile", "day", "date", "Monte Carlo 95 %"]]
        for q, (value, low, high) in known.items():
            end = f"{high:.{decimals}f}" if math.isfinite(high) else "later"
            small = f"{low:.{decimals}f} to {end}"
            rows.append([f"{100 * q:.0f} %", f"{value:.{decimals}f}", self.date(value), small])
        lines = self._table(rows, "rrlr")
        later = [q for q in QUANTILES if q not in known]
        if later:
            more = " and more" if len(later) > 1 else ""
            lines.append(f"  {100 * later[0]:.0f} %{more}: not within {self.horizon}")
        return lines

    def how(self) -> list[str]:
        """Return what brings it about, with the last thing that followed at once."""
        found = [(self._path(*pair), p) for pair, p in self._paths()]
        room = max(8, self.look.width - 30)
        rows = [["probability", "cause", ""]]
        for cause, p in found[:_CAUSES]:
            bar = chart.bar(p / self.p, 16, self.pen) if self.look.width >= 60 else ""
            rows.append([text.percent(p), text.fitted(safe(cause), room), bar])
        rest = sum(p for _, p in found[_CAUSES:])
        if rest:
            others = text.counted(len(found) - _CAUSES, "other cause")
            rows.append([text.percent(rest), others, ""])
        return self._table(rows, "rll")

    def drivers(self) -> list[str]:
        """Return what it hangs on, as far as that is known."""
        found = self.ensemble.drivers(self.report).get(self.name)
        if found is None:
            return []
        said = safe(found.said(self.moment(found.days)))
        for figure in (" %", " / "):
            said = said.replace(figure, figure.replace(" ", text.NO_BREAK))
        lines = text.wrapped(said, self.look.width)
        if found.drivers:
            lines += ["", *self._table(driven.rows(found.drivers, self.look), "rllr")]
        return lines

    def _paths(self) -> Iterable[tuple[tuple[str, str], float]]:
        return self.ensemble.shares_with_via(self.name).items()

    def _path(self, cause: str, via: str) -> str:
        return f"{cause} {self.pen.arrow} {via}" if via else cause

    def picture(self) -> list[str]:
        """Return the arrival curve; of outcomes after the first, a lower one."""
        horizon = self.ensemble.facts.horizon
        columns = self.look.width - chart.MARGIN - 1
        grid = horizon * np.arange(1, columns + 1) / columns
        grid[-1] = horizon  # not a bit beyond
        values = [float(p) for p in self.ensemble.cdf(self.name, grid).cdf]
        ticks = chart.ticks(horizon, columns, self.ensemble.date(0.0))
        return chart.curve(values, ticks, self.pen, height=8 if self.number == 0 else 4)

    def _table(self, rows: list[list[str]], align: str) -> list[str]:
        """Return a table without the columns that nothing is in."""
        if self.look.width < 70 and align[-1] == "r":
            rows, align = [row[:-1] for row in rows], align[:-1]  # no room for the smaller print
        used = [j for j in range(len(align)) if any(row[j] for row in rows[1:])]
        rows = [[row[j] for j in used] for row in rows]
        return _indented(text.table(rows, "".join(align[j] for j in used)), self.look)


def _foot(ensemble: Ensemble, look: Look) -> list[str]:
    lines = []
    if 0 < ensemble.n < FEW:
        lines += text.wrapped(few(ensemble.n), look.width)
    n_early = int(np.count_nonzero(ensemble.horizons < ensemble.facts.horizon))
    if n_early:
        lines += text.wrapped(
            f"warning: the horizon is drawn, and {text.percent(n_early / ensemble.n)} of the "
            "replications end before the latest; what would come after their end counts as not "
            "coming",
            look.width,
        )
    for name, count in ensemble.clipped.items():
        share = text.percent(count / ensemble.n)
        lines += text.wrapped(
            f"warning: '{safe(name)}' was held at an end of its range in "
            f"{text.counted(count, 'replication')} ({share}); widen the "
            "range, or say so in the effect with min and max",
            look.width,
        )
    made = (
        f"{text.counted(ensemble.n, 'replication')}, seed {ensemble.seed}, net "
        f"{ensemble.legend.net.removeprefix('sha256:')[:12]}. "
    )
    if ensemble.nested is not None:
        made += "Inputs 80 %: where the probability lies, four times in five, over what the file "
        made += f"leaves uncertain, luck averaged out. {driven.WHAT_IT_IS}"
    made += (
        "Monte Carlo intervals are about the number of replications only. Nothing here is about "
    )
    made += "how right the model is."
    return [*lines, *(look.styled(line, "dim") for line in text.wrapped(made, look.width))]
