"""JUnit XML, Markdown and annotations: what they say, and that texts of files stay data in them."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

import sim
from sim.errors import Position
from sim.report.junit import annotated, found, junit, markdown, moved, summed_up
from sim.scenario.checks import ChangeCheck, DriverCheck, ProbabilityCheck, QuantileCheck
from sim.studies.check import FAILED, PASSED, UNDECIDED, Judged, Verdicts
from sim.studies.drift import Drift, Move
from tests.studies.test_check import FALL

NASTY = 'a<b>&"]]>|`*_[x](y)::error::%0A\x1b[31m\u202e\n\ud800\ufffe::set-output'
WHERE = Position("wars/a,b:c%.yaml", 7, 5)
SHARE = ProbabilityCheck(
    WHERE, "checks.1", "falls: probability from 0.1 to 0.9", "falls", None, (0.1, 0.9)
)
QUANTILE = QuantileCheck(WHERE, "checks.2", NASTY, "falls", 0.5, (1.0, 2.0))
CHANGE = ChangeCheck(
    WHERE, "checks.3", "fast: falls changes by 0 to 1", "fast", "falls", None, (0, 1)
)
JUDGED = (
    Judged(SHARE, PASSED, 0.51234, 0.45, 0.56, 1_234),
    Judged(QUANTILE, FAILED, 3.25, 2.5, math.inf, 128),
    Judged(CHANGE, UNDECIDED, -0.001, -0.01, 0.02, 100_000),
)
VERDICTS = [Verdicts(sim.loads(FALL, "wars/a.yaml"), JUDGED)]
DRIFT = Drift(
    moves=(
        Move("wars/a.yaml", "falls", 2.5, 0.742, 0.68, 1e-9),
        Move("b", NASTY, 1, 0.5, 0.6, 0.0, True),
    ),
    gone=(("wars/a.yaml", "relief"),),
)


def test_what_was_found_in_words():
    assert [found(one) for one in JUDGED] == [
        "0.512 (95 %: 0.450 to 0.560), 1,234 replications",
        "day 3.25 (95 %: day 2.5 to beyond the horizon), 128 replications",
        "-0.001 (95 %: -0.010 to +0.020), 100,000 replications",
    ]
    assert found(Judged(SHARE, UNDECIDED, math.nan, 0.0, 1.0, 0)) == "nothing was run"
    never = found(Judged(SHARE, UNDECIDED, math.nan, 0.0, 1.0, 500))
    assert never == "never told: the last did not come in 500 replications"
    driver = DriverCheck(WHERE, "checks.4", "x", "parameters.a", "falls", None, 3)
    told = found(Judged(driver, PASSED, 2.0, 1.0, 3.0, 1_168))
    assert told == "rank 2 (95 %: rank 1 to rank 3), 1,168 replications"
    never = found(Judged(driver, UNDECIDED, math.nan, math.nan, math.nan, 500))
    assert never == "never told: too little came in 500 replications"
    assert moved(DRIFT.moves[0]) == "falls by day 2.5: 74.2 % -> 68.0 %, -6.2 points"
    assert moved(DRIFT.moves[1]).endswith("though nothing has changed that numbers depend on")


def test_totals_in_a_line():
    assert summed_up(VERDICTS) == "3 checks: 1 passed, 1 failed, 1 undecided"
    assert summed_up(VERDICTS, Drift()).endswith(", nothing has drifted")
    assert summed_up(VERDICTS, DRIFT).endswith(", 3 drifted")
    late = [Verdicts(VERDICTS[0].scenario, JUDGED, is_out_of_time=True)]
    assert summed_up(late).endswith("; time ran out")
    assert summed_up(VERDICTS, Drift(not_compared=("a",))).endswith("; time ran out")


def test_junit_has_a_case_for_each_check():
    root = ElementTree.fromstring(junit(VERDICTS, DRIFT))
    checks, drifted = root
    assert checks.attrib == {
        "name": "wars/a.yaml", "tests": "3", "errors": "0", "failures": "1", "skipped": "1",
    }  # fmt: skip
    assert drifted.get("failures") == "3"
    passed, failed, undecided = checks
    assert (passed.get("file"), passed.get("line")) == (WHERE.file, "7")
    assert passed.get("name") == SHARE.text
    assert [child.tag for child in passed] == ["system-out"]
    assert failed.find("failure").get("message") == found(JUDGED[1])
    assert undecided.find("skipped").get("message") == f"undecided: {found(JUDGED[2])}"
    (nothing,) = ElementTree.fromstring(junit([], Drift()))[0]
    assert nothing.get("name") == "nothing has drifted"


def test_junit_takes_any_text_as_data():
    (checks, drifted) = ElementTree.fromstring(junit(VERDICTS, DRIFT))
    name = checks[1].get("name")
    assert name.startswith('a<b>&"]]>|`*_[x](y)::error::%0A\\x1b[31m\\u202e\\n\\ud800\\ufffe')
    assert [len(case) for case in checks] == [1, 1, 1]
    assert len(drifted) == 3


def test_markdown_has_a_row_for_each_check_and_says_its_rate():
    text = markdown(VERDICTS, DRIFT, false_alarms=0.001)
    rows = [line for line in text.splitlines() if re.match(r"\| [✅❌❔]", line)]
    assert [row.split(" | ")[0] for row in rows] == [
        "| ✅ passed", "| ❌ failed", "| ❔ undecided",
    ]  # fmt: skip
    assert "at most 0.1 % of seeds" in text
    assert "- wars/a.yaml: falls by day 2.5: 74.2 % -\\> 68.0 %, -6.2 points" in text
    assert "relief is gone from the file" in text


def test_markdown_takes_any_text_as_data():
    text = markdown(VERDICTS, DRIFT, false_alarms=0.001)
    (row,) = (line for line in text.splitlines() if line.startswith("| ❌"))
    assert row.count(" | ") == 3
    unescaped = re.sub(r"\\.", "", row)
    assert not set("<>`*_[]&") & set(unescaped)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_annotations_have_file_and_line():
    failed, undecided, *drifted = annotated(VERDICTS, DRIFT)
    place = "file=wars/a%2Cb%3Ac%25.yaml,line=7,col=5"
    assert failed.startswith(f"::error {place},title=check failed::a<b>&")
    assert undecided.startswith(f"::warning {place},title=check undecided::fast: falls changes")
    assert drifted[0].startswith("::error file=wars/a.yaml,title=drift::falls by day 2.5: 74.2 %25")
    assert len(drifted) == 3


@pytest.mark.parametrize("line", list(annotated(VERDICTS, DRIFT)))
def test_no_text_ends_an_annotation(line):
    assert line.isprintable()
    assert line.startswith(("::error ", "::warning "))
    assert "%0A" not in line.replace("%250A", "")
