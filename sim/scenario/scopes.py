"""What may be read where: the one name space of a file, and a scope for each kind of place."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.net.expr import TIME_REF
from sim.net.resolve import Scope, Symbol
from sim.units import TIME

_FIXED = "it is drawn or computed before the state exists, so it may read parameters only"
_NO_TIME = (
    "the time may be read in effects, draws and weights only: use a transition with 'at' or 'every'"
)
_NO_OUTCOME = (
    "outcomes are for 'stop', 'watch', 'totals' and later outcomes: let the effect set a variable"
)
_LATER = "an outcome reads only outcomes above it"
_NO_WORK = "work left may be read in effects and 'watch' only"


@dataclass(eq=False, repr=False)
class Scopes:
    """The names of a file, filled in as they are resolved, and the scopes of its places."""

    #: Names of the parts of each section, in net order.
    names: Mapping[str, Sequence[str]]
    label_numbers: Mapping[str, float]
    lists: Mapping[str, Sequence[Any]]
    inputs: dict[str, Symbol] = field(default_factory=dict)
    #: What the state holds: inputs, variables, definitions, counts of firings.
    state: dict[str, Symbol] = field(default_factory=dict)
    outcomes: dict[str, Symbol] = field(default_factory=dict)
    works: dict[str, Symbol] = field(default_factory=dict)
    #: Transitions whose work may not even be read in effects, with the reason.
    no_works: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._time = {"time": _NO_TIME}
        self._work = {f"{name}.work": _NO_WORK for name in self.names["transitions"]}
        self._outcome = dict.fromkeys(self.names["outcomes"], _NO_OUTCOME)
        self.is_outcome = frozenset(self.names["outcomes"])

    def _scope(self, symbols: Mapping[str, Symbol], *refused: dict[str, str]) -> Scope:
        return Scope(
            symbols,
            self.label_numbers.__getitem__,
            ChainMap(*refused),
            {n: items for n, items in self.lists.items() if not items or items[0].__class__ is str},
            {},
            frozenset(self.label_numbers),
        )

    def of_inputs(self) -> Scope:
        """Return the scope of parameters, initial values, timetables and the horizon."""
        fixed = {"time": _FIXED}
        for section in ("variables", "definitions", "outcomes"):
            fixed |= dict.fromkeys(self.names[section], _FIXED)
        for name in self.names["transitions"]:
            fixed |= {f"{name}.fired": _FIXED, f"{name}.work": _FIXED}
        return self._scope(self.inputs, fixed)

    def of_state(self) -> Scope:
        """Return the scope of guards, rates, paces and definitions."""
        return self._scope(self.state, self._time, self._work, self._outcome)

    def of_chance(self) -> Scope:
        """Return the scope of work, draws, weights and ``says``."""
        return self._scope(self._with_time(), self._work, self._outcome)

    def of_effects(self) -> Scope:
        """Return the scope of effects."""
        return self._scope({**self._with_time(), **self.works}, self.no_works, self._outcome)

    def _with_time(self) -> dict[str, Symbol]:
        return {**self.state, "time": Symbol(TIME_REF, TIME)}

    def of_outcomes(self) -> tuple[Scope, dict[str, str]]:
        """Return the scope of outcomes, and the names that it refuses since they come later."""
        later = dict.fromkeys(self.names["outcomes"], _LATER)
        symbols = ChainMap(self.outcomes, self.state)
        return self._scope(symbols, later, self._time, self._work), later

    def of_stop(self) -> Scope:
        """Return the scope of ``stop`` and ``totals``."""
        return self._scope({**self.state, **self.outcomes}, self._time, self._work)

    def of_watch(self) -> Scope:
        """Return the scope of ``watch``."""
        symbols = {**self.state, **self.outcomes, **self.works}
        return self._scope(symbols, self._time, self.no_works)


def with_draws(scope: Scope, draws: Mapping[str, Symbol]) -> Scope:
    """Return a scope in which the draws of a firing may be read."""
    return replace(scope, symbols=ChainMap(dict(draws), dict_of(scope.symbols))) if draws else scope


def without_draws(scope: Scope, draws: Sequence[str]) -> Scope:
    """Return a scope that refuses the draws of a firing: they do not read each other."""
    refused = dict.fromkeys(draws, "draws read the state, not each other")
    return replace(scope, refused=ChainMap(refused, dict_of(scope.refused))) if draws else scope


def dict_of(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as ``ChainMap`` wants it: one that could be changed (it is not)."""
    return mapping  # type: ignore[return-value]
