"""Supply lines: how many shipments get through, what stops them, and who gets what they bring."""

import numpy as np
import pytest

import sim
from sim.engines.driver import run_ensemble
from sim.ensemble.model import Ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences

N = 4_000
HEAD = """
title: A line
clock: {horizon: 20 days}
factions:
  blue: {present_fraction: 1, supply: 10 days, patrons: {friend: {support: 1, reliance: 0}}}
  guest: {role: ally, of: blue, present_fraction: 1}
  red: {present_fraction: 1, supply: 10 days}
  friend: {role: patron}
  crowd: {role: outsider}
hostile: [[red, blue]]
places:
  spring: {control: friend, kind: source}
  port: {control: blue, airfield: yes, port: yes, garrison: {blue: 1000}}
  city: {control: blue, garrison: {blue: 3000}}
  fort: {control: blue, garrison: {blue: 4000}}
  hill: {control: red, garrison: {red: 500}}
"""
ROUTES = """
routes:
  sky: {between: [spring, port], km: 700, kind: air}
  coast: {between: [port, city], km: 40}
  pass: {between: [city, fort], km: 40}
  back: {between: [port, fort], km: 40, status: cut, bypass: 100 days}
  slope: {between: [fort, hill], km: 10}
"""
ENDS = """
processes: {no_hunger: {kind: consume, off: yes}}
watch:
  men: port.garrison.blue - 1000 persons
  sent: lift.shipment.fired
  port: port.supply
  city: city.supply
  fort: fort.supply
  hill: hill.supply
outcomes: {comes: port.garrison.blue > 1000 persons}
"""
#: One fighter a shipment: they count what has arrived.
COUNTED = "brings: {port: 1}, transit: 0 days"


def text(line: str, more: str = "", *, head: str = HEAD, routes: str = ROUTES) -> str:
    """Return a world with one supply line."""
    line = f"to: blue, from: spring, via: [sky], {line}"
    return f"{head}{routes}supply:\n  lift: {{{line}}}\n{ENDS}{more}"


def run(written: str, n: int = 20) -> Ensemble:
    return sim.run(sim.loads(written), replications=n)


def end(written: str, name: str) -> float:
    """Return a watched value at the horizon that hangs on no chance."""
    values = set(run(written).ends[name])
    assert len(values) == 1
    return float(values.pop())


def comes(written: str) -> float:
    """Return when the first fighters come, which hangs on no chance."""
    values = set(run(written).times("comes"))
    assert len(values) == 1
    return float(values.pop())


def at(days: float, then: str) -> str:
    return f"transitions: {{turn: {{at: {days} days, then: {{{then}}}}}}}\n"


def stop_and_go(stop: str, go: str, at: tuple[float, float] = (5.5, 10.25)) -> str:
    return (
        f"transitions:\n  stop: {{at: {at[0]} days, then: {{{stop}}}}}\n"
        f"  go: {{at: {at[1]} days, then: {{{go}}}}}\n"
    )


# How many get through.


def arrivals_off(line: str, mean: float, variance: float) -> float:
    """Return by how many standard errors the mean number of arrivals is off."""
    men = run(text(line), N).ends["men"]
    return float(abs(np.mean(men) - mean) / np.sqrt(variance / N))


def kept_or_not(p: float, arriving: float) -> tuple[float, float]:
    """Return mean and variance of a Poisson number that is 0 unless a promise is kept."""
    return p * arriving, p * arriving + p * (1.0 - p) * arriving**2


def test_mean_deliveries_are_rate_times_survival_times_promise():
    line = f"rate: 0.5 / day, loss: 0.25, promised: 0.6, {COUNTED}"
    # At 4.5 standard errors: a false alarm in 150,000.
    assert arrivals_off(line, *kept_or_not(0.6, 0.5 * 20 * 0.75)) < 4.5
    late = line.replace("transit: 0 days", "transit: 4 days")
    assert arrivals_off(late, *kept_or_not(0.6, 0.5 * 16 * 0.75)) < 4.5


@pytest.mark.parametrize("fault", ["loss: 0.4", "promised: 0.5", "rate: 0.6 / day"])
def test_a_wrong_share_would_be_noticed(fault: str):
    keys = {"rate": "rate: 0.5 / day", "loss": "loss: 0.25", "promised": "promised: 0.6"}
    keys[fault.split(":")[0]] = fault
    line = f"{', '.join(keys.values())}, {COUNTED}"
    assert arrivals_off(line, *kept_or_not(0.6, 0.5 * 20 * 0.75)) > 4.5


def test_a_promise_is_kept_or_not_for_the_whole_replication():
    found = run(text(f"every: 1 day, promised: 0.6, {COUNTED}"), N)
    men = found.ends["men"]
    assert set(men) == {0.0, 20.0}
    # At 4.5 standard errors.
    assert abs(np.mean(men == 20.0) - 0.6) < 4.5 * np.sqrt(0.24 / N)
    runs = found.inputs["supply.lift.runs"]
    assert np.array_equal(runs == 1.0, men == 20.0)


def test_whether_a_promise_is_kept_is_ignorance_and_no_luck():
    inputs = sim.loads(text(f"every: 1 day, promised: {{beta: [3, 3]}}, {COUNTED}")).inputs
    promise = {i.name: i.chance for i in inputs if i.name.startswith("supply.")}
    assert promise == {"supply.lift.promised": False, "supply.lift.runs": False}
    # Without a promise there is nothing to decide.
    plain = sim.loads(text(f"every: 1 day, {COUNTED}")).net.inputs
    assert not [i.name for i in plain if i.name.endswith((".runs", ".promised", ".loss"))]


def test_a_greater_promise_is_kept_wherever_a_smaller_one_is():
    some, more = (
        run(text(f"every: 1 day, promised: {p}, {COUNTED}"), 500).ends["men"] for p in (0.4, 0.7)
    )
    assert np.all(more >= some)
    assert np.mean(more) > np.mean(some)


@pytest.mark.parametrize(
    ("keys", "n"),
    [
        ("every: 1 day, transit: 0 days", 20),
        ("every: 1 day, transit: 12 h", 19),
        ("every: 12 h, transit: 3.25 days", 33),
        ("every: 3 days, transit: 30 h", 6),
        ("every: 30 days", 0),
        ("every: 1 day, loss: 1", 0),
        ("every: 1 day, promised: 0", 0),
        ("every: 1 day, promised: 1", 19),
        ("rate: 0 / day", 0),
    ],
)
def test_a_timetable_is_counted(keys: str, n: int):
    # Any number of shipments are under way at once: a period is shorter than the journey.
    assert end(text(f"{keys}, brings: {{port: 1}}"), "men") == n


@pytest.mark.parametrize(
    ("kind", "pace"), [("air", 700), ("sea", 25), ("road", 40), ("rail", 40), ("track", 20)]
)
def test_the_journey_takes_its_kind_of_time(kind: str, pace: int):
    written = text("every: 1 day, brings: {port: 1}").replace("kind: air", f"kind: {kind}")
    assert comes(written) == pytest.approx(1.0 + 700 / pace / 24, abs=1e-12)


def test_legs_add_up():
    line = "every: 1 day, brings: {city: 1}".replace("brings", "delivers: 0 days, brings")
    written = text(line).replace("via: [sky]", "via: [sky, coast]")
    written = written.replace(
        "comes: port.garrison.blue > 1000", "comes: city.garrison.blue > 3000"
    )
    assert comes(written) == pytest.approx(1.0 + (700 / 700 + 40 / 40) / 24, abs=1e-12)


# What stops it.

FAR = "every: 1 day, transit: 2 days, brings: {fort: 1}"


def far(more: str = "", line: str = FAR, head: str = HEAD) -> str:
    """Return a line over three legs, whose arrivals are told as ``men``."""
    written = text(line, more, head=head).replace("via: [sky]", "via: [sky, coast, pass]")
    return written.replace("port.garrison.blue - 1000", "fort.garrison.blue - 4000")


def test_nothing_stops_what_nobody_cuts():
    assert end(far(), "men") == 18.0


@pytest.mark.parametrize(
    ("stop", "go"),
    [
        ("coast.status: cut", "coast.status: open"),
        ("pass.status: cut", "pass.status: bypass"),
        ("sky.status: cut", "sky.status: open"),
        ("city.control: red", "city.control: blue"),
        ("city.control: red", "city.control: none"),
        ("fort.control: red", "fort.control: blue"),
        ("fort.control: none", "fort.control: guest"),
    ],
)
def test_a_cut_route_or_a_hostile_place_stops_what_is_under_way(stop: str, go: str):
    # Arrivals on days 3, 4 and 5; after day 10.25, what leaves on days 11 to 18 arrives.
    written = far(stop_and_go(stop, go))
    written = written.replace(
        "processes: {no_hunger", "processes: {no_repair: {kind: repair, off: yes}, no_hunger"
    )
    assert end(written, "men") == 3.0 + 8.0
    assert end(written.replace("  go:", "  go_not:").replace("at: 10.25", "at: 20"), "men") == 3.0


def test_one_route_that_is_cut_from_the_start_stops_the_line():
    written = far().replace("coast: {", "coast: {status: cut, bypass: 100 days, ")
    assert end(written, "men") == 0.0
    assert end(written.replace("status: cut", "status: bypass"), "men") == 18.0


def test_a_shipment_that_leaves_as_the_way_opens_gets_through():
    again = stop_and_go("city.control: red", "city.control: blue", at=(5.5, 11))
    assert end(far(again), "men") == 3.0 + 8.0
    later = stop_and_go("city.control: red", "city.control: blue", at=(5.5, 11.01))
    assert end(far(later), "men") == 3.0 + 7.0


def test_an_interrupted_line_at_random_fills_again():
    line = FAR.replace("every: 1 day", "rate: 1 / day")
    again = stop_and_go("city.control: red", "city.control: blue")
    men = run(far(again, line), N).ends["men"]
    # It flows from day 2 to 5.5 and from 12.25 on: 11.25 days; 4.5 standard errors.
    assert abs(np.mean(men) - 11.25) < 4.5 * np.sqrt(11.25 / N)


@pytest.mark.parametrize("holder", ["friend", "guest", "none"])
def test_friends_and_nobody_let_shipments_pass(holder: str):
    head = HEAD.replace("city: {control: blue", f"city: {{control: {holder}")
    assert end(far(head=head.replace("garrison: {blue: 3000}", "garrison: {}")), "men") == 18.0


def test_neutrals_do_not():
    head = HEAD.replace("city: {control: blue", "city: {control: crowd")
    assert end(far(head=head.replace("garrison: {blue: 3000}", "garrison: {}")), "men") == 0.0


def test_a_source_is_passed_whoever_holds_it():
    assert (
        end(far(head=HEAD.replace("spring: {control: friend", "spring: {control: crowd")), "men")
        == 18.0
    )


def test_a_line_stops_when_its_patron_leaves():
    leaves = at(8.5, "friend.stance: left")
    assert end(text(f"every: 1 day, {COUNTED}, patron: friend", leaves), "men") == 8.0
    assert end(text(f"every: 1 day, {COUNTED}", leaves), "men") == 20.0
    reduced = at(8.5, "friend.stance: reduced")
    assert end(text(f"every: 1 day, {COUNTED}, patron: friend", reduced), "men") == 20.0


def test_a_line_stops_when_the_fighters_who_run_it_collapse():
    falls = at(8.5, "guest.collapsed: 1")
    assert end(text(f"every: 1 day, {COUNTED}, patron: guest", falls), "men") == 8.0


def interdicted(*losses: str) -> float:
    """Return the share that gets through."""
    hunters = ", ".join(
        f"hunt_{n}: {{kind: interdict, faction: crowd, lines: [lift], loss: {loss}}}"
        for n, loss in enumerate(losses)
    )
    written = text(f"rate: 1 / day, {COUNTED}")
    written = written.replace("processes: {", f"processes: {{{hunters}, ")
    return float(np.mean(run(written, N).ends["men"])) / 20.0


def test_an_interdicted_shipment_must_survive_everybody():
    # Poisson numbers of mean 20 s: the error of s is sqrt(s / (20 N)); 4.5 of these.
    for losses, survives in ((("0.3",), 0.7), (("0.3", "0.5"), 0.35), (("1",), 0.0)):
        tolerance = 4.5 * np.sqrt(survives / (20 * N))
        assert abs(interdicted(*losses) - survives) <= tolerance


def test_what_is_lost_and_what_arrives_have_names():
    written = text("every: 1 day, loss: 0.5, brings: {port: 1}")
    found = run(written, 200)
    assert set(found.shares("comes")) == {"lift.shipment/arrives"}
    assert set(found.ends["sent"]) == {19.0}


# Who gets it.


def gains(written: str) -> dict[str, float]:
    """Return what has been added to the stock of each place, which hangs on no chance."""
    ends = run(written).ends
    assert all(len(set(ends[name])) == 1 for name in PLACES)
    return {name: float(ends[name][0]) - 10.0 for name in PLACES}


PLACES = ("port", "city", "fort", "hill")
ONCE = "every: 15 days, transit: 0 days, delivers: 0.5 days"


def test_all_places_get_the_same_number_of_days():
    assert gains(text(ONCE)) == {"port": 0.5, "city": 0.5, "fort": 0.5, "hill": 0.0}
    assert gains(text(ONCE.replace("15", "6")))["fort"] == pytest.approx(1.5)


def persons_days(found: dict[str, float]) -> float:
    return 1_000 * found["port"] + 3_000 * found["city"] + 4_000 * found["fort"]


@pytest.mark.parametrize(
    ("cut", "reached"),
    [
        ({"pass"}, {"port": 1.0, "city": 1.0}),
        ({"coast"}, {"port": 4.0}),
        ({"coast", "pass"}, {"port": 4.0}),
    ],
)
def test_what_is_brought_is_shared_by_those_whom_open_roads_join(
    cut: set[str], reached: dict[str, float]
):
    routes = ROUTES
    for name in cut:
        routes = routes.replace(f"{name}: {{", f"{name}: {{status: cut, bypass: 100 days, ")
    found = gains(text(ONCE, routes=routes))
    assert found == pytest.approx({"port": 0.0, "city": 0.0, "fort": 0.0, "hill": 0.0} | reached)
    assert persons_days(found) == pytest.approx(0.5 * 8_000)


def test_the_way_round_is_found():
    routes = ROUTES.replace("coast: {", "coast: {status: cut, bypass: 100 days, ")
    routes = routes.replace("km: 40, status: cut, bypass: 100 days}", "km: 40, status: bypass}")
    assert gains(text(ONCE, routes=routes))["city"] == 0.5


def test_a_place_that_has_fallen_gets_nothing_and_lets_nothing_pass():
    found = gains(text(ONCE, at(3, "city.control: red")))
    assert found == pytest.approx({"port": 4.0, "city": 0.0, "fort": 0.0, "hill": 0.0})


def test_shares_go_by_who_is_there_now():
    then = "city.garrison.blue: 1000 persons, fort.garrison.blue: 6000 persons"
    found = gains(text(ONCE, at(3, then)))
    # In days of those who are there: 4,000 person-days for 8,000 are half a day for each.
    now = {"port": 1_000, "city": 1_000, "fort": 6_000}
    first = {"port": 1_000, "city": 3_000, "fort": 4_000}
    days = {name: found[name] * first[name] / now[name] for name in now}
    assert days == pytest.approx(dict.fromkeys(now, 0.5))
    assert persons_days(found) == pytest.approx(0.5 * 8_000)


def test_nothing_is_given_to_nobody():
    then = ", ".join(f"{name}.garrison.blue: 0 persons" for name in ("port", "city", "fort"))
    assert set(gains(text(ONCE, at(3, then))).values()) == {0.0}


def test_allies_are_supplied_with_what_they_need():
    head = HEAD.replace(
        "fort: {control: blue, garrison: {blue: 4000}",
        ("fort: {control: blue, garrison: {blue: 3200, guest: 800}"),
    )
    written = text(ONCE, head=head).replace("to: blue", "to: guest")
    # Half a day of 800 men, eaten by 8,000.
    assert gains(written)["city"] == pytest.approx(0.05)


def test_what_arrives_while_a_piece_burns_is_eaten_after_it():
    stock = HEAD.replace("supply: 10 days", "supply: 0.3 days", 1)
    written = text("every: 0.19 days, transit: 0 days, delivers: 0.1 days", head=stock)
    written = written.replace("no_hunger: {kind: consume, off: yes}", "")
    written = written.replace("comes: port.garrison.blue > 1000 persons", "comes: port.supply == 0")
    # 0.3 at the start and 0.1 at 0.19 and at 0.38: gone at 0.5, before the next.
    assert comes(written) == pytest.approx(0.5)
    # A delivery that changes how large the next piece is: 3.1 days, and 0.6 at 2.75.
    much = written.replace("supply: 0.3 days", "supply: 3.1 days")
    much = much.replace("every: 0.19 days", "every: 2.75 days").replace("0.1 days", "0.6 days")
    assert comes(much) == pytest.approx(3.7)


def test_fighters_come_to_places_of_their_side_alone():
    line = "every: 1 day, transit: 0 days, brings: {port: 5, city: 7}"
    written = text(line).replace("via: [sky]", "via: [sky, coast, pass]")
    assert end(written, "men") == 100.0
    left = at(10.5, "port.control: none")
    assert end(written + left, "men") == 50.0
    counted = written.replace("port.garrison.blue - 1000", "city.garrison.blue - 3000")
    assert end(counted + left, "men") == 140.0


def test_lines_share_what_they_have_in_common():
    written = text(ONCE)
    two = written.replace(
        "supply:\n",
        (
            "supply:\n  other: {to: blue, from: spring, via: [sky, coast], every: 16 days, "
            "transit: 0 days, delivers: 1 day}\n"
        ),
    )
    assert gains(two)["fort"] == pytest.approx(1.5)
    made = [t.name for t in sim.loads(two).net.transitions if ".supply_" in t.name]
    assert made == ["blue.supply_spreads", "blue.supply_unloads"]


def test_lines_that_deliver_nothing_share_nothing():
    net = sim.loads(text(f"every: 1 day, {COUNTED}")).net
    assert not [t.name for t in net.transitions if ".supply_" in t.name]
    assert not [v.name for v in net.variables if ".reaches." in v.name]


def test_a_large_world_fits_into_expressions():
    n = 70
    places = "".join(f"  p{i}: {{control: blue, garrison: {{blue: 100}}}}\n" for i in range(n))
    roads = "  first: {between: [port, p0], km: 1}\n" + "".join(
        f"  r{i}: {{between: [p{i}, p{i + 1}], km: 1}}\n" for i in range(n - 1)
    )
    written = text(ONCE, head=HEAD + places, routes=ROUTES + roads)
    written = written.replace("fort: fort.supply", f"fort: p{n - 1}.supply")
    assert gains(written)["fort"] == pytest.approx(0.5)


# What is told.

TO, FROM, VIA, EVERY = "to: blue", "from: spring", "via: [sky]", "every: 1 day"


def with_(*keys: str) -> str:
    """Return a line as its keys are, and as usual where they are not."""
    names = [key.split(":")[0] for key in keys]
    usual = [key for key in (TO, FROM, VIA, EVERY) if key.split(":")[0] not in names]
    return ", ".join([*keys, *usual])


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (f"{TO}, {FROM}, {VIA}", "no-clock", "lift"),
        (with_("rate: 1/day"), "two-clocks", "1/day"),
        (f"{FROM}, {VIA}, {EVERY}", "missing-field", "{"),
        (with_("to: blu"), "unknown-name", "blu,"),
        (with_("to: friend"), "no-front", "friend"),
        (with_("from: sprin"), "unknown-name", "sprin,"),
        (with_("via: [sk]"), "unknown-name", "sk]"),
        (with_("via: []"), "bad-supply", "[]"),
        (with_("via: [coast]"), "bad-supply", "coast"),
        (with_("via: [sky, pass]"), "bad-supply", "pass"),
        (with_("via: [private]"), "bad-supply", "private"),
        (with_("patron: crowd"), "bad-patron", "crowd"),
        (with_("patron: x"), "unknown-name", "x,"),
        (with_("brings: {fort: 1}"), "bad-supply", "fort"),
        (with_("brings: {x: 1}"), "unknown-name", "x: 1"),
        (with_("brings: {port: 2 days}"), "dimension", "2 days"),
        (with_("loss: 1.5"), "out-of-range", "1.5"),
        (with_("promised: -1"), "out-of-range", "-1"),
        (with_("delivers: 5"), "dimension", "5,"),
        (with_("lost: 1"), "unknown-field", "lost"),
        (f"{TO}, {FROM}, {VIA}, rate: 2", "dimension", "2}"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(line: str, code: str, told: str):
    private = "  private: {between: [spring, port], km: 9, open_to: [red]}\n"
    written = f"{HEAD}{ROUTES}{private}supply:\n  lift: {{{line}}}\n"
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        sim.loads(written)
    [fault] = caught.value.diagnostics
    assert fault.code == code
    assert written.split("\n")[fault.position.line - 1][fault.position.column - 1 :].startswith(
        told
    )


def test_a_line_does_not_bear_the_name_of_something_else():
    written = (
        text("every: 1 day").replace("  lift: {", "  port: {").replace("lift.shipment.fired", "1")
    )
    with pytest.raises(ScenarioError, match=r"error\[name-taken\]: the name 'port' is taken"):
        sim.loads(written)


def test_both_engines_agree():
    line = "rate: 1 / day, delivers: {uniform: [0.1 days, 1 day]}, loss: {beta: [1, 2]}"
    written = far(line=f"{line}, promised: 0.8, brings: {{fort: {{interval90: [5, 50]}}}}")
    written = written.replace("no_hunger: {kind: consume, off: yes}", "")
    written = written.replace("hill: {control: red,", "hill: {control: red, attacker: blue,")
    net = sim.loads(written).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=50)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=50)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 1_000
