"""Make the figures of the class: ``python -m sim.world.reference_class fit CSV``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.errors import Exit, ScenarioError
from sim.world.reference_class.base_rates import FOLDER
from sim.world.reference_class.products import products
from sim.world.reference_class.rows import read

PROGRAM = "python -m sim.world.reference_class"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, make the figures and write them."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    fit = verbs.add_parser("fit", help="write base rates and fit of a CSV of attacks on places")
    fit.add_argument("csv", type=Path, help="rows in the form of city_control.csv")
    fit.add_argument("--out", type=Path, default=FOLDER, help="folder; by default the package's")
    wanted = parser.parse_args(arguments)
    try:
        rows = read(wanted.csv)
    except ScenarioError as error:
        return _refuse(_told(error))
    except OSError as error:
        return _refuse(f"{wanted.csv}: {error.strerror}")
    try:
        made = products(rows, wanted.csv.name)
    except ValueError as error:
        return _refuse(f"{wanted.csv}: {error}")
    try:
        wanted.out.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (wanted.out / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"{wanted.out / name}\n")
    except OSError as error:
        return _refuse(f"{wanted.out}: {error.strerror}")
    return Exit.DONE


def _told(error: ScenarioError) -> str:
    lines = str(error).split("\n")
    for number, found in enumerate(error.diagnostics):
        lines[number] += f"; expected {found.expected}" if found.expected else ""
        lines[number] += f"; {found.hint}" if found.hint else ""
    return "\n".join(lines)


def _refuse(what: str) -> int:
    sys.stderr.write(f"{what}\n")
    return Exit.BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
