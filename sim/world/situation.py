"""The situation of a place at the start, as the reference class tells attacks apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.world.reading import about

if TYPE_CHECKING:
    from sim.world.model import Place, World

#: People from which a place is big.
BIG = 300_000
#: Days before contact within which the loss of another place gives an attack momentum.
MOMENTUM_DAYS = 7.0


@dataclass(frozen=True)
class Situation:
    """Whether an attack has momentum, whether the place is big, and how long it is in contact.

    ``days`` is None where nobody is in contact yet.
    """

    momentum: bool
    big: bool
    days: float | None


def situation(place: Place, world: World) -> Situation | None:
    """Return the situation of a place; None where its holder is drawn, or is nobody who fights."""
    holder = world.factions.get(place.holder or "")
    if holder is None or not holder.holds_fronts:
        return None
    days = None if place.spec.attacker is None else place.contact_days
    before_contact = (
        before_start - (days or 0.0)
        for lost, before_start, _ in holder.losses
        if lost != place.name
    )
    people = about(place.spec.population, "person") or place.population
    return Situation(
        momentum=any(0.0 <= before <= MOMENTUM_DAYS for before in before_contact),
        big=people >= BIG,
        days=days,
    )
