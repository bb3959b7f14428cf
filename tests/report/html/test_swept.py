"""The report of a sweep: whole in itself without a script, with the figures of the sweep."""

from __future__ import annotations

import shlex

import pytest

import sim
from sim.report.html.swept import Choice, command, sweep_report
from sim.studies import driven
from sim.studies.swept import Sweep
from tests.report.html.reports import HOSTILE, WAR
from tests.report.html.test_page import Page
from tests.studies.test_sweep import GUNS

METHODS = ("given", "grid", "lhs", "morris", "sobol")


def swept(method: str) -> Sweep:
    n = 1_000 if method == "given" else 50
    return sim.sweep(sim.loads(GUNS, "guns.yaml"), method=method, replications=n, seed=2)


@pytest.fixture(scope="module", params=METHODS)
def made(request) -> tuple[Sweep, Page, str]:
    sweep = swept(request.param)
    html = sweep_report(sweep, sim.loads(GUNS, "guns.yaml"))
    return sweep, Page(html), html


def test_it_is_one_small_file_that_runs_and_fetches_nothing(made):
    _, page, html = made
    assert len(html.encode()) < 100_000
    assert page.scripts == []
    (said,) = [v["content"] for _, v in page.tags if v.get("http-equiv")]
    assert "default-src 'none'; script-src 'none';" in said
    assert page.attributes("src") == []
    assert {link[1:] for link in page.attributes("href")} <= set(page.attributes("id"))


def test_its_sentences_are_those_of_the_terminal(made):
    sweep, page, _ = made
    for outcome, spread in sweep.spread.items():
        assert driven.headline(spread) in page.text
        assert driven.nothing_seen(sweep, outcome) in page.text
    assert "Nothing here is about how right the model is" in page.text


def test_its_figures_are_those_of_the_sweep(made):
    sweep, page, _ = made
    for one in driven.with_figures(sweep.outcomes["hit"], 40):
        figures = [driven.share(one.index), driven.ends(one.interval95), driven.share(one.total)]
        figures += [driven.ends(one.total95), driven.effect(one.mu_star)]
        for figure in (one.input, *figures, driven.swing(one.responses)):
            assert figure in page.text


def test_bars_and_lines_are_as_long_as_the_figures():
    sweep = swept("sobol")
    rows = driven.driven(sweep)["outcomes"][0]["rows"]
    found = sweep.outcomes["hit"]
    first = rows[0]["cells"][0]
    for one, row in zip(found, rows, strict=True):
        cell = row["cells"][0]
        assert cell["width"] / first["width"] == pytest.approx(
            abs(one.index / found[0].index), abs=2e-3
        )
        low, high = cell["whisker"]
        assert (high - low) / first["width"] == pytest.approx(
            (one.interval95[1] - one.interval95[0]) / found[0].index, abs=2e-3
        )


def test_texts_of_files_are_text():
    scenario = sim.loads(WAR, "war.yaml")
    page = Page(sweep_report(sim.sweep(scenario, replications=1_000), scenario))
    for name in ("html", "quotes", "arabic", "mathematics", "long"):
        assert HOSTILE[name] in page.text
    assert not {tag for tag, _ in page.tags} & {"script", "b", "img", "x", "iframe"}


def test_the_command_says_what_was_asked():
    sweep = swept("grid")
    scenario = sim.loads(GUNS, "guns.yaml")
    words = shlex.split(command(sweep, scenario, Choice(("parameters.*",), ("safe",), None, 3)))
    assert words[1:4] == ["sweep", scenario.path, "--method"]
    for name, value in (("--input", "parameters.*"), ("--variant", "safe"), ("--levels", "3")):
        assert words[words.index(name) + 1] == value
    assert "--points" not in words
