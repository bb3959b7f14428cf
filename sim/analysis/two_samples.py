"""Whether two samples come of one law."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln

#: Laws as rare as the one seen count as rare, whatever rounding makes of them.
_SLACK = 1e-7


def fisher(n_first: int, of_first: int, n_second: int, of_second: int) -> float:
    """Return the p-value of equal proportions, ``n_first`` of ``of_first`` and the second's.

    Fisher's exact test, two-sided (*Statistical Methods for Research Workers*, 5th ed., 1934):
    given how many have it in both, the share of ways to part them that are no likelier than this
    one. Where the laws are one, at most alpha of the p-values are alpha or less, usually far fewer;
    fewer still if the samples share their luck.

    Examples
    --------
    >>> round(fisher(8, 10, 1, 10), 6)
    0.005477
    """
    both = n_first + n_second
    k = np.arange(max(0, both - of_second), min(both, of_first) + 1)
    # Two binomial coefficients, but for factors that do not depend on k.
    log_ways = -betaln(k + 1.0, of_first - k + 1.0)
    log_ways -= betaln(both - k + 1.0, of_second - both + k + 1.0)
    ways = np.exp(log_ways - log_ways.max())
    seen = ways[n_first - int(k[0])]
    return float(min(1.0, ways[ways <= seen * (1.0 + _SLACK)].sum() / ways.sum()))
