"""``check``: statuses, what is said and written, time, baselines, and what is refused."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import pytest

from sim.cli.main import main
from sim.errors import Exit
from tests.studies.test_check import FALL

GOOD = FALL + "checks:\n  - {outcome: falls, by: 2 days, probability: [0.5, 0.75]}\n"
BAD = FALL + "checks:\n  - {outcome: falls, by: 2 days, probability: [0.8, 1]}\n"
#: The truth is an end of the interval: no number of replications decides.
OPEN = FALL + f"checks: [{{outcome: falls, by: 2 days, probability: [0, {-math.expm1(-1.0)}]}}]\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "wars").mkdir()
    for name, text in (("good", GOOD), ("bad", BAD), ("open", OPEN), ("plain", FALL)):
        (tmp_path / "wars" / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def as_json(capsys, *arguments: str) -> tuple[int, dict]:
    status = main(["check", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_what_passes_exits_with_0_and_is_told(files, capsys):
    assert main(["check", "wars/good.yaml"]) == Exit.DONE == 0
    assert capsys.readouterr().out.splitlines() == [
        "wars/good.yaml",
        "  passed    line 12: falls by 2 days: probability from 0.5 to 0.75",
        "            0.646 (95 %: 0.557 to 0.728), 384 replications",
        "",
        "1 check: 1 passed, 0 failed, 0 undecided",
    ]


def test_what_fails_exits_with_1(files, capsys):
    assert main(["check", "wars/bad.yaml"]) == Exit.CHECK_FAILED == 1
    assert "  failed    line 12: falls by 2 days" in capsys.readouterr().out


def test_what_is_undecided_exits_with_1_only_if_strict(files, capsys):
    arguments = ["check", "wars/open.yaml", "-n", "2000"]
    assert main(arguments) == Exit.DONE
    assert main([*arguments, "--strict"]) == Exit.CHECK_FAILED
    assert "1 undecided" in capsys.readouterr().out


def test_json_has_the_fields_that_are_promised(files, capsys):
    status, found = as_json(capsys, "wars", "-n", "2000")
    assert status == Exit.CHECK_FAILED
    assert (found["passed"], found["failed"], found["undecided"]) == (1, 1, 1)
    assert (found["complete"], found["false_alarms"], found["drift"]) == (True, 0.001, None)
    failed, passed, undecided = found["checks"]  # the file without checks is passed over
    assert passed == {
        "scenario": "wars/good.yaml",
        "file": "wars/good.yaml",
        "line": 12,
        "text": "falls by 2 days: probability from 0.5 to 0.75",
        "verdict": "passed",
        "estimate": passed["estimate"],
        "interval95": passed["interval95"],
        "replications": passed["replications"],
    }
    assert passed["interval95"][0] < passed["estimate"] < passed["interval95"][1]
    assert (failed["verdict"], undecided["verdict"]) == ("failed", "undecided")
    assert undecided["replications"] == 2_000


def test_what_is_infinite_or_unknown_is_null_in_json(files, capsys):
    text = FALL + "checks:\n  - {outcome: relief, quantile: 0.5, between: [0 days, 1 day]}\n"
    text += "  - {order: [falls, relief], probability: [0.5, 1]}\n"
    (files / "null.yaml").write_text(text, encoding="utf-8")
    _, found = as_json(capsys, "null.yaml", "-n", "300")
    quantile, order = found["checks"]
    assert (quantile["estimate"], quantile["interval95"]) == (None, [None, None])
    assert (order["estimate"], order["interval95"]) == (None, [0.0, 1.0])


def test_the_same_bytes_whatever_the_workers_and_the_engine(files, capsys):
    told = []
    for how in (["--workers", "1"], ["--workers", "3"], ["--engine", "reference"]):
        main(["check", "wars/good.yaml", "--junit", "j.xml", "--markdown", "m.md", "--json", *how])
        written = [(files / name).read_bytes() for name in ("j.xml", "m.md")]
        told.append((capsys.readouterr().out, *written))
    assert told[0] == told[1] == told[2]


def test_reports_are_written_where_one_wants_them(files, capsys):
    arguments = ["check", "wars", "-n", "2000", "--junit", "out/deep/j.xml", "--markdown", "m.md"]
    assert main([*arguments, "--github"]) == Exit.CHECK_FAILED
    suites = ElementTree.parse(files / "out" / "deep" / "j.xml").getroot()
    assert [suite.get("name") for suite in suites] == [
        "wars/bad.yaml", "wars/good.yaml", "wars/open.yaml",
    ]  # fmt: skip
    assert "**3 checks: 1 passed, 1 failed, 1 undecided**" in (files / "m.md").read_text("utf-8")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert lines[0].startswith("::error file=wars/bad.yaml,line=12,col=5,title=check failed::")
    assert lines[1].startswith("::warning file=wars/open.yaml,line=11,col=10,")
    assert len(lines) == 2


def test_annotations_leave_json_alone(files, capsys):
    main(["check", "wars/bad.yaml", "--github", "--json"])
    shown = capsys.readouterr()
    assert json.loads(shown.out)["failed"] == 1
    assert shown.err.startswith("::error file=wars/bad.yaml")


def test_a_budget_that_is_used_up_leaves_checks_undecided_and_says_so(files, capsys):
    status, found = as_json(capsys, "wars/good.yaml", "wars/open.yaml", "--budget", "0.0001s")
    assert (status, found["undecided"], found["complete"]) == (Exit.DONE, 2, False)
    assert main(["check", "wars/good.yaml", "--budget", "0.0001s"]) == Exit.DONE
    assert "nothing was run" in (shown := capsys.readouterr().out)
    assert shown.endswith("1 undecided; time ran out\n")
    assert main(["check", "wars/good.yaml", "--budget", "5min", "--strict"]) == Exit.DONE


def test_a_hard_check_takes_no_time_from_the_others(files, capsys):
    names = ("open", "good")
    status, found = as_json(
        capsys, *(f"wars/{name}.yaml" for name in names), "--budget", "2s", "-n", "1000000000"
    )
    assert [one["verdict"] for one in found["checks"]] == ["undecided", "passed"]
    assert 0 < found["checks"][0]["replications"] < 1_000_000_000
    assert (status, found["complete"]) == (Exit.DONE, False)


@pytest.mark.parametrize("budget", ["0s", "-1s", "soon", "5 days", "1e3s", "nan", ""])
def test_a_budget_is_a_length_of_time(files, capsys, budget):
    assert main(["check", "wars/good.yaml", f"--budget={budget}"]) == Exit.BAD_INPUT
    assert "is no length of time such as 60s or 5min" in capsys.readouterr().err


def test_changes_show_whether_the_checks_still_hold(files, capsys):
    changed = ["check", "wars/good.yaml", "--set", "parameters.pace=2/day"]
    assert main(changed) == Exit.CHECK_FAILED
    assert main(["check", "wars/good.yaml", "--set", "parameters.pace=0.55/day"]) == Exit.DONE
    capsys.readouterr()


# Baselines.


def test_a_baseline_finds_what_has_moved(files, capsys):
    baseline = ["check", "wars/plain.yaml", "--baseline", "ci/base.json"]
    assert main([*baseline, "--update-baseline"]) == Exit.DONE
    assert "1 scenario written to ci/base.json" in capsys.readouterr().err
    assert main(baseline) == Exit.DONE
    assert "nothing has drifted" in capsys.readouterr().out
    faster = [*baseline, "--set", "parameters.pace=0.6/day"]
    assert main(faster) == Exit.CHECK_FAILED
    assert "  drifted   wars/plain.yaml: falls by day" in capsys.readouterr().out
    status, found = as_json(capsys, *faster[1:])
    (one,) = found["drift"]["moved"]
    assert status == Exit.CHECK_FAILED
    assert one["outcome"] == "falls"
    assert one["difference"] == pytest.approx(one["now"] - one["before"])
    assert one["difference"] > 0.03
    assert main([*faster, "--update-baseline"]) == Exit.DONE
    assert main(faster) == Exit.DONE
    capsys.readouterr()


def test_an_updated_baseline_keeps_what_was_not_asked_for(files, capsys):
    for name in ("plain", "good"):
        main(["check", f"wars/{name}.yaml", "--baseline", "b.json", "--update-baseline"])
    capsys.readouterr()
    known = json.loads((files / "b.json").read_text("utf-8"))["scenarios"]
    assert list(known) == ["wars/good.yaml", "wars/plain.yaml"]
    _, found = as_json(capsys, "wars/plain.yaml", "wars/bad.yaml", "--baseline", "b.json")
    assert {one["file"] for one in found["drift"]["new"]} == {"wars/bad.yaml"}
    assert found["drift"]["moved"] == []


def test_time_that_is_up_compares_nothing_and_says_so(files, capsys):
    baseline = ["wars/plain.yaml", "--baseline", "b.json"]
    main(["check", *baseline, "--update-baseline", "--budget", "0.0001s"])  # done whatever it takes
    capsys.readouterr()
    status, found = as_json(capsys, *baseline, "--budget", "0.0001s")
    assert (status, found["complete"]) == (Exit.DONE, False)
    assert found["drift"]["not_compared"] == ["wars/plain.yaml"]
    assert main(["check", *baseline, "--budget", "0.0001s", "--strict"]) == Exit.CHECK_FAILED
    capsys.readouterr()


# What is refused.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wars/plain.yaml"], "no file has 'checks': wars/plain.yaml"),
        (["wars", "--update-baseline"], "--update-baseline needs --baseline FILE"),
        (["wars", "--baseline", "b.json"], "there is no baseline b.json"),
        (["wars", "--false-alarms", "0"], "0.0 is not in the range 0.0<x<1.0"),
        (["wars", "-n", "0"], "0 is not in the range x>=1"),
        (["empty"], "no .yaml file in empty"),
        ([], "Missing argument 'PATH...'"),
        (["wars", "--variant", "fast"], "no option '--variant'"),
    ],
)
def test_requests_that_make_no_sense(files, capsys, arguments, message):
    (files / "empty").mkdir()
    assert main(["check", *arguments]) == Exit.BAD_INPUT
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


def test_every_fault_of_every_file_is_told_and_nothing_is_run(files, capsys):
    for name in ("one", "two"):
        text = GOOD.replace("falls, by", "fals, by")
        (files / "wars" / f"{name}.yaml").write_text(text, encoding="utf-8")
    status, found = as_json(capsys, "wars")
    assert status == Exit.BAD_INPUT
    assert [(e["file"], e["line"], e["code"]) for e in found["errors"]] == [
        ("wars/one.yaml", 12, "unknown-outcome"), ("wars/two.yaml", 12, "unknown-outcome"),
    ]  # fmt: skip


def test_a_variant_that_does_not_fit_is_refused_with_its_place(files, capsys):
    text = FALL.replace("fast: {", "fast: {clock.horizon: 3 days, ")
    text += "checks:\n  - {compare: fast, outcome: falls, change: [0, 0.5]}\n"
    (files / "unfit.yaml").write_text(text, encoding="utf-8")
    assert main(["check", "unfit.yaml"]) == Exit.BAD_INPUT
    assert capsys.readouterr().err.startswith("unfit.yaml:12:5: error[bad-comparison]: the variant")


def test_a_file_that_is_not_there_is_refused(files, capsys):
    assert main(["check", "wars/none.yaml"]) == Exit.REFUSED
    assert "wars/none.yaml: No such file" in capsys.readouterr().err


def test_validate_counts_checks(files, capsys):
    assert main(["validate", "wars/good.yaml"]) == Exit.DONE
    assert "2 variants, 1 check" in capsys.readouterr().out


def test_an_interrupt_sums_up_the_files_that_are_done(files, capsys, monkeypatch):
    from sim.studies import check as checking

    whole = checking.check

    def stopped(scenario, **how):
        if scenario.name == "good":
            raise KeyboardInterrupt
        return whole(scenario, **how)

    monkeypatch.setattr(checking, "check", stopped)
    assert main(["check", "wars/bad.yaml", "wars/good.yaml"]) == Exit.INTERRUPTED
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == (
        "1 check: 0 passed, 1 failed, 0 undecided; interrupted: the other files are not judged"
    )
    assert main(["check", "wars/good.yaml"]) == Exit.INTERRUPTED
    assert "interrupted before there was a result" in capsys.readouterr().err


def test_the_help_states_the_defaults_of_the_study():
    from sim.cli.check import command
    from sim.studies.check import FALSE_ALARMS, MOST_REPLICATIONS

    defaults = {option.name: option.default for option in command.params}
    assert defaults["replications"] == MOST_REPLICATIONS
    assert defaults["false_alarms"] == FALSE_ALARMS
