"""Every mechanism: what the schema, the docs, did-you-mean and the contract tests read."""

from __future__ import annotations

from sim.world.mechanisms.advance import Advance
from sim.world.mechanisms.air_support import AirSupport
from sim.world.mechanisms.assault import Assault
from sim.world.mechanisms.ceasefire import Ceasefire
from sim.world.mechanisms.cohesion import Cohesion
from sim.world.mechanisms.collapse import Collapse
from sim.world.mechanisms.consume import Consume
from sim.world.mechanisms.counterattack import Counterattack
from sim.world.mechanisms.coup import Coup
from sim.world.mechanisms.deal import Deal
from sim.world.mechanisms.displacement import Displacement
from sim.world.mechanisms.faction_collapse import FactionCollapse
from sim.world.mechanisms.interdict import Interdict
from sim.world.mechanisms.leader import Leader
from sim.world.mechanisms.process import ProcessSpec
from sim.world.mechanisms.reinforce import Reinforce
from sim.world.mechanisms.relocate import Relocate
from sim.world.mechanisms.repair import Repair
from sim.world.mechanisms.rumour import Rumour
from sim.world.mechanisms.siege import Siege
from sim.world.mechanisms.uprising import Uprising
from sim.world.mechanisms.withdraw import Withdraw

MECHANISMS: tuple[type[ProcessSpec], ...] = (
    Advance,
    Assault,
    Collapse,
    Cohesion,
    Consume,
    Interdict,
    Repair,
    AirSupport,
    Withdraw,
    Relocate,
    Displacement,
    Reinforce,
    Counterattack,
    Siege,
    FactionCollapse,
    Deal,
    Uprising,
    Coup,
    Ceasefire,
    Leader,
    Rumour,
)
BY_KIND: dict[str, type[ProcessSpec]] = {model.KIND: model for model in MECHANISMS}
