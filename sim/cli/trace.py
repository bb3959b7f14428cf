"""``trace``: one replication as a timeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from sim.cli import options, text

if TYPE_CHECKING:
    from sim.engines.reference import Event
    from sim.scenario.model import Scenario

_LOST = 3


@click.command("trace")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option(
    "--replication", "-k", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True,
    metavar="K", help="Which one: the same as in a run with this seed.",
)  # fmt: skip
@options.seed
@options.changes
@options.output
def command(file: str, replication: int, seed: int, **given: Any) -> int:
    """Tell one replication of a scenario FILE as a timeline.

    Each line says when something happened and what; below it stand what changed, the outcomes that
    it settled, and the clocks that would have come next.
    """
    from sim.studies.trace import trace

    scenario = options.read(file, given["assignments"], given["variant"])
    events = trace(scenario, replication=replication, seed=seed)
    if given["as_json"]:
        options.print_json(
            {
                "replication": replication,
                "events": [_as_json(e, scenario.clock.start) for e in events],
            }
        )
    else:
        click.echo(_timeline(scenario, events, replication, seed))
    return 0


def _date(start: datetime | None, seconds: float) -> datetime | None:
    return None if start is None else start + timedelta(seconds=seconds)


def _as_json(event: Event, start: datetime | None) -> dict[str, Any]:
    from sim.units import SECONDS_PER_DAY

    at = _date(start, event.time)
    return {
        "days": event.time / SECONDS_PER_DAY,
        "time": at.isoformat(timespec="seconds") if at else None,
        "transition": event.transition,
        "branch": event.branch or None,
        "immediate": event.is_immediate,
        "says": event.says or None,
        "changes": {
            name: [_plain(before), _plain(after)] for name, (before, after) in event.changes.items()
        },
        "outcomes": event.outcomes,
        "lost": [
            {"transition": name, "days": due / SECONDS_PER_DAY} for name, due in event.lost[:_LOST]
        ],
    }


def _plain(value: float | str) -> float | str:
    """Return a value as JSON can hold it: an infinite one as text."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def _timeline(scenario: Scenario, events: list[Event], replication: int, seed: int) -> str:
    from sim.cli.render import safe
    from sim.units import SECONDS_PER_DAY

    lines = [f"{scenario.title}: replication {replication}, seed {seed}", ""]
    for event in events:
        lines += _told(event, scenario.clock.start)
    if not events:
        lines.append("nothing happens")
    last = events[-1].time / SECONDS_PER_DAY if events else 0.0
    horizon = scenario.clock.horizon / SECONDS_PER_DAY
    lines += ["", f"{len(events)} events, the last on day {last:.2f} of {text.days(horizon)}"]
    return safe("\n".join(lines))


def _told(event: Event, start: datetime | None) -> list[str]:
    from sim.units import SECONDS_PER_DAY

    at = _date(start, event.time)
    when = text.date(at) if at else ""
    day = f"day {event.time / SECONDS_PER_DAY:>8.3f}"
    clock = "  at once    " if event.is_immediate else f"{day} "
    what = event.transition + (f"/{event.branch}" if event.branch else "")
    head = f"{when}  {clock} " if when else f"{clock} "
    lines = [head + (f"{event.says}  [{what}]" if event.says else what)]
    indent = " " * 6
    if event.changes:
        changed = ", ".join(
            f"{name}: {_shown(before)} to {_shown(after)}"
            for name, (before, after) in event.changes.items()
        )
        lines.append(f"{indent}{changed}")
    lines += [f"{indent}=> {name}" for name in event.outcomes]
    if event.lost and not event.is_immediate:
        nearest = ", ".join(
            f"{name} (day {due / SECONDS_PER_DAY:.3f})" for name, due in event.lost[:_LOST]
        )
        lines.append(f"{indent}would have come next: {nearest}")
    return lines


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
