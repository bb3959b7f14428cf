"""Frontcast and its peers on the four-city chain: ``python -m benchmarks.run``.

Each peer first shows that it simulates the right model, against the exact curve. Then all of them
are timed in rounds, one after the other within a round, so that a busy moment of the machine falls
on all.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import header, machine, spread, table

ROOT = Path(__file__).resolve().parent.parent
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
YARDSTICK = "numba_by_hand"
# A normal tail beyond 4 has probability 6.3e-5; over 30 dependent days at most 0.2 % a peer.
TOLERANCE_SE = 4.0
# Below this many expected falls a count is too skewed for a tolerance in standard errors.
LEAST_EXPECTED = 25


@dataclass(frozen=True)
class Peer:
    """A module of ``benchmarks.four_cities``, its name in the table, and the size of a round."""

    module: str
    label: str
    replications: int
    python: Path = Path(sys.executable)


PEERS = (
    Peer("frontcast", "Frontcast, from the YAML file", 200_000),
    Peer(YARDSTICK, "numba, tuned by hand", 500_000),
    Peer("numba_direct", "numba, as first written", 500_000),
    Peer("gillespy2_cpp_o2", "GillesPy2 C++, built with -O2", 50_000, BENCH_PYTHON),
    Peer("gillespy2_cpp", "GillesPy2 C++, as it comes", 30_000, BENCH_PYTHON),
    Peer("plain_python", "plain Python", 20_000),
    Peer("simpy_loop", "SimPy, one process", 10_000),
    Peer("simpy_processes", "SimPy, a process per transition", 2_000),
)


class Unavailable(Exception):
    """A peer cannot run here; the message says why."""


class Worker:
    """A peer in its own process, answering one request at a time."""

    def __init__(self, peer, *options):
        if not peer.python.exists():
            raise Unavailable("its environment is not there: `make env-bench`")
        self.process = subprocess.Popen(
            [peer.python, "-m", "benchmarks.four_cities.worker", peer.module, *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready_cpu_s = self.read()["ready_cpu_s"]

    def read(self):
        """Return the next message, or raise Unavailable with the peer's last words."""
        line = self.process.stdout.readline()
        if not line:
            words = self.process.communicate()[1].strip().splitlines()
            raise Unavailable(words[-1] if words else "it ended without a word")
        return json.loads(line)

    def ask(self, n_replications, seed):
        """Run replications; return CPU seconds and the falls by each day."""
        request = {"replications": n_replications, "seed": seed}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        """End the process and wait for it."""
        self.process.communicate()


def exact_curve():
    """Return P(city 4 has fallen by day t) for t = 1, ..., 30."""
    with (ROOT / "benchmarks/four_cities/exact.csv").open(newline="") as file:
        return [float(row["F"]) for row in csv.DictReader(file)]


def worst_deviation(fallen_by, n_replications):
    """Return the largest deviation of a curve from the exact one, in standard errors."""
    return max(
        abs(count / n_replications - p) / math.sqrt(p * (1 - p) / n_replications)
        for count, p in zip(fallen_by, exact_curve(), strict=True)
        if n_replications * p >= LEAST_EXPECTED
    )


def validate(peer, seed):
    """Return a peer's deviation from the exact curve; raise if it is beyond the tolerance."""
    worker = Worker(peer, "--curve")
    n_replications = max(peer.replications, 5_000)
    deviation = worst_deviation(worker.ask(n_replications, seed)["fallen_by"], n_replications)
    worker.close()
    if deviation > TOLERANCE_SE:
        raise SystemExit(f"{peer.label}: {deviation:.1f} standard errors from the exact curve")
    return deviation


def available(seed):
    """Return the deviations of the peers that run here, and why others do not."""
    deviations, missing = {}, {}
    for peer in PEERS:
        tell(f"checking {peer.label}")
        try:
            deviations[peer] = validate(peer, seed)
        except Unavailable as reason:
            tell(f"  left out: {reason}")
            missing[peer.label] = str(reason)
    return deviations, missing


def time_in_rounds(peers, rounds, seed):
    """Return for each peer its set-up CPU seconds and its replications per CPU second by round."""
    workers = {peer: Worker(peer) for peer in peers}
    rates = {peer: [] for peer in peers}
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for peer, worker in workers.items():
            cpu_s = worker.ask(peer.replications, seed + 1 + number)["cpu_s"]
            rates[peer].append(peer.replications / cpu_s)
    for worker in workers.values():
        worker.close()
    return {peer: (worker.ready_cpu_s, rates[peer]) for peer, worker in workers.items()}


def measure(rounds, seed):
    """Validate and time every peer; return one JSON-ready mapping."""
    deviations, missing = available(seed)
    timings = time_in_rounds(deviations, rounds, seed)
    peers = [
        {
            "peer": peer.label,
            "module": peer.module,
            "replications_per_round": peer.replications,
            "replications_per_s": spread(rates),
            "set_up_cpu_s": set_up,
            "worst_deviation_se": deviations[peer],
        }
        for peer, (set_up, rates) in timings.items()
    ]
    by_module = {peer["module"]: peer["replications_per_s"]["median"] for peer in peers}
    for peer in peers:
        rate = peer["replications_per_s"]["median"]
        for name in ("frontcast", YARDSTICK):
            peer[f"over_{name}"] = rate / by_module[name] if name in by_module else None
    return {
        "machine": machine(),
        "rounds": rounds,
        "seed": seed,
        "peers": peers,
        "missing": missing,
    }


def ratio(value):
    """Return a ratio as three significant digits."""
    return "-" if value is None else f"{value:.3g}"


def render(result):
    """Return the result as a table for people."""
    titles = ["", "replications/s", "low", "high", "x numba", "x Frontcast", "set-up s", "max SE"]
    rows = [
        [
            peer["peer"],
            *(f"{peer['replications_per_s'][key]:,.0f}" for key in ("median", "low", "high")),
            ratio(peer[f"over_{YARDSTICK}"]),
            ratio(peer["over_frontcast"]),
            f"{peer['set_up_cpu_s']:.2f}",
            f"{peer['worst_deviation_se']:.1f}",
        ]
        for peer in sorted(result["peers"], key=lambda p: -p["replications_per_s"]["median"])
    ]
    rounds = result["rounds"]
    return "\n".join(
        [
            header(f"Four-city chain: replications per CPU second, one core, {rounds} rounds"),
            "",
            table(titles, rows),
            *(f"left out: {label}: {reason}" for label, reason in result["missing"].items()),
        ]
    )


def tell(text):
    """Report progress on standard error."""
    print(text, file=sys.stderr)


def main():
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    result = measure(options.rounds, options.seed)
    print(json.dumps(result, indent=2) if options.json else render(result))


if __name__ == "__main__":
    main()
