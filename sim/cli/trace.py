"""``trace``: one replication as a timeline."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sim.cli import chart, options, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.units import Dimension

if TYPE_CHECKING:
    from sim.engines.reasons import Sped
    from sim.ensemble.model import Ensemble
    from sim.net.model import Net, Outcome
    from sim.studies.trace import Event, Value, Waiting

_LOST = 3
_SPED = 3
_INPUTS = 12


@click.command("trace")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "-k",
    "--replication",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    metavar="K",
    help="Which one: the same as in a run with this seed.",
)
@options.seed
@options.changes
@options.memory
@options.output
def command(file: str, replication: int, seed: int, memory: float | None, **given: Any) -> int:
    """Tell one replication of a scenario FILE as a timeline.

    Each entry says when something happened, what, and which transition it was; below it stand what
    changed, the outcomes that it settled, why its clock fired then (how long its work was, and what
    sped or slowed it), the clocks that it stopped, and those that it was ahead of.
    """  # fmt: skip
    from sim.studies.trace import one, trace

    scenario = options.read(file, given["assignments"], given["variant"])
    events = trace(scenario, replication=replication, seed=seed, memory=memory)
    if given["as_json"]:
        told = [_as_json(event) for event in events]
        options.print_json({"replication": replication, "events": told})
    else:
        whole = one(scenario, replication=replication, seed=seed)
        look = Look.of(sys.stdout)
        options.say(timeline(whole, events, scenario.net, look))
    return 0


def _as_json(event: Event) -> dict[str, Any]:
    return {
        "days": event.days,
        "time": event.time.isoformat(timespec="seconds") if event.time else None,
        "transition": event.transition,
        "branch": event.branch or None,
        "immediate": event.immediate,
        "says": event.says or None,
        "changes": {name: [_plain(v) for v in pair] for name, pair in event.changes.items()},
        "outcomes": list(event.outcomes),
        "shorter": event.shorter,
        "sped": [
            {
                "name": one.name,
                "before": _plain(one.before),
                "now": _plain(one.now),
                "factor": _plain(one.factor),
            }
            for one in event.sped
        ],
        "lost": [one._asdict() for one in _nearest(event)],
    }


def _nearest(event: Event) -> list[Waiting]:
    """Return the clocks that were nearest to firing, those that were stopped first."""
    stopped = [one for one in event.lost if one.stopped]
    running = [one for one in event.lost if not one.stopped]
    return [*stopped[:_LOST], *running[:_LOST]]


def _plain(value: Value) -> Value:
    """Return a value as JSON can hold it: an infinite one as text."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def timeline(whole: Ensemble, events: Sequence[Event], net: Net, look: Look | None = None) -> str:
    """Return the events of a replication, given as an ensemble of one, as people read them."""
    look = look or Look()
    told = _Timeline(text.decimals_for(whole.facts.horizon) + 1, look, net)
    return "\n".join(
        [
            *_head(whole, look),
            *_inputs(whole, look),
            "",
            *told.start(whole, events),
            *(line for event in events for line in told.entry(event)),
            *([""] if events else []),
            *_end(whole, len(events), look),
        ]
    )


def _head(whole: Ensemble, look: Look) -> list[str]:
    facts = whole.facts
    which = f"replication {whole.ends.index[0]}, seed {whole.seed}"
    which = f"{facts.name}, variant {facts.variant}, {which}" if facts.variant else which
    return text.headed(safe(facts.title), safe(which), look)


def _inputs(whole: Ensemble, look: Look) -> list[str]:
    """Say what was drawn at the start."""
    drawn = whole.inputs.iloc[0]
    if drawn.empty:
        return []
    given = whole.legend.inputs
    values = text.table([[_shown(drawn[i.name]), i.unit] for i in given[:_INPUTS]], "rl")
    room = max(8, look.width - 6 - max(map(text.width, values)))
    paths = [text.fitted(safe(i.name), room) for i in given[:_INPUTS]]
    lines = text.table(list(zip(paths, values, strict=True)), "ll")
    more = len(given) - _INPUTS
    lines += [f"and {more} more"] if more > 0 else []
    return ["", look.styled("  drawn for this replication", "dim"), *(f"    {x}" for x in lines)]


def _end(whole: Ensemble, n_events: int, look: Look) -> list[str]:
    """Say how it ended."""
    end = whole.ends.iloc[0]
    why = {
        "horizon": "the horizon",
        "stop": "the scenario's 'stop' held",
        "dead": "nothing could happen any more",
    }[str(end["reason"])]
    date = text.date(whole.date(float(end["time"])))
    day = text.days(float(end["time"]), text.decimals_for(whole.facts.horizon))
    when = f"day {day}" + (f", {date}" if date else "")
    return text.wrapped(f"{text.counted(n_events, 'event')}. End on {when}: {why}.", look.width)


@dataclass(frozen=True)
class _Timeline:
    """How the entries of a timeline are written."""

    decimals: int
    look: Look
    net: Net

    def entry(self, event: Event) -> list[str]:
        """Return the lines of one event."""
        indent = " " * 4
        lines = [*self._head(event), *self._wrapped(", ".join(self._changes(event)), indent)]
        lines += self._outcomes(o for o in self.net.outcomes if o.name in event.outcomes)
        whys = [] if event.immediate else filter(None, (self._why(event), self._lost(event)))
        lines += (x for why in whys for x in self._styled(self._wrapped(why, indent), "dim"))
        return lines

    def start(self, whole: Ensemble, events: Sequence[Event]) -> list[str]:
        """Return the lines of the outcomes that held before anything happened."""
        told = {name for event in events for name in event.outcomes}
        came = (o for o in self.net.outcomes if math.isfinite(whole.times(o.name)[0]))
        lines = self._outcomes(o for o in came if o.name not in told)
        return ["at the start", *lines] if lines else []

    def _outcomes(self, outcomes: Iterable[Outcome]) -> list[str]:
        lines: list[str] = []
        for outcome in outcomes:
            told = safe(f"outcome {outcome.name}" + (f": {outcome.label}" if outcome.label else ""))
            lines += self._styled(self._wrapped(told, " " * 4), "yellow")
        return lines

    def _head(self, event: Event) -> list[str]:
        """Return when it happened and what, on one line if there is room."""
        when = "at once" if event.immediate else self._when(event)
        name = safe(event.transition + (f"/{event.branch}" if event.branch else ""))
        said, which = (safe(event.says), f"[{name}]") if event.says else (name, "")
        if text.width(f"{when}  {said}  {which}".rstrip()) <= self.look.width:
            return [f"{when}  {self.look.styled(said, 'bold')}  {which}".rstrip()]
        words = self._styled(self._wrapped(said, "  "), "bold")
        if text.width(f"{when}  {which}") <= self.look.width:
            return [f"{when}  {which}".rstrip(), *words]
        return [when, *words, *self._wrapped(which, "  ")]

    def _styled(self, lines: list[str], style: str) -> list[str]:
        return [self.look.styled(line, style) for line in lines]

    def _when(self, event: Event) -> str:
        date = text.date(event.time)
        return (f"{date}, " if date else "") + f"day {event.days:.{self.decimals}f}"

    def _changes(self, event: Event) -> list[str]:
        return [self._change(name, *values) for name, values in event.changes.items()]

    def _change(self, name: str, before: Value, after: Value) -> str:
        arrow = (chart.BLOCKS if self.look.blocks else chart.ASCII).arrow
        return (
            f"{safe(name)} {safe(_shown(before))} {arrow} {safe(_shown(after))}{self._unit(name)}"
        )

    def _unit(self, name: str) -> str:
        found = [v.dimension for v in self.net.variables if v.name == name]
        clocks = (t for t in self.net.transitions if f"{t.name}.work" == name)
        return _unit((found or [t.clock.work_dimension for t in clocks])[0])

    def _why(self, event: Event) -> str:
        """Say how long the work was, as draws go, and what sped or slowed it."""
        shorter = [] if event.shorter is None else [text.percent(event.shorter, 0)]
        drawn = [f"{share} of draws are shorter" for share in shorter]
        return "; ".join([*drawn, *map(self._sped, event.sped[:_SPED])])

    def _sped(self, one: Sped) -> str:
        how = "running" if one.factor == math.inf else f"{one.factor:.3g} times as fast"
        return f"{how} since {self._change(one.name, one.before, one.now)}"

    def _lost(self, event: Event) -> str:
        """Say what nearly happened instead: above all what cannot happen any more."""
        stopped = self._due(one for one in _nearest(event) if one.stopped)
        ahead = self._due(one for one in _nearest(event) if not one.stopped)
        said = {"stopped": stopped, "ahead of": ahead}
        return "; ".join(f"{how} {clocks}" for how, clocks in said.items() if clocks)

    def _due(self, clocks: Iterable[Waiting]) -> str:
        return ", ".join(
            f"{safe(one.transition)} (day{text.NO_BREAK}{one.days:.{self.decimals}f})"
            for one in clocks
        )

    def _wrapped(self, said: str, indent: str) -> list[str]:
        return text.wrapped(said, self.look.width, indent)


def _shown(value: Value) -> str:
    """Return a label, or a number with four digits that mean something."""
    if isinstance(value, str):
        return value
    if abs(value) < 1e15 and value == int(value):
        return f"{value:.0f}"
    return f"{value:.4g}" if abs(value) < 1_000.0 else f"{value:.1f}"


def _unit(dimension: Dimension) -> str:
    """Return `` km/day``, say; empty for a plain number."""
    return f" {dimension}" if any(dimension) else ""
