"""Expression text to a syntax tree; the grammar is in ``docs/file-format.md``.

A recursive-descent parser over a regular-expression tokenizer. Nothing is ever evaluated as
Python: there are no attributes, subscripts or calls beyond the functions listed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, NoReturn

from sim.errors import did_you_mean, one_of
from sim.units import REFUSED_UNITS, UNITS

MAX_CHARACTERS = 4_000
MAX_DEPTH = 64
MAX_NODES = 500

#: Functions with the number of their arguments; None: two or more.
FUNCTIONS: dict[str, int | None] = {
    "min": None,
    "max": None,
    "abs": 1,
    "exp": 1,
    "log": 1,
    "sqrt": 1,
    "floor": 1,
    "ceil": 1,
    "mod": 2,
    "clip": 3,
    "logistic": 1,
}
FOLDS = ("sum", "any", "all", "min", "max")
KEYWORDS = frozenset({"and", "or", "not", "if", "else", "for", "in", "true", "false"})
RESERVED = frozenset({*UNITS, *FUNCTIONS, *FOLDS, *KEYWORDS, "time", "inf"})

_BLANKS = " \t\r\n"
_TOKEN = re.compile(
    r"""[ \t\r\n]*
      (?: (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
        | (?P<name>(?:[^\W\d_]|\$)[\w.$]*)
        | (?P<op>\*\*|<=|>=|==|!=|[-+*/()<>,])
        | (?P<end>\Z))""",
    re.VERBOSE,
)
_COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
#: How tightly operators bind, the loosest first.
_OR, _AND, _NOT, _COMPARISON, _SUM, _TERM = range(6)
#: Binary operators: what they are called, how tightly they bind.
_BINARY = {
    "or": ("or", _OR),
    "and": ("and", _AND),
    **{text: (op, _COMPARISON) for text, op in _COMPARE.items()},
    "+": ("add", _SUM),
    "-": ("sub", _SUM),
    "*": ("mul", _TERM),
    "/": ("div", _TERM),
}


class ExprError(Exception):
    """A fault at characters ``start`` to ``end`` of an expression's text."""

    def __init__(
        self, message: str, start: int, end: int, *, expected: str = "", hint: str = "", code: str
    ) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, max(end, start + 1)
        self.expected, self.hint, self.code = expected, hint, code


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with the unit that follows it."""

    value: float
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name; ``$i`` inside it is text, and ``$i`` alone stands for a bracketed value."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator of :data:`sim.net.expr.OPERATORS` with its arguments."""

    op: str
    args: tuple[Tree, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fold:
    """``sum(body for letter in list)`` and its kin."""

    kind: str
    body: Tree
    letter: str
    list_name: str
    start: int
    end: int


Tree = Number | Name | Operation | Fold


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@lru_cache(maxsize=4_096)  # a file's variants share most of its expressions
def parse(text: str) -> Tree:
    """Return the syntax tree of ``text``.

    Raises
    ------
    ExprError
        With the place, what was expected and a hint; the first fault only.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExprError(
            f"an expression of {len(text)} characters",
            0,
            len(text),
            expected=f"at most {MAX_CHARACTERS} characters",
            hint="split it into definitions",
            code="too-large",
        )
    try:
        return _Parser(text).whole()
    except RecursionError:  # MAX_DEPTH levels take some 400 frames: too many below a deep caller
        raise _too_deep(0, len(text)) from None


def _too_deep(start: int, end: int) -> ExprError:
    return ExprError(
        "an expression nested too deeply",
        start,
        end,
        expected=f"at most {MAX_DEPTH} levels",
        hint="split it into definitions",
        code="too-large",
    )


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, kind, is_plain = 0, "", text.isascii()
    while kind != "end":
        match = _TOKEN.match(text, at)
        if match is None:
            _bad_character(text, len(text) - len(text[at:].lstrip(_BLANKS)))
        kind = match.lastgroup or ""
        start, at = match.span(kind)
        if kind == "name" and (not is_plain or text[at - 1] == "."):
            at = _name_end(text, start)
        word = text[start:at] if is_plain else unicodedata.normalize("NFC", text[start:at])
        found.append(_Token("keyword" if word in KEYWORDS else kind, word, start, at))
    return found


def _name_end(text: str, start: int) -> int:
    """Return where the name ends: letters of any script with their marks, 0-9, ``_ . $``."""
    end = start
    while end < len(text):
        character = text[end]
        if not (character in "_.$0123456789" or unicodedata.category(character)[0] in "LM"):
            if character.isalnum():
                _bad_character(text, end)
            break
        end += 1
    if text[end - 1] == ".":
        raise ExprError(f"the name '{text[start:end]}' ends in a dot", start, end, code="syntax")
    return end


_HINTS = {
    "=": "write '==' to compare",
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not', or '!=' to compare",
    "^": "write '**' for a power",
    "%": "write mod(a, b) for a remainder, or a fraction such as 0.2 for a percentage",
    "[": "square brackets have no meaning in an expression",
    '"': "a label or a name stands without quotation marks",
    "'": "a label or a name stands without quotation marks",
    ":": "write 'a if condition else b' for a choice",
    "_": "a name starts with a letter",
    "×": "write '*' to multiply",
    "·": "write '*' to multiply",
    "÷": "write '/' to divide",
    "−": "write the minus sign of the keyboard, '-'",
    "–": "write the minus sign of the keyboard, '-'",
    "≤": "write '<='",
    "≥": "write '>='",
    "≠": "write '!='",
    "“": "a label or a name stands without quotation marks",
    "’": "a label or a name stands without quotation marks",
    "\u00a0": "this is a no-break space: write an ordinary blank",
    "\u202f": "this is a no-break space: write an ordinary blank",
}


def _bad_character(text: str, at: int) -> NoReturn:
    character = text[at]
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    hint = _HINTS.get(character, "")
    if character in "²³":
        hint = "write '**' for a power"
    elif character.isdigit():
        hint = "digits are 0 to 9 only"
    raise ExprError(f"unexpected character '{shown}'", at, at + 1, hint=hint, code="syntax")


def _unit_hint(number: str, word: str) -> str:
    if word.lower() in KEYWORDS:
        return f"write '{word.lower()}'"
    near = did_you_mean(word, UNITS, cutoff=0.75)
    return near or f"for a product write '{number} * {word}'"


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0
        self.n_nodes = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def whole(self) -> Tree:
        if self.token.kind == "end":
            raise ExprError(
                "an empty expression",
                0,
                1,
                expected="a number, a name or a bracket",
                code="syntax",
            )
        tree = self.expression()
        if self.token.kind != "end":
            self.fail_at_token("an operator or the end of the expression", self.missing())
        return tree

    def missing(self) -> str:
        """Return what is probably missing between the value just read and this token."""
        before, token = self.tokens[self.at - 1], self.token
        if token.text == "," and before.kind == self.tokens[self.at + 1].kind == "number":
            return f"write a decimal point: {before.text}.{self.tokens[self.at + 1].text}"
        if token.kind == "number":
            if before.text.isdigit() and token.text.isdigit():
                return f"write a number without blanks: {before.text}{token.text}"
            return "write '+' or '*' between two numbers"
        if token.text == "is":
            return "write '==' to compare"
        if token.kind == "name" and token.text.lower() in KEYWORDS:
            return f"write '{token.text.lower()}'"
        return ""

    # Each method below parses one rule of the grammar, loosest binding first.

    def expression(self) -> Tree:
        self.deepen()
        value = self.operation(_OR)
        if self.take("if"):
            condition = self.operation(_OR)
            self.need("else", "a choice reads 'a if condition else b'")
            other = self.expression()
            value = self.node("select", condition, value, other)
        self.depth -= 1
        return value

    def operation(self, loosest: int) -> Tree:
        """Parse binary operators that bind at least as tightly, by precedence climbing.

        One call for each operator, not one for each level: worlds have thousands of expressions.
        """
        token = self.tokens[self.at]
        if token.text == "not" and loosest <= _NOT:
            self.at += 1
            inner = self.deeper(lambda: self.operation(_NOT))
            left = self.node("not", inner, start=token.start)
        else:
            left = self.factor()
        while True:
            token = self.tokens[self.at]
            op, binds = _BINARY.get(token.text, ("", -1))
            if binds < loosest:
                return left
            self.at += 1
            right = self.operation(binds + 1)
            if binds == _COMPARISON:
                self.refuse_chain()
            left = self.node(op, left, right)

    def refuse_chain(self) -> None:
        token = self.token
        if token.text in _COMPARE:
            raise ExprError(
                "a chained comparison",
                token.start,
                token.end,
                hint="write 'a < b and b < c'",
                code="syntax",
            )

    def factor(self) -> Tree:
        token = self.tokens[self.at]
        if token.text == "-":
            self.at += 1
            return self.node("neg", self.deeper(self.factor), start=token.start)
        if token.text == "+":
            self.at += 1
            return self.deeper(self.factor)
        base = self.atom()
        if self.take("**"):
            return self.node("pow", base, self.deeper(self.factor))
        return base

    def atom(self) -> Tree:
        token = self.tokens[self.at]
        if token.kind == "number":
            return self.quantity()
        if token.kind == "name":
            self.at += 1
            if self.tokens[self.at].text == "(":
                return self.function(token)
            return self.counted(Name(token.text, token.start, token.end))
        if token.text in ("true", "false"):
            self.advance()
            return self.counted(Number(float(token.text == "true"), "", token.start, token.end))
        if self.take("("):
            inner = self.expression()
            self.need(")", "a bracket is not closed")
            return inner
        self.fail_at_token("a number, a name or a bracket")

    def quantity(self) -> Tree:
        token = self.advance()
        unit, end = "", token.end
        value = float(token.text)
        if value == float("inf"):
            raise ExprError(
                "a number too large to hold",
                token.start,
                token.end,
                hint="write inf",
                code="syntax",
            )
        if self.token.kind == "name":
            after = self.advance()
            unit, end = after.text, after.end
            if unit not in UNITS:
                hint = REFUSED_UNITS.get(unit) or _unit_hint(token.text, unit)
                raise ExprError(
                    f"unknown unit '{unit}'",
                    after.start,
                    after.end,
                    expected="one of s, minute, h, hour, day, week, m, km, person, tonne",
                    hint=hint,
                    code="unknown-unit",
                )
        return self.counted(Number(value, unit, token.start, end))

    def function(self, name: _Token) -> Tree:
        if name.text not in FUNCTIONS and name.text not in FOLDS:
            raise ExprError(
                f"unknown function '{name.text}'",
                name.start,
                name.end,
                expected=one_of(sorted({*FUNCTIONS, *FOLDS}), limit=20),
                hint=did_you_mean(name.text, [*FUNCTIONS, *FOLDS]),
                code="unknown-function",
            )
        self.advance()  # the bracket
        args = [self.expression()]
        if self.take("for"):
            return self.fold(name, args[0])
        while self.take(","):
            args.append(self.expression())
        close = self.token
        self.need(")", "a bracket is not closed")
        self.check_arguments(name, len(args), close.end)
        return self.node(name.text, *args, start=name.start)

    def check_arguments(self, name: _Token, n_args: int, end: int) -> None:
        if name.text not in FUNCTIONS:
            raise ExprError(
                f"'{name.text}' without 'for'",
                name.start,
                end,
                expected=f"{name.text}(EXPR for j in LIST)",
                code="syntax",
            )
        wanted = FUNCTIONS[name.text]
        if n_args == wanted or (wanted is None and n_args >= 2):
            return
        raise ExprError(
            f"'{name.text}' with {n_args} argument{'s' * (n_args != 1)}",
            name.start,
            end,
            expected="two or more arguments" if wanted is None else f"{wanted}",
            code="syntax",
        )

    def fold(self, name: _Token, body: Tree) -> Tree:
        if name.text not in FOLDS:
            raise ExprError(
                f"'{name.text}' cannot fold over a list",
                name.start,
                name.end,
                expected=one_of(FOLDS),
                code="syntax",
            )
        letter = self.need_name("a letter after 'for'")
        self.need("in", "a fold reads 'EXPR for j in LIST'")
        list_name = self.need_name("the name of a list after 'in'")
        close = self.token
        self.need(")", "a bracket is not closed")
        return self.counted(
            Fold(name.text, body, letter.text, list_name.text, name.start, close.end)
        )

    # Helpers.

    def deeper(self, rule: Callable[[], Tree]) -> Tree:
        self.deepen()
        tree = rule()
        self.depth -= 1
        return tree

    def deepen(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep(self.token.start, self.token.end)

    def node(self, op: str, *args: Tree, start: int | None = None) -> Tree:
        first = min(arg.start for arg in args) if start is None else start
        end = self.tokens[self.at - 1].end
        return self.counted(Operation(op, args, first, end))

    def counted(self, tree: Tree) -> Tree:
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            raise ExprError(
                "an expression of too many parts",
                tree.start,
                tree.end,
                expected=f"at most {MAX_NODES}",
                hint="split it into definitions",
                code="too-large",
            )
        return tree

    def advance(self) -> _Token:
        token = self.token
        self.at += 1
        return token

    def take(self, text: str) -> bool:
        # No name is spelled like an operator or a keyword, and no number.
        if self.tokens[self.at].text == text:
            self.at += 1
            return True
        return False

    def need(self, text: str, hint: str) -> None:
        if not self.take(text):
            self.fail_at_token(f"'{text}'", hint=hint)

    def need_name(self, what: str) -> _Token:
        if self.token.kind != "name":
            self.fail_at_token(what)
        return self.advance()

    def fail_at_token(self, expected: str, hint: str = "") -> NoReturn:
        token = self.token
        message = f"unexpected '{token.text}'"
        if token.kind == "end":
            message = "the expression ends too early"
        raise ExprError(
            message, token.start, token.end, expected=expected, hint=hint, code="syntax"
        )
