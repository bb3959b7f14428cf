"""A made-up war of any size, always the same: for tests of how the world layer scales."""

from __future__ import annotations

import random


def war(*, places: int = 40, routes: int = 80, factions: int = 8, seed: int = 1) -> str:
    """Return a file with a war on a map of places, each of which somebody holds and columns attack.

    Factions hold neighbouring places, fight the next two in a ring, and send two columns each along
    chains of neighbours.
    """
    chance = random.Random(seed)
    where = [(chance.uniform(30.0, 33.0), chance.uniform(30.0, 33.0)) for _ in range(places)]
    where.sort()
    holder = [n * factions // places for n in range(places)]
    joined = _joined(where, routes)
    lines = ["title: A made-up war", "clock: {horizon: 30 days}", "factions:"]
    lines += [f"  f{f}: {{capital: p{holder.index(f)}}}" for f in range(factions)]
    pairs = sorted(
        {tuple(sorted((f, (f + n) % factions))) for f in range(factions) for n in (1, 2)}
    )
    lines.append("hostile: [" + ", ".join(f"[f{a}, f{b}]" for a, b in pairs if a != b) + "]")
    lines.append("places:")
    for n, (lat, lon) in enumerate(where):
        strength = chance.randrange(200, 4_000, 100)
        people = chance.randrange(5_000, 400_000, 5_000)
        lines.append(
            f"  p{n}: {{at: [{lat:.3f}, {lon:.3f}], control: f{holder[n]}, population: {people}, "
            f"garrison: {{f{holder[n]}: {{interval90: [{strength}, {3 * strength}]}}}}}}"
        )
    lines.append("routes:")
    lines += [f"  r{n}: {{between: [p{a}, p{b}]}}" for n, (a, b) in enumerate(joined)]
    lines.append("processes:")
    for number, axis in enumerate(_axes(joined, holder, 2 * factions, chance)):
        names = ", ".join(f"p{place}" for place in axis)
        lines.append(
            f"  push{number}: {{kind: advance, faction: f{holder[axis[0]]}, along: [{names}], "
            f"force: {{interval90: [2000, 9000]}}}}"
        )
    lines.append("outcomes:")
    lines += [f"  falls{n}: p{n}.control != f{holder[n]}" for n in range(0, places, 4)]
    return "\n".join(lines) + "\n"


def _joined(where: list[tuple[float, float]], routes: int) -> list[tuple[int, int]]:
    """Return pairs of places: a chain through all of them, then the nearest that are left."""

    def apart(pair: tuple[int, int]) -> float:
        (a, b), (c, d) = where[pair[0]], where[pair[1]]
        return (a - c) ** 2 + (b - d) ** 2

    chain = [(n, n + 1) for n in range(len(where) - 1)]
    others = {(a, b) for a in range(len(where)) for b in range(a + 2, len(where))}
    return [*chain, *sorted(others, key=apart)[: routes - len(chain)]]


def _axes(
    joined: list[tuple[int, int]], holder: list[int], number: int, chance: random.Random
) -> list[list[int]]:
    """Return chains of neighbours that begin at a place with an enemy next to it."""
    near: dict[int, list[int]] = {}
    for a, b in joined:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    starts = sorted(p for p in near if any(holder[p] != holder[q] for q in near[p]))
    found = []
    for start in chance.sample(starts, min(number, len(starts))):
        axis = [start, chance.choice([q for q in near[start] if holder[q] != holder[start]])]
        while len(axis) < 5 and (rest := [q for q in near[axis[-1]] if q not in axis]):
            axis.append(chance.choice(sorted(rest)))
        found.append(axis)
    return found
