"""Results on disk: ``results/<scenario>/<run>/``, whole or not there.

A run is known by what determines its numbers, so that one that was asked for before is found. It is
written into a folder with a name of its own (a *draft*), brought to the disk, and renamed. A draft
is locked as long as its process lives; what a killed process left is cleared away by the next.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import re
import secrets
import shutil
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim.ensemble.base_rate import BaseRate
from sim.ensemble.gather import Gatherer
from sim.ensemble.geography import NOWHERE, geography_of
from sim.ensemble.legend import Asked, Legend, Measured
from sim.ensemble.model import Ensemble, Facts, Nested
from sim.ensemble.parts import (
    DamagedFile,
    Files,
    PartWriter,
    StoredTable,
    read_nested,
    read_watched,
    write_file,
    write_nested,
    write_watched,
)
from sim.errors import UsageError
from sim.versions import NUMBERS, machine, version, versions

#: Locks of files; where there are none (no POSIX), age alone tells what is left over.
fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

#: Layout of a result. Raised when older readers would misread it.
FORMAT = 1
#: What people read of a result, if it was made.
REPORT = "report.html"
#: The file that a partial result can go on from.
_STATE = "state.npz"
_LOCK = ".lock"
_DRAFT = ".draft-"
_PARTIAL = "-partial"
_ORPHAN_AFTER_S = 3_600.0
_YOUNG_S = 5.0

Json = dict[str, Any]
#: What reading JSON or Parquet that is damaged may raise.
DAMAGE = (
    UsageError,
    OSError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    OverflowError,
)


class ResultError(UsageError):
    """A folder that is no result, or one that cannot be read."""


class LaterFormat(ResultError):
    """A result of a later version, which this one must not touch."""


def run_name(net: str, seed: int, *, replications: int | None, precision: float | None) -> str:
    """Return the name of a run: twelve hex digits of what determines its numbers."""
    asked = {"net": net, "numbers": NUMBERS, "precision": precision, "seed": seed}
    if precision is None:
        asked["replications"] = replications
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def folder_name(scenario: str) -> str:
    """Return a scenario's name as that of a folder, which it then cannot leave.

    A name that has to be changed for it gets some digits of its own, so that two stay two.
    """
    plain = re.sub(r"[^\w.-]", "_", scenario).lstrip(".")[:100]
    if plain and plain == scenario:
        return plain
    digest = hashlib.sha256(scenario.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{plain or 'scenario'}-{digest}"


def place(out: Path, *names: str) -> Path:
    """Return a folder below that of results, out of which no link leads.

    Raises
    ------
    ResultError
        If one does.
    """
    folder = out.joinpath(*names)
    if not folder.resolve().is_relative_to(out.resolve()):
        raise ResultError(f"{folder} leads out of {out}, where results are to be: it is a link")
    return folder


class Draft:
    """A result while it is written: a folder that nobody takes for a result."""

    def __init__(self, home: Path, run: str) -> None:
        clear_orphans(home)
        self.home, self.run = home, run
        self.folder = home / f"{_DRAFT}{run}-{secrets.token_hex(4)}"
        self._lock: int | None = None
        self.folder.mkdir(parents=True)
        try:
            self._lock = _locked(self.folder / _LOCK)
            self.writer = PartWriter(self.folder)
        except BaseException:
            self.__exit__()
            raise

    def write(self, ensemble: Ensemble, provenance: Json, summary: Json, journal: Json) -> None:
        """Write everything but the replications, which are there already."""
        files: Files = dict(self.writer.files)
        write_watched(self.folder, ensemble.watched, files)
        if ensemble.nested is not None:
            write_nested(self.folder, ensemble.nested.times, files)
        manifest = sealed(manifest_of(ensemble, self.run, provenance, files))
        for name, content in (
            ("manifest.json", manifest),
            ("summary.json", summary),
            ("journal.json", journal),
        ):
            write_json(self.folder, name, content)

    def target(self, *, is_partial: bool) -> Path:
        """Return the folder that the result is to be."""
        return self.home / (self.run + (_PARTIAL if is_partial else ""))

    def publish(self, target: Path, *, replaces: bool = False) -> None:
        """Give the result its name.

        One that has appeared there meanwhile is kept, unless this one is to replace it.
        """
        (self.folder / _LOCK).unlink()
        for folder in (self.folder / "replications", self.folder):
            _sync(folder)
        while True:
            try:
                self.folder.rename(target)
                break
            except OSError:
                if not target.is_dir():
                    raise
            if not replaces and self._gives_way(target):
                break
            old = self.home / f"{_DRAFT}{self.run}-{secrets.token_hex(4)}"
            with suppress(FileNotFoundError):
                target.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        _sync(self.home)

    def _gives_way(self, target: Path) -> bool:
        """Return whether what is there is at least as much as this."""
        try:
            there, here = read_manifest(target), read_manifest(self.folder)
        except ResultError:
            return False
        return bool(there["complete"]) or int(there["replications"]) >= int(here["replications"])

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *raised: object) -> None:
        """Remove what was not published."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self.folder, ignore_errors=True)


def write_json(folder: Path, name: str, content: Json) -> None:
    """Write a JSON file as :func:`write_whole` does."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder, name, text)


def write_whole(folder: Path, name: str, text: str) -> None:
    """Write a file in one piece: the old one is there until the new one is."""
    draft = f".{name}-{secrets.token_hex(4)}"
    try:
        write_file(folder, draft, text.encode("utf-8", "backslashreplace"))
        (folder / draft).replace(folder / name)
    finally:
        (folder / draft).unlink(missing_ok=True)


def _locked(path: Path) -> int:
    """Create a file and lock it for as long as this process lives."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks: age alone tells an orphan
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def clear_orphans(home: Path) -> None:
    """Remove the drafts of processes that are gone."""
    for draft in home.glob(f"{_DRAFT}*"):
        with suppress(OSError):  # somebody else is at it
            if _is_orphan(draft):
                shutil.rmtree(draft, ignore_errors=True)


def _is_orphan(draft: Path) -> bool:
    """Return whether nobody holds a draft any more.

    One that is being made may not be locked yet, so none is taken for an orphan at once.
    """
    age = time.time() - draft.stat().st_mtime
    if fcntl is None or not (draft / _LOCK).exists():
        return age > _ORPHAN_AFTER_S
    if age < _YOUNG_S:
        return False
    descriptor = os.open(draft / _LOCK, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    with suppress(OSError):  # not every system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# The manifest.


def manifest_of(ensemble: Ensemble, run: str, provenance: Json, files: Files) -> Json:
    """Return what determines a result, and nothing else: no host, no time, no workers."""
    return {
        "format": FORMAT,
        "run": run,
        "complete": ensemble.is_complete,
        "seed": ensemble.seed,
        "replications": ensemble.n,
        "requested": ensemble.requested,
        "precision": ensemble.precision,
        "net": ensemble.legend.net,
        "scenario": {**_facts_json(ensemble.facts), **provenance},
        "versions": versions(),
        "machine": machine(),
        "legend": asdict(ensemble.legend),
        "clipped": dict(ensemble.clipped),
        "files": files,
    }


def sealed(manifest: Json) -> Json:
    """Return a manifest with the digest of what it says: a figure may hang on any word of it."""
    return {**manifest, "sha256": _seal(manifest)}


def _seal(manifest: Json) -> str:
    said = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _facts_json(facts: Facts) -> Json:
    start = None if facts.start is None else facts.start.isoformat()
    return {
        "name": facts.name,
        "title": facts.title,
        "question": facts.question,
        "variant": facts.variant,
        "start": start,
        "timezone": facts.timezone,
        "as_of_days": facts.as_of,
        "horizon_days": facts.horizon,
        "report_days": list(facts.report),
        "base_rates": {name: asdict(rate) for name, rate in facts.base_rates.items()},
        "geography": asdict(facts.geography),
    }


def _facts(found: Json) -> Facts:
    start = found["start"]
    return Facts(
        name=found["name"],
        title=found["title"],
        question=found["question"],
        variant=found["variant"],
        start=None if start is None else datetime.fromisoformat(start),
        timezone=found["timezone"],
        as_of=found.get("as_of_days"),
        horizon=float(found["horizon_days"]),
        report=tuple(found["report_days"]),
        base_rates={n: _base_rate(rate) for n, rate in found.get("base_rates", {}).items()},
        geography=geography_of(found["geography"]) if "geography" in found else NOWHERE,
    )


def _base_rate(found: Json) -> BaseRate:
    curves = {key: tuple(found[key]) for key in ("fell", "low", "high")}
    return BaseRate(**{**found, **curves})


def _legend(found: Json) -> Legend:
    def measured(name: str) -> tuple[Measured, ...]:
        return tuple(Measured(**part) for part in found[name])

    return Legend(
        net=found["net"],
        outcomes=tuple(Asked(**part) for part in found["outcomes"]),
        inputs=measured("inputs"),
        unknown=tuple(found["unknown"]),
        variables=tuple(found["variables"]),
        watches=measured("watches"),
        totals=measured("totals"),
        grid=tuple(found["grid"]),
        via=tuple(found["via"]),
        labels=tuple(found["labels"]),
        quiet=tuple(found["quiet"]),
    )


def renew_provenance(ensemble: Ensemble, provenance: Json, summary: Json) -> None:
    """Let the manifest of a result name the text that it answers to now.

    A comment may have changed, or a file's name: nothing that changes a figure.
    """
    assert ensemble.folder is not None
    manifest = read_manifest(ensemble.folder)
    # As a manifest has it: with lists for tuples.
    scenario = json.loads(json.dumps({**_facts_json(ensemble.facts), **provenance}))
    if manifest["scenario"] == scenario:
        return
    known = read_json(ensemble.folder / "summary.json")
    new = {**summary, "pictures": known.get("pictures", [])}
    with suppress(OSError):  # a folder that takes nothing any more: what it says is still true
        write_json(ensemble.folder, "summary.json", new)
        write_json(ensemble.folder, "manifest.json", sealed({**manifest, "scenario": scenario}))
        (ensemble.folder / REPORT).unlink(missing_ok=True)  # it quotes the text


# Opening.


def read_manifest(folder: Path) -> Json:
    """Return the manifest of a result that this version can read.

    Raises
    ------
    ResultError
        If it is no result, of another format, or not whole.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        made_in = manifest["format"]
        if made_in == FORMAT:
            if manifest["sha256"] != _seal(manifest):
                raise ValueError("not what was written")
            sizes = {str(name): int(known["bytes"]) for name, known in manifest["files"].items()}
        else:
            by = str(dict(manifest.get("versions") or {}).get("frontcast", "an unknown version"))
    except FileNotFoundError:
        raise ResultError(f"{folder} is no result: it has no manifest.json") from None
    except DAMAGE as error:
        what = (
            "manifest.json cannot be read"
            if isinstance(error, OSError)
            else "manifest.json is damaged"
        )
        raise ResultError(f"{folder}: {what}; run the scenario again") from None
    if made_in != FORMAT:
        is_later = isinstance(made_in, int) and made_in > FORMAT
        raise (LaterFormat if is_later else ResultError)(
            f"{folder} has format {made_in!r}, written by Frontcast {by}; Frontcast {version()} "
            f"reads format {FORMAT}: run the scenario again, or open it with that version"
        )
    _check_files(folder, sizes)
    return dict(manifest)


def _check_files(folder: Path, sizes: dict[str, int]) -> None:
    """Refuse a result of which a file is missing or cut short."""
    for name, known in sizes.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ResultError(f"{folder}: {name} is outside of the result")
        if not path.is_file():
            raise ResultError(f"{folder}: {name} is missing; run the scenario again with --fresh")
        size = path.stat().st_size
        if size != known:
            raise ResultError(
                f"{folder}: {name} has {size:,} bytes and should have {known:,}; run the scenario "
                "again with --fresh"
            )


def open_result(folder: Path) -> Ensemble:
    """Return the ensemble of a result; its replications are read when they are asked for.

    Raises
    ------
    ResultError
        If it is no result, of another format, or damaged.
    """
    manifest = read_manifest(folder)
    try:
        return _opened(folder, manifest)
    except DAMAGE as error:
        raise ResultError(
            f"{folder} is damaged ({type(error).__name__}: {error}); run the scenario again with "
            "--fresh"
        ) from error


def _opened(folder: Path, manifest: Json) -> Ensemble:
    legend = _legend(manifest["legend"])
    journal = read_json(folder / "journal.json")
    files = manifest["files"]
    has_nested = "nested.parquet" in files
    return Ensemble(
        facts=_facts(manifest["scenario"]),
        legend=legend,
        table=StoredTable(folder, files),
        seed=manifest["seed"],
        engine=str(journal.get("engine", "compiled")),
        requested=manifest["requested"],
        watched=read_watched(folder, files),
        clipped=manifest["clipped"],
        n_events=int(journal.get("n_events", 0)),
        nested=Nested(read_nested(folder, legend, files)) if has_nested else None,
        precision=manifest["precision"],
        is_complete=manifest["complete"],
        folder=folder,
    )


def read_json(path: Path) -> Json:
    """Return a JSON object beside a result that no figure depends on; empty where it is lost."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except DAMAGE:
        return {}


def table_of(folder: Path) -> StoredTable:
    """Return the replications of a result; see :func:`read_manifest`."""
    return StoredTable(folder, read_manifest(folder)["files"])


def find(home: Path, run: str, facts: Facts, legend: Legend) -> Ensemble | None:
    """Return the whole result of a run, if it is there and says what it would say now.

    Labels and dates are no part of a run's name: where the file has changed them, the result is out
    of date.

    Raises
    ------
    LaterFormat
        If a later version has written it.
    """
    try:
        found = open_result(home / run)
        assert isinstance(found.table, StoredTable)
        found.table.check()
    except LaterFormat:
        raise
    except (ResultError, DamagedFile):
        return None
    if not found.is_complete:
        return None
    if found.facts != replace(facts, variant=found.facts.variant) or found.legend != legend:
        return None
    return replace(found, facts=facts, was_found=True)


def runs(root: Path) -> list[Path]:
    """Return the folders of all results below ``results/``, the latest last."""
    found = [path.parent for path in root.glob("*/*/manifest.json")]
    whole = [path for path in found if not path.name.startswith(".")]
    return sorted(whole, key=lambda path: ((path / "manifest.json").stat().st_mtime, str(path)))


# Partial results.


def keep_state(draft: Draft, gatherer: Gatherer) -> None:
    """Write what a run needs to go on from its last whole block."""
    content = io.BytesIO()
    np.savez(content, **gatherer.state())
    write_file(draft.folder, _STATE, content.getvalue())


def has_partial(home: Path, run: str) -> bool:
    """Return whether an interrupted run has left something."""
    return (home / (run + _PARTIAL) / "manifest.json").exists()


def is_partial(folder: Path) -> bool:
    """Return whether a result is what an interrupted run has left."""
    return folder.name.endswith(_PARTIAL)


def forget_partial(home: Path, run: str) -> None:
    """Remove what an interrupted run has left."""
    shutil.rmtree(home / (run + _PARTIAL), ignore_errors=True)


def go_on(draft: Draft, gatherer: Gatherer) -> None:
    """Take over what an interrupted run has left, if that was by the same program and machine.

    Raises
    ------
    ResultError
        If there is nothing to go on from; draft and gatherer are then of no use.
    """
    partial = draft.target(is_partial=True)
    manifest = read_manifest(partial)
    try:
        if (manifest["versions"], manifest["machine"]) != (versions(), machine()):
            raise ResultError(f"{partial} was written by another version, or another machine")
        if _legend(manifest["legend"]) != gatherer.legend:
            raise ResultError(f"{partial} has other labels")
        content = io.BytesIO((partial / _STATE).read_bytes())
        with np.load(content, allow_pickle=False) as state:
            gatherer.restore(state)
        draft.writer.adopt(partial, gatherer.n, manifest["files"])
    except (*DAMAGE, EOFError, zipfile.BadZipFile) as error:
        raise ResultError(f"{partial} cannot be gone on from: {error}") from error
