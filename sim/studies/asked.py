"""What a sweep is asked for, checked before anything is run."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.analysis import design
from sim.analysis.main_effects import PARTS
from sim.errors import UsageError, did_you_mean, one_of
from sim.net.model import Net
from sim.scenario.model import Scenario
from sim.shown import counted
from sim.studies.points import VARIANT, Group
from sim.units import SECONDS_PER_DAY

#: The first takes the indices from one ensemble as it is, the others run a design.
GIVEN, *DESIGNS = METHODS = ("given", "grid", "lhs", "morris", "sobol")
MOST_POINTS = 1_000_000
#: Points times inputs: they are all made before the first is run.
MOST_PLACES = 20_000_000
#: Points of a grid or a hypercube that are run together.
_BLOCK = 16
#: By method: groups that there are by default, and at the least.
_GROUPS = {"sobol": (64, 16), "morris": (20, 4), "lhs": (200, PARTS)}
_LEVELS = 5


@dataclass(frozen=True)
class Design:
    """A design that has been checked; ``n`` is its number of groups, or of points without them.

    ``nets`` are the file as it stands and the variants, of which there is a dimension more if there
    are any.
    """

    method: str
    inputs: tuple[str, ...]
    nets: dict[str, Net]
    n: int
    #: Of each dimension of a grid; else empty.
    levels: tuple[int, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of what is swept over."""
        return _dimensions(self.inputs, self.nets)

    @property
    def n_points(self) -> int:
        """How many points it has."""
        return self.n * _size(self.method, len(self.dimensions))

    @property
    def is_open(self) -> bool:
        """Whether more groups begin with those of fewer."""
        return self.method in ("sobol", "morris")

    def groups(self, seed: int, replications: int) -> list[Group]:
        """Return its points with the replications that each group uses."""
        d = len(self.dimensions)
        if self.is_open:
            make = design.saltelli if self.method == "sobol" else design.trajectories
            return [
                Group(k, points, k * replications) for k, points in enumerate(make(self.n, d, seed))
            ]
        if self.method == "lhs":
            points = design.latin_hypercube(self.n, d, seed)
        else:
            points = design.grid(self.levels, seed)
        starts = range(0, len(points), _BLOCK)
        return [Group(k, points[at : at + _BLOCK], 0) for k, at in enumerate(starts)]


def _dimensions(inputs: tuple[str, ...], nets: dict[str, Net]) -> tuple[str, ...]:
    return (*inputs, VARIANT) if len(nets) > 1 else inputs


def _size(method: str, n_inputs: int) -> int:
    """Return how many points a group has."""
    return {"sobol": n_inputs + 2, "morris": n_inputs + 1}.get(method, 1)


def asked(
    scenario: Scenario,
    method: str,
    inputs: Sequence[str] | None,
    variants: Sequence[str],
    points: int | None,
    levels: int | None,
) -> Design:
    """Return the design that is asked for.

    Raises
    ------
    UsageError
        If an input is fixed or unknown, or a number does not suit the method.
    ScenarioError
        If a variant is unknown or faulty.
    """
    if method not in METHODS:
        raise UsageError(f"no method '{method}': {one_of(METHODS)}")
    if method == GIVEN:
        _check_plain(variants, points, levels)
    nets = {scenario.variant_name or scenario.name: scenario.net}
    for name in variants:
        if name in nets:
            raise UsageError(f"variant '{name}' is given twice")
        nets[name] = scenario.variant(name).net
    chosen = _chosen(scenario, inputs, has_variants=bool(variants))
    for name, net in nets.items():
        lacking = set(chosen) - {given.path for given in net.uncertain_inputs}
        if lacking:
            raise UsageError(f"input '{min(lacking)}' is not uncertain in variant '{name}'")
    if method == GIVEN:
        return Design(method, chosen, nets, 0)
    d = len(_dimensions(chosen, nets))
    if method == "grid":
        each = _levels(d - (len(nets) > 1), points, levels)
        each = (*each, len(nets)) if len(nets) > 1 else each
        _check_grid(each)
        return Design(method, chosen, nets, math.prod(each), each)
    return Design(method, chosen, nets, _number(method, d, points, levels))


def _check_plain(variants: Sequence[str], points: int | None, levels: int | None) -> None:
    for what, value in (("variants", variants or None), ("points", points), ("levels", levels)):
        if value is not None:
            raise UsageError(f"{what} belong to a design: choose a method, {one_of(DESIGNS)}")


def _chosen(
    scenario: Scenario, wanted: Sequence[str] | None, *, has_variants: bool
) -> tuple[str, ...]:
    """Return the paths of the inputs to be swept, in net order."""
    if wanted is None:
        unknown = tuple(given.path for given in scenario.net.uncertain_inputs if not given.chance)
        if not unknown and not has_variants:
            raise UsageError(f"nothing in {scenario.name} is uncertain: there is nothing to sweep")
        return unknown
    if not wanted and not has_variants:
        raise UsageError("no input is given: there is nothing to sweep")
    found = set[str]().union(*(matching(scenario, name) for name in wanted))
    return tuple(i.path for i in scenario.net.uncertain_inputs if i.path in found)


def matching(scenario: Scenario, name: str) -> set[str]:
    """Return the uncertain inputs that a path or a pattern stands for.

    Raises
    ------
    UsageError
        If there is none.
    """
    uncertain = [given.path for given in scenario.net.uncertain_inputs]
    fixed = {given.path for given in scenario.net.inputs if not given.is_uncertain}
    matched = {name} & set(uncertain) or set(fnmatch.filter(uncertain, name))
    if not matched and name in fixed:
        raise UsageError(
            f"input '{name}' is fixed: give it an uncertain value, such as "
            "{uniform: [low, high]}, to sweep over it"
        )
    if not matched:
        hint = did_you_mean(name, [*uncertain, *fixed]) or "'explain' lists the uncertain ones"
        raise UsageError(f"no input '{name}' in {scenario.name}: {hint}")
    return matched


def _levels(d: int, points: int | None, levels: int | None) -> tuple[int, ...]:
    if points is not None:
        raise UsageError("the points of a grid are all combinations of its levels: give those")
    n_levels = _LEVELS if levels is None else levels
    if n_levels < 2:
        raise UsageError(f"a grid of {n_levels} levels is empty: at least 2 are needed")
    return (n_levels,) * d


def _check_grid(levels: tuple[int, ...]) -> None:
    # Logarithms: the product of 144 numbers takes no time, but one of a million would.
    most = _most_points(len(levels))
    if sum(math.log(n) for n in levels) > math.log(most):
        raise UsageError(
            f"a grid of {levels[0]} levels in {len(levels)} inputs has more than {most:,} points: "
            "choose inputs, or another method"
        )


def _most_points(d: int) -> int:
    return min(MOST_POINTS, MOST_PLACES // d)


def _number(method: str, d: int, points: int | None, levels: int | None) -> int:
    """Return how many groups, or points without groups, a design has."""
    if levels is not None:
        raise UsageError(f"levels are those of a grid, not of {method}")
    default, least = _GROUPS[method]
    size, most = _size(method, d), _most_points(d)
    if least * size > most:
        raise UsageError(f"{method} over {d:,} inputs has too many points: choose inputs")
    if points is None:
        return min(default, most // size)
    if not least * size <= points <= most:
        of = f" ({least} x {size})" if size > 1 else ""
        raise UsageError(
            f"{method} over {counted(d, 'input')} needs {least * size:,} points{of} to {most:,}, "
            f"not {points:,}"
        )
    return points // size


def check_numbers(
    replications: int | None, seed: int, by: float | None, horizon: float, budget: float | None
) -> None:
    """Refuse numbers that are out of range.

    Raises
    ------
    UsageError
        Of the first of them.
    """
    if replications is not None and replications < 2:
        raise UsageError(f"at least 2 replications at each point, not {replications}")
    if not 0 <= seed < 2**64:
        raise UsageError(f"a seed lies between 0 and 2**64 - 1, not {seed}")
    if by is not None and not 0.0 < by <= horizon:
        raise UsageError(f"day {by:g} is not between the start and the horizon, day {horizon:g}")
    if budget is not None and not budget > 0.0:
        raise UsageError(f"a budget of {budget:g} s runs nothing: give some time")


def days_of(scenario: Scenario, by: float | None) -> tuple[float, ...]:
    """Return the times by which outcomes are counted."""
    report = [t / SECONDS_PER_DAY for t in scenario.clock.report]
    days = {*report, scenario.clock.horizon / SECONDS_PER_DAY}
    return tuple(sorted(days if by is None else days | {by}))
