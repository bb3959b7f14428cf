"""Numbers of the world: their units, their defaults, and what these rest on.

A key that takes a quantity has a unit in which plain numbers are taken, if it has one that cannot
be mistaken; a default may be uncertain, and carries a mark (C computed, R read, J judgement) and a
source, which ``explain`` prints beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from sim.keys import DEFAULT, NEEDED, UNIT, default_said
from sim.units import LENGTH, NONE, PER_TIME, PERSONS, TIME, Dimension, Unit
from sim.values import Items, Map, Node, Text

#: A value as a file would write it; numbers with their units are texts.
Law = str | float | Mapping[str, Any] | list[Any]

#: What quantities are called in world files: dimension, and the unit of plain numbers if they may
#: stand (a duration or a rate without a unit is an error, not a guess).
KINDS: dict[str, tuple[Dimension, Unit | None]] = {
    "person": (PERSONS, Unit(1.0, PERSONS)),
    "km": (LENGTH, Unit(1_000.0, LENGTH)),
    "m": (LENGTH, None),
    "day": (TIME, None),
    "1/day": (PER_TIME, None),
    "km/day": (LENGTH.over(TIME), None),
    "day/day": (NONE, Unit(1.0, NONE)),
    "probability": (NONE, Unit(1.0, NONE)),
    "factor": (NONE, Unit(1.0, NONE)),
    "number": (NONE, Unit(1.0, NONE)),
}
#: Where they lie, if not anywhere from 0 up.
RANGES = {"probability": (0.0, 1.0), "number": (-math.inf, math.inf), "": (-math.inf, math.inf)}
MARK = "x-mark"


@dataclass(frozen=True)
class Default:
    """The value of a key that a file does not state."""

    law: Law
    mark: str = "J"
    #: Where it is from; what the file says of its own numbers does not hold for it.
    source: str = "default"

    def node(self, like: Node) -> Node:
        """Return it as a node, at the place of another one."""
        return made(self.law, like)


def quantity(
    said: str,
    unit: str,
    default: Default | str | None = None,
    *,
    example: str = "",
    mark: str = "",
) -> Any:
    """Return a key that takes a quantity.

    ``default`` is one with its mark, or words for where it comes from, of which ``mark`` is said.
    """
    more = dict[str, Any](default=... if default == NEEDED else None)
    if not isinstance(default, Default):
        shown = default or ""
    else:
        shown, mark = written(default.law), default.mark
        # Not as a default proper: that would have to be JSON.
        more = {"default_factory": lambda: default}
    extra = {UNIT: unit, DEFAULT: shown, MARK: mark}
    return Field(
        description=said + default_said(shown),
        examples=[example] if example else None,
        json_schema_extra={key: text for key, text in extra.items() if text},
        **more,
    )


def written(law: Law) -> str:
    """Return a value as a file writes it, in one line."""
    if isinstance(law, Mapping):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in law.items()) + "}"
    if isinstance(law, list | tuple):
        return "[" + ", ".join(map(written, law)) + "]"
    return str(law)


def made(law: Law, like: Node) -> Node:
    """Return a value that nobody wrote as nodes, at the place of another one."""
    if isinstance(law, Mapping):
        return Map.of(
            ((Text.made(key, like), made(item, like)) for key, item in law.items()), like.position
        )
    if isinstance(law, list | tuple):
        return Items.of((made(item, like) for item in law), like.position)
    return Text.made(str(law), like)
