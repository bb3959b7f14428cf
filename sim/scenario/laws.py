"""Distributions as a file writes them, to laws of a net.

Arguments are values like any other; a distribution as an argument is an input of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sim.draws import KINDS, are_valid
from sim.errors import did_you_mean, one_of
from sim.net.expr import Call, Const, Distribution, Expr
from sim.net.resolve import Scope, Typed, fold_constants
from sim.scenario.wanted import NAN, PLAIN, Spot, Wanted, is_nan, with_letters
from sim.units import NONE, Dimension
from sim.values import FORMS, Text, Written

if TYPE_CHECKING:
    from sim.scenario.terms import Terms

#: Half the width of a normal 90 % interval, in standard deviations.
_Z95 = 1.6448536269514722


class Law(NamedTuple):
    """A distribution (None after a fault) with its dimension and the labels that it draws."""

    distribution: Distribution | None
    dimension: Dimension | None = None
    labels: tuple[str, ...] = ()


def read_law(terms: Terms, written: Written, scope: Scope, spot: Spot, wanted: Wanted) -> Law:
    """Return the law that a value writes."""
    return _Reader(terms, written, scope, spot.at(written.kind), wanted).law()


def lowest(law: Distribution) -> float | None:
    """Return the least value of a law whose arguments are constants; None if that is unknown."""
    if not all(isinstance(arg, Const) for arg in law.args):
        return None
    first = law.args[0]
    assert isinstance(first, Const)
    if law.kind in ("uniform", "triangular", "pert", "deterministic", "discrete"):
        return first.value
    return -math.inf if law.kind == "normal" and law.args[1] != Const(0.0) else 0.0


def highest(law: Distribution) -> float:
    """Return the largest value of a law with bounds whose arguments are constants, else inf."""
    values = [arg.value if isinstance(arg, Const) else math.inf for arg in law.args]
    if law.kind == "discrete":
        return max(values[: len(values) // 2])
    if law.kind in ("uniform", "triangular", "pert", "deterministic"):
        return values[-1]
    return math.inf


class _Reader:
    def __init__(
        self, terms: Terms, written: Written, scope: Scope, spot: Spot, wanted: Wanted
    ) -> None:
        self.terms, self.written, self.scope = terms, written, scope
        self.spot, self.wanted = spot, wanted
        self.faults = terms.faults

    def law(self) -> Law:
        kind = self.written.kind
        if kind == "choice":
            return self.choice()
        if self.wanted.labels:
            expected = "{choice: {label: weight, ...}}"
            self.fault("label-needed", f"'{kind}' where a label belongs", expected)
            return Law(None, NONE)
        law = self.discrete() if kind == "discrete" else self.continuous()
        found = law.distribution
        if found is None or not self.is_possible(found) or not self.is_whole(found):
            return Law(None, law.dimension)
        return law

    def fault(self, code: str, message: str, expected: str) -> None:
        self.faults.add(code, message, self.written.node, self.spot.path, expected=expected)

    # Kinds.

    def continuous(self) -> Law:
        form = FORMS[self.written.kind]
        wanted, args = self.wanted, list[Expr]()
        for (name, node), has_unit in zip(self.written.arguments, form.with_unit, strict=True):
            place = self.spot.at(name)
            typed = self.terms.argument(node, self.scope, place)
            if has_unit and wanted.dimension is None:
                wanted = wanted._replace(dimension=typed.dimension)
            fitting = wanted if has_unit else PLAIN
            args.append(self.terms.fitted(typed, node, place.path, fitting))
        dimension = wanted.dimension
        if not any(form.with_unit):
            dimension = NONE
            args.append(self.plain_draw())
            if not is_nan(args[-1]):
                args.pop()
        if any(is_nan(arg) for arg in args):
            return Law(None, dimension)
        if self.written.kind == "interval90":
            return Law(self.interval90(*args), dimension)
        return Law(Distribution(self.written.kind, tuple(args)), dimension)

    def plain_draw(self) -> Expr:
        """Return NaN, after a fault, if a law of plain numbers stands where they have a unit."""
        unit = self.wanted.unit
        if unit is not None and unit.scale == 1.0:
            return Const(1.0)
        plain = self.wanted._replace(unit=None)
        at = self.written.node
        return self.terms.fitted(Typed(Const(1.0), NONE), at, self.spot.path, plain)

    def interval90(self, low: Expr, high: Expr) -> Distribution | None:
        """Return the lognormal whose 5 % and 95 % points are given."""
        low_value, high_value = (
            arg.value if isinstance(arg, Const) else 1.0 for arg in (low, high)
        )
        are_known = isinstance(low, Const) and isinstance(high, Const)
        if not (0.0 < low_value < math.inf and 0.0 < high_value < math.inf) or (
            are_known and low_value > high_value
        ):
            self.impossible()
            return None
        median = _built("sqrt", _built("mul", low, high))
        sigma = _built("div", _built("log", _built("div", high, low)), Const(2 * _Z95))
        return Distribution("lognormal", (median, sigma))

    def discrete(self) -> Law:
        pairs: list[tuple[float, Expr]] = []
        wanted = self.wanted
        for key, (name, node) in zip(self.written.keys, self.written.arguments, strict=True):
            place = self.spot.at(name)
            typed = self.terms.typed(key, self.scope, place.path)
            if wanted.dimension is None:
                wanted = wanted._replace(dimension=typed.dimension)
            value = self.terms.fitted(typed, key, place.path, wanted)
            argument = self.terms.argument(node, self.scope, place)
            weight = self.terms.fitted(argument, node, place.path, PLAIN)
            if not isinstance(value, Const):
                message, path = f"the value '{key}' is no constant", place.path
                self.faults.add("bad-distribution", message, key, path, expected="a number")
            elif not is_nan(value) and not is_nan(weight):
                pairs.append((value.value, weight))
        if len(pairs) < len(self.written.keys):
            return Law(None, wanted.dimension)
        pairs.sort(key=lambda pair: pair[0])
        values = [value for value, _ in pairs]
        if len(set(values)) < len(values):
            self.fault("bad-distribution", "a value stands here twice", "different values")
            return Law(None, wanted.dimension)
        args = (*(Const(value) for value in values), *(weight for _, weight in pairs))
        return Law(Distribution("discrete", args), wanted.dimension)

    def choice(self) -> Law:
        wanted, letters = self.wanted, self.scope.letters
        labels = wanted.labels or tuple(sorted(self.scope.labels))
        if not wanted.labels and wanted.dimension is not None:
            message = "'choice' draws a label where a number belongs"
            self.fault("label-as-number", message, "{discrete: {x: weight, ...}}")
            return Law(None, wanted.dimension)
        names = tuple(with_letters(key, letters) for key in self.written.keys)
        weights: list[Expr] = []
        for name, key, (_, node) in zip(
            names, self.written.keys, self.written.arguments, strict=True
        ):
            place = self.spot.at(str(key), name)
            typed = self.terms.argument(node, self.scope, place)
            weight = self.terms.fitted(typed, node, place.path, PLAIN)
            if name not in labels:
                self.unknown_label(key, place.path, labels)
                weight = NAN
            weights.append(weight)
        if any(is_nan(weight) for weight in weights):
            return Law(None, NONE)
        law = Distribution(
            "choice", (*(Const(self.scope.label_number(name)) for name in names), *weights)
        )
        return Law(law if self.is_possible(law) else None, NONE, names)

    def unknown_label(self, key: Text, path: str, labels: Sequence[str]) -> None:
        if self.terms.is_partial:
            return
        self.faults.add(
            "unknown-label",
            f"'{key}' is not a label of this enumeration",
            key,
            path,
            expected=one_of(labels),
            hint=did_you_mean(key, labels),
        )

    # Checks.

    def is_possible(self, law: Distribution) -> bool:
        """Tell constant arguments that no distribution has."""
        values = [arg.value if isinstance(arg, Const) else None for arg in law.args]
        is_finite = law.kind == "deterministic" or all(
            value is None or math.isfinite(value) for value in values
        )
        if is_finite and _may_be_valid(law.kind, values):
            return True
        self.impossible()
        return False

    def impossible(self) -> None:
        kind = self.written.kind
        self.fault("bad-distribution", f"impossible arguments of '{kind}'", FORMS[kind].rule)

    def is_whole(self, law: Distribution) -> bool:
        """Tell a law that gives fractions where a whole number belongs."""
        if not self.wanted.whole:
            return True
        n_values = {"discrete": len(law.args) // 2, "deterministic": 1}.get(law.kind, 0)
        values = [arg.value for arg in law.args[:n_values] if isinstance(arg, Const)]
        if n_values and all(math.isinf(value) or value.is_integer() for value in values):
            return True
        message = f"'{self.written.kind}' gives fractions where a whole number belongs"
        self.fault("whole-number", message, "{discrete: {2: weight, 3: weight}}")
        return False


def _may_be_valid(kind: str, values: Sequence[float | None]) -> bool:
    """Return whether arguments are possible, whatever the unknown ones (None) turn out to be."""
    if kind in ("uniform", "triangular", "pert"):
        known = [value for value in values if value is not None]
        return known == sorted(known)
    filled = [1.0 if value is None else value for value in values]
    return are_valid(KINDS[kind], filled, 0, len(filled))


def _built(op: str, *args: Expr) -> Expr:
    return fold_constants(Call(op, args))
