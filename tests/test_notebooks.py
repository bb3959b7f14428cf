"""Every notebook runs from top to bottom, and is kept without what it printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))

# In a process of its own: what runs a notebook leaves threads, sockets and a loop behind.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
folder = {"metadata": {"path": sys.argv[2]}}
NotebookClient(notebook, kernel_name="this_one", timeout=300, resources=folder).execute()
nbformat.write(notebook, sys.argv[3])
"""


def executed(path: Path, scratch: Path) -> dict[str, Any]:
    """Return a notebook after a run by the interpreter that runs the tests."""
    kernel = scratch / "kernels" / "this_one"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "this one", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {
        **os.environ,
        **{name: str(scratch / name) for name in own},
        "JUPYTER_PATH": str(scratch),
        "PYTHONPATH": str(ROOT),
    }
    target = scratch / "executed.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), str(path.parent), str(target)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return dict(json.loads(target.read_text(encoding="utf-8")))


def test_there_is_one():
    assert [path.name for path in NOTEBOOKS] == ["first_look.ipynb"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_tables_a_picture_and_a_story(path, tmp_path):
    notebook = executed(path, tmp_path)
    assert all(cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert {output["output_type"] for output in outputs} == {"execute_result"}  # and no warnings
    shown = json.dumps(outputs)
    assert re.search(r"\d+ uncertain inputs", shown)
    assert "2,000 replications, seed 1" in shown
    assert "Estimate(value=" in shown
    assert 'alt=\\"Arrival curve of ' in shown
    assert "data:image/png;base64," in shown
    story = "".join(outputs[-1]["data"]["text/plain"])
    assert story.count("Dec") > 1


@pytest.mark.slow
def test_a_cell_that_fails_is_noticed(tmp_path):
    path = ROOT / "docs" / "notebooks" / "first_look.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"] = [dict(notebook["cells"][1], source=["1 / 0"])]
    broken = tmp_path / "broken.ipynb"
    broken.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        executed(broken, tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_says_nothing_of_a_machine(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")
        assert not cell["metadata"]
