"""A comparison in words and tables for a terminal of 80 columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.cli import text
from sim.cli.forecast import few
from sim.cli.render import safe
from sim.cli.text import Look
from sim.shown import points, points_band, signed
from sim.studies.answer import FEW, first_to_differ, most_different
from sim.studies.comparison import ByDate, Comparison, Difference, Example, OfTime

_CLOCKS = 5
_TRACED = 2


def told(comparison: Comparison, look: Look | None = None) -> str:
    """Return the readable form of a comparison."""
    look = look or Look()
    lines = _head(comparison, look)
    for name in comparison.others:
        lines += ["", "", *_Told(comparison, name, look).lines()]
    return "\n".join([*lines, "", "", *_foot(comparison, look)])


def _head(comparison: Comparison, look: Look) -> list[str]:
    facts = comparison.ensembles[0].facts
    lines = text.headed(safe(facts.title), safe(f"against {comparison.baseline}"), look)
    if facts.question:
        lines += text.wrapped(safe(facts.question), look.width)
    for note in comparison.notes:
        lines += text.wrapped(f"note: {safe(note)}", look.width)
    return lines


@dataclass(frozen=True)
class _Told:
    """One scenario against the baseline."""

    comparison: Comparison
    name: str
    look: Look

    @property
    def differences(self) -> dict[str, Difference]:
        found = self.comparison.differences.items()
        return {outcome: of[self.name] for outcome, of in found if self.name in of}

    @property
    def shown_name(self) -> str:
        return safe(self.name)

    def lines(self) -> list[str]:
        lines = [*self.title(), *self.headline(), "", *self.overview()]
        found = self.comparison.largest(self.name)
        if found is None:
            return lines
        outcome, largest = found
        first = next(iter(self.differences))
        lines += ["", *self.how(largest)] if largest.clocks else []
        for one in dict.fromkeys([first, outcome]):
            lines += ["", *self.outcome(self.differences[one])]
        return lines

    def title(self) -> list[str]:
        line = "─" if self.look.blocks else "-"
        name = text.fitted(self.shown_name, self.look.width - 5)
        return [f"{line * (self.look.width - text.width(name) - 1)} {name}"]

    def headline(self) -> list[str]:
        """Say what differs most, and what differs first in the replications that make it so."""
        lines = self.bold(safe(most_different(self.comparison, self.name)))
        found = self.comparison.largest(self.name)
        if found is None:
            return lines
        first = safe(first_to_differ(found[1]))
        return [*lines, *text.wrapped(text.whole(first), self.look.width)]

    def bold(self, said: str) -> list[str]:
        return [
            self.look.styled(line, "bold")
            for line in text.wrapped(text.whole(said), self.look.width)
        ]

    def when(self, row: ByDate) -> str:
        short = text.date(row.time, is_short=True)
        return short or f"day {text.days(row.days, self.decimals)}"

    @property
    def decimals(self) -> int:
        return text.decimals_for(self.comparison.horizon_days)

    def overview(self) -> list[str]:
        """Return every outcome at the date at which it differs most."""
        rows = [["outcome", "by day", "baseline", "here", "points", "Monte Carlo", "inputs 80 %"]]
        found = [of.largest for of in self.differences.values()]
        days = text.column([row.days for row in found], self.decimals)
        rows += [
            [safe(of.label), day, *self.figures(row)]
            for of, day, row in zip(self.differences.values(), days, found, strict=True)
        ]
        return self.table(rows, "lrrrrrr")

    def figures(self, row: ByDate) -> list[str]:
        """Return the probabilities in both, their difference, and its intervals."""
        shown = points(row.difference, *row.interval95)
        return [
            text.percent(row.baseline),
            text.percent(row.probability),
            shown[0],
            f"{shown[1]} to {shown[2]}",
            points_band(row.inputs80),
        ]

    def how(self, of: Difference) -> list[str]:
        """Return which clocks differ first, and replications to trace side by side."""
        rows = [["share", "first to differ"]]
        rows += [[_share(c.share), safe(c.transition)] for c in of.clocks[:_CLOCKS]]
        rest = of.clocks[_CLOCKS:]
        if rest:
            others = text.counted(len(rest), "other transition")
            rows.append([_share(sum(c.share for c in rest)), others])
        lines = self.table(rows, "rl")
        for clock in of.clocks[:_TRACED]:
            lines += self.example(clock.examples[0])
        number = of.clocks[0].examples[0].replication
        return [*lines, self.look.styled("  side by side:", "dim"), *self.traces(number)]

    def traces(self, replication: int) -> list[str]:
        """Return the commands that tell a replication in both."""
        scenarios = self.comparison.scenarios
        seed = f" --seed {self.comparison.seed}" if self.comparison.seed != 1 else ""
        return [
            f"    trace {safe(one.file)}{f' --variant {safe(one.variant)}' if one.variant else ''}"
            f" --replication {replication}{seed}"
            for one in scenarios
            if one.name in (self.comparison.baseline, self.name)
        ]

    def example(self, example: Example) -> list[str]:
        """Return where one replication parts, to be traced in both."""
        here = _event(example.event, example.days, self.decimals)
        there = _event(example.baseline_event, example.baseline_days, self.decimals)
        said = f"replication {example.replication}: {safe(here)} here, {safe(there)} in "
        said += f"{safe(self.comparison.baseline)}"
        return text.wrapped(said, self.look.width, "  ")

    def outcome(self, of: Difference) -> list[str]:
        """Return one outcome by date, and its time."""
        lines = self.bold(safe(of.label))
        rows = [["by", "baseline", "here", "points", "Monte Carlo 95 %", "inputs 80 %", "gain"]]
        whole = of.by_horizon
        for row in [*of.by, *([] if of.by and of.by[-1].days == whole.days else [whole])]:
            gain = row.variance_reduction
            shown = "" if gain is None else f"{gain:,.0f} x" if gain >= 10 else f"{gain:.1f} x"
            rows.append([self.when(row), *self.figures(row), shown])
        lines += self.table(rows, "lrrrrrr")
        times = [["time, days", "baseline", "here", "difference", "Monte Carlo 95 %"]]
        for q, time in of.quantiles_days.items():
            if math.isfinite(time.baseline) or math.isfinite(time.value):
                times.append([f"{100 * float(q):.0f} %", *self.times(time)])
        mean = f"mean, up to {text.span(self.comparison.horizon_days)}"
        times.append([mean, *self.times(of.restricted_mean_days)])
        return [*lines, "", *self.table(times, "lrrrr")]

    def times(self, time: OfTime) -> list[str]:
        """Return a time in both, and how far apart they are."""
        decimals, (low, high) = self.decimals, time.interval95
        shown = [
            f"{t:.{decimals}f}" if math.isfinite(t) else "later"
            for t in (time.baseline, time.value)
        ]
        if time.difference is None or not math.isfinite(time.difference):
            return [*shown, "", ""]
        ends = [signed(end, decimals) for end in (low, high) if math.isfinite(end)]
        if len(ends) == 1:
            ends.append("more" if math.isfinite(low) else "less")
        joint = " to " if math.isfinite(low) and math.isfinite(high) else " or "
        return [*shown, signed(time.difference, decimals), joint.join(ends)]

    def table(self, rows: list[list[str]], align: str) -> list[str]:
        return text.fitting_table(rows, align, self.look)


def _share(share: float) -> str:
    """Return a share of the replications that were looked at."""
    return f"{100 * share:.0f} %"


def _event(event: str, days: float | None, decimals: int) -> str:
    if days is None:
        return "nothing more"
    return f"{event} on day {days:.{decimals + 1}f}"


def _foot(comparison: Comparison, look: Look) -> list[str]:
    made = f"{text.counted(comparison.replications, 'replication')} of each, seed "
    made += f"{comparison.seed}, under common random numbers. Every interval holds by itself: of "
    made += "twenty differences that are none, one is expected to look like one. Gain: how many "
    made += "times as many replications independent seeds would take. "
    differences = (d for of in comparison.differences.values() for d in of.values())
    if any(d.inputs80 for d in differences):
        made += "Inputs 80 %: where the difference lies, four times in five, over what the files "
        made += "leave uncertain, luck averaged out. "
    made += "Nothing here is about how right the models are."
    lines = text.wrapped(few(comparison.replications), look.width)
    lines = lines if comparison.replications < FEW else []
    return [*lines, *(look.styled(line, "dim") for line in text.wrapped(made, look.width))]
