"""Reports as files: whole in themselves, the same each time, with every text as text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

import sim
from sim.report.html import map
from sim.report.html.page import as_json, policy
from sim.report.html.run import run_report
from sim.report.signs import signs
from sim.shown import safe
from tests.report import ensembles
from tests.report.html.reports import HOSTILE, WAR, large, of_war

NOTHING = """
title: Nothing is asked
clock: {horizon: 1 day}
variables: {n: {integer: [0, 1], initial: 0}}
"""


class Page(HTMLParser):
    """What a parser of HTML makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self.text += data

    def attributes(self, name):
        return [values[name] for _, values in self.tags if name in values]


def test_it_is_one_small_file_that_reaches_for_nothing():
    page = Page(of_war())
    assert len(of_war().encode()) < 3_000_000
    assert page.attributes("src") == []
    assert all(target.startswith("#") for target in page.attributes("href"))
    assert {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "form"} <= {"form"}
    assert page.attributes("action") == []
    assert not [name for _, values in page.tags for name in values if name.startswith("on")]


def test_a_scenario_of_thousands_of_parts_has_a_small_report_too():
    scenario = sim.loads(large())
    html = run_report(sim.run(scenario, replications=40), scenario)
    assert len(html.encode()) < 2_850_000  # versions of Bokeh differ by a tenth of a megabyte
    page = Page(html)
    assert "without 1" in page.text  # numbers
    assert "Not shown: 10 more." in page.text  # outcomes
    assert "more warnings: see validate." in page.text


def test_scripts_run_by_their_digest_and_nothing_else_is_allowed():
    page = Page(of_war())
    (said,) = [v["content"] for _, v in page.tags if v.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in said.split(";"))
    assert rules["default-src"] == "'none'"
    kinds = [values.get("type") for tag, values in page.tags if tag == "script"]
    run = [s for s, kind in zip(page.scripts, kinds, strict=True) if kind is None]
    assert len(run) == 3
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in run]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert "unsafe" not in rules["script-src"]


def test_a_script_that_is_changed_has_another_digest():
    assert policy(["a();"]) != policy(["b();"])


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_are_text_in_the_page_and_in_its_data(name):
    page = Page(of_war())
    assert HOSTILE[name] in page.text
    (data,) = [s for s in page.scripts if s.startswith("{")]
    assert "<" not in data
    if name in ("html", "arabic", "long"):  # labels: a page's script needs no other texts
        assert json.dumps(HOSTILE[name], ensure_ascii=False)[1:-1] in json.dumps(
            json.loads(data), ensure_ascii=False
        )
    assert not {tag for tag, _ in page.tags} & {"b", "img", "x", "iframe"}


def test_characters_that_turn_text_are_shown_as_escapes():
    turned = "left\u202eright\u2066\x07"
    scenario = sim.loads(WAR)
    ensemble = ensembles.called(sim.run(scenario, replications=60), title=turned, label=turned)
    html = run_report(ensemble, scenario)
    assert not re.search("[\u202e\u2066\x07]", html)
    assert safe(turned) in Page(html).text


def test_the_same_run_gives_the_same_bytes():
    scenario = sim.loads(WAR, "war.yaml")
    again = run_report(sim.run(scenario, replications=1_200, seed=1, workers=1), scenario)
    assert again == of_war()


def test_data_that_json_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"p": float("nan")})


@pytest.mark.parametrize("n", [1, 60])
def test_runs_of_few_replications_and_scenarios_without_places_have_reports_too(n):
    scenario = sim.loads(ensembles.BRIDGE)
    page = Page(run_report(sim.run(scenario, replications=n, seed=1), scenario))
    assert "svg" in {tag for tag, _ in page.tags}
    assert "The bridge is down" in page.text
    assert "Map and course" not in [values.get("id") for _, values in page.tags]


def test_a_run_that_was_cut_short_says_so():
    scenario = sim.loads(ensembles.BRIDGE)
    html = run_report(ensembles.interrupted(300), scenario)
    assert "INTERRUPTED" in Page(html).text


def test_links_lead_somewhere():
    nothing = sim.loads(NOTHING)
    for html in (of_war(), run_report(sim.run(nothing, replications=5), nothing)):
        page = Page(html)
        assert {link[1:] for link in page.attributes("href")} <= set(page.attributes("id"))


def test_a_scenario_that_asks_nothing_is_told_so():
    scenario = sim.loads(NOTHING)
    html = run_report(sim.run(scenario, replications=5), scenario)
    assert "asks for no outcomes" in Page(html).text


def places(*at: tuple[float, float]) -> list[dict]:
    return [{"name": f"p{k}", "label": f"Place {k}", "at": p} for k, p in enumerate(at)]


def test_a_map_has_north_above_and_is_true_to_scale():
    found = map.sheet(places((34.0, 36.0), (35.0, 36.0), (34.5, 37.0)), [["p0", "p1"], ["p0", "x"]])
    south, north, east = found.spots
    assert north.y < east.y < south.y
    assert east.x > south.x == north.x
    # A degree of longitude at 34.5 degrees north is cos(34.5) of one of latitude.
    assert (east.x - south.x) / (south.y - north.y) == pytest.approx(0.8241, abs=1e-3)
    assert len(found.ways) == 1
    for spot in found.spots:
        assert 0.0 < spot.x < map.WIDTH
        assert 0.0 < spot.y < found.height


def test_a_place_alone_stands_in_the_middle():
    (spot,) = map.sheet(places((34.0, 36.0)), []).spots
    assert spot.x == pytest.approx(map.WIDTH / 2.0)


def test_names_give_way_to_each_other():
    spots = map.sheet(places((34.0, 36.0), (34.0, 36.02), (34.3, 36.4)), []).spots
    assert (spots[0].label_x, spots[0].anchor) != (spots[1].label_x, spots[1].anchor)
    assert abs(spots[0].label_y - spots[1].label_y) > 10 or spots[0].anchor != spots[1].anchor


def test_holders_have_signs_of_their_own():
    found = signs(["red", "rebels", "re", "r", "Red"])
    assert len(set(found.values())) == 5
