"""What only a process of its own can show: imports, pipes, signals, locales, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import ROOT, RUN, environment, start

HEAVY = ("numba", "llvmlite", "pandas", "scipy", "matplotlib", "numpy", "rich", "pyarrow", "simpy")
N_LONG = "400000"  # seconds


# Imports.


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["sweep", "--help"],
        ["trace", "--help"],
        ["exact", "--help"],
        ["validate", "scenarios"],
        ["validate", "nowhere.yaml"],
        ["schema"],
        ["explain", "scenarios/homs_2024.yaml"],
        ["explain", "scenarios/river_line.yaml", "--graph", "dot", "--only", "brask"],
        ["explain", "scenarios/river_line.yaml", "--json"],
        ["new", "--help"],
        ["new", "a b"],
        ["completion", "bash"],
        ["schema", "-q", "-vv", "--log-file", "/dev/null"],
        ["runn"],
    ],
    ids=" ".join,
)
def test_no_numerical_library_is_loaded(arguments):
    code = (
        "import sys; from sim.cli.main import main; main(sys.argv[1:]);"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--help"],
        ["sweep", "--help"],
        ["trace", "--help"],
        ["explain", "--help"],
        ["completion", "zsh"],
        ["--help"],
    ],
)
def test_help_does_not_even_load_the_loader(arguments):
    code = (
        "import sys; from sim.cli.main import main; main(sys.argv[1:]);"
        "print([m for m in ('yaml', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


# Pipes and full disks.


def test_a_closed_pipe_is_no_error(folder):
    for k in range(300):
        (folder / f"s{k}.yaml").write_text("title: x\nclock: {horizon: 3 days}\n", encoding="utf-8")
    process = start("validate", ".", cwd=folder)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _, err = process.communicate()
    assert process.returncode == 0
    assert err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["schema"], ["run", "bridge.yaml", "-n", "20", "-q", "--no-pictures"]]
)
def test_a_full_disk_is_refused_in_one_line(arguments, folder):
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = start(*arguments, cwd=folder, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 4
    assert err == "error: No space left on device\n"


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_was_never_open(closed, folder):
    command = f'exec {closed}>&-; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", command, "bash", *RUN, "run", "bridge.yaml", "-n", "20"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr


# Signals.


class Ended(NamedTuple):
    """How an interrupted process ended, and what it said."""

    status: int
    out: str
    err: str


def under_way(*arguments: str, folder: Path, **how: object) -> subprocess.Popen[str]:
    """Start a run; return when its log says that a tenth of the replications are done."""
    log = folder / "log"
    process = start("run", *arguments, "--log-file", str(log), cwd=folder, **how)
    while not (log.exists() and " sim.cli.progress: " in log.read_text(encoding="utf-8")):
        assert process.poll() is None, "it ended before a tenth was done"
        time.sleep(0.01)
    return process


def interrupted(number: int, *arguments: str, folder: Path) -> Ended:
    """Interrupt a run that is under way."""
    process = under_way(*arguments, folder=folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


def is_soon(done: int, asked: int) -> bool:
    """Return whether a run that was interrupted after a tenth was left before the half of it.

    Counted in replications and not in seconds, it does not depend on how busy a machine is.
    """
    return asked // 100 < done < asked // 2


def told(out: str) -> tuple[int, int]:
    """Return what an interrupted run says: how many replications are done, of how many."""
    found = re.search(r"INTERRUPTED: ([\d,]+) of ([\d,]+) replications are done\.", out)
    assert found, out
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["INT", "TERM", "HUP"],
)
def test_a_signal_brings_partial_results_soon(number, status, folder):
    ended = interrupted(number, "endless.yaml", "-n", N_LONG, folder=folder)
    assert ended.status == status
    assert is_soon(*told(ended.out))
    assert "Traceback" not in ended.err


def test_a_signal_with_json_leaves_one_object_marked_incomplete(folder):
    ended = interrupted(signal.SIGTERM, "endless.yaml", "-n", N_LONG, "--json", folder=folder)
    assert ended.status == 143
    found = json.loads(ended.out)
    assert found["complete"] is False
    assert is_soon(found["replications"], int(N_LONG))
    assert ended.err == ""


def test_the_reference_engine_is_interrupted_too(folder):
    arguments = ("endless.yaml", "-n", "400", "--engine", "reference", "-q")
    ended = interrupted(signal.SIGINT, *arguments, folder=folder)
    assert ended.status == 130
    assert is_soon(*told(ended.out))


def test_nohup_stays_in_force(folder):
    process = under_way(
        "endless.yaml", "-n", "40000", "-q", "--json", "--no-pictures",
        folder=folder, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert json.loads(out)["complete"] is True


# Locales and terminals.

ASCII_ONLY = {
    "PYTHONIOENCODING": None,
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "LC_ALL": "C",
}


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_unicode(locale, folder):
    (folder / "names.yaml").write_text(
        "title: حمص — الجسر\nclock: {horizon: 3 days}\n"
        "variables: {مدينة: {states: [held, fallen]}}\n"
        "transitions: {fall: {when: مدينة == held, rate: 1/day, then: {مدينة: fallen}}}\n"
        "outcomes: {falls: مدينة == fallen}\n",
        encoding="utf-8",
    )
    given = environment(**{**ASCII_ONLY, "LC_ALL": locale})
    for arguments in (["run", "names.yaml", "-n", "50"], ["trace", "names.yaml"]):
        out, err = start(*arguments, cwd=folder, env=given).communicate()
        assert out.isascii()
        assert r"\u062d\u0645\u0635" in out
        assert "Traceback" not in err
    arguments = ("run", "names.yaml", "-n", "50", "--json", "--no-pictures")
    out, _ = start(*arguments, cwd=folder, env=given).communicate()
    assert out.isascii()
    assert json.loads(out)["scenario"] == "names"
    out, _ = start("validate", "names.yaml", cwd=folder, env=given).communicate()
    assert "names.yaml: valid" in out


def on_terminal(
    *arguments: str, cwd: object, columns: int = 80, program: list[str] = RUN, **changes: str | None
) -> str:
    """Return what a command, or another program, shows on a terminal of so many columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(str(cwd))
        code = f'stty cols {columns}; exec "$@"'
        os.execvpe(
            "bash", ["bash", "-c", code, "bash", *program, *arguments], environment(**changes)
        )
    shown = b""
    while select.select([terminal], [], [], 300.0)[0]:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode("utf-8").replace("\r\n", "\n")


TERMINAL = {"TERM": "xterm-256color", "NO_COLOR": None, "LC_ALL": None, "COLUMNS": None}


def test_a_terminal_has_colours_unless_told_otherwise(folder):
    arguments = ("run", "bridge.yaml", "-n", "50", "-q", "--no-pictures")
    assert "\x1b[1m" in on_terminal(*arguments, columns=80, cwd=folder, **TERMINAL)
    for change in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        shown = on_terminal(*arguments, columns=80, cwd=folder, **{**TERMINAL, **change})
        assert "\x1b" not in shown
        assert "A bridge under fire" in shown


def test_errors_have_colours_on_a_terminal(folder):
    (folder / "bad.yaml").write_text("title: x\nclock: {horizon: 3}\n", encoding="utf-8")
    shown = on_terminal("run", "bad.yaml", columns=80, cwd=folder, **TERMINAL)
    assert "\x1b[1;31merror[" in shown


#: Commands on a terminal that is made narrower each time.
NARROWER = """
import os
from sim.cli.main import main
for columns in (79, 60, 50, 40):
    os.system(f"stty cols {columns}")
    print(f"= {columns}", flush=True)
    main(["run", "bridge.yaml", "-n", "50", "-q", "--no-pictures"])
    main(["trace", "bridge.yaml", "-k", "3"])
"""


def test_a_narrow_terminal(folder):
    program = [sys.executable, "-c", NARROWER]
    changes = {**TERMINAL, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    shown = on_terminal(program=program, cwd=folder, **changes)
    parts = re.findall(r"(?ms)^= (\d+)$(.*?)(?=^= |\Z)", shown)
    assert [int(columns) for columns, _ in parts] == [79, 60, 50, 40]
    for columns, part in parts:
        assert part.count("A bridge under fire") == 2
        assert max(map(len, part.splitlines())) <= int(columns)


#: So that there is a bar.
SOME_SECONDS = ("-n", "60000", "--workers", "1", "--no-pictures")


def test_a_bar_is_shown_on_a_terminal_and_taken_away(folder):
    shown = on_terminal("run", "endless.yaml", *SOME_SECONDS, columns=80, cwd=folder, **TERMINAL)
    assert " of 60,000" in shown
    assert "\x1b[2K" in shown


def test_a_file_name_is_data(folder):
    # rich would take the one for markup, str.format the other for an attribute.
    name = "a [bold]{task.__class__} b.yaml"
    (folder / name).write_text(
        (folder / "endless.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    shown = on_terminal("run", name, *SOME_SECONDS, columns=80, cwd=folder, **TERMINAL)
    assert "[bold]{task.__class__}" in shown
    assert "Traceback" not in shown
