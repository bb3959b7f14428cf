"""The command line: ``frontcast``, or ``python run.py``.

Commands are imported when they are called: ``--help`` and ``validate`` load no numerical library.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import click

from sim.errors import (
    Diagnostic,
    Exit,
    Interrupted,
    RunFault,
    ScenarioError,
    UsageError,
    did_you_mean,
)

#: Commands by name, with the line that ``--help`` shows (the modules are loaded late).
COMMANDS = {
    "run": "Run a scenario and say what comes of it.",
    "validate": "Check scenario files.",
    "trace": "Tell one replication as a timeline.",
    "exact": "Solve a small Markov scenario exactly.",
    "schema": "Print the JSON Schema of scenario files.",
}


class Signalled(KeyboardInterrupt):
    """SIGTERM or SIGHUP: stopped like Ctrl-C, but with a status of its own."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _Commands(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"sim.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS) or f"one of {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command '{args[0]}': {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="frontcast", prog_name="frontcast")
def commands() -> None:
    """Forecasts from explicit causal scenarios of armed conflict."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status (see :class:`sim.errors.Exit`)."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    _make_output_robust()
    try:
        with _signals():
            status = _guarded(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has what it wanted (`| head`). Python must not flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt as stop:
        return status_of(stop)
    return status


def _guarded(args: list[str]) -> int:
    """Run a command and turn what it raises into a message and a status."""
    as_json = "--json" in args
    try:
        status = commands.main(args, prog_name="frontcast", standalone_mode=False)
        return int(status or Exit.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return Exit.INTERRUPTED
    except click.ClickException as error:
        return _bad_usage(error.format_message(), as_json, error)
    except UsageError as error:
        return _bad_usage(str(error), as_json)
    except ScenarioError as error:
        from sim.cli.render import scenario_error

        return _bad_input(list(error.diagnostics), scenario_error(error), as_json)
    except RunFault as fault:
        from sim.cli.render import as_diagnostic, run_fault

        texts = {fault.position.file: _text_of(fault.position.file)} if fault.position else {}
        return _bad_input([as_diagnostic(fault)], run_fault(fault, texts), as_json)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Interrupted as stop:
        return status_of(stop.__cause__)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {name}{error.strerror or error}", err=True)
        return Exit.REFUSED
    except MemoryError:
        click.echo("error: not enough memory", err=True)
        return Exit.REFUSED
    except Exception:  # noqa: BLE001 (the last resort: kept in a file, never shown)
        return _our_fault(args)


def _text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _bad_usage(message: str, as_json: bool, error: click.ClickException | None = None) -> int:
    hint = ""
    context = getattr(error, "ctx", None)
    if context is not None:
        hint = f"try '{context.command_path} --help'"
    text = f"error: {message}" + (f"\n     = help: {hint}" if hint else "")
    return _bad_input([Diagnostic("usage", message, hint=hint)], text, as_json)


def _bad_input(found: list[Diagnostic], text: str, as_json: bool) -> int:
    if as_json:
        from sim.cli.options import print_json

        print_json({"errors": [d.as_json() for d in found]})
    else:
        click.echo(text, err=True)
    return Exit.BAD_INPUT


def _our_fault(args: list[str]) -> int:
    """Keep the traceback of a fault of ours in a file, and say where."""
    told = f"frontcast {' '.join(args)}\n\n{traceback.format_exc()}"
    try:
        handle, path = tempfile.mkstemp(prefix="frontcast-", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    except OSError:
        click.echo(told, err=True)
        return Exit.OUR_FAULT
    click.echo(f"error: this is a fault of ours; what happened stands in {path}", err=True)
    return Exit.OUR_FAULT


def status_of(stop: BaseException | None) -> int:
    """Return the exit status of an interrupt: 128 and the number of the signal."""
    return 128 + stop.number if isinstance(stop, Signalled) else Exit.INTERRUPTED


def _make_output_robust() -> None:
    """Let no character end the program where the encoding lacks it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


@contextmanager
def _signals() -> Iterator[None]:
    """Make SIGTERM and SIGHUP interrupt like Ctrl-C, for as long as a command runs."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Signalled(number)

    before = {}
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                before[number] = signal.signal(number, interrupt)
    except ValueError:  # not the main thread
        pass
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
