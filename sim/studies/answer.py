"""What was found in one sentence: of an outcome, and of how two scenarios differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.analysis.words import words
from sim.ensemble.model import Ensemble
from sim.shown import band, given_the_model, in_points, moment, percent, points, span
from sim.studies.comparison import Comparison, Difference

#: With fewer replications a probability may be more than five points off.
FEW = 400


def turning_point(
    ensemble: Ensemble, outcome: str, report: Sequence[float] | None = None
) -> tuple[float, float]:
    """Return the date that splits an outcome's chances, in days, and the probability by it.

    That is the first report time by which it has come in half of the replications in which it comes
    at all, or the horizon.
    """
    report = ensemble.facts.report if report is None else report
    p = ensemble.probability(outcome).value
    early = ((days, ensemble.probability(outcome, by=days).value) for days in report)
    halves = ((days, by) for days, by in early if by > 0.0 and by >= p / 2.0)
    return next(halves, (ensemble.facts.horizon, p))


def answer(ensemble: Ensemble, outcome: str) -> str:
    """Say how likely an outcome is by its turning point, and how likely not at all."""
    facts = ensemble.facts
    label = next(o.label or o.name for o in ensemble.outcomes if o.name == outcome)
    days, p = turning_point(ensemble, outcome)
    said = f"{label} by {moment(facts.date(days), days, facts.horizon)}: {given_the_model(p)}"
    if known := band(ensemble.inputs80(outcome, days)):
        said += f" (inputs 80 %: {known})"
    rate = facts.base_rates.get(outcome)
    if rate is not None and rate.is_dated and (held := rate.by(days)) is not None:
        said += f"; base rate {percent(held[0], 0)}"
    not_at_all = 1.0 - ensemble.probability(outcome).value
    return f"{said}; not within {span(facts.horizon)}: {given_the_model(not_at_all)}."


def in_words(ensemble: Ensemble, outcome: str) -> str:
    """Say the same in words, and when it comes in half of all cases, if it does.

    ICD 203: words for a probability and what is said of its certainty share no sentence. Of few
    replications they would say more than anybody knows.
    """
    facts = ensemble.facts
    _, p = turning_point(ensemble, outcome)
    said = [f"By then: {words(p)}."] if ensemble.n >= FEW else []
    median = ensemble.quantile(outcome, 0.5).value
    if math.isfinite(median):
        said.append(f"Median: {moment(facts.date(median), median, facts.horizon)}.")
    return " ".join(said)


def most_different(comparison: Comparison, name: str) -> str:
    """Say in which outcome, and by when, a scenario differs most from the baseline."""
    found = comparison.largest(name)
    if found is None:
        of_all = (of[name] for of in comparison.differences.values() if name in of)
        largest = max((abs(end) for of in of_all for end in of.largest.interval95), default=0.0)
        return (
            f"With {name} no difference is seen in any outcome at any date: by the intervals none "
            f"is larger than {points(largest)[0].removeprefix('+')} points."
        )
    _, of = found
    row = of.largest
    said = f"With {name}: {of.label} by {moment(row.time, row.days, comparison.horizon_days)}: "
    said += f"{percent(row.probability)} instead of {percent(row.baseline)}, "
    return said + f"{in_points(row.difference, row.interval95, row.inputs80)}."


def first_to_differ(of: Difference) -> str:
    """Say which clocks differ first, in the replications that make up a difference."""
    n = of.n_looked_at
    looked = f"the {n:,}" if n == of.n_differing else f"{n:,} of the {of.n_differing:,}"
    said = f"In {looked} replications that make it so, "
    if not of.clocks:
        return said + "the same events happen: the start, or the outcome itself, is another."
    shown = [f"{clock.transition} ({100 * clock.share:.0f} %)" for clock in of.clocks[:3]]
    listed = " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    usually = "usually " if len(of.clocks) > 1 else ""
    return f"{said}the first to differ is {usually}{listed}."
