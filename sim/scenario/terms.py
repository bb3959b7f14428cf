"""Expressions and uncertain values of a file, resolved: texts to what a net holds.

Faults inside an expression are told at the characters that are wrong. A faulty value becomes NaN of
any dimension (so the resolver has it too), so that nothing is told twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sim.draws import KINDS, are_valid
from sim.errors import did_you_mean, one_of
from sim.net.expr import Call, Const, Distribution, Expr, Ref, reads
from sim.net.model import Input, Note, Origin
from sim.net.resolve import Scope, Symbol, Typed, fold_constants, resolve, resolve_label, substitute
from sim.net.syntax import ExprError, Fold, Name, Operation, Tree, parse
from sim.scenario.times import is_date, iso_duration_hint, read_day_or_instant, read_instant
from sim.units import NONE, PER_TIME, TIME, UNITS, Dimension, Unit
from sim.values import FORMS, Faults, Map, Node, Text, Written, describe, read_value

NAN = Const(math.nan)
POISON = Typed(NAN, None)
#: Half the width of a normal 90 % interval, in standard deviations.
_Z95 = 1.6448536269514722
_MARKS = {
    **dict.fromkeys(("C", "computed"), "C"),
    **dict.fromkeys(("R", "read"), "R"),
    **dict.fromkeys(("J", "judgement", "judgment"), "J"),
}


class Spot(NamedTuple):
    """A place in the file: as its author addresses it, and with the letters of ``for`` replaced."""

    path: str
    own: str

    def at(self, key: str) -> Spot:
        """Return the place of a key below."""
        return Spot(f"{self.path}.{key}", f"{self.own}.{key}")


@dataclass(frozen=True)
class Wanted:
    """What a value must be: its dimension, the unit of plain numbers, labels, whole numbers."""

    dimension: Dimension | None = None
    unit: Unit | None = None
    labels: tuple[str, ...] = ()
    whole: bool = False
    hint: str = ""


ANY = Wanted()
PLAIN = Wanted(NONE)
DURATION = Wanted(TIME, hint="write a duration with its unit, such as '12 h' or '3 days'")
RATE = Wanted(PER_TIME, hint="a rate is per unit of time, such as '0.2 / day'")


def is_nan(expr: Expr) -> bool:
    """Return whether an expression is the constant NaN."""
    return isinstance(expr, Const) and math.isnan(expr.value)


def dimension_name(dimension: Dimension | None) -> str:
    """Return what a dimension is called in messages."""
    if dimension is None or dimension == NONE:
        return "a plain number"
    return f"a quantity in {dimension}"


@dataclass
class Remarks:
    """What remarks beside values may refer to."""

    sources: frozenset[str] | None = None
    as_of: datetime | None = None
    zone: object = None


@dataclass
class Terms:
    """Resolves the expressions of one file."""

    faults: Faults
    label_number: Callable[[str], float]
    start: datetime | None = None
    remarks: Remarks = field(default_factory=Remarks)
    #: True if some name could not be read: an unknown name may then be one of its labels.
    is_partial: bool = False
    #: Scope of inputs: what values drawn once per replication may read.
    input_scope: Scope = field(init=False)
    #: Anonymous inputs, by name, as they are met.
    inputs: dict[str, Input] = field(default_factory=dict)
    _trees: dict[str, Tree | ExprError] = field(default_factory=dict)

    # Expressions.

    def tree(self, text: Text, path: str) -> Tree | None:
        """Return the syntax tree of a text; None after a fault."""
        tree = self.quiet_tree(text)
        if tree is None:
            error = self._trees[text]
            assert isinstance(error, ExprError)
            self.tell(text, error, path)
        return tree

    def tell(self, text: Text, error: ExprError, path: str) -> None:
        """Tell a fault of an expression, at its characters."""
        if self.is_partial and error.code in ("unknown-name", "unknown-label", "unknown-list"):
            return
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

    def quiet_tree(self, text: Text) -> Tree | None:
        """Return the syntax tree of a text; None if it has none (told by whoever reads it)."""
        if text not in self._trees:
            try:
                self._trees[str(text)] = parse(text)
            except ExprError as error:
                self._trees[str(text)] = error
        known = self._trees[text]
        return None if isinstance(known, ExprError) else known

    def typed(self, text: Text, scope: Scope, path: str) -> Typed:
        """Return the expression of a text with its dimension, or its labels."""
        if is_date(text):
            return self.instant(text, path)
        tree = self.tree(text, path)
        if tree is None:
            return POISON
        found: list[ExprError] = []
        typed = resolve(tree, scope, found)
        for fault in found:
            self.tell(text, fault, path)
        if found:
            return replace(POISON, labels=typed.labels)
        if is_nan(typed.expr) and _names_nothing(tree):
            self.faults.add(
                "not-a-number", f"'{text}' has no value", text, path, expected="a number"
            )
        return typed

    def instant(self, text: Text, path: str) -> Typed:
        """Return seconds since the start."""
        when = read_instant(text, path, self.faults)
        if when is None:
            return POISON
        if self.start is None:
            self.faults.add(
                "no-start",
                "an instant needs 'clock.start'",
                text,
                path,
                expected="a duration since the start, or 'clock: {start: ...}'",
            )
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
        if typed.labels is not None and not is_nan(typed.expr):
            hint = "compare it with one of its labels"
            self.faults.add(
                "label-as-number", "a label where a number belongs", at, path, hint=hint
            )
            return NAN
        if wanted.dimension is None or typed.dimension is None:
            return typed.expr
        if wanted.unit is not None and typed.dimension == NONE:
            return _scaled(typed.expr, wanted.unit.scale)
        if typed.dimension == wanted.dimension:
            return typed.expr
        hint = wanted.hint
        if typed.dimension == NONE and wanted.dimension == PER_TIME and isinstance(at, Text):
            bare = at if at.replace(".", "", 1).isdigit() or at.isidentifier() else f"({at})"
            hint = f"write the unit: {bare} / day"
        self.faults.add(
            "dimension",
            f"this is {dimension_name(typed.dimension)}",
            at,
            path,
            expected=dimension_name(wanted.dimension),
            hint=hint,
        )
        return NAN

    def condition(self, text: Text, scope: Scope, path: str) -> Expr:
        """Return a predicate."""
        if is_date(text):
            hint = "a condition cannot depend on the time: use a transition with 'at'"
            self.faults.add("bad-condition", "an instant is no condition", text, path, hint=hint)
            return NAN
        return self.number(text, scope, path, replace(PLAIN, hint="a condition compares: a > b"))

    def label(self, text: Text, scope: Scope, path: str, labels: Iterable[str]) -> Expr:
        """Return an expression whose value is one of ``labels``."""
        tree = self.tree(text, path)
        if tree is None:
            return NAN
        found: list[ExprError] = []
        expr = resolve_label(tree, scope, found, labels)
        for fault in found:
            self.tell(text, fault, path)
        return NAN if found else expr

    # Values.

    def value(self, node: Node, scope: Scope, spot: Spot, wanted: Wanted, *, key: str = "") -> Expr:
        """Return a value that is drawn once per replication: a distribution becomes an input.

        An expression may read all of ``scope``; a distribution's arguments read inputs only. What
        has remarks and reads inputs only is an input too, so that the remarks are kept.
        """
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return NAN
        if written.is_law:
            return self.input(written, spot, wanted, scope.letters, key)
        assert written.text is not None
        if wanted.labels:
            expr = self.label(written.text, scope, spot.path, wanted.labels)
        else:
            expr = self.number(written.text, scope, spot.path, wanted)
        note, _ = self.note(written, spot.path)
        if not written.remarks or is_nan(expr) or not _reads_inputs_only(expr):
            return expr
        made = Input(
            name=spot.own,
            path=spot.own,
            key=key or f"input:{spot.own}",
            prior=expr,
            dimension=wanted.dimension or NONE,
            labels=wanted.labels,
            note=note,
            origin=Origin(spot.path, written.text.position, str(written.text)),
        )
        return self.register(made, node, spot.path)

    def input(
        self,
        written: Written,
        spot: Spot,
        wanted: Wanted,
        letters: Mapping[str, str],
        key: str = "",
    ) -> Expr:
        """Return a reference to a new input with a law as its prior."""
        scope = self.input_scope.with_letters(letters)
        law, dimension, labels = self.law(written, scope, spot, wanted)
        if law is None:
            return NAN
        note, chance = self.note(written, spot.path)
        made = Input(
            name=spot.own,
            path=spot.own,
            key=key or f"input:{spot.own}",
            prior=law,
            dimension=dimension or NONE,
            labels=labels,
            chance=chance,
            note=note,
            origin=Origin(spot.path, written.node.position, written_text(written.node)),
        )
        return self.register(made, written.node, spot.path)

    def register(self, made: Input, at: Node, path: str) -> Expr:
        """Add an input; return the reference to it."""
        if made.name in self.inputs or made.name in self.input_scope.symbols:
            message = f"the name '{made.name}' of this input is taken"
            self.faults.add("duplicate-name", message, at, path)
            return NAN
        self.inputs[made.name] = made
        return Ref("input", made.name)

    def chance(
        self, node: Node, scope: Scope, spot: Spot, wanted: Wanted
    ) -> tuple[Distribution | None, Dimension | None, tuple[str, ...]]:
        """Return a law that is drawn at each use; a number is drawn as itself."""
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return None, None, ()
        self.note(written, spot.path)
        if written.is_law:
            return self.law(written, scope, spot, wanted)
        assert written.text is not None
        typed = self.typed(written.text, scope, spot.path)
        if typed.labels is not None and not wanted.labels:
            labels = tuple(sorted(typed.labels))
            return Distribution("deterministic", (typed.expr,)), NONE, labels
        expr = self.fitted(typed, written.text, spot.path, wanted)
        if is_nan(expr):
            return None, wanted.dimension or typed.dimension, ()
        return Distribution("deterministic", (expr,)), typed.dimension, ()

    # Distributions.

    def law(
        self, written: Written, scope: Scope, spot: Spot, wanted: Wanted
    ) -> tuple[Distribution | None, Dimension | None, tuple[str, ...]]:
        """Return a distribution with its dimension and labels; None after a fault."""
        spot = spot.at(written.kind)
        if written.kind == "choice":
            return self.choice(written, scope, spot, wanted)
        if wanted.labels:
            self.faults.add(
                "label-needed",
                f"'{written.kind}' where a label belongs",
                written.node,
                spot.path,
                expected="{choice: {label: weight, ...}}",
            )
            return None, NONE, ()
        if written.kind == "discrete":
            law, dimension = self.discrete(written, scope, spot, wanted)
        else:
            law, dimension = self.continuous(written, scope, spot, wanted)
        if law is not None and not self.is_possible(law, written, spot):
            law = None
        if law is not None and wanted.whole and not self.is_whole(law, written, spot):
            law = None
        return law, dimension, ()

    def continuous(
        self, written: Written, scope: Scope, spot: Spot, wanted: Wanted
    ) -> tuple[Distribution | None, Dimension | None]:
        form = FORMS[written.kind]
        args: list[Expr] = []
        dimension = wanted.dimension
        for (name, node), has_unit in zip(written.arguments, form.with_unit, strict=True):
            place = spot.at(name)
            typed = self.argument(node, scope, place)
            if not has_unit:
                args.append(self.fitted(typed, node, place.path, PLAIN))
                continue
            if dimension is None:
                dimension = typed.dimension
            args.append(self.fitted(typed, node, place.path, replace(wanted, dimension=dimension)))
        if not any(form.with_unit):
            dimension = NONE
            if wanted.unit is None or wanted.unit.scale != 1.0:
                plain = replace(wanted, unit=None)
                if is_nan(self.fitted(Typed(Const(1.0), NONE), written.node, spot.path, plain)):
                    return None, wanted.dimension
        if any(is_nan(arg) for arg in args):
            return None, dimension
        if written.kind == "interval90":
            return self.interval90(args, written, spot), dimension
        return Distribution(written.kind, tuple(args)), dimension

    def interval90(self, args: list[Expr], written: Written, spot: Spot) -> Distribution | None:
        """Return the lognormal whose 5 % and 95 % points are given."""
        low, high = args
        if isinstance(low, Const) and isinstance(high, Const):
            if not 0.0 < low.value <= high.value < math.inf:
                self.impossible(written, spot)
                return None
        median = _built("sqrt", _built("mul", low, high))
        sigma = _built("div", _built("log", _built("div", high, low)), Const(2 * _Z95))
        return Distribution("lognormal", (median, sigma))

    def discrete(
        self, written: Written, scope: Scope, spot: Spot, wanted: Wanted
    ) -> tuple[Distribution | None, Dimension | None]:
        pairs: list[tuple[float, Expr]] = []
        dimension = wanted.dimension
        for key, (name, node) in zip(written.keys, written.arguments, strict=True):
            place = spot.at(name)
            typed = self.typed(key, scope, place.path)
            if dimension is None:
                dimension = typed.dimension
            value = self.fitted(typed, key, place.path, replace(wanted, dimension=dimension))
            weight = self.fitted(self.argument(node, scope, place), node, place.path, PLAIN)
            if not isinstance(value, Const):
                message = f"the value '{key}' is no constant"
                self.faults.add("bad-distribution", message, key, place.path, expected="a number")
            elif not is_nan(value):
                pairs.append((value.value, weight))
        if len(pairs) < len(written.keys) or any(is_nan(weight) for _, weight in pairs):
            return None, dimension
        pairs.sort(key=lambda pair: pair[0])
        values = [value for value, _ in pairs]
        if len(set(values)) < len(values):
            self.faults.add(
                "bad-distribution", "a value stands here twice", written.node, spot.path
            )
            return None, dimension
        args = (*(Const(value) for value in values), *(weight for _, weight in pairs))
        return Distribution("discrete", args), dimension

    def choice(
        self, written: Written, scope: Scope, spot: Spot, wanted: Wanted
    ) -> tuple[Distribution | None, Dimension | None, tuple[str, ...]]:
        labels = wanted.labels or tuple(sorted(scope.labels))
        if not wanted.labels and wanted.dimension is not None:
            self.faults.add(
                "label-as-number",
                "'choice' draws a label where a number belongs",
                written.node,
                spot.path,
                expected="{discrete: {x: weight, ...}}",
            )
            return None, wanted.dimension, ()
        weights: list[Expr] = []
        for key, (name, node) in zip(written.keys, written.arguments, strict=True):
            place = spot.at(name)
            if substitute_known(key, scope.letters) not in labels:
                self.tell_label(key, place.path, labels)
                weights.append(NAN)
            else:
                typed = self.argument(node, scope, place)
                weights.append(self.fitted(typed, node, place.path, PLAIN))
        if any(is_nan(weight) for weight in weights):
            return None, NONE, ()
        names = tuple(substitute_known(key, scope.letters) for key in written.keys)
        law = Distribution("choice", (*(Const(self.label_number(n)) for n in names), *weights))
        return (law if self.is_possible(law, written, spot) else None), NONE, names

    def tell_label(self, key: Text, path: str, labels: Sequence[str]) -> None:
        """Tell that a text is none of the labels."""
        if self.is_partial:
            return
        self.faults.add(
            "unknown-label",
            f"'{key}' is not a label of this enumeration",
            key,
            path,
            expected=one_of(labels),
            hint=did_you_mean(key, labels),
        )

    def argument(self, node: Node, scope: Scope, spot: Spot) -> Typed:
        """Return one argument of a distribution; a distribution there is an input."""
        written = read_value(node, spot.path, self.faults)
        if written is None:
            return POISON
        if written.is_law:
            ref = self.input(written, spot, ANY, scope.letters)
            made = self.inputs.get(spot.own)
            return POISON if is_nan(ref) or made is None else Typed(ref, made.dimension)
        self.note(written, spot.path)
        assert written.text is not None
        return self.typed(written.text, scope, spot.path)

    def is_possible(self, law: Distribution, written: Written, spot: Spot) -> bool:
        """Tell constant arguments that no distribution has."""
        values = [arg.value for arg in law.args if isinstance(arg, Const)]
        n = len(values)
        if n == len(law.args):
            if are_valid(KINDS[law.kind], values, 0, n) and all(
                math.isfinite(v) for v in values[: n if law.kind != "deterministic" else 0]
            ):
                return True
        elif all(math.isfinite(v) for v in values):
            return True
        self.impossible(written, spot)
        return False

    def impossible(self, written: Written, spot: Spot) -> None:
        """Tell that the arguments of a distribution are impossible."""
        self.faults.add(
            "bad-distribution",
            f"impossible arguments of '{written.kind}'",
            written.node,
            spot.path,
            expected=FORMS[written.kind].rule,
        )

    def is_whole(self, law: Distribution, written: Written, spot: Spot) -> bool:
        """Tell a law that gives fractions where a whole number belongs."""
        n = len(law.args) // 2 if law.kind == "discrete" else 1
        finite = law.kind in ("discrete", "deterministic")
        if finite and all(
            not isinstance(arg, Const) or arg.value == math.floor(arg.value)
            for arg in law.args[:n]
            if not (isinstance(arg, Const) and math.isinf(arg.value))
        ):
            return True
        self.faults.add(
            "whole-number",
            f"'{written.kind}' gives fractions where a whole number belongs",
            written.node,
            spot.path,
            expected="{discrete: {2: weight, 3: weight}}",
        )
        return False

    # Remarks.

    def note(self, written: Written, path: str) -> tuple[Note, bool]:
        """Return what is said about a value, and whether it is luck."""
        remarks = written.remarks
        if not remarks:
            return Note(), False
        chance = False
        fields = dict.fromkeys(("source", "grade", "as_of", "mark"), "")
        for name, node in remarks.items():
            assert isinstance(node, Text)
            place = f"{path}.{name}"
            if name == "chance":
                chance = self._chance(node, written, place)
            elif name in fields:
                check = getattr(self, f"_{name}")
                fields[name] = check(node, place)
        return Note(**fields), chance

    def _chance(self, node: Text, written: Written, path: str) -> bool:
        if node.truth is None:
            message = f"'chance' is {describe(node)}"
            self.faults.add("wrong-type", message, node, path, expected="true or false")
        elif node.truth and not written.is_law:
            message = "'chance' marks a distribution, and this is none"
            self.faults.add("bad-remark", message, node, path)
        return bool(node.truth)

    def _source(self, node: Text, path: str) -> str:
        known = self.remarks.sources
        if known is not None and node not in known:
            self.faults.add(
                "unknown-source",
                f"unknown source '{node}'",
                node,
                path,
                expected=one_of(sorted(known)) if known else "a source under 'sources'",
                hint=did_you_mean(node, known),
            )
        return str(node)

    def _grade(self, node: Text, path: str) -> str:
        if len(node) != 2 or node[0] not in "ABCDEF" or node[1] not in "123456":
            expected = "a source from A to F and an information from 1 to 6, such as B2"
            self.faults.add("bad-remark", f"'{node}' is no grade", node, path, expected=expected)
        return str(node)

    def _mark(self, node: Text, path: str) -> str:
        if node not in _MARKS:
            expected = "C (computed), R (read) or J (judgement)"
            self.faults.add("bad-remark", f"'{node}' is no mark", node, path, expected=expected)
        return _MARKS.get(node, "")

    def _as_of(self, node: Text, path: str) -> str:
        when = read_day_or_instant(node, self.remarks.zone, path, self.faults)  # type: ignore[arg-type]
        if when and self.remarks.as_of and when > self.remarks.as_of:
            message = (
                f"'{node}' is after the scenario's own as_of, {self.remarks.as_of.isoformat()}"
            )
            self.faults.add("after-as-of", message, node, path)
        return str(node)


def _reads_inputs_only(expr: Expr) -> bool:
    return all(ref.space == "input" for ref in reads(expr))


def _names_nothing(tree: Tree) -> bool:
    return not names_in(tree, {}, {}) - {"inf", *UNITS}


def _built(op: str, *args: Expr) -> Expr:
    return fold_constants(Call(op, args))


def _scaled(expr: Expr, scale: float) -> Expr:
    return expr if scale == 1.0 else _built("mul", expr, Const(scale))


def written_text(node: Node) -> str:
    """Return a value as its author might have written it, in one line."""
    if isinstance(node, Text):
        return str(node)
    if isinstance(node, Map):
        return "{" + ", ".join(f"{k}: {written_text(v)}" for k, v in node.items()) + "}"
    return "[" + ", ".join(map(written_text, node)) + "]"


def substitute_known(text: str, letters: Mapping[str, str]) -> str:
    """Replace the letters of a text; a ``$`` that begins none stays."""
    if "$" not in text or not letters:
        return str(text)
    try:
        return substitute(text, letters)
    except KeyError:
        return str(text)


# What an expression names, before anything is resolved.


def names_in(
    tree: Tree, letters: Mapping[str, str], lists: Mapping[str, Sequence[str]], limit: int = 20_000
) -> frozenset[str]:
    """Return every name that a tree can read, letters replaced and folds expanded."""
    found: set[str] = set()
    pending: list[tuple[Tree, Mapping[str, str]]] = [(tree, letters)]
    while pending and limit:
        part, bound = pending.pop()
        limit -= 1
        if isinstance(part, Name):
            found.update(_named(part.text, bound))
        elif isinstance(part, Operation):
            pending += [(arg, bound) for arg in part.args]
        elif isinstance(part, Fold):
            items = lists.get(part.list_name, ())
            pending += [(part.body, {**bound, part.letter: item}) for item in items]
    return frozenset(found)


def _named(text: str, letters: Mapping[str, str]) -> Iterator[str]:
    if "$" not in text:
        yield text
        return
    try:
        name = substitute(text, letters)
    except KeyError:
        return
    yield name
    if text.startswith("$"):  # a letter's whole value may be an expression
        try:
            yield from names_in(parse(name), {}, {})
        except ExprError:
            return


def ordered(
    names: Iterable[str], read_by: Mapping[str, Iterable[str]]
) -> tuple[list[str], list[list[str]]]:
    """Return names so that each comes after what it reads, else in their order; and the circles."""
    done: dict[str, bool] = {}  # False while its own names are being looked at
    order: list[str] = []
    circles: list[list[str]] = []
    for first in names:
        path: list[tuple[str, Iterator[str]]] = []
        if first not in done:
            done[first] = False
            path.append((first, iter(read_by.get(first, ()))))
        while path:
            name, rest = path[-1]
            for other in rest:
                if other not in read_by:
                    continue
                if other not in done:
                    done[other] = False
                    path.append((other, iter(read_by[other])))
                    break
                if not done[other]:
                    trail = [step for step, _ in path]
                    circles.append(trail[trail.index(other) :])
            else:
                done[name] = True
                order.append(name)
                path.pop()
    return order, circles


def symbol_of(typed: Typed, expr: Expr) -> Symbol:
    """Return the symbol under which others read ``expr``, of the dimension of ``typed``."""
    return Symbol(expr, typed.dimension, typed.labels)  # type: ignore[arg-type]
