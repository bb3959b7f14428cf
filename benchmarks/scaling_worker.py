"""What one synthetic net costs, in a process of its own.

``python -m benchmarks.scaling_worker events K`` or ``... ensembles K``: one line of JSON.
"""

import json
import sys

import numpy as np

from benchmarks import synthetic
from benchmarks.measure import cpu_seconds, use_one_core

ENSEMBLES = (1, 10, 100, 1_000, 10_000, 100_000)
REPLICATIONS = 5_120
CHUNK = 256


def measured(act):
    """Return what ``act()`` returns and the CPU seconds it took."""
    before = cpu_seconds()
    value = act()
    return value, cpu_seconds() - before


def engine_for(net):
    """Return an engine that has lowered a net and run one replication of it."""
    from sim.engines.compiled.engine import CompiledEngine

    engine = CompiledEngine(net)
    engine.run(1, np.arange(1))
    return engine


def count_events(engine):
    """Run the replications in chunks, as the driver does; return the number of events."""
    chunks = [np.arange(a, a + CHUNK) for a in range(0, REPLICATIONS, CHUNK)]
    return sum(int(engine.run(1, chunk).n_events.sum()) for chunk in chunks)


def events(n_transitions):
    """Measure import, the first net of a process, the next one, and an event."""
    first, second = (synthetic.net(n_transitions, seed) for seed in (0, 1))
    _, import_s = measured(lambda: __import__("sim.engines.compiled.engine"))
    engine, first_net_s = measured(lambda: engine_for(first))
    _, next_net_s = measured(lambda: engine_for(second))
    n_events, events_s = measured(lambda: count_events(engine))
    return {
        "import_s": import_s,
        "first_net_s": first_net_s,
        "next_net_s": next_net_s,
        "ns_per_event": 1e9 * events_s / n_events,
        "events_per_replication": n_events / REPLICATIONS,
        **synthetic.shape(first),
    }


def ensembles(n_transitions):
    """Measure whole ensembles of several sizes, lowering included, per event."""
    from sim.engines.driver import run_ensemble

    net = synthetic.net(n_transitions)
    engine_for(synthetic.net(n_transitions, 1))
    costs = []
    for n in ENSEMBLES:
        batch, cpu_s = measured(lambda n=n: run_ensemble(net, seed=1, replications=n, workers=1))
        n_events = int(batch.n_events.sum())
        costs.append({"replications": n, "cpu_s": cpu_s, "ns_per_event": 1e9 * cpu_s / n_events})
    return {"ensembles": costs}


def main():
    """Measure what the command line asks for."""
    use_one_core()
    measure = {"events": events, "ensembles": ensembles}[sys.argv[1]]
    print(json.dumps(measure(int(sys.argv[2]))))


if __name__ == "__main__":
    main()
