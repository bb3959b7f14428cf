"""An ensemble in a notebook."""

import dataclasses
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import sim
from sim.ensemble.batch import blank
from sim.ensemble.model import Ensemble
from sim.studies.simulate import facts
from tests.studies.scenarios import BRIDGE


def ran(n: int = 400) -> Ensemble:
    return sim.run(sim.loads(BRIDGE), replications=n, seed=7)


def cells(page: str) -> list[list[str]]:
    """Return the rows of the table."""
    tree = ET.fromstring(page)
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


def test_the_table_says_what_the_ensemble_says():
    ensemble = ran(10_000)
    head, hit, never = cells(ensemble._repr_html_())
    assert head == [
        "outcome", "within 4 days", "inputs 80 %", "Monte Carlo 95 %", "in words", "median",
    ]  # fmt: skip
    p, known = ensemble.probability("hit"), ensemble.inputs80("hit")
    assert known is not None
    assert hit[0] == "The bridge is hit"
    assert hit[1] == f"{100 * p.value:.1f} %"
    assert hit[2] == f"{100 * known[0]:.0f} to {100 * known[1]:.0f} %"
    assert hit[3] == f"{100 * p.low:.1f} to {100 * p.high:.1f} %"
    median = ensemble.date(ensemble.quantile("hit", 0.5).value)
    assert median is not None
    assert re.match(rf"\w+ {median.day} Dec 2024 \d\d:\d\d \+03:00", hit[5])
    assert never[0] == "never"
    assert never[1] == "< 1 %"
    assert never[4:] == ["almost no chance", "-"]


def test_it_says_of_what_run():
    page = ran()._repr_html_()
    assert "A bridge under fire" in page
    assert "When is the bridge hit?" in page
    assert "400 replications, seed 7, net " in page
    assert "INTERRUPTED" not in page


def test_nothing_unknown_has_no_such_column():
    known = sim.run(sim.loads(BRIDGE, set={"parameters.hits": "0.3 / day"}), replications=50)
    assert len(cells(known._repr_html_())[0]) == 5


def test_an_interrupted_run_and_one_without_replications():
    partial = dataclasses.replace(ran(), requested=900, is_complete=False)
    assert "INTERRUPTED: 400 of 900 replications" in partial._repr_html_()
    scenario = sim.loads(BRIDGE)
    nothing = Ensemble.of(facts(scenario), scenario.net, blank(scenario.net, []), 1, "compiled")
    page = dataclasses.replace(nothing, requested=9, is_complete=False)._repr_html_()
    assert "INTERRUPTED: 0 of 9 replications" in page
    assert cells(page) == []


def test_no_outcomes_and_many():
    bare = sim.run(sim.loads("title: x\nclock: {horizon: 1 day}\n"), replications=2)
    assert "asks for no outcomes" in bare._repr_html_()
    many = "".join(f"  o{k}: bridge == down\n" for k in range(60))
    ensemble = sim.run(sim.loads(BRIDGE.replace("watch:", f"{many}watch:")), replications=2)
    assert len(cells(ensemble._repr_html_())) == 51
    assert "12 more outcomes." in ensemble._repr_html_()


def test_texts_are_data():
    ensemble = ran(20)
    bad = "<script>alert(1)</script>\u202e\x1b[2J$\\bad$"
    legend = dataclasses.replace(
        ensemble.legend,
        outcomes=tuple(dataclasses.replace(o, label=bad) for o in ensemble.outcomes),
    )
    told = dataclasses.replace(ensemble.facts, title=bad, question=bad, name=bad, variant=bad)
    page = dataclasses.replace(ensemble, legend=legend, facts=told)._repr_html_()
    tags = {element.tag for element in ET.fromstring(page).iter()}
    assert tags <= {"div", "p", "b", "small", "table", "thead", "tbody", "tr", "th", "td"}
    assert not set(page) & set("\u202e\x1b")
    assert "http" not in page
    assert page.startswith('<div class="tex2jax_ignore">')


def test_no_drawing_library_is_loaded():
    code = (
        "import sys, sim; from tests.studies.scenarios import BRIDGE;"
        "scenario = sim.loads(BRIDGE); scenario._repr_html_();"
        "print('numpy' in sys.modules);"
        "sim.run(scenario, replications=5)._repr_html_();"
        "print('matplotlib' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nFalse False\n"
