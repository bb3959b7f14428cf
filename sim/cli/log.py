"""What a command does, in a log file (``--log-file``) and on standard error (``-v``, ``-vv``).

Modules below the command line speak through ``logging.getLogger(__name__)``; nobody hears them
before a command line asks for it.
"""

from __future__ import annotations

import logging
import platform
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sim.errors import Diagnostic, UsageError
from sim.shown import safe

LOGGER = logging.getLogger("sim")
_log = logging.getLogger(__name__)
_LEVELS = (logging.INFO, logging.DEBUG)


def _speaks_when_asked() -> None:
    LOGGER.addHandler(logging.NullHandler())  # else warnings go to standard error on their own


_speaks_when_asked()


class LogRefused(OSError):
    """A log file that cannot be written."""


class _Line(logging.Formatter):
    """One line for each record, whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).astimezone()
        stamp = when.isoformat(timespec="milliseconds")
        return f"{stamp} {record.levelname} {record.name}: {_told(record)}"


class _File(logging.FileHandler):
    """Appends to a file, until that fails: then it says so, once."""

    def __init__(self, path: str) -> None:
        super().__init__(path, mode="a", encoding="utf-8", errors="backslashreplace")
        self.path, self.has_failed = path, False
        self.setFormatter(_Line())

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        if not self.has_failed:
            self.has_failed = True
            error = sys.exc_info()[1]
            _say(f"warning: the log {self.path} ends here: {error}")


class _StandardError(logging.Handler):
    """Shows what is no warning, nor shown anyway; warnings and errors the commands tell."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING and not getattr(record, "is_said", False):
            _say(f"{record.levelname.lower()}: {_told(record)}")


def _told(record: logging.LogRecord) -> str:
    told = record.getMessage()
    if record.exc_info:
        told += "\n" + logging.Formatter().formatException(record.exc_info)
    # Bytes of a file name that the locale could not read: here they are read as UTF-8.
    with suppress(UnicodeError):
        told = told.encode("utf-8", "surrogateescape").decode("utf-8")
    return safe(told)


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(safe(text) + "\n")
        sys.stderr.flush()


def to_file(path: str) -> None:
    """Append what follows to a file.

    Raises
    ------
    LogRefused
        If it cannot be written.
    UsageError
        If it has the name of a scenario, which a log would spoil.
    """
    if Path(path).suffix in (".yaml", ".yml"):
        raise UsageError(f"--log-file {path}: that is the name of a scenario")
    try:
        handler = _File(path)
    except OSError as error:
        raise LogRefused(error.errno, error.strerror or str(error), f"--log-file {path}") from None
    _listen(handler, logging.DEBUG)


def to_standard_error(verbosity: int) -> None:
    """Show information (1) or all details (2 and more)."""
    if verbosity > 0:
        _listen(_StandardError(), _LEVELS[min(verbosity, len(_LEVELS)) - 1])


def _listen(handler: logging.Handler, level: int) -> None:
    handler.setLevel(level)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(min(level, LOGGER.level or level))


class Session:
    """One call of the program, from its first line in the log to its last."""

    def __init__(self, arguments: Sequence[str], version: Callable[[], str]) -> None:
        self.arguments, self.version = arguments, version
        self.began, self.is_told = time.perf_counter(), False

    def start(self) -> None:
        """Say what runs, and on what; once, however many handlers listen."""
        if self.is_told or not LOGGER.isEnabledFor(logging.INFO):
            return
        self.is_told = True
        _log.info("frontcast %s: %s", self.version(), shlex.join(self.arguments))
        python, machine = platform.python_version(), platform.platform()
        _log.info("Python %s (%s) on %s", python, platform.python_implementation(), machine)

    def end(self, status: int) -> None:
        """Say how it ended, and let nobody listen any more."""
        if self.is_told:
            _log.info("ended with status %d after %.3f s", status, time.perf_counter() - self.began)
        for handler in LOGGER.handlers[:]:
            if isinstance(handler, _File | _StandardError):
                LOGGER.removeHandler(handler)
                with suppress(OSError):  # a full disk: that has been told
                    handler.close()
        LOGGER.setLevel(logging.NOTSET)


def said(text: str, *, is_shown: bool = True) -> None:
    """Log what is said on standard error besides the result."""
    _log.info("%s", text, extra={"is_said": is_shown})


def told(diagnostic: Diagnostic) -> None:
    """Log what is wrong with an input, or a warning about it."""
    where = diagnostic.position
    place = f"{where.file}:{where.line}:{where.column}: " if where else ""
    level = logging.WARNING if diagnostic.severity == "warning" else logging.ERROR
    message = "%s%s[%s]: %s"
    _log.log(level, message, place, diagnostic.severity, diagnostic.code, diagnostic.message)
