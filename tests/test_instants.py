"""Instants, durations, time zones, and the clock of a scenario."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sim.instants import is_date, iso_duration_hint
from sim.net.expr import Const, Ref
from tests.scenario.build import DAY, faults, input_, law, scenario

DAMASCUS = timezone(timedelta(hours=3))
START = "start: 2024-12-06T18:00+03:00"


def clock(written: str, body: str = ""):
    return scenario(body, clock=written).clock


def test_what_a_clock_is_when_only_the_horizon_is_said():
    made = clock("horizon: 10 days")
    assert (made.start, made.as_of, made.timezone) == (None, None, None)
    assert made.horizon == 10 * DAY
    assert made.grid == tuple(10 * DAY * k / 40 for k in range(41))
    assert made.report == tuple(DAY * k for k in range(1, 11))
    assert scenario().date(3) is None


def test_dates_of_days_since_the_start():
    made = scenario(clock=f"{START}, horizon: 10 days")
    assert made.clock.start == datetime(2024, 12, 6, 18, tzinfo=DAMASCUS)
    assert made.clock.as_of == made.clock.start
    assert made.date(1.5) == datetime(2024, 12, 8, 6, tzinfo=DAMASCUS)


def test_dates_are_shown_in_the_time_zone_of_the_file():
    made = scenario(clock="start: 2024-03-30T12:00Z, timezone: Europe/Berlin, horizon: 10 days")
    assert made.clock.timezone == "Europe/Berlin"
    assert str(made.date(0)) == "2024-03-30 13:00:00+01:00"
    assert str(made.date(1)) == "2024-03-31 14:00:00+02:00"


@pytest.mark.parametrize(
    ("written", "grid"),
    [("18 h", [0, 18, 36, 54, 72]), ("1 day", [0, 24, 48, 72]), ("50 h", [0, 50]), ("9 days", [0])],
)
def test_the_grid_runs_from_0_to_the_horizon(written, grid):
    assert clock(f"horizon: 3 days, grid: {written}").grid == tuple(3_600.0 * h for h in grid)


def test_report_times_are_sorted_instants_or_durations():
    made = clock(f"{START}, horizon: 3 days, report: [2 days, 2024-12-07T18:00+03:00, 24 h]")
    assert made.report == (DAY, 2 * DAY)
    assert clock("horizon: 3 days, report: 50 h").report == (50 * 3_600.0,)


def test_a_drawn_horizon_plans_for_its_largest_value():
    made = scenario(clock="horizon: {pert: [2 days, 3 days, 8 days], source: me}")
    assert made.clock.horizon == 8 * DAY
    assert made.net.horizon == Ref("input", "clock.horizon")
    assert input_(made.net, "clock.horizon").prior == law("pert", 2 * DAY, 3 * DAY, 8 * DAY)
    assert max(made.net.grid) == 8 * DAY


@pytest.mark.parametrize(
    ("prior", "largest"),
    [
        ("5 days", 5),
        ("{uniform: [1 day, 6 days]}", 6),
        ("{discrete: {2 days: 1, 7 days: 1, 3 days: 1}}", 7),
        ("{value: 4 days, grade: B2}", 4),
    ],
)
def test_a_parameter_may_be_the_horizon(prior, largest):
    made = scenario(f"parameters: {{p: {prior}}}", clock="horizon: p")
    assert made.clock.horizon == largest * DAY
    assert made.net.horizon == Ref("input", "p")


def test_the_horizon_may_be_an_instant():
    made = scenario(clock=f"{START}, horizon: 2024-12-20T18:00+03:00")
    assert made.net.horizon == Const(14 * DAY)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", [("missing-field", "{")]),
        ("horizont: 3 days", [("unknown-field", "horizont")]),
        ("horizon: 3", [("dimension", "3")]),
        ("horizon: 0 days", [("bad-horizon", "0 days")]),
        ("horizon: inf", [("bad-horizon", "inf")]),
        ("horizon: 3 months", [("unknown-unit", "months")]),
        ("horizon: P3D", [("unknown-name", "P3D")]),
        ("horizon: {interval90: [3 days, 5 days]}", [("bad-horizon", "{")]),
        ("horizon: {uniform: [0 days, 5 days]}", [("bad-horizon", "{")]),
        ("horizon: supply * 1 day", [("not-readable", "supply")]),
        ("horizon: q + 1 day", [("bad-horizon", "q + 1 day")]),
        ("horizon: r", [("bad-horizon", "r")]),
        ("horizon: 3 days, grid: 0 h", [("bad-grid", "0 h")]),
        ("horizon: 3 days, grid: -1 h", [("bad-grid", "-1 h")]),
        ("horizon: 3 days, grid: q", [("bad-grid", "q")]),
        ("horizon: 3 days, grid: 1 s", [("too-large", "1 s")]),
        ("horizon: 3 days, grid: {uniform: [1 h, 2 h]}", [("no-distribution-here", "{")]),
        ("horizon: 3 days, report: [4 days]", [("beyond-horizon", "4 days")]),
        ("horizon: 3 days, report: [-1 h]", [("beyond-horizon", "-1 h")]),
        ("horizon: 3 days, report: [q]", [("bad-report", "q")]),
        ("horizon: 3 days, report: [[1 h]]", [("wrong-type", "[")]),
        ("horizon: 3 days, report: [2024-12-07T00:00Z]", [("no-start", "2024-12-07T00:00Z")]),
        ("start: 2024-12-06, horizon: 3 days", [("bad-instant", "2024-12-06")]),
        ("start: 2024-12-06T18:00, horizon: 3 days", [("bad-instant", "2024-12-06T18:00")]),
        ("start: 2024-02-30T18:00Z, horizon: 3 days", [("bad-instant", "2024-02-30T18:00Z")]),
        ("start: 6 Dec 2024, horizon: 3 days", [("bad-instant", "6 Dec 2024")]),
        ("start: [2024], horizon: 3 days", [("wrong-type", "[")]),
        (f"{START}, timezone: Mars, horizon: 3 days", [("unknown-timezone", "Mars")]),
        (f"{START}, timezone: ../x, horizon: 3 days", [("unknown-timezone", "../x")]),
        (f"{START}, as_of: 2024-12-05, horizon: 3 days", [("before-start", "2024-12-05")]),
        ("as_of: 2024-12-06T18:00, horizon: 3 days", [("bad-instant", "2024-12-06T18:00")]),
    ],
)
def test_what_is_wrong_with_a_clock(written, expected):
    body = "parameters: {q: {uniform: [1 day, 2 days]}, r: {lognormal: {median: 1 day, sigma: 1}}}"
    assert faults(body, clock=written) == expected


# Sources and dates of knowledge.


def test_a_plain_date_is_the_end_of_that_day():
    made = scenario(
        "sources: {a: {text: A paper, public: 2024-12-06, url: a.example/b}}",
        clock=f"{START}, as_of: 2024-12-06, timezone: Asia/Damascus, horizon: 3 days",
    )
    end = datetime(2024, 12, 6, 23, 59, 59, tzinfo=DAMASCUS)
    assert made.clock.as_of == end
    assert made.sources["a"].public == end
    assert (made.sources["a"].text, made.sources["a"].url) == ("A paper", "a.example/b")


def test_an_instant_may_be_in_utc():
    made = scenario(clock="start: 2024-12-06T15:00Z, horizon: 3 days")
    assert made.clock.start == datetime(2024, 12, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("sources: {a: {text: x, public: 2024-12-07}}", [("after-as-of", "2024-12-07")]),
        ("sources: {a: {text: x, public: today}}", [("bad-instant", "today")]),
        ("sources: {a: x}", [("wrong-type", "x")]),
        ("sources: {a: {url: x}}", [("missing-field", "{")]),
        ("sources: {a: {text: x, pubic: 2024-12-01}}", [("unknown-field", "pubic")]),
        (
            "sources: {a: {text: x}}\nparameters: {p: {value: 1, source: b}}",
            [("unknown-source", "b")],
        ),
        ("parameters: {p: {value: 1, as_of: 2024-12-07}}", [("after-as-of", "2024-12-07")]),
        ("parameters: {p: {value: 1, as_of: lately}}", [("bad-instant", "lately")]),
    ],
)
def test_what_is_wrong_with_sources(body, expected):
    assert faults(body, clock=f"{START}, horizon: 3 days") == expected


def test_without_a_list_of_sources_any_text_is_a_source():
    made = scenario("parameters: {p: {value: 1, source: my uncle}}")
    assert input_(made.net, "p").note.source == "my uncle"


# Texts.


@pytest.mark.parametrize(
    "text", ["2024-12-06", "2024-12-06T18:00+03:00", "2024-1-6", "20241206T18"]
)
def test_what_is_meant_as_a_date(text):
    assert is_date(text)


@pytest.mark.parametrize("text", ["2024 - 12", "2024-12", "12-06", "a-1-2", "2024-12-6.5 + x"])
def test_what_is_an_expression(text):
    assert not is_date(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("P20D", "write '20 days'"),
        ("PT12H", "write '12 h'"),
        ("P1DT6H", "write '1 days + 6 h'"),
        ("P2W", "write '2 weeks'"),
        ("PT30M", "write '30 minutes'"),
        ("P1Y", "write a duration as '20 days' or '12 h'"),
        ("P", ""),
        ("PRICE", ""),
        ("20 days", ""),
    ],
)
def test_iso_durations_are_told_how_to_be_written(text, hint):
    assert iso_duration_hint(text) == hint


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("+05:30", "20:30:00+05:30"), ("-03:00", "12:00:00-03:00"), ("UTC", "15:00:00+00:00")],
)
def test_a_time_zone_may_be_an_offset(zone, shown):
    made = scenario(clock=f"{START}, timezone: '{zone}', horizon: 3 days")
    assert str(made.date(0)).endswith(shown)
