"""Pictures beside a result, drawn once; its summary says what they show."""

from __future__ import annotations

from dataclasses import asdict

from sim.ensemble import store
from sim.ensemble.model import Ensemble


def pictures(ensemble: Ensemble) -> list[dict[str, str]]:
    """Return the pictures of a result that is kept, drawn now if they are not there.

    Each has ``name``, ``title``, ``alt`` (what it shows, in words), and the names of its files,
    ``png`` and ``svg``.
    """
    folder = ensemble.folder
    assert folder is not None
    summary = store.read_json(folder / "summary.json")
    known: list[dict[str, str]] = summary.get("pictures") or []
    if known and all(
        (folder / str(p.get(kind))).is_file() for p in known for kind in ("png", "svg")
    ):
        return known
    from sim.report.pictures import draw

    drawn = [asdict(picture) for picture in draw(ensemble, folder)]
    store.write_json(folder, "summary.json", {**summary, "pictures": drawn})
    return drawn
