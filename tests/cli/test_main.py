"""Exit statuses, messages and JSON of every command, in this process."""

import json
from importlib.metadata import PackageNotFoundError

import pytest

import sim.studies.replicate
import sim.studies.simulate
from sim.cli.main import COMMANDS, main
from sim.errors import Exit, Interrupted
from sim.versions import version


def out(capsys) -> str:
    return capsys.readouterr().out


def printed(capsys) -> dict:
    """Return the one JSON object on standard output; there is nothing else there."""
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert main([command, "--help"]) == Exit.DONE
    assert out(capsys).startswith(f"Usage: frontcast {command}")


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == Exit.DONE
    shown = out(capsys)
    for name, line in COMMANDS.items():
        assert name in shown
        assert line in shown


def test_no_command_shows_help_and_is_bad_usage(capsys):
    assert main([]) == Exit.BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: frontcast [OPTIONS] COMMAND")


def test_the_version_is_that_of_the_project(capsys, monkeypatch):
    assert main(["--version"]) == Exit.DONE
    assert out(capsys) == f"frontcast {version()}\n"

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    assert version() == "0.1.0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runn"], "error: no command 'runn': did you mean 'run'?"),
        (["qqqq"], "error: no command 'qqqq': one of run, compare, sweep, val"),
        (["run", "x.yaml", "--sede", "3"], "error: no option '--sede': did you mean '--seed'?"),
        (["run", "bridge.yaml", "--qqqqqq"], "error: no option '--qqqqqq'"),
        (["run"], "Missing argument 'FILE...'"),
        (["run", "bridge.yaml", "--seed", "-1"], "-1 is not in the range"),
        (["run", "bridge.yaml", "--seed", str(2**64)], "is not in the range"),
        (["run", "bridge.yaml", "-n", "0"], "0 is not in the range"),
        (["run", "bridge.yaml", "--engine", "fast"], "'fast' is not one of"),
        (["run", "bridge.yaml", "--at", "1,x"], "'1,x' is no list of days such as 1,2,3.5"),
        (["run", "bridge.yaml", "--at", "nan"], "days are finite, and not negative"),
        (["run", "bridge.yaml", "--at", "1,5"], "error: --at 5: the horizon is 4 days"),
        (["exact", "bridge.yaml", "--at", "5"], "error: --at 5: the horizon is 4 days"),
        (["run", "bridge.yaml", "--set", "x"], "'x' is not of the form path=value"),
        (
            ["run", "bridge.yaml", *2 * ["--set", "parameters.hits=1/day"]],
            "error: --set parameters.hits is given twice",
        ),
        (["trace", "bridge.yaml", "-k", "-1"], "-1 is not in the range"),
        (["validate", "."], "error: no .yaml file in ."),
    ],
)  # fmt: skip
def test_bad_usage_says_what_is_wrong(arguments, message, folder, capsys):
    if arguments == ["validate", "."]:
        for file in folder.glob("*.yaml"):
            file.unlink()
    assert main(arguments) == Exit.BAD_INPUT
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""
    assert main([*arguments, "--json"]) == Exit.BAD_INPUT
    [error] = printed(capsys)["errors"]
    assert error["code"] == "usage"


def test_an_error_has_all_the_fields_of_the_contract(folder, capsys):
    (folder / "bad.yaml").write_text("title: x\nclock: {horizon: 3}\n", encoding="utf-8")
    for command in ("run", "trace", "exact"):
        assert main([command, "bad.yaml", "--json"]) == Exit.BAD_INPUT
        [error] = printed(capsys)["errors"]
        assert list(error) == [
            "code", "file", "line", "column", "path", "message", "expected", "hint",
        ]  # fmt: skip
        assert (error["file"], error["line"], error["column"]) == ("bad.yaml", 2, 18)


def test_a_fault_of_the_run_is_bad_input_with_its_place(folder, capsys):
    for command in (["run", "faulty.yaml"], ["trace", "faulty.yaml", "-k", "1"]):
        assert main(command) == Exit.BAD_INPUT
        shown = capsys.readouterr().err
        assert "faulty.yaml:6:30: error[run-fault]: the pace is negative (in replication" in shown
        assert "   6 |   less: {when: n >= 0, rate: (n - 1.9) / day" in shown
        assert "     = help: it read n = 1" in shown
    assert main(["run", "faulty.yaml", "--json"]) == Exit.BAD_INPUT
    [error] = printed(capsys)["errors"]
    assert (error["code"], error["file"], error["line"]) == ("run-fault", "faulty.yaml", 6)


@pytest.mark.parametrize("command", ["run", "trace", "exact", "validate"])
def test_a_missing_file_is_refused(command, folder, capsys):
    assert main([command, "nowhere.yaml"]) == Exit.REFUSED
    assert "nowhere.yaml: No such file or directory" in capsys.readouterr().err
    assert main([command, "nowhere.yaml", "--json"]) == Exit.REFUSED
    assert "nowhere.yaml: No such file" in json.dumps(printed(capsys))
    assert main([command, ""]) == Exit.REFUSED
    assert ": '': No such file or directory" in capsys.readouterr().err


def test_a_folder_is_for_validate_and_check_only(folder, capsys):
    assert main(["run", "."]) == Exit.REFUSED
    assert ".: Is a directory; only 'validate' and 'check' take folders" in capsys.readouterr().err
    assert main(["validate", "."]) == Exit.DONE


def test_what_is_no_text_is_bad_input(folder, capsys):
    (folder / "binary.yaml").write_bytes(bytes(range(256)))
    assert main(["run", "binary.yaml"]) == Exit.BAD_INPUT
    assert "error[not-utf8]: byte 0x80 is not UTF-8" in capsys.readouterr().err


def test_too_many_replications_are_refused(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", str(10**13)]) == Exit.REFUSED
    assert "need about" in capsys.readouterr().err


def test_a_fault_of_ours_keeps_its_traceback_in_a_file(folder, capsys, monkeypatch, tmp_path):
    def broken(*args: object, **given: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(sim.studies.simulate, "run", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["run", "bridge.yaml", "--json"]) == Exit.OUR_FAULT
    shown = capsys.readouterr()
    assert json.loads(shown.out)["errors"][0]["code"] == "our-fault"
    assert "Traceback" not in shown.err
    [kept] = tmp_path.glob("frontcast-*.txt")
    assert str(kept) in shown.err
    told = kept.read_text(encoding="utf-8")
    assert "ZeroDivisionError: planted" in told
    assert told.startswith("frontcast 0.1.0: run bridge.yaml --json")


def test_a_fault_of_ours_where_nothing_can_be_written(folder, capsys, monkeypatch):
    def broken(*args: object, **given: object) -> None:
        raise ZeroDivisionError("planted")

    def full(**given: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(sim.studies.simulate, "run", broken)
    monkeypatch.setattr("tempfile.mkstemp", full)
    assert main(["run", "bridge.yaml"]) == Exit.OUR_FAULT
    assert "ZeroDivisionError: planted" in capsys.readouterr().err


def test_a_run_interrupted_at_once_is_json_all_the_same(folder, capsys, monkeypatch):
    def stopped(*given: object, **more: object) -> None:
        raise Interrupted(0, None) from KeyboardInterrupt()

    monkeypatch.setattr(sim.studies.replicate, "hand_on", stopped)
    assert main(["run", "bridge.yaml", "--json"]) == Exit.INTERRUPTED
    found = printed(capsys)
    assert (found["replications"], found["complete"], found["outcomes"]) == (0, False, {})
    assert main(["run", "bridge.yaml"]) == Exit.INTERRUPTED
    assert "INTERRUPTED: 0 of 10,000 replications are done." in capsys.readouterr().out


def test_interrupted_while_reading(folder, capsys, monkeypatch):
    def stopped(*args: object, **given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.scenario.load.load", stopped)
    assert main(["run", "bridge.yaml"]) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "interrupted before there was a result\n"


# run


def test_run_prints_the_forecast_and_nothing_else_there(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", "300"]) == Exit.DONE
    shown = capsys.readouterr()
    assert shown.out.startswith("A bridge under fire")
    assert "300 replications" in shown.err
    assert main(["run", "bridge.yaml", "-n", "300", "--quiet"]) == Exit.DONE
    again = capsys.readouterr()
    assert (again.out, again.err) == (shown.out, "")


def test_the_same_bytes_by_any_engine_and_workers(folder, capsys):
    shown = set()
    for how in ([], ["--engine", "reference"], ["--workers", "3"]):
        assert main(["run", "bridge.yaml", "-n", "100", *how]) == Exit.DONE
        shown.add(out(capsys))
    assert len(shown) == 1


def test_run_as_json(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", "200", "--json", "--at", "1,0.5"]) == Exit.DONE
    found = printed(capsys)
    assert [by["days"] for by in found["outcomes"]["hit"]["by"]] == [0.5, 1.0]


def test_several_files_are_several_runs(folder, capsys):
    assert main(["run", "bridge.yaml", "bridge.yaml", "-n", "50", "--json"]) == Exit.DONE
    first, second = printed(capsys)["runs"]
    assert first == second
    assert main(["run", "bridge.yaml", "bridge.yaml", "-n", "50"]) == Exit.DONE
    assert out(capsys).count("A bridge under fire") == 2


def test_set_and_variant_change_the_run(folder, capsys):
    probabilities = []
    for change in (
        [],
        ["--variant", "safe"],
        ["--set", "parameters.hits=0.01/day"],
        ["--variant", "safe", "--set", "parameters.hits=0/day"],
    ):
        assert main(["run", "bridge.yaml", "-n", "200", "--json", *change]) == Exit.DONE
        found = printed(capsys)
        assert found["variant"] == ("safe" if "--variant" in change else None)
        probabilities.append(found["outcomes"]["hit"]["probability"])
    assert probabilities[0] > probabilities[1] == probabilities[2] > probabilities[3] == 0.0


def test_a_fault_in_a_set_shows_the_option_for_a_file(folder, capsys):
    assert main(["run", "bridge.yaml", "--set", "clock.horizon=3"]) == Exit.BAD_INPUT
    assert capsys.readouterr().err.startswith("--set clock.horizon:1:1: error[")


def test_run_tells_of_warnings_and_shows_them_when_asked(folder, capsys):
    text = (folder / "bridge.yaml").read_text(encoding="utf-8")
    (folder / "warns.yaml").write_text(
        text.replace("  bridge: {", "  idle: {integer: [0, 1], initial: 0}\n  bridge: {"),
        encoding="utf-8",
    )
    assert main(["run", "warns.yaml", "-n", "20"]) == Exit.DONE
    assert "warns: 1 warning about the file; -v or 'validate' shows them" in capsys.readouterr().err
    assert main(["run", "warns.yaml", "-n", "20", "-v"]) == Exit.DONE
    assert "warning[never-read]: nothing reads the variable 'idle'" in capsys.readouterr().err
    assert main(["run", "warns.yaml", "-n", "20", "-q"]) == Exit.DONE
    assert capsys.readouterr().err == ""


# exact, schema


MARKOV = ["--set", "parameters.hits=0.3/day", "--set", "transitions.repair={when: bridge == down, rate: 1/day, then: {bridge: up}}"]  # noqa: E501  # fmt: skip


def test_exact_prints_probabilities(folder, capsys):
    assert main(["exact", "bridge.yaml", "--at", "2", *MARKOV]) == Exit.DONE
    shown = out(capsys)
    assert "2 states" in shown
    # 1 - exp(-0.6)
    assert "       2  Sun 8 Dec 2024 18:00 +03:00  0.4511883639" in shown
    assert main(["exact", "bridge.yaml", *MARKOV, "--json"]) == Exit.DONE
    found = printed(capsys)
    assert list(found) == ["states", "outcomes"]
    assert found["outcomes"]["hit"]["times_days"] == [1.0, 2.0, 4.0]
    assert found["outcomes"]["hit"]["cdf"][1] == pytest.approx(0.4511883639, abs=1e-9)


def test_exact_refuses_by_name_what_is_not_markov(folder, capsys):
    assert main(["exact", "bridge.yaml"]) == Exit.BAD_INPUT
    shown = capsys.readouterr().err
    assert "error[not-markov]: 'parameters.hits' is uncertain" in shown
    assert "'repair' takes a fixed time" in shown


def test_schema_is_json(capsys):
    assert main(["schema"]) == Exit.DONE
    schema = json.loads(out(capsys))
    assert "$schema" in schema
    assert main(["schema", "--json"]) == Exit.DONE
    assert printed(capsys) == schema
