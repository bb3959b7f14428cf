"""A comparison as a notebook shows it: a table of the largest differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.shown import (
    DIV,
    counted,
    html_table,
    in_html,
    moment,
    percent,
    points,
    points_band,
)

if TYPE_CHECKING:
    from sim.studies.comparison import Comparison, Difference

_HEAD = (
    "outcome", "with", "most different by", "baseline", "there", "points", "Monte Carlo 95 %",
    "inputs 80 %", "first to differ",
)  # fmt: skip
_ALIGN = "lllrrrrrl"
#: More rows than this are no overview.
_MOST = 50


def comparison_html(comparison: Comparison) -> str:
    """Return every outcome and scenario at the date of their largest difference, as HTML."""
    title = comparison.scenarios[0].title or comparison.baseline
    parts = [f"<p><b>{in_html(title)}</b> (against {in_html(comparison.baseline)})</p>"]
    parts += [f"<p>{in_html(note)}</p>" for note in comparison.notes]
    rows = [
        _row(name, one, comparison.horizon_days)
        for of in comparison.differences.values()
        for name, one in of.items()
    ]
    parts.append(html_table(_HEAD, rows[:_MOST], _ALIGN))
    more = len(rows) - _MOST
    made = f"{counted(more, 'more row')}. " if more > 0 else ""
    made += f"{counted(comparison.replications, 'replication')} of each, seed {comparison.seed}, "
    made += "under common random numbers. Every interval holds by itself. Nothing here is about "
    made += "how right the models are."
    return "\n".join([DIV, *parts, f"<p><small>{in_html(made)}</small></p>", "</div>"])


def _row(name: str, of: Difference, horizon: float) -> list[str]:
    row = of.largest
    value, low, high = points(row.difference, *row.interval95)
    clock = of.clocks[0] if of.clocks else None
    return [
        of.label,
        name,
        moment(row.time, row.days, horizon),
        percent(row.baseline),
        percent(row.probability),
        value,
        f"{low} to {high}",
        points_band(row.inputs80),
        f"{clock.transition} ({100 * clock.share:.0f} %)" if clock else "-",
    ]
