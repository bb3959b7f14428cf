"""What a trace says: text with ``{name}`` and ``{name:.1f}`` in it, by our own reading.

Never ``str.format``: it reaches attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.net.model import Hole, Says
from sim.net.resolve import Scope
from sim.net.syntax import MAX_CHARACTERS, Name
from sim.scenario.terms import Terms
from sim.scenario.wanted import is_nan, with_letters
from sim.units import NONE
from sim.values import Text

_PIECE = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
_FORMAT = re.compile(r"(\.[0-9]{1,2}[fg]|d)?\Z")


def read_says(text: Text | None, scope: Scope, terms: Terms, path: str) -> Says:
    """Return a text with its holes, each an expression that reads one name."""
    if text is None:
        return ()
    if len(text) > MAX_CHARACTERS:
        message, expected = f"a text of {len(text)} characters", f"at most {MAX_CHARACTERS}"
        terms.faults.add("too-large", message, text, path, expected=expected)
        return ()
    pieces: list[str | Hole] = []
    at = 0
    for match in _PIECE.finditer(text):
        pieces.append(_literal(text[at : match.start()], scope.letters))
        at = match.end()
        if match[0] in ("{{", "}}"):
            pieces.append(match[0][0])
            continue
        hole = _hole(text, match.start(), match.end(), scope, terms, path)
        if hole is not None:
            pieces.append(hole)
    pieces.append(_literal(text[at:], scope.letters))
    return tuple(_joined(pieces))


def _literal(text: str, letters: Mapping[str, str]) -> str:
    return with_letters(text, letters)


def _joined(pieces: list[str | Hole]) -> list[str | Hole]:
    found: list[str | Hole] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return found


def _hole(text: Text, start: int, end: int, scope: Scope, terms: Terms, path: str) -> Hole | None:
    name, colon, form = text[start + 1 : end - 1].partition(":")
    inside = text.cut(start + 1, start + 1 + len(name)) if name else text

    def fault(message: str, first: int, last: int, expected: str, hint: str = "") -> None:
        place = text.part(first, last)
        terms.faults.add("bad-says", message, place, path, expected=expected, hint=hint)

    if end - start < 3 or name.strip() != name or not isinstance(terms.quiet_tree(inside), Name):
        shown = text[start:end]
        lone = "write '{{' for a brace" if shown in "{}" else "put an expression in 'definitions'"
        fault(f"'{shown}' is no name in braces", start, end, "{name} or {name:.1f}", lone)
        return None
    at_format = end - 1 - len(form)
    if colon and (not form or not _FORMAT.match(form)):
        expected = ".1f, .3g or d, with other numbers of digits"
        fault(f"unknown format '{form}'", at_format, end - 1, expected)
        return None
    typed = terms.typed(inside, scope, path)
    if is_nan(typed.expr):
        return None
    if form and typed.labels is not None:
        fault("a label has no format of a number", at_format, end - 1, f"{{{name}}}")
        return None
    return Hole(typed.expr, form, typed.dimension or NONE, typed.labels is not None)
