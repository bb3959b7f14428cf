"""Results that last: the same bytes however they came, found, gone on with, whole or not there."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.errors import Interrupted, UsageError
from sim.studies import replicate
from sim.studies.discover import discover
from tests.studies.scenarios import BRIDGE, ENDLESS
from tests.studies.test_simulate import same

ROOT = Path(__file__).parents[2]
N = 3_000


def bridge(text: str = BRIDGE, **changes: object) -> sim.Scenario:
    return sim.loads(text, "bridge.yaml", **changes)


def kept(out: Path, text: str = BRIDGE, replications: int = N, **how: object) -> Ensemble:
    return sim.run(bridge(text), replications=replications, out=out, **how)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a result that the promise is about."""
    names = [*folder.rglob("*.parquet"), folder / "manifest.json"]
    return {str(name.relative_to(folder)): name.read_bytes() for name in names}


def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise AssertionError("a run that should have been found")

    monkeypatch.setattr(replicate, "hand_on", refuse)


def interrupt_after(n: int):
    """Return a progress that interrupts when so many replications are done."""

    def stop(done: int, asked: int) -> None:
        if done >= n:
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize(
    "how",
    [{"workers": 3, "chunk": 7}, {"workers": 1, "chunk": 999}, {"engine": "reference"}],
    ids=["small chunks", "odd chunks", "reference"],
)
def test_how_it_is_run_changes_no_byte(tmp_path, how):
    n = 1_000 if how.get("engine") == "reference" else 9_000
    first = kept(tmp_path / "a", replications=n)
    second = kept(tmp_path / "b", replications=n, **how)
    found = bytes_of(first.folder)
    assert found == bytes_of(second.folder)
    assert {"manifest.json", "watch.parquet", "nested.parquet"} < set(found)


def test_parts_have_a_fixed_size_whatever_the_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.ensemble.parts.ROWS", 1_000)
    found = [kept(tmp_path / str(chunk), replications=4_500, chunk=chunk) for chunk in (64, 1_777)]
    one, other = (bytes_of(ensemble.folder) for ensemble in found)
    assert one == other
    parts = sorted((found[0].folder / "replications").iterdir())
    assert [len(pd.read_parquet(part)) for part in parts] == [1_000] * 4 + [500]


def test_what_is_kept_is_what_was_run(tmp_path):
    in_memory, on_disk = sim.run(bridge(), replications=N), kept(tmp_path)
    assert same(in_memory, on_disk)
    opened = store.open_result(on_disk.folder)
    assert same(in_memory, opened)
    assert opened.facts == in_memory.facts
    assert opened.legend == in_memory.legend
    assert opened.inputs80("hit", 1.0) == in_memory.inputs80("hit", 1.0) is not None
    for name in ("inputs", "totals", "ends", "watch"):
        assert getattr(opened, name).equals(getattr(in_memory, name)), name


def test_pandas_and_duckdb_read_it(tmp_path):
    import duckdb

    ensemble = kept(tmp_path)
    parts = str(ensemble.folder / "replications" / "*.parquet")
    table = pd.read_parquet(ensemble.folder / "replications")
    assert table["time.hit"].tolist() == ensemble.times("hit").tolist()
    query = f"SELECT count(*), avg(\"input.parameters.hits\") FROM '{parts}' WHERE \"cause.hit\" = 'strike'"  # noqa: E501
    ((n, mean),) = duckdb.sql(query).fetchall()
    assert n == np.isfinite(ensemble.times("hit")).sum()
    hit = ensemble.inputs["parameters.hits"][np.isfinite(ensemble.times("hit"))]
    assert mean == pytest.approx(hit.mean(), rel=1e-12)
    assert duckdb.sql(f"SELECT * FROM '{ensemble.folder}/watch.parquet'").df().shape[0] > 0


def test_the_same_run_is_found_and_not_repeated(tmp_path, monkeypatch):
    first = kept(tmp_path, workers=1)
    nothing_runs(monkeypatch)
    again = kept(tmp_path, engine="reference", workers=2)
    assert again.was_found
    assert not first.was_found
    assert same(first, again)


def test_other_runs_have_other_names(tmp_path):
    runs = [
        kept(tmp_path),
        kept(tmp_path, seed=2),
        kept(tmp_path, replications=N + 1),
        sim.run(bridge(), precision=0.05, out=tmp_path),
        kept(tmp_path, BRIDGE.replace("0.4 / day", "0.5 / day")),
    ]
    assert len({run.folder.name for run in runs}) == len(runs)
    assert store.runs(tmp_path) == [run.folder for run in runs]


def test_a_comment_is_no_reason_to_run_again(tmp_path, monkeypatch):
    first = kept(tmp_path)
    nothing_runs(monkeypatch)
    again = kept(tmp_path, "# Checked by a colleague.\n" + BRIDGE)
    assert again.folder == first.folder
    manifest = store.read_manifest(first.folder)
    assert manifest["scenario"]["text"].startswith("# Checked by a colleague.")


def test_a_label_that_people_read_is_one(tmp_path):
    first = kept(tmp_path)
    again = kept(tmp_path, BRIDGE.replace("label: The bridge is hit", "label: Span down"))
    assert again.folder == first.folder
    assert not again.was_found
    opened = store.open_result(again.folder)
    assert opened.outcomes[0].label == "Span down"


def test_fresh_runs_anew(tmp_path):
    first = kept(tmp_path)
    old = bytes_of(first.folder)
    shutil.rmtree(first.folder / "replications")
    again = kept(tmp_path, fresh=True)
    assert not again.was_found
    assert bytes_of(again.folder) == old


def test_a_damaged_result_is_run_again(tmp_path):
    first = kept(tmp_path)
    old = bytes_of(first.folder)
    part = first.folder / "replications" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    assert not kept(tmp_path).was_found
    assert bytes_of(first.folder) == old


@pytest.mark.parametrize("n", [700, 5_000, 9_500], ids=["no block", "some", "past a part"])
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, monkeypatch, n):
    monkeypatch.setattr("sim.ensemble.parts.ROWS", 4_096)
    whole = kept(tmp_path / "whole", replications=12_000)
    # One worker: with more, the first chunk may be the last to be finished, and nothing is kept.
    how = {"workers": 1, "chunk": 100}
    with pytest.raises(Interrupted) as caught:
        kept(tmp_path / "b", replications=12_000, **how, progress=interrupt_after(n))
    partial = caught.value.partial
    assert isinstance(partial, Ensemble)
    assert 0 < partial.n == caught.value.n_done < 12_000
    assert not partial.is_complete
    assert partial.folder.name == whole.folder.name + "-partial"
    assert store.open_result(partial.folder).n == partial.n
    assert json.loads((partial.folder / "summary.json").read_text())["complete"] is False

    n_done, told = partial.n, []
    done = kept(tmp_path / "b", replications=12_000, progress=lambda done, asked: told.append(done))
    assert bytes_of(done.folder) == bytes_of(whole.folder)
    assert not partial.folder.exists()
    if n >= 1_024:
        assert told[0] >= n_done // 1_024 * 1_024 > 0


def test_interrupted_among_the_nested_it_goes_on(tmp_path):
    whole = kept(tmp_path / "whole")
    with pytest.raises(Interrupted) as caught:
        kept(tmp_path / "b", chunk=100, progress=interrupt_after(N + 200))
    assert caught.value.n_done == N
    assert caught.value.partial.is_complete is False
    assert bytes_of(kept(tmp_path / "b").folder) == bytes_of(whole.folder)


def test_twice_interrupted(tmp_path):
    whole = kept(tmp_path / "whole", replications=12_000)
    for n in (3_000, 8_000):
        with pytest.raises(Interrupted):
            kept(tmp_path / "b", replications=12_000, chunk=64, progress=interrupt_after(n))
    assert bytes_of(kept(tmp_path / "b", replications=12_000).folder) == bytes_of(whole.folder)


def test_what_another_version_began_is_not_gone_on_with(tmp_path, monkeypatch):
    with pytest.raises(Interrupted):
        kept(tmp_path, replications=12_000, chunk=64, progress=interrupt_after(5_000))
    monkeypatch.setattr(store, "versions", lambda: {"frontcast": "0.0.1"})
    told: list[int] = []
    kept(tmp_path, replications=12_000, chunk=64, progress=lambda done, asked: told.append(done))
    assert told[0] < 1_024


# What it says of what it cannot open.


def changed(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    manifest = store.sealed({**json.loads(path.read_text()), **changes})
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_another_format_is_refused_by_name(tmp_path):
    folder = kept(tmp_path).folder
    changed(folder, format=0, versions={"frontcast": "0.0.9"})
    expected = r"has format 0, written by Frontcast 0\.0\.9; Frontcast \S+ reads format 1"
    with pytest.raises(store.ResultError, match=expected):
        store.open_result(folder)


def test_what_is_damaged_is_said(tmp_path):
    folder = kept(tmp_path).folder
    part = folder / "replications" / "part-00000.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[:1_000])
    with pytest.raises(store.ResultError, match=r"part-00000.parquet has 1,000 bytes and should"):
        store.open_result(folder)
    part.unlink()
    with pytest.raises(store.ResultError, match=r"part-00000.parquet is missing"):
        store.open_result(folder)
    part.write_bytes(whole)
    changed(folder, legend={})
    with pytest.raises(store.ResultError, match="is damaged"):
        store.open_result(folder)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(store.ResultError, match=r"manifest\.json is damaged"):
        store.open_result(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(store.ResultError, match=r"is no result: it has no manifest\.json"):
        store.open_result(folder)


@pytest.mark.parametrize("content", ["[]", "3", '{"format": 1}', '{"format": 1, "files": 3}'])
def test_any_manifest_is_opened_or_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(store.ResultError, match="damaged"):
        store.open_result(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        ("seed", 2),
        ("requested", 5),
        ("clipped", {"n": 1}),
        ("complete", False),
        ("net", "sha256:0"),
    ],
    ids=lambda change: change[0],
)
def test_a_word_of_a_manifest_that_is_another_is_noticed(tmp_path, change):
    folder = kept(tmp_path).folder
    path = folder / "manifest.json"
    manifest = {**json.loads(path.read_text(encoding="utf-8")), change[0]: change[1]}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(store.ResultError, match=r"manifest\.json is damaged"):
        store.open_result(folder)


def test_a_part_that_nobody_wrote_is_not_read(tmp_path):
    ensemble = kept(tmp_path)
    parts = ensemble.folder / "replications"
    shutil.copy(parts / "part-00000.parquet", parts / "part-00001.parquet")
    assert store.open_result(ensemble.folder).n == N


def test_a_manifest_cannot_name_a_file_outside_of_its_result(tmp_path):
    folder = kept(tmp_path).folder
    (folder.parent / "watch.parquet").write_bytes((folder / "watch.parquet").read_bytes())
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    changed(folder, files={**files, "../watch.parquet": files["watch.parquet"]})
    with pytest.raises(store.ResultError, match=r"\.\./watch\.parquet is outside of the result"):
        store.open_result(folder)


@pytest.mark.parametrize("which", ["scenario", "run"])
def test_no_link_leads_out_of_the_folder_of_results(tmp_path, which):
    """Nothing is written through it, whoever has put it there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = kept(tmp_path / "own").folder
    link = tmp_path / "out" / "bridge" / folder.name
    link = link.parent if which == "scenario" else link
    link.parent.mkdir(parents=True)
    link.symlink_to(outside, target_is_directory=True)
    with pytest.raises(store.ResultError, match="leads out of"):
        kept(tmp_path / "out")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "study"),
    [
        ("comparisons", lambda s, **how: sim.compare(s, s.variant("safe"), **how)),
        ("discoveries", lambda s, **how: discover(s, "hit", **how)),
    ],
)
def test_no_link_leads_what_is_kept_beside_runs_out_either(tmp_path, folder, study):
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / folder).symlink_to(outside, target_is_directory=True)
    with pytest.raises(store.ResultError, match=f"{folder}/[0-9a-f]+ leads out of"):
        study(bridge(), replications=200, out=out)
    assert list(outside.iterdir()) == []


def test_a_folder_of_results_may_itself_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk", target_is_directory=True)
    assert kept(tmp_path / "out").n == N


def read_all(folder: Path) -> dict[str, object]:
    return dict(store.open_result(folder).table)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_flipped_byte_is_noticed(tmp_path, place):
    ensemble = kept(tmp_path)
    part = ensemble.folder / "replications" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[int(place * len(content))] ^= 1
    part.write_bytes(content)
    with pytest.raises(UsageError, match=r"part-00000\.parquet is damaged"):
        read_all(ensemble.folder)
    again = kept(tmp_path)
    assert not again.was_found
    assert read_all(again.folder)


@pytest.mark.parametrize("name", ["state.npz", "part", "manifest.json", "watch.parquet"])
@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_a_damaged_partial_is_begun_anew(tmp_path, name, how):
    whole = kept(tmp_path / "whole", replications=12_000)
    with pytest.raises(Interrupted) as caught:
        kept(tmp_path / "b", replications=12_000, chunk=100, progress=interrupt_after(5_000))
    folder = caught.value.partial.folder
    path = folder / ("replications/part-00000.parquet" if name == "part" else name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 3] if how == "cut" else content)
    assert bytes_of(kept(tmp_path / "b", replications=12_000).folder) == bytes_of(whole.folder)


def test_a_result_of_a_later_version_is_left_alone(tmp_path):
    folder = kept(tmp_path).folder
    changed(folder, format=99)
    with pytest.raises(store.LaterFormat, match="has format 99"):
        kept(tmp_path)
    assert json.loads((folder / "manifest.json").read_text())["format"] == 99
    assert not kept(tmp_path, fresh=True).was_found


def test_a_longer_partial_is_kept(tmp_path):
    for n in (6_000, 2_000):
        with pytest.raises(Interrupted) as caught:
            kept(tmp_path, replications=12_000, chunk=64, fresh=True, progress=interrupt_after(n))
    assert store.open_result(caught.value.partial.folder).n > 4_000


def test_an_interrupt_beside_a_whole_result_leaves_no_part(tmp_path):
    whole = kept(tmp_path, replications=12_000)
    with pytest.raises(Interrupted) as caught:
        kept(tmp_path, replications=12_000, chunk=64, fresh=True, progress=interrupt_after(5_000))
    partial = caught.value.partial
    assert (partial.folder, partial.is_complete) == (None, False)
    assert len(partial.times("hit")) == partial.n
    assert store.runs(tmp_path) == [whole.folder]


def test_what_was_watched_has_a_column_of_its_own(tmp_path):
    text = BRIDGE.replace(
        "watch: {is_down: bridge == down}",
        "watch: {watch.time: 1, reason: 2, watch.reason: 3}",
    )
    ends = kept(tmp_path, text).ends
    names = ["time", "reason", "watch.watch.time", "watch.reason", "watch.watch.reason"]
    assert ends.columns.tolist() == names
    assert ends["watch.watch.reason"].tolist() == [3.0] * N


# Interrupts.


def test_an_interrupt_that_comes_too_late_loses_nothing(tmp_path, monkeypatch):
    original = store.Draft.publish

    def publish(self, *given: object, **more: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        original(self, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(store.Draft, "publish", publish)
        with pytest.raises(Interrupted) as caught:
            kept(tmp_path)
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)
    ensemble = caught.value.partial
    assert ensemble.is_complete
    assert store.open_result(ensemble.folder).n == N
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_signals_at_any_moment_lose_nothing_and_double_nothing(tmp_path):
    """Thirty interrupts by real signals, spread over a run; each is gone on with to the end.

    They come after so much work, and not so many seconds, whatever else a machine does.
    """
    whole = bytes_of(kept(tmp_path / "whole", replications=40_000).folder)
    began = time.process_time()
    kept(tmp_path / "timed", replications=40_000)
    took = time.process_time() - began
    random.seed(3)
    n_interrupted = 0
    for number in range(30):
        out = tmp_path / str(number)
        for _ in range(3):
            before = signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGINT))
            signal.setitimer(signal.ITIMER_PROF, random.uniform(0.001, 1.1) * took)
            try:
                kept(out, replications=40_000)
            except (Interrupted, KeyboardInterrupt):
                n_interrupted += 1
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0.0)
                signal.signal(signal.SIGPROF, before)
        assert bytes_of(kept(out, replications=40_000).folder) == whole
        assert [folder.name for folder in store.runs(out)] == [
            kept(out, replications=40_000).folder.name
        ]
    assert n_interrupted > 10


# Manifest and journal.


def test_the_manifest_holds_what_determines_a_result_and_nothing_else(tmp_path):
    scenario = bridge(variant="safe")
    folder = sim.run(scenario, replications=N, out=tmp_path, workers=2).folder
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["scenario"]["text"] == BRIDGE
    assert manifest["scenario"]["variant"] == "safe"
    assert (manifest["seed"], manifest["replications"], manifest["precision"]) == (1, N, None)
    assert manifest["versions"]["numbers"]
    assert manifest["machine"]["features"]
    assert set(manifest["files"]) == set(bytes_of(folder)) - {"manifest.json"}
    assert str(tmp_path) not in json.dumps(manifest)
    journal = json.loads((folder / "journal.json").read_text(encoding="utf-8"))
    assert journal["workers"] == 2
    assert journal["n_events"] > 0


def test_names_of_scenarios_cannot_leave_the_folder(tmp_path):
    assert store.folder_name("Хомс_2024") == "Хомс_2024"
    names = ["../../etc", "..", "Хомс 2024", "Хомс.2024", "x" * 500, "x" * 501, "", "a/b", "a_b"]
    folders = [store.folder_name(name) for name in names]
    assert len(set(folders)) == len(names)
    for folder in folders:
        assert "/" not in folder
        assert not folder.startswith(".")
        assert 0 < len(folder) <= 110


# Kills, and folders that take nothing.


def small(tmp_path: Path, size: str) -> Path:
    """Return a small file system of its own, or skip the test."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = small(tmp_path, "400k")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def command(*arguments: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        **how,
    )


def seconds_of_children() -> float:
    """Return the processor time of all processes that have been started and are over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_full_disk_is_refused_and_nothing_stays(tmp_path, disk):
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    told = command("run", "bridge.yaml", "-n", "50000", "--out", str(disk / "r"), cwd=tmp_path)
    assert told.returncode == 4
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr
    assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_a_folder_that_takes_nothing_is_refused(tmp_path, disk):
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    told = command("run", "bridge.yaml", "-n", "100", "--out", str(disk / "r"), cwd=tmp_path)
    assert told.returncode == 4
    assert "Read-only file system" in told.stderr
    (tmp_path / "file").touch()
    told = command("run", "bridge.yaml", "-n", "100", "--out", "file", cwd=tmp_path)
    assert told.returncode == 2
    assert "'file' is a file" in told.stderr


@pytest.mark.slow
def test_a_kill_leaves_nothing_or_a_whole_result(tmp_path):
    """Six kills, spread over the work of a run; the last run clears away what they left."""
    text = ENDLESS.replace("horizon: 30 days", "horizon: 30 days, grid: 1 day") + "watch: {n: n}\n"
    (tmp_path / "endless.yaml").write_text(text, encoding="utf-8")
    arguments = ("run", "endless.yaml", "-n", "20000", "--no-pictures", "--quiet")
    began = seconds_of_children()
    whole = command(*arguments, "--out", "whole", cwd=tmp_path)
    took = seconds_of_children() - began
    assert whole.returncode == 0, whole.stderr
    expected = bytes_of(next((tmp_path / "whole").glob("*/*")))
    random.seed(5)
    n_killed = 0
    for _ in range(6):
        work = random.uniform(0.3, 1.1) * took
        # The system kills it then, by a signal that nothing here takes.
        ended = command(
            *arguments, "--out", "killed",
            cwd=tmp_path, preexec_fn=lambda work=work: signal.setitimer(signal.ITIMER_PROF, work),
        )  # fmt: skip
        n_killed += ended.returncode == -signal.SIGPROF
        for folder in (tmp_path / "killed").glob("*/*"):
            if not folder.name.startswith(".draft-"):
                assert bytes_of(folder) == expected
                shutil.rmtree(folder)
    assert n_killed > 2
    for draft in (tmp_path / "killed").glob("*/.draft-*"):
        os.utime(draft, (0.0, 0.0))  # a young one might still be locked by its maker
    assert command(*arguments, "--out", "killed", cwd=tmp_path).returncode == 0
    left = list((tmp_path / "killed").glob("*/*"))
    assert [bytes_of(folder) == expected for folder in left] == [True], os.listdir(left[0].parent)
