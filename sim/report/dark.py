"""The same picture on a dark ground."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from sim.report import style


def darkened(figure: Figure) -> Figure:
    """Give a figure, in place, the colours that :data:`sim.report.style.DARK` has for its own.

    A second drawing would compute everything again. A colour that the style does not know stays.
    """
    for axes in figure.axes:  # marks are made when they are first asked for
        axes.get_xticklabels()
        axes.get_yticklabels()
    for artist in figure.findobj():
        match artist:
            case Text():
                artist.set_color(_dark(artist.get_color()))
                if (box := artist.get_bbox_patch()) is not None:
                    box.set_facecolor(_dark(box.get_facecolor()))
            case Line2D():
                artist.set_color(_dark(artist.get_color()))
                artist.set_markerfacecolor(_dark(artist.get_markerfacecolor()))
                artist.set_markeredgecolor(_dark(artist.get_markeredgecolor()))
            case Patch():
                face, edge = artist.get_facecolor(), artist.get_edgecolor()
                artist.set_facecolor(_dark(face))
                artist.set_edgecolor(_dark(edge))
            case Collection():
                faces, edges = artist.get_facecolor(), artist.get_edgecolor()
                artist.set_facecolor([_dark(colour) for colour in np.atleast_2d(faces)])
                artist.set_edgecolor([_dark(colour) for colour in np.atleast_2d(edges)])
    return figure


def _dark(colour: Any) -> Any:
    """Return the colour that takes the place of another; its own opacity stays."""
    if isinstance(colour, str) and colour in ("none", "auto"):
        return colour
    red, green, blue, opacity = to_rgba(colour)
    light = to_hex((red, green, blue))
    return (*to_rgba(style.DARK.get(light, light))[:3], opacity)
