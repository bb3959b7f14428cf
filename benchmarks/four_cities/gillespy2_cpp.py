"""GillesPy2's ``SSACSolver``: the model as a chemical network, translated to C++ and compiled.

The package has an environment of its own, see ``README.md``. The solver cannot be told to stop at
an event. Every propensity therefore has the factor ``1 - fallen4``: when city 4 falls nothing can
happen any more and the solver leaves the replication, as the other peers do. It reports states on
a grid of times, as text; to give it the least to print, the grid is {0, 30 days}, and a time of
fall is known as "by day 30" only.
"""

import os
import shutil
import sys
import sysconfig

import gillespy2
import numpy as np
from gillespy2.solvers import SSACSolver

from benchmarks.four_cities.direct_method import HORIZON

CITIES = (1, 2, 3, 4)


def species():
    """Return the initial count of each species: a status is one of three flags."""
    counts = {"bridge": 1, "supply": 3}
    for i in CITIES:
        counts |= {f"held{i}": 1, f"contested{i}": 0, f"fallen{i}": 0}
    return counts


def city_reactions(i):
    """Return the reactions of city ``i`` as (name, consumed, produced, propensity per day)."""
    attack = f"(0.40*fallen{i - 1} + 0.05*contested{i - 1})" if i > 1 else "0.40"
    road = "*(0.25 + 0.75*bridge)" if i > 2 else ""
    pressed = f"bridge*fallen{i - 1}" if i > 1 else "bridge"
    held, contested, fallen = f"held{i}", f"contested{i}", f"fallen{i}"
    return [
        (f"attack{i}", held, contested, f"{held}*{attack}{road}"),
        (f"repulse{i}", contested, held, f"{contested}*0.06*supply"),
        (
            f"fall{i}",
            contested,
            fallen,
            f"{contested}*(0.10 + 0.06*(5 - supply))*(1 + 0.5*{pressed})",
        ),
    ]


def other_reactions():
    """Return the reactions of supply and bridge.

    ``ceil`` stands for the guards supply < 5 and supply > 0: GillesPy2 1.8 drops the sign of a
    comparison inside a product.
    """
    fronts = "(contested1 + contested2 + contested3 + contested4)"
    return [
        ("ship", None, "supply", "(0.25 + 0.75*bridge)*ceil(0.2*(5 - supply))"),
        ("consume", "supply", None, f"(0.20 + 0.30*{fronts})*ceil(0.2*supply)"),
        ("strike", "bridge", None, "0.15*bridge"),
        ("repair", None, "bridge", "0.40*(1 - bridge)"),
    ]


def model(n_days):
    """Return the chain as a GillesPy2 model that reports its state every 30 / ``n_days`` days."""
    chain = gillespy2.Model("four_cities")
    for name, count in species().items():
        chain.add_species(gillespy2.Species(name, initial_value=count, mode="discrete"))
    reactions = [reaction for i in CITIES for reaction in city_reactions(i)] + other_reactions()
    for name, consumed, produced, propensity in reactions:
        chain.add_reaction(
            gillespy2.Reaction(
                name=name,
                reactants={consumed: 1} if consumed else {},
                products={produced: 1} if produced else {},
                propensity_function=f"(1 - fallen4)*{propensity}",
            )
        )
    chain.timespan(np.linspace(0.0, HORIZON, n_days + 1))
    return chain


def compiler():
    """Return the C++ compiler, or end with a word for the table."""
    return shutil.which("g++") or sys.exit("it needs g++")


def simulator(n_days):
    """Return a function of (n_replications, seed) that gives times rounded up to the grid."""
    compiler()
    # SCons is started with the interpreter that the environment was made from, which lacks it.
    os.environ["PYTHONPATH"] = sysconfig.get_path("purelib")
    solver = SSACSolver(model=model(n_days))
    days = np.append(np.linspace(0.0, HORIZON, n_days + 1), np.inf)

    def run(n_replications, seed):
        results = solver.run(number_of_trajectories=n_replications, seed=seed + 1)  # 0 is refused
        return np.array([days[np.count_nonzero(one["fallen4"] == 0)] for one in results])

    return run


def prepare():
    """Compile with the states at days 0 and 30 only."""
    return simulator(1)


def prepare_curve():
    """Compile with daily states, for the comparison with the exact curve."""
    return simulator(30)
