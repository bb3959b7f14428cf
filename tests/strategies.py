"""Random nets for Hypothesis: small, valid by construction, and using every feature.

Delays and periods are whole hours, so that clocks tie exactly; ranges are narrow, so that values
are clipped; hazards are high, so that much happens within the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from sim.net.expr import TIME_REF, TRUE, Call, Const, Distribution, Expr, Ref
from sim.net.model import (
    Branch,
    Clock,
    Definition,
    Draw,
    Effect,
    Hole,
    Input,
    Net,
    Outcome,
    Total,
    Transition,
    Variable,
    Watch,
)

HOUR = 3_600.0
LABELS = ("held", "contested", "fallen")
STANDARD_EXPONENTIAL = Distribution("exponential", (Const(1.0),))

small = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 3.0])
positive = st.sampled_from([0.1, 0.5, 1.0, 2.5])
formats = st.sampled_from(["", ".1f", ".3g", "d"])


def call(op: str, *args: Expr | float) -> Expr:
    """Return an operator applied to expressions or numbers."""
    return Call(op, tuple(Const(float(a)) if isinstance(a, int | float) else a for a in args))


@st.composite
def numbers(draw, names: list[Ref], depth: int = 2) -> Expr:
    """Return a numeric expression over names; it can be negative, and rarely infinite or NaN."""
    if depth == 0 or draw(st.booleans()):
        if names and draw(st.booleans()):
            return draw(st.sampled_from(names))
        return Const(draw(small))
    op = draw(
        st.sampled_from(
            [
                "add",
                "add3",
                "sub",
                "mul",
                "div",
                "min",
                "max",
                "abs",
                "neg",
                "clip",
                "logistic",
                "select",
                "square",
                "sqrt",
                "exp",
                "floor",
                "ceil",
                "mod",
                "pow",
                "log",
                "truth",
                "risk",
            ]
        )
    )
    arg = lambda: draw(numbers(names, depth - 1))  # noqa: E731
    if op == "add3":
        return call("add", arg(), arg(), arg())
    if op == "div":
        return call("div", arg(), call("add", 1.0, call("abs", arg())))
    if op == "truth":
        return draw(guards(names, [], depth - 1))
    if op == "select":
        return call("select", draw(guards(names, [], depth - 1)), arg(), arg())
    if op in ("sqrt", "log", "risk"):
        return call("sqrt" if op == "sqrt" else "log", call("add", 0.5, call("abs", arg())))
    if op == "risk" and draw(st.booleans()):
        return call("log", call("sub", arg(), draw(small)))
    if op == "exp":
        return call("exp", call("min", arg(), 3.0))
    if op == "mod":
        return call("mod", arg(), 2.5)
    if op == "pow":
        return call("pow", call("abs", arg()), 1.5)
    if op in ("abs", "neg", "logistic", "square", "floor", "ceil"):
        return call(op, arg())
    if op == "clip":
        return call("clip", arg(), 0.0, 2.0)
    return call(op, arg(), arg())


@st.composite
def guards(draw, names: list[Ref], enumerations: list[Ref], depth: int = 1) -> Expr:
    """Return a truth value over names."""
    kind = draw(st.sampled_from(["true", "true", "true", "compare", "label", "and", "or", "not"]))
    if kind == "true":
        return TRUE
    if kind == "label" and enumerations:
        label = Const(float(draw(st.integers(0, 2))))
        return call(draw(st.sampled_from(["eq", "ne"])), draw(st.sampled_from(enumerations)), label)
    if depth > 0 and kind in ("and", "or"):
        sides = [draw(guards(names, enumerations, depth - 1)) for _ in range(2)]
        return call(kind, *sides)
    if depth > 0 and kind == "not":
        return call("not", draw(guards(names, enumerations, depth - 1)))
    op = draw(st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]))
    return call(op, draw(numbers(names, 1)), Const(draw(small)))


def positive_of(expr: Expr) -> Expr:
    """Return an expression made fit for a pace, a scale or a weight: from 0.01 to 5."""
    return call("clip", call("abs", expr), 0.01, 5.0)


@st.composite
def laws(draw, names: list[Ref]) -> Distribution:
    """Return any distribution, its arguments possibly reading the state."""
    kind = draw(
        st.sampled_from(
            [
                "uniform",
                "triangular",
                "pert",
                "normal",
                "lognormal",
                "beta",
                "gamma",
                "weibull",
                "exponential",
                "erlang",
                "deterministic",
                "discrete",
            ]
        )
    )
    first = positive_of(draw(numbers(names, 1))) if draw(st.booleans()) else Const(draw(positive))
    if kind in ("uniform", "triangular", "pert"):
        mode = call("add", first, 0.5)
        high = call("add", first, 2.0)
        return Distribution(kind, (first, high) if kind == "uniform" else (first, mode, high))
    if kind == "normal":
        return Distribution(kind, (first, Const(0.3)))
    if kind in ("exponential", "deterministic"):
        return Distribution(kind, (first,))
    if kind == "erlang":
        return Distribution(kind, (Const(float(draw(st.integers(1, 4)))), first))
    if kind == "discrete":
        weights = (first, Const(draw(small)), Const(1.0))
        return Distribution(kind, (Const(0.5), Const(1.0), Const(2.0), *weights))
    return Distribution(kind, (Const(draw(positive)), first))


CLOCKS = ["rate", "rate", "after", "work", "every", "at", "immediate", "immediate"]


@st.composite
def clocks(draw, names: list[Ref], inputs: list[Ref]) -> Clock:
    """Return a clock of any kind."""
    kind = draw(st.sampled_from(CLOCKS))
    per_hour = call("div", call("add", 1.0, draw(numbers(names))), HOUR)
    sign = draw(st.sampled_from(["max", "max", "max", "abs", "abs", "abs", "abs", "none"]))
    pace = call("max", per_hour, 0.0) if sign == "max" else call("abs", per_hour)
    pace = per_hour if sign == "none" else call("min", pace, 1.0)
    hours = call("mul", HOUR, float(draw(st.integers(0, 4))))
    if kind == "rate":
        return Clock("rate", STANDARD_EXPONENTIAL, pace, written="rate")
    if kind == "after":
        never = draw(st.sampled_from([False] * 9 + [True]))
        law = Distribution("deterministic", (Const(math.inf) if never else hours,))
        return Clock("work", law, written="after")
    if kind == "work":
        law = draw(laws([*names, TIME_REF]))
        return (
            Clock("work", Distribution("deterministic", (Const(1.0),)), pace, written="work")
            if (law.kind == "normal")
            else Clock("work", law, pace, written="work")
        )
    if kind == "every":
        stretch = positive_of(draw(st.sampled_from(inputs))) if inputs else Const(1.0)
        # A seventh of an hour tells products from sums.
        hours_apart = draw(st.sampled_from([1 / 7, 1.0, 2.0, 3.0]))
        period = call("mul", HOUR * hours_apart, call("max", stretch, 0.5))
        return Clock("every", period=period, start=hours, written="every")
    if kind == "at":
        instants = tuple(Const(HOUR * h) for h in draw(st.lists(st.integers(0, 9), max_size=3)))
        return Clock("at", instants=instants, written="at")
    return Clock("immediate", written="immediate")


def _input(draw, number: int, earlier: list[Ref]) -> Input:
    prior = draw(st.one_of(laws(earlier), numbers(earlier, 1), st.builds(Const, small)))
    name = f"p{number}"
    return Input(name, f"parameters.{name}", f"input:{name}", prior)


def _choice_input(draw, number: int) -> Input:
    weights = (Const(draw(small)), Const(draw(small)), Const(draw(positive)))
    law = Distribution("choice", (Const(0.0), Const(1.0), Const(2.0), *weights))
    name = f"v{number}.initial"
    return Input(name, f"variables.v{number}.initial", f"initial:v{number}", law, labels=LABELS)


def _variable(draw, number: int, inputs: list[Ref]) -> Variable:
    name = f"v{number}"
    kind = draw(st.sampled_from(["enumeration", "integer", "real"]))
    if kind == "enumeration":
        return Variable(name, "enumeration", Const(float(draw(st.integers(0, 2)))), LABELS)
    if kind == "integer":
        initial = Const(float(draw(st.integers(0, 3))))
        low = draw(st.sampled_from([0.0, 0.0, -2.0]))
        return Variable(name, "integer", initial, low=low, high=float(draw(st.integers(3, 6))))
    initial = (
        draw(st.one_of(st.builds(Const, small), st.sampled_from(inputs)))
        if inputs
        else Const(draw(small))
    )
    low, high = draw(st.sampled_from([-1.0, 0.0])), draw(st.sampled_from([3.0, 50.0, math.inf]))
    return Variable(name, "real", initial, low=low, high=high)


@st.composite
def effects(draw, variables, works: list[Ref], names: list[Ref]) -> tuple[Effect, ...]:
    """Return assignments to a few variables, and perhaps to the work of a clock."""
    chosen = draw(st.lists(st.sampled_from(variables), max_size=2, unique=True))
    enumerations = [Ref("variable", v.name) for v in variables if v.kind == "enumeration"]
    found = []
    for variable in chosen:
        if variable.kind == "enumeration":
            label = Const(float(draw(st.integers(0, 2))))
            other = Const(float(draw(st.integers(0, 2))))
            copied = draw(st.sampled_from(enumerations))
            which = draw(guards(names, enumerations))
            value = draw(st.sampled_from([label, call("select", which, label, other), copied]))
        else:
            value = call("clip", draw(numbers(names)), -40.0, 40.0)
            value = call("floor", value) if variable.kind == "integer" else value
        found.append(Effect(Ref("variable", variable.name), value))
    if works and draw(st.booleans()):
        target = draw(st.sampled_from(works))
        more = call("add", target, call("min", call("abs", draw(numbers(names, 1))), 9.0))
        found.append(Effect(target, call("min", more, 1e6)))
    return tuple(found)


@dataclass(frozen=True)
class Names:
    """What expressions of a random net may read."""

    inputs: list[Ref]
    variables: list[Variable]
    #: Numbers, and what holds a label; both without draws.
    state: list[Ref]
    labels: list[Ref]
    #: Clocks whose work is kept.
    works: list[Ref]
    fired: list[Ref]
    #: Whether all transitions fire a few times at most, so that replications die.
    is_calm: bool


@st.composite
def questions(draw, variables: list[Variable]) -> Expr:
    """Return a truth value that is likely to change while a net runs."""
    variable = draw(st.sampled_from(variables))
    own = Ref("variable", variable.name)
    if variable.kind == "enumeration":
        return call(draw(st.sampled_from(["eq", "ne"])), own, float(draw(st.integers(0, 2))))
    bound = float(draw(st.integers(1, 4)))
    return call(draw(st.sampled_from(["ge", "lt", "lt", "eq"])), own, bound)


@st.composite
def moves(draw, variable: Variable) -> tuple[Effect, ...]:
    """Return an effect that changes a variable by a step, or a label to the next."""
    own = Ref("variable", variable.name)
    if variable.kind == "enumeration":
        following = call("mod", call("add", own, float(draw(st.integers(1, 2)))), 3.0)
        return (Effect(own, following),)
    return (Effect(own, call("add", own, float(draw(st.sampled_from([-2, -1, 1, 1, 2]))))),)


@st.composite
def risks(draw, variable: Variable, names: list[Ref]) -> tuple[Effect, ...]:
    """Return an effect that breaks a rule now and then, or keeps to it by a hair."""
    own = Ref("variable", variable.name)
    number = draw(st.sampled_from(names)) if names else Const(2.0)
    if variable.kind == "enumeration":
        return (Effect(own, call("clip", call("floor", number), 0.0, 2.5)),)
    ways = [
        call("div", 1.0, number),
        call("log", number),
        call("add", own, 0.5),
        call("neg", own),
        call("mul", own, -0.0),
        call("mul", own, 1e200),
    ]
    return (Effect(own, draw(st.sampled_from(ways))),)


@st.composite
def _transitions(draw, k: int, clock: Clock, memory: str, names: Names) -> Transition:
    name = f"t{k}"
    named = [
        Draw(f"x{i}", f"draw:{name}/x{i}", draw(laws([*names.state, TIME_REF, *names.works])))
        for i in range(draw(st.integers(0, 2)))
    ]
    own = [Ref("draw", f"{name}/{d.name}") for d in named]
    readable = [*names.state, TIME_REF, *names.works, *own]
    reals = [v for v in names.variables if v.kind == "real"]
    branches = []
    for i in range(draw(st.sampled_from([1, 1, 2, 3]))):
        moved = draw(st.sampled_from(names.variables))
        others = [v for v in names.variables if v is not moved]
        if own and reals and draw(st.booleans()):
            moved = draw(st.sampled_from(reals))
            others = [v for v in names.variables if v is not moved]
            found = (Effect(Ref("variable", moved.name), call("add", *own, 0.0)),)
        elif draw(st.sampled_from([True, *[False] * 7])):
            found = draw(risks(moved, readable))
        else:
            found = draw(moves(moved))
        if others:
            found += draw(effects(others, names.works, readable))
        weight = st.one_of(st.builds(positive_of, numbers(readable, 1)), st.builds(Const, small))
        hole = Hole(draw(numbers(readable, 1)), draw(formats))
        label = draw(st.sampled_from(["", f"b{i}"]))
        branches.append(Branch(found, draw(weight), label, ("so ", hole) if i == 1 else ()))
    guard = draw(
        st.one_of(st.just(TRUE), questions(names.variables), guards(names.state, names.labels))
    )
    few = call("lt", names.fired[k], float(draw(st.integers(1, 3))))
    if clock.kind == "immediate":
        # Fires a few times at most, so that loops are rare but happen.
        guard = call("and", draw(questions(names.variables)), few)
    elif names.is_calm:
        guard = call("and", guard, few)
    return Transition(
        name,
        f"transition:{name}",
        clock,
        tuple(branches),
        guard,
        memory,
        priority=draw(st.sampled_from([0, 0, 1, -2])),
        draws=tuple(named),
        says=("it was ", *(Hole(ref, draw(formats)) for ref in own)),
    )


@st.composite
def _definitions(draw, names: Names) -> list[Definition]:
    """Return definitions; their names are added to ``names``."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        ref = Ref("definition", f"d{number}")
        if names.labels and draw(st.sampled_from([True, False, False])):
            yes, no = draw(st.sampled_from(names.labels)), Const(float(draw(st.integers(0, 2))))
            label = call("select", draw(guards(names.state, names.labels)), yes, no)
            found.append(Definition(ref.name, label, is_label=True))
            names.labels.append(ref)
        else:
            value = draw(numbers(names.state))
            if draw(st.sampled_from([True, *[False] * 9])):
                value = call("log", call("sub", value, draw(small)))
            found.append(Definition(ref.name, value))
            names.state.append(ref)
    return found


@st.composite
def _outcomes(draw, names: Names) -> list[Outcome]:
    found: list[Outcome] = []
    for number in range(draw(st.integers(0, 3))):
        earlier = [Ref("outcome", o.name) for o in found]
        readable = [*names.state, *earlier]
        holds = draw(st.one_of(questions(names.variables), guards(readable, names.labels)))
        if earlier and draw(st.booleans()):
            holds = call(draw(st.sampled_from(["and", "or", "lt"])), earlier[-1], holds)
        found.append(Outcome(f"o{number}", holds))
    return found


@st.composite
def nets(draw) -> Net:
    """Return a net."""
    inputs: list[Input] = []
    input_refs: list[Ref] = []
    for number in range(draw(st.integers(0, 3))):
        inputs.append(_input(draw, number, list(input_refs)))
        input_refs.append(Ref("input", inputs[-1].name))
    variables = [_variable(draw, n, input_refs) for n in range(draw(st.integers(2, 4)))]
    for number, variable in enumerate(variables):
        if variable.kind == "enumeration" and draw(st.booleans()):
            inputs.append(_choice_input(draw, number))
            variables[number] = replace(variable, initial=Ref("input", inputs[-1].name))
    numeric = [Ref("variable", v.name) for v in variables if v.kind != "enumeration"]
    n_transitions = draw(st.integers(2, 6))
    fired = [Ref("fired", f"t{k}") for k in range(n_transitions)]
    names = Names(
        inputs=input_refs,
        variables=variables,
        state=[*input_refs, *numeric, *draw(st.lists(st.sampled_from(fired), max_size=2))],
        labels=[Ref("variable", v.name) for v in variables if v.kind == "enumeration"],
        works=[],
        fired=fired,
        is_calm=draw(st.sampled_from([False, False, False, True])),
    )
    definitions = draw(_definitions(names))
    kinds = [draw(clocks(names.state, input_refs)) for _ in range(n_transitions)]
    if names.is_calm:
        kinds = [replace(clock, kind="at") if clock.kind == "every" else clock for clock in kinds]
    memories = [
        draw(st.sampled_from(["keep", "redraw"])) if clock.holds_work else "redraw"
        for clock in kinds
    ]
    names.works.extend(
        Ref("work", f"t{k}")
        for k in range(n_transitions)
        if kinds[k].holds_work and memories[k] == "keep"
    )
    transitions = [
        draw(_transitions(k, kinds[k], memories[k], names)) for k in range(n_transitions)
    ]
    outcomes = draw(_outcomes(names))
    seen = [*names.state, *(Ref("outcome", o.name) for o in outcomes)]
    expressions = [draw(numbers([*seen, *names.works])) for _ in range(draw(st.integers(0, 2)))]
    # The variables are always seen, so that no difference between two runs stays hidden.
    expressions += [Ref("variable", v.name) for v in variables]
    watches = tuple(Watch(f"w{i}", expr) for i, expr in enumerate(expressions))
    summed = [draw(numbers(seen)) for _ in range(draw(st.integers(1, 2)))]
    totals = tuple(Total(f"s{i}", expr) for i, expr in enumerate(summed))
    stop = None
    if draw(st.sampled_from([False, False, True])):
        # Not before something has happened, or most replications would end at once.
        several = call("gt", call("add", fired[0], fired[1]), 1.0)
        stop = call("and", draw(guards(seen, names.labels)), several)
        if outcomes and draw(st.booleans()):
            stop = call("and", Ref("outcome", draw(st.sampled_from(outcomes)).name), several)
    horizon = Const(HOUR * draw(st.sampled_from([0, 1, 4, 6, 8, 12, 12, 12])))
    if input_refs and draw(st.booleans()):
        stretch = call("clip", draw(st.sampled_from(input_refs)), 0.5, 2.0)
        horizon = call("mul", horizon, stretch)
    return Net(
        horizon=horizon,
        grid=tuple(HOUR * h for h in (0.0, 1.0, 2.5, 6.0, 12.0, 18.0)),
        labels=LABELS,
        inputs=tuple(inputs),
        variables=tuple(variables),
        definitions=tuple(definitions),
        transitions=tuple(transitions),
        outcomes=tuple(outcomes),
        watches=watches,
        totals=totals,
        stop=stop,
        event_limit=300,
    )


@st.composite
def finite_laws(draw, names: list[Ref]) -> Distribution:
    """Return a law with one, two or three values."""
    if draw(st.booleans()):
        return Distribution("deterministic", (draw(numbers(names, 1)),))
    n = draw(st.integers(1, 3))
    taken = [call("add", float(i), draw(numbers(names, 1))) for i in range(n)]
    weights = [Const(0.0)] * (n - 1) + [positive_of(draw(numbers(names, 1)))]
    weights[: n - 1] = [Const(draw(small)) for _ in range(n - 1)]
    return Distribution("discrete", (*taken, *weights))


@st.composite
def markov_nets(draw) -> Net:
    """Return a net that the exact solver takes: exponential clocks, finite laws, few states."""
    inputs: list[Input] = []
    input_refs: list[Ref] = []
    for number in range(draw(st.integers(0, 3))):
        name = f"p{number}"
        prior = draw(st.one_of(finite_laws(input_refs), numbers(input_refs, 1)))
        inputs.append(Input(name, f"parameters.{name}", f"input:{name}", prior))
        input_refs.append(Ref("input", name))
    variables = []
    for number in range(draw(st.integers(2, 3))):
        made = _variable(draw, number, [])
        if input_refs and made.kind == "integer" and draw(st.booleans()):
            # Clipped to the range where it lies outside.
            initial = call("floor", call("clip", draw(st.sampled_from(input_refs)), -9.0, 9.0))
            made = replace(made, initial=initial)
        variables.append(replace(made, high=min(made.high, 4.0)))
    numeric = [Ref("variable", v.name) for v in variables if v.kind != "enumeration"]
    enumerations = [Ref("variable", v.name) for v in variables if v.kind == "enumeration"]
    n_transitions = draw(st.integers(2, 6))
    # The first is always under way.
    kinds = st.sampled_from([False, False, True])
    is_immediate = [False, *(draw(kinds) for _ in range(n_transitions - 1))]
    fired = [Ref("fired", f"t{k}") for k in range(n_transitions)]
    # Firings of immediates are few; those of others have no bound.
    bounded = [ref for ref, is_now in zip(fired, is_immediate, strict=True) if is_now]
    state = [*input_refs, *numeric, *bounded[:1]]
    definitions: list[Definition] = []
    for number in range(draw(st.integers(0, 2))):
        definitions.append(Definition(f"d{number}", draw(numbers(state))))
        state.append(Ref("definition", f"d{number}"))
    transitions = []
    for k in range(n_transitions):
        name = f"t{k}"
        per_hour = draw(
            st.one_of(st.builds(Const, positive), st.builds(positive_of, numbers(state)))
        )
        pace = call("div", call("min", per_hour, 2.0), HOUR)
        clock = draw(
            st.sampled_from(
                [
                    Clock("rate", STANDARD_EXPONENTIAL, pace, written="rate"),
                    Clock("work", Distribution("exponential", (Const(2.0),)), pace, written="work"),
                ]
            )
        )
        guard = draw(st.one_of(st.just(TRUE), questions(variables), guards(state, enumerations)))
        if k == 0:
            guard, pace = TRUE, Const(0.5 / HOUR)
            clock = Clock("rate", STANDARD_EXPONENTIAL, pace, written="rate")
        if is_immediate[k]:
            guard = draw(questions(variables))
            clock = Clock("immediate", written="immediate")
            guard = call("and", guard, call("lt", fired[k], float(draw(st.integers(1, 2)))))
        named = [
            Draw(f"x{i}", f"draw:{name}/x{i}", draw(finite_laws(state)))
            for i in range(draw(st.integers(0, 2)))
        ]
        readable = [*state, *(Ref("draw", f"{name}/{d.name}") for d in named)]
        moving = variables[0] if k == 0 else draw(st.sampled_from(variables))
        others = [variable for variable in variables if variable is not moving]
        branches = tuple(
            Branch(
                draw(moves(moving)) + tuple(map(_whole, draw(effects(others, [], readable)))),
                draw(st.one_of(st.builds(Const, small), st.builds(positive_of, numbers(readable)))),
            )
            for _ in range(draw(st.sampled_from([1, 1, 2, 3])))
        )
        branches = (*branches[:-1], replace(branches[-1], weight=Const(1.0)))
        transitions.append(
            Transition(
                name,
                f"transition:{name}",
                clock,
                branches,
                guard,
                draw(st.sampled_from(["keep", "redraw"])) if clock.holds_work else "redraw",
                priority=draw(st.sampled_from([0, 0, 1])),
                draws=tuple(named),
            )
        )
    outcomes: list[Outcome] = []
    for number in range(draw(st.integers(1, 3))):
        earlier = [Ref("outcome", o.name) for o in outcomes]
        holds = draw(st.one_of(questions(variables), guards([*state, *earlier], enumerations)))
        if earlier and draw(st.booleans()):
            holds = call(
                draw(st.sampled_from(["and", "or"])), holds, draw(st.sampled_from(earlier))
            )
        outcomes.append(Outcome(f"o{number}", holds))
    seen = [Ref("outcome", o.name) for o in outcomes]
    stop = st.sampled_from([None, None, None, seen[-1], call("and", seen[-1], seen[0])])
    return Net(
        horizon=Const(HOUR * 4),
        labels=LABELS,
        inputs=tuple(inputs),
        variables=tuple(variables),
        definitions=tuple(definitions),
        transitions=tuple(transitions),
        outcomes=tuple(outcomes),
        stop=draw(stop),
    )


def _whole(effect: Effect) -> Effect:
    """Return an effect that keeps to whole numbers, so that states stay few."""
    return replace(effect, expr=call("floor", effect.expr))
