"""What names mean: labels, letters, folds and dimensions, and every fault with its place."""

import math
import re
from fractions import Fraction

import pytest

from sim.net.evaluate import evaluator
from sim.net.expr import TIME_REF, Call, Const, Expr, Ref
from sim.net.resolve import (
    MAX_LEVELS,
    MAX_PARTS,
    Scope,
    Symbol,
    Typed,
    fold_constants,
    resolve,
    resolve_label,
    resolve_number,
    substitute,
)
from sim.net.syntax import ExprError, parse
from sim.units import LENGTH, NONE, PER_TIME, PERSONS, TIME, Dimension

CITY = frozenset({"held", "contested", "fallen"})
SIDE = frozenset({"red", "blue", "none"})
LABELS = ("held", "contested", "fallen", "red", "blue", "none")


def var(name: str) -> Ref:
    return Ref("variable", name)


SCOPE = Scope(
    symbols={
        "x": Symbol(var("x")),
        "n": Symbol(var("n")),
        "way": Symbol(var("way"), LENGTH),
        "delay": Symbol(var("delay"), TIME),
        "troops": Symbol(var("troops"), PERSONS),
        "pace": Symbol(var("pace"), Dimension(time=-1, length=1)),
        "c.1": Symbol(var("c.1"), labels=CITY),
        "c.2": Symbol(var("c.2"), labels=CITY),
        "holder": Symbol(var("holder"), labels=SIDE),
        "held": Symbol(var("held")),  # also a label of another enumeration
        "km.1": Symbol(var("km.1"), LENGTH),
        "km.2": Symbol(var("km.2"), LENGTH),
        "mixed.1": Symbol(var("mixed.1"), LENGTH),
        "mixed.2": Symbol(var("mixed.2")),
    },
    label_number=lambda label: float(LABELS.index(label)),
    refused={"time": "use 'at' or 'every'", "first.done": "outcomes are read by outcomes alone"},
    lists={"city": ["1", "2"], "nobody": [], "side": ["red", "blue"], "one": ["1"]},
    letters={
        "i": "1",
        "ij": "2",
        "p": "2 km + 1 km",
        "s": "red",
        "bad": "1 +",
        "self": "$self + 1",
    },
    labels=frozenset(LABELS),
)


def typed(text: str, scope: Scope = SCOPE) -> Typed:
    faults: list[ExprError] = []
    found = resolve(parse(text), scope, faults)
    assert not faults, [fault.message for fault in faults]
    return found


def faults_of(text: str, scope: Scope = SCOPE) -> list[ExprError]:
    faults: list[ExprError] = []
    resolve(parse(text), scope, faults)
    return faults


def the_fault(text: str, scope: Scope = SCOPE) -> ExprError:
    (fault,) = faults_of(text, scope)
    return fault


# Numbers and units.


@pytest.mark.parametrize(
    ("text", "expr", "dimension"),
    [
        ("x", var("x"), NONE),
        ("3 h", Const(10_800.0), TIME),
        ("3 * h", Const(10_800.0), TIME),
        ("0.2 / day", Const(0.2 / 86_400.0), PER_TIME),
        ("30 km/day", Const(30_000.0 / 86_400.0), Dimension(time=-1, length=1)),
        ("0", Const(0.0), None),
        ("inf", Const(math.inf), None),
        ("0 h", Const(0.0), TIME),
        ("1", Const(1.0), NONE),
        ("-way", Call("neg", (var("way"),)), LENGTH),
        ("way / delay", Call("div", (var("way"), var("delay"))), Dimension(time=-1, length=1)),
        ("way / pace", Call("div", (var("way"), var("pace"))), TIME),
        ("way ** 2", Call("square", (var("way"),)), Dimension(length=2)),
        ("way ** 0.5", Call("sqrt", (var("way"),)), Dimension(length=Fraction(1, 2))),
        ("sqrt(way ** 2)", Call("sqrt", (Call("square", (var("way"),)),)), LENGTH),
        ("x ** 3", Call("pow", (var("x"), Const(3.0))), NONE),
        ("x ** n", Call("pow", (var("x"), var("n"))), NONE),
        ("way ** -1", Call("pow", (var("way"), Const(-1.0))), Dimension(length=-1)),
        ("max(0, way)", Call("max", (Const(0.0), var("way"))), LENGTH),
        ("clip(way, 0, inf)", Call("clip", (var("way"), Const(0.0), Const(math.inf))), LENGTH),
        ("mod(delay, 1 day)", Call("mod", (var("delay"), Const(86_400.0))), TIME),
        ("way < 3 km", Call("lt", (var("way"), Const(3_000.0))), NONE),
        ("0 < way", Call("lt", (Const(0.0), var("way"))), NONE),
        ("way if x else 0", Call("select", (var("x"), var("way"), Const(0.0))), LENGTH),
        ("inf * way", Call("mul", (Const(math.inf), var("way"))), LENGTH),
        ("2 + 3 * 4", Const(14.0), NONE),
        ("1/0", Const(math.inf), NONE),
    ],
)
def test_numbers_and_dimensions(text, expr, dimension):
    assert typed(text) == Typed(expr, dimension)


def test_sums_and_their_kin_are_flat_and_the_rest_is_not():
    assert typed("x + n + 1").expr == Call("add", (var("x"), var("n"), Const(1.0)))
    assert typed("x and n and 1").expr == Call("and", (var("x"), var("n"), Const(1.0)))
    assert typed("x + (n + 1)").expr == Call("add", (var("x"), Call("add", (var("n"), Const(1.0)))))
    difference = Call("sub", (Call("sub", (var("x"), var("n"))), Const(1.0)))
    assert typed("x - n - 1").expr == difference
    least = Call("min", (Call("min", (var("x"), var("n"))), Const(1.0)))
    assert typed("min(min(x, n), 1)").expr == least


@pytest.mark.parametrize(
    ("text", "at", "message", "expected"),
    [
        ("way + 3", "3", "the two sides differ: this is a plain number", "a quantity in km"),
        ("3 + way", "way", "the two sides differ: this is a quantity in km", "a plain number"),
        ("way < delay", "delay", "the two sides differ: this is a quantity in day", "in km"),
        ("way == 3", "3", "the two sides differ: this is a plain number", "a quantity in km"),
        ("way and x", "way", "a plain number belongs here: this is a quantity in km", "a plain"),
        ("not way", "way", "a plain number belongs here: this is a quantity in km", "a plain"),
        ("x if way else n", "way", "a plain number belongs here", "a plain number"),
        ("way if x else 3 h", "3 h", "the two choices differ: this is a quantity in day", "in km"),
        ("exp(way)", "way", "a plain number belongs here: this is a quantity in km", "a plain"),
        ("log(3 persons)", "3 persons", "this is a quantity in person", "a plain number"),
        ("max(way, 1)", "1", "the two sides differ", "a quantity in km"),
        ("way ** n", "n", "a power of a quantity in km needs a constant exponent", ""),
        ("x ** way", "way", "a plain number belongs here", "a plain number"),
        ("way ** 0.123", "0.123", "needs a constant exponent", ""),
        ("pace + way", "way", "this is a quantity in km", "a quantity in km/day"),
        ("sum(mixed.$k for k in city)", "sum(mixed.$k for k in city)", "differ in dimension", ""),
        ("any(km.$k for k in city)", "any(km.$k for k in city)", "differ in dimension", ""),
    ],
)
def test_dimensions_that_do_not_agree(text, at, message, expected):
    fault = the_fault(text)
    assert fault.code == "dimension"
    assert message in fault.message
    assert expected in fault.expected
    assert text[fault.start : fault.end] == at


def test_a_dimension_may_be_asked_for():
    faults: list[ExprError] = []
    expr = resolve_number(parse("0.2"), SCOPE, faults, dimension=PER_TIME, hint="write 0.2 / day")
    assert expr == Const(0.2)
    (fault,) = faults
    assert (fault.message, fault.expected) == ("this is a plain number", "a quantity in 1/day")
    assert fault.hint == "write 0.2 / day"
    faults.clear()
    assert resolve_number(parse("0"), SCOPE, faults, dimension=PER_TIME) == Const(0.0)
    assert not faults


# Labels.


def test_a_bare_name_against_an_enumeration_is_its_label():
    assert typed("c.1 == held").expr == Call("eq", (var("c.1"), Const(0.0)))
    assert typed("fallen != c.1").expr == Call("ne", (Const(2.0), var("c.1")))
    assert typed("x == held").expr == Call("eq", (var("x"), var("held")))
    assert typed("c.1 == c.2").expr == Call("eq", (var("c.1"), var("c.2")))
    assert typed("holder == none").expr == Call("eq", (var("holder"), Const(5.0)))


def test_a_choice_between_labels():
    chosen = Call("select", (var("x"), Const(0.0), Const(2.0)))
    assert typed("c.1 == (held if x else fallen)").expr == Call("eq", (var("c.1"), chosen))
    faults: list[ExprError] = []
    made = resolve_label(parse("held if x else c.2"), SCOPE, faults, CITY)
    assert made == Call("select", (var("x"), Const(0.0), var("c.2")))
    assert not faults
    copied = typed("c.1 if x else c.2")
    assert copied.labels == CITY


@pytest.mark.parametrize(
    ("text", "at", "message", "helps"),
    [
        ("c.1 == hled", "hled", "'hled' is not a label of this enumeration", "mean 'held'?"),
        ("c.1 == red", "red", "'red' is not a label", "one of contested, fallen, held"),
        ("c.1 == 3", "3", "a label belongs here", "one of contested"),
        ("c.1 == x", "x", "'x' is not a label", "one of contested"),
        ("c.1 == (held if x else hled)", "hled", "'hled' is not a label", "mean 'held'?"),
        ("c.1 == held + 1", "held + 1", "a label belongs here", "one of contested"),
    ],
)
def test_what_is_no_label(text, at, message, helps):
    fault = the_fault(text)
    assert fault.code == "unknown-label"
    assert message in fault.message
    assert helps in f"{fault.expected}\n{fault.hint}"
    assert text[fault.start : fault.end] == at


def test_a_label_is_no_number():
    fault = the_fault("c.1 + 1")
    assert fault.code == "label-as-number"
    assert fault.hint == "compare it: c.1 == contested"
    fault = the_fault("contested > 1")
    assert fault.code == "unknown-name"
    assert "is a label" in fault.hint


# Names.


@pytest.mark.parametrize(
    ("text", "code", "message", "helps"),
    [
        ("trops + 1", "unknown-name", "unknown name 'trops'", "did you mean 'troops'?"),
        ("True", "unknown-name", "unknown name 'True'", "did you mean 'true'?"),
        ("max + 1", "unknown-name", "unknown name 'max'", "'max' is a function: max(...)"),
        ("sum", "unknown-name", "unknown name 'sum'", "'sum' is a function"),
        ("0.2 / d", "unknown-name", "unknown name 'd'", "write 'day' or 'days'"),
        ("0.2 / month", "unknown-name", "unknown name 'month'", "months differ in length"),
        ("city", "unknown-name", "unknown name 'city'", "sum(EXPR for j in city)"),
        ("time > 3 h", "not-readable", "'time' may not be read here", "use 'at' or 'every'"),
        ("first.done", "not-readable", "'first.done' may not be read here", "outcomes alone"),
        ("$q", "unknown-letter", "unknown letter '$q'", "one of $i, $ij"),
        ("c.$q == held", "unknown-letter", "unknown letter '$q'", "one of $i, $ij"),
        ("sum(x for j in cities)", "unknown-list", "unknown list 'cities'", "mean 'city'?"),
        (
            "$self",
            "unknown-letter",
            "the value '$self + 1' of $self holds a letter",
            "several letters",
        ),
        ("$bad", "syntax", "the value '1 +' of $bad is no expression", "ends too early"),
    ],
)
def test_unknown_names(text, code, message, helps):
    fault = the_fault(text)
    assert fault.code == code
    assert message in fault.message
    assert helps in f"{fault.expected}\n{fault.hint}"


def test_all_faults_of_a_text_are_found_at_once():
    found = faults_of("trops + sqr - max(x, c.1) + (c.2 == hled)")
    assert [fault.code for fault in found] == [
        "unknown-name",
        "unknown-name",
        "label-as-number",
        "unknown-label",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "way + trops * 2 < 3 km",
        "way + 2 * x * trops / n",
        "way ** trops + 3 km",
        "trops ** 2 + 3 km",
        "sqrt(trops) + 3 km",
        "(trops if x else trops) * 2 + 3 km",
        "sum(trops * $k for k in city) + 3 km",
    ],
)
def test_a_faulty_part_fits_every_dimension(text):
    assert {fault.code for fault in faults_of(text)} == {"unknown-name"}


# Letters and folds.


def test_a_letter_in_a_name_is_text_and_alone_a_bracketed_value():
    assert typed("c.$i == held").expr == Call("eq", (var("c.1"), Const(0.0)))
    assert typed("km.$ij").expr == var("km.2")  # the longest letter that fits
    assert typed("$i * 2").expr == Const(2.0)
    assert typed("2 * $p").expr == Const(6_000.0)
    assert typed("holder == $s").expr == Call("eq", (var("holder"), Const(3.0)))
    assert typed("$i ** 2 - $ij").expr == Const(-1.0)


def test_a_fault_in_the_value_of_a_letter_points_at_the_letter():
    scope = SCOPE.with_letters({"v": "way + trops"})
    text = "1 km + $v"
    fault = the_fault(text, scope)
    assert fault.message == "unknown name 'trops'"
    assert text[fault.start : fault.end] == "$v"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("c.$i", "c.1"), ("$ij.x", "2.x"), ("$i$i", "11"), ("a$iz", "a1z"), ("none", "none")],
)
def test_substitution_in_names(text, expected):
    assert substitute(text, SCOPE.letters) == expected


@pytest.mark.parametrize("text", ["$", "c.$q", "$$i"])
def test_substitution_of_a_letter_that_is_not_bound(text):
    with pytest.raises(KeyError, match=re.escape(text.rpartition("$")[2].strip("i")) or "''"):
        substitute(text, SCOPE.letters)


def count(*exprs: Expr) -> Expr:
    return Call("add", exprs)


@pytest.mark.parametrize(
    ("text", "expr", "dimension"),
    [
        ("sum(km.$k for k in city)", count(var("km.1"), var("km.2")), LENGTH),
        (
            "sum(c.$k == held for k in city)",
            count(*(Call("eq", (var(f"c.{k}"), Const(0.0))) for k in (1, 2))),
            NONE,
        ),
        (
            "any(x > $k for k in one)",
            Call("ne", (Call("gt", (var("x"), Const(1.0))), Const(0.0))),
            NONE,
        ),
        ("all(x for k in city)", Call("and", (var("x"), var("x"))), NONE),
        ("min(km.$k for k in city)", Call("min", (var("km.1"), var("km.2"))), LENGTH),
        ("max(km.$k for k in one)", var("km.1"), LENGTH),
        (
            "sum(holder == $k for k in side)",
            count(*(Call("eq", (var("holder"), Const(v))) for v in (3.0, 4.0))),
            NONE,
        ),
        ("sum(x for k in nobody)", Const(0.0), None),
        ("any(x for k in nobody)", Const(0.0), NONE),
        ("all(x for k in nobody)", Const(1.0), NONE),
        ("min(x for k in nobody)", Const(math.inf), None),
        ("max(x for k in nobody)", Const(-math.inf), None),
        ("sum(sum($j * $k for j in city) for k in city)", Const(9.0), NONE),
        ("sum(km.$i for i in city)", count(var("km.1"), var("km.2")), LENGTH),  # hides the outer $i
    ],
)
def test_folds(text, expr, dimension):
    assert typed(text) == Typed(expr, dimension)


def test_a_fault_inside_a_fold_is_said_once():
    assert len(faults_of("sum(trops + $k for k in city)")) == 1
    assert len(faults_of("sum(c.$k == hled for k in city)")) == 1


def test_a_fold_that_grows_without_measure_is_stopped():
    scope = Scope({"x": Symbol(var("x"))}, lambda label: 0.0, lists={"l": ["1"] * 40})
    fault = the_fault("sum(sum(sum(x for a in l) for b in l) for c in l)", scope)
    assert fault.code == "too-large"
    assert fault.expected == f"at most {MAX_PARTS}"


@pytest.mark.parametrize("op", ["+", "-", "*", "/", "-1+", "/2*"])
def test_a_long_chain_keeps_its_arithmetic(op):
    text = op.join(["x"] * 120)
    expr = typed(text).expr
    by_python = eval(text, {"x": 1.1})  # noqa: S307
    assert evaluator(expr, {var("x"): 0})([1.1]) == by_python


def test_letters_cannot_make_an_expression_too_deep():
    long = SCOPE.with_letters({"l": "*".join(["x"] * 200)})
    assert typed("*".join(["x"] * 200) + "*$l", long).dimension == NONE  # side by side
    fault = the_fault("$l" + "*x" * 100, long)
    assert fault.code == "too-large"
    assert fault.expected == f"at most {MAX_LEVELS} levels"


def test_time_is_a_quantity():
    scope = SCOPE.with_symbols({"now": Symbol(TIME_REF, TIME)})
    assert typed("now / 1 day", scope) == Typed(Call("div", (TIME_REF, Const(86_400.0))), NONE)


def test_constants_are_folded():
    assert fold_constants(Call("add", (Const(1.0), Const(2.0)))) == Const(3.0)
    assert fold_constants(Call("add", (Const(1.0), var("x")))) == Call(
        "add", (Const(1.0), var("x"))
    )
    assert typed("log(0)").expr == Const(-math.inf)
