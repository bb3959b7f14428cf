"""``gradient`` on the command line: what it says, what it prints, what it refuses."""

from __future__ import annotations

import json

import pytest

from sim.cli.main import main
from sim.errors import Exit
from tests.studies.scenarios import BRIDGE

pytestmark = pytest.mark.usefixtures("folder")
GRADIENT = ["gradient", "bridge.yaml", "-n", "200"]


def test_it_says_what_a_tenth_more_of_an_input_does(capsys):
    assert main(GRADIENT) == Exit.DONE
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("A bridge under fire")
    assert "The bridge is hit (hit) by day 4: " in shown.out
    assert "  input                value  per +10 %  Monte Carlo 95 %  per unit" in lines
    [row] = [line for line in lines if line.startswith("  parameters.hits")]
    assert "/day" in row
    assert "+" in row
    assert "never by day 4: < 1 %\n  all replications have it, or none has: no" in shown.out
    assert "200 replications, seed 1. Per +10 %" in shown.out
    assert all(len(line) <= 80 for line in lines)
    assert "200 replications, scored in" in shown.err


def test_json_has_every_figure(capsys):
    assert main([*GRADIENT, "--json", "--outcome", "hit", "--at", "2"]) == Exit.DONE
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == ""
    assert (found["scenario"], found["days"], found["replications"]) == ("bridge", 2.0, 200)
    assert list(found["gradients"]) == list(found["probabilities"]) == ["hit"]
    [row] = found["gradients"]["hit"]
    assert list(row) == [
        "input", "unit", "value", "drawn", "gradient", "interval95", "log_gradient",
        "log_interval95", "elasticity", "telling",
    ]  # fmt: skip
    assert (row["input"], row["unit"], row["drawn"]) == ("parameters.hits", "1/day", True)
    assert 0.2 < row["value"] < 0.4
    assert row["interval95"][0] < row["gradient"] < row["interval95"][1]


def test_what_is_refused_is_listed_or_an_error_where_it_was_asked_for(folder, capsys):
    text = BRIDGE.replace("after: 1 day", "after: slow").replace(
        "parameters:", "parameters:\n  slow: {uniform: [1 day, 2 days]}"
    )
    (folder / "slow.yaml").write_text(text, encoding="utf-8")
    assert main(["gradient", "slow.yaml", "-n", "20", "-q"]) == Exit.DONE
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "no gradient by 'parameters.slow': the amount of work of 'repair'" in shown.out
    asked = ["gradient", "slow.yaml", "--input", "parameters.slow"]
    assert main(asked) == Exit.BAD_INPUT
    said = capsys.readouterr().err
    assert "slow.yaml:12:41: error[no-gradient]: no gradient by 'parameters.slow'" in said
    assert "= help: a difference says it: compare with a variant" in said
    assert main([*asked, "--json"]) == Exit.BAD_INPUT
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert (error["code"], error["line"]) == ("no-gradient", 12)


def test_a_gradient_that_says_little_points_to_differences(capsys):
    assert main(["gradient", "bridge.yaml", "-n", "12", "--outcome", "hit"]) == Exit.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "?: says little" in shown
    assert "A difference under common random numbers may say more: compare the file" in shown


def test_a_fault_of_a_replication_has_its_place(capsys):
    assert main(["gradient", "faulty.yaml"]) == Exit.BAD_INPUT
    assert "faulty.yaml:6:30: error[run-fault]: the pace is negative" in capsys.readouterr().err


def test_numbers_without_a_name_are_no_inputs(folder, capsys):
    text = BRIDGE.replace("rate: hits", "rate: 0.3 / day")
    text = text.replace("parameters:\n  hits: {uniform: [0.2 / day, 0.4 / day]}\n", "")
    text = text[: text.index("variants:")]
    (folder / "plain.yaml").write_text(text, encoding="utf-8")
    assert main(["gradient", "plain.yaml", "-n", "20"]) == Exit.DONE
    assert "no input: a number has to have a name" in capsys.readouterr().out


def test_an_interrupt_leaves_no_result(monkeypatch, capsys):
    def stopped(*arguments: object, **how: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.studies.scores.hand_on", stopped)
    assert main(GRADIENT) == Exit.INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "interrupted before there was a result" in shown.err
