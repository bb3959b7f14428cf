"""A net to machine code and tables: what the kernel runs.

The state of a replication is one array of doubles, the *slots*: time, inputs, variables,
definitions, outcomes, counters, and the values that lowered functions hand to the kernel (paces,
guards, totals, arguments). Every firing (transition and branch) has one function that assigns its
effects and re-evaluates whatever can have changed; where nets are so dense that fusing would cost
more to compile than it saves, the parts are functions of their own, called one after another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from sim import draws
from sim.engines.compiled.emit import HEADER, INFINITY, ZERO, Body, Constants
from sim.engines.compiled.kernel import EVERY, IMMEDIATE, INSTANTS, WORK, Program
from sim.net.expr import Const, Distribution, Expr, Ref, reads, walk
from sim.net.model import Effect, Net, Transition, Variable, firings

#: Machine code is optimised while the text is no longer than this: it costs 4 times as much to make
#: (0.25 s for 60 transitions) and runs 8-15 % faster.
OPTIMISE_BELOW_CHARACTERS = 200_000
#: Fuse what follows a firing into its own function while that keeps below so many expression nodes.
FUSE_BELOW_NODES = 12_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lowered:
    """A program and what must outlive its use.

    Freeing the execution engine while the kernel runs is a segmentation fault: whoever runs the
    program holds this object until every thread is done.
    """

    program: Program
    owner: object
    n_slots: int


@dataclass
class _Item:
    """A part that is re-evaluated when something that it reads has changed."""

    emit: Callable[[Body], None]
    reads: frozenset[Ref]
    n_nodes: int
    #: What reads its value in turn.
    writes: Ref | None = None
    clock: int = -1


@dataclass
class _Items:
    """All items of a net by stage: first definitions, then outcomes, then clocks."""

    definitions: list[_Item] = field(default_factory=list)
    outcomes: list[_Item] = field(default_factory=list)
    clocks: list[_Item] = field(default_factory=list)

    def stages(self) -> tuple[list[_Item], list[_Item], list[_Item]]:
        return self.definitions, self.outcomes, self.clocks


class _Slots:
    """Hands out places in the state."""

    def __init__(self) -> None:
        self.places: dict[Ref, int] = {}
        self.n = 0

    def take(self, count: int = 1) -> int:
        self.n += count
        return self.n - count

    def give(self, refs: Iterable[Ref]) -> int:
        first = self.n
        for ref in refs:
            self.places[ref] = self.take()
        return first


def lower(net: Net) -> Lowered:
    """Return the program of a net."""
    return _Lowering(net).lowered()


class _Lowering:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.constants = Constants()
        self.slots = _Slots()
        self.functions: list[str] = []
        self.laws: list[tuple[int, int, int, int]] = []  # kind, n, at, function
        self.whole = _whole_names(net)
        self.label_sets = _label_sets(net)
        self.order = self.clock_order()
        self.clock_of = {k: c for c, k in enumerate(self.order)}
        self.n_timed = sum(t.clock.kind != "immediate" for t in net.transitions)
        self.firings = firings(net)
        self.lay_out()

    def clock_order(self) -> list[int]:
        """Transitions in the order in which ties are broken, immediates last."""

        def rank(k: int) -> tuple[bool, int, int]:
            transition = self.net.transitions[k]
            return transition.clock.kind == "immediate", -transition.priority, k

        return sorted(range(len(self.net.transitions)), key=rank)

    def lay_out(self) -> None:
        net, slots = self.net, self.slots
        slots.give([Ref("time", "")])
        self.first_input = slots.give(Ref("input", i.name) for i in net.inputs)
        self.first_variable = slots.give(Ref("variable", v.name) for v in net.variables)
        slots.give(Ref("definition", d.name) for d in net.definitions)
        self.first_outcome = slots.give(Ref("outcome", o.name) for o in net.outcomes)
        used = self.names_read()
        slots.give(sorted((r for r in used if r.space == "fired"), key=lambda r: r.name))
        works = {r for r in used if r.space == "work"}
        works |= {e.target for e in self.all_effects() if e.target.space == "work"}
        slots.give(sorted(works, key=lambda r: r.name))
        slots.give(Ref("draw", f"{t.name}/{d.name}") for t in net.transitions for d in t.draws)
        self.clipped = slots.take(len(net.variables))
        self.clock_slot = slots.take(len(net.transitions))  # pace, or guard of a tick/immediate
        self.total_slot = slots.take(len(net.totals))
        self.watch_slot = slots.take(len(net.watches))
        self.stop_slot = slots.take()
        self.horizon_slot = slots.take()
        self.tick_slot = slots.take(2 * len(net.transitions))  # start and period
        self.instant_slots = {
            k: slots.take(len(t.clock.instants))
            for k, t in enumerate(net.transitions)
            if t.clock.kind == "at"
        }
        widest = max((len(t.branches) for t in net.transitions), default=0)
        self.weight_slot = slots.take(widest)

    def all_effects(self) -> list[Effect]:
        return [e for t in self.net.transitions for b in t.branches for e in b.effects]

    def names_read(self) -> frozenset[Ref]:
        net = self.net
        exprs: list[Expr | Distribution | None] = [net.stop]
        exprs += [d.expr for d in net.definitions] + [o.when for o in net.outcomes]
        exprs += [w.expr for w in net.watches] + [t.expr for t in net.totals]
        for transition in net.transitions:
            exprs += [transition.guard, transition.clock.law, transition.clock.pace]
            exprs += [d.law for d in transition.draws]
            exprs += [b.weight for b in transition.branches]
        exprs += [e.expr for e in self.all_effects()]
        return reads(*exprs)

    # Functions.

    def function(self, *emits: Callable[[Body], None]) -> int:
        """Add a function of these parts; return its number, from 1 (0: none, without parts)."""
        if not emits:
            return 0
        body = Body(self.slots.places, self.constants)
        for emit in emits:
            emit(body)
        self.functions.append(body.text(len(self.functions) + 1))
        return len(self.functions)

    # Items.

    def items(self) -> _Items:
        items = _Items()
        net = self.net
        for definition in net.definitions:
            ref = Ref("definition", definition.name)
            items.definitions.append(self.valued(ref, definition.expr))
        for c, k in enumerate(self.order):
            transition = net.transitions[k]
            if transition.clock.kind == "immediate":
                items.definitions.append(self.guard_item(c, transition))
        for outcome in net.outcomes:
            items.outcomes.append(self.outcome_item(Ref("outcome", outcome.name), outcome.when))
        if net.stop is not None:
            items.outcomes.append(self.slot_item(self.stop_slot, net.stop, truth=True))
        for j, total in enumerate(net.totals):
            items.outcomes.append(self.total_item(self.total_slot + j, total.expr))
        for c in range(self.n_timed):
            items.clocks.append(self.clock_item(c, net.transitions[self.order[c]]))
        return items

    def valued(self, ref: Ref, expr: Expr) -> _Item:
        slot = self.slots.places[ref]
        return _Item(
            lambda body: body.store(slot, body.checked(expr)), reads(expr), _size(expr), writes=ref
        )

    def slot_item(self, slot: int, expr: Expr, *, truth: bool = False) -> _Item:
        def emit(body: Body) -> None:
            value = body.as_number(body.checked_truth(expr)) if truth else body.checked(expr)
            body.store(slot, value)

        return _Item(emit, reads(expr), _size(expr))

    def total_item(self, slot: int, expr: Expr) -> _Item:
        def emit(body: Body) -> None:
            value = body.number(expr)
            finite = body.compare("olt", body.called("llvm.fabs.f64", value), INFINITY)
            body.fault_if(body.once("xor i1 ", finite, ", true"))
            body.store(slot, value)

        return _Item(emit, reads(expr), _size(expr))

    def outcome_item(self, ref: Ref, when: Expr) -> _Item:
        slot = self.slots.places[ref]

        def emit(body: Body) -> None:
            before = body.load(slot)
            now = body.as_number(body.checked_truth(when))
            latched = body.compare("une", before, ZERO)
            body.store(slot, body.choice(latched, before, now))

        return _Item(emit, reads(when), _size(when), writes=ref)

    def guard_item(self, c: int, transition: Transition) -> _Item:
        slot, guard = self.clock_slot + c, transition.guard
        return _Item(
            lambda body: body.store(slot, body.as_number(body.checked_truth(guard))),
            reads(guard),
            _size(guard),
        )

    def clock_item(self, c: int, transition: Transition) -> _Item:
        slot, guard = self.clock_slot + c, transition.guard
        pace = transition.clock.pace if transition.clock.holds_work else Const(1.0)
        return _Item(
            lambda body: body.store(slot, body.pace(guard, pace)),
            reads(guard, pace),
            _size(guard) + _size(pace),
            clock=c,
        )

    # What follows a firing.

    def affected(self, changed: Iterable[Ref]) -> list[list[_Item]]:
        """Return, by stage, the items whose value can change when ``changed`` do."""
        waiting, seen = list(changed), set(changed)
        found: list[set[int]] = [set(), set(), set()]
        while waiting:
            for stage, place, writes in self.readers[waiting.pop()]:
                found[stage].add(place)
                if writes is not None and writes not in seen:
                    seen.add(writes)
                    waiting.append(writes)
        return [
            [stage[place] for place in sorted(places)]
            for stage, places in zip(self.stages, found, strict=True)
        ]

    def index_readers(self) -> None:
        self.stages = self.items().stages()
        self.readers: dict[Ref, list[tuple[int, int, Ref | None]]] = defaultdict(list)
        for number, stage in enumerate(self.stages):
            for place, item in enumerate(stage):
                for ref in item.reads:
                    self.readers[ref].append((number, place, item.writes))

    def effect(self, body: Body, transition: Transition, branch_number: int) -> None:
        """Assign the effects of a branch, all computed on the state before it."""
        effects = transition.branches[branch_number].effects
        values = [body.number(effect.expr) for effect in effects]
        for effect, value in zip(effects, values, strict=True):
            if effect.target.space == "work":
                self.assign_work(body, effect.target, value)
            else:
                number = self.variable_numbers[effect.target.name]
                self.assign(body, number, effect.expr, value)
        fired = Ref("fired", transition.name)
        if fired in self.slots.places:
            slot = self.slots.places[fired]
            body.store(slot, body.binary("fadd", body.load(slot), body.constant(1.0)))

    def assign_work(self, body: Body, target: Ref, value: str) -> None:
        sound = body.compare("oge", value, body.constant(0.0))
        body.fault_if(body.once("xor i1 ", sound, ", true"))
        finite = body.compare("olt", value, INFINITY)
        body.fault_if(body.once("xor i1 ", finite, ", true"))
        body.store(self.slots.places[target], value)

    def assign(self, body: Body, number: int, expr: Expr, value: str) -> None:
        """Check a value for a variable, clip it to the range, and store it."""
        variable = self.net.variables[number]
        slot = self.slots.places[Ref("variable", variable.name)]
        if variable.kind == "enumeration":
            self.check_label(body, variable, expr, value)
            body.store(slot, value)
            return
        if not isinstance(expr, Const):
            magnitude = body.called("llvm.fabs.f64", value)
            finite = body.compare("olt", magnitude, INFINITY)
            body.fault_if(body.once("xor i1 ", finite, ", true"))
            if variable.kind == "integer" and not _is_whole(expr, self.whole):
                whole = body.called("llvm.floor.f64", value)
                body.fault_if(body.compare("une", value, whole))
        low, high = body.constant(variable.low), body.constant(variable.high)
        clipped = body.extreme("min", body.extreme("max", value, low), high)
        body.store(slot, clipped)
        flag = self.clipped + number
        moved = body.compare("une", clipped, value)
        body.store(flag, body.choice(moved, body.constant(1.0), body.load(flag)))

    def check_label(self, body: Body, variable: Variable, expr: Expr, value: str) -> None:
        allowed = {self.net.label_numbers[label] for label in variable.labels}
        if _possible_labels(expr, self.label_sets) <= allowed:
            return
        is_one = "false"
        for number in sorted(allowed):
            same = body.compare("oeq", value, body.constant(number))
            is_one = same if is_one == "false" else body.once("or i1 ", is_one, ", ", same)
        body.fault_if(body.once("xor i1 ", is_one, ", true"))

    def initial(self, body: Body) -> None:
        """Set everything that a replication starts from, from its inputs."""
        for number, variable in enumerate(self.net.variables):
            value = body.number(variable.initial)
            self.assign(body, number, variable.initial, value)
        body.store(self.horizon_slot, body.checked(self.net.horizon))
        for c in range(self.n_timed):
            clock = self.net.transitions[self.order[c]].clock
            if clock.kind == "every":
                body.store(self.tick_slot + 2 * c, body.checked(clock.start))
                body.store(self.tick_slot + 2 * c + 1, body.checked(clock.period))
            for i, instant in enumerate(clock.instants):
                body.store(self.instant_slots[self.order[c]] + i, body.checked(instant))

    # Laws.

    def law(self, law: Distribution) -> int:
        """Add a law; return its number."""
        kind, n = draws.KINDS[law.kind], len(law.args)
        if all(isinstance(arg, Const) for arg in law.args):
            at = self.constants.run([arg.value for arg in law.args if isinstance(arg, Const)])
            self.laws.append((kind, n, at, 0))
        else:
            at = self.slots.take(n)
            self.laws.append((kind, n, at, self.function(self.law_arguments(law, at))))
        return len(self.laws) - 1

    def law_arguments(self, law: Distribution, at: int) -> Callable[[Body], None]:
        def emit(body: Body) -> None:
            for i, arg in enumerate(law.args):
                body.store(at + i, body.number(arg))

        return emit

    # The program.

    def lowered(self) -> Lowered:
        net = self.net
        self.variable_numbers = {v.name: n for n, v in enumerate(net.variables)}
        self.index_readers()
        clocks = self.clock_tables()
        after = self.firing_tables()
        inputs = self.input_tables()
        watch = self.function(
            *(self.slot_item(self.watch_slot + j, w.expr).emit for j, w in enumerate(net.watches))
        )
        owner, addresses = _machine_code(HEADER + "\n".join(self.functions), len(self.functions))
        laws = np.array(self.laws, dtype=np.int64).reshape(-1, 4)
        laws[:, 3] = addresses[laws[:, 3]]
        program = Program(
            constants=np.array([*self.constants.values, 0.0]),
            n_timed=self.n_timed,
            laws=laws,
            input_laws=inputs[0],
            input_functions=addresses[inputs[1]],
            first_input=self.first_input,
            first_outcome=self.first_outcome,
            first_variable=self.first_variable,
            clipped=self.clipped,
            first_watch=self.watch_slot,
            first_total=self.total_slot,
            stop=self.stop_slot if net.stop is not None else -1,
            horizon=self.horizon_slot,
            weights=self.weight_slot,
            clock_slot=np.uint64(self.clock_slot),
            tick_slot=self.tick_slot,
            watch_function=addresses[watch],
            watch_works=self.work_table([[w.expr for w in net.watches]]),
            event_limit=net.event_limit,
            touches_totals=bool(net.totals),
            at_once=self.at_once,
            grid=np.array(net.grid if net.watches else (), dtype=np.float64),
            **clocks,
            **{
                name: addresses[table] if name.endswith("_functions") else table
                for name, table in after.items()
            },
        )
        program = program._replace(weight_functions=addresses[program.weight_functions])
        return Lowered(program, owner, self.slots.n)

    def clock_tables(self) -> dict[str, Any]:
        """Return the tables by clock, in scan order."""
        net = self.net
        first_firing = {k: f for f, (k, b) in reversed(list(enumerate(self.firings)))}
        kinds, law, hashes, keeps, first, n_branches, weights = [], [], [], [], [], [], []
        is_simple = []
        draw_start, draw_law, draw_slot, draw_hash = [0], [], [], []
        instants = np.full((len(self.order), 2), 0, dtype=np.int64)
        for c, k in enumerate(self.order):
            transition = net.transitions[k]
            clock = transition.clock
            kinds.append(_KINDS[clock.kind])
            law.append(-1 if clock.law is None or clock.kind == "rate" else self.law(clock.law))
            hashes.append(draws.name_hash(transition.key))
            keeps.append(transition.memory == "keep")
            first.append(first_firing[k])
            n_branches.append(len(transition.branches))
            is_simple.append(len(transition.branches) == 1 and not transition.draws)
            weights.append(self.weights(transition))
            for draw in transition.draws:
                draw_law.append(self.law(draw.law))
                draw_slot.append(self.slots.places[Ref("draw", f"{transition.name}/{draw.name}")])
                draw_hash.append(draws.name_hash(draw.key))
            draw_start.append(len(draw_law))
            if clock.kind == "at":
                instants[c] = self.instant_slots[k], len(clock.instants)
        # The arguments of draws and weights may read work left, and so may the effects.
        read_at_firing: list[list[Expr]] = []
        for k in self.order:
            transition = net.transitions[k]
            read: list[Expr] = [b.weight for b in transition.branches]
            read += [e.expr for b in transition.branches for e in b.effects]
            read += [arg for d in transition.draws for arg in d.law.args]
            read_at_firing.append(read)
        return {
            "kinds": np.array(kinds, dtype=np.int64),
            "work_laws": np.array(law, dtype=np.int64),
            "hashes": np.array(hashes, dtype=np.uint64),
            "keeps": np.array(keeps, dtype=np.uint8),
            "first_firing": np.array(first, dtype=np.int64),
            "n_branches": np.array(n_branches, dtype=np.int64),
            "is_simple": np.array(is_simple, dtype=np.uint8),
            "weight_functions": np.array(weights, dtype=np.int64),
            "draw_start": np.array(draw_start, dtype=np.int64),
            "draw_laws": np.array(draw_law, dtype=np.int64),
            "draw_slots": np.array(draw_slot, dtype=np.int64),
            "draw_hashes": np.array(draw_hash, dtype=np.uint64),
            "instants": instants,
            "works_read": self.work_table(read_at_firing),
            "input_hashes": np.array([draws.name_hash(i.key) for i in net.inputs], dtype=np.uint64),
            "input_is_chance": np.array([i.chance for i in net.inputs], dtype=np.uint8),
        }

    def weights(self, transition: Transition) -> int:
        if len(transition.branches) == 1:
            return 0
        return self.function(
            *(
                _store_number(self.weight_slot + i, branch.weight)
                for i, branch in enumerate(transition.branches)
            )
        )

    def work_table(self, exprs: Sequence[Sequence[Expr]]) -> Ints:
        """Return rows (group, clock, slot): the work left that each group of expressions reads."""
        rows = []
        for group, parts in enumerate(exprs):
            read = {ref for ref in reads(*parts) if ref.space == "work"}
            for ref in sorted(read, key=lambda r: r.name):
                clock = self.clock_of[self.net.transition_numbers[ref.name]]
                rows.append((group, clock, self.slots.places[ref]))
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    def firing_tables(self) -> dict[str, Any]:
        """Return, for every firing and (last) for the start, its functions and what it affects."""
        net = self.net
        plans = [self.plan(k, b) for k, b in self.firings]
        everything = [list(stage) for stage in self.stages]
        plans.append((lambda body: self.initial(body), everything, -1, []))
        n_nodes = sum(i.n_nodes for plan in plans for stage in plan[1] for i in stage)
        fuse = n_nodes <= FUSE_BELOW_NODES
        at_once = fuse and self.n_timed == len(net.transitions)
        single: dict[int, int] = {}
        stage_tables: list[list[list[int]]] = [[], [], []]
        fire, updates, assigned, touches = [], [], [], []
        for effect, stages, own_clock, works in plans:
            emits = [effect]
            if at_once:
                emits += [item.emit for stage in stages for item in stage]
            fire.append(self.function(*emits))
            for table, stage in zip(stage_tables, stages, strict=True):
                if at_once:
                    table.append([])
                elif fuse:
                    function = self.function(*(item.emit for item in stage))
                    table.append([function] if stage else [])
                else:
                    table.append([self.alone(item, single) for item in stage])
            touched = {item.clock for item in stages[2]} | set(works)
            touched |= {own_clock} if own_clock >= 0 else set()
            updates.append(sorted(touched))
            assigned.append(works)
            touches.append(bool(stages[1]))
        tables: dict[str, Any] = {"fire_functions": np.array(fire, dtype=np.int64)}
        for name, table in zip(("definition", "outcome", "pace"), stage_tables, strict=True):
            tables[f"{name}_start"], tables[f"{name}_functions"] = _flat(table)
        tables["update_start"], update_clocks = _flat(updates)
        tables["update_clocks"] = update_clocks.astype(np.uint64)
        tables["assign_start"], tables["assign_clocks"] = _flat(assigned)
        tables["assign_slots"] = np.array(
            [self.slots.places[self.work_ref(c)] for row in assigned for c in row], dtype=np.int64
        )
        tables["touches_outcomes"] = np.array(touches, dtype=np.uint8)
        self.at_once = at_once
        return tables

    def work_ref(self, clock: int) -> Ref:
        return Ref("work", self.net.transitions[self.order[clock]].name)

    def alone(self, item: _Item, made: dict[int, int]) -> int:
        if id(item) not in made:
            made[id(item)] = self.function(item.emit)
        return made[id(item)]

    def plan(
        self, k: int, b: int
    ) -> tuple[Callable[[Body], None], list[list[_Item]], int, list[int]]:
        transition = self.net.transitions[k]
        targets = [effect.target for effect in transition.branches[b].effects]
        changed = [t for t in targets if t.space == "variable"]
        fired = Ref("fired", transition.name)
        if fired in self.slots.places:
            changed.append(fired)
        works = [
            self.clock_of[self.net.transition_numbers[t.name]] for t in targets if t.space == "work"
        ]
        own = self.clock_of[k] if transition.clock.holds_work else -1
        return (lambda body: self.effect(body, transition, b)), self.affected(changed), own, works

    def input_tables(self) -> tuple[Ints, Ints]:
        """Return the law of each input (-1: computed) and the function that computes it."""
        laws, functions = [], []
        for i, given in enumerate(self.net.inputs):
            if isinstance(given.prior, Distribution):
                laws.append(self.law(given.prior))
                functions.append(0)
            else:
                laws.append(-1)
                functions.append(self.function(_store_number(self.first_input + i, given.prior)))
        return np.array(laws, dtype=np.int64), np.array(functions, dtype=np.int64)


_KINDS = {"rate": WORK, "work": WORK, "every": EVERY, "at": INSTANTS, "immediate": IMMEDIATE}


def _store_number(slot: int, expr: Expr) -> Callable[[Body], None]:
    return lambda body: body.store(slot, body.number(expr))


def _flat(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Return where each row begins (and the last ends), and the rows end to end."""
    starts = np.cumsum([0, *(len(row) for row in rows)])
    return starts.astype(np.int64), np.array([x for row in rows for x in row], dtype=np.int64)


def _size(expr: Expr) -> int:
    return sum(1 for _ in walk(expr))


def _whole_names(net: Net) -> frozenset[Ref]:
    """Return the names whose values are whole numbers by construction."""
    whole = {Ref("variable", v.name) for v in net.variables if v.kind == "integer"}
    whole |= {Ref("fired", t.name) for t in net.transitions}
    whole |= {Ref("outcome", o.name) for o in net.outcomes}
    for definition in net.definitions:
        if _is_whole(definition.expr, frozenset(whole)):
            whole.add(Ref("definition", definition.name))
    return frozenset(whole)


_WHOLE_IF_ARGS_ARE = frozenset({"add", "sub", "mul", "neg", "square", "abs", "min", "max"})
_TRUTHS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})


def _is_whole(expr: Expr, whole: frozenset[Ref]) -> bool:
    if isinstance(expr, Const):
        return expr.value.is_integer()
    if isinstance(expr, Ref):
        return expr in whole
    if expr.op in ("floor", "ceil") or expr.op in _TRUTHS:
        return True
    if expr.op == "select":
        return all(_is_whole(arg, whole) for arg in expr.args[1:])
    return expr.op in _WHOLE_IF_ARGS_ARE and all(_is_whole(arg, whole) for arg in expr.args)


def _label_sets(net: Net) -> dict[Ref, frozenset[float]]:
    """Return the labels that each enumeration, input and definition can have."""
    numbers = net.label_numbers
    sets = {
        Ref("variable", v.name): frozenset(numbers[label] for label in v.labels)
        for v in net.variables
        if v.kind == "enumeration"
    }
    sets |= {
        Ref("input", i.name): frozenset(numbers[label] for label in i.labels)
        for i in net.inputs
        if i.labels
    }
    for definition in net.definitions:
        if definition.is_label:
            sets[Ref("definition", definition.name)] = _possible_labels(definition.expr, sets)
    return sets


#: Stands for "any label": a set that is contained in no set of labels.
_ANY_LABEL = frozenset({-1.0})


def _possible_labels(expr: Expr, sets: dict[Ref, frozenset[float]]) -> frozenset[float]:
    if isinstance(expr, Const):
        return frozenset({expr.value})
    if isinstance(expr, Ref):
        return sets.get(expr, _ANY_LABEL)
    if expr.op == "select":
        return _possible_labels(expr.args[1], sets) | _possible_labels(expr.args[2], sets)
    return _ANY_LABEL


def _machine_code(ir: str, n_functions: int) -> tuple[object, Ints]:
    """Compile the functions; return what owns their code, and their addresses (0 for number 0)."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # The global context: in a cycle, one of our own could be freed before the engine that needs it.
    module = llvm.parse_assembly(ir)
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=1 if len(ir) < OPTIMISE_BELOW_CHARACTERS else 0,
        codemodel="jitdefault",
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    addresses = [0, *(engine.get_function_address(f"f{i + 1}") for i in range(n_functions))]
    return engine, np.array(addresses, dtype=np.int64)
