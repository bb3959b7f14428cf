"""Words for probabilities: the scale of the US intelligence community (ICD 203, 2015).

The scale has no words for certainty, and the words say nothing about how sure one is of the figure:
confidence is another scale, and the two never share a sentence.
"""

from __future__ import annotations

#: Upper ends of the bands, and their words.
SCALE: tuple[tuple[float, str], ...] = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.00, "almost certain"),
)


def words(p: float) -> str:
    """Return the words for a probability; an end belongs to the band below it.

    Examples
    --------
    >>> words(0.78)
    'likely'
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {p:g}")
    return next(name for end, name in SCALE if p <= end)
