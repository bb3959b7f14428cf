"""``consume``: stocks run dry at times that can be computed."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import example

#: 4 days of supply, burned twice as fast as at rest while the other place is in contact.
EXAMPLE = example("consume")
CALM = EXAMPLE.replace(", attacker: red", "")


def dry(text: str, more: str = "", place: str = "fort") -> float:
    """Return when a place has nothing left, which hangs on no chance; ``inf`` for never."""
    text = text.replace("fort.supply == 0", f"{place}.supply == 0") + more
    times = set(sim.run(sim.loads(text), replications=20).times("fort_is_dry"))
    assert len(times) == 1
    return float(times.pop())


def process(keys: str) -> str:
    """Return the example with ``consume`` declared."""
    return EXAMPLE.replace("outcomes:", f"  eats: {{kind: consume{keys}}}\noutcomes:")


def at(days: float, then: str) -> str:
    return f"transitions: {{turn: {{at: {days} days, then: {{{then}}}}}}}\n"


def clocks(text: str) -> list[str]:
    return [t.name for t in sim.loads(text).net.transitions if t.name.endswith(".consumes")]


# How long a stock lasts.


@pytest.mark.parametrize("place", ["fort", "wall"])
def test_the_example_is_dry_after_half_its_stock_in_days(place: str):
    # All places of a faction eat more as long as any of them is in contact.
    assert dry(EXAMPLE, place=place) == 2.0
    assert dry(CALM, place=place) == 4.0


@pytest.mark.parametrize(
    ("stock", "lasts"), [("0 days", 0.0), ("3 h", 0.125), ("1.3 days", 1.3), ("8.7 days", 8.7)]
)
def test_any_stock_lasts_as_many_days_at_rest(stock: str, lasts: float):
    # Pieces add up to the stock, but for the last bit of their sums.
    text = CALM.replace("1000}, supply: 4 days", f"1000}}, supply: {stock}")
    assert dry(text) == pytest.approx(lasts, abs=1e-9)


@pytest.mark.parametrize(
    ("days", "then", "lasts"),
    [
        # What is left is burned at the new pace: (4 - t) / pace, in the midst of a piece.
        (0.7, "fort.garrison.blue: 2000 persons", 0.7 + 3.3 / 2),
        (0.7, "fort.garrison.blue: 500 persons", 0.7 + 3.3 / 0.5),
        (1.9, "fort.garrison.blue: fort.garrison.blue * 3", 1.9 + 2.1 / 3),
        (1.0, "wall.attacker: red", 1.0 + 3.0 / 2),
        (0.5, "fort.supply: fort.supply * 0 + 1 h", np.nan),
    ],
)
def test_a_stock_is_dry_when_the_integral_of_its_pace_has_reached_it(
    days: float, then: str, lasts: float
):
    found = dry(CALM, at(days, then))
    if np.isnan(lasts):  # a file that empties a stock itself: the piece that is burning ends it
        assert 0.5 <= found <= 1.0
    else:
        assert found == pytest.approx(lasts, abs=1e-9)


def test_consumption_falls_when_contact_ends():
    assert dry(EXAMPLE, at(1.25, "wall.attacker: none")) == pytest.approx(1.25 + 1.5)


def test_contact_of_another_faction_does_not_count():
    text = EXAMPLE.replace("control: blue, garrison: {blue: 500}", "control: red, garrison: {}")
    text = text.replace("attacker: red", "attacker: blue")
    assert dry(text) == 4.0


def test_nobody_eats_where_nobody_is():
    text = CALM.replace("garrison: {blue: 1000}", "garrison: {}")
    assert dry(text) == np.inf
    # A day of supply is then what those use who come, however many they are.
    assert dry(text, at(2, "fort.garrison.blue: 700 persons")) == pytest.approx(6.0)


def test_a_garrison_counts_as_it_was_present():
    text = CALM.replace("present_fraction: 1", "present_fraction: 0.25")
    assert dry(text) == 4.0
    assert dry(text, at(2, "fort.garrison.blue: 1000 persons")) == pytest.approx(2.5)


def test_deficit_begins_below_two_days():
    text = CALM.replace("fort.supply == 0", "fort.deficit >= 0.5")
    # Half of it is at 1 of the 4 days.
    found = sim.run(sim.loads(text), replications=20).times("fort_is_dry")
    assert set(found) == {3.0}


# Its keys.


def test_rest_is_a_factor():
    assert dry(process(", rest: 0.5")) == 4.0
    assert dry(process(", rest: 4")) == 0.5
    assert dry(process(", rest: 0")) == np.inf


def test_keys_hold_where_they_are_declared():
    text = process(", places: [wall], rest: 0.5")
    assert (dry(text), dry(text, place="wall")) == (2.0, 4.0)
    assert dry(process(", places: all, rest: 0.5"), place="wall") == 4.0


def test_off_takes_it_away():
    assert clocks(EXAMPLE) == ["fort.consumes", "wall.consumes"]
    assert clocks(process(", off: yes")) == []
    assert clocks(process(", places: [wall], off: yes")) == ["fort.consumes"]


def test_it_goes_on_when_it_may():
    # 4 days of supply take 2 days, whenever it may begin.
    assert dry(process(", from_time: 3 days")) == 5.0
    assert dry(process(", until: 1 day")) == np.inf
    text = process(', when: "fort.displaced > 0 persons"')
    assert dry(text, at(3.25, "fort.displaced: 1 person")) == 5.25


def test_work_done_stays_done_while_it_may_not_go_on():
    text = process(', when: "fort.displaced > 0 persons or time_out.fired == 0"')
    pause = "transitions:\n  time_out: {at: 0.8 days, then: {}}\n"
    again = "  again: {at: 3.8 days, then: {fort.displaced: 1 person}}\n"
    assert dry(text, pause + again) == pytest.approx(5.0)


def test_a_hundredth_more_would_be_noticed():
    assert dry(process(", rest: 1.01")) == pytest.approx(2.0 / 1.01)
    assert dry(process(", rest: 1.01")) != dry(EXAMPLE)


def test_a_source_has_no_stock_that_ends():
    text = EXAMPLE.replace("places:\n", "places:\n  spring: {control: blue, kind: source}\n")
    assert clocks(text) == ["fort.consumes", "wall.consumes"]


@pytest.mark.parametrize(
    ("keys", "code", "told"),
    [
        (", rest: -1", "out-of-range", "-1"),
        (", rest: 2 days", "dimension", "2 days"),
        (", places: [wal]", "unknown-place", "wal]"),
        (", rset: 2", "unknown-field", "rset"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(keys: str, code: str, told: str):
    text = process(keys)
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        sim.loads(text)
    [fault] = caught.value.diagnostics
    assert fault.code == code
    assert text.split("\n")[fault.position.line - 1][fault.position.column - 1 :].startswith(told)


def test_both_engines_agree():
    text = EXAMPLE.replace("combat_consumption: 2, present_fraction: 1", "")
    net = sim.loads(text + at(0.7, "fort.garrison.blue: fort.garrison.blue * 2")).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=50)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=50)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 50
