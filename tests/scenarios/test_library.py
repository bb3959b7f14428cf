"""Past wars: what a file may know, one set of defaults, structure, and the page that shows them.

Nothing here holds the level or the date of a forecast. Figures of the page are compared with the
first replications of the same ensembles, at 5 standard errors: a false alarm in a million a figure.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import yaml

import sim
from docs.library import LIBRARY, PAGE, ROOT, Fate, fates, load
from sim.engines.driver import run_ensemble
from sim.net.expr import Const
from sim.world.mechanisms.registry import BY_KIND
from sim.world.quantities import MARK
from sim.world.specs import FactionSpec, PlaceSpec, RouteSpec
from tests.engines.test_identity import differences

N = 400
K = 5.0
#: What must come before what, for there is no other way there.
ORDER = {
    "mosul_2014": [("baghdad_attacked", "baghdad_falls"), ("kirkuk_lost", "kirkuk_to_kurds")],
    "kabul_2021": [
        ("five_lost", "half_lost"),
        ("half_lost", "nearly_all_lost"),
        ("kabul_cut_off", "kabul_falls"),
    ],
    "addis_2021": [("port_cut", "mille_falls")],
}

scenario = cache(load)


@cache
def ensemble(name: str) -> sim.Ensemble:
    return sim.run(scenario(name), replications=N, seed=1)


@cache
def raw(name: str) -> dict:
    # A base loader: every scalar is text, as the program itself reads it.
    text = (ROOT / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.CBaseLoader)


each = pytest.mark.parametrize("name", LIBRARY)


# What a file may know.


@each
def test_a_file_brings_no_warnings(name):
    checked = scenario(name)
    assert checked.warnings == ()
    assert checked.question
    assert all(outcome.label for outcome in checked.net.outcomes)
    assert 2 <= len(checked.variants) <= 3


@each
def test_nothing_that_a_run_reads_was_published_later(name):
    of = scenario(name)
    dated = {key: source.public for key, source in of.sources.items() if source.public}
    assert max(dated.values()) <= of.clock.as_of == of.clock.start
    undated = of.sources.keys() - dated.keys()
    read = {
        key: section for key, section in raw(name).items() if key not in ("sources", "resolved")
    }
    cited = set(re.findall(r"'source': '(\w+)'", str(read)))
    assert not undated & cited
    assert dated.keys() == cited, "a source that nothing cites"


@each
def test_it_says_what_happened_by_which_rule_and_on_whose_word(name):
    of = scenario(name)
    assert of.evidence.resolved
    for one in of.evidence.resolved:
        assert one.rule, one.outcome
        assert of.sources[one.source].public is None, one.outcome
        days = [(when - of.clock.start).total_seconds() / 86_400
                for when in (one.earliest, one.latest, one.not_by) if when]  # fmt: skip
        assert days, one.outcome
        assert 0 <= min(days) <= max(days) <= of.clock.horizon / 86_400, one.outcome


# One set of defaults.


def shared(model) -> set[str]:
    """Return the keys of a model that no file of the library may state."""
    keys = {key: field.json_schema_extra or {} for key, field in model.model_fields.items()}
    everywhere = getattr(model, "EVERY", "")
    return {key for key, extra in keys.items() if extra.get(MARK) == "C" or everywhere} - {
        "kind",
        "off",
    }


def stated(document: dict) -> set[str]:
    """Return where a file states what is shared."""
    found = set()
    sections = {"factions": FactionSpec, "places": PlaceSpec, "routes": RouteSpec}
    for section, of in ((s, document[s]) for s in (*sections, "processes")):
        for name, written in of.items():
            model = sections.get(section) or BY_KIND[written["kind"]]
            found |= {f"{section}.{name}.{key}" for key in shared(model) & written.keys()}
    return found


@each
def test_only_a_variant_changes_a_default_that_all_share(name):
    assert stated(raw(name)) == set()


def test_a_file_that_tunes_is_found():
    document = {**raw("kobani_2014")}
    document["processes"] = {
        **document["processes"],
        "tuned": {"kind": "collapse", "shock_rate": "0.1 / day"},
        "quick": {"kind": "advance", "pace": "90 km/day"},
    }
    document["factions"] = {**document["factions"], "isis": {"resolve": "3"}}
    assert stated(document) == {
        "processes.tuned.shock_rate", "processes.quick.pace", "factions.isis.resolve",
    }  # fmt: skip


@each
def test_no_default_rests_on_the_war_in_syria_of_2024(name):
    own = scenario(name).sources.keys()
    for given in scenario(name).inputs:
        assert given.note.source in own or "syria" not in given.note.source.casefold(), given.path


# Structure and direction.


@each
def test_engines_agree(name):
    """For a week, which takes the reference a second; to the end by ``make stats``."""
    net, n = scenario(name).net, 20
    if os.environ.get("STATS") != "long":
        week = 7 * 86_400.0
        net = replace(net, horizon=Const(week), grid=tuple(t for t in net.grid if t <= week))
        n = 2
    reference = run_ensemble(net, engine="reference", seed=3, replications=n)
    compiled = run_ensemble(net, engine="compiled", seed=3, replications=n, workers=2, chunk=1)
    assert differences(reference, compiled) == []


@pytest.mark.parametrize(
    ("name", "first", "then"), [(name, *pair) for name, pairs in ORDER.items() for pair in pairs]
)
def test_what_must_come_first_comes_first(name, first, then):
    times, later = ensemble(name).times(first), ensemble(name).times(then)
    came = np.isfinite(later)
    assert came.any()
    assert (times[came] <= later[came]).all()


@each
def test_nothing_is_certain_at_the_start_and_each_fall_has_a_cause(name):
    for outcome in scenario(name).net.outcomes:
        times = ensemble(name).times(outcome.name)
        assert not (times == 0.0).any(), outcome.name
        assert np.isfinite(times).any(), f"{outcome.name} can never come"
        assert (ensemble(name).causes(outcome.name) != "").sum() == np.isfinite(times).sum()


# The page.


def percent(cell: str) -> tuple[float, float]:
    """Return a figure of the page and how far it may be rounded."""
    number = float(re.findall(r"\d+", cell)[0]) / 100
    return ((0.0 if number < 0.5 else 1.0), 0.005) if cell[0] in "<>" else (number, 0.005)


def wrong(text: str) -> list[str]:
    """Return what the page shows otherwise than the first replications do."""
    found = []
    for name, section in zip(LIBRARY, text.split("\n## ")[1:], strict=False):
        of, lines = scenario(name), [x for x in section.splitlines() if x.startswith("| ")]
        known = list(fates(of))
        if f"scenarios/{name}.yaml" not in section or len(lines) != len(known) + 2:
            found.append(name)
            continue
        for fate, line in zip(known, lines[2:], strict=True):
            found += differing(name, fate, [cell.strip() for cell in line.split("|")[1:-1]])
    return found


def differing(name: str, fate: Fate, cells: list[str]) -> list[str]:
    horizon = scenario(name).clock.horizon / 86_400
    found = [] if cells[0] == fate.label else [cells[0]]
    for cell, by in ((cells[2], min(fate.latest, horizon)), (cells[3], horizon)):
        shown, rounded = percent(cell)
        error = math.sqrt(max(shown * (1 - shown), 0.01) / N)
        if abs(ensemble(name).probability(fate.outcome, by).value - shown) > K * error + rounded:
            found.append(f"{fate.label}: {cell}")
    return found


def test_the_page_shows_what_comes_out():
    assert wrong(PAGE.read_text(encoding="utf-8")) == [], "python -m docs.library"


def test_a_page_that_is_out_of_date_is_found():
    text = PAGE.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    at = next(k for k, line in enumerate(lines) if line.startswith("| Samarra falls"))
    shown = re.findall(r"\d+ %", lines[at])[0]
    other = f"{(int(shown[:-2]) + 40) % 80} %"
    assert wrong(text.replace(lines[at], lines[at].replace(shown, other)))
    assert wrong(text.replace(lines[at], "")) == ["mosul_2014"]
