"""What shipped scenarios are held to: teaching ones to what is known, historical ones to less.

`make check` judges them; here it is looked at what they are.
"""

from functools import cache
from pathlib import Path

import pytest

import sim
from docs.library import LIBRARY
from sim.scenario.checks import ChangeCheck, OrderCheck, ProbabilityCheck, QuantileCheck
from sim.studies.check import FAILED, check

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
HISTORICAL = [path for path in SHIPPED if path.stem in LIBRARY or path.stem.startswith("homs")]
MARKOV = ("four_cities", "gamblers_ruin", "machine_repair", "repairable_bridge", "lanchester_duel")


@cache
def loaded(path: Path) -> sim.Scenario:
    return sim.load(path, check_variants=False)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_scenario_has_checks(path):
    assert loaded(path).checks


@pytest.mark.parametrize("path", HISTORICAL, ids=lambda path: path.stem)
def test_a_case_whose_end_is_known_is_held_to_no_level_and_no_date(path):
    assert len(HISTORICAL) == 11
    for one in loaded(path).checks:
        assert isinstance(one, OrderCheck | ChangeCheck)
        if isinstance(one, ChangeCheck):
            assert one.inside[0] == -1.0 or one.inside[1] == 1.0  # a direction, not a size


@pytest.mark.parametrize("name", MARKOV)
def test_what_is_known_lies_inside_with_room_on_both_sides(name):
    scenario = loaded(next(path for path in SHIPPED if path.stem == name))
    for one in scenario.checks:
        if isinstance(one, ProbabilityCheck):
            days = (scenario.clock.horizon if one.by is None else one.by) / 86_400
            (p,) = sim.exact(scenario, at=[days]).cdf(one.outcome)
            assert one.inside[0] + 0.01 < p < one.inside[1] - 0.01
        if isinstance(one, QuantileCheck):
            early, late = sim.exact(scenario, at=[t / 86_400 for t in one.inside]).cdf(one.outcome)
            assert early + 0.01 < one.share < late - 0.01


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gamblers_ruin", {"parameters.win": 0.5}),
        ("repairable_bridge", {"parameters.hits": "0.25/day"}),
        ("lanchester_duel", {"variables.blue.initial": 11}),
        ("machine_repair", {"parameters.repair": "1.3/day"}),
        ("pert_network", {"transitions.load.after": "2 days"}),
        ("running_dry", {"transitions.contact_begins.rate": "1/(5 days)"}),
    ],
)
def test_a_changed_number_fails_them(name, change):
    """The checks have power: what a slip of the pen would do is noticed."""
    path = next(path for path in SHIPPED if path.stem == name)
    verdicts = check(sim.load(path, set=change), replications=5_000)
    assert FAILED in {one.verdict for one in verdicts.judged}
