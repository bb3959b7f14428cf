"""Keyed uniforms and distributions by inversion: one definition for all engines.

A number is a pure function of (seed, replication, name, life): Philox4x64-10 (Salmon, Moraes, Dror
& Shaw, SC'11) in counter mode, so that it depends on nothing else that happens. Every distribution
is the inverse of its cumulative distribution function at one uniform, increasing in it.

Everything from :func:`invert` down is plain scalar Python on purpose: the compiled engine compiles
these same functions (with the primitives replaced by the same C functions), so that the engines
agree bit for bit.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import cache

from sim.ieee import exp, power

_MASK = (1 << 64) - 1
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10

Block = tuple[int, int, int, int]


def name_hash(key: str) -> int:
    """Return the 64-bit number of a stream's key, e.g. ``transition:march``."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")


def philox(key: tuple[int, int], counter: Block) -> Block:
    """Return the four words of one Philox4x64-10 block, as NumPy's generator has them."""
    (k0, k1), (c0, c1, c2, c3) = key, counter
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> 64) ^ c1 ^ k0, p1 & _MASK, (p0 >> 64) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3


def uniform(word: int) -> float:
    """Return the uniform in (0, 1) of a 64-bit word: ``((word >> 12) + 0.5) 2^-52``."""
    return ((word >> 12) + 0.5) * 2.0**-52


#: Replications from here on are nested: each :data:`INNER` of them in a row share what is unknown.
NESTED_FIRST = 1 << 62
INNER = 1 << 5


def of_unknowns(replication: int) -> int:
    """Return the replication whose inputs a replication shares, except for chance.

    Its own, below :data:`NESTED_FIRST`. From there on, group k of :data:`INNER` replications has
    the unknown inputs of replication k, and luck of its own in everything else: within a group
    there is nothing but chance.
    """
    return replication if replication < NESTED_FIRST else (replication - NESTED_FIRST) // INNER


def uniforms(seed: int, replication: int, name: int, life: int) -> tuple[float, float]:
    """Return the first two uniforms of a block: a life's work, and its branch."""
    words = philox((seed & _MASK, replication), (life, name, 0, 0))
    return uniform(words[0]), uniform(words[1])


# Distributions. The numbers are the ones that lowered code carries.

UNIFORM, TRIANGULAR, PERT, NORMAL, LOGNORMAL, BETA = 0, 1, 2, 3, 4, 5
GAMMA, WEIBULL, EXPONENTIAL, ERLANG, DETERMINISTIC, DISCRETE, CHOICE = 6, 7, 8, 9, 10, 11, 12

#: Kind by the name that files use (``interval90`` is written as a lognormal by the loader).
KINDS: dict[str, int] = {
    "uniform": UNIFORM,  # low, high
    "triangular": TRIANGULAR,  # low, mode, high
    "pert": PERT,  # low, mode, high
    "normal": NORMAL,  # mean, sd
    "lognormal": LOGNORMAL,  # median, sigma
    "beta": BETA,  # a, b
    "gamma": GAMMA,  # shape, mean
    "weibull": WEIBULL,  # shape, scale
    "exponential": EXPONENTIAL,  # mean
    "erlang": ERLANG,  # k, mean
    "deterministic": DETERMINISTIC,  # value
    "discrete": DISCRETE,  # values increasing, then weights
    "choice": CHOICE,  # labels in file order, then weights
}
MAX_ERLANG_K = 1_000


#: Special functions taken from scipy, with the number of their arguments.
SPECIAL_FUNCTIONS = {"ndtri": 1, "gammaincinv": 2, "betaincinv": 3}


@cache
def special_address(name: str) -> int:
    """Return the address of scipy's C function ``name`` of doubles; every engine calls this one.

    It takes the arguments of :data:`SPECIAL_FUNCTIONS` and one more C int (Cython's
    ``skip_dispatch``), which must be 1.
    """
    import ctypes

    from scipy.special import cython_special

    name_of, pointer_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    for exported, capsule in cython_special.__pyx_capi__.items():
        signature = name_of(capsule)
        # Fused functions are exported once per type, as __pyx_fuse_0betaincinv and the like.
        if exported.rpartition("__pyx_fuse_")[2].lstrip("0123456789") == name and (
            signature.startswith(b"double")
        ):
            return int(pointer_of(capsule, signature))
    raise ImportError(f"scipy.special.cython_special exports no '{name}' of doubles")


@cache
def _special(name: str) -> Callable[..., float]:
    import ctypes

    arguments = [ctypes.c_double] * SPECIAL_FUNCTIONS[name] + [ctypes.c_int]
    return ctypes.CFUNCTYPE(ctypes.c_double, *arguments)(special_address(name))


def ndtri(u: float) -> float:
    """Return the standard normal quantile."""
    return _special("ndtri")(u, 1)


def gammaincinv(shape: float, u: float) -> float:
    """Return the quantile of the gamma distribution with unit scale."""
    return _special("gammaincinv")(shape, u, 1)


def betaincinv(a: float, b: float, u: float) -> float:
    """Return the quantile of the beta distribution."""
    return _special("betaincinv")(a, b, u, 1)


def choose(u: float, weights: Sequence[float], at: int, n: int) -> int:
    """Return the first i (from 0) with ``u S < w0 + ... + wi``, S the full sum.

    ``weights[at:at + n]`` are summed left to right. If rounding finds none, it is the last with
    positive weight.
    """
    total = 0.0
    for i in range(n):
        total += weights[at + i]
    reached = 0.0
    last = 0
    for i in range(n):
        reached += weights[at + i]
        if u * total < reached:
            return i
        if weights[at + i] > 0.0:
            last = i
    return last


def weights_are_valid(weights: Sequence[float], at: int, n: int) -> bool:
    """Return whether no weight is negative, infinite or NaN, and their sum is positive."""
    total = 0.0
    for i in range(n):
        if not 0.0 <= weights[at + i] < math.inf:
            return False
        total += weights[at + i]
    return 0.0 < total < math.inf


def are_valid(kind: int, args: Sequence[float], at: int, n: int) -> bool:
    """Return whether ``args[at:at + n]`` are possible arguments of a distribution."""
    if kind in (DISCRETE, CHOICE):
        half = n // 2
        for i in range(half):
            if math.isnan(args[at + i]):
                return False
        return weights_are_valid(args, at + half, half)
    for i in range(n):
        if math.isnan(args[at + i]):
            return False
    first = args[at]
    if kind == DETERMINISTIC:
        return True
    if kind == EXPONENTIAL:
        return first >= 0.0
    if not -math.inf < first < math.inf:
        return False
    second = args[at + 1]
    if not -math.inf < second < math.inf:
        return False
    if kind == UNIFORM:
        return first <= second
    if kind in (TRIANGULAR, PERT):
        return first <= second and second <= args[at + 2] and args[at + 2] < math.inf
    if kind == NORMAL:
        return second >= 0.0
    if kind == LOGNORMAL:
        return first > 0.0 and second >= 0.0
    if kind == BETA:
        return first > 0.0 and second > 0.0
    if kind in (GAMMA, WEIBULL):
        return first > 0.0 and second >= 0.0
    # Erlang
    return first >= 1.0 and first <= MAX_ERLANG_K and first == math.floor(first) and second >= 0.0


def standard_exponential(u: float) -> float:
    """Return ``-log1p(-u)``, the standard exponential quantile.

    Written with ``log``: for the uniforms of :func:`uniform`, odd multiples of 2^-53, ``1 - u`` is
    exact, so that this is as accurate, and several times faster.
    """
    return -math.log(1.0 - u)


def invert(kind: int, u: float, args: Sequence[float], at: int, n: int) -> float:
    """Return the value at probability ``u`` in (0, 1) of a distribution.

    ``args[at:at + n]`` are its arguments, already found valid by :func:`are_valid`. Increasing in
    ``u`` (``choice`` in the order of its labels).
    """
    if kind == EXPONENTIAL:
        return standard_exponential(u) * args[at]
    if kind == DETERMINISTIC:
        return args[at]
    if kind in (DISCRETE, CHOICE):
        return args[at + choose(u, args, at + n // 2, n // 2)]
    first, second = args[at], args[at + 1]
    if kind == UNIFORM:
        return first + (second - first) * u
    if kind == NORMAL:
        return first + second * ndtri(u)
    if kind == LOGNORMAL:
        return first * exp(second * ndtri(u))
    if kind == BETA:
        return betaincinv(first, second, u)
    if kind in (GAMMA, ERLANG):
        return gammaincinv(first, u) * (second / first)
    if kind == WEIBULL:
        return second * power(standard_exponential(u), 1.0 / first)
    third = args[at + 2]
    span = third - first
    if span == 0.0:
        return first
    if kind == TRIANGULAR:
        if u * span < second - first:
            return first + math.sqrt(u * span * (second - first))
        return third - math.sqrt((1.0 - u) * span * (third - second))
    a = 1.0 + 4.0 * (second - first) / span
    b = 1.0 + 4.0 * (third - second) / span
    return first + span * betaincinv(a, b, u)
