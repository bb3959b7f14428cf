"""Runs that are kept in a folder of results: found again, gone on with, or done and written."""

from __future__ import annotations

import logging
import os
import platform
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.ensemble import store
from sim.ensemble.gather import Gatherer, InMemory
from sim.ensemble.legend import legend_of
from sim.ensemble.model import Ensemble, Facts, Nested
from sim.ensemble.parts import StoredTable
from sim.ensemble.table import Table
from sim.errors import Interrupted
from sim.scenario.model import Scenario
from sim.studies.replicate import How, Plan, ensemble_of, simulate
from sim.studies.summary import summary

_log = logging.getLogger(__name__)


def kept(
    scenario: Scenario, known: Facts, plan: Plan, how: How, out: Path, *, fresh: bool
) -> Ensemble:
    """Return a run of a scenario from a folder of results, where it is when this is done.

    One that is there is not done again, unless ``fresh``; one that was interrupted is gone on with.

    Raises
    ------
    Interrupted
        With what there is as ``partial``; it is kept too, under a name of its own.
    OSError
        If it cannot be written. Nothing half-written is left.
    """
    legend = legend_of(scenario.net)
    name = plan.run_name(legend.net)
    home = store.place(out, store.folder_name(scenario.name))
    store.place(home, name)
    found = None if fresh else store.find(home, name, known, legend)
    if found is not None:
        _log.info("found %s", found.folder)
        store.clear_orphans(home)
        store.forget_partial(home, name)
        store.renew_provenance(found, provenance_of(scenario), summary(found))
        return found
    # What is there and was not found is damaged, or has other labels.
    is_outdated = (home / name).exists()
    may_resume = not fresh and store.has_partial(home, name)
    for may_go_on in (True, False) if may_resume else (False,):
        with store.Draft(home, name) as draft:
            work = _Work(scenario, known, plan, how, draft, replaces=fresh or is_outdated)
            if not may_go_on or work.go_on():
                return work.done()
    raise AssertionError("the last way is always open")


def provenance_of(scenario: Scenario) -> dict[str, Any]:
    """Return what was read and changed to make the scenario; files by their way from its own."""
    folder = os.path.dirname(scenario.path)
    files = {
        os.path.relpath(path, folder or ".").replace(os.sep, "/"): digest
        for path, digest in scenario.digests.items()
    }
    return {
        "text": scenario.text,
        "files": files,
        "overrides": {path: str(value) for path, value in scenario.overrides.items()},
    }


@dataclass
class _Work:
    """One run on its way into a draft."""

    scenario: Scenario
    known: Facts
    plan: Plan
    how: How
    draft: store.Draft
    #: Whether a result that is there already makes way.
    replaces: bool
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    began_s: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.gatherer = Gatherer(self.scenario.net, self.draft.writer, self.plan.precision)

    def go_on(self) -> bool:
        """Take over what an interrupted run has left; return whether there was any."""
        try:
            store.go_on(self.draft, self.gatherer)
        except store.ResultError as reason:
            _log.debug("from the beginning: %s", reason)
            return False
        _log.info("going on after %d replications", self.gatherer.n)
        return True

    def done(self) -> Ensemble:
        """Run what is left to run, and give the result its name."""
        try:
            nested = simulate(self.scenario.net, self.plan, self.how, self.gatherer)
        except Interrupted as stop:
            partial = self.written(None, is_complete=False)
            raise Interrupted(self.gatherer.n, partial) from stop.__cause__
        return self.written(nested, is_complete=True)

    def written(self, nested: Nested | None, *, is_complete: bool) -> Ensemble:
        """Write everything; return the ensemble as it is kept."""
        draft = self.draft
        if not self.gatherer.n:  # interrupted at once: nothing to keep
            return self.ensemble(InMemory().table(self.scenario.net), nested, is_complete=False)
        draft.writer.finish()
        ensemble = self.ensemble(
            StoredTable(draft.folder, draft.writer.files), nested, is_complete=is_complete
        )
        target = draft.target(is_partial=not is_complete)
        ensemble = replace(ensemble, folder=target)
        draft.write(
            ensemble,
            provenance_of(self.scenario),
            summary(ensemble),
            self.journal(is_complete=is_complete),
        )
        if not is_complete:
            store.keep_state(draft, self.gatherer)
        if not is_complete and draft.target(is_partial=False).exists():
            # The whole is there already, and would be found: a part is of no use beside it.
            return replace(ensemble, folder=None, table=dict(ensemble.table))
        draft.publish(target, replaces=self.replaces and is_complete)
        if is_complete:
            store.forget_partial(draft.home, draft.run)
        return ensemble.moved(target, store.table_of(target))

    def ensemble(self, table: Table, nested: Nested | None, *, is_complete: bool) -> Ensemble:
        return ensemble_of(
            self.known, self.plan, self.how, self.gatherer, table, nested, is_complete=is_complete
        )

    def journal(self, *, is_complete: bool) -> dict[str, Any]:
        """Return when, where and how it was run: what no figure depends on."""
        return {
            "engine": self.how.engine,
            "workers": self.how.workers or os.cpu_count() or 1,
            "n_events": self.gatherer.sums.n_events,
            "began": self.began.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - self.began_s, 3),
            "host": platform.node(),
            "interrupted": not is_complete,
        }
