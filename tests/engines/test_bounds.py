"""Lowered code touches its two arrays within their bounds, and nothing else.

Every instruction is read: one of a few shapes, addresses only at constant places, calls only of the
functions that are declared. The tables that the kernel indexes by are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given

from sim.engines.compiled import lower as lower_module
from sim.engines.compiled.emit import HEADER
from sim.engines.compiled.lower import Lowered, lower
from sim.net.model import Net
from sim.scenario.load import load
from tests.engines.nets import birth_and_death
from tests.engines.test_identity import SCENARIOS, unhurried
from tests.strategies import nets

_ADDRESS = re.compile(r"  (%v\d+) = getelementptr double, ptr (%[SC]), i64 (-?\d+)")
_MEMORY = re.compile(r"  (?:%v\d+ = load double|store double \S+), ptr (\S+)")
_CALL = re.compile(r"  %v\d+ = call double @(\S+?)\(double [^()]*\)")
_OTHER = re.compile(
    r"  %v\d+ = (?:fadd|fsub|fmul|fdiv|fneg|fcmp|select|phi|and|or|xor|zext|uitofp) .*"
    r"|  br (?:i1 \S+, )?label %b\d+(?:, label %b\d+)?|  ret i64 \S+|b\d+:|entry:|\}|"
)
_FUNCTION = re.compile(r"define i64 @f\d+\(ptr noalias %S, ptr noalias %C\) nounwind \{")
DECLARED = set(re.findall(r"@([\w.]+)\(", HEADER))


def faults(ir: str, n_slots: int, n_constants: int) -> Iterator[str]:
    """Yield the lines that could touch anything but their own arrays."""
    sizes, known = {"%S": n_slots, "%C": n_constants}, set[str]()
    for line in ir.removeprefix(HEADER).split("\n"):
        if _FUNCTION.fullmatch(line):
            known = set()
        elif address := _ADDRESS.fullmatch(line):
            known.add(address[1])
            if not 0 <= int(address[3]) < sizes[address[2]]:
                yield line
        elif memory := _MEMORY.fullmatch(line):
            if memory[1] not in known:
                yield line
        elif call := _CALL.fullmatch(line):
            if call[1] not in DECLARED:
                yield line
        elif not _OTHER.fullmatch(line):
            yield line


def lowered_with_text(net: Net, monkeypatch: pytest.MonkeyPatch) -> tuple[Lowered, str]:
    texts: list[str] = []
    original = lower_module._machine_code
    with monkeypatch.context() as patch:
        patch.setattr(
            lower_module, "_machine_code", lambda ir, n: (texts.append(ir), original(ir, n))[1]
        )
        return lower(net), texts[0]


def is_within(net: Net, made: Lowered) -> None:
    """Check every number of a program by which the kernel finds its way in an array."""
    p, n_slots = made.program, made.n_slots
    n_clocks, n_firings = len(net.transitions), len(p.fire_functions)
    for _, n, at, function in p.laws:
        assert 0 <= at <= at + n <= (n_slots if function else len(p.constants))
    for laws in (p.input_laws, p.work_laws, p.draw_laws):
        assert np.all((laws >= -1) & (laws < len(p.laws)))
    for rows in (p.watch_works, p.works_read):
        assert np.all((rows >= 0) & (rows[:, 1:] < [n_clocks, n_slots]).all(axis=1, keepdims=True))
    for slots in (p.draw_slots, p.assign_slots, p.instants.sum(axis=1) - 1):
        assert np.all((slots >= -1) & (slots < n_slots))
    for clocks in (p.update_clocks, p.assign_clocks):
        assert np.all(clocks < n_clocks)
    assert np.all(p.first_firing + p.n_branches <= n_firings)
    for starts, of in (
        (p.update_start, p.update_clocks),
        (p.assign_start, p.assign_clocks),
        (p.definition_start, p.definition_functions),
        (p.outcome_start, p.outcome_functions),
        (p.pace_start, p.pace_functions),
        (p.draw_start, p.draw_laws),
    ):
        assert np.all(np.diff(starts) >= 0)
        assert starts[-1] == len(of)
    for first, n in (
        (p.first_input, len(net.inputs)),
        (p.first_variable, len(net.variables)),
        (p.first_outcome, len(net.outcomes)),
        (p.first_watch, len(net.watches)),
        (p.first_total, len(net.totals)),
        (p.clipped, len(net.variables)),
        (int(p.clock_slot), n_clocks),
        (p.tick_slot, 2 * n_clocks),
        (p.horizon, 1),
        (p.weights, max((len(t.branches) for t in net.transitions), default=0)),
        (max(p.stop, 0), 1),
    ):
        assert 0 <= first <= first + n <= n_slots


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_shipped_scenario(path, monkeypatch):
    net = load(path).net
    made, text = lowered_with_text(net, monkeypatch)
    assert list(faults(text, made.n_slots, len(made.program.constants))) == []
    is_within(net, made)


@unhurried(60)
@given(nets())
def test_any_net(net):
    with pytest.MonkeyPatch.context() as monkeypatch:
        made, text = lowered_with_text(net, monkeypatch)
    assert list(faults(text, made.n_slots, len(made.program.constants))) == []
    is_within(net, made)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("ptr %S, i64 1\n", "ptr %S, i64 9999\n"),
        ("ptr %S, i64 1\n", "ptr %S, i64 -1\n"),
        ("ptr %C, i64 0", "ptr %C, i64 9999"),
        ("load double, ptr %v0", "load double, ptr %v99"),
        ("\n}", "\n  call void @system()\n}"),
        ("\n}", "\n  %v999 = call double @sin(double %v0)\n}"),
        ("\n}", "\n  %v999 = inttoptr i64 5 to ptr\n}"),
    ],
)
def test_a_planted_fault_is_found(line, other, monkeypatch):
    made, text = lowered_with_text(birth_and_death(), monkeypatch)
    assert line in text
    changed = text.replace(line, other, 1)
    assert list(faults(changed, made.n_slots, len(made.program.constants)))
