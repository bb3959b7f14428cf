"""Checks of a file: read, kept, and never part of a run; the corpus has what is wrong with them."""

from __future__ import annotations

import pytest

import sim
from sim.errors import ScenarioError
from sim.scenario.checks import (
    ChangeCheck,
    DriverCheck,
    OrderCheck,
    ProbabilityCheck,
    QuantileCheck,
)
from tests.studies.scenarios import BRIDGE

DAY = 86_400.0
CHECKS = """
checks:
  - {outcome: hit, by: 2024-12-07T18:00+03:00, probability: [1/8, 0.5]}
  - {outcome: hit, quantile: 0.5, between: [12 h, 3 days], note: nothing reads this}
  - {order: [hit, never], probability: [0.9, 1]}
  - {compare: safe, outcome: hit, by: 3 days, change: [-1, 0]}
"""


def test_they_are_kept_with_the_scenario():
    by_date, quantile, order, change = sim.loads(BRIDGE + CHECKS, "a.yaml").checks
    assert isinstance(by_date, ProbabilityCheck)
    assert (by_date.outcome, by_date.by, by_date.inside) == ("hit", DAY, (0.125, 0.5))
    assert (by_date.position.line, by_date.position.column, by_date.path) == (21, 5, "checks.1")
    assert by_date.text == "hit by 2024-12-07T18:00+03:00: probability from 1/8 to 0.5"
    assert isinstance(quantile, QuantileCheck)
    assert (quantile.share, quantile.inside) == (0.5, (0.5 * DAY, 3.0 * DAY))
    assert quantile.text == "hit: quantile 0.5 from 12 h to 3 days"
    assert isinstance(order, OrderCheck)
    assert (order.outcomes, order.by) == (("hit", "never"), None)
    assert order.text == "hit, then never: probability from 0.9 to 1"
    assert isinstance(change, ChangeCheck)
    assert (change.variant, change.outcome, change.by) == ("safe", "hit", 3 * DAY)
    assert change.inside == (-1.0, 0.0)
    assert change.text == "safe: hit by 3 days changes by -1 to 0"


def test_a_driver_is_kept_with_the_scenario():
    text = BRIDGE.replace("hits: {uniform", "calm: {uniform: [0, 1]}\n  hits: {uniform")
    text += "checks: [{driver: parameters.hits, outcome: hit, by: 3 days, top: 1}]\n"
    (driver,) = sim.loads(text, "a.yaml").checks
    assert isinstance(driver, DriverCheck)
    assert (driver.driver, driver.outcome, driver.by) == ("parameters.hits", "hit", 3 * DAY)
    assert (driver.top, driver.text) == (
        1,
        "parameters.hits: among the first 1 that drive hit by 3 days",
    )


def test_no_run_reads_them(tmp_path):
    """The net, a result's name and every byte of its numbers are what they are without them."""
    plain, held = sim.loads(BRIDGE, "a.yaml"), sim.loads(BRIDGE + CHECKS, "a.yaml")
    assert held.net == plain.net
    results = []
    for name, scenario in (("plain", plain), ("held", held)):
        folder = sim.run(scenario, replications=500, out=tmp_path / name).folder
        parts = sorted(folder.rglob("*.parquet"))
        results.append((folder.name, [(part.name, part.read_bytes()) for part in parts]))
    assert results[0] == results[1]


def test_they_are_about_the_file_as_it_stands():
    assert sim.loads(BRIDGE + CHECKS, variant="safe").checks == ()
    assert sim.loads(BRIDGE + CHECKS).variant("safe").checks == ()
    assert len(sim.loads(BRIDGE + CHECKS, set={"clock.horizon": "5 days"}).checks) == 4
    with pytest.raises(ScenarioError, match="'checks' cannot be set"):
        sim.loads(BRIDGE + CHECKS, set={"checks": []})


def test_a_variant_may_drop_what_only_the_file_itself_is_asked():
    text = BRIDGE.replace("variants:", "variants:\n  mute: {outcomes.hit: null}") + CHECKS
    assert len(sim.loads(text).checks) == 4


def test_they_come_with_the_file_that_is_extended(tmp_path):
    (tmp_path / "base.yaml").write_text(BRIDGE + CHECKS, encoding="utf-8")
    (tmp_path / "same.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    (tmp_path / "own.yaml").write_text(
        "extends: base.yaml\nchecks: [{outcome: hit, probability: [0.1, 0.9]}]\n", encoding="utf-8"
    )
    same = sim.load(tmp_path / "same.yaml").checks
    assert [check.position.line for check in same] == [21, 22, 23, 24]
    assert {check.position.file for check in same} == {str(tmp_path / "base.yaml")}
    (own,) = sim.load(tmp_path / "own.yaml").checks
    assert own.position.file == str(tmp_path / "own.yaml")


def test_every_fault_of_every_check_is_told_at_once():
    wrong = """
checks:
  - {outcome: hti, by: 9 days, probability: [2, 1]}
  - {order: [hit, [never], hit], probability: [0.9, x]}
  - {compare: saf, outcome: hit, by: [1 day], change: [0.1, 0.1]}
  - {outcome: hit, quantile: 0, between: 3 days}
"""
    with pytest.raises(ScenarioError) as caught:
        sim.loads(BRIDGE + wrong)
    assert [(d.code, d.path) for d in caught.value.diagnostics] == [
        ("unknown-outcome", "checks.1.outcome"),
        ("beyond-horizon", "checks.1.by"),
        ("out-of-range", "checks.1.probability"),
        ("wrong-type", "checks.2.order"),
        ("bad-check", "checks.2.order"),
        ("unknown-name", "checks.2.probability"),
        ("unknown-variant", "checks.3.compare"),
        ("wrong-type", "checks.3.by"),
        ("empty-interval", "checks.3.change"),
        ("out-of-range", "checks.4.quantile"),
        ("wrong-type", "checks.4.between"),
    ]


def test_a_check_that_a_variant_does_not_fit_is_told_with_the_variants():
    text = BRIDGE.replace(", report: [1 day, 2 days, 4 days]", "")
    text = text.replace("safe: {", "safe: {clock.horizon: 2 days, ") + CHECKS
    with pytest.raises(ScenarioError, match="it ends on day 2, the check looks at day 3") as caught:
        sim.loads(text)
    assert [(d.code, d.position.line) for d in caught.value.diagnostics] == [("bad-comparison", 24)]
    assert len(sim.loads(text.replace("by: 3 days, ch", "by: 2 days, ch")).checks) == 4
