"""Settings and rules for every test."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# A shell ignores interrupts on behalf of what it starts in the background, tests included; programs
# that tests start inherit that, and are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_global_generator() -> Iterator[None]:
    """Fail a test that draws from numpy's global generator, or seeds it."""
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    yield
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert before["state"]["pos"] == after["state"]["pos"], "numpy's global generator was used"
    assert np.array_equal(before["state"]["key"], after["state"]["key"]), (
        "numpy's global generator was seeded"
    )
