"""Conditions of an outcome in sentences and tables for a terminal of 80 columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.cli import text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.shown import moment
from sim.studies.discovered import Discovery, FoundBox, Restriction, Shares

#: Rows of a trajectory that are shown.
_ROWS = 12


def told(found: Discovery, look: Look | None = None) -> str:
    """Return the readable form of a discovery."""
    return "\n".join(_Told(found, look or Look()).lines())


@dataclass(frozen=True)
class _Told:
    found: Discovery
    look: Look

    def lines(self) -> list[str]:
        facts = self.found.ensemble.facts
        name = facts.name + (f", variant {facts.variant}" if facts.variant else "")
        lines = text.headed(safe(facts.title), safe(name), self.look)
        lines += ["", *self.bold(headline(self.found))]
        for number in range(len(self.found.boxes)):
            box = self.found.boxes[number]
            lines += ["", *self.bold(sentence(self.found, number)), "", *self.restrictions(box)]
        if not self.found.boxes:
            lines += ["", *self.bold(nothing(self.found))]
        shown = self.found.shown
        if shown is not None and len(shown.trajectory) > 1:
            lines += ["", *self.trajectory(shown)]
        foot = text.wrapped(text.whole(self.foot()), self.look.width)
        return [*lines, "", "", *(self.look.styled(line, "dim") for line in foot)]

    def bold(self, said: str) -> list[str]:
        lines = text.wrapped(text.whole(said), self.look.width)
        return [self.look.styled(line, "bold") for line in lines]

    def restrictions(self, box: FoundBox) -> list[str]:
        """Return what the box allows of each input, and how sure each restriction is."""
        rows = [["input", "is", "of its draws", "quasi-p", "reproduced"]]
        rows += [
            [safe(one.input), safe(one.said), _drawn(one), _p(one.quasi_p), _share(one.reproduced)]
            for one in box.restrictions
        ]
        return text.fitting_table(rows, "llrrr", self.look)

    def trajectory(self, box: FoundBox) -> list[str]:
        """Return some of the boxes that were peeled, among them the one that was chosen."""
        steps = box.trajectory
        every = max(1, math.ceil((len(steps) - 1) / (_ROWS - 1)))
        shown = sorted({*range(0, len(steps), every), box.chosen, len(steps) - 1})
        mark = "◂" if self.look.blocks else "<"
        rows = [["peeled last", "peels", "mass", "density", "coverage", ""]]
        for k in shown:
            step = steps[k]
            name = safe(f"{step.input} {step.to}") if step.input else "nothing"
            rows.append([name, f"{k}", *_figures(step.shares), mark if k == box.chosen else ""])
        return text.fitting_table(rows, "lrrrrl", self.look)

    def foot(self) -> str:
        found = self.found
        made = f"{text.counted(found.replications, 'replication')}, seed {found.seed}. "
        if found.why_not:
            return made + "Nothing here is about how right the model is."
        made += f"Boxes of {text.counted(found.n_inputs, 'unknown input')} were looked for in "
        made += f"{found.n_searched:,} of them; every figure of a box is of the other "
        made += f"{found.n_fresh:,}. Where no input matters, a box is told once in "
        made += f"{1.0 / found.false_alarms:,.0f} at the most. Mass: the share of replications in "
        made += "the box. Density: the share of cases in it. Coverage: its share of all cases. "
        made += "Quasi-p: how likely the box had as many cases if this restriction did nothing. "
        made += "A condition is where cases are, and no cause by itself. "
        made += "Nothing here is about how right the model is."
        return made


def headline(found: Discovery) -> str:
    """Say how frequent cases are among all replications."""
    low, high = found.monte_carlo95
    said = f"{_case(found)}: {text.percent(found.probability)} of replications "
    return said + f"(Monte Carlo 95 %: {text.interval(low, high)})."


def _case(found: Discovery) -> str:
    when = moment(found.time, found.days, found.ensemble.facts.horizon)
    return f"{safe(found.label)}, {'not ' if found.holds else ''}by {when}"


def sentence(found: Discovery, number: int) -> str:
    """Say a box: its conditions, how much of everything it holds, and what chance would do."""
    box = found.boxes[number]
    conditions = [f"{safe(one.input)} is {safe(one.said)}" for one in box.restrictions]
    where = " and ".join(filter(None, [", ".join(conditions[:-1]), conditions[-1]]))
    of, (low, high) = box.shares, box.shares.density95
    rest = "Of the rest, where " if number else "Where "
    said = f"{rest}{where} ({_part(of.mass)} of all): {text.percent(of.density)} (Monte Carlo "
    said += f"95 %: {text.interval(low, high)})"
    if number:
        said += f" instead of {text.percent(box.among.density)}"
    return f"{said}, {_part(of.coverage)} of all such cases; by chance: p {_compared(box.p)}."


def nothing(found: Discovery) -> str:
    """Say that there is no box, and why."""
    if found.why_not:
        return f"No condition is looked for: {found.why_not}."
    refused = found.refused
    assert refused is not None
    if not refused.restrictions:
        return "No condition is found: no box stands out, not even where boxes were looked for."
    return (
        "No condition is found: the best box of those replications in which boxes were looked for "
        f"is not borne out by the others (by chance: p {_compared(refused.p)})."
    )


def _figures(of: Shares) -> list[str]:
    return [_part(of.mass), text.percent(of.density), _part(of.coverage)]


def _part(share: float) -> str:
    return text.percent(share, 0) if share < 1.0 else "100 %"


def _drawn(one: Restriction) -> str:
    """Return which part of an input's draws is allowed."""
    low, high = one.quantiles
    if one.shares:
        return _part(sum(one.shares[label] for label in one.labels))
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _compared(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _p(p: float | None) -> str:
    return "" if p is None else _compared(p).removeprefix("= ")


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
