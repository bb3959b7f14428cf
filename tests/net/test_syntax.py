"""The grammar of expressions: against Python's own parser, and every error with its place."""

import ast
import math
import re
import sys
import unicodedata
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.net.evaluate import evaluator
from sim.net.expr import OPERATORS, Ref
from sim.net.resolve import Scope, Symbol, resolve
from sim.net.syntax import (
    FUNCTIONS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    RESERVED,
    ExprError,
    Fold,
    Name,
    Number,
    Operation,
    Tree,
    parse,
)
from tests.libm import c_function

VALUES = {"a": 0.0, "b": 2.5, "c": -3.0, "e": math.inf}
REFS = {Ref("variable", name): slot for slot, name in enumerate(VALUES)}
SCOPE = Scope({ref.name: Symbol(ref) for ref in REFS}, lambda label: 0.0)


def ours(text: str) -> float:
    faults: list[ExprError] = []
    expr = resolve(parse(text), SCOPE, faults).expr
    if faults:
        raise faults[0]
    return evaluator(expr, REFS)(list(VALUES.values()))


# An independent reading of the same text: Python's grammar, and IEEE-754 by numpy's scalars.

_TWO = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


def pythons(node: ast.expr) -> np.float64:
    if isinstance(node, ast.Constant):
        return np.float64(node.value)
    if isinstance(node, ast.Name):
        return np.float64(VALUES[node.id])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, exponent = pythons(node.left), pythons(node.right)
        settled = not any(isinstance(part, ast.Name) for part in ast.walk(node.right))
        if settled and exponent == 2.0:
            return base * base  # what this language says a square is
        if settled and exponent == 0.5:
            return np.sqrt(base)
        return np.float64(c_function("pow", 2)(base, exponent))  # numpy's own differs in places
    if isinstance(node, ast.BinOp):
        return np.float64(_TWO[type(node.op)](pythons(node.left), pythons(node.right)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return np.float64(pythons(node.operand) == 0.0)
    if isinstance(node, ast.UnaryOp):
        value = pythons(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Compare):
        (op,), (right,) = node.ops, node.comparators
        return np.float64(_TWO[type(op)](pythons(node.left), pythons(right)))
    if isinstance(node, ast.BoolOp):
        truths = [pythons(value) != 0.0 for value in node.values]
        return np.float64(all(truths) if isinstance(node.op, ast.And) else any(truths))
    assert isinstance(node, ast.IfExp)
    return pythons(node.body) if pythons(node.test) != 0.0 else pythons(node.orelse)


def is_shared(node: ast.expr) -> bool:
    """Whether Python's tree uses only what both languages have."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call | ast.Tuple | ast.Set | ast.Dict | ast.GeneratorExp):
            return False
        if isinstance(part, ast.Compare) and len(part.ops) > 1:
            return False
    return True


def same(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


ATOMS = ["0", "1", "2", "0.5", "3.", ".25", "1e3", "a", "b", "c", "e"]
BINARY = ["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blank = st.sampled_from([" ", "  ", "\n", " \t "])
    return st.one_of(
        st.builds(
            lambda x, op, y, s: f"{x}{s}{op}{s}{y}", inner, st.sampled_from(BINARY), inner, blank
        ),
        st.builds(lambda op, x: f"{op} {x}", st.sampled_from(["-", "+", "not", "- -"]), inner),
        st.builds(lambda x, c, y: f"{x} if {c} else {y}", inner, inner, inner),
        st.builds(lambda x: f"({x})", inner),
    )


texts = st.recursive(st.sampled_from(ATOMS), _larger, max_leaves=14)


def agree(text: str) -> None:
    try:
        tree = ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError:
        tree = None
    if tree is None or not is_shared(tree):
        with pytest.raises(ExprError, match=r"\w"):
            ours(text)
        return
    with np.errstate(all="ignore"):
        assert same(ours(text), float(pythons(tree)))


@settings(max_examples=500)
@given(texts)
@example("-2 ** 2")
@example("2 ** -1")
@example("2 ** 3 ** 2")
@example("not a == b")
@example("not a and b or c")
@example("a - b - c / b / c")
@example("1 if a else 2 if b else 3")
@example("a < b if c else b < c")
@example("1 + not a")
@example("-a ** b * c")
@example("1 if 2 if 3 else 4 else 5")
def test_precedence_is_pythons(text):
    agree(text)


@settings(max_examples=500)
@given(st.lists(st.sampled_from([*ATOMS, *BINARY, "(", ")", "not", "if", "else"]), max_size=12))
def test_what_is_grammatical_is_what_python_takes(tokens):
    agree(" ".join(tokens))


def test_the_comparison_with_python_notices_a_wrong_precedence():
    # The planted fault: `**` read as `*`, which the texts above must tell apart.
    tree = ast.parse("2 + 3 ** 2", mode="eval").body
    assert float(pythons(tree)) == ours("2 + 3 ** 2") != ours("(2 + 3) ** 2")


@given(st.floats(min_value=0.0, allow_infinity=False))
def test_a_number_is_the_nearest_double(x):
    tree = parse(repr(x))
    assert isinstance(tree, Number)
    assert tree.value == x


# Trees.


def shape(tree: Tree) -> object:
    if isinstance(tree, Number):
        return (tree.value, tree.unit) if tree.unit else tree.value
    if isinstance(tree, Name):
        return tree.text
    if isinstance(tree, Fold):
        return (tree.kind, shape(tree.body), tree.letter, tree.list_name)
    return (tree.op, *(shape(arg) for arg in tree.args))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 / 3 h", ("div", 12.0, (3.0, "h"))),
        ("30 km/day", ("div", (30.0, "km"), "day")),
        ("2 ** 3 days", ("pow", 2.0, (3.0, "days"))),
        ("-3 h", ("neg", (3.0, "h"))),
        ("3h", (3.0, "h")),
        ("true", 1.0),
        ("not false", ("not", 0.0)),
        ("min(a, b, c)", ("min", "a", "b", "c")),
        ("max(a for j in list)", ("max", "a", "j", "list")),
        ("sum(c.$j == contested for j in city)", ("sum", ("eq", "c.$j", "contested"), "j", "city")),
        (
            "any(all(a.$i.$j for j in y) for i in x)",
            ("any", ("all", "a.$i.$j", "j", "y"), "i", "x"),
        ),
        ("mod(a, 2) + clip(a, 0, 1)", ("add", ("mod", "a", 2.0), ("clip", "a", 0.0, 1.0))),
        ("homs.garrison.government", "homs.garrison.government"),
        ("a\r\n +\tb", ("add", "a", "b")),
        ("0.5 persons", (0.5, "persons")),
        ("$i", "$i"),
        ("c.$i", "c.$i"),
    ],
)
def test_what_a_text_means(text, expected):
    assert shape(parse(text)) == expected


@pytest.mark.parametrize("name", ["حمص", "ヘブ", "Тартус", "हिन्दी", "é", "e\u0301", "a_1.b2", "ß"])
def test_names_of_any_script(name):
    tree = parse(f"1 + {name} * 2")
    assert shape(tree) == ("add", 1.0, ("mul", unicodedata.normalize("NFC", name), 2.0))
    assert isinstance(tree, Operation)
    product = tree.args[1]
    assert isinstance(product, Operation)
    assert (product.args[0].start, product.args[0].end) == (4, 4 + len(name))


@given(texts)
def test_every_part_knows_its_place(text):
    try:
        tree = parse(text)
    except ExprError:
        return
    pending = [tree]
    while pending:
        part = pending.pop()
        assert 0 <= part.start < part.end <= len(text)
        if isinstance(part, Operation):
            assert all(part.start <= arg.start and arg.end <= part.end for arg in part.args)
            pending += part.args
        elif isinstance(part, Name):
            assert text[part.start : part.end] == part.text


# Errors: message, the characters that it points at, and what helps.


class Bad(NamedTuple):
    text: str
    message: str
    at: str
    helps: str = ""
    code: str = "syntax"


BAD = [
    Bad("", "an empty expression", "", "a number, a name or a bracket"),
    Bad("  ", "an empty expression", " ", "a number, a name or a bracket"),
    Bad("a +", "the expression ends too early", "", "a number, a name or a bracket"),
    Bad("(a + b", "the expression ends too early", "", "a bracket is not closed"),
    Bad("a + b)", "unexpected ')'", ")", "an operator or the end"),
    Bad("(a b)", "unexpected 'b'", "b", "a bracket is not closed"),
    Bad("a b", "unexpected 'b'", "b", "an operator or the end"),
    Bad("a is b", "unexpected 'is'", "is", "write '==' to compare"),
    Bad("a AND b", "unexpected 'AND'", "AND", "write 'and'"),
    Bad("2 If a", "unknown unit 'If'", "If", "write 'if'", "unknown-unit"),
    Bad("0,5 / day", "unexpected ','", ",", "write a decimal point: 0.5"),
    Bad("1 000 persons", "unexpected '000'", "000", "write a number without blanks: 1000"),
    Bad("3 days 12 h", "unexpected '12'", "12", "write '+' or '*'"),
    Bad("0.5 0.5", "unexpected '0.5'", "0.5", "write '+' or '*'"),
    Bad("a < b < c", "a chained comparison", "<", "write 'a < b and b < c'"),
    Bad("a == b != c", "a chained comparison", "!=", "write 'a < b and b < c'"),
    Bad("a = b", "unexpected character '='", "=", "write '==' to compare"),
    Bad("a & b", "unexpected character '&'", "&", "write 'and'"),
    Bad("a | b", "unexpected character '|'", "|", "write 'or'"),
    Bad("!a", "unexpected character '!'", "!", "write 'not'"),
    Bad("a ^ 2", "unexpected character '^'", "^", "write '**'"),
    Bad("5 %", "unexpected character '%'", "%", "mod(a, b)"),
    Bad("a[1]", "unexpected character '['", "[", "square brackets"),
    Bad("s == 'held'", "unexpected character '''", "'", "without quotation marks"),
    Bad('s == "held"', "unexpected character '\"'", '"', "without quotation marks"),
    Bad("s == “held”", "unexpected character '“'", "“", "without quotation marks"),
    Bad("12:30", "unexpected character ':'", ":", "a if condition else b"),
    Bad("_a", "unexpected character '_'", "_", "a name starts with a letter"),
    Bad("a × b", "unexpected character '×'", "×", "write '*'"),
    Bad("a − b", "unexpected character '−'", "−", "the minus sign of the keyboard"),
    Bad("a ≤ b", "unexpected character '≤'", "≤", "write '<='"),
    Bad("3\u00a0h", "unexpected character 'U+00A0'", "\u00a0", "no-break space"),
    Bad("a²", "unexpected character '²'", "²", "write '**'"),
    Bad("٣ + 1", "unexpected character '٣'", "٣", "digits are 0 to 9 only"),
    Bad("a٣", "unexpected character '٣'", "٣", "digits are 0 to 9 only"),
    Bad("a + \x00", "unexpected character 'U+0000'", "\x00"),
    Bad("a\u202eb", "unexpected character 'U+202E'", "\u202e"),
    Bad("a. + 1", "the name 'a.' ends in a dot", "a."),
    Bad(
        "a.__class__()",
        "unknown function 'a.__class__'",
        "a.__class__",
        "one of abs",
        "unknown-function",
    ),
    Bad("eval(a)", "unknown function 'eval'", "eval", "one of abs", "unknown-function"),
    Bad("sqr(a)", "unknown function 'sqr'", "sqr", "did you mean 'sqrt'?", "unknown-function"),
    Bad("a if b", "the expression ends too early", "", "a choice reads 'a if condition else b'"),
    Bad("a if b else", "the expression ends too early", ""),
    Bad("sum(a)", "'sum' without 'for'", "sum(a)", "sum(EXPR for j in LIST)"),
    Bad("abs(a for j in x)", "'abs' cannot fold over a list", "abs", "one of sum, any, all"),
    Bad("sum(a for in x)", "unexpected 'in'", "in", "a letter after 'for'"),
    Bad("sum(a for j of x)", "unexpected 'of'", "of", "a fold reads 'EXPR for j in LIST'"),
    Bad("sum(a for j in 3)", "unexpected '3'", "3", "the name of a list after 'in'"),
    Bad("sum(a for j in x", "the expression ends too early", "", "a bracket is not closed"),
    Bad("abs()", "unexpected ')'", ")", "a number, a name or a bracket"),
    Bad("abs(a, b)", "'abs' with 2 arguments", "abs(a, b)", "1"),
    Bad("max(a)", "'max' with 1 argument", "max(a)", "two or more arguments"),
    Bad("clip(a, b)", "'clip' with 2 arguments", "clip(a, b)", "3"),
    Bad("abs(a", "the expression ends too early", "", "a bracket is not closed"),
    Bad("3 months", "unknown unit 'months'", "months", "months differ in length", "unknown-unit"),
    Bad("2 fronts", "unknown unit 'fronts'", "fronts", "write '2 * fronts'", "unknown-unit"),
    Bad("3 dayz", "unknown unit 'dayz'", "dayz", "did you mean 'day'?", "unknown-unit"),
    Bad("1e999", "a number too large to hold", "1e999", "write inf"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.text)
def test_every_error_has_its_place_and_its_help(bad):
    with pytest.raises(ExprError, match=re.escape(bad.message)) as caught:
        parse(bad.text)
    error = caught.value
    assert error.message == bad.message
    assert error.code == bad.code
    assert bad.helps in f"{error.expected}\n{error.hint}"
    if bad.at:
        assert bad.text[error.start : error.end] == bad.at
    else:
        assert error.start == len(bad.text)  # at the end


def test_a_chained_comparison_is_marked_at_its_second_sign():
    with pytest.raises(ExprError, match="chained") as caught:
        parse("a < b < c")
    assert caught.value.start == 6


# Limits.


def chain(n: int) -> str:
    return "*".join(["a"] * n)


@pytest.mark.parametrize(
    ("fits", "too_much", "message"),
    [
        ("1" + " " * (MAX_CHARACTERS - 1), "1" + " " * MAX_CHARACTERS, "4001 characters"),
        (chain(MAX_NODES // 2), chain(MAX_NODES // 2 + 1), "too many parts"),
        ("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1), "(" * MAX_DEPTH, "too deeply"),
        ("-" * (MAX_DEPTH - 1) + "a", "-" * MAX_DEPTH + "a", "nested too deeply"),
        ("not " * (MAX_DEPTH - 1) + "a", "not " * MAX_DEPTH + "a", "nested too deeply"),
        ("a**" * (MAX_DEPTH - 1) + "a", "a**" * MAX_DEPTH + "a", "nested too deeply"),
        (
            "abs(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1),
            "abs(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH,
            "too deeply",
        ),
        (
            "a if a else " * (MAX_DEPTH - 1) + "a",
            "a if a else " * MAX_DEPTH + "a",
            "too deeply",
        ),
    ],
    ids=["characters", "parts", "brackets", "signs", "nots", "powers", "calls", "choices"],
)
def test_limits(fits, too_much, message):
    parse(fits)
    with pytest.raises(ExprError, match=message) as caught:
        parse(too_much)
    assert caught.value.code == "too-large"


def test_a_deep_caller_gets_an_error_and_no_traceback():
    def below(n_frames: int) -> None:
        if n_frames:
            below(n_frames - 1)
        else:
            parse.cache_clear()
            parse("abs(" * 60 + "a" + ")" * 60)

    below(0)
    with pytest.raises(ExprError, match="nested too deeply"):
        below(sys.getrecursionlimit() - 250)


@given(st.text() | st.text(alphabet="()+-*/<>=!,.$ab1 \nédfori٣\u0301", max_size=40))
def test_any_text_gives_a_tree_or_an_error_with_a_place(text):
    fault: ExprError | None = None
    try:
        tree = parse(text)
    except ExprError as error:
        fault = error
    if fault is None:
        assert tree.end <= len(text)
    else:
        assert fault.message
        assert 0 <= fault.start <= len(text)
        assert fault.start < fault.end <= max(len(text), fault.start + 1)


def test_functions_are_operators_and_reserved():
    assert set(FUNCTIONS) <= set(OPERATORS)
    assert {name: OPERATORS[name] for name in FUNCTIONS} == FUNCTIONS
    assert {"min", "max", "for", "in", "time", "inf", "day", "days", "true", "any"} <= RESERVED
