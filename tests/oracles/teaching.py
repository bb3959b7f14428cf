"""Known answers of the teaching scenarios, from closed forms and small numerics of their own.

Nothing here uses Frontcast. Times are in days.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np
from scipy.linalg import expm

HERE = Path(__file__).parent


def four_cities() -> tuple[list[float], list[float]]:
    """Return days 1 to 30 and P(city 4 has fallen).

    ``four_cities_exact.csv`` was made outside this project by uniformisation and by the matrix
    exponential of the 972-state generator, which agree to 1.9e-14, and by a model written for the
    model checker Storm, which agrees to 6e-13.
    """
    with (HERE / "four_cities_exact.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [float(row["t"]) for row in rows], [float(row["F"]) for row in rows]


def bridge_down(t: float, hits: float = 0.2, repairs: float = 0.5) -> float:
    """Return P(down at t) from up: Barlow & Proschan 1965, ch. 3."""
    both = hits + repairs
    return hits / both * -math.expm1(-both * t)


def bridge_days_down(t: float, hits: float = 0.2, repairs: float = 0.5) -> float:
    """Return the expected days down by t: the integral of :func:`bridge_down`."""
    both = hits + repairs
    return hits / both * t + hits / both**2 * math.expm1(-both * t)


def absorbed(births: list[float], deaths: list[float], start: int, t: float) -> float:
    """Return P(the top has been reached by t) in a birth-and-death chain whose top absorbs.

    ``births[n]`` is the rate from n to n + 1 for n below the top, ``deaths[n]`` from n to n - 1.
    """
    top = len(births)
    generator = np.zeros((top + 1, top + 1))
    for n in range(top):
        generator[n, n + 1] = births[n]
        if n > 0:
            generator[n, n - 1] = deaths[n]
        generator[n, n] = -generator[n].sum()
    return float(expm(generator * t)[start, top])


def queue_overrun(
    t: float, arrivals: float = 5.0, treatment: float = 2.0, tables: int = 3
) -> float:
    """Return P(ten in the house by t) of the M/M/3 queue."""
    return absorbed([arrivals] * 10, [treatment * min(n, tables) for n in range(10)], 0, t)


def erlang_c(servers: int, load: float) -> float:
    """Return the long-run P(all servers busy): Erlang 1917."""
    terms = [load**n / math.factorial(n) for n in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(terms) + last)


def blackout(t: float, failure: float = 0.25, repair: float = 1.0) -> float:
    """Return P(all four generators out by t), one mechanic: Palm 1947."""
    return absorbed([(4 - n) * failure for n in range(4)], [0.0, repair, repair, repair], 0, t)


def blackout_mean(failure: float = 0.25, repair: float = 1.0) -> float:
    """Return the mean time to the first blackout, by first-step equations."""
    generator = np.zeros((4, 4))
    for n in range(4):
        birth, death = (4 - n) * failure, repair if n else 0.0
        generator[n, n] = -(birth + death)
        if n < 3:
            generator[n, n + 1] = birth
        if n:
            generator[n, n - 1] = death
    return float(np.linalg.solve(generator, -np.ones(4))[0])


def convoy_left(t: float, permits: float = 3.0) -> float:
    """Return P(max(U, E) + 1 <= t), U uniform on 2 to 6, E exponential with mean ``permits``."""
    s = t - 1.0
    if s <= 2.0:
        return 0.0
    return min((s - 2.0) / 4.0, 1.0) * -math.expm1(-s / permits)


def gambler_wins(win: float = 0.45, start: int = 3, goal: int = 10) -> float:
    """Return P(goal before 0): Feller 1968, XIV (2.4)."""
    r = (1 - win) / win
    return (r**start - 1) / (r**goal - 1)


def gambler_rounds(win: float = 0.45, start: int = 3, goal: int = 10) -> float:
    """Return the mean number of rounds: Feller 1968, XIV (3.4)."""
    return (start - goal * gambler_wins(win, start, goal)) / (1 - 2 * win)


def stock_gone(t: float, contact_mean: float = 8.0) -> float:
    """Return P(the stock is used up by t): see the header of ``running_dry.yaml``."""
    if t >= 13.0:
        return 1.0
    latest = 0.0  # contact must have begun by then
    if 4.0 <= t < 5.0:
        latest = (2.5 * t - 10.0) / 1.5
    elif 5.0 <= t < 6.2:
        latest = 5.0 / 3.0
    elif t >= 6.2:
        latest = (2.5 * t - 13.0) / 1.5
    return -math.expm1(-latest / contact_mean)


@cache
def duel(blue: int, red: int, edge: float = 1.0) -> float:
    """Return P(blue is left): Brown 1963. A blue unit kills ``edge`` times as fast as a red."""
    if red == 0:
        return 1.0
    if blue == 0:
        return 0.0
    win = edge * blue / (edge * blue + red)
    return win * duel(blue, red - 1, edge) + (1.0 - win) * duel(blue - 1, red, edge)


def duel_won(t: float, blue: int, red: int, kills: float = 0.2) -> float:
    """Return P(red is gone by t), by the matrix exponential over all (blue, red)."""
    states = [(x, y) for x in range(blue + 1) for y in range(red + 1)]
    place = {state: n for n, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for (x, y), n in place.items():
        if x and y:
            generator[n, place[x, y - 1]] = kills * x
            generator[n, place[x - 1, y]] = kills * y
            generator[n, n] = -kills * (x + y)
    law = expm(generator * t)[place[blue, red]]
    return float(sum(law[place[x, 0]] for x in range(1, blue + 1)))
