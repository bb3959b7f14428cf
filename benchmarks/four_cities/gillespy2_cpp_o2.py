"""GillesPy2's ``SSACSolver`` compiled with ``-O2``: the package passes no optimisation flag."""

import os
import shlex
import tempfile
from pathlib import Path

from benchmarks.four_cities import gillespy2_cpp


def put_optimising_compiler_first():
    """Put a ``g++`` that adds ``-O2`` at the head of PATH, for this process and its children."""
    command = shlex.quote(gillespy2_cpp.compiler())
    folder = tempfile.TemporaryDirectory(prefix="four-cities-")
    wrapper = Path(folder.name, "g++")
    wrapper.write_text(f'#!/bin/sh\nexec {command} -O2 "$@"\n')
    wrapper.chmod(0o700)
    os.environ["PATH"] = folder.name + os.pathsep + os.environ["PATH"]
    return folder


def prepare():
    """Compile with the states at days 0 and 30 only."""
    with put_optimising_compiler_first():
        return gillespy2_cpp.prepare()


def prepare_curve():
    """Compile with daily states, for the comparison with the exact curve."""
    with put_optimising_compiler_first():
        return gillespy2_cpp.prepare_curve()
