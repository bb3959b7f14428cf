"""The compiled engine on its own: snapshots, chunks, threads, faults, the kernel's cache."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from sim.engines.compiled import kernel as kernel_module
from sim.engines.compiled import lower as lower_module
from sim.engines.compiled.engine import CompiledEngine, FaultAt, Stopped, no_control
from sim.engines.compiled.kernel import RUNNING
from sim.engines.driver import run_ensemble
from sim.ensemble.batch import Batch, blank
from sim.errors import Interrupted
from sim.net.expr import Const
from sim.net.model import Net
from sim.units import SECONDS_PER_DAY
from tests.engines.nets import birth_and_death, branch, call, hazard, integer, variable

ROOT = Path(__file__).parents[2]


def same(a: Batch, b: Batch) -> bool:
    """Return whether two batches are the same, byte for byte."""
    return all(
        getattr(a, f.name).tobytes() == getattr(b, f.name).tobytes()
        and getattr(a, f.name).shape == getattr(b, f.name).shape
        for f in fields(Batch)
    )


@pytest.mark.parametrize("stops", [[2.0], [0.0, 0.5, 0.5, 3.25, 9.999], [1e-9, 10.0]])
def test_advance_in_parts_is_advance_at_once(stops):
    engine = CompiledEngine(birth_and_death())
    replications = np.arange(40)
    whole = engine.run(5, replications)
    states = engine.start(engine.inputs(5, replications), replications)
    for days in [*stops, np.inf]:
        engine.advance(states, seed=5, until=days * SECONDS_PER_DAY)
    assert same(engine.batch(states), whole)


def test_a_paused_replication_is_still_running():
    engine = CompiledEngine(birth_and_death())
    states = engine.start(engine.inputs(5, range(8)), range(8))
    engine.advance(states, seed=5, until=SECONDS_PER_DAY)
    assert (states.end_reasons == RUNNING).all()
    assert (states.slots[:, 0] <= SECONDS_PER_DAY).all()


@pytest.mark.parametrize(("workers", "chunk"), [(1, None), (2, None), (2, 1), (1, 7), (3, 1000)])
def test_workers_and_chunks_change_no_byte(workers, chunk):
    net = birth_and_death()
    whole = CompiledEngine(net).run(3, np.arange(300))
    batch = run_ensemble(net, seed=3, replications=300, workers=workers, chunk=chunk)
    assert same(batch, whole)


def test_an_ensemble_can_begin_anywhere_and_be_empty():
    net = birth_and_death()
    whole = run_ensemble(net, seed=3, replications=50)
    tail = run_ensemble(net, seed=3, replications=20, first=30)
    assert tail.times.tobytes() == whole.times[30:].tobytes()
    assert run_ensemble(net, seed=3, replications=0).times.shape == (0, 2)


def test_fused_and_separate_functions_agree(monkeypatch):
    net = birth_and_death()
    fused = CompiledEngine(net)
    monkeypatch.setattr(lower_module, "FUSE_BELOW_NODES", 0)
    separate = CompiledEngine(net)
    assert fused._lowered.program.at_once
    assert not separate._lowered.program.at_once
    assert same(fused.run(1, np.arange(100)), separate.run(1, np.arange(100)))


def test_optimised_and_quick_machine_code_agree(monkeypatch):
    net = birth_and_death()
    optimised = CompiledEngine(net).run(1, np.arange(100))
    monkeypatch.setattr(lower_module, "OPTIMISE_BELOW_CHARACTERS", 0)
    assert same(optimised, CompiledEngine(net).run(1, np.arange(100)))


def test_no_number_of_a_scenario_enters_the_machine_code(monkeypatch):
    seen = []
    original = lower_module._machine_code
    monkeypatch.setattr(
        lower_module, "_machine_code", lambda ir, n: (seen.append(ir), original(ir, n))[1]
    )
    n = variable("n")
    for rate in (0.123456789, 7.75):
        net = Net(
            horizon=Const(SECONDS_PER_DAY),
            variables=(integer("n", 0.0),),
            transitions=(hazard("up", call("mul", rate, n), branch(n=call("add", n, 1))),),
        )
        CompiledEngine(net)
    assert seen[0] == seen[1]


def doomed(after: int = 3) -> Net:
    """Return a net whose rate turns negative once ``n`` has passed ``after``."""
    n = variable("n")
    rate = call("select", call("gt", n, after), -1, 1)
    return Net(
        horizon=Const(20 * SECONDS_PER_DAY),
        variables=(integer("n", 0.0),),
        transitions=(hazard("up", rate, branch(n=call("add", n, 1))),),
    )


def test_the_first_faulty_replication_is_named():
    engine = CompiledEngine(doomed())
    with pytest.raises(FaultAt, match="replication 17"):
        engine.run(1, np.arange(17, 40))


def test_a_set_control_stops_a_run():
    control = no_control()
    control[0] = 1
    net = birth_and_death()
    with pytest.raises(Stopped):
        CompiledEngine(net).run_into(blank(net, np.arange(10)), 1, control=control)


def test_an_interrupt_keeps_the_finished_prefix(monkeypatch):
    """Chunks finish in any order: one is held up here, and what comes before it is kept."""
    original = CompiledEngine.run_into

    def run_into(self, rows, seed, inputs=None, control=None, quantiles=None):
        while rows.replications[0] == 48 and not control[0]:
            time.sleep(0.001)
        original(self, rows, seed, inputs, control, quantiles)

    def interrupt(done: int, asked: int) -> None:
        if done >= 160:
            raise KeyboardInterrupt

    monkeypatch.setattr(CompiledEngine, "run_into", run_into)
    net = birth_and_death()
    with pytest.raises(Interrupted, match="interrupted after") as caught:
        run_ensemble(net, seed=1, replications=5000, workers=2, chunk=16, progress=interrupt)
    partial = caught.value.partial
    assert isinstance(partial, Batch)
    assert partial.n == caught.value.n_done == 48
    monkeypatch.undo()
    assert same(partial, CompiledEngine(net).run(1, np.arange(48)))


def test_a_runaway_replication_answers_an_interrupt():
    """A replication of 10^8 events is left before their end, which would be a fault."""
    script = """
        import _thread, threading
        from dataclasses import replace
        from sim.engines.compiled.engine import CompiledEngine
        from sim.engines.driver import run_ensemble
        from sim.errors import Interrupted
        from sim.net.expr import Const
        from tests.engines.nets import birth_and_death
        begun = threading.Event()
        original = CompiledEngine.run_into

        def run_into(*given):
            begun.set()
            original(*given)

        def interrupt():
            begun.wait()
            threading.Event().wait(0.2)  # so that it is inside the kernel
            _thread.interrupt_main()

        CompiledEngine.run_into = run_into
        run_ensemble(birth_and_death(), seed=1, replications=1)  # compiles, or loads
        begun.clear()
        threading.Thread(target=interrupt).start()
        net = replace(birth_and_death(), horizon=Const(1e16), event_limit=10**8, watches=())
        try:
            run_ensemble(net, seed=1, replications=4)
        except Interrupted:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout == "interrupted\n"


CACHE_SCRIPT = """
    from sim.engines.compiled.engine import CompiledEngine
    from sim.engines.compiled.kernel import kernel
    from tests.engines.nets import birth_and_death
    batch = CompiledEngine(birth_and_death()).run(1, range(5))
    stats = kernel().advance.stats
    print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def test_a_second_process_finds_the_kernel_compiled():
    CompiledEngine(birth_and_death()).run(1, range(5))  # so that it is in the cache
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CACHE_SCRIPT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.split() == ["1", "0"]


def test_the_digest_changes_with_every_source_that_the_kernel_compiles(monkeypatch):
    before = kernel_module.source_digest()
    original = kernel_module.inspect.getsource
    for edited in ("sim.draws", "sim.ieee"):
        monkeypatch.setattr(
            kernel_module.inspect,
            "getsource",
            lambda module, edited=edited: original(module) + "#" * (module.__name__ == edited),
        )
        assert kernel_module.source_digest() != before


def test_without_a_folder_for_the_cache_one_line_says_so(monkeypatch, caplog):
    from numba.core.caching import CompileResultCacheImpl

    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    kernel = kernel_module.kernel.__wrapped__()
    assert len(caplog.records) == 1
    assert "cannot be kept" in caplog.text
    assert kernel.advance is not kernel_module.kernel().advance


@pytest.mark.parametrize("grid", [(), (0.0, 1.0)])
def test_watch_without_expressions_or_points(grid):
    net = replace(birth_and_death(), grid=grid)
    assert CompiledEngine(net).run(1, range(3)).watch.shape == (3, len(grid), 1)
    assert CompiledEngine(replace(net, watches=())).run(1, range(3)).watch.shape[2] == 0
