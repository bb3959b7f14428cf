"""How cost grows with a net and with an ensemble: ``python -m benchmarks.scaling``.

Synthetic nets of several sizes (``synthetic.py``), one process for each measurement, interleaved.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import header, machine, spread, table

ROOT = Path(__file__).resolve().parent.parent
SIZES = (20, 60, 200, 1_000)
TYPICAL = 60
COSTS = ("import_s", "first_net_s", "next_net_s", "ns_per_event")


def worker(kind, n_transitions, **environment):
    """Run one measurement in a fresh process and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling_worker", kind, str(n_transitions)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"scaling_worker {kind} {n_transitions} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def cold_kernel_s():
    """Return the CPU seconds of the first net where no kernel has been compiled before."""
    with tempfile.TemporaryDirectory() as empty:
        return worker("events", TYPICAL, NUMBA_CACHE_DIR=empty)["first_net_s"]


def by_size(rounds):
    """Return for each size of net the spread of every cost over the rounds."""
    worker("events", TYPICAL)  # fills the kernel cache
    runs = {size: [] for size in SIZES}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for size in SIZES:
            runs[size].append(worker("events", size))
    return [
        runs[size][0] | {cost: spread([run[cost] for run in runs[size]]) for cost in COSTS}
        for size in SIZES
    ]


def by_ensemble(rounds):
    """Return the cost per event of ensembles of several sizes, for the typical net."""
    runs = [worker("ensembles", TYPICAL)["ensembles"] for _ in range(rounds)]
    return [
        {"replications": same[0]["replications"]}
        | {cost: spread([one[cost] for one in same]) for cost in ("cpu_s", "ns_per_event")}
        for same in zip(*runs, strict=True)
    ]


def size_table(sizes):
    """Return the costs by size of net, with the cost of an event as a ratio to the smallest net."""
    columns = ["transitions", "variables", "ops/pace", "dependents", "events/rep"]
    columns += ["ns/event", "ratio", "first net s", "next net s"]
    smallest = sizes[0]["ns_per_event"]["median"]
    rows = [
        [
            f"{size['transitions']}",
            f"{size['variables']}",
            f"{size['operations_per_pace']:.1f}",
            f"{size['dependents_per_event']:.1f}",
            f"{size['events_per_replication']:.0f}",
            f"{size['ns_per_event']['median']:.0f}",
            f"{size['ns_per_event']['median'] / smallest:.2f}",
            f"{size['first_net_s']['median']:.3f}",
            f"{size['next_net_s']['median']:.3f}",
        ]
        for size in sizes
    ]
    return table(columns, rows)


def ensemble_table(ensembles):
    """Return the costs by size of ensemble, as ratios to the largest."""
    largest = ensembles[-1]["ns_per_event"]["median"]
    rows = [
        [
            f"{ensemble['replications']:,}",
            f"{ensemble['cpu_s']['median']:.3f}",
            f"{ensemble['ns_per_event']['median']:,.0f}",
            f"{ensemble['ns_per_event']['median'] / largest:,.2f}",
        ]
        for ensemble in ensembles
    ]
    return table(["replications", "CPU s", "ns/event", "ratio"], rows)


def render(result):
    """Return the result as tables for people."""
    typical = next(size for size in result["sizes"] if size["transitions"] == TYPICAL)
    return "\n".join(
        [
            header(f"Synthetic nets: CPU time, one core, {result['rounds']} rounds"),
            "",
            size_table(result["sizes"]),
            "",
            f"Without a cached kernel the first net takes {result['cold_first_net_s']:.1f} s; "
            f"imports take {typical['import_s']['median']:.2f} s.",
            "",
            f"Whole ensembles of the net of {TYPICAL} transitions, lowering included:",
            "",
            ensemble_table(result["ensembles"]),
        ]
    )


def main():
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    result = {
        "machine": machine(),
        "rounds": options.rounds,
        "sizes": by_size(options.rounds),
        "ensembles": by_ensemble(options.rounds),
        "cold_first_net_s": cold_kernel_s(),
    }
    print(json.dumps(result, indent=2) if options.json else render(result))


if __name__ == "__main__":
    main()
