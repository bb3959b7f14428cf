"""``assault``: two clocks race at an attacked place, whose losses first reach what it tolerates.

The defender breaks after losing a share d of his force, the attacker a share a; both are luck of
the engagement, lognormal(0.131, 1.23) and lognormal(0.068, 1.17). Their losses burn at

    defender:  0.032 / day  x m x e x ratio ** 0.36
    attacker:  0.0103 / day x m / e x ratio ** -0.36

with the force ratio, the tempo m (median 0.045 for a place, 1 for a field battle) and the
effectiveness e of the attacker, luck of the engagement too; surprise and the defender's empty
stocks raise ln e, air support of the defender lowers it. The set is fitted jointly to 660 battles
(CDB90, 1600-1982): do not replace one number alone. With tempo 1 and tempo_spread 0.95 it gives
durations with quartiles 0.8, 2.1 and 5.5 days and a tenth beyond 13 (CDB90: 1.0, 2.3, 5 and 12).

Strength changes when an engagement ends: whoever breaks has lost what he tolerates, the other one
what he lost in the same time. Contact without a column (``attacker`` alone) is a threat that may
end in a collapse, and no assault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.keys import Some, Value, a_key
from sim.world.mechanisms.process import ProcessSpec, Settings
from sim.world.model import NOBODY, Place
from sim.world.parts import all_of, any_of
from sim.world.quantities import Default, quantity
from sim.world.truces import spared

if TYPE_CHECKING:
    from sim.world.scene import Scene

_CDB90 = "CDB90"


_EXAMPLE = """
title: Two against one, until somebody breaks
clock: {horizon: 400 days}
factions: {red: {}, blue: {supply: 9000 days}}
hostile: [[red, blue]]
places:
  base: {control: red}
  field: {control: blue, attacker: red, garrison: {blue: 1000}, present_fraction: {blue: 1}}
routes: {road: {between: [base, field], km: 20}}
processes:
  push:
    {kind: advance, faction: red, along: [base, field], at: field, force: 2000, regroup: 900 days}
  assault: {kind: assault, tempo: 1, tempo_spread: 0.95}
  collapse: {kind: collapse, off: yes}
# Both clocks are lognormal, and the tempo is theirs in common: P(won) = Phi(mean / spread) with
# mean = ln(0.068 / 0.131) + ln(0.032 / 0.0103) + 2 x 0.36 ln 2
# spread = sqrt(1.23 ** 2 + 1.17 ** 2 + (2 x 0.65) ** 2)
outcomes: {won: field.control == red, over: field.attacker == none}
"""


class Assault(ProcessSpec):
    """Two racing clocks at every attacked place."""

    KIND = "assault"
    EXAMPLE = _EXAMPLE
    EVERY = "places"
    REFERENCES = {"places": "places"}  # noqa: RUF012 (a constant)

    places: Some = a_key("Where these keys hold: all, or a list", "[homs]", default="all")
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
        "On ln e, of the attacker's cohesion less the defender's; 0: it acts through collapse",
        "number",
        Default("0", "C", _CDB90),
    )

    @classmethod
    def expand_at(cls, at: Place, settings: Settings, scene: Scene) -> None:
        """Add the race at one place."""
        if scene.is_contested(at) and scene.columns_at(at.name):
            _Race(at, settings, scene).expand()


class _Race:
    """The parts of the race at one place."""

    def __init__(self, place: Place, settings: Settings, scene: Scene) -> None:
        self.place, self.settings, self.scene, self.parts = place, settings, scene, scene.parts
        self.name, self.use = place.name, settings.use
        self.is_on = [f"{self.name}.attacker != {NOBODY}", *settings.conditions()]

    def expand(self) -> None:
        self.luck()
        self.strengths()
        self.defender_breaks()
        self.attacker_breaks()

    def define(self, name: str, expression: str) -> None:
        self.parts.define(f"{self.name}.{name}", expression, self.place.key, self.place.path)

    def transition(self, name: str, **written: object) -> None:
        self.parts.transition(f"{self.name}.{name}", self.place.key, self.place.path, **written)

    def luck(self) -> None:
        """Draw the luck of an engagement as it begins."""
        name, key, path = self.name, self.place.key, self.place.path
        for what in ("tempo", "effectiveness", "defender_tolerance", "attacker_tolerance"):
            self.parts.variable(f"{name}.{what}", key, path, real=["0", "inf"], initial="0")
        self.parts.variable(f"{name}.engaged", key, path, integer=["0", "1"], initial="0")
        self.transition(
            "engagement",
            immediate="true",
            when=all_of([f"{name}.engaged == 0", *self.is_on]),
            draws={
                "tempo": _lognormal(self.use("tempo"), self.use("tempo_spread")),
                "edge": _lognormal("1", self.use("effectiveness_spread")),
                "defends": self.settings.law("defender_tolerance"),
                "attacks": self.settings.law("attacker_tolerance"),
            },
            then={
                f"{name}.engaged": "1",
                f"{name}.tempo": "tempo",
                f"{name}.effectiveness": f"edge{self.surprise()}",
                f"{name}.defender_tolerance": "defends",
                f"{name}.attacker_tolerance": "attacks",
            },
        )

    def surprise(self) -> str:
        """Return the factor by which the columns before the place surprise; empty if none does."""
        found = ""
        for column in self.scene.columns_at(self.name):
            degree = int(column.process.spec.surprise or 0)
            if degree:
                attacks = f"({column.is_here}) and {self.name}.attacker == {column.faction}"
                found = f"{degree} if {attacks} else ({found or '0'})"
        return f" * exp({self.use('surprise_effect')} * ({found}))" if found else ""

    def strengths(self) -> None:
        """Make ``P.edge``, the effectiveness e of the attacker, and ``P.odds``, of the ratio."""
        name, edge = self.name, [f"{self.name}.effectiveness"]
        edge.append(f"exp({self.use('logistics_effect')} * {name}.deficit)")
        if self.settings.states("morale_effect"):
            edge.append(f"exp({self.use('morale_effect')} * ({self.morale()}))")
        divisor = self.scene.by_attacker(self.place)
        # Not 0 before an engagement, where nothing is read of it but the quotient.
        self.define("edge", f"max({' * '.join(edge)} / ({divisor}), 1e-9)")
        ratio = f"max({name}.offence, 1 person) / max({name}.defence, 1 person)"
        self.define("odds", f"({ratio}) ** {self.use('ratio_exponent')}")

    def morale(self) -> str:
        """Return the cohesion of the attacker less that of the defender."""
        fronts = self.scene.fronts_at(self.place)
        attacks = "0.5"
        for faction in dict.fromkeys(c.faction for c in self.scene.columns_at(self.name)):
            attacks = f"{faction}.cohesion if {self.name}.attacker == {faction} else ({attacks})"
        cohesions = {faction: f"{faction}.cohesion" for faction in fronts}
        return f"({attacks}) - ({self.scene.by_holder(self.place, cohesions, '0.5')})"

    @property
    def goes(self) -> str:
        return all_of(
            [f"{self.name}.engaged == 1 and {self.name}.offence >= 1 person", *self.is_on]
        )

    @property
    def loss_ratio(self) -> str:
        """Loss of the attacker by that of the defender, at the strength that both have now."""
        rates = f"{self.use('attacker_loss')} / {self.use('defender_loss')}"
        return f"({rates} / ({self.name}.edge * {self.name}.odds) ** 2)"

    def pace(self, pace: str) -> str:
        """Return the pace of a clock: none while a ceasefire holds, which both then wait for."""
        attackers = dict.fromkeys(column.faction for column in self.scene.columns_at(self.name))
        spares = {faction: spared(self.place, faction, self.scene) for faction in attackers}
        truces = [f"{self.name}.attacker == {f} and ({s})" for f, s in spares.items() if s]
        return f"0 / day if {any_of(truces)} else ({pace})" if truces else pace

    def defender_breaks(self) -> None:
        name = self.name
        defends, attacks = f"{name}.defender_tolerance", f"{name}.attacker_tolerance"
        cost = f"min({attacks}, {defends} * {self.loss_ratio})"
        survive = f"max(0, 1 - {defends})"
        self.transition(
            "defender_breaks",
            when=self.goes,
            work=defends,
            pace=self.pace(
                f"{self.use('defender_loss')} * {name}.tempo * {name}.edge * {name}.odds"
            ),
            then=self.scene.fall(self.place, "assault", survive=survive, cost=cost),
            says=f"{name} is stormed",
        )

    def attacker_breaks(self) -> None:
        name, scene = self.name, self.scene
        defends, attacks = f"{name}.defender_tolerance", f"{name}.attacker_tolerance"
        loss = f"min({defends}, {attacks} / {self.loss_ratio})"
        columns = scene.losses_of_columns(self.place, attacks, state="regrouping", inside=loss)
        self.transition(
            "attacker_breaks",
            when=self.goes,
            work=attacks,
            pace=self.pace(
                f"{self.use('attacker_loss')} * {name}.tempo / {name}.edge / {name}.odds"
            ),
            then={
                f"{name}.attacker": NOBODY,
                f"{name}.engaged": "0",
                **columns,
                **scene.losses_of_garrison(self.place, loss),
            },
            says=f"The attack on {name} breaks",
        )


def _lognormal(median: str, sigma: str) -> dict[str, object]:
    return {"lognormal": {"median": median, "sigma": sigma}}
