"""``list``: the runs that were kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sim.cli import options, text
from sim.cli.render import safe


@click.command("list")
@click.argument("scenario", metavar="[SCENARIO]", required=False)
@options.out
@options.output
def command(scenario: str | None, out: str, **given: Any) -> int:
    """List the runs that were kept, the latest last; of one SCENARIO only, if it is named."""
    from sim.ensemble import store

    found = [
        _entry(folder) for folder in store.runs(Path(out)) if scenario in (None, folder.parent.name)
    ]
    if given["as_json"]:
        options.print_json({"runs": found})
    elif found:
        options.say("\n".join(_table(found, text.Look.of(sys.stdout))))
    else:
        of = f" of '{safe(scenario)}'" if scenario else ""
        options.note(f"no runs{of} in {safe(out)}", quiet=given["quiet"])
    return 0


def _entry(folder: Path) -> dict[str, Any]:
    """Return what is known of a result; ``error`` says why it cannot be opened."""
    from sim.ensemble import store

    entry: dict[str, Any] = {
        "result": str(folder),
        "scenario": folder.parent.name,
        "run": folder.name,
    }
    try:
        found = store.open_result(folder)
        manifest = store.read_manifest(folder)
        overrides = {str(k): str(v) for k, v in manifest["scenario"]["overrides"].items()}
        entry |= {
            "seed": int(found.seed),
            "replications": int(manifest["replications"]),
            "precision": found.precision,
            "variant": found.facts.variant,
            "overrides": overrides,
            "title": found.facts.title,
            "requested": int(found.requested),
            "complete": bool(found.is_complete),
            "began": _instant(store.read_json(folder / "journal.json").get("began")),
            "error": None,
        }
    except store.DAMAGE as error:
        entry["error"] = str(error)
    return entry


def _instant(text: object) -> str | None:
    """Return an instant in ISO 8601 if it is one: a journal may say anything."""
    try:
        return datetime.fromisoformat(str(text)).astimezone().isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _table(found: Sequence[dict[str, Any]], look: text.Look) -> list[str]:
    rows = [["scenario", "run", "replications", "seed", "begun", ""]]
    for entry in found:
        if entry["error"] is not None:
            rows.append([entry["scenario"], entry["run"], "", "", "", "cannot be opened"])
            continue
        changed = [entry["variant"]] if entry["variant"] else []
        changed += [f"{path}={value}" for path, value in entry["overrides"].items()]
        changed += [] if entry["complete"] else ["INTERRUPTED"]
        began = datetime.fromisoformat(entry["began"]) if entry["began"] else None
        rows.append(
            [
                entry["scenario"],
                entry["run"],
                f"{entry['replications']:,}",
                str(entry["seed"]),
                text.date(began, is_short=True),
                ", ".join(changed),
            ]
        )
    shown = text.table([[safe(cell) for cell in row] for row in rows], "llrrll")
    head, *body = shown
    return [look.styled(head, "dim"), *body]
