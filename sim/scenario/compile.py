"""A file taken apart, to a net: names, parameters, variables, definitions, outcomes.

Order matters twice: what is read must be resolved before its readers (parameters, the horizon,
variables, definitions, clocks, effects, outcomes), and parts keep the order of the file.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.draws import name_hash
from sim.keys import validated
from sim.net.expr import Const, Distribution, Expr, Ref, reads
from sim.net.model import (
    DEFAULT_EVENT_LIMIT,
    Definition,
    Input,
    Net,
    Note,
    Origin,
    Outcome,
    Total,
    Transition,
    Variable,
    Watch,
)
from sim.net.resolve import Scope, Symbol, Typed
from sim.scenario.checks import Check, CheckReader
from sim.scenario.clock import read_calendar, read_clock
from sim.scenario.evidence import Evidence, EvidenceReader
from sim.scenario.laws import Law, highest, lowest, read_law
from sim.scenario.model import ScenarioClock
from sim.scenario.order import ordered
from sim.scenario.remarks import noted
from sim.scenario.schema import PART_MODELS, WORLD, LimitsSpec
from sim.scenario.scopes import Scopes
from sim.scenario.structure import NOUNS, Structure, read_made
from sim.scenario.templates import Expander, Part, read_lists
from sim.scenario.terms import Terms, Trees
from sim.scenario.transitions import TransitionCompiler
from sim.scenario.variables import KINDS, VariableCompiler, labels_of
from sim.scenario.wanted import ANY, NAN, Spot, Wanted, filled, is_nan, value_text
from sim.units import NONE, TIME
from sim.values import Faults, Text, read_value
from sim.world.parts import Parts

if TYPE_CHECKING:
    from sim.world.model import World

MAX_EVENTS = 100_000_000
_SECTIONS = ("parameters", *PART_MODELS)
_POISON = Symbol(NAN, None)


class Compiler:
    """Makes the net of one file."""

    def __init__(self, found: Structure, faults: Faults, trees: Trees) -> None:
        self.found, self.faults = found, faults
        self.calendar = read_calendar(found, faults)
        #: Whether a fault has cost names: any unknown name may be one of them.
        self.is_partial = bool(found.lost)
        made = self._made()
        written = read_lists(found.section("lists"), faults)
        self._check_lists(made.lists, written)
        lists = {**made.lists, **written}
        expander = Expander(lists, faults, is_partial=self.is_partial)
        reads = list(read_made(made.made, faults))
        self.parts = {
            name: expander.parts([*(r for r in reads if r.section == name), *found.section(name)])
            for name in _SECTIONS
        }
        self.n_parts = 100 + expander.n_parts
        variables = [*self.parts["variables"], *expander.misnamed]
        labels = dict.fromkeys(label for part in variables for label in labels_of(part))
        self.label_numbers = {label: float(number) for number, label in enumerate(labels)}
        self.scopes = Scopes(
            {name: [part.name for part in parts] for name, parts in self.parts.items()},
            self.label_numbers,
            lists,
        )
        misnamed = dict.fromkeys([part.name for part in expander.misnamed], _POISON)
        self.scopes.inputs.update(misnamed)
        self.terms = Terms(
            faults,
            self.label_numbers.__getitem__,
            self.calendar.remarks,
            self.calendar.start,
            trees=trees,
            is_partial=self.is_partial
            or expander.is_lossy
            or any(map(_has_unknown_labels, variables)),
        )
        self.terms.input_scope = self.scopes.of_inputs()

    def _check_lists(self, made: Iterable[str], written: Iterable[str]) -> None:
        """Tell lists that are called like one of the world."""
        for name in set(made) & set(written):
            at = next(read.key for read in self.found.section("lists") if read.key == name)
            message = f"the name '{name}' is that of the list of all {name} of the world"
            self.faults.add("name-taken", message, at, f"lists.{name}", hint="choose another name")

    def _usual_note(self) -> Note:
        """Return what the file says of numbers of which it says nothing."""
        node = self.found.tree.get("defaults")
        if node is None:
            return Note()
        from sim.world.specs import DefaultsSpec

        spec, _ = validated(DefaultsSpec, node, "defaults", "'defaults'", self.faults)
        if spec is None:
            return Note()
        self.calendar.remarks.check(spec.source, spec.mark, "defaults")
        return noted(node)

    def _made(self) -> Parts:
        """Return what the world layer stands for.

        Its models are imported where a file has a world: they take a tenth of the start.
        """
        self.world: World | None = None
        if not any(section in self.found.tree for section in WORLD):
            return Parts()
        from sim.world.processes import expand, read_processes
        from sim.world.read import read_world

        calendar = self.calendar
        self.world = world = read_world(
            self.found.tree,
            self.faults,
            written=self.found.written,
            start=calendar.start,
            as_of=calendar.as_of,
            remarks=calendar.remarks.check,
        )
        if world is None:
            return Parts()
        processes = read_processes(self.found.tree.get("processes"), world, self.faults)
        world.kinds = {name: process.kind for name, process in processes.items()}
        self.is_partial |= world.is_partial
        return expand(world, processes, self.faults, self.found.tree.get("transitions"))

    def net(self) -> tuple[Net, ScenarioClock] | None:
        """Return the net and the clock; None after a fault."""
        self._check_names()
        parameters = self._parameters()
        clock = read_clock(self.calendar, self.terms, parameters)
        variables = self._variables()
        definitions = self._definitions()
        transitions = self._transitions(Const(math.inf) if clock is None else clock.horizon)
        outcomes = self._outcomes()
        self.evidence = self._evidence()
        given = {**parameters, **self.terms.inputs}
        unknown = [i.path for i in given.values() if i.is_uncertain and not i.chance]
        self.checks = self._checks(math.inf if clock is None else clock.clock.horizon, unknown)
        stop, stop_origin = self._stop()
        watches, totals = self._watches(), self._totals()
        event_limit = self._event_limit()
        usual = self._usual_note()
        inputs = tuple(
            replace(i, note=_filled_note(i.note, usual))
            for i in _in_reading_order({**parameters, **self.terms.inputs})
        )
        if self.faults.n_errors or clock is None:
            return None
        net = Net(
            horizon=clock.horizon,
            grid=_watch_points(clock.clock, watches),
            labels=tuple(self.label_numbers),
            inputs=inputs,
            variables=tuple(variables),
            definitions=tuple(definitions),
            transitions=tuple(transitions),
            outcomes=tuple(outcomes),
            watches=tuple(watches),
            totals=tuple(totals),
            stop=stop,
            stop_origin=stop_origin,
            event_limit=event_limit,
            origin=Origin("", self.found.tree.position),
        )
        return (net, clock.clock) if self._have_own_streams(net) else None

    # Names.

    def _check_names(self) -> None:
        """Tell names that stand for two things."""
        taken: dict[str, Part] = {}
        for section in ("parameters", "variables", "definitions", "outcomes"):
            for part in self.parts[section]:
                first = taken.setdefault(part.name, part)
                if first is not part:
                    first, later = _in_file_order(first, part)
                    self._taken(later, f"is the name of a {NOUNS[first.read.section]} already")
                elif part.name in self.label_numbers:
                    self._taken(part, "is the name of a label")
        for part in self.parts["transitions"]:
            for name in (f"{part.name}.fired", f"{part.name}.work"):
                if name in taken:
                    self._taken(taken[name], f"belongs to the transition '{part.name}'")

    def _taken(self, part: Part, why: str) -> None:
        message = f"the name '{part.name}' {why}"
        self.faults.add("name-taken", message, part.read.key, part.path, hint="choose another name")

    def _have_own_streams(self, net: Net) -> bool:
        """Tell two streams of random numbers with one number (never seen, but not impossible)."""
        keys = [*(i.key for i in net.inputs), *(t.key for t in net.transitions)]
        keys += [draw.key for t in net.transitions for draw in t.draws]
        known: dict[int, str] = {}
        for key in keys:
            first = known.setdefault(name_hash(key), key)
            if first != key:
                message = f"'{key}' and '{first}' have one stream of random numbers"
                self.faults.add("stream-collision", message, None, hint="rename one of them")
        return len(known) == len(keys)

    def _tell_circles(self, circles: Iterable[Sequence[str]], parts: Mapping[str, Part]) -> None:
        for circle in circles:
            first = parts[circle[0]]
            noun = NOUNS[first.read.section]
            message = f"the {noun} '{circle[0]}' reads itself"
            if len(circle) > 1:
                shown = circle if len(circle) <= 10 else [*circle[:9], "..."]
                loop = " -> ".join([*shown, circle[0]])
                message = f"{noun}s read each other in a circle: {loop}"
            self.faults.add("circle", message, first.read.key, first.path)

    # Inputs and variables.

    def _parameters(self) -> dict[str, Input]:
        parts = {part.name: part for part in self.parts["parameters"]}
        reads_of = {
            name: self.terms.names_in(part.read.node, {}) if part.read.is_whole else []
            for name, part in parts.items()
        }
        order, circles = ordered(parts, reads_of)
        self._tell_circles(circles, parts)
        in_circle = {name for circle in circles for name in circle}
        made: dict[str, Input] = {}
        for name in order:
            self.scopes.inputs[name] = _POISON
            new = None if name in in_circle else self._parameter(parts[name])
            if new is not None:
                made[name] = new
        return {name: made[name] for name in parts if name in made}

    def _parameter(self, part: Part) -> Input | None:
        terms, scope = self.terms, self.terms.input_scope
        written = read_value(part.read.node, part.path, self.faults) if part.read.is_whole else None
        if written is None:
            return None
        spot = Spot(part.path, part.own_path)
        prior: Expr | Distribution | None
        if written.is_law:
            law = read_law(terms, written, scope, spot, _wanted(part))
            prior = law.distribution
        else:
            assert written.text is not None
            typed = self._label(part, written.text) or terms.typed(written.text, scope, part.path)
            labels = tuple(sorted(typed.labels)) if typed.labels else ()
            number = typed.expr
            if not labels:
                number = terms.fitted(typed, written.text, part.path, _wanted(part))
            law = Law(None, _wanted(part).dimension or typed.dimension, labels)
            prior = None if is_nan(number) else number
        made = terms.made_input(written, prior, law, spot, name=part.name)
        if prior is None:
            return None
        if part.read.made is not None:
            self._check_range(part, prior)
            made = replace(made, note=_filled_note(made.note, part.read.made.note))
        labels_read = frozenset(law.labels) or None
        self.scopes.inputs[part.name] = Symbol(Ref("input", part.name), law.dimension, labels_read)
        return replace(made, origin=replace(made.origin, position=part.read.key.position))

    def _label(self, part: Part, text: Text) -> Typed | None:
        """Return the label that a value of the world is, where it is one."""
        made, number = part.read.made, self.label_numbers.get(str(text))
        if made is None or made.kind or number is None:
            return None
        return Typed(Const(number), NONE, frozenset({str(text)}))

    def _check_range(self, part: Part, prior: Expr | Distribution) -> None:
        """Tell a value of the world that lies outside of what it measures."""
        assert part.read.made is not None
        low, high = part.read.made.range
        at_least: float | None = None
        at_most = math.inf
        if isinstance(prior, Const):
            at_least = at_most = prior.value
        elif isinstance(prior, Distribution):
            at_least, at_most = lowest(prior), highest(prior)
        is_low = at_least is not None and at_least < low and math.isfinite(at_least)
        is_high = at_most > high and (math.isfinite(at_most) or isinstance(prior, Const))
        if is_low or is_high:
            expected = f"from {low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
            message = f"'{value_text(part.read.node, {})}' is out of range"
            self.faults.add("out-of-range", message, part.read.node, part.path, expected=expected)

    def _variables(self) -> list[Variable]:
        self.scopes.state.update(self.scopes.inputs)
        compiler = VariableCompiler(self.terms, self.label_numbers, self.scopes.state)
        return compiler.variables(self.parts["variables"])

    # Definitions and transitions.

    def _definitions(self) -> list[Definition]:
        state = self.scopes.state
        for name in self.scopes.names["transitions"]:
            state[f"{name}.fired"] = Symbol(Ref("fired", name))
        parts = {part.name: part for part in self.parts["definitions"]}
        reads_of = {
            name: self.terms.names_in(part.spec and part.spec.value, part.letters)
            for name, part in parts.items()
            if name not in self.label_numbers  # told: the name of a label
        }
        order, circles = ordered(parts, reads_of)
        self._tell_circles(circles, parts)
        in_circle = {name for circle in circles for name in circle}
        state.update(dict.fromkeys(parts, _POISON))
        scope = self.scopes.of_state()
        found = []
        for part in (parts[name] for name in order):
            if part.spec is None or part.name in in_circle:
                continue
            typed = self.terms.typed(part.spec.value, scope.with_letters(part.letters), part.path)
            state[part.name] = Symbol(NAN, None, typed.labels)
            if not is_nan(typed.expr):
                ref = Ref("definition", part.name)
                state[part.name] = Symbol(ref, typed.dimension, typed.labels)
                shape = (typed.dimension or NONE, typed.labels is not None)
                found.append(Definition(part.name, typed.expr, *shape, _origin(part)))
        return found

    def _transitions(self, horizon: Expr) -> list[Transition]:
        variables = self.parts["variables"]
        integers = frozenset(p.name for p in variables if getattr(p.spec, "integer", None))
        compiler = TransitionCompiler(self.terms, self.scopes, horizon, integers)
        return compiler.transitions(self.parts["transitions"])

    # Outcomes, stop, watch, totals, limits.

    def _outcomes(self) -> list[Outcome]:
        scope, later = self.scopes.of_outcomes()
        found = []
        for part in self.parts["outcomes"]:
            symbol = _POISON
            if part.spec is not None:
                path = f"{part.path}.when" if part.node else part.path
                when = self.terms.condition(part.spec.when, scope.with_letters(part.letters), path)
                label, question = part.text("label"), part.text("question")
                found.append(Outcome(part.name, when, label, question, _origin(part)))
                symbol = Symbol(Ref("outcome", part.name))
            later.pop(part.name, None)
            self.scopes.outcomes[part.name] = symbol
        return found

    def _evidence(self) -> Evidence:
        """Return what was said and what came to pass, which no run reads."""
        calendar, tree = self.calendar, self.found.tree
        reader = EvidenceReader(
            self.terms,
            self.scopes.of_state(),
            calendar.as_of,
            calendar.zone or (calendar.start.tzinfo if calendar.start else None),
            calendar.remarks.check,
        )
        outcomes = {part.name: part for part in self.parts["outcomes"]}
        return Evidence(
            tuple(reader.reports(tree.get("reports"))),
            tuple(reader.resolved(tree.get("resolved"), outcomes)),
        )

    def _checks(self, horizon: float, unknown: Collection[str]) -> tuple[Check, ...]:
        """Return what the forecast is held to, which no run reads."""
        outcomes = [part.name for part in self.parts["outcomes"]]
        variants = [str(read.key) for read in self.found.section("variants")]
        reader = CheckReader(self.terms, outcomes, variants, unknown, horizon)
        return tuple(reader.checks(self.found.tree.get("checks")))

    def _stop(self) -> tuple[Expr | None, Origin]:
        text = self.found.header.stop
        if text is None:
            return None, Origin()
        stop = self.terms.condition(text, self.scopes.of_stop(), "stop")
        return stop, Origin("stop", text.position, filled(text, {}))

    def _watches(self) -> list[Watch]:
        """Return what is watched: what the author asks for, then what the world does by itself."""
        asked: list[Watch] = []
        made: list[Watch] = []
        for part, typed in self._typed_parts("watch", self.scopes.of_watch()):
            dimension, is_label = typed.dimension or NONE, typed.labels is not None
            watch = Watch(part.name, typed.expr, dimension, is_label, _origin(part))
            (made if watch.is_made else asked).append(watch)
        return [*asked, *made]

    def _totals(self) -> list[Total]:
        found = []
        for part, typed in self._typed_parts("totals", self.scopes.of_stop()):
            expr = self.terms.fitted(typed, part.spec.value, part.path, ANY)
            dimension = (typed.dimension or NONE).times(TIME)
            found.append(Total(part.name, expr, dimension, _origin(part)))
        return found

    def _typed_parts(self, section: str, scope: Scope) -> list[tuple[Part, Typed]]:
        return [
            (part, self.terms.typed(part.spec.value, scope.with_letters(part.letters), part.path))
            for part in self.parts[section]
            if part.spec is not None
        ]

    def _event_limit(self) -> int:
        node = self.found.header.limits
        if node is None:
            return DEFAULT_EVENT_LIMIT
        limits, _ = validated(LimitsSpec, node, "limits", "'limits'", self.faults)
        if limits is None or limits.events is None:
            return DEFAULT_EVENT_LIMIT
        if not 1 <= limits.events <= MAX_EVENTS:
            message, path = f"'events' is {limits.events}", "limits.events"
            expected = f"a whole number from 1 to {MAX_EVENTS}"
            self.faults.add("out-of-range", message, node["events"], path, expected=expected)
        return int(limits.events)


def _watch_points(clock: ScenarioClock, watches: Sequence[Watch]) -> tuple[float, ...]:
    """Return when watches are sampled: those of the world at the report times, too."""
    if not any(watch.is_made for watch in watches):
        return clock.grid
    # A report time that is a watch point but for rounding makes no other one.
    near = 1e-9 * clock.horizon
    more = (t for t in clock.report if all(abs(t - g) > near for g in clock.grid))
    return tuple(sorted((*clock.grid, *more)))


def _wanted(part: Part) -> Wanted:
    """Return what a parameter has to be: anything, unless it is a value of the world."""
    made = part.read.made
    return ANY if made is None or made.dimension is None else Wanted(made.dimension, made.unit)


def _filled_note(note: Note, usual: Note) -> Note:
    """Return what is said of a number, and what is usually said where nothing is."""
    return replace(note, source=note.source or usual.source, mark=note.mark or usual.mark)


def _has_unknown_labels(part: Part) -> bool:
    """Return whether a variable is so broken that any name may be one of its labels."""
    if part.read.section != "variables" or part.read.is_whole:
        return False
    return part.spec is None or all(getattr(part.spec, kind) is None for kind in KINDS)


def _origin(part: Part) -> Origin:
    spec = part.spec
    text = getattr(spec, "when", None) or getattr(spec, "value", None) or ""
    return Origin(part.path, part.read.key.position, filled(text, part.letters))


def _in_reading_order(inputs: Mapping[str, Input]) -> tuple[Input, ...]:
    reads_of = {name: sorted(ref.name for ref in reads(i.prior)) for name, i in inputs.items()}
    order, _ = ordered(inputs, reads_of)
    return tuple(inputs[name] for name in order)


def _in_file_order(a: Part, b: Part) -> tuple[Part, Part]:
    first, second = a.read.key.position, b.read.key.position
    is_turned = (second.line, second.column) < (first.line, first.column)
    return (b, a) if is_turned and first.file == second.file else (a, b)
