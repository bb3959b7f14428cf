"""Who holds what, as a table for a terminal."""

import numpy as np

from sim.cli import chart, control
from sim.cli.forecast import forecast
from sim.cli.text import Look
from tests.report.ensembles import ensemble
from tests.report.wars import WAR


def test_each_place_that_may_change_hands_has_a_row_with_the_figures_of_the_ensemble():
    given = ensemble(WAR)
    head, *rows = control.table(given, Look())
    changing = {
        spot.label or spot.name: given.holders(spot.name)
        for spot in given.facts.geography.spots
        if not all(np.all(curve == 1.0) for curve in given.holders(spot.name).values())
    }
    assert changing
    assert [row[0] for row in rows] == list(changing)
    for row, curves in zip(rows, changing.values(), strict=True):
        p = max(float(curve[-1]) for curve in curves.values())
        assert row[-1] in (f"{100 * p:.0f} %", "> 99 %", "< 1 %")
        first = max(float(curve[0]) for curve in curves.values())
        assert row[2][0] == chart.cell(first, chart.BLOCKS)
        assert len(row[2]) <= 12
    assert len(head) == 5
    n_places = sum(bool(given.holders(s.name)) for s in given.facts.geography.spots)
    assert control.n_certain(given) == n_places - len(rows)


def test_it_stands_in_the_forecast_of_a_world_and_in_no_other():
    asked = WAR + "outcomes: {lost: town.control != north}\n"
    assert "who holds what" in forecast(ensemble(asked))
    plain = forecast(ensemble(asked), look=Look(blocks=False, width=60))
    assert plain.isascii()
    assert "who holds what" in plain
    assert "who holds what" not in forecast(ensemble())
