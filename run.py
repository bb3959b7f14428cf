"""Start Frontcast from a checkout: ``python run.py run scenarios/homs_2024.yaml``."""

import os
import sys

# Old interpreters must get as far as the message below: no newer syntax in this file.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write("Frontcast needs Python 3.11 or later: python3 --version\n")
    sys.exit(2)

VENV = os.path.join(os.path.dirname(os.path.abspath(__file__)), ".venv")


def load_main():
    """Import the command line, from ``.venv`` where this interpreter lacks the dependencies."""
    try:
        from sim.cli.main import main
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "sim":
            raise
        python = os.path.join(VENV, "bin", "python")
        if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(VENV):
            os.execv(python, [python, *sys.argv])
        sys.stderr.write(f"the package {error.name} is missing: `make run` sets things up\n")
        raise SystemExit(2) from None
    return main


if __name__ == "__main__":
    raise SystemExit(load_main()())
