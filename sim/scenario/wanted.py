"""What a place in a file wants of a value, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from sim.net.expr import Const, Expr
from sim.net.resolve import Typed, substitute
from sim.units import NONE, PER_TIME, TIME, Dimension, Unit
from sim.values import Map, Node, Text

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


def with_letters(text: str, letters: Mapping[str, str]) -> str:
    """Replace the letters of a text; in a text with a ``$`` that begins none, nothing."""
    if "$" not in text or not letters:
        return str(text)
    try:
        return substitute(text, letters)
    except KeyError:
        return str(text)
