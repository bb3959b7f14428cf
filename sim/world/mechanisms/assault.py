"""``assault``: two clocks race at an attacked place, whose losses first reach what it tolerates.

The defender breaks after losing a share d of his force, the attacker a share a; both are luck of
the engagement, lognormal(0.131, 1.23) and lognormal(0.068, 1.17). Their losses burn at

    defender:  0.032 / day  x m x e x ratio ** 0.36
    attacker:  0.0103 / day x m / e x ratio ** -0.36

with the force ratio, the tempo m (median 0.045 for a place, 1 for a field battle) and the
effectiveness e of the attacker, luck of the engagement too; surprise and the defender's empty
stocks raise ln e, air support of the defender lowers it. The set is fitted jointly to 660 battles
(CDB90, 1600-1982): do not replace one number alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Value, a_key
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import NOBODY, Place
from sim.world.parts import all_of
from sim.world.quantities import Default, quantity

if TYPE_CHECKING:
    from sim.world.scene import Scene

_CDB90 = "CDB90"


class Assault(ProcessSpec):
    """Two racing clocks at every attacked place."""

    KIND = "assault"
    EVERY = "places"
    REFERENCES = {"places": "places"}  # noqa: RUF012 (a constant)

    places: Value = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
    tempo: Value = quantity(
        "Median tempo at a place, of that of a field battle",
        "factor",
        Default({"lognormal": {"median": "0.045", "sigma": "0.5"}}, "C", "reference class"),
    )
    tempo_spread: Value = quantity(
        "Spread of ln tempo between engagements", "number", Default("2.3", "C", "reference class")
    )
    effectiveness_spread: Value = quantity(
        "Spread of ln effectiveness between engagements", "number", Default("0.65", "C", _CDB90)
    )
    defender_tolerance: Value = quantity(
        "Share of his force at whose loss the defender breaks; chance",
        "probability",
        Default({"lognormal": {"median": "0.131", "sigma": "1.23"}}, "C", _CDB90),
    )
    attacker_tolerance: Value = quantity(
        "Share of his force at whose loss the attacker breaks; chance",
        "probability",
        Default({"lognormal": {"median": "0.068", "sigma": "1.17"}}, "C", _CDB90),
    )
    defender_loss: Value = quantity(
        "Loss of the defender at even strength", "1/day", Default("0.032 / day", "C", _CDB90)
    )
    attacker_loss: Value = quantity(
        "Loss of the attacker at even strength", "1/day", Default("0.0103 / day", "C", _CDB90)
    )
    ratio_exponent: Value = quantity(
        "How much the force ratio matters", "number", Default("0.36", "C", _CDB90)
    )
    surprise_effect: Value = quantity(
        "On ln e, of each degree of surprise",
        "number",
        Default({"normal": {"mean": "0.22", "sd": "0.2"}}, "C", f"{_CDB90}, halved"),
    )
    logistics_effect: Value = quantity(
        "On ln e, of the defender's deficit",
        "number",
        Default({"normal": {"mean": "0.31", "sd": "0.3"}}, "C", f"{_CDB90}, halved"),
    )
    morale_effect: Value = quantity(
        "On ln e; 0, since cohesion acts through collapse", "number", Default("0", "C", _CDB90)
    )

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the race at one place."""
        place, name, path, parts = at, at.name, at.path, scene.parts
        key = place.key
        if not scene.is_contested(place):
            return
        for what in ("tempo", "effectiveness", "defender_tolerance", "attacker_tolerance"):
            parts.variable(f"{name}.{what}", key, path, real=["0", "inf"], initial="0")
        parts.variable(f"{name}.engaged", key, path, integer=["0", "1"], initial="0")
        surprise = settings.use("surprise_effect")
        parts.transition(
            f"{name}.engagement",
            key,
            path,
            immediate="true",
            when=all_of(
                [f"{name}.attacker != {NOBODY}", f"{name}.engaged == 0", *settings.conditions()]
            ),
            draws={
                "tempo": _lognormal(settings.use("tempo"), settings.use("tempo_spread")),
                "edge": _lognormal("1", settings.use("effectiveness_spread")),
                "defends": settings.law("defender_tolerance"),
                "attacks": settings.law("attacker_tolerance"),
            },
            then={
                f"{name}.engaged": "1",
                f"{name}.tempo": "tempo",
                f"{name}.effectiveness": f"edge * exp({surprise} * ({_surprise(place, scene)}))",
                f"{name}.defender_tolerance": "defends",
                f"{name}.attacker_tolerance": "attacks",
            },
        )
        _race(place, settings, scene)


def _lognormal(median: str, sigma: str) -> dict[str, object]:
    return {"lognormal": {"median": median, "sigma": sigma}}


def _surprise(place: Place, scene: Scene) -> str:
    """Return how far the attacker surprises: as his columns are said to."""
    found = "0"
    for column in scene.columns_at(place.name):
        surprise = int(column.process.spec.surprise or 0)
        if surprise:
            found = f"{surprise} if {place.name}.attacker == {column.faction} else ({found})"
    return found


def _race(place: Place, settings: Settings, scene: Scene) -> None:
    name, at, path, parts = place.name, place.key, place.path, scene.parts
    use = settings.use
    logistics = f"exp({use('logistics_effect')} * {name}.deficit)"
    edge = f"{name}.effectiveness * {logistics} / ({scene.by_attacker(place)})"
    parts.define(f"{name}.edge", f"max({edge}, 1e-9)", at, path)
    ratio = f"max({name}.offence, 1 person) / max({name}.defence, 1 person)"
    parts.define(f"{name}.odds", f"({ratio}) ** {use('ratio_exponent')}", at, path)
    going = all_of(
        [
            f"{name}.engaged == 1 and {name}.attacker != {NOBODY}",
            # Contact without a column (``attacker`` alone) is a threat, and no assault.
            f"{name}.offence >= 1 person",
            *settings.conditions(),
        ]
    )
    defends, attacks = f"{name}.defender_tolerance", f"{name}.attacker_tolerance"
    # Both lose at the same time: when one has lost what he tolerates, the other has lost this share
    # of it, at the strength that both have now.
    quotient = f"{use('attacker_loss')} / {use('defender_loss')} / ({name}.edge * {name}.odds) ** 2"
    parts.transition(
        f"{name}.defender_breaks",
        at,
        path,
        when=going,
        work=defends,
        pace=f"{use('defender_loss')} * {name}.tempo * {name}.edge * {name}.odds",
        then=scene.fall(
            place,
            "assault",
            survive=f"max(0, 1 - {defends})",
            cost=f"min({attacks}, {defends} * {quotient})",
        ),
        says=f"{name} is stormed",
    )
    loss = f"min({defends}, {attacks} / ({quotient}))"
    parts.transition(
        f"{name}.attacker_breaks",
        at,
        path,
        when=going,
        work=attacks,
        pace=f"{use('attacker_loss')} * {name}.tempo / {name}.edge / {name}.odds",
        then={
            f"{name}.attacker": NOBODY,
            f"{name}.engaged": "0",
            **scene.losses_of_columns(place, attacks, state="regrouping", inside=loss),
            **scene.losses_of_garrison(place, loss),
        },
        says=f"The attack on {name} breaks",
    )
