"""What was said and what came to pass: read with the file, checked, and kept for scoring.

No run reads any of it: a test changes it and finds every byte of a result as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sim.errors import did_you_mean, one_of
from sim.instants import read_day_or_instant
from sim.keys import NEEDED, Formula, Instant, Instants, Line, Spec, Value, a_key, validated
from sim.net.expr import Expr, reads
from sim.net.resolve import Scope
from sim.scenario.terms import Terms
from sim.scenario.wanted import is_nan
from sim.values import Faults, Items, Map, Node, Text, describe, read_value


class ReportSpec(Spec):
    """Something that was said about the situation at the start."""

    claim: Formula = a_key(
        "A condition on the initial state, or the name of a number with 'value'",
        "bridge == cut",
        default=NEEDED,
    )
    value: Value = a_key(
        "The number that was reported, with its error", "{interval90: [200, 3000]}"
    )
    grade: Line = a_key(
        "Admiralty grade of source (A to F) and information (1 to 6)", "C3", default=NEEDED
    )
    text: Line = a_key("What was said")
    origin: Line = a_key(
        "Where it comes from; reports of one origin count once", "monitors", default="its own"
    )
    at: Instant = a_key("When it was said; not after clock.as_of", "2024-12-06T17:00+03:00")
    source: Line = a_key("An entry of sources", "monitors")


class ResolvedSpec(Spec):
    """What became of an outcome."""

    at: Instant = a_key("When it came to pass", "2024-12-08T02:20+03:00")
    between: Instants = a_key("Between which instants it came to pass", "[36 h, 40 h]")
    not_by: Instant = a_key("By when it had not come to pass", "14 days")
    rule: Line = a_key("By which rule that is judged", "control announced by both sides")
    source: Line = a_key("An entry of sources", "monitors")


@dataclass(frozen=True)
class Report:
    """A graded report about the situation at the start."""

    claim: str
    grade: str
    origin: str = ""
    text: str = ""
    source: str = ""
    at: datetime | None = None
    #: The reported number as written; empty for a condition.
    value: str = ""


@dataclass(frozen=True)
class Resolved:
    """What became of an outcome: when it came, or by when it had not; neither if it is void."""

    outcome: str
    earliest: datetime | None = None
    latest: datetime | None = None
    not_by: datetime | None = None
    is_void: bool = False
    rule: str = ""
    source: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything of a file that no run reads."""

    reports: tuple[Report, ...] = ()
    resolved: tuple[Resolved, ...] = ()


@dataclass(frozen=True, eq=False)
class EvidenceReader:
    """Reads ``reports`` and ``resolved`` of one file."""

    terms: Terms
    #: What may be claimed: the initial state.
    scope: Scope
    as_of: datetime | None
    zone: tzinfo | None
    remarks: Callable[[Text | None, Text | None, str], None]

    @property
    def faults(self) -> Faults:
        """Where faults are told."""
        return self.terms.faults

    # Reports.

    def reports(self, node: Node | None) -> Iterator[Report]:
        """Yield the reports without a fault."""
        if node is None:
            return
        if not isinstance(node, Items):
            expected = "[{claim: bridge == cut, grade: C3}]"
            message = f"'reports' is {describe(node)}"
            self.faults.add("wrong-type", message, node, "reports", expected=expected)
            return
        for number, item in enumerate(node, 1):
            report = self.report(item, f"reports.{number}")
            if report is not None:
                yield report

    def report(self, node: Node, path: str) -> Report | None:
        spec, is_valid = validated(ReportSpec, node, path, "a report", self.faults)
        if spec is None or not is_valid:
            return None
        self.remarks(spec.source, None, path)
        self.check_grade(spec.grade, f"{path}.grade")
        at = self.known_by(spec.at, f"{path}.at")
        if spec.value is None:
            self.check_claim(
                self.terms.condition(spec.claim, self.scope, f"{path}.claim"), spec, path
            )
        else:
            read_value(spec.value, f"{path}.value", self.faults)
            self.check_claim(self.terms.number(spec.claim, self.scope, f"{path}.claim"), spec, path)
        given = {name: str(getattr(spec, name) or "") for name in ("origin", "text", "source")}
        value = "" if spec.value is None else describe(spec.value)
        return Report(str(spec.claim), str(spec.grade), at=at, value=value, **given)

    def check_grade(self, grade: Text, path: str) -> None:
        if len(grade) != 2 or grade[0] not in "ABCDEF" or grade[1] not in "123456":
            expected = "a source from A to F and an information from 1 to 6, such as B2"
            self.faults.add("bad-remark", f"'{grade}' is no grade", grade, path, expected=expected)

    def check_claim(self, claim: Expr, spec: Any, path: str) -> None:
        """Tell a claim about what is derived, or happens later: only what is given can be wrong."""
        later = sorted(r.name for r in reads(claim) if r.space not in ("variable", "input"))
        if later and not is_nan(claim):
            message = f"a claim about '{later[0]}', which follows from the rest"
            expected = "variables and parameters of the start"
            self.faults.add("bad-claim", message, spec.claim, f"{path}.claim", expected=expected)

    def known_by(self, node: Node | None, path: str) -> datetime | None:
        """Return an instant that is not after what the scenario knows."""
        when = self.instant(node, path)
        if when is not None and self.as_of is not None and when > self.as_of:
            message = f"'{node}' is after as_of, {self.as_of.isoformat()}"
            hint = "what was not known yet has no place in a forecast"
            self.faults.add("after-as-of", message, node, path, hint=hint)
        return when

    def instant(self, node: Node | None, path: str) -> datetime | None:
        if node is None:
            return None
        if isinstance(node, Text):
            return read_day_or_instant(node, self.zone, path, self.faults)
        message = f"{describe(node)} where an instant belongs"
        self.faults.add("wrong-type", message, node, path, expected="an instant with its offset")
        return None

    # Resolutions.

    def resolved(self, node: Node | None, outcomes: Mapping[str, object]) -> Iterator[Resolved]:
        """Yield what became of outcomes, where that is said without a fault."""
        if node is None:
            return
        if not isinstance(node, Map):
            expected = "a mapping from outcomes to what became of them"
            message = f"'resolved' is {describe(node)}"
            self.faults.add("wrong-type", message, node, "resolved", expected=expected)
            return
        for key, value in node.entries():
            path = f"resolved.{key}"
            if key not in outcomes:
                hint = did_you_mean(key, outcomes)
                expected = one_of(outcomes) if outcomes else "an outcome of this file"
                message = f"unknown outcome '{key}'"
                self.faults.add("unknown-outcome", message, key, path, expected=expected, hint=hint)
            yield self.resolution(str(key), value, path)

    def resolution(self, outcome: str, node: Node, path: str) -> Resolved:
        if isinstance(node, Text):
            if node == "void":
                return Resolved(outcome, is_void=True)
            when = self.instant(node, path)
            return Resolved(outcome, when, when)
        spec, _ = validated(ResolvedSpec, node, path, f"'{outcome}'", self.faults)
        if spec is None:
            return Resolved(outcome)
        self.remarks(spec.source, None, path)
        given = [key for key in ("at", "between", "not_by") if getattr(spec, key) is not None]
        if len(given) != 1:
            message = f"'{outcome}' came to pass in {len(given)} ways"
            expected = "one of at, between, not_by; or void"
            self.faults.add("bad-resolution", message, node, path, expected=expected)
        at = self.instant(spec.at, f"{path}.at")
        earliest, latest = self.between(spec.between, f"{path}.between")
        not_by = self.instant(spec.not_by, f"{path}.not_by")
        rule, source = (str(getattr(spec, name) or "") for name in ("rule", "source"))
        return Resolved(outcome, at or earliest, at or latest, not_by, rule=rule, source=source)

    def between(self, node: Node | None, path: str) -> tuple[datetime | None, datetime | None]:
        if node is None:
            return None, None
        if not isinstance(node, Items) or len(node) != 2:
            message = f"{describe(node)} where two instants belong"
            self.faults.add("wrong-type", message, node, path, expected="[earliest, latest]")
            return None, None
        earliest, latest = (self.instant(item, path) for item in node)
        if earliest is not None and latest is not None and latest < earliest:
            message = f"'{node[1]}' is before '{node[0]}'"
            self.faults.add("bad-resolution", message, node, path, expected="earliest <= latest")
        return earliest, latest
