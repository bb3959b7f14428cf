"""A sweep in words and tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from sim.cli import text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.studies import driven
from sim.studies.driven import effect, ends, share
from sim.studies.limits import EXCEEDED, UNDECIDED, Held
from sim.studies.swept import Influence, Sweep

#: Inputs that are listed of each outcome.
_MOST = 10
#: Columns that the path of an input has at the least.
_PATH = 16
_MODEL = "Nothing here is about how right the model is."
_COLOURS = {EXCEEDED: "red", UNDECIDED: "yellow"}


def told(sweep: Sweep, look: Look | None = None) -> str:
    """Return the readable form of a sweep."""
    look = look or Look()
    lines = text.headed(safe(sweep.title), driven.METHODS[sweep.method], look)
    for note in driven.notes(sweep):
        lines += text.wrapped(f"note: {safe(note)}", look.width)
    for outcome in sweep.outcomes:
        lines += ["", *_outcome(sweep, outcome, look)]
    said = f"{driven.made(sweep)} {driven.meaning(sweep)} {_MODEL}"
    foot = text.wrapped(said, look.width)
    return "\n".join([*lines, "", *(look.styled(line, "dim") for line in foot)])


def limits_told(found: Sequence[Held], look: Look) -> list[str]:
    """Return what became of limits."""
    lines = []
    for one in found:
        verdict = look.styled(f"{one.verdict:9}", _COLOURS.get(one.verdict, "dim"))
        said = safe(one.limit.text)
        if one.estimate is not None and one.interval95 is not None:
            said += f": {one.estimate:.2f}, {ends(one.interval95)}"
        else:
            said += ": nothing is seen of it"
        first, *rest = text.wrapped(said, look.width - 12)
        lines += [f"  {verdict} {first}", *(" " * 12 + line for line in rest)]
    return lines


def _outcome(sweep: Sweep, outcome: str, look: Look) -> list[str]:
    """Return one outcome: how far its probability moves, and with which inputs."""
    unbroken = safe(driven.headline(sweep.spread[outcome])).replace(" %", f"{text.NO_BREAK}%")
    lines = [look.styled(line, "bold") for line in text.wrapped(unbroken, look.width)]
    if nothing := driven.nothing_seen(sweep, outcome):
        return [*lines, *text.wrapped(nothing, look.width, "  ")]
    found = sweep.outcomes[outcome]
    shown = driven.with_figures(found, _MOST)
    rest = driven.others(sweep, len(found) - len(shown))
    lines += _table(_rows(sweep, shown), look)
    return [*lines, look.styled(f"  {rest}", "dim")] if rest else lines


def _rows(sweep: Sweep, found: Sequence[Influence]) -> list[list[str]]:
    if sweep.method == "morris":
        head = ["input", "mean effect", "of either sign", "95 %", "sigma", "luck"]
    else:
        head = ["input", "alone", "95 %", "total", "95 %", "low to high"]
    rows = [head]
    for one in found:
        if sweep.method == "morris":
            figures = [
                effect(one.mu, is_signed=True),
                effect(one.mu_star),
                ends(one.mu_star95, 100.0, 0),
                effect(one.sigma),
                effect(one.noise),
            ]
        else:
            figures = [
                share(one.index),
                ends(one.interval95),
                share(one.total),
                ends(one.total95),
                driven.swing(one.responses),
            ]
        rows.append([safe(one.input), *figures])
    return rows


def _table(rows: list[list[str]], look: Look) -> list[str]:
    """Return a table without the columns that nothing is in, or that there is no room for."""
    used = [j for j in range(len(rows[0])) if any(row[j] for row in rows[1:])]
    rows = [[row[j] for j in used] for row in rows]
    while (room := _room(rows, look)) < _PATH and len(rows[0]) > 2:
        rows = [row[:-1] for row in rows]
    rows = [line for path, *row in rows for line in text.with_label(path, row, room)]
    head, *body = text.table(rows, "l" + "r" * (len(rows[0]) - 1))
    return [look.styled(f"  {head}", "dim"), *(f"  {line}" for line in body)]


def _room(rows: list[list[str]], look: Look) -> int:
    """Return the columns that are left for the first column of a table."""
    widths = [max(map(text.width, column)) for column in zip(*rows, strict=True)]
    return max(8, look.width - 2 - sum(2 + width for width in widths[1:]))
