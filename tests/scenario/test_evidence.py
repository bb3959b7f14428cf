"""Reports and resolutions: read, checked, kept, and never part of a run."""

from __future__ import annotations

import pytest

import sim
from sim.errors import ScenarioError
from tests.studies.scenarios import BRIDGE

EVIDENCE = """
reports:
  - {claim: bridge == down, grade: C3, origin: monitors, at: 2024-12-06T17:00+03:00, text: The bridge is down}
  - {claim: hits, value: {interval90: [0.1 / day, 0.5 / day]}, grade: B2}
resolved:
  hit: {between: [2024-12-07T20:00+03:00, 2024-12-08T02:20+03:00], rule: seen from the air}
  never: {not_by: 2024-12-20T18:00+03:00}
"""  # noqa: E501


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        sim.loads(BRIDGE + text)
    return [(d.code, d.path) for d in caught.value.diagnostics]


def test_they_are_kept_with_the_scenario():
    evidence = sim.loads(BRIDGE + EVIDENCE).evidence
    said, number = evidence.reports
    assert (said.claim, said.grade, said.origin) == ("bridge == down", "C3", "monitors")
    assert said.at is not None
    assert said.at.isoformat() == "2024-12-06T17:00:00+03:00"
    assert (number.claim, number.at) == ("hits", None)
    hit, never = evidence.resolved
    assert hit.earliest is not None
    assert hit.latest is not None
    assert hit.earliest < hit.latest
    assert hit.rule == "seen from the air"
    assert never.not_by is not None
    assert never.latest is None
    (void,) = sim.loads(BRIDGE + "resolved: {hit: void}").evidence.resolved
    assert void.is_void
    (at,) = sim.loads(BRIDGE + "resolved: {hit: 2024-12-08T02:20+03:00}").evidence.resolved
    assert at.earliest == at.latest is not None


def test_no_run_reads_them(tmp_path):
    """The net and every byte of its results are what they are without them."""
    plain, known = sim.loads(BRIDGE, "a.yaml"), sim.loads(BRIDGE + EVIDENCE, "a.yaml")
    assert known.net == plain.net
    results = []
    for name, scenario in (("plain", plain), ("known", known)):
        folder = sim.run(scenario, replications=500, out=tmp_path / name).folder
        parts = sorted(folder.rglob("*.parquet"))
        results.append([(part.name, part.read_bytes()) for part in parts])
    assert results[0] == results[1]
    changed = EVIDENCE.replace("C3", "A1").replace("2024-12-08T02:20", "2024-12-09T02:20")
    assert sim.loads(BRIDGE + changed, "a.yaml").net == plain.net


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reports: 3", ("wrong-type", "reports")),
        ("reports: [{grade: C3}]", ("missing-field", "reports.1.claim")),
        ("reports: [{claim: bridge == down}]", ("missing-field", "reports.1.grade")),
        ("reports: [{claim: bridge == dwn, grade: C3}]", ("unknown-label", "reports.1.claim")),
        ("reports: [{claim: bridge == down, grade: G3}]", ("bad-remark", "reports.1.grade")),
        ("reports: [{claim: strike.fired > 0, grade: C3}]", ("bad-claim", "reports.1.claim")),
        ("reports: [{claim: hit, grade: C3}]", ("not-readable", "reports.1.claim")),
        (
            "reports: [{claim: bridge == down, grade: C3, at: 2024-12-07T17:00+03:00}]",
            ("after-as-of", "reports.1.at"),
        ),
        ("resolved: [hit]", ("wrong-type", "resolved")),
        ("resolved: {hti: void}", ("unknown-outcome", "resolved.hti")),
        ("resolved: {hit: {rule: x}}", ("bad-resolution", "resolved.hit")),
        ("resolved: {hit: soon}", ("bad-instant", "resolved.hit")),
        (
            "resolved: {hit: {between: [2024-12-08T02:20+03:00, 2024-12-07T02:20+03:00]}}",
            ("bad-resolution", "resolved.hit.between"),
        ),
    ],
)
def test_what_is_wrong_with_them(text, expected):
    assert expected in faults(text)
