"""Inputs that take finitely many values: every combination of them, with its probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.errors import Diagnostic, ScenarioError
from sim.exact.markov import Parts
from sim.exact.vector import Floats, Places, States
from sim.net.expr import Distribution, Ref

#: Combinations at the most.
MOST_COMBINATIONS = 4_096


@dataclass(frozen=True)
class Mixture:
    """Combinations of inputs, and their probabilities."""

    given: States
    #: shape (n,)
    weights: Floats

    def groups(self, names: list[Ref]) -> list[Places]:
        """Return the combinations that are equal in the inputs ``names``, together."""
        table = np.stack([self.given.value(ref) for ref in names] or [np.zeros(self.given.n)])
        _, group = np.unique(table, axis=1, return_inverse=True)
        return [np.flatnonzero(group == g) for g in range(int(group.max()) + 1)]


def mixture(parts: Parts) -> Mixture:
    """Return the combinations of the inputs that matter, whose laws are all finite.

    Raises
    ------
    ScenarioError
        If there are more than :data:`MOST_COMBINATIONS`, or a law is impossible.
    """
    net = parts.net
    weights = np.ones(1)
    values: dict[Ref, Any] = {}
    uncertain: list[str] = []
    for given in net.inputs:
        if given.name not in parts.inputs | parts.horizon_inputs:
            continue
        states = States(net, len(weights), values)
        ref, who = Ref("input", given.name), f"'{given.path}'"
        if not isinstance(given.prior, Distribution):
            values[ref] = states.number(given.prior, who, given.origin)
            continue
        taken, shares = states.finite_law(given.prior, who, given.origin)
        uncertain.append(given.path)
        together = weights[:, None] * shares
        row, column = np.nonzero(together)
        if len(row) > MOST_COMBINATIONS:
            raise ScenarioError([_too_many(len(row), uncertain, net.origin.position)])
        values = {name: value[row] for name, value in values.items()}
        values[ref] = taken[row, column]
        weights = together[row, column]
    return Mixture(States(net, len(weights), values), weights / weights.sum())


def _too_many(n: int, paths: list[str], position: Any) -> Diagnostic:
    shown = ", ".join(f"'{path}'" for path in paths)
    return Diagnostic(
        "too-many-combinations",
        f"the uncertain inputs {shown} have {n:,} combinations",
        position,
        expected=f"at most {MOST_COMBINATIONS:,}",
        hint="fix some of them: --set PATH=VALUE",
    )
