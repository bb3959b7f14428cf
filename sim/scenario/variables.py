"""Variables: labels or bounds, units, and values at the start."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from sim.names import check_name
from sim.net.expr import Const, Expr, Ref
from sim.net.model import NOWHERE, Origin, Variable
from sim.net.resolve import Symbol
from sim.scenario.templates import Part
from sim.scenario.terms import Terms
from sim.scenario.wanted import NAN, Spot, Wanted, is_nan, value_text
from sim.units import NONE, Dimension, Unit
from sim.values import Items, Text, is_null

KINDS = ("states", "integer", "real")


class _Bounds(NamedTuple):
    low: float
    high: float
    dimension: Dimension
    unit: Unit | None


def labels_of(part: Part) -> tuple[str, ...]:
    """Return the labels that a variable's ``states`` name."""
    states = getattr(part.spec, "states", None) or ()
    return tuple(str(s) for s in states if isinstance(s, Text) and not is_null(s))


class VariableCompiler(NamedTuple):
    """Makes the variables of a file, and the symbols under which they are read."""

    terms: Terms
    label_numbers: Mapping[str, float]
    symbols: MutableMapping[str, Symbol]

    def variables(self, parts: Sequence[Part]) -> list[Variable]:
        """Return every variable without a fault, in net order."""
        found = []
        for part in parts:
            self.symbols[part.name] = Symbol(NAN, None)
            made = None if part.spec is None else self._variable(part)
            if made is not None:
                found.append(made)
        return found

    def _variable(self, part: Part) -> Variable | None:
        kinds = [kind for kind in KINDS if getattr(part.spec, kind) is not None]
        if len(kinds) == 1:
            return self._enumeration(part) if kinds == ["states"] else self._quantity(part, *kinds)
        expected = "one of states, integer, real"
        if kinds:
            message = f"the {part.read.noun} has both '{kinds[0]}' and '{kinds[1]}'"
            self.terms.faults.add("two-kinds", message, part.read.key, part.path, expected=expected)
        elif part.read.is_whole:
            message = f"the {part.read.noun} has no kind"
            self.terms.faults.add("no-kind", message, part.read.key, part.path, expected=expected)
        return None

    def _origin(self, part: Part) -> Origin:
        return Origin(part.path, part.read.key.position)

    def _initial_origin(self, part: Part) -> Origin:
        node = part.spec.initial
        if node is None:
            return NOWHERE
        return Origin(f"{part.path}.initial", node.position, value_text(node, part.letters))

    # Enumerations.

    def _enumeration(self, part: Part) -> Variable:
        labels = labels_of(part)
        self.symbols[part.name] = Symbol(Ref("variable", part.name), NONE, frozenset(labels))
        if part.spec.unit is not None:
            self.terms.faults.add(
                "bad-unit", "labels have no unit", part.spec.unit, f"{part.path}.unit"
            )
        initial: Expr = Const(self.label_numbers[labels[0]]) if labels else NAN
        if self._are_labels(part) and part.spec.initial is not None:
            initial = self._initial(part, Wanted(NONE, labels=labels))
        return Variable(
            part.name,
            "enumeration",
            initial,
            labels,
            origin=self._origin(part),
            initial_origin=self._initial_origin(part),
        )

    def _are_labels(self, part: Part) -> bool:
        states, path = part.spec.states, f"{part.path}.states"
        are_good, seen = True, set[str]()
        for state in states:
            if not isinstance(state, Text):
                expected = "[held, fallen]"
                message = "'states' needs a list of labels"
                self.terms.faults.add("bad-states", message, states, path, expected=expected)
                return False
            are_good &= check_name(str(state), state, path, self.terms.faults)
            if state in seen:
                message = f"the label '{state}' stands here twice"
                self.terms.faults.add("duplicate-label", message, state, path)
            seen.add(str(state))
        if not states:
            message, expected = "'states' needs a list of labels", "[held, fallen]"
            self.terms.faults.add("bad-states", message, states, path, expected=expected)
        return are_good and bool(states)

    # Numbers.

    def _quantity(self, part: Part, kind: str) -> Variable | None:
        bounds = self._bounds(part, kind)
        if bounds is None:
            return None
        self.symbols[part.name] = Symbol(Ref("variable", part.name), bounds.dimension)
        if part.spec.initial is None:
            if part.read.is_whole:
                message = f"'initial' is missing in the {part.read.noun}"
                self.terms.faults.add("missing-field", message, part.read.key, part.path)
            return None
        named: Literal["integer", "real"] = "integer" if kind == "integer" else "real"
        hint = "state 'unit' for a variable that has one" if bounds.dimension == NONE else ""
        wanted = Wanted(bounds.dimension, bounds.unit, whole=named == "integer", hint=hint)
        initial = self._initial(part, wanted)
        self._check_initial(part, kind, initial, bounds)
        return Variable(
            part.name,
            named,
            initial,
            low=bounds.low,
            high=bounds.high,
            dimension=bounds.dimension,
            origin=self._origin(part),
            initial_origin=self._initial_origin(part),
        )

    def _bounds(self, part: Part, kind: str) -> _Bounds | None:
        path, terms, node = f"{part.path}.{kind}", self.terms, getattr(part.spec, kind)
        unit = self._unit(part)
        if len(node) != 2 or not all(isinstance(end, Text) for end in node):
            message = f"'{kind}' needs a list of two numbers: low, high"
            self.terms.faults.add("bad-bounds", message, node, path, expected=f"{kind}: [0, 5]")
            return None
        if unit is None and part.spec.unit is not None:
            return None
        scope = terms.input_scope.with_letters(part.letters)
        typed = [terms.typed(end, scope, path) for end in node]
        known = [unit.dimension] if unit else [t.dimension for t in typed if t.dimension]
        dimension = known[0] if known else NONE
        wanted = Wanted(dimension, unit)
        ends = [terms.fitted(one, at, path, wanted) for one, at in zip(typed, node, strict=True)]
        values = self._constants(ends, node, path, kind)
        return values and _Bounds(*values, dimension, unit)

    def _constants(
        self, ends: Sequence[Expr], node: Items, path: str, kind: str
    ) -> tuple[float, float] | None:
        values = []
        for end, at in zip(ends, node, strict=True):
            if not isinstance(end, Const):
                message = f"the bound '{at}' is no constant"
                self.terms.faults.add("bad-bounds", message, at, path, expected="a number")
            elif kind == "integer" and math.isfinite(end.value) and not end.value.is_integer():
                message = f"the bound '{at}' of an integer is a fraction"
                self.terms.faults.add("whole-number", message, at, path, expected="a whole number")
            elif not is_nan(end):
                values.append(end.value)
        if len(values) < 2:
            return None
        low, high = values
        if not low <= high or low == math.inf or high == -math.inf:
            message = f"no number lies from {node[0]} to {node[1]}"
            self.terms.faults.add("bad-bounds", message, node, path, expected="low <= high")
            return None
        return low, high

    def _unit(self, part: Part) -> Unit | None:
        text, path = part.spec.unit, f"{part.path}.unit"
        if text is None:
            return None
        scope = replace(self.terms.input_scope, symbols={}, letters=part.letters)
        typed = self.terms.typed(text, scope, path)
        if is_nan(typed.expr):
            return None
        if not isinstance(typed.expr, Const) or typed.dimension in (None, NONE):
            expected = "a unit, such as person or km/day"
            self.terms.faults.add("bad-unit", f"'{text}' is no unit", text, path, expected=expected)
            return None
        if part.spec.integer is not None and typed.expr.value != 1.0:
            message = f"an integer counts whole things, not {text}"
            expected, hint = "person, tonne, or no unit", "use 'real'"
            self.terms.faults.add("bad-unit", message, text, path, expected=expected, hint=hint)
            return None
        assert typed.dimension is not None
        return Unit(typed.expr.value, typed.dimension)

    # Values at the start.

    def _initial(self, part: Part, wanted: Wanted) -> Expr:
        spot = Spot(part.path, part.own_path).at("initial")
        scope = self.terms.input_scope.with_letters(part.letters)
        return self.terms.value(part.spec.initial, scope, spot, wanted, key=f"initial:{part.name}")

    def _check_initial(self, part: Part, kind: str, initial: Expr, bounds: _Bounds) -> None:
        made = self.terms.inputs.get(initial.name) if isinstance(initial, Ref) else None
        prior = initial if made is None else made.prior
        if not isinstance(prior, Const) or is_nan(prior):
            return
        path, at, value = f"{part.path}.initial", part.spec.initial, prior.value
        if math.isinf(value):
            self.terms.faults.add("out-of-range", "an infinite initial value", at, path)
        elif not bounds.low <= value <= bounds.high:
            low, high = getattr(part.spec, kind)
            message = f"the initial value is outside [{low}, {high}]"
            self.terms.faults.add("out-of-range", message, at, path)
        elif kind == "integer" and not value.is_integer():
            message = "the initial value of an integer is a fraction"
            self.terms.faults.add("whole-number", message, at, path, expected="a whole number")
