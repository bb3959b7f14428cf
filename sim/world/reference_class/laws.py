"""The laws of ``assault`` and ``collapse`` as the world layer ships them.

Read from the keys of the mechanisms themselves, so that what is fitted and replayed is what runs.
Days are the unit of time throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sim.keys import Spec
from sim.units import to_display
from sim.values import Map, Source, Text
from sim.world.frame import DECAY_STEPS
from sim.world.mechanisms.advance import Advance
from sim.world.mechanisms.assault import Assault
from sim.world.mechanisms.collapse import Collapse
from sim.world.quantities import KINDS, Default
from sim.world.reading import plain
from sim.world.scene import FRESH_AGAIN, NO_LONGER_FRESH
from sim.world.specs import FactionSpec, PlaceSpec

_HERE = Text.at("default", Source("", "default"), (0, 7), (1, 1), "")


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A lognormal law; with sigma 0 a number."""

    median: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class Laws:
    """What the two clocks of an attack and that of a collapse are made of.

    ``tempo`` is ignorance of the median tempo, ``tempo_luck`` that of an engagement.
    """

    tempo: Lognormal
    tempo_luck: Lognormal
    effectiveness: Lognormal
    defender_tolerance: Lognormal
    attacker_tolerance: Lognormal
    defender_loss: float
    attacker_loss: float
    ratio_exponent: float
    base_rate: Lognormal
    contact_rate: Lognormal
    shock_rate: Lognormal
    place_resolve: Lognormal
    army_resolve: Lognormal
    memory: float
    regroup: Lognormal
    gives_up_below: float
    fresh_again: float
    no_longer_fresh: float
    decay_steps: int = DECAY_STEPS

    @property
    def step(self) -> float:
        """Days between the steps in which shock decays."""
        return self.memory / self.decay_steps

    @property
    def decay(self) -> float:
        """What is left of shock after a step."""
        return math.exp(-1.0 / self.decay_steps)


def shipped() -> Laws:
    """Return the laws that a file without a word of its own gets."""
    assault, collapse, advance = _Keys(Assault), _Keys(Collapse), _Keys(Advance)
    place, army = _Keys(PlaceSpec), _Keys(FactionSpec)
    return Laws(
        tempo=assault.law("tempo"),
        tempo_luck=Lognormal(1.0, assault.number("tempo_spread")),
        effectiveness=Lognormal(1.0, assault.number("effectiveness_spread")),
        defender_tolerance=assault.law("defender_tolerance"),
        attacker_tolerance=assault.law("attacker_tolerance"),
        defender_loss=assault.number("defender_loss"),
        attacker_loss=assault.number("attacker_loss"),
        ratio_exponent=assault.number("ratio_exponent"),
        base_rate=collapse.law("base_rate"),
        contact_rate=collapse.law("contact_rate"),
        shock_rate=collapse.law("shock_rate"),
        place_resolve=place.law("resolve"),
        army_resolve=army.law("resolve"),
        memory=army.number("shock_memory"),
        regroup=advance.law("regroup"),
        gives_up_below=advance.number("gives_up_below"),
        fresh_again=_read(FRESH_AGAIN, "day"),
        no_longer_fresh=_read(NO_LONGER_FRESH, "number"),
    )


class _Keys:
    """The defaults of the keys of a model."""

    def __init__(self, model: type[Spec]) -> None:
        self.model = model

    def default(self, key: str) -> tuple[Any, str]:
        """Return the default of a key, as a node, and its unit."""
        made = self.model.model_fields[key]
        assert made.default_factory is not None, f"{key} has no default"
        value = made.default_factory()  # type: ignore[call-arg]
        assert isinstance(value, Default), f"{key} has no default"
        extra: Any = made.json_schema_extra
        return value.node(_HERE), extra["x-unit"]

    def number(self, key: str) -> float:
        node, unit = self.default(key)
        return _read(node, unit)

    def law(self, key: str) -> Lognormal:
        node, unit = self.default(key)
        law = node["lognormal"] if isinstance(node, Map) else None
        if not isinstance(law, Map):
            raise TypeError(f"the default of {key} is no lognormal")
        return Lognormal(_read(law["median"], unit), _read(law["sigma"], "number"))


def _read(node: Any, unit: str) -> float:
    number = plain(Text.made(str(node), _HERE), unit)
    if number is None:
        raise TypeError(f"no number in {unit}: {node}")
    return to_display(number, KINDS[unit][0])
