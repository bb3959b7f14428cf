"""The one place that turns diagnostics and faults into text for a terminal.

Text from a file is data: whatever could move the cursor, change colours or turn the direction of
writing is shown as an escape.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from sim.errors import Diagnostic, RunFault, ScenarioError


def safe(text: str) -> str:
    """Return a text with control and bidirectional characters, and tabs, shown as escapes."""
    return "".join(
        character if character == "\n" or _is_harmless(character) else _escape(character)
        for character in text
    )


def _is_harmless(character: str) -> bool:
    # Cc control, Cf format (bidirectional ones among them), Cs surrogates, Zl and Zp separators.
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def diagnostics(found: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """Return diagnostics as people read them, each with the line that it points at."""
    return "\n".join(_diagnostic(d, texts) for d in found)


def scenario_error(error: ScenarioError) -> str:
    """Return everything that is wrong with a scenario."""
    return diagnostics(error.diagnostics, error.sources)


def _diagnostic(d: Diagnostic, texts: Mapping[str, str]) -> str:
    where = d.position
    place = f"{where.file}:{where.line}:{where.column}: " if where else ""
    lines = [f"{place}{d.severity}[{d.code}]: {d.message}", *_quoted(d, texts)]
    for word, text in (("at", d.path), ("expected", d.expected), ("help", d.hint)):
        if text:
            lines.append(f"     = {word}: {text}")
    # A line feed inside a name would start a line that looks like one of ours.
    return "\n".join(safe(line).replace("\n", "\\n") for line in lines)


def _quoted(d: Diagnostic, texts: Mapping[str, str]) -> list[str]:
    """Return the offending line with a mark under the place."""
    where = d.position
    if where is None or where.file not in texts:
        return []
    lines = texts[where.file].split("\n")
    if not 0 < where.line <= len(lines):
        return []
    line = lines[where.line - 1].rstrip("\r")
    before, number = safe(line[: where.column - 1]), f"{where.line:>5}"
    marked = safe(line[where.column - 1 : where.column - 1 + where.length])
    mark = " " * _width(before) + "^" * max(1, _width(marked))
    return [f"{number} | {line}", f"{' ' * len(number)} | {mark}"]


def _width(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def run_fault(fault: RunFault, texts: Mapping[str, str]) -> str:
    """Return a fault of a run as people read it."""
    return _diagnostic(as_diagnostic(fault), texts)


def as_diagnostic(fault: RunFault) -> Diagnostic:
    """Return a fault of a run as a diagnostic."""
    read = ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in fault.values.items()
    )
    when = f"in replication {fault.replication}, on day {fault.time:.6g}"
    return Diagnostic(
        code="run-fault",
        message=f"{fault.message} ({when})",
        position=fault.position,
        path=fault.transition,
        hint=f"the values were {read}" if read else "",
    )
