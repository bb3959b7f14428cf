"""Transitions: clocks first, then what they do, since effects may read the work of any clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from sim.errors import did_you_mean
from sim.keys import validated
from sim.names import check_name
from sim.net.expr import TRUE, Const, Expr, Ref
from sim.net.model import Branch, Clock, Draw, Effect, Origin, Transition
from sim.net.resolve import Scope, Symbol
from sim.scenario.clocks import ClockCompiler
from sim.scenario.remarks import noted
from sim.scenario.says import read_says
from sim.scenario.schema import BranchSpec
from sim.scenario.scopes import Scopes, with_draws, without_draws
from sim.scenario.templates import Part
from sim.scenario.terms import Terms
from sim.scenario.wanted import (
    ANY,
    NAN,
    PLAIN,
    Spot,
    Wanted,
    filled,
    is_nan,
    value_text,
    with_letters,
)
from sim.units import NONE
from sim.values import FORMS, Items, Map, Node, Text, describe

MAX_PRIORITY = 1_000_000
_KINDS = {"input": "a parameter", "definition": "a definition", "fired": "a count of firings"}


class _Begun(NamedTuple):
    """A transition whose clock has been read."""

    part: Part
    clock: Clock | None
    guard: Expr
    memory: Literal["keep", "redraw"]


class TransitionCompiler:
    """Makes the transitions of a file."""

    def __init__(
        self, terms: Terms, scopes: Scopes, horizon: Expr, integers: frozenset[str]
    ) -> None:
        self.terms, self.scopes, self.faults = terms, scopes, terms.faults
        self.integers = integers
        self.state_scope, self.chance_scope = scopes.of_state(), scopes.of_chance()
        self.clocks = ClockCompiler(terms, horizon, self.state_scope, self.chance_scope)

    def transitions(self, parts: list[Part]) -> list[Transition]:
        """Return every transition without a fault, in net order."""
        begun = [self._begin(part) for part in parts if part.spec is not None]
        for one in begun:
            self._declare_work(one)
        self.effect_scope = self.scopes.of_effects()
        finished = [self._finish(one) for one in begun]
        return [transition for transition in finished if transition is not None]

    def _begin(self, part: Part) -> _Begun:
        spec = part.spec
        guard: Expr = TRUE
        if spec.when is not None:
            scope = self.state_scope.with_letters(part.letters)
            guard = self.terms.condition(spec.when, scope, f"{part.path}.when")
        clock = self.clocks.clock(part)
        if spec.memory is not None and clock is not None and not clock.holds_work:
            message = f"'memory' with '{clock.written}', which holds no work"
            path, hint = f"{part.path}.memory", "memory belongs to rate, after and work"
            self.faults.add("no-memory", message, part.node["memory"], path, hint=hint)
        default: Literal["keep", "redraw"] = "keep" if spec.rate is not None else "redraw"
        return _Begun(part, clock, guard, default if spec.memory is None else spec.memory)

    def _declare_work(self, one: _Begun) -> None:
        name, clock = f"{one.part.name}.work", one.clock
        if clock is None:
            self.scopes.works[name] = Symbol(NAN, None)
        elif not clock.holds_work:
            self.scopes.no_works[name] = f"'{clock.written}' holds no work"
        elif one.memory != "keep":
            self.scopes.no_works[name] = "its work is not kept: state 'memory: keep'"
        else:
            symbol = Symbol(Ref("work", one.part.name), clock.work_dimension)
            self.scopes.works[name] = symbol

    def _finish(self, one: _Begun) -> Transition | None:
        part, spec = one.part, one.part.spec
        spot = Spot(part.path, part.own_path)
        draws, symbols = self._draws(part, spot.at("draws"))
        branches = self._branches(part, spot, symbols)
        scope = with_draws(self.chance_scope.with_letters(part.letters), symbols)
        says = read_says(spec.says, scope, self.terms, f"{part.path}.says")
        priority = self._priority(part)
        if one.clock is None:
            return None
        guard_origin = Origin()
        if spec.when is not None:
            text = filled(spec.when, part.letters)
            guard_origin = Origin(f"{part.path}.when", spec.when.position, text)
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
            guard_origin=guard_origin,
            origin=Origin(part.path, part.read.key.position),
        )

    def _priority(self, part: Part) -> int:
        priority = part.spec.priority or 0
        if abs(priority) > MAX_PRIORITY:
            message, path = f"'priority' is {priority}", f"{part.path}.priority"
            expected = f"from -{MAX_PRIORITY} to {MAX_PRIORITY}"
            self.faults.add("out-of-range", message, part.node["priority"], path, expected=expected)
        return int(priority)

    # Draws.

    def _draws(self, part: Part, spot: Spot) -> tuple[tuple[Draw, ...], dict[str, Symbol]]:
        found: list[Draw] = []
        symbols: dict[str, Symbol] = {}
        entries = list(part.spec.draws.entries()) if part.spec.draws is not None else []
        names = [with_letters(key, part.letters) for key, _ in entries]
        scope = without_draws(self.chance_scope.with_letters(part.letters), names)
        for name, (key, node) in zip(names, entries, strict=True):
            place = spot.at(str(key), name)
            if not self._is_draw_name(name, key, symbols, place.path):
                continue
            law, dimension, labels = self.terms.chance(node, scope, place, ANY)
            if law is None:
                symbols[name] = Symbol(NAN, None)
                continue
            ref = Ref("draw", f"{part.name}/{name}")
            symbols[name] = Symbol(ref, dimension, frozenset(labels) or None)
            origin = Origin(place.path, key.position, value_text(node, part.letters))
            key_of = f"draw:{part.name}/{name}"
            found.append(Draw(name, key_of, law, dimension or NONE, origin, noted(node)))
        return tuple(found), symbols

    def _is_draw_name(self, name: str, key: Text, known: Mapping[str, Symbol], path: str) -> bool:
        if not check_name(name, key, path, self.faults):
            return False
        scopes = self.scopes
        groups = (scopes.state, scopes.label_numbers, scopes.is_outcome, known)
        if any(name in group for group in groups):
            message, hint = f"the draw '{name}' has the name of something else", "choose another"
            self.faults.add("name-taken", message, key, path, hint=f"{hint} name")
            return False
        return True

    # Branches.

    def _branches(self, part: Part, spot: Spot, draws: Mapping[str, Symbol]) -> tuple[Branch, ...]:
        spec = part.spec
        if spec.branches is None:
            return self._one_branch(part, spot, draws)
        if spec.then is not None:
            message = f"the {part.read.noun} has both 'then' and 'branches'"
            hint = "put 'then' into each branch"
            self.faults.add(
                "then-and-branches", message, part.key("branches"), spot.path, hint=hint
            )
        return self._several(spec.branches, part, spot.at("branches"), draws)

    def _one_branch(
        self, part: Part, spot: Spot, draws: Mapping[str, Symbol]
    ) -> tuple[Branch, ...]:
        if part.spec.then is None:
            if part.read.is_whole:
                message = f"the {part.read.noun} has neither 'then' nor 'branches'"
                hint = "'then: {}' says that nothing changes"
                self.faults.add("no-effect", message, part.read.key, spot.path, hint=hint)
            return ()
        place = spot.at("then")
        effects = self._effects(part.spec.then, part, place, draws)
        return (Branch(effects, origin=Origin(place.path, part.key("then").position)),)

    def _several(
        self, nodes: Items, part: Part, spot: Spot, draws: Mapping[str, Symbol]
    ) -> tuple[Branch, ...]:
        found: list[Branch] = []
        labels: set[str] = set()
        if not nodes:
            self.faults.add("no-effect", "'branches' is an empty list", nodes, spot.path)
        for number, node in enumerate(nodes, 1):
            path, owner = f"{spot.path}.{number}", f"branch {number} of the {part.read.noun}"
            spec, _ = validated(BranchSpec, node, path, owner, self.faults)
            if spec is None:
                continue
            found.append(self._branch(spec, node, number, part, spot, draws))
            label = found[-1].label
            if label and label in labels:
                message = f"two branches are called '{label}'"
                self.faults.add("duplicate-name", message, spec.label, spot.path)
            labels.add(label)
        weights = [branch.weight.value for branch in found if isinstance(branch.weight, Const)]
        if found and len(weights) == len(nodes) and all(weight <= 0 for weight in weights):
            self.faults.add("out-of-range", "the weights sum to 0", nodes, spot.path)
        return tuple(found)

    def _branch(
        self,
        spec: Any,
        node: Node,
        number: int,
        part: Part,
        spot: Spot,
        draws: Mapping[str, Symbol],
    ) -> Branch:
        label = part.text("label", spec)
        place = spot.at(label or str(number))
        scope = with_draws(self.chance_scope.with_letters(part.letters), draws)
        weight = self._weight(spec.weight, scope, place.at("weight"))
        effects = self._effects(spec.then, part, place.at("then"), draws)
        says = read_says(spec.says, scope, self.terms, place.at("says").path)
        said = "" if spec.weight is None else value_text(spec.weight, part.letters)
        origin = Origin(place.path, node.position)
        weight_origin = Origin(place.at("weight").path, node.position, said)
        return Branch(effects, weight, label, says, origin, weight_origin)

    def _weight(self, node: Node | None, scope: Scope, spot: Spot) -> Expr:
        if node is None:
            return Const(1.0)
        weight = self.terms.value(node, scope, spot, PLAIN)
        value = self.clocks.known(weight)
        if value is not None and not 0 <= value < math.inf:
            message = "a weight that is negative or infinite"
            self.faults.add("out-of-range", message, node, spot.path, expected="weight >= 0")
        self.clocks.check_drawn(weight, node, spot, "weight")
        return weight

    # Effects.

    def _effects(
        self, node: Map | None, part: Part, spot: Spot, draws: Mapping[str, Symbol]
    ) -> tuple[Effect, ...]:
        scope = with_draws(self.effect_scope.with_letters(part.letters), draws)
        found: dict[Ref, Effect] = {}
        for key, value in [] if node is None else node.entries():
            name, path = with_letters(key, part.letters), f"{spot.path}.{key}"
            symbol = self._target(name, key, path)
            expr = self._assigned(value, symbol, scope, path)
            target = None if symbol is None else symbol.expr
            if expr is None or not isinstance(target, Ref):
                continue
            if target in found:
                self.faults.add("duplicate-name", f"'{name}' is assigned twice", key, path)
            origin = Origin(path, value.position, value_text(value, part.letters))
            found[target] = Effect(target, expr, origin)
        return tuple(found.values())

    def _target(self, name: str, key: Text, path: str) -> Symbol | None:
        """Return what an effect assigns to; None after a fault."""
        scopes = self.scopes
        symbol = scopes.state.get(name) or scopes.works.get(name)
        space = symbol.expr.space if symbol and isinstance(symbol.expr, Ref) else ""
        if symbol is not None and (is_nan(symbol.expr) or space in ("variable", "work")):
            return symbol
        message = f"unknown variable '{name}'"
        hint = did_you_mean(name, [*scopes.names["variables"], *scopes.works])
        if name in scopes.no_works:
            message, hint = f"'{name}' cannot be assigned", scopes.no_works[name]
        elif symbol is not None:
            message = f"'{name}' is {_KINDS.get(space, 'fixed')}, not a variable"
            hint = "only variables change: make it one"
        elif name in scopes.is_outcome:
            message, hint = f"'{name}' is an outcome, not a variable", "only variables change"
        elif self.terms.is_partial:
            return None
        self.faults.add("unknown-variable", message, key, path, expected="a variable", hint=hint)
        return None

    def _assigned(self, node: Node, target: Symbol | None, scope: Scope, path: str) -> Expr | None:
        if not isinstance(node, Text):
            self._no_expression(node, path)
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
        elif isinstance(expr, Const) and self._is_integer(target) and not expr.value.is_integer():
            message, expected = "a fraction is assigned to an integer", "a whole number"
            hint = "round with floor or ceil, or make the variable 'real'"
            if not is_nan(expr):
                self.faults.add("whole-number", message, node, path, expected=expected, hint=hint)
        return expr

    def _no_expression(self, node: Node, path: str) -> None:
        if isinstance(node, Map) and any(key in FORMS for key in node):
            hint = "take the random amount under 'draws' and name it here"
            code, message = "no-distribution-here", "an effect is a distribution"
        else:
            code, message, hint = "wrong-type", f"an effect is {describe(node)}", ""
        self.faults.add(code, message, node, path, expected="an expression", hint=hint)

    def _is_integer(self, target: Symbol) -> bool:
        ref = target.expr
        return isinstance(ref, Ref) and ref.space == "variable" and ref.name in self.integers
