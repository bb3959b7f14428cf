"""Results by the names that people give them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.errors import UsageError, did_you_mean


def open_named(name: str, root: str) -> Ensemble:
    """Return the result of a name.

    Parameters
    ----------
    name : str
        A folder, ``<scenario>/<run>``, a run or its first digits, or a scenario (its latest run).
    root : str
        The folder of results.

    Raises
    ------
    UsageError
        If there is none, or more than one, or it cannot be read.
    """
    if not name.strip("/"):
        raise UsageError("an empty name names no result")
    if os.path.exists(os.path.join(name, "manifest.json")):
        return store.open_result(Path(name))
    known = store.runs(Path(root))
    of_scenario = [folder for folder in known if folder.parent.name == name]
    if of_scenario:
        whole = [folder for folder in of_scenario if not store.is_partial(folder)]
        return store.open_result((whole or of_scenario)[-1])
    scenario, _, run = name.rpartition("/")
    named = [
        folder
        for folder in known
        if folder.name.startswith(run) and scenario in ("", folder.parent.name)
    ]
    if len({folder.name for folder in named}) > 1:
        exact = [folder for folder in named if folder.name == run]
        if not exact:
            found = ", ".join(f"{f.parent.name}/{f.name}" for f in named[:4])
            raise UsageError(f"'{name}' is the beginning of {len(named)} runs: {found}")
        named = exact
    if not named:
        raise UsageError(_not_found(name, root, known))
    return store.open_result(named[-1])


def _not_found(name: str, root: str, known: Sequence[Path]) -> str:
    if os.path.isdir(name):
        return f"{name} is no result: it has no manifest.json"
    if not known:
        return f"no result '{name}': there are none in {root}; 'run' leaves them there"
    names = [folder.name for folder in known] + [folder.parent.name for folder in known]
    return f"no result '{name}' in {root}: {did_you_mean(name, names) or 'see `list`'}"
