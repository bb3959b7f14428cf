"""The lock files, and the way in: what a user meets before the first import."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")


def pins(lock):
    """Return every pinned requirement of a lock with its hashes."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    # Where a package is wanted for one platform less: of those, none has numba.
    text = text.replace(" ; sys_platform != 'emscripten'", "")
    return dict(line.split("--hash", 1) for line in text.splitlines() if "==" in line)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"(^|\s)(-e|-f|-i|--find-links|--index-url|/|\.)", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock):
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        assert re.fullmatch(r"[\w.-]+==\S+ (; .+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line


def test_tests_run_on_the_versions_that_users_get():
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()


def start(folder, *arguments):
    """Run a copy of run.py that stands alone in a folder with an isolated interpreter."""
    shutil.copy(ROOT / "run.py", folder)
    return subprocess.run(
        [sys.executable, "-S", "run.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def fake_package(folder):
    """Make a command line that needs a package that nobody has."""
    cli = folder / "sim" / "cli"
    cli.mkdir(parents=True)
    (folder / "sim" / "__init__.py").touch()
    (cli / "__init__.py").touch()
    (cli / "main.py").write_text("import package_that_nobody_has\n")


def test_missing_dependencies_are_one_line_and_status_2(tmp_path):
    fake_package(tmp_path)
    done = start(tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "the package package_that_nobody_has is missing: `make run` sets things up\n"
    )


def test_run_py_goes_on_with_the_python_that_has_the_dependencies(tmp_path):
    fake_package(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    python.chmod(0o755)
    done = start(tmp_path, "run", "a file.yaml")
    assert (done.returncode, done.stdout) == (7, "run.py run a file.yaml\n")


def test_a_fault_of_ours_is_not_taken_for_a_missing_dependency(tmp_path):
    fake_package(tmp_path)
    (tmp_path / "sim" / "cli" / "main.py").write_text("import sim.lost\n")
    done = start(tmp_path)
    assert done.returncode == 1
    assert "No module named 'sim.lost'" in done.stderr
