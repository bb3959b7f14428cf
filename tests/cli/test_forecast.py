"""The readable summary: what it says, what it must not say, and that it fits."""

import dataclasses
import math

import numpy as np
import pytest

import sim
from sim.analysis.words import SCALE
from sim.cli.forecast import forecast
from sim.cli.text import Look, width
from sim.ensemble.model import Ensemble
from sim.ensemble.table import NONE, Coded
from sim.errors import Diagnostic
from sim.shown import interval
from tests.ensemble.test_driven import FIRST, RACE, SIDE
from tests.studies.scenarios import BRIDGE

GOLDEN = """\
A bridge under fire                                                       bridge
When is the bridge hit?

  outcome            within 4 days                       median
  The bridge is hit         66.5 %  likely            2.55 days
  never                      < 1 %  almost no chance          -


──────────────────────────────────────────────────────────────────────────── hit
The bridge is hit by Sun 8 Dec 2024 18:00 +03:00: 42 %; not within 4 days: 34 %.
By then: unlikely. Median: Mon 9 Dec 2024 07:14 +03:00 (2.55 days).

  by                            day  probability  Monte Carlo 95 %
  Sat 7 Dec 2024 18:00 +03:00     1       22.8 %    18.9 to 27.1 %
  Sun 8 Dec 2024 18:00 +03:00     2       42.0 %    37.3 to 46.9 %
  Tue 10 Dec 2024 18:00 +03:00    4       66.5 %    61.7 to 70.9 %

 100 % │
       │
       │                                                                   ▁▁▂▂▃
       │                                              ▁▂▂▂▃▃▄▅▅▅▅▆▇▇▇▇██████████
  50 % │                                 ▁▂▃▃▄▅▅▅▆▆▇▇███████████████████████████
       │                     ▁▂▃▄▅▅▅▆▇▇▇████████████████████████████████████████
       │         ▁▂▂▃▃▄▅▆▇▇▇████████████████████████████████████████████████████
       │▁▃▄▄▅▆▆▇████████████████████████████████████████████████████████████████
   0 % └───┴─────────────────┴─────────────────┴─────────────────┴──────────────
         7 Dec             8 Dec             9 Dec            10 Dec

  quantile   day  date                         Monte Carlo 95 %
       5 %  0.13  Fri 6 Dec 2024 21:09 +03:00      0.07 to 0.27
      25 %  1.17  Sat 7 Dec 2024 22:03 +03:00      0.90 to 1.34
      50 %  2.55  Mon 9 Dec 2024 07:14 +03:00      2.19 to 2.87
  75 % and more: not within 4 days

  probability  cause
       66.5 %  strike  ████████████████


────────────────────────────────────────────────────────────────────────── never
never by Tue 10 Dec 2024 18:00 +03:00: < 1 %, given the model; not within 4
days: > 99 %, given the model.
By then: almost no chance.

  by                            day  probability  Monte Carlo 95 %
  Sat 7 Dec 2024 18:00 +03:00     1        < 1 %      0.0 to 1.0 %
  Sun 8 Dec 2024 18:00 +03:00     2        < 1 %      0.0 to 1.0 %
  Tue 10 Dec 2024 18:00 +03:00    4        < 1 %      0.0 to 1.0 %


400 replications, seed 1, net b14b1eac349e. Monte Carlo intervals are about the
number of replications only. Nothing here is about how right the model is.
"""


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return sim.run(sim.loads(BRIDGE, "bridge.yaml"), replications=400)


def told(ensemble: Ensemble, **look: object) -> str:
    return forecast(ensemble, look=Look(**look))


def with_times(ensemble: Ensemble, times: list[float]) -> Ensemble:
    """Return an ensemble whose first outcome came on these days."""
    n = len(times)
    changed = dict(sim.run(sim.loads(BRIDGE), replications=n).table)
    causes = np.where(np.isfinite(times), 1, NONE).astype(np.int32)
    changed["time.hit"] = np.array(times)
    changed["cause.hit"] = Coded(causes, ensemble.legend.causes)
    return dataclasses.replace(ensemble, table=changed, requested=n)


def test_it_reads_like_this(ensemble):
    shown = told(ensemble) + "\n"
    digest = shown[shown.index("net ") :].split()[1]
    assert shown.replace(digest, "b14b1eac349e.") == GOLDEN


def test_the_same_ensemble_gives_the_same_bytes(ensemble):
    again = sim.run(sim.loads(BRIDGE, "bridge.yaml"), replications=400, workers=1, chunk=3)
    assert told(again) == told(ensemble)


def test_words_and_confidence_never_share_a_sentence(ensemble):
    for sentence in told(ensemble).replace("\n\n", ". ").replace("\n", " ").split(". "):
        if any(f": {words}" in sentence for _, words in SCALE):
            assert "95 %" not in sentence
            assert "80 %" not in sentence


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ([1.0] * 200, "The bridge is hit by Sat 7 Dec 2024 18:00 +03:00: > 99 %, given the model; not within 4 days: < 1 %, given the model."),  # noqa: E501
        ([3.0] + [math.inf] * 199, "The bridge is hit by Tue 10 Dec 2024 18:00 +03:00: < 1 %, given the model; not within 4 days: > 99 %, given the model."),  # noqa: E501
        ([math.inf] * 200, "The bridge is hit by Tue 10 Dec 2024 18:00 +03:00: < 1 %, given the model; not within 4 days: > 99 %, given the model."),  # noqa: E501
    ],
    ids=["always", "hardly", "never"],
)  # fmt: skip
def test_at_the_ends_the_headline_speaks_for_the_model(times, says, ensemble):
    assert says in " ".join(told(with_times(ensemble, times)).split())


@pytest.mark.parametrize(("n_hit", "has_median"), [(100, False), (101, True)])
def test_a_median_needs_more_than_half(n_hit, has_median, ensemble):
    shown = told(with_times(ensemble, [1.0] * n_hit + [math.inf] * (200 - n_hit)))
    assert ("Median: Sat 7 Dec 2024 18:00 +03:00 (1 days)." in shown) == has_median


def test_an_interrupted_run_says_so_first(ensemble):
    shown = told(dataclasses.replace(ensemble, requested=1_000, is_complete=False))
    assert shown.splitlines()[3] == "INTERRUPTED: 400 of 1,000 replications are done."


def test_values_that_were_clipped_are_told(ensemble):
    shown = told(dataclasses.replace(ensemble, clipped={"bridge": 20}))
    assert "warning: 'bridge' was held at an end of its range in 20 replications (5.0 %)" in shown


@pytest.mark.parametrize(("n", "is_told"), [(399, True), (400, False)])
def test_that_there_are_few_replications_is_told(n, is_told, ensemble):
    shown = told(with_times(ensemble, [math.inf] * n))
    warning = "warning: with 399 replications no figure is better than its interval"
    assert (warning in shown) == is_told


def test_a_long_label_takes_two_lines_of_the_overview():
    text = BRIDGE.replace("label: The bridge is hit", "label: " + "The bridge is hit by one " * 3)
    lines = told(sim.run(sim.loads(text, "bridge.yaml"), replications=400)).splitlines()
    assert lines[4].startswith("  The bridge is hit by one The  ")
    assert lines[5] == "    bridge is hit by one The brid..."


def test_where_no_report_time_splits_its_chances_the_horizon_does(ensemble):
    assert "The bridge is hit by Tue 10 Dec 2024 18:00" in forecast(ensemble, at=[0.1])


def test_without_a_start_there_are_days():
    text = BRIDGE.replace("start: 2024-12-06T18:00+03:00, ", "")
    shown = told(sim.run(sim.loads(text), replications=100))
    assert "The bridge is hit by day 2: " in shown
    assert "Dec" not in shown
    assert "day 0" in shown


def test_times_asked_for_replace_the_report_times(ensemble):
    shown = forecast(ensemble, at=[0.5])
    assert "  Sat 7 Dec 2024 06:00 +03:00  0.5 " in shown
    assert forecast(ensemble, at=[]).count("Monte Carlo 95 %") == 1


def test_ascii_is_ascii_and_of_the_same_shape(ensemble):
    plain, drawn = told(ensemble, blocks=False), told(ensemble)
    assert plain.isascii()
    assert len(plain.splitlines()) == len(drawn.splitlines())


def test_colours_change_nothing_but_colours(ensemble):
    import re

    coloured = told(ensemble, colours=True)
    assert coloured != told(ensemble)
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == told(ensemble)


LONG = BRIDGE.replace("A bridge under fire", "A bridge " * 20).replace(
    "label: The bridge is hit", "label: " + "日本語の長い名前" * 12
)


@pytest.mark.parametrize("columns", [40, 48, 59, 60, 69, 70, 80])
@pytest.mark.parametrize("text", [BRIDGE, LONG], ids=["short", "long"])
def test_it_fits(columns, text):
    shown = told(sim.run(sim.loads(text, "bridge.yaml"), replications=50), width=columns)
    assert max(width(line) for line in shown.splitlines()) <= columns


def test_many_causes_are_summed_up():
    branches = ", ".join(f"{{label: b{k}, then: {{n: {k + 1}}}}}" for k in range(9))
    scenario = sim.loads(
        "title: Many ways\nclock: {horizon: 9 days}\n"
        "variables: {n: {integer: [0, 9], initial: 0}}\n"
        f"transitions: {{go: {{when: n == 0, rate: 9/day, branches: [{branches}]}}}}\n"
        "outcomes: {gone: n > 0}\n"
    )
    shown = told(sim.run(scenario, replications=900))
    assert "3 other causes" in shown


def test_text_from_a_file_moves_no_cursor(ensemble):
    facts = dataclasses.replace(ensemble.facts, title="t\x1b[2J", question="q\u202e", name="n\x07")
    assert told(dataclasses.replace(ensemble, facts=facts)).isprintable() is False  # line feeds
    shown = told(dataclasses.replace(ensemble, facts=facts))
    assert not {c for c in shown if c != "\n" and not c.isprintable()}


def test_a_scenario_without_outcomes():
    scenario = sim.loads("title: x\nclock: {horizon: 3 days}\n")
    assert "The scenario asks for no outcomes." in told(sim.run(scenario, replications=10))


def test_diagnostics_have_the_fields_of_the_contract():
    assert list(Diagnostic("a", "b").as_json()) == [
        "code", "file", "line", "column", "path", "message", "expected", "hint",
    ]  # fmt: skip


def test_a_drawn_horizon_is_told():
    text = BRIDGE.replace("horizon: 4 days", "horizon: {uniform: [1 day, 4 days]}")
    shown = " ".join(told(sim.run(sim.loads(text), replications=500)).split())
    assert "warning: the horizon is drawn, and > 99 % of the replications end before" in shown
    assert "the horizon is drawn" not in told(sim.run(sim.loads(BRIDGE), replications=500))


def test_few_replications_get_no_words():
    shown = told(sim.run(sim.loads(BRIDGE), replications=50))
    assert not any(words in shown for _, words in SCALE)


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ((0.0, 1e-6), "0.0 to < 0.1 %"),
        ((1.0 - 1e-6, 1.0), "> 99.9 to 100.0 %"),
        ((0.0, 0.0), "0.0 to 0.0 %"),
        ((0.1, 0.2), "10.0 to 20.0 %"),
    ],
)
def test_what_is_not_impossible_is_not_shown_so(ends, shown):
    assert interval(*ends) == shown


# What it hangs on.


@pytest.fixture(scope="module")
def race() -> Ensemble:
    return sim.run(sim.loads(RACE, "race.yaml"), replications=8_000, seed=1)


def hanging(race: Ensemble, **look: object) -> list[str]:
    """Return what is said of the drivers of the first outcome, by lines."""
    lines = told(race, **look).splitlines()
    begin = next(k for k, line in enumerate(lines) if "hangs most" in line)
    return lines[begin : lines.index("", lines.index("", begin) + 1)]


def test_what_it_hangs_on_is_said_and_tabled(race):
    found = race.drivers()["falls"]
    lines = hanging(race)
    assert " ".join(lines[: lines.index("")]) == found.said("day 1")
    head, *rows = lines[lines.index("") + 1 :]
    assert head.split() == ["index", "hangs", "on", "from", "low", "to", "high", "95", "%"]
    assert len(rows) == len(found.drivers)
    for row, one in zip(rows, found.drivers, strict=True):
        low, high = (f"{100 * one.given[k].probability:.0f} %" for k in (0, -1))
        ends = " to ".join(f"{end:.2f}" for end in one.interval95)
        assert row.split("  ")[1:3] == [f" {one.index:.2f}", one.input.name]
        assert row.endswith(ends)
        assert f"{low} " in row
        assert f" {high} " in row


def test_a_profile_rises_with_the_probability(race):
    rows = {line.split()[1]: line for line in hanging(race) if line.startswith("   0.")}
    levels = "▁▂▃▄▅▆▇█"
    profiles = {name: [c for c in row if c in levels] for name, row in rows.items()}
    assert len(profiles[FIRST]) == 5
    assert len(profiles[SIDE]) == 2
    assert all(profile == sorted(profile) for profile in profiles.values())
    assert hanging(race, blocks=False)
    assert "\n".join(hanging(race, blocks=False)).isascii()


@pytest.mark.parametrize("columns", [40, 60, 69, 70, 80])
def test_drivers_fit_into_any_width(race, columns):
    lines = hanging(race, width=columns)
    assert all(width(line) <= columns for line in lines)
    assert any("95 %" in line for line in lines) == (columns >= 70)


def test_what_hangs_on_nothing_is_told_in_one_line():
    quiet = RACE.replace("rate: first", "rate: 0.3 / day").replace(
        "rate: second", "rate: 0.1 / day"
    )
    quiet = quiet.replace("rate: 0.4 / day", "rate: 0.0001 / day")
    shown = told(sim.run(sim.loads(quiet), replications=2_000, seed=1))
    assert "By day 1: what is unknown moves it too little to be told from luck." in shown
    assert "hangs most" not in shown
