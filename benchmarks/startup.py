"""How long commands take from start to end: ``python -m benchmarks.startup``.

Wall-clock and CPU seconds of whole processes, interleaved, beside an interpreter that does nothing.
A command uses all cores, as it does for its users.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import cpu_seconds, header, machine, spread, table

ROOT = Path(__file__).resolve().parent.parent
FLAGSHIP = "scenarios/homs_2024.yaml"
SMALL = "scenarios/four_cities.yaml"
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "run.py --help": ("run.py", "--help"),
    f"run.py validate {SMALL}": ("run.py", "validate", SMALL),
    f"run.py validate {FLAGSHIP}": ("run.py", "validate", FLAGSHIP),
    f"run.py run {FLAGSHIP}": ("run.py", "run", FLAGSHIP),
}


def time_once(arguments):
    """Run a command to its end; return wall-clock and CPU seconds, or None if it failed."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    seconds = {"wall_s": time.perf_counter() - wall, "cpu_s": cpu_seconds() - cpu}
    return None if done.returncode else seconds


def measure(rounds):
    """Return the spread of each command's times; a command that fails is None."""
    for arguments in COMMANDS.values():
        time_once(arguments)  # compiles what Python and numba cache
    runs = {command: [] for command in COMMANDS}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for command, arguments in COMMANDS.items():
            runs[command].append(time_once(arguments))
    return {
        command: None
        if None in times
        else {key: spread([one[key] for one in times]) for key in ("wall_s", "cpu_s")}
        for command, times in runs.items()
    }


def render(result):
    """Return the result as a table for people."""
    rows = [
        [command, "failed", "-", "-"]
        if times is None
        else [
            command,
            f"{times['wall_s']['median']:.3f}",
            f"{times['wall_s']['low']:.3f}",
            f"{times['cpu_s']['median']:.3f}",
        ]
        for command, times in result["commands"].items()
    ]
    return "\n".join(
        [
            header(f"Whole commands, caches warm, {result['rounds']} rounds"),
            "",
            table(["", "wall s", "least", "CPU s"], rows),
        ]
    )


def main():
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    result = {
        "machine": machine(),
        "rounds": options.rounds,
        "commands": measure(options.rounds),
    }
    print(json.dumps(result, indent=2) if options.json else render(result))


if __name__ == "__main__":
    main()
