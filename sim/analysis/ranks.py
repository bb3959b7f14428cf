r"""Where an input stands among those that an outcome hangs on, with the evidence for it.

Inputs are put in order by how much of a probability's variance each explains by itself
(:func:`sim.analysis.main_effects.explained`). That an input is among the first k of d is a
statement about d - 1 comparisons: it is false where k others explain more, and true where all
others but k - 1 explain less. Evidence for "at least r of m" is that of the r-th strongest of m,
its p-value times m - r + 1 (Benjamini & Heller, Biometrics 64, 1215, 2008). Comparisons are by the
jackknife and Student's t, so they hold as the number of replications grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from sim.analysis.first_passage import Floats, Ints
from sim.analysis.main_effects import PARTS, explained

#: An outcome has to come, and to fail to come, in so many replications.
FEWEST_EVENTS = 50


@dataclass(frozen=True)
class Standing:
    """The p-values that others explain no more, and that they explain no less, than one input.

    ``above`` has those that speak, where small, for another one's being above; shape (d - 1,).
    """

    above: Floats
    below: Floats
    rank: int

    def p_against(self, top: int) -> float:
        """Return the p-value that the input is among the first ``top``: small, it is not."""
        return at_least(top, self.above)

    def p_for(self, top: int) -> float:
        """Return the p-value that the input is not among the first ``top``: small, it is."""
        return at_least(len(self.below) - top + 1, self.below)

    def bounds(self, alpha: float) -> tuple[int, int]:
        """Return the ranks between which the input's own lies, but with a chance of alpha."""
        each = alpha / (2 * max(1, len(self.above)))
        best = 1 + int(np.count_nonzero(self.above <= each))
        return best, len(self.below) + 1 - int(np.count_nonzero(self.below <= each))


def at_least(r: int, p: Floats) -> float:
    """Return the p-value that fewer than r of some statements are true."""
    if r <= 0:
        return 0.0
    if r > len(p):
        return 1.0
    return min(1.0, (len(p) - r + 1) * float(np.sort(p)[r - 1]))


def standing(bins: list[Ints], came: Floats, place: int) -> Standing | None:
    """Return where the input at a place stands; None where too little came to tell.

    Parameters
    ----------
    bins : list of int arrays, shape (n_replications,)
        In which bin of each input the replications lie.
    came : float array, shape (n_replications,)
        1 where the outcome came, else 0.
    place : int
    """
    n, n_came = len(came), float(came.sum())
    if min(n_came, n - n_came) < FEWEST_EVENTS:
        return None
    parts = np.bincount(np.arange(n) % PARTS)
    found = explained(bins, came) / np.array([n, *(n - parts)])[:, np.newaxis]
    gaps = np.delete(found - found[:, [place]], place, axis=1)
    around = gaps[1:] - gaps[1:].mean(axis=0)
    errors = np.sqrt((PARTS - 1) / PARTS * (around**2).sum(axis=0))
    t = np.divide(gaps[0], errors, out=np.zeros(len(errors)), where=errors > 0.0)
    above, below = stdtr(PARTS - 1, -t), stdtr(PARTS - 1, t)
    return Standing(np.asarray(above), np.asarray(below), 1 + int(np.count_nonzero(gaps[0] > 0.0)))


def at_look(p: float, look: int) -> float:
    """Return the log evidence of a p-value at the k-th look, k from 1, which holds at every look.

    Looks share what is allowed in parts of 1 / (k (k + 1)), which sum to one.
    """
    return -math.log(max(p, 1e-300)) - math.log(look * (look + 1))
