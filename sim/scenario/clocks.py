"""Clocks of transitions: rates, delays, work and pace, timetables, immediates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sim.net.expr import Const, Distribution, Expr, Ref
from sim.net.model import NOWHERE, Clock, Note, Origin
from sim.net.resolve import Scope
from sim.scenario.laws import lowest
from sim.scenario.remarks import noted
from sim.scenario.schema import CLOCKS
from sim.scenario.templates import Part
from sim.scenario.terms import Terms
from sim.scenario.wanted import (
    ANY,
    DURATION,
    NAN,
    RATE,
    Spot,
    Wanted,
    dimension_name,
    is_nan,
    value_text,
    written_text,
)
from sim.units import NONE, TIME, Dimension
from sim.values import Items, Node, Text

EXPONENTIAL = Distribution("exponential", (Const(1.0),))
_EXPECTED = "one of rate, after, work with pace, every, at, immediate"
#: A normal law with a mean this many standard deviations from 0 is negative once in 30,000 draws.
_SAFE_MEAN = 4.0


@dataclass(eq=False, repr=False)
class ClockCompiler:
    """Makes the clocks of a file."""

    terms: Terms
    horizon: Expr
    #: What rates and paces may read, and what work may read.
    state_scope: Scope
    chance_scope: Scope
    _kinds: dict[str, Callable[[Part, Node, Spot], Clock | None]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._kinds.update(
            rate=self._rate,
            after=self._after,
            work=self._work,
            every=self._every,
            at=self._at,
            immediate=self._immediate,
        )

    def clock(self, part: Part) -> Clock | None:
        """Return the clock of a transition; None after a fault."""
        kinds = [kind for kind in CLOCKS if getattr(part.spec, kind) is not None]
        if not self._is_one(part, kinds):
            return None
        (kind,) = kinds
        node, spot = part.node[kind], Spot(part.path, part.own_path).at(kind)
        made = self._kinds[kind](part, node, spot)
        at = node.position if isinstance(node, Text) else part.key(kind).position
        return made and replace(
            made,
            written=kind,
            origin=Origin(spot.path, at, value_text(node, part.letters)),
            pace_origin=_origin_of(part.spec.pace, part, "pace"),
            start_origin=_origin_of(part.spec.from_, part, "from"),
            note=noted(node) if made.kind == "work" else Note(),
        )

    def _is_one(self, part: Part, kinds: list[str]) -> bool:
        if not kinds and part.read.is_whole:
            hint = "'pace' needs 'work'" if part.spec.pace is not None else ""
            message = f"the {part.read.noun} has no clock"
            self.terms.faults.add(
                "no-clock", message, part.read.key, part.path, expected=_EXPECTED, hint=hint
            )
        if len(kinds) > 1:
            first, second = [key for key in part.node if key in kinds][:2]
            message = f"the {part.read.noun} has two clocks, '{first}' and '{second}'"
            self.terms.faults.add(
                "two-clocks", message, part.key(second), part.path, expected=_EXPECTED
            )
        for key, needs in (("pace", "work"), ("from", "every")):
            if kinds and key in part.node and needs not in part.node:
                path, hint = f"{part.path}.{key}", f"'{kinds[0]}' has no {key}"
                message = f"'{key}' without '{needs}'"
                self.terms.faults.add("no-such-clock-key", message, part.key(key), path, hint=hint)
        return len(kinds) == 1

    # Work and pace.

    def _rate(self, part: Part, node: Node, spot: Spot) -> Clock:
        pace = self.terms.value(node, self.state_scope.with_letters(part.letters), spot, RATE)
        self._check_pace(pace, node, spot, "rate")
        return Clock("rate", EXPONENTIAL, pace)

    def _after(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.chance_scope.with_letters(part.letters)
        law = self.terms.chance(node, scope, spot, DURATION).distribution
        if law is None:
            return None
        self.check_not_negative(law, node, spot, "delay")
        return Clock("work", law, work_dimension=TIME)

    def _work(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.chance_scope.with_letters(part.letters)
        law, dimension, labels = self.terms.chance(node, scope, spot, ANY)
        if labels:
            message = "work is a number, and this is a label"
            self.terms.faults.add("label-as-number", message, node, spot.path)
            law = None
        elif law is not None:
            self.check_not_negative(law, node, spot, "work")
        pace = self._pace(part, law, dimension)
        if law is None or is_nan(pace):
            return None
        return Clock("work", law, pace, work_dimension=dimension or TIME)

    def _pace(self, part: Part, law: Distribution | None, dimension: Dimension | None) -> Expr:
        """Return the pace; work that is a time burns at pace 1 unless its author says otherwise."""
        spot, node = Spot(part.path, part.own_path).at("pace"), part.spec.pace
        needed = (dimension or TIME).over(TIME)
        if node is None:
            if needed == NONE:
                return Const(1.0)
            if part.read.is_whole and law is not None:
                message = f"work that is {dimension_name(dimension)} needs a pace"
                expected = f"'pace', {dimension_name(needed)}"
                self.terms.faults.add(
                    "no-pace", message, part.key("work"), spot.path, expected=expected
                )
            return NAN
        hint = f"work is {dimension_name(dimension or TIME)}, and pace is work per time"
        wanted = ANY if law is None else Wanted(needed, hint=hint)
        pace = self.terms.value(node, self.state_scope.with_letters(part.letters), spot, wanted)
        self._check_pace(pace, node, spot, "pace")
        return pace

    def _check_pace(self, pace: Expr, node: Node, spot: Spot, what: str) -> None:
        value = self.known(pace)
        if value is not None and not 0 <= value < math.inf:
            message = f"{'an infinite' if math.isinf(value) else 'a negative'} {what}"
            self.terms.faults.add("out-of-range", message, node, spot.path, expected=f"{what} >= 0")
        self.check_drawn(pace, node, spot, what)

    def known(self, expr: Expr) -> float | None:
        """Return the value of a constant, with remarks or without; None if it is none."""
        made = self.terms.inputs.get(expr.name) if isinstance(expr, Ref) else None
        prior = expr if made is None else made.prior
        return prior.value if isinstance(prior, Const) and not is_nan(prior) else None

    def check_drawn(self, expr: Expr, node: Node, spot: Spot, what: str) -> None:
        """Tell a law of an anonymous input that gives negative numbers."""
        made = self.terms.inputs.get(expr.name) if isinstance(expr, Ref) else None
        if made is not None and isinstance(made.prior, Distribution):
            self.check_not_negative(made.prior, node, spot, what)

    def check_not_negative(self, law: Distribution, node: Node, spot: Spot, what: str) -> None:
        """Tell a law that gives negative numbers; a normal one that seldom does is a warning."""
        least = lowest(law)
        if least is None or least >= 0:
            return
        if law.kind != "normal":
            message = f"a negative {what}"
            self.terms.faults.add("out-of-range", message, node, spot.path, expected=f"{what} >= 0")
            return
        mean, sd = (arg.value for arg in law.args if isinstance(arg, Const))
        if mean < _SAFE_MEAN * sd:
            message = f"a normal {what} is negative now and then, and that stops the run"
            hint = "use a law above 0: lognormal, gamma or interval90"
            self.terms.faults.add(
                "may-be-negative", message, node, spot.path, hint=hint, severity="warning"
            )

    # Timetables and immediates.

    def _every(self, part: Part, node: Node, spot: Spot) -> Clock:
        scope = self.terms.input_scope.with_letters(part.letters)
        period = self.terms.value(node, scope, spot, DURATION)
        value = self.known(period)
        if value is not None and not 0 < value < math.inf:
            message, expected = "a period that is not positive", "a duration above 0"
            self.terms.faults.add("out-of-range", message, node, spot.path, expected=expected)
        self.check_drawn(period, node, spot, "period")
        start, first = period, part.spec.from_
        if first is not None:
            place = Spot(part.path, part.own_path).at("from")
            start = self.terms.value(first, scope, place, DURATION)
            self._check_instant(start, first, place)
        return Clock("every", period=period, start=start)

    def _at(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        if not isinstance(node, Items):
            return Clock("at", instants=(self._instant(part, node, spot),))
        if not node:
            message = "'at' is an empty list"
            self.terms.faults.add("wrong-type", message, node, spot.path, expected="an instant")
            return None
        instants = (self._instant(part, one, spot.at(str(n))) for n, one in enumerate(node, 1))
        return Clock("at", instants=tuple(instants))

    def _instant(self, part: Part, node: Node, spot: Spot) -> Expr:
        scope = self.terms.input_scope.with_letters(part.letters)
        when = self.terms.value(node, scope, spot, DURATION)
        self._check_instant(when, node, spot)
        return when

    def _check_instant(self, when: Expr, node: Node, spot: Spot) -> None:
        self.check_drawn(when, node, spot, "time since the start")
        value = self.known(when)
        if value is None:
            return
        if value < 0:
            self.terms.faults.add("before-start", "an instant before the start", node, spot.path)
        elif isinstance(self.horizon, Const) and value > self.horizon.value:
            message = f"'{written_text(node)}' is beyond the horizon"
            self.terms.faults.add("beyond-horizon", message, node, spot.path)

    def _immediate(self, part: Part, node: Node, spot: Spot) -> Clock:
        if part.spec.immediate is not True:
            self.terms.faults.add(
                "wrong-type", "'immediate' is false", node, spot.path, expected="true"
            )
        return Clock("immediate")


def _origin_of(node: Node | None, part: Part, key: str) -> Origin:
    """Return where a value beside the clock is written; nowhere, if it is not."""
    if node is None:
        return NOWHERE
    return Origin(f"{part.path}.{key}", node.position, value_text(node, part.letters))
