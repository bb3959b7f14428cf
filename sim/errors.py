"""Errors as data: what is wrong, where, and what would be right.

The loader collects every :class:`Diagnostic` of a file and raises them together as one
:class:`ScenarioError`; rendering happens once, in the command line. A run that breaks a rule of the
net while it is running raises one :class:`RunFault`.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of every command."""

    DONE = 0
    CHECK_FAILED = 1
    BAD_INPUT = 2
    OUR_FAULT = 3
    REFUSED = 4
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: ``line`` and ``column`` count from 1; ``length`` is what to underline."""

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault in an input, or one warning about it.

    ``code`` is stable and kebab-case (``unknown-field``); ``path`` names the place in the author's
    words (``transitions.march.pace``); ``message`` says what is wrong, ``expected`` what would be
    right, ``hint`` what to try.
    """

    code: str
    message: str
    position: Position | None = None
    path: str = ""
    expected: str = ""
    hint: str = ""
    severity: str = "error"

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints for this diagnostic."""
        where = self.position
        return {
            "code": self.code,
            "file": where.file if where else None,
            "line": where.line if where else None,
            "column": where.column if where else None,
            "path": self.path,
            "message": self.message,
            "expected": self.expected or None,
            "hint": self.hint or None,
        }


@dataclass(eq=False)
class ScenarioError(ValueError):
    """A scenario that cannot be used; ``diagnostics`` lists every reason, in file order."""

    diagnostics: Sequence[Diagnostic]
    #: Text of the files that the diagnostics point into, for quoting the offending line.
    sources: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(
            (f"{d.position.file}:{d.position.line}:{d.position.column}: " if d.position else "")
            + f"{d.severity}[{d.code}]: {d.message}"
            for d in self.diagnostics
        )


class UsageError(ValueError):
    """A request that makes no sense for this scenario (an unknown outcome, say); exit status 2."""


@dataclass(eq=False)
class RunFault(RuntimeError):
    """A rule of the net broken while running; see ``SEMANTICS.md``, section 12.

    ``time`` is in days since the start; ``values`` are the values that the expression read.
    """

    message: str
    replication: int
    time: float
    transition: str = ""
    expression: str = ""
    values: dict[str, float | str] = field(default_factory=dict)
    position: Position | None = None

    def __str__(self) -> str:
        place = f" in '{self.transition}'" if self.transition else ""
        what = f" ({self.expression})" if self.expression else ""
        read = ", ".join(
            f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
            for name, value in self.values.items()
        )
        return (
            f"replication {self.replication}, day {self.time:.6g}{place}: {self.message}{what}"
            + (f"; it read {read}" if read else "")
        )


class Interrupted(Exception):
    """A run was asked to stop; the first ``n_done`` replications are complete.

    ``partial`` holds their results (a ``Batch``, an ``Ensemble``: whatever the run would have
    returned), None if there are none.
    """

    def __init__(self, n_done: int, partial: object = None) -> None:
        super().__init__(f"interrupted after {n_done} replications")
        self.n_done, self.partial = n_done, partial


_MANY = 500


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``did you mean 'x'?`` for the nearest of ``known``, or an empty text."""
    folded = {name.casefold(): name for name in known}
    if len(folded) > _MANY:  # comparing takes microseconds a name: look at the likely ones
        start = word.casefold()[:2]
        likely = (name for name in folded if name.startswith(start))
        folded = {name: folded[name] for name in itertools.islice(likely, _MANY)}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return f"did you mean '{folded[near[0]]}'?" if near else ""


def one_of(names: Iterable[str], limit: int = 12) -> str:
    """Return ``one of a, b, c`` with long lists cut."""
    listed = list(names)
    shown = ", ".join(listed[:limit])
    return f"one of {shown}" + (f", ... ({len(listed)} in all)" if len(listed) > limit else "")
