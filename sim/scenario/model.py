"""The scenario: what an analyst wrote, checked, with the net that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from sim.errors import Diagnostic
from sim.net.model import Input, Net
from sim.scenario.checks import Check
from sim.scenario.evidence import Evidence
from sim.world.model import World

__all__ = ["Scenario", "ScenarioClock", "SourceNote"]


@dataclass(frozen=True)
class ScenarioClock:
    """When a scenario starts and ends, and when it is looked at; times in seconds since the start.

    ``horizon`` is the planning horizon: the largest one that a replication can have. Dates are
    shown in ``zone``, where there is one.
    """

    horizon: float
    start: datetime | None = None
    as_of: datetime | None = None
    timezone: str | None = None
    zone: tzinfo | None = None
    grid: tuple[float, ...] = ()
    report: tuple[float, ...] = ()


@dataclass(frozen=True)
class SourceNote:
    """Where knowledge comes from, and since when it was public."""

    text: str
    public: datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Scenario:
    """A scenario file, read and checked.

    ``name`` is the file's stem, ``path`` as it was given; ``overrides`` are the ``--set`` values
    and ``variant_name`` the variant that were applied. ``variants`` names those of the file.
    """

    name: str
    path: str
    title: str
    clock: ScenarioClock
    net: Net
    description: str = ""
    question: str = ""
    sources: Mapping[str, SourceNote] = field(default_factory=dict)
    #: What was said and what came to pass: for scoring, never for a run.
    evidence: Evidence = field(default_factory=Evidence)
    #: What the forecast is held to; of the file as it stands, so none with a variant.
    checks: tuple[Check, ...] = ()
    variant_name: str | None = None
    variants: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    text: str = ""
    #: SHA-256 of every file that was read, by its path.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: Texts of everything that was read, by name, for quoting lines.
    texts: Mapping[str, str] = field(default_factory=dict)
    #: What the world layer was read as, for whoever explains the file; None without one.
    world: World | None = field(default=None, repr=False, compare=False)
    #: The lines of a map of its own, (longitude, latitude), and what it is called; None without.
    outline: tuple[tuple[tuple[float, float], ...], ...] | None = None
    outline_of: str = ""
    _reload: Callable[[str], Scenario] | None = field(default=None, repr=False, compare=False)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The uncertain inputs, in net order, each with its path, note and ``chance``."""
        return self.net.uncertain_inputs

    def variant(self, name: str) -> Scenario:
        """Return the scenario with one of its variants applied.

        Raises
        ------
        ScenarioError
            If there is none of that name, or it is faulty.
        """
        assert self._reload is not None
        return self._reload(name)

    def date(self, days: float) -> datetime | None:
        """Return the date of a time in days since the start; None without a start.

        It is shown in the file's time zone; without one, with the offset of the start.
        """
        if self.clock.start is None:
            return None
        when = self.clock.start + timedelta(days=days)
        return when if self.clock.zone is None else when.astimezone(self.clock.zone)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sim.scenario.html import scenario_html

        return scenario_html(self)
