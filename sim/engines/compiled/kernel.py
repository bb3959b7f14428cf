"""The kernel: advances the states of replications from one time to another.

One numba function for every net, compiled once and cached on disk; what differs between nets comes
in as tables (:class:`Program`) and as the addresses of lowered functions. It is the same algorithm
as the reference engine's, in the order of ``sim/net/SEMANTICS.md``, and gives the same bits.

Only what numba can compile may be called from here; :func:`build` says how the cache stays true.
"""

# numba types what it compiles by itself: mypy looks at the tables here, not at the functions.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc, call-arg, assignment"
# mypy: disable-error-code="unreachable, call-overload, var-annotated, untyped-decorator"

from __future__ import annotations

import hashlib
import inspect
import logging
import math
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload, register_jitable

from sim import draws, ieee
from sim.engines.compiled.emit import FAULTY, NO_GUARD
from sim.ensemble.batch import NOT_YET

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

WORK, EVERY, INSTANTS, IMMEDIATE = 0, 1, 2, 3
RUNNING, FAULTED = 255, 254
AT_HORIZON, AT_STOP, DEAD = 0, 1, 2
NO_WORK = -1.0  # in States.work: the clock holds none
TAKE_UP = -3.0  # in States.pace: the clock must be looked at, whatever its new pace
EVENTS_BETWEEN_LOOKS = 4096
FIRINGS_AT_ONE_TIME = 10_000


class Program(NamedTuple):
    """A lowered net. Clocks are in scan order (ties broken by the first), immediates last."""

    constants: Floats
    n_timed: int
    #: By law: kind, number of arguments, where they stand, function that computes them (0: none,
    #: they stand in ``constants``, else in the slots).
    laws: Ints
    input_laws: Ints
    input_functions: Ints
    input_hashes: Words
    input_is_chance: Flags
    # Places in the slots.
    first_input: int
    first_outcome: int
    first_variable: int
    first_watch: int
    first_total: int
    clipped: int
    stop: int
    horizon: int
    weights: int
    clock_slot: np.uint64
    tick_slot: int
    # By clock.
    kinds: Ints
    work_laws: Ints
    hashes: Words
    keeps: Flags
    first_firing: Ints
    n_branches: Ints
    #: Whether it has one branch and no draws.
    is_simple: Flags
    weight_functions: Ints
    draw_start: Ints
    draw_laws: Ints
    draw_slots: Ints
    draw_hashes: Words
    instants: Ints
    works_read: Ints
    # By firing, and last for the start.
    fire_functions: Ints
    definition_start: Ints
    definition_functions: Ints
    outcome_start: Ints
    outcome_functions: Ints
    pace_start: Ints
    pace_functions: Ints
    update_start: Ints
    update_clocks: Words
    assign_start: Ints
    assign_clocks: Ints
    assign_slots: Ints
    touches_outcomes: Flags
    touches_totals: bool
    #: Whether whatever follows a firing is part of its ``fire`` function.
    at_once: bool
    # Watch.
    watch_function: int
    watch_works: Ints
    grid: Floats
    event_limit: int


class States(NamedTuple):
    """States of n replications; the results among them are filled as they come.

    Arrays down to ``total_since`` have a row for each replication, or one row that the replications
    use in turn, each being run to its end: a fresh row is set up by the kernel.
    """

    slots: Floats
    # By clock: work left (or NO_WORK), since when, at what pace, when it is due, lives so far.
    work: Floats
    since: Floats
    pace: Floats
    due: Floats
    lives: Ints
    #: Work that a clock with an exponential law will draw next, NO_WORK if not yet known.
    ahead: Floats
    total_value: Floats
    total_since: Floats
    #: Scratch, by firing: those of the step so far, and whether each is among them.
    fired: Ints
    is_fired: Flags
    # Rows from here on are replications'.
    replications: Words
    inputs: Floats
    n_idle: Ints
    next_grid: Ints
    #: -1 for a replication that has not begun.
    n_events: Ints
    times: Floats
    causes: Codes
    via: Codes
    end_times: Floats
    end_reasons: Flags
    watch: Floats
    totals: Floats
    clipped: Flags


def _njit(**options):
    """Compile without counting references, and with C's division.

    Nothing is allocated here, every array is borrowed; numba's counts of references to views are
    atomic and cost two thirds of a short replication.
    """
    return njit(nogil=True, error_model="numpy", _nrt=False, **options)


@intrinsic
def _call(typing_context: Any, function: Any, slots: Any, constants: Any) -> Any:
    """Call ``i64 f(ptr, ptr)`` at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(word, [pointer, pointer])
        target = builder.inttoptr(args[0], kind.as_pointer())
        return builder.call(target, [builder.inttoptr(arg, pointer) for arg in args[1:]])

    return types.int64(types.int64, types.int64, types.int64), generate


@intrinsic
def _product(typing_context: Any, a: Any, b: Any) -> Any:
    """Return the high and the low word of a 64 by 64 bit product."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), word)
        return context.make_tuple(
            builder, signature.return_type, [high, builder.trunc(product, word)]
        )

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), generate


# The shared scalar functions, with their primitives replaced by the same C functions.


def _external(name: str) -> Any:
    symbol = f"frontcast_{name}"
    llvm.add_symbol(symbol, draws.special_address(name))
    n_args = draws.SPECIAL_FUNCTIONS[name]
    return types.ExternalFunction(symbol, types.float64(*[types.float64] * n_args, types.intc))


_ndtri, _gammaincinv, _betaincinv = (
    _external(name) for name in ("ndtri", "gammaincinv", "betaincinv")
)


@overload(draws.ndtri)
def _ndtri_overload(u):
    return lambda u: _ndtri(u, 1)


@overload(draws.gammaincinv)
def _gammaincinv_overload(shape, u):
    return lambda shape, u: _gammaincinv(shape, u, 1)


@overload(draws.betaincinv)
def _betaincinv_overload(a, b, u):
    return lambda a, b, u: _betaincinv(a, b, u, 1)


@overload(ieee.exp)
def _exp_overload(x):
    return lambda x: math.exp(x)


@overload(ieee.power)
def _power_overload(x, y):
    return lambda x, y: math.pow(x, y)


for _shared in (
    draws.weights_are_valid,
    draws.choose,
    draws.are_valid,
    draws.standard_exponential,
):
    register_jitable(_shared)
_invert = _njit()(draws.invert)
_are_valid = _njit()(draws.are_valid)
_choose = _njit()(draws.choose)
_weights_are_valid = _njit()(draws.weights_are_valid)


@_njit(inline="always")
def _block(seed, replication, life, name):
    """Return words 0 and 1 of a Philox4x64-10 block as uniforms (twin of ``draws.uniforms``)."""
    k0, k1 = seed, replication
    c0, c1, c2, c3 = life, name, np.uint64(0), np.uint64(0)
    m0, m1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
    w0, w1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
    for _ in range(10):
        h0, l0 = _product(m0, c0)
        h1, l1 = _product(m1, c2)
        c0, c1, c2, c3 = h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0
        k0, k1 = k0 + w0, k1 + w1
    u0 = (np.float64(c0 >> np.uint64(12)) + 0.5) * 2.0**-52
    u1 = (np.float64(c1 >> np.uint64(12)) + 0.5) * 2.0**-52
    return u0, u1


@_njit()
def _sample(laws, law, u, slots, slots_at, constants, constants_at):
    """Return the value of a law at ``u``; NaN if its arguments are impossible."""
    kind, n, at, function = laws[law, 0], laws[law, 1], laws[law, 2], laws[law, 3]
    args = constants
    if function != 0:
        _call(function, slots_at, constants_at)
        args = slots
    if not _are_valid(kind, args, at, n):
        return math.nan
    return _invert(kind, u, args, at, n)


@_njit(inline="always")
def _work_left(work, since, pace, t):
    """Return the work that a clock still holds at ``t``; 0 if it holds none."""
    if work == NO_WORK:
        return 0.0
    if pace < 0.0:  # NO_GUARD or TAKE_UP
        return work
    left = work - pace * (t - since)
    return 0.0 if left < 0.0 else left


@_njit()
def _fill_works(rows, group, slots, work, since, pace, t):
    """Hand the work left to the expressions of a group that read it."""
    for i in range(rows.shape[0]):
        if rows[i, 0] == group:
            c = rows[i, 1]
            slots[rows[i, 2]] = _work_left(work[c], since[c], pace[c], t)


@_njit(inline="always")
def _tick(p, slots, c, n):
    """Return the time of the n-th tick of a timetable, n from 1."""
    if p.kinds[c] == EVERY:
        return slots[p.tick_slot + 2 * c] + (n - 1) * slots[p.tick_slot + 2 * c + 1]
    if n > p.instants[c, 1]:
        return math.inf
    return slots[p.instants[c, 0] + n - 1]


@_njit(inline="always")
def _begin_ticks(p, slots, due):
    """Set the first tick of every timetable; return False if a timetable is impossible."""
    for c in range(p.n_timed):
        if p.kinds[c] == EVERY:
            start, period = slots[p.tick_slot + 2 * c], slots[p.tick_slot + 2 * c + 1]
            if not (0.0 <= start < math.inf and 0.0 < period < math.inf):
                return False
        elif p.kinds[c] == INSTANTS:
            first, n = p.instants[c, 0], p.instants[c, 1]
            for i in range(first + 1, first + n):  # insertion sort: such lists are short
                value, j = slots[i], i
                while j > first and slots[j - 1] > value:
                    slots[j] = slots[j - 1]
                    j -= 1
                slots[j] = value
            if n > 0 and not (slots[first] >= 0.0 and slots[first + n - 1] < math.inf):
                return False
        else:
            continue
        due[c] = _tick(p, slots, c, 1)
    return True


@_njit(inline="always")
def _sample_watch(p, slots, s_at, c_at, work, since, pace, t):
    """Evaluate the watch expressions at ``t`` into the slots; return whether one is NaN."""
    if p.watch_works.shape[0] > 0:
        _fill_works(p.watch_works, 0, slots, work, since, pace, t)
    return p.watch_function != 0 and _call(p.watch_function, s_at, c_at) != 0


@_njit(inline="always")
def _draw(p, seed, replication, c, life, slots, s_at, c_at):
    """Take the named draws of a firing; return False if a law is impossible."""
    for d in range(p.draw_start[c], p.draw_start[c + 1]):
        u, _ = _block(seed, replication, np.uint64(life), p.draw_hashes[d])
        value = _sample(p.laws, p.draw_laws[d], u, slots, s_at, p.constants, c_at)
        if math.isnan(value):
            return False
        slots[p.draw_slots[d]] = value
    return True


@_njit(inline="always")
def _branch(p, seed, replication, c, life, slots, s_at, c_at):
    """Return the branch that a firing takes; -1 if the weights are impossible."""
    if p.weight_functions[c] != 0:
        _call(p.weight_functions[c], s_at, c_at)
    if not _weights_are_valid(slots, p.weights, p.n_branches[c]):
        return -1
    _, u = _block(seed, replication, np.uint64(life), p.hashes[c])
    return _choose(u, slots, p.weights, p.n_branches[c])


def _draw_inputs(p, seed, replications, quantiles, scratch, inputs):
    """Fill ``inputs`` (n, n_inputs); return the first row with an impossible law, or n.

    ``quantiles`` holds the uniform of each input that is given one, NaN for the others; ``scratch``
    is one row of slots.
    """
    c_at, s_at = p.constants.ctypes.data, scratch.ctypes.data
    nested_first, inner = np.uint64(draws.NESTED_FIRST), np.uint64(draws.INNER)
    for row in range(inputs.shape[0]):
        own = replications[row]
        of_unknowns = own if own < nested_first else (own - nested_first) // inner
        for i in range(inputs.shape[1]):
            place = p.first_input + i
            law = p.input_laws[i]
            if law < 0:
                _call(p.input_functions[i], s_at, c_at)
            else:
                u = quantiles[i]
                if math.isnan(u):
                    of = own if p.input_is_chance[i] else of_unknowns
                    u, _ = _block(seed, of, np.uint64(1), p.input_hashes[i])
                scratch[place] = _sample(p.laws, law, u, scratch, s_at, p.constants, c_at)
            if math.isnan(scratch[place]):
                return row
            inputs[row, i] = scratch[place]
    return inputs.shape[0]


@_njit(inline="always")
def _blank(p, states, row, r):
    """Set up the state of a replication that has not begun."""
    for i in range(states.slots.shape[1]):
        states.slots[r, i] = 0.0
    for i in range(states.inputs.shape[1]):
        states.slots[r, p.first_input + i] = states.inputs[row, i]
    for c in range(p.kinds.shape[0]):
        states.work[r, c] = NO_WORK
        states.since[r, c] = 0.0
        states.pace[r, c] = NO_GUARD
        states.lives[r, c] = 0
        states.ahead[r, c] = NO_WORK
    for c in range(states.due.shape[1]):
        states.due[r, c] = math.inf
    for j in range(states.totals.shape[1]):
        states.total_value[r, j] = 0.0
        states.total_since[r, j] = 0.0


@_njit(inline="always")
def _watch_until(p, states, row, slots, s_at, c_at, work, since, pace, t_next, limit):
    """Sample the watch points before ``t_next`` up to ``limit``; return whether one is NaN."""
    g = states.next_grid[row]
    while g < p.grid.shape[0] and p.grid[g] < t_next and p.grid[g] <= limit:
        if _sample_watch(p, slots, s_at, c_at, work, since, pace, p.grid[g]):
            return True
        for j in range(states.watch.shape[2]):
            states.watch[row, g, j] = slots[p.first_watch + j]
        g += 1
    states.next_grid[row] = g
    return False


@_njit(inline="always")
def _finish(p, states, row, r, slots, s_at, c_at, t_end):
    """Carry totals and watch on to the end, as the state stands; return whether one is NaN."""
    for j in range(states.totals.shape[1]):
        states.totals[row, j] += states.total_value[r, j] * (t_end - states.total_since[r, j])
        states.total_since[r, j] = t_end
    work, since, pace = states.work[r], states.since[r], states.pace[r]
    for g in range(states.next_grid[row], states.watch.shape[1]):
        at = min(p.grid[g], t_end)
        if _sample_watch(p, slots, s_at, c_at, work, since, pace, at):
            return True
        for j in range(states.watch.shape[2]):
            states.watch[row, g, j] = slots[p.first_watch + j]
    states.next_grid[row] = states.watch.shape[1]
    for j in range(states.clipped.shape[1]):
        states.clipped[row, j] = np.uint8(slots[p.clipped + j] != 0.0)
    return False


@_njit(inline="always")
def _settle_totals(p, states, row, r, slots, t):
    """Take up the new values of the integrands, where they differ."""
    for j in range(states.totals.shape[1]):
        value, before = slots[p.first_total + j], states.total_value[r, j]
        if value != before:
            states.totals[row, j] += before * (t - states.total_since[r, j])
            states.total_value[r, j] = value
            states.total_since[r, j] = t


def _advance_rows(p, seed, states, until, control):
    """Advance every replication to ``until``; return how many rows are done.

    Fewer than there are: one has faulted (its ``end_reasons`` is FAULTED), or ``control[0]`` was
    set and the row that was under way is in no usable state.
    """
    n_rows = states.replications.shape[0]
    n_clocks, n_timed = p.kinds.shape[0], p.n_timed
    n_outcomes = states.times.shape[1]
    n_lanes = states.due.shape[1]
    start = p.fire_functions.shape[0] - 1
    c_at = p.constants.ctypes.data
    plain = n_clocks == n_timed  # no immediates
    fired, is_fired = states.fired, states.is_fired
    n_looked = 0

    for row in range(n_rows):
        if control[0] != 0:
            return row
        if states.end_reasons[row] != RUNNING:
            continue
        r = row if states.slots.shape[0] > 1 else 0
        replication = states.replications[row]
        n_events = states.n_events[row]
        is_new = n_events < 0
        if is_new:
            n_events = 0
            _blank(p, states, row, r)
        slots = states.slots[r]
        s_at = states.slots.ctypes.data + r * states.slots.strides[0]
        work, since, pace = states.work[r], states.since[r], states.pace[r]
        due, lives, ahead = states.due[r], states.lives[r], states.ahead[r]
        t = slots[0]
        n_at_once = 0
        faulted = False
        ended = -1
        c = -1
        firing = start if is_new else -1
        horizon = slots[p.horizon]
        limit = min(until, horizon)
        next_grid = (
            p.grid[states.next_grid[row]] if states.next_grid[row] < p.grid.size else math.inf
        )

        while True:
            cause, via = -1, -1
            if firing < 0:
                # (a) The earliest clock; the first of equals in scan order.
                d0, d1, d2, d3 = math.inf, math.inf, math.inf, math.inf
                for i in range(0, n_lanes, 4):
                    d0 = due[i] if due[i] < d0 else d0
                    d1 = due[i + 1] if due[i + 1] < d1 else d1
                    d2 = due[i + 2] if due[i + 2] < d2 else d2
                    d3 = due[i + 3] if due[i + 3] < d3 else d3
                d0 = d1 if d1 < d0 else d0
                d2 = d3 if d3 < d2 else d2
                t_next = d2 if d2 < d0 else d0
                # (b) Watch points before it.
                if next_grid < t_next and next_grid <= limit:
                    if _watch_until(
                        p, states, row, slots, s_at, c_at, work, since, pace, t_next, limit
                    ):
                        faulted = True
                        break
                    g = states.next_grid[row]
                    next_grid = p.grid[g] if g < p.grid.size else math.inf
                if not t_next <= limit:
                    if t_next == math.inf:
                        ended = DEAD
                    elif t_next > horizon:
                        ended = AT_HORIZON
                    break
                c = 0
                while due[c] != t_next:
                    c += 1
                if t_next != t:
                    n_at_once = 0
                t = t_next
                slots[0] = t
                n_looked += 1
                if n_looked >= EVENTS_BETWEEN_LOOKS:
                    n_looked = 0
                    if control[0] != 0:
                        return row
                # (c) Fire.
                if p.kinds[c] == WORK:
                    work[c] = NO_WORK
                    pace[c] = TAKE_UP
                    due[c] = math.inf
                else:
                    lives[c] += 1
                    due[c] = _tick(p, slots, c, lives[c] + 1)
                    guard = slots[p.clock_slot + np.uint64(c)]
                    if guard == NO_GUARD:
                        states.n_idle[row] += 1
                        if states.n_idle[row] > p.event_limit:
                            faulted = True
                            break
                        continue

            # Its draws and branch, its effects, and the immediates that follow.
            n_fired = 0
            while True:
                if firing < 0:
                    n_events += 1
                    n_at_once += 1
                    if n_events > p.event_limit or n_at_once > FIRINGS_AT_ONE_TIME:
                        faulted = True
                        break
                    if p.works_read.shape[0] > 0:
                        _fill_works(p.works_read, c, slots, work, since, pace, t)
                    firing = p.first_firing[c]
                    if p.is_simple[c] == 0:
                        if not _draw(p, seed, replication, c, lives[c], slots, s_at, c_at):
                            faulted = True
                            break
                        if p.n_branches[c] > 1:
                            branch = _branch(p, seed, replication, c, lives[c], slots, s_at, c_at)
                            if branch < 0:
                                faulted = True
                                break
                            firing += branch
                    if c < n_timed:
                        cause = firing
                    else:
                        via = firing
                status = _call(p.fire_functions[firing], s_at, c_at)
                if not p.at_once:
                    for i in range(p.definition_start[firing], p.definition_start[firing + 1]):
                        status |= _call(p.definition_functions[i], s_at, c_at)
                if status != 0:
                    faulted = True
                    break
                if firing == start:
                    horizon = slots[p.horizon]
                    limit = min(until, horizon)
                    if not 0.0 <= horizon < math.inf or not _begin_ticks(p, slots, due):
                        faulted = True
                        break
                for i in range(p.assign_start[firing], p.assign_start[firing + 1]):
                    k = p.assign_clocks[i]
                    if work[k] == NO_WORK:
                        lives[k] += 1
                        ahead[k] = NO_WORK  # that was this life's
                    work[k] = slots[p.assign_slots[i]]
                    since[k] = t
                    pace[k] = TAKE_UP
                    due[k] = math.inf
                if plain:
                    fired[0] = firing
                    n_fired = 1
                    break
                if is_fired[firing] == 0:
                    is_fired[firing] = 1
                    fired[n_fired] = firing
                    n_fired += 1
                # (d) The first immediate whose guard holds.
                firing = -1
                for k in range(n_timed, n_clocks):
                    if slots[p.clock_slot + np.uint64(k)] != 0.0:
                        lives[k] += 1
                        c = k
                        break
                else:
                    break
            if not plain:
                for i in range(n_fired):
                    is_fired[fired[i]] = 0
            if faulted:
                break

            # (e) Outcomes, in file order; after several firings all are looked at.
            whole = fired[0] if n_fired == 1 else start
            if not p.at_once:
                status = 0
                for i in range(p.outcome_start[whole], p.outcome_start[whole + 1]):
                    status |= _call(p.outcome_functions[i], s_at, c_at)
                if status != 0:
                    faulted = True
                    break
            if p.touches_outcomes[whole] != 0:
                for j in range(n_outcomes):
                    if slots[p.first_outcome + j] != 0.0 and states.causes[row, j] == NOT_YET:
                        states.times[row, j] = t
                        states.causes[row, j] = cause
                        states.via[row, j] = via
                if p.touches_totals:
                    _settle_totals(p, states, row, r, slots, t)
                # (f) Stop.
                if p.stop >= 0 and slots[p.stop] != 0.0:
                    ended = AT_STOP
                    break
            # (g) Timed clocks.
            if (
                not p.at_once
            ):  # all paces before any clock: the first to fire may look at any of them
                for f in range(n_fired):
                    firing = fired[f]
                    for i in range(p.pace_start[firing], p.pace_start[firing + 1]):
                        _call(p.pace_functions[i], s_at, c_at)
            for f in range(n_fired):
                firing = fired[f]
                for i in range(p.update_start[firing], p.update_start[firing + 1]):
                    k = p.update_clocks[i]
                    a = slots[p.clock_slot + k]
                    if a == pace[k]:
                        continue
                    if a == NO_GUARD:
                        if work[k] != NO_WORK:
                            if p.keeps[k] == 0:
                                work[k] = NO_WORK
                            else:
                                work[k] = _work_left(work[k], since[k], pace[k], t)
                                since[k] = t
                        pace[k] = NO_GUARD
                        if p.kinds[k] == WORK:
                            due[k] = math.inf
                        continue
                    if a == FAULTY:
                        faulted = True
                        break
                    if p.kinds[k] != WORK:
                        continue
                    if work[k] == NO_WORK:
                        lives[k] += 1
                        law = p.work_laws[k]
                        if law < 0:
                            w = ahead[k]
                            if w == NO_WORK:
                                u, _ = _block(seed, replication, np.uint64(lives[k]), p.hashes[k])
                                w = -math.log(1.0 - u)
                            # The next one already, of a clock that seems to go on: it is not
                            # waited for, so that the processor works on it beside what follows.
                            if lives[k] > 1:
                                life = np.uint64(lives[k] + 1)
                                u, _ = _block(seed, replication, life, p.hashes[k])
                                ahead[k] = -math.log(1.0 - u)
                            else:
                                ahead[k] = NO_WORK
                        else:
                            u, _ = _block(seed, replication, np.uint64(lives[k]), p.hashes[k])
                            w = _sample(p.laws, law, u, slots, s_at, p.constants, c_at)
                            if not w >= 0.0:
                                faulted = True
                                break
                    else:
                        w = _work_left(work[k], since[k], pace[k], t)
                    work[k] = w
                    since[k] = t
                    pace[k] = a
                    due[k] = t + w / a if a > 0.0 else math.inf
                if faulted:
                    break
            if faulted:
                break
            firing = -1

        states.n_events[row] = n_events
        if not faulted and ended >= 0:
            t_end = t if ended == AT_STOP else horizon
            faulted = _finish(p, states, row, r, slots, s_at, c_at, t_end)
            states.end_times[row] = horizon if ended == AT_HORIZON else t
            states.end_reasons[row] = ended
        if faulted:
            states.end_reasons[row] = FAULTED
            return row
    return n_rows


class Kernel(NamedTuple):
    """The compiled functions; see :func:`_advance_rows` and :func:`_draw_inputs`."""

    advance: Any
    draw_inputs: Any


_advance_compiled = _njit()(_advance_rows)
_draw_inputs_compiled = _njit()(_draw_inputs)


def source_digest() -> int:
    """Return a number that changes with the source of anything that the kernel compiles."""
    text = "".join(inspect.getsource(module) for module in (draws, ieee)) + Path(
        __file__
    ).read_text(encoding="utf-8")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "little")


@cache
def kernel() -> Kernel:
    """Return the kernel, from numba's cache where it holds this very source."""
    try:
        return _build(source_digest(), cached=True)
    except RuntimeError as error:  # numba found no folder that it may write to
        logging.getLogger(__name__).warning(
            "the compiled kernel cannot be kept (%s): every start takes seconds longer", error
        )
        return _build(source_digest(), cached=False)


def _build(digest: int, *, cached: bool) -> Kernel:
    # numba's cache looks at this file alone, and at closure values: without the digest an edit in
    # draws.py would go unnoticed (numba issue 1833), and a closure over a compiled function would
    # never be found again.
    @_njit(cache=cached)
    def advance(program, seed, states, until, control):
        return _advance_compiled(program, seed, states, until, control) if digest else 0

    @_njit(cache=cached)
    def draw_inputs(program, seed, replications, quantiles, scratch, inputs):
        if not digest:
            return 0
        return _draw_inputs_compiled(program, seed, replications, quantiles, scratch, inputs)

    return Kernel(advance, draw_inputs)
