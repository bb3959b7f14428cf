"""Machine code outlives nothing that it needs, in whatever order garbage is collected."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CYCLE = """
import gc
from sim.engines.compiled.lower import lower
from sim.scenario.load import load

class Ring:
    def __init__(self, net):
        self.lowered, self.ring = lower(net), self

net = load("tests/corpus/valid/two-cities.yaml").net
for _ in range(3):
    Ring(net)
    gc.collect()
print("alive")
"""


def test_code_in_a_cycle_is_freed_in_the_right_order():
    # A collector ends the objects of a cycle in any order: LLVM's context went before the engine
    # whose modules live in it, and the process with them.
    done = subprocess.run(
        [sys.executable, "-c", CYCLE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive\n")
