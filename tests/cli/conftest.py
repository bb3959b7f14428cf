"""What tests of the command line share: scenario files, and the command in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studies.scenarios import BRIDGE, ENDLESS, FAULTY

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, str(ROOT / "run.py")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with scenarios, made the current one."""
    for name, text in (("bridge", BRIDGE), ("faulty", FAULTY), ("endless", ENDLESS)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _draws_nothing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures: they take seconds, and tests/report looks at them."""
    if request.node.get_closest_marker("pictures") is None:
        for name in (
            "pictures",
            "pictures_of_boxes",
            "pictures_of_differences",
            "pictures_of_sweep",
        ):
            monkeypatch.setattr(f"sim.report.kept.{name}", lambda *_: [])


Start = Callable[..., "subprocess.Popen[str]"]


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment, changed; None takes a variable out."""
    given = {**os.environ, "PYTHONIOENCODING": "utf-8", **changes}
    return {name: value for name, value in given.items() if value is not None}


def start(*arguments: str, cwd: Path = ROOT, **how: object) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    settings: dict[str, object] = {
        "cwd": cwd,
        "env": environment(),
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "encoding": "utf-8",
        "preexec_fn": _take_interrupts,
        **how,
    }
    return subprocess.Popen([*RUN, *arguments], **settings)  # type: ignore[call-overload, no-any-return]


def _take_interrupts() -> None:
    # A shell that started the tests in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
