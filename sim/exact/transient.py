r"""First-passage laws of a Markov chain, by uniformisation.

A chain whose rates out of a state never exceed :math:`\Lambda` is a discrete chain that jumps at
the events of a Poisson process of rate :math:`\Lambda` (Jensen, Skand. Aktuarietidskr. 36, 1953;
Grassmann, Comput. Oper. Res. 4, 1977). With :math:`a_k` the probability that the outcome has
happened within k jumps,

.. math:: P(T \le t) = \sum_k e^{-\Lambda t} \frac{(\Lambda t)^k}{k!} a_k .

Nothing is subtracted, so that small probabilities are as accurate as large ones; one sweep over k
serves every time and every outcome.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from sim.exact.explore import Chain
from sim.exact.vector import Floats

#: Half width of the Poisson weights that are kept: this many standard deviations, and some. What is
#: cut off is below 1e-15 (Chernoff).
_DEVIATIONS, _AND_SOME = 8.5, 40
#: What the jumps that are left out once little changes may change at the most.
_STEADY = 1e-13
_JUMPS_BETWEEN_LOOKS = 16
#: Jumps that are followed one by one at the most.
MOST_JUMPS = 2_000_000


class TooManyJumps(Exception):
    """The chain jumps so often that it cannot be followed; ``n_jumps`` is how often."""

    def __init__(self, n_jumps: float) -> None:
        super().__init__(f"{n_jumps:.3g} jumps")
        self.n_jumps = n_jumps


def first_passage_cdf(chain: Chain, times: Floats) -> Floats:
    """Return P(T <= t) of every outcome, shape (n_times, n_outcomes); ``times`` in seconds.

    Raises
    ------
    TooManyJumps
        If it takes more than :data:`MOST_JUMPS` jumps.
    """
    out = chain.rates.sum(axis=1)
    fastest = float(out.max(initial=0.0))
    last = fastest * float(times.max(initial=0.0))
    if last > MOST_JUMPS:
        raise TooManyJumps(last)
    laws = [poisson_weights(fastest * float(t)) for t in times]
    n_jumps = max((first + len(weights) for first, weights in laws), default=1) - 1
    reached = reached_within(chain, out, fastest, n_jumps)
    cdf = np.empty((len(times), chain.holds.shape[1]))
    for place, (first, weights) in enumerate(laws):
        base = reached[first]  # so that what is certain is 1, not 1 - 1e-16
        cdf[place] = base + weights @ (reached[first : first + len(weights)] - base)
    return np.minimum(cdf, 1.0)


def reached_within(chain: Chain, out: Floats, fastest: float, n_jumps: int) -> Floats:
    """Return P(the outcome has happened within k jumps), shape (n_jumps + 1, n_outcomes)."""
    is_open = np.where(chain.holds, 0.0, 1.0)
    held = 1.0 - is_open
    mass = np.repeat(chain.initial[:, None], is_open.shape[1], axis=1)
    reached = np.zeros((n_jumps + 1, is_open.shape[1]))
    reached[0] = (mass * held).sum(axis=0)
    mass = mass * is_open
    if n_jumps == 0:
        return reached
    stays = sparse.diags_array(1.0 - out / fastest)
    jump = sparse.csr_array((chain.rates / fastest + stays).T)
    for k in range(1, n_jumps + 1):
        before, mass = mass, jump @ mass
        reached[k] = reached[k - 1] + (mass * held).sum(axis=0)
        mass *= is_open
        if k % _JUMPS_BETWEEN_LOOKS == 0:
            # What a jump changes never grows, and what is reached is part of it.
            change = np.abs(mass - before).sum(axis=0).max(initial=0.0)
            if change * (n_jumps - k) < _STEADY:
                reached[k:] = reached[k]
                break
    return reached


def poisson_weights(mean: float) -> tuple[int, Floats]:
    """Return the first k that counts, and the Poisson probabilities from there on.

    By ratios from the mode outwards, so that nothing overflows (Fox & Glynn, CACM 31, 1988).
    """
    if mean == 0.0:
        return 0, np.ones(1)
    mode = math.floor(mean)
    half = math.ceil(_DEVIATIONS * math.sqrt(mean)) + _AND_SOME
    first = max(0, mode - half)
    up = np.cumprod(mean / np.arange(mode + 1.0, mode + half + 1.0))
    down = np.cumprod(np.arange(mode, first, -1.0) / mean) if mode else np.empty(0)
    weights = np.concatenate([down[::-1], [1.0], up])
    return first, weights / weights.sum()
