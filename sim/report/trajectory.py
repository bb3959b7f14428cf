"""Peeling trajectories for other programs."""

from __future__ import annotations

from sim.report.tables import as_csv
from sim.studies.discovered import Discovery

HEAD = (
    "box", "told", "peels", "chosen", "input", "is", "restricted", "replications", "mass",
    "density", "density95_low", "density95_high", "coverage",
)  # fmt: skip


def trajectory_csv(found: Discovery) -> str:
    """Return peeling trajectories as CSV, a row for each box on the way.

    The box after k peels allows of each input what the last row up to k says of it.
    """
    searches = [*found.boxes, *([found.refused] if found.refused else [])]
    return as_csv(
        HEAD,
        (
            [
                number, box in found.boxes, k, k == box.chosen, step.input, step.to,
                step.n_restricted, step.shares.replications, step.shares.mass, step.shares.density,
                *step.shares.density95, step.shares.coverage,
            ]
            for number, box in enumerate(searches, 1)
            for k, step in enumerate(box.trajectory)
        ),
    )  # fmt: skip
