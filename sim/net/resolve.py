"""Syntax trees to expressions: names, labels, letters, folds and dimensions.

What a name means depends on where it stands; a :class:`Scope` says so. Faults are collected, so
that one pass over a file finds them all: a faulty part resolves to NaN of any dimension.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sim.errors import did_you_mean, one_of
from sim.net.evaluate import constant
from sim.net.expr import FALSE, TRUE, Call, Const, Expr
from sim.net.syntax import FOLDS, FUNCTIONS, ExprError, Fold, Name, Number, Operation, Tree, parse
from sim.units import NONE, REFUSED_UNITS, UNITS, Dimension

MAX_PARTS = 10_000
#: Levels of an expression once its letters are replaced. Text alone cannot have more than half of
#: `MAX_NODES`, in a chain such as a*b*c; what walks expressions may count on this.
MAX_LEVELS = 256
_LETTER = re.compile(r"\$(\w*)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name stands for; ``labels`` are those of an enumeration, else None.

    A ``dimension`` of None fits any: a number that is 0, or a part with a fault.
    """

    expr: Expr
    dimension: Dimension | None = NONE
    labels: frozenset[str] | None = None


@dataclass(frozen=True)
class Scope:
    """The names that an expression may use, and what they mean here."""

    symbols: Mapping[str, Symbol]
    #: Gives a label its number, everywhere the same.
    label_number: Callable[[str], float]
    #: Names that exist but may not be read here, with the reason.
    refused: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)
    #: Every label of the file, for hints.
    labels: frozenset[str] = frozenset()

    def with_letters(self, letters: Mapping[str, str]) -> Scope:
        """Return this scope with more letters bound."""
        return replace(self, letters={**self.letters, **letters}) if letters else self

    def with_symbols(self, symbols: Mapping[str, Symbol]) -> Scope:
        """Return this scope with more names."""
        return replace(self, symbols={**self.symbols, **symbols}) if symbols else self


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with its dimension (None: fits any) and, if its values are labels, those."""

    expr: Expr
    dimension: Dimension | None = NONE
    labels: frozenset[str] | None = None


_POISON = Typed(Const(math.nan), None)


def substitute(text: str, letters: Mapping[str, str]) -> str:
    """Replace ``$i`` in a name or a text by its value: the longest letter that fits.

    Raises
    ------
    KeyError
        With the letter that is not bound.
    """

    def value(match: re.Match[str]) -> str:
        word = match[1]
        fitting = [letter for letter in letters if word.startswith(letter)]
        if not fitting:
            raise KeyError(word)
        letter = max(fitting, key=len)
        return letters[letter] + word[len(letter) :]

    return _LETTER.sub(value, text)


def resolve(tree: Tree, scope: Scope, faults: list[ExprError]) -> Typed:
    """Return the expression, a number or a label; every fault found is added to ``faults``."""
    resolver = _Resolver(scope, faults)
    labels = resolver.labels_of(tree, scope)
    if labels is not None:
        return Typed(resolver.label(tree, scope, labels), NONE, labels)
    return resolver.number(tree, scope)


def resolve_number(
    tree: Tree,
    scope: Scope,
    faults: list[ExprError],
    *,
    dimension: Dimension | None = None,
    hint: str = "",
) -> Expr:
    """Return a numeric expression; a ``dimension`` is what it must have."""
    typed = _Resolver(scope, faults).number(tree, scope)
    if dimension is not None and typed.dimension not in (None, dimension):
        faults.append(
            ExprError(
                f"this is {_named(typed.dimension)}",
                tree.start,
                tree.end,
                expected=_named(dimension),
                hint=hint,
                code="dimension",
            )
        )
    return typed.expr


def resolve_label(tree: Tree, scope: Scope, faults: list[ExprError], labels: Iterable[str]) -> Expr:
    """Return an expression whose value is a label, where one of ``labels`` belongs."""
    return _Resolver(scope, faults).label(tree, scope, frozenset(labels))


def _named(dimension: Dimension | None) -> str:
    if dimension is None or dimension == NONE:
        return "a plain number"
    return f"a quantity in {dimension}"


def fold_constants(call: Call) -> Expr:
    """Return the value of a call on constants alone, else the call."""
    if all(isinstance(arg, Const) for arg in call.args):
        return Const(constant(call))
    return call


class _Resolver:
    def __init__(self, scope: Scope, faults: list[ExprError]) -> None:
        self.faults = faults
        self.n_parts = self.n_levels = 0
        self.values: dict[str, Tree] = {}

    def fault(
        self, tree: Tree, message: str, *, code: str, expected: str = "", hint: str = ""
    ) -> Typed:
        self.faults.append(
            ExprError(message, tree.start, tree.end, expected=expected, hint=hint, code=code)
        )
        return _POISON

    def count(self, tree: Tree) -> bool:
        self.n_parts += 1
        if self.n_parts == MAX_PARTS + 1:
            self.fault(
                tree,
                "an expression whose folds expand to too many parts",
                expected=f"at most {MAX_PARTS}",
                code="too-large",
            )
        return self.n_parts <= MAX_PARTS

    # Letters.

    def unlettered(self, tree: Tree, scope: Scope) -> Tree | None:
        """Return the tree with ``$i`` in its own name replaced; None after a fault."""
        if not isinstance(tree, Name) or "$" not in tree.text:
            return tree
        try:
            text = substitute(tree.text, scope.letters)
        except KeyError as missing:
            self.fault(
                tree,
                f"unknown letter '${missing.args[0]}'",
                expected=one_of(f"${letter}" for letter in scope.letters)
                if scope.letters
                else "a 'for' that declares it",
                code="unknown-letter",
            )
            return None
        whole = _LETTER.fullmatch(tree.text)
        if not whole or whole[1] not in scope.letters:
            return Name(text, tree.start, tree.end)
        if "$" in text:
            self.fault(
                tree,
                f"the value '{text}' of {tree.text} holds a letter itself",
                hint="give several letters at once: for: [{i: 1, p: 2}, {i: 2, p: 4}]",
                code="unknown-letter",
            )
            return None
        if text not in self.values:
            try:
                self.values[text] = parse(text)
            except ExprError as error:
                self.fault(
                    tree,
                    f"the value '{text}' of {tree.text} is no expression",
                    hint=error.message,
                    code="syntax",
                )
                return None
        return _moved(self.values[text], tree)

    # Labels.

    def labels_of(self, tree: Tree, scope: Scope) -> frozenset[str] | None:
        """Return the labels of an expression that is plainly an enumeration's, else None."""
        if isinstance(tree, Name):
            known = self.peek(tree, scope)
            return known.labels if known else None
        if isinstance(tree, Operation) and tree.op == "select":
            sides = [self.labels_of(arg, scope) for arg in tree.args[1:]]
            found = [labels for labels in sides if labels is not None]
            return frozenset().union(*found) if found else None
        return None

    def peek(self, tree: Name, scope: Scope) -> Symbol | None:
        try:
            return scope.symbols.get(substitute(tree.text, scope.letters))
        except KeyError:
            return None

    def is_told(self, tree: Tree, scope: Scope) -> bool:
        """Return whether a name stands for something that could not be resolved."""
        known = self.peek(tree, scope) if isinstance(tree, Name) else None
        return known is not None and _is_nan(known.expr)

    def label(self, tree: Tree, scope: Scope, labels: frozenset[str]) -> Expr:
        """Resolve ``tree`` where a label belongs."""
        plain = self.unlettered(tree, scope)
        if plain is None:
            return _POISON.expr
        if isinstance(plain, Operation) and plain.op == "select":
            condition, yes, no = plain.args
            return _built(
                "select",
                self.dimensionless(condition, scope),
                self.label(yes, scope, labels),
                self.label(no, scope, labels),
            )
        if isinstance(plain, Name):
            if plain.text in labels:
                return Const(scope.label_number(plain.text))
            symbol = scope.symbols.get(plain.text)
            if symbol is not None and _is_nan(symbol.expr):
                return _POISON.expr  # a fault that has been told
            if symbol is not None and symbol.labels is not None:
                if symbol.labels.isdisjoint(labels):
                    return self.no_common_label(plain, labels, symbol.labels)
                return self.symbol(plain, scope).expr
        word = plain.text if isinstance(plain, Name) else ""
        return self.fault(
            tree,
            f"'{word}' is not a label of this enumeration" if word else "a label belongs here",
            expected=one_of(sorted(labels)),
            hint=did_you_mean(word, labels) if word else "",
            code="unknown-label",
        ).expr

    def no_common_label(self, tree: Name, labels: frozenset[str], found: frozenset[str]) -> Expr:
        return self.fault(
            tree,
            f"'{tree.text}' has none of the labels that belong here",
            expected=one_of(sorted(labels)),
            hint=f"it is {one_of(sorted(found))}",
            code="unknown-label",
        ).expr

    # Numbers.

    def number(self, tree: Tree, scope: Scope) -> Typed:
        """Resolve ``tree`` where a number belongs."""
        if not self.count(tree):
            return _POISON
        plain = self.unlettered(tree, scope)
        if plain is None:
            return _POISON
        if isinstance(plain, Number):
            return _literal(plain)
        if isinstance(plain, Name):
            return self.named(plain, scope)
        if self.n_levels >= MAX_LEVELS:
            return self.too_deep(tree)
        self.n_levels += 1
        made = self.fold(plain, scope) if isinstance(plain, Fold) else self.operation(plain, scope)
        self.n_levels -= 1
        return made

    def too_deep(self, tree: Tree) -> Typed:
        return self.fault(
            tree,
            "an expression nested too deeply once its letters are replaced",
            expected=f"at most {MAX_LEVELS} levels",
            hint="split it into definitions",
            code="too-large",
        )

    def named(self, tree: Name, scope: Scope) -> Typed:
        if tree.text == "inf":
            return Typed(Const(math.inf), None)
        if tree.text in UNITS:
            unit = UNITS[tree.text]
            return Typed(Const(unit.scale), unit.dimension)
        typed = self.symbol(tree, scope)
        if typed.labels is not None:
            return self.fault(
                tree,
                f"'{tree.text}' holds a label, not a number",
                hint=f"compare it: {tree.text} == {min(typed.labels)}",
                code="label-as-number",
            )
        return typed

    def symbol(self, tree: Name, scope: Scope) -> Typed:
        known = scope.symbols.get(tree.text)
        if tree.text in scope.refused:
            return self.fault(
                tree,
                f"'{tree.text}' may not be read here",
                hint=scope.refused[tree.text],
                code="not-readable",
            )
        if known is not None:
            return Typed(known.expr, known.dimension, known.labels)
        if tree.text in scope.labels:
            hint = f"'{tree.text}' is a label: compare it with an enumeration that has it"
        elif tree.text in scope.lists:
            hint = f"'{tree.text}' is a list: fold it, as in sum(EXPR for j in {tree.text})"
        elif tree.text in FUNCTIONS or tree.text in FOLDS:
            hint = f"'{tree.text}' is a function: {tree.text}(...)"
        elif tree.text.lower() in ("true", "false", "inf"):
            hint = f"did you mean '{tree.text.lower()}'?"
        else:
            known_names = [*scope.symbols, *UNITS]
            hint = REFUSED_UNITS.get(tree.text) or did_you_mean(tree.text, known_names)
        return self.fault(
            tree,
            f"unknown name '{tree.text}'",
            expected="a variable, parameter, definition or unit",
            hint=hint,
            code="unknown-name",
        )

    def dimensionless(self, tree: Tree, scope: Scope) -> Expr:
        return self.agreeing("a plain number belongs here", [tree], scope, NONE)[0][0]

    def agreeing(
        self, message: str, trees: Sequence[Tree], scope: Scope, wanted: Dimension | None = None
    ) -> tuple[list[Expr], Dimension | None]:
        """Resolve numbers that must share one dimension; return them and it."""
        found: list[Expr] = []
        for tree in trees:
            typed = self.number(tree, scope)
            found.append(typed.expr)
            wanted = self.agreed(message, tree, typed.dimension, wanted)
        return found, wanted

    def agreed(
        self, message: str, tree: Tree, dimension: Dimension | None, wanted: Dimension | None
    ) -> Dimension | None:
        """Return the dimension that two parts share, after a fault if they share none."""
        if wanted is None:
            return dimension
        if dimension not in (None, wanted):
            self.fault(
                tree,
                f"{message}: this is {_named(dimension)}",
                expected=_named(wanted),
                code="dimension",
            )
        return wanted

    def operation(self, tree: Operation, scope: Scope) -> Typed:
        op, args = tree.op, tree.args
        if op in ("eq", "ne"):
            return self.equality(tree, scope)
        if op in _LEFT_CHAINS:
            return self.chain(tree, scope)
        if op in ("min", "max", "mod", "clip", "lt", "le", "gt", "ge"):
            exprs, dimension = self.agreeing("the two sides differ", args, scope)
            compares = op in ("lt", "le", "gt", "ge")
            return Typed(_built(op, *exprs), NONE if compares else dimension)
        if op in ("neg", "abs"):
            typed = self.number(args[0], scope)
            return Typed(_built(op, typed.expr), typed.dimension)
        if op == "select":
            condition = self.dimensionless(args[0], scope)
            exprs, dimension = self.agreeing("the two choices differ", args[1:], scope)
            return Typed(_built(op, condition, *exprs), dimension)
        if op == "pow":
            return self.power(tree, scope)
        if op == "sqrt":
            typed = self.number(args[0], scope)
            half = typed.dimension.power(Fraction(1, 2)) if typed.dimension else typed.dimension
            return Typed(_built(op, typed.expr), half)
        plain, _ = self.agreeing("a plain number belongs here", self.flat(tree), scope, NONE)
        return Typed(_built(op, *plain), NONE)

    def chain(self, tree: Operation, scope: Scope) -> Typed:
        """Resolve ``a + b - c`` or ``a * b / c`` from the left, without recursion along it."""
        spine = [tree]
        while isinstance(left := spine[-1].args[0], Operation) and left.op in _LEFT_CHAINS:
            spine.append(left)
        deeper = len(spine) - 1
        if self.n_levels + deeper > MAX_LEVELS:
            return self.too_deep(tree)
        self.n_levels += deeper
        typed = self.number(left, scope)
        self.n_levels -= deeper
        for node in reversed(spine):
            right = self.number(node.args[1], scope)
            typed = self.joined(node, typed, right) if self.count(node) else _POISON
        return typed

    def joined(self, node: Operation, a: Typed, b: Typed) -> Typed:
        if node.op in ("add", "sub"):
            dimension = self.agreed("the two sides differ", node.args[1], b.dimension, a.dimension)
            if node.op == "add" and isinstance(a.expr, Call) and a.expr.op == "add":
                return Typed(Call("add", (*a.expr.args, b.expr)), dimension)  # the same arithmetic
            return Typed(_built(node.op, a.expr, b.expr), dimension)
        expr = _built(node.op, a.expr, b.expr)
        if _fits_any(a) or _fits_any(b):
            return Typed(expr, None)
        da, db = a.dimension or NONE, b.dimension or NONE
        return Typed(expr, da.times(db) if node.op == "mul" else da.over(db))

    def flat(self, tree: Operation) -> list[Tree]:
        """Return the arguments of ``(a and b) and c`` as a, b, c, those of others as they are."""
        if tree.op not in ("and", "or"):
            return list(tree.args)
        backwards: list[Tree] = []
        while True:
            left, right = tree.args
            backwards.append(right)
            if not isinstance(left, Operation) or left.op != tree.op:
                return [left, *reversed(backwards)]
            tree = left

    def equality(self, tree: Operation, scope: Scope) -> Typed:
        left, right = tree.args
        for side, other in ((left, right), (right, left)):
            labels = self.labels_of(side, scope)
            if labels is not None:
                both_labels = labels | (self.labels_of(other, scope) or frozenset())
                exprs = [self.label(arg, scope, both_labels) for arg in (left, right)]
                return Typed(_built(tree.op, *exprs), NONE)
        if any(self.is_told(side, scope) for side in (left, right)):
            return _POISON
        exprs, _ = self.agreeing("the two sides differ", tree.args, scope)
        return Typed(_built(tree.op, *exprs), NONE)

    def power(self, tree: Operation, scope: Scope) -> Typed:
        base = self.number(tree.args[0], scope)
        exponent = self.dimensionless(tree.args[1], scope)
        dimension = base.dimension
        if _is_nan(exponent):
            dimension = None  # a fault that has been told
        if dimension not in (None, NONE):
            ratio = _as_fraction(exponent)
            if ratio is None:
                return self.fault(
                    tree.args[1],
                    f"a power of {_named(dimension)} needs a constant exponent",
                    code="dimension",
                )
            dimension = dimension.power(ratio)
        # pow(x, 2) and x * x may differ in the last bit: settled here, for every engine.
        if exponent == Const(2.0):
            return Typed(_built("square", base.expr), dimension)
        if exponent == Const(0.5):
            return Typed(_built("sqrt", base.expr), dimension)
        return Typed(_built("pow", base.expr, exponent), dimension)

    def fold(self, tree: Fold, scope: Scope) -> Typed:
        items = scope.lists.get(tree.list_name)
        if items is None:
            return self.fault(
                tree,
                f"unknown list '{tree.list_name}'",
                expected=one_of(sorted(scope.lists)) if scope.lists else "a list under 'lists'",
                hint=did_you_mean(tree.list_name, scope.lists),
                code="unknown-list",
            )
        scopes = [scope.with_letters({tree.letter: item}) for item in items]
        logical = tree.kind in ("any", "all")
        exprs: list[Expr] = []
        dimension: Dimension | None = NONE if logical else None
        for inner in scopes:
            n_faults = len(self.faults)
            typed = self.number(tree.body, inner)
            if len(self.faults) > n_faults:
                return _POISON  # the same fault in every item: say it once
            if dimension is None:
                dimension = typed.dimension
            elif typed.dimension not in (None, dimension):
                return self.fault(
                    tree, "the items of the fold differ in dimension", code="dimension"
                )
            exprs.append(typed.expr)
        return Typed(_folded(tree.kind, exprs), dimension)


#: Operators of which a text may make long chains, which lean to the left.
_LEFT_CHAINS = frozenset({"add", "sub", "mul", "div"})

_EMPTY = {
    "sum": Const(0.0),
    "any": FALSE,
    "all": TRUE,
    "min": Const(math.inf),
    "max": Const(-math.inf),
}
_FOLD_OPERATORS = {"sum": "add", "any": "or", "all": "and", "min": "min", "max": "max"}


def _folded(kind: str, exprs: list[Expr]) -> Expr:
    if not exprs:
        return _EMPTY[kind]
    if len(exprs) > 1:
        return _built(_FOLD_OPERATORS[kind], *exprs)
    return _built("ne", exprs[0], FALSE) if kind in ("any", "all") else exprs[0]


def _built(op: str, *args: Expr) -> Expr:
    return fold_constants(Call(op, args))


def _literal(tree: Number) -> Typed:
    if tree.unit:
        unit = UNITS[tree.unit]
        return Typed(Const(tree.value * unit.scale), unit.dimension)
    return Typed(Const(tree.value), None if tree.value == 0.0 else NONE)


def _is_nan(expr: Expr) -> bool:
    return isinstance(expr, Const) and math.isnan(expr.value)


def _fits_any(typed: Typed) -> bool:
    """Return whether a factor leaves the dimension open: a faulty part does, 0 and inf do not."""
    plain = typed.expr in (Const(0.0), Const(math.inf), Const(-math.inf))
    return typed.dimension is None and not plain


def _as_fraction(expr: Expr) -> Fraction | None:
    if not isinstance(expr, Const) or not math.isfinite(expr.value):
        return None
    ratio = Fraction(expr.value).limit_denominator(12)
    return ratio if float(ratio) == expr.value else None


def _moved(tree: Tree, to: Tree) -> Tree:
    """Return ``tree`` with every part at the place of ``to`` (where its letter stands)."""
    if isinstance(tree, Operation):
        args = tuple(_moved(arg, to) for arg in tree.args)
        return Operation(tree.op, args, to.start, to.end)
    if isinstance(tree, Fold):
        body = _moved(tree.body, to)
        return Fold(tree.kind, body, tree.letter, tree.list_name, to.start, to.end)
    return replace(tree, start=to.start, end=to.end)
