"""``completion``: scripts for shells, and what they are answered when somebody presses Tab.

A script calls the program with ``_FRONTCAST_COMPLETE`` set, and gets one candidate on each line:
its kind, the text, and what it is, separated by tabs. Whatever goes wrong completes nothing and
says nothing: a prompt is no place for messages.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from sim.cli import options
from sim.versions import NAME

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

VARIABLE = "_FRONTCAST_COMPLETE"
_MOST = 500

_BASH = """\
%(complete_func)s() {
    local kind value help
    COMPREPLY=()
    while IFS=$'\\t' read -r kind value help; do
        case $kind in
            plain) COMPREPLY+=("$value") ;;
            path) compopt -o filenames 2>/dev/null; COMPREPLY+=("$value") ;;
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""
_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local kind value help
    local -a plain described paths folders
    while IFS=$'\\t' read -r kind value help; do
        case $kind in
            plain)
                if [[ -n $help ]]; then
                    described+=("${value//:/\\\\:}:$help")
                else
                    plain+=("$value")
                fi ;;
            path) if [[ $value == */ ]]; then folders+=("$value"); else paths+=("$value"); fi ;;
            file) _files ;;
            dir) _files -/ ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) \\
        %(complete_var)s=zsh_complete "${words[1]}" 2>/dev/null)
    [[ $PREFIX == --*=* ]] && compset -P '*='
    (( $#described )) && _describe -V %(prog_name)s described
    (( $#plain )) && compadd -V %(prog_name)s -a plain
    (( $#folders )) && compadd -f -S '' -a folders
    (( $#paths )) && compadd -f -a paths
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""
_FISH = """\
function %(complete_func)s
    for line in (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \\
            COMP_CWORD=(commandline -ct) %(prog_name)s 2>/dev/null)
        set -l parts (string split -m 2 \\t -- $line)
        switch $parts[1]
            case plain path
                printf '%%s\\t%%s\\n' "$parts[2]" "$parts[3]"
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
        end
    end
end
complete --no-files --command %(prog_name)s --arguments '(%(complete_func)s)'
"""
_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(_SHELLS))
@options.output
def command(shell: str, **given: Any) -> int:
    """Print the completion script of a SHELL: bash, zsh or fish.

    It completes commands, options, their choices, scenario files, and the variants and names of
    the scenario on the line. To install it for good:

    \b
    bash: frontcast completion bash > ~/.local/share/bash-completion/completions/frontcast
    zsh:  frontcast completion zsh > "${fpath[1]}/_frontcast"
    fish: frontcast completion fish > ~/.config/fish/completions/frontcast.fish

    or, for bash and zsh, in ~/.bashrc or ~/.zshrc (in zsh after compinit):

    \b
    eval "$(frontcast completion bash)"
    """  # noqa: D301 (click's own mark for lines that stay as they are)
    text = script(shell)
    if given["as_json"]:
        options.print_json({"shell": shell, "script": text})
    else:
        options.say(text, end="")
    return 0


def script(shell: str) -> str:
    """Return the script of a shell."""
    from sim.cli.main import commands

    _register()
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(commands, {}, NAME, VARIABLE)
    return made.source_template % made.source_vars()


def answer(instruction: str) -> int:
    """Answer a script: ``bash_complete``, say; return the exit status."""
    from sim.cli.main import commands

    _register()
    shell, _, what = instruction.partition("_")
    kind = get_completion_class(shell)
    if kind is None or what not in ("complete", "source"):
        return 1
    if what == "source":
        options.say(script(shell), end="")
        return 0
    try:
        told = kind(commands, {}, NAME, VARIABLE).complete()
    except Exception:  # noqa: BLE001 (whatever it is, a prompt is no place for it)
        return 1
    options.say(told)
    return 0


def _register() -> None:
    for kind in (_Bash, _Zsh, _Fish):
        add_completion_class(kind)


# What the shells have in common.


class _Answers:
    """What replaces click's own answers; to stand before one of its classes."""

    cli: click.Command

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        assert isinstance(self.cli, click.Group)
        name = next((word for word in args if not word.startswith("-")), "")
        chosen = self.cli.get_command(click.Context(self.cli), name)
        if chosen is not None:
            _prepare(chosen)
        found = super().get_completions(args, incomplete)  # type: ignore[misc]
        return [item for item in found if str(item.value).isprintable()]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        told = " ".join((item.help or "").split())
        return f"{item.type}\t{item.value}\t{told}"


class _Bash(_Answers, BashComplete):
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it.

        Bash makes three words of ``--variant=safe``; click knows one, and two without the sign.
        """
        args, incomplete = super().get_completion_args()
        return [word for word in args if word != "="], "" if incomplete == "=" else incomplete


class _Zsh(_Answers, ZshComplete):
    source_template = _ZSH


class _Fish(_Answers, FishComplete):
    source_template = _FISH

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """Return what may follow; fish wants the whole of ``--variant=safe``."""
        name, sign, _ = incomplete.partition("=")
        before = name + sign if sign and name.startswith("--") else ""
        found = super().get_completions(args, incomplete)
        return [CompletionItem(before + item.value, item.type, item.help) for item in found]


# What is completed.


def _prepare(chosen: click.Command) -> None:
    """Give the parameters of a command what completes them."""
    for param in chosen.params:
        if isinstance(param, click.Argument) and isinstance(param.type, click.Path):
            if (param.metavar or "").startswith(("FILE", "PATH")):
                param.type = _ScenarioFile()
        elif param.name == "variant":
            param.type = _Variant()
        elif param.name == "names":
            param.type = _Name()


class _ScenarioFile(click.Path):
    """A scenario file, or a folder on the way to one."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        found = list(_files(incomplete))
        while len(found) == 1 and found[0].endswith("/"):  # nothing to choose: look inside
            inside = list(_files(found[0]))
            if not inside:
                break
            found = inside
        return [CompletionItem(name, type="path") for name in found[:_MOST]]


def _files(incomplete: str) -> Iterator[str]:
    """Yield scenario files and folders that begin so; hidden ones only if it says so."""
    folder, _, start = incomplete.rpartition("/")
    shown = f"{folder}/" if "/" in incomplete else ""
    for path in sorted(Path(shown or ".").expanduser().iterdir()):
        if not path.name.startswith(start) or (path.name[0] == "." and not start):
            continue
        if path.is_dir():
            yield f"{shown}{path.name}/"
        elif path.suffix == ".yaml":
            yield f"{shown}{path.name}"


class _Variant(click.ParamType[str]):
    """One of the variants of the scenario on the line."""

    name = "variant"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        scenario = _scenario_on_line()
        return _beginning(incomplete, scenario.variants if scenario else ())


class _Name(click.ParamType[str]):
    """A name of the scenario on the line."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        scenario = _scenario_on_line()
        if scenario is None:
            return []
        net = scenario.net
        sections = (
            net.variables, net.transitions, net.definitions, net.inputs, net.outcomes,
            net.watches, net.totals,
        )  # fmt: skip
        names = dict.fromkeys(part.name for section in sections for part in section)
        return _beginning(incomplete, names)


def _beginning(incomplete: str, names: Iterable[str]) -> list[CompletionItem[Any]]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)][:_MOST]


def _scenario_on_line() -> Scenario | None:
    """Return the scenario of the first file on the line; None without one that can be read."""
    from sim.errors import ScenarioError
    from sim.scenario.load import load

    words = split_arg_string(os.environ.get("COMP_WORDS", ""))
    for path in (Path(word).expanduser() for word in words if word.endswith(".yaml")):
        if path.is_file():
            try:
                return load(path)
            except (ScenarioError, OSError):
                return None
    return None
