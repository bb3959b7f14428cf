"""``--log-file``, ``-v`` and ``-vv``."""

import json
import logging
import os
import re
import subprocess
from datetime import datetime

import pytest

import sim.studies.simulate
from sim.cli import log
from sim.cli.main import COMMANDS, main
from sim.cli.progress import milestones
from sim.errors import Exit
from tests.cli.conftest import RUN, environment, start

LINE = re.compile(
    r"(?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) "
    r"(?P<level>DEBUG|INFO|WARNING|ERROR) (?P<where>sim[\w.]*): (?P<told>.+)"
)
WARNS = "title: x\nclock: {horizon: 3 days}\nvariables: {n: {integer: [0, 9], initial: 1}}\n"


def logged(folder) -> list[tuple[str, str]]:
    """Return the level and text of every line of the log."""
    found = []
    for line in (folder / "log.txt").read_text(encoding="utf-8").splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        datetime.fromisoformat(match["when"])
        found.append((match["level"], match["told"]))
    return found


@pytest.fixture(autouse=True)
def _nobody_listens_afterwards():
    yield
    assert [type(h) for h in log.LOGGER.handlers] == [logging.NullHandler]
    assert log.LOGGER.level == logging.NOTSET


def test_a_log_begins_with_what_runs_and_ends_with_how(folder, capsys):
    assert main(["validate", "bridge.yaml", "--log-file", "log.txt"]) == Exit.DONE
    first, second, third, *_, last = logged(folder)
    assert first == ("INFO", "frontcast 0.1.0: frontcast validate bridge.yaml --log-file log.txt")
    assert re.fullmatch(r"Python 3\.\d+\.\S+ \(\w+\) on .+", second[1])
    assert re.fullmatch(r"read bridge.yaml: \d+ variables?, .*", third[1])
    assert re.fullmatch(r"ended with status 0 after \d+\.\d{3} s", last[1])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_it(command, capsys):
    assert main([command, "--help"]) == Exit.DONE
    assert "--log-file PATH" in capsys.readouterr().out


def test_a_log_is_appended_to(folder):
    for _ in range(2):
        main(["schema", "--log-file", "log.txt"])
    assert [told for _, told in logged(folder)].count(
        "frontcast 0.1.0: frontcast schema --log-file log.txt"
    ) == 2


def test_warnings_and_faults_are_logged_with_their_place(folder, capsys):
    (folder / "warns.yaml").write_text(WARNS, encoding="utf-8")
    (folder / "bad.yaml").write_text("title: x\nclock: {horizon: 3}\n", encoding="utf-8")
    assert main(["validate", "warns.yaml", "--log-file", "log.txt", "-q"]) == Exit.DONE
    assert main(["validate", "bad.yaml", "--log-file", "log.txt"]) == Exit.BAD_INPUT
    assert main(["explain", "bad.yaml", "--log-file", "log.txt", "--json"]) == Exit.BAD_INPUT
    assert main(["run", "faulty.yaml", "--log-file", "log.txt"]) == Exit.BAD_INPUT
    assert main(["explain", "nowhere.yaml", "--log-file", "log.txt"]) == Exit.REFUSED
    assert main(["explain", "--log-file", "log.txt", "--nothing"]) == Exit.BAD_INPUT
    found = logged(folder)
    told = {level: [t for one, t in found if one == level] for level in ("WARNING", "ERROR")}
    assert told["WARNING"] == [
        "warns.yaml:3:13: warning[never-read]: nothing reads the variable 'n'"
    ]
    bad, again, fault, refused = told["ERROR"]
    assert bad == again
    assert bad.startswith("bad.yaml:2:18: error[")
    assert fault.startswith("faulty.yaml:6:30: error[run-fault]: the pace is negative")
    assert refused.endswith("nowhere.yaml: No such file or directory")
    assert [t.split()[3] for _, t in found if t.startswith("ended")] == ["0", "2", "2", "2", "4"]


def test_what_is_wrong_with_an_option_is_logged(folder):
    bad = ["run", "bridge.yaml", "--engine", "complied", "--log-file", "log.txt"]
    assert main(bad) == Exit.BAD_INPUT
    assert any("'complied' is not one of" in told for level, told in logged(folder))


def test_text_of_a_file_cannot_write_lines_of_the_log(folder):
    name = "a\n2026-01-01T00:00:00.000+00:00 INFO sim: forged \x1b[31m\u202e.yaml"
    (folder / name).write_text(WARNS, encoding="utf-8")
    assert main(["validate", name, "-q", "--log-file", "log.txt"]) == Exit.DONE
    text = (folder / "log.txt").read_text(encoding="utf-8")
    assert not {"\x1b", "\u202e"} & set(text)
    assert all("forged" not in line or "a\\n2026" in line for line in text.splitlines())
    assert len(logged(folder)) == len(text.splitlines())


def test_a_log_is_utf8_whatever_the_locale(folder):
    (folder / "حمص.yaml").write_text(WARNS, encoding="utf-8")
    given = environment(LC_ALL="C", PYTHONIOENCODING=None, PYTHONUTF8="0")
    process = start("validate", "حمص.yaml", "--log-file", "log.txt", cwd=folder, env=given)
    process.communicate()
    assert process.returncode == 0
    assert "حمص.yaml" in (folder / "log.txt").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_is_refused_before_any_work(folder, capsys, monkeypatch):
    def work(*args: object, **given: object) -> None:
        raise AssertionError("it has begun to work")

    monkeypatch.setattr("sim.scenario.load.load", work)
    (folder / "place").mkdir()
    for path, why in (
        ("nowhere/log.txt", "No such file or directory"),
        ("place", "Is a directory"),
        ("bridge.yaml/log.txt", "Not a directory"),
    ):
        assert main(["run", "bridge.yaml", "--log-file", path]) == Exit.REFUSED
        assert capsys.readouterr().err == f"error: --log-file {path}: {why}\n"
        assert main(["run", "bridge.yaml", "--log-file", path, "--json"]) == Exit.REFUSED
        [error] = json.loads(capsys.readouterr().out)["errors"]
        assert (error["code"], error["message"]) == ("refused", f"--log-file {path}: {why}")


def test_a_scenario_is_not_taken_for_a_log(folder, capsys):
    before = (folder / "bridge.yaml").read_bytes()
    assert main(["run", "bridge.yaml", "--log-file", "bridge.yaml"]) == Exit.BAD_INPUT
    assert "--log-file bridge.yaml: that is the name of a scenario" in capsys.readouterr().err
    assert (folder / "bridge.yaml").read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_log_that_fills_its_disk_ends_and_the_command_does_not(folder, capsys):
    assert main(["validate", "bridge.yaml", "--log-file", "/dev/full"]) == Exit.DONE
    shown = capsys.readouterr()
    assert "bridge.yaml: valid" in shown.out
    assert shown.err.count("the log /dev/full ends here") == 1
    assert "Traceback" not in shown.err


def test_a_fault_of_ours_is_logged_with_where_it_is_kept(folder, capsys, monkeypatch, tmp_path):
    def broken(*args: object, **given: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(sim.studies.simulate, "facts", broken)
    monkeypatch.setattr("sim.scenario.load.load", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["run", "bridge.yaml", "--log-file", "log.txt"]) == Exit.OUR_FAULT
    [error] = [told for level, told in logged(folder) if level == "ERROR"]
    assert str(next(tmp_path.glob("frontcast-*.txt"))) in error
    assert logged(folder)[-1][1].startswith("ended with status 3 ")


def test_one_v_shows_information_and_two_show_details(folder, capsys):
    assert main(["explain", "bridge.yaml"]) == Exit.DONE
    plain = capsys.readouterr()
    assert plain.err == ""
    assert main(["explain", "bridge.yaml", "-v"]) == Exit.DONE
    one = capsys.readouterr()
    assert one.out == plain.out
    assert "info: read bridge.yaml: " in one.err
    assert "debug: " not in one.err
    assert main(["explain", "bridge.yaml", "-vv"]) == Exit.DONE
    two = capsys.readouterr()
    assert two.out == plain.out
    assert "debug: bridge.yaml has the SHA-256 digest " in two.err


def test_nothing_is_told_twice_on_standard_error(folder, capsys):
    (folder / "warns.yaml").write_text(WARNS, encoding="utf-8")
    assert main(["validate", "warns.yaml", "-vv"]) == Exit.DONE
    assert capsys.readouterr().err.count("nothing reads the variable 'n'") == 1


def test_progress_is_logged_by_tenths(caplog):
    caplog.set_level(logging.INFO, logger="sim")
    update = milestones("bridge")
    for done in range(0, 1_001, 7):
        update(done, 1_000)
    update(1_000, 1_000)
    assert len(caplog.messages) == 10
    assert caplog.messages[0] == "bridge: 105 of 1,000"
    assert caplog.messages[-1] == "bridge: 1,000 of 1,000"


def test_without_a_log_nothing_but_the_command_speaks(folder):
    code = (
        "import logging, sys; import sim.cli.main as m;"
        "logging.getLogger('sim.engines').warning('who hears this?');"
        "sys.exit(m.main(['validate', 'bridge.yaml', '-q']))"
    )
    done = subprocess.run(
        [RUN[0], "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env=environment(PYTHONPATH=str(os.path.dirname(RUN[1]))),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
