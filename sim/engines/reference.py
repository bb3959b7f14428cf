"""The reference engine: one replication at a time, written to be read.

It says the same as the compiled engine, a second time and more clearly: SimPy keeps the clock,
every expression is evaluated after every event, and the invariants of ``sim/net/SEMANTICS.md`` are
checked as it goes. It explains what happened (:meth:`ReferenceEngine.trace`) and what went wrong
(:class:`sim.errors.RunFault`), and is the oracle of the compiled engine in the tests.

Letters in comments, (a) to (g), are the parts of a step in section 5 there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappush
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import simpy
from simpy.events import NORMAL

from sim import draws
from sim.engines.reasons import Life, Sped, sped
from sim.ensemble.batch import AT_START, END_REASONS, NO_VIA, NOT_YET, Batch, Floats, blank
from sim.errors import RunFault
from sim.ieee import clip, larger
from sim.net.evaluate import Evaluator, evaluator
from sim.net.expr import TIME_REF, Distribution, Expr, Ref, reads
from sim.net.model import (
    FIRINGS_AT_ONE_TIME,
    NOWHERE,
    Branch,
    Net,
    Origin,
    Says,
    Transition,
    Variable,
    firings,
)
from sim.net.shown import shown, shown_as, spelled
from sim.units import SECONDS_PER_DAY


@dataclass(frozen=True)
class Event:
    """One firing of a replication, for people; times are in seconds, values in display units."""

    time: float
    transition: str
    branch: str
    #: Whether an immediate fired, in the same step as the event before it.
    is_immediate: bool
    says: str
    changes: Mapping[str, tuple[float | str, float | str]]
    #: Clocks that would have fired later, nearest first: (transition, time).
    lost: tuple[tuple[str, float], ...]
    #: Share of draws of its work that are shorter, and what sped or slowed its clock.
    shorter: float | None = None
    sped: tuple[Sped, ...] = ()
    outcomes: list[str] = field(default_factory=list)
    #: Those of ``lost`` that run no more once the state has settled.
    stopped: list[str] = field(default_factory=list)


@dataclass
class RunningClock:
    """The clock of a timed transition. ``work`` is None while it holds none."""

    number: int
    transition: Transition
    work: float | None = None
    since: float = 0.0
    #: None while the guard is false.
    pace: float | None = None
    due: float = math.inf
    #: Lives begun, or ticks gone by.
    life: int = 0

    def left(self, t: float) -> float:
        """Return the work left at ``t``; 0 if it holds none."""
        if self.work is None:
            return 0.0
        if self.pace is None:
            return self.work
        return larger(0.0, self.work - self.pace * (t - self.since))


class ReferenceEngine:
    """Runs one net, slowly (some 50 microseconds an event)."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.slots = {ref: place for place, ref in enumerate(_names(net))}
        self.firing_numbers = {pair: number for number, pair in enumerate(firings(net))}
        #: By identity: hashing a whole tree would cost more than evaluating it.
        self.functions: dict[int, Evaluator] = {}
        order = sorted(range(len(net.transitions)), key=lambda k: (-net.transitions[k].priority, k))
        immediate = [net.transitions[k].clock.kind == "immediate" for k in order]
        self.timed = [k for k, is_now in zip(order, immediate, strict=True) if not is_now]
        self.immediates = [k for k, is_now in zip(order, immediate, strict=True) if is_now]
        effects = [e for t in net.transitions for b in t.branches for e in b.effects]
        #: Clocks whose work is assigned somewhere.
        self.works = sorted(
            {e.target for e in effects if e.target.space == "work"}, key=lambda ref: ref.name
        )
        self.variable_numbers = {variable.name: n for n, variable in enumerate(net.variables)}

    def value(self, expr: Expr, state: list[float]) -> float:
        """Return the value of an expression in a state."""
        function = self.functions.get(id(expr))
        if function is None:
            function = self.functions[id(expr)] = evaluator(expr, self.slots)
        return function(state)

    def inputs(
        self, seed: int, replications: Iterable[int], quantiles: Floats | None = None
    ) -> Floats:
        """Return the inputs of replications, shape (n, n_inputs), in net order.

        An input whose quantile is given (a probability in (0, 1), NaN for the others) has the value
        at that probability in every one of them.
        """
        rows = [self._input_row(seed, int(r), quantiles) for r in replications]
        return np.array(rows).reshape(len(rows), len(self.net.inputs))

    def _input_row(
        self, seed: int, replication: int, quantiles: Floats | None = None
    ) -> list[float]:
        state = [0.0] * len(self.slots)
        run = Replication(self, seed, replication, state)
        row = []
        for place, given in enumerate(self.net.inputs):
            if isinstance(given.prior, Distribution):
                of = replication if given.chance else draws.of_unknowns(replication)
                u, _ = draws.uniforms(seed, of, draws.name_hash(given.key), 1)
                if quantiles is not None and not math.isnan(quantiles[place]):
                    u = float(quantiles[place])
                value = run.sample(given.prior, u, given.path, given.origin)
            else:
                value = run.evaluate(given.prior, given.path, given.origin)
            state[self.slots[Ref("input", given.name)]] = value
            row.append(value)
        return row

    def start(
        self, seed: int, replication: int, inputs: Sequence[float], *, observe: bool = False
    ) -> Replication:
        """Return a replication at its start, settled; ``observe`` makes it keep its events."""
        state = [0.0] * len(self.slots)
        for given, value in zip(self.net.inputs, inputs, strict=True):
            state[self.slots[Ref("input", given.name)]] = float(value)
        run = Replication(self, seed, replication, state)
        run.events = [] if observe else None
        run.begin()
        return run

    def run(
        self,
        seed: int,
        replications: Iterable[int] | npt.NDArray[np.int64],
        inputs: Floats | None = None,
        quantiles: Floats | None = None,
    ) -> Batch:
        """Run replications to their end.

        Without ``inputs`` they are drawn, at ``quantiles`` where those are given.

        Raises
        ------
        RunFault
            Of the first replication that breaks a rule of the net.
        """
        numbers = [int(r) for r in replications]
        rows: list[list[float]] = []
        runs = []
        for i, number in enumerate(numbers):
            if inputs is None:
                row = self._input_row(seed, number, quantiles)
            else:
                row = list(inputs[i])
            rows.append(row)
            runs.append(self.start(seed, number, row))
            runs[-1].advance(math.inf)
        given = np.array(rows, dtype=np.float64).reshape(len(rows), len(self.net.inputs))
        return _batch(self.net, runs, given)

    def trace(self, seed: int, replication: int) -> list[Event]:
        """Return the events of one replication."""
        row = self._input_row(seed, replication)
        run = self.start(seed, replication, row, observe=True)
        run.advance(math.inf)
        return run.events or []


class _AbsoluteTime(simpy.Environment):
    """SimPy's environment, with alarms at absolute times: ``timeout`` adds now + delay again."""

    def alarm_at(self, time: float) -> None:
        event = simpy.Event(self)
        event._ok, event._value = True, None
        heappush(self._queue, (time, NORMAL, next(self._eid), event))


class Replication:
    """One replication under way: its state, and what has come of it so far."""

    def __init__(self, engine: ReferenceEngine, seed: int, number: int, state: list[float]) -> None:
        self.engine, self.net = engine, engine.net
        self.seed, self.number, self.state = seed, number, state
        self.environment = _AbsoluteTime()
        self.alarms: set[float] = set()
        self.clocks = {k: RunningClock(k, self.net.transitions[k]) for k in engine.timed}
        self.lives = Counter[int]()  # firings of immediates
        self.horizon = math.inf
        self.end_reason = ""
        self.end_time = math.nan
        self.n_events = self.n_idle = self.n_at_once = 0
        self.n_fired = Counter[str]()
        self.fired_at_once = Counter[str]()
        self.times = [math.inf] * len(self.net.outcomes)
        self.causes = [NOT_YET] * len(self.net.outcomes)
        self.via = [NO_VIA] * len(self.net.outcomes)
        self.clipped = [0] * len(self.net.variables)
        self.watch: list[list[float]] = []
        self.totals = [0.0] * len(self.net.totals)
        self.integrands = [(0.0, 0.0)] * len(self.net.totals)  # value, since when
        #: What happened, if it is wanted.
        self.events: list[Event] | None = None
        #: How the clocks began whose work lasts, if it is wanted.
        self.begun: dict[int, Life] = {}

    # Names and values.

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.get(TIME_REF)

    def get(self, ref: Ref) -> float:
        """Return a named value."""
        return self.state[self.engine.slots[ref]]

    def put(self, ref: Ref, value: float) -> None:
        """Set a named value."""
        self.state[self.engine.slots[ref]] = value

    def evaluate(self, expr: Expr, who: str, origin: Origin = NOWHERE) -> float:
        """Return the value of an expression; NaN is a fault."""
        value = self.engine.value(expr, self.state)
        if math.isnan(value):
            self.fault("the value is not a number", who, origin, expr)
        return value

    def holds(self, expr: Expr, who: str, origin: Origin = NOWHERE) -> bool:
        """Return the truth of an expression."""
        return self.evaluate(expr, who, origin) != 0.0

    def sample(self, law: Distribution, u: float, who: str, origin: Origin) -> float:
        """Return the value of a distribution at ``u``."""
        kind = draws.KINDS[law.kind]
        args = [self.engine.value(arg, self.state) for arg in law.args]
        if not draws.are_valid(kind, args, 0, len(args)):
            listed = ", ".join(f"{arg:g}" for arg in args)
            self.fault(f"impossible arguments of {law.kind}: {listed}", who, origin, *law.args)
        value = draws.invert(kind, u, args, 0, len(args))
        if math.isnan(value):
            self.fault(f"{law.kind} gave no number", who, origin, *law.args)
        return value

    def fault(self, message: str, who: str, origin: Origin = NOWHERE, *exprs: Expr) -> NoReturn:
        """End the run with all that is known of what went wrong."""
        read = {
            spelled(ref): shown(self.net, ref, self.get(ref))
            for ref in sorted(reads(*exprs), key=lambda ref: (ref.space, ref.name))
        }
        raise RunFault(
            message,
            replication=self.number,
            time=self.now / SECONDS_PER_DAY,
            transition=who,
            expression=origin.text,
            values=read,
            position=origin.position,
        )

    # The start.

    def begin(self) -> None:
        """Set the initial values and settle (section 1)."""
        for number, variable in enumerate(self.net.variables):
            value = self.engine.value(variable.initial, self.state)
            self.assign(number, variable, value, variable.name, variable.origin, variable.initial)
        self.horizon = self.evaluate(self.net.horizon, "clock.horizon", self.net.origin)
        if not 0.0 <= self.horizon < math.inf:
            self.fault("an impossible horizon", "clock.horizon", self.net.origin)
        for clock in self.clocks.values():
            self.begin_timetable(clock)
        self.settle(AT_START)

    def begin_timetable(self, clock: RunningClock) -> None:
        """Set the first tick of a timetable (section 7)."""
        spec, name = clock.transition.clock, clock.transition.name
        if spec.kind == "every":
            start = self.evaluate(spec.start, name, spec.origin)
            period = self.evaluate(spec.period, name, spec.origin)
            if not (0.0 <= start < math.inf and 0.0 < period < math.inf):
                self.fault("an impossible timetable", name, spec.origin, spec.start, spec.period)
        elif spec.kind == "at":
            instants = [self.evaluate(at, name, spec.origin) for at in spec.instants]
            if not all(0.0 <= at < math.inf for at in instants):
                self.fault("an instant before the start", name, spec.origin, *spec.instants)
        else:
            return
        self.set_due(clock, self.tick(clock, 1))

    def tick(self, clock: RunningClock, number: int) -> float:
        """Return the time of a timetable's tick, counted from 1."""
        spec, name = clock.transition.clock, clock.transition.name
        if spec.kind == "every":
            start = self.evaluate(spec.start, name, spec.origin)
            return start + (number - 1) * self.evaluate(spec.period, name, spec.origin)
        instants = sorted(self.evaluate(at, name, spec.origin) for at in spec.instants)
        return instants[number - 1] if number <= len(instants) else math.inf

    # Time.

    def set_due(self, clock: RunningClock, due: float) -> None:
        """Set when a clock is due, with an alarm for the arbiter at that time."""
        clock.due = due
        if due < math.inf and due not in self.alarms:
            self.alarms.add(due)
            self.environment.alarm_at(due)

    def advance(self, until: float) -> None:
        """Go on to ``until`` (seconds), or to the end of the replication."""
        limit = min(until, self.horizon)
        while not self.end_reason and self.environment.peek() <= limit:
            self.environment.step()
            self.arbiter(self.environment.now)
        if self.end_reason:
            return
        earliest = min((clock.due for clock in self.clocks.values()), default=math.inf)
        self.sample_watch(earliest, limit)
        if earliest == math.inf:
            self.end("dead", self.now, self.horizon)
        elif earliest > self.horizon:
            self.end("horizon", self.horizon, self.horizon)

    def arbiter(self, t: float) -> None:
        """Fire what is due at ``t``, one step after the other (SimPy's own ties go by age)."""
        self.alarms.discard(t)
        while not self.end_reason:
            due = [clock for clock in self.clocks.values() if clock.due == t]
            if not due:
                return
            self.sample_watch(t, self.horizon)  # (b)
            self.step(due[0], t)  # (a): clocks are listed by priority, then net order

    def step(self, clock: RunningClock, t: float) -> None:
        """Fire a clock that is due, and let the state settle."""
        if t != self.now:
            self.n_at_once = 0
            self.fired_at_once.clear()
        self.put(TIME_REF, t)
        transition = clock.transition
        if transition.clock.holds_work:
            clock.work, clock.due = None, math.inf
        else:
            clock.life += 1
            self.set_due(clock, self.tick(clock, clock.life + 1))
            if not self.holds(transition.guard, transition.name, transition.guard_origin):
                self.n_idle += 1
                if self.n_idle > self.net.event_limit:
                    self.fault("too many idle ticks", transition.name, transition.clock.origin)
                return
        n_events = len(self.events or ())
        self.settle(cause=self.fire(clock.number, clock.life))  # (c)
        if self.events is not None:
            self.note_stopped(self.events[n_events])

    def settle(self, cause: int) -> None:
        """Finish a step: immediates, outcomes, stop, clocks."""
        self.define()
        via = NO_VIA
        while (k := self.first_immediate()) is not None:  # (d)
            self.lives[k] += 1
            via = self.fire(k, self.lives[k])
            self.define()
        self.record_outcomes(cause, via)  # (e)
        self.settle_totals()
        stop = self.net.stop
        if stop is not None and self.holds(stop, "stop", self.net.stop_origin):  # (f)
            self.end("stop", self.now, self.now)
            return
        for clock in self.clocks.values():  # (g)
            self.update(clock)
        self.check_invariants()

    def define(self) -> None:
        """Evaluate the definitions, each once, in reading order."""
        for definition in self.net.definitions:
            value = self.evaluate(definition.expr, definition.name, definition.origin)
            self.put(Ref("definition", definition.name), value)

    def first_immediate(self) -> int | None:
        """Return the first immediate whose guard holds; all guards are looked at."""
        enabled = []
        for k in self.engine.immediates:
            transition = self.net.transitions[k]
            if self.holds(transition.guard, transition.name, transition.guard_origin):
                enabled.append(k)
        return enabled[0] if enabled else None

    def record_outcomes(self, cause: int, via: int) -> None:
        """Record the outcomes that hold for the first time, in file order."""
        for number, outcome in enumerate(self.net.outcomes):
            ref = Ref("outcome", outcome.name)
            now_holds = self.holds(outcome.when, outcome.name, outcome.origin)
            if now_holds and self.times[number] == math.inf:
                self.put(ref, 1.0)
                self.times[number] = self.now
                self.causes[number], self.via[number] = cause, via
                if self.events:
                    self.events[-1].outcomes.append(outcome.name)

    def settle_totals(self) -> None:
        """Add up an integrand where its value changes."""
        for number, total in enumerate(self.net.totals):
            value = self.evaluate(total.expr, total.name, total.origin)
            if math.isinf(value):
                self.fault(
                    "an infinite value cannot be added up", total.name, total.origin, total.expr
                )
            before, since = self.integrands[number]
            if value != before:
                self.totals[number] += before * (self.now - since)
                self.integrands[number] = value, self.now

    # Clocks (sections 2 to 4).

    def update(self, clock: RunningClock) -> None:
        """Let a clock see the settled state."""
        transition, t = clock.transition, self.now
        guard = self.holds(transition.guard, transition.name, transition.guard_origin)
        if not transition.clock.holds_work:
            return
        if not guard:
            if clock.pace is not None or clock.due < math.inf:
                clock.work = clock.left(t) if clock.work is not None else None
                clock.since, clock.pace, clock.due = t, None, math.inf
            if transition.memory == "redraw":
                clock.work = None
            return
        pace = self.pace(transition)
        if clock.work is None:
            clock.life += 1
            clock.work = self.draw_work(transition, clock.life)
        elif clock.pace == pace:
            return
        else:
            clock.work = clock.left(t)
        clock.since, clock.pace = t, pace
        self.set_due(clock, t + clock.work / pace if pace > 0.0 else math.inf)

    def pace(self, transition: Transition) -> float:
        """Return the pace of a clock whose guard holds."""
        spec = transition.clock
        pace = self.evaluate(spec.pace, transition.name, spec.origin)
        if not 0.0 <= pace < math.inf:
            what = "negative" if pace < 0.0 else "infinite"
            self.fault(f"the pace is {what}", transition.name, spec.origin, spec.pace)
        return pace

    def draw_work(self, transition: Transition, life: int) -> float:
        """Return the work of a new life."""
        law, origin = transition.clock.law, transition.clock.origin
        assert law is not None
        u, _ = draws.uniforms(self.seed, self.number, draws.name_hash(transition.key), life)
        work = self.sample(law, u, transition.name, origin)
        if work < 0.0:
            self.fault("the work is negative", transition.name, origin, *law.args)
        self.note_life(transition, None if law.kind == "deterministic" else u)
        return work

    # Firing (section 6).

    def fire(self, k: int, life: int) -> int:
        """Fire a transition; return the number of the firing."""
        transition = self.net.transitions[k]
        self.count(transition)
        self.show_work_left()
        for draw in transition.draws:
            u, _ = draws.uniforms(self.seed, self.number, draws.name_hash(draw.key), life)
            value = self.sample(draw.law, u, transition.name, draw.origin)
            self.put(Ref("draw", f"{transition.name}/{draw.name}"), value)
        number = self.choose_branch(transition, life)
        branch = transition.branches[number]
        event = None if self.events is None else self.observed(transition, branch)
        before = {} if event is None else self.assignable()
        self.assign_all(transition, branch)
        fired = Ref("fired", transition.name)
        self.put(fired, self.get(fired) + 1.0)
        if event is not None and self.events is not None:
            self.events.append(replace(event, changes=self.changes(before)))
        return self.engine.firing_numbers[k, number]

    def count(self, transition: Transition) -> None:
        """Count a firing; too many are a fault that names the culprits (section 12)."""
        self.n_events += 1
        self.n_at_once += 1
        self.n_fired[transition.name] += 1
        self.fired_at_once[transition.name] += 1
        if self.n_at_once > FIRINGS_AT_ONE_TIME:
            loop = ", ".join(f"'{name}'" for name, _ in self.fired_at_once.most_common(5))
            self.fault(
                f"more than {FIRINGS_AT_ONE_TIME:,} firings at one time, of {loop}",
                transition.name,
                transition.origin,
            )
        if self.n_events > self.net.event_limit:
            most = ", ".join(f"'{name}' ({n:,})" for name, n in self.n_fired.most_common(3))
            self.fault(
                f"more than {self.net.event_limit:,} events, most of {most}",
                transition.name,
                transition.origin,
            )

    def choose_branch(self, transition: Transition, life: int) -> int:
        """Return the number of the branch that a firing takes."""
        if len(transition.branches) == 1:
            return 0
        weights = [self.engine.value(b.weight, self.state) for b in transition.branches]
        if not draws.weights_are_valid(weights, 0, len(weights)):
            listed = ", ".join(f"{w:g}" for w in weights)
            exprs = [b.weight for b in transition.branches]
            self.fault(f"impossible weights: {listed}", transition.name, transition.origin, *exprs)
        name = draws.name_hash(transition.key)
        _, u = draws.uniforms(self.seed, self.number, name, life)
        return draws.choose(u, weights, 0, len(weights))

    def assign_all(self, transition: Transition, branch: Branch) -> None:
        """Evaluate every right-hand side on the state before, then assign together."""
        values = [self.engine.value(effect.expr, self.state) for effect in branch.effects]
        for effect, value in zip(branch.effects, values, strict=True):
            if effect.target.space == "work":
                if not 0.0 <= value < math.inf:
                    message = f"{value:g} is no work that can be left"
                    self.fault(message, transition.name, effect.origin, effect.expr)
                self.assign_work(effect.target.name, value)
            else:
                n = self.engine.variable_numbers[effect.target.name]
                variable = self.net.variables[n]
                self.assign(n, variable, value, transition.name, effect.origin, effect.expr)

    def assign_work(self, name: str, value: float) -> None:
        """Set the work left of a clock; one that held none begins a life with it."""
        clock = self.clocks[self.net.transition_numbers[name]]
        if clock.work is None:
            clock.life += 1
        self.note_life(clock.transition, None)
        clock.work, clock.since, clock.pace, clock.due = value, self.now, None, math.inf

    def assign(
        self, number: int, variable: Variable, value: float, who: str, origin: Origin, expr: Expr
    ) -> None:
        """Set a variable, clipped to its range."""
        if variable.kind == "enumeration":
            if value not in {self.net.label_numbers[label] for label in variable.labels}:
                self.fault(f"'{variable.name}' is set to no label of its own", who, origin, expr)
            self.put(Ref("variable", variable.name), value)
            return
        if not math.isfinite(value):
            what = "no number" if math.isnan(value) else "infinity"
            self.fault(f"'{variable.name}' is set to {what}", who, origin, expr)
        if variable.kind == "integer" and value != math.floor(value):
            self.fault(f"'{variable.name}' is set to a fraction, {value:g}", who, origin, expr)
        clipped = clip(value, variable.low, variable.high)
        if clipped != value:
            self.clipped[number] = 1
        self.put(Ref("variable", variable.name), clipped)

    # Watching, and the end.

    def sample_watch(self, before: float, limit: float) -> None:
        """Sample the watch points below ``before``, up to ``limit``."""
        if not self.net.watches:
            return
        while len(self.watch) < len(self.net.grid):
            g = self.net.grid[len(self.watch)]
            if g >= before or g > limit:
                return
            self.sample_watch_at(g)

    def sample_watch_at(self, t: float) -> None:
        """Sample the watch expressions as they stand at ``t``."""
        self.show_work_left(t)
        values = [self.evaluate(w.expr, f"watch.{w.name}", w.origin) for w in self.net.watches]
        self.watch.append(values)

    def end(self, reason: str, end_time: float, last: float) -> None:
        """End the replication; totals and watch go on to ``last`` as the state stands."""
        self.end_reason, self.end_time = reason, end_time
        for number, (value, since) in enumerate(self.integrands):
            self.totals[number] += value * (last - since)
            self.integrands[number] = value, last
        while self.net.watches and len(self.watch) < len(self.net.grid):
            self.sample_watch_at(min(self.net.grid[len(self.watch)], last))

    def show_work_left(self, t: float | None = None) -> None:
        """Hand the work left of every clock to the expressions that read it."""
        for clock in self.clocks.values():
            ref = Ref("work", clock.transition.name)
            if ref in self.engine.slots:
                self.put(ref, clock.left(self.now if t is None else t))

    # For people.

    def assignable(self) -> dict[Ref, float]:
        """Return what effects can change: variables, and the work left of clocks that are read."""
        self.show_work_left()
        names = [Ref("variable", variable.name) for variable in self.net.variables]
        return {ref: self.get(ref) for ref in [*names, *self.engine.works]}

    def changes(self, before: dict[Ref, float]) -> dict[str, tuple[float | str, float | str]]:
        """Return what has changed, with the values before and after."""
        return {
            spelled(ref): (shown(self.net, ref, before[ref]), shown(self.net, ref, after))
            for ref, after in self.assignable().items()
            if after != before[ref]
        }

    def note_life(self, transition: Transition, shorter: float | None) -> None:
        """Remember how a clock began."""
        if self.events is not None:
            number = self.net.transition_numbers[transition.name]
            self.begun[number] = Life(self.state.copy(), shorter)

    def note_stopped(self, event: Event) -> None:
        """Note which clocks an event has stopped."""
        running = {c.transition.name for c in self.clocks.values() if c.due < math.inf}
        event.stopped.extend(name for name, _ in event.lost if name not in running)

    def observed(self, transition: Transition, branch: Branch) -> Event:
        """Return the event of a firing, all but what it changes."""
        life = self.begun.get(self.net.transition_numbers[transition.name])
        waiting = [
            (clock.due, clock.transition.name)
            for clock in self.clocks.values()
            if clock.due < math.inf and clock.transition is not transition
        ]
        return Event(
            time=self.now,
            transition=transition.name,
            branch=branch.label,
            is_immediate=transition.clock.kind == "immediate",
            says=self.fill(branch.says or transition.says),
            changes={},
            lost=tuple((name, due) for due, name in sorted(waiting, key=lambda w: w[0])),
            shorter=life.shorter if life else None,
            sped=sped(self.engine, transition, life.state, self.state) if life else (),
        )

    def fill(self, says: Says) -> str:
        """Return a text with its values filled in, on the state before the firing."""
        pieces = []
        for piece in says:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            value = self.engine.value(piece.expr, self.state)
            filled = shown_as(self.net, value, piece.dimension, piece.is_label)
            form = ".0f" if piece.format == "d" else piece.format or "g"
            pieces.append(filled if isinstance(filled, str) else format(filled, form))
        return "".join(pieces)

    def check_invariants(self) -> None:
        """Check what must hold after every event; a failure is a bug of ours."""
        for clock in self.clocks.values():
            assert clock.due >= self.now, (clock, self.now)
            assert clock.work is None or clock.work >= 0.0, clock
            assert clock.pace is None or 0.0 <= clock.pace < math.inf, clock
            assert (clock.due < math.inf) <= (
                clock.work is not None or not clock.transition.clock.holds_work
            ), clock
        for variable in self.net.variables:
            value = self.get(Ref("variable", variable.name))
            if variable.kind != "enumeration":
                assert variable.low <= value <= variable.high, (variable.name, value)
        for number, outcome in enumerate(self.net.outcomes):
            latched = self.get(Ref("outcome", outcome.name)) == 1.0
            assert latched == (self.times[number] <= self.now), outcome.name


def _names(net: Net) -> list[Ref]:
    """Return every name that an expression of the net can read."""
    names = [TIME_REF]
    names += [Ref("input", given.name) for given in net.inputs]
    names += [Ref("variable", variable.name) for variable in net.variables]
    names += [Ref("definition", definition.name) for definition in net.definitions]
    names += [Ref("outcome", outcome.name) for outcome in net.outcomes]
    names += [Ref("fired", transition.name) for transition in net.transitions]
    names += [Ref("work", t.name) for t in net.transitions if t.clock.holds_work]
    names += [Ref("draw", f"{t.name}/{d.name}") for t in net.transitions for d in t.draws]
    return names


def _batch(net: Net, runs: list[Replication], inputs: Floats) -> Batch:
    batch = blank(net, [run.number for run in runs])
    batch.inputs[...] = inputs
    for row, run in enumerate(runs):
        batch.times[row] = run.times
        batch.causes[row] = run.causes
        batch.via[row] = run.via
        batch.end_times[row] = run.end_time
        batch.end_reasons[row] = END_REASONS.index(run.end_reason)
        batch.watch[row] = np.reshape(run.watch, batch.watch.shape[1:])
        batch.totals[row] = run.totals
        batch.clipped[row] = run.clipped
        batch.n_events[row] = run.n_events
    return batch
