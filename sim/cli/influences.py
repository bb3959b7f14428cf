"""A sweep in words and tables for a terminal of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.cli import text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.shown import signed
from sim.studies.limits import EXCEEDED, UNDECIDED, Held
from sim.studies.swept import Influence, Interval, Response, Spread, Sweep

#: Inputs that are listed of each outcome.
_MOST = 10
#: Columns that the path of an input has at the least.
_PATH = 16
_METHODS = {
    "given": "a run as it is",
    "grid": "a grid",
    "lhs": "a Latin hypercube",
    "morris": "Morris's screening",
    "sobol": "Sobol' indices",
}
_COLOURS = {EXCEEDED: "red", UNDECIDED: "yellow"}


def told(sweep: Sweep, look: Look | None = None) -> str:
    """Return the readable form of a sweep."""
    look = look or Look()
    lines = text.headed(safe(sweep.title), _METHODS[sweep.method], look)
    for note in _notes(sweep):
        lines += text.wrapped(f"note: {safe(note)}", look.width)
    for outcome, found in sweep.outcomes.items():
        lines += ["", *_outcome(sweep, sweep.spread[outcome], found, look)]
    foot = text.wrapped(_foot(sweep), look.width)
    return "\n".join([*lines, "", *(look.styled(line, "dim") for line in foot)])


def limits_told(found: Sequence[Held], look: Look) -> list[str]:
    """Return what became of limits."""
    lines = []
    for one in found:
        verdict = look.styled(f"{one.verdict:9}", _COLOURS.get(one.verdict, "dim"))
        said = safe(one.limit.text)
        if one.estimate is not None and one.interval95 is not None:
            said += f": {one.estimate:.2f}, {_ends(one.interval95)}"
        else:
            said += ": nothing is seen of it"
        first, *rest = text.wrapped(said, look.width - 12)
        lines += [f"  {verdict} {first}", *(" " * 12 + line for line in rest)]
    return lines


def _notes(sweep: Sweep) -> Iterator[str]:
    if not sweep.complete:
        yield (
            f"{sweep.points_done:,} of {sweep.points:,} points: the budget was used up; the same "
            "command goes on from there"
        )
    yield from sweep.notes


def _outcome(sweep: Sweep, spread: Spread, found: Sequence[Influence], look: Look) -> list[str]:
    """Return one outcome: how far its probability moves, and with which inputs."""
    head = f"{safe(spread.label)}: {text.percent(spread.probability)}"
    if spread.is_seen:
        head += f", give or take {100 * spread.inputs:.1f} points with the inputs"
    unbroken = head.replace(" %", f"{text.NO_BREAK}%")
    lines = [look.styled(line, "bold") for line in text.wrapped(unbroken, look.width)]
    if not any(one.index is not None or one.mu_star for one in found):
        said = "what the inputs do does not stand out from luck and from the choice of points"
        if sweep.method == "morris":
            said = "no input moves it"
        return [*lines, *text.wrapped(said, look.width, "  ")]
    shown = [one for one in found if one.size > -math.inf][:_MOST]
    return [
        *lines,
        *_table(_rows(sweep, shown), look),
        *_rest(sweep, len(found) - len(shown), look),
    ]


def _rest(sweep: Sweep, n: int, look: Look) -> list[str]:
    if not n:
        return []
    what = "not above the noise" if sweep.method == "given" else "of less influence"
    return [look.styled(f"  and {text.counted(n, 'other input')} {what}", "dim")]


def _rows(sweep: Sweep, found: Sequence[Influence]) -> list[list[str]]:
    if sweep.method == "morris":
        head = ["input", "mean effect", "of either sign", "95 %", "sigma", "luck"]
    else:
        head = ["input", "alone", "95 %", "total", "95 %", "low to high"]
    rows = [head]
    for one in found:
        if sweep.method == "morris":
            figures = [
                _points(one.mu, is_signed=True),
                _points(one.mu_star),
                _ends(one.mu_star95, 100.0, 0),
                _points(one.sigma),
                _points(one.noise),
            ]
        else:
            figures = [
                _share(one.index),
                _ends(one.interval95),
                _share(one.total),
                _ends(one.total95),
                _swing(one.responses),
            ]
        rows.append([safe(one.input), *figures])
    return rows


def _share(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else _plain(value)


def _plain(value: float, decimals: int = 2) -> str:
    """Return a number of which nothing is left but its sign without that."""
    return f"{value:z.{decimals}f}"


def _points(value: float | None, *, is_signed: bool = False) -> str:
    if value is None:
        return ""
    return signed(100 * value, 1) if is_signed else _plain(100 * value, 1)


def _ends(ends: Interval | None, scale: float = 1.0, decimals: int = 2) -> str:
    if ends is None or not all(map(math.isfinite, ends)):
        return ""
    low, high = (_plain(scale * end, decimals) for end in ends)
    return f"{low} to {high}"


def _swing(responses: Sequence[Response]) -> str:
    """Return the probability where an input is lowest, and where it is highest."""
    if len(responses) < 2:
        return ""
    low, high = (text.percent(r.probability, 0) for r in (responses[0], responses[-1]))
    return f"{low} to {high}"


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


def _foot(sweep: Sweep) -> str:
    if sweep.method == "given":
        said = f"{text.counted(sweep.points_done, 'replication')}, seed {sweep.seed}. "
    else:
        said = f"{text.counted(sweep.points_done, 'point')} of "
        said += f"{text.counted(sweep.replications, 'replication')}, seed {sweep.seed}. "
    said += f"Of probabilities by day {sweep.by_days:g}, luck taken off. "
    if sweep.method == "morris":
        said += "In points of a hundred for the whole range of an input: the mean effect, its mean "
        said += "size, how much it varies with the other inputs, and what luck does to a single "
        said += "one. "
    else:
        said += "Alone: the share of the variance over the inputs that would go if this one were "
        said += "known. "
        if sweep.method == "sobol":
            said += "Total: the share that would be left if all others were. "
        said += "Low to high: the probability where the input is lowest and highest. "
    return said + "Nothing here is about how right the model is."
