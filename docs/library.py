"""Write library.md: the forecasts of past wars beside base rates and what happened.

``python -m docs.library`` from the project's folder; it takes a minute or two. A test compares with
the first of the same replications.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sim
from sim.ensemble.base_rate import BaseRate
from sim.studies.reference import base_rates

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_suffix(".md")
REPLICATIONS = 10_000
LIBRARY = (
    "kobani_2014",
    "mosul_2014",
    "saigon_1975",
    "tripoli_2019",
    "mekelle_2020",
    "kabul_2021",
    "addis_2021",
    "el_fasher_2023",
    "syria_2024_11_27",
)
#: Days by which forecasts are scored: within the reference class.
SCORED = (1, 3, 7, 14, 30)

_PAGE = """<!-- Made by docs/library.py: `python -m docs.library`. -->

# Wars that can be scored

Nine wars as they stood on one evening, each a file in `scenarios/` that says what was known then
and nothing later: every source is older than `clock.as_of`, or the file is refused. All of them
use the defaults of the world layer as they are shipped, which rest on other wars and on
judgement; nothing was fitted to what happened, in either direction, and what came out stands
below as it came out. `resolved` in each file says what happened and by which rule.

Three things to know before reading. *Forecast* is the share of {n:,} replications. *Base rate* is
the share of attacked places that had fallen after as many days in the [reference
class](reference-class.md): of attacks like this one on places that had stood as long, as `run`
says them. Where nobody attacked yet at the start it counts from contact (*once attacked*), and so
says more than the class knows; after 30 days it stands still. And all of these wars but the last
are rows of that class, which sets some defaults: this shows how the model does on cases that its
makers knew, and is no test on new ones.

"""
_COLUMNS = ("", "what happened", "forecast by then", "within {:g} days", "inputs 80 %", "median")
_SCORES = """## All of them together

Mean squared error of the forecast that a place has fallen by a day (Brier 1950: 0 is perfect,
0.25 what one half always gets), over all places that are asked about and whose fate by then is
known.

| by day | places | fallen | forecast | base rate |
| --- | --- | --- | --- | --- |
"""
_READING = """
## What stands out

Written on these figures; look again when they change.

- In the first week the forecast is much better than the base rate, which takes every place for an
  attacked one. After two weeks and a month it is no better than always saying one half.
- It goes too far. Samarra, Amirli, Baghdad, Kobani, Tripoli and the towns around it, El Obeid, El
  Fasher, Sennar and Panjshir were each likelier to fall than not, and stood. Only Addis Ababa and
  the towns before it are rightly held to be out of reach.
- It is too late in the first days of a surprise: Tikrit, Aleppo, Mekelle.

Traces (`frontcast trace`) show why places fall that stood:

- A garrison that is only threatened gives up as readily as one that is attacked but for the first
  days, whatever comes down the road: a few hundred men in Baqubah shake all of Baghdad.
- The shock of losses adds up over a whole army, however many places it still holds: of 34 capitals,
  half go within a day or so.
- Aircraft count for little: with the shipped effect, sixty sorties a day hardly help Kobani, and no
  number of them helps against collapse.
- The hazard of a deal does not fade: where `local_ties` allow one, it is all but certain within
  three months of contact, as around Tripoli.

None of this is repaired in the files, nor may it be by these outcomes: that would be fitting. A
variant `no_contagion` of most files shows how much of a forecast is the shock of losses.
"""


@dataclass(frozen=True)
class Fate:
    """What became of an outcome, in days since the start; ``latest`` is inf if it did not come."""

    outcome: str
    label: str
    latest: float
    #: Until when that is known.
    known: float
    #: None where it is about no place's fall.
    base: BaseRate | None

    def had_come(self, day: float) -> bool | None:
        """Return whether it had come by a day; None where that is not known."""
        if self.latest <= day:
            return True
        return False if day <= self.known else None


def fates(scenario: sim.Scenario) -> Iterator[Fate]:
    """Yield what became of the outcomes of a scenario, in the file's order."""
    start, horizon = scenario.clock.start, scenario.clock.horizon / 86_400
    assert start is not None
    labels = {outcome.name: outcome.label for outcome in scenario.net.outcomes}
    bases = base_rates(scenario)
    for one in scenario.evidence.resolved:
        days = [
            (when - start).total_seconds() / 86_400
            for when in (one.earliest, one.latest, one.not_by)
            if when is not None
        ]
        came = one.not_by is None
        # Between the two instants of one that came nobody knows.
        known = min(days[0], horizon)
        latest = days[-1] if came else float("inf")
        label, base = str(labels[one.outcome]), bases.get(one.outcome)
        yield Fate(one.outcome, label, latest, known, base)


def fallen(base: BaseRate, day: float) -> float:
    """Return the share that had fallen by a day; beyond the last of the record it stands still."""
    return base.fell[min(math.ceil(day), base.last)]


def percent(p: float) -> str:
    """Return a probability as the page shows it."""
    if p < 0.005:
        return "< 1 %"
    return "> 99 %" if p > 0.995 else f"{100 * p:.0f} %"


def based(base: BaseRate, day: float) -> str:
    """Return a base rate as the page shows it."""
    return percent(fallen(base, day)) + ("" if base.is_dated else " once attacked")


def line(cells: list[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |\n"


def row(scenario: sim.Scenario, ensemble: sim.Ensemble, fate: Fate) -> str:
    """Return one line of a table."""
    horizon = scenario.clock.horizon / 86_400
    by = min(fate.latest, horizon)
    when = scenario.date(fate.latest if fate.latest < horizon else horizon)
    assert when is not None
    date = f"{when.day} {when:%b %Y}"
    happened = f"{date}, day {by:.1f}" if fate.latest < horizon else f"not by {date}"
    median = ensemble.quantile(fate.outcome, 0.5).value
    band = ensemble.inputs80(fate.outcome)
    cells = [
        fate.label,
        happened,
        percent(ensemble.probability(fate.outcome, by).value),
        percent(ensemble.probability(fate.outcome).value),
        "-" if band is None else f"{100 * band[0]:.0f} to {100 * band[1]:.0f} %",
        f"day {median:.1f}" if median < horizon else "-",
        "-" if fate.base is None else based(fate.base, by),
    ]
    return line(cells)


Pair = tuple[bool, float, float]


def scored(ensemble: sim.Ensemble, fate: Fate, horizon: float) -> Iterator[tuple[int, Pair]]:
    """Yield (day, (had it come, forecast, base rate)) where all three are known."""
    for day in SCORED:
        came = fate.had_come(day)
        if fate.base is not None and came is not None and day <= horizon:
            forecast = ensemble.probability(fate.outcome, day).value
            yield day, (came, forecast, fallen(fate.base, day))


def scores(pairs: list[tuple[int, Pair]]) -> str:
    """Return the table of mean squared errors."""
    text = _SCORES
    for day in SCORED:
        of_day = [pair for when, pair in pairs if when == day]
        n, fallen = len(of_day), sum(came for came, _, _ in of_day)
        errors = [sum((p[k] - p[0]) ** 2 for p in of_day) / n for k in (1, 2)]
        text += f"| {day} | {n} | {fallen} | {errors[0]:.2f} | {errors[1]:.2f} |\n"
    return text


def load(name: str) -> sim.Scenario:
    """Return a scenario of the library."""
    return sim.load(ROOT / "scenarios" / f"{name}.yaml", check_variants=False)


def page() -> str:
    """Return the page, from runs made anew."""
    parts, pairs = [_PAGE.format(n=REPLICATIONS)], []
    for name in LIBRARY:
        scenario = load(name)
        horizon = scenario.clock.horizon / 86_400
        ensemble = sim.run(scenario, replications=REPLICATIONS, seed=1)
        found = list(fates(scenario))
        pairs += [pair for fate in found for pair in scored(ensemble, fate, horizon)]
        parts.append(f"## {scenario.title}\n\n`scenarios/{name}.yaml`. {scenario.question}\n\n")
        parts.append(line([*_COLUMNS, "base rate by then"]).format(horizon))
        parts.append(line(["---"] * 7))
        parts += [row(scenario, ensemble, fate) for fate in found]
        parts.append("\n")
    return "".join([*parts, scores(pairs), _READING])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
