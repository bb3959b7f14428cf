"""Memory: what is free, what a run takes by its estimate and in truth, and what is refused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import sim
from sim.errors import UsageError
from sim.studies import memory
from sim.studies.check import check
from sim.studies.discover import discover
from tests.studies.scenarios import BRIDGE

GB = 1e9
MEMINFO = "MemTotal: 24000000 kB\nMemAvailable:   10000000 kB\n"


def machine(root: Path, **files: str) -> Path:
    """Write files of a machine below a folder: ``__`` in a name stands for ``/``."""
    for name, content in {"proc__meminfo": MEMINFO, **files}.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_what_is_free_is_what_the_machine_has_available(tmp_path):
    assert memory.free(machine(tmp_path)) == 10.24 * GB


def test_a_group_of_version_2_leaves_less_and_so_may_one_above_it(tmp_path):
    group = "sys__fs__cgroup__jobs"
    root = machine(
        tmp_path,
        proc__self__cgroup="0::/jobs/mine\n",
        **{
            f"{group}__mine__memory.max": "max\n",
            f"{group}__mine__memory.current": "1000\n",
            f"{group}__memory.max": "4000000000\n",
            f"{group}__memory.current": "2000000000\n",
            f"{group}__memory.stat": "anon 1\ninactive_file 500000000\n",
        },
    )
    assert memory.free(root) == 2.5 * GB


@pytest.mark.parametrize("seen_as", ["/docker/abc", "/"])
def test_a_group_of_version_1_whether_its_path_is_the_hosts_or_its_own(tmp_path, seen_as):
    group = "sys__fs__cgroup__memory"
    root = machine(
        tmp_path,
        proc__self__cgroup=f"5:cpu:/x\n4:cpuset,memory:{seen_as}\n0::/\n",
        **{
            f"{group}__memory.limit_in_bytes": "3000000000\n",
            f"{group}__memory.usage_in_bytes": "1000000000\n",
            f"{group}__memory.stat": "inactive_file 1\ntotal_inactive_file 250000000\n",
        },
    )
    assert memory.free(root) == 2.25 * GB


def test_a_group_that_is_full_leaves_nothing(tmp_path):
    group = "sys__fs__cgroup"
    root = machine(
        tmp_path,
        proc__self__cgroup="0::/\n",
        **{f"{group}__memory.max": "1000\n", f"{group}__memory.current": "1001\n"},
    )
    assert memory.free(root) == 0.0


def test_a_machine_that_says_nothing_has_something(tmp_path):
    assert memory.free(tmp_path) > 0.0


def test_what_fits_is_not_refused_and_one_more_is():
    needed = partial(float.__mul__, 10.0)
    memory.refuse_beyond(1_000.0, needed, 100)
    with pytest.raises(MemoryError, match=r"101 things need about .*: about 100 would fit"):
        memory.refuse_beyond(1_000.0, needed, 101, "things")
    with pytest.raises(MemoryError, match="not even one would fit"):
        memory.refuse_beyond(5.0, needed, 1)


def test_by_default_half_of_what_is_free_may_be_taken(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 8 * GB)
    memory.refuse_beyond(None, lambda n: 4 * GB, 1)
    with pytest.raises(MemoryError, match=r"may take 4\.0 GB \(half of what is free\)"):
        memory.refuse_beyond(None, lambda n: 4.1 * GB, 1)


@pytest.mark.parametrize("size", [0, -1.0, float("nan")])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(UsageError, match="memory is a number of bytes above 0"):
        sim.run(sim.loads(BRIDGE), replications=1, memory=size)


@pytest.mark.parametrize(
    "study",
    [
        lambda s, **how: sim.run(s, replications=20_000, **how),
        lambda s, **how: sim.run(s, precision=0.01, **how),
        lambda s, **how: sim.compare(s, s.variant("safe"), **how),
        lambda s, **how: discover(s, "hit", **how),
        lambda s, **how: check(s, **how),
        lambda s, **how: sim.trace(s, **how),
    ],
    ids=["run", "run for a precision", "compare", "discover", "check", "trace"],
)
def test_every_study_refuses_before_it_starts(study: Callable, monkeypatch):
    monkeypatch.setattr("sim.studies.replicate.hand_on", None)
    with pytest.raises(MemoryError, match=r"(replications|events) need about \d+ MB of memory"):
        study(sim.loads(CHECKED), memory=100e6)


CHECKED = BRIDGE + "checks: [{outcome: hit, by: 2 days, probability: [0.3, 0.5]}]\n"


def peak_of(n: int, out: Path | None) -> float:
    """Return the bytes of arrays at the peak of a run, as Python and numpy count them."""
    scenario = sim.loads(WIDE)
    sim.run(scenario, replications=1)
    tracemalloc.start()
    try:
        made = sim.run(scenario, replications=n, out=out, workers=1)
        made.probability("o1"), made.shares("o1"), made.quantile("o2", 0.5)
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


WIDE = f"""
title: Many inputs
clock: {{horizon: 10 days}}
variables: {{n: {{integer: [0, 5], initial: 0}}}}
parameters: {{{", ".join(f"p{k}: {{uniform: [0, 1]}}" for k in range(40))}}}
transitions: {{up: {{when: n < 5, rate: p1 / day, then: {{n: n + 1}}}}}}
outcomes: {{o1: n > 1, o2: n > 2}}
watch: {{n: n}}
"""


@pytest.mark.parametrize("is_kept", [False, True], ids=["in memory", "kept"])
def test_an_estimate_is_what_a_run_takes(tmp_path, is_kept):
    """Not less, and not four times as much, beside what the program takes by itself."""
    n, net = 40_000, sim.loads(WIDE).net
    estimate = memory.of_run(net, n, is_kept=is_kept) - memory.of_run(net, 0, is_kept=is_kept)
    taken = peak_of(n, tmp_path if is_kept else None)
    # How many slabs are under way at once is a matter of timing: the estimate has the most.
    assert 0.25 * estimate < taken < 1.1 * estimate
