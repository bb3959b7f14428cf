"""One peer in a process of its own: ``python -m benchmarks.four_cities.worker PEER [--curve]``.

Says that it is ready, then answers each request line ``{"replications": n, "seed": s}`` with the
CPU seconds taken and the number of replications in which city 4 had fallen by days 1, 2, ..., 30.
Every message is one line of JSON on standard output; what the peer itself prints goes to standard
error.
"""

import importlib
import json
import os
import sys

import numpy as np

from benchmarks.measure import cpu_seconds, use_one_core

DAYS = np.arange(1.0, 31.0)


def own_stdout():
    """Return a stream on standard output, and send all other output to standard error."""
    stream = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return stream


def answer(run, request):
    """Run the replications asked for and count the falls by each day."""
    before = cpu_seconds()
    times = run(request["replications"], request["seed"])
    cpu_s = cpu_seconds() - before
    fallen_by = np.searchsorted(np.sort(times), DAYS, side="right")
    return {"cpu_s": cpu_s, "fallen_by": fallen_by.tolist()}


def main():
    """Prepare the peer, then answer until standard input ends."""
    out = own_stdout()
    use_one_core()
    module = importlib.import_module(f"benchmarks.four_cities.{sys.argv[1]}")
    prepare = module.prepare
    if "--curve" in sys.argv:
        prepare = getattr(module, "prepare_curve", prepare)
    run = prepare()
    print(json.dumps({"ready_cpu_s": cpu_seconds()}), file=out)
    for line in sys.stdin:
        print(json.dumps(answer(run, json.loads(line))), file=out)


if __name__ == "__main__":
    main()
