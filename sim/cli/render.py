"""The one place that turns diagnostics and faults into text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sim.cli.text import Look, width
from sim.errors import Diagnostic, RunFault, ScenarioError
from sim.shown import safe, safe_lines

__all__ = ["as_diagnostic", "diagnostics", "run_fault", "safe", "safe_lines", "scenario_error"]

PLAIN = Look()
_COLOURS = {"error": "red", "warning": "yellow"}


def diagnostics(found: Iterable[Diagnostic], texts: Mapping[str, str], look: Look = PLAIN) -> str:
    """Return diagnostics as people read them, each with the line that it points at."""
    return "\n".join(_diagnostic(d, texts, look) for d in found)


def scenario_error(error: ScenarioError, look: Look = PLAIN) -> str:
    """Return everything that is wrong with a scenario."""
    return diagnostics(error.diagnostics, error.sources, look)


def _diagnostic(d: Diagnostic, texts: Mapping[str, str], look: Look) -> str:
    where = d.position
    colour = _COLOURS.get(d.severity, "bold")
    place = safe(f"{where.file}:{where.line}:{where.column}: ") if where else ""
    kind = look.styled(f"{d.severity}[{d.code}]", colour)
    lines = [f"{place}{kind}: {safe(d.message)}", *_quoted(d, texts, look, colour)]
    for word, text in (("at", d.path), ("expected", d.expected), ("help", d.hint)):
        if text:
            lines.append(f"     = {word}: {safe(text)}")
    return "\n".join(lines)


def _quoted(d: Diagnostic, texts: Mapping[str, str], look: Look, colour: str) -> list[str]:
    """Return the offending line with a mark under the place."""
    where = d.position
    if where is None or where.file not in texts:
        return []
    lines = texts[where.file].split("\n")
    if not 0 < where.line <= len(lines):
        return []
    line = lines[where.line - 1].rstrip("\r")
    before, number = safe(line[: where.column - 1]), f"{where.line:>4}"
    marked = safe(line[where.column - 1 : where.column - 1 + where.length])
    mark = " " * width(before) + look.styled("^" * max(1, width(marked)), colour)
    return [f"{number} | {safe(line)}", f"{' ' * len(number)} | {mark}"]


def run_fault(fault: RunFault, texts: Mapping[str, str], look: Look = PLAIN) -> str:
    """Return a fault of a run as people read it."""
    return _diagnostic(as_diagnostic(fault), texts, look)


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
        hint=f"it read {read}" if read else "",
    )
