"""A short run of every target, what once went wrong, and planted faults that must be noticed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.engines.compiled.emit import Body
from sim.ensemble import parts, store
from sim.net import syntax
from sim.scenario import load
from tests.fuzz import targets
from tests.fuzz.run import CORPUS, fuzzed, tried
from tests.fuzz.targets import TARGETS

#: Inputs of a short run.
SHORT = {"expression": 4_000, "lowering": 640, "loader": 150, "nets": 10, "results": 60}


@pytest.fixture(autouse=True, scope="module")
def _tidied() -> Iterator[None]:
    with targets.tidied():
        yield


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run(name):
    found = fuzzed(name, random.Random(f"short {name}"), 60.0, SHORT[name])
    assert found.faults == []
    assert found.n >= SHORT[name]


def corpus() -> list[object]:
    return [pytest.param(path, id=path.name) for path in sorted(CORPUS.iterdir())]


@pytest.mark.parametrize("path", corpus())
def test_what_once_went_wrong(path: Path):
    why, _ = tried(path.name.partition("-")[0], path.read_bytes())
    assert why == ""


def broken(error: Exception):
    def function(*given: object, **more: object) -> None:
        raise error

    return function


def has_faults(name: str, n: int) -> bool:
    return bool(fuzzed(name, random.Random(1), 60.0, n).faults)


def test_an_error_that_is_no_diagnostic_is_noticed(monkeypatch):
    monkeypatch.setattr(syntax, "_tokens", broken(IndexError("out of range")))
    assert has_faults("expression", 5)
    monkeypatch.setattr(load, "structure", broken(KeyError("title")))
    assert has_faults("loader", 40)


def test_an_operator_that_is_lowered_to_another_is_noticed(monkeypatch):
    original = Body.extreme
    monkeypatch.setattr(Body, "extreme", lambda body, op, a, b: original(body, op, b, a))
    assert has_faults("lowering", 640)


def test_a_damaged_result_that_is_taken_for_whole_is_noticed(monkeypatch):
    monkeypatch.setattr(parts, "check_file", lambda folder, name, files: None)
    monkeypatch.setattr(store, "_seal", lambda manifest: manifest["sha256"])
    monkeypatch.setattr(store, "sealed", lambda manifest: {**manifest, "sha256": ""})
    assert has_faults("results", 300)


def test_what_takes_too_long_is_noticed(monkeypatch):
    monkeypatch.setattr("tests.fuzz.run.SLOW_S", -1.0)
    assert tried("expression", b"1 + 1")[0].startswith("took")
