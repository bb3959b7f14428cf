"""Transitions: clocks first, then what they do, since effects may read the work of any clock."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from sim.errors import did_you_mean
from sim.net.expr import TIME_REF, TRUE, Const, Distribution, Expr, Ref
from sim.net.model import Branch, Clock, Draw, Effect, Origin, Transition
from sim.net.resolve import Scope, Symbol
from sim.scenario.names import Part, check_name
from sim.scenario.says import read_says
from sim.scenario.schema import CLOCKS, BranchSpec
from sim.scenario.structure import validated
from sim.scenario.terms import (
    ANY,
    DURATION,
    NAN,
    PLAIN,
    RATE,
    Spot,
    Wanted,
    dimension_name,
    is_nan,
    substitute_known,
    written_text,
)
from sim.units import NONE, TIME, Dimension
from sim.values import FORMS, Items, Map, Node, Text, describe

if TYPE_CHECKING:
    from sim.scenario.compile import Compiler

MAX_PRIORITY = 1_000_000
EXPONENTIAL = Distribution("exponential", (Const(1.0),))


@dataclass
class _Begun:
    """A transition whose clock has been read."""

    part: Part
    clock: Clock | None
    guard: Expr
    memory: Literal["keep", "redraw"]


class TransitionCompiler:
    """Makes the transitions of a file."""

    def __init__(self, parent: Compiler, horizon: Expr) -> None:
        self.parent, self.terms, self.faults = parent, parent.terms, parent.faults
        self.horizon = horizon
        state = parent.refused()
        self.state_scope = parent.scope(parent.symbols, state)
        chance = parent.refused(time=False)
        time = {"time": Symbol(TIME_REF, TIME)}
        self.chance_scope = parent.scope(parent.symbols, chance, time)
        #: Work that may be read, and the reason for each that may not.
        self.works: dict[str, Symbol] = {}
        self.dimensions: dict[str, Dimension] = {}
        self.refused_works: dict[str, str] = {}
        effects = ChainMap(self.refused_works, parent.refused(time=False, work=False))
        self.effect_scope = Scope(
            ChainMap(self.works, time, parent.symbols),
            self.chance_scope.label_number,
            effects,
            self.chance_scope.lists,
            {},
            self.chance_scope.labels,
        )

    def transitions(self) -> list[Transition]:
        """Return every transition, in net order."""
        begun = [self.begin(part) for part in self.parent.parts["transitions"] if part.spec]
        for one in begun:
            self.declare_work(one)
        finished = [self.finish(one) for one in begun]
        return [transition for transition in finished if transition is not None]

    def begin(self, part: Part) -> _Begun:
        spec = part.spec
        spot = Spot(part.path, part.own_path)
        guard: Expr = TRUE
        if spec.when is not None:
            scope = self.state_scope.with_letters(part.letters)
            guard = self.terms.condition(spec.when, scope, spot.at("when").path)
        clock = self.clock(part, spot)
        default: Literal["keep", "redraw"] = "keep" if spec.rate is not None else "redraw"
        if spec.memory is not None and clock is not None and not clock.holds_work:
            self.faults.add(
                "no-memory",
                f"'memory' with '{clock.written}', which holds no work",
                part.read.node["memory"],
                spot.at("memory").path,
                hint="memory belongs to rate, after and work",
            )
        memory = default if spec.memory is None else spec.memory
        return _Begun(part, clock, guard, memory)

    # Clocks.

    def clock(self, part: Part, spot: Spot) -> Clock | None:
        spec = part.spec
        kinds = [kind for kind in CLOCKS if getattr(spec, kind) is not None]
        if not self.is_one_clock(part, kinds):
            return None
        (kind,) = kinds
        node = part.read.node[kind]
        made: Clock | None = getattr(self, f"clock_{kind}")(part, node, spot.at(kind))
        if made is None:
            return None
        key = part.read.node.key(kind)
        origin = Origin(
            spot.at(kind).path,
            node.position if isinstance(node, Text) else key.position,
            written_text(node),
        )
        return replace(made, written=kind, origin=origin)

    def is_one_clock(self, part: Part, kinds: list[str]) -> bool:
        spec, node = part.spec, part.read.node
        expected = "one of rate, after, work with pace, every, at, immediate"
        if not kinds and part.read.is_whole:
            hint = "'pace' needs 'work'" if spec.pace is not None else ""
            message = f"the {part.read.noun} has no clock"
            self.faults.add(
                "no-clock", message, part.read.key, part.path, expected=expected, hint=hint
            )
        elif len(kinds) > 1:
            written = [key for key in node if key in kinds]
            message = f"the {part.read.noun} has two clocks, '{written[0]}' and '{written[1]}'"
            at = node.key(written[1])
            self.faults.add("two-clocks", message, at, part.path, expected=expected)
        for key, needs in (("pace", "work"), ("from", "every")):
            if key in node and kinds and needs not in kinds and needs not in node:
                message = f"'{key}' without '{needs}'"
                hint = f"'{kinds[0]}' has no {key}"
                self.faults.add(
                    "no-such-clock-key", message, node.key(key), f"{part.path}.{key}", hint=hint
                )
        return len(kinds) == 1

    def clock_rate(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.state_scope.with_letters(part.letters)
        pace = self.terms.value(node, scope, spot, RATE)
        self.check_pace(pace, node, spot, "rate")
        return Clock("rate", EXPONENTIAL, pace)

    def check_pace(self, pace: Expr, node: Node, spot: Spot, what: str) -> None:
        if isinstance(pace, Const) and not is_nan(pace) and not 0 <= pace.value < math.inf:
            how = "an infinite" if math.isinf(pace.value) else "a negative"
            self.faults.add(
                "out-of-range", f"{how} {what}", node, spot.path, expected=f"{what} >= 0"
            )
        prior = self.terms.inputs[pace.name].prior if self.is_drawn(pace) else None
        if isinstance(prior, Distribution):
            self.check_work(prior, node, spot, what)

    def is_drawn(self, expr: Expr) -> TypeGuard[Ref]:
        return isinstance(expr, Ref) and expr.space == "input" and expr.name in self.terms.inputs

    def clock_after(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.chance_scope.with_letters(part.letters)
        law, _, labels = self.terms.chance(node, scope, spot, DURATION)
        if law is None or labels:
            self.tell_labels(labels, node, spot)
            return None
        self.check_work(law, node, spot, "delay")
        self.dimensions[part.name] = TIME
        return Clock("work", law, work_dimension=TIME)

    def tell_labels(self, labels: Sequence[str], node: Node, spot: Spot) -> None:
        if labels:
            message = "work and delays are numbers, and this is a label"
            self.faults.add("label-as-number", message, node, spot.path)

    def check_work(self, law: Distribution, node: Node, spot: Spot, what: str) -> None:
        bounded = {"uniform": 1, "triangular": 1, "pert": 1, "deterministic": 1}
        first = law.args[0]
        at_most = len(law.args) // 2 if law.kind == "discrete" else bounded.get(law.kind, 0)
        if at_most and isinstance(first, Const) and first.value < 0:
            self.faults.add(
                "out-of-range", f"a negative {what}", node, spot.path, expected=f"{what} >= 0"
            )

    def clock_work(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.chance_scope.with_letters(part.letters)
        law, dimension, labels = self.terms.chance(node, scope, spot, ANY)
        if labels:
            self.tell_labels(labels, node, spot)
            law = None
        if law is not None:
            self.check_work(law, node, spot, "work")
        self.dimensions[part.name] = dimension or TIME
        pace = self.pace(part, law, dimension)
        if law is None or is_nan(pace):
            return None
        return Clock("work", law, pace, work_dimension=dimension or TIME)

    def pace(self, part: Part, law: Distribution | None, dimension: Dimension | None) -> Expr:
        spot = Spot(f"{part.path}.pace", f"{part.own_path}.pace")
        node = part.spec.pace
        if node is None:
            if dimension in (None, TIME):
                return Const(1.0)
            if part.read.is_whole and law is not None:
                work = part.read.node.key("work")
                message = f"work that is {dimension_name(dimension)} needs a pace"
                expected = f"'pace', {dimension_name((dimension or NONE).over(TIME))}"
                self.faults.add("no-pace", message, work, spot.path, expected=expected)
            return NAN
        wanted = (
            ANY
            if law is None
            else Wanted((dimension or TIME).over(TIME), hint=_pace_hint(dimension))
        )
        pace = self.terms.value(node, self.state_scope.with_letters(part.letters), spot, wanted)
        self.check_pace(pace, node, spot, "pace")
        return pace

    def clock_every(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        scope = self.terms.input_scope.with_letters(part.letters)
        period = self.terms.value(node, scope, spot, DURATION)
        if isinstance(period, Const) and not is_nan(period) and not 0 < period.value < math.inf:
            expected = "a duration above 0"
            self.faults.add(
                "out-of-range", "a period that is not positive", node, spot.path, expected=expected
            )
        start = period
        if part.spec.from_ is not None:
            place = Spot(f"{part.path}.from", f"{part.own_path}.from")
            start = self.terms.value(part.spec.from_, scope, place, DURATION)
            self.check_instant(start, part.spec.from_, place)
        return Clock("every", period=period, start=start)

    def check_instant(self, when: Expr, node: Node, spot: Spot) -> None:
        if not isinstance(when, Const) or is_nan(when):
            return
        if when.value < 0:
            self.faults.add("before-start", "an instant before the start", node, spot.path)
        elif isinstance(self.horizon, Const) and when.value > self.horizon.value:
            message = f"'{written_text(node)}' is beyond the horizon"
            self.faults.add("beyond-horizon", message, node, spot.path)

    def clock_at(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        nodes = list(node) if isinstance(node, Items) else [node]
        if not nodes:
            self.faults.add(
                "wrong-type", "'at' is an empty list", node, spot.path, expected="an instant"
            )
            return None
        scope = self.terms.input_scope.with_letters(part.letters)
        instants = []
        for number, one in enumerate(nodes, 1):
            place = spot.at(str(number)) if isinstance(node, Items) else spot
            when = self.terms.value(one, scope, place, DURATION)
            self.check_instant(when, one, place)
            instants.append(when)
        return Clock("at", instants=tuple(instants))

    def clock_immediate(self, part: Part, node: Node, spot: Spot) -> Clock | None:
        if part.spec.immediate is not True:
            self.faults.add("wrong-type", "'immediate' is false", node, spot.path, expected="true")
        return Clock("immediate")

    def declare_work(self, one: _Begun) -> None:
        name = f"{one.part.name}.work"
        clock = one.clock
        if clock is None:
            self.works[name] = Symbol(NAN, None)
        elif not clock.holds_work:
            self.refused_works[name] = f"'{clock.written}' holds no work"
        elif one.memory != "keep":
            self.refused_works[name] = "its work is not kept: state 'memory: keep'"
        else:
            self.works[name] = Symbol(Ref("work", one.part.name), self.work_dimension(one))

    def work_dimension(self, one: _Begun) -> Dimension:
        if one.clock is None or one.clock.kind == "rate":
            return NONE
        return self.dimensions.get(one.part.name, NONE)

    # What a firing does.

    def finish(self, one: _Begun) -> Transition | None:
        part, spec = one.part, one.part.spec
        spot = Spot(part.path, part.own_path)
        draws, symbols = self.draws(part, spot)
        branches = self.branches(part, spot, symbols)
        says = read_says(
            spec.says,
            self.with_draws(self.chance_scope, symbols, part),
            self.terms,
            spot.at("says").path,
        )
        priority = self.priority(part)
        if one.clock is None:
            return None
        when = spec.when
        return Transition(
            name=part.name,
            key=f"transition:{part.name}",
            clock=one.clock,
            branches=branches,
            guard=one.guard,
            memory=one.memory,
            memory_stated=spec.memory is not None,
            priority=priority,
            draws=draws,
            says=says,
            guard_origin=Origin()
            if when is None
            else Origin(spot.at("when").path, when.position, str(when)),
            origin=Origin(part.path, part.read.key.position),
        )

    def priority(self, part: Part) -> int:
        priority = part.spec.priority
        if priority is None:
            return 0
        if abs(priority) > MAX_PRIORITY:
            message, expected = (
                f"'priority' is {priority}",
                f"from -{MAX_PRIORITY} to {MAX_PRIORITY}",
            )
            at = part.read.node["priority"]
            self.faults.add("out-of-range", message, at, f"{part.path}.priority", expected=expected)
        return int(priority)

    def with_draws(self, scope: Scope, symbols: Mapping[str, Symbol], part: Part) -> Scope:
        scope = scope.with_letters(part.letters)
        return replace(scope, symbols=ChainMap(dict(symbols), scope.symbols)) if symbols else scope

    def draws(self, part: Part, spot: Spot) -> tuple[tuple[Draw, ...], dict[str, Symbol]]:
        found: list[Draw] = []
        symbols: dict[str, Symbol] = {}
        spot = spot.at("draws")
        scope = self.chance_scope.with_letters(part.letters)
        own = [substitute_known(key, part.letters) for key in part.spec.draws or ()]
        others = dict.fromkeys(own, "draws read the state, not each other")
        scope = replace(scope, refused={**others, **scope.refused})
        for key, node in (part.spec.draws or Map()).entries():
            name = substitute_known(key, part.letters)
            place = Spot(f"{spot.path}.{key}", f"{spot.own}.{name}")
            if not self.is_draw_name(name, key, symbols, place.path):
                continue
            law, dimension, labels = self.terms.chance(node, scope, place, ANY)
            ref = Ref("draw", f"{part.name}/{name}")
            if law is None:
                symbols[name] = Symbol(NAN, None)
                continue
            symbols[name] = Symbol(ref, dimension, frozenset(labels) if labels else None)
            origin = Origin(place.path, key.position, written_text(node))
            found.append(Draw(name, f"draw:{part.name}/{name}", law, dimension or NONE, origin))
        return tuple(found), symbols

    def is_draw_name(self, name: str, key: Text, known: Mapping[str, Symbol], path: str) -> bool:
        if not check_name(name, key, path, self.faults):
            return False
        parent = self.parent
        taken = name in parent.symbols or name in parent.label_numbers or name in known
        if taken or name in parent.names("outcomes"):
            message = f"the draw '{name}' has the name of something else"
            self.faults.add("name-taken", message, key, path, hint="choose another name")
            return False
        return True

    def branches(self, part: Part, spot: Spot, draws: Mapping[str, Symbol]) -> tuple[Branch, ...]:
        spec, node = part.spec, part.read.node
        if spec.then is not None and spec.branches is not None:
            message = f"the {part.read.noun} has both 'then' and 'branches'"
            self.faults.add(
                "then-and-branches",
                message,
                node.key("branches"),
                spot.path,
                hint="put 'then' into each branch",
            )
        elif spec.then is None and spec.branches is None:
            if part.read.is_whole:
                message = f"the {part.read.noun} has neither 'then' nor 'branches'"
                self.faults.add(
                    "no-effect",
                    message,
                    part.read.key,
                    spot.path,
                    hint="'then: {}' says that nothing changes",
                )
            return ()
        if spec.branches is None:
            effects = self.effects(spec.then, part, spot.at("then"), draws)
            return (
                Branch(effects, origin=Origin(spot.at("then").path, node.key("then").position)),
            )
        return self.several(spec.branches, part, spot.at("branches"), draws)

    def several(
        self, nodes: Items, part: Part, spot: Spot, draws: Mapping[str, Symbol]
    ) -> tuple[Branch, ...]:
        found: list[Branch] = []
        if not nodes:
            self.faults.add("no-effect", "'branches' is an empty list", nodes, spot.path)
        for number, node in enumerate(nodes, 1):
            spec, _ = validated(
                BranchSpec,
                node,
                f"{spot.path}.{number}",
                f"branch {number} of the {part.read.noun}",
                self.faults,
            )
            if spec is None:
                continue
            found.append(self.branch(spec, node, number, part, spot, draws))
            label = found[-1].label
            if label and label in [branch.label for branch in found[:-1]]:
                message = f"two branches are called '{label}'"
                self.faults.add("duplicate-name", message, spec.label, spot.path)
        weights = [branch.weight.value for branch in found if isinstance(branch.weight, Const)]
        if (
            found
            and len(weights) == len(nodes)
            and not any(w > 0 or math.isnan(w) for w in weights)
        ):
            self.faults.add("out-of-range", "the weights sum to 0", nodes, spot.path)
        return tuple(found)

    def branch(
        self,
        spec: Any,
        node: Node,
        number: int,
        part: Part,
        spot: Spot,
        draws: Mapping[str, Symbol],
    ) -> Branch:
        label = "" if spec.label is None else substitute_known(spec.label, part.letters).strip()
        place = spot.at(label or str(number))
        weight: Expr = Const(1.0)
        scope = self.with_draws(self.chance_scope, draws, part)
        if spec.weight is not None:
            weight = self.terms.value(spec.weight, scope, place.at("weight"), PLAIN)
            if (
                isinstance(weight, Const)
                and not is_nan(weight)
                and not 0 <= weight.value < math.inf
            ):
                self.faults.add(
                    "out-of-range",
                    "a weight that is negative or infinite",
                    spec.weight,
                    place.at("weight").path,
                    expected="weight >= 0",
                )
        effects = (
            self.effects(spec.then, part, place.at("then"), draws) if spec.then is not None else ()
        )
        says = read_says(spec.says, scope, self.terms, place.at("says").path)
        return Branch(effects, weight, label, says, Origin(place.path, node.position))

    # Effects.

    def effects(
        self, node: Map, part: Part, spot: Spot, draws: Mapping[str, Symbol]
    ) -> tuple[Effect, ...]:
        scope = self.with_draws(self.effect_scope, draws, part)
        found: dict[Ref, Effect] = {}
        for key, value in node.entries():
            name = substitute_known(key, part.letters)
            path = f"{spot.path}.{key}"
            target = self.target(name, key, path)
            expr = self.assigned(value, target, scope, path)
            if target is None or expr is None or not isinstance(target.expr, Ref):
                continue
            if target.expr in found:
                self.faults.add("duplicate-name", f"'{name}' is assigned twice", key, path)
            origin = Origin(path, value.position, str(value))
            found[target.expr] = Effect(target.expr, expr, origin)
        return tuple(found.values())

    def target(self, name: str, key: Text, path: str) -> Symbol | None:
        """Return what an effect assigns to; None after a fault."""
        symbol = self.parent.symbols.get(name) or self.works.get(name)
        if symbol is not None and (
            is_nan(symbol.expr)
            or (isinstance(symbol.expr, Ref) and symbol.expr.space in ("variable", "work"))
        ):
            return symbol
        hint = did_you_mean(name, [*self.parent.names("variables"), *self.works])
        message = f"unknown variable '{name}'"
        if name in self.refused_works:
            message, hint = f"'{name}' cannot be assigned", self.refused_works[name]
        elif isinstance(symbol, Symbol) and isinstance(symbol.expr, Ref):
            kind = {"input": "a parameter", "definition": "a definition", "fired": "a count"}
            message = f"'{name}' is {kind.get(symbol.expr.space, 'fixed')}, not a variable"
            hint = "only variables change: make it one"
        elif name in self.parent.names("outcomes"):
            message, hint = f"'{name}' is an outcome, not a variable", "only variables change"
        if symbol is not None or not self.terms.is_partial:
            self.faults.add(
                "unknown-variable", message, key, path, expected="a variable", hint=hint
            )
        return None

    def assigned(self, node: Node, target: Symbol | None, scope: Scope, path: str) -> Expr | None:
        if not isinstance(node, Text):
            is_law = isinstance(node, Map) and any(key in FORMS for key in node)
            hint = "take the random amount under 'draws' and name it here" if is_law else ""
            message = f"an effect is {'a distribution' if is_law else describe(node)}"
            code = "no-distribution-here" if is_law else "wrong-type"
            self.faults.add(code, message, node, path, expected="an expression", hint=hint)
            return None
        if target is None or is_nan(target.expr):
            if node not in scope.labels:  # a label, were the target known
                self.terms.typed(node, scope, path)
            return None
        if target.labels is not None:
            return self.terms.label(node, scope, path, target.labels)
        expr = self.terms.number(node, scope, path, Wanted(target.dimension))
        if isinstance(expr, Const) and math.isinf(expr.value):
            self.faults.add("out-of-range", "an infinite value is assigned", node, path)
        if isinstance(expr, Const) and isinstance(target.expr, Ref) and math.isfinite(expr.value):
            is_integer = (
                target.expr.name in self.parent.integers and target.expr.space == "variable"
            )
            if is_integer and expr.value != math.floor(expr.value):
                self.faults.add(
                    "whole-number",
                    "a fraction is assigned to an integer",
                    node,
                    path,
                    expected="a whole number",
                    hint="round with floor or ceil, or make the variable 'real'",
                )
        return expr


def _pace_hint(dimension: Dimension | None) -> str:
    return f"work is {dimension_name(dimension or TIME)}, and pace is work per time"
