"""Nets of any size that resemble a scenario: the same number and size give the same net, always.

Five counters for six transitions, each counting 0 to 3 and around. A transition moves one counter,
has a guard on another that is true three times in four, and a pace of ten operations over its own
random choice of counters, so that an event bears on about seven others. Two paces seldom have
the same form: what a compiler saves by lowering equal forms once, it does not save here.
"""

import random

from sim.net.evaluate import evaluator
from sim.net.expr import Call, Const, Distribution, Ref, reads
from sim.net.model import Branch, Clock, Effect, Net, Transition, Variable

TOP = 3
EVENTS_PER_REPLICATION = 150
OPERATIONS_PER_PACE = 10
UNIT_EXPONENTIAL = Distribution("exponential", (Const(1.0),))
COUNTERS_PER_PACE = OPERATIONS_PER_PACE // 2


def net(n_transitions, seed=0):
    """Return a net of ``n_transitions`` exponential clocks and about 150 events a replication."""
    rng = random.Random(f"{n_transitions} {seed}")
    counters = [Ref("variable", f"v{i}") for i in range(round(n_transitions * 5 / 6))]
    transitions = tuple(transition(rng, k, counters) for k in range(n_transitions))
    variables = tuple(
        Variable(c.name, "integer", Const(float(rng.randint(0, TOP))), high=float(TOP))
        for c in counters
    )
    horizon = EVENTS_PER_REPLICATION / mean_hazard(rng, transitions, counters)
    return Net(horizon=Const(horizon), variables=variables, transitions=transitions)


def transition(rng, k, counters):
    """Return transition ``k``: it moves one counter at a pace that reads some others."""
    target = counters[k % len(counters)]
    guard, *read = rng.sample(counters, 1 + COUNTERS_PER_PACE)
    moved = Call("mod", (Call("add", (target, Const(1.0))), Const(TOP + 1.0)))
    return Transition(
        name=f"t{k}",
        key=f"transition:t{k}",
        clock=Clock("rate", UNIT_EXPONENTIAL, pace=pace(rng, read)),
        branches=(Branch((Effect(target, moved),)),),
        guard=Call("lt", (guard, Const(float(TOP)))),
        memory="keep",
    )


def pace(rng, counters):
    """Return a positive expression of ten operations that reads each counter once."""
    parts = [*counters, *(Const(rng.uniform(0.2, 1.0)) for _ in counters)]
    rng.shuffle(parts)
    for _ in range(OPERATIONS_PER_PACE - 1):
        operator = rng.choice(("add", "mul", "min", "max"))
        parts.append(Call(operator, (parts.pop(0), parts.pop(0))))
    return Call("add", (parts.pop(), Const(0.5)))


def mean_hazard(rng, transitions, counters, n_states=64):
    """Return the total pace of the enabled clocks, averaged over random states."""
    slots = {counter: i for i, counter in enumerate(counters)}
    clocks = [(evaluator(t.guard, slots), evaluator(t.clock.pace, slots)) for t in transitions]
    total = 0.0
    for _ in range(n_states):
        state = [float(rng.randint(0, TOP)) for _ in counters]
        total += sum(hazard(state) for guard, hazard in clocks if guard(state))
    return total / n_states


def operations(expr):
    """Return the number of operators in an expression."""
    return 1 + sum(map(operations, expr.args)) if isinstance(expr, Call) else 0


def shape(a_net):
    """Return what a net is made of: the figures that its cost depends on."""
    readers = {Ref("variable", variable.name): set() for variable in a_net.variables}
    for t in a_net.transitions:
        for ref in reads(t.guard, t.clock.pace):
            readers[ref].add(t.name)
    n = len(a_net.transitions)
    written = [effect.target for t in a_net.transitions for effect in t.branches[0].effects]
    return {
        "transitions": n,
        "variables": len(a_net.variables),
        "operations_per_pace": sum(operations(t.clock.pace) for t in a_net.transitions) / n,
        "dependents_per_event": sum(len(readers[target]) for target in written) / n,
    }
