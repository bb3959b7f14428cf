"""What numbers depend on besides scenario and seed: versions, and the kind of machine."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

NAME = "frontcast"
#: Raised by every change that moves output for the same scenario and seed; see [NUMBERS] in
#: CHANGELOG.md.
NUMBERS = 4
#: Packages whose functions take part in a number, or in the bytes of a file.
_PACKAGES = ("llvmlite", "numba", "numpy", "pyarrow", "scipy", "simpy")


def version() -> str:
    """Return the version of this program: as installed, or as the checkout says."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(NAME)
    except PackageNotFoundError:
        import tomllib

        with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])


@cache
def versions() -> dict[str, str]:
    """Return the versions of everything that takes part in a number."""
    from importlib.metadata import version as installed

    python = ".".join(map(str, sys.version_info[:3]))
    return {
        NAME: version(),
        "numbers": str(NUMBERS),
        "python": python,
        **{name: installed(name) for name in _PACKAGES},
    }


@cache
def machine() -> dict[str, str]:
    """Return the kind of machine: processor, its features, and the C library's name and version.

    The mathematical functions of the C library choose their code by the features, and the last bit
    of a number may hang on that.
    """
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return {
        "architecture": platform.machine(),
        "processor": binding.get_host_cpu_name(),
        "features": " ".join(sorted(name for name, is_there in features.items() if is_there)),
        "libm": " ".join(platform.libc_ver()) or platform.platform(),
    }
