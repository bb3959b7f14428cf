"""``new``: a commented starter scenario."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from sim.cli import options
from sim.cli.render import safe
from sim.errors import UsageError

_NAME = re.compile(r"\w[\w.-]{0,63}\Z")
#: Names that are devices on some system or other, whatever their suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)


@click.command("new")
@click.argument("name", metavar="NAME", type=click.Path())
@options.output
def command(name: str, **given: Any) -> int:
    """Write a commented starter scenario, NAME.yaml or a path.

    It loads and runs as it stands, and uses every section of a file. A file that exists is left
    alone.
    """
    path = _path_of(name)
    try:
        _write_new(path, starter())
    except FileExistsError:
        raise UsageError(f"{path} exists already: it is left as it is") from None
    if given["as_json"]:
        options.print_json({"path": str(path)})
    elif not given["quiet"]:
        options.say(f"{safe(str(path))} is written; 'validate', 'explain' and 'run' take it")
    return 0


def starter() -> str:
    """Return the text of the starter scenario."""
    return files("sim.cli").joinpath("starter.yaml").read_text(encoding="utf-8")


def _path_of(name: str) -> Path:
    """Return where the scenario goes.

    Raises
    ------
    UsageError
        If the last part is no name for a scenario: results are kept under it.
    """
    path = Path(name)
    last = path.name if name and not name.endswith(("/", os.sep)) else ""
    stem = last.removesuffix(".yaml")
    if last.lower().endswith((".yml", ".yaml")) and stem == last:
        raise UsageError(f"'{last}': the name of a scenario's file ends in .yaml")
    if not _NAME.match(_as_utf8(stem)) or _DEVICES.match(stem):
        raise UsageError(
            f"'{last or name}' is no name for a scenario: up to 64 letters, digits, _, - and "
            "dots, with a letter, a digit or _ in front"
        )
    return path.with_name(f"{stem}.yaml")


def _as_utf8(name: str) -> str:
    """Return a name as it reads in UTF-8, if the locale could not read it."""
    try:
        return os.fsencode(name).decode("utf-8")
    except UnicodeError:
        return name


def _write_new(path: Path, text: str) -> None:
    """Write a file that does not exist, whole or not at all.

    It is written under another name and then linked, which fails where something has the name:
    renaming would replace it.
    """
    hidden = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with hidden.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _link(hidden, path)
    finally:
        with suppress(FileNotFoundError):
            hidden.unlink()


def _link(hidden: Path, path: Path) -> None:
    try:
        os.link(hidden, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        # A file system without links: the name is taken first, then filled by renaming.
        with path.open("x", encoding="utf-8"):
            pass
        os.replace(hidden, path)
