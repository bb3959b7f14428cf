"""What became of checks, for those who read it elsewhere: JUnit XML, Markdown, annotations.

Texts of files are data: none can end a tag, a cell of a table or a command of a build log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sim.scenario.checks import ChangeCheck, DriverCheck, QuantileCheck
from sim.shown import counted, days, safe
from sim.studies.check import FAILED, PASSED, UNDECIDED, Judged, Verdicts
from sim.studies.drift import Drift, Move

_MARKS = {PASSED: "✅", FAILED: "❌", UNDECIDED: "❔"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~$&@])")


def found(one: Judged) -> str:
    """Return what was found, in words: the figure, its interval and what it took."""
    if not one.replications:
        return "nothing was run"
    if math.isnan(one.estimate) and isinstance(one.check, DriverCheck):
        return f"never told: too little came in {counted(one.replications, 'replication')}"
    if math.isnan(one.estimate):
        return f"never told: the last did not come in {counted(one.replications, 'replication')}"
    n = counted(one.replications, "replication")
    return f"{_figure(one, one.estimate)} (95 %: {_interval(one)}), {n}"


def _interval(one: Judged) -> str:
    return f"{_figure(one, one.low)} to {_figure(one, one.high)}"


def _figure(one: Judged, value: float) -> str:
    if isinstance(one.check, QuantileCheck):
        return f"day {days(value)}" if math.isfinite(value) else "beyond the horizon"
    if isinstance(one.check, DriverCheck):
        return f"rank {value:.0f}"
    sign = "+" if isinstance(one.check, ChangeCheck) else ""
    return f"{value:{sign}.3f}"


def moved(move: Move) -> str:
    """Return by how much an outcome has moved, in words."""
    points = f"{100 * (move.now - move.before):+.1f} points"
    shares = f"{100 * move.before:.1f} % -> {100 * move.now:.1f} %, {points}"
    if move.had_to_be_equal:
        shares += ", though nothing has changed that numbers depend on"
    return f"{move.outcome} by day {days(move.days)}: {shares}"


def drifted(drift: Drift | None) -> Iterator[tuple[str, str]]:
    """Yield what has drifted: the file, and what in it."""
    if drift is not None:
        yield from ((move.file, moved(move)) for move in drift.moves)
        yield from ((file, f"{name} is gone from the file") for file, name in drift.gone)


def totals(verdicts: Iterable[Verdicts]) -> dict[str, int]:
    """Return how many checks have passed, failed and are undecided."""
    all_of_them = [one.verdict for of_one in verdicts for one in of_one.judged]
    return {verdict: all_of_them.count(verdict) for verdict in (PASSED, FAILED, UNDECIDED)}


# JUnit.


def junit(verdicts: Sequence[Verdicts], drift: Drift | None = None) -> str:
    """Return JUnit XML: a suite for each scenario, a case for each check, undecided as skipped."""
    root = Element("testsuites")
    for of_one in verdicts:
        suite = _suite(root, of_one.scenario.path, len(of_one.judged))
        for one in of_one.judged:
            _case(suite, one)
    if drift is not None:
        told = list(drifted(drift))
        suite = _suite(root, "baseline", max(1, len(told)))
        for file, what in told:
            case = SubElement(suite, "testcase", name=safe(what), file=safe(file))
            SubElement(case, "failure", message=safe(what))
        if not told:
            SubElement(suite, "testcase", name="nothing has drifted")
    for suite in root:
        for kind, tag in (("failures", "failure"), ("skipped", "skipped")):
            suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: Element, name: str, n: int) -> Element:
    return SubElement(root, "testsuite", name=safe(name), tests=str(n), errors="0")


def _case(suite: Element, one: Judged) -> None:
    where = one.check.position
    case = SubElement(
        suite,
        "testcase",
        name=safe(one.check.text),
        classname=suite.get("name", ""),
        file=safe(where.file),
        line=str(where.line),
    )
    if one.verdict == FAILED:
        SubElement(case, "failure", message=safe(found(one)))
    elif one.verdict == UNDECIDED:
        SubElement(case, "skipped", message=safe(f"undecided: {found(one)}"))
    else:
        SubElement(case, "system-out").text = safe(found(one))


# Markdown.


def markdown(
    verdicts: Sequence[Verdicts], drift: Drift | None = None, *, false_alarms: float
) -> str:
    """Return a summary in Markdown: a table for each scenario, what has drifted, and totals."""
    lines = ["## Checks of forecasts", "", f"**{summed_up(verdicts, drift)}**", ""]
    for of_one in verdicts:
        lines += [f"### {_cell(of_one.scenario.path)}", ""]
        lines += ["| | line | check | found |", "|---|---|---|---|"]
        for one in of_one.judged:
            line = one.check.position.line
            row = (f"{_MARKS[one.verdict]} {one.verdict}", str(line), one.check.text, found(one))
            lines.append(f"| {row[0]} | {row[1]} | {_cell(row[2])} | {_cell(row[3])} |")
        lines.append("")
    if drift is not None and drift.is_any:
        lines += ["### Drift", "", *(f"- {_cell(f)}: {_cell(t)}" for f, t in drifted(drift)), ""]
    rate = f"{100 * false_alarms:g} %"
    lines.append(
        f"With at most {rate} of seeds does any check of a file fail that holds, and with at most "
        f"{rate} does any pass that does not. Intervals are about the number of replications only."
    )
    return "\n".join(lines) + "\n"


def summed_up(verdicts: Sequence[Verdicts], drift: Drift | None = None) -> str:
    """Return how checks went in one line."""
    counts = totals(verdicts)
    told = [counted(sum(counts.values()), "check")]
    told += [f"{n} {verdict}" for verdict, n in counts.items()]
    if drift is not None:
        n = len(list(drifted(drift)))
        told.append(f"{n} drifted" if n else "nothing has drifted")
    text = f"{told[0]}: {', '.join(told[1:])}"
    return text if is_complete(verdicts, drift) else f"{text}; time ran out"


def is_complete(verdicts: Sequence[Verdicts], drift: Drift | None = None) -> bool:
    """Return whether nothing was left out for want of time."""
    return not any(v.is_out_of_time for v in verdicts) and not (drift and drift.not_compared)


def _cell(text: str) -> str:
    """Return a text for Markdown, where none of its characters means anything."""
    return _SPECIAL.sub(r"\\\1", safe(text))


# Annotations of GitHub.


def annotated(verdicts: Iterable[Verdicts], drift: Drift | None = None) -> Iterator[str]:
    """Yield workflow commands that show failed and undecided checks at their lines."""
    for of_one in verdicts:
        for one in of_one.judged:
            if one.verdict != PASSED:
                level = "error" if one.verdict == FAILED else "warning"
                where = one.check.position
                place = {"file": where.file, "line": str(where.line), "col": str(where.column)}
                text = f"{one.check.text}: {found(one)}"
                yield _annotation(level, {**place, "title": f"check {one.verdict}"}, text)
    for file, text in drifted(drift):
        yield _annotation("error", {"file": file, "title": "drift"}, text)


def _annotation(level: str, properties: dict[str, str], text: str) -> str:
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {said}::{_data(text)}"


def _data(text: str) -> str:
    # Line ends are escapes already; a percent sign begins one of a workflow command.
    return safe(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
