"""Drift: what has moved since a baseline was written, told with by how much, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import sim
from sim.errors import UsageError
from sim.studies.drift import Sample, drift, name_in, read_baseline, sample, write_baseline
from tests.studies.test_check import FALL

SCENARIO = sim.loads(FALL, "fall.yaml")
BEFORE = sample(SCENARIO, seed=1, replications=2_000)


def moved(now: Sample, before: Sample = BEFORE, false_alarms: float = 0.001):
    return drift({"a": before}, {"a": now}, false_alarms)


def faster(pace: str, seed: int = 1) -> Sample:
    changed = sim.loads(FALL.replace("pace: 0.5 / day}\nt", f"pace: {pace}}}\nt"), "fall.yaml")
    return sample(changed, seed=seed, replications=2_000)


def test_a_sample_counts_what_has_come_by_each_report_time():
    times = sim.run(SCENARIO, replications=2_000).times("falls")
    assert BEFORE.days == tuple(float(day) for day in range(1, 11))
    assert BEFORE.counts["falls"] == tuple(int((times <= day).sum()) for day in BEFORE.days)
    assert BEFORE.counts["relief"] == (0,) * 10


def test_the_same_again_has_not_moved():
    again = sample(SCENARIO, seed=1, replications=2_000, workers=1)
    assert again == BEFORE
    assert not moved(again).is_any


def test_another_seed_is_no_drift():
    assert not moved(sample(SCENARIO, seed=2, replications=2_000)).is_any


def test_what_has_moved_is_told_once_with_by_how_much():
    found = moved(faster("0.7 / day"))
    (one,) = found.moves
    assert (one.file, one.outcome) == ("a", "falls")
    assert one.now - one.before > 0.05
    assert one.p < 1e-6
    assert not one.had_to_be_equal
    surest = int(np.argmin([m.p for m in found.moves]))
    assert found.moves[surest] is one


def test_a_single_count_is_drift_where_nothing_has_changed():
    counts = {
        **BEFORE.counts,
        "falls": (BEFORE.counts["falls"][0] + 1, *BEFORE.counts["falls"][1:]),
    }
    (one,) = moved(replace(BEFORE, counts=counts)).moves
    assert (one.days, one.p, one.had_to_be_equal) == (1.0, 0.0, True)
    for change in ({"made_with": "another machine"}, {"numbers": 99}, {"net": "sha256:0"}):
        assert not moved(replace(BEFORE, counts=counts, **change)).is_any


def test_outcomes_that_come_and_go():
    counts = {"falls": BEFORE.counts["falls"], "lost": (1,) * 10}
    found = drift({"a": BEFORE}, {"a": replace(BEFORE, counts=counts), "b": BEFORE}, 0.001)
    assert found.gone == (("a", "stands"), ("a", "relief"))
    assert found.new == (("a", "lost"), ("b", "falls"), ("b", "stands"), ("b", "relief"))
    assert found.is_any
    assert not drift({"a": BEFORE, "c": BEFORE}, {"a": BEFORE}, 0.001).is_any  # c was not asked for


def test_only_days_that_both_have_are_compared():
    later = replace(BEFORE, days=tuple(day + 0.5 for day in BEFORE.days), net="sha256:0")
    assert not moved(later).is_any


@pytest.mark.statistical
def test_hardly_ever_is_anything_told_that_has_not_moved():
    """100 pairs of samples of one law, at a rate of 0.2; the planted fault compares each by itself.

    Fisher's test and Holm's procedure are cautious: what they tell must be at most 0.2 at 4
    standard errors. Without Holm's procedure twenty outcomes, ten days each, exceed it.
    """
    random = np.random.default_rng(11)

    def one_of(n: int) -> Sample:
        days = random.integers(1, 11, size=(20, n))
        counts = {
            f"o{j}": tuple(int((days[j] <= day).sum()) for day in range(1, 11)) for j in range(20)
        }
        return replace(BEFORE, counts=counts, replications=n, net=str(random.random()))

    pairs = [(one_of(200), one_of(200)) for _ in range(100)]
    most = 0.2 * 100 + 4.0 * np.sqrt(100 * 0.2 * 0.8)
    assert sum(moved(b, a, 0.2).is_any for a, b in pairs) <= most
    alone = sum(
        any(
            moved(
                replace(b, counts={o: b.counts[o]}), replace(a, counts={o: a.counts[o]}), 0.2
            ).moves
            for o in b.counts
        )
        for a, b in pairs
    )
    assert alone > most


# The file.


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "deep" / "baseline.json"
    write_baseline(path, {"b.yaml": BEFORE, "a.yaml": faster("1 / day")})
    assert read_baseline(path) == {"b.yaml": BEFORE, "a.yaml": faster("1 / day")}
    text = path.read_text(encoding="utf-8")
    assert list(json.loads(text)["scenarios"]) == ["a.yaml", "b.yaml"]
    assert '    "falls": [' in text  # an outcome a line
    write_baseline(path, read_baseline(path))
    assert path.read_text(encoding="utf-8") == text


def test_a_scenario_goes_by_its_way_from_the_baseline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in ("scenarios/a.yaml", "./scenarios/a.yaml", str(tmp_path / "scenarios" / "a.yaml")):
        assert name_in(tmp_path / "baseline.json", given) == "scenarios/a.yaml"
    assert name_in(tmp_path / "ci" / "baseline.json", "a.yaml") == "../a.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 1, "scenarios": {"a": 3}}',
        '{"format": 1, "scenarios": {"a": {"counts": {"o": [1]}, "days": [1, 2], "net": "", '
        '"numbers": 1, "made_with": "", "seed": 1, "replications": 10}}}',
        '{"format": 1, "scenarios": {"a": {"counts": {"o": [11]}, "days": [1], "net": "", '
        '"numbers": 1, "made_with": "", "seed": 1, "replications": 10}}}',
        "\u00fc\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path, text):
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"baseline\.json is no baseline"):
        read_baseline(path)


def test_bytes_that_are_no_text_and_formats_to_come_are_refused(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(UsageError, match="is no baseline"):
        read_baseline(path)
    path.write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(UsageError, match="is a baseline of format 2, not 1"):
        read_baseline(path)
    with pytest.raises(UsageError, match="there is no baseline"):
        read_baseline(tmp_path / "other.json")
