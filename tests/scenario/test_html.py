"""A scenario in a notebook."""

import xml.etree.ElementTree as ET
from pathlib import Path

import sim

ROOT = Path(__file__).parents[2]


def rows(page: str) -> list[list[str]]:
    tree = ET.fromstring(page)
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


def test_the_flagship():
    scenario = sim.load(str(ROOT / "scenarios" / "homs_2024_net.yaml"))
    page = scenario._repr_html_()
    found = rows(page)
    assert scenario.title in page
    assert scenario.question in page
    assert f"{len(scenario.net.variables)} variables, " in page
    assert "14 days from Fri 6 Dec 2024 18:00 +03:00" in page
    assert ["Homs is in rebel hands", "homs_falls", "When, if at all, does Homs fall?"] in found
    written = "{lognormal: {median: 0.0015/day, sigma: 0.8}}"
    assert ["parameters.collapse_base", written, "1/day", "unknown"] in found
    assert ["parameters.homs_resolve", "{lognormal: {median: 1, sigma: 0.8}}", "", "luck"] in found
    assert len(found) == 2 + len(scenario.net.outcomes) + len(scenario.inputs)


def test_a_bare_scenario_has_no_tables():
    page = sim.loads("title: x\nclock: {horizon: 6 h}\n")._repr_html_()
    assert rows(page) == []
    assert "0 variables, 0 transitions" in page
    assert "6 hours" in page


def test_more_than_an_overview_is_counted():
    inputs = "".join(f"  p{k}: {{uniform: [0, 1]}}\n" for k in range(130))
    page = sim.loads(f"title: x\nclock: {{horizon: 1 day}}\nparameters:\n{inputs}")._repr_html_()
    assert len(rows(page)) == 101
    assert "30 more uncertain inputs." in page


def test_texts_are_data():
    page = sim.loads(
        "title: '<script>alert(1)</script>'\nquestion: 'a & b $x$ \"c\"'\n"
        "clock: {horizon: 1 day}\n"
        "variables: {v: {integer: [0, 1], initial: 0}}\n"
        "outcomes: {o: {when: v == 1, label: '<img src=x onerror=alert(1)>'}}\n"
    )._repr_html_()
    tags = {element.tag for element in ET.fromstring(page).iter()}
    assert tags <= {"div", "p", "b", "br", "small", "table", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in page
    assert "&lt;img" in page
