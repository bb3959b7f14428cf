"""The legend of an ensemble: what its columns mean, for whoever has the numbers but not the net."""

from __future__ import annotations

from dataclasses import dataclass

from sim.net.canonical import digest
from sim.net.model import Net, firing_names, firings
from sim.units import NONE, SECONDS_PER_DAY, Dimension

#: What caused an outcome that held when the settled start was first looked at.
START = "start"


@dataclass(frozen=True)
class Asked:
    """An outcome: its name, and what people read."""

    name: str
    label: str = ""
    question: str = ""


@dataclass(frozen=True)
class Measured:
    """A column of numbers in ``unit`` (empty for a plain number), or of labels.

    ``is_made`` is what the world layer watches by itself.
    """

    name: str
    unit: str = ""
    is_label: bool = False
    is_made: bool = False


@dataclass(frozen=True)
class Legend:
    """Names, units and texts of an ensemble's columns, in net order.

    ``inputs`` are the uncertain ones, of which ``unknown`` names those that are not chance;
    ``grid`` holds the watch points in days; ``causes`` and ``via`` are the texts that an outcome's
    causes and last immediates choose from, ``labels`` those of label columns.
    """

    net: str
    outcomes: tuple[Asked, ...] = ()
    inputs: tuple[Measured, ...] = ()
    unknown: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    watches: tuple[Measured, ...] = ()
    totals: tuple[Measured, ...] = ()
    grid: tuple[float, ...] = ()
    via: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    #: Immediates by which the world layer keeps its books: they bring nothing about by themselves.
    quiet: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """What can bring an outcome about."""
        return (START, *self.via)

    @property
    def ends(self) -> tuple[tuple[str, Measured], ...]:
        """The column of each value that its author watches, at the end, with what it is."""
        watches = self.watches if self.grid else ()
        return tuple((_end_of(w.name), w) for w in watches if not w.is_made)


def _end_of(name: str) -> str:
    """Return the column of a watched value at the end: another one for every name."""
    is_taken = name in ("time", "reason") or name.startswith("watch.")
    return f"end.watch.{name}" if is_taken else f"end.{name}"


def legend_of(net: Net) -> Legend:
    """Return the legend of what runs of a net leave."""
    return Legend(
        net=digest(net),
        outcomes=tuple(Asked(o.name, o.label, o.question) for o in net.outcomes),
        inputs=tuple(
            Measured(i.path, _unit(i.dimension), bool(i.labels)) for i in net.uncertain_inputs
        ),
        unknown=tuple(i.path for i in net.uncertain_inputs if not i.chance),
        variables=tuple(v.name for v in net.variables),
        watches=tuple(
            Measured(w.name, _unit(w.dimension), w.is_label, w.is_made) for w in net.watches
        ),
        totals=tuple(Measured(t.name, _unit(t.dimension)) for t in net.totals),
        grid=tuple(g / SECONDS_PER_DAY for g in net.grid),
        via=firing_names(net),
        labels=net.labels,
        quiet=_quiet(net),
    )


def _quiet(net: Net) -> tuple[str, ...]:
    """Return the immediates that no author has written."""
    made = {
        t.name
        for t in net.transitions
        if t.clock.kind == "immediate"
        and t.origin.path
        and not t.origin.path.startswith("transitions.")
    }
    numbered = zip(firings(net), firing_names(net), strict=True)
    return tuple(name for (k, _), name in numbered if net.transitions[k].name in made)


def _unit(dimension: Dimension) -> str:
    return "" if dimension == NONE else str(dimension)
