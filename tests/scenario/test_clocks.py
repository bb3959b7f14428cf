"""Every kind of clock, what it becomes in the net, and what is wrong with it."""

import pytest

from sim.net.expr import TIME_REF, Call, Const, Ref
from sim.scenario.load import loads
from sim.units import LENGTH, NONE, TIME, Dimension
from tests.scenario.build import DAY, faults, input_, law, net, scenario, text, transition

START = "start: 2024-12-06T18:00+03:00, horizon: 10 days"


def test_a_rate_is_standard_exponential_work_burned_at_a_pace():
    made = transition("rate: 0.2 / day")
    assert made.clock.kind == made.clock.written == "rate"
    assert made.clock.law == law("exponential", 1)
    assert made.clock.pace == Const(0.2 / DAY)
    assert made.clock.work_dimension == NONE
    assert made.memory == "keep"
    assert not made.memory_stated


def test_a_delay_is_work_in_time_at_pace_one():
    made = transition("after: 3 h")
    assert (made.clock.kind, made.clock.written) == ("work", "after")
    assert made.clock.law == law("deterministic", 10_800)
    assert made.clock.pace == Const(1.0)
    assert made.clock.work_dimension == TIME
    assert made.memory == "redraw"


def test_work_of_any_dimension_burns_at_work_per_time():
    made = transition(
        "work: {lognormal: {median: 45 km, sigma: 0.3}}, pace: 30 km/day, memory: keep"
    )
    assert made.clock.law == law("lognormal", 45_000, 0.3)
    assert made.clock.pace == Const(30_000 / DAY)
    assert made.clock.work_dimension == LENGTH
    assert (made.memory, made.memory_stated) == ("keep", True)
    crews = transition("work: 40 persons * 1 day, pace: 12 persons")
    assert crews.clock.work_dimension == Dimension(time=1, persons=1)


def test_work_that_is_a_time_needs_no_pace():
    assert transition("work: 3 h").clock.pace == Const(1.0)
    assert transition("work: 3 h, pace: 2").clock.pace == Const(2.0)
    assert transition("work: 3, pace: 2 / day").clock.pace == Const(2.0 / DAY)


def test_a_timetable_starts_after_one_period():
    made = transition("every: 12 h").clock
    assert (made.kind, made.period, made.start) == ("every", Const(43_200.0), Const(43_200.0))
    assert transition("every: 12 h, from: 0 h").clock.start == Const(0.0)
    assert transition("every: 12 h, from: 2024-12-07T00:00+03:00", clock=START).clock.start == (
        Const(6 * 3_600.0)
    )


def test_instants_are_seconds_since_the_start():
    made = transition("at: [2024-12-07T00:00+03:00, 1 day, 2024-12-07T00:00Z]", clock=START).clock
    assert made.kind == "at"
    assert made.instants == (Const(21_600.0), Const(86_400.0), Const(32_400.0))
    assert transition("at: 3 days").clock.instants == (Const(3 * DAY),)


def test_instants_across_a_change_of_offset_are_exact():
    clock = "start: 2024-03-30T12:00+01:00, horizon: 10 days"
    made = transition("at: 2024-03-31T12:00+02:00", clock=clock).clock
    assert made.instants == (Const(23 * 3_600.0),)


def test_an_immediate_holds_no_work():
    made = transition("when: supply == 0, immediate: true, then: {supply: 5}")
    assert made.clock.kind == "immediate"
    assert not made.clock.holds_work


def test_what_is_drawn_once_and_what_at_each_use():
    rate = net("transitions: {t: {rate: {pert: [0.1 / day, 0.2 / day, 1 / day]}, then: {}}}")
    assert rate.transitions[0].clock.pace == Ref("input", "transitions.t.rate")
    prior = input_(rate, "transitions.t.rate")
    assert prior.key == "input:transitions.t.rate"
    assert prior.path == prior.name
    assert prior.prior == law("pert", 0.1 / DAY, 0.2 / DAY, 1 / DAY)
    delay = net("transitions: {t: {after: {uniform: [1 h, 2 h]}, then: {}}}")
    assert delay.inputs == ()
    assert delay.transitions[0].clock.law == law("uniform", 3_600, 7_200)


def test_a_distribution_as_an_argument_of_chance_is_an_input():
    made = net("transitions: {t: {after: {uniform: [1 h, {uniform: [2 h, 3 h]}]}, then: {}}}")
    high = "transitions.t.after.uniform.high"
    assert made.transitions[0].clock.law == law("uniform", 3_600, Ref("input", high))
    assert input_(made, high).prior == law("uniform", 7_200, 10_800)
    assert input_(made, high).dimension == TIME


def test_the_arguments_of_chance_read_the_state_and_the_time():
    made = transition("after: {uniform: [0 h, supply * 1 h + time]}").clock
    hours = Call("mul", (Ref("variable", "supply"), Const(3_600.0)))
    assert made.law == law("uniform", 0, Call("add", (hours, TIME_REF)))


def test_a_template_draws_for_each_of_its_parts():
    made = net(
        "transitions: {t.$i: {for: {i: [1, 2]}, rate: {uniform: [1 / day, $i * 2/day]}, then: {}}}"
    )
    assert [i.name for i in made.inputs] == ["transitions.t.1.rate", "transitions.t.2.rate"]
    assert input_(made, "transitions.t.2.rate").prior == law("uniform", 1 / DAY, 4 / DAY)
    assert {i.origin.path for i in made.inputs} == {"transitions.t.$i.rate"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("rate: 0.2", [("dimension", "0.2")]),
        ("rate: 3 km/day", [("dimension", "3 km/day")]),
        ("rate: -0.2 / day", [("out-of-range", "-0.2 / day")]),
        ("rate: {value: -0.2 / day, source: me}", [("out-of-range", "{")]),
        ("every: {value: 0 h, source: me}", [("out-of-range", "{")]),
        ("at: {value: 11 days, source: me}", [("beyond-horizon", "{")]),
        ("rate: inf / day", [("out-of-range", "inf / day")]),
        ("rate: {uniform: [-1 / day, 1 / day]}", [("out-of-range", "{")]),
        ("rate: 1 / day, after: 3 h", [("two-clocks", "after")]),
        ("rate: 1 / day, pace: 2", [("no-such-clock-key", "pace")]),
        ("after: 3 h, pace: 2", [("no-such-clock-key", "pace")]),
        ("at: 3 h, from: 2 h", [("no-such-clock-key", "from")]),
        ("when: supply > 0", [("no-clock", "t")]),
        ("pace: 3 km/day", [("no-clock", "t")]),
        ("after: 3", [("dimension", "3")]),
        ("after: -3 h", [("out-of-range", "-3 h")]),
        ("after: {discrete: {1 h: 1, -1 h: 1}}", [("out-of-range", "{")]),
        ("work: 3 km", [("no-pace", "work")]),
        ("work: 3", [("no-pace", "work")]),
        ("work: 3 km, pace: 2", [("dimension", "2")]),
        ("work: 3 km, pace: -2 km/day", [("out-of-range", "-2 km/day")]),
        ("work: city, pace: 1 / day", [("label-as-number", "city")]),
        ("every: 0 h", [("out-of-range", "0 h")]),
        ("every: supply * 1 h", [("not-readable", "supply")]),
        ("every: 1 h, from: 11 days", [("beyond-horizon", "11 days")]),
        ("at: []", [("wrong-type", "[")]),
        ("at: 11 days", [("beyond-horizon", "11 days")]),
        ("at: -1 h", [("before-start", "-1 h")]),
        ("at: 2024-12-07T00:00+03:00", [("no-start", "2024-12-07T00:00+03:00")]),
        ("immediate: false", [("wrong-type", "false")]),
        ("immediate: yes", [("wrong-type", "yes")]),
        ("every: 1 h, memory: keep", [("no-memory", "keep")]),
        ("immediate: true, memory: redraw", [("no-memory", "redraw")]),
        ("rate: 1 / day, memory: kep", [("wrong-type", "kep")]),
        ("rate: 1 / day, priority: 1.5", [("wrong-type", "1.5")]),
        ("rate: 1 / day, priority: 10000000", [("out-of-range", "10000000")]),
        ("when: time > 1 day, rate: 1 / day", [("not-readable", "time")]),
        ("when: 3 km, rate: 1 / day", [("dimension", "3 km")]),
        ("rate: time / 1 day / day", [("not-readable", "time")]),
        ("work: 3 km, pace: t.work / day", [("not-readable", "t.work")]),
        ("rate: {uniform: [1 / day, supply / day]}", [("not-readable", "supply")]),
    ],
)
def test_what_is_wrong_with_a_clock(fields, expected):
    assert faults(f"transitions: {{t: {{{fields}, then: {{}}}}}}") == expected


@pytest.mark.parametrize(
    ("law_of", "is_warned"),
    [("{mean: 1 / day, sd: 0.2 / day}", False), ("{mean: 1 / day, sd: 0.5 / day}", True)],
)
def test_a_normal_rate_may_be_negative(law_of, is_warned):
    made = scenario(f"transitions: {{t: {{rate: {{normal: {law_of}}}, then: {{}}}}}}")
    assert ("may-be-negative" in [w.code for w in made.warnings]) == is_warned


def test_a_horizon_that_is_drawn_bounds_no_instant():
    clock = "horizon: {uniform: [5 days, 10 days]}"
    assert transition("at: 12 days", clock=clock).clock.instants == (Const(12 * DAY),)


def test_clocks_know_where_they_were_written():
    made = transition("rate: 0.2 / day").clock.origin
    assert (made.path, made.text) == ("transitions.t.rate", "0.2 / day")
    assert made.position is not None
    line = text("transitions: {t: {rate: 0.2 / day, then: {}}}").split("\n")[made.position.line - 1]
    assert line[made.position.column - 1 :].startswith("0.2 / day")


def test_a_transition_may_bear_the_name_of_a_variable():
    made = loads(text("transitions: {supply: {rate: 1 / day, then: {supply: supply.fired}}}"))
    (effect,) = made.net.transitions[0].branches[0].effects
    assert effect.expr == Ref("fired", "supply")


def test_a_number_with_remarks_is_an_input_that_keeps_them():
    made = net("transitions: {t: {rate: {value: 0.2 / day, source: me, grade: B2}, then: {}}}")
    assert made.transitions[0].clock.pace == Ref("input", "transitions.t.rate")
    found = input_(made, "transitions.t.rate")
    assert (found.prior, found.note.source, found.note.grade) == (Const(0.2 / DAY), "me", "B2")
    assert not found.is_uncertain
    state = net("transitions: {t: {rate: {value: supply / day, source: me}, then: {}}}")
    assert state.inputs == ()
