"""The command line: ``frontcast``, or ``python run.py``.

Commands are imported when they are called: ``--help`` and ``validate`` load no numerical library.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, TextIO

import click

from sim.cli import log
from sim.cli.options import say
from sim.cli.text import Look
from sim.errors import (
    Diagnostic,
    Exit,
    Interrupted,
    RunFault,
    ScenarioError,
    UsageError,
    did_you_mean,
)
from sim.versions import NAME, version

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NOT_ONE_OF = re.compile(r"'(.*)' is not one of ", re.DOTALL)

#: Commands by name, with the line that ``--help`` shows (the modules are loaded late).
COMMANDS = {
    "run": "Run a scenario and say what comes of it.",
    "compare": "Compare scenarios or variants, replication by replication.",
    "sweep": "Say what drives each outcome.",
    "validate": "Check scenario files.",
    "explain": "Say what a scenario file means.",
    "trace": "Tell one replication as a timeline.",
    "check": "Hold forecasts to what their files say of them.",
    "discover": "Say under which conditions an outcome comes.",
    "exact": "Solve a small Markov scenario exactly.",
    "gradient": "Say how fast outcomes become likelier with inputs.",
    "list": "List the runs that were kept.",
    "show": "Show a result again.",
    "new": "Write a commented starter scenario.",
    "schema": "Print the JSON Schema of scenario files.",
    "completion": "Print the completion script of a shell.",
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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return the commands and options that begin so; click would import every command."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=line)
            for name, line in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

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


def _show_version(ctx: click.Context, param: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not ctx.resilient_parsing:
        say(f"{NAME} {version()}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
    help="Show the version.",
)  # fmt: skip
def commands() -> None:
    """Forecasts from explicit causal scenarios of armed conflict."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status (see :class:`sim.errors.Exit`)."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    session = log.Session([NAME, *args], version)
    status = int(Exit.OUR_FAULT)  # if even what follows goes wrong
    try:
        status = _ended(args, session)
    finally:
        session.end(status)
    return status


def _ended(args: list[str], session: log.Session) -> int:
    """Run a command with its output looked after; return its exit status."""
    _make_output_robust()
    status = int(Exit.DONE)
    try:
        with _signals():
            status = _guarded(args, session)
            for stream in _streams():
                stream.flush()
    except BrokenPipeError:
        # The reader has what it wanted (`| head`).
        _let_go()
    except KeyboardInterrupt as stop:
        return status_of(stop)
    except OSError as error:  # the disk is full, say; what was said of it already is enough
        _let_go()
        return status or _refused(error, as_json=False)
    return status


def _guarded(args: list[str], session: log.Session) -> int:
    """Run a command and turn what it raises into a message and a status."""
    as_json = "--json" in args
    try:
        return _invoked(args, session)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message(), err=True)
        return Exit.BAD_INPUT
    except click.ClickException as error:
        return _bad_usage(_message_of(error), as_json, error)
    except UsageError as error:
        return _bad_usage(str(error), as_json)
    except ScenarioError as error:
        from sim.cli.render import scenario_error

        return _bad_input(
            list(error.diagnostics), scenario_error(error, Look.of(sys.stderr)), as_json
        )
    except RunFault as fault:
        from sim.cli.options import texts_read
        from sim.cli.render import as_diagnostic, run_fault

        told = run_fault(fault, texts_read, Look.of(sys.stderr))
        return _bad_input([as_diagnostic(fault)], told, as_json)
    except Interrupted as stop:
        return _interrupted(stop.__cause__, as_json)
    except KeyboardInterrupt as stop:
        return _interrupted(stop, as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _refused(error, as_json)
    except MemoryError as error:
        return _failed(Exit.REFUSED, "refused", str(error) or "not enough memory", as_json)
    except Exception:  # noqa: BLE001 (the last resort: kept in a file, never shown)
        return _our_fault(args, as_json)


def _invoked(args: list[str], session: log.Session) -> int:
    """Run a command.

    Not by click's own ``main``: that ends the process with status 1 where the reader has closed the
    pipe, and hides which signal it was.
    """
    if completion := os.environ.get("_FRONTCAST_COMPLETE"):
        from sim.cli.completion import answer

        return answer(completion)
    with commands.make_context(NAME, args, obj=session) as context:
        return int(commands.invoke(context) or Exit.DONE)


def _error() -> str:
    return Look.of(sys.stderr).styled("error", "red")


def _message_of(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoSuchOption):
        hint = did_you_mean(error.option_name, error.possibilities or ())
        return f"no option '{error.option_name}'" + (f": {hint}" if hint else "")
    message = error.format_message()
    if isinstance(error, click.BadParameter):
        message += _choice_meant(error)
    return message


def _choice_meant(error: click.BadParameter) -> str:
    """Return a hint for a value that is none of an option's choices."""
    kind = error.param.type if error.param is not None else None
    given = _NOT_ONE_OF.match(error.message)
    if given is None or not isinstance(kind, click.Choice):
        return ""
    hint = did_you_mean(given[1], map(str, kind.choices))
    return f" {hint[0].upper()}{hint[1:]}" if hint else ""


def _bad_usage(message: str, as_json: bool, error: click.ClickException | None = None) -> int:
    context = getattr(error, "ctx", None)
    hint = f"try '{context.command_path} --help'" if context is not None else ""
    from sim.cli.render import safe

    text = f"{_error()}: {safe(message)}"
    text += f"\n     = help: {hint}" if hint else ""
    return _bad_input([Diagnostic("usage", message, hint=hint)], text, as_json)


def _bad_input(found: list[Diagnostic], text: str, as_json: bool) -> int:
    for diagnostic in found:
        log.told(diagnostic)
    if as_json:
        _print_errors(found)
    else:
        say(text, err=True)
    return Exit.BAD_INPUT


def _print_errors(found: list[Diagnostic]) -> None:
    from sim.cli.options import print_json

    print_json({"errors": [d.as_json() for d in found]})


def _refused(error: OSError, as_json: bool) -> int:
    """Say what the machine refused."""
    name = "" if error.filename is None else f"{error.filename or repr('')}: "
    hint = (
        "; only 'validate' and 'check' take folders" if isinstance(error, IsADirectoryError) else ""
    )
    return _failed(Exit.REFUSED, "refused", f"{name}{error.strerror or error}{hint}", as_json)


def _failed(status: Exit, code: str, message: str, as_json: bool) -> int:
    """Say on standard error what went wrong, and with ``--json`` on standard output, too."""
    from sim.cli.render import safe

    log.told(Diagnostic(code, message))
    say(f"{_error()}: {safe(message)}", err=True)
    if as_json:
        _print_errors([Diagnostic(code, message)])
    return status


def _interrupted(stop: BaseException | None, as_json: bool) -> int:
    message = "interrupted before there was a result"
    log.told(Diagnostic("interrupted", message))
    if as_json:
        _print_errors([Diagnostic("interrupted", message)])
    else:
        say(message, err=True)
    return status_of(stop)


def _our_fault(args: list[str], as_json: bool) -> int:
    """Keep the traceback of a fault of ours in a file, and say where."""
    told = f"{NAME} {version()}: {' '.join(args)}\n\n{traceback.format_exc()}"
    try:
        handle, path = tempfile.mkstemp(prefix=f"{NAME}-", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    except OSError:
        say(told, err=True)
        path = "what is shown above"
    message = f"this is a fault of ours, not of the scenario; what happened stands in {path}"
    return _failed(Exit.OUR_FAULT, "our-fault", message, as_json)


def status_of(stop: BaseException | None) -> int:
    """Return the exit status of an interrupt: 128 and the number of the signal."""
    return 128 + stop.number if isinstance(stop, Signalled) else int(Exit.INTERRUPTED)


def _streams() -> Iterator[TextIO]:
    # A stream is None where the process was started with it closed.
    yield from (stream for stream in (sys.stdout, sys.stderr) if stream is not None)


def _make_output_robust() -> None:
    """Let no character end the program where the encoding lacks it."""
    for stream in _streams():
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _let_go() -> None:
    """Send what is still unwritten nowhere: Python would try again at exit, and complain."""
    for stream in _streams():
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):  # no descriptor of its own: under a test, say
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _signals() -> Iterator[None]:
    """Make SIGTERM and SIGHUP interrupt like Ctrl-C, for as long as a command runs.

    Whoever started us may have had them ignored (``nohup``): then they stay so.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Signalled(number)

    before = {}
    with suppress(ValueError):  # not the main thread
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
