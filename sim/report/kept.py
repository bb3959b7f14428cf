"""Pictures beside a result, drawn once; its summary says what they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.ensemble import store
from sim.ensemble.model import Ensemble
from sim.studies.comparison import FILE, Comparison

if TYPE_CHECKING:
    from sim.report.pictures import Picture, Theme


def pictures(
    ensemble: Ensemble, at: Sequence[float] | None = None, themes: Sequence[Theme] = ("light",)
) -> list[dict[str, str]]:
    """Return the pictures of a result that is kept, drawn now if they are not there.

    Each has ``name``, ``title``, ``alt`` (what it shows, in words), ``theme``, and the names of its
    files, ``png``, ``svg`` and ``csv``. ``at`` and ``themes`` are those of
    :func:`sim.report.pictures.draw`.
    """

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.pictures import draw

        return draw(ensemble, folder, at=at, themes=themes)

    assert ensemble.folder is not None
    asked = {"at": None if at is None else list(at), "themes": list(themes)}
    return _known_or(drawn, ensemble.folder, "summary.json", asked)


def pictures_of_differences(
    comparison: Comparison, themes: Sequence[Theme] = ("light",)
) -> list[dict[str, str]]:
    """Return the pictures of a comparison that is kept, as :func:`pictures` does."""

    def drawn(folder: Path) -> list[Picture]:
        from sim.report.difference import drawings
        from sim.report.pictures import write

        return write(lambda: drawings(comparison), folder, themes)

    assert comparison.result is not None
    asked = {"at": None, "themes": list(themes)}
    return _known_or(drawn, Path(comparison.result), FILE, asked)


def _known_or(
    drawn: Callable[[Path], list[Picture]], folder: Path, file: str, asked: dict[str, Any]
) -> list[dict[str, str]]:
    """Return the pictures that a file beside them names, if they are there as asked; or draw."""
    summary = store.read_json(folder / file)
    known: list[dict[str, str]] = summary.get("pictures") or []
    is_as_asked = summary.get("pictures_of") == asked
    if (
        known
        and is_as_asked
        and all(
            (folder / str(p.get(kind))).is_file() for p in known for kind in ("png", "svg", "csv")
        )
    ):
        return known
    found = [asdict(picture) for picture in drawn(folder)]
    store.write_json(folder, file, {**summary, "pictures": found, "pictures_of": asked})
    return found
