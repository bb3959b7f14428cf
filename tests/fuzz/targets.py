"""What is fuzzed: each target takes bytes, and raises if what comes of them is no proper answer.

A proper answer is a result or a diagnostic: an error of another kind is a fault of ours, and so are
two engines that differ by a bit and a damaged result that is read as if it were whole.
"""

from __future__ import annotations

import ctypes
import json
import math
import random
import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

import sim
from sim.engines.compiled.emit import HEADER, Body, Constants
from sim.engines.compiled.lower import _machine_code
from sim.ensemble import store
from sim.errors import UsageError
from sim.net.evaluate import BINARY, CHAINED, UNARY, evaluator
from sim.net.expr import Call, Const, Expr, Ref
from sim.net.syntax import ExprError, parse
from sim.studies.summary import summary
from tests import test_loader_properties as loader_properties
from tests.engines import test_identity
from tests.studies.scenarios import BRIDGE

Target = Callable[[bytes], None]
_PIECES = [
    "(", ")", "+", "-", "*", "/", "**", "<", "<=", "==", "!=", "=", ",", " ", "\n", ".", "$", "_",
    "if", "else", "and", "or", "not", "for", "in", "min(", "max(", "sum(", "any(", "clip(", "inf",
    "time", "1", "0.5", "1e308", "1e999", "3 days", "2 km", "day", "é", "٣", "\u0301", "\u202e",
    "\x00", "a", "b.c", "a.$i", "true", "%", "&", "²", "−", "\ud7ff", "0" * 50, "((((((((",
]  # fmt: skip


def expression(data: bytes) -> None:
    """Parse a text: a tree within it, or an error with a place in it."""
    text = data.decode("utf-8", "replace")
    parse.cache_clear()
    try:
        tree = parse(text)
    except ExprError as error:
        start, end, most = error.start, error.end, max(len(text), error.start + 1)
    else:
        start, end, most = tree.start, tree.end, len(text)
    assert 0 <= start < end <= most


def an_expression(chance: random.Random) -> bytes:
    """Return pieces of expressions in any order, or a proper one that is torn."""
    pieces = chance.choices(_PIECES, k=chance.randrange(1, 40))
    if chance.random() < 0.5:
        names = ["n", "rate", "2.5", "(a + b)", "min(a, 1)"]
        pieces = [chance.choice(names)]
        for _ in range(chance.randrange(30)):
            pieces += [chance.choice([" + ", " * ", " and ", " if a else ", "<"]), *names[:1]]
        for _ in range(chance.randrange(4)):
            pieces[chance.randrange(len(pieces))] = chance.choice(_PIECES)
    return "".join(pieces).encode()


# Lowering: expressions as machine code, held to the evaluator.

_N = 6
_REFS = [Ref("variable", f"v{k}") for k in range(_N)]
_VALUES = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.5, 3.0, 1e-320, 5e-324, 1e308, -1e308, 1e16, 709.8, -745.2,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
#: Expressions in one piece of machine code: making it is what takes time.
AT_ONCE = 64


def lowering(data: bytes) -> None:
    """Lower expressions, run them on values, and compare bit for bit with what they mean."""
    chance = random.Random(data)
    exprs = [_expr(chance, 4) for _ in range(AT_ONCE)]
    slots = {ref: k for k, ref in enumerate(_REFS)}
    constants = Constants()
    functions = []
    for number, expr in enumerate(exprs, 1):
        body = Body(slots, constants)
        body.store(_N, body.number(expr))
        functions.append(body.text(number))
    owner, addresses = _machine_code(HEADER + "\n".join(functions), len(functions))
    table = np.array([*constants.values, 0.0])
    for expr, address in zip(exprs, addresses[1:].tolist(), strict=True):
        run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(address)
        mean = evaluator(expr, slots)
        for _ in range(4):
            state = [chance.choice(_VALUES) for _ in _REFS]
            given = np.array([*state, 0.0])
            run(given.ctypes.data, table.ctypes.data)
            found, meant = float(given[_N]), mean(state)
            assert _same(found, meant), f"{expr} at {state}: {found!r}, and means {meant!r}"
    del owner


def _same(a: float, b: float) -> bool:
    return (a != a and b != b) or struct.pack("d", a) == struct.pack("d", b)


def _expr(chance: random.Random, depth: int) -> Expr:
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(_REFS) if chance.random() < 0.6 else Const(chance.choice(_VALUES))
    op = chance.choice([*UNARY, *BINARY, *CHAINED, "select", "clip"])
    n_args = 1 if op in UNARY else 2 if op in BINARY else 3
    n_args = chance.randrange(2, 5) if op in CHAINED else n_args
    return Call(op, tuple(_expr(chance, depth - 1) for _ in range(n_args)))


def random_bytes(chance: random.Random) -> bytes:
    return chance.randbytes(8)


# The loader, and whole nets.


def loading(data: bytes) -> None:
    """Load a file twice: the same scenario, or the same errors, told properly."""
    loader_properties.is_file_told_properly(_folder() / "any.yaml", data)


def a_torn_file(chance: random.Random) -> bytes:
    """Return a file of the corpus with bytes changed, lines moved, or its end in another."""
    files = loader_properties.VALID + loader_properties.INVALID
    data = chance.choice(files)
    if chance.random() < 0.3:
        other = chance.choice(files)
        data = data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
    return torn(data, chance)


def torn(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with a few flipped, lost, doubled, made zero, or cut off."""
    found = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(found) + 1)
        end = at + chance.randrange(1, 16)
        match chance.randrange(7):
            case 0 | 1:
                found[at : at + 1] = bytes(b ^ 1 << chance.randrange(8) for b in found[at : at + 1])
            case 2:
                del found[at:end]
            case 3:
                found[at:at] = found[at:end]
            case 4:
                found[at:end] = bytes(end - at)
            case 5:
                found[at:at] = chance.choice(_PIECES).encode()
            case 6:
                found = found[:at] if chance.random() < 0.3 else found
    return bytes(found)


def nets(data: bytes) -> None:
    """Run a net on both engines: the same bits, or a fault of the same replication."""
    test_identity.test_engines_agree_on_random_nets.hypothesis.fuzz_one_input(data)


def many_bytes(chance: random.Random) -> bytes:
    return chance.randbytes(4_000)


# Results.


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="frontcast-fuzz-"))


@cache
def _whole() -> tuple[Path, str]:
    """Return a result, and what is said of it."""
    made = sim.run(sim.loads(BRIDGE, "bridge.yaml"), replications=1_100, out=_folder() / "whole")
    assert made.folder is not None
    return made.folder, _said(made.folder)


def _said(folder: Path) -> str:
    """Open a result; return all that a reader may be told."""
    found = store.open_result(folder)
    told = {**summary(found), "engine": "", "result": "", "n": found.n}
    columns = {name: str(column) for name, column in found.table.items()}
    watched = {name: values.tolist() for name, values in found.watched.figures.items()}
    return json.dumps([told, columns, watched, found.facts.title, dict(found.clipped)], default=str)


def results(data: bytes) -> None:
    """Open a result of which a file has been torn, taken, or given another's content.

    It is refused by a diagnostic, or is what it was.
    """
    chance = random.Random(data)
    whole, said = _whole()
    folder = _folder() / "torn" / whole.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    path, other = chance.choice(files), chance.choice(files)
    match chance.randrange(8):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(other.read_bytes())
        case 2:
            path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size + 1)])
        case _:
            path.write_bytes(torn(path.read_bytes(), chance))
    try:
        now = _said(folder)
    except (UsageError, OSError):  # a diagnostic, exit 2, or what the machine refuses, exit 4
        return
    assert now == said


@contextmanager
def tidied() -> Iterator[None]:
    """Remove what targets have written, at the end."""
    try:
        yield
    finally:
        shutil.rmtree(_folder(), ignore_errors=True)
        _folder.cache_clear()
        _whole.cache_clear()


#: By name: what is looked at, how an input is made, and how many there are in one.
TARGETS: dict[str, tuple[Target, Callable[[random.Random], bytes], int]] = {
    "expression": (expression, an_expression, 1),
    "lowering": (lowering, random_bytes, AT_ONCE),
    "loader": (loading, a_torn_file, 1),
    "nets": (nets, many_bytes, 1),
    "results": (results, random_bytes, 1),
}
assert all(re.fullmatch("[a-z]+", name) for name in TARGETS)
