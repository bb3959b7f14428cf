"""What the names mean that a world makes, and what its values are.

``explain`` shows it beside each name, and docs/reference.md lists the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sim.keys import DEFAULT, Spec, default_said
from sim.world.mechanisms.registry import BY_KIND
from sim.world.specs import MODELS, BridgeSpec, LossSpec, PatronSpec

#: Names below those of objects, by the section of the object; ``*`` stands for another name.
NAMES_MADE: dict[str, dict[str, str]] = {
    "factions": {
        "cohesion": "slow will to fight; places lost do not lower it",
        "shock": "places recently lost, by weight, fading",
        "support": "what its patrons give, and what is its own",
        "support.*": "how much that patron gives",
        "supply": "mean stock of its places",
        "stocks": "stock of all its places together",
        "n_places": "places that it holds",
        "in_contact": "whether any of its places is in contact",
        "wear": "times rest consumption",
        "first_garrisons": "its garrisons at the start, in all places together",
        "unloading": "what has just arrived and is being shared out",
        "reaches.*": "whether it gets to that place",
        "next.*": "whether it gets to that place next, by an open road",
        "fed": "defenders of all places that it gets to",
        "ration": "days of supply that each of them gets",
        "collapsed": "1 once it has fallen apart",
        "stance": "how it stands by those whom it supports",
        "reserve": "people not sent anywhere yet",
        "road.*": "how far that road is at the pace of a good one; inf if closed to its side",
        "way.*": "how far it is from the one place to the other; inf if closed to its side",
        "way_in.*": "how far that place is from the nearest of its side, by one road",
    },
    "places": {
        "control": "who holds it",
        "attacker": "who is in contact with it",
        "fell_by": "how it fell last",
        "garrison.*": "people of that faction present to defend it",
        "force.*": "attackers of that faction in contact",
        "fresh": "1 at first contact, then fading",
        "contact_at": "when contact began",
        "threatened": "attacked, or on an axis that leads here",
        "encircled": "no open road to a place of its own side",
        "supply": "its own stock, at rest consumption",
        "deficit": "how far its stock is below what is enough",
        "demand": "consumption, in times that at the start",
        "burning": "the piece of its stock that was begun before more came; 0 if none did",
        "population": "people who live there",
        "displaced": "people who have fled from it",
        "comer": "who takes it if it is given up: its attacker, else an enemy next door",
        "near.*": "whether that faction holds a place next door, by an open road",
        "offence": "attackers in contact",
        "defence": "defenders",
        "first_defence": "defenders at the start",
        "engaged": "whether an assault is under way",
        "tempo": "how fast this assault goes",
        "effectiveness": "how well its attacker fights in this assault",
        "edge": "effectiveness with everything that helps",
        "odds": "attackers to defenders, as they count",
        "defender_tolerance": "share of losses at which its defenders break",
        "attacker_tolerance": "share of losses at which its attackers break",
        "frailty": "how readily its garrison collapses",
    },
    "routes": {"status": "whether one gets through"},
    "links": {
        "open": "whether there is a way",
        "capacity": "days of supply a day over the widest way",
        "way.*": "whether this way is open",
    },
    "supply": {
        "open": "whether shipments may pass",
        "flows": "whether shipments get through: open for the whole of their journey",
        "loss": "probability that a shipment is lost",
    },
    "processes": {
        "at": "where the column is, or has come from",
        "state": "what the column does",
        "force": "people of the column, or on the road",
        "first_force": "people that the column set out with",
        "gone": "how far the column has marched",
        "reserve": "people that join the column when it takes a place",
        "from_time": "whether its time has come",
        "until": "whether its time has not run out",
        "under_way": "whether it is going on",
        "done": "whether it has been done",
        "threat": "whether what it is worth it for is threatened",
        "may_leave.*": "whether that place can be given up now",
        "may_begin": "whether there is anything to decide now",
        "is_there": "whether any of its places is still to be given up",
        "comes_from": "where those on the road have come from",
        "road": "how far it was for them when they set out",
        "may_send.*": "whether people can come from there now",
        "sender": "number of the first who can send people; -1 if nobody can",
        "lost.*": "whether that place was lost, so lately that it is counterattacked",
        "may_come.*": "whether that place can be attacked from there now",
        "home": "where the force has come from",
        "gives_up": "whether the force goes home",
        "active": "whether it holds",
        "when": "whether it may go on",
        "factor": "what the effectiveness of those whom it hinders is divided by",
        "stops": "probability that it stops a shipment",
    },
}
#: Transitions that say nothing in a trace, by the last word of their name that is no object's.
TRANSITIONS_MADE = {
    "shock_fades": "the shock of losses fades",
    "fresh_fades": "contact grows stale",
    "engagement": "an assault begins",
    "disbands": "men of a faction that has fallen apart go home, and columns are no more",
    "loses_its_capital": "a faction without its capital falls apart, or goes on",
    "cohesion_recovers": "cohesion drifts back to what it was",
    "consumes": "its garrison lives off its stock",
    "displacement": "people flee",
    "takes": "the column holds the place that it stands at, and leaves a garrison",
    "passes": "the column passes a place of somebody whom it does not fight",
    "goes_on": "the column has rested",
    "fills": "the line is full again: shipments get through",
    "shipment": "a shipment arrives",
    "supply_spreads": "what has arrived is shared out, place by place",
    "supply_unloads": "what has arrived is unloaded",
    "too_late": "the loss was too long ago for a counterattack",
    "stays": "the force stays in the place that it has won back",
    "ends": "it is over",
    "turns_back": "those on the road turn back",
}
#: Values that no key of the file stands for.
VALUES_MADE = {"runs": "Whether the line ever runs: the promise, kept or not"}
NO_KINDS: Mapping[str, str] = MappingProxyType({})
#: Where an expression over many places is cut into pieces, they are numbered.
_PIECE = re.compile(r"\.[0-9]+\Z")
_PARTS: dict[str, type[Spec]] = {"patrons": PatronSpec, "losses": LossSpec, "bridge": BridgeSpec}


def meaning(path: str, name: str) -> str:
    """Return what a name means that the object at a path has made; empty where nothing is said.

    Examples
    --------
    >>> meaning("places.homs", "homs.garrison.rebels")
    'people of that faction present to defend it'
    """
    known = NAMES_MADE.get(path.partition(".")[0], {})
    tail = _PIECE.sub("", name.partition(".")[2])
    return known.get(tail) or known.get(f"{tail.partition('.')[0]}.*", "")


def meaning_of_transition(path: str, name: str) -> str:
    """Return what a transition that the object at a path has made does; empty for any other.

    Examples
    --------
    >>> meaning_of_transition("places.homs", "homs.consumes")
    'its garrison lives off its stock'
    """
    section, steps = path.partition(".")[0], name.split(".")
    if section not in (*MODELS, "processes"):
        return ""
    said = (TRANSITIONS_MADE[step] for step in steps[1:] if step in TRANSITIONS_MADE)
    return next(said, "")


def meaning_of_value(path: str, kinds: Mapping[str, str] = NO_KINDS) -> str:
    """Return what a value of the world is, by its path; empty for any other.

    ``kinds`` tells the kind of each declared process: several may have a key of one name.

    Examples
    --------
    >>> meaning_of_value("places.homs.garrison.rebels")
    'Nominal strength of each faction'
    """
    section, *steps = path.split(".")
    if len(steps) < 2:
        return ""
    name, key = steps[:2]
    models: list[type[Spec]] = [MODELS[section]] if section in MODELS else []
    if key in VALUES_MADE:
        return VALUES_MADE[key]
    if section == "processes":
        kind = kinds.get(name, name)
        models = [BY_KIND[kind]] if kind in BY_KIND else list(BY_KIND.values())
    if key in _PARTS and steps[-1] != key:
        models, key = [_PARTS[key]], steps[-1]
    said = {_said(model, key) for model in models} - {""}
    return said.pop() if len(said) == 1 else ""


def _said(model: type[Spec], key: str) -> str:
    field = model.model_fields.get(key)
    if field is None:
        return ""
    extra = field.json_schema_extra
    default = extra.get(DEFAULT, "") if isinstance(extra, dict) else ""
    return str(field.description or "").removesuffix(default_said(str(default)))
