"""Expressions and values of a file, resolved: texts to what a net holds.

Faults inside an expression are told at the characters that are wrong. What is faulty becomes NaN of
any dimension (so the resolver has it too), so that nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from sim.instants import is_date, iso_duration_hint, read_instant
from sim.net.expr import Call, Const, Distribution, Expr, Ref, reads
from sim.net.model import Input, Origin
from sim.net.resolve import Scope, Typed, fold_constants, resolve, resolve_label
from sim.net.syntax import ExprError, Tree, parse
from sim.scenario.laws import Law, read_law
from sim.scenario.order import names_in
from sim.scenario.remarks import Remarks
from sim.scenario.wanted import (
    ANY,
    CONDITION,
    DURATION,
    NAN,
    POISON,
    Spot,
    Wanted,
    dimension_name,
    is_nan,
    value_text,
)
from sim.units import NONE, PER_TIME, TIME, UNITS
from sim.values import Faults, Items, Map, Node, Text, Written, describe, read_value

Trees = dict[str, Tree | ExprError]
_NO_LETTERS: Mapping[str, str] = MappingProxyType({})


@dataclass(eq=False, repr=False)
class Terms:
    """Resolves the expressions and values of one file."""

    faults: Faults
    label_number: Callable[[str], float]
    remarks: Remarks
    start: datetime | None = None
    #: True if some names could not be read: an unknown name may then be one of them.
    is_partial: bool = False
    #: Scope of inputs: what values drawn once per replication may read.
    input_scope: Scope = field(init=False)
    #: Anonymous inputs, by name, as they are met.
    inputs: dict[str, Input] = field(default_factory=dict)
    #: Syntax trees by text: the same with every variant.
    trees: Trees = field(default_factory=dict)
    #: Places of texts with a fault: the next part of the same template has the same.
    _faulty: set[tuple[str, int]] = field(default_factory=set)

    # Expressions.

    def tree(self, text: Text, path: str) -> Tree | None:
        """Return the syntax tree of a text; None after a fault."""
        tree = self.quiet_tree(text)
        if tree is None:
            error = self.trees[text]
            assert isinstance(error, ExprError)
            self._tell(text, [error], path)
        return tree

    def quiet_tree(self, text: Text) -> Tree | None:
        """Return the syntax tree of a text; None if it has none (told by whoever reads it)."""
        if text not in self.trees:
            try:
                self.trees[str(text)] = parse(text)
            except ExprError as error:
                self.trees[str(text)] = error
        known = self.trees[text]
        return None if isinstance(known, ExprError) else known

    def names_in(self, node: Node | None, letters: Mapping[str, str]) -> list[str]:
        """Return the names that the expressions of a value can read."""
        if isinstance(node, Map | Items):
            inner = node.values() if isinstance(node, Map) else node
            return [name for item in inner for name in self.names_in(item, letters)]
        tree = None if node is None else self.quiet_tree(node)
        return [] if tree is None else sorted(names_in(tree, letters, self.input_scope.lists))

    def typed(self, text: Text, scope: Scope, path: str) -> Typed:
        """Return the expression of a text with its dimension, or its labels."""
        if self._is_told(text):
            return POISON
        if is_date(text):
            return self._instant(text, path)
        tree = self.tree(text, path)
        if tree is None:
            return POISON
        found: list[ExprError] = []
        typed = resolve(tree, scope, found)
        if found:
            self._tell(text, found, path)
            return replace(POISON, labels=typed.labels)
        if is_nan(typed.expr) and not names_in(tree, {}, {}) - {"inf", *UNITS}:
            message = f"'{text}' has no value"
            self.faults.add("not-a-number", message, text, path, expected="a number")
        return typed

    def _is_told(self, text: Text) -> bool:
        return self.faults.is_full or (text.source.name, text.start) in self._faulty

    def _tell(self, text: Text, errors: Iterable[ExprError], path: str) -> None:
        self._faulty.add((text.source.name, text.start))
        for error in errors:
            is_about_a_name = error.code in ("unknown-name", "unknown-label", "unknown-list")
            if self.is_partial and is_about_a_name:
                continue
            hint = error.hint
            if error.code in ("unknown-name", "syntax"):
                hint = iso_duration_hint(text.strip()) or hint
            self.faults.add(
                error.code,
                error.message,
                text.part(error.start, error.end),
                path,
                expected=error.expected,
                hint=hint,
            )

    def _instant(self, text: Text, path: str) -> Typed:
        """Return seconds since the start."""
        when = read_instant(text, path, self.faults)
        if when is None:
            return POISON
        if self.start is None:
            message = "an instant needs 'clock.start'"
            expected = "a duration since the start, or 'clock: {start: ...}'"
            self.faults.add("no-start", message, text, path, expected=expected)
            return POISON
        seconds = (when - self.start).total_seconds()
        if seconds < 0:
            message = f"'{text}' is before the start, {self.start.isoformat()}"
            self.faults.add("before-start", message, text, path)
            return POISON
        return Typed(Const(seconds), TIME)

    def number(self, text: Text, scope: Scope, path: str, wanted: Wanted = ANY) -> Expr:
        """Return the numeric expression of a text; plain numbers are taken in ``wanted.unit``."""
        return self.fitted(self.typed(text, scope, path), text, path, wanted)

    def fitted(self, typed: Typed, at: Node, path: str, wanted: Wanted) -> Expr:
        """Return a number of the wanted dimension, or NaN after a fault."""
        if is_nan(typed.expr):
            return NAN
        if typed.labels is not None:
            message, hint = "a label where a number belongs", "compare it with one of its labels"
            self.faults.add("label-as-number", message, at, path, hint=hint)
            return NAN
        if wanted.dimension is None or typed.dimension in (None, wanted.dimension):
            return typed.expr
        if wanted.unit is not None and typed.dimension == NONE:
            return _scaled(typed.expr, wanted.unit.scale)
        hint = wanted.hint
        if typed.dimension == NONE and isinstance(at, Text):
            if wanted.dimension == PER_TIME:
                hint = f"write the unit: {_in_brackets(at)} / day"
            elif isinstance(typed.expr, Const) and not hint:
                hint = f"write the unit: {_in_brackets(at)} {wanted.dimension}"
        message, expected = f"this is {dimension_name(typed.dimension)}", wanted.dimension
        self.faults.add(
            "dimension", message, at, path, expected=dimension_name(expected), hint=hint
        )
        return NAN

    def condition(self, text: Text, scope: Scope, path: str) -> Expr:
        """Return a predicate."""
        if is_date(text):
            hint = "a condition cannot depend on the time: use a transition with 'at'"
            self.faults.add("bad-condition", "an instant is no condition", text, path, hint=hint)
            return NAN
        return self.number(text, scope, path, CONDITION)

    def label(self, text: Text, scope: Scope, path: str, labels: Iterable[str]) -> Expr:
        """Return an expression whose value is one of ``labels``."""
        tree = None if self._is_told(text) else self.tree(text, path)
        if tree is None:
            return NAN
        found: list[ExprError] = []
        expr = resolve_label(tree, scope, found, labels)
        if found:
            self._tell(text, found, path)
            return NAN
        return expr

    def fixed_time(
        self, node: Node, horizon: float, path: str, *, what: str, code: str
    ) -> float | None:
        """Return an instant or duration within the horizon in seconds; None after a fault.

        ``what`` is what it is called in messages, ``code`` that of one that is no constant.
        """
        if not isinstance(node, Text):
            message, expected = f"a {what} is {describe(node)}", "an instant or a duration"
            self.faults.add("wrong-type", message, node, path, expected=expected)
            return None
        when = self.number(node, self.input_scope, path, DURATION)
        if is_nan(when):
            return None
        if not isinstance(when, Const):
            self.faults.add(code, f"'{node}' is no constant", node, path)
            return None
        if not 0 <= when.value <= horizon:
            where = "before the start" if when.value < 0 else "beyond the horizon"
            message = f"the {what} '{node}' is {where}"
            self.faults.add("beyond-horizon", message, node, path)
            return None
        return when.value

    # Values that are drawn once per replication.

    def value(self, node: Node, scope: Scope, spot: Spot, wanted: Wanted, *, key: str = "") -> Expr:
        """Return a value that is fixed within a replication: a distribution becomes an input.

        An expression may read all of ``scope``; a distribution's arguments read inputs only. What
        has remarks and reads inputs only is an input too, so that the remarks are kept. ``key``
        names the input's stream.
        """
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return NAN
        if written.is_law:
            return self._input(written, spot, wanted, scope.letters, key)
        assert written.text is not None
        if wanted.labels:
            expr = self.label(written.text, scope, spot.path, wanted.labels)
        else:
            expr = self.number(written.text, scope, spot.path, wanted)
        self.remarks.note(written, spot.path)
        if not written.remarks or is_nan(expr) or any(r.space != "input" for r in reads(expr)):
            return expr
        law = Law(None, wanted.dimension, wanted.labels)
        made = self.made_input(written, expr, law, spot, key=key, letters=scope.letters)
        return self._register(made, node, spot.path)

    def _input(
        self, written: Written, spot: Spot, wanted: Wanted, letters: Mapping[str, str], key: str
    ) -> Expr:
        law = read_law(self, written, self.input_scope.with_letters(letters), spot, wanted)
        made = self.made_input(written, law.distribution, law, spot, key=key, letters=letters)
        if law.distribution is None:
            return NAN
        return self._register(made, written.node, spot.path)

    def made_input(
        self,
        written: Written,
        prior: Expr | Distribution | None,
        law: Law,
        spot: Spot,
        *,
        name: str = "",
        key: str = "",
        letters: Mapping[str, str] = _NO_LETTERS,
    ) -> Input:
        """Return an input, named by its place unless it has a ``name``."""
        return Input(
            name=name or spot.own,
            path=spot.own,
            key=key or f"input:{name or spot.own}",
            prior=NAN if prior is None else prior,
            dimension=law.dimension or NONE,
            labels=law.labels,
            chance=self.remarks.is_chance(written),
            note=self.remarks.note(written, spot.path),
            origin=Origin(spot.path, written.node.position, value_text(written.node, letters)),
        )

    def _register(self, made: Input, at: Node, path: str) -> Expr:
        if made.name in self.inputs or made.name in self.input_scope.symbols:
            message = f"the name '{made.name}' of this input is taken"
            self.faults.add("duplicate-name", message, at, path)
            return NAN
        self.inputs[made.name] = made
        return Ref("input", made.name)

    # Values that are drawn at each use.

    def chance(self, node: Node, scope: Scope, spot: Spot, wanted: Wanted) -> Law:
        """Return a law that is drawn at each use; a number is drawn as itself."""
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return Law(None)
        self.remarks.note(written, spot.path)
        if written.is_law:
            return read_law(self, written, scope, spot, wanted)
        assert written.text is not None
        typed = self.typed(written.text, scope, spot.path)
        if typed.labels is not None and wanted.dimension is None and not is_nan(typed.expr):
            labels = tuple(sorted(typed.labels))
            return Law(Distribution("deterministic", (typed.expr,)), NONE, labels)
        expr = self.fitted(typed, written.text, spot.path, wanted)
        if is_nan(expr):
            return Law(None, wanted.dimension or typed.dimension)
        return Law(Distribution("deterministic", (expr,)), typed.dimension)

    def argument(self, node: Node, scope: Scope, spot: Spot) -> Typed:
        """Return one argument of a distribution; a distribution there is an input."""
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return POISON
        if written.is_law:
            ref = self._input(written, spot, ANY, scope.letters, "")
            made = self.inputs.get(spot.own)
            return POISON if is_nan(ref) or made is None else Typed(ref, made.dimension)
        self.remarks.note(written, spot.path)
        assert written.text is not None
        return self.typed(written.text, scope, spot.path)


def _in_brackets(text: str) -> str:
    is_atom = text.replace(".", "", 1).isdigit() or text.isidentifier()
    return text if is_atom else f"({text})"


def _scaled(expr: Expr, scale: float) -> Expr:
    return expr if scale == 1.0 else fold_constants(Call("mul", (expr, Const(scale))))
