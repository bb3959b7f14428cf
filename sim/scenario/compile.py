"""A file taken apart, to a net: names, parameters, variables, definitions, outcomes.

Order matters twice: what is read must be resolved before its readers (parameters, the horizon,
variables, definitions, clocks, effects, outcomes), and parts keep the order of the file.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.draws import name_hash
from sim.net.expr import Const, Distribution, Expr, Ref, reads
from sim.net.model import (
    DEFAULT_EVENT_LIMIT,
    Definition,
    Input,
    Net,
    Origin,
    Outcome,
    Total,
    Variable,
    Watch,
)
from sim.net.resolve import Scope, Symbol, Typed
from sim.scenario.clock import read_calendar, read_clock
from sim.scenario.model import ScenarioClock
from sim.scenario.names import Expander, Part, read_lists
from sim.scenario.schema import LimitsSpec
from sim.scenario.structure import NOUNS, Structure, validated
from sim.scenario.terms import (
    NAN,
    Spot,
    Terms,
    Wanted,
    is_nan,
    names_in,
    ordered,
    symbol_of,
)
from sim.scenario.transitions import TransitionCompiler
from sim.units import NONE, TIME, Dimension, Unit
from sim.values import Faults, Items, Map, Node, Text, read_value

MAX_EVENTS = 100_000_000
_POISON_SYMBOL = Symbol(NAN, None)
_FIXED = "it is drawn or computed before the state exists, so it may read parameters only"
_NO_TIME = (
    "the time may be read in effects, draws and weights only: use a transition with 'at' or 'every'"
)
_NO_OUTCOME = (
    "outcomes are for 'stop', 'watch', 'totals' and later outcomes: let the effect set a variable"
)
_NO_WORK = "work left may be read in effects and 'watch' only"


@dataclass
class Compiler:
    """Makes the net of one file."""

    found: Structure
    faults: Faults
    label_numbers: dict[str, float] = field(default_factory=dict)
    #: What may be read everywhere in the state: inputs, variables, definitions, counts of firings.
    symbols: dict[str, Symbol] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = read_lists(self.found.section("lists"), self.faults)
        expander = Expander(self.lists, self.faults, is_partial="lists" in self.found.lost)
        sections = ("parameters", "variables", "definitions", "transitions", "outcomes", "watch")
        self.parts = {
            name: expander.parts(self.found.section(name)) for name in (*sections, "totals")
        }
        for part in self.parts["variables"]:
            for label in self.labels_of(part):
                self.label_numbers.setdefault(label, float(len(self.label_numbers)))
        self.calendar = read_calendar(self.found, self.faults)
        self.terms = Terms(
            self.faults, self.label_numbers.__getitem__, self.calendar.start, self.calendar.remarks
        )
        self.terms.is_partial = bool(self.found.lost) or any(
            part.spec is None or not part.read.is_whole for part in self.parts["variables"]
        )
        self.input_symbols: dict[str, Symbol] = {}
        self.integers = frozenset(
            part.name
            for part in self.parts["variables"]
            if getattr(part.spec, "integer", None) is not None
        )
        self.terms.input_scope = self.scope(self.input_symbols, self.refused_in_inputs())

    # Names.

    def names(self, section: str) -> list[str]:
        return [part.name for part in self.parts[section]]

    def labels_of(self, part: Part) -> tuple[str, ...]:
        states = getattr(part.spec, "states", None)
        return tuple(str(s) for s in states if isinstance(s, Text)) if states else ()

    def scope(
        self,
        symbols: Mapping[str, Symbol],
        refused: Mapping[str, str],
        extra: Mapping[str, Symbol] | None = None,
    ) -> Scope:
        both = ChainMap(dict(extra), dict(symbols)) if extra else symbols
        plain = {name: items for name, items in self.lists.items() if _is_plain(items)}
        return Scope(
            both,
            self.label_numbers.__getitem__,
            refused,
            plain,
            {},
            frozenset(self.label_numbers),
        )

    def refused_in_inputs(self) -> dict[str, str]:
        refused = {"time": _FIXED}
        for section in ("variables", "definitions", "outcomes"):
            refused |= dict.fromkeys(self.names(section), _FIXED)
        for name in self.names("transitions"):
            refused |= {f"{name}.fired": _FIXED, f"{name}.work": _FIXED}
        return refused

    def refused(
        self, *, time: bool = True, work: bool = True, outcomes: bool = True
    ) -> dict[str, str]:
        """Return the names that may not be read, with the reason."""
        refused = {"time": _NO_TIME} if time else {}
        if work:
            refused |= {f"{name}.work": _NO_WORK for name in self.names("transitions")}
        if outcomes:
            refused |= dict.fromkeys(self.names("outcomes"), _NO_OUTCOME)
        return refused

    def check_names(self) -> None:
        """Tell names that stand for two things."""
        taken: dict[str, Part] = {}
        for section in ("parameters", "variables", "definitions", "outcomes"):
            for part in self.parts[section]:
                first = taken.setdefault(part.name, part)
                if first is not part:
                    first, later = _in_file_order(first, part)
                    self.taken(later, f"is the name of a {NOUNS[first.read.section]} already")
                elif part.name in self.label_numbers:
                    self.taken(part, "is the name of a label")
        for part in self.parts["transitions"]:
            for name in (f"{part.name}.fired", f"{part.name}.work"):
                if name in taken:
                    self.taken(taken[name], f"belongs to the transition '{part.name}'")

    def taken(self, part: Part, why: str) -> None:
        message = f"the name '{part.name}' {why}"
        self.faults.add("name-taken", message, part.read.key, part.path, hint="choose another name")

    # The whole.

    def net(self) -> tuple[Net | None, ScenarioClock | None]:
        """Return the net and the clock; None after a fault."""
        self.check_names()
        parameters = self.parameters()
        clock = read_clock(self.calendar, self.terms, parameters)
        variables = self.variables()
        for name in self.names("transitions"):
            self.symbols[f"{name}.fired"] = Symbol(Ref("fired", name))
        definitions = self.definitions()
        compiler = TransitionCompiler(self, clock.horizon if clock else Const(math.inf))
        transitions = compiler.transitions()
        works = compiler.works
        outcomes, outcome_symbols = self.outcomes()
        stop = self.stop(outcome_symbols)
        watches = self.watches(outcome_symbols, works, compiler.refused_works)
        totals = self.totals(outcome_symbols)
        limit = self.event_limit()
        inputs = self.ordered_inputs(parameters)
        if self.faults.n_errors or clock is None:
            return None, None
        net = Net(
            horizon=clock.horizon,
            grid=clock.clock.grid,
            labels=tuple(self.label_numbers),
            inputs=inputs,
            variables=tuple(variables),
            definitions=tuple(definitions),
            transitions=tuple(transitions),
            outcomes=tuple(outcomes),
            watches=tuple(watches),
            totals=tuple(totals),
            stop=stop,
            stop_origin=self.stop_origin(),
            event_limit=limit,
            origin=Origin("", self.found.tree.position),
        )
        self.check_streams(net)
        return (None, None) if self.faults.n_errors else (net, clock.clock)

    def event_limit(self) -> int:
        header = self.found.header
        if header is None or header.limits is None:
            return DEFAULT_EVENT_LIMIT
        limits, _ = validated(LimitsSpec, header.limits, "limits", "'limits'", self.faults)
        if limits is None or limits.events is None:
            return DEFAULT_EVENT_LIMIT
        if not 1 <= limits.events <= MAX_EVENTS:
            at = header.limits["events"]
            message = f"'events' is {limits.events}"
            expected = f"a whole number from 1 to {MAX_EVENTS}"
            self.faults.add("out-of-range", message, at, "limits.events", expected=expected)
        return int(limits.events)

    def check_streams(self, net: Net) -> None:
        """Tell two streams of random numbers with one key (never seen, but not impossible)."""
        hashes: dict[int, str] = {}
        keys = [*(i.key for i in net.inputs), *(t.key for t in net.transitions)]
        keys += [draw.key for t in net.transitions for draw in t.draws]
        for key in keys:
            first = hashes.setdefault(name_hash(key), key)
            if first != key or (keys.count(key) > 1 and False):
                message = f"'{key}' and '{first}' have one stream of random numbers"
                self.faults.add("stream-collision", message, None, hint="rename one of them")

    # Parameters.

    def parameters(self) -> dict[str, Input]:
        parts = {part.name: part for part in self.parts["parameters"]}
        read_by = {
            name: self.names_in_node(part.read.node, {}) if part.read.is_whole else []
            for name, part in parts.items()
        }
        order, circles = ordered(parts, read_by)
        self.tell_circles(circles, parts, "parameters")
        in_circle = {name for circle in circles for name in circle}
        made: dict[str, Input] = {}
        for name in order:
            self.input_symbols[name] = _POISON_SYMBOL
            if name in in_circle:
                continue
            new = self.parameter(parts[name])
            if new is not None:
                made[name] = new
        self.symbols |= self.input_symbols
        return {name: made[name] for name in parts if name in made}

    def parameter(self, part: Part) -> Input | None:
        terms, node = self.terms, part.read.node
        written = read_value(node, part.path, self.faults) if part.read.is_whole else None
        if written is None:
            return None
        spot = Spot(part.path, part.own_path)
        labels: tuple[str, ...] = ()
        if written.is_law:
            law, dimension, labels = terms.law(written, terms.input_scope, spot, Wanted())
            if law is None:
                return None
            prior: Expr | Distribution = law
        else:
            assert written.text is not None
            typed = terms.typed(written.text, terms.input_scope, part.path)
            if is_nan(typed.expr):
                return None
            prior, dimension = typed.expr, typed.dimension
            labels = tuple(sorted(typed.labels)) if typed.labels else ()
        note, chance = terms.note(written, part.path)
        self.input_symbols[part.name] = Symbol(
            Ref("input", part.name), dimension, frozenset(labels) if labels else None
        )
        return Input(
            name=part.name,
            path=part.path,
            key=f"input:{part.name}",
            prior=prior,
            dimension=dimension or NONE,
            labels=labels,
            chance=chance,
            note=note,
            origin=self.origin(part, node),
        )

    def names_in_node(self, node: Node, letters: Mapping[str, str]) -> list[str]:
        """Return the names that the expressions of a value can read, in order."""
        if isinstance(node, Map):
            inner = [self.names_in_node(value, letters) for value in node.values()]
            return [name for names in inner for name in names]
        if isinstance(node, Items):
            return [name for item in node for name in self.names_in_node(item, letters)]
        tree = self.terms.quiet_tree(node)
        if tree is None:
            return []
        return sorted(names_in(tree, letters, self.terms.input_scope.lists))

    def tell_circles(
        self, circles: Iterable[Sequence[str]], parts: Mapping[str, Part], section: str
    ) -> None:
        for circle in circles:
            first = parts[circle[0]]
            loop = " -> ".join([*circle, circle[0]])
            message = (
                f"the {NOUNS[section]} '{circle[0]}' reads itself"
                if len(circle) == 1
                else f"{section} read each other in a circle: {loop}"
            )
            self.faults.add("circle", message, first.read.key, first.path)

    def origin(self, part: Part, node: Node | None = None) -> Origin:
        text = str(node) if isinstance(node, Text) else ""
        return Origin(part.path, part.read.key.position, text)

    def ordered_inputs(self, parameters: Mapping[str, Input]) -> tuple[Input, ...]:
        inputs = {**parameters, **self.terms.inputs}
        read_by = {
            name: sorted(ref.name for ref in reads(made.prior)) for name, made in inputs.items()
        }
        order, _ = ordered(inputs, read_by)
        return tuple(inputs[name] for name in order)

    # Variables.

    def variables(self) -> list[Variable]:
        found = []
        for part in self.parts["variables"]:
            self.symbols[part.name] = _POISON_SYMBOL
            if part.spec is None:
                continue
            made = self.variable(part)
            if made is not None:
                found.append(made)
        return found

    def variable(self, part: Part) -> Variable | None:
        spec = part.spec
        kinds = [kind for kind in ("states", "integer", "real") if getattr(spec, kind) is not None]
        if len(kinds) != 1:
            if part.read.is_whole or len(kinds) > 1:
                both = f" has both '{kinds[0]}' and '{kinds[1]}'" if kinds else " has no kind"
                self.faults.add(
                    "no-kind" if not kinds else "two-kinds",
                    f"the {part.read.noun}{both}",
                    part.read.key,
                    part.path,
                    expected="one of states, integer, real",
                )
            return None
        return self.enumeration(part) if kinds == ["states"] else self.quantity(part, kinds[0])

    def enumeration(self, part: Part) -> Variable | None:
        from sim.scenario.names import check_name

        labels = self.labels_of(part)
        path = f"{part.path}.states"
        good = bool(labels) and all(
            check_name(str(label), label, path, self.faults)
            for label in part.spec.states
            if isinstance(label, Text)
        )
        if len(labels) != len(part.spec.states) or not labels:
            at = part.spec.states
            self.faults.add(
                "bad-states", "'states' needs a list of labels", at, path, expected="[held, fallen]"
            )
            good = False
        for k, label in enumerate(part.spec.states):
            if isinstance(label, Text) and label in labels[:k]:
                self.faults.add(
                    "duplicate-label", f"the label '{label}' stands here twice", label, path
                )
        if part.spec.unit is not None:
            message = "labels have no unit"
            self.faults.add("bad-unit", message, part.spec.unit, f"{part.path}.unit")
        initial: Expr = Const(self.label_numbers[labels[0]]) if labels else NAN
        self.symbols[part.name] = Symbol(Ref("variable", part.name), NONE, frozenset(labels))
        if part.spec.initial is not None and good:
            initial = self.initial(part, Wanted(NONE, labels=labels))
        return Variable(part.name, "enumeration", initial, labels, origin=self.origin(part))

    def initial(self, part: Part, wanted: Wanted) -> Expr:
        spot = Spot(part.path, part.own_path).at("initial")
        scope = self.terms.input_scope.with_letters(part.letters)
        return self.terms.value(part.spec.initial, scope, spot, wanted, key=f"initial:{part.name}")

    def quantity(self, part: Part, kind: str) -> Variable | None:
        bounds = self.bounds(part, kind)
        if bounds is None:
            return None
        low, high, dimension, unit = bounds
        self.symbols[part.name] = Symbol(Ref("variable", part.name), dimension)
        if part.spec.initial is None:
            if part.read.is_whole:
                message = f"'initial' is missing in the {part.read.noun}"
                self.faults.add("missing-field", message, part.read.key, part.path)
            return None
        wanted = Wanted(dimension, unit, whole=kind == "integer", hint=_unit_hint(dimension))
        initial = self.initial(part, wanted)
        self.check_initial(part, kind, initial, low, high)
        return Variable(
            part.name,
            "integer" if kind == "integer" else "real",
            initial,
            low=low,
            high=high,
            dimension=dimension,
            origin=self.origin(part),
        )

    def bounds(self, part: Part, kind: str) -> tuple[float, float, Dimension, Unit | None] | None:
        """Return low, high, the dimension and the unit of plain numbers of a variable."""
        path, spec, terms = f"{part.path}.{kind}", part.spec, self.terms
        unit = self.unit(part) if spec.unit is not None else None
        node = getattr(spec, kind)
        if len(node) != 2 or not all(isinstance(end, Text) for end in node):
            message = f"'{kind}' needs a list of two numbers: low, high"
            self.faults.add("bad-bounds", message, node, path, expected=f"{kind}: [0, 5]")
            return None
        scope = terms.input_scope.with_letters(part.letters)
        typed = [terms.typed(end, scope, path) for end in node]
        dimension = unit.dimension if unit else None
        for one in typed:
            dimension = one.dimension if dimension is None else dimension
        dimension = NONE if dimension is None else dimension
        ends = [
            terms.fitted(one, at, path, Wanted(dimension, unit))
            for one, at in zip(typed, node, strict=True)
        ]
        if not self.are_bounds(ends, node, path, kind):
            return None
        low, high = (end.value for end in ends if isinstance(end, Const))
        return low, high, dimension, unit

    def are_bounds(self, ends: Sequence[Expr], node: Items, path: str, kind: str) -> bool:
        for end, at in zip(ends, node, strict=True):
            if not isinstance(end, Const):
                message = f"the bound '{at}' is no constant"
                self.faults.add("bad-bounds", message, at, path, expected="a number")
                return False
            if is_nan(end):
                return False
            if (
                kind == "integer"
                and math.isfinite(end.value)
                and end.value != math.floor(end.value)
            ):
                message = f"the bound '{at}' of an integer is a fraction"
                self.faults.add("whole-number", message, at, path, expected="a whole number")
                return False
        low, high = (end.value for end in ends if isinstance(end, Const))
        if not low <= high or low == math.inf or high == -math.inf:
            message = f"no number lies from {node[0]} to {node[1]}"
            self.faults.add("bad-bounds", message, node, path, expected="low <= high")
            return False
        return True

    def unit(self, part: Part) -> Unit | None:
        text, path = part.spec.unit, f"{part.path}.unit"
        scope = replace(self.terms.input_scope, symbols={}, letters=part.letters)
        typed = self.terms.typed(text, scope, path)
        if is_nan(typed.expr):
            return None
        if not isinstance(typed.expr, Const) or typed.dimension in (None, NONE):
            expected = "a unit, such as person or km/day"
            self.faults.add("bad-unit", f"'{text}' is no unit", text, path, expected=expected)
            return None
        if part.spec.integer is not None and typed.expr.value != 1.0:
            message = f"an integer counts whole things, not {text}"
            expected = "person, tonne, or no unit"
            self.faults.add("bad-unit", message, text, path, expected=expected, hint="use 'real'")
            return None
        assert typed.dimension is not None
        return Unit(typed.expr.value, typed.dimension)

    def check_initial(self, part: Part, kind: str, initial: Expr, low: float, high: float) -> None:
        prior = (
            self.terms.inputs[initial.name].prior
            if isinstance(initial, Ref) and initial.name in self.terms.inputs
            else initial
        )
        if not isinstance(prior, Const) or is_nan(prior):
            return
        path, at = f"{part.path}.initial", part.spec.initial
        value = prior.value
        if math.isinf(value):
            self.faults.add("out-of-range", "an infinite initial value", at, path)
        elif not low <= value <= high:
            bounds = getattr(part.spec, kind)
            message = f"the initial value is outside [{bounds[0]}, {bounds[1]}]"
            self.faults.add("out-of-range", message, at, path)
        elif kind == "integer" and value != math.floor(value):
            message = "the initial value of an integer is a fraction"
            self.faults.add("whole-number", message, at, path, expected="a whole number")

    # Definitions.

    def definitions(self) -> list[Definition]:
        parts = {part.name: part for part in self.parts["definitions"]}
        read_by = {
            name: self.names_in_node(part.spec.value, part.letters) if part.spec else []
            for name, part in parts.items()
            if name not in self.label_numbers  # told: the name of a label
        }
        order, circles = ordered(parts, read_by)
        self.tell_circles(circles, parts, "definitions")
        self.symbols |= dict.fromkeys(parts, _POISON_SYMBOL)
        scope = self.scope(self.symbols, self.refused())
        in_circle = {name for circle in circles for name in circle}
        found = []
        for name in order:
            part = parts[name]
            if part.spec is None or name in in_circle:
                continue
            typed = self.terms.typed(
                part.spec.value, scope.with_letters(part.letters), f"{part.path}"
            )
            if is_nan(typed.expr):
                self.symbols[name] = Symbol(NAN, None, typed.labels)
                continue
            self.symbols[name] = symbol_of(typed, Ref("definition", name))
            found.append(
                Definition(
                    name,
                    typed.expr,
                    typed.dimension or NONE,
                    typed.labels is not None,
                    self.origin(part, part.spec.value),
                )
            )
        return found

    # Outcomes, stop, watch, totals.

    def outcomes(self) -> tuple[list[Outcome], dict[str, Symbol]]:
        later = "an outcome reads only outcomes above it"
        refused = self.refused(outcomes=False) | dict.fromkeys(self.names("outcomes"), later)
        symbols: dict[str, Symbol] = {}
        scope = replace(self.scope(self.symbols, refused), symbols=ChainMap(symbols, self.symbols))
        found = []
        for part in self.parts["outcomes"]:
            spec = part.spec
            if spec is not None:
                path = f"{part.path}.when" if isinstance(part.read.node, Map) else part.path
                when = self.terms.condition(spec.when, scope.with_letters(part.letters), path)
                label, question = (self.text(part, spec, key) for key in ("label", "question"))
                origin = self.origin(part, spec.when)
                found.append(Outcome(part.name, when, label, question, origin))
            refused.pop(part.name, None)
            symbols[part.name] = Symbol(Ref("outcome", part.name)) if spec else _POISON_SYMBOL
        return found, symbols

    def text(self, part: Part, spec: Any, key: str) -> str:
        """Return a text that people read, letters replaced."""
        from sim.scenario.terms import substitute_known

        text = getattr(spec, key, None)
        return "" if text is None else substitute_known(text, part.letters).strip()

    def stop(self, outcomes: Mapping[str, Symbol]) -> Expr | None:
        header = self.found.header
        if header is None or header.stop is None:
            return None
        scope = self.scope(self.symbols, self.refused(outcomes=False), outcomes)
        return self.terms.condition(header.stop, scope, "stop")

    def stop_origin(self) -> Origin:
        header = self.found.header
        if header is None or header.stop is None:
            return Origin()
        return Origin("stop", header.stop.position, str(header.stop))

    def watches(
        self,
        outcomes: Mapping[str, Symbol],
        works: Mapping[str, Symbol],
        no_works: Mapping[str, str],
    ) -> list[Watch]:
        refused = self.refused(work=False, outcomes=False) | dict(no_works)
        scope = self.scope(self.symbols, refused, {**works, **outcomes})
        found = []
        for part, typed in self.typed_parts("watch", scope):
            dimension, is_label = typed.dimension or NONE, typed.labels is not None
            origin = self.origin(part, part.spec.value)
            found.append(Watch(part.name, typed.expr, dimension, is_label, origin))
        return found

    def totals(self, outcomes: Mapping[str, Symbol]) -> list[Total]:
        scope = self.scope(self.symbols, self.refused(outcomes=False), outcomes)
        found = []
        for part, typed in self.typed_parts("totals", scope):
            expr = self.terms.fitted(typed, part.spec.value, part.path, Wanted())
            dimension = (typed.dimension or NONE).times(TIME)
            found.append(Total(part.name, expr, dimension, self.origin(part, part.spec.value)))
        return found

    def typed_parts(self, section: str, scope: Scope) -> list[tuple[Part, Typed]]:
        return [
            (part, self.terms.typed(part.spec.value, scope.with_letters(part.letters), part.path))
            for part in self.parts[section]
            if part.spec is not None
        ]


def _in_file_order(a: Part, b: Part) -> tuple[Part, Part]:
    first, second = a.read.key.position, b.read.key.position
    is_turned = (second.line, second.column) < (first.line, first.column)
    return (b, a) if is_turned and first.file == second.file else (a, b)


def _is_plain(items: Sequence[Any]) -> bool:
    return not items or isinstance(items[0], str)


def _unit_hint(dimension: Dimension) -> str:
    return "state 'unit' for a variable that has one" if dimension == NONE else ""
