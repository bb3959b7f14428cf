"""Keyed uniforms against NumPy's Philox, and every distribution against its twin in scipy.stats."""

import hashlib
import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sim.draws import (
    KINDS,
    MAX_ERLANG_K,
    SPECIAL_FUNCTIONS,
    are_valid,
    betaincinv,
    choose,
    gammaincinv,
    invert,
    name_hash,
    ndtri,
    philox,
    special_address,
    uniform,
    uniforms,
    weights_are_valid,
)

TOP = 2**64 - 1
words = st.integers(0, TOP) | st.sampled_from([0, 1, 2**32, 2**63, TOP - 1, TOP])


def numpys(key: tuple[int, int], counter: tuple[int, int, int, int]) -> list[int]:
    """Return NumPy's block: it counts up before the first block, hence one less."""
    number = sum(word << (64 * k) for k, word in enumerate(counter))
    before = (number - 1) % 2**256
    generator = np.random.Philox(
        key=np.array(key, dtype=np.uint64),
        counter=np.array([before >> (64 * k) & TOP for k in range(4)], dtype=np.uint64),
    )
    return [int(word) for word in generator.random_raw(4)]


# Uniforms.


@settings(max_examples=500)
@given(key=st.tuples(words, words), counter=st.tuples(words, words, words, words))
def test_philox_is_numpys_word_for_word(key, counter):
    assert list(philox(key, counter)) == numpys(key, counter)


@pytest.mark.parametrize("key", list(itertools.product((0, 1, TOP), repeat=2)))
@pytest.mark.parametrize("counter", [(0, 0, 0, 0), (1, 0, 0, 0), (TOP,) * 4, (0, TOP, 0, TOP)])
def test_philox_at_the_ends_of_its_keys(key, counter):
    assert list(philox(key, counter)) == numpys(key, counter)


def test_philox_has_the_known_answers_of_its_authors():
    # Random123 1.14, kat_vectors, philox4x64 10 rounds: all zeros, and all ones.
    assert philox((0, 0), (0, 0, 0, 0)) == (
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    )
    assert philox((TOP, TOP), (TOP, TOP, TOP, TOP)) == (
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    )


@given(seed=words, replication=words, name=words, life=st.integers(1, 2**40))
def test_a_life_has_two_uniforms_of_one_block(seed, replication, name, life):
    block = numpys((seed, replication), (life, name, 0, 0))
    assert uniforms(seed, replication, name, life) == (uniform(block[0]), uniform(block[1]))


def test_seed_zero_is_a_seed_and_negative_seeds_wrap():
    assert uniforms(0, 1, 2, 3) != uniforms(1, 1, 2, 3)
    assert uniforms(-1, 1, 2, 3) == uniforms(TOP, 1, 2, 3)


@pytest.mark.parametrize("key", ["transition:march", "input:places.homs", "draw:fall.1/loss", "é"])
def test_a_name_is_the_first_eight_bytes_of_its_sha256(key):
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()
    assert name_hash(key) == int.from_bytes(bytes.fromhex(digest[:16]), "little")


def test_uniforms_stay_inside_and_are_exact():
    assert uniform(0) == 2.0**-53
    assert uniform(TOP) == 1.0 - 2.0**-53
    assert uniform(2**63) == 0.5 + 2.0**-53
    assert uniform(4095) == uniform(0) < uniform(4096)


@given(words)
def test_a_uniform_is_in_the_open_interval(word):
    assert 0.0 < uniform(word) < 1.0


N_UNIFORMS = 8_192
#: One false alarm in a million per comparison; some sixty comparisons below, with fixed seeds.
ALARM = 1e-6


def _along(axis: str) -> np.ndarray:
    march = name_hash("transition:march")
    made: Callable[[int], tuple[float, float]] = {
        "lives": lambda k: uniforms(1, 1, march, k + 1),
        "replications": lambda k: uniforms(1, k, march, 1),
        "seeds": lambda k: uniforms(k, 1, march, 1),
        "names": lambda k: uniforms(1, 1, name_hash(f"transition:t.{k}"), 1),
    }[axis]
    return np.array([made(k) for k in range(N_UNIFORMS)])


def _independence(pairs: np.ndarray) -> float:
    """Return the p-value of a chi-square test of independence on 8 x 8 cells."""
    counts, _, _ = np.histogram2d(pairs[:, 0], pairs[:, 1], bins=8, range=[[0, 1], [0, 1]])
    return float(stats.chisquare(counts.ravel()).pvalue)


@pytest.mark.statistical
@pytest.mark.parametrize("axis", ["lives", "replications", "seeds", "names"])
def test_keyed_uniforms_are_uniform_and_independent(axis):
    pairs = _along(axis)
    for u in pairs.T:
        assert stats.kstest(u, "uniform").pvalue > ALARM
    neighbours = np.column_stack([pairs[:-1:2, 0], pairs[1::2, 0]])
    assert _independence(pairs) > ALARM
    assert _independence(neighbours) > ALARM


@pytest.mark.statistical
def test_planted_faults_in_uniforms_are_caught():
    u = _along("lives")[:, 0]
    assert stats.kstest(u**1.1, "uniform").pvalue < ALARM
    assert _independence(np.column_stack([u, (u + 0.25) % 1.0])) < ALARM
    sticky = np.where(np.arange(len(u)) % 10 == 0, u, np.roll(u, 1))  # a tenth of pairs repeat
    assert _independence(np.column_stack([sticky, u])) < ALARM


# Distributions, each beside its twin.


class Twin(NamedTuple):
    """A distribution, and the same law in scipy.stats."""

    args: tuple[float, ...]
    law: object
    #: Relative tolerance of quantiles against the twin; see `test_exact_quantiles`.
    tolerance: float = 1e-14

    def ppf(self, u: float) -> float:
        return float(self.law.ppf(u))  # type: ignore[attr-defined]


class Finite(NamedTuple):
    """``choice`` and ``discrete``, in exact fractions (scipy normalises weights, with rounding)."""

    values: tuple[float, ...]
    weights: tuple[float, ...]

    def ppf(self, u: float) -> float:
        reached = itertools.accumulate(map(Fraction, self.weights))
        aim = Fraction(u) * sum(map(Fraction, self.weights))
        return next(x for x, below in zip(self.values, reached, strict=True) if aim < below)


class Point(NamedTuple):
    """All at one value."""

    value: float

    def ppf(self, u: float) -> float:
        return self.value


def _pert(low: float, mode: float, high: float) -> Twin:
    span = high - low
    a, b = 1 + 4 * (mode - low) / span, 1 + 4 * (high - mode) / span
    return Twin((low, mode, high), stats.beta(a, b, loc=low, scale=span))


def _triangular(low: float, mode: float, high: float) -> Twin:
    span = high - low
    law = stats.triang((mode - low) / span, loc=low, scale=span)
    return Twin((low, mode, high), law, 1e-12)


TWINS: dict[str, list[Twin]] = {
    "uniform": [
        Twin((a, b), stats.uniform(loc=a, scale=b - a)) for a, b in ((0, 1), (-3, 7), (5, 5.5))
    ],
    "triangular": [_triangular(0, 1, 4), _triangular(0, 0, 2), _triangular(1, 3, 3)],
    "pert": [_pert(0.1, 0.4, 1), _pert(0, 0, 2), _pert(-5, 3, 3)],
    "normal": [Twin((m, s), stats.norm(m, s)) for m, s in ((0, 1), (-3, 0.2), (1e6, 1e3))],
    "lognormal": [
        Twin((m, s), stats.lognorm(s, scale=m)) for m, s in ((1, 1), (45, 0.3), (2, 2.3))
    ],
    "beta": [Twin((a, b), stats.beta(a, b)) for a, b in ((2, 5), (0.5, 0.5), (1, 9), (60, 40))],
    "gamma": [Twin((k, m), stats.gamma(k, scale=m / k)) for k, m in ((2, 3), (0.3, 1), (80, 2))],
    "weibull": [
        Twin((k, s), stats.weibull_min(k, scale=s), 1e-13)
        for k, s in ((1, 400), (0.5, 2), (3.5, 1))
    ],
    "exponential": [Twin((m,), stats.expon(scale=m)) for m in (1, 0.01, 4e7)],
    "erlang": [Twin((k, m), stats.gamma(k, scale=m / k)) for k, m in ((1, 3), (3, 1), (1000, 5))],
    "deterministic": [Twin((x,), Point(x), 0.0) for x in (0.0, -2.5, math.inf)],
    "discrete": [
        Twin((0, 1, 5, 2, 3, 5), Finite((0, 1, 5), (2, 3, 5)), 0.0),
        Twin((1, 2, 0.0, 4.0), Finite((1, 2), (0, 4)), 0.0),
    ],
    "choice": [Twin((2, 0, 1, 1, 0, 3), Finite((2, 0, 1), (1, 0, 3)), 0.0)],
}
CASES = [(kind, twin) for kind, twins in TWINS.items() for twin in twins]
CASE_NAMES = [f"{kind}{twin.args}" for kind, twin in CASES]
CONTINUOUS = [(kind, twin) for kind, twin in CASES if twin.tolerance > 0.0]
LOWER = [2.0**-53, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3]
#: Uniforms as they are drawn, odd multiples of 2^-53: for these alone is 1 - u exact.
GRID = [
    (math.floor(u * 2.0**52) + 0.5) * 2.0**-52
    for u in (*LOWER, *(k / 100 for k in range(1, 100)), *(1.0 - u for u in reversed(LOWER)))
]


def quantile(kind: str, u: float, args: Sequence[float]) -> float:
    """Invert with arguments that do not start at 0, as the engines call it."""
    return invert(KINDS[kind], u, [math.nan, *args, math.nan], 1, len(args))


def test_every_kind_has_a_twin():
    assert TWINS.keys() == KINDS.keys()
    assert sorted(KINDS.values()) == list(range(len(KINDS)))


@pytest.mark.parametrize(("kind", "twin"), CASES, ids=CASE_NAMES)
def test_exact_quantiles(kind, twin):
    # Both sides use the same special functions, then at most a few roundings in another order:
    # some units in the last place (2.2e-16). Where a bounded law starts elsewhere than 0, or a
    # triangle takes the square root of a difference, cancellation leaves a few more digits.
    scale = max(abs(x) for x in twin.args if math.isfinite(x)) if twin.tolerance else 0.0
    for u in GRID:
        exact = twin.ppf(u)
        found = quantile(kind, u, twin.args)
        absolute = 4e-16 * scale if kind in ("uniform", "triangular", "pert", "normal") else 0.0
        assert found == pytest.approx(exact, rel=twin.tolerance, abs=absolute), u


@pytest.mark.parametrize(("kind", "twin"), CONTINUOUS, ids=[f"{k}{t.args}" for k, t in CONTINUOUS])
def test_quantiles_lead_back_to_their_probability(kind, twin):
    # Independent of ppf: cdf(quantile(u)) = u. The condition is x f(x) / u: the last place of x
    # moves u by that much, and no law here has more than 1e4 of it on this grid.
    for u in np.linspace(0.001, 0.999, 333):
        assert twin.law.cdf(quantile(kind, u, twin.args)) == pytest.approx(u, rel=1e-10)


@pytest.mark.statistical
@pytest.mark.parametrize(("kind", "twin"), CONTINUOUS, ids=[f"{k}{t.args}" for k, t in CONTINUOUS])
def test_draws_have_their_law(kind, twin):
    name = name_hash(f"draw:{kind}")
    draws = [quantile(kind, uniforms(1, k, name, 1)[0], twin.args) for k in range(2_000)]
    assert stats.kstest(draws, twin.law.cdf).pvalue > ALARM
    # The planted fault: the middle half of the draws pulled inwards by a tenth of the probability.
    wrong = twin.law.ppf(np.clip(twin.law.cdf(draws), 0.1, 0.9))
    assert stats.kstest(wrong, twin.law.cdf).pvalue < ALARM


@pytest.mark.statistical
@pytest.mark.parametrize("kind", ["discrete", "choice"])
def test_draws_of_finite_laws_have_their_law(kind):
    values, weights = (3, 1, 2), (1.0, 2.0, 7.0)
    name = name_hash(f"draw:{kind}")
    args = (*values, *weights)
    draws = [quantile(kind, uniforms(1, k, name, 1)[0], args) for k in range(4_000)]
    counts = [draws.count(value) for value in values]
    expected = np.array(weights) / sum(weights) * len(draws)
    assert stats.chisquare(counts, expected).pvalue > ALARM
    assert stats.chisquare(counts, np.roll(expected, 1)).pvalue < ALARM


ARGUMENTS: dict[str, st.SearchStrategy[tuple[float, ...]]] = {
    "uniform": st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)).map(
        lambda x: (x[0], x[0] + x[1])
    ),
    "triangular": st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3).map(sorted).map(tuple),
    "pert": st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3).map(sorted).map(tuple),
    "normal": st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)),
    "lognormal": st.tuples(st.floats(1e-6, 1e6), st.floats(0, 5)),
    "beta": st.tuples(st.floats(0.05, 200), st.floats(0.05, 200)),
    "gamma": st.tuples(st.floats(0.05, 200), st.floats(0, 1e6)),
    "weibull": st.tuples(st.floats(0.1, 50), st.floats(0, 1e6)),
    "exponential": st.tuples(st.floats(0, 1e9)),
    "erlang": st.tuples(st.integers(1, MAX_ERLANG_K).map(float), st.floats(0, 1e6)),
    "deterministic": st.tuples(st.floats(allow_nan=False)),
    "discrete": st.lists(
        st.tuples(st.floats(-9, 9), st.floats(0.01, 9)), min_size=1, max_size=6
    ).map(lambda pairs: (*sorted(v for v, _ in pairs), *(w for _, w in pairs))),
    "choice": st.lists(st.floats(0.01, 9), min_size=1, max_size=6).map(
        lambda weights: (*(float(k) for k in range(len(weights))), *weights)
    ),
}


@pytest.mark.parametrize("kind", list(KINDS))
@given(data=st.data(), first=words, second=words)
def test_quantiles_increase(kind, data, first, second):
    args = data.draw(ARGUMENTS[kind])
    assert are_valid(KINDS[kind], args, 0, len(args))
    low, high = sorted((uniform(first), uniform(second)))
    assert quantile(kind, low, args) <= quantile(kind, high, args)


@pytest.mark.parametrize("kind", list(KINDS))
@given(data=st.data(), word=words)
def test_quantiles_stay_in_their_support(kind, data, word):
    args = data.draw(ARGUMENTS[kind])
    x = quantile(kind, uniform(word), args)
    if kind in ("uniform", "triangular", "pert"):
        # A rounding of the width may lead a little out of the range, but a positive number stays
        # positive and below its upper end: probabilities stay probabilities.
        slack = 1e-15 * max(map(abs, args))
        assert args[0] - slack <= x <= args[-1] + (slack if args[0] < 0.0 else 0.0)
        assert x >= 0.0 or args[0] < 0.0
    elif kind == "beta":
        assert 0.0 <= x <= 1.0
    elif kind in ("discrete", "choice"):
        assert x in args[: len(args) // 2]
    elif kind not in ("normal", "deterministic"):
        assert x >= 0.0
    assert not math.isnan(x)


# Arguments.

VALID: dict[str, list[tuple[float, ...]]] = {
    "uniform": [(0, 1), (3, 3), (-2, 5)],
    "triangular": [(0, 0, 1), (0, 1, 1), (2, 2, 2)],
    "pert": [(0, 0, 1), (0, 1, 1), (2, 2, 2)],
    "normal": [(0, 1), (5, 0)],
    "lognormal": [(1, 0), (0.001, 3)],
    "beta": [(0.1, 0.1), (3, 4)],
    "gamma": [(0.1, 0), (3, 4)],
    "weibull": [(0.1, 0), (3, 4)],
    "exponential": [(0,), (3,), (math.inf,)],
    "erlang": [(1, 0), (MAX_ERLANG_K, 3)],
    "deterministic": [(0,), (-3,), (math.inf,)],
    "discrete": [(1, 2, 0, 3), (1, 1), (math.inf, 1)],
    "choice": [(1, 2, 0, 3), (1, 1)],
}
IMPOSSIBLE: dict[str, list[tuple[float, ...]]] = {
    "uniform": [(1, 0), (0, math.inf), (-math.inf, 0)],
    "triangular": [(0, 2, 1), (1, 0, 2), (0, 1, math.inf), (0, math.inf, math.inf)],
    "pert": [(0, 2, 1), (1, 0, 2), (0, 1, math.inf)],
    "normal": [(0, -1), (math.inf, 1), (0, math.inf)],
    "lognormal": [(0, 1), (-1, 1), (1, -1), (math.inf, 1), (1, math.inf)],
    "beta": [(0, 1), (1, 0), (-1, 1), (math.inf, 1), (1, math.inf)],
    "gamma": [(0, 1), (1, -1), (math.inf, 1), (1, math.inf)],
    "weibull": [(0, 1), (1, -1), (math.inf, 1), (1, math.inf)],
    "exponential": [(-1,)],
    "erlang": [(0, 1), (1.5, 1), (MAX_ERLANG_K + 1, 1), (2, -1), (math.inf, 1)],
    "deterministic": [],
    "discrete": [(1, 2, 0, 0), (1, 2, -1, 2), (1, math.inf), (1, 2, 1, math.inf)],
    "choice": [(1, 2, 0, 0), (1, 2, -1, 2), (1, 2, 1, math.inf)],
}


def valid(kind: str, args: Sequence[float]) -> bool:
    return are_valid(KINDS[kind], [math.nan, *args, math.nan], 1, len(args))


@pytest.mark.parametrize("kind", list(KINDS))
def test_which_arguments_are_possible(kind):
    assert [args for args in VALID[kind] if not valid(kind, args)] == []
    assert [args for args in IMPOSSIBLE[kind] if valid(kind, args)] == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_nan_is_no_argument(kind):
    good = VALID[kind][0]
    for k in range(len(good)):
        assert not valid(kind, (*good[:k], math.nan, *good[k + 1 :]))


@pytest.mark.parametrize("kind", ["triangular", "pert", "uniform"])
def test_a_law_without_width_is_its_one_value(kind):
    args = (2.0, 2.0, 2.0)[: 2 if kind == "uniform" else 3]
    assert quantile(kind, 0.3, args) == 2.0


# The choice by weights.


@pytest.mark.parametrize(
    ("u", "weights", "chosen"),
    [
        (0.1, [1, 1], 0),
        (0.5, [1, 1], 1),  # u S < w0 is false at equality
        (math.nextafter(0.5, 0), [1, 1], 0),
        (2.0**-53, [0, 1, 0], 1),
        (1 - 2.0**-53, [1, 1, 0], 1),
        (0.3, [7], 0),
        (0.999, [0, 0, 5, 0], 2),
    ],
)
def test_the_first_weight_that_reaches_is_taken(u, weights, chosen):
    assert choose(u, [9.0, *map(float, weights), 9.0], 1, len(weights)) == chosen


def test_if_rounding_finds_none_the_last_with_positive_weight_is_taken():
    # u S rounds to S itself: S is 2^52 and u the largest uniform.
    weights = [2.0**52, 0.25, 0.0]
    u = 1.0 - 2.0**-53
    assert choose(u, weights, 0, 3) in (0, 1)
    tiny = [5e-324, 0.0]
    assert 0.75 * sum(tiny) == sum(tiny)  # here u S is S, and S < S is false
    assert choose(0.75, tiny, 0, 2) == 0
    assert choose(0.75, [0.0, 5e-324, 0.0], 0, 3) == 1


@given(words, st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_what_is_chosen_has_weight_and_its_share(word, weights):
    if not weights_are_valid(weights, 0, len(weights)):
        return
    u = uniform(word)
    k = choose(u, weights, 0, len(weights))
    assert weights[k] > 0.0
    total = math.fsum(weights)
    # Left-to-right sums of at most eight terms: each rounding is at most half a unit of S.
    slack = 8 * 2.0**-53
    assert (
        math.fsum(weights[:k]) / total - slack <= u <= math.fsum(weights[: k + 1]) / total + slack
    )


@pytest.mark.parametrize("bad", [[], [0.0], [-1.0, 2.0], [math.nan], [math.inf], [1e308, 1e308]])
def test_weights_that_cannot_be(bad):
    assert not weights_are_valid([1.0, *bad], 1, len(bad))


# Special functions.


def test_special_functions_are_scipys():
    for u in GRID:
        assert ndtri(u) == special.ndtri(u)
        assert gammaincinv(2.5, u) == special.gammaincinv(2.5, u)
        assert betaincinv(2.5, 0.7, u) == special.betaincinv(2.5, 0.7, u)


def test_every_special_function_has_an_address():
    addresses = {special_address(name) for name in SPECIAL_FUNCTIONS}
    assert len(addresses) == len(SPECIAL_FUNCTIONS)
    with pytest.raises(ImportError, match="exports no 'nonsense' of doubles"):
        special_address("nonsense")
