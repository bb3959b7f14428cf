"""Pictures and the report beside a result, made once; its summary says what pictures show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.scenario.model import Scenario
from sim.studies import discovered
from sim.studies.comparison import FILE, Comparison
from sim.studies.discovered import Discovery

if TYPE_CHECKING:
    from sim.report.pictures import Picture


def pictures(ensemble: Ensemble) -> list[dict[str, str]]:
    """Return the pictures of a result that is kept, drawn now if they are not there.

    Each has ``name``, ``title``, ``alt`` (what it shows, in words), and the names of its files,
    ``png`` and ``svg``.
    """

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.pictures import draw

        return draw(ensemble, folder)

    assert ensemble.folder is not None
    return _known_or(drawn, ensemble.folder, "summary.json")


def report(ensemble: Ensemble, scenario: Scenario, *, fresh: bool = False) -> Path:
    """Return the report of a result that is kept, made now if it is not there or is to be fresh."""
    assert ensemble.folder is not None
    path = ensemble.folder / store.REPORT
    if fresh or not path.is_file():
        from sim.report.html.run import run_report

        store.write_whole(path.parent, path.name, run_report(ensemble, scenario))
    return path


def report_of_differences(comparison: Comparison, scenarios: Sequence[Scenario]) -> Path:
    """Return the report of a comparison that is kept, made now."""
    from sim.report.html.compared import comparison_report

    assert comparison.result is not None
    path = Path(comparison.result) / store.REPORT
    store.write_whole(path.parent, path.name, comparison_report(comparison, scenarios))
    return path


def pictures_of_differences(comparison: Comparison) -> list[dict[str, str]]:
    """Return the pictures of a comparison that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.difference import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(comparison), folder)

    assert comparison.result is not None
    return _known_or(drawn, Path(comparison.result), FILE)


def pictures_of_boxes(found: Discovery) -> list[dict[str, str]]:
    """Return the pictures of a discovery that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.boxes import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(found), folder)

    assert found.result is not None
    return _known_or(drawn, Path(found.result), discovered.FILE)


def _known_or(
    drawn: Callable[[Path], list[Picture]], folder: Path, file: str
) -> list[dict[str, str]]:
    """Return the pictures that a file beside them names, if they are there; else draw them."""
    summary = store.read_json(folder / file)
    known: list[dict[str, str]] = summary.get("pictures") or []
    if known and all(
        (folder / str(p.get(kind))).is_file() for p in known for kind in ("png", "svg")
    ):
        return known
    found = [asdict(picture) for picture in drawn(folder)]
    store.write_json(folder, file, {**summary, "pictures": found})
    return found
