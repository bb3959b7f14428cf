"""The C library's functions of doubles."""

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache

_LIBM = ctypes.CDLL(ctypes.util.find_library("m"))


@cache
def c_function(name: str, n_args: int) -> Callable[..., float]:
    """Return a function of the C library that takes and gives doubles."""
    function = getattr(_LIBM, name)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * n_args
    return function
