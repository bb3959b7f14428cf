"""Names: what a part may be called."""

from __future__ import annotations

import unicodedata

from sim.net.syntax import FOLDS, FUNCTIONS, KEYWORDS, RESERVED
from sim.units import UNITS
from sim.values import Faults, Text

MAX_NAME = 64


def name_fault(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name, and what is expected; None if nothing is."""
    if not name:
        return "an empty name", "a letter first"
    if len(name) > MAX_NAME:
        return f"a name of {len(name)} characters", f"at most {MAX_NAME}"
    if not unicodedata.is_normalized("NFC", name):
        return f"the name '{name}' is not in composed form", "Unicode form NFC"
    if not name[0].isalpha():
        return f"the name '{name}' does not start with a letter", "a letter first"
    for character in name:
        if not (character in "_.0123456789" or unicodedata.category(character)[0] in "LM"):
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            return (
                f"the name '{name if name.isprintable() else ascii(name)[1:-1]}' holds '{shown}'",
                "letters, digits 0-9, '_' and dots",
            )
    if name.endswith("."):
        return f"the name '{name}' ends in a dot", "a letter, digit or '_' last"
    if name in RESERVED:
        return f"'{name}' is reserved: it is {_meaning(name)}", "another name"
    return None


def _meaning(name: str) -> str:
    if name in FUNCTIONS or name in FOLDS:
        return "a function"
    if name in UNITS:
        return "a unit"
    return "a word of expressions" if name in KEYWORDS else f"'{name}' in every expression"


def scripts(name: str) -> set[str]:
    """Return the scripts of a name's letters, as the first word of their Unicode names."""
    if name.isascii():
        return {"LATIN"}
    return {unicodedata.name(c, "?").split(" ")[0] for c in name if c.isalpha()}


def check_name(name: str, at: Text, path: str, faults: Faults) -> bool:
    """Tell what is wrong with a name; return whether it can be used."""
    found = name_fault(name)
    if found:
        faults.add("bad-name", found[0], at, path, expected=found[1])
        return False
    mixed = scripts(name)
    if len(mixed) > 1:
        which = " and ".join(sorted(script.capitalize() for script in mixed))
        message = f"the name '{name}' mixes letters of {which} script"
        faults.add("mixed-scripts", message, at, path, severity="warning")
    return True
