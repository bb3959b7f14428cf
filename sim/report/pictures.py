"""Pictures of an ensemble: drawn, and written to a folder."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Literal

from matplotlib.figure import Figure

from sim.ensemble.model import Ensemble
from sim.report import arrivals, causes, drivers, style, watches
from sim.report.control import control
from sim.report.dark import darkened
from sim.report.map import control_map
from sim.report.page import Drawing
from sim.report.tables import as_csv
from sim.shown import in_html, safe

#: Outcomes beyond these get no pictures of their own: nobody looks at fifty.
MOST = arrivals.MOST
Theme = Literal["light", "dark"]
#: So that a picture drawn again has the same bytes.
_NO_DATES = {"Date": None, "Creator": None}


@dataclass(frozen=True)
class Picture:
    """A picture that has been written: its files, in the folder that it was written to."""

    name: str
    title: str
    #: What the picture says, for who cannot see it.
    alt: str
    png: str
    svg: str
    #: Every number that is drawn, as a table.
    csv: str = ""
    theme: str = "light"


def draw(
    ensemble: Ensemble,
    folder: Path,
    *,
    at: Sequence[float] | None = None,
    themes: Sequence[Theme] = ("light",),
) -> list[Picture]:
    """Write the pictures of an ensemble, each as PNG and as SVG, and what they show as CSV.

    They are ``arrivals``, the curves of all outcomes (if there are several); for each of the first
    twelve outcomes ``arrival_<outcome>``, ``causes_<outcome>`` where there is more than one cause,
    and ``drivers_<outcome>`` where it is known to hang on an input; of a world ``control``, who
    holds each place over time, ``map``, who does so at some dates, and ``supplies``; ``watch``,
    what was watched. An ensemble of no replications has no pictures.

    Parameters
    ----------
    ensemble : Ensemble
    folder : Path
        Has to exist. A file is written under another name first: under its own it is complete.
    at : sequence of float, days
        Dates of the map, in place of the report times.
    themes : sequence of {"light", "dark"}
        On which grounds. Files of dark pictures end in ``-dark``.

    Returns
    -------
    list of Picture
        In the order above, each light and then dark.
    """
    return write(lambda: _drawings(ensemble, at), folder, themes)


def write(
    made: Callable[[], Iterable[Drawing]], folder: Path, themes: Sequence[Theme] = ("light",)
) -> list[Picture]:
    """Write pictures as :func:`draw` does, each before the next is made."""
    written, taken = [], set[str]()
    with style.applied():
        for drawing in made():
            table = _file_name(drawing.name, taken)
            _write(folder / f"{table}.csv", partial(_as_csv, drawing))
            for theme in sorted(themes, reverse=True):  # a figure cannot become light again
                file = table if theme == "light" else _file_name(f"{table}-dark", taken)
                if theme == "dark":
                    darkened(drawing.figure)
                _write(folder / f"{file}.png", partial(_as_png, drawing))
                _write(folder / f"{file}.svg", partial(_as_svg, drawing))
                about = (drawing.name, drawing.title, drawing.alt)
                files = (f"{file}.png", f"{file}.svg", f"{table}.csv")
                written.append(Picture(*about, *files, theme))
    return written


def drawings(ensemble: Ensemble, at: Sequence[float] | None = None) -> dict[str, Drawing]:
    """Return the pictures of an ensemble by name, as :func:`draw` has them, without writing any."""
    with style.applied():
        return {drawing.name: drawing for drawing in _drawings(ensemble, at)}


def figures(ensemble: Ensemble) -> dict[str, Figure]:
    """Return the figures of an ensemble by name, for who wants to draw on."""
    return {name: drawing.figure for name, drawing in drawings(ensemble).items()}


def as_html(drawing: Drawing) -> str:
    """Return a picture as an element of HTML that needs no file."""
    stream = io.BytesIO()
    with style.applied():
        _as_png(drawing, stream)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    width = round(style.WIDTH * 96)
    return f'<img width="{width}" alt="{in_html(drawing.alt)}" src="data:image/png;base64,{data}">'


def _drawings(ensemble: Ensemble, at: Sequence[float] | None) -> Iterator[Drawing]:
    """Yield pictures one by one, so that no more than one takes memory."""
    if ensemble.n == 0:
        return
    names = [outcome.name for outcome in ensemble.outcomes]
    if len(names) > 1:
        yield arrivals.overview(ensemble)
    for name in names[:MOST]:
        yield arrivals.arrival(ensemble, name)
        if len(ensemble.shares(name)) > 1:
            yield causes.stacked(ensemble, name)
        if (driven := ensemble.drivers().get(name)) is not None and driven.drivers:
            yield drivers.tornado(ensemble, name, driven)
    makers = (control, partial(control_map, at=at), watches.stocks, watches.fans)
    yield from filter(None, (made(ensemble) for made in makers))


def _as_csv(drawing: Drawing, stream: IO[bytes]) -> None:
    stream.write(as_csv(drawing.table.head, drawing.table.rows).encode("utf-8"))


def _as_png(drawing: Drawing, stream: IO[bytes]) -> None:
    drawing.figure.savefig(
        stream, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 2}
    )


def _as_svg(drawing: Drawing, stream: IO[bytes]) -> None:
    title = {"Title": safe(drawing.title), "Description": safe(drawing.alt)}
    drawing.figure.savefig(stream, format="svg", metadata={**_NO_DATES, **title})


def _write(path: Path, save: Callable[[IO[bytes]], None]) -> None:
    """Write a file so that it is there in full or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as stream:
            save(stream)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _file_name(name: str, taken: set[str]) -> str:
    """Return a name that every file system takes, and that none takes for another of them."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:80]
    found, k = plain, 2
    while found.casefold() in taken:
        found, k = f"{plain}-{k}", k + 1
    taken.add(found.casefold())
    return found
