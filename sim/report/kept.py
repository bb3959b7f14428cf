"""Pictures beside a result, drawn once; its summary says what they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.studies import discovered, swept
from sim.studies.comparison import FILE, Comparison
from sim.studies.discovered import Discovery
from sim.studies.swept import Sweep

if TYPE_CHECKING:
    from sim.report.pictures import Picture, Theme


#: What each picture has to have on the disk.
_FILES = ("png", "svg", "csv")


def pictures(
    ensemble: Ensemble, at: Sequence[float] | None = None, themes: Sequence[Theme] = ("light",)
) -> list[dict[str, Any]]:
    """Return the pictures of a result that is kept, drawn now if they are not there.

    Each has ``name``, ``title``, ``alt`` (what it shows, in words), ``theme``, and the names of its
    files, ``png``, ``svg`` and ``csv``. ``at`` and ``themes`` are those of
    :func:`sim.report.pictures.draw`; with others than before they are drawn anew.
    """

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.pictures import draw

        return draw(ensemble, folder, at=at, themes=themes)

    assert ensemble.folder is not None
    return _known_or(drawn, ensemble.folder, "summary.json", at, themes)


def pictures_of_differences(
    comparison: Comparison, themes: Sequence[Theme] = ("light",)
) -> list[dict[str, Any]]:
    """Return the pictures of a comparison that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.difference import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(comparison), folder, themes)

    assert comparison.result is not None
    return _known_or(drawn, Path(comparison.result), FILE, None, themes)


def pictures_of_boxes(
    found: Discovery, themes: Sequence[Theme] = ("light",)
) -> list[dict[str, Any]]:
    """Return the pictures of a discovery that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.boxes import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(found), folder, themes)

    assert found.result is not None
    return _known_or(drawn, Path(found.result), discovered.FILE, None, themes)


def pictures_of_sweep(sweep: Sweep, themes: Sequence[Theme] = ("light",)) -> list[dict[str, Any]]:
    """Return the pictures of a sweep that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.influences import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(sweep), folder, themes)

    assert sweep.result is not None
    return _known_or(drawn, Path(sweep.result), swept.FILE, None, themes)


def _known_or(
    drawn: Callable[[Path], list[Picture]],
    folder: Path,
    file: str,
    at: Sequence[float] | None,
    themes: Sequence[Theme],
) -> list[dict[str, Any]]:
    """Return the pictures that a file beside them names, if they are there as asked; or draw."""
    summary = store.read_json(folder / file)
    known: list[dict[str, Any]] = summary.get("pictures") or []
    dates = None if at is None else list(at)
    is_as_asked = {p.get("theme") for p in known} == set(themes) and all(
        p.get("at") == dates and all((folder / str(p.get(kind))).is_file() for kind in _FILES)
        for p in known
    )
    if is_as_asked:
        return known
    found = [{**asdict(picture), "at": dates} for picture in drawn(folder)]
    store.write_json(folder, file, {**summary, "pictures": found})
    return found
