"""What a file's forecast is held to: the section ``checks``, read with the file and never by a run.

A check says of a figure of the ensemble between which two it lies, or of an input that it is among
those that drive an outcome most. There are five kinds, told apart by their keys.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sim.errors import Diagnostic, Position, did_you_mean, one_of
from sim.keys import (
    Bounds,
    Formula,
    Instant,
    Instants,
    Line,
    Names,
    Spec,
    Whole,
    a_key,
    note_key,
    validated,
)
from sim.net.expr import Const
from sim.scenario.terms import Terms
from sim.scenario.wanted import PLAIN, is_nan, written_text
from sim.shown import counted
from sim.values import Faults, Items, Map, Node, Text, describe

if TYPE_CHECKING:
    from sim.net.model import Net
    from sim.scenario.model import ScenarioClock

Interval = tuple[float, float]


class CheckSpec(Spec):
    """A statement that check holds the forecast to, of one of five kinds.

    The kinds: outcome and probability; outcome, quantile and between; order and probability;
    compare, outcome and change; driver, outcome and top.
    """

    outcome: Line = a_key("The outcome that it is about", "city_falls")
    by: Instant = a_key("By when it has come", "3 days", default="the horizon")
    probability: Bounds = a_key("Between which two the probability lies", "[0.5, 0.9]")
    quantile: Formula = a_key("The share of replications of which 'between' says the time", "0.5")
    between: Instants = a_key("Between which two times that share has come", "[6 h, 4 days]")
    order: Names = a_key(
        "Outcomes that come in this order, or together: judged where the last one comes",
        "[bridge_cut, city_falls]",
    )
    compare: Line = a_key("The variant that is set against the file as it stands", "bridge_open")
    change: Bounds = a_key(
        "Between which two the variant's probability less the file's own lies", "[-0.5, 0.05]"
    )
    driver: Line = a_key(
        "The uncertain input that is among the first by how much of the outcome it explains",
        "parameters.hits",
    )
    top: Whole = a_key("Among how many", "3")
    note: Line = note_key()


@dataclass(frozen=True)
class Check:
    """A statement about the forecast; ``text`` is how people read it, times are in seconds."""

    position: Position
    path: str
    text: str


@dataclass(frozen=True)
class ProbabilityCheck(Check):
    """An outcome has come by a time (None: the horizon) with a probability inside an interval."""

    outcome: str
    by: float | None
    inside: Interval


@dataclass(frozen=True)
class QuantileCheck(Check):
    """The time by which a share of replications has an outcome lies inside an interval."""

    outcome: str
    share: float
    inside: Interval


@dataclass(frozen=True)
class OrderCheck(Check):
    """Where the last of some outcomes has come by a time, all came in this order, or together."""

    outcomes: tuple[str, ...]
    by: float | None
    inside: Interval


@dataclass(frozen=True)
class ChangeCheck(Check):
    """A variant changes the probability of an outcome by something inside an interval."""

    variant: str
    outcome: str
    by: float | None
    inside: Interval


@dataclass(frozen=True)
class DriverCheck(Check):
    """An input is among the first ``top`` by how much each explains by itself of an outcome."""

    driver: str
    outcome: str
    by: float | None
    top: int


class _Kind(NamedTuple):
    noun: str
    needs: tuple[str, ...]
    may_have: tuple[str, ...]
    #: Keys of which any makes it this kind.
    marks: tuple[str, ...]
    example: str


_KINDS = (
    _Kind(
        "a driver",
        ("driver", "outcome", "top"),
        ("by",),
        ("driver", "top"),
        "{driver: parameters.hits, outcome: city_falls, by: 3 days, top: 3}",
    ),
    _Kind(
        "an order",
        ("order", "probability"),
        ("by",),
        ("order",),
        "{order: [bridge_cut, city_falls], probability: [0.9, 1]}",
    ),
    _Kind(
        "a change",
        ("compare", "outcome", "change"),
        ("by",),
        ("compare", "change"),
        "{compare: bridge_open, outcome: city_falls, by: 3 days, change: [-0.5, 0.05]}",
    ),
    _Kind(
        "a quantile",
        ("outcome", "quantile", "between"),
        (),
        ("quantile", "between"),
        "{outcome: city_falls, quantile: 0.5, between: [6 h, 4 days]}",
    ),
    _Kind(
        "an outcome",
        ("outcome", "probability"),
        ("by",),
        (),
        "{outcome: city_falls, by: 3 days, probability: [0.5, 0.9]}",
    ),
)


def unfit(
    check: ChangeCheck, own: ScenarioClock, clock: ScenarioClock, net: Net
) -> Diagnostic | None:
    """Return why a variant, with its clock and net, cannot be compared; None if it can."""
    by = own.horizon if check.by is None else check.by
    why = hint = ""
    if check.outcome not in {outcome.name for outcome in net.outcomes}:
        why = f"has no outcome '{check.outcome}'"
    elif clock.start != own.start:
        why = "starts at another time"
    elif by > clock.horizon:
        why = f"ends on day {clock.horizon / 86_400:g}, the check looks at day {by / 86_400:g}"
        hint = "say 'by' with a time that both reach"
    if not why:
        return None
    message = f"the variant '{check.variant}' cannot be compared: it {why}"
    return Diagnostic("bad-comparison", message, check.position, check.path, hint=hint)


@dataclass(frozen=True, eq=False)
class CheckReader:
    """Reads ``checks`` of one file."""

    terms: Terms
    outcomes: Collection[str]
    variants: Collection[str]
    #: Paths of what is uncertain, and not luck.
    unknown: Collection[str]
    #: In seconds; infinite where it could not be read.
    horizon: float

    @property
    def faults(self) -> Faults:
        """Where faults are told."""
        return self.terms.faults

    def checks(self, node: Node | None) -> Iterator[Check]:
        """Yield the checks without a fault."""
        if node is None:
            return
        if not isinstance(node, Items):
            message, expected = f"'checks' is {describe(node)}", f"[{_KINDS[-1].example}]"
            self.faults.add("wrong-type", message, node, "checks", expected=expected)
            return
        for number, item in enumerate(node, 1):
            check = self.check(item, f"checks.{number}")
            if check is not None:
                yield check

    def check(self, node: Node, path: str) -> Check | None:
        """Return a check; None after a fault."""
        spec, is_valid = validated(CheckSpec, node, path, "a check", self.faults)
        if spec is None or not is_valid:
            return None
        given = {key: value for key, value in spec if value is not None and key != "note"}
        kind = next(k for k in _KINDS if not k.marks or any(mark in given for mark in k.marks))
        assert isinstance(node, Map)
        if not self._is_whole(kind, given, node, path):
            return None
        before = self.faults.n_errors
        check = self._of_kind(kind, spec, node, path)
        return check if self.faults.n_errors == before else None

    def _is_whole(self, kind: _Kind, given: Collection[str], node: Map, path: str) -> bool:
        """Tell keys that a kind of check lacks, and keys that do not go with it."""
        missing = [key for key in kind.needs if key not in given]
        if missing:
            message = f"'{missing[0]}' is missing in a check of {kind.noun}"
            self.faults.add("missing-field", message, node, path, expected=kind.example)
        odd = [key for key in given if key not in (*kind.needs, *kind.may_have)]
        for key in odd:
            message, where = f"'{key}' does not go with a check of {kind.noun}", f"{path}.{key}"
            self.faults.add("bad-check", message, node.key(key), where, expected=kind.example)
        return not missing and not odd

    def _of_kind(self, kind: _Kind, spec: CheckSpec, node: Node, path: str) -> Check:
        where = node.position
        if kind.noun == "a quantile":
            self.outcome(spec.outcome, f"{path}.outcome")
            share = self.share(spec.quantile, f"{path}.quantile")
            times = self.times(spec.between, f"{path}.between")
            text = f"{spec.outcome}: quantile {spec.quantile} from {_between(spec.between)}"
            return QuantileCheck(where, path, text, str(spec.outcome), share, times)
        by = None if spec.by is None else self.time(spec.by, f"{path}.by")
        until = "" if spec.by is None else f" by {spec.by}"
        if kind.noun == "an order":
            names = self.order(spec.order, f"{path}.order")
            inside = self.interval(spec.probability, f"{path}.probability", (0.0, 1.0))
            text = f"{', then '.join(names)}{until}: probability from {_between(spec.probability)}"
            return OrderCheck(where, path, text, names, by, inside)
        self.outcome(spec.outcome, f"{path}.outcome")
        if kind.noun == "a driver":
            self.driver(spec.driver, f"{path}.driver")
            self.top(node, spec.top, f"{path}.top")
            text = f"{spec.driver}: among the first {spec.top} that drive {spec.outcome}{until}"
            name, outcome = str(spec.driver), str(spec.outcome)
            return DriverCheck(where, path, text, name, outcome, by, spec.top)
        if kind.noun == "an outcome":
            inside = self.interval(spec.probability, f"{path}.probability", (0.0, 1.0))
            text = f"{spec.outcome}{until}: probability from {_between(spec.probability)}"
            return ProbabilityCheck(where, path, text, str(spec.outcome), by, inside)
        self.variant(spec.compare, f"{path}.compare")
        inside = self.interval(spec.change, f"{path}.change", (-1.0, 1.0))
        text = f"{spec.compare}: {spec.outcome}{until} changes by {_between(spec.change)}"
        return ChangeCheck(where, path, text, str(spec.compare), str(spec.outcome), by, inside)

    # Names.

    def outcome(self, name: Text, path: str) -> None:
        """Tell an outcome that the file does not have."""
        self._known(name, self.outcomes, "outcome", path)

    def variant(self, name: Text, path: str) -> None:
        """Tell a variant that the file does not have."""
        self._known(name, self.variants, "variant", path)

    def _known(self, name: Text, known: Collection[str], noun: str, path: str) -> None:
        if name in known or self.terms.is_partial:
            return
        expected = one_of(known) if known else f"a file with '{noun}s'"
        hint = did_you_mean(name, known)
        code = "unknown-outcome" if noun == "outcome" else "unknown-variant"
        message = f"unknown {noun} '{name}'"
        self.faults.add(code, message, name, path, expected=expected, hint=hint)

    def driver(self, name: Text, path: str) -> None:
        """Tell an input that the file does not have, or does not leave uncertain."""
        if name in self.unknown or self.terms.is_partial:
            return
        expected = (
            one_of(self.unknown) if self.unknown else "a file in which something is uncertain"
        )
        hint = did_you_mean(name, self.unknown)
        message = f"'{name}' is no uncertain input"
        self.faults.add("unknown-input", message, name, path, expected=expected, hint=hint)

    def top(self, node: Node, top: int, path: str) -> None:
        """Tell a number of first inputs that none is, or all are, among."""
        assert isinstance(node, Map)
        n = len(self.unknown)
        message, expected = "", f"from 1 to {n - 1}" if n > 2 else "1"
        if top < 1:
            message = f"nothing is among the first {top}"
        elif top >= n > 0 and not self.terms.is_partial:
            all_of_them = counted(n, "uncertain input")
            message = f"{all_of_them} in all, each is among the first {top}: this cannot fail"
            expected = expected if n > 1 else "a file in which more is uncertain"
        if message:
            where = next(value for key, value in node.items() if key == "top")
            self.faults.add("bad-check", message, where, path, expected=expected)

    def order(self, node: Items, path: str) -> tuple[str, ...]:
        """Return outcomes in order."""
        names = [item for item in node if isinstance(item, Text)]
        for item in node:
            if not isinstance(item, Text):
                message, expected = f"an outcome is {describe(item)}", "the name of an outcome"
                self.faults.add("wrong-type", message, item, path, expected=expected)
        if len(node) < 2:
            message, expected = f"an order of {len(node)}", "two outcomes or more"
            self.faults.add("bad-check", message, node, path, expected=expected)
        for place, name in enumerate(names):
            self.outcome(name, path)
            if name in names[:place]:
                self.faults.add("bad-check", f"'{name}' comes twice in an order", name, path)
        return tuple(map(str, names))

    # Numbers and times.

    def interval(self, node: Items, path: str, ends: Interval) -> Interval:
        """Return an interval inside of what a figure can be."""
        pair = self._pair(node, path, "numbers")
        if pair is None:
            return ends
        low, high = (self.number(item, path, ends) for item in pair)
        if (low, high) == ends:
            message = f"every figure lies from {_between(node)}: this cannot fail"
            self.faults.add("bad-check", message, node, path, expected="a narrower interval")
        self._check_order(low, high, pair, node, path)
        return low, high

    def times(self, node: Node, path: str) -> Interval:
        """Return an interval of times."""
        pair = self._pair(node, path, "times")
        if pair is None:
            return 0.0, self.horizon
        low, high = (self.time(item, path) for item in pair)
        self._check_order(low, high, pair, node, path)
        return low, high

    def _pair(self, node: Node, path: str, noun: str) -> tuple[Node, Node] | None:
        if isinstance(node, Items) and len(node) == 2:
            return node[0], node[1]
        message, expected = f"{describe(node)} where two {noun} belong", "[lowest, highest]"
        self.faults.add("wrong-type", message, node, path, expected=expected)
        return None

    def _check_order(
        self, low: float, high: float, pair: tuple[Node, Node], at: Node, path: str
    ) -> None:
        if low > high:
            message = f"'{pair[0]}' is above '{pair[1]}': nothing lies between"
            self.faults.add("empty-interval", message, at, path, expected="lowest < highest")
        elif low == high:
            message = f"from '{pair[0]}' to '{pair[1]}' is a point"
            hint = "no number of replications shows that a figure is exactly so: leave some room"
            self.faults.add(
                "empty-interval", message, at, path, expected="lowest < highest", hint=hint
            )

    def share(self, node: Text, path: str) -> float:
        """Return a share of replications, which is neither none nor all."""
        share = self.number(node, path, (0.0, 1.0))
        if share in (0.0, 1.0):
            self._out_of_range(node, path, "above 0 and below 1")
        return share

    def number(self, node: Node, path: str, ends: Interval) -> float:
        """Return a constant between two ends, NaN after a fault."""
        if not isinstance(node, Text):
            message = f"{describe(node)} where a number belongs"
            self.faults.add("wrong-type", message, node, path, expected="a number")
            return math.nan
        expr = self.terms.number(node, self.terms.input_scope, path, PLAIN)
        if is_nan(expr):
            return math.nan
        if not isinstance(expr, Const):
            message = f"'{node}' is no constant"
            self.faults.add("bad-check", message, node, path, expected="a number")
            return math.nan
        if not ends[0] <= expr.value <= ends[1]:
            self._out_of_range(node, path, f"from {ends[0]:g} to {ends[1]:g}")
            return math.nan
        return expr.value

    def _out_of_range(self, node: Text, path: str, expected: str) -> None:
        message = f"'{node}' is out of range"
        self.faults.add("out-of-range", message, node, path, expected=expected)

    def time(self, node: Node, path: str) -> float:
        """Return a time within the horizon, NaN after a fault."""
        when = self.terms.fixed_time(node, self.horizon, path, what="time", code="bad-check")
        return math.nan if when is None else when


def _between(node: Node) -> str:
    """Return an interval in words, as its author wrote it."""
    return " to ".join(map(written_text, node if isinstance(node, Items) else [node]))
