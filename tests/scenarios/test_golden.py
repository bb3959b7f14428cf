"""The first replications of every shipped scenario are what they were.

``golden.json`` has digests of 64 replications: of what happened, of its times to the second and of
the inputs to six digits, since the last bits of these two differ between kinds of machine
(``docs/measurements.md``). Where one has changed, and the scenario's file has not, the same
scenario and seed give other output than before. If that is meant: raise ``NUMBERS`` in
``sim/versions.py``, say by how much in a [NUMBERS] line of ``CHANGELOG.md``, and let
``RENEW_GOLDEN=1 pytest tests/scenarios/test_golden.py`` write the table anew; without the first it
refuses.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engines.driver import run_ensemble
from sim.ensemble.batch import Batch
from sim.scenario.load import load
from sim.versions import NUMBERS

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
TABLE = Path(__file__).with_name("golden.json")
KNOWN = json.loads(TABLE.read_text(encoding="utf-8"))
RENEW = bool(os.environ.get("RENEW_GOLDEN"))
REPLICATIONS = 64
WHAT_TO_DO = "read the docstring of tests/scenarios/test_golden.py"

Golden = dict[str, str]


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def golden(batch: Batch) -> Golden:
    happened = (batch.causes, batch.via, batch.end_reasons, batch.n_events)
    times = np.concatenate([batch.times.ravel(), batch.end_times])
    inputs = "\n".join(f"{value:.6g}" for value in batch.inputs.ravel().tolist())
    return {
        "happened": digest(*(column.tobytes() for column in happened)),
        "times": digest(np.round(times).tobytes()),
        "inputs": digest(inputs.encode()),
    }


def of_scenario(path: Path) -> tuple[Golden, Batch]:
    scenario = load(path)
    batch = run_ensemble(scenario.net, seed=1, replications=REPLICATIONS)
    files = digest(*(scenario.digests[name].encode() for name in sorted(scenario.digests)))
    return {"file": files, **golden(batch)}, batch


def may_be_renewed(name: str, now: Golden, numbers: int) -> bool:
    """Return whether another result is owed to another file, or has been announced."""
    before = KNOWN["scenarios"].get(name)
    return before is None or before["file"] != now["file"] or numbers > KNOWN["numbers"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_first_replications_are_what_they_were(path):
    now, _ = of_scenario(path)
    if RENEW and now != KNOWN["scenarios"].get(path.stem):
        assert may_be_renewed(path.stem, now, NUMBERS), f"raise NUMBERS first: {WHAT_TO_DO}"
        KNOWN["scenarios"][path.stem] = now
    assert now == KNOWN["scenarios"].get(path.stem), WHAT_TO_DO


def test_the_table_is_of_this_version_and_of_what_is_shipped():
    if RENEW:
        KNOWN["numbers"] = NUMBERS
        KNOWN["scenarios"] = {p.stem: KNOWN["scenarios"][p.stem] for p in SCENARIOS}
        TABLE.write_text(json.dumps(KNOWN, indent=1) + "\n", encoding="utf-8")
    assert KNOWN["numbers"] == NUMBERS, WHAT_TO_DO
    assert list(KNOWN["scenarios"]) == [path.stem for path in SCENARIOS], WHAT_TO_DO


def test_every_raise_of_numbers_has_its_line():
    told = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    lines = re.findall(r"^- \[NUMBERS\]", told, re.MULTILINE)
    assert len(lines) >= NUMBERS - 1, "say in CHANGELOG.md what has moved, and by how much"


def test_what_moves_is_noticed_and_last_bits_are_not():
    _, batch = of_scenario(ROOT / "scenarios" / "four_cities.yaml")
    came = np.where(np.isfinite(batch.times), np.nextafter(batch.times, np.inf), np.inf)
    assert golden(replace(batch, times=came)) == golden(batch)
    assert golden(replace(batch, times=came + 1.0))["times"] != golden(batch)["times"]
    causes = np.where(batch.causes == batch.causes.max(), 0, batch.causes)
    assert golden(replace(batch, causes=causes))["happened"] != golden(batch)["happened"]


def test_another_result_of_the_same_file_has_to_be_announced():
    now = {**KNOWN["scenarios"]["four_cities"], "happened": "another"}
    assert not may_be_renewed("four_cities", now, NUMBERS)
    assert may_be_renewed("four_cities", now, NUMBERS + 1)
    assert may_be_renewed("four_cities", {**now, "file": "another"}, NUMBERS)
