"""Where two scenarios part: the first event that one replication of either does not share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from sim.engines.compiled.engine import Moment, compiled
from sim.ensemble.legend import quiet_firings
from sim.net.model import Net, firing_names, firings
from sim.units import SECONDS_PER_DAY


@dataclass(frozen=True)
class Parting:
    """The first moment at which two replications of one number are not the same.

    ``transition`` is the clock that fired in one of them and not, then and so, in the other: the
    earlier of the two. Times are in days, None where nothing more happens; ``first_event`` and
    ``second_event`` name what fires, with its branch after a stroke.
    """

    transition: str
    first_days: float | None
    first_event: str
    second_days: float | None
    second_event: str


class Partings:
    """Looks for where replications of two nets part; each is looked at once."""

    def __init__(self, first: Net, second: Net, seed: int) -> None:
        self.seed = seed
        self._sides = (_Side(first), _Side(second))
        self._known: dict[int, Parting | None] = {}

    def of(self, replication: int) -> Parting | None:
        """Return where a replication parts; None if the same happens in both."""
        if replication not in self._known:
            self._known[replication] = self._found(replication)
        return self._known[replication]

    def _found(self, replication: int) -> Parting | None:
        first, second = self._sides
        streams = (side.engine.moments(self.seed, replication) for side in self._sides)
        for one, other in zip_longest(*streams):
            if first.key(one) != second.key(other):
                return Parting(
                    self._transition(one, other),
                    _days(one), first.event(one), _days(other), second.event(other),
                )  # fmt: skip
        return None

    def _transition(self, one: Moment | None, other: Moment | None) -> str:
        """Return the transition that only one of two moments has; the earlier of two."""
        first, second = self._sides
        if one is None or (other is not None and other.time < one.time):
            assert other is not None
            return second.transitions(other)[0]
        if other is None or one.time < other.time:
            return first.transitions(one)[0]
        here, there = first.transitions(one), second.transitions(other)
        alone = [name for name in there if name not in here] + [n for n in here if n not in there]
        return (alone or there)[0]


class _Side:
    """One of two nets, and its firings by name."""

    def __init__(self, net: Net) -> None:
        self.engine = compiled(net)
        self.names = firing_names(net)
        quiet = set(quiet_firings(net))
        self.of_firing = [net.transitions[k].name for k, _ in firings(net)]
        self.is_quiet = [name in quiet for name in self.names]

    def key(self, moment: Moment | None) -> object:
        """Return what makes a moment the same in another net."""
        if moment is None:
            return None
        due = tuple(self.of_firing[f] for f in moment.due)
        return moment.time, due, tuple(self.names[f] for f in moment.fired), moment.n_events

    def transitions(self, moment: Moment) -> list[str]:
        """Return the clocks of a moment, then the immediates that an analyst would name."""
        known = [f for f in moment.fired if not self.is_quiet[f]]
        firings_of_it = [*moment.due, *known] or list(moment.fired)
        return list(dict.fromkeys(self.of_firing[f] for f in firings_of_it))

    def event(self, moment: Moment | None) -> str:
        """Return what fires first in a moment; empty if nothing more happens."""
        if moment is None:
            return ""
        if len(moment.due) == 1:
            return self.names[moment.fired[0]]
        return self.transitions(moment)[0]


def _days(moment: Moment | None) -> float | None:
    return None if moment is None else moment.time / SECONDS_PER_DAY
