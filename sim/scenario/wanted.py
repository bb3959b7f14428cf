"""What a place in a file wants of a value, and the words for it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from sim.net.expr import Const, Expr
from sim.net.resolve import Typed, substitute
from sim.units import NONE, PER_TIME, TIME, Dimension, Unit
from sim.values import ANNOTATIONS, Map, Node, Text

_LETTER = re.compile(r"\$(\w+)")
_FOLDED = re.compile(r"\bfor\s+(\w+)\s+in\b")
#: A faulty expression: NaN of any dimension, so that its fault is told only once.
NAN = Const(math.nan)
POISON = Typed(NAN, None)


class Spot(NamedTuple):
    """A place in the file: as its author addresses it, and with the letters of ``for`` replaced."""

    path: str
    own: str

    def at(self, key: str, own: str = "") -> Spot:
        """Return the place of a key below."""
        return Spot(f"{self.path}.{key}", f"{self.own}.{own or key}")


class Wanted(NamedTuple):
    """What a value must be: its dimension, the unit of plain numbers, labels, whole numbers."""

    dimension: Dimension | None = None
    unit: Unit | None = None
    labels: tuple[str, ...] = ()
    whole: bool = False
    hint: str = ""


ANY = Wanted()
PLAIN = Wanted(NONE)
CONDITION = Wanted(NONE, hint="a condition compares: a > b")
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


def written_text(node: Node) -> str:
    """Return a value as its author might have written it, in one line."""
    if isinstance(node, Text):
        return str(node)
    if isinstance(node, Map):
        return "{" + ", ".join(f"{k}: {written_text(v)}" for k, v in node.items()) + "}"
    return "[" + ", ".join(map(written_text, node)) + "]"


def value_text(node: Node, letters: Mapping[str, str]) -> str:
    """Return a value as its author wrote it, without remarks, and with letters replaced."""
    if isinstance(node, Map):
        inner = {key: item for key, item in node.items() if key not in ANNOTATIONS}
        node = inner["value"] if list(inner) == ["value"] else Map.of(inner.items(), node.position)
    return filled(written_text(node), letters)


def filled(text: str, letters: Mapping[str, str]) -> str:
    """Return an expression in one line with the letters of its template replaced, to be shown.

    Unlike :func:`with_letters` it leaves the letters of folds alone, and sets what is no mere name
    or number in brackets where it stands for itself.
    """
    text = " ".join(text.split())
    if "$" not in text or not letters:
        return text
    folded = set(_FOLDED.findall(text))

    def value(match: re.Match[str]) -> str:
        fitting = [x for x in letters if match[1].startswith(x) and x not in folded]
        if not fitting:
            return match[0]
        letter = max(fitting, key=len)
        value, rest = letters[letter], match[1][len(letter) :]
        is_name = bool(rest) or value.replace(".", "").replace("_", "").isalnum()
        return value + rest if is_name else f"({value})"

    return _LETTER.sub(value, text)


def with_letters(text: str, letters: Mapping[str, str]) -> str:
    """Replace the letters of a text; in a text with a ``$`` that begins none, nothing."""
    if "$" not in text or not letters:
        return str(text)
    try:
        return substitute(text, letters)
    except KeyError:
        return str(text)
