"""What reads what, before anything is resolved: names in expressions, an order to resolve in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sim.net.resolve import substitute
from sim.net.syntax import ExprError, Fold, Name, Operation, Tree, parse

MAX_LOOKS = 20_000


def names_in(
    tree: Tree, letters: Mapping[str, str], lists: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return every name that a tree can read, letters replaced and folds expanded."""
    found: set[str] = set()
    pending: list[tuple[Tree, Mapping[str, str]]] = [(tree, letters)]
    for _ in range(MAX_LOOKS):
        if not pending:
            break
        part, bound = pending.pop()
        if isinstance(part, Name):
            found.update(_named(part.text, bound))
        elif isinstance(part, Operation):
            pending += [(arg, bound) for arg in part.args]
        elif isinstance(part, Fold):
            items = lists.get(part.list_name, ())
            pending += [(part.body, {**bound, part.letter: item}) for item in items]
    return frozenset(found)


def _named(text: str, letters: Mapping[str, str]) -> Iterator[str]:
    if "$" not in text:
        yield text
        return
    try:
        name = substitute(text, letters)
    except KeyError:
        return
    yield name
    if text.startswith("$"):  # a letter's whole value may be an expression
        try:
            yield from names_in(parse(name), {}, {})
        except ExprError:
            return


def ordered(
    names: Iterable[str], reads: Mapping[str, Iterable[str]]
) -> tuple[list[str], list[list[str]]]:
    """Return names so that each comes after what it reads, else in their order; and the circles.

    ``reads`` gives what each name reads; names that it does not have are left out.
    """
    is_done: dict[str, bool] = {}  # False while what it reads is being looked at
    order: list[str] = []
    circles: list[list[str]] = []
    for first in names:
        trail: list[tuple[str, Iterator[str]]] = []
        if first not in is_done:
            is_done[first] = False
            trail.append((first, iter(reads.get(first, ()))))
        while trail:
            name, rest = trail[-1]
            for other in rest:
                if other not in reads:
                    continue
                if other not in is_done:
                    is_done[other] = False
                    trail.append((other, iter(reads[other])))
                    break
                if not is_done[other]:
                    steps = [step for step, _ in trail]
                    circles.append(steps[steps.index(other) :])
            else:
                is_done[name] = True
                order.append(name)
                trail.pop()
    return order, circles
