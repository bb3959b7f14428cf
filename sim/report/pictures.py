"""Pictures of an ensemble: drawn, and written to a folder."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from matplotlib.figure import Figure

from sim.ensemble.model import Ensemble
from sim.report import arrivals, causes, drivers, style, watches
from sim.report.page import Drawing
from sim.shown import in_html, safe

#: Outcomes beyond these get no pictures of their own: nobody looks at fifty.
MOST = arrivals.MOST
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


def draw(ensemble: Ensemble, folder: Path) -> list[Picture]:
    """Write the pictures of an ensemble, each as PNG and as SVG.

    They are ``arrivals``, the curves of all outcomes (if there are several); for each of the first
    twelve outcomes ``arrival_<outcome>``, ``causes_<outcome>`` where there is more than one cause,
    and ``drivers_<outcome>`` where it is known to hang on an input; ``watch``, what was watched. An
    ensemble of no replications has no pictures.

    Parameters
    ----------
    ensemble : Ensemble
    folder : Path
        Has to exist. A file is written under another name first: under its own it is complete.

    Returns
    -------
    list of Picture
        In the order above.
    """
    return write(lambda: _drawings(ensemble), folder)


def write(made: Callable[[], Iterable[Drawing]], folder: Path) -> list[Picture]:
    """Write pictures as :func:`draw` does, each before the next is made."""
    written, taken = [], set[str]()
    with style.applied():
        for drawing in made():
            file = _file_name(drawing.name, taken)
            picture = Picture(
                drawing.name, drawing.title, drawing.alt, f"{file}.png", f"{file}.svg"
            )
            _write(folder / picture.png, partial(_as_png, drawing))
            _write(folder / picture.svg, partial(_as_svg, drawing))
            written.append(picture)
    return written


def drawings(ensemble: Ensemble) -> dict[str, Drawing]:
    """Return the pictures of an ensemble by name, as :func:`draw` has them, without writing any."""
    with style.applied():
        return {drawing.name: drawing for drawing in _drawings(ensemble)}


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


def _drawings(ensemble: Ensemble) -> Iterator[Drawing]:
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
    watched = watches.fans(ensemble)
    if watched is not None:
        yield watched


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
