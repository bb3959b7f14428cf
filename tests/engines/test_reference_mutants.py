"""Random nets notice every rule: the reference engine with one rule broken gives other results.

Each mutant breaks one sentence of `sim/net/SEMANTICS.md`. That the nets of `tests.strategies` tell
it from the true engine shows that they reach what the sentence is about, and so that the identity
of the engines on such nets means something.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from sim import draws
from sim.engines import reference
from sim.engines.reference import ReferenceEngine, Replication
from sim.ensemble.batch import Batch
from sim.errors import RunFault
from sim.net.model import Net
from tests.engines.test_identity import differences
from tests.strategies import nets

pytestmark = pytest.mark.slow

N_NETS, N_REPLICATIONS = 300, 2


@cache
def some_nets() -> list[Net]:
    """Return the same random nets, every time.

    Made of random bytes: of the examples that Hypothesis searches, five in six vary one before.
    """
    found: list[Net] = []

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(nets())
    def collect(net: Net) -> None:
        found.append(net)

    chance = random.Random(1)
    while len(found) < N_NETS:
        collect.hypothesis.fuzz_one_input(chance.randbytes(10_000))
    return found


def outcome_of(net: Net) -> Batch | str:
    """Return the results, or the fault."""
    try:
        return ReferenceEngine(net).run(5, range(N_REPLICATIONS))
    except RunFault as fault:
        return str(fault)


@cache
def true_outcomes() -> list[Batch | str]:
    """Return what the engine says."""
    return [outcome_of(net) for net in some_nets()]


def is_noticed() -> bool:
    """Return whether some net has other results than the true ones."""
    for net, before in zip(some_nets(), true_outcomes(), strict=True):
        try:
            now = outcome_of(net)
        except AssertionError:  # an invariant
            return True
        if isinstance(before, str) or isinstance(now, str):
            if before is not now and before != now:
                return True
        elif differences(before, now):
            return True
    return False


Change = Callable[[pytest.MonkeyPatch], None]
MUTANTS: list[Change] = []


def mutant(change: Change) -> Change:
    """Add a mutant."""
    MUTANTS.append(change)
    return change


def around(patch: pytest.MonkeyPatch, name: str, change: Callable) -> None:  # type: ignore[type-arg]
    """Replace a method by one that is given the original."""
    original = getattr(Replication, name)
    patch.setattr(Replication, name, lambda self, *args: change(original, self, *args))


@mutant
def a_life_counts_from_0(patch):
    original = draws.uniforms
    patch.setattr(draws, "uniforms", lambda s, r, name, life: original(s, r, name, life - 1))


@mutant
def a_branch_takes_the_word_of_the_work(patch):
    original = draws.uniforms
    patch.setattr(draws, "uniforms", lambda *args: (original(*args)[0],) * 2)


@mutant
def arguments_of_work_are_read_at_every_step(patch):
    def change(original, self, clock):
        if clock.work is not None and self.now > clock.since and clock.pace is not None:
            spent = clock.pace * (self.now - clock.since)
            life, clock.life = clock.life, clock.life - 1
            clock.work, clock.pace = None, None
            original(self, clock)
            clock.life = life
            if clock.work is not None:
                clock.work = max(0.0, clock.work - spent)
                self.set_due(clock, self.now + clock.work / clock.pace if clock.pace else math.inf)
            return
        original(self, clock)

    around(patch, "update", change)


@mutant
def a_clock_is_settled_at_every_step(patch):
    def change(original, self, clock):
        if clock.work is not None and clock.pace:
            clock.work, clock.since = clock.left(self.now), self.now
            self.set_due(clock, self.now + clock.work / clock.pace)
        original(self, clock)

    around(patch, "update", change)


@mutant
def a_pace_is_taken_up_late(patch):
    def change(original, self, clock):
        if clock.pace is None or clock.work is None or self.n_events % 2:
            original(self, clock)

    around(patch, "update", change)


def with_memory(patch: pytest.MonkeyPatch, memory: str) -> None:
    """Give every clock this memory."""
    original = ReferenceEngine.__init__

    def init(self, net):
        original(self, net)
        changed = tuple(replace(t, memory=memory) for t in net.transitions)
        self.net = replace(net, transitions=changed)

    patch.setattr(ReferenceEngine, "__init__", init)


@mutant
def every_clock_keeps_its_work(patch):
    with_memory(patch, "keep")


@mutant
def no_clock_keeps_its_work(patch):
    with_memory(patch, "redraw")


def in_order(patch: pytest.MonkeyPatch, kind: str, key: Callable[[int, Net], object]) -> None:
    """Sort the timed clocks or the immediates by a key of (number, net)."""
    original = ReferenceEngine.__init__

    def init(self, net):
        original(self, net)
        setattr(self, kind, sorted(getattr(self, kind), key=lambda k: key(k, net)))

    patch.setattr(ReferenceEngine, "__init__", init)


@mutant
def ties_ignore_priority(patch):
    in_order(patch, "timed", lambda k, net: k)


@mutant
def ties_go_against_the_order_of_the_net(patch):
    in_order(patch, "timed", lambda k, net: (-net.transitions[k].priority, -k))


@mutant
def immediates_ignore_priority(patch):
    in_order(patch, "immediates", lambda k, net: k)


@mutant
def immediates_go_against_the_order_of_the_net(patch):
    in_order(patch, "immediates", lambda k, net: (-net.transitions[k].priority, -k))


@mutant
def what_is_due_at_the_horizon_is_left_out(patch):
    def change(original, self, until):
        self.horizon = math.nextafter(self.horizon, 0.0)
        original(self, until)

    around(patch, "advance", change)


@mutant
def watch_points_come_before_what_is_due_then(patch):
    around(
        patch,
        "sample_watch",
        lambda original, self, before, limit: original(self, math.nextafter(before, 1e99), limit),
    )


@mutant
def clocks_see_states_between_immediates(patch):
    def change(original, self, *args):
        for clock in self.clocks.values():
            self.update(clock)
        return original(self, *args)

    around(patch, "first_immediate", change)


@mutant
def immediates_are_looked_at_once(patch):
    def settle(self, cause):
        self.define()
        via = -1
        for k in self.engine.immediates:
            transition = self.net.transitions[k]
            if self.holds(transition.guard, transition.name):
                self.lives[k] += 1
                via = self.fire(k, self.lives[k])
                self.define()
        self.record_outcomes(cause, via)
        self.settle_totals()
        if self.net.stop is not None and self.holds(self.net.stop, "stop"):
            self.end("stop", self.now, self.now)
            return
        for clock in self.clocks.values():
            self.update(clock)

    patch.setattr(Replication, "settle", settle)


@mutant
def outcomes_are_not_kept(patch):
    def change(original, self, cause, via):
        for outcome in self.net.outcomes:
            ref = reference.Ref("outcome", outcome.name)
            if self.get(ref) and not self.holds(outcome.when, ""):
                self.put(ref, 0.0)
        original(self, cause, via)

    around(patch, "record_outcomes", change)


@mutant
def outcomes_are_recorded_between_immediates(patch):
    def change(original, self, k, life):
        firing = original(self, k, life)
        self.define()
        self.record_outcomes(firing, -1)
        return firing

    around(patch, "fire", change)


@mutant
def an_immediate_is_the_cause(patch):
    around(
        patch,
        "record_outcomes",
        lambda original, self, cause, via: original(self, via if via >= 0 else cause, via),
    )


@mutant
def totals_are_settled_at_every_step(patch):
    def change(original, self):
        for n, (value, since) in enumerate(self.integrands):
            self.totals[n] += value * (self.now - since)
            self.integrands[n] = value, self.now
        original(self)

    around(patch, "settle_totals", change)


@mutant
def totals_of_the_dead_end_with_the_last_event(patch):
    def change(original, self, reason, end_time, last):
        original(self, reason, end_time, end_time)

    around(patch, "end", change)


@mutant
def a_stop_is_looked_at_before_outcomes(patch):
    def change(original, self, cause, via):
        stop = self.net.stop
        if stop is None or not self.holds(stop, "stop"):
            original(self, cause, via)

    around(patch, "record_outcomes", change)


@mutant
def assignments_are_made_one_after_the_other(patch):
    def assign_all(self, transition, branch):
        whole = patch_free["assign_all"]
        for effect in branch.effects:
            whole(self, transition, replace(branch, effects=(effect,)))

    patch_free = {"assign_all": Replication.assign_all}
    patch.setattr(Replication, "assign_all", assign_all)


@mutant
def effects_come_before_the_branch_is_chosen(patch):
    def change(original, self, transition, life):
        state = list(self.state)
        self.assign_all(transition, transition.branches[0])
        number = original(self, transition, life)
        self.state[:] = state
        return number

    around(patch, "choose_branch", change)


@mutant
def draws_read_one_another(patch):
    """Each is taken for the uniform of the first."""
    original = draws.name_hash
    patch.setattr(draws, "name_hash", lambda key: original(key.replace("/x1", "/x0")))


@mutant
def firings_are_counted_before_their_effects(patch):
    def change(original, self, transition, branch):
        fired = reference.Ref("fired", transition.name)
        self.put(fired, self.get(fired) + 1.0)
        original(self, transition, branch)
        self.put(fired, self.get(fired) - 1.0)

    around(patch, "assign_all", change)


@mutant
def values_are_not_clipped(patch):
    patch.setattr(reference, "clip", lambda value, low, high: value)


@mutant
def a_zero_keeps_its_sign_when_clipped(patch):
    patch.setattr(reference, "clip", lambda value, low, high: min(max(value, low), high))


@mutant
def clipping_mends_infinity(patch):
    def change(original, self, number, variable, value, *args):
        if variable.kind != "enumeration" and not math.isnan(value):
            value = min(max(value, -1e9), 1e9)
        original(self, number, variable, value, *args)

    around(patch, "assign", change)


@mutant
def a_fraction_is_rounded(patch):
    def change(original, self, number, variable, value, *args):
        if variable.kind == "integer" and math.isfinite(value):
            value = float(round(value))
        original(self, number, variable, value, *args)

    around(patch, "assign", change)


@mutant
def ticks_are_sums(patch):
    def change(original, self, clock, number):
        if clock.transition.clock.kind == "every" and number > 1:
            spec = clock.transition.clock
            return self.now + self.engine.value(spec.period, self.state)
        return original(self, clock, number)

    around(patch, "tick", change)


@mutant
def an_idle_tick_is_no_life(patch):
    def change(original, self, clock, t):
        idle = self.n_idle
        original(self, clock, t)
        if self.n_idle > idle:
            clock.life -= 1
            clock.due = math.inf

    around(patch, "step", change)


@mutant
def an_idle_tick_is_an_event(patch):
    def change(original, self, clock, t):
        idle = self.n_idle
        original(self, clock, t)
        self.n_events += self.n_idle > idle

    around(patch, "step", change)


@mutant
def the_clock_that_fires_still_has_its_work(patch):
    def change(original, self, *args):
        original(self, *args)
        ref = reference.Ref("work", self.firing_name)
        if ref in self.engine.slots:
            self.put(ref, 1.0)

    def remember(original, self, k, life):
        self.firing_name = self.net.transitions[k].name
        return original(self, k, life)

    around(patch, "show_work_left", change)
    around(patch, "fire", remember)
    patch.setattr(Replication, "firing_name", "", raising=False)


@mutant
def assigned_work_begins_no_life(patch):
    def change(original, self, name, value):
        clock = self.clocks[self.net.transition_numbers[name]]
        life = clock.life
        original(self, name, value)
        clock.life = life

    around(patch, "assign_work", change)


@mutant
def assigned_work_waits_for_a_change_of_pace(patch):
    def change(original, self, name, value):
        clock = self.clocks[self.net.transition_numbers[name]]
        pace, due = clock.pace, clock.due
        original(self, name, value)
        if due < math.inf:
            clock.pace, clock.due = pace, due

    around(patch, "assign_work", change)


@mutant
def reading_work_settles_it(patch):
    def change(original, self, *args):
        for clock in self.clocks.values():
            if clock.work is not None and clock.pace and self.engine.works:
                clock.work, clock.since = clock.left(self.now), self.now
                self.set_due(clock, self.now + clock.work / clock.pace)
        original(self, *args)

    around(patch, "show_work_left", change)


@mutant
def not_a_number_is_no_fault(patch):
    patch.setattr(
        Replication,
        "evaluate",
        lambda self, expr, who, origin=None: self.engine.value(expr, self.state),
    )


@mutant
def an_input_is_an_expression_of_zero(patch):
    """Inputs do not read those before them."""
    original = ReferenceEngine._input_row

    def row(self, *asked):
        slots, self.slots = self.slots, {**self.slots}
        for one in self.net.inputs:
            self.slots[reference.Ref("input", one.name)] = 0
        try:
            return original(self, *asked)
        finally:
            self.slots = slots

    patch.setattr(ReferenceEngine, "_input_row", row)


def test_the_true_engine_is_not_taken_for_a_mutant():
    assert not is_noticed()
    assert sum(isinstance(outcome, Batch) for outcome in true_outcomes()) > N_NETS / 2


@pytest.mark.parametrize("change", MUTANTS, ids=lambda change: change.__name__)
def test_a_broken_rule_is_noticed(change, monkeypatch):
    true_outcomes()
    change(monkeypatch)
    assert is_noticed(), f"none of {N_NETS} random nets notices: strategies.py should make some do"
