"""What is warned about, and above all what is not."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import Diagnostic
from sim.ieee import clip
from sim.net.check import check
from sim.net.evaluate import evaluator
from sim.net.expr import Call, Const, Expr, Ref
from sim.net.model import Branch, Clock, Effect, Net, Origin, Transition
from sim.net.possible import World, labels_reached
from tests.net.build import net

TURN = {"on": {"when": "s == off", "rate": 1, "then": {"s": "on"}}}
BACK = {"off": {"when": "s == on", "rate": 1, "then": {"s": "off"}}}


def codes(made: Net) -> list[tuple[str, str]]:
    return [(warning.code, warning.path) for warning in check(made)]


def only(made: Net) -> Diagnostic:
    (warning,) = check(made)
    return warning


def two_cities() -> Net:
    """Return the example of the file format (reduced to what these warnings look at)."""
    city = {
        f"{verb}.{i}": made
        for i in (1, 2)
        for verb, made in {
            "repulse": {"when": f"c.{i} == contested", "rate": 0.3, "then": {f"c.{i}": "held"}},
            "fall": {
                "when": f"c.{i} == contested",
                "rate": "0.1 + 0.06*(5 - supply)",
                "draws": {"loss": ("uniform", 0.05, 0.2)},
                "then": {f"c.{i}": "fallen", "strength": "strength * (1 - loss)"},
                "says": ("supply",),
            },
        }.items()
    }
    arrives = {"supply": "supply + 1", "landed": "landed + 1"}
    return net(
        lists={"city": ["1", "2"]},
        variables={
            "c.1": "held contested fallen",
            "c.2": "held contested fallen",
            "bridge": "up down",
            "supply": (0, 5, 3),
            "strength": (0.0, float("inf"), 1000.0),
            "landed": (0, float("inf"), 0),
        },
        parameters={"repair_rate": ("pert", 0.1, 0.4, 1)},
        definitions={
            "fronts": "sum(c.$j == contested for j in city)",
            "road": "1 if bridge == up else 0.25",
        },
        transitions={
            "attack.1": {"when": "c.1 == held", "rate": 0.4, "then": {"c.1": "contested"}},
            "march": {
                "when": "c.1 == fallen and c.2 == held",
                "after": ("lognormal", 45, 0.3),
                "pace": "30 * road",
                "memory": "keep",
                "then": {"c.2": "contested"},
            },
            **city,
            "strike": {"when": "bridge == up", "rate": 0.15, "then": {"bridge": "down"}},
            "repair": {"when": "bridge == down", "rate": "repair_rate", "then": {"bridge": "up"}},
            "consume": {
                "when": "supply > 0",
                "rate": "0.2 + 0.3*fronts",
                "then": {"supply": "supply - 1"},
            },
            "convoy": {
                "when": "supply < 5",
                "every": 0.5,
                "branches": [("road", arrives), (0.3, {})],
            },
            "ultimatum": {"when": "c.2 == contested", "at": 4, "then": {"c.2": "fallen"}},
        },
        outcomes={
            "city_1_falls": "c.1 == fallen",
            "city_2_falls": "c.2 == fallen",
            "cut_off": "supply == 0",
            "cut_off_first": "cut_off and not city_2_falls",
        },
        watch={"supply": "supply", "fronts": "fronts"},
        totals={"bridge_down": "bridge == down"},
        stop="city_2_falls",
    )


def test_the_example_has_only_the_warnings_that_are_true_of_it():
    # Nothing but its own effect reads how much has landed, or the strength.
    assert codes(two_cities()) == [
        ("never-read", "variables.strength"),
        ("never-read", "variables.landed"),
    ]


# Labels.


def test_a_label_that_nothing_assigns():
    made = net(variables={"s": "off on broken"}, transitions={**TURN, **BACK})
    warning = only(made)
    assert (warning.code, warning.path) == ("label-never-reached", "variables.s")
    assert warning.message == "'s': no effect ever assigns 'broken', and it does not start so"
    assert warning.position == made.variables[0].origin.position
    assert warning.severity == "warning"


def test_labels_are_followed_through_copies_and_choices():
    made = net(
        variables={"s": "off on", "copy": "off on broken"},
        definitions={"shown": "s if s == on else copy"},
        transitions={
            **TURN,
            **BACK,
            "note": {"when": "copy == off", "rate": 1, "then": {"copy": "shown"}},
        },
    )
    assert labels_reached(made)["copy"] == {0.0, 1.0}
    assert codes(made) == [("label-never-reached", "variables.copy")]


def test_copies_of_copies_reach_a_fixed_point():
    chain = {f"v{k}": "a b c" for k in range(6)}
    copies = {
        f"t{k}": {"when": f"v{k} != v{k + 1}", "rate": 1, "then": {f"v{k}": f"v{k + 1}"}}
        for k in range(5)
    }
    last = {"t": {"when": "v5 == a", "rate": 1, "then": {"v5": "b"}}}
    made = net(variables=chain, transitions={**copies, **last})
    assert all(values == {0.0, 1.0} for values in labels_reached(made).values())


def test_what_nothing_assigns_is_a_switch():
    # Variants turn it: no guard is called dead because of it.
    made = net(
        variables={"season": "dry wet", "s": "off on"},
        transitions={
            "on": {"when": "s == off and season == wet", "rate": 1, "then": {"s": "on"}},
            **BACK,
        },
    )
    assert codes(made) == [("label-never-reached", "variables.season")]


# Guards and outcomes.


@pytest.mark.parametrize(
    "guard",
    [
        "0",
        "false",
        "s == broken",
        "s == off and s == on",
        "not (s == off or s == on)",
        "n > 5",
        "n < 0",
        "n == 7",
        "n + 1 > 6",
        "n > 2 and n < 3",
        "busy and s == off",
        "n > 1 and busy and n < 1",
        "abs(n) < 0",
        "any(s == $k and n > 5 for k in ks)",
        "s != off and s != on",
        "2*n > 10 and n > 0",
        "x > 1 and x < 1",
        "x == 1 and x == 2",
        "(n == 0 or n == 1) and n > 3",
    ],
)
def test_a_guard_that_is_always_false(guard):
    made = net(
        lists={"ks": ["on", "off"]},
        variables={"s": "off on broken", "n": (0, 5, 2), "x": (0.0, 9.0, 2.0)},
        definitions={"busy": "s == on and n > 0"},
        transitions={
            **TURN,
            **BACK,
            "count": {"rate": "busy", "then": {"n": "n + 1", "x": "x * 2"}},
            "odd": {"when": guard, "rate": 1, "then": {}},
        },
        watch={"n": "n", "x": "x"},
    )
    assert ("never-enabled", "transitions.odd.when") in codes(made)


@pytest.mark.parametrize(
    "guard",
    [
        "s == on",
        "n > 4",
        "n >= 5",
        "p == 0",  # a parameter: a variant may change it
        "p > 3 and s == on",
        "n > x",
        "log(x) > 100",
        "x / n > 3",
        "x*x - 3 < 0",
        "t.fired > 3",
        "s == on or s == broken",
        "x > 8.999999",
        "mod(n, 2) == 1",
    ],
)
def test_a_guard_that_may_be_true(guard):
    made = net(
        variables={"s": "off on broken", "n": (0, 5, 2), "x": (0.0, 9.0, 2.0)},
        parameters={"p": 1},
        transitions={
            **TURN,
            **BACK,
            "count": {"rate": "p", "then": {"n": "n + 1", "x": "x * 2"}},
            "t": {"when": guard, "rate": 1, "then": {}},
        },
        watch={"n": "n", "x": "x"},
    )
    assert codes(made) == [("label-never-reached", "variables.s")]


def test_of_a_template_one_living_part_is_enough():
    made = net(
        variables={"s": "off on"},
        transitions={
            **TURN,
            **BACK,
            "t.1": {"when": "0", "rate": 1, "then": {}},
            "t.2": {"when": "s == on", "rate": 1, "then": {}},
            "u.1": {"when": "0", "rate": 1, "then": {}},
            "u.2": {"when": "0", "rate": 1, "then": {}},
        },
    )
    template = {"t": Origin("transitions.t.$i"), "u": Origin("transitions.u.$i")}
    shared = [
        replace(t, origin=template.get(t.name[0], t.origin), guard_origin=Origin())
        if "." in t.name
        else t
        for t in made.transitions
    ]
    warning = only(replace(made, transitions=tuple(shared)))
    assert warning.code == "never-enabled"
    assert warning.message.startswith("'u.1', 'u.2' can never happen")


def test_what_the_world_makes_is_not_warned_about():
    made = net(variables={"s": "off on broken"}, transitions={**TURN, **BACK})
    (variable,) = made.variables
    made = replace(made, variables=(replace(variable, origin=Origin("places.homs")),))
    assert check(made) == []


def test_an_outcome_that_can_never_hold_and_what_follows_from_it():
    made = net(
        variables={"s": "off on broken"},
        transitions={**TURN, **BACK},
        outcomes={"breaks": "s == broken", "later": "breaks and s == off", "on": "s == on"},
        stop="later",
    )
    assert codes(made)[1:] == [
        ("never-holds", "outcomes.breaks"),
        ("never-holds", "outcomes.later"),
        ("never-holds", "stop"),
    ]


# Reading.


def test_what_nothing_reads():
    made = net(
        variables={"n": (0, 9, 0), "k": (0, 9, 0), "seen": (0, 9, 0)},
        parameters={"p": 1, "q": 2},
        definitions={"d": "n + 1", "e": "p"},
        transitions={"t": {"rate": "e", "then": {"k": "k + 1", "seen": "seen + 1"}}},
        watch={"seen": "seen"},
    )
    assert codes(made) == [
        ("never-read", "parameters.q"),
        ("never-read", "variables.k"),
        ("never-read", "definitions.d"),
    ]
    assert check(made)[1].hint == "add it to 'watch' to see it"


@pytest.mark.parametrize(
    "where",
    [
        {"when": "n > 0", "rate": 1, "then": {}},
        {"rate": "n", "then": {}},
        {"after": ("exponential", "n"), "then": {}},
        {"rate": 1, "branches": [("n", {}), (1, {})]},
        {"rate": 1, "draws": {"a": ("uniform", 0, "n")}, "then": {}},
        {"rate": 1, "then": {"other": "n"}},
        {"rate": 1, "then": {}, "says": ("n",)},
        {"rate": 1, "then": {"clock.work": "n"}},
    ],
)
def test_every_place_that_reads(where):
    made = net(
        variables={"n": (0, 9, 0), "other": (0, 9, 0)},
        transitions={"t": where, "clock": {"after": 1, "memory": "keep", "then": {}}},
        watch={"other": "other"},
    )
    assert codes(made) == []


# Immediates.


def endless(**immediates: dict) -> list[str]:
    made = net(
        variables={"s": "off on", "r": "off on", "n": (0, 5, 2), "x": (0.0, 9.0, 2.0)},
        transitions={
            **TURN,
            **BACK,
            "left": {"when": "r == off", "rate": 1, "then": {"r": "on", "n": "n + 1", "x": "x/2"}},
            "right": {"when": "r == on", "rate": 1, "then": {"r": "off"}},
            **{name: {"immediate": True, **t} for name, t in immediates.items()},
        },
        watch={"n": "n", "x": "x"},
    )
    return [w.message for w in check(made) if w.code == "endless-immediate"]


ON, OFF = "s == on", "s == off"


@pytest.mark.parametrize(
    "immediates",
    [
        {"i": {"when": ON, "then": {}}},
        {"i": {"when": ON, "then": {"s": "on"}}},
        {"i": {"when": ON, "then": {"n": "n + 1"}}},
        {"i": {"when": "n > 2", "then": {"n": "n + 1"}}},
        {"i": {"when": "n < 5", "then": {"n": "n - 1"}}},
        {"i": {"when": "x >= 1", "then": {"x": "x + 1"}}},
        {"i": {"when": ON, "branches": [(1, {}), (2, {"n": 0})]}},
        {"i": {"when": "i.fired > 0", "then": {}}},
        {"i": {"when": ON, "then": {"s": "off"}}, "j": {"when": OFF, "then": {"s": "on"}}},
        # j would end it, but never gets its turn.
        {"i": {"when": ON, "then": {}}, "j": {"when": ON, "then": {"s": "off"}}},
        {"i": {"when": "s == on and n == 0", "then": {"n": "0"}}},
    ],
)
def test_an_immediate_that_never_comes_to_rest(immediates):
    assert len(endless(**immediates)) == 1


@pytest.mark.parametrize(
    "immediates",
    [
        {"i": {"when": ON, "then": {"s": "off"}}},
        {"i": {"when": ON, "branches": [(1, {}), (2, {"s": "off"})]}},
        {"i": {"when": "n > 2", "then": {"n": "n - 1"}}},
        {"i": {"when": "n < 5", "then": {"n": "n + 1"}}},
        {"i": {"when": "x > 1", "then": {"x": "x / 2"}}},
        {"i": {"when": "i.fired < 3", "then": {}}},
        {
            "i": {"when": ON, "then": {"s": "off"}},
            "j": {"when": "r == on", "then": {"s": "on", "r": "off"}},
        },
        {"i": {"when": ON, "then": {}}, "j": {"when": ON, "then": {"s": "off"}, "priority": 1}},
        {"i": {"when": "s == on and x > 3", "then": {"x": "x - 1"}}},
    ],
)
def test_an_immediate_that_may_come_to_rest(immediates):
    assert endless(**immediates) == []


def test_the_messages_about_immediates():
    assert endless(i={"when": ON, "then": {}}) == [
        "'i' fires without end: its effects leave its own guard true"
    ]
    circle = {"i": {"when": ON, "then": {"s": "off"}}, "j": {"when": OFF, "then": {"s": "on"}}}
    assert endless(**circle) == ["'i', 'j' fire in a circle without end, in no time"]


def test_many_immediates_are_looked_at_in_bounded_time():
    many = {f"i{k}": {"when": f"n == {k % 5}", "then": {"n": (k + 1) % 5}} for k in range(300)}
    assert len(endless(**many)) <= 300


# Memory.


def memory(**transition: object) -> list[str]:
    made = net(
        variables={"s": "off on", "n": (0, 5, 2)},
        transitions={**TURN, **BACK, "t": {"then": {}, **transition}},
        watch={"n": "n"},
    )
    return [w.path for w in check(made) if w.code == "default-memory"]


def test_a_delay_that_may_lose_its_work():
    assert memory(when=ON, after=("lognormal", 3, 1)) == ["transitions.t"]
    assert memory(when=ON, after=3) == ["transitions.t"]


def test_clocks_that_do_not_rely_on_the_default():
    assert memory(when=ON, after=3, memory="redraw") == []
    assert memory(when=ON, rate=3) == []
    assert memory(when=ON, after=("exponential", 3)) == []  # without memory, as its name says
    assert memory(after=3) == []  # its guard never turns false
    # `on` cannot fire while this waits, and `off` leaves its guard true.
    assert memory(when="s == on or n >= 0", after=3) == []
    assert memory(when="n < 5", after=3, then={"n": "n + 1"}) == []  # only by its own firing


# The abstract values are checked against the concrete ones.

NAMES = {"a": (-2, 2), "b": (0, 3)}
leaves = st.sampled_from(
    [Ref("variable", "a"), Ref("variable", "b"), *(Const(float(k)) for k in range(-2, 4))]
)
TWO = ["add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "min", "max", "div"]


def _grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(lambda op, x, y: Call(op, (x, y)), st.sampled_from(TWO), inner, inner),
        st.builds(lambda op, x: Call(op, (x,)), st.sampled_from(["not", "neg", "abs"]), inner),
        st.builds(lambda x, y, z: Call("select", (x, y, z)), inner, inner, inner),
        st.builds(lambda x, y, z: Call("clip", (x, y, z)), inner, inner, inner),
    )


exprs = st.recursive(leaves, _grown, max_leaves=12)
small = net(
    variables={"a": (-2, 2, 0), "b": (0, 3, 0)},
    watch={"a": "a", "b": "b"},
)
wide = net(
    variables={"a": (-2.0, 2.0, 0.0), "b": (0.0, 3.0, 0.0)},
    watch={"a": "a", "b": "b"},
)
states = [(float(a), float(b)) for a in range(-2, 3) for b in range(4)]
SLOTS = {Ref("variable", "a"): 0, Ref("variable", "b"): 1}


@pytest.mark.parametrize("made", [small, wide], ids=["points", "intervals"])
@given(expr=exprs, second=exprs)
def test_a_world_holds_every_value_and_every_state(made, expr, second):
    world = World(made)
    value, guard = evaluator(expr, SLOTS), evaluator(second, SLOTS)
    narrowed = world.assuming(second)
    for state in states:
        found, holds = value(list(state)), guard(list(state))
        if found != found or holds != holds or _has_nan(expr, state) or _has_nan(second, state):
            continue  # a fault
        assert found in world.value(expr)
        if holds != 0.0:
            assert narrowed is not None
            assert found in narrowed.value(expr)
            assert all(
                value in narrowed.value(name) for name, value in zip(SLOTS, state, strict=True)
            )


@pytest.mark.parametrize("made", [small, wide], ids=["points", "intervals"])
@given(guard=exprs, first=exprs, second=exprs)
def test_a_world_after_a_firing_holds_every_state(made, guard, first, second):
    effects = tuple(Effect(name, e) for name, e in zip(SLOTS, (first, second), strict=True))
    branch = Branch(effects)
    transition = Transition("t", "transition:t", Clock("immediate"), (branch,), guard=guard)
    enabled = World(made).assuming(guard)
    after = None if enabled is None else enabled.after(transition, branch)
    for state in states:
        if any(_has_nan(e, state) for e in (guard, first, second)):
            continue
        if evaluator(guard, SLOTS)(list(state)) == 0.0:
            continue
        for variable, effect in zip(made.variables, effects, strict=True):
            value = evaluator(effect.expr, SLOTS)(list(state))
            if made is small and math.isfinite(value) and not value.is_integer():
                continue  # a fault
            assert after is not None
            assert clip(value, variable.low, variable.high) in after.value(effect.target)


def _has_nan(expr: Expr, state: tuple[float, float]) -> bool:
    if isinstance(expr, Call):
        value = evaluator(expr, SLOTS)(list(state))
        return value != value or any(_has_nan(arg, state) for arg in expr.args)
    return False


RANGES = [(-2.0, 2.0), (0.0, 3.0), (1.0, 1.5), (-3.0, -1.0), (0.0, 0.0), (-1.0, 0.0)]


@pytest.mark.parametrize("op", TWO)
def test_the_rule_of_every_operator_on_every_pair_of_ranges(op):
    expr = Call(op, tuple(SLOTS))
    value = evaluator(expr, SLOTS)
    for (low, high), (lower, higher) in itertools.product(RANGES, RANGES):
        made = net(variables={"a": (low, high, low), "b": (lower, higher, lower)})
        world = World(made)
        possible, narrowed = world.value(expr), world.assuming(expr)
        sides = [(low, (low + high) / 2, high), (lower, (lower + higher) / 2, higher)]
        for state in itertools.product(*sides):
            found = value(list(state))
            assert found in possible or found != found
            if found == found != 0.0:
                assert narrowed is not None
                assert all(x in narrowed.value(n) for n, x in zip(SLOTS, state, strict=True))
